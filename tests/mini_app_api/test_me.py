"""/me: masked to see, corrected by its worker, taken along whole, deleted for good."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from server.clock import china_day
from server.database.tables import Purpose
from server.web.resources import Resources
from tests import citizens
from tests.casework import Phone

ME = citizens.person(1).model_dump()


@pytest.fixture
def phone(client: FlaskClient) -> Phone:
    """The phone of somebody who agreed to everything they were asked."""
    return _agreed(Phone(client, "wang"))


def _agreed(phone: Phone, *purposes: Purpose) -> Phone:
    for purpose in purposes or Purpose:
        assert phone.send("PUT", f"/consents/{purpose}", {"version": 1}).status_code == 200
    return phone


def _code(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.get_json()["code"]


def test_a_profile_goes_in_whole_and_comes_out_masked(phone: Phone) -> None:
    assert phone.get("/me").get_json() == {"profile": None, "verified_phone": None}
    saved = phone.send("PUT", "/me", ME).get_json()["profile"]
    number, card = ME["identity_number"], ME["bank_card"]
    assert saved["name"] == f"{ME['name'][0]}*"
    assert saved["identity_number"] == f"{number[:4]}**********{number[-4:]}"
    assert saved["phone"] == f"{ME['phone'][:3]}****{ME['phone'][-4:]}"
    assert saved["bank_card"] == f"****{card[-4:]}"
    assert (saved["version"], saved["phone_verified"]) == (1, False)
    seen = phone.get("/me").get_json()
    assert seen["profile"] == saved
    for value in (ME["name"], number, ME["phone"], card):
        assert value not in json.dumps(seen)


def test_one_field_is_corrected_without_typing_the_rest_again(phone: Phone) -> None:
    phone.send("PUT", "/me", ME)
    other = citizens.phone(99)
    changed = phone.send("PUT", "/me", {"phone": other, "version": 1}).get_json()["profile"]
    assert (changed["version"], changed["phone"][-4:]) == (2, other[-4:])
    assert changed["bank_card"][-4:] == ME["bank_card"][-4:]
    gone = phone.send("PUT", "/me", {"bank_card": None, "version": 2}).get_json()["profile"]
    assert gone["bank_card"] is None
    assert _code(phone.send("PUT", "/me", {"phone": other, "version": 1})) == (
        409,
        "person_changed",
    )
    refused = phone.send("PUT", "/me", {"name": None, "version": 3})
    assert _code(refused) == (422, "invalid_fields")
    assert refused.get_json()["errors"] == [{"field": "name", "detail": "缺少这一项。"}]


def test_the_same_intent_twice_is_saved_once(phone: Phone, resources: Resources) -> None:
    first = phone.send("PUT", "/me", ME, key="key-12345678")
    again = phone.send("PUT", "/me", ME, key="key-12345678")
    assert (first.get_json(), again.headers["Idempotency-Replayed"]) == (again.get_json(), "true")
    assert resources.database.fetch("SELECT version FROM profile") == (1,)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("identity_number", ME["identity_number"][:-2] + "99", "身份证号"),
        ("bank_card", ME["bank_card"][:-1] + str((int(ME["bank_card"][-1]) + 1) % 10), "银行卡号"),
        ("phone", "12345", "手机号"),
        ("name", "=cmd|' /C calc'!A0", "姓名"),
        ("phone", 13812345678, "文字"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_not_repeated(
    phone: Phone, field: str, value: Any, told: str
) -> None:
    reply = phone.send("PUT", "/me", {**ME, field: value})
    assert _code(reply) == (422, "invalid_fields")
    (error,) = reply.get_json()["errors"]
    assert error["field"] == field and told in error["detail"]
    assert str(value) not in reply.get_data(as_text=True)


def test_without_consent_nothing_is_taken(client: FlaskClient, resources: Resources) -> None:
    phone = Phone(client, "wang")
    reply = phone.send("PUT", "/me", ME)
    assert _code(reply) == (403, "consent_missing")
    assert reply.get_json()["errors"][0]["field"] == "identity"
    _agreed(phone, Purpose.IDENTITY)
    assert phone.send("PUT", "/me", ME).get_json()["errors"][0]["field"] == "payment"
    assert resources.database.fetch("SELECT count(*) FROM profile") == (0,)


def test_consents_are_shown_given_and_taken_back(phone: Phone) -> None:
    listed = phone.get("/consents").get_json()["consents"]
    assert [row["purpose"] for row in listed] == list(Purpose)
    assert all(row["given_at"] and row["text"] for row in listed)
    phone.send("PUT", "/me", ME)
    assert phone.send("DELETE", "/consents/payment").status_code == 204
    assert phone.get("/me").get_json()["profile"]["bank_card"] is None
    assert phone.send("DELETE", "/consents/identity").status_code == 204
    assert phone.get("/me").get_json()["profile"] is None
    given = {r["purpose"]: r["given_at"] for r in phone.get("/consents").get_json()["consents"]}
    assert given["payment"] is given["identity"] is None and given["children"]
    assert _code(phone.send("PUT", "/consents/identity", {"version": 9})) == (409, "text_replaced")
    assert _code(phone.send("PUT", "/consents/all", {"version": 1})) == (404, "unknown_purpose")


def test_children_are_added_corrected_and_removed(phone: Phone, resources: Resources) -> None:
    child = citizens.minor(1, china_day(resources.clock())).model_dump(mode="json")
    made = phone.post("/me/children", child)
    assert made.status_code == 201
    id = made.get_json()["id"]
    assert made.get_json()["name"] == f"{child['name'][0]}*"
    changed = phone.send("PUT", f"/me/children/{id}", {**child, "name": "王小", "version": 1})
    assert changed.get_json()["version"] == 2
    stale = phone.send("PUT", f"/me/children/{id}", {**child, "version": 1})
    assert _code(stale) == (409, "person_changed")
    assert len(phone.get("/me/children").get_json()["children"]) == 1
    assert phone.send("DELETE", f"/me/children/{id}").status_code == 204
    assert _code(phone.send("DELETE", f"/me/children/{id}")) == (404, "unknown_child")
    grown = phone.post("/me/children", {"name": "王大", "born_on": "2000-01-01"})
    assert _code(grown) == (422, "child_too_old")


def test_another_worker_reaches_nothing(phone: Phone, client: FlaskClient) -> None:
    phone.send("PUT", "/me", ME)
    id = phone.post("/me/children", {"name": "王小", "born_on": "2020-01-01"}).get_json()["id"]
    stranger = _agreed(Phone(client, "li"))
    assert stranger.get("/me").get_json()["profile"] is None
    assert stranger.get("/me/children").get_json()["children"] == []
    change = {"name": "李", "born_on": "2020-01-01", "version": 1}
    assert stranger.send("DELETE", f"/me/children/{id}").status_code == 404
    assert stranger.send("PUT", f"/me/children/{id}", change | {"name": "李小"}).status_code == 404
    assert ME["phone"] not in stranger.get("/me/export").get_data(as_text=True)


def test_the_export_holds_all_in_full_as_data_and_to_read(phone: Phone) -> None:
    phone.send("PUT", "/me", ME)
    data = phone.get("/me/export")
    page = phone.get("/me/export?format=html")
    assert data.headers["Cache-Control"] == page.headers["Cache-Control"] == "no-store"
    assert page.mimetype == "text/html"
    for value in ME.values():
        assert value in data.get_data(as_text=True) and value in page.get_data(as_text=True)
    assert _code(phone.get("/me/export?format=xml")) == (422, "invalid_fields")


def test_deleting_says_what_stays_and_why_and_ends_the_session(
    phone: Phone, resources: Resources
) -> None:
    phone.send("PUT", "/me", ME)
    asked = {"category": "wages", "region": "石狮", "words": "老板拖欠工资"}
    assert phone.post("/requests", asked).status_code == 201
    reply = phone.send("DELETE", "/me")
    assert reply.status_code == 200
    stays = {row["what"]: row["why"] for row in reply.get_json()["stays"]}
    assert "统计" in stays["你找过的帮助"] and "个人资料" not in stays
    assert "发给你的钱" not in stays, "there never was any"
    assert _code(phone.get("/me")) == (401, "session_over")
    assert resources.database.fetch("SELECT count(*) FROM profile") == (0,)
    assert resources.database.fetch("SELECT count(*) FROM subject_key") == (0,)
    assert resources.database.fetch("SELECT count(*) FROM idempotent_reply") == (0,)
    assert resources.database.fetch("SELECT state FROM service_request") == ("closed",)


def test_looking_and_taking_along_are_in_the_audit(phone: Phone, resources: Resources) -> None:
    phone.send("PUT", "/me", ME)
    phone.get("/me")
    phone.get("/me/export")
    with resources.database.read() as session:
        rows = session.connection().exec_driver_sql("SELECT action FROM audit_entry ORDER BY id")
        actions = [row[0] for row in rows]
    assert actions == ["consented"] * 6 + ["created", "read", "exported"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/me"), ("PUT", "/me"), ("DELETE", "/me"), ("GET", "/me/export"),
        ("GET", "/me/children"), ("POST", "/me/children"), ("PUT", "/me/children/x"),
        ("DELETE", "/me/children/x"), ("GET", "/consents"), ("PUT", "/consents/identity"),
        ("DELETE", "/consents/identity"),
    ],
)  # fmt: skip
def test_nobody_gets_in_without_signing_in(client: FlaskClient, method: str, path: str) -> None:
    reply = client.open(f"/api/v1{path}", method=method, json={} if method != "GET" else None)
    assert _code(reply) == (401, "sign_in_needed")
