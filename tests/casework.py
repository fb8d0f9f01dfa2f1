"""What tests of cases begin with: the knowledge in force, people, officers, an API to call."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from knowledge.library import Library
from server.casework import officers
from server.casework.advancing import Post
from server.casework.deciding import Desk
from server.casework.officers import Officer, Role
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.database.tables import Purpose, Release
from server.personal import consents, people, profiles
from server.personal.persons import Person
from server.published import releases
from server.records import audit
from server.web.sessions import worker_of
from tests import citizens, stored_rows
from tests.stored_rows import StoredRows

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from server.web.resources import Resources

MEASURE = "shishi-4a"
"""Unemployment benefit: in force since 2022 without an end, six facts, 12 months insured."""
ELIGIBLE: dict[str, Any] = {
    "applicant_role": ["worker"],
    "unemployment_insured": True,
    "unemployment_insurance_months": 14,
    "job_loss_involuntary": True,
    "unemployment_registered": True,
    "seeking_work": True,
}
INELIGIBLE = {**ELIGIBLE, "unemployment_insurance_months": 3}
CLOSED = "hebei-cangzhou-1"
MINI_APP = "wx-mini"


def publish(database: Database, library: Library, *, now: datetime) -> int:
    """Put the knowledge of the program in force, as release 1 of an empty database, once.

    The first test of a process stores it the way the program does; to copy the rows that came of it
    takes a fifth of the time, and a thousand tests begin with them.
    """
    which = library, database.is_sqlite, now
    with database.begin() as session:
        first = session.get(Release, 1)
        if first is not None and first.note == _NOTE:
            return 1
        if which in _STORED and first is None:
            stored_rows.put(session, _STORED[which], numbered=("edition", "release"))
            releases.put_in_force(session, 1, now)
            return 1
        found = releases.publish(session, library.editions, note=_NOTE, now=now)
        if found == 1:
            _STORED[which] = stored_rows.taken(session, ("edition", "release", "release_edition"))
        return found


_NOTE = "test"
_STORED: dict[tuple[Library, bool, datetime], StoredRows] = {}


def person(number: int = 1, **other: Any) -> Person:
    """One of many people, who are all called the same: their numbers tell them apart."""
    given = {**dict(citizens.person(number)), "name": "王小明", "native_place": "四川达州"}
    return Person.model_validate({**given, **other})


def worker(
    database: Database,
    safe: Safe,
    keys: SubjectKeys,
    *,
    now: datetime,
    who: Person | None = None,
) -> int:
    """Somebody who signed in, agreed, and said who they are."""
    with database.begin() as session:
        worker_id = people.recognise(
            session, safe, issuer=MINI_APP, subject=secrets.token_hex(8), now=now
        )
    own = keys.safe_of(worker_id)
    with database.begin() as session:
        introduce(session, own, worker_id, who or person(worker_id), now=now)
    return worker_id


def introduce(session: Session, own: Safe, worker_id: int, who: Person, *, now: datetime) -> None:
    """Let a worker agree and say who they are."""
    by = audit.Actor.worker(worker_id)
    for purpose in (Purpose.IDENTITY, Purpose.PAYMENT, Purpose.MATERIALS, Purpose.HANDOFF):
        version = consents.in_force(purpose).version
        consents.give(session, own, worker_id=worker_id, purpose=purpose, version=version, now=now)
    profiles.save(session, own, worker_id=worker_id, person=who, version=None, by=by, now=now)


def officer(
    database: Database,
    safe: Safe,
    library: Library,
    *roles: Role,
    where: tuple[str, ...] = ("石狮",),
    now: datetime,
) -> Officer:
    """Somebody of the staff."""
    with database.begin() as session:
        return officers.add(
            session,
            safe,
            library.regions,
            name="陈",
            roles=roles,
            where=where,
            by=audit.Actor.job("test"),
            now=now,
        )


def post(safe: Safe, library: Library) -> Post:
    """Tells workers through the outbox."""
    templates = {kind: f"template-{kind}" for kind in ("reviewed", "materials_missing", "paid")}
    return Post(safe, library, MINI_APP, templates)


def desk(who: Officer, telling: Post, own: Safe, now: datetime) -> Desk:
    """An officer at the case of somebody."""
    return Desk(who, telling, own, now)


@dataclass
class Phone:
    """A worker's phone: signed in as NAME, each write under a key of its own."""

    client: "FlaskClient"
    name: str = "alice"
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        signed = self.client.post("/api/v1/session", json={"code": f"dev:{self.name}"})
        self.token = signed.get_json()["token"]
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str) -> "TestResponse":
        return self.client.get(f"/api/v1{path}", headers=self.headers)

    def send(
        self, method: str, path: str, body: Any = None, *, key: str | None = None
    ) -> "TestResponse":
        headers = {**self.headers, "Idempotency-Key": key or secrets.token_hex(8)}
        return self.client.open(f"/api/v1{path}", method=method, json=body, headers=headers)

    def post(self, path: str, body: Any, *, key: str | None = None) -> "TestResponse":
        return self.send("POST", path, body, key=key)


def introduced(
    client: "FlaskClient",
    resources: "Resources",
    now: datetime,
    name: str,
    number: int,
    who: Person | None = None,
) -> Phone:
    """The phone of somebody who agreed and said who they are."""
    phone = Phone(client, name)
    worker = worker_of(resources.database, phone.token, now=resources.clock())
    assert worker is not None
    own = resources.subject_keys.safe_of(worker)
    with resources.database.begin() as session:
        introduce(session, own, worker, who or person(number), now=now)
    return phone
