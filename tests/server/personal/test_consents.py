"""A consent is one person's, for one purpose, to the words that were shown, until taken back."""

import re
from datetime import datetime, timedelta
from hashlib import sha256

import pytest

from server.confidential.sealing import Safe
from server.database.db import Database
from server.database.tables import Consent, Purpose
from server.personal import consents, people
from server.personal.consents import ConsentMissing, Text, in_force, texts

# What was shown stays as it was shown; a new wording is a new version below the old one.
SHOWN = {
    "identity 1": "81fd56f258ab1d99",
    "payment 1": "c804c682f38e1f2b",
    "materials 1": "a72c189a4c658a34",
    "children 1": "f5465564bdabc871",
    "handoff 1": "81f02ba12d6081df",
    "proactive 1": "9efd9b07488ff038",
}


@pytest.fixture
def worker(database: Database, safe: Safe, now: datetime) -> int:
    with database.begin() as session:
        return people.recognise(session, safe, issuer=people.DEVELOPER, subject="wang", now=now)


def _give(database: Database, safe: Safe, worker: int, purpose: Purpose, now: datetime) -> None:
    with database.begin() as session:
        consents.give(session, safe, worker_id=worker, purpose=purpose, version=1, now=now)


def _is_given(database: Database, worker: int, purpose: Purpose) -> bool:
    with database.read() as session:
        return consents.is_given(session, worker, purpose)


def test_each_purpose_is_agreed_to_by_itself(
    database: Database, safe: Safe, worker: int, now: datetime
) -> None:
    _give(database, safe, worker, Purpose.IDENTITY, now)
    given = [purpose for purpose in Purpose if _is_given(database, worker, purpose)]
    assert given == [Purpose.IDENTITY]
    with database.read() as session:
        consents.require(session, worker, Purpose.IDENTITY)
        with pytest.raises(ConsentMissing):
            consents.require(session, worker, Purpose.PAYMENT)
        with pytest.raises(ConsentMissing):
            consents.require(session, worker + 1, Purpose.IDENTITY)


def test_who_agreed_to_one_text_after_the_other_took_nothing_back_where_a_third_comes(
    database: Database, worker: int, now: datetime
) -> None:
    purpose = Purpose.PROACTIVE
    with database.begin() as session:
        for version, ended in ((-1, now), (0, None)):
            session.add(
                Consent(
                    worker_id=worker, purpose=purpose, version=version, given_at=now,
                    withdrawn_at=ended,
                )
            )  # fmt: skip
    with database.read() as session:
        assert not consents.is_given(session, worker, purpose)
        assert not consents.withdrawn(session, worker, purpose)
        assert consents.all_withdrawn(session, purpose) == set()


def test_what_is_taken_back_is_remembered_and_can_be_given_again(
    database: Database, safe: Safe, worker: int, now: datetime
) -> None:
    later = now + timedelta(days=1)
    purpose = Purpose.PROACTIVE
    _give(database, safe, worker, purpose, now)
    _give(database, safe, worker, purpose, later)  # a second tap
    with database.begin() as session:
        assert not consents.withdrawn(session, worker, purpose)
        assert consents.withdraw(session, safe, worker_id=worker, purpose=purpose, now=later)
        assert not consents.withdraw(session, safe, worker_id=worker, purpose=purpose, now=later)
        assert consents.withdrawn(session, worker, purpose)
        assert not consents.is_given(session, worker, purpose)
    _give(database, safe, worker, purpose, later)
    with database.read() as session:
        assert not consents.withdrawn(session, worker, purpose)
        rows = session.connection().exec_driver_sql("SELECT count(*) FROM consent").one()
        actions = session.connection().exec_driver_sql(
            "SELECT action, fields FROM audit_entry ORDER BY id"
        )
        assert rows == (2,)
        assert [tuple(row) for row in actions] == [
            ("consented", "proactive"), ("withdrew", "proactive"), ("consented", "proactive"),
        ]  # fmt: skip


def test_new_words_are_asked_for_again(
    database: Database, safe: Safe, worker: int, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    _give(database, safe, worker, Purpose.IDENTITY, now)
    old = in_force(Purpose.IDENTITY)
    new = Text(old.purpose, old.title, 2, old.dated, "新的说明")
    known = {**texts(), Purpose.IDENTITY: (old, new)}
    monkeypatch.setattr(consents, "texts", lambda: known)
    assert not _is_given(database, worker, Purpose.IDENTITY)
    with database.begin() as session:
        given = consents.give(
            session, safe, worker_id=worker, purpose=Purpose.IDENTITY, version=2, now=now
        )
    assert given.text == new and given.since == now
    assert database.fetch("SELECT count(*) FROM consent WHERE withdrawn_at IS NULL") == (1,)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_text_says_plainly_what_for_who_sees_it_and_how_to_take_it_back(purpose: Purpose) -> None:
    versions = texts()[purpose]
    assert [text.version for text in versions] == list(range(1, len(versions) + 1))
    words = versions[-1].text
    for needed in ("谁会看到" if purpose is not Purpose.CHILDREN else "监护人", "撤回"):
        assert needed in words
    sentences = re.split(r"[。！？\n]", words)
    assert max(map(len, sentences)) <= 60
    assert "您" not in words


@pytest.mark.parametrize("purpose", Purpose)
def test_what_was_shown_is_never_changed(purpose: Purpose) -> None:
    for text in texts()[purpose]:
        digest = sha256(f"{text.title}\n{text.text}".encode()).hexdigest()[:16]
        assert SHOWN[f"{purpose} {text.version}"] == digest
