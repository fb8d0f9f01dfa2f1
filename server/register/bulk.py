"""Many lines at once: looked up, sealed and written together, as a register of 71,151 wants it."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from server.casework.officers import Officer
from server.clock import china_day
from server.confidential import subject_keys
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database, load_within
from server.database.tables import Identity, Profile, Worker, stored_instant
from server.personal import people
from server.records import audit
from server.records.audit import Action, Actor
from server.register import keeping
from server.register.hardship import Registered, due_after
from server.register.sheets import Read
from server.register.tables import EntryMove, EntryState, Household, Level, RegisterEntry

_HOUSEHOLDS = ("id", "region", "number_hash", "members", "created_at", "import_id")
_ENTRIES = (
    "id", "worker_id", "household_id", "region", "level", "state", "version", "sealed",
    "identity_hash", "name_hash", "phone_hash", "looked_on", "due_on", "entered_at", "changed_at",
)  # fmt: skip
_EVENTS = (
    "entry_id", "version", "at", "move", "region", "level", "due_on", "reason", "officer_id",
    "import_id", "sealed_before",
)  # fmt: skip
_IDENTITIES = ("subject_hash", "worker_id", "issuer", "sealed_subject", "created_at")


@dataclass(frozen=True, slots=True)
class Standing:
    """What of some people stands in the register."""

    by_number: Mapping[str, RegisterEntry]
    alike: frozenset[tuple[str, str | None]]
    """Names with telephones that stand there, under whatever number."""


def standing(session: Session, safe: Safe, these: Sequence[Registered]) -> Standing:
    """Look some people up by their numbers, and by name and telephone."""
    numbers = {safe.hash("identity_number", each.identity_number): each for each in these}
    # A couple has one telephone.
    phones: dict[str, list[Registered]] = {}
    for each in these:
        if each.phone is not None:
            phones.setdefault(safe.hash("phone", each.phone), []).append(each)
    found = session.scalars(
        select(RegisterEntry).where(col(RegisterEntry.identity_hash).in_(numbers))
    )
    by_number = {
        numbers[entry.identity_hash].identity_number: entry
        for entry in found
        if entry.identity_hash is not None
    }
    rows = session.execute(
        select(col(RegisterEntry.name_hash), col(RegisterEntry.phone_hash)).where(
            col(RegisterEntry.phone_hash).in_(phones)
        )
    )
    taken = {(name_hash, phone_hash) for name_hash, phone_hash in rows}
    alike = frozenset(
        (each.name, each.phone)
        for phone_hash, several in phones.items()
        for each in several
        if (safe.hash("name", each.name), phone_hash) in taken
    )
    return Standing(by_number, alike)


def opened(own: Safe | None, entry: RegisterEntry) -> Registered | None:
    """What an entry says; None where it can't be read any more."""
    return keeping.opened(own, entry)


def merged(line: Read, held: Registered) -> Registered:
    """What is held with what a line says put in; what it does not say stays."""
    said = {
        name: value
        for name, value in dict(line.registered).items()
        if name in line.registered.model_fields_set and value not in (None, "", ())
    }
    return held.model_copy(update={**said, "facts": {**held.facts, **line.registered.facts}})


def is_same(line: Read, entry: RegisterEntry, held: Registered) -> bool:
    """Whether a line says nothing that the register does not know."""
    return (
        merged(line, held) == held
        and (not line.says_level or line.level == entry.level)
        and (not line.says_region or line.region == entry.region)
        and not _is_newer(line.looked_on, entry.looked_on)
    )


def before_purpose(entry_id: str, version: int) -> str:
    """What an entry as it was before an import is bound to."""
    return f"register_event.sealed_before:{entry_id}:{version}"


@dataclass
class _New:
    line: Read
    own: Safe
    key_id: str | None
    """A key that was made for this person; None: there was one."""
    worker_id: int | None
    entry_id: str = field(default_factory=lambda: secrets.token_hex(8))


