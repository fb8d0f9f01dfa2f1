"""Finding cases: a worker's own, and those of an officer's regions."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework import reservations, tables
from server.casework.advancing import reason_purpose
from server.casework.applying import purpose
from server.casework.moves import UNDER_WAY, Move, State
from server.casework.officers import LOOKERS, NotAllowed, Officer, scope
from server.casework.tables import Case, CaseEvent, Objection, RequestedItem
from server.confidential.sealing import Safe


class CaseUnknown(LookupError):
    """There is no such case, or it is not for whoever asks."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a case was submitted with; None where it was not, or is erased."""

    facts: dict[str, Any] | None
    sources: dict[str, str] | None
    evidence: dict[str, list[dict[str, str]]]
    """What is known of where a fact comes from, for those that are vouched for."""
    verdict: dict[str, Any] | None
    person: dict[str, Any] | None
    register: dict[str, Any] | None
    """Of a case that nobody applied for: the run, and the line and number in the roster."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One move of a case, with the words that came with it."""

    event: CaseEvent
    reason: str
    before: State | None
    """Where the case stood; None: there was none."""
    was_granted: bool = False
    """Whether it had been granted before."""

    @property
    def takes_objection_back(self) -> bool:
        """Whether it was the objection that was withdrawn, and not the application."""
        return self.event.move == Move.WITHDRAW and self.before is State.OBJECTION

    @property
    def ends_grant(self) -> bool:
        """Whether it was a grant that ended, and not an application that was refused."""
        return self.event.move == Move.REFUSE and self.was_granted


def of_worker(session: Session, case_id: str, worker_id: int) -> Case:
    """A worker's own case or draft; raises `CaseUnknown`."""
    case = session.get(Case, case_id)
    if case is None or case.worker_id != worker_id:
        raise CaseUnknown(case_id)
    return case


def of_officer(session: Session, case_id: str, officer: Officer, regions: Regions) -> Case:
    """A case of the officer's regions; raises `CaseUnknown`, `NotAllowed`."""
    if not officer.roles & LOOKERS:
        raise NotAllowed
    case = session.get(Case, case_id)
    if case is None or case.state == State.DRAFT or not officer.covers(case.region, regions):
        # Not told apart: whether a case exists elsewhere is none of their business.
        raise CaseUnknown(case_id)
    return case


def all_of_worker(session: Session, worker_id: int, *, drafts: bool = False) -> list[Case]:
    """A worker's cases, or drafts, the newest first."""
    shown = col(Case.state) == State.DRAFT if drafts else _was_handed_in()
    query = select(Case).where(col(Case.worker_id) == worker_id, shown)
    return list(session.scalars(query.order_by(col(Case.begun_at).desc(), col(Case.id))))


def draft_of(session: Session, worker_id: int, measure: str) -> Case | None:
    """A worker's newest draft for a measure."""
    return session.scalars(
        select(Case)
        .where(
            col(Case.worker_id) == worker_id,
            col(Case.measure) == measure,
            col(Case.state) == State.DRAFT,
        )
        .order_by(col(Case.begun_at).desc())
    ).first()


def under_way(session: Session, worker_id: int) -> list[str]:
    """The numbers of a worker's cases in which somebody still has something to do."""
    return list(
        session.scalars(
            select(col(Case.id)).where(
                col(Case.worker_id) == worker_id,
                *_under_way(),
            )
        )
    )


def is_overdue(case: Case, today: date) -> bool:
    """Whether somebody still has something to do that was due before this Asia/Shanghai day."""
    is_late = case.due_on is not None and case.due_on < today
    return is_late and case.state in UNDER_WAY and not reservations.is_settled(case)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases to list; None: any."""

    states: frozenset[State] | None = None
    measure: str | None = None
    assigned_to: int | None = None
    unassigned: bool = False
    """Those that nobody has who works here."""
    overdue_on: date | None = None
    """Those whose time was over before this Asia/Shanghai day."""
    region: str | None = None
    """Those of this region, or of one that lies in it."""
    recommended: bool | None = None
    """Those under review that an officer has put before an approver, or has not yet."""
    workers: frozenset[int] | None = None
    """Those of these people."""


def listed(
    session: Session,
    officer: Officer,
    regions: Regions,
    wanted: Wanted | None = None,
    *,
    at_most: int = 50,
    skipping: int = 0,
    after: str | None = None,
) -> list[Case]:
    """Cases of the officer's regions, those that are due first; `after`: the last one's number."""
    # The rows themselves only of those that are shown: what is sealed in them makes them long.
    query = select(col(Case.id)).where(*_seen(officer, regions, wanted or Wanted()))
    if after is not None and (last := session.get(Case, after)) is not None:
        due = _due(col(Case.due_on))
        last_due = last.due_on or date.max
        query = query.where((due > last_due) | ((due == last_due) & (col(Case.id) > last.id)))
    in_turn = _due(col(Case.due_on)), col(Case.id)
    shown = query.order_by(*in_turn).offset(skipping).limit(at_most)
    return list(session.scalars(select(Case).where(col(Case.id).in_(shown)).order_by(*in_turn)))


def counted(
    session: Session, officer: Officer, regions: Regions, wanted: Wanted | None = None
) -> dict[State, int]:
    """How many cases of the officer's regions stand where."""
    rows = session.execute(
        select(col(Case.state), func.count())
        .where(*_seen(officer, regions, wanted or Wanted()))
        .group_by(col(Case.state))
    ).all()
    return {State(state): count for state, count in rows}


