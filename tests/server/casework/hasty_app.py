"""The service as it must not be: it acknowledges a write, and does it a while later."""

import threading
from collections.abc import Callable
from typing import TypeVar

from apiflask import APIFlask
from sqlmodel import Session

from server.app import create_app as create_true_app
from server.database.db import Database

T = TypeVar("T")
_LATER_SECONDS = 5.0


class _Undone(Exception):
    pass


def _hastily(database: Database, act: Callable[[Session], T]) -> T:
    done: list[T] = []
    try:
        with database.begin() as session:
            done.append(act(session))
            raise _Undone
    except _Undone:
        threading.Timer(_LATER_SECONDS, _do, (database, act)).start()
        return done[0]


def _do(database: Database, act: Callable[[Session], object]) -> None:
    with database.begin() as session:
        act(session)


def create_app() -> APIFlask:
    """The application over a hasty database."""
    Database.together = _hastily  # type: ignore[method-assign]
    return create_true_app()
