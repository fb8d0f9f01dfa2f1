"""Sign-ins of workers: opaque 256-bit tokens, of which the database holds only the hash."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlmodel import Session, col

from server.database.db import Database
from server.database.tables import WorkerSession, stored_instant

VALID_FOR = timedelta(days=30)
# A phone that never got the new token goes on with the old one, for as long.
RENEWED_FOR = timedelta(minutes=5)


class SignedIn(NamedTuple):
    """A token, and when it ends."""

    token: str
    expires_at: datetime


def sign_in(session: Session, worker_id: int, *, now: datetime) -> SignedIn:
    """A new token for a worker; who may have it is the caller's decision."""
    signed_in = SignedIn(secrets.token_urlsafe(32), now + VALID_FOR)
    session.add(
        WorkerSession(
            token_hash=_hash(signed_in.token),
            worker_id=worker_id,
            created_at=now,
            expires_at=signed_in.expires_at,
        )
    )
    session.flush()
    return signed_in


def worker_of(database: Database, token: str, *, now: datetime) -> int | None:
    """The worker whom this token signed in, None where it is unknown or over."""
    row = database.fetch(
        "SELECT worker_id FROM worker_session WHERE token_hash = :hash AND expires_at > :now",
        hash=_hash(token),
        now=stored_instant(now),
    )
    return None if row is None else int(row[0])


def renew(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    """A new token for an old one, which soon ends; None where the old one is unknown or over."""
    old = session.scalars(
        select(WorkerSession).where(col(WorkerSession.token_hash) == _hash(token)).with_for_update()
    ).first()
    if old is None or old.expires_at <= now:
        return None
    old.expires_at = min(old.expires_at, now + RENEWED_FOR)
    session.add(old)
    return sign_in(session, old.worker_id, now=now)


def sign_out(session: Session, token: str) -> None:
    """Ends this token; an unknown one is no error."""
    session.execute(delete(WorkerSession).where(col(WorkerSession.token_hash) == _hash(token)))


def sign_out_everywhere(session: Session, worker_id: int) -> None:
    """Ends every token of a worker."""
    session.execute(delete(WorkerSession).where(col(WorkerSession.worker_id) == worker_id))


def forget_expired(session: Session, *, now: datetime) -> int:
    """Deletes the sessions that are over and returns their number."""
    gone = session.connection().execute(
        delete(WorkerSession).where(col(WorkerSession.expires_at) <= now)
    )
    return gone.rowcount


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
