"""Sign-ins: a token is a secret that the database does not hold, and it ends."""

import hashlib
from datetime import datetime

from server import sessions
from server.db import Database


def test_a_token_names_its_worker_until_it_ends(database: Database, now: datetime) -> None:
    with database.begin() as session:
        token, expires_at = sessions.sign_in(session, "dev:wang", now=now)
    assert expires_at == now + sessions.VALID_FOR
    assert sessions.worker_of(database, token, now=now) is not None
    assert sessions.worker_of(database, token, now=expires_at) is None


def test_a_person_stays_the_same_worker_and_another_is_another(
    database: Database, now: datetime
) -> None:
    with database.begin() as session:
        tokens = [
            sessions.sign_in(session, subject, now=now)[0]
            for subject in ("dev:wang", "dev:wang", "wechat:wang")
        ]
    first, again, other = (sessions.worker_of(database, token, now=now) for token in tokens)
    assert first == again != other


def test_an_invented_token_names_nobody(database: Database, now: datetime) -> None:
    for token in ("", "x" * 43, "\ud800", "' OR 1=1 --"):
        assert sessions.worker_of(database, token, now=now) is None


def test_neither_token_nor_name_is_stored(database: Database, now: datetime) -> None:
    with database.begin() as session:
        token, _ = sessions.sign_in(session, "dev:wang", now=now)
    stored = database.fetch(
        "SELECT token_hash, subject_hash FROM worker_session JOIN worker ON worker.id = worker_id"
    )
    assert stored == tuple(hashlib.sha256(x.encode()).hexdigest() for x in (token, "dev:wang"))
    assert len(token) >= 43


def test_signing_out_ends_the_token(database: Database, now: datetime) -> None:
    with database.begin() as session:
        token, _ = sessions.sign_in(session, "dev:wang", now=now)
        sessions.sign_out(session, token)
        sessions.sign_out(session, "unknown")
    assert sessions.worker_of(database, token, now=now) is None


def test_sessions_that_are_over_are_forgotten(database: Database, now: datetime) -> None:
    with database.begin() as session:
        sessions.sign_in(session, "dev:wang", now=now)
        later, _ = sessions.sign_in(session, "dev:wang", now=now + sessions.VALID_FOR)
    with database.begin() as session:
        assert sessions.forget_expired(session, now=now + sessions.VALID_FOR) == 1
    assert sessions.worker_of(database, later, now=now + sessions.VALID_FOR) is not None
