"""What begins in another process before something else, or the same job, has ended."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from sqlmodel import Session

from server.db import Database

_A_WHILE = 0.3
"""Seconds in which the second gets as far as it can without the first."""


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
                wait([second], timeout=_A_WHILE)
                then(session)
            return first, second.result()
    finally:
        door.release()
