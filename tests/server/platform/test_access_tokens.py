"""One token for all processes: fetched once, and by another where the one who fetched it died."""

import threading
from datetime import datetime, timedelta

import pytest

from server.confidential.sealing import Safe
from server.database.db import Database
from server.platform import access_tokens
from server.platform.access_tokens import AccessTokens, TokenAwaited
from tests.conftest import HandClock

HOUR = timedelta(hours=1)


class Source:
    """A platform that gives a new token each time."""

    def __init__(self) -> None:
        self.asked: list[bool] = []

    def __call__(self, force: bool) -> tuple[str, timedelta]:
        self.asked.append(force)
        return f"token-{len(self.asked)}", HOUR


@pytest.fixture
def tokens(database: Database, safe: Safe, clock: HandClock) -> AccessTokens:
    return AccessTokens(database, safe, clock)


def test_a_token_is_kept_for_all_until_just_before_its_end(
    tokens: AccessTokens, database: Database, safe: Safe, clock: HandClock
) -> None:
    source = Source()
    assert tokens.get("app", source) == "token-1"
    elsewhere = AccessTokens(database, safe, clock)
    clock.now += HOUR - timedelta(minutes=2)
    assert elsewhere.get("app", source) == "token-1"
    clock.now += timedelta(minutes=1)
    assert elsewhere.get("app", source) == "token-2"
    assert tokens.get("another app", source) == "token-3"


def test_a_refused_token_is_replaced_once(tokens: AccessTokens) -> None:
    source = Source()
    first = tokens.get("app", source)
    assert tokens.get("app", source, refused=first) == "token-2"
    # Another process that was refused the first finds the second.
    assert tokens.get("app", source, refused=first) == "token-2"
    assert source.asked == [False, False]


def test_a_platform_that_clings_to_the_refused_token_is_forced(tokens: AccessTokens) -> None:
    asked: list[bool] = []

    def clinging(force: bool) -> tuple[str, timedelta]:
        asked.append(force)
        return ("new" if force else "old"), HOUR

    assert tokens.get("app", clinging) == "old"
    assert tokens.get("app", clinging, refused="old") == "new"
    assert asked == [False, False, True]


def test_a_failed_fetch_leaves_the_way_free(tokens: AccessTokens) -> None:
    def failing(force: bool) -> tuple[str, timedelta]:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        tokens.get("app", failing)
    assert tokens.get("app", Source()) == "token-1"


def test_the_lease_of_a_dead_process_runs_out(
    tokens: AccessTokens, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_tokens, "_WAITING_SECONDS", 0.1)

    def dying(force: bool) -> tuple[str, timedelta]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tokens.get("app", dying)
    with pytest.raises(TokenAwaited):
        tokens.get("app", Source())
    clock.now += access_tokens.LEASE
    assert tokens.get("app", Source()) == "token-1"


def test_a_token_sealed_with_a_lost_key_is_fetched_anew(
    tokens: AccessTokens, database: Database, clock: HandClock
) -> None:
    tokens.get("app", Source())
    rekeyed = AccessTokens(database, Safe({"k2": b"k" * 32}, b"secret"), clock)
    assert rekeyed.get("app", lambda _: ("other", HOUR)) == "other"


def _all_at_once(tokens: AccessTokens, source: Source, number: int) -> list[str]:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(tokens.get("app", source)))
        for _ in range(number)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_all_who_ask_at_once_share_one_fetch(tokens: AccessTokens) -> None:
    source = Source()
    assert _all_at_once(tokens, source, 20) == ["token-1"] * 20
    assert len(source.asked) == 1


def test_without_the_lease_each_would_fetch(
    tokens: AccessTokens, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr(AccessTokens, "_lease", lambda *_: True)
    source = Source()
    barrier = threading.Barrier(5)

    def slow(force: bool) -> tuple[str, timedelta]:
        barrier.wait(60)
        return source(force)

    _all_at_once(tokens, slow, 5)  # type: ignore[arg-type]
    assert len(source.asked) == 5
