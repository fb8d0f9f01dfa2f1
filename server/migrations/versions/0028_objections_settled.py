"""Objections that were taken back before that could be noted are settled.

Nobody can decide them any more, and they would stay open for ever.
"""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    # Nothing moves a case that was withdrawn: it was changed last when that was done.
    op.execute(
        "UPDATE objection SET outcome = 'withdrawn', decided_at ="
        " (SELECT changed_at FROM cases WHERE cases.id = objection.case_id)"
        " WHERE outcome IS NULL"
        " AND case_id IN (SELECT id FROM cases WHERE state = 'withdrawn')"
    )


def downgrade() -> None:
    """What is settled stays so: the version before knows the outcome."""
