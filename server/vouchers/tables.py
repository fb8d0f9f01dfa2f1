"""The tables of cards and vouchers, on SQLite and PostgreSQL alike. All sums are in fen."""

# No `from __future__ import annotations` here: SQLModel reads the annotations at class creation.

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text, UniqueConstraint
from sqlmodel import Field

from server.database.tables import Instant, Row, words


class MerchantKind(StrEnum):
    """Where vouchers are used."""

    SHOP = "shop"
    CLINIC = "clinic"


class IssueState(StrEnum):
    """Where an issue stands; that it is over follows from its last day."""

    PROPOSED = "proposed"
    """Waits for a second officer."""
    OPEN = "open"
    CLOSED = "closed"
    """Nobody gets one any more; who has one keeps it."""


class RoundState(StrEnum):
    """Where a round stands."""

    PROPOSED = "proposed"
    """Counted, waits for a second officer."""
    GIVING = "giving"
    """The fund holds the whole sum back; whoever waits gets one, lot by lot."""
    DONE = "done"
    STOPPED = "stopped"
    """Who waited still gets none; their sum went back to the fund."""
    REFUSED = "refused"


class PlaceState(StrEnum):
    """What became of somebody in a round."""

    WAITING = "waiting"
    GIVEN = "given"
    LEFT_OUT = "left_out"
    """Got one otherwise or opted out meanwhile, or the round was stopped."""


class ReturnWhy(StrEnum):
    """Why something of a voucher can't be used any more."""

    LAPSED = "lapsed"
    TAKEN_BACK = "taken_back"


class SettlementState(StrEnum):
    """Where a settlement stands."""

    COLLECTED = "collected"
    RELEASED = "released"
    EXPORTED = "exported"
    """The bank may have it: from here on only the bank says what became of it."""
    SETTLED = "settled"
    CANCELLED = "cancelled"


class LineState(StrEnum):
    """What became of what one merchant is owed."""

    ORDERED = "ordered"
    PAID = "paid"
    RETURNED = "returned"
    """The bank could not pay it out."""
    CANCELLED = "cancelled"


class Card(Row, table=True):
    """Somebody's card; its codes follow from number and version with a key of the service."""

    __tablename__ = "benefit_card"

    worker_id: int = Field(primary_key=True, foreign_key="worker.id")
    number: str = Field(sa_type=String(8), unique=True)
    """Eight digits by chance; they say nothing of the person."""
    version: int = 1
    """Another one makes all codes before worthless."""
    made_at: datetime = Field(sa_type=Instant)


