"""Signing in: two factors, no hints, no lock-out of the right person."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from server.app import create_app
from server.casework import officers
from server.casework.officers import Role
from server.records import audit
from server.settings import Environment
from server.staff import accounts, passwords
from server.staff.tables import StaffAccount, StaffDevice, StaffSession
from server.web.rate_limits import make_limits
from server.web.resources import Resources
from tests.conftest import HandClock
from tests.server.console.conftest import PASSWORD, Staff, form_token, text_of

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse


def sign_in(
    client: "FlaskClient",
    username: str = "officer1",
    password: str = PASSWORD,
    code: str = "",
    **more: str,
) -> "TestResponse":
    page = client.get("/staff/sign-in", base_url=more.get("base_url"))
    data = {"username": username, "password": password, "code": code, "next": more.get("next", "")}
    return client.post(
        "/staff/sign-in",
        data={"csrf": form_token(page.text), **data},
        base_url=more.get("base_url"),
    )


def test_an_officer_signs_in_and_out(staff: Staff) -> None:
    staff.officer(Role.CASE_OFFICER)
    client = staff.app.test_client()
    assert client.get("/staff/").headers["Location"] == "/staff/sign-in"
    signed = sign_in(client)
    assert (signed.status_code, signed.headers["Location"]) == (303, "/staff/")
    home = client.get("/staff/")
    assert "陈晓" in home.text
    out = client.post("/staff/sign-out", data={"csrf": form_token(home.text)})
    assert out.headers["Location"] == "/staff/sign-in"
    assert client.get("/staff/").status_code == 303


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("officer1", "wrong"),
        ("nobody", PASSWORD),
        ("officer1", PASSWORD + " "),
        ("officer2", PASSWORD),
    ],
)
def test_what_was_wrong_is_not_told(
    staff: Staff, resources: Resources, username: str, password: str
) -> None:
    staff.officer(Role.CASE_OFFICER)
    gone = staff.officer(Role.CASE_OFFICER)
    with resources.database.begin() as session:
        officers.change(
            session, resources.safe, resources.serving.current().library.regions, gone.id,
            version=1, roles=(), where=(), active=False, by=BY, now=resources.clock(),
        )  # fmt: skip
    refused = sign_in(staff.app.test_client(), username, password)
    assert refused.status_code == 401
    assert "用户名、密码或动态码不对。" in refused.text
    assert "Set-Cookie" not in refused.headers or "nuangang_staff" not in str(
        refused.headers.getlist("Set-Cookie")
    )


def test_only_hashes_are_kept(staff: Staff, resources: Resources) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    with resources.database.read() as session:
        account = session.get_one(StaffAccount, desk.officer.id)
        kept = session.get(StaffSession, desk.token)
    assert kept is None
    assert account.password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_session_ends_half_an_hour_after_the_last_page(staff: Staff, clock: HandClock) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    for _ in range(3):
        clock.now += timedelta(minutes=29)
        assert desk.get("/").status_code == 200
    clock.now += timedelta(minutes=30)
    assert desk.get("/").headers["Location"] == "/staff/sign-in"


def test_a_session_ends_after_ten_hours_whatever_happens(staff: Staff, clock: HandClock) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    for _ in range(23):
        clock.now += timedelta(minutes=26)
        assert desk.get("/").status_code == 200
    clock.now += timedelta(minutes=2)
    assert desk.get("/").status_code == 303


def test_whoever_leaves_is_out_at_once(staff: Staff, resources: Resources) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    with resources.database.begin() as session:
        officers.change(
            session, resources.safe, resources.serving.current().library.regions, desk.officer.id,
            version=1, roles=(), where=(), active=False, by=BY, now=resources.clock(),
        )  # fmt: skip
    assert desk.get("/").status_code == 303


def test_guessing_takes_longer_and_longer_but_keeps_nobody_out_of_their_own_browser(
    staff: Staff, resources: Resources, clock: HandClock
) -> None:
    staff.officer(Role.CASE_OFFICER)
    strict = resources.settings.model_copy(update={"rate_staff": "2/minute;4/hour;5/day"})
    limits = make_limits(strict, resources.database, resources.safe, clock)
    app = create_app(resources.settings, replace(resources, limits=limits))
    own, foreign = app.test_client(), app.test_client()
    assert sign_in(own).status_code == 303
    own.delete_cookie("nuangang_staff")
    waits = []
    while len(waits) < 3:
        refused = sign_in(foreign, password="a guess")
        if refused.status_code == 429:
            waited = re.search(r"请(\d+)(秒|分钟|小时)后再试", refused.text)
            assert waited
            waits.append(int(waited[1]) * {"秒": 1, "分钟": 60, "小时": 3600}[waited[2]])
            clock.now += timedelta(seconds=waits[-1])
            if len(waits) == 3:
                clock.now -= timedelta(seconds=waits[-1])
    assert waits[0] <= 60 < waits[1] <= 3600 < waits[2]
    assert sign_in(foreign).status_code == 429, "the right password from a browser nobody knows"
    assert sign_in(own).status_code == 303, "a browser where the officer has signed in before"


def test_the_desk_sends_only_within_itself_after_signing_in(staff: Staff) -> None:
    staff.officer(Role.CASE_OFFICER)
    for bad in ("https://example.com/staff/", "//example.com", "/staff//example.com", "/staff/\\x"):
        signed = sign_in(staff.app.test_client(), next=bad)
        assert signed.headers["Location"] == "/staff/"
    assert sign_in(staff.app.test_client(), next="/staff/x?a=1").headers["Location"] == (
        "/staff/x?a=1"
    )


@pytest.fixture
def production(resources: Resources) -> Resources:
    settings = resources.settings.model_copy(
        update={"env": Environment.PRODUCTION, "secret_key": SecretStr("x")}
    )
    return replace(resources, settings=settings)


BY = audit.Actor.job("test")
HTTPS = "https://desk.example.gov.cn"


def test_in_production_a_second_factor_is_set_up_first_and_asked_for_ever_after(
    staff: Staff, production: Resources, clock: HandClock
) -> None:
    officer = staff.officer(Role.CASE_OFFICER)
    client = create_app(production.settings, production).test_client()
    signed = sign_in(client, base_url=HTTPS)
    cookies = signed.headers.getlist("Set-Cookie")
    assert [c for c in cookies if c.startswith("__Host-nuangang_staff=")]
    for cookie in cookies:
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert client.get("/staff/", base_url=HTTPS).headers["Location"] == "/staff/start"
    start = client.get("/staff/start", base_url=HTTPS).text
    assert "<svg" in start
    secret = re.search(r'name="secret" value="(\w+)"', start)
    proof = re.search(r'name="proof" value="(\w+)"', start)
    assert secret and proof
    filled = {"csrf": form_token(start), "secret": secret[1], "proof": proof[1]}
    wrong = client.post("/staff/start", data={**filled, "code": "000000"}, base_url=HTTPS)
    assert wrong.status_code == 422 and secret[1] in wrong.text
    code = pyotp.TOTP(secret[1]).at(clock.now)
    foreign = {**filled, "secret": "A" * 32, "code": pyotp.TOTP("A" * 32).at(clock.now)}
    assert client.post("/staff/start", data=foreign, base_url=HTTPS).status_code == 422
    done = client.post("/staff/start", data={**filled, "code": code}, base_url=HTTPS)
    assert done.headers["Location"] == "/staff/"
    assert client.get("/staff/", base_url=HTTPS).status_code == 200
    with production.database.read() as session:
        sealed = session.get_one(StaffAccount, officer.id).sealed_secret
    assert sealed and secret[1] not in sealed

    other = create_app(production.settings, production).test_client()
    assert sign_in(other, base_url=HTTPS).status_code == 401
    assert sign_in(other, code=code, base_url=HTTPS).status_code == 401, "used before"
    clock.now += timedelta(seconds=30)
    code = pyotp.TOTP(secret[1]).at(clock.now)
    assert sign_in(other, code=code, base_url=HTTPS).status_code == 303


def test_a_password_that_was_made_for_somebody_is_replaced_first(
    staff: Staff, resources: Resources
) -> None:
    officer = staff.officer(Role.CASE_OFFICER)
    with resources.database.begin() as session:
        accounts.reset(
            session, resources.safe, officer.id,
            password_hash=staff.password_hash, by=BY, now=resources.clock(),
        )  # fmt: skip
    client = staff.app.test_client()
    sign_in(client)
    assert client.get("/staff/").headers["Location"] == "/staff/start"
    start = client.get("/staff/start").text
    for rule in ("12到128位", "不带用户名", "不用连号、重复的字", "去掉地名、“暖岗”还要有8位"):
        assert rule in start, "told before it is refused"
    token = form_token(start)
    for weak in (
        "short",
        "officer1 officer1",
        "aaaaaaaaaaaaaa",
        "123456789012",
        "石狮暖岗Nuangang2026",
    ):
        refused = client.post("/staff/start", data={"csrf": token, "password": weak, "again": weak})
        assert refused.status_code == 422 and "密码要12到128位" in text_of(refused.text)
    chosen = "一句自己记得住的很长的话"
    differs = client.post(
        "/staff/start", data={"csrf": token, "password": chosen, "again": chosen + "吗"}
    )
    assert "两次输入的不一样" in differs.text
    done = client.post("/staff/start", data={"csrf": token, "password": chosen, "again": chosen})
    assert done.status_code == 303
    assert "设置好了。" in client.get("/staff/").text
    assert "设置好了。" not in client.get("/staff/").text
    assert sign_in(staff.app.test_client()).status_code == 401
    assert sign_in(staff.app.test_client(), password=chosen).status_code == 303


def test_who_knew_the_password_to_start_with_is_out_once_the_officer_has_started(
    staff: Staff, resources: Resources, clock: HandClock
) -> None:
    officer = staff.officer(Role.CASE_OFFICER)
    with resources.database.begin() as session:
        accounts.reset(
            session, resources.safe, officer.id,
            password_hash=staff.password_hash, by=BY, now=resources.clock(),
        )  # fmt: skip
    own, other = staff.app.test_client(), staff.app.test_client()
    sign_in(own)
    sign_in(other)
    start = {"csrf": form_token(other.get("/staff/start").text)}
    chosen = "一句自己记得住的很长的话"
    filled = {"password": chosen, "again": chosen}
    token = form_token(own.get("/staff/start").text)
    assert own.post("/staff/start", data={"csrf": token, **filled}).status_code == 303
    assert own.get("/staff/").status_code == 200
    other.post("/staff/start", data=start)
    assert other.get("/staff/").headers["Location"] == "/staff/sign-in"

    # Nor does one's own session last longer by starting again.
    for _ in range(24):
        clock.now += timedelta(minutes=26)
        shown = own.get("/staff/start")
        if shown.status_code == 200:
            own.post("/staff/start", data={"csrf": form_token(shown.text), **filled})
    assert own.get("/staff/").headers["Location"] == "/staff/sign-in"


def test_a_password_that_is_reset_while_it_is_looked_at_lets_nobody_in(
    staff: Staff, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = staff.officer(Role.CASE_OFFICER)
    right = passwords.matches

    def matches(kept: str | None, password: str) -> bool:
        found = right(kept, password)
        with resources.database.begin() as session:
            accounts.reset(
                session, resources.safe, officer.id,
                password_hash="another", by=BY, now=resources.clock(),
            )  # fmt: skip
        return found

    monkeypatch.setattr(passwords, "matches", matches)
    assert sign_in(staff.app.test_client()).status_code == 401


def test_an_officer_changes_the_password_with_the_old_one_and_is_out_elsewhere(
    staff: Staff, resources: Resources
) -> None:
    here = staff.desk(Role.CASE_OFFICER)
    elsewhere = staff.sign_in(here.officer)
    chosen = "一句自己记得住的很长的话"

    def change(old: str, new: str, again: str) -> "TestResponse":
        return here.post("/password", {"old": old, "password": new, "again": again})

    assert "现在的密码不对" in change("wrong", chosen, chosen).text
    assert "密码要12到128位" in text_of(change(PASSWORD, "short", "short").text)
    assert "两次输入的不一样" in change(PASSWORD, chosen, chosen + "吗").text
    assert '<a href="/staff/password">换密码</a>' in here.get("/").text
    assert elsewhere.get("/").status_code == 200
    done = change(PASSWORD, chosen, chosen)
    assert done.status_code == 303
    assert here.token not in done.headers["Set-Cookie"]
    assert "密码换好了" in here.get("/").text
    assert elsewhere.get("/").status_code == 303
    assert sign_in(staff.app.test_client()).status_code == 401
    assert sign_in(staff.app.test_client(), password=chosen).status_code == 303
    again = change("wrong", chosen, chosen)
    while again.status_code != 429:
        assert again.status_code == 422
        again = change("wrong", chosen, chosen)
    assert "试得太多了" in again.text


def test_a_reset_ends_sessions_and_forgets_browsers(staff: Staff, resources: Resources) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    with resources.database.begin() as session:
        accounts.reset(
            session, resources.safe, desk.officer.id,
            password_hash=staff.password_hash, by=BY, now=resources.clock(),
        )  # fmt: skip
    assert desk.get("/").status_code == 303
    with resources.database.read() as session:
        assert session.scalars(select(StaffDevice)).all() == []


def test_a_form_that_is_none_of_ours_changes_nothing(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    token = desk.form_token()
    other = staff.desk(Role.CASE_OFFICER).form_token()
    client = desk.client
    for data in ({}, {"csrf": ""}, {"csrf": "x" * 64}, {"csrf": other}):
        refused = client.post("/staff/sign-out", data=data)
        assert refused.status_code == 403 and "页面已经失效" in refused.text
    for headers in (
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert (
            client.post("/staff/sign-out", data={"csrf": token}, headers=headers).status_code == 403
        )
    assert desk.get("/").status_code == 200
    same = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/staff/sign-out", data={"csrf": token}, headers=same).status_code == 303


def test_signing_in_needs_a_form_of_this_browser(staff: Staff) -> None:
    staff.officer(Role.CASE_OFFICER)
    token = form_token(staff.app.test_client().get("/staff/sign-in").text)
    data = {"csrf": token, "username": "officer1", "password": PASSWORD}
    assert staff.app.test_client().post("/staff/sign-in", data=data).status_code == 403


def test_an_unknown_page_of_the_desk_is_a_page(staff: Staff) -> None:
    missing = staff.desk(Role.CASE_OFFICER).get("/nothing-here")
    assert missing.status_code == 404 and missing.mimetype == "text/html"
    assert "没有这个页面" in missing.text
    assert "default-src 'none'" in missing.headers["Content-Security-Policy"]
