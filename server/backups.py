"""Backups of the whole service while it serves, and the way back.

A backup is a folder: the database as of one moment, a copy of the anchors, and a manifest with the
digest of each file and a seal of the keys in force. The keys of workers go to a folder of their
own, of which only the newest copy is kept: who is erased is erased in every older backup with that.
A note beside that copy has its digest. As it is the only one, it gives way to no copy that lacks a
key: an empty service that started in place of one that was lost would else take the keys with it.
Photos in a folder are copied beside, each once, and go once no backup needs them; a bucket is for
its own service to keep.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ValidationError
from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy.engine import make_url

from server import anchors
from server.casework import sweeping
from server.db import Database
from server.material_store import DRAFTS
from server.migrations import newest, upgrade
from server.pairing import visiting
from server.sealing import Safe, SealBroken
from server.settings import Settings
from server.subject_keys import SubjectKeys

MANIFEST = "manifest.json"
KEYS_NOTE = "keys.json"
MATERIALS = "materials"
GONE = "materials_gone.json"
"""Photos that are copied and no longer live: since when, by name."""
_DATA, _KEYS = "data", "keys"
_DRAFT, _PART = ".draft-", ".part"
_LONGEST = timedelta(days=1)
"""A backup that was begun longer ago is under way no more."""
_PURPOSE = "backup"
_KEYS_PURPOSE = "backup.keys"
_COUNTED = ("worker", "cases", "case_event", "audit_entry", "payment", "material")
_COUNT = "SELECT count(*) FROM {}"
_STAMP = "%Y%m%dT%H%M%SZ"


class BackupRefused(Exception):
    """A backup that can't be made or brought back; the message says why."""


class Manifest(BaseModel):
    """What a backup holds."""

    made_at: datetime
    revision: str
    """Of the tables."""
    is_sqlite: bool
    rows: dict[str, int]
    files: dict[str, str]
    """Their SHA-256 by name."""
    sealed: str
    """Something that only the keys in force open."""
    hashed: str
    """What only the service's secret gives."""


class KeysNote(BaseModel):
    """What stands beside the copy of the keys."""

    made_at: datetime
    """Every key that was there then is in it."""
    digests: list[str]
    """Its SHA-256, and that of the copy before it: the two files can't change in one step."""
    sealed: str
    """Something that only the keys in force open."""


