"""What the faces of the service work with; made once, before the fork."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app

from knowledge.library import Library
from server.casework.advancing import Post
from server.chat.conversations import Conversations
from server.chat.serving import Served, Serving, load
from server.clock import Clock, utc_now
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.material_store import Store, make_store
from server.preparing import kept_indexes, prepare
from server.records.linking import Linking
from server.settings import Settings, load_settings
from server.web.rate_limits import Limits, make_limits

if TYPE_CHECKING:
    from server.platform.interface import Platform

_EXTENSION = "nuangang"


@dataclass(frozen=True, slots=True)
class Resources:
    """Settings, database and everything on top of it."""

    settings: Settings
    database: Database
    serving: Serving
    conversations: Conversations
    clock: Clock
    safe: Safe
    limits: Limits
    subject_keys: SubjectKeys
    linking: Linking
    store: Store
    platform: "Platform | None" = None
    """None where WeChat is not set up."""


def make_resources(settings: Settings, clock: Clock = utc_now) -> Resources:
    """Prepare what is missing, and load the release in force."""
    database = prepare(settings, now=clock())
    serving = Serving(database, kept_indexes(settings))
    safe = make_safe(settings)
    return Resources(
        settings,
        database,
        serving,
        Conversations(database, safe=safe),
        clock,
        safe,
        make_limits(settings, database, safe, clock),
        make_subject_keys(settings, database, safe, clock),
        Linking(database, safe),
        make_store(settings),
        _platform(settings, database, safe, clock),
    )


def _platform(
    settings: Settings, database: Database, safe: Safe, clock: Clock
) -> "Platform | None":
    if settings.wechat_app_id is None:
        return None
    # Its libraries take a twentieth of the start: only where they are used.
    from server.platform.interface import make_platform

    return make_platform(settings, database, safe, clock)


def make_safe(settings: Settings) -> Safe:
    """What seals and hashes with the keys of the settings."""
    secret = settings.secret_key.get_secret_value() if settings.secret_key else ""
    return Safe(settings.keys, secret.encode())


def make_subject_keys(
    settings: Settings, database: Database, safe: Safe, clock: Clock = utc_now
) -> SubjectKeys:
    """The keys of the workers, with their table where there was none."""
    made = SubjectKeys(database, Database(settings.keys_database), safe, clock)
    made.prepare()
    return made


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


def post() -> Post:
    """How workers are told of what happens to their cases."""
    known = resources()
    return make_post(known.settings, known.safe, known.serving.current().library)


def make_post(settings: Settings, safe: Safe, library: Library) -> Post:
    """The same without a web application, for jobs."""
    app_id = settings.wechat_mini_app_id or settings.wechat_app_id or ""
    return Post(safe, library, app_id, settings.wechat_template_ids)
