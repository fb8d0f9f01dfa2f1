"""Keeping the register: who is entered, changed, looked after, leaves and comes back.

Every move is an event, and every look of an officer at somebody stands in the audit.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, select, update
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework.officers import LOOKERS, NotAllowed, Officer, Role, require
from server.clock import china_day
from server.confidential.sealing import Safe
from server.database import db
from server.database.tables import Profile, Worker
from server.personal import people
from server.personal.persons import NotBornYet, born_on
from server.records import audit
from server.records.audit import Action, Actor
from server.register.hardship import Cause, Need, Registered, Relation, due_after
from server.register.tables import (
    EntryMove,
    EntryState,
    Household,
    Leaving,
    Level,
    RegisterEntry,
    RegisterEvent,
)

LONGEST = timedelta(days=730)
"""The next look is due within this at the latest."""


class EntryUnknown(LookupError):
    """There is no such entry, or none for whoever asks."""


class EntryChanged(Exception):
    """Somebody else has changed the entry meanwhile, or it is not where this move starts."""


class AlreadyRegistered(Exception):
    """This identity number stands in the register: in the entry `entry_id`."""

    def __init__(self, entry_id: str) -> None:
        super().__init__(entry_id)
        self.entry_id = entry_id


class DayImpossible(Exception):
    """The day of a look is still to come, or the next one is not after it; `field` is which."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


MOVES: Mapping[EntryMove, frozenset[EntryState]] = {
    EntryMove.CHANGE: frozenset({EntryState.ON, EntryState.LEFT}),
    EntryMove.LOOK: frozenset({EntryState.ON}),
    EntryMove.LEAVE: frozenset({EntryState.ON}),
    EntryMove.RETURN: frozenset({EntryState.LEFT}),
}
"""The one table of what can be done to an entry, and in which state."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands in the register: level, place, the last look and the next.

    `due_on` None: as many months after the look as the level wants. `looked_on` None: nobody has
    looked yet, a look is due at once.
    """

    region: str
    level: Level
    looked_on: date | None = None
    due_on: date | None = None

    def due(self, today: date) -> date:
        """When the next look is due; raises `DayImpossible`."""
        if self.looked_on is None:
            return self.due_on or today
        if self.looked_on > today:
            raise DayImpossible("looked_on")
        due = self.due_on or due_after(self.level, self.looked_on)
        if not self.looked_on < due <= self.looked_on + LONGEST:
            raise DayImpossible("due_on")
        return due


@dataclass(frozen=True, slots=True)
class Held:
    """An entry and what it says; `registered` None: the person was erased."""

    entry: RegisterEntry
    registered: Registered | None


def worker_of(session: Session, safe: Safe, registered: Registered, *, now: datetime) -> int:
    """Whom an entry is about: who proved by a verified telephone to be that person, or a new one.

    Who only says to have this identity number is not believed. Raises `AlreadyRegistered`.
    """
    refuse_second(session, safe, registered.identity_number)
    found = proven(session, safe, registered)
    if found is not None:
        return found
    number = registered.identity_number
    return people.recognise(session, safe, issuer=people.REGISTER, subject=number, now=now)


def check(
    registered: Registered, standing: Standing, *, by: Officer, regions: Regions, now: datetime
) -> date:
    """When the next look would be due; to be asked before anything is made of somebody.

    Raises `NotAllowed`, `NotBornYet`, `DayImpossible`.
    """
    require(by, Role.CASE_OFFICER, standing.region, regions)
    if born_on(registered.identity_number) > china_day(now):
        raise NotBornYet
    return standing.due(china_day(now))


def refuse_second(session: Session, safe: Safe, identity_number: str) -> None:
    """Raise `AlreadyRegistered` where this identity number has an entry."""
    number = safe.hash("identity_number", identity_number)
    there = session.scalar(
        select(col(RegisterEntry.id)).where(col(RegisterEntry.identity_hash) == number)
    )
    if there is not None:
        raise AlreadyRegistered(there)


