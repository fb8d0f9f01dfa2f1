"""The knowledge in force, two officers, and people with cases."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from server.casework import applying
from server.casework.advancing import Post
from server.casework.deciding import Desk
from server.casework.officers import Officer, Role
from server.casework.tables import Case
from server.clock import china_day
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from tests import casework, funding
from tests.funding import Office

if TYPE_CHECKING:
    from knowledge.library import Library


@dataclass
class House:
    """Everything that a case needs around it."""

    database: Database
    library: "Library"
    safe: Safe
    keys: SubjectKeys
    post: Post
    now: datetime
    release: int

    def officer(self, *roles: Role, where: tuple[str, ...] = ("石狮",)) -> Officer:
        return casework.officer(
            self.database, self.safe, self.library, *roles, where=where, now=self.now
        )

    def worker(self, **more: Any) -> int:
        return casework.worker(self.database, self.safe, self.keys, now=self.now, **more)

    def checked(
        self, measure: str = casework.MEASURE, facts: dict[str, Any] | None = None
    ) -> applying.Checked:
        return applying.check(
            self.library,
            self.release,
            self.library.measures[measure],
            None,
            casework.ELIGIBLE if facts is None else facts,
            today=china_day(self.now),
        )

    def submit(self, worker_id: int, measure: str = casework.MEASURE) -> str:
        own = self.keys.safe_of(worker_id)
        checked = self.checked(measure)
        with self.database.begin() as session:
            return applying.submit(
                session, own, checked, worker_id=worker_id, despite_warning=True, now=self.now
            ).case_id

    def desk(self, who: Officer, worker_id: int) -> Desk:
        return Desk(who, self.post, self.keys.safe_of(worker_id), self.now)

    def do(
        self, who: Officer, case_id: str, act: Callable[..., Case], *args: Any, **more: Any
    ) -> Case:
        """Let an officer do something to a case as it is now, in a transaction of its own."""
        with self.database.begin() as session:
            case = session.get_one(Case, case_id)
            version = more.pop("version", case.version)
            desk = self.desk(who, case.worker_id)
            return act(session, desk, case, *args, version=version, **more)

    def case(self, case_id: str) -> Case:
        with self.database.read() as session:
            return session.get_one(Case, case_id)


@pytest.fixture
def house(
    database: Database,
    library: "Library",
    safe: Safe,
    subject_keys: SubjectKeys,
    now: datetime,
) -> House:
    release = casework.publish(database, library, now=now)
    return House(database, library, safe, subject_keys, casework.post(safe, library), now, release)


@pytest.fixture
def clerk(house: House) -> Officer:
    return house.officer(Role.CASE_OFFICER)


@pytest.fixture
def chief(house: House) -> Officer:
    return house.officer(Role.APPROVER)


@pytest.fixture
def office(
    database: Database,
    safe: Safe,
    library: "Library",
    subject_keys: SubjectKeys,
    now: datetime,
) -> Office:
    return funding.office(database, safe, library, subject_keys, now)
