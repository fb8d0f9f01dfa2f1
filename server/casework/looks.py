"""Who looked at cases, changed them, or saw a number as it is: for whoever watches over that."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.audit import Action
from server.casework.officers import Officer, scope
from server.casework.tables import Case
from server.clock import CHINA
from server.tables import AuditEntry


@dataclass(frozen=True, slots=True)
class Look:
    """One entry of the audit that is about a case."""

    at: datetime
    officer_id: int | None
    actor: str
    action: Action
    case_id: str
    region: str
    fields: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are wanted; days are of Asia/Shanghai, both included."""

    first: date
    last: date
    action: Action | None = None
    officer_id: int | None = None
    case_id: str = ""


def listed(
    session: Session, officer: Officer, regions: Regions, wanted: Wanted, *, skip: int, at_most: int
) -> list[Look]:
    """The entries about cases of the officer's regions, newest first."""
    rows = session.execute(
        select(AuditEntry, col(Case.region))
        .join(Case, col(Case.id) == col(AuditEntry.row))
        .where(*_conditions(officer, regions, wanted))
        .order_by(col(AuditEntry.id).desc())
        .offset(skip)
        .limit(at_most)
    )
    return [
        Look(
            entry.at,
            int(entry.actor_id) if entry.actor == "officer" else None,
            entry.actor,
            Action(entry.action),
            entry.row,
            region,
            tuple(filter(None, entry.fields.split(","))),
            entry.reason,
        )
        for entry, region in rows
    ]


def counted(session: Session, officer: Officer, regions: Regions, wanted: Wanted) -> int:
    """How many there are."""
    found = session.scalar(
        select(func.count(col(AuditEntry.id)))
        .join(Case, col(Case.id) == col(AuditEntry.row))
        .where(*_conditions(officer, regions, wanted))
    )
    return found or 0


def _conditions(officer: Officer, regions: Regions, wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [
        col(AuditEntry.about) == "cases",
        col(Case.region).in_(scope(officer, regions)),
        col(AuditEntry.at) >= datetime.combine(wanted.first, time(), CHINA),
        col(AuditEntry.at) < datetime.combine(wanted.last + timedelta(days=1), time(), CHINA),
    ]
    if wanted.action is not None:
        found.append(col(AuditEntry.action) == wanted.action)
    if wanted.officer_id is not None:
        found += [
            col(AuditEntry.actor) == "officer",
            col(AuditEntry.actor_id) == str(wanted.officer_id),
        ]
    if wanted.case_id:
        found.append(col(AuditEntry.row) == wanted.case_id)
    return found
