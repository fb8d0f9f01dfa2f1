"""Reservations: what an approval promises a case out of a fund, until it is paid or given up.

All sums are in fen.
"""

import json
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, select
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework import funds
from server.casework.fund_tables import Fund, Payment, Reservation
from server.casework.moves import Move, State
from server.casework.officers import Officer
from server.casework.tables import Case, CaseEvent
from server.confidential.sealing import Safe
from server.database.db import insert_new
from server.records.audit import Actor

MOST_INSTALMENTS = 60


class FundMissing(Exception):
    """No fund pays for a case, or several do and none was named: `funds` are their numbers."""

    def __init__(self, funds: Collection[int] = ()) -> None:
        super().__init__(tuple(funds))
        self.funds = tuple(funds)


class InstalmentsOutOfRange(ValueError):
    """No instalments, one before the first, or more than a sum has fen or a case is paid in."""


class GrantedBefore(Exception):
    """Somebody with this identity number has been promised the same for this period."""


class PaidInPart(Exception):
    """Some of a case was paid: it can be granted anew only as it was, with `amount_fen` in all."""

    def __init__(self, amount_fen: int) -> None:
        super().__init__(amount_fen)
        self.amount_fen = amount_fen


def reserve(
    session: Session,
    own: Safe,
    regions: Regions,
    case: Case,
    *,
    by: Officer,
    fund_id: int | None = None,
    instalments: int = 1,
    now: datetime,
) -> None:
    """Hold back what an approval promises; nothing where it promises no money.

    Without `fund_id` it is the one fund for the measure and the region. What was paid in part goes
    on out of the fund and in the instalments that it was promised in.
    Raises `FundMissing`, `FundShort`, `GrantedBefore`, `InstalmentsOutOfRange`, `PaidInPart`.
    """
    check_goes_on(session, case.id, case.amount_fen)
    if paid_fen(session, case.id):
        _reserve_rest(session, own, case, by=by, now=now)
        return
    release_rest(session, own, case, by=by, now=now)
    if (before := session.get(Reservation, case.id)) is not None:
        session.delete(before)
        session.flush()
    if case.amount_fen is None:
        return
    if not 1 <= instalments <= min(MOST_INSTALMENTS, case.amount_fen):
        raise InstalmentsOutOfRange(instalments)
    fund = _fund_of(session, regions, case, fund_id)
    funds.promise(session, own, fund, case.amount_fen, case_id=case.id, by=by, now=now)
    held = insert_new(
        session,
        Reservation,
        case_id=case.id,
        fund_id=fund,
        amount_fen=case.amount_fen,
        instalments=instalments,
        grant_hash=_grant_hash(own, case),
    )
    if not held:
        raise GrantedBefore(case.id)


def check_goes_on(session: Session, case_id: str, amount_fen: int | None) -> None:
    """See that what was paid in part is granted anew as it was; raises `PaidInPart`."""
    kept = session.get(Reservation, case_id)
    if kept is not None and kept.paid_fen and kept.amount_fen != amount_fen:
        raise PaidInPart(kept.amount_fen)


def _reserve_rest(session: Session, own: Safe, case: Case, *, by: Officer, now: datetime) -> None:
    """Hold back anew what a fund has back of a case that was paid in part; raises `FundShort`."""
    kept = session.get_one(Reservation, case.id, with_for_update=True, populate_existing=True)
    rest = kept.released_fen
    if not rest:
        return
    funds.promise(session, own, kept.fund_id, rest, case_id=case.id, by=by, now=now)
    kept.released_fen = 0
    session.add(kept)
    session.flush()


def spend(session: Session, payment: Payment, *, by: Officer, now: datetime) -> Reservation:
    """Take a payment out of what is held back for its case; once, or the database refuses."""
    kept = _more_paid(session, payment.case_id, payment.amount_fen)
    funds.spend(session, kept.fund_id, payment.amount_fen, payment=payment, by=by, now=now)
    return kept


