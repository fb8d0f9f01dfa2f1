"""Brings a database to the tables of this version.

Revisions are numbered, `0001_initial.py` and on, and each has the number as its revision id: so the
newest is known from the file names, a later one is the greater, and a start with an up-to-date
database need not load alembic.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

from server.database.db import Database, DatabaseRefused, is_locked
from server.database.tables import Row

if TYPE_CHECKING:
    from alembic.config import Config

_HOME = Path(__file__).parent
_TRIES = 10
_PAUSE = 3.0
"""Seconds between them: whoever waited behind a change that waits gets their turn."""


def upgrade(database: Database, *, tries: int = _TRIES) -> bool:
    """Creates or changes the tables where they are behind; whether there was anything to do.

    Raises `DatabaseRefused` where another transaction holds a table each time it is tried.
    """
    if database.is_sqlite and database.engine.url.database:
        file = Path(database.engine.url.database)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in reversed(range(tries)):
        try:
            return _upgraded(database)
        except OperationalError as error:
            if not is_locked(error):
                raise
            if left:
                time.sleep(_PAUSE)
    raise DatabaseRefused(
        "the tables could not be changed: another transaction held one of them all the time, maybe "
        "a backup. Nothing is changed; start again once it has ended"
    )


def _upgraded(database: Database) -> bool:
    if is_current(database):
        return False
    from alembic import command

    with database.migrating() as connection:
        if is_current(database):
            # Another start was first; alembic does not know the revisions of a later version.
            return False
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def is_current(database: Database) -> bool:
    """Whether the database has every revision of this version.

    It may have more: each leaves the version before able to go on, and so to be put back.
    """
    try:
        row = database.fetch("SELECT version_num FROM alembic_version")
    except Exception:
        # No such table yet; a database that cannot be reached fails again, loudly, when upgraded.
        return False
    return row is not None and row[0] >= newest()


def newest() -> str:
    """The id of the newest revision."""
    return max(file.name for file in (_HOME / "versions").glob("[0-9]*.py")).partition("_")[0]


def differences(database: Database) -> list[str]:
    """What an upgraded database has otherwise than the tables of the code say; empty is right."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with database.migrating() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [repr(difference) for difference in compare_metadata(context, Row.metadata)]


def configuration() -> "Config":
    """Alembic's configuration, without any file of the project's root."""
    from alembic.config import Config

    config = Config()
    # Alembic expands % in its options.
    config.set_main_option("script_location", str(_HOME).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
