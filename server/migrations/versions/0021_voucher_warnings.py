"""That somebody was told that a voucher ends soon."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("voucher", sa.Column("warned_at", Instant(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("voucher") as voucher:
        voucher.drop_column("warned_at")
