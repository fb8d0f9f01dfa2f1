"""Which card the bank returned a payment from: given anew, it is known again."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.add_column("payment", sa.Column("card_hash", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_payment_case_id"), "payment", ["case_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_payment_case_id"), "payment")
    with op.batch_alter_table("payment") as payment:
        payment.drop_column("card_hash")
