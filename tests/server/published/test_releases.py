"""Releases: all or nothing in force, immutable, and a way back."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session

from server.database.db import Database
from server.database.tables import Release
from server.published import releases
from tests.overlapping import twice_at_once

Triple = tuple[str, str, dict[str, Any]]
FIRST: list[Triple] = [
    ("measure", "shishi-4a", {"title": "失业补助", "amount": 500}),
    ("document", "shishi", {"title": "通知"}),
]


def _publish(database: Database, editions: list[Triple], now: datetime) -> int:
    with database.begin() as session:
        return releases.publish(session, editions, note="", now=now)


def _current(database: Database) -> tuple[int, list[Triple]] | None:
    with database.read() as session:
        return releases.current(session)


def test_nothing_is_in_force_before_the_first_publication(database: Database) -> None:
    assert _current(database) is None


def test_what_is_published_is_in_force_in_its_order(database: Database, now: datetime) -> None:
    release = _publish(database, FIRST, now)
    assert _current(database) == (release, FIRST)


def test_unchanged_content_is_the_same_edition(database: Database, now: datetime) -> None:
    _publish(database, FIRST, now)
    reordered = {"amount": 500, "title": "失业补助"}
    _publish(database, [("measure", "shishi-4a", reordered), FIRST[1]], now)
    assert database.fetch("SELECT count(*) FROM edition") == (2,)
    _publish(database, [("measure", "shishi-4a", {**reordered, "amount": 600}), FIRST[1]], now)
    assert database.fetch("SELECT count(*) FROM edition") == (3,)


def test_a_release_is_pointed_back_to(database: Database, now: datetime) -> None:
    first = _publish(database, FIRST, now)
    second = _publish(database, FIRST[:1], now)
    with database.begin() as session:
        releases.put_in_force(session, first, now)
    assert _current(database) == (first, FIRST)
    with database.read() as session:
        assert [release.id for release in releases.history(session)] == [second, first]


def test_what_is_published_again_in_another_order_is_in_force_in_that_one(
    database: Database, now: datetime
) -> None:
    _publish(database, FIRST, now)
    again = _publish(database, FIRST[::-1], now)
    assert _current(database) == (again, FIRST[::-1])


def test_a_fingerprint_tells_editions_their_keys_and_their_order_apart(
    database: Database, now: datetime
) -> None:
    other = [("measure", "shishi-4b", FIRST[0][2]), FIRST[1]]
    made = [_publish(database, each, now) for each in (FIRST, FIRST[::-1], other, FIRST)]
    with database.read() as session:
        found = [releases.fingerprint(session, release) for release in made]
    assert found[0] == found[3] == releases.fingerprint_of(FIRST)
    assert len(set(found)) == 3


def test_what_is_only_stored_is_not_in_force_and_what_was_in_force_first_stays_so(
    database: Database, now: datetime
) -> None:
    later = now + timedelta(days=1)
    first, second = _publish(database, FIRST, now), _publish(database, FIRST, later)
    with database.begin() as session:
        releases.add(session, FIRST[:1], note="", now=later)
        releases.put_in_force(session, first, later + timedelta(days=1))
    with database.read() as session:
        newest = releases.newest_in_force(session)
        assert newest is not None and newest.id == second
        since = [release.first_in_force_at for release in releases.history(session)]
        assert since == [None, later, now]
        (piece,) = releases.editions_of_piece(session, "measure", "shishi-4a")
        assert (piece.release_id, piece.content) == (first, FIRST[0][2])


def test_two_who_publish_the_same_at_once_follow_one_another(
    database: Database, now: datetime
) -> None:
    def publish(session: Session) -> int:
        return releases.publish(session, FIRST, note="", now=now)

    first, second = twice_at_once(database, publish)
    assert first < second and _current(database) == (second, FIRST)
    assert database.fetch("SELECT count(*) FROM edition") == (2,)


def test_an_unknown_release_cannot_be_pointed_to(database: Database, now: datetime) -> None:
    with pytest.raises(releases.ReleaseUnknown), database.begin() as session:
        releases.put_in_force(session, 7, now)


def test_an_empty_release_is_refused(database: Database, now: datetime) -> None:
    release = _publish(database, FIRST, now)
    with pytest.raises(releases.NothingToPublish):
        _publish(database, [], now)
    assert _current(database) == (release, FIRST)


def test_one_key_twice_is_refused(database: Database, now: datetime) -> None:
    with pytest.raises(releases.EditionTwice, match="shishi-4a"):
        _publish(database, [FIRST[0], FIRST[0]], now)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE edition SET content = '{}'",
        "DELETE FROM release_edition",
        "UPDATE release_edition SET position = 9",
    ],
)
def test_what_was_published_cannot_be_changed(
    database: Database, now: datetime, change: str
) -> None:
    release = _publish(database, FIRST, now)
    with pytest.raises(DatabaseError, match="immutable"), database.begin() as session:
        session.connection().exec_driver_sql(change)
    assert _current(database) == (release, FIRST)


def _publish_and_die(url: str) -> None:
    def killed_half_way() -> Iterator[Triple]:
        yield from FIRST
        yield "measure", "new", {"title": "新的"}

    database = Database(url)
    with database.begin() as session:
        releases.publish(session, killed_half_way(), note="", now=datetime.now(UTC))
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.fault
def test_a_publication_that_is_killed_leaves_the_release_in_force(
    database_url: str, now: datetime, tell: Any
) -> None:
    database = Database(database_url)
    release = _publish(database, FIRST, now)
    publisher = multiprocessing.get_context("fork").Process(
        target=_publish_and_die, args=(database_url,)
    )
    publisher.start()
    publisher.join(60)
    assert publisher.exitcode == -signal.SIGKILL
    tell("pieces of the release in force after a kill", len(_current(database)[1]), len(FIRST))
    assert _current(database) == (release, FIRST)
    assert _publish(database, FIRST, now) > release
    database.release()


def _publish_in_two_steps_and_die(url: str) -> None:
    with Database(url).begin() as session:
        session.add(Release(id=9, note="", created_at=datetime.now(UTC)))
        session.flush()
        releases.put_in_force(session, 9, datetime.now(UTC))
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.fault
def test_a_publication_in_two_steps_is_found_half(
    database_url: str, now: datetime, control: Any
) -> None:
    """The control: put in force first, filled in a second transaction."""
    database = Database(database_url)
    _publish(database, FIRST, now)
    publisher = multiprocessing.get_context("fork").Process(
        target=_publish_in_two_steps_and_die, args=(database_url,)
    )
    publisher.start()
    publisher.join(60)
    found = _current(database)
    assert found == (9, [])
    control("pieces of a release put in force in two steps", len(found[1]), len(FIRST))
    database.release()
