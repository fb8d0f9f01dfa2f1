"""Who took a stored question out, and when."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("stored_gold", sa.Column("taken_out_by", sa.Integer(), nullable=True))
    op.add_column("stored_gold", sa.Column("taken_out_at", Instant(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("stored_gold") as stored:
        stored.drop_column("taken_out_at")
        stored.drop_column("taken_out_by")
