"""Joint reports of wage arrears, the parts of those who joined, their proofs and events."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0020"
down_revision = "0019"

_STATES = (
    "state IN ('gathering', 'handed_in', 'taken', 'asked_back', 'sent', 'settled', 'merged',"
    " 'dropped')"
)
_MOVES = (
    "move IN ('start', 'hand_in', 'take', 'ask_back', 'export', 'send', 'tell', 'recover',"
    " 'settle', 'merge', 'take_in', 'drop')"
)


def upgrade() -> None:
    _create_report()
    _create_part()
    _create_proof()
    _create_event()


def downgrade() -> None:
    for name in ("joint_report_event", "part_proof", "joint_part", "joint_report"):
        op.drop_table(name)


def _create_report() -> None:
    op.create_table(
        "joint_report",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("starter_id", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("employer", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=128), nullable=False),
        sa.Column("employer_id", sa.String(length=16), nullable=True),
        sa.Column("first_month", sa.String(length=7), nullable=False),
        sa.Column("last_month", sa.String(length=7), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code_version", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("code_until", Instant(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("merged_into", sa.String(length=16), nullable=True),
        sa.Column("assigned_to", sa.Integer(), nullable=True),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("handed_in_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint(_STATES, name=op.f("ck_joint_report_state")),
        sa.CheckConstraint(
            "outcome IN ('full', 'part', 'refused')", name=op.f("ck_joint_report_outcome")
        ),
        sa.CheckConstraint("first_month <= last_month", name=op.f("ck_joint_report_months")),
        sa.CheckConstraint(
            "(state = 'settled') = (outcome IS NOT NULL)", name=op.f("ck_joint_report_settled")
        ),
        sa.CheckConstraint(
            "(state = 'merged') = (merged_into IS NOT NULL)", name=op.f("ck_joint_report_merged")
        ),
        _points("joint_report", "starter_id", "worker"),
        _points("joint_report", "employer_id", "employer"),
        _points("joint_report", "merged_into", "joint_report"),
        _points("joint_report", "assigned_to", "officer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_report")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_joint_report_code_hash")),
    )
    for columns in (
        ["starter_id"],
        ["employer_id"],
        ["merged_into"],
        ["region", "state", "due_on"],
    ):
        _index("joint_report", columns)


def _create_part() -> None:
    op.create_table(
        "joint_part",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("report_id", sa.String(length=16), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("identity_hash", sa.String(length=64), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("recovered_fen", sa.BigInteger(), nullable=False),
        sa.Column("sealed_person", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("joined_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_joint_part_amount")),
        sa.CheckConstraint(
            "recovered_fen BETWEEN 0 AND amount_fen", name=op.f("ck_joint_part_recovered")
        ),
        _points("joint_part", "report_id", "joint_report"),
        _points("joint_part", "worker_id", "worker"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_part")),
        sa.UniqueConstraint(
            "report_id", "identity_hash", name=op.f("uq_joint_part_report_id_identity_hash")
        ),
    )
    for column in ("report_id", "worker_id"):
        _index("joint_part", [column])


def _create_proof() -> None:
    op.create_table(
        "part_proof",
        sa.Column("part_id", sa.String(length=16), nullable=False),
        sa.Column("material_id", sa.String(length=32), nullable=False),
        _points("part_proof", "part_id", "joint_part"),
        _points("part_proof", "material_id", "material"),
        sa.PrimaryKeyConstraint("part_id", "material_id", name=op.f("pk_part_proof")),
    )
    _index("part_proof", ["material_id"])


def _create_event() -> None:
    op.create_table(
        "joint_report_event",
        sa.Column("report_id", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("move", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("recovered_fen", sa.BigInteger(), nullable=False),
        sa.Column("sealed_words", sa.Text(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.CheckConstraint(_MOVES, name=op.f("ck_joint_report_event_move")),
        sa.CheckConstraint(_STATES, name=op.f("ck_joint_report_event_state")),
        _points("joint_report_event", "report_id", "joint_report"),
        _points("joint_report_event", "officer_id", "officer"),
        sa.PrimaryKeyConstraint("report_id", "version", name=op.f("pk_joint_report_event")),
    )
    _index("joint_report_event", ["at"])


def _points(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def _index(table: str, columns: list[str]) -> None:
    label = f"_{table}_".join(columns)
    op.create_index(op.f(f"ix_{table}_{label}"), table, columns)
