"""Who goes for good is let go of by every room, and others get what they held."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from server import leaving
from server.audit import Actor
from server.casework import service_requests
from server.casework.request_tables import Category, RequestState, ServiceRequest
from server.erasing import StillUnderWay
from server.offers.tables import PlaceState
from server.pairing.tables import Ending
from server.register.tables import EntryState
from server.tables import Notice
from tests import casework
from tests.server.offers.conftest import Fair
from tests.server.pairing.conftest import Pairs, fair, ledger, pairs
from tests.server.register.conftest import somebody

__all__ = ["fair", "ledger", "pairs"]


def _ask(fair: Fair, worker: int) -> ServiceRequest:
    with fair.database.begin() as session:
        return service_requests.open_request(
            session, fair.keys.safe_of(worker), fair.library, worker_id=worker,
            category=Category.ADVICE, region="石狮", measure=None, words="问一下",
            conversation=None, now=fair.now,
        )  # fmt: skip


def test_whatever_room_holds_somebody_lets_go_of_them(fair: Fair, pairs: Pairs) -> None:
    worker, helper = fair.worker(), pairs.helper()
    entry = pairs.ledger.enter_for(worker, somebody())
    pairing = pairs.accepted(helper, entry)
    request = _ask(fair, worker)
    trip = fair.opened(seats=1, begins_at=fair.now + timedelta(days=3))
    waits = fair.worker()
    for minutes, each in enumerate((worker, waits)):
        fair.join(trip, each, minutes)
    post = casework.post(fair.safe, fair.library)
    with fair.database.begin() as session:
        keys = leaving.leave(
            session, fair.safe, worker_id=worker, by=Actor.job("test"), letters=lambda: post,
            now=fair.now,
        )  # fmt: skip
    assert keys
    with fair.database.read() as session:
        assert session.get_one(ServiceRequest, request.id).state == RequestState.CLOSED
        told = session.scalars(select(col(Notice.worker_id))).all()
    assert pairs.ledger.entry(entry.id).state == EntryState.LEFT
    assert (pairs.at(pairing).ending, pairs.taken(helper)) == (Ending.ERASED, 0)
    assert (fair.state(trip, waits), waits in told) == (PlaceState.JOINED, True)


def test_whatever_is_under_way_keeps_them_and_all_they_hold(fair: Fair) -> None:
    worker = fair.worker()

    def leave(session: Session) -> None:
        leaving.leave(
            session, fair.safe, worker_id=worker, by=Actor.worker(worker),
            letters=lambda: casework.post(fair.safe, fair.library),
            blockers=[lambda _session, _worker: ["A1"]], now=fair.now,
        )  # fmt: skip

    request = _ask(fair, worker)
    with pytest.raises(StillUnderWay), fair.database.begin() as session:
        leave(session)
    with fair.database.read() as session:
        assert session.get_one(ServiceRequest, request.id).state == RequestState.OPEN
