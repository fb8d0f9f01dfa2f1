"""The database: SQLite by default, PostgreSQL by its URL; one gateway for writing.

`Database.begin()` opens a write transaction, `Database.read()` a read-only one. Chat, where a
session's overhead would cost half the throughput, uses `Database.fetch()` and `Database.insert()`:
single statements on a connection of the calling thread.
"""

import os
import re
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    create_engine,
    event,
    inspect,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlmodel import Session, SQLModel

from server.database.gating import Gate
from server.database.grouping import DRIVER, Line

# Earlier versions can lose a commit in WAL mode.
OLDEST_SQLITE = (3, 51, 3)
BUSY_SECONDS = 5.0
# SQLITE_FULL, and SQLITE_IOERR_SHMSIZE: no room for the index of the log.
_SQLITE_FULL = (13, 4874)
_SQLITE_BUSY = 5
_SQLITE_DAMAGED = (11, 26)
_POSTGRES_DISK_FULL = "53100"
_POSTGRES_LOCKED = "55P03"
_POSTGRES_DEADLOCK = "40P01"
# Connection exceptions; the server is stopped, crashed or starting.
_POSTGRES_AWAY = ("08", "57P0")
# 16 MB.
_LOG_PAGES = 4000
_MIGRATING_WAITS = "2s"
# A server that says nothing is away: seconds until it takes us, milliseconds until it answers.
_POSTGRES_WAITS = {"connect_timeout": 3, "tcp_user_timeout": 5000}
_NOT_COMPILED = "SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'jit'"
_ACCESS = "nuangang_access"


T = TypeVar("T")


class DatabaseRefused(Exception):
    """The database that the settings name cannot be used; the message says why."""


class DatabaseBusy(Exception):
    """Another write held the database, or what this one wanted, for longer than it may wait."""


class DatabaseFull(Exception):
    """The disk takes no more: what was to be written is not written, what is there can be read."""


class DatabaseAway(Exception):
    """The database's server can't be reached, or ended the connection."""


