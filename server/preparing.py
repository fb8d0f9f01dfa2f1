"""What every start makes sure of: a data directory, a database up to date, a release in force."""

import hashlib
from datetime import datetime

from server import releases
from server.db import Database
from server.kept_indexes import KeptIndexes
from server.migrations import upgrade
from server.settings import Settings

_OWN = "files of the program "


def prepare(settings: Settings, *, now: datetime) -> Database:
    """Make data directory, database and knowledge where they are missing or behind.

    The files that come with the program are published on the first start, and again when a new
    version brings others; never over a release that somebody published, nor against a rollback.
    Raises `KnowledgeFileRefused` where files that are to be published are damaged.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database)
    upgrade(database)
    note = _OWN + _fingerprint()
    if _is_behind(database, note):
        from knowledge.library import read_library

        editions = read_library().editions
        with database.begin() as session:
            # Another start may have been first.
            if note not in (release.note for release in releases.history(session)):
                releases.publish(session, editions, note=note, now=now)
    return database


def kept_indexes(settings: Settings) -> KeptIndexes:
    """Where indexed libraries are kept from one start to the next."""
    secret = settings.secret_key.get_secret_value() if settings.secret_key else ""
    return KeptIndexes(settings.data_dir / "indexes", secret.encode())


def _is_behind(database: Database, note: str) -> bool:
    """Whether the release in force is none, or an older one of the program's own."""
    with database.read() as session:
        current = releases.current_id(session)
        notes = {release.id: release.note for release in releases.history(session)}
    if current is None:
        return True
    return notes[current].startswith(_OWN) and note not in notes.values()


def _fingerprint() -> str:
    from knowledge.library import DATA

    digest = hashlib.sha256()
    for path in sorted(DATA.rglob("*.*")):
        digest.update(f"{path.relative_to(DATA).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
