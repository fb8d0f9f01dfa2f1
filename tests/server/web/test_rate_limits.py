"""Limits are counted for all workers together, a person's apart from everybody else's."""

import threading
from datetime import timedelta

import fakeredis
import pytest
import redis
from limits.storage import Storage
from sqlalchemy.exc import OperationalError

from server.confidential.sealing import Safe
from server.database.db import Database
from server.web.rate_limits import DatabaseStorage, Limit, Limits, forget_over, redis_storage
from tests.conftest import HandClock

RATES = dict.fromkeys(Limit, "10/minute") | {Limit.WECHAT: "5/minute;8/hour"}


@pytest.fixture
def storage(database: Database, clock: HandClock) -> Storage:
    return DatabaseStorage(database, clock)


def _allowed(limits: Limits, who: str, tries: int, limit: Limit = Limit.CHAT) -> int:
    return sum(limits.wait(limit, who) == 0 for _ in range(tries))


def test_so_many_are_let_through_and_then_none_until_the_window_ends(
    storage: Storage, safe: Safe, clock: HandClock
) -> None:
    limits = Limits(safe, RATES, storage, clock)
    assert _allowed(limits, "wang", 25) == 10
    assert 55 <= limits.wait(Limit.CHAT, "wang") <= 61
    clock.now += timedelta(seconds=61)
    assert _allowed(limits, "wang", 25) == 10


def test_who_writes_now_and_then_costs_no_write(
    storage: Storage, safe: Safe, database: Database, clock: HandClock
) -> None:
    limits = Limits(safe, RATES, storage, clock)
    for _ in range(3):
        assert limits.wait(Limit.CHAT, "wang") == 0
        clock.now += timedelta(seconds=61)
    assert database.fetch("SELECT count(*) FROM rate_count") == (0,)


def test_whoever_hammers_on_is_counted_no_more(
    storage: Storage, safe: Safe, database: Database, clock: HandClock
) -> None:
    limits = Limits(safe, RATES, storage, clock)
    _allowed(limits, "wang", 200)
    assert database.fetch("SELECT count FROM rate_count") == (11,)
    # Another process that meets them first asks the store.
    assert _allowed(Limits(safe, RATES, storage, clock), "wang", 20) <= 1


def test_looking_whether_somebody_is_stopped_counts_for_nothing(
    storage: Storage, safe: Safe, clock: HandClock
) -> None:
    limits = Limits(safe, RATES, storage, clock)
    assert [limits.left(Limit.CHAT, "wang") for _ in range(20)] == [0] * 20
    assert _allowed(limits, "wang", 25) == 10
    # Another process asks the store.
    for each in (limits, Limits(safe, RATES, storage, clock)):
        assert 55 <= each.left(Limit.CHAT, "wang") <= 61
        assert each.left(Limit.CHAT, "li") == 0
    clock.now += timedelta(seconds=61)
    assert limits.left(Limit.CHAT, "wang") == 0


def test_one_person_blocks_no_other_and_no_other_thing(
    storage: Storage, safe: Safe, clock: HandClock
) -> None:
    limits = Limits(safe, RATES, storage, clock)
    _allowed(limits, "wang", 25)
    assert limits.wait(Limit.CHAT, "li") == 0
    assert limits.wait(Limit.SIGN_IN, "wang") == 0


def test_of_several_rates_the_strictest_holds(
    storage: Storage, safe: Safe, clock: HandClock
) -> None:
    limits = Limits(safe, RATES, storage, clock)
    assert _allowed(limits, "wang", 9, Limit.WECHAT) == 5
    clock.now += timedelta(minutes=2)
    assert _allowed(limits, "wang", 9, Limit.WECHAT) <= 3


def test_two_processes_count_together(storage: Storage, safe: Safe, clock: HandClock) -> None:
    one, other = (Limits(safe, RATES, storage, clock) for _ in range(2))
    allowed = sum(_allowed(limits, "wang", 1) for _ in range(20) for limits in (one, other))
    # Each counts a tenth by itself.
    assert 10 <= allowed <= 11


def test_apart_they_would_let_through_twice_as_much(
    database: Database, safe: Safe, clock: HandClock
) -> None:
    class Own(DatabaseStorage):
        def incr(self, key: str, expiry: int, amount: int = 1) -> int:
            return super().incr(f"{id(self)} {key}", expiry, amount)

    apart = [Limits(safe, RATES, Own(database, clock), clock) for _ in range(2)]
    assert sum(_allowed(limits, "wang", 20) for limits in apart) == 20


def test_many_at_once_are_counted(storage: Storage, safe: Safe, clock: HandClock) -> None:
    limits = Limits(safe, RATES, storage, clock)
    allowed: list[int] = []
    threads = [
        threading.Thread(target=lambda: allowed.append(_allowed(limits, "wang", 5)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # What a process counts by itself may come to the store a little late.
    assert 10 <= sum(allowed) <= 11


def test_a_store_out_of_order_stops_nobody(
    database: Database, safe: Safe, clock: HandClock
) -> None:
    class Broken(DatabaseStorage):
        def incr(self, key: str, expiry: int, amount: int = 1) -> int:
            raise OperationalError("", None, Exception("gone"))

    assert _allowed(Limits(safe, RATES, Broken(database, clock), clock), "wang", 25) == 25
    nowhere = Limits(safe, RATES, redis_storage("redis://127.0.0.1:1/0"), clock)
    assert _allowed(nowhere, "wang", 12) == 12


def test_nobody_is_stored_by_name_and_what_is_over_is_forgotten(
    storage: Storage, safe: Safe, database: Database, clock: HandClock
) -> None:
    _allowed(Limits(safe, RATES, storage, clock), "canary-openid", 5)
    row = database.fetch("SELECT key, count FROM rate_count")
    assert row is not None and row[1] == 5 and "canary" not in row[0]
    with database.begin() as session:
        assert forget_over(session, now=clock.now + timedelta(seconds=59)) == 0
        assert forget_over(session, now=clock.now + timedelta(seconds=60)) == 1


def test_the_store_can_be_asked_and_emptied(storage: Storage, clock: HandClock) -> None:
    assert (storage.get("k"), storage.check()) == (0, True)
    storage.incr("k", 60, 3)
    storage.incr("l", 60)
    assert storage.get("k") == 3 and storage.get_expiry("k") == clock.now.timestamp() + 60
    storage.clear("k")
    assert (storage.get("k"), storage.reset()) == (0, 1)


def test_redis_counts_the_same(safe: Safe) -> None:
    from server.clock import utc_now

    server = fakeredis.FakeServer()
    storages = [
        redis_storage(
            "redis://stand-in:6379/0",
            connection_pool=redis.ConnectionPool(
                connection_class=fakeredis.FakeRedisConnection, server=server
            ),
        )
        for _ in range(2)
    ]
    one, other = (Limits(safe, RATES, storage, utc_now) for storage in storages)
    allowed = sum(_allowed(limits, "wang", 1) for _ in range(20) for limits in (one, other))
    assert 10 <= allowed <= 11
    assert 50 <= one.wait(Limit.CHAT, "wang") <= 62
