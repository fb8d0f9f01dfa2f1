"""The tables of money: funds, what is reserved of them, payments and their batches."""

# No `from __future__ import annotations` here: SQLModel reads the annotations at class creation.

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text, UniqueConstraint, text
from sqlmodel import Field

from server.database.tables import Instant, Row, words


class EntryKind(StrEnum):
    """What a row of a fund's ledger does."""

    GRANT = "grant"
    """More, or less, for the fund to give."""
    RESERVE = "reserve"
    RELEASE = "release"
    """Of what was reserved, given back to the fund."""
    SPEND = "spend"
    """Of what was reserved, paid out."""
    TAKEN_BACK = "taken_back"
    """Paid out before, and taken back by the bank: reserved again."""


class BatchState(StrEnum):
    """Where a batch of payments stands."""

    COLLECTED = "collected"
    LOCKED = "locked"
    RELEASED = "released"
    EXPORTED = "exported"
    """The bank may have it: from here on only the bank says what became of it."""
    SETTLED = "settled"
    CANCELLED = "cancelled"


class PaymentState(StrEnum):
    """What became of one payment."""

    ORDERED = "ordered"
    PAID = "paid"
    RETURNED = "returned"
    """The bank could not pay it out, or has taken it back."""
    CANCELLED = "cancelled"


class Fund(Row, table=True):
    """Money for a purpose; `measures` and `regions` are JSON lists.

    The three sums follow from the ledger; the database refuses to give more than there is.
    """

    __table_args__ = (
        CheckConstraint("reserved_fen >= 0", name="reserved"),
        CheckConstraint("spent_fen >= 0", name="spent"),
        CheckConstraint("reserved_fen + spent_fen <= budget_fen", name="within_budget"),
    )

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_type=String(64), unique=True)
    purpose: str = Field(sa_type=Text)
    measures: str = Field(sa_type=Text)
    regions: str = Field(sa_type=Text)
    budget_fen: int = Field(sa_type=BigInteger)
    reserved_fen: int = Field(default=0, sa_type=BigInteger)
    spent_fen: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=Instant)


class Reservation(Row, table=True):
    """What a fund holds back for an approved case, to be paid in so many instalments."""

    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("paid_fen >= 0 AND released_fen >= 0", name="parts"),
        CheckConstraint("paid_fen + released_fen <= amount_fen", name="within_amount"),
        CheckConstraint("instalments BETWEEN 1 AND 60", name="instalments"),
    )

    case_id: str = Field(sa_type=String(16), primary_key=True, foreign_key="cases.id")
    fund_id: int = Field(foreign_key="fund.id", index=True)
    amount_fen: int = Field(sa_type=BigInteger)
    paid_fen: int = Field(default=0, sa_type=BigInteger)
    released_fen: int = Field(default=0, sa_type=BigInteger)
    instalments: int = 1
    grant_hash: str | None = Field(default=None, sa_type=String(64), index=True, unique=True)
    """Of identity number, measure and period: nobody is promised the same twice, under whatever
    name they sign in. None: from before it was kept."""


class PaymentBatch(Row, table=True):
    """Payments that go to the bank together; `id` is the number that the bank sees.

    `digest` covers every payment as it was locked.
    """

    __tablename__ = "payment_batch"
    __table_args__ = (CheckConstraint(f"state IN ({words(BatchState)})", name="state"),)

    id: str = Field(sa_type=String(16), primary_key=True)
    fund_id: int = Field(foreign_key="fund.id", index=True)
    state: str = Field(sa_type=String(16))
    version: int = 1
    payments: int
    """How many."""
    total_fen: int = Field(sa_type=BigInteger)
    digest: str | None = Field(default=None, sa_type=String(64))
    collected_by: int = Field(foreign_key="officer.id")
    collected_at: datetime = Field(sa_type=Instant)
    locked_by: int | None = Field(default=None, foreign_key="officer.id")
    locked_at: datetime | None = Field(default=None, sa_type=Instant)
    released_by: int | None = Field(default=None, foreign_key="officer.id")
    released_at: datetime | None = Field(default=None, sa_type=Instant)
    exported_by: int | None = Field(default=None, foreign_key="officer.id")
    exported_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class Payment(Row, table=True):
    """One payment to one person; of each instalment of a case there is one that counts.

    Whom it goes to is sealed with the worker's key for the books.
    """

    __table_args__ = (
        CheckConstraint(f"state IN ({words(PaymentState)})", name="state"),
        CheckConstraint("amount_fen > 0", name="amount"),
        Index(
            "uq_payment_case_id_instalment",
            "case_id",
            "instalment",
            unique=True,
            sqlite_where=text("state IN ('ordered', 'paid')"),
            postgresql_where=text("state IN ('ordered', 'paid')"),
        ),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    batch_id: str = Field(sa_type=String(16), foreign_key="payment_batch.id", index=True)
    case_id: str = Field(sa_type=String(16), foreign_key="cases.id", index=True)
    instalment: int
    """Counted from 1."""
    amount_fen: int = Field(sa_type=BigInteger)
    state: str = Field(sa_type=String(16))
    sealed_payee: str = Field(sa_type=Text)
    sealed_reason: str | None = Field(default=None, sa_type=Text)
    """Why the bank returned it, or took it back."""
    card_hash: str | None = Field(default=None, sa_type=String(64))
    """Of the card that the bank returned it from, as in the profile; None: it was not returned, it
    was before that was kept, or the person or the case is forgotten."""
    settled_at: datetime | None = Field(default=None, sa_type=Instant)


class FundEntry(Row, table=True):
    """One row of the ledger of a fund; triggers refuse to change or delete it."""

    __tablename__ = "fund_entry"
    __table_args__ = (
        CheckConstraint(f"kind IN ({words(EntryKind)})", name="kind"),
        CheckConstraint("amount_fen > 0 OR kind = 'grant'", name="amount"),
        CheckConstraint(
            "(kind = 'grant') = (case_id IS NULL AND issue_id IS NULL AND line_id IS NULL)",
            name="case",
        ),
        CheckConstraint(
            "(kind IN ('spend', 'taken_back')) = (payment_id IS NOT NULL OR line_id IS NOT NULL)",
            name="payment",
        ),
        CheckConstraint(
            "(case_id IS NULL OR (issue_id IS NULL AND line_id IS NULL))"
            " AND (issue_id IS NULL OR line_id IS NULL)",
            name="one",
        ),
        # A payment is spent once, and taken back once: whoever is paid anew has another one.
        UniqueConstraint("payment_id", "kind"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    fund_id: int = Field(foreign_key="fund.id", index=True)
    kind: str = Field(sa_type=String(16))
    amount_fen: int = Field(sa_type=BigInteger)
    case_id: str | None = Field(
        default=None, sa_type=String(16), foreign_key="cases.id", index=True
    )
    payment_id: str | None = Field(default=None, sa_type=String(16), foreign_key="payment.id")
    issue_id: str | None = Field(default=None, sa_type=String(16), index=True)
    """The issue of vouchers whose sum is held back or given back."""
    line_id: str | None = Field(default=None, sa_type=String(16), unique=True)
    """The line of a settlement with merchants: it is spent once."""
    officer_id: int | None = Field(default=None, foreign_key="officer.id")
    at: datetime = Field(sa_type=Instant)
    reason: str | None = Field(default=None, sa_type=Text)
    """Why the budget was set or changed, in the officer's words."""
