"""Who objected may take that back."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    _allow("outcome IN ('upheld', 'dismissed', 'withdrawn')")


def downgrade() -> None:
    """Goes only where nobody took an objection back."""
    _allow("outcome IN ('upheld', 'dismissed')")


def _allow(outcomes: str) -> None:
    name = op.f("ck_objection_outcome")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(name, "objection", type_="check")
        op.create_check_constraint(name, "objection", outcomes)
        return
    # SQLite can't change constraints: the rows move into a new table.
    op.create_table(
        "objection_anew",
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("decision", sa.Integer(), nullable=False),
        sa.Column("sealed_words", sa.Text(), nullable=True),
        sa.Column("filed_at", Instant(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.CheckConstraint(outcomes, name=name),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_objection_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_objection_officer_id_officer")
        ),
        sa.PrimaryKeyConstraint("case_id", "decision", name=op.f("pk_objection")),
    )
    op.execute("INSERT INTO objection_anew SELECT * FROM objection")
    op.drop_table("objection")
    op.rename_table("objection_anew", "objection")
