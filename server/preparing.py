"""What every start makes sure of: a data directory, a database up to date, a release in force."""

from datetime import datetime

from server import releases
from server.db import Database
from server.migrations import upgrade
from server.settings import Settings


def prepare(settings: Settings, *, now: datetime) -> Database:
    """Make data directory, database and knowledge where they are missing.

    Raises `KnowledgeFileRefused` where knowledge is missing and its files are damaged.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database)
    upgrade(database)
    with database.read() as session:
        published = releases.current_id(session) is not None
    if not published:
        from knowledge.library import read_library

        editions = read_library().editions
        with database.begin() as session:
            # Another start may have been first.
            if releases.current_id(session) is None:
                releases.publish(session, editions, note="first run", now=now)
    return database
