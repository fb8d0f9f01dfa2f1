"""What of vouchers went back to the fund, and why."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "voucher_return",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("voucher_id", sa.String(length=16), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("why IN ('lapsed', 'taken_back')", name=op.f("ck_voucher_return_why")),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_voucher_return_amount")),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["voucher.id"], name=op.f("fk_voucher_return_voucher_id_voucher")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher_return")),
    )
    op.create_index(op.f("ix_voucher_return_voucher_id"), "voucher_return", ["voucher_id"])
    op.create_index(op.f("ix_voucher_return_at"), "voucher_return", ["at"])


def downgrade() -> None:
    op.drop_table("voucher_return")
