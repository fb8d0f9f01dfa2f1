"""Sign-ins: a token is a secret that the database does not hold, and it ends."""

import hashlib
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from server.database.db import Database
from server.database.tables import Worker
from server.web import sessions


@pytest.fixture
def worker(database: Database, now: datetime) -> int:
    with database.begin() as session:
        return _worker(session, now)


def _worker(session: Session, now: datetime) -> int:
    worker = Worker(created_at=now)
    session.add(worker)
    session.flush()
    assert worker.id is not None
    return worker.id


def test_a_token_names_its_worker_until_it_ends(
    database: Database, worker: int, now: datetime
) -> None:
    with database.begin() as session:
        token, expires_at = sessions.sign_in(session, worker, now=now)
    assert expires_at == now + sessions.VALID_FOR
    assert sessions.worker_of(database, token, now=now) == worker
    assert sessions.worker_of(database, token, now=expires_at) is None


def test_an_invented_token_names_nobody(database: Database, now: datetime) -> None:
    for token in ("", "x" * 43, "\ud800", "' OR 1=1 --"):
        assert sessions.worker_of(database, token, now=now) is None


def test_only_the_hash_of_a_token_is_stored(database: Database, worker: int, now: datetime) -> None:
    with database.begin() as session:
        token, _ = sessions.sign_in(session, worker, now=now)
    stored = database.fetch("SELECT token_hash FROM worker_session")
    assert stored == (hashlib.sha256(token.encode()).hexdigest(),)
    assert len(token) >= 43


def test_a_renewed_session_goes_on_and_the_old_token_soon_ends(
    database: Database, worker: int, now: datetime
) -> None:
    later = now + timedelta(days=29)
    with database.begin() as session:
        old, _ = sessions.sign_in(session, worker, now=now)
        renewed = sessions.renew(session, old, now=later)
    assert renewed is not None and renewed.expires_at == later + sessions.VALID_FOR
    assert sessions.worker_of(database, renewed.token, now=later + timedelta(days=29)) == worker
    # The reply with the new token may have been lost on the way.
    assert sessions.worker_of(database, old, now=later + timedelta(minutes=4)) == worker
    assert sessions.worker_of(database, old, now=later + timedelta(minutes=5)) is None


def test_what_is_over_or_unknown_is_not_renewed(
    database: Database, worker: int, now: datetime
) -> None:
    with database.begin() as session:
        token, expires_at = sessions.sign_in(session, worker, now=now)
        assert sessions.renew(session, token, now=expires_at) is None
        assert sessions.renew(session, "unknown", now=now) is None
        sessions.renew(session, token, now=expires_at - timedelta(seconds=1))
    # A renewal never lengthens the old token.
    assert sessions.worker_of(database, token, now=expires_at) is None


def test_signing_out_ends_the_token(database: Database, worker: int, now: datetime) -> None:
    with database.begin() as session:
        token, other = (sessions.sign_in(session, worker, now=now)[0] for _ in range(2))
        sessions.sign_out(session, token)
        sessions.sign_out(session, "unknown")
    assert sessions.worker_of(database, token, now=now) is None
    assert sessions.worker_of(database, other, now=now) == worker


def test_signing_out_everywhere_ends_the_workers_tokens_and_no_others(
    database: Database, worker: int, now: datetime
) -> None:
    with database.begin() as session:
        neighbour = _worker(session, now)
        own = [sessions.sign_in(session, worker, now=now)[0] for _ in range(2)]
        theirs, _ = sessions.sign_in(session, neighbour, now=now)
        sessions.sign_out_everywhere(session, worker)
    assert [sessions.worker_of(database, token, now=now) for token in own] == [None, None]
    assert sessions.worker_of(database, theirs, now=now) == neighbour


def test_sessions_that_are_over_are_forgotten(
    database: Database, worker: int, now: datetime
) -> None:
    with database.begin() as session:
        sessions.sign_in(session, worker, now=now)
        later, _ = sessions.sign_in(session, worker, now=now + sessions.VALID_FOR)
    with database.begin() as session:
        assert sessions.forget_expired(session, now=now + sessions.VALID_FOR) == 1
    assert sessions.worker_of(database, later, now=now + sessions.VALID_FOR) is not None
