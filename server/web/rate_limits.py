"""How often one may do something, counted where all workers of the service see it.

A person counts before an address: the many behind one factory's address are told apart by their
sessions, and only what nobody signed is counted for the address.
"""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Any

import structlog
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import bindparam, delete, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col

from server.clock import Clock
from server.confidential.sealing import Safe
from server.database.db import Database, DatabaseBusy
from server.database.tables import Instant, RateCount
from server.settings import Settings

# Of a limit, a process counts so much by itself: who writes now and then costs no write.
_QUIET_SHARE = 10
_MOST_KEPT = 50_000

_log = structlog.get_logger()


class Limit(StrEnum):
    """What is counted, and for whom."""

    CHAT = "chat"
    CHAT_ADDRESS = "chat_address"
    SIGN_IN = "sign_in"
    SIGN_IN_ADDRESS = "sign_in_address"
    WECHAT = "wechat"
    JOIN = "join"
    """Codes of joint reports that one worker tries."""
    UPLOAD = "upload"
    """Files that one worker announces: those that were deleted since count, too."""
    STAFF = "staff"
    """Tries to sign in to one account from browsers that are not known there."""
    STAFF_DEVICE = "staff_device"
    """The same from one where the officer has signed in before: guessing elsewhere leaves it."""
    STAFF_ADDRESS = "staff_address"
    TILL_ADDRESS = "till_address"
    """Tries to sign a phone in at a till, by address."""
    TILL_CODE = "till_code"
    """Codes of cards that one merchant tries and that fit nothing."""


class Limits:
    """The limits of the settings over one store; safe between threads and across a fork."""

    def __init__(
        self, safe: Safe, rates: Mapping[Limit, str], storage: Storage, clock: Clock
    ) -> None:
        self._safe = safe
        self._items = {limit: parse_many(rate) for limit, rate in rates.items()}
        self._limiter = FixedWindowRateLimiter(storage)
        self._clock = clock
        self._quiet = _QuietCounts()
        self._blocked: dict[str, datetime] = {}

    def wait(self, limit: Limit, who: str) -> int:
        """0: go on, it is counted; otherwise the seconds until it may be tried again.

        A store that is out of order stops nobody. `who` is never stored, only a keyed hash of it.
        """
        name = self._safe.hash("rate", limit, who)[:32]
        now = self._clock()
        blocked_until = self._blocked.get(name, now)
        if blocked_until > now:
            return _seconds(blocked_until - now)
        try:
            return max(self._over(item, item.key_for(limit, name), now, (limit, name))
                       for item in self._items[limit])  # fmt: skip
        except StorageError as error:
            _log.warning("rate_not_counted", limit=limit, reason=type(error).__name__)
            return 0

    def left(self, limit: Limit, who: str) -> int:
        """The seconds until it may be tried again, 0: now; looking counts for nothing."""
        name = self._safe.hash("rate", limit, who)[:32]
        now = self._clock()
        blocked_until = self._blocked.get(name, now)
        if blocked_until > now:
            return _seconds(blocked_until - now)
        try:
            return max(0 if self._limiter.test(item, limit, name)
                       else self._until_anew(item, (limit, name), now)
                       for item in self._items[limit])  # fmt: skip
        except StorageError as error:
            _log.warning("rate_not_counted", limit=limit, reason=type(error).__name__)
            return 0

    def _over(self, item: RateLimitItem, key: str, now: datetime, who: tuple[str, str]) -> int:
        quiet = item.amount // _QUIET_SHARE
        count = self._quiet.add(key, now, timedelta(seconds=item.get_expiry()))
        if count <= quiet:
            return 0
        # What was counted quietly before is told with the first that is told at all.
        if self._limiter.hit(item, *who, cost=count if count == quiet + 1 else 1):
            return 0
        return self._until_anew(item, who, now)

    def _until_anew(self, item: RateLimitItem, who: tuple[str, str], now: datetime) -> int:
        ends_at = self._limiter.get_window_stats(item, *who).reset_time
        left = timedelta(seconds=ends_at - now.timestamp())
        # Whoever hammers on costs no more writes.
        if len(self._blocked) >= _MOST_KEPT:
            self._blocked.clear()
        self._blocked[who[1]] = now + left
        return _seconds(left)


