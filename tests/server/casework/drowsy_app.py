"""The service as it must not be: it waits for the disk only when SQLite moves the log."""

from typing import Any

from apiflask import APIFlask
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine

from server.app import create_app as create_true_app
from server.database import db, grouping

_awake = db._sqlite_engine


def _drowsy(url: URL) -> Engine:
    engine = _awake(url)

    @event.listens_for(engine, "connect")
    def doze(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=NORMAL")

    return engine


def _tell_at_once(_line: grouping.Line, _waiting: grouping.Waiting[Any]) -> None:
    """In the place of the wait for the log."""


def create_app() -> APIFlask:
    """The application over databases that are synchronous=NORMAL, with no sync of ours."""
    db._sqlite_engine = _drowsy
    grouping.Line.sync = _tell_at_once  # type: ignore[method-assign]
    return create_true_app()
