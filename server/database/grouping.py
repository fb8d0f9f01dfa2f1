"""Writes that wait at the same time share one transaction of SQLite, and one wait for the disk.

Whoever gets the lock runs all that waits, each part under a savepoint of its own, and commits once.
The transaction runs on a connection that is kept: taking one from the pool and giving it back costs
more than the statements of a write.

The wait for the disk comes after the lock is let go: while one waits, the next are written, and one
wait is enough for all that was committed before it began. So this connection leaves the log to the
system (synchronous=NORMAL), and nobody is told of a write before the log is synced.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from io import FileIO
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlmodel import Session

DRIVER = "nuangang_driver"
"""Where a session keeps its driver's connection: (transaction or None, connection, is SQLite)."""
_AT_ONCE = 64

T = TypeVar("T")


class _WhenNeeded(Session):
    """A session that is made once something asks for more of it than its driver.

    Most writes are a few plain statements, and a session costs more than some of them.
    """

    def __init__(self, connection: Connection, driver: Any) -> None:
        self.__dict__["info"] = {DRIVER: (None, driver, True)}
        self.__dict__["_made_from"] = connection

    def __getattr__(self, name: str) -> Any:
        connection = self.__dict__.pop("_made_from", None)
        if connection is None:
            raise AttributeError(name)
        super().__init__(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
        return getattr(self, name)

    @property
    def is_needed(self) -> bool:
        """Whether it was made."""
        return "_made_from" not in self.__dict__

    def leave(self) -> None:
        """Close it, where it was made."""
        if self.is_needed:
            self.close()


class Waiting(Generic[T]):
    """Something that waits to be run in a transaction, and what came of it."""

    def __init__(self, act: Callable[[Session], T]) -> None:
        self._act = act
        self._context = copy_context()
        self._result: list[T] = []
        self.failure: BaseException | None = None
        self.given_up = False
        self.ended = False
        self.commit = 0
        """The number of the commit that it was part of."""

    def run(self, connection: Connection, driver: Any, *, alone: bool) -> None:
        """Run it in the transaction; an error undoes what it did, and all where it is alone."""
        # A session of its own: nothing that one has loaded or left undone reaches the next.
        session = _WhenNeeded(connection, driver)
        try:
            if not alone:
                driver.execute("SAVEPOINT act")
            result = self._context.run(self._act, session)
            if session.is_needed and (session.in_transaction() or session.new):
                session.commit()
            if not alone:
                driver.execute("RELEASE act")
            self._result.append(result)
        except Exception as error:
            session.leave()
            if alone:
                raise
            self.failure = error
            driver.execute("ROLLBACK TO act")
            driver.execute("RELEASE act")
        finally:
            session.leave()

    def outcome(self) -> T:
        """Return what it returned; raises what it raised."""
        if self.failure is not None:
            raise self.failure
        return self._result[0]


class Line:
    """Those who wait to write to one SQLite database; whoever calls `run` holds its lock."""

    def __init__(self, engine: Engine, log: Path) -> None:
        """`log` is SQLite's write-ahead log."""
        self._engine = engine
        self._waiting: deque[Waiting[Any]] = deque()
        self._held: Connection | None = None
        self._log = log
        self._file: FileIO | None = None
        self._syncing = threading.Lock()
        self._commits = 0
        self._synced = 0
        self._distrusted = False

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
                waiting.commit = self._commits
                waiting.ended = True

    def sync(self, waiting: Waiting[Any]) -> None:
        """Wait until what was run is on the disk; not to be called with the lock.

        Raises OSError where the disk failed, and from then on: what it lost, no later sync brings.
        """
        with self._syncing:
            if self._synced >= waiting.commit:
                return
            if self._distrusted or self._file is None:
                raise OSError("the log of the database could not be synced before")
            self._sync(self._file)

    def release(self) -> None:
        """Close the connection; the next run opens another."""
        with self._syncing:
            # Without a connection the log may not stay the same file.
            file, self._file = self._file, None
            if file is not None:
                with file:
                    if self._synced < self._commits and not self._distrusted:
                        self._sync(file)
        held, self._held = self._held, None
        if held is not None:
            held.close()

    def _commit(self, run: list[Waiting[Any]]) -> None:
        connection = self._held or self._connect()
        driver: Any = connection.connection.dbapi_connection
        driver.execute("BEGIN IMMEDIATE")
        try:
            for waiting in run:
                waiting.run(connection, driver, alone=len(run) == 1)
            driver.execute("COMMIT")
            if self._file is None:
                self._file = self._opened_log()
            self._commits += 1
        except BaseException:
            # A COMMIT that fails leaves its transaction open.
            if driver.in_transaction:
                driver.execute("ROLLBACK")
            self.release()
            raise

    def _connect(self) -> Connection:
        connection = self._held = self._engine.connect()
        # For SQLAlchemy one transaction without an end: it only ever sees savepoints.
        connection.begin()
        # Never back to the pool: nobody else may rely on what it commits.
        connection.detach()
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA synchronous=NORMAL")
        return connection

    def _sync(self, file: FileIO) -> None:
        # Read first: what is committed during the wait may miss it.
        reached = self._commits
        try:
            os.fdatasync(file.fileno())
        except OSError:
            self._distrusted = True
            raise
        self._synced = reached

    def _opened_log(self) -> FileIO:
        """The log, whose name is on the disk; it stays the same file while a connection is open."""
        folder = os.open(self._log.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return FileIO(self._log)
