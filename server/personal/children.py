"""Children under 14 of workers, who are their guardians and agree for them."""

import json
import secrets
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from server.clock import china_day
from server.confidential.sealing import Safe
from server.database.tables import Child, Purpose
from server.personal import consents
from server.personal.persons import Minor, NotBornYet, age
from server.records import audit
from server.records.audit import Action, Actor

OLDEST = 13
"""Full years: from 14 on a person agrees for themselves."""
MOST = 20
"""Children of one worker; no real family is refused."""


class ChildUnknown(LookupError):
    """The worker has no such child."""


class ChildChanged(Exception):
    """Somebody changed the child's data since they were read."""


class ChildTooOld(Exception):
    """The child is 14 or older: it agrees for itself."""


class TooManyChildren(Exception):
    """There are `MOST` already."""


@dataclass(frozen=True, slots=True)
class Held:
    """A child as it stands in the database."""

    id: str
    minor: Minor
    version: int
    changed_at: datetime


def of(session: Session, own: Safe, worker_id: int) -> list[Held]:
    """The worker's children, oldest entry first."""
    rows = session.scalars(
        select(Child)
        .where(col(Child.worker_id) == worker_id)
        .order_by(col(Child.changed_at), col(Child.id))
    )
    return [_opened(own, row) for row in rows]


def read(session: Session, own: Safe, *, worker_id: int, now: datetime) -> list[Held]:
    """The worker's children, noted in the audit as read."""
    rows = list(session.scalars(select(Child).where(col(Child.worker_id) == worker_id)))
    for row in rows:
        _record(session, own, row, Action.READ, now)
    return of(session, own, worker_id)


def add(session: Session, own: Safe, *, worker_id: int, minor: Minor, now: datetime) -> Held:
    """Add a child; raises `ConsentMissing`, `ChildTooOld`, `NotBornYet`, `TooManyChildren`."""
    _check(session, worker_id, minor, now)
    known = session.scalar(
        select(func.count()).select_from(Child).where(col(Child.worker_id) == worker_id)
    )
    if (known or 0) >= MOST:
        raise TooManyChildren
    row = Child(
        id=secrets.token_hex(16),
        worker_id=worker_id,
        sealed="",
        version=1,
        changed_at=now,
    )
    _fill(own, row, minor)
    session.add(row)
    session.flush()
    _record(session, own, row, Action.CREATED, now)
    return _opened(own, row)


def change(
    session: Session,
    own: Safe,
    *,
    worker_id: int,
    child_id: str,
    minor: Minor,
    version: int,
    now: datetime,
) -> Held:
    """Put what is right in the place of what stands there; raises what `add` does, and
    `ChildUnknown`, `ChildChanged`."""
    _check(session, worker_id, minor, now)
    row = _row(session, worker_id, child_id)
    if row.version != version:
        raise ChildChanged
    _fill(own, row, minor)
    row.version += 1
    row.changed_at = now
    session.add(row)
    session.flush()
    _record(session, own, row, Action.CHANGED, now)
    return _opened(own, row)


def remove(session: Session, own: Safe, *, worker_id: int, child_id: str, now: datetime) -> None:
    """Delete a child's data; raises `ChildUnknown`."""
    row = _row(session, worker_id, child_id)
    session.execute(delete(Child).where(col(Child.id) == row.id))
    session.expunge(row)
    _record(session, own, row, Action.DELETED, now)


def remove_all(session: Session, own: Safe, *, worker_id: int, now: datetime) -> int:
    """Delete the data of all children of a worker; gives their number."""
    ids = list(session.scalars(select(col(Child.id)).where(col(Child.worker_id) == worker_id)))
    for child_id in ids:
        remove(session, own, worker_id=worker_id, child_id=child_id, now=now)
    return len(ids)


def _check(session: Session, worker_id: int, minor: Minor, now: datetime) -> None:
    consents.require(session, worker_id, Purpose.CHILDREN)
    today = china_day(now)
    if minor.born_on > today:
        raise NotBornYet
    if age(minor.born_on, today) > OLDEST:
        raise ChildTooOld


def _row(session: Session, worker_id: int, child_id: str) -> Child:
    row = session.scalars(
        select(Child)
        .where(col(Child.id) == child_id, col(Child.worker_id) == worker_id)
        .with_for_update()
    ).first()
    if row is None:
        raise ChildUnknown
    return row


def _fill(own: Safe, row: Child, minor: Minor) -> None:
    number = minor.identity_number
    row.sealed = own.seal(minor.model_dump_json(exclude_none=True), _purpose(row.id))
    row.identity_hash = None if number is None else own.hash("identity_number", number)


def _opened(own: Safe, row: Child) -> Held:
    values = json.loads(own.unseal(row.sealed, _purpose(row.id)))
    values["born_on"] = date.fromisoformat(values["born_on"])
    minor = Minor.model_construct(**values)
    return Held(row.id, minor, row.version, row.changed_at)


def _purpose(row_id: str) -> str:
    return f"child.sealed:{row_id}"


def _record(session: Session, own: Safe, row: Child, action: Action, now: datetime) -> None:
    audit.record(
        session,
        own,
        by=Actor.worker(row.worker_id),
        action=action,
        about="child",
        row=row.id,
        worker_id=row.worker_id,
        fields=list(Minor.model_fields),
        now=now,
    )
