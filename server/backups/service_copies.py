"""Backups of the whole service while it serves, and the way back.

A backup is a folder: the database as of one moment, a copy of the anchors, and a manifest with the
digest of each file and a seal of the keys in force. The keys of workers go to a folder of their own
(`key_copies`). Photos in a folder are copied beside, each once, and go once no backup needs them; a
bucket is for its own service to keep.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ValidationError

from server.backups import database_copies, key_copies
from server.backups.database_copies import COUNT, BackupRefused, digest, sync
from server.casework import sweeping
from server.confidential.sealing import Safe, SealBroken
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.material_store import DRAFTS
from server.migrations import newest, upgrade
from server.pairing import visiting
from server.records import anchors
from server.settings import Settings

MANIFEST = "manifest.json"
MATERIALS = "materials"
GONE = "materials_gone.json"
"""Photos that are copied and no longer live: since when, by name."""
_DATA = "data"
_DRAFT, _PART = ".draft-", ".part"
_LONGEST = timedelta(days=1)
"""A backup that was begun longer ago is under way no more."""
_PURPOSE = "backup"
_COUNTED = ("worker", "cases", "case_event", "audit_entry", "payment", "material")
_STAMP = "%Y%m%dT%H%M%SZ"


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
    data = database_copies.copy(settings.database, draft, _DATA, _COUNTED)
    _refuse_emptied(data.rows, to)
    noted = settings.data_dir / anchors.FILE
    if noted.exists():
        shutil.copy(noted, draft / anchors.FILE)
    _copy_materials(settings, to / MATERIALS)
    key_copies.replace(settings.keys_database, safe, keys_to, now)
    manifest = Manifest(
        made_at=now,
        revision=newest(),
        is_sqlite=data.path.suffix == ".db",
        rows=data.rows,
        files={path.name: digest(path) for path in sorted(draft.iterdir())},
        sealed=safe.seal(stamp, _PURPOSE),
        hashed=safe.hash(_PURPOSE, stamp),
    )
    (draft / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    for path in draft.iterdir():
        sync(path)
    os.replace(draft, folder)
    sync(to)
    return Made(folder, manifest)


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
        sync(draft)
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
    for name, noted in manifest.files.items():
        path = folder / name
        if not path.is_file() or digest(path) != noted:
            raise BackupRefused(f"{name} of the backup is missing or damaged")
    return manifest


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
    key_copies.verify(settings, safe, keys_from)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database_copies.refuse_filled(_DATA, settings.database)
    database_copies.refuse_filled(key_copies.NAME, settings.keys_database)
    database_copies.bring_back(folder, _DATA, settings.database)
    database_copies.bring_back(keys_from, key_copies.NAME, settings.keys_database)
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
            if database.fetch(COUNT.format(table)) != (count,):
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


def _of(to: Path) -> Iterator[Path]:
    return (path for path in to.glob("[0-9]*T*Z") if (path / MANIFEST).exists())


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
                sync(part)
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
