"""What the bank takes back after it was paid: a payment is spent once, and taken back once."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0034"
down_revision = "0033"

_LEDGER = (
    "id, fund_id, kind, amount_fen, case_id, payment_id, issue_id, line_id, officer_id, at, reason"
)
_KINDS = "kind IN ('grant', 'reserve', 'release', 'spend'{more})"
_PAYMENT = "({kinds}) = (payment_id IS NOT NULL OR line_id IS NOT NULL)"
_WIDE = {
    "kind": _KINDS.format(more=", 'taken_back'"),
    "payment": _PAYMENT.format(kinds="kind IN ('spend', 'taken_back')"),
}
_NARROW = {"kind": _KINDS.format(more=""), "payment": _PAYMENT.format(kinds="kind = 'spend'")}
_UNCHANGED = {
    "amount": "amount_fen > 0 OR kind = 'grant'",
    "case": "(kind = 'grant') = (case_id IS NULL AND issue_id IS NULL AND line_id IS NULL)",
    "one": "(case_id IS NULL OR (issue_id IS NULL AND line_id IS NULL))"
    " AND (issue_id IS NULL OR line_id IS NULL)",
}
_ONCE = ("payment_id",)
_ONCE_EACH = ("payment_id", "kind")


def upgrade() -> None:
    _change(_WIDE, _ONCE, _ONCE_EACH)


def downgrade() -> None:
    """Goes only where nothing was taken back: the ledger's rows stay as they are."""
    _change(_NARROW, _ONCE_EACH, _ONCE)


def _change(checks: dict[str, str], before: tuple[str, ...], after: tuple[str, ...]) -> None:
    if op.get_bind().dialect.name != "postgresql":
        _make_anew(checks, after)
        return
    for name, words in checks.items():
        op.drop_constraint(op.f(f"ck_fund_entry_{name}"), "fund_entry", type_="check")
        op.create_check_constraint(op.f(f"ck_fund_entry_{name}"), "fund_entry", words)
    op.drop_constraint(_unique(before), "fund_entry", type_="unique")
    op.create_unique_constraint(_unique(after), "fund_entry", list(after))


def _unique(columns: tuple[str, ...]) -> str:
    return op.f(f"uq_fund_entry_{'_'.join(columns)}")


def _make_anew(checks: dict[str, str], once: tuple[str, ...]) -> None:
    """SQLite can't change constraints: the rows move into a new table, with the same triggers."""
    others = (
        ("case_id", "cases"), ("fund_id", "fund"),
        ("officer_id", "officer"), ("payment_id", "payment"),
    )  # fmt: skip
    op.create_table(
        "fund_entry_anew",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fund_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=True),
        sa.Column("payment_id", sa.String(length=16), nullable=True),
        sa.Column("issue_id", sa.String(length=16), nullable=True),
        sa.Column("line_id", sa.String(length=16), nullable=True),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        *(
            sa.CheckConstraint(words, name=op.f(f"ck_fund_entry_{name}"))
            for name, words in sorted({**_UNCHANGED, **checks}.items())
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_fund_entry_{column}_{table}")
            )
            for column, table in others
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_entry")),
        sa.UniqueConstraint("line_id", name=op.f("uq_fund_entry_line_id")),
        sa.UniqueConstraint(*once, name=_unique(once)),
        sqlite_autoincrement=True,
    )
    op.execute(f"INSERT INTO fund_entry_anew ({_LEDGER}) SELECT {_LEDGER} FROM fund_entry")
    op.drop_table("fund_entry")
    op.rename_table("fund_entry_anew", "fund_entry")
    for column in ("fund_id", "issue_id"):
        op.create_index(op.f(f"ix_fund_entry_{column}"), "fund_entry", [column], unique=False)
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER fund_entry_refuses_{change.lower()} BEFORE {change} ON fund_entry"
            " BEGIN SELECT RAISE(ABORT, 'fund_entry is immutable'); END"
        )
