"""What can be turned off, and where it is."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "switch",
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("is_off", sa.Boolean(), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.CheckConstraint("part IN ('bot', 'applications')", name=op.f("ck_switch_part")),
        sa.PrimaryKeyConstraint("part", "region", name=op.f("pk_switch")),
    )


def downgrade() -> None:
    op.drop_table("switch")
