"""Vouchers at the till: what can be used there, used once for each code, and refunded.

The code itself makes a use happen once: whoever sends the same again, the same merchant for the
same voucher and sum, gets what was done the first time; anybody else is refused.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select, update
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework import funds
from server.casework.advancing import Post
from server.clock import china_day
from server.confidential.sealing import Safe
from server.database import numbering
from server.database.db import fetch_within, insert_within, run_within
from server.database.tables import stored_instant
from server.records import audit
from server.records.audit import Action
from server.vouchers import cards, issuing, telling
from server.vouchers.cards import Code, CodeWrong
from server.vouchers.tables import Issue, Merchant, Redemption, Return, ReturnWhy, Voucher

TYPED_WITHIN = timedelta(minutes=10)
"""So long after a code was seen the sum may be sent."""
_ADD = (
    "INSERT INTO redemption (id, voucher_id, merchant_id, code_hash, amount_fen, at)"
    " VALUES {} ON CONFLICT (code_hash) DO NOTHING"
)
_TAKE = (
    "UPDATE voucher SET left_fen = left_fen - :amount, left_uses = left_uses - 1"
    " WHERE id = :voucher AND ended_at IS NULL AND left_fen >= :amount"
    " AND (left_uses IS NULL OR left_uses > 0)"
)
_WHAT = (
    "SELECT v.worker_id, v.left_fen, v.ended_at, i.region, i.takes, i.amount_fen, i.first_on,"
    " i.last_on FROM voucher v JOIN voucher_issue i ON i.id = v.issue_id WHERE v.id = :voucher"
)


class CodeUsed(Exception):
    """The code was used already: for another voucher or sum, or by another merchant."""


class VoucherNotHere(Exception):
    """It is no voucher of this card's, or none for this merchant."""


class VoucherOver(Exception):
    """Its days are over, have not begun, or it was taken back; it is used until `last_on`."""

    def __init__(self, last_on: date) -> None:
        super().__init__(last_on)
        self.last_on = last_on


class VoucherShort(Exception):
    """Less than that is left, or nothing; or no such sum can be."""


class RedemptionUnknown(LookupError):
    """There is no such redemption of this merchant's."""


class RedemptionSettled(Exception):
    """It was settled with the merchant: it can't be refunded at the till any more."""


class Redeemed(NamedTuple):
    """What was done; `again`: it was done before, and nothing more now."""

    id: str
    amount_fen: int
    at: datetime
    again: bool = False


class _What(NamedTuple):
    worker_id: int
    left_fen: int
    ended_at: object
    region: str
    takes: str
    amount_fen: int
    first_on: date | str
    last_on: date | str


def usable(
    session: Session, regions: Regions, merchant: Merchant, worker_id: int, *, today: date
) -> list[tuple[Voucher, Issue]]:
    """What somebody can use at a merchant today, those first that end first."""
    around = regions.within(merchant.region)
    return [
        (voucher, issue)
        for voucher, issue in issuing.of_worker(session, worker_id)
        if issue.takes == merchant.kind
        and issue.region in around
        and issuing.is_usable(voucher, issue, today)
    ]


def redeem(
    session: Session,
    post: Post,
    merchant: Merchant,
    token: str,
    *,
    voucher_id: str,
    amount_fen: int,
    seen_at: datetime,
    now: datetime,
) -> Redeemed:
    """Use a voucher once, by a code that the merchant saw at `seen_at`; 0 fen: no money.

    Raises `CodeUnreadable`, `CodeWrong`, `CodeUsed`, `VoucherNotHere`, `VoucherOver`,
    `VoucherShort`; then nothing was done, and a code that was good is good still.
    """
    safe, merchant_id = post.safe, merchant.id or 0
    code = cards.read(session, safe, token, at=seen_at)
    done = _done(session, code, merchant_id, voucher_id, amount_fen)
    if done is not None:
        return done
    if not timedelta(0) <= now - seen_at <= TYPED_WITHIN:
        raise CodeWrong
    around = post.library.regions.within(merchant.region)
    _check(session, code, merchant, around, voucher_id, amount_fen, china_day(now))
    made = Redeemed(numbering.key("U"), amount_fen, now)
    row = (
        made.id, voucher_id, merchant_id, code.hash, amount_fen, stored_instant(now),
    )  # fmt: skip
    if insert_within(session, _ADD, [row]) != 1:
        # Another request with the same code was first, and has committed meanwhile.
        done = _done(session, code, merchant_id, voucher_id, amount_fen)
        assert done is not None
        return done
    if run_within(session, _TAKE, amount=amount_fen, voucher=voucher_id) != 1:
        raise VoucherShort
    _audit(session, safe, merchant_id, made.id, code.worker_id, Action.CREATED, now)
    telling.tell_used(
        session, post, redemption_id=made.id, voucher_id=voucher_id, merchant=merchant.name,
        amount_fen=amount_fen, now=now,
    )  # fmt: skip
    return made


