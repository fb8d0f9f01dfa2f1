"""A grant that may be wrong, or over, can be looked at again."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0037"
down_revision = "0036"

_STATES = [
    "draft",
    "submitted",
    "in_review",
    "material_requested",
    "approved",
    "refused",
    "payment_pending",
    "paid",
    "withdrawn",
    "objection",
    "closed",
]
_MOVES = [
    "begin",
    "edit",
    "discard",
    "submit",
    "withdraw",
    "answer",
    "object",
    "propose",
    "take",
    "assign",
    "request_material",
    "go_on",
    "recommend",
    "return",
    "approve",
    "refuse",
    "uphold",
    "dismiss",
    "order_payment",
    "cancel_payment",
    "pay",
    "pay_instalment",
    "return_payment",
    "close",
    "give_up",
]
_COLUMNS = "case_id, version, at, move, state, actor, officer_id, sealed_reason, due_on"


def upgrade() -> None:
    _allow([*_MOVES, "reopen"])


def downgrade() -> None:
    """Goes only where nothing was looked at again."""
    _allow(_MOVES)


def _allow(moves: list[str]) -> None:
    name, allowed = op.f("ck_case_event_move"), f"move IN ({_listed(moves)})"
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(name, "case_event", type_="check")
        op.create_check_constraint(name, "case_event", allowed)
        return
    # SQLite can't change constraints: the rows move into a new table.
    op.create_table(
        "case_event_anew",
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("move", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("actor", sa.String(length=16), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("sealed_reason", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.CheckConstraint(allowed, name=name),
        sa.CheckConstraint(f"state IN ({_listed(_STATES)})", name=op.f("ck_case_event_state")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_event_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_case_event_officer_id_officer")
        ),
        sa.PrimaryKeyConstraint("case_id", "version", name=op.f("pk_case_event")),
        sqlite_with_rowid=False,
    )
    op.execute(f"INSERT INTO case_event_anew ({_COLUMNS}) SELECT {_COLUMNS} FROM case_event")
    op.drop_table("case_event")
    op.rename_table("case_event_anew", "case_event")


def _listed(words: list[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
