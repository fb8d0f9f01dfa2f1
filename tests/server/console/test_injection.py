"""sqlmap at every route: what it sends reaches no statement. It does find one that is broken."""

import json
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from flask import request
from werkzeug.serving import make_server

from server.app import create_app
from server.casework.officers import Role
from server.web.admitting import Who, admits
from server.web.resources import Resources
from server.web.resources import resources as known_resources
from tests.architecture.test_admission import CALLS
from tests.casework import ELIGIBLE, MEASURE, introduced
from tests.server.console.conftest import COOKIE, Staff
from tests.server.console.pages import PAGES, filled, path_of
from tests.verifying import size

if TYPE_CHECKING:
    from apiflask import APIFlask

    from tests.casework import Phone

MARK = "*"
"""Where sqlmap puts what it tries."""
ENDS_THE_SESSION = {"/staff/sign-out", "/staff/start", "/api/v1/session", "/api/v1/sessions",
                    "/api/v1/me"}  # fmt: skip
FEW = {("POST", "/staff/cases/search")}
"""What the tests try on every change; `make verify` tries all."""
LISTS = {
    "/staff/cases/": "whose=all&state=submitted&measure=shishi-4a&region=石狮&page=1",
    "/staff/offers/": "kind=vacancy&state=published&page=1",
    "/staff/pairings/": "state=accepted&overdue=true&page=1",
    "/staff/pairings/helpers/": "kind=cadre&page=1",
    "/staff/arrears/": "show=overdue&region=石狮&page=1",
    "/staff/requests/": "show=all&category=wages&unit=x&region=石狮&page=1",
    "/staff/insight/": "first=2026-02-01&last=2026-02-28",
    "/staff/knowledge/unanswered/": "region=石狮&page=1",
}
"""What lists can be asked for beside what the table of pages asks."""
WHOLE = bool(size(0, 1))
TECHNIQUES = "BEUST" if WHOLE else "B"
"""By answers, errors, unions, stacked statements, waiting; waiting takes its time."""
LONGEST_SECONDS = 2400
"""For one route: publishing tries each release in a process of its own, a second each time."""
CLEAN, FOUND = "all tested parameters do not appear to be injectable", "injection point(s)"


@dataclass(frozen=True)
class Target:
    """One request with marks in it."""

    method: str
    path: str
    body: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Served:
    """The service on a port, every request with a key of its own, as phones send them."""

    app: "APIFlask"
    requests: int = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.requests += 1
        environ.setdefault("HTTP_IDEMPOTENCY_KEY", secrets.token_hex(8))
        return self.app(environ, start)

    @contextmanager
    def listening(self) -> Iterator[str]:
        server = make_server("127.0.0.1", 0, self, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _scan(base: str, target: Target, folder: Path) -> str:
    """What sqlmap says of a target."""
    command = [
        str(Path(sys.executable).with_name("sqlmap")), "-u", base + target.path,
        "--method", target.method, "--batch", "--flush-session", "--disable-coloring",
        "--skip-waf", "--ignore-code", "*", "--output-dir", str(folder), "--retries", "0",
        "--technique", TECHNIQUES,
        "--answers", "follow=N",
        *(part for name, value in target.headers for part in ("-H", f"{name}: {value}")),
    ]  # fmt: skip
    if target.body is not None:
        command += ["--data", target.body]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONGEST_SECONDS
    )
    return done.stdout + done.stderr


def _marked(value: Any) -> Any:
    """The same body with a mark at the end of every text."""
    if isinstance(value, str):
        return value + MARK
    if isinstance(value, Mapping):
        return {name: _marked(each) for name, each in value.items()}
    return [_marked(each) for each in value] if isinstance(value, list) else value


def _query(text: str) -> str:
    pairs = [pair.partition("=")[::2] for pair in text.split("&") if pair]
    return "?" + "&".join(f"{name}={quote(value)}{MARK}" for name, value in pairs) if pairs else ""