class Issue(Row, table=True):
    """One kind of voucher; nothing in it is about a worker."""

    __tablename__ = "voucher_issue"
    __table_args__ = (
        CheckConstraint(f"takes IN ({words(MerchantKind)})", name="takes"),
        CheckConstraint(f"state IN ({words(IssueState)})", name="state"),
        CheckConstraint("(amount_fen = 0) = (fund_id IS NULL)", name="fund"),
        CheckConstraint("amount_fen >= 0", name="amount"),
        CheckConstraint("uses > 0", name="uses"),
        CheckConstraint("first_on <= last_on", name="days"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    title: str = Field(sa_type=String(64))
    words: str = Field(sa_type=Text)
    """Where and how it is used, for the worker."""
    measure: str = Field(sa_type=String(64))
    region: str = Field(sa_type=String(64))
    takes: str = Field(sa_type=String(16))
    fund_id: int | None = Field(default=None, foreign_key="fund.id", index=True)
    amount_fen: int = Field(sa_type=BigInteger)
    """The whole sum of one voucher; 0: it grants something else than money."""
    uses: int | None = None
    """How often one can be used; None: as often as its sum and its days allow."""
    first_on: date
    last_on: date
    """Both included, Asia/Shanghai days."""
    state: str = Field(sa_type=String(16))
    version: int = 1
    proposed_by: int = Field(foreign_key="officer.id")
    opened_by: int | None = Field(default=None, foreign_key="officer.id")
    created_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)


class Voucher(Row, table=True):
    """One person's voucher of an issue, and what is left of it."""

    __table_args__ = (
        CheckConstraint("left_fen BETWEEN 0 AND amount_fen", name="left"),
        CheckConstraint("left_uses BETWEEN 0 AND uses", name="left_uses"),
        CheckConstraint("(uses IS NULL) = (left_uses IS NULL)", name="uses"),
        UniqueConstraint("issue_id", "worker_id"),
        Index(None, "issue_id", "holder_hash", unique=True),
        Index(None, "worker_id"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    issue_id: str = Field(sa_type=String(16), foreign_key="voucher_issue.id")
    worker_id: int = Field(foreign_key="worker.id")
    case_id: str | None = Field(
        default=None, sa_type=String(16), foreign_key="cases.id", index=True
    )
    amount_fen: int = Field(sa_type=BigInteger)
    left_fen: int = Field(sa_type=BigInteger)
    uses: int | None = None
    left_uses: int | None = None
    issued_at: datetime = Field(sa_type=Instant)
    issued_by: int = Field(foreign_key="officer.id")
    holder_hash: str | None = Field(default=None, sa_type=String(64))
    """Keyed, of issue and identity number: stays with the books, so that nobody gets a second."""
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    """When it was taken back; what was left of it went back to the fund."""
    warned_at: datetime | None = Field(default=None, sa_type=Instant)
    """When its person was told that it ends soon: once."""


class Return(Row, table=True):
    """What of a voucher went back to the fund at an instant; only ever added.

    0 fen: it granted something else than money, and was not used up.
    """

    __tablename__ = "voucher_return"
    __table_args__ = (
        CheckConstraint(f"why IN ({words(ReturnWhy)})", name="why"),
        CheckConstraint("amount_fen >= 0", name="amount"),
        Index(None, "voucher_id"),
        Index(None, "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    voucher_id: str = Field(sa_type=String(16), foreign_key="voucher.id")
    at: datetime = Field(sa_type=Instant)
    why: str = Field(sa_type=String(16))
    amount_fen: int = Field(sa_type=BigInteger)


class Round(Row, table=True):
    """A group of the register to whom vouchers of an issue are given; nobody is named in it."""

    __tablename__ = "voucher_round"
    __table_args__ = (
        CheckConstraint(f"state IN ({words(RoundState)})", name="state"),
        CheckConstraint("given BETWEEN 0 AND people", name="given"),
        Index(None, "issue_id"),
        Index(None, "state", "region"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    issue_id: str = Field(sa_type=String(16), foreign_key="voucher_issue.id")
    region: str = Field(sa_type=String(64))
    """With all that lies in it."""
    level: str | None = Field(default=None, sa_type=String(16))
    cause: str | None = Field(default=None, sa_type=String(16))
    state: str = Field(sa_type=String(16))
    version: int = 1
    counts: str = Field(sa_type=Text)
    """How many are meant, get one, and why others don't, as JSON."""
    digest: str = Field(sa_type=String(64))
    """Of whom it would be given to: what a second officer confirms."""
    people: int = 0
    """For how many the fund held the sum back."""
    given: int = 0
    proposed_by: int = Field(foreign_key="officer.id")
    decided_by: int | None = Field(default=None, foreign_key="officer.id")
    reason: str = Field(default="", sa_type=Text)
    """Why it was refused or stopped."""
    created_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)
    confirmed_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class RoundPlace(Row, table=True):
    """Somebody who gets a voucher in a round, from the confirmation on."""

    __tablename__ = "round_place"
    __table_args__ = (
        CheckConstraint(f"state IN ({words(PlaceState)})", name="state"),
        Index(None, "round_id", "state", "id"),
        Index(None, "worker_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    round_id: str = Field(sa_type=String(16), foreign_key="voucher_round.id")
    worker_id: int = Field(foreign_key="worker.id")
    state: str = Field(sa_type=String(16))


class Merchant(Row, table=True):
    """A shop or clinic where vouchers are used; its account is sealed with the service's keys."""

    __table_args__ = (CheckConstraint(f"kind IN ({words(MerchantKind)})", name="kind"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_type=String(64), unique=True)
    kind: str = Field(sa_type=String(16))
    region: str = Field(sa_type=String(64), index=True)
    place: str = Field(sa_type=String(128))
    """Where people find it; public."""
    sealed_account: str | None = Field(default=None, sa_type=Text)
    """Payee, bank and account number as JSON; None for who is owed nothing."""
    account_by: int | None = None
    """The officer who noted it."""
    active: bool = True
    start_hash: str | None = Field(default=None, sa_type=String(64), unique=True)
    """Of the code with which one phone signs in, once."""
    start_until: datetime | None = Field(default=None, sa_type=Instant)
    made_by: int = Field(foreign_key="officer.id")
    made_at: datetime = Field(sa_type=Instant)


class MerchantSession(Row, table=True):
    """A phone at a merchant's till, known by the hash of its token until somebody revokes it."""

    __tablename__ = "merchant_session"

    token_hash: str = Field(sa_type=String(64), primary_key=True)
    merchant_id: int = Field(foreign_key="merchant.id", index=True)
    began_at: datetime = Field(sa_type=Instant)


class Settlement(Row, table=True):
    """What merchants are owed out of one fund, to go to the bank together."""

    __table_args__ = (CheckConstraint(f"state IN ({words(SettlementState)})", name="state"),)

    id: str = Field(sa_type=String(16), primary_key=True)
    fund_id: int = Field(foreign_key="fund.id", index=True)
    state: str = Field(sa_type=String(16))
    total_fen: int = Field(sa_type=BigInteger)
    collected_by: int = Field(foreign_key="officer.id")
    collected_at: datetime = Field(sa_type=Instant)
    released_by: int | None = Field(default=None, foreign_key="officer.id")
    released_at: datetime | None = Field(default=None, sa_type=Instant)
    exported_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class SettlementLine(Row, table=True):
    """What one merchant is owed in a settlement; its id is the number that the bank sees."""

    __tablename__ = "settlement_line"
    __table_args__ = (
        CheckConstraint(f"state IN ({words(LineState)})", name="state"),
        CheckConstraint("amount_fen > 0", name="amount"),
        UniqueConstraint("settlement_id", "merchant_id"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    settlement_id: str = Field(sa_type=String(16), foreign_key="settlement.id")
    merchant_id: int = Field(foreign_key="merchant.id")
    redemptions: int
    """How many."""
    amount_fen: int = Field(sa_type=BigInteger)
    state: str = Field(sa_type=String(16))
    sealed_account: str = Field(sa_type=Text)
    """The merchant's account as it was when the settlement was collected."""
    account_by: int | None = None
    """The officer who noted that account: another one releases the money."""
    settled_at: datetime | None = Field(default=None, sa_type=Instant)


class Redemption(Row, table=True):
    """One use of a voucher; a code of a card is good for one."""

    __table_args__ = (
        CheckConstraint("amount_fen >= 0", name="amount"),
        Index(None, "voucher_id"),
        Index(None, "merchant_id", "at"),
        Index(None, "line_id"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    voucher_id: str = Field(sa_type=String(16), foreign_key="voucher.id")
    merchant_id: int = Field(foreign_key="merchant.id")
    code_hash: str = Field(sa_type=String(64), unique=True)
    """Keyed, of card and half minute: whose code it was can't be told from it."""
    amount_fen: int = Field(sa_type=BigInteger)
    at: datetime = Field(sa_type=Instant)
    refunded_at: datetime | None = Field(default=None, sa_type=Instant)
    line_id: str | None = Field(default=None, sa_type=String(16), foreign_key="settlement_line.id")
    """Where it is settled; None: the merchant is still owed it."""
