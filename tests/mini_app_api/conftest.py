"""A worker's phone, and an officer on the other side."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from server.casework import cases, deciding
from server.casework.deciding import Item
from server.casework.moves import Move, State
from server.casework.officers import Officer, Role
from tests import casework
from tests.casework import Phone

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from server.web.resources import Resources


class Office:
    """What officers do with a case, between what the worker sees."""

    def __init__(self, resources: "Resources", now: datetime) -> None:
        self.known, self.now = resources, now
        self.library = resources.serving.current().library
        make = [resources.database, resources.safe, self.library]
        self.clerk = casework.officer(*make, Role.CASE_OFFICER, now=now)
        self.chief = casework.officer(*make, Role.APPROVER, now=now)

    def request_material(self, case_id: str, kind: str = "dismissal_notice") -> int:
        item = Item(kind, "照片看不清")
        with self.known.database.begin() as session:
            case = cases.of_officer(session, case_id, self.clerk, self.library.regions)
            desk = self.desk(self.clerk, case.worker_id)
            taken = case
            if case.state == State.SUBMITTED:
                taken = deciding.take(session, desk, case, version=case.version)
            return deciding.request_material(
                session, desk, taken, [item], version=taken.version, reason="请补材料", days=5
            ).version

    def refuse(self, case_id: str) -> int:
        with self.known.database.begin() as session:
            case = cases.of_officer(session, case_id, self.clerk, self.library.regions)
            desk = self.desk(self.clerk, case.worker_id)
            case = deciding.recommend(
                session, desk, case, Move.REFUSE, version=case.version, reason="没缴满一年"
            )
            chief = self.desk(self.chief, case.worker_id)
            return deciding.refuse(
                session, chief, case, version=case.version, reason="不符合条件"
            ).version

    def desk(self, who: Any, worker_id: int) -> deciding.Desk:
        post = casework.post(self.known.safe, self.library)
        return casework.desk(who, post, self.known.subject_keys.safe_of(worker_id), self.now)


@pytest.fixture
def published(resources: "Resources", now: datetime) -> int:
    return casework.publish(resources.database, resources.serving.current().library, now=now)


@pytest.fixture
def phone(client: "FlaskClient", resources: "Resources", published: int, now: datetime) -> Phone:
    """The phone of somebody who agreed and said who they are."""
    return casework.introduced(client, resources, now, "alice", 1)


@pytest.fixture
def clerk(resources: "Resources", now: datetime) -> Officer:
    library = resources.serving.current().library
    return casework.officer(resources.database, resources.safe, library, Role.CASE_OFFICER, now=now)