def proven(session: Session, safe: Safe, registered: Registered) -> int | None:
    """Who signed in with this name and number, and a telephone that WeChat vouches for."""
    if registered.phone is None:
        return None
    return session.scalar(
        select(col(Profile.worker_id))
        .join(Worker, col(Worker.id) == col(Profile.worker_id))
        .where(
            col(Profile.identity_hash) == safe.hash("identity_number", registered.identity_number),
            col(Profile.name_hash) == safe.hash("name", registered.name),
            col(Worker.phone_hash) == safe.hash("phone", registered.phone),
            ~exists().where(col(RegisterEntry.worker_id) == col(Profile.worker_id)),
        )
        .order_by(col(Profile.worker_id))
        .limit(1)
    )


def enter(
    session: Session,
    own: Safe,
    regions: Regions,
    *,
    worker_id: int,
    registered: Registered,
    standing: Standing,
    household_id: str | None = None,
    members: int | None = None,
    by: Officer,
    now: datetime,
) -> RegisterEntry:
    """Enter somebody, into a household that is there or (None) into a new one.

    Raises `AlreadyRegistered`, `NotAllowed`, `NotBornYet`, `DayImpossible`, `EntryUnknown` for a
    household of other regions.
    """
    due_on = check(registered, standing, by=by, regions=regions, now=now)
    # Two officers at once: the second waits, and finds the entry of the first.
    session.execute(
        select(col(Worker.id)).where(col(Worker.id) == worker_id).with_for_update(key_share=True)
    )
    refuse_second(session, own, registered.identity_number)
    # A case of somebody who has an entry under another number.
    there = session.scalars(
        select(RegisterEntry).where(col(RegisterEntry.worker_id) == worker_id)
    ).first()
    if there is not None and there.sealed is not None:
        raise AlreadyRegistered(there.id)
    household = _household(session, regions, household_id, standing.region, members, by, now)
    id = secrets.token_hex(8)
    entry = RegisterEntry(
        id=id,
        worker_id=worker_id,
        household_id=household,
        region=standing.region,
        level=standing.level,
        state=EntryState.ON,
        looked_on=standing.looked_on,
        due_on=due_on,
        entered_at=now,
        changed_at=now,
        **kept(own, id, registered),
    )
    session.add(entry)
    session.flush()
    _add_event(session, own, entry, EntryMove.ENTER, by, now)
    return entry


def change(
    session: Session,
    own: Safe,
    regions: Regions,
    entry: RegisterEntry,
    *,
    registered: Registered,
    region: str,
    level: Level,
    by: Officer,
    version: int,
    now: datetime,
) -> None:
    """Say otherwise who somebody is and why; the days of the looks stay.

    Raises `EntryChanged`, `NotAllowed`, `NotBornYet`, `AlreadyRegistered` for another's number.
    """
    require(by, Role.CASE_OFFICER, region, regions)
    if born_on(registered.identity_number) > china_day(now):
        raise NotBornYet
    before = None
    if own.hash("identity_number", registered.identity_number) != entry.identity_hash:
        refuse_second(session, own, registered.identity_number)
        before = opened(own, entry) if entry.version == version else None
    values = {**kept(own, entry.id, registered), "region": region, "level": level}
    _move(session, own, regions, entry, EntryMove.CHANGE, by, version, now, values)
    if before is not None:
        # Whose number it really is must not be taken for this one.
        number = before.identity_number
        people.forget(
            session, own, issuer=people.REGISTER, subject=number, worker_id=entry.worker_id
        )


def look(
    session: Session,
    own: Safe,
    regions: Regions,
    entry: RegisterEntry,
    *,
    standing: Standing,
    words: str = "",
    by: Officer,
    version: int,
    now: datetime,
) -> None:
    """Note a look, what level was found, and when the next one is due.

    Raises `EntryChanged`, `NotAllowed`, `DayImpossible`.
    """
    looked_on = standing.looked_on or china_day(now)
    if entry.looked_on is not None and looked_on < entry.looked_on:
        raise DayImpossible("looked_on")
    found = Standing(entry.region, standing.level, looked_on, standing.due_on)
    values = {
        "level": standing.level,
        "looked_on": looked_on,
        "due_on": found.due(china_day(now)),
    }
    _move(session, own, regions, entry, EntryMove.LOOK, by, version, now, values, words=words)


