"""Which releases were in force: a rollback goes back to these alone."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0035"
down_revision = "0034"

_OF_THE_PROGRAM = "note LIKE 'files of the program %'"
"""These were put in force as they were stored."""
_SIGNS = (
    "SELECT release_id FROM current_release",
    "SELECT release_id FROM knowledge_proposal WHERE state = 'published'",
    # It was in force when something else was tried.
    "SELECT DISTINCT base_release_id FROM knowledge_proposal",
    "SELECT DISTINCT release_id FROM cases",
    "SELECT DISTINCT release_id FROM campaign",
)
_SAMPLES = 2000


def upgrade() -> None:
    # Read before the table is held. What left no sign counts as never in force: where it was all
    # the same, it is published anew, through the gate.
    known = {row[0] for sign in _SIGNS for row in op.get_bind().exec_driver_sql(sign)}
    known = (known | _answered_by()) - {None}
    op.add_column("release", sa.Column("first_in_force_at", Instant(), nullable=True))
    op.execute(
        "UPDATE release SET first_in_force_at = COALESCE((SELECT decided_at FROM"
        " knowledge_proposal WHERE release_id = release.id AND state = 'published'), created_at)"
        f" WHERE {_OF_THE_PROGRAM} OR id IN ({', '.join(map(str, sorted(known))) or 'NULL'})"
    )


def downgrade() -> None:
    op.drop_column("release", "first_in_force_at")


def _answered_by() -> set[int | None]:
    """The releases that answered some messages: there are too many to read all of them."""
    bind = op.get_bind()
    first, last = bind.exec_driver_sql("SELECT min(id), max(id) FROM turn").one()
    if first is None:
        return set()
    ids = ", ".join(map(str, range(first, last + 1, -(-(last + 1 - first) // _SAMPLES))))
    found = bind.exec_driver_sql(f"SELECT DISTINCT release_id FROM turn WHERE id IN ({ids})")
    return {row[0] for row in found}
