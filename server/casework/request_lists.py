"""Which requests for help the officers of a region see, and how many there are."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, case, func, select
from sqlmodel import Session, col

from knowledge.library import Library
from knowledge.regions import Regions
from server.casework.officers import LOOKERS, NotAllowed, Officer, scope
from server.casework.request_tables import Category, RequestState, ServiceRequest


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests to list; None: any."""

    states: frozenset[RequestState] = frozenset({RequestState.OPEN, RequestState.ANSWERED})
    category: Category | None = None
    unit: str | None = None
    region: str | None = None
    """With all that lies in it."""
    overdue_on: date | None = None
    """Those still without an answer whose time was over before this Asia/Shanghai day."""


def listed(
    session: Session,
    officer: Officer,
    regions: Regions,
    wanted: Wanted | None = None,
    *,
    at_most: int | None = None,
    skip: int = 0,
) -> list[ServiceRequest]:
    """Requests of the officer's regions: those that wait for an answer first, due first."""
    waits = case((col(ServiceRequest.state) == RequestState.OPEN, 0), else_=1)
    query = (
        select(ServiceRequest)
        .where(*_seen(officer, regions, wanted or Wanted()))
        .order_by(waits, col(ServiceRequest.due_on), col(ServiceRequest.id))
    )
    return list(session.scalars(query.limit(at_most).offset(skip)))


def counted(
    session: Session, officer: Officer, regions: Regions, wanted: Wanted | None = None
) -> int:
    """How many requests of the officer's regions there are."""
    query = select(func.count()).where(*_seen(officer, regions, wanted or Wanted()))
    return session.scalar(query) or 0


def units_of(session: Session, library: Library, officer: Officer) -> list[str]:
    """The units that requests of the officer's regions can go to, by name."""
    seen = scope(officer, library.regions)
    where = col(ServiceRequest.region).in_(seen)
    units = set(session.scalars(select(col(ServiceRequest.unit)).where(where).distinct()))
    for measure in library.measures.values():
        if measure.region in seen and measure.responsible.lead:
            units.update(measure.responsible.lead)
    return sorted(filter(None, units))


def _seen(officer: Officer, regions: Regions, wanted: Wanted) -> list[ColumnElement[bool]]:
    if not officer.roles & LOOKERS:
        raise NotAllowed
    # No region is none: an empty list matches nothing.
    seen = scope(officer, regions)
    if wanted.region is not None:
        seen &= {wanted.region, *regions.descendants(wanted.region)}
    where: list[ColumnElement[bool]] = [
        col(ServiceRequest.region).in_(seen),
        col(ServiceRequest.state).in_(wanted.states),
    ]
    if wanted.category is not None:
        where.append(col(ServiceRequest.category) == wanted.category)
    if wanted.unit is not None:
        where.append(col(ServiceRequest.unit) == wanted.unit)
    if wanted.overdue_on is not None:
        where += [
            col(ServiceRequest.due_on) < wanted.overdue_on,
            col(ServiceRequest.state) == RequestState.OPEN,
        ]
    return where
