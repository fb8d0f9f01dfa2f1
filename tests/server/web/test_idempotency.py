"""Writes that come twice happen once, also at the same moment, and share a commit."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col

from server.confidential.sealing import Safe
from server.database.db import Database, DatabaseBusy
from server.database.tables import IdempotentReply, RateCount, Worker
from server.web import idempotency
from server.web.idempotency import Intent, KeyReused, Reply, StillInFlight
from server.web.problems import problem_of
from tests.verifying import size


@pytest.fixture
def worker(database: Database, now: datetime) -> int:
    with database.begin() as session:
        made = Worker(created_at=now)
        session.add(made)
        session.flush()
        assert made.id is not None
        return made.id


class Effect:
    """Something that must happen once: a row for each time it happens."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._times = 0
        self._counting = threading.Lock()

    def __call__(self, session: Session) -> Reply:
        with self._counting:
            self._times += 1
            key = f"effect {self._times}"
        session.add(RateCount(key=key, count=1, ends_at=self._now))
        session.flush()
        return Reply(201, key)

    @staticmethod
    def rows(database: Database) -> int:
        with database.read() as session:
            return session.scalar(select(func.count()).select_from(RateCount)) or 0


def at_once(number: int, act: Callable[[int], Any]) -> list[Any]:
    """What `act` returns or raises in so many threads that begin together."""
    start = threading.Barrier(number)
    found: list[Any] = []

    def run(place: int) -> None:
        start.wait()
        try:
            found.append(act(place))
        except Exception as error:
            found.append(error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_the_second_gets_the_reply_of_the_first(
    database: Database, safe: Safe, worker: int, now: datetime
) -> None:
    effect = Effect(now)
    intent = Intent(worker, "key-00001", b"POST /x")
    first = idempotency.once(database, safe, intent, effect, now=now)
    second = idempotency.once(database, safe, intent, effect, now=now)
    assert (first.body, first.replayed) == ("effect 1", False)
    assert second == Reply(201, "effect 1", replayed=True)
    assert effect.rows(database) == 1


def test_a_key_stands_for_one_request_only(
    database: Database, safe: Safe, worker: int, now: datetime
) -> None:
    effect = Effect(now)
    idempotency.once(database, safe, Intent(worker, "key-00001", b"a"), effect, now=now)
    with pytest.raises(KeyReused):
        idempotency.once(database, safe, Intent(worker, "key-00001", b"b"), effect, now=now)


def test_what_fails_leaves_nothing_and_the_key_free(
    database: Database, safe: Safe, worker: int, now: datetime
) -> None:
    effect = Effect(now)
    intent = Intent(worker, "key-00001", b"a")

    def half(session: Session) -> Reply:
        effect(session)
        raise LookupError

    with pytest.raises(LookupError):
        idempotency.once(database, safe, intent, half, now=now)
    assert effect.rows(database) == 0
    assert not idempotency.once(database, safe, intent, effect, now=now).replayed
    assert effect.rows(database) == 1


def test_the_reply_is_sealed(database: Database, safe: Safe, worker: int, now: datetime) -> None:
    intent = Intent(worker, "key-00001", b"a")
    idempotency.once(
        database, safe, intent, lambda session: Reply(200, "350581197001011234"), now=now
    )
    row = database.fetch("SELECT sealed_body, fingerprint FROM idempotent_reply")
    assert row is not None
    assert "350581" not in row[0]


@pytest.mark.fault
def test_fifty_at_once_with_one_key_do_it_once(
    database: Database, safe: Safe, worker: int, now: datetime, tell: Any
) -> None:
    effect = Effect(now)
    rounds = size(2, 200)
    for number in range(rounds):
        intent = Intent(worker, f"round-{number:05}", b"a")

        def ask(_: int, intent: Intent = intent) -> Reply:
            return idempotency.once(database, safe, intent, effect, now=now)

        found = at_once(50, ask)
        assert len({reply.body for reply in found}) == 1, found
        assert [reply.replayed for reply in found].count(False) == 1
    tell("effects of 50 at once with one key, all rounds", effect.rows(database), rounds)
    assert effect.rows(database) == rounds


def test_without_a_key_each_of_them_does_it(
    database: Database, safe: Safe, worker: int, now: datetime
) -> None:
    """The control: a key of its own for each is no protection."""
    effect = Effect(now)

    def ask(place: int) -> Reply:
        intent = Intent(worker, f"own-key-{place:05}", b"a")
        return idempotency.once(database, safe, intent, effect, now=now)

    at_once(10, ask)
    assert effect.rows(database) == 10


def test_what_is_in_flight_for_long_is_told_so(
    database: Database, safe: Safe, worker: int, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.database.db.BUSY_SECONDS", 0.3)
    monkeypatch.setattr("server.web.idempotency.BUSY_SECONDS", 1)
    intent = Intent(worker, "key-00001", b"a")
    begun, go_on = threading.Event(), threading.Event()

    def slow(session: Session) -> Reply:
        begun.set()
        go_on.wait(60)
        return Reply(200, "slow")

    first: list[Reply] = []
    thread = threading.Thread(
        target=lambda: first.append(idempotency.once(database, safe, intent, slow, now=now))
    )
    thread.start()
    begun.wait()
    with pytest.raises(StillInFlight):
        idempotency.once(database, safe, intent, Effect(now), now=now)
    go_on.set()
    thread.join()
    assert first == [Reply(200, "slow")]
    again = idempotency.once(database, safe, intent, Effect(now), now=now)
    assert again == Reply(200, "slow", replayed=True)


def test_what_another_write_holds_for_long_is_no_fault_of_ours(
    database: Database,
    database_url: str,
    safe: Safe,
    worker: int,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server.database.db.BUSY_SECONDS", 0.3)
    monkeypatch.setattr("server.web.idempotency.BUSY_SECONDS", 1)
    with database.begin() as session:
        session.add(RateCount(key="row", count=1, ends_at=now))
    adding = update(RateCount).values(count=RateCount.count + 1)

    def act(session: Session) -> Reply:
        session.execute(adding)
        return Reply(200, "added")

    intent = Intent(worker, "key-00001", b"a")
    elsewhere = Database(database_url)
    with elsewhere.begin() as session:
        session.execute(adding)
        with pytest.raises((DatabaseBusy, OperationalError)) as refused:
            idempotency.once(database, safe, intent, act, now=now)
    elsewhere.release()
    told = problem_of(refused.value)
    assert (told.status, told.code) == (503, "busy")
    # The key stayed free: the phone that tries again gets it done.
    assert idempotency.once(database, safe, intent, act, now=now) == Reply(200, "added")


def test_those_who_wait_share_a_commit_and_one_that_fails_undoes_only_itself(
    database: Database, now: datetime
) -> None:
    def act(place: int) -> Any:
        def write(session: Session) -> int:
            session.add(RateCount(key=f"row {place}", count=place, ends_at=now))
            session.flush()
            if place % 3 == 0:
                raise LookupError(place)
            return place

        return database.together(write)

    found = at_once(24, act)
    failed = [error for error in found if isinstance(error, LookupError)]
    assert sorted(error.args[0] for error in failed) == list(range(0, 24, 3))
    with database.read() as session:
        rows = set(session.scalars(select(col(RateCount.count))))
    assert rows == {place for place in range(24) if place % 3}


def test_a_commit_that_fails_fails_for_all_who_share_it(sqlite_url: str, now: datetime) -> None:
    database = Database(sqlite_url)
    row = "INSERT INTO idempotent_reply (id, worker_id, fingerprint, at, status)"

    def orphan(session: Session) -> None:
        # Allowed until the end of the transaction: only the commit fails.
        session.execute(text("PRAGMA defer_foreign_keys=ON"))
        session.execute(text(f"{row} VALUES ('x', 4711, 'f', 'now', 0)"))

    def write(session: Session) -> None:
        session.add(RateCount(key="row", count=1, ends_at=now))

    with database.gate():
        threads = [
            threading.Thread(target=lambda act=act: outcomes.append(attempt(database, act)))
            for act in (orphan, write)
        ]
        outcomes: list[bool] = []
        for thread in threads:
            thread.start()
        while len(database._line) < 2:
            pass
    for thread in threads:
        thread.join()
    assert outcomes == [False, False]
    assert database.fetch("SELECT count(*) FROM rate_count") == (0,)
    database.release()


def test_nobody_is_told_of_a_write_before_the_log_is_on_the_disk(
    sqlite_url: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(sqlite_url)
    goes_on = threading.Event()
    synced: list[int] = []
    begun = threading.Event()

    def slow(file: int) -> None:
        begun.set()
        assert goes_on.wait(60)
        synced.append(file)

    monkeypatch.setattr("os.fdatasync", slow)
    told: list[int] = []

    def write(place: int) -> None:
        row = RateCount(key=f"row {place}", count=place, ends_at=now)
        database.together(lambda session: session.add(row))
        told.append(len(synced))

    threads = [threading.Thread(target=write, args=(place,)) for place in range(5)]
    threads[0].start()
    assert begun.wait(60)
    for thread in threads[1:]:
        thread.start()
    # While the first waits for the disk the others are written, and nobody is told.
    until = time.monotonic() + 60
    while database.fetch("SELECT count(*) FROM rate_count") != (5,):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert told == []
    goes_on.set()
    for thread in threads:
        thread.join()
    # The first wait is not enough for those who came during it; one more is, for all of them.
    assert len(synced) == 2 and sorted(told)[1:] == [2, 2, 2, 2]
    database.release()


def test_a_disk_that_failed_once_is_not_trusted_again(
    sqlite_url: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(sqlite_url)

    def write(place: int) -> None:
        row = RateCount(key=f"row {place}", count=place, ends_at=now)
        database.together(lambda session: session.add(row))

    def fail(_file: int) -> None:
        raise OSError("the disk is gone")

    write(1)
    with monkeypatch.context() as patched:
        patched.setattr("os.fdatasync", fail)
        with pytest.raises(OSError, match="gone"):
            write(2)
    # What a failed sync lost no later one brings, and it may lie before what is written now.
    with pytest.raises(OSError, match="before"):
        write(3)
    database.release()


def attempt(database: Database, act: Callable[[Session], None]) -> bool:
    try:
        database.together(act)
    except Exception:
        return False
    return True


def test_nothing_of_a_reply_is_left_where_the_worker_is_gone(
    database: Database, safe: Safe, worker: int, now: datetime
) -> None:
    intent = Intent(worker, "key-00001", b"a")
    idempotency.once(database, safe, intent, Effect(now), now=now)
    with database.begin() as session:
        session.execute(text("DELETE FROM worker"))
        assert session.scalars(select(IdempotentReply)).all() == []
