"""Funds: money for a purpose, reserved by approvals and spent by payments, never more than granted.

Every change is one conditional update and one row of the ledger in the same transaction; the
database refuses by itself what would pass the budget. All sums are in fen.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlmodel import Session, col

from knowledge.regions import Regions, UnknownRegion
from server.casework.fund_tables import EntryKind, Fund, FundEntry, Payment, Reservation
from server.casework.moves import Move, State
from server.casework.officers import NotAllowed, Officer, Role
from server.casework.tables import Case, CaseEvent
from server.confidential.sealing import Safe
from server.database.db import insert_new
from server.records import audit
from server.records.audit import Action, Actor

MOST_FEN = 10**15
"""Ten thousand times what a city has: a slip of the hand is no budget."""
MOST_INSTALMENTS = 60


class FundUnknown(LookupError):
    """There is no such fund, or it is not for whoever asks."""


class FundMissing(Exception):
    """No fund pays for a case, or several do and none was named: `funds` are their numbers."""

    def __init__(self, funds: Collection[int] = ()) -> None:
        super().__init__(tuple(funds))
        self.funds = tuple(funds)


class FundShort(Exception):
    """A fund has only `left_fen` left to promise."""

    def __init__(self, left_fen: int) -> None:
        super().__init__(left_fen)
        self.left_fen = left_fen


class InstalmentsOutOfRange(ValueError):
    """No instalments, one before the first, or more than a sum has fen or a case is paid in."""


class GrantedBefore(Exception):
    """Somebody with this identity number has been promised the same for this period."""


class PaidInPart(Exception):
    """Some of a case was paid: it can be granted anew only as it was, with `amount_fen` in all."""

    def __init__(self, amount_fen: int) -> None:
        super().__init__(amount_fen)
        self.amount_fen = amount_fen


class BudgetChanged(Exception):
    """The budget is another than the one that was looked at: `budget_fen`."""

    def __init__(self, budget_fen: int) -> None:
        super().__init__(budget_fen)
        self.budget_fen = budget_fen


class FundRefused(ValueError):
    """A fund without what it takes, or a sum that none can be given; the message says which."""


class FundNameTaken(Exception):
    """Another fund has this name."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What a fund was given, holds back for approved cases, and has paid out."""

    budget_fen: int
    reserved_fen: int
    spent_fen: int

    @property
    def left_fen(self) -> int:
        """What can still be promised."""
        return self.budget_fen - self.reserved_fen - self.spent_fen


def add(
    session: Session,
    safe: Safe,
    regions: Regions,
    *,
    name: str,
    purpose: str,
    budget_fen: int,
    measures: Collection[str],
    where: Collection[str],
    reason: str = "",
    by: Officer,
    now: datetime,
) -> Fund:
    """Set up a fund for measures and regions; `reason` says by what the money was granted.

    Raises `NotAllowed`, `UnknownRegion`, `FundNameTaken`, `FundRefused`.
    """
    _check_administrator(by, regions, where)
    if not name.strip() or not measures or not where or not 0 < budget_fen <= MOST_FEN:
        raise FundRefused("a fund has a name, a sum, and measures and regions that it is for")
    if session.scalar(select(col(Fund.id)).where(col(Fund.name) == name)) is not None:
        raise FundNameTaken(name)
    fund = Fund(
        name=name,
        purpose=purpose,
        measures=json.dumps(sorted(measures)),
        regions=json.dumps(sorted(where)),
        budget_fen=budget_fen,
        created_at=now,
    )
    session.add(fund)
    session.flush()
    assert fund.id is not None
    _enter(session, fund.id, EntryKind.GRANT, budget_fen, reason=reason, by=by, now=now)
    _record(session, safe, fund.id, by, Action.CREATED, ("budget", "measures", "regions"), now)
    return fund


