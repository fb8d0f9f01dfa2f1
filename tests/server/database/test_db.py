"""The database: what is committed stays, what fails leaves nothing, readers do not write."""

import multiprocessing
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlmodel import select

from server.database import db
from server.database.db import Database, DatabaseBusy, DatabaseRefused
from server.database.tables import Release, stored_instant
from server.web.problems import problem_of


def test_a_finished_block_is_committed(database: Database, now: datetime) -> None:
    with database.begin() as session:
        session.add(Release(note="first", created_at=now))
    with database.read() as session:
        assert [release.note for release in session.exec(select(Release))] == ["first"]


def test_a_failed_block_leaves_nothing(database: Database, now: datetime) -> None:
    with pytest.raises(RuntimeError), database.begin() as session:
        session.add(Release(note="first", created_at=now))
        session.flush()
        raise RuntimeError
    assert database.fetch("SELECT count(*) FROM release") == (0,)


def test_a_reader_cannot_write(database: Database, now: datetime) -> None:
    with database.read() as session, pytest.raises(DatabaseError):
        session.add(Release(note="sneaked in", created_at=now))
        session.flush()
    with database.begin() as session:
        session.add(Release(note="by the gateway", created_at=now))


def test_a_reader_sees_one_state(database: Database, now: datetime) -> None:
    with database.read() as reader:
        assert reader.execute(text("SELECT count(*) FROM release")).scalar() == 0
        with database.begin() as writer:
            writer.add(Release(note="meanwhile", created_at=now))
        assert reader.execute(text("SELECT count(*) FROM release")).scalar() == 0


def test_an_instant_comes_back_as_it_was(database: Database) -> None:
    instant = datetime(2022, 4, 10, 23, 59, 59, 999999, tzinfo=UTC)
    with database.begin() as session:
        session.add(Release(note="", created_at=instant))
    with database.read() as session:
        assert session.exec(select(Release)).one().created_at == instant


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError):
        stored_instant(datetime(2022, 4, 10))


def test_a_second_writer_that_waits_too_long_is_told(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(sqlite_url)
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.05)
    with database.begin(), pytest.raises(DatabaseBusy), database.begin():
        pass


def test_a_writer_of_another_process_is_waited_for_then_told(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.05)
    first, second = Database(sqlite_url), Database(sqlite_url)
    with first.begin(), pytest.raises(DatabaseBusy), second.begin():
        pass


def test_sqlite_is_durable_and_checks_foreign_keys(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    asked = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert {name: database.fetch(f"PRAGMA {name}") for name in asked} == {
        name: (value,) for name, value in asked.items()
    }
    database.release()


def test_a_sqlite_that_can_lose_commits_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.sqlite_driver, "sqlite_version_info", (3, 51, 2))
    with pytest.raises(DatabaseRefused, match=r"3\.51\.3"):
        Database(f"sqlite:///{tmp_path / 'x.db'}")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "nonsense"])
def test_an_address_that_cannot_serve_is_refused(url: str) -> None:
    with pytest.raises(DatabaseRefused):
        Database(url)


def test_a_connection_that_the_server_closed_is_replaced(postgres_url: str) -> None:
    database = Database(postgres_url)
    row = database.fetch("SELECT pg_backend_pid()")
    assert row is not None
    with database.begin() as session:
        session.execute(text(f"SELECT pg_terminate_backend({row[0]}, 1000)"))
    assert database.fetch("SELECT 1") == (1,)
    database.release()


def test_postgresql_runs_a_query_at_once_however_much_there_is(postgres_url: str) -> None:
    """Of a page of the audit it compiled the query for twelve seconds, to run it in a tenth."""
    database = Database(postgres_url)
    assert database.fetch("SHOW jit") == ("off",)
    database.release()


def test_a_server_that_takes_us_and_says_nothing_is_away_soon() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = Database(f"postgresql://x:y@127.0.0.1:{silent.getsockname()[1]}/x")
        began = time.monotonic()
        with pytest.raises(database.unavailable) as raised:
            database.fetch("SELECT 1")
    assert time.monotonic() - began < 20
    assert db.is_away(raised.value)


def test_whoever_waits_for_each_other_is_told_that_many_are_at_it(
    postgres_url: str, now: datetime
) -> None:
    database = Database(postgres_url)
    with database.begin() as session:
        session.add_all([Release(id=id, note="", created_at=now) for id in (1, 2)])
    locks = text("SELECT note FROM release WHERE id = :id FOR UPDATE")
    meet = threading.Barrier(2)

    def cross(first: int, second: int) -> str:
        try:
            with database.begin() as session:
                session.execute(locks, {"id": first})
                meet.wait()
                session.execute(locks, {"id": second})
        except DBAPIError as error:
            return problem_of(error).code
        return ""

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(cross, (1, 2), (2, 1))) == ["", "busy"]
    database.release()


def _count_up(url: str, times: int) -> None:
    database = Database(url)
    # SQLite lets one writer in at a time; PostgreSQL locks the row.
    lock = "" if database.is_sqlite else " FOR UPDATE"
    for _ in range(times):
        with database.begin() as session:
            seen = session.execute(text(f"SELECT note FROM release{lock}")).scalar_one()
            session.execute(text("UPDATE release SET note = :note"), {"note": str(int(seen) + 1)})
    database.release()


@pytest.mark.fault
def test_processes_that_count_at_once_lose_no_count(database: Database, now: datetime) -> None:
    with database.begin() as session:
        session.add(Release(note="0", created_at=now))
    url = database.engine.url.render_as_string(hide_password=False)
    fork = multiprocessing.get_context("fork")
    counters = [fork.Process(target=_count_up, args=(url, 50)) for _ in range(4)]
    for counter in counters:
        counter.start()
    for counter in counters:
        counter.join(60)
    assert [counter.exitcode for counter in counters] == [0] * 4
    assert database.fetch("SELECT note FROM release") == ("200",)


def test_an_error_does_not_repeat_what_was_to_be_written(database: Database) -> None:
    with pytest.raises(DBAPIError) as failed, database.begin() as session:
        session.execute(text("INSERT INTO nowhere VALUES (:name)"), {"name": "canary"})
    assert "nowhere" in str(failed.value) and "canary" not in str(failed.value)