def make_limits(settings: Settings, database: Database, safe: Safe, clock: Clock) -> Limits:
    """The limits of the settings, counted in Redis where there is one, else in the database."""
    rates = {limit: getattr(settings, f"rate_{limit}") for limit in Limit}
    storage: Storage
    if settings.redis_url is None:
        storage = DatabaseStorage(database, clock)
    else:
        storage = redis_storage(settings.redis_url.get_secret_value())
    return Limits(safe, rates, storage, clock)


def redis_storage(url: str, **options: Any) -> Storage:
    """A store in Redis that nobody waits long for."""
    found = storage_from_string(
        url, wrap_exceptions=True, socket_timeout=0.5, socket_connect_timeout=0.5, **options
    )
    assert isinstance(found, Storage)
    return found


def forget_over(session: Session, *, now: datetime) -> int:
    """Deletes the counts of windows that are over and returns their number."""
    gone = session.connection().execute(delete(RateCount).where(col(RateCount.ends_at) <= now))
    return gone.rowcount


class DatabaseStorage(Storage):
    """Counts of fixed windows in the service's own database."""

    STORAGE_SCHEME = None

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(wrap_exceptions=True)
        self._database = database
        self._clock = clock

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """What says that the store is out of order."""
        return (DatabaseBusy, OperationalError)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, in a new window where the last one is over."""
        now = self._clock()
        values = {"key": key, "amount": amount}
        ends_at = now + timedelta(seconds=expiry)
        statement = _COUNT.bindparams(
            bindparam("now", now, Instant()), bindparam("ends_at", ends_at, Instant())
        )
        with self._database.begin() as session:
            return int(session.execute(statement, values).scalar_one())

    def get(self, key: str) -> int:
        """The count of the window."""
        found = self._window(key)
        return 0 if found is None else found.count

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since 1970."""
        found = self._window(key)
        return (self._clock() if found is None else found.ends_at).timestamp()

    def check(self) -> bool:
        """Whether the database can be read."""
        self._window("")
        return True

    def reset(self) -> int:
        """Forget all counts."""
        with self._database.begin() as session:
            return session.connection().execute(delete(RateCount)).rowcount

    def clear(self, key: str) -> None:
        """Forget one count."""
        with self._database.begin() as session:
            session.execute(delete(RateCount).where(col(RateCount.key) == key))

    def _window(self, key: str) -> RateCount | None:
        with self._database.read() as session:
            found = session.get(RateCount, key)
        return found if found is not None and found.ends_at > self._clock() else None


_COUNT = text(
    "INSERT INTO rate_count (key, count, ends_at) VALUES (:key, :amount, :ends_at)"
    " ON CONFLICT (key) DO UPDATE SET"
    " count = CASE WHEN rate_count.ends_at > :now THEN rate_count.count ELSE 0 END"
    " + excluded.count,"
    " ends_at = CASE WHEN rate_count.ends_at > :now THEN rate_count.ends_at"
    " ELSE excluded.ends_at END"
    " RETURNING count"
)


def _seconds(left: timedelta) -> int:
    return max(1, ceil(left.total_seconds()))


class _QuietCounts:
    """Counts of this process by key, each until its window ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, datetime]] = {}

    def add(self, key: str, now: datetime, window: timedelta) -> int:
        with self._lock:
            count, ends_at = self._counts.get(key, (0, now))
            if ends_at <= now:
                count, ends_at = 0, now + window
            if len(self._counts) >= _MOST_KEPT:
                self._counts.clear()
            self._counts[key] = (count + 1, ends_at)
            return count + 1
