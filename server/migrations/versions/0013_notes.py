"""Officers' notes, and finding people by their name."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "case_note",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("sealed_text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_note_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_case_note_officer_id_officer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_note")),
    )
    op.create_index(op.f("ix_case_note_case_id"), "case_note", ["case_id"])
    op.add_column("profile", sa.Column("name_hash", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_profile_name_hash"), "profile", ["name_hash"])


def downgrade() -> None:
    op.drop_index(op.f("ix_profile_name_hash"), "profile")
    with op.batch_alter_table("profile") as profile:
        profile.drop_column("name_hash")
    op.drop_table("case_note")
