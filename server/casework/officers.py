"""The staff: who may do what, and where. How they sign in is the desk's business."""

import json
from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlmodel import Session, col

from knowledge.regions import Regions, UnknownRegion
from server.casework import tables
from server.casework.moves import Actor
from server.confidential.sealing import Safe
from server.records import audit
from server.records.audit import Action


class Role(StrEnum):
    """What an officer is there for."""

    CASE_OFFICER = "case_officer"
    APPROVER = "approver"
    EDITOR = "editor"
    PUBLISHER = "publisher"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


ACTS_AS: dict[Role, Actor] = {
    Role.CASE_OFFICER: Actor.CASE_OFFICER,
    Role.APPROVER: Actor.APPROVER,
}
"""Which roles make moves; the others only look."""
MOVERS = frozenset(ACTS_AS)
LOOKERS = frozenset({Role.CASE_OFFICER, Role.APPROVER, Role.AUDITOR})
"""Who may look at what concerns people, in their own regions."""


class NotAllowed(Exception):
    """Whoever asks may not do this, or not here; what it is about is not told."""


class SecondOfficerNeeded(Exception):
    """Whoever had a hand in something does not decide on it: what one proposes another lets go."""


class OfficerUnknown(LookupError):
    """No officer of this number works here."""


class OfficerChanged(Exception):
    """Somebody else has changed this officer meanwhile."""


@dataclass(frozen=True, slots=True)
class Officer:
    """One of the staff; each region includes what lies in it, and no region is none at all."""

    id: int
    name: str
    roles: frozenset[Role]
    regions: frozenset[str]

    @property
    def actors(self) -> frozenset[Actor]:
        """As whom the officer may make moves."""
        return frozenset(ACTS_AS[role] for role in self.roles if role in ACTS_AS)

    def covers(self, region: str, regions: Regions) -> bool:
        """Tell whether a region is one of the officer's, or lies in one."""
        return any(regions.lies_in(region, own) for own in self.regions if own in regions)


def scope(officer: Officer, regions: Regions) -> frozenset[str]:
    """Every region that the officer works for; empty where there is none."""
    return frozenset(
        inner
        for own in officer.regions
        if own in regions
        for inner in (own, *regions.descendants(own))
    )


def require(officer: Officer, role: Role, region: str, regions: Regions) -> None:
    """Raise `NotAllowed` unless the officer has the role and works for the region."""
    require_one(officer, {role}, region, regions)


def require_one(officer: Officer, roles: Set[Role], region: str, regions: Regions) -> None:
    """Raise `NotAllowed` unless the officer has one of the roles and works for the region."""
    if not officer.roles & roles or not officer.covers(region, regions):
        raise NotAllowed


def add(
    session: Session,
    safe: Safe,
    regions: Regions,
    *,
    name: str,
    roles: Collection[Role],
    where: Collection[str],
    by: audit.Actor,
    now: datetime,
) -> Officer:
    """Take somebody on; raises `UnknownRegion`."""
    _check(regions, where)
    row = tables.Officer(name=name, roles=_listed(roles), regions=_listed(where), created_at=now)
    session.add(row)
    session.flush()
    found = _officer(row)
    audit.record(
        session,
        safe,
        by=by,
        action=Action.CREATED,
        about="officer",
        row=found.id,
        worker_id=None,
        fields=("roles", "regions"),
        now=now,
    )
    return found


def find(session: Session, officer_id: int) -> Officer:
    """An officer who works here; raises `OfficerUnknown`."""
    row = session.get(tables.Officer, officer_id)
    if row is None or not row.active:
        raise OfficerUnknown(officer_id)
    return _officer(row)


@dataclass(frozen=True, slots=True)
class Staffed:
    """An officer, whether they work here, and the version that a change names."""

    officer: Officer
    active: bool
    version: int


def listed(session: Session) -> list[Staffed]:
    """Everybody of the staff, also who has left, by name."""
    rows = session.scalars(select(tables.Officer).order_by(col(tables.Officer.id)))
    return [Staffed(_officer(row), row.active, row.version) for row in rows]


def names(session: Session) -> dict[int, str]:
    """How the officers are called, also those who have left."""
    return {each.officer.id: each.officer.name for each in listed(session)}


def change(
    session: Session,
    safe: Safe,
    regions: Regions,
    officer_id: int,
    *,
    version: int,
    roles: Collection[Role],
    where: Collection[str],
    active: bool,
    by: audit.Actor,
    now: datetime,
) -> None:
    """Give an officer other roles and regions, or none; raises `OfficerChanged`."""
    _check(regions, where)
    changed = session.connection().execute(
        update(tables.Officer)
        .where(col(tables.Officer.id) == officer_id, col(tables.Officer.version) == version)
        .values(roles=_listed(roles), regions=_listed(where), active=active, version=version + 1)
    )
    if changed.rowcount != 1:
        raise OfficerChanged(officer_id)
    audit.record(
        session,
        safe,
        by=by,
        action=Action.CHANGED,
        about="officer",
        row=officer_id,
        worker_id=None,
        fields=("roles", "regions", "active"),
        now=now,
    )


def _check(regions: Regions, where: Collection[str]) -> None:
    for region in where:
        if region not in regions:
            raise UnknownRegion(region)


def _listed(words: Iterable[str]) -> str:
    return json.dumps(sorted(words), ensure_ascii=False)


def _officer(row: tables.Officer) -> Officer:
    assert row.id is not None
    roles = frozenset(Role(role) for role in json.loads(row.roles))
    return Officer(row.id, row.name, roles, frozenset(json.loads(row.regions)))
