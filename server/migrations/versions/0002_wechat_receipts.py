"""Receipts of the official account's messages, and what is kept of its followers."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "wechat_receipt",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("owed", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_receipt")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_wechat_receipt_received_at", "wechat_receipt", ["received_at"])
    op.create_index(
        "ix_wechat_receipt_owed",
        "wechat_receipt",
        ["received_at"],
        sqlite_where=sa.text("owed IS NOT NULL"),
        postgresql_where=sa.text("owed IS NOT NULL"),
    )
    op.create_table(
        "wechat_follower",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=True),
        sa.Column("more", sa.Text(), nullable=True),
        sa.Column("more_for", sa.String(length=8), nullable=True),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_follower")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("wechat_follower")
    op.drop_table("wechat_receipt")
