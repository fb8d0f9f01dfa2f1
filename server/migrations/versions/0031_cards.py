"""Since when a bank card is this one: only another one brings back what the bank returned."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.add_column("profile", sa.Column("card_changed_at", Instant(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("profile") as profile:
        profile.drop_column("card_changed_at")
