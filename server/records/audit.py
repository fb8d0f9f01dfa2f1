"""Who read or changed whose data: rows that are only ever added, and one chain through them all.

An entry is written with what it tells of, in the same transaction, under a keyed hash of its own.
A step that runs every second links new entries into the chain: a chain within the transactions
would make them wait for each other's disks (measured on PostgreSQL: a quarter of the commits per
second with 4 clients, a sixteenth with 16). Until then an entry can't be changed or made up
unnoticed, only taken away. What no chain can show, that its end was cut off, the anchors show.

Nothing personal stands here: ids, and the names of fields.
"""

import secrets
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select, text
from sqlmodel import Session

from server.confidential.privacy import mask
from server.confidential.sealing import Safe
from server.database.db import Database, insert_within, load_within
from server.database.tables import AuditEntry, AuditLink, Row, stored_instant

_LOCK = 7309172
# Entries of transactions that were under way for a while come late: looked for among so many ids.
_LATE = 500
_BLOCK = 1000
_LONGEST_REASON = 200
_ENTRIES = Row.metadata.tables["audit_entry"].c
_LINKS = Row.metadata.tables["audit_link"].c
_TOLD = (
    "at", "actor", "actor_id", "action", "about", "row", "worker_id", "fields", "reason", "nonce",
)  # fmt: skip
_CONTENT = [_ENTRIES[name] for name in _TOLD]
_INSERT = f"INSERT INTO audit_entry ({', '.join(_TOLD)}, mac) VALUES {{}}"
_LINK = "INSERT INTO audit_link (position, entry_id, chain) VALUES {}"


class Action(StrEnum):
    """What was done."""

    CREATED = "created"
    READ = "read"
    CHANGED = "changed"
    DELETED = "deleted"
    ERASED = "erased"
    EXPORTED = "exported"
    UNMASKED = "unmasked"
    DECIDED = "decided"
    PAID = "paid"
    CONSENTED = "consented"
    WITHDREW = "withdrew"
    UNITED = "united"
    SIGNED_IN = "signed_in"


class ActorKind(StrEnum):
    """What kind of somebody or something did it."""

    WORKER = "worker"
    OFFICER = "officer"
    MERCHANT = "merchant"
    JOB = "job"


class Actor(NamedTuple):
    """Who did it: `id` is theirs, or the job's name."""

    kind: ActorKind
    id: int | str

    @classmethod
    def worker(cls, id: int) -> "Actor":
        """A worker."""
        return cls(ActorKind.WORKER, id)

    @classmethod
    def officer(cls, id: int) -> "Actor":
        """An officer."""
        return cls(ActorKind.OFFICER, id)

    @classmethod
    def merchant(cls, id: int) -> "Actor":
        """A merchant, at the till."""
        return cls(ActorKind.MERCHANT, id)

    @classmethod
    def job(cls, name: str) -> "Actor":
        """The service itself, by the name of what it was about."""
        return cls(ActorKind.JOB, name)


class Fault(StrEnum):
    """What is wrong with the audit."""

    CHANGED = "changed"
    """An entry is not what it was."""
    GONE = "gone"
    """An entry that the chain holds is not there."""
    BROKEN = "broken"
    """A link does not follow from the one before."""
    CUT = "cut"
    """The chain is shorter than, or other than, when it was anchored."""
    FORGED = "forged"
    """An anchor is not one of ours."""


@dataclass(frozen=True, slots=True)
class Found:
    """One fault, where it is: the position in the chain and the entry, as far as they are known."""

    fault: Fault
    position: int | None = None
    entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class End:
    """How far the chain reaches; position 0: there is nothing yet."""

    position: int
    chain: str
    entry_id: int


def record(
    session: Session,
    safe: Safe,
    *,
    by: Actor,
    action: Action,
    about: str,
    row: str | int,
    worker_id: int | None,
    fields: Sequence[str] = (),
    reason: str = "",
    now: datetime,
) -> None:
    """Add an entry: `about` is the table and `row` its key, `fields` are names only.

    In `reason`, free words of an officer, personal numbers are masked.
    """
    rows = [(row, worker_id)]
    record_all(
        session, safe, by=by, action=action, about=about, rows=rows, fields=fields, reason=reason,
        now=now,
    )  # fmt: skip


def record_all(
    session: Session,
    safe: Safe,
    *,
    by: Actor,
    action: Action,
    about: str,
    rows: Sequence[tuple[str | int, int | None]],
    fields: Sequence[str] = (),
    reason: str = "",
    now: datetime,
) -> None:
    """Add an entry for each of many rows, given with whom they are about."""
    at, named, why = stored_instant(now), ",".join(fields), mask(reason)[:_LONGEST_REASON]
    entries = []
    for row, worker_id in rows:
        values = (
            at, by.kind.value, str(by.id), action.value, about, str(row), worker_id, named, why,
            secrets.token_hex(8),
        )  # fmt: skip
        entries.append((*values, _mac(safe, values)))
    if len(entries) == 1:
        insert_within(session, _INSERT, entries)
    else:
        load_within(session, "audit_entry", (*_TOLD, "mac"), entries)


