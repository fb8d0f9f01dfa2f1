"""Employers in the register: how many work there, how many stay, how many are looked for."""

import secrets
from collections.abc import Set
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework.officers import LOOKERS, NotAllowed, Officer, Role, require
from server.confidential.sealing import Safe
from server.database import db
from server.database.db import insert_new
from server.records import audit
from server.records.audit import Action, Actor
from server.register.keeping import EntryChanged, EntryUnknown
from server.register.tables import Employer

AT_ONCE = 50


class EmployerKnown(Exception):
    """There is an employer of this name in the region; `employer_id` is which."""

    def __init__(self, employer_id: str) -> None:
        super().__init__(employer_id)
        self.employer_id = employer_id


class MoreThanThere(Exception):
    """More staff stay than there are."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an employer says of itself on a day."""

    region: str
    name: str
    code: str | None
    contact: str
    trade: str
    headcount: int
    staying: int
    hiring: int
    told_on: date


@dataclass(frozen=True, slots=True)
class Sums:
    """All employers of some regions together."""

    employers: int
    headcount: int
    staying: int
    hiring: int


def enter(
    session: Session, safe: Safe, regions: Regions, told: Told, *, by: Officer, now: datetime
) -> Employer:
    """Enter an employer; raises `EmployerKnown`, `MoreThanThere`, `NotAllowed`."""
    require(by, Role.CASE_OFFICER, told.region, regions)
    _check(session, told, None)
    id = secrets.token_hex(8)
    values = {"id": id, "officer_id": by.id, "changed_at": now, "version": 1, **asdict(told)}
    if not insert_new(session, Employer, **values):
        # Somebody else entered it at this moment.
        _check(session, told, None)
    _record(session, safe, id, Action.CREATED, by, now)
    return session.get_one(Employer, id)


def change(
    session: Session,
    safe: Safe,
    regions: Regions,
    employer: Employer,
    told: Told,
    *,
    by: Officer,
    version: int,
    now: datetime,
) -> None:
    """Say otherwise; raises `EntryChanged`, `EmployerKnown`, `MoreThanThere`, `NotAllowed`."""
    require(by, Role.CASE_OFFICER, employer.region, regions)
    require(by, Role.CASE_OFFICER, told.region, regions)
    _check(session, told, employer.id)
    values = {"officer_id": by.id, "changed_at": now, **asdict(told)}
    if not db.change_version(session, employer, version, **values):
        raise EntryChanged(employer.id)
    _record(session, safe, employer.id, Action.CHANGED, by, now)


def of_officer(session: Session, employer_id: str, officer: Officer, regions: Regions) -> Employer:
    """An employer of the officer's regions; raises `EntryUnknown`, `NotAllowed`."""
    if not officer.roles & LOOKERS:
        raise NotAllowed
    row = session.get(Employer, employer_id)
    if row is None or not officer.covers(row.region, regions):
        raise EntryUnknown(employer_id)
    return row


def listed(
    session: Session, regions: Set[str], *, hiring: bool = False, page: int = 1
) -> tuple[list[Employer], int]:
    """One page of employers, those first that look for most people, and how many there are."""
    these: list[ColumnElement[bool]] = [col(Employer.region).in_(regions)]
    if hiring:
        these.append(col(Employer.hiring) > 0)
    total = session.scalar(select(func.count()).select_from(Employer).where(*these)) or 0
    rows = session.scalars(
        select(Employer)
        .where(*these)
        .order_by(col(Employer.hiring).desc(), col(Employer.name))
        .limit(AT_ONCE)
        .offset((page - 1) * AT_ONCE)
    )
    return list(rows), total


def named(session: Session, region: str, name: str) -> Employer | None:
    """The employer of a region by its whole name, None where there is none."""
    return session.scalars(
        select(Employer).where(col(Employer.region) == region, col(Employer.name) == name)
    ).first()


def summed(session: Session, regions: Set[str]) -> Sums:
    """All employers of some regions together."""
    row = session.execute(
        select(
            func.count(),
            func.sum(col(Employer.headcount)),
            func.sum(col(Employer.staying)),
            func.sum(col(Employer.hiring)),
        ).where(col(Employer.region).in_(regions))
    ).one()
    return Sums(*(int(value or 0) for value in row))


def _check(session: Session, told: Told, but: str | None) -> None:
    if told.staying > told.headcount:
        raise MoreThanThere
    there = named(session, told.region, told.name)
    if there is not None and there.id != but:
        raise EmployerKnown(there.id)


def _record(
    session: Session, safe: Safe, id: str, action: Action, by: Officer, now: datetime
) -> None:
    audit.record(
        session,
        safe,
        by=Actor.officer(by.id),
        action=action,
        about="employer",
        row=id,
        worker_id=None,
        now=now,
    )
