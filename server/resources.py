"""What the faces of the service work with; made once, before the fork."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from server.clock import Clock, utc_now
from server.conversations import Conversations
from server.db import Database
from server.preparing import kept_indexes, prepare
from server.serving import Served, Serving, load
from server.settings import Settings, load_settings

_EXTENSION = "nuangang"


@dataclass(frozen=True, slots=True)
class Resources:
    """Settings, database and everything on top of it."""

    settings: Settings
    database: Database
    serving: Serving
    conversations: Conversations
    clock: Clock


def make_resources(settings: Settings, clock: Clock = utc_now) -> Resources:
    """Prepare what is missing, and load the release in force."""
    database = prepare(settings, now=clock())
    serving = Serving(database, kept_indexes(settings))
    return Resources(settings, database, serving, Conversations(database), clock)


def load_served() -> Served:
    """Prepare what is missing and load the release in force, for a command without a server."""
    settings = load_settings()
    database = prepare(settings, now=utc_now())
    try:
        return load(database, kept_indexes(settings))
    finally:
        database.release()


def attach(app: Flask, made: Resources) -> None:
    """Give an app its resources."""
    app.extensions[_EXTENSION] = made


def resources() -> Resources:
    """The resources of the app that handles the request."""
    return cast(Resources, current_app.extensions[_EXTENSION])