def grant(
    session: Session,
    safe: Safe,
    regions: Regions,
    fund_id: int,
    amount_fen: int,
    *,
    reason: str = "",
    before_fen: int | None = None,
    by: Officer,
    now: datetime,
) -> None:
    """Give a fund more, or take from what it has left where `amount_fen` is less than nothing.

    `before_fen`: the budget that was looked at, None where nobody did: what is sent again changes
    nothing. Raises `FundUnknown`, `NotAllowed`, `FundRefused`, `BudgetChanged`, `FundShort`.
    """
    fund = find(session, fund_id)
    _check_administrator(by, regions, regions_of(fund))
    if not amount_fen or abs(amount_fen) > MOST_FEN:
        raise FundRefused(
            "a fund is given a sum, or gives one back: not nothing, nor more than any has"
        )
    budget = col(Fund.budget_fen) + amount_fen
    only = col(Fund.reserved_fen) + col(Fund.spent_fen) <= budget
    if before_fen is not None:
        only &= col(Fund.budget_fen) == before_fen
    if not _change(session, fund_id, only, budget_fen=budget):
        now_are = sums(session, fund_id)
        if before_fen not in (None, now_are.budget_fen):
            raise BudgetChanged(now_are.budget_fen)
        raise FundShort(now_are.left_fen)
    _enter(session, fund_id, EntryKind.GRANT, amount_fen, reason=reason, by=by, now=now)
    _record(session, safe, fund_id, by, Action.CHANGED, ("budget",), now)


def find(session: Session, fund_id: int) -> Fund:
    """A fund; raises `FundUnknown`."""
    fund = session.get(Fund, fund_id)
    if fund is None:
        raise FundUnknown(fund_id)
    return fund


def of_officer(session: Session, fund_id: int, officer: Officer, regions: Regions) -> Fund:
    """A fund that is for a region of the officer's; raises `FundUnknown`."""
    fund = find(session, fund_id)
    if not any(officer.covers(where, regions) for where in regions_of(fund) if where in regions):
        raise FundUnknown(fund_id)
    return fund


def grants_of(session: Session, fund_id: int) -> list[FundEntry]:
    """What a fund was given and what was taken back, the oldest first."""
    return list(
        session.scalars(
            select(FundEntry)
            .where(col(FundEntry.fund_id) == fund_id, col(FundEntry.kind) == EntryKind.GRANT)
            .order_by(col(FundEntry.id))
        )
    )


def listed(session: Session, officer: Officer, regions: Regions) -> list[Fund]:
    """The funds that are for a region of the officer's."""
    funds = session.scalars(select(Fund).order_by(col(Fund.id))).all()
    return [
        fund
        for fund in funds
        if any(officer.covers(where, regions) for where in regions_of(fund) if where in regions)
    ]


def sums(session: Session, fund_id: int) -> Sums:
    """How a fund stands."""
    columns = (col(Fund.budget_fen), col(Fund.reserved_fen), col(Fund.spent_fen))
    row = session.execute(select(*columns).where(col(Fund.id) == fund_id)).first()
    if row is None:
        raise FundUnknown(fund_id)
    return Sums(*row)


def sums_of_ledger(session: Session, fund_id: int) -> Sums:
    """How a fund stands by its ledger alone: the same, or something went wrong."""
    row = session.execute(
        select(
            _booked(EntryKind.GRANT),
            _held_by_ledger(),
            _booked(EntryKind.SPEND) - _booked(EntryKind.TAKEN_BACK),
        ).where(col(FundEntry.fund_id) == fund_id)
    ).one()
    return Sums(*(int(each) for each in row))


def held_fen(before: datetime) -> ColumnElement[int]:
    """What was held back for a case until then, by the ledger; in a query of cases."""
    of_case = col(FundEntry.case_id) == col(Case.id), col(FundEntry.at) < before
    return select(_held_by_ledger()).where(*of_case).correlate(Case).scalar_subquery()


def _held_by_ledger() -> ColumnElement[int]:
    more = _booked(EntryKind.RESERVE, EntryKind.TAKEN_BACK)
    return more - _booked(EntryKind.RELEASE, EntryKind.SPEND)


def _booked(*kinds: EntryKind) -> ColumnElement[int]:
    counted = func.sum(col(FundEntry.amount_fen)).filter(col(FundEntry.kind).in_(kinds))
    return func.coalesce(counted, 0)


