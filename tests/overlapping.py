"""A job that begins a second time, in another process, before it has ended the first time."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from sqlmodel import Session

from server.db import Database

_A_WHILE = 0.3
"""Seconds in which the second gets as far as it can without the first."""


def twice_at_once(database: Database, job: Callable[[Session], int]) -> tuple[int, int]:
    """What the first and the second of two that overlap have done; raises what the second does."""
    door = Database(database.engine.url.render_as_string(hide_password=False))

    def run() -> int:
        with door.begin() as session:
            return job(session)

    try:
        with ThreadPoolExecutor(1) as pool:
            with database.begin() as session:
                first = job(session)
                second: Future[int] = pool.submit(run)
                wait([second], timeout=_A_WHILE)
            return first, second.result()
    finally:
        door.release()
