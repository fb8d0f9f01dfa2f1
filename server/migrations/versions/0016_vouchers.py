"""Cards, vouchers, merchants and settlements; the ledger of funds knows of them."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0016"
down_revision = "0015"

_LEDGER = (
    "id",
    "fund_id",
    "kind",
    "amount_fen",
    "case_id",
    "payment_id",
    "officer_id",
    "at",
    "reason",
)


def upgrade() -> None:
    _create_card()
    _create_issue()
    _create_voucher()
    _create_merchant()
    _create_settlement()
    _create_redemption()
    _widen_ledger()


def downgrade() -> None:
    _narrow_ledger()
    for name in (
        "redemption",
        "settlement_line",
        "settlement",
        "merchant_session",
        "merchant",
        "voucher",
        "voucher_issue",
        "benefit_card",
    ):
        op.drop_table(name)


def _create_card() -> None:
    op.create_table(
        "benefit_card",
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name=op.f("fk_benefit_card_worker_id_worker")
        ),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_benefit_card")),
        sa.UniqueConstraint("number", name=op.f("uq_benefit_card_number")),
    )


def _create_issue() -> None:
    op.create_table(
        "voucher_issue",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("measure", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("takes", sa.String(length=16), nullable=False),
        sa.Column("fund_id", sa.Integer(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.CheckConstraint("takes IN ('shop', 'clinic')", name=op.f("ck_voucher_issue_takes")),
        sa.CheckConstraint(
            "state IN ('proposed', 'open', 'closed')", name=op.f("ck_voucher_issue_state")
        ),
        sa.CheckConstraint(
            "(amount_fen = 0) = (fund_id IS NULL)", name=op.f("ck_voucher_issue_fund")
        ),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_voucher_issue_amount")),
        sa.CheckConstraint("uses > 0", name=op.f("ck_voucher_issue_uses")),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_voucher_issue_days")),
        sa.ForeignKeyConstraint(
            ["fund_id"], ["fund.id"], name=op.f("fk_voucher_issue_fund_id_fund")
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["officer.id"], name=op.f("fk_voucher_issue_opened_by_officer")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["officer.id"], name=op.f("fk_voucher_issue_proposed_by_officer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher_issue")),
    )
    op.create_index(op.f("ix_voucher_issue_fund_id"), "voucher_issue", ["fund_id"], unique=False)


def _create_voucher() -> None:
    op.create_table(
        "voucher",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("issue_id", sa.String(length=16), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("left_fen", sa.BigInteger(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=True),
        sa.Column("left_uses", sa.Integer(), nullable=True),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("issued_by", sa.Integer(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint("left_fen BETWEEN 0 AND amount_fen", name=op.f("ck_voucher_left")),
        sa.CheckConstraint("left_uses BETWEEN 0 AND uses", name=op.f("ck_voucher_left_uses")),
        sa.CheckConstraint("(uses IS NULL) = (left_uses IS NULL)", name=op.f("ck_voucher_uses")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_voucher_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["voucher_issue.id"], name=op.f("fk_voucher_issue_id_voucher_issue")
        ),
        sa.ForeignKeyConstraint(
            ["issued_by"], ["officer.id"], name=op.f("fk_voucher_issued_by_officer")
        ),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name=op.f("fk_voucher_worker_id_worker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
        sa.UniqueConstraint("issue_id", "worker_id", name=op.f("uq_voucher_issue_id_worker_id")),
    )
    op.create_index(op.f("ix_voucher_worker_id"), "voucher", ["worker_id"], unique=False)


def _create_merchant() -> None:
    op.create_table(
        "merchant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=128), nullable=False),
        sa.Column("sealed_account", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("start_hash", sa.String(length=64), nullable=True),
        sa.Column("start_until", Instant(), nullable=True),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.CheckConstraint("kind IN ('shop', 'clinic')", name=op.f("ck_merchant_kind")),
        sa.ForeignKeyConstraint(
            ["made_by"], ["officer.id"], name=op.f("fk_merchant_made_by_officer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merchant")),
        sa.UniqueConstraint("name", name=op.f("uq_merchant_name")),
        sa.UniqueConstraint("start_hash", name=op.f("uq_merchant_start_hash")),
    )
    op.create_index(op.f("ix_merchant_region"), "merchant", ["region"], unique=False)
    op.create_table(
        "merchant_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("began_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchant.id"], name=op.f("fk_merchant_session_merchant_id_merchant")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_merchant_session")),
    )
    op.create_index(
        op.f("ix_merchant_session_merchant_id"), "merchant_session", ["merchant_id"], unique=False
    )


def _create_settlement() -> None:
    op.create_table(
        "settlement",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("fund_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("collected_by", sa.Integer(), nullable=False),
        sa.Column("collected_at", Instant(), nullable=False),
        sa.Column("released_by", sa.Integer(), nullable=True),
        sa.Column("released_at", Instant(), nullable=True),
        sa.Column("exported_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('collected', 'released', 'exported', 'settled', 'cancelled')",
            name=op.f("ck_settlement_state"),
        ),
        sa.ForeignKeyConstraint(
            ["collected_by"], ["officer.id"], name=op.f("fk_settlement_collected_by_officer")
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_settlement_fund_id_fund")),
        sa.ForeignKeyConstraint(
            ["released_by"], ["officer.id"], name=op.f("fk_settlement_released_by_officer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
    )
    op.create_index(op.f("ix_settlement_fund_id"), "settlement", ["fund_id"], unique=False)
    op.create_table(
        "settlement_line",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("settlement_id", sa.String(length=16), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("redemptions", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sealed_account", sa.Text(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('ordered', 'paid', 'returned', 'cancelled')",
            name=op.f("ck_settlement_line_state"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_settlement_line_amount")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchant.id"], name=op.f("fk_settlement_line_merchant_id_merchant")
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"],
            ["settlement.id"],
            name=op.f("fk_settlement_line_settlement_id_settlement"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_line")),
        sa.UniqueConstraint(
            "settlement_id",
            "merchant_id",
            name=op.f("uq_settlement_line_settlement_id_merchant_id"),
        ),
    )


def _create_redemption() -> None:
    op.create_table(
        "redemption",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("voucher_id", sa.String(length=16), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("refunded_at", Instant(), nullable=True),
        sa.Column("line_id", sa.String(length=16), nullable=True),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_redemption_amount")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["settlement_line.id"], name=op.f("fk_redemption_line_id_settlement_line")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchant.id"], name=op.f("fk_redemption_merchant_id_merchant")
        ),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["voucher.id"], name=op.f("fk_redemption_voucher_id_voucher")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redemption")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_redemption_code_hash")),
    )
    op.create_index(op.f("ix_redemption_line_id"), "redemption", ["line_id"], unique=False)
    op.create_index(
        op.f("ix_redemption_merchant_id_redemption_at"),
        "redemption",
        ["merchant_id", "at"],
        unique=False,
    )
    op.create_index(op.f("ix_redemption_voucher_id"), "redemption", ["voucher_id"], unique=False)


_WIDE = {
    "case": "(kind = 'grant') = (case_id IS NULL AND issue_id IS NULL AND line_id IS NULL)",
    "payment": "(kind = 'spend') = (payment_id IS NOT NULL OR line_id IS NOT NULL)",
    "one": "(case_id IS NULL OR (issue_id IS NULL AND line_id IS NULL))"
    " AND (issue_id IS NULL OR line_id IS NULL)",
}
_NARROW = {
    "case": "(kind = 'grant') = (case_id IS NULL)",
    "payment": "(kind = 'spend') = (payment_id IS NOT NULL)",
}


def _widen_ledger() -> None:
    added = (
        sa.Column("issue_id", sa.String(length=16), nullable=True),
        sa.Column("line_id", sa.String(length=16), nullable=True),
    )
    if op.get_bind().dialect.name == "postgresql":
        for column in added:
            op.add_column("fund_entry", column)
        op.create_unique_constraint(op.f("uq_fund_entry_line_id"), "fund_entry", ["line_id"])
        _change_checks(_NARROW, _WIDE)
    else:
        unique = sa.UniqueConstraint("line_id", name=op.f("uq_fund_entry_line_id"))
        _make_ledger_anew(_WIDE, *added, unique)
    op.create_index(op.f("ix_fund_entry_issue_id"), "fund_entry", ["issue_id"], unique=False)


def _narrow_ledger() -> None:
    """Goes only where no voucher was ever given: the ledger's rows stay as they are."""
    op.drop_index(op.f("ix_fund_entry_issue_id"), "fund_entry")
    if op.get_bind().dialect.name == "postgresql":
        _change_checks(_WIDE, _NARROW)
        op.drop_column("fund_entry", "line_id")
        op.drop_column("fund_entry", "issue_id")
    else:
        _make_ledger_anew(_NARROW)