def regions_of(fund: Fund) -> list[str]:
    """The regions that a fund is for, with all that lies in them."""
    found: list[str] = json.loads(fund.regions)
    return found


def measures_of(fund: Fund) -> list[str]:
    """The measures that a fund pays for."""
    found: list[str] = json.loads(fund.measures)
    return found


def pays_for(fund: Fund, measure: str, region: str, regions: Regions) -> bool:
    """Whether a fund is for a measure in a region."""
    return measure in measures_of(fund) and any(
        regions.lies_in(region, where) for where in regions_of(fund) if where in regions
    )


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
    enough = col(Fund.reserved_fen) + col(Fund.spent_fen) + case.amount_fen <= col(Fund.budget_fen)
    more = col(Fund.reserved_fen) + case.amount_fen
    if not _change(session, fund, enough, reserved_fen=more):
        raise FundShort(sums(session, fund).left_fen)
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
    _enter(session, fund, EntryKind.RESERVE, case.amount_fen, case=case, by=by, now=now)
    _record(session, own, fund, by, Action.DECIDED, ("reserved",), now, reason=case.id)


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
    enough = col(Fund.reserved_fen) + col(Fund.spent_fen) + rest <= col(Fund.budget_fen)
    more = col(Fund.reserved_fen) + rest
    if not _change(session, kept.fund_id, enough, reserved_fen=more):
        raise FundShort(sums(session, kept.fund_id).left_fen)
    kept.released_fen = 0
    session.add(kept)
    session.flush()
    _enter(session, kept.fund_id, EntryKind.RESERVE, rest, case=case, by=by, now=now)
    _record(session, own, kept.fund_id, by, Action.DECIDED, ("reserved",), now, reason=case.id)


def spend(session: Session, payment: Payment, *, by: Officer, now: datetime) -> Reservation:
    """Take a payment out of what is held back for its case; once, or the database refuses."""
    return _book(session, payment, EntryKind.SPEND, payment.amount_fen, by=by, now=now)


def take_back(session: Session, payment: Payment, *, by: Officer, now: datetime) -> Reservation:
    """Hold back anew for its case what was paid; once, or the database refuses."""
    return _book(session, payment, EntryKind.TAKEN_BACK, -payment.amount_fen, by=by, now=now)


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
    less = col(Fund.reserved_fen) - rest
    if not _change(session, kept.fund_id, col(Fund.reserved_fen) >= rest, reserved_fen=less):
        raise AssertionError(f"fund {kept.fund_id} holds less back than it promised")
    _enter(session, kept.fund_id, EntryKind.RELEASE, rest, case=case, by=by, now=now)
    _record(session, own, kept.fund_id, by, Action.CHANGED, ("reserved",), now, reason=case.id)
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


def promise(
    session: Session,
    safe: Safe,
    fund_id: int,
    amount_fen: int,
    *,
    issue_id: str,
    by: Officer,
    now: datetime,
) -> None:
    """Hold back what vouchers of an issue are worth; raises `FundShort`, `FundUnknown`."""
    enough = col(Fund.reserved_fen) + col(Fund.spent_fen) + amount_fen <= col(Fund.budget_fen)
    more = col(Fund.reserved_fen) + amount_fen
    if not _change(session, fund_id, enough, reserved_fen=more):
        raise FundShort(sums(session, fund_id).left_fen)
    _enter(session, fund_id, EntryKind.RESERVE, amount_fen, issue_id=issue_id, by=by, now=now)
    _record(session, safe, fund_id, by, Action.DECIDED, ("reserved",), now, reason=issue_id)


def give_back(
    session: Session,
    safe: Safe,
    fund_id: int,
    amount_fen: int,
    *,
    issue_id: str,
    by: Officer | Actor,
    now: datetime,
) -> None:
    """Give back to the fund what nobody will use any more of the vouchers of an issue."""
    less = col(Fund.reserved_fen) - amount_fen
    if not _change(session, fund_id, col(Fund.reserved_fen) >= amount_fen, reserved_fen=less):
        raise AssertionError(f"fund {fund_id} holds less back than it promised")
    _enter(session, fund_id, EntryKind.RELEASE, amount_fen, issue_id=issue_id, by=by, now=now)
    _record(session, safe, fund_id, by, Action.CHANGED, ("reserved",), now, reason=issue_id)


