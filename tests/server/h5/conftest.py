"""A phone in a browser, and the service for it to call."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from server.app import create_app
from server.web.resources import Resources
from tests import casework
from tests.conftest import HandClock
from tests.server.h5.walking import PHONE

NewPhone = Callable[..., Page]


class TickingClock(HandClock):
    """A clock that goes on a little whenever somebody looks at it."""

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """A page and a browser see no difference between the databases: one is enough."""
    return sqlite_url


@pytest.fixture
def clock(now: datetime) -> HandClock:
    """No two turns of a conversation are at the same instant."""
    return TickingClock(now)


@pytest.fixture
def new_phone(browser: Browser) -> Iterator[NewPhone]:
    """Makes phones; whatever went wrong in their scripts fails the test."""
    contexts = []
    faults: list[str] = []

    def make(**more: object) -> Page:
        options = {"viewport": PHONE, "has_touch": True, "is_mobile": True, "locale": "zh-CN"}
        # Requests that a service worker has taken can't be stopped or changed by a test.
        options["service_workers"] = "block"
        context = browser.new_context(**{**options, **more})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def address(resources: Resources, now: datetime) -> Iterator[str]:
    """Where the service listens, with the knowledge of the program in force."""
    casework.publish(resources.database, resources.serving.current().library, now=now)
    app = create_app(resources.settings, resources)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/"
    server.shutdown()
    thread.join()
    server.server_close()