def leave(
    session: Session,
    own: Safe,
    regions: Regions,
    entry: RegisterEntry,
    *,
    reason: Leaving,
    words: str = "",
    by: Officer,
    version: int,
    now: datetime,
) -> None:
    """Take somebody out, with the reason; raises `EntryChanged`, `NotAllowed`."""
    values = {"state": EntryState.LEFT}
    _move(
        session, own, regions, entry, EntryMove.LEAVE, by, version, now, values,
        words=words, reason=reason,
    )  # fmt: skip


def return_(
    session: Session,
    own: Safe,
    regions: Regions,
    entry: RegisterEntry,
    *,
    standing: Standing,
    words: str = "",
    by: Officer,
    version: int,
    now: datetime,
) -> None:
    """Put somebody back who had left; raises `EntryChanged`, `NotAllowed`, `DayImpossible`."""
    values = {
        "state": EntryState.ON,
        "level": standing.level,
        "looked_on": standing.looked_on,
        "due_on": standing.due(china_day(now)),
    }
    _move(session, own, regions, entry, EntryMove.RETURN, by, version, now, values, words=words)


def let_go(session: Session, safe: Safe, *, worker_id: int, now: datetime) -> None:
    """Take somebody out who is about to be erased, so that no look at nobody is ever due."""
    entry = of_worker(session, worker_id)
    if entry is None:
        return
    session.refresh(entry, with_for_update=True)
    if entry.state != EntryState.ON:
        return
    session.execute(
        update(RegisterEntry)
        .where(col(RegisterEntry.id) == entry.id)
        .values(state=EntryState.LEFT, version=entry.version + 1, changed_at=now)
    )
    session.refresh(entry)
    _add_event(session, safe, entry, EntryMove.LEAVE, None, now, reason=Leaving.OWN_WISH)


def of_worker(session: Session, worker_id: int) -> RegisterEntry | None:
    """The entry about a worker, None where there is none."""
    return session.scalars(
        select(RegisterEntry).where(
            col(RegisterEntry.worker_id) == worker_id, col(RegisterEntry.sealed).is_not(None)
        )
    ).first()


def of_officer(
    session: Session, entry_id: str, officer: Officer, regions: Regions
) -> RegisterEntry:
    """An entry of the officer's regions; raises `EntryUnknown`, `NotAllowed`."""
    if not officer.roles & LOOKERS:
        raise NotAllowed
    entry = session.get(RegisterEntry, entry_id)
    if entry is None or entry.sealed is None or not officer.covers(entry.region, regions):
        raise EntryUnknown(entry_id)
    return entry


def opened(own: Safe | None, entry: RegisterEntry) -> Registered | None:
    """What an entry says; None where the person was erased. Whoever shows it records that."""
    if own is None or entry.sealed is None:
        return None
    return read_sealed(own.unseal(entry.sealed, purpose(entry.id)))


def read_sealed(text: str) -> Registered:
    """Read what `kept` sealed; what was right when it was taken is not judged again."""
    values = json.loads(text)
    values["causes"] = tuple(map(Cause, values.get("causes", ())))
    values["needs"] = tuple(map(Need, values.get("needs", ())))
    if (relation := values.get("relation")) is not None:
        values["relation"] = Relation(relation)
    return Registered.model_construct(**values)


def kept(own: Safe, entry_id: str, registered: Registered) -> dict[str, Any]:
    """The columns that tell who somebody is: sealed, and hashes to find them by."""
    phone = registered.phone
    return {
        "sealed": own.seal(registered.model_dump_json(exclude_defaults=True), purpose(entry_id)),
        "identity_hash": own.hash("identity_number", registered.identity_number),
        "name_hash": own.hash("name", registered.name),
        "phone_hash": None if phone is None else own.hash("phone", phone),
    }