class Database:
    """One database with its connections; safe between threads, and across a fork."""

    def __init__(self, url: str) -> None:
        self._url = _accepted(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(self._url) if self.is_sqlite else _postgres_engine(self._url)
        self._writing = self.engine.execution_options(**{_ACCESS: "write"})
        driver: Any = self.engine.dialect.dbapi
        # What the driver raises where trying again later may help.
        self.unavailable: type[Exception] = driver.OperationalError
        # What it raises where another row has the key already.
        self.conflict: type[Exception] = driver.IntegrityError
        self._gate = self._new_gate()
        self._line = self._new_line()
        self._own = threading.local()
        _forget_across_fork(self)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A write transaction: commits at the end of the block, rolls back on an error.

        Raises DatabaseBusy where no write could start within BUSY_SECONDS. Never nest it.
        """
        with self.gate(), self._writes() as session:
            yield session

    def together(self, act: Callable[[Session], T]) -> T:
        """Runs `act` in a write transaction that it may share with others that wait meanwhile.

        Returns once all is durable. An error of `act` undoes its own part only, and is raised here.
        `act` neither begins nor commits, and may run in another thread, with the caller's context.
        Raises DatabaseBusy as `begin` does.
        """
        if not self.is_sqlite:
            # There writers don't wait for each other, and the server groups their commits itself.
            with self.begin() as session:
                return act(session)
        waiting = self._line.join(act)
        try:
            with self.gate():
                # A run takes so many at once: whoever came late is part of the next.
                while not waiting.ended:
                    self._line.run()
        except DatabaseBusy:
            waiting.given_up = True
            if not waiting.ended:
                raise
        self._line.sync(waiting)
        try:
            return waiting.outcome()
        except self.unavailable as error:
            if is_busy(error):
                raise DatabaseBusy from error
            raise

    @contextmanager
    def _writes(self) -> Iterator[Session]:
        with Session(self._writing, expire_on_commit=False) as session:
            try:
                session.connection()
            except OperationalError as error:
                if is_busy(error):
                    raise DatabaseBusy from error
                raise
            yield session
            session.commit()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only transaction that sees one state; writing in it is an error."""
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A write transaction for changing tables; a second process that migrates waits.

        On PostgreSQL a change waits for whoever uses the table, a pg_dump to its end, and all who
        come later wait behind it: it gives up soon, with an error that `is_locked` knows.

        SQLite rebuilds a table to change it: dropping the old one must not cascade into the rows
        that point to it, so foreign keys are off inside and checked at the end.
        """
        migrating = self.engine.execution_options(**{_ACCESS: "migrate"})
        with self.gate(), migrating.connect() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(7309171)"))
                connection.execute(text(f"SET LOCAL lock_timeout = '{_MIGRATING_WAITS}'"))
            yield connection
            if self.is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise DatabaseRefused("the migration would leave rows that point nowhere")
            connection.commit()
        # New connections set their own pragmas again.
        self.release()

    @contextmanager
    def gate(self) -> Iterator[None]:
        """Lets one write at a time, where the database has one writer; raises DatabaseBusy."""
        if self._gate is None:
            yield
            return
        if not self._gate.acquire(BUSY_SECONDS):
            raise DatabaseBusy
        try:
            yield
        finally:
            self._gate.release()

    def fetch(self, sql: str, **values: Any) -> tuple[Any, ...] | None:
        """The first row of one SELECT with `:name` parameters, outside any transaction."""
        statement = sql if self.is_sqlite else _for_psycopg(sql)
        row: tuple[Any, ...] | None = self._run(statement, values).fetchone()
        return row

    def insert(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Runs one INSERT with the rows in place of its `{}`, as a transaction of its own."""
        mark = "?" if self.is_sqlite else "%s"
        statement = _with_rows(sql, len(rows), len(rows[0]), mark)
        with self.gate():
            self._run(statement, tuple(chain.from_iterable(rows)))

    def leave(self) -> None:
        """Closes what this thread holds for itself; for a thread that ends while others go on."""
        self._own.__dict__.clear()

    def release(self) -> None:
        """Closes idle connections and those of this thread; the next use opens new ones.

        Not while another thread is in a transaction: its connection would never be closed.
        """
        self.leave()
        self._line.release()
        self.engine.dispose()

    def _run(self, statement: str, values: Mapping[str, Any] | tuple[Any, ...]) -> Any:
        own: _OwnConnection | None = getattr(self._own, "held", None)
        if own is not None:
            try:
                return own.driver.execute(statement, values)
            except Exception:
                # A server that was restarted leaves a dead connection behind: try on a new one.
                if self.is_sqlite or not own.driver.closed:
                    raise
        own = self._own.held = _OwnConnection(self._open())
        return own.driver.execute(statement, values)

    def _open(self) -> Any:
        proxy = self.engine.raw_connection()
        connection: Any = proxy.driver_connection
        proxy.detach()
        if not self.is_sqlite:
            connection.autocommit = True
        return connection

    def _new_gate(self) -> Gate | None:
        return Gate(Path(self._url.database or "")) if self.is_sqlite else None

    def _new_line(self) -> Line:
        log = Path(f"{self._url.database}-wal")
        return Line(self.engine.execution_options(**{_ACCESS: "line"}), log)

    def _start_anew(self) -> None:
        # In a forked child: the parent's connections must be neither used nor closed here.
        self.engine.dispose(close=False)
        self._gate = self._new_gate()
        self._line = self._new_line()
        self._own = threading.local()


def insert_within(session: Session, sql: str, rows: Sequence[Sequence[Any]]) -> int:
    """Runs one INSERT with the rows in place of its `{}` in a transaction; how many are new."""
    driver, is_sqlite = _driver_of(session)
    statement = _with_rows(sql, len(rows), len(rows[0]), "?" if is_sqlite else "%s")
    count: int = driver.execute(statement, tuple(chain.from_iterable(rows))).rowcount
    return count


def load_within(
    session: Session, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Inserts many rows in a transaction, as fast as the database takes them.

    One statement with a place for every value costs PostgreSQL's driver more than the insert.
    """
    if not rows:
        return
    driver, is_sqlite = _driver_of(session)
    names = ", ".join(columns)
    if is_sqlite:
        marks = ", ".join("?" * len(columns))
        driver.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def fetch_within(session: Session, sql: str, **values: Any) -> tuple[Any, ...] | None:
    """The first row of one statement with `:name` parameters, as the driver gives it.

    A tenth of what building a query costs, for what every request asks.
    """
    driver, is_sqlite = _driver_of(session)
    row: tuple[Any, ...] | None
    row = driver.execute(sql if is_sqlite else _for_psycopg(sql), values).fetchone()
    return row


class Question(NamedTuple):
    """A SELECT of one value, with its `:name` parameters."""

    sql: str
    values: Mapping[str, Any]


def fetch_answers(session: Session, *questions: Question) -> tuple[Any, ...]:
    """What each of the questions finds, None for nothing; all of them in one statement.

    A parameter that several of them name has one value.
    """
    values: dict[str, Any] = {}
    for question in questions:
        values |= question.values
    asked = ", ".join([f"({question.sql})" for question in questions])
    row = fetch_within(session, f"SELECT {asked}", **values)
    assert row is not None
    return row


def run_within(session: Session, sql: str, **values: Any) -> int:
    """Runs one statement with `:name` parameters in a transaction; how many rows it changed."""
    driver, is_sqlite = _driver_of(session)
    count: int = driver.execute(sql if is_sqlite else _for_psycopg(sql), values).rowcount
    return count


def is_on_sqlite(session: Session) -> bool:
    """Whether the transaction is one of SQLite, which has one writer."""
    return _driver_of(session)[1]


def _driver_of(session: Session) -> tuple[Any, bool]:
    """The driver's connection in the transaction of a session, and whether it is SQLite's."""
    # Asking for it costs more than a statement: it is kept as long as the transaction lasts.
    kept: tuple[Any, Any, bool] | None = session.info.get(DRIVER)
    if kept is None or (kept[0] is not None and kept[0] is not session.get_transaction()):
        connection = session.connection()
        driver = connection.connection.driver_connection
        kept = (session.get_transaction(), driver, connection.dialect.name == "sqlite")
        session.info[DRIVER] = kept
    return kept[1], kept[2]


class _OwnConnection:
    """A thread's connection, closed when the thread or the database lets go of it."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def __del__(self) -> None:
        self.driver.close()


def insert_new(session: Session, table: type[SQLModel], **values: Any) -> bool:
    """Inserts a row where none has its keys yet, and tells whether it did.

    A second process that inserts the same waits until the first has committed.
    """
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert if is_sqlite else postgresql.insert
    adding = insert(table).values(**values).on_conflict_do_nothing()
    # Not every driver tells how many rows it inserted: the key that comes back does.
    key = inspect(table).primary_key
    return session.connection().execute(adding.returning(*key)).first() is not None


def change(session: Session, row: Any, *where: ColumnElement[bool], **values: Any) -> bool:
    """Changes a row with an `id` where it still is as `where` says, and tells whether it was.

    The row is read anew once it has been changed.
    """
    table: Any = type(row)
    changed = session.connection().execute(
        update(table).where(table.id == row.id, *where).values(**values)
    )
    if changed.rowcount != 1:
        return False
    session.refresh(row)
    return True


def change_version(
    session: Session, row: Any, version: int, *where: ColumnElement[bool], **values: Any
) -> bool:
    """Changes a row that still has the version that was looked at; then it has the next one."""
    table: Any = type(row)
    return change(session, row, table.version == version, *where, version=version + 1, **values)


def _accepted(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        raise DatabaseRefused("NUANGANG_DATABASE_URL is not a database URL") from None
    if url.get_backend_name() == "sqlite":
        if sqlite_driver.sqlite_version_info < OLDEST_SQLITE:
            oldest = ".".join(map(str, OLDEST_SQLITE))
            raise DatabaseRefused(
                f"SQLite {sqlite_driver.sqlite_version} can lose commits: {oldest} or later needed"
            )
        if not url.database or url.database == ":memory:":
            raise DatabaseRefused("SQLite needs a file: several processes share the database")
        return url.set(drivername="sqlite")
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise DatabaseRefused(f"{url.get_backend_name()} is not supported: use SQLite or PostgreSQL")


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        module=sqlite_driver,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "isolation_level": None},
        pool_size=8,
        max_overflow=24,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # isolation_level None: the driver begins nothing by itself, the listener below does.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL").fetchone()
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        # Pages that many writes change are moved out of the log once for all of them.
        connection.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}").fetchone()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        access = connection.get_execution_options().get(_ACCESS)
        writes = access in ("write", "migrate", "line")
        driver: Any = connection.connection.driver_connection
        if access == "migrate":
            driver.execute("PRAGMA foreign_keys=OFF")
        driver.execute(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
        if access != "line":
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    @event.listens_for(engine, "reset")
    def reset(connection: Any, _record: Any, _state: Any) -> None:
        # A COMMIT that fails leaves its transaction open, and with it the lock on the database.
        if connection.in_transaction:
            connection.rollback()
        connection.execute("PRAGMA query_only=OFF")

    return engine


def _postgres_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        # What the settings say themselves goes first.
        connect_args={k: v for k, v in _POSTGRES_WAITS.items() if k not in url.query},
        pool_size=8,
        max_overflow=24,
        pool_pre_ping=True,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # Seconds go into compiling a query that takes a hundredth of one, once tables have grown.
        # Not every engine that speaks this protocol knows the setting: then there is none to turn.
        connection.execute(_NOT_COMPILED)
        connection.commit()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(_ACCESS) is None:
            # One snapshot for the whole block, as SQLite gives it.
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    return engine


def is_busy(error: BaseException) -> bool:
    """Whether a driver's error, or SQLAlchemy's around it, says that another one writes.

    On PostgreSQL: that two waited for each other, and this one gave way.
    """
    cause = _of_driver(error)
    return (
        getattr(cause, "sqlite_errorcode", 0) & 0xFF == _SQLITE_BUSY
        or getattr(cause, "sqlstate", None) == _POSTGRES_DEADLOCK
    )


def is_locked(error: BaseException) -> bool:
    """Whether it says that PostgreSQL waited in vain for what another transaction holds."""
    return getattr(_of_driver(error), "sqlstate", None) == _POSTGRES_LOCKED


def is_full(error: BaseException) -> bool:
    """Whether it says that there is no room left; a file system's error may, too."""
    cause = _of_driver(error)
    if isinstance(cause, OSError):
        return cause.errno in (ENOSPC, EDQUOT)
    return (
        getattr(cause, "sqlite_errorcode", 0) in _SQLITE_FULL
        or getattr(cause, "sqlstate", None) == _POSTGRES_DISK_FULL
    )


def is_damaged(error: BaseException) -> bool:
    """Whether it says that the file is no database of SQLite, or a broken one."""
    return getattr(_of_driver(error), "sqlite_errorcode", 0) & 0xFF in _SQLITE_DAMAGED


def is_away(error: BaseException) -> bool:
    """Whether it says that PostgreSQL can't be reached, or has ended the connection."""
    cause = _of_driver(error)
    # A command on SQLite never loads that driver.
    driver = sys.modules.get("psycopg")
    if driver is None or not isinstance(cause, driver.OperationalError):
        return False
    state: str | None = cause.sqlstate
    return state is None or state.startswith(_POSTGRES_AWAY)


def _of_driver(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


@lru_cache(maxsize=64)
def _for_psycopg(sql: str) -> str:
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", sql.replace("%", "%%"))


@lru_cache(maxsize=512)
def _with_rows(sql: str, rows: int, columns: int, mark: str) -> str:
    if mark == "?":
        # SQLite keeps what it is given, and has one writer: no types to name, no rows to lock.
        sql = re.sub(r"::\w+| FOR SHARE", "", sql)
    row = "(" + ", ".join([mark] * columns) + ")"
    return sql.format(", ".join([row] * rows))


def _forget_across_fork(database: Database) -> None:
    # SQLite's file locks belong to a process: a connection carried across a fork corrupts data.
    known = weakref.ref(database)

    def before() -> None:
        if (living := known()) is not None:
            living.release()

    def after_in_child() -> None:
        if (living := known()) is not None:
            living._start_anew()

    os.register_at_fork(before=before, after_in_child=after_in_child)
