"""Copies of a database of either kind, made while it is written to, and the way back."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy.engine import make_url

from server.database.db import Database

COUNT = "SELECT count(*) FROM {}"
"""How many rows a table has."""


class BackupRefused(Exception):
    """A backup that can't be made or brought back; the message says why."""


class Copied(NamedTuple):
    """A copy, and how many rows its tables had."""

    path: Path
    rows: dict[str, int]


def ending(url: str) -> str:
    """How the name of a database's copy ends."""
    return ".db" if make_url(url).get_backend_name() == "sqlite" else ".dump"


def copy(url: str, folder: Path, name: str, counted: Sequence[str] = ()) -> Copied:
    """Copy a database as of one moment, and count rows of that very moment."""
    if make_url(url).get_backend_name() == "sqlite":
        path = folder / f"{name}.db"
        path.unlink(missing_ok=True)
        source = opened(Path(make_url(url).database or ""), "rw")
        target = sqlite_driver.connect(str(path))
        try:
            # In one step: a reader of the log sees one state, and no writer waits for it.
            source.backup(target)
            # One file, without a log beside it.
            target.execute("PRAGMA journal_mode=DELETE")
            rows = {table: target.execute(COUNT.format(table)).fetchone()[0] for table in counted}
        finally:
            target.close()
            source.close()
        return Copied(path, rows)
    path = folder / f"{name}.dump"
    database = Database(url)
    with database.read() as session:
        run = session.connection().exec_driver_sql
        snapshot = run("SELECT pg_export_snapshot()").scalar_one()
        rows = {table: run(COUNT.format(table)).scalar_one() for table in counted}
        _run(url, "pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={path}")
    database.release()
    return Copied(path, rows)


def opened(path: Path, mode: str) -> sqlite_driver.Connection:
    """A connection to a file of SQLite that is there: the driver would make an empty one."""
    if not path.is_file():
        raise BackupRefused(
            f"{path} is missing: where the service is new, start it once; else stop it and restore"
        )
    return sqlite_driver.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)


def refuse_filled(name: str, url: str) -> None:
    """Raise `BackupRefused` where something is that nothing may overwrite."""
    if make_url(url).get_backend_name() == "sqlite":
        path = Path(make_url(url).database or "")
        if any(path.with_name(path.name + end).exists() for end in ("", "-wal")):
            raise BackupRefused(f"{path} exists: move it away first, nothing is overwritten")
        return
    database = Database(url)
    row = database.fetch("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    database.release()
    if row is None or row[0]:
        raise BackupRefused(f"the database for the {name} has tables: give an empty one")


def bring_back(folder: Path, name: str, url: str) -> None:
    """Make a database of its copy; raises `BackupRefused`."""
    if make_url(url).get_backend_name() == "sqlite":
        path = Path(make_url(url).database or "")
        draft = path.with_name(path.name + ".restoring")
        shutil.copy(folder / f"{name}.db", draft)
        connection = sqlite_driver.connect(str(draft))
        found = connection.execute("PRAGMA integrity_check").fetchone()
        connection.close()
        if found != ("ok",):
            raise BackupRefused(f"{name}.db is damaged: {found[0]}")
        sync(draft)
        os.replace(draft, path)
        return
    _run(url, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner",
         str(folder / f"{name}.dump"))  # fmt: skip


def _run(url: str, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on a database; the password stands in no argument."""
    address = make_url(url).set(drivername="postgresql")
    environment = dict(os.environ)
    if address.password is not None:
        environment["PGPASSWORD"] = str(address.password)
    named = address._replace(password=None).render_as_string(hide_password=False)
    try:
        done = subprocess.run(
            [program, f"--dbname={named}", *arguments],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise BackupRefused(f"{program} is missing: install PostgreSQL's client programs") from None
    if done.returncode:
        raise BackupRefused(f"{program}: {done.stderr.strip()[-500:]}")


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Have a file, or what a folder lists, outlive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
