"""What every start makes sure of: a data directory, a database up to date, a release in force."""

import hashlib
from datetime import datetime

import structlog

from server.database.db import Database
from server.migrations import upgrade
from server.published import releases
from server.published.kept_indexes import KeptIndexes
from server.settings import Settings

_log = structlog.get_logger()


def prepare(settings: Settings, *, now: datetime) -> Database:
    """Make data directory, database and knowledge where they are missing or behind.

    The files that come with the program are published on the first start, and again when a new
    version brings others; never over a release that somebody published, nor against a rollback.
    Files that are damaged or fail the honesty checks are not published: the release in force goes
    on. Raises `KnowledgeFileRefused` where there is none yet.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database)
    upgrade(database)
    note = releases.OWN_NOTE + _fingerprint()
    if _is_behind(database, note):
        _publish_own(database, note, now=now)
    return database


def _publish_own(database: Database, note: str, *, now: datetime) -> None:
    from knowledge.checking import honesty_troubles
    from knowledge.files import KnowledgeFileRefused
    from knowledge.library import read_and_locate

    try:
        library, located = read_and_locate()
        if found := honesty_troubles(library):
            raise KnowledgeFileRefused(map(located, found))
    except KnowledgeFileRefused as refused:
        with database.read() as session:
            if releases.current_id(session) is None:
                raise
        _log.warning("program_files_not_published", problems=list(map(str, refused.problems[:5])))
        return
    with database.begin() as session:
        # Another start may have been first.
        newest = releases.newest_in_force(session)
        if newest is None or newest.note != note:
            releases.publish(session, library.editions, note=note, now=now)


def kept_indexes(settings: Settings) -> KeptIndexes:
    """Where indexed libraries are kept from one start to the next."""
    secret = settings.secret_key.get_secret_value() if settings.secret_key else ""
    return KeptIndexes(settings.data_dir / "indexes", secret.encode())


def _is_behind(database: Database, note: str) -> bool:
    """Whether there is no release, or the last is in force, the program's own, and an older.

    What is only stored, or was proposed and refused, stands in no way.
    """
    with database.read() as session:
        current = releases.current_id(session)
        newest = releases.newest_in_force(session)
    if current is None or newest is None:
        return True
    return (
        current == newest.id and newest.note.startswith(releases.OWN_NOTE) and newest.note != note
    )


def _fingerprint() -> str:
    from knowledge.library import DATA

    digest = hashlib.sha256()
    for path in sorted(DATA.rglob("*.*")):
        digest.update(f"{path.relative_to(DATA).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
