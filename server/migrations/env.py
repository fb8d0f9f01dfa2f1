"""How alembic reaches the database: on the connection it is handed, or on the settings' one."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection

import server.schema  # noqa: F401
from server.database.db import Database
from server.database.tables import Instant, Row
from server.settings import load_settings


def _render(kind: str, thing: Any, autogenerate: Any) -> str | Literal[False]:
    """Writes our own column type into new revisions by its name."""
    if kind == "type" and isinstance(thing, Instant):
        autogenerate.imports.add("from server.database.tables import Instant")
        return "Instant()"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=_render,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if (handed := context.config.attributes.get("connection")) is not None:
    _run(handed)
else:
    with Database(load_settings().database).migrating() as own:
        _run(own)