def take_back(session: Session, payment: Payment, *, by: Officer, now: datetime) -> Reservation:
    """Hold back anew for its case what was paid; once, or the database refuses."""
    kept = _more_paid(session, payment.case_id, -payment.amount_fen)
    funds.take_back(session, kept.fund_id, payment, by=by, now=now)
    return kept


def release_rest(
    session: Session, own: Safe, case: Case, *, by: Officer | Actor, now: datetime
) -> int:
    """Give back to the fund what is still held back for a case; returns how much.

    Who has got nothing of it can be promised it anew.
    """
    kept = session.get(Reservation, case.id, with_for_update=True, populate_existing=True)
    if kept is None:
        return 0
    rest = kept.amount_fen - kept.paid_fen - kept.released_fen
    if not rest:
        return 0
    kept.released_fen += rest
    if not kept.paid_fen:
        kept.grant_hash = None
    session.add(kept)
    session.flush()
    funds.give_back(session, own, kept.fund_id, rest, case_id=case.id, by=by, now=now)
    return rest


def is_settled(case: Case) -> bool:
    """Whether it was granted without money: nothing is to be done, a voucher may be given."""
    return case.state == State.APPROVED and case.amount_fen is None


def was_granted(session: Session, case_id: str) -> bool:
    """Whether a case was ever granted, also where that was ended since."""
    approved = exists().where(
        col(CaseEvent.case_id) == case_id, col(CaseEvent.move) == Move.APPROVE
    )
    return bool(session.scalar(select(approved)))


def is_bound(session: Session, case: Case) -> bool:
    """Whether its worker can't take it back: a payment, or a voucher, rests on it.

    A voucher may where it was granted without money, also while that is looked at again. An
    objection to its end can be taken back: the refusal stays.
    """
    kept = session.get(Reservation, case.id)
    if kept is not None:
        return kept.paid_fen > 0
    return case.state != State.OBJECTION and was_granted(session, case.id)


def is_all_paid(reservation: Reservation) -> bool:
    """Whether nothing is held back any more, whichever instalment was the last to be paid."""
    return reservation.paid_fen + reservation.released_fen == reservation.amount_fen


def released_fen(session: Session, case_id: str) -> int:
    """What of a case's money its fund has back."""
    released = select(col(Reservation.released_fen)).where(col(Reservation.case_id) == case_id)
    return session.scalar(released) or 0


def paid_fen(session: Session, case_id: str) -> int:
    """What of a case's money was paid."""
    paid = select(col(Reservation.paid_fen)).where(col(Reservation.case_id) == case_id)
    return session.scalar(paid) or 0


def instalment_fen(reservation: Reservation, instalment: int) -> int:
    """What one instalment comes to; the last has what doesn't divide."""
    even = reservation.amount_fen // reservation.instalments
    if instalment < reservation.instalments:
        return even
    return reservation.amount_fen - even * (reservation.instalments - 1)


def _grant_hash(own: Safe, case: Case) -> str | None:
    """What one person can be promised once, also after they were erased; None: nobody knows who."""
    if not case.sealed_person:
        return None
    who = json.loads(own.unseal(case.sealed_person, f"cases.sealed_person:{case.id}"))
    return own.hash("grant", who["identity_number"], case.measure, case.period)


def _fund_of(session: Session, regions: Regions, case: Case, fund_id: int | None) -> int:
    if fund_id is not None:
        wanted = session.get(Fund, fund_id)
        named = [] if wanted is None else [wanted]
    else:
        named = list(session.scalars(select(Fund).order_by(col(Fund.id))))
    fitting = [fund for fund in named if funds.pays_for(fund, case.measure, case.region, regions)]
    ids = [fund.id for fund in fitting if fund.id is not None]
    if len(ids) != 1:
        raise FundMissing(ids)
    return ids[0]


def _more_paid(session: Session, case_id: str, more_fen: int) -> Reservation:
    kept = session.get_one(Reservation, case_id, with_for_update=True, populate_existing=True)
    kept.paid_fen += more_fen
    session.add(kept)
    session.flush()
    return kept
