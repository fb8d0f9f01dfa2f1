"""The service as it must not be: SQLite waits for the disk only when it moves the log."""

from typing import Any

from apiflask import APIFlask
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine

from server import db
from server.app import create_app as create_true_app

_awake = db._sqlite_engine


def _drowsy(url: URL) -> Engine:
    engine = _awake(url)

    @event.listens_for(engine, "connect")
    def doze(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=NORMAL")

    return engine


def create_app() -> APIFlask:
    """The application over databases that are synchronous=NORMAL."""
    db._sqlite_engine = _drowsy
    return create_true_app()