def history(session: Session, case: Case, own: Safe | None) -> list[Happened]:
    """The moves of a case, the oldest first; `own` None: erased, the words are gone."""
    events = session.scalars(
        select(CaseEvent).where(col(CaseEvent.case_id) == case.id).order_by(col(CaseEvent.version))
    )
    found: list[Happened] = []
    before, was_granted = None, False
    for event in events:
        reason = _unsealed(own, event.sealed_reason, _reason(event))
        found.append(Happened(event, reason, before, was_granted))
        before, was_granted = State(event.state), was_granted or event.move == Move.APPROVE
    return found


def items_of(session: Session, case_id: str) -> list[RequestedItem]:
    """What was asked for in a case, the oldest first."""
    return list(
        session.scalars(
            select(RequestedItem)
            .where(col(RequestedItem.case_id) == case_id)
            .order_by(col(RequestedItem.requested_at), col(RequestedItem.id))
        )
    )


def item_reason(own: Safe | None, item: RequestedItem) -> str:
    """Why an item was asked for, in the officer's words."""
    return _unsealed(own, item.sealed_reason, f"requested_item.sealed_reason:{item.id}")


def objections_of(session: Session, case_id: str) -> list[Objection]:
    """The objections in a case, the oldest first."""
    return list(
        session.scalars(
            select(Objection)
            .where(col(Objection.case_id) == case_id)
            .order_by(col(Objection.decision))
        )
    )


def frozen(case: Case, own: Safe | None) -> Frozen:
    """Open what a case was submitted with; for an officer the reading is audited by the caller."""
    facts = _json(_unsealed(own, case.sealed_facts, purpose("sealed_facts", case.id)))
    return Frozen(
        None if facts is None else facts["facts"],
        None if facts is None else facts["sources"],
        {} if facts is None else facts.get("evidence", {}),
        _json(_unsealed(own, case.sealed_verdict, purpose("sealed_verdict", case.id))),
        _json(_unsealed(own, case.sealed_person, purpose("sealed_person", case.id))),
        None if facts is None else facts.get("register"),
    )


def _seen(officer: Officer, regions: Regions, wanted: Wanted) -> list[ColumnElement[bool]]:
    if not officer.roles & LOOKERS:
        raise NotAllowed
    within = scope(officer, regions)
    if wanted.region is not None:
        within &= {wanted.region, *regions.descendants(wanted.region)}
    # No region is none: an empty list matches nothing.
    where: list[ColumnElement[bool]] = [
        col(Case.region).in_(within),
        _was_handed_in(),
    ]
    if wanted.states is not None:
        where.append(col(Case.state).in_(wanted.states))
    if wanted.measure is not None:
        where.append(col(Case.measure) == wanted.measure)
    if wanted.assigned_to is not None:
        where.append(col(Case.assigned_to) == wanted.assigned_to)
    if wanted.unassigned:
        works_here = select(col(tables.Officer.id)).where(col(tables.Officer.active))
        nobody, who = col(Case.assigned_to).is_(None), col(Case.assigned_to)
        where.append(nobody | who.not_in(works_here))
    if wanted.recommended is not None:
        is_recommended = col(Case.recommended).is_not(None)
        where.append(is_recommended if wanted.recommended else ~is_recommended)
    if wanted.workers is not None:
        where.append(col(Case.worker_id).in_(wanted.workers))
    if wanted.overdue_on is not None:
        where += [col(Case.due_on) < wanted.overdue_on, *_under_way()]
    return where


def _was_handed_in() -> ColumnElement[bool]:
    """A draft that was given up was never a case.

    When it was handed in stands behind all that is sealed: of 100,000 cases that takes two seconds
    to read, and what the index tells of them a fiftieth.
    """
    handed_in = exists().where(
        col(CaseEvent.case_id) == col(Case.id),
        col(CaseEvent.move).in_((Move.SUBMIT, Move.PROPOSE)),
    )
    is_withdrawn = col(Case.state) == State.WITHDRAWN
    return and_(col(Case.state) != State.DRAFT, or_(~is_withdrawn, handed_in.correlate(Case)))


def _under_way() -> list[ColumnElement[bool]]:
    return [
        col(Case.state).in_(UNDER_WAY),
        # What was granted without money is settled.
        or_(col(Case.state) != State.APPROVED, col(Case.amount_fen).is_not(None)),
    ]


def _due(column: Any) -> Any:
    return func.coalesce(column, date.max)


def _reason(event: CaseEvent) -> str:
    return reason_purpose(event.case_id, event.version)


def _unsealed(own: Safe | None, sealed: str | None, what_for: str) -> str:
    return "" if own is None or sealed is None else own.unseal(sealed, what_for)


def _json(text: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = json.loads(text) if text else None
    return found
