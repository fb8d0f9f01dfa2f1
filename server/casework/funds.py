"""Funds: money for a purpose, promised, held back and spent, never more than was granted.

Every change is one conditional update and one row of the ledger in the same transaction; the
database refuses by itself what would pass the budget. All sums are in fen.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlmodel import Session, col

from knowledge.regions import Regions, UnknownRegion
from server.casework.fund_tables import EntryKind, Fund, FundEntry, Payment
from server.casework.officers import NotAllowed, Officer, Role
from server.casework.tables import Case
from server.confidential.sealing import Safe
from server.records import audit
from server.records.audit import Action, Actor

MOST_FEN = 10**15
"""Ten thousand times what a city has: a slip of the hand is no budget."""


class FundUnknown(LookupError):
    """There is no such fund, or it is not for whoever asks."""


class FundShort(Exception):
    """A fund has only `left_fen` left to promise."""

    def __init__(self, left_fen: int) -> None:
        super().__init__(left_fen)
        self.left_fen = left_fen


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


def promise(
    session: Session,
    safe: Safe,
    fund_id: int,
    amount_fen: int,
    *,
    case_id: str | None = None,
    issue_id: str | None = None,
    by: Officer,
    now: datetime,
) -> None:
    """Hold back what a case, or the vouchers of an issue, were promised.

    Raises `FundShort`, `FundUnknown`.
    """
    reserved = col(Fund.reserved_fen) + amount_fen
    enough = reserved + col(Fund.spent_fen) <= col(Fund.budget_fen)
    if not _change(session, fund_id, enough, reserved_fen=reserved):
        raise FundShort(sums(session, fund_id).left_fen)
    _enter(
        session, fund_id, EntryKind.RESERVE, amount_fen, case_id=case_id, issue_id=issue_id, by=by,
        now=now,
    )  # fmt: skip
    about = case_id or issue_id or ""
    _record(session, safe, fund_id, by, Action.DECIDED, ("reserved",), now, reason=about)


def give_back(
    session: Session,
    safe: Safe,
    fund_id: int,
    amount_fen: int,
    *,
    case_id: str | None = None,
    issue_id: str | None = None,
    by: Officer | Actor,
    now: datetime,
) -> None:
    """No longer hold back what a case, or the vouchers of an issue, were promised and won't use."""
    _move(session, fund_id, -amount_fen, 0)
    _enter(
        session, fund_id, EntryKind.RELEASE, amount_fen, case_id=case_id, issue_id=issue_id, by=by,
        now=now,
    )  # fmt: skip
    about = case_id or issue_id or ""
    _record(session, safe, fund_id, by, Action.CHANGED, ("reserved",), now, reason=about)


def spend(
    session: Session,
    fund_id: int,
    amount_fen: int,
    *,
    payment: Payment | None = None,
    line_id: str | None = None,
    by: Officer,
    now: datetime,
) -> None:
    """Pay out of what is held back: a payment of a case, or a line of what a merchant is owed.

    Once for each, or the database refuses.
    """
    _move(session, fund_id, -amount_fen, amount_fen)
    of_case = None if payment is None else payment.case_id
    _enter(
        session, fund_id, EntryKind.SPEND, amount_fen, case_id=of_case, payment=payment,
        line_id=line_id, by=by, now=now,
    )  # fmt: skip


def take_back(
    session: Session, fund_id: int, payment: Payment, *, by: Officer, now: datetime
) -> None:
    """Hold back anew what was paid to a case; once for each payment, or the database refuses."""
    _move(session, fund_id, payment.amount_fen, -payment.amount_fen)
    _enter(
        session, fund_id, EntryKind.TAKEN_BACK, payment.amount_fen, case_id=payment.case_id,
        payment=payment, by=by, now=now,
    )  # fmt: skip


def _move(session: Session, fund_id: int, more_reserved: int, more_spent: int) -> None:
    """Hold so much more back, and have so much more paid."""
    reserved, spent = col(Fund.reserved_fen) + more_reserved, col(Fund.spent_fen) + more_spent
    there = and_(reserved >= 0, spent >= 0)
    if not _change(session, fund_id, there, reserved_fen=reserved, spent_fen=spent):
        raise AssertionError(f"fund {fund_id} holds less back, or paid less, than it promised")


def _change(session: Session, fund_id: int, only: ColumnElement[bool], **values: Any) -> bool:
    changed = session.connection().execute(
        update(Fund).where(col(Fund.id) == fund_id, only).values(**values)
    )
    return changed.rowcount == 1


def _enter(
    session: Session,
    fund_id: int,
    kind: EntryKind,
    amount_fen: int,
    *,
    case_id: str | None = None,
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
            case_id=case_id,
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
