"""Writes that come twice happen once: the reply is kept with the effect, in one transaction.

A phone that gets no reply sends the same again, under the same key: it gets the reply that was
kept. Whatever comes first holds the worker; the second waits for it. Replies are kept for a week,
as `holdings.yaml` says: longer than any phone goes on trying.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from sqlmodel import Session

from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectErased
from server.database.db import (
    BUSY_SECONDS,
    Database,
    DatabaseBusy,
    fetch_within,
    is_locked,
    is_on_sqlite,
    run_within,
)
from server.database.tables import stored_instant

# Nobody erases the worker meanwhile, and what the worker does twice at once is done in turn.
_HOLD = "SELECT id FROM worker WHERE id = :worker FOR NO KEY UPDATE"
_KNOWN = (
    "SELECT worker.erased_at, fingerprint, status, sealed_body FROM worker"
    " LEFT JOIN idempotent_reply ON idempotent_reply.id = :id WHERE worker.id = :worker"
)
# Of whom the write itself erased, nothing is kept.
_KEEP = (
    "INSERT INTO idempotent_reply (id, worker_id, fingerprint, at, status, sealed_body)"
    " SELECT :id, id, :fingerprint, :at, :status, :body FROM worker"
    " WHERE id = :worker AND erased_at IS NULL"
)


class KeyMissing(Exception):
    """A write without an `Idempotency-Key`, or with one that is none."""


class KeyReused(Exception):
    """The key stands for another request."""


class StillInFlight(Exception):
    """The same request came before and has not ended yet."""


@dataclass(frozen=True)
class Intent:
    """What a worker wants done once: the key, and the request that it stands for."""

    worker_id: int
    key: str
    request: bytes
    """Whatever makes it this request: method, path, body."""

    @cached_property
    def id(self) -> str:
        """The key of the row; another worker's key of the same name is another."""
        return sha256(f"{self.worker_id}:{self.key}".encode()).hexdigest()

    def fingerprint(self, own: Safe) -> str:
        """64 hexadecimal digits for the request, which nobody can guess it by."""
        return own.hash("idempotent", sha256(self.request).hexdigest())


class Reply(NamedTuple):
    """What is replied; `replayed`: it was kept from the first time."""

    status: int
    body: str
    replayed: bool = False


_in_flight: set[str] = set()


def once(
    database: Database,
    own: Safe,
    intent: Intent,
    act: Callable[[Session], Reply],
    *,
    now: datetime,
) -> Reply:
    """Run `act` unless it ran before, and give its reply; `own` seals what is kept.

    `act` is part of one transaction with the keeping of its reply; what it raises is kept nowhere,
    and the key stays free. Raises `KeyReused`, `StillInFlight`, `SubjectErased`.
    """
    begun_elsewhere = intent.id in _in_flight
    _in_flight.add(intent.id)
    try:
        return database.together(lambda session: _act(session, own, intent, act, now))
    except DatabaseBusy:
        if begun_elsewhere:
            raise StillInFlight from None
        raise
    except database.unavailable as error:
        if is_locked(error):
            raise StillInFlight from None
        raise
    finally:
        if not begun_elsewhere:
            _in_flight.discard(intent.id)


def _act(
    session: Session, own: Safe, intent: Intent, act: Callable[[Session], Reply], now: datetime
) -> Reply:
    kept = _kept(session, own, intent)
    if kept is not None:
        return kept
    reply = act(session)
    run_within(
        session,
        _KEEP,
        id=intent.id,
        worker=intent.worker_id,
        fingerprint=intent.fingerprint(own),
        at=stored_instant(now),
        status=reply.status,
        body=own.seal(reply.body, _purpose(intent)),
    )
    return reply


def _kept(session: Session, own: Safe, intent: Intent) -> Reply | None:
    """What was replied before, None: it is the first; keeps the worker as they are until the end.

    Raises `SubjectErased` where it is too late for that: who was erased since the request came in
    would stand there again, sealed with a key that is no more.
    """
    if not is_on_sqlite(session):
        # Where there are several writers, the others of this worker wait here. What they replied
        # only a statement of its own sees.
        run_within(session, f"SET LOCAL lock_timeout = '{BUSY_SECONDS:.0f}s'")
        run_within(session, _HOLD, worker=intent.worker_id)
    row = fetch_within(session, _KNOWN, id=intent.id, worker=intent.worker_id)
    if row is None or row[0] is not None:
        raise SubjectErased
    _, fingerprint, status, sealed = row
    if fingerprint is None:
        return None
    if fingerprint != intent.fingerprint(own):
        raise KeyReused
    return Reply(status, own.unseal(sealed, _purpose(intent)), replayed=True)


def _purpose(intent: Intent) -> str:
    return f"idempotent_reply.sealed_body:{intent.id}"