class _Copied(NamedTuple):
    path: Path
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made."""

    folder: Path
    manifest: Manifest


def make(settings: Settings, safe: Safe, to: Path, keys_to: Path, *, now: datetime) -> Made:
    """Back up while the service runs; raises `BackupRefused`, `OSError`."""
    if keys_to.resolve().is_relative_to(to.resolve()):
        raise BackupRefused("the keys must lie apart from the data, not inside their folder")
    for place in (to, keys_to):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    stamp = now.astimezone(UTC).strftime(_STAMP)
    _forget_left_behind(to, now)
    draft = to / f"{_DRAFT}{stamp}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    try:
        return _made(settings, safe, draft, to / stamp, keys_to, now)
    finally:
        # Every five minutes another whole copy would fill the disk, as long as something is amiss.
        shutil.rmtree(draft, ignore_errors=True)


def _made(
    settings: Settings, safe: Safe, draft: Path, folder: Path, keys_to: Path, now: datetime
) -> Made:
    to, stamp = folder.parent, folder.name
    # The keys last: one that a row of the data needs is then there.
    data = _copy(settings.database, draft, _DATA, _COUNTED)
    _refuse_emptied(data.rows, to)
    noted = settings.data_dir / anchors.FILE
    if noted.exists():
        shutil.copy(noted, draft / anchors.FILE)
    _copy_materials(settings, to / MATERIALS)
    _copy_keys(settings.keys_database, safe, keys_to, now)
    manifest = Manifest(
        made_at=now,
        revision=newest(),
        is_sqlite=data.path.suffix == ".db",
        rows=data.rows,
        files={path.name: _digest(path) for path in sorted(draft.iterdir())},
        sealed=safe.seal(stamp, _PURPOSE),
        hashed=safe.hash(_PURPOSE, stamp),
    )
    (draft / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    for path in draft.iterdir():
        _sync(path)
    os.replace(draft, folder)
    _sync(to)
    return Made(folder, manifest)


def _copy_keys(url: str, safe: Safe, to: Path, now: datetime) -> None:
    """Put a copy of the keys as they are now in the place of the one before.

    One backup after the other: the later one's data may need keys that the earlier copy lacks.
    """
    handle = os.open(to, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            _replace_keys(url, safe, to, now)
            os.fsync(handle)
        finally:
            # What was refused, or broke off; no other backup's, as this one has its turn.
            for left in to.glob(f"{_DRAFT}{_KEYS}.*"):
                left.unlink()
    finally:
        os.close(handle)


def _replace_keys(url: str, safe: Safe, to: Path, now: datetime) -> None:
    keys = _copy(url, to, f"{_DRAFT}{_KEYS}").path
    _refuse_lost_keys(keys, to)
    _sync(keys)
    there = to / f"{_KEYS}{keys.suffix}"
    before = [_digest(there)] if there.is_file() else []
    note = KeysNote(
        # Of backups that overlap the one that began first may come last.
        made_at=max(now, noted.made_at) if (noted := _keys_note(to)) else now,
        digests=[_digest(keys), *before],
        sealed=safe.seal(_KEYS, _KEYS_PURPOSE),
    )
    draft = to / f"{_DRAFT}{KEYS_NOTE}"
    draft.write_text(note.model_dump_json(indent=1), encoding="utf-8")
    _sync(draft)
    # The note first: it is right for the copy that is still there as well.
    os.replace(draft, to / KEYS_NOTE)
    _sync(to)
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
        there = to / f"{_KEYS}{ending}"
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
        connection = _opened(copy, "ro")
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


def _refuse_emptied(rows: dict[str, int], to: Path) -> None:
    """Raise `BackupRefused` where most is gone that the newest backup there has.

    Rows of the audit are never deleted: it is another service's data, or an empty database in
    place of one that was lost. A day of its backups would thin out those of the real one.
    """
    newest_there = max(_of(to), default=None)
    if newest_there is None:
        return
    try:
        before = Manifest.model_validate_json((newest_there / MANIFEST).read_bytes()).rows
    except (OSError, ValidationError):
        return
    if sum(rows.values()) * 2 < sum(before.values()):
        raise BackupRefused(
            f"the service has {sum(rows.values())} rows where {newest_there} has "
            f"{sum(before.values())}: nothing was copied, and the backups there stay. Stop the "
            "service and restore; where so few are right, move what is in that folder elsewhere"
        )


def _keys_note(folder: Path) -> KeysNote | None:
    """The note beside a copy of the keys; None where there is none that can be read."""
    try:
        return KeysNote.model_validate_json((folder / KEYS_NOTE).read_bytes())
    except (OSError, ValidationError):
        return None


def _forget_left_behind(to: Path, now: datetime) -> None:
    """Delete what a backup that was killed had copied; another one may be under way."""
    before = f"{_DRAFT}{(now.astimezone(UTC) - _LONGEST).strftime(_STAMP)}"
    for left in to.glob(f"{_DRAFT}*"):
        if left.name < before:
            shutil.rmtree(left, ignore_errors=True)


def thin_out(to: Path, *, keep: int, daily: int) -> list[str]:
    """Delete all backups but the newest, and the last of each of some days; gives their names."""
    made = sorted((path.name for path in _of(to)), reverse=True)
    last_of_day: dict[str, str] = {}
    for name in made:
        last_of_day.setdefault(name[:8], name)
    kept = {*made[:keep], *list(last_of_day.values())[:daily]}
    gone = [name for name in made if name not in kept]
    for name in gone:
        shutil.rmtree(to / name)
    return gone


def forget_photos(settings: Settings, to: Path, *, now: datetime) -> int:
    """Delete the copies of photos that were gone before the oldest backup; gives their number.

    Until then a backup has rows that name them. One that the service itself still names was lost,
    not deleted: its copy may be the only one. Once `thin_out` is done.
    """
    copies, live = to / MATERIALS, settings.data_dir / MATERIALS
    if settings.materials_url is not None or not (copies.is_dir() and live.is_dir()):
        return 0
    noted = to / GONE
    gone: dict[str, str] = json.loads(noted.read_bytes()) if noted.exists() else {}
    oldest = min((path.name for path in _of(to)), default="")
    at = now.astimezone(UTC).strftime(_STAMP)
    still_gone: dict[str, str] = {}
    forgotten = 0
    missing = [name for name in _photos(copies) if not (live / name).exists()]
    lost = _named(settings, missing)
    for name in missing:
        since = at if name in lost else gone.get(name, at)
        if since < oldest:
            path = copies / name
            path.unlink(missing_ok=True)
            if path.parent.parent != copies:
                with suppress(OSError):
                    # Other pieces may be there.
                    path.parent.rmdir()
            forgotten += 1
        else:
            still_gone[name] = since
    if still_gone != gone:
        draft = to / f"{GONE}{_PART}{os.getpid()}"
        draft.write_text(json.dumps(still_gone, indent=1), encoding="utf-8")
        _sync(draft)
        os.replace(draft, noted)
    return forgotten


def _named(settings: Settings, names: Sequence[str]) -> set[str]:
    """Those of some objects that a row of the service names."""
    database = Database(settings.database)
    try:
        # What lies beside the folders of the store is none of its objects.
        return sweeping.named_of(database, (n for n in names if "/" in n), [visiting.named])
    finally:
        database.release()


def newest_of(to: Path) -> Path:
    """The newest backup in a folder; raises `BackupRefused`."""
    made = sorted(_of(to))
    if not made:
        raise BackupRefused(f"there is no backup in {to}")
    return made[-1]


def verify(folder: Path, safe: Safe) -> Manifest:
    """Look whether a backup is whole and these keys open it; raises `BackupRefused`."""
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise BackupRefused(f"{folder} holds no backup: {type(error).__name__}") from None
    stamp = manifest.made_at.astimezone(UTC).strftime(_STAMP)
    try:
        opened = safe.unseal(manifest.sealed, _PURPOSE)
    except SealBroken:
        name = manifest.sealed.partition(":")[0]
        raise BackupRefused(
            f"NUANGANG_ENCRYPTION_KEYS is not what this backup was made with (it needs {name}): "
            "nothing in it could be read"
        ) from None
    if opened != stamp or safe.hash(_PURPOSE, stamp) != manifest.hashed:
        raise BackupRefused(
            "NUANGANG_SECRET_KEY is not what this backup was made with: nobody would be recognised"
        )
    for name, digest in manifest.files.items():
        path = folder / name
        if not path.is_file() or _digest(path) != digest:
            raise BackupRefused(f"{name} of the backup is missing or damaged")
    return manifest


def verify_keys(settings: Settings, safe: Safe, keys_from: Path) -> datetime | None:
    """Look whether the copy of the workers' keys is whole and opens; raises `BackupRefused`.

    Returns as of when it holds every key; None where no note stands beside it, as earlier versions
    of the program left it: then nobody can tell.
    """
    keys = keys_from / f"{_KEYS}{_ending(settings.keys_database)}"
    if not keys.is_file():
        raise BackupRefused(f"there is no copy of the keys: {keys} is missing")
    if not (keys_from / KEYS_NOTE).exists():
        return None
    note = _keys_note(keys_from)
    if note is None or _digest(keys) not in note.digests:
        raise BackupRefused(f"{keys.name}, the copy of the keys, is damaged")
    try:
        safe.unseal(note.sealed, _KEYS_PURPOSE)
    except SealBroken:
        name = note.sealed.partition(":")[0]
        raise BackupRefused(
            "NUANGANG_ENCRYPTION_KEYS is not what the copy of the keys was made with (it needs "
            f"{name}): nobody's data could be read"
        ) from None
    return note.made_at


def restore(
    settings: Settings, safe: Safe, folder: Path, keys_from: Path, *, now: datetime
) -> Manifest:
    """Bring a backup back into a service that has no data; raises `BackupRefused`, `OSError`.

    What was erased since is erased again by `nuangang jobs erase`. Whoever came since is missing;
    their keys stay, as a newer backup may have to be brought back in place of this one.
    """
    manifest = verify(folder, safe)
    if manifest.is_sqlite is not Database(settings.database).is_sqlite:
        raise BackupRefused("the backup is of the other kind of database")
    # Looked for before anything is brought back: half a service is none, and stands in the way.
    verify_keys(settings, safe, keys_from)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    _refuse_filled(_DATA, settings.database)
    _refuse_filled(_KEYS, settings.keys_database)
    _bring_back(folder, _DATA, settings.database)
    _bring_back(keys_from, _KEYS, settings.keys_database)
    _note_restored(settings, safe, manifest.made_at, now)
    if (folder / anchors.FILE).exists():
        shutil.copy(folder / anchors.FILE, settings.data_dir / anchors.FILE)
    photos = folder.parent / MATERIALS
    if settings.materials_url is None and photos.is_dir():
        shutil.copytree(
            photos,
            settings.data_dir / MATERIALS,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns(f"*{_PART}"),
        )
    database = Database(settings.database)
    try:
        for table, count in manifest.rows.items():
            if database.fetch(_COUNT.format(table)) != (count,):
                raise BackupRefused(f"{table} has not as many rows as were backed up")
        # A backup of an earlier version of the program.
        upgrade(database)
    finally:
        database.release()
    return manifest


def _note_restored(settings: Settings, safe: Safe, made_at: datetime, now: datetime) -> None:
    database, keys = Database(settings.database), Database(settings.keys_database)
    try:
        held = SubjectKeys(database, keys, safe, lambda: now)
        held.prepare()
        held.note_restored(made_at, now=now)
    finally:
        keys.release()
        database.release()


def _ending(url: str) -> str:
    return ".db" if make_url(url).get_backend_name() == "sqlite" else ".dump"


def _of(to: Path) -> Iterator[Path]:
    return (path for path in to.glob("[0-9]*T*Z") if (path / MANIFEST).exists())


def _copy(url: str, folder: Path, name: str, counted: Sequence[str] = ()) -> _Copied:
    """Copy a database as of one moment, and count rows of that very moment."""
    if make_url(url).get_backend_name() == "sqlite":
        path = folder / f"{name}.db"
        path.unlink(missing_ok=True)
        source = _opened(Path(make_url(url).database or ""), "rw")
        target = sqlite_driver.connect(str(path))
        try:
            # In one step: a reader of the log sees one state, and no writer waits for it.
            source.backup(target)
            # One file, without a log beside it.
            target.execute("PRAGMA journal_mode=DELETE")
            rows = {table: target.execute(_COUNT.format(table)).fetchone()[0] for table in counted}
        finally:
            target.close()
            source.close()
        return _Copied(path, rows)
    path = folder / f"{name}.dump"
    database = Database(url)
    with database.read() as session:
        run = session.connection().exec_driver_sql
        snapshot = run("SELECT pg_export_snapshot()").scalar_one()
        rows = {table: run(_COUNT.format(table)).scalar_one() for table in counted}
        _run(url, "pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={path}")
    database.release()
    return _Copied(path, rows)


def _opened(path: Path, mode: str) -> sqlite_driver.Connection:
    """A connection to a file of SQLite that is there: the driver would make an empty one."""
    if not path.is_file():
        raise BackupRefused(
            f"{path} is missing: where the service is new, start it once; else stop it and restore"
        )
    return sqlite_driver.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)


def _refuse_filled(name: str, url: str) -> None:
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


def _bring_back(folder: Path, name: str, url: str) -> None:
    if make_url(url).get_backend_name() == "sqlite":
        path = Path(make_url(url).database or "")
        draft = path.with_name(path.name + ".restoring")
        shutil.copy(folder / f"{name}.db", draft)
        connection = sqlite_driver.connect(str(draft))
        found = connection.execute("PRAGMA integrity_check").fetchone()
        connection.close()
        if found != ("ok",):
            raise BackupRefused(f"{name}.db is damaged: {found[0]}")
        _sync(draft)
        os.replace(draft, path)
        return
    _run(url, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner",
         str(folder / f"{name}.dump"))  # fmt: skip


def _copy_materials(settings: Settings, to: Path) -> None:
    source = settings.data_dir / MATERIALS
    if settings.materials_url is not None or not source.is_dir():
        return
    for name in _photos(source):
        # Objects are never changed: one that is there is the same.
        path, here = to / name, source / name
        try:
            is_there = path.exists() and path.stat().st_size == here.stat().st_size
            if not is_there:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                # Under its name lies all of it or nothing: a part would stay for good.
                part = path.with_name(f"{path.name}{_PART}")
                shutil.copy(here, part)
                _sync(part)
                os.replace(part, path)
        except FileNotFoundError:
            # Deleted at this moment: it was somebody's who was erased, or over.
            continue


def _photos(root: Path) -> Iterator[str]:
    """The names of what lies in a folder of photos; what is just being written counts not yet."""
    for folder, folders, files in os.walk(root):
        if Path(folder) == root and DRAFTS in folders:
            folders.remove(DRAFTS)
        for file in files:
            yield Path(folder, file).relative_to(root).as_posix()


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


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