def record_looks(
    session: Session,
    safe: Safe,
    entries: Sequence[RegisterEntry],
    *,
    by: Actor,
    fields: Sequence[str],
    action: Action = Action.READ,
    now: datetime,
) -> None:
    """Note in the audit that somebody looked at these people."""
    audit.record_all(
        session,
        safe,
        by=by,
        action=action,
        about="register_entry",
        rows=[(entry.id, entry.worker_id) for entry in entries],
        fields=fields,
        now=now,
    )


def events(session: Session, entry_id: str) -> list[RegisterEvent]:
    """What was done to an entry, the newest first."""
    return list(
        session.scalars(
            select(RegisterEvent)
            .where(col(RegisterEvent.entry_id) == entry_id)
            .order_by(col(RegisterEvent.version).desc())
        )
    )


def words_of(own: Safe | None, event: RegisterEvent) -> str:
    """What the officer noted with a move; empty where there is nothing."""
    if own is None or not event.sealed_words:
        return ""
    return own.unseal(event.sealed_words, words_purpose(event.entry_id, event.version))


def members_of(session: Session, household_id: str) -> list[RegisterEntry]:
    """The entries of a household, those who have left included."""
    return list(
        session.scalars(
            select(RegisterEntry)
            .where(
                col(RegisterEntry.household_id) == household_id,
                col(RegisterEntry.sealed).is_not(None),
            )
            .order_by(col(RegisterEntry.entered_at), col(RegisterEntry.id))
        )
    )


def purpose(entry_id: str) -> str:
    """What the sealed part of an entry is bound to."""
    return f"register_entry.sealed:{entry_id}"


def words_purpose(entry_id: str, version: int) -> str:
    """What the words of a move are bound to."""
    return f"register_event.sealed_words:{entry_id}:{version}"


def _household(
    session: Session,
    regions: Regions,
    household_id: str | None,
    region: str,
    members: int | None,
    by: Officer,
    now: datetime,
) -> str:
    if household_id is not None:
        there = session.get(Household, household_id)
        if there is None or not by.covers(there.region, regions):
            raise EntryUnknown(household_id)
        if members is not None:
            there.members = members
            session.add(there)
        return there.id
    made = Household(id=secrets.token_hex(8), region=region, members=members, created_at=now)
    session.add(made)
    session.flush()
    return made.id


def _move(
    session: Session,
    own: Safe,
    regions: Regions,
    entry: RegisterEntry,
    move: EntryMove,
    by: Officer,
    version: int,
    now: datetime,
    values: Mapping[str, Any],
    *,
    words: str = "",
    reason: str = "",
) -> None:
    require(by, Role.CASE_OFFICER, entry.region, regions)
    if entry.version != version or entry.state not in MOVES[move]:
        raise EntryChanged(entry.id)
    # Whoever was erased at this moment stays so.
    is_there = col(RegisterEntry.sealed).is_not(None)
    if not db.change_version(session, entry, version, is_there, changed_at=now, **values):
        raise EntryChanged(entry.id)
    _add_event(session, own, entry, move, by, now, words=words, reason=reason)


def _add_event(
    session: Session,
    own: Safe,
    entry: RegisterEntry,
    move: EntryMove,
    by: Officer | None,
    now: datetime,
    *,
    words: str = "",
    reason: str = "",
) -> None:
    session.add(
        RegisterEvent(
            entry_id=entry.id,
            version=entry.version,
            at=now,
            move=move,
            region=entry.region,
            level=entry.level,
            due_on=entry.due_on if entry.state == EntryState.ON else None,
            reason=reason,
            officer_id=None if by is None else by.id,
            sealed_words=own.seal(words, words_purpose(entry.id, entry.version)) if words else None,
        )
    )
    session.flush()
    audit.record(
        session,
        own,
        by=Actor.job("erase") if by is None else Actor.officer(by.id),
        action=Action.CREATED if move is EntryMove.ENTER else Action.CHANGED,
        about="register_entry",
        row=entry.id,
        worker_id=entry.worker_id,
        reason=str(reason or move),
        now=now,
    )
