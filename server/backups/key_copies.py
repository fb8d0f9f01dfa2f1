"""The copy of the workers' keys, of which only the newest is kept, apart from all other backups.

Who is erased is erased in every older backup with that. A note beside it has its digest. As it is
the only one, it gives way to no copy that lacks a key: an empty service that started in place of
one that was lost would else take the keys with it.
"""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pysqlite3 import dbapi2 as sqlite_driver

from server.backups import database_copies
from server.backups.database_copies import BackupRefused, digest, sync
from server.confidential.sealing import Safe, SealBroken
from server.settings import Settings

NAME = "keys"
NOTE = "keys.json"
_DRAFT = ".draft-"
_PURPOSE = "backup.keys"


class Note(BaseModel):
    """What stands beside the copy of the keys."""

    made_at: datetime
    """Every key that was there then is in it."""
    digests: list[str]
    """Its SHA-256, and that of the copy before it: the two files can't change in one step."""
    sealed: str
    """Something that only the keys in force open."""


def replace(url: str, safe: Safe, to: Path, now: datetime) -> None:
    """Put a copy of the keys as they are now in the place of the one before.

    One backup after the other: the later one's data may need keys that the earlier copy lacks.
    """
    handle = os.open(to, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            _replace(url, safe, to, now)
            os.fsync(handle)
        finally:
            # What was refused, or broke off; no other backup's, as this one has its turn.
            for left in to.glob(f"{_DRAFT}{NAME}.*"):
                left.unlink()
    finally:
        os.close(handle)


def verify(settings: Settings, safe: Safe, keys_from: Path) -> datetime | None:
    """Look whether the copy of the workers' keys is whole and opens; raises `BackupRefused`.

    Returns as of when it holds every key; None where no note stands beside it, as earlier versions
    of the program left it: then nobody can tell.
    """
    keys = keys_from / f"{NAME}{database_copies.ending(settings.keys_database)}"
    if not keys.is_file():
        raise BackupRefused(f"there is no copy of the keys: {keys} is missing")
    if not (keys_from / NOTE).exists():
        return None
    note = _note(keys_from)
    if note is None or digest(keys) not in note.digests:
        raise BackupRefused(f"{keys.name}, the copy of the keys, is damaged")
    try:
        safe.unseal(note.sealed, _PURPOSE)
    except SealBroken:
        name = note.sealed.partition(":")[0]
        raise BackupRefused(
            "NUANGANG_ENCRYPTION_KEYS is not what the copy of the keys was made with (it needs "
            f"{name}): nobody's data could be read"
        ) from None
    return note.made_at


def _replace(url: str, safe: Safe, to: Path, now: datetime) -> None:
    keys = database_copies.copy(url, to, f"{_DRAFT}{NAME}").path
    _refuse_lost_keys(keys, to)
    sync(keys)
    there = to / f"{NAME}{keys.suffix}"
    before = [digest(there)] if there.is_file() else []
    note = Note(
        # Of backups that overlap the one that began first may come last.
        made_at=max(now, noted.made_at) if (noted := _note(to)) else now,
        digests=[digest(keys), *before],
        sealed=safe.seal(NAME, _PURPOSE),
    )
    draft = to / f"{_DRAFT}{NOTE}"
    draft.write_text(note.model_dump_json(indent=1), encoding="utf-8")
    sync(draft)
    # The note first: it is right for the copy that is still there as well.
    os.replace(draft, to / NOTE)
    sync(to)
    os.replace(keys, there)


def _refuse_lost_keys(keys: Path, to: Path) -> None:
    """Raise `BackupRefused` where a copy of the keys lacks one of those that lie there already.

    Erasing empties a key and leaves its row: none ever goes.
    """
    try:
        found = set(_key_ids(keys))
    except (_Unreadable, sqlite_driver.DatabaseError):
        raise BackupRefused(
            "the database of the keys has no keys table: start the service once where it is a new "
            f"one; else the keys are lost here, and the copy in {to} may be the only one left: "
            "stop the service and restore"
        ) from None
    # Of both kinds of database: with a setting gone, the service begins anew in the other one.
    for ending in (".db", ".dump"):
        there = to / f"{NAME}{ending}"
        if not there.exists():
            continue
        try:
            missing = sum(key not in found for key in _key_ids(there))
        except (_Unreadable, sqlite_driver.DatabaseError):
            raise BackupRefused(
                f"{there}, the copy of the keys, can't be read, so it is not replaced: move it "
                "elsewhere, and keep it, then back up again"
            ) from None
        if missing:
            raise BackupRefused(
                f"the service lacks {missing} of the keys in {there}: that copy stays as it is, "
                "as without it nobody's data could be read. Stop the service and restore; where "
                "it really is another service, give it folders of its own"
            )


class _Unreadable(Exception):
    """A copy that holds no keys table, or none that can be read."""


def _key_ids(copy: Path) -> Iterator[str]:
    """The ids of all keys in a copy, emptied ones too; raises `_Unreadable`, SQLite's errors."""
    if copy.suffix == ".db":
        connection = database_copies.opened(copy, "ro")
        try:
            for (key,) in connection.execute("SELECT id FROM wrapped_key"):
                yield key
        finally:
            connection.close()
        return
    # As a script, without a database to bring it into: the rows stand after COPY, one a line.
    command = ("pg_restore", "--data-only", "--table=wrapped_key", "--file=-", str(copy))
    is_row = is_there = False
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    ) as process:
        for line in process.stdout or ():
            if line.startswith("COPY "):
                is_row = is_there = True
            elif line == "\\.\n":
                is_row = False
            elif is_row:
                yield line.partition("\t")[0]
    if process.returncode or not is_there:
        raise _Unreadable


def _note(folder: Path) -> Note | None:
    """The note beside a copy of the keys; None where there is none that can be read."""
    try:
        return Note.model_validate_json((folder / NOTE).read_bytes())
    except (OSError, ValidationError):
        return None
