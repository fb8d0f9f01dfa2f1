"""Who signed in and is somebody of the register: proven by a telephone that WeChat vouches for.

To know another's name and identity number is not enough. What is proven moves the entry to whoever
signed in, sealed anew with their key; of the nameless one who stood for them nothing is left.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select, update
from sqlmodel import Session, col

from server.casework.tables import Case
from server.confidential.sealing import Safe, sealed_anew
from server.confidential.subject_keys import SubjectErased, SubjectKeys
from server.database.db import Database
from server.database.tables import Profile, Worker
from server.personal import erasing, people
from server.records import audit
from server.records.audit import Action, Actor
from server.register import bulk, keeping
from server.register.tables import RegisterEntry

Along = Callable[[Session, Safe, Safe, str, int, int], None]
"""What goes along with an entry: the keys before and after, the entry, whose it was and is."""


def claim(
    database: Database,
    keys: SubjectKeys,
    safe: Safe,
    own: Safe,
    *,
    worker_id: int,
    along: Along,
    now: datetime,
) -> bool:
    """Move the entry of this person to the worker who proved to be them; whether there is one."""
    with database.read() as session:
        if keeping.of_worker(session, worker_id) is not None:
            return True
        entry = proven_entry(session, worker_id)
    if entry is None:
        return False
    before, key_ids = entry.worker_id, list[str]()
    old = keys.safes_of([before]).get(before)
    if old is None:
        return False
    with database.begin() as session:
        try:
            # Whoever makes something of theirs at this moment is done before, or finds them gone.
            people.hold(session, before)
        except SubjectErased:
            return False
        found = proven_entry(session, worker_id)
        if found is None or (found.id, found.worker_id) != (entry.id, before):
            return False
        if not _move(session, old, own, found, worker_id, now):
            return False
        along(session, old, own, found.id, before, worker_id)
        if _is_nobody(session, before):
            by = Actor.job("claim")
            key_ids = erasing.erase(session, safe, worker_id=before, by=by, now=now)
    keys.destroy(key_ids)
    return True


def proven_entry(session: Session, worker_id: int) -> RegisterEntry | None:
    """The entry with the worker's number and name, and their telephone, if it is verified."""
    holder = Worker.__table__.alias().c  # type: ignore[attr-defined]
    return session.scalars(
        select(RegisterEntry)
        .join(Profile, col(Profile.identity_hash) == col(RegisterEntry.identity_hash))
        .join(Worker, col(Worker.id) == col(Profile.worker_id))
        .where(
            col(Worker.id) == worker_id,
            col(Profile.name_hash) == col(RegisterEntry.name_hash),
            col(Worker.phone_hash) == col(RegisterEntry.phone_hash),
            # Whoever proved it first keeps it.
            ~exists().where(
                holder.id == col(RegisterEntry.worker_id), holder.phone_hash.is_not(None)
            ),
        )
    ).first()


def _move(
    session: Session,
    old: Safe,
    own: Safe,
    entry: RegisterEntry,
    worker_id: int,
    now: datetime,
) -> bool:
    """Whether it moved; not where an officer was faster: the next time it does."""
    # Another version: a page from before would seal with a key that is destroyed.
    values: dict[str, Any] = {"worker_id": worker_id, "version": entry.version + 1}
    values["sealed"] = sealed_anew(old, own, entry.sealed, keeping.purpose(entry.id))
    moved = session.connection().execute(
        update(RegisterEntry)
        .where(col(RegisterEntry.id) == entry.id, col(RegisterEntry.version) == entry.version)
        .values(**values)
    )
    if moved.rowcount != 1:
        return False
    for event in keeping.events(session, entry.id):
        at = (event.entry_id, event.version)
        event.sealed_words = sealed_anew(old, own, event.sealed_words, keeping.words_purpose(*at))
        event.sealed_before = sealed_anew(old, own, event.sealed_before, bulk.before_purpose(*at))
        session.add(event)
    session.flush()
    audit.record(
        session,
        own,
        by=Actor.worker(worker_id),
        action=Action.UNITED,
        about="register_entry",
        row=entry.id,
        worker_id=worker_id,
        now=now,
    )
    return True


def _is_nobody(session: Session, worker_id: int) -> bool:
    """Whether nothing but the entry that moved was about a worker."""
    others = (Profile, Case, RegisterEntry)
    asked = select(*(exists().where(col(other.worker_id) == worker_id) for other in others))
    return not any(session.execute(asked).one())
