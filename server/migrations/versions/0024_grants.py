"""What one person was promised, so that it is promised once."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("reservation", sa.Column("grant_hash", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_reservation_grant_hash"), "reservation", ["grant_hash"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_reservation_grant_hash"), "reservation")
    with op.batch_alter_table("reservation") as reservation:
        reservation.drop_column("grant_hash")