def refund(
    session: Session, post: Post, merchant: Merchant, redemption_id: str, *, now: datetime
) -> Redeemed:
    """Take a use back: the voucher has its sum again, the merchant is owed nothing for it.

    Twice is once. Raises `RedemptionUnknown`, `RedemptionSettled`.
    """
    found = session.get(Redemption, redemption_id)
    if found is None or found.merchant_id != merchant.id:
        raise RedemptionUnknown(redemption_id)
    changed = session.connection().execute(
        update(Redemption)
        .where(
            col(Redemption.id) == redemption_id,
            col(Redemption.refunded_at).is_(None),
            col(Redemption.line_id).is_(None),
        )
        .values(refunded_at=now)
    )
    session.refresh(found)
    told = Redeemed(found.id, found.amount_fen, found.at, again=changed.rowcount != 1)
    if changed.rowcount != 1:
        if found.refunded_at is None:
            raise RedemptionSettled
        return told
    voucher = session.get_one(Voucher, found.voucher_id)
    if voucher.ended_at is None:
        _put_back(session, found)
    else:
        _to_the_fund(session, post.safe, voucher, found, now)
    _audit(
        session, post.safe, found.merchant_id, found.id, voucher.worker_id, Action.CHANGED, now,
        "refunded_at",
    )  # fmt: skip
    telling.tell_used(
        session, post, redemption_id=found.id, voucher_id=voucher.id, merchant=merchant.name,
        amount_fen=found.amount_fen, refunded=True, now=now,
    )  # fmt: skip
    return told


def of_merchant(
    session: Session, merchant_id: int, at_most: int = 50
) -> list[tuple[Redemption, str]]:
    """The newest redemptions of a merchant, each with what its issue is called."""
    rows = session.execute(
        select(Redemption, col(Issue.title))
        .join(Voucher, col(Voucher.id) == col(Redemption.voucher_id))
        .join(Issue, col(Issue.id) == col(Voucher.issue_id))
        .where(col(Redemption.merchant_id) == merchant_id)
        .order_by(col(Redemption.at).desc(), col(Redemption.id))
        .limit(at_most)
    )
    return [(row[0], row[1]) for row in rows]


def of_worker(
    session: Session, worker_id: int, at_most: int = 50
) -> list[tuple[Redemption, str, str]]:
    """Somebody's newest uses, each with the merchant's name and what was used."""
    rows = session.execute(
        select(Redemption, col(Merchant.name), col(Issue.title))
        .join(Voucher, col(Voucher.id) == col(Redemption.voucher_id))
        .join(Issue, col(Issue.id) == col(Voucher.issue_id))
        .join(Merchant, col(Merchant.id) == col(Redemption.merchant_id))
        .where(col(Voucher.worker_id) == worker_id)
        .order_by(col(Redemption.at).desc(), col(Redemption.id))
        .limit(at_most)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _done(
    session: Session, code: Code, merchant_id: int, voucher_id: str, amount_fen: int
) -> Redeemed | None:
    row = fetch_within(
        session,
        "SELECT id, merchant_id, voucher_id, amount_fen, at FROM redemption"
        " WHERE code_hash = :hash",
        hash=code.hash,
    )
    if row is None:
        return None
    if tuple(row[1:4]) != (merchant_id, voucher_id, amount_fen):
        raise CodeUsed
    at = datetime.fromisoformat(row[4]) if isinstance(row[4], str) else row[4]
    return Redeemed(row[0], amount_fen, at, again=True)


def _check(
    session: Session,
    code: Code,
    merchant: Merchant,
    around: Collection[str],
    voucher_id: str,
    amount_fen: int,
    today: date,
) -> None:
    row = fetch_within(session, _WHAT, voucher=voucher_id)
    what = None if row is None else _What(*row)
    if (
        what is None
        or what.worker_id != code.worker_id
        or what.takes != merchant.kind
        or what.region not in around
    ):
        raise VoucherNotHere
    first_on, last_on = _day(what.first_on), _day(what.last_on)
    if what.ended_at is not None or not first_on <= today <= last_on:
        raise VoucherOver(last_on)
    if amount_fen < 0 or (amount_fen == 0) != (what.amount_fen == 0):
        raise VoucherShort


def _day(stored: date | str) -> date:
    return date.fromisoformat(stored) if isinstance(stored, str) else stored


def _put_back(session: Session, found: Redemption) -> None:
    session.execute(
        update(Voucher)
        .where(col(Voucher.id) == found.voucher_id)
        .values(
            left_fen=col(Voucher.left_fen) + found.amount_fen,
            left_uses=col(Voucher.left_uses) + 1,
        )
        .execution_options(synchronize_session=False)
    )


def _to_the_fund(
    session: Session, safe: Safe, voucher: Voucher, found: Redemption, now: datetime
) -> None:
    issue, amount_fen = session.get_one(Issue, voucher.issue_id), found.amount_fen
    if issue.fund_id is not None and amount_fen:
        by = audit.Actor.merchant(found.merchant_id)
        funds.give_back(session, safe, issue.fund_id, amount_fen, issue_id=issue.id, by=by, now=now)
        taken_back = ReturnWhy.TAKEN_BACK
        session.add(Return(voucher_id=voucher.id, at=now, why=taken_back, amount_fen=amount_fen))


def _audit(
    session: Session,
    safe: Safe,
    merchant_id: int,
    redemption_id: str,
    worker_id: int,
    action: Action,
    now: datetime,
    *fields: str,
) -> None:
    audit.record(
        session,
        safe,
        by=audit.Actor.merchant(merchant_id),
        action=action,
        about="redemption",
        row=redemption_id,
        worker_id=worker_id,
        fields=fields,
        now=now,
    )
