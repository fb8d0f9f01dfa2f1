"""The desk as its staff find it: knowledge in force, officers signed in, a case to look at."""

import io
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from werkzeug.serving import make_server

from server.casework import applying, materials, near_duplicates, officers
from server.casework.officers import Officer, Role
from server.casework.tables import Case, Material
from server.clock import china_day
from server.records import audit
from server.staff import accounts, passwords, sessions
from server.staff.tables import StaffAccount
from server.web.resources import Resources
from tests import casework
from tests.roof import roof_over

if TYPE_CHECKING:
    from apiflask import APIFlask
    from flask.testing import FlaskClient
    from playwright.sync_api import Browser
    from werkzeug.test import TestResponse

PASSWORD = "correct horse battery"
COOKIE, DEVICE_COOKIE = "nuangang_staff", "nuangang_device"


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """Pages run on one database unless a test names others; what they call is tested on both."""
    url: str = request.getfixturevalue(getattr(request, "param", "sqlite_url"))
    return url


@pytest.fixture(scope="session")
def password_hash() -> str:
    """Of `PASSWORD`; hashing takes its time on purpose, so it is done once."""
    return passwords.hashed(PASSWORD)


@dataclass
class Desk:
    """A browser in which an officer has signed in."""

    client: "FlaskClient"
    officer: Officer
    token: str
    _form_tokens: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **more: Any) -> "TestResponse":
        return self.client.get(f"/staff{path}", **more)

    def form_token(self) -> str:
        """What our own pages put into their forms, the same as long as a session lasts."""
        session = self.client.get_cookie(COOKIE)
        known = session.value if session else ""
        if known not in self._form_tokens:
            self._form_tokens[known] = form_token(self.get("/").text)
        return self._form_tokens[known]

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> "TestResponse":
        """Send a form of ours."""
        filled = {"csrf": self.form_token(), **(data or {})}
        return self.client.post(f"/staff{path}", data=filled, **more)


def form_token(page: str) -> str:
    """The token in the first form of a page."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found, page[:500]
    return found[1]


def text_of(page: str) -> str:
    """What a page shows, without its tags."""
    shown = re.sub(r"(?s)<(script|style).*?</\1>|<[^>]*>", " ", page)
    return " ".join(unescape(shown).split())


@cache
def picture() -> bytes:
    """A photo, as it is kept."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((480, 320)).convert("RGB").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def app(resources: Resources, now: datetime) -> "APIFlask":
    library = resources.serving.current().library
    casework.publish(resources.database, library, now=now)
    return roof_over(resources)


@dataclass
class Staff:
    """Takes officers on and lets them sign in, without the pages for it."""

    app: "APIFlask"
    resources: Resources
    now: datetime
    password_hash: str
    count: int = 0

    def officer(
        self, *roles: Role, where: tuple[str, ...] = ("石狮",), name: str = "陈晓"
    ) -> Officer:
        known = self.resources
        self.count += 1
        by = audit.Actor.job("test")
        with known.database.begin() as session:
            officer = officers.add(
                session,
                known.safe,
                known.serving.current().library.regions,
                name=name,
                roles=roles,
                where=where,
                by=by,
                now=self.now,
            )
            accounts.add(
                session,
                known.safe,
                officer,
                username=f"officer{self.count}",
                password_hash=self.password_hash,
                starting=False,
                by=by,
                now=self.now,
            )
        return officer

    def submit(
        self,
        number: int = 1,
        facts: Mapping[str, Any] = casework.ELIGIBLE,
        measure: str = casework.MEASURE,
        **person: Any,
    ) -> Case:
        """A case of somebody new, as the worker's API makes it."""
        known = self.resources
        served, now = known.serving.current(), known.clock()
        who = casework.person(number, **person)
        worker = casework.worker(known.database, known.safe, known.subject_keys, now=now, who=who)
        own = known.subject_keys.safe_of(worker)
        checked = applying.check(
            served.library,
            served.release,
            served.library.measures[measure],
            None,
            facts,
            today=china_day(now),
        )
        with known.database.begin() as session:
            near_duplicates.recompute(session, worker, now=now)
            made = applying.submit(
                session, own, checked, worker_id=worker, despite_warning=True, now=now
            )
        return self.case(made.case_id)

    def case(self, case_id: str) -> Case:
        """A case as it is now."""
        with self.resources.database.read() as session:
            return session.get_one(Case, case_id)

    def photo(self, case: Case, kind: str = "identity_card") -> str:
        """Let a case have a photo, and return its id."""
        known = self.resources
        own, now = known.subject_keys.safe_of(case.worker_id), known.clock()
        content = picture()
        material = Material(
            id=secrets.token_hex(16),
            worker_id=case.worker_id,
            kind=kind,
            media_type="image/jpeg",
            size=len(content),
            width=480,
            height=320,
            added_at=now,
        )
        sealed = own.seal_bytes(content, materials.content_purpose(material.id))
        known.store.put(materials.object_name(material.id), sealed)
        kinds = known.serving.current().library.materials
        by = audit.Actor.worker(case.worker_id)
        with known.database.begin() as session:
            session.add(material)
            session.flush()
            held = session.get_one(Case, case.id)
            materials.attach(session, own, held, material, kinds[kind], by=by, now=now)
        return material.id

    def sign_in(self, officer: Officer) -> Desk:
        known = self.resources
        device = sessions.token()
        with known.database.begin() as session:
            token = sessions.begin(
                session,
                known.safe,
                session.get_one(StaffAccount, officer.id),
                code="",
                device=device,
                needs_second_factor=False,
                now=known.clock(),
            )
        client = self.app.test_client()
        client.set_cookie(COOKIE, token)
        client.set_cookie(DEVICE_COOKIE, device)
        return Desk(client, officer, token)

    def desk(self, *roles: Role, where: tuple[str, ...] = ("石狮",), name: str = "陈晓") -> Desk:
        """The desk of a new officer."""
        return self.sign_in(self.officer(*roles, where=where, name=name))


@pytest.fixture
def staff(app: "APIFlask", resources: Resources, now: datetime, password_hash: str) -> Staff:
    return Staff(app, resources, now, password_hash)


@pytest.fixture
def clerk(staff: Staff) -> Desk:
    return staff.desk(Role.CASE_OFFICER)


@pytest.fixture
def chief(staff: Staff) -> Desk:
    return staff.desk(Role.APPROVER, name="周敏")


@pytest.fixture
def things(staff: Staff) -> dict[str, str]:
    """What the paths of pages name, all of it in 石狮."""
    from tests.server.console.pages import MAKERS

    return {name: value for make in MAKERS for name, value in make(staff).items()}


@pytest.fixture
def address(staff: Staff) -> Iterator[str]:
    """The desk on a port of its own, for a browser."""
    server = make_server("127.0.0.1", 0, staff.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser(browser: "Browser") -> "Iterator[Browser]":
    """The one of all tests; what a test opens in it is closed with the test."""
    yield browser
    for context in browser.contexts:
        context.close()
