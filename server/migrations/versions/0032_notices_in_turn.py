"""Notices in two lines: those that are urgent go before those that go to many.

In one, a campaign stood before all that was written after it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

_LINES = (("ix_notice_urgent", "NOT IN"), ("ix_notice_not_so_urgent", "IN"))


def upgrade() -> None:
    for name, among in _LINES:
        where = sa.text(f"kind {among} ('outreach', 'voucher_ends')")
        op.create_index(
            name, "notice", ["state", "due_at"], sqlite_where=where, postgresql_where=where
        )
    op.drop_index("ix_notice_state_notice_due_at", "notice")


def downgrade() -> None:
    op.create_index("ix_notice_state_notice_due_at", "notice", ["state", "due_at"])
    for name, _ in _LINES:
        op.drop_index(name, "notice")
