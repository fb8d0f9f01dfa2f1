"""The official account with the stand-in platform's user side before it, on each database."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from apiflask import APIFlask
from pydantic import SecretStr

from server.app import create_app
from server.web.resources import Resources
from tests.wechat_platform.user import Platform, User

TOKEN = "stand-in-token"
APP_ID = "wx0123456789abcdef"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

Start = Callable[[], APIFlask]


@pytest.fixture(params=[None, AES_KEY], ids=["plaintext", "aes"])
def aes_key(request: pytest.FixtureRequest) -> str | None:
    key: str | None = request.param
    return key


@pytest.fixture
def known(resources: Resources, aes_key: str | None) -> Resources:
    """The resources, with the official account set up."""
    wechat = {
        "wechat_app_id": APP_ID,
        "wechat_app_secret": SecretStr("secret"),
        "wechat_token": SecretStr(TOKEN),
        "wechat_aes_key": None if aes_key is None else SecretStr(aes_key),
    }
    return replace(resources, settings=resources.settings.model_copy(update=wechat))


@pytest.fixture
def start(known: Resources) -> Iterator[Start]:
    """Starts the service, again and again on one database."""
    started: list[APIFlask] = []

    def begin() -> APIFlask:
        started.append(create_app(known.settings, known))
        return started[-1]

    yield begin
    for app in started:
        app.extensions["nuangang.wechat"].close()


@pytest.fixture
def app(start: Start) -> APIFlask:
    return start()


def platform_before(app: APIFlask, known: Resources) -> Platform:
    """The platform that posts to this app, with the clock of the test."""

    def post(path: str, body: bytes) -> tuple[int, bytes]:
        # A client of its own for each: tests post from several threads.
        reply = app.test_client().post(path, data=body, content_type="text/xml")
        return reply.status_code, reply.data

    aes_key = known.settings.wechat_aes_key
    return Platform(
        post,
        TOKEN,
        APP_ID,
        None if aes_key is None else aes_key.get_secret_value(),
        lambda: known.clock().timestamp(),
    )


@pytest.fixture
def platform(app: APIFlask, known: Resources) -> Platform:
    return platform_before(app, known)


@pytest.fixture
def user(platform: Platform) -> User:
    return User(platform)