def _change_checks(before: dict[str, str], after: dict[str, str]) -> None:
    for name in before:
        op.drop_constraint(op.f(f"ck_fund_entry_{name}"), "fund_entry", type_="check")
    for name, words in after.items():
        op.create_check_constraint(op.f(f"ck_fund_entry_{name}"), "fund_entry", words)


def _make_ledger_anew(checks: dict[str, str], *more: sa.schema.SchemaItem) -> None:
    """SQLite can't change constraints: the rows move into a new table, with the same triggers."""
    op.create_table(
        "fund_entry_anew",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fund_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=True),
        sa.Column("payment_id", sa.String(length=16), nullable=True),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        *more,
        *(
            sa.CheckConstraint(words, name=op.f(f"ck_fund_entry_{name}"))
            for name, words in checks.items()
        ),
        sa.CheckConstraint("amount_fen > 0 OR kind = 'grant'", name=op.f("ck_fund_entry_amount")),
        sa.CheckConstraint(
            "kind IN ('grant', 'reserve', 'release', 'spend')", name=op.f("ck_fund_entry_kind")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_fund_entry_case_id_cases")
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_fund_entry_fund_id_fund")),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_fund_entry_officer_id_officer")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_fund_entry_payment_id_payment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_entry")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_fund_entry_payment_id")),
        sqlite_autoincrement=True,
    )
    columns = ", ".join(_LEDGER)
    op.execute(f"INSERT INTO fund_entry_anew ({columns}) SELECT {columns} FROM fund_entry")
    op.drop_table("fund_entry")
    op.rename_table("fund_entry_anew", "fund_entry")
    op.create_index(op.f("ix_fund_entry_fund_id"), "fund_entry", ["fund_id"], unique=False)
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER fund_entry_refuses_{change.lower()} BEFORE {change} ON fund_entry"
            " BEGIN SELECT RAISE(ABORT, 'fund_entry is immutable'); END"
        )