def any_unlinked(database: Database) -> bool:
    """Whether there are entries since the last link."""
    row = database.fetch(
        "SELECT 1 WHERE (SELECT max(id) FROM audit_entry) > coalesce("
        "(SELECT entry_id FROM audit_link ORDER BY position DESC LIMIT 1), 0)"
    )
    return row is not None


def link(session: Session, safe: Safe, *, whole: bool = False) -> int:
    """Link entries that are not yet in the chain, and return how many; 0 where another does it.

    `whole` waits for the other, and looks for entries that came very late among all there are.
    """
    if not _is_alone(session, wait=whole):
        return 0
    last = end(session)
    rows = session.execute(
        select(_ENTRIES.id, _ENTRIES.mac)
        .where(_ENTRIES.id > (0 if whole else last.entry_id - _LATE), ~_linked().exists())
        .order_by(_ENTRIES.id)
        .limit(None if whole else _BLOCK)
    ).all()
    links: list[tuple[int, int, str]] = []
    position, chain = last.position, last.chain
    for entry_id, mac in rows:
        position += 1
        chain = _chain(safe, chain, position, entry_id, mac)
        links.append((position, entry_id, chain))
    for start in range(0, len(links), _BLOCK):
        insert_within(session, _LINK, links[start : start + _BLOCK])
    return len(links)


def end(session: Session) -> End:
    """How far the chain reaches."""
    row = session.execute(
        select(_LINKS.position, _LINKS.chain, _LINKS.entry_id)
        .order_by(_LINKS.position.desc())
        .limit(1)
    ).first()
    return End(0, "", 0) if row is None else End(*row)


def verify(session: Session, safe: Safe, anchors: Iterable[End] = ()) -> Iterator[Found]:
    """Every fault of the audit, in the order of the chain; none: it is as it was written."""
    wanted = {anchor.position: anchor.chain for anchor in anchors if anchor.position}
    reached = yield from _verify_chain(session, safe, wanted)
    yield from (Found(Fault.CUT, position) for position in sorted(wanted) if position > reached)
    yield from _verify_unlinked(session, safe)


def _verify_chain(
    session: Session, safe: Safe, wanted: dict[int, str]
) -> Generator[Found, None, int]:
    # Columns, not objects: a session would keep every one of them.
    rows = session.execute(
        select(_LINKS.position, _LINKS.entry_id, _LINKS.chain, _ENTRIES.mac, *_CONTENT)
        .join_from(AuditLink, AuditEntry, _ENTRIES.id == _LINKS.entry_id, isouter=True)
        .order_by(_LINKS.position)
        .execution_options(yield_per=_BLOCK)
    )
    position, chain = 0, ""
    for held, entry_id, told, mac, *content in rows:
        if held != position + 1:
            yield Found(Fault.BROKEN, position + 1)
            # What is missing can't be worked out: go on from what stands here.
            chain = ""
        is_known = bool(chain) or held == 1
        position = held
        if mac is None:
            yield Found(Fault.GONE, position, entry_id)
        elif mac != _mac(safe, _values(content)):
            yield Found(Fault.CHANGED, position, entry_id)
        elif is_known and told != _chain(safe, chain, position, entry_id, mac):
            yield Found(Fault.BROKEN, position, entry_id)
        if wanted.get(position, told) != told:
            yield Found(Fault.CUT, position, entry_id)
        chain = told
    return position


def _verify_unlinked(session: Session, safe: Safe) -> Iterator[Found]:
    rows = session.execute(
        select(_ENTRIES.id, _ENTRIES.mac, *_CONTENT)
        .where(~_linked().exists())
        .order_by(_ENTRIES.id)
        .execution_options(yield_per=_BLOCK)
    )
    for entry_id, mac, *content in rows:
        if mac != _mac(safe, _values(content)):
            yield Found(Fault.CHANGED, None, entry_id)


def _linked() -> Select[Any]:
    """The link of an entry of the query around it."""
    return select(_LINKS.entry_id).where(_LINKS.entry_id == _ENTRIES.id)


def counts(session: Session) -> tuple[int, int]:
    """How many entries and how many links there are."""
    return (
        session.scalar(select(func.count()).select_from(AuditEntry)) or 0,
        session.scalar(select(func.count()).select_from(AuditLink)) or 0,
    )


def _is_alone(session: Session, *, wait: bool) -> bool:
    """On SQLite whoever writes is alone."""
    if session.get_bind().dialect.name == "sqlite":
        return True
    if wait:
        session.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        return True
    return bool(session.scalar(text(f"SELECT pg_try_advisory_xact_lock({_LOCK})")))


def _values(content: Sequence[Any]) -> tuple[Any, ...]:
    """What was told, with its instant as the text that it was."""
    at, *rest = content
    return (stored_instant(at), *rest)


def _mac(safe: Safe, values: Sequence[Any]) -> str:
    return safe.hash("audit_entry", *("" if value is None else str(value) for value in values))


def _chain(safe: Safe, before: str, position: int, entry_id: int, mac: str) -> str:
    return safe.hash("audit_link", before, str(position), str(entry_id), mac)
