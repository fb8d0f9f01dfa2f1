"""Writes that come twice happen once: the reply is kept with the effect, in one transaction.

A phone that gets no reply sends the same again, under the same key: it gets the reply that was
kept. Whatever comes first claims the key; the second waits for it. Replies are kept for a week, as
`holdings.yaml` says: longer than any phone goes on trying.
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
    insert_within,
    is_locked,
    is_on_sqlite,
    run_within,
)
from server.database.tables import stored_instant

# Nobody erases the worker meanwhile, and what the worker does twice at once is done in turn.
_HOLD = "SELECT erased_at FROM worker WHERE id = :worker"

_CLAIM = (
    "INSERT INTO idempotent_reply (id, worker_id, fingerprint, at, status) VALUES {}"
    " ON CONFLICT (id) DO NOTHING"
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
    if not _claim(session, own, intent, now):
        return _kept(session, own, intent)
    _hold(session, intent.worker_id)
    reply = act(session)
    run_within(
        session,
        "UPDATE idempotent_reply SET status = :status, sealed_body = :body WHERE id = :id",
        status=reply.status,
        body=own.seal(reply.body, _purpose(intent)),
        id=intent.id,
    )
    return reply


def _claim(session: Session, own: Safe, intent: Intent, now: datetime) -> bool:
    """Whether nobody has the key yet; waits for whoever is about to get it."""
    if not is_on_sqlite(session):
        run_within(session, f"SET LOCAL lock_timeout = '{BUSY_SECONDS:.0f}s'")
    row = (intent.id, intent.worker_id, intent.fingerprint(own), stored_instant(now), 0)
    return insert_within(session, _CLAIM, [row]) == 1


def _hold(session: Session, worker_id: int) -> None:
    """Keep the worker as they are until the end; raises `SubjectErased` where it is too late.

    Who was erased since the request came in would stand there again, sealed with a key that is no
    more.
    """
    held = _HOLD if is_on_sqlite(session) else f"{_HOLD} FOR NO KEY UPDATE"
    row = fetch_within(session, held, worker=worker_id)
    if row is None or row[0] is not None:
        raise SubjectErased


def _kept(session: Session, own: Safe, intent: Intent) -> Reply:
    row = fetch_within(
        session,
        "SELECT fingerprint, status, sealed_body FROM idempotent_reply WHERE id = :id",
        id=intent.id,
    )
    assert row is not None
    if row[0] != intent.fingerprint(own):
        raise KeyReused
    return Reply(row[1], own.unseal(row[2], _purpose(intent)), replayed=True)


def _purpose(intent: Intent) -> str:
    return f"idempotent_reply.sealed_body:{intent.id}"
