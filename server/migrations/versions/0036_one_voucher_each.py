"""Who was given a voucher, so that one person gets one of an issue, also after an erasure."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

_ONCE = ("issue_id", "holder_hash")


def upgrade() -> None:
    op.add_column("voucher", sa.Column("holder_hash", sa.String(length=64), nullable=True))
    op.create_index(
        op.f("ix_voucher_issue_id_voucher_holder_hash"), "voucher", list(_ONCE), unique=True
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_voucher_issue_id_voucher_holder_hash"), "voucher")
    with op.batch_alter_table("voucher") as voucher:
        voucher.drop_column("holder_hash")
