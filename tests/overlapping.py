"""What begins in another process before something else, or the same job, has ended."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from sqlmodel import Session

from server.database.db import Database

_AT_MOST_SECONDS = 60
_WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def let_come(database: Database, *others: Future[Any]) -> None:
    """Return once the others have got as far as they can while the first is not committed.

    On PostgreSQL each has ended or waits for a lock then, however late its thread was. On SQLite
    they wait before their transactions have begun: when they come there makes no difference.
    """
    come_to(database, lambda: sum(not other.done() for other in others))


def come_to(database: Database, still: Callable[[], int]) -> None:
    """The same where as many as `still` says have not ended."""
    if database.is_sqlite:
        return
    until = time.monotonic() + _AT_MOST_SECONDS
    while (database.fetch(_WAITING) or (0,)) < (still(),):
        assert time.monotonic() < until, "who is to come neither waits nor ends"
        time.sleep(0.01)


def twice_at_once(database: Database, job: Callable[[Session], int]) -> tuple[int, int]:
    """What a job has done that overlaps with itself; raises what the second one does."""
    return both_at_once(database, job, job)


def both_at_once(
    database: Database,
    one: Callable[[Session], int],
    other: Callable[[Session], int],
    then: Callable[[Session], object] = lambda _: None,
) -> tuple[int, int]:
    """What the first and the second of two that overlap have done; raises what the second does.

    `then`: with what the first ends, in its transaction, once the second has got as far as it can.
    """
    door = Database(database.engine.url.render_as_string(hide_password=False))

    def run() -> int:
        with door.begin() as session:
            return other(session)

    try:
        with ThreadPoolExecutor(1) as pool:
            with database.begin() as session:
                first = one(session)
                second: Future[int] = pool.submit(run)
                let_come(database, second)
                then(session)
            return first, second.result()
    finally:
        door.release()
