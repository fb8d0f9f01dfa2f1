"""Funds with their ledger, payments in batches, who wants no cases unasked."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    _create_fund()
    _create_opt_out()
    _create_payment_batch()
    _create_payment()
    _create_reservation()
    _create_fund_entry()
    _refuse_changes()


def downgrade() -> None:
    for name in ("fund_entry", "reservation", "payment", "payment_batch", "opt_out", "fund"):
        op.drop_table(name)


def _create_fund() -> None:
    op.create_table(
        "fund",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("regions", sa.Text(), nullable=False),
        sa.Column("budget_fen", sa.BigInteger(), nullable=False),
        sa.Column("reserved_fen", sa.BigInteger(), nullable=False),
        sa.Column("spent_fen", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "reserved_fen + spent_fen <= budget_fen", name=op.f("ck_fund_within_budget")
        ),
        sa.CheckConstraint("reserved_fen >= 0", name=op.f("ck_fund_reserved")),
        sa.CheckConstraint("spent_fen >= 0", name=op.f("ck_fund_spent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund")),
        sa.UniqueConstraint("name", name=op.f("uq_fund_name")),
    )


def _create_opt_out() -> None:
    op.create_table(
        "opt_out",
        sa.Column("identity_hash", sa.String(length=64), nullable=False),
        sa.Column("measure", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name=op.f("fk_opt_out_worker_id_worker")
        ),
        sa.PrimaryKeyConstraint("identity_hash", "measure", name=op.f("pk_opt_out")),
    )
    op.create_index(op.f("ix_opt_out_worker_id"), "opt_out", ["worker_id"], unique=False)


def _create_payment_batch() -> None:
    op.create_table(
        "payment_batch",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("fund_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("collected_by", sa.Integer(), nullable=False),
        sa.Column("collected_at", Instant(), nullable=False),
        sa.Column("locked_by", sa.Integer(), nullable=True),
        sa.Column("locked_at", Instant(), nullable=True),
        sa.Column("released_by", sa.Integer(), nullable=True),
        sa.Column("released_at", Instant(), nullable=True),
        sa.Column("exported_by", sa.Integer(), nullable=True),
        sa.Column("exported_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('collected', 'locked', 'released', 'exported', 'settled', 'cancelled')",
            name=op.f("ck_payment_batch_state"),
        ),
        sa.ForeignKeyConstraint(
            ["collected_by"], ["officer.id"], name=op.f("fk_payment_batch_collected_by_officer")
        ),
        sa.ForeignKeyConstraint(
            ["exported_by"], ["officer.id"], name=op.f("fk_payment_batch_exported_by_officer")
        ),
        sa.ForeignKeyConstraint(
            ["fund_id"], ["fund.id"], name=op.f("fk_payment_batch_fund_id_fund")
        ),
        sa.ForeignKeyConstraint(
            ["locked_by"], ["officer.id"], name=op.f("fk_payment_batch_locked_by_officer")
        ),
        sa.ForeignKeyConstraint(
            ["released_by"], ["officer.id"], name=op.f("fk_payment_batch_released_by_officer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_batch")),
    )
    op.create_index(op.f("ix_payment_batch_fund_id"), "payment_batch", ["fund_id"], unique=False)


def _create_payment() -> None:
    op.create_table(
        "payment",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("batch_id", sa.String(length=16), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("instalment", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sealed_payee", sa.Text(), nullable=False),
        sa.Column("sealed_reason", sa.Text(), nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('ordered', 'paid', 'returned', 'cancelled')", name=op.f("ck_payment_state")
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payment_amount")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["payment_batch.id"], name=op.f("fk_payment_batch_id_payment_batch")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_payment_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
    )
    op.create_index(op.f("ix_payment_batch_id"), "payment", ["batch_id"], unique=False)
    op.create_index(
        "uq_payment_case_id_instalment",
        "payment",
        ["case_id", "instalment"],
        unique=True,
        sqlite_where=sa.text("state IN ('ordered', 'paid')"),
        postgresql_where=sa.text("state IN ('ordered', 'paid')"),
    )


def _create_reservation() -> None:
    op.create_table(
        "reservation",
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("fund_id", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("released_fen", sa.BigInteger(), nullable=False),
        sa.Column("instalments", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_reservation_amount")),
        sa.CheckConstraint("instalments BETWEEN 1 AND 60", name=op.f("ck_reservation_instalments")),
        sa.CheckConstraint(
            "paid_fen + released_fen <= amount_fen", name=op.f("ck_reservation_within_amount")
        ),
        sa.CheckConstraint(
            "paid_fen >= 0 AND released_fen >= 0", name=op.f("ck_reservation_parts")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_reservation_case_id_cases")
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_reservation_fund_id_fund")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_reservation")),
    )
    op.create_index(op.f("ix_reservation_fund_id"), "reservation", ["fund_id"], unique=False)


def _create_fund_entry() -> None:
    op.create_table(
        "fund_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fund_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=True),
        sa.Column("payment_id", sa.String(length=16), nullable=True),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("(kind = 'grant') = (case_id IS NULL)", name=op.f("ck_fund_entry_case")),
        sa.CheckConstraint(
            "(kind = 'spend') = (payment_id IS NOT NULL)", name=op.f("ck_fund_entry_payment")
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
    op.create_index(op.f("ix_fund_entry_fund_id"), "fund_entry", ["fund_id"], unique=False)


def _refuse_changes() -> None:
    """Lets the database itself refuse to change the ledger; the function is that of editions."""
    if op.get_bind().dialect.name == "postgresql":
        for changes, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER fund_entry_refuses_{changes.split()[0].lower()}"
                f" BEFORE {changes} ON fund_entry"
                f" FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER fund_entry_refuses_{change.lower()} BEFORE {change} ON fund_entry"
            " BEGIN SELECT RAISE(ABORT, 'fund_entry is immutable'); END"
        )
