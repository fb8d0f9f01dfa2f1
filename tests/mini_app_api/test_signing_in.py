"""Sessions: who gets a token, how long it is good, and what WeChat has to do with it."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from server.app import create_app
from server.database.db import Database
from server.database.tables import Row
from server.personal import people, profiles
from server.platform.interface import Platform
from server.records.audit import Actor
from server.settings import Environment, Settings
from server.web.resources import Resources
from server.web.sessions import worker_of
from tests import citizens
from tests.conftest import HandClock
from tests.wechat_platform.state import APP_ID, APP_SECRET, Fault, PlatformState


def test_a_developer_signs_in_and_the_token_is_kept_as_a_hash_only(
    client: FlaskClient, resources: Resources, now: datetime
) -> None:
    signed_in = client.post("/api/v1/session", json={"code": "dev:wang"}).get_json()
    token = signed_in["token"]
    assert len(token) >= 43
    assert datetime.fromisoformat(signed_in["expires_at"]) > now + timedelta(days=1)
    assert worker_of(resources.database, token, now=now) is not None
    stored = resources.database.fetch("SELECT token_hash FROM worker_session")
    assert stored is not None and token not in stored[0]


def test_one_name_is_one_worker_with_a_new_token_each_time(
    client: FlaskClient, resources: Resources, now: datetime
) -> None:
    tokens = [
        client.post("/api/v1/session", json={"code": f"dev:{name}"}).get_json()["token"]
        for name in ("wang", "wang", "li")
    ]
    first, again, other = (worker_of(resources.database, t, now=now) for t in tokens)
    assert first == again != other
    assert len(set(tokens)) == 3


@pytest.mark.parametrize(
    "code",
    ["wang", "dev:", "dev: wang", "DEV:wang", "dev:" + "x" * 65, "dev:a\nb", "021abc", "x\x00"],
)
def test_any_other_code_is_refused(client: FlaskClient, code: str) -> None:
    reply = client.post("/api/v1/session", json={"code": code})
    assert (reply.status_code, reply.get_json()["code"]) == (401, "sign_in_refused")


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("10.0.0.7", {}),
        ("::2", {}),
        ("", {}),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}),
        ("127.0.0.1", {"Forwarded": "for=10.0.0.7"}),
    ],
)
def test_another_machine_is_refused(
    client: FlaskClient, address: str, headers: dict[str, str]
) -> None:
    reply = client.post(
        "/api/v1/session",
        json={"code": "dev:wang"},
        headers=headers,
        environ_overrides={"REMOTE_ADDR": address},
    )
    assert reply.status_code == 401


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_known_by_each_of_its_names(client: FlaskClient, address: str) -> None:
    reply = client.post(
        "/api/v1/session",
        json={"code": "dev:wang"},
        environ_overrides={"REMOTE_ADDR": address},
    )
    assert reply.status_code == 200


def test_production_knows_no_developers(resources: Resources, tmp_path: Path) -> None:
    settings = Settings(env=Environment.PRODUCTION, data_dir=tmp_path)
    made = replace(resources, settings=settings)
    client = create_app(settings, made).test_client()
    assert client.post("/api/v1/session", json={"code": "dev:wang"}).status_code == 401


# -- with WeChat -------------------------------------------------------------------------------


@pytest.fixture
def in_wechat(resources: Resources, wechat_settings: Settings, platform: Platform) -> FlaskClient:
    """The service with WeChat set up."""
    made = replace(resources, settings=wechat_settings, platform=platform)
    return create_app(wechat_settings, made).test_client()


def _sign_in(client: FlaskClient, code: str) -> tuple[int, dict[str, Any]]:
    reply = client.post("/api/v1/session", json={"code": code})
    return reply.status_code, reply.get_json()


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_code_from_the_page_in_wechat_signs_in_once(
    in_wechat: FlaskClient, wechat: PlatformState
) -> None:
    code = wechat.login_code(wechat.openid(APP_ID, "zhao"))
    first, again = (
        in_wechat.post("/api/v1/session", json={"code": code, "web": True}) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (200, 401)
    assert "canary" not in first.text


def test_a_phone_in_wechat_is_sent_there_to_sign_in_and_others_are_not(
    in_wechat: FlaskClient, client: FlaskClient
) -> None:
    wechat_agent = {"User-Agent": "Mozilla/5.0 MicroMessenger/8.0", "X-Forwarded-For": "1.2.3.4"}
    assert 'data-sign-in="wechat"' in in_wechat.get("/", headers=wechat_agent).text
    elsewhere = {**wechat_agent, "User-Agent": "Mozilla/5.0"}
    assert 'data-sign-in=""' in in_wechat.get("/", headers=elsewhere).text
    sent = in_wechat.get("/h5/sign-in", query_string={"state": "a1-&b"})
    assert sent.status_code == 302
    assert sent.headers["Location"].startswith("https://open.weixin.qq.com/connect/oauth2/")
    assert f"appid={APP_ID}" in sent.headers["Location"]
    assert "state=a1b#wechat_redirect" in sent.headers["Location"]
    assert client.get("/h5/sign-in").status_code == 404


def test_a_login_code_of_wechat_signs_in_once(
    in_wechat: FlaskClient, wechat: PlatformState, resources: Resources, now: datetime
) -> None:
    openid = wechat.openid(APP_ID, "wang")
    codes = [wechat.login_code(openid) for _ in range(2)]
    (status, first), (_, again) = (_sign_in(in_wechat, code) for code in codes)
    assert status == 200 and set(first) == {"token", "expires_at"}
    workers = {worker_of(resources.database, s["token"], now=now) for s in (first, again)}
    assert len(workers) == 1 and None not in workers
    for code in (codes[0], "invented", "码", "x\n"):
        assert _sign_in(in_wechat, code)[1]["code"] == "sign_in_refused"


def test_who_wrote_to_the_account_before_is_the_same_worker_in_the_mini_program(
    in_wechat: FlaskClient, wechat: PlatformState, resources: Resources, now: datetime
) -> None:
    openid = wechat.openid(APP_ID, "wang")
    wechat.unions[openid] = "union-of-wang"
    with resources.database.begin() as session:
        account = people.recognise(
            session, resources.safe, issuer="wx-account", subject="a",
            unionid="union-of-wang", now=now,
        )  # fmt: skip
    _, signed_in = _sign_in(in_wechat, wechat.login_code(openid))
    assert worker_of(resources.database, signed_in["token"], now=now) == account


@pytest.mark.parametrize("fault", [Fault(code=-1), Fault(status=502), Fault(drop=True)])
def test_while_wechat_is_away_the_worker_is_told_so(
    in_wechat: FlaskClient, wechat: PlatformState, fault: Fault
) -> None:
    wechat.faults = [fault]
    status, problem = _sign_in(in_wechat, "code-wang")
    assert (status, problem["code"]) == (503, "wechat_away")
    wechat.faults = []
    assert _sign_in(in_wechat, "code-wang")[0] == 200


def test_a_session_is_renewed_and_ended_here_or_everywhere(
    client: FlaskClient, clock: HandClock
) -> None:
    def session_of(name: str) -> str:
        token: str = _sign_in(client, f"dev:{name}")[1]["token"]
        return token

    def lives(token: str) -> bool:
        asked = {"text": "你好"}
        return client.post("/api/v1/chat", json=asked, headers=_bearer(token)).status_code == 200

    old, other, theirs = session_of("wang"), session_of("wang"), session_of("li")
    reply = client.post("/api/v1/session/renewal", headers=_bearer(old))
    new = reply.get_json()["token"]
    assert reply.status_code == 200 and new != old and lives(old) and lives(new)
    clock.now += timedelta(minutes=5)
    assert not lives(old) and lives(new)
    assert client.delete("/api/v1/session", headers=_bearer(new)).status_code == 204
    assert not lives(new) and lives(other)
    third = session_of("wang")
    assert client.delete("/api/v1/sessions", headers=_bearer(other)).status_code == 204
    assert [lives(token) for token in (other, third, theirs)] == [False, False, True]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/session/renewal"),
        ("POST", "/api/v1/session/phone"),
        ("DELETE", "/api/v1/session"),
        ("DELETE", "/api/v1/sessions"),
    ],
)
def test_what_belongs_to_a_session_needs_one(client: FlaskClient, method: str, path: str) -> None:
    for headers, code in (({}, "sign_in_needed"), (_bearer("unknown"), "session_over")):
        body = {"code": "x"} if path.endswith("phone") else None
        reply = client.open(path, method=method, json=body, headers=headers)
        assert (reply.status_code, reply.get_json()["code"]) == (401, code)
        assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_the_telephone_number_that_wechat_verified_is_kept_and_shown_in_part(
    in_wechat: FlaskClient, wechat: PlatformState, resources: Resources, now: datetime
) -> None:
    token = _sign_in(in_wechat, "code-wang")[1]["token"]

    def verify(code: str) -> tuple[int, dict[str, Any]]:
        reply = in_wechat.post("/api/v1/session/phone", json={"code": code}, headers=_bearer(token))
        return reply.status_code, reply.get_json()

    assert verify(wechat.phone_code("13800138000")) == (200, {"phone": "138****8000"})
    assert verify("invented")[1]["code"] == "phone_refused"
    worker = worker_of(resources.database, token, now=now)
    assert worker is not None
    with resources.database.read() as session:
        assert people.phone_of(session, resources.safe, worker) == "13800138000"


@pytest.mark.parametrize("telephone_last", [True, False])
def test_whoever_a_roster_named_is_them_once_they_say_so_and_the_telephone_is_theirs(
    in_wechat: FlaskClient,
    wechat: PlatformState,
    resources: Resources,
    now: datetime,
    telephone_last: bool,
) -> None:
    who, known = citizens.person(1, card=False), resources
    with known.database.begin() as session:
        named = people.recognise(
            session, known.safe, issuer=people.REGISTER, subject=who.identity_number, now=now
        )
    own = known.subject_keys.safe_of(named)
    with known.database.begin() as session:
        profiles.take_from_register(
            session, own, worker_id=named, person=who, by=Actor.job("test"), now=now
        )
    token = _sign_in(in_wechat, "code-wang")[1]["token"]

    def send(method: str, path: str, body: Any) -> None:
        headers = {
            **_bearer(token),
            "Idempotency-Key": path.strip("/").replace("/", "-") + "-12345678",
        }
        reply = in_wechat.open(f"/api/v1{path}", method=method, json=body, headers=headers)
        assert reply.status_code == 200, reply.text

    send("PUT", "/consents/identity", {"version": 1})
    steps = [
        lambda: send("PUT", "/me", who.model_dump(exclude_none=True)),
        lambda: send("POST", "/session/phone", {"code": wechat.phone_code(who.phone)}),
    ]
    for step in steps if telephone_last else reversed(steps):
        assert known.database.fetch("SELECT count(*) FROM worker") == (2,)
        step()
    assert known.database.fetch("SELECT count(*) FROM worker") == (1,)


def test_without_wechat_no_telephone_is_verified(client: FlaskClient) -> None:
    token = _sign_in(client, "dev:wang")[1]["token"]
    reply = client.post("/api/v1/session/phone", json={"code": "x"}, headers=_bearer(token))
    assert (reply.status_code, reply.get_json()["code"]) == (503, "wechat_away")


def test_secrets_stay_on_the_server_and_nothing_is_stored_in_clear(
    in_wechat: FlaskClient,
    wechat: PlatformState,
    resources: Resources,
    platform: Platform,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    openid = wechat.openid(APP_ID, "wang")
    wechat.unions[openid] = "canary-union"
    said = [in_wechat.post("/api/v1/session", json={"code": wechat.login_code(openid)})]
    token = said[0].get_json()["token"]
    platform.account.send_text(openid, "你好")
    for fault in (Fault(code=-1), Fault(status=500), Fault(drop=True)):
        wechat.faults = [fault]
        said.append(in_wechat.post("/api/v1/session", json={"code": "canary-code"}))
    app_token, _ = wechat.stable_token(APP_ID, APP_SECRET, force=False)
    secrets = {"canary", APP_SECRET, app_token, openid, token}
    shown = caplog.text + "".join(capfd.readouterr())
    shown += "".join(reply.get_data(as_text=True) + str(reply.headers) for reply in said)
    assert _in(shown.replace(token, "", 1), secrets) == set()
    assert _in(_all_stored(resources.database), secrets) == set()
    # The control: what is stored does hold what is no secret.
    assert _in(_all_stored(resources.database), {APP_ID}) == {APP_ID}


def _in(text: str, words: set[str]) -> set[str]:
    return {word for word in words if word in text}


def _all_stored(database: Database) -> str:
    """Every value of every table, and on SQLite every byte of its files."""
    with database.read() as session:
        rows = [session.execute(select(table)).all() for table in Row.metadata.sorted_tables]
    file = database.engine.url.database
    files = Path(file).parent.glob("nuangang.db*") if database.is_sqlite and file else ()
    return repr(rows) + "".join(path.read_bytes().decode("latin-1") for path in files)