class Batch:
    """Some lines that are written in one transaction; `prepare` is called outside it."""

    def __init__(
        self,
        database: Database,
        keys: SubjectKeys,
        safe: Safe,
        import_id: str,
        officer: Officer,
        now: datetime,
    ) -> None:
        self.now = now
        self._database, self._keys, self._safe = database, keys, safe
        self._import_id, self._officer = import_id, officer
        self._new: list[_New] = []
        self._changed: list[tuple[Read, RegisterEntry, Safe]] = []

    def prepare(self, lines: Sequence[tuple[Read, RegisterEntry | None]]) -> None:
        """Find whom the lines are about, and have a key for each of them."""
        new = [line for line, entry in lines if entry is None]
        with self._database.read() as session:
            owners = self._owners(session, new)
        changed = [(line, entry) for line, entry in lines if entry is not None]
        known = {*owners.values(), *(entry.worker_id for _, entry in changed)}
        safes = self._keys.safes_of(known) if known else {}
        without = [line for line in new if owners.get(_number(line)) not in safes]
        made = dict(zip(map(_number, without), self._keys.make_many(len(without)), strict=True))
        for line in new:
            number = _number(line)
            worker = owners.get(number)
            key_id, own = made[number] if number in made else (None, safes[worker or 0])
            self._new.append(_New(line, own, key_id, worker))
        self._changed = [
            (line, entry, safes[entry.worker_id])
            for line, entry in changed
            if entry.worker_id in safes
        ]

    def write(self, session: Session) -> None:
        """Write them all; raises the driver's integrity error where another one was faster."""
        self._give_workers(session)
        households = self._households(session)
        entries = [self._entry(each, households[place]) for place, each in enumerate(self._new)]
        load_within(session, "register_entry", _ENTRIES, entries)
        load_within(session, "register_event", _EVENTS, [self._entered(row) for row in entries])
        for line, entry, own in self._changed:
            self._change(session, line, entry, own)
        self._audit(session, Action.CREATED, [(row[0], row[1]) for row in entries])
        self._audit(session, Action.CHANGED, [(e.id, e.worker_id) for _, e, _ in self._changed])

    def _owners(self, session: Session, lines: Sequence[Read]) -> dict[str, int]:
        """By number: who proved to be that person, or whom the register knew before."""
        hashes = {self._subject(line): _number(line) for line in lines}
        rows = session.execute(
            select(col(Identity.subject_hash), col(Identity.worker_id)).where(
                col(Identity.subject_hash).in_(hashes)
            )
        )
        found = {hashes[subject]: int(worker) for subject, worker in rows}
        wanted = {self._safe.hash("identity_number", _number(line)): line for line in lines}
        proven = session.execute(
            select(
                col(Profile.identity_hash), col(Profile.name_hash), col(Worker.phone_hash),
                col(Worker.id),
            )
            .join(Worker, col(Worker.id) == col(Profile.worker_id))
            .where(col(Profile.identity_hash).in_(wanted), col(Worker.phone_hash).is_not(None))
            .order_by(col(Worker.id).desc())
        )  # fmt: skip
        for identity_hash, name_hash, phone_hash, worker in proven:
            who = wanted[identity_hash].registered
            proof = (self._safe.hash("name", who.name), self._safe.hash("phone", who.phone or ""))
            if proof == (name_hash, phone_hash) and keeping.of_worker(session, worker) is None:
                found[who.identity_number] = int(worker)
        return found

    def _subject(self, line: Read) -> str:
        return people.subject_hash(self._safe, people.REGISTER, _number(line))

    def _give_workers(self, session: Session) -> None:
        """Make workers for those whom nobody knew, and give everybody new their key."""
        unknown = [each for each in self._new if each.worker_id is None]
        if unknown:
            made = session.execute(
                insert(Worker).returning(col(Worker.id)),
                [{"created_at": self.now} for _ in unknown],
            ).scalars()
            for each, worker in zip(unknown, made, strict=True):
                each.worker_id = worker
            rows = [
                (
                    subject, each.worker_id, people.REGISTER,
                    people.sealed_subject(self._safe, subject, _number(each.line)), self._at,
                )
                for each in unknown
                if (subject := self._subject(each.line))
            ]  # fmt: skip
            load_within(session, "identity", _IDENTITIES, rows)
        given = [
            (each.key_id, each.worker_id)
            for each in self._new
            if each.key_id is not None and each.worker_id is not None
        ]
        subject_keys.give(session, given, now=self.now)

    def _households(self, session: Session) -> list[str]:
        """The household of each new line: one that is there, that of another line, or its own."""
        named = {
            self._safe.hash("household", each.line.region, each.line.household): each.line
            for each in self._new
            if each.line.household
        }
        rows = session.execute(
            select(col(Household.number_hash), col(Household.id)).where(
                col(Household.number_hash).in_(named)
            )
        )
        known: dict[str, str] = {number: id for number, id in rows if number is not None}
        found, made = [], []
        for each in self._new:
            line = each.line
            number = (
                self._safe.hash("household", line.region, line.household)
                if line.household
                else None
            )
            id = known.get(number) if number else None
            if id is None:
                id = secrets.token_hex(8)
                made.append((id, line.region, number, line.members, self._at, self._import_id))
                if number:
                    known[number] = id
            found.append(id)
        load_within(session, "household", _HOUSEHOLDS, made)
        return found

    def _entry(self, each: _New, household: str) -> tuple[Any, ...]:
        line = each.line
        kept = keeping.kept(each.own, each.entry_id, line.registered)
        today = china_day(self.now)
        due_on = today if line.looked_on is None else due_after(line.level, line.looked_on)
        return (
            each.entry_id, each.worker_id, household, line.region, line.level.value,
            EntryState.ON.value, 1, kept["sealed"], kept["identity_hash"], kept["name_hash"],
            kept["phone_hash"], _day(line.looked_on), due_on.isoformat(), self._at, self._at,
        )  # fmt: skip

    def _entered(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        return (
            row[0], 1, self._at, EntryMove.ENTER.value, row[3], row[4], row[12], "",
            self._officer.id, self._import_id, None,
        )  # fmt: skip

    def _change(self, session: Session, line: Read, entry: RegisterEntry, own: Safe) -> None:
        held = keeping.opened(own, entry)
        if held is None:
            return
        version = entry.version + 1
        before = own.seal(_as_before(entry, held), before_purpose(entry.id, version))
        values: dict[str, Any] = {**keeping.kept(own, entry.id, merged(line, held))}
        values["level"] = line.level if line.says_level else Level(entry.level)
        values["region"] = line.region if line.says_region else entry.region
        if _is_newer(line.looked_on, entry.looked_on) and line.looked_on is not None:
            values["looked_on"] = line.looked_on
            values["due_on"] = due_after(values["level"], line.looked_on)
        changed = session.connection().execute(
            update(RegisterEntry)
            .where(col(RegisterEntry.id) == entry.id, col(RegisterEntry.version) == entry.version)
            .values(version=version, changed_at=self.now, **values)
        )
        if changed.rowcount != 1:
            raise keeping.EntryChanged(entry.id)
        due_on = values.get("due_on", entry.due_on)
        row = (
            entry.id, version, self._at, EntryMove.CHANGE.value, values["region"],
            values["level"].value, due_on.isoformat(), "", self._officer.id, self._import_id,
            before,
        )  # fmt: skip
        load_within(session, "register_event", _EVENTS, [row])

    @property
    def _at(self) -> str:
        return stored_instant(self.now)

    def _audit(
        self, session: Session, action: Action, rows: Sequence[tuple[str, int | None]]
    ) -> None:
        audit.record_all(
            session,
            self._safe,
            by=Actor.officer(self._officer.id),
            action=action,
            about="register_entry",
            rows=rows,
            reason=f"import {self._import_id}",
            now=self.now,
        )


def _as_before(entry: RegisterEntry, held: Registered) -> str:
    """An entry as it is before an import changes it, to be put back."""
    return json.dumps(
        {
            "registered": held.model_dump(mode="json", exclude_defaults=True),
            "level": entry.level,
            "region": entry.region,
            "looked_on": _day(entry.looked_on),
            "due_on": entry.due_on.isoformat(),
        },
        ensure_ascii=False,
    )


def _number(line: Read) -> str:
    return line.registered.identity_number


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _is_newer(looked_on: date | None, before: date | None) -> bool:
    return looked_on is not None and (before is None or looked_on > before)
