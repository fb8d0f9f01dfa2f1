"""Sign-ins of workers: opaque 256-bit tokens, of which the database holds only the hash."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, text
from sqlmodel import Session, col

from server.db import Database
from server.tables import Instant, Worker, WorkerSession, stored_instant

VALID_FOR = timedelta(days=30)


def sign_in(session: Session, subject: str, *, now: datetime) -> tuple[str, datetime]:
    """A new token, and when it ends, for the person known outside as `subject`.

    `subject` carries its origin, like `dev:wang` or `wechat:openid`; who may claim it is the
    caller's decision.
    """
    worker_id = _worker(session, subject, now)
    token = secrets.token_urlsafe(32)
    expires_at = now + VALID_FOR
    session.add(
        WorkerSession(
            token_hash=_hash(token), worker_id=worker_id, created_at=now, expires_at=expires_at
        )
    )
    session.flush()
    return token, expires_at


def worker_of(database: Database, token: str, *, now: datetime) -> int | None:
    """The worker whom this token signed in, None where it is unknown or over."""
    row = database.fetch(
        "SELECT worker_id FROM worker_session WHERE token_hash = :hash AND expires_at > :now",
        hash=_hash(token),
        now=stored_instant(now),
    )
    return None if row is None else int(row[0])


def sign_out(session: Session, token: str) -> None:
    """Ends this token; an unknown one is no error."""
    session.execute(delete(WorkerSession).where(col(WorkerSession.token_hash) == _hash(token)))


def forget_expired(session: Session, *, now: datetime) -> int:
    """Deletes the sessions that are over and returns their number."""
    gone = session.connection().execute(
        delete(WorkerSession).where(col(WorkerSession.expires_at) <= now)
    )
    return gone.rowcount


def _worker(session: Session, subject: str, now: datetime) -> int:
    subject_hash = _hash(subject)
    # Two first sign-ins at once, a double tap, must end at one worker.
    session.execute(
        text(
            "INSERT INTO worker (subject_hash, created_at) VALUES (:subject_hash, :now)"
            " ON CONFLICT (subject_hash) DO NOTHING"
        ).bindparams(bindparam("now", now, Instant())),
        {"subject_hash": subject_hash},
    )
    known = select(col(Worker.id)).where(col(Worker.subject_hash) == subject_hash)
    worker_id = session.scalars(known).one()
    assert worker_id is not None
    return worker_id


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
