"""Writes that wait at the same time share one transaction of SQLite, and so one wait for the disk.

Whoever gets the lock runs all that waits, each part under a savepoint of its own, and commits once.
The transaction runs on a connection that is kept: taking one from the pool and giving it back costs
more than the statements of a write.
"""

from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlmodel import Session

DRIVER = "nuangang_driver"
"""Where a session keeps its driver's connection: (transaction or None, connection, is SQLite)."""
_AT_ONCE = 64

T = TypeVar("T")


class Waiting(Generic[T]):
    """Something that waits to be run in a transaction, and what came of it."""

    def __init__(self, act: Callable[[Session], T]) -> None:
        self._act = act
        self._context = copy_context()
        self._result: list[T] = []
        self.failure: BaseException | None = None
        self.given_up = False
        self.ended = False

    def run(self, connection: Connection, driver: Any, *, alone: bool) -> None:
        """Run it in the transaction; an error undoes what it did, and all where it is alone."""
        # A session of its own: nothing that one has loaded or left undone reaches the next.
        session = Session(
            connection,
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
            info={DRIVER: (None, driver, True)},
        )
        try:
            if not alone:
                driver.execute("SAVEPOINT act")
            result = self._context.run(self._act, session)
            if session.in_transaction() or session.new:
                session.commit()
            if not alone:
                driver.execute("RELEASE act")
            self._result.append(result)
        except Exception as error:
            session.close()
            if alone:
                raise
            self.failure = error
            driver.execute("ROLLBACK TO act")
            driver.execute("RELEASE act")
        finally:
            session.close()

    def outcome(self) -> T:
        """Return what it returned; raises what it raised."""
        if self.failure is not None:
            raise self.failure
        return self._result[0]


class Line:
    """Those who wait to write to one SQLite database; whoever calls `run` holds its lock."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: deque[Waiting[Any]] = deque()
        self._held: Connection | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def join(self, act: Callable[[Session], T]) -> Waiting[T]:
        """Stand in line."""
        waiting = Waiting(act)
        self._waiting.append(waiting)
        return waiting

    def run(self) -> None:
        """Run all that waits, as one transaction; each knows what came of it."""
        run: list[Waiting[Any]] = []
        while self._waiting and len(run) < _AT_ONCE:
            waiting = self._waiting.popleft()
            if not waiting.given_up:
                run.append(waiting)
        try:
            self._commit(run)
        except BaseException as error:
            for waiting in run:
                waiting.failure = waiting.failure or error
            if not isinstance(error, Exception):
                raise
        finally:
            for waiting in run:
                waiting.ended = True

    def release(self) -> None:
        """Close the connection; the next run opens another."""
        held, self._held = self._held, None
        if held is not None:
            held.close()

    def _commit(self, run: list[Waiting[Any]]) -> None:
        connection = self._held
        if connection is None:
            connection = self._held = self._engine.connect()
            # For SQLAlchemy one transaction without an end: it only ever sees savepoints.
            connection.begin()
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN IMMEDIATE")
        try:
            for waiting in run:
                waiting.run(connection, driver, alone=len(run) == 1)
            driver.execute("COMMIT")
        except BaseException:
            # A COMMIT that fails leaves its transaction open.
            if driver.in_transaction:
                driver.execute("ROLLBACK")
            self.release()
            raise
