"""Between two instalments nothing is due: what was paid before that was so has no day any more.

It was the day of the first payment, and the case counted as overdue until the next was ordered.
"""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.execute(
        "UPDATE cases SET due_on = NULL WHERE state = 'payment_pending' AND 'pay_instalment' ="
        " (SELECT move FROM case_event WHERE case_id = cases.id AND version = cases.version)"
    )
    op.execute("UPDATE case_event SET due_on = NULL WHERE move = 'pay_instalment'")


def downgrade() -> None:
    """No day stays none: the version before writes none there either."""