def pay_merchant(
    session: Session, fund_id: int, amount_fen: int, *, line_id: str, by: Officer, now: datetime
) -> None:
    """Take what a merchant was paid out of what is held back for vouchers; once for each line."""
    values = {
        "reserved_fen": col(Fund.reserved_fen) - amount_fen,
        "spent_fen": col(Fund.spent_fen) + amount_fen,
    }
    if not _change(session, fund_id, col(Fund.reserved_fen) >= amount_fen, **values):
        raise AssertionError(f"fund {fund_id} holds less back than it promised")
    _enter(session, fund_id, EntryKind.SPEND, amount_fen, line_id=line_id, by=by, now=now)


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
        fitting = (
            []
            if wanted is None or not pays_for(wanted, case.measure, case.region, regions)
            else [wanted]
        )
    else:
        funds = session.scalars(select(Fund).order_by(col(Fund.id))).all()
        fitting = [fund for fund in funds if pays_for(fund, case.measure, case.region, regions)]
    ids = [fund.id for fund in fitting if fund.id is not None]
    if len(ids) != 1:
        raise FundMissing(ids)
    return ids[0]


def _change(session: Session, fund_id: int, only: ColumnElement[bool], **values: Any) -> bool:
    changed = session.connection().execute(
        update(Fund).where(col(Fund.id) == fund_id, only).values(**values)
    )
    return changed.rowcount == 1


def _book(
    session: Session,
    payment: Payment,
    kind: EntryKind,
    more_fen: int,
    *,
    by: Officer,
    now: datetime,
) -> Reservation:
    """Note a payment of a case that makes so much more paid, and so much less held back."""
    kept = session.get_one(
        Reservation, payment.case_id, with_for_update=True, populate_existing=True
    )
    kept.paid_fen += more_fen
    session.add(kept)
    session.flush()
    reserved, spent = col(Fund.reserved_fen) - more_fen, col(Fund.spent_fen) + more_fen
    there = and_(reserved >= 0, spent >= 0)
    if not _change(session, kept.fund_id, there, reserved_fen=reserved, spent_fen=spent):
        raise AssertionError(f"fund {kept.fund_id} holds less back, or paid less, than its cases")
    _enter(session, kept.fund_id, kind, payment.amount_fen, payment=payment, by=by, now=now)
    return kept


def _enter(
    session: Session,
    fund_id: int,
    kind: EntryKind,
    amount_fen: int,
    *,
    case: Case | None = None,
    payment: Payment | None = None,
    issue_id: str | None = None,
    line_id: str | None = None,
    reason: str = "",
    by: Officer | Actor,
    now: datetime,
) -> None:
    session.add(
        FundEntry(
            fund_id=fund_id,
            kind=kind,
            amount_fen=amount_fen,
            case_id=payment.case_id if payment else case.id if case else None,
            payment_id=payment.id if payment else None,
            issue_id=issue_id,
            line_id=line_id,
            officer_id=by.id if isinstance(by, Officer) else None,
            at=now,
            reason=reason or None,
        )
    )
    session.flush()


def _check_administrator(by: Officer, regions: Regions, where: Collection[str]) -> None:
    for region in where:
        if region not in regions:
            raise UnknownRegion(region)
        if Role.ADMINISTRATOR not in by.roles or not by.covers(region, regions):
            raise NotAllowed


def _record(
    session: Session,
    safe: Safe,
    fund_id: int,
    by: Officer | Actor,
    action: Action,
    fields: tuple[str, ...],
    now: datetime,
    reason: str = "",
) -> None:
    audit.record(
        session,
        safe,
        by=Actor.officer(by.id) if isinstance(by, Officer) else by,
        action=action,
        about="fund",
        row=fund_id,
        worker_id=None,
        fields=fields,
        reason=reason,
        now=now,
    )
