"""Too often is refused to who asks too often: a person first, an address only for strangers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.app import create_app
from server.settings import Settings
from server.web.callers import address
from server.web.rate_limits import make_limits
from server.web.resources import Resources
from tests.conftest import HandClock

FACTORY = "203.0.113.7"
Ask = Callable[..., TestResponse]


@pytest.fixture
def strict(resources: Resources, clock: HandClock) -> FlaskClient:
    settings = Settings.model_validate(
        resources.settings.model_dump()
        | {
            "rate_chat": "5/minute",
            "rate_chat_address": "8/minute",
            "rate_sign_in": "4/minute",
            "rate_sign_in_address": "9/minute",
        }
    )
    limits = make_limits(settings, resources.database, resources.safe, clock)
    made = replace(resources, settings=settings, limits=limits)
    return create_app(settings, made).test_client()


def _chat(client: FlaskClient, address: str | None = FACTORY, token: str = "") -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if address is not None:
        headers["X-Forwarded-For"] = address
    return client.post("/api/v1/chat", json={"text": "你好"}, headers=headers)


def _token(client: FlaskClient, name: str) -> str:
    reply: dict[str, Any] = client.post("/api/v1/session", json={"code": f"dev:{name}"}).get_json()
    return str(reply["token"])


def test_who_asks_too_often_is_told_when_to_come_back(
    strict: FlaskClient, clock: HandClock
) -> None:
    token = _token(strict, "wang")
    assert [_chat(strict, token=token).status_code for _ in range(6)] == [200] * 5 + [429]
    reply = _chat(strict, token=token)
    problem = reply.get_json()
    assert reply.mimetype == "application/problem+json"
    assert (problem["status"], problem["code"]) == (429, "too_many")
    assert "歇一会儿" in problem["detail"]
    seconds = int(reply.headers["Retry-After"])
    assert 1 <= seconds <= 61
    clock.now = clock.now.replace(minute=clock.now.minute + 2)
    assert _chat(strict, token=token).status_code == 200


def test_a_self_check_counts_as_a_message(strict: FlaskClient) -> None:
    def check(token: str = "") -> int:
        own = {"Authorization": f"Bearer {token}"} if token else {}
        headers = {"X-Forwarded-For": FACTORY, **own}
        asked = {"region": "石狮", "facts": {}}
        return strict.post("/api/v1/self-check", json=asked, headers=headers).status_code

    assert [check() for _ in range(9)] == [200] * 8 + [429]
    assert _chat(strict).status_code == 429
    # Strangers behind the same address keep nobody from it who has signed in.
    token = _token(strict, "wang")
    assert [check(token) for _ in range(6)] == [200] * 5 + [429]


def test_people_behind_one_factory_address_do_not_block_one_another(strict: FlaskClient) -> None:
    tokens = [_token(strict, f"worker{number}") for number in range(12)]
    for _ in range(20):
        _chat(strict)
    assert _chat(strict).status_code == 429
    for _ in range(20):
        _chat(strict, token=tokens[0])
    assert _chat(strict, token=tokens[0]).status_code == 429
    statuses = [_chat(strict, token=token).status_code for token in tokens[1:] for _ in "123"]
    assert set(statuses) == {200}


def test_strangers_are_counted_by_the_address_that_our_proxy_tells(strict: FlaskClient) -> None:
    for _ in range(8):
        assert _chat(strict, "198.51.100.1").status_code == 200
    assert _chat(strict, "198.51.100.1").status_code == 429
    # What the caller writes in front of it changes nothing, nor does another of its network.
    assert _chat(strict, "10.9.8.7, 198.51.100.1").status_code == 429
    assert _chat(strict, "198.51.100.2").status_code == 200
    for number in range(8):
        _chat(strict, f"2001:db8:1:2::{number}")
    assert _chat(strict, "2001:db8:1:2::ffff").status_code == 429
    assert _chat(strict, "2001:db8:1:3::1").status_code == 200


def test_a_direct_caller_is_known_by_its_own_address(strict: FlaskClient) -> None:
    def ask(told: str) -> int:
        reply = strict.post(
            "/api/v1/chat",
            json={"text": "你好"},
            headers={"X-Forwarded-For": told},
            environ_overrides={"REMOTE_ADDR": "198.51.100.9"},
        )
        return reply.status_code

    assert [ask(f"10.0.0.{number}") for number in range(9)] == [200] * 8 + [429]


def test_programs_of_this_machine_are_not_counted_by_address(strict: FlaskClient) -> None:
    assert {_chat(strict, None).status_code for _ in range(20)} == {200}
    assert {_chat(strict, "nonsense").status_code for _ in range(20)} == {200}


def test_signing_in_has_limits_of_its_own(strict: FlaskClient) -> None:
    def sign_in(code: str, address: str | None = None) -> int:
        headers = {} if address is None else {"X-Forwarded-For": address}
        return strict.post("/api/v1/session", json={"code": code}, headers=headers).status_code

    assert [sign_in("dev:wang") for _ in range(5)] == [200] * 4 + [429]
    assert sign_in("dev:li") == 200
    assert [sign_in("guess", FACTORY) for _ in range(10)] == [401] * 9 + [429]


def test_the_page_without_scripts_has_the_same_limit(strict: FlaskClient) -> None:
    headers = {"X-Forwarded-For": "198.51.100.3"}
    statuses = [
        strict.post("/", data={"text": "你好"}, headers=headers).status_code for _ in range(9)
    ]
    assert statuses == [200] * 8 + [429]


@pytest.mark.parametrize(
    ("caller", "told", "wanted"),
    [
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("172.28.0.5", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("172.28.0.5", "", "172.28.0.5"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", "no address", None),
    ],
)
def test_one_hop_is_believed_and_only_our_own(
    resources: Resources, caller: str, told: str, wanted: str | None
) -> None:
    data = resources.settings.model_dump() | {"proxies": "127.0.0.0/8,172.28.0.0/16"}
    made = replace(resources, settings=Settings.model_validate(data))
    app = create_app(made.settings, made)
    headers = {"X-Forwarded-For": told} if told else {}
    with app.test_request_context(headers=headers, environ_base={"REMOTE_ADDR": caller}):
        assert address() == wanted