def _of_the_api(phone: "Phone", own: Mapping[str, str]) -> Iterator[Target]:
    """Every route that workers call; `own`: what this worker has, by the beginning of its path."""
    for (method, rule), call in CALLS.items():
        if rule in ENDS_THE_SESSION:
            continue
        path = rule
        for name in [part[1:-1] for part in rule.split("/") if part.startswith("<")]:
            value = call.path.get(name) or next(
                (id for begin, id in own.items() if rule.startswith(f"/api/v1{begin}/")), "1"
            )
            path = path.replace(f"<{name}>", quote(value) + MARK)
        headers = [("Authorization", f"Bearer {phone.token}")] if call.who is Who.WORKER else []
        body = None
        if call.body is not None and not isinstance(call.body, bytes):
            body = json.dumps(_marked(call.body))
            headers.append(("Content-Type", "application/json"))
        yield Target(method, path + _query(call.query), body, tuple(headers))
    # What stands in no body and in no address.
    for header in ("Authorization: Bearer x", "Idempotency-Key: 0123456789", "X-Request-Id: 0a"):
        name, _, value = header.partition(": ")
        rest = [("Authorization", f"Bearer {phone.token}")] if name != "Authorization" else []
        yield Target("GET", "/api/v1/applications", None, ((name, value + MARK), *rest))


def _of_the_desk(staff: Staff, things: dict[str, str]) -> Iterator[tuple[tuple[str, str], Target]]:
    """Every page and form, as an officer of all roles sends it."""
    desk = staff.desk(*Role)
    headers = (("Cookie", f"{COOKIE}={desk.token}"),)
    for (method, rule), page in PAGES.items():
        if rule in ENDS_THE_SESSION or page.who is not Who.OFFICER:
            continue
        path, _, query = path_of(rule, page, things).partition("?")
        if page.path:
            path += MARK
        body = None
        if method == "POST":
            fields = [
                (name, filled(str(each), things))
                for name, value in page.form.items()
                for each in (value if isinstance(value, list) else [value])
            ]
            body = urlencode([("csrf", desk.form_token())])
            body += "".join(f"&{name}={quote(value)}{MARK}" for name, value in fields)
        asked = _query(query or LISTS.get(rule, ""))
        yield (method, rule), Target(method, path + asked, body, headers)


def _has_a_mark(target: Target) -> bool:
    return MARK in target.path + (target.body or "") + "".join(v for _, v in target.headers)


@pytest.fixture
def app(app: "APIFlask", resources: Resources) -> "APIFlask":
    """One of its own: it gets another route."""
    return create_app(resources.settings, resources)


@pytest.fixture
def broken(app: "APIFlask") -> str:
    """The path of a route that puts a statement together from what was sent."""

    @app.post("/broken")
    @admits(Who.EVERYBODY)
    def find() -> dict[str, bool]:
        given = request.get_json()["id"]
        found = known_resources().database.fetch(f"SELECT id FROM cases WHERE id = '{given}'")
        return {"found": found is not None}

    return "/broken"


@pytest.mark.fault
def test_sqlmap_finds_nothing_but_what_is_broken_on_purpose(
    broken: str, staff: Staff, things: dict[str, str], tmp_path: Path, tell: Any, control: Any
) -> None:
    phone = introduced(staff.app.test_client(), staff.resources, staff.now, "alice", 901)
    case = phone.post("/applications", {"measure": MEASURE, "facts": ELIGIBLE}).json["id"]

    of_the_api = list(_of_the_api(phone, {"/applications": case}))
    targets = [target for key, target in _of_the_desk(staff, things) if WHOLE or key in FEW]
    targets += [target for target in of_the_api if WHOLE or target.path == "/api/v1/chat"]
    targets = [target for target in targets if _has_a_mark(target)]
    assert len(targets) >= size(2, 100)
    served = Served(staff.app)
    with served.listening() as base:
        hole = Target("POST", broken, json.dumps({"id": case + MARK}),
                      (("Content-Type", "application/json"),))  # fmt: skip
        said = _scan(base, hole, tmp_path)
        assert FOUND in said, said[-2000:]
        control("a statement put together from what was sent", "found", "found")
        served.requests = 0
        said_of = {}
        for number, target in enumerate(targets, 1):
            said_of[target] = _scan(base, target, tmp_path)
            # It takes an hour: whoever waits sees how far it is.
            print(f"{number} of {len(targets)}: {target.method} {target.path}", flush=True)
    found = [target for target, said in said_of.items() if FOUND in said]
    unsure = [(target, said[-600:]) for target, said in said_of.items()
              if CLEAN not in said and target not in found]  # fmt: skip
    tell(f"routes at which sqlmap found something, of {len(targets)}", len(found), 0)
    assert found == [] and unsure == []
    fewest = size(10, 30) * len(targets)
    tell("requests it made", served.requests, f">= {fewest}")
    assert served.requests >= fewest
