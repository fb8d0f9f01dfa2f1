"""Who gets in where: every route of the service × everybody who might call it.

The table below says of each route whom it lets in and whose things it shows. A route that stands
only in the code, or only in the table, fails; so does one that says something else there.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.casework.officers import Role
from server.web.admitting import Who, admits, admitted, admitted_roles
from tests import casework
from tests.casework import ELIGIBLE, MEASURE, Phone, introduced
from tests.server.console.pages import PAGES

if TYPE_CHECKING:
    from apiflask import APIFlask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from server.web.resources import Resources

EVERYBODY, WORKER, MERCHANT = Who.EVERYBODY, Who.WORKER, Who.MERCHANT
OTHER_MEASURE = "jinzhou-7a"


@dataclass(frozen=True)
class Call:
    """One route as it is called; `owned`: what its path names is one worker's alone.

    `missing`: what its body names is not there. `wrong`: its body proves nobody.
    """

    who: Who
    body: Any = None
    query: str = ""
    owned: bool = False
    missing: bool = False
    wrong: bool = False
    path: Mapping[str, str] = field(default_factory=dict)


_API = "/api/v1"
_MOVE = {"version": 1}
_DRAFT = {"measure": OTHER_MEASURE}
_SAID = {"version": 1, "words": "还有一件事"}
_HELP = {"category": "wages", "region": "石狮", "words": "老板拖欠三个月工资"}
_UPLOAD = {"kind": "labour_contract", "size": 9, "sha256": "0" * 64}
_TALK = {"conversation": "x" * 30}
_VACANCY = {
    "region": "石狮",
    "title": "缝纫工",
    "organiser": "某服装厂",
    "contact": "0595-88000000",
    "last_on": "2026-03-20",
    "details": {"trade": "缝纫"},
}
_WISH = {"region": "石狮", "until_on": "2026-03-20", "details": {"trade": "缝纫"}}
_JOINT = {
    "region": "石狮",
    "employer": "某服装厂",
    "first_month": "2026-01",
    "last_month": "2026-02",
    "amount_fen": 100,
    "agreed": True,
}
_CHILD = {"name": "王小宝", "born_on": "2018-06-01"}

CALLS: dict[tuple[str, str], Call] = {
    ("GET", "/"): Call(EVERYBODY),
    ("POST", "/"): Call(EVERYBODY),
    ("GET", "/h5/<edition>/<name>"): Call(EVERYBODY, path={"edition": "x", "name": "app.css"}),
    ("GET", "/h5/sign-in"): Call(EVERYBODY, missing=True),
    ("GET", "/sw.js"): Call(EVERYBODY),
    ("GET", "/healthz"): Call(EVERYBODY),
    ("GET", "/readyz"): Call(EVERYBODY),
    ("GET", "/metrics"): Call(EVERYBODY),
    ("GET", "/openapi.json"): Call(EVERYBODY),
    ("POST", f"{_API}/chat"): Call(EVERYBODY, {"text": "你好"}),
    ("POST", f"{_API}/chat/history"): Call(EVERYBODY, _TALK, missing=True),
    ("POST", f"{_API}/chat/thumb"): Call(
        EVERYBODY, {**_TALK, "turn": 1, "thumb": "up"}, missing=True
    ),
    ("POST", f"{_API}/script"): Call(EVERYBODY, {"texts": ["暖岗"]}),
    ("GET", f"{_API}/suggestions"): Call(EVERYBODY),
    ("GET", f"{_API}/messages"): Call(WORKER),
    ("GET", f"{_API}/regions"): Call(EVERYBODY),
    ("GET", f"{_API}/measures"): Call(EVERYBODY),
    ("GET", f"{_API}/measures/<id>"): Call(EVERYBODY, path={"id": MEASURE}),
    ("GET", f"{_API}/measures/<id>/materials"): Call(EVERYBODY, path={"id": MEASURE}),
    ("GET", f"{_API}/facts"): Call(EVERYBODY),
    ("GET", f"{_API}/client"): Call(EVERYBODY),
    ("POST", f"{_API}/self-check"): Call(EVERYBODY, {"region": "石狮", "facts": {}}),
    ("POST", f"{_API}/session"): Call(EVERYBODY, {"code": "dev:somebody"}),
    ("POST", f"{_API}/session/renewal"): Call(WORKER),
    ("POST", f"{_API}/session/phone"): Call(WORKER, {"code": "x"}),
    ("DELETE", f"{_API}/session"): Call(WORKER),
    ("DELETE", f"{_API}/sessions"): Call(WORKER),
    ("GET", f"{_API}/me"): Call(WORKER),
    ("PUT", f"{_API}/me"): Call(WORKER, {"native_place": "贵州", "version": 1}),
    ("DELETE", f"{_API}/me"): Call(WORKER),
    ("GET", f"{_API}/me/export"): Call(WORKER),
    ("GET", f"{_API}/me/children"): Call(WORKER),
    ("POST", f"{_API}/me/children"): Call(WORKER, _CHILD),
    ("PUT", f"{_API}/me/children/<child_id>"): Call(WORKER, {**_CHILD, "version": 1}, owned=True),
    ("DELETE", f"{_API}/me/children/<child_id>"): Call(WORKER, query="version=1", owned=True),
    ("GET", f"{_API}/me/register"): Call(WORKER),
    ("POST", f"{_API}/me/register/corrections"): Call(WORKER, {"words": "住址不对"}, missing=True),
    ("GET", f"{_API}/me/pairings"): Call(WORKER),
    ("POST", f"{_API}/me/pairings/<id>/answers"): Call(
        WORKER, {"version": 1, "answer": "yes"}, missing=True, path={"id": "0" * 16}
    ),
    ("GET", f"{_API}/me/pairings/<id>/photos/<photo>"): Call(
        WORKER, missing=True, path={"id": "0" * 16, "photo": "0" * 32}
    ),
    ("GET", f"{_API}/me/opt-outs"): Call(WORKER),
    ("PUT", f"{_API}/me/opt-outs/<measure>"): Call(WORKER, path={"measure": MEASURE}),
    ("DELETE", f"{_API}/me/opt-outs/<measure>"): Call(WORKER, path={"measure": MEASURE}),
    ("GET", f"{_API}/consents"): Call(WORKER),
    ("PUT", f"{_API}/consents/<purpose>"): Call(
        WORKER, {"version": 1}, path={"purpose": "children"}
    ),
    ("DELETE", f"{_API}/consents/<purpose>"): Call(WORKER, path={"purpose": "proactive"}),
    ("GET", f"{_API}/drafts"): Call(WORKER),
    ("GET", f"{_API}/drafts/<measure>"): Call(WORKER, owned=True),
    ("PUT", f"{_API}/drafts/<measure>"): Call(WORKER, {"facts": {}, "version": 1}, owned=True),
    ("DELETE", f"{_API}/drafts/<measure>"): Call(WORKER, query="version=1", owned=True),
    ("POST", f"{_API}/applications"): Call(WORKER, _DRAFT),
    ("GET", f"{_API}/applications"): Call(WORKER),
    ("GET", f"{_API}/applications/<id>"): Call(WORKER, owned=True),
    ("POST", f"{_API}/applications/<id>/answer"): Call(WORKER, _MOVE, owned=True),
    ("POST", f"{_API}/applications/<id>/withdraw"): Call(WORKER, _MOVE, owned=True),
    ("POST", f"{_API}/applications/<id>/give-up"): Call(WORKER, _MOVE, owned=True),
    ("POST", f"{_API}/applications/<id>/appeal"): Call(WORKER, _SAID, owned=True),
    ("GET", f"{_API}/applications/<id>/materials"): Call(WORKER, owned=True),
    ("POST", f"{_API}/applications/<id>/materials"): Call(
        WORKER, {"material": "0" * 32}, owned=True
    ),
    ("DELETE", f"{_API}/applications/<id>/materials/<material>"): Call(
        WORKER, owned=True, path={"material": "0" * 32}
    ),
    ("GET", f"{_API}/materials"): Call(WORKER),
    ("GET", f"{_API}/materials/<id>"): Call(WORKER, owned=True, path={"id": "0" * 32}),
    ("DELETE", f"{_API}/materials/<id>"): Call(WORKER, owned=True, path={"id": "0" * 32}),
    ("POST", f"{_API}/uploads"): Call(WORKER, _UPLOAD),
    ("GET", f"{_API}/uploads/<id>"): Call(WORKER, owned=True),
    ("PUT", f"{_API}/uploads/<id>"): Call(WORKER, b"123456789", query="offset=0", owned=True),
    ("GET", f"{_API}/offers"): Call(EVERYBODY, query="region=石狮"),
    ("GET", f"{_API}/offers/<id>"): Call(EVERYBODY, missing=True),
    ("POST", f"{_API}/offers"): Call(WORKER, _VACANCY),
    ("POST", f"{_API}/offers/<id>/join"): Call(WORKER),
    ("POST", f"{_API}/offers/<id>/leave"): Call(WORKER),
    ("POST", f"{_API}/offers/<id>/attendance"): Call(WORKER, {"code": "000000"}),
    ("GET", f"{_API}/letters"): Call(WORKER),
    ("GET", f"{_API}/letters/<id>"): Call(EVERYBODY, missing=True),
    ("POST", f"{_API}/letters/<id>/check"): Call(EVERYBODY, missing=True),
    ("GET", f"{_API}/places"): Call(WORKER),
    ("GET", f"{_API}/attended"): Call(WORKER, query="region=石狮"),
    ("GET", f"{_API}/proposals"): Call(WORKER),
    ("GET", f"{_API}/wishes"): Call(WORKER),
    ("PUT", f"{_API}/wishes/<kind>"): Call(WORKER, _WISH, path={"kind": "work"}),
    ("DELETE", f"{_API}/wishes/<kind>"): Call(WORKER, path={"kind": "work"}),
    ("GET", f"{_API}/wishes/work/fits"): Call(WORKER),
    ("GET", f"{_API}/card"): Call(WORKER),
    ("POST", f"{_API}/card/renewal"): Call(WORKER),
    ("GET", "/counter/"): Call(EVERYBODY),
    ("POST", "/counter/sign-in"): Call(EVERYBODY, wrong=True),
    ("POST", "/counter/sign-out"): Call(MERCHANT),
    ("POST", "/counter/code"): Call(MERCHANT),
    ("POST", "/counter/redemptions"): Call(MERCHANT),
    ("GET", "/counter/redemptions/<id>"): Call(MERCHANT),
    ("POST", "/counter/redemptions/<id>/refund"): Call(MERCHANT),
    ("POST", f"{_API}/joint-reports"): Call(WORKER, _JOINT),
    ("GET", f"{_API}/joint-reports"): Call(WORKER),
    ("POST", f"{_API}/joint-reports/lookup"): Call(WORKER, {"code": "xxxxxxxx"}, missing=True),
    ("POST", f"{_API}/joint-reports/join"): Call(
        WORKER, {"code": "xxxxxxxx", "amount_fen": 100, "agreed": True}, missing=True
    ),
    ("GET", f"{_API}/joint-reports/<id>"): Call(WORKER, owned=True),
    ("PUT", f"{_API}/joint-reports/<id>/part"): Call(
        WORKER, {"amount_fen": 100, "version": 1}, owned=True
    ),
    ("POST", f"{_API}/joint-reports/<id>/code"): Call(WORKER, {"open": True}, owned=True),
    ("POST", f"{_API}/joint-reports/<id>/hand-in"): Call(WORKER, owned=True),
    ("DELETE", f"{_API}/joint-reports/<id>/part"): Call(WORKER, owned=True),
    ("POST", f"{_API}/requests"): Call(WORKER, _HELP),
    ("GET", f"{_API}/requests"): Call(WORKER),
    ("GET", f"{_API}/requests/<id>"): Call(WORKER, owned=True),
    ("POST", f"{_API}/requests/<id>/messages"): Call(WORKER, _SAID, owned=True),
    ("POST", f"{_API}/requests/<id>/rating"): Call(
        WORKER, {"version": 1, "satisfied": 5}, owned=True
    ),
}


def routes(app: "APIFlask") -> dict[tuple[str, str], Any]:
    """Every route of an app with its view."""
    return {
        (method, rule.rule): app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def undeclared(app: "APIFlask") -> list[tuple[str, str]]:
    """Routes that do not say whom they let in, or say it otherwise than the table."""
    found = routes(app)
    declared = {key: (asked.who, frozenset[str]()) for key, asked in CALLS.items()}
    declared |= {
        key: (page.who, page.roles if page.who is Who.OFFICER else frozenset())
        for key, page in PAGES.items()
    }
    return sorted(
        key
        for key in found.keys() | declared.keys()
        if key not in found or key not in declared or admission(found[key]) != declared[key]
    )


def admission(view: Any) -> tuple[Who | None, frozenset[str]]:
    """Whom a view lets in; where it names no role, every role will do."""
    who = admitted(view)
    return who, (admitted_roles(view) or frozenset(Role)) if who is Who.OFFICER else frozenset()


@pytest.fixture
def alice(client: "FlaskClient", resources: "Resources", now: datetime) -> Phone:
    library = resources.serving.current().library
    casework.publish(resources.database, library, now=now)
    return introduced(client, resources, now, "alice", 1)


@pytest.fixture
def things(alice: Phone) -> dict[str, dict[str, str]]:
    """What alice has, by the beginning of its address."""
    case = alice.post("/applications", {"measure": MEASURE, "facts": ELIGIBLE}).json["id"]
    alice.send("PUT", f"/drafts/{OTHER_MEASURE}", {"facts": {}})
    asked = alice.post("/requests", _HELP).json["id"]
    alice.send("PUT", "/consents/children", {"version": 1})
    child = alice.post("/me/children", _CHILD).json["id"]
    upload = alice.post("/uploads", _UPLOAD).json["id"]
    vacancy = alice.post("/offers", _VACANCY).json["id"]
    joint = alice.post("/joint-reports", _JOINT).json["id"]
    return {
        "applications": {"id": case},
        "drafts": {"measure": OTHER_MEASURE},
        "requests": {"id": asked},
        "me": {"child_id": child},
        "uploads": {"id": upload},
        "offers": {"id": vacancy},
        "joint-reports": {"id": joint},
    }


def call(
    client: "FlaskClient",
    method: str,
    rule: str,
    things: Mapping[str, Mapping[str, str]],
    token: str | None,
) -> "TestResponse":
    """Call a route; its path names what alice has."""
    asked = CALLS[method, rule]
    kind = rule.removeprefix(f"{_API}/").partition("/")[0]
    address = rule.replace("<path:", "<")
    for name, value in {**things.get(kind, {}), **asked.path}.items():
        address = address.replace(f"<{name}>", value)
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    body: dict[str, Any] = {"json": asked.body} if asked.body is not None else {}
    if isinstance(asked.body, bytes):
        body = {"data": asked.body, "content_type": "application/octet-stream"}
    query = asked.query or None
    return client.open(address, method=method, headers=headers, query_string=query, **body)


def test_every_route_says_whom_it_lets_in(client: "FlaskClient") -> None:
    assert undeclared(client.application) == []


def test_a_route_that_does_not_say_it_is_found_and_closed(resources: "Resources") -> None:
    from server.app import create_app

    app = create_app(resources.settings, resources)
    app.add_url_rule("/api/v1/stray", "stray", lambda: "everything")
    assert undeclared(app) == [("GET", "/api/v1/stray")]
    assert app.test_client().get("/api/v1/stray").status_code == 500
    app.view_functions["stray"] = admits(Who.EVERYBODY)(lambda: "everything")
    assert app.test_client().get("/api/v1/stray").data == b"everything"


WORKERS_ONLY = [key for key, asked in CALLS.items() if asked.who is WORKER]
OPEN = [key for key, asked in CALLS.items() if asked.who is EVERYBODY]
OWNED = [key for key, asked in CALLS.items() if asked.owned]


def test_nobody_gets_in_without_a_token_that_holds(
    alice: Phone,
    things: dict[str, dict[str, str]],
    resources: "Resources",
    clock: Any,
    tell: Any,
) -> None:
    signed_out = Phone(alice.client, "alice")
    signed_out.send("DELETE", "/session")
    tokens = {"nobody": None, "made up": "x" * 43, "empty": "", "signed out": signed_out.token}
    for who, token in tokens.items():
        for method, rule in WORKERS_ONLY:
            found = call(alice.client, method, rule, things, token)
            assert found.status_code == 401, (who, method, rule, found.json)
    clock.now += timedelta(days=31)
    for method, rule in WORKERS_ONLY:
        found = call(alice.client, method, rule, things, alice.token)
        assert found.status_code == 401, ("expired", method, rule, found.json)
    calls = (len(tokens) + 1) * len(WORKERS_ONLY)
    tell("calls of workers' routes without a token that holds, let in", 0, f"0 of {calls}")


def test_what_is_open_to_everybody_asks_for_no_token(
    alice: Phone, things: dict[str, dict[str, str]]
) -> None:
    for method, rule in OPEN:
        found = call(alice.client, method, rule, things, None)
        asked = CALLS[method, rule]
        expected = (404,) if asked.missing else (401,) if asked.wrong else (200, 302)
        assert found.status_code in expected, (method, rule, found.data[:200])
        found.close()


def test_another_worker_finds_nothing_and_changes_nothing(
    alice: Phone,
    things: dict[str, dict[str, str]],
    client: "FlaskClient",
    resources: "Resources",
    now: datetime,
) -> None:
    bob = introduced(client, resources, now, "bob", 2)
    bob.send("PUT", "/consents/children", {"version": 1})
    before = seen(alice, things)
    for method, rule in OWNED:
        found = call(client, method, rule, things, bob.token)
        assert found.status_code == 404, (method, rule, found.status_code, found.data[:300])
    assert seen(alice, things) == before


def test_the_worker_finds_all_of_it(alice: Phone, things: dict[str, dict[str, str]]) -> None:
    """The control: the same calls by whoever owns the things are let in."""
    missing = {"material", "materials"}
    for method, rule in OWNED:
        if missing & set(rule.replace("<", "/").replace(">", "/").split("/")):
            # There is no such material: what alice's are is tested with the materials.
            continue
        found = call(alice.client, method, rule, things, alice.token)
        assert found.status_code not in (401, 403, 404, 500), (method, rule, found.data[:300])


def seen(phone: Phone, things: dict[str, dict[str, str]]) -> list[Any]:
    """Everything of somebody that another could have changed."""
    return [
        phone.get(f"/applications/{things['applications']['id']}").json,
        phone.get(f"/drafts/{OTHER_MEASURE}").json,
        phone.get(f"/requests/{things['requests']['id']}").json,
        phone.get("/me/children").json,
        phone.get(f"/uploads/{things['uploads']['id']}").json,
        phone.get(f"/joint-reports/{things['joint-reports']['id']}").json,
    ]
