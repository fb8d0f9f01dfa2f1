"""Who goes for good is let go of by every room, and others get what they held."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from server import leaving
from server.casework import service_requests
from server.casework.request_tables import Category, RequestState, ServiceRequest
from server.confidential.subject_keys import SubjectErased
from server.database.db import Database
from server.database.tables import Identity, Notice
from server.notices import outbox
from server.offers.tables import PlaceState
from server.pairing.tables import Ending
from server.personal import people
from server.personal.erasing import StillUnderWay
from server.records.audit import Actor
from server.register.tables import EntryState
from server.web import idempotency
from server.web.idempotency import Intent, Reply
from tests import casework
from tests.overlapping import both_at_once, let_come
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
            session, fair.safe, worker_id=worker, by=Actor.job("test"), making_post=lambda: post,
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
            making_post=lambda: casework.post(fair.safe, fair.library),
            blockers=[lambda _session, _worker: ["A1"]], now=fair.now,
        )  # fmt: skip

    request = _ask(fair, worker)
    with pytest.raises(StillUnderWay), fair.database.begin() as session:
        leave(session)
    with fair.database.read() as session:
        assert session.get_one(ServiceRequest, request.id).state == RequestState.OPEN


def _leave(fair: Fair, session: Session, worker: int) -> int:
    leaving.leave(
        session, fair.safe, worker_id=worker, by=Actor.worker(worker),
        making_post=lambda: casework.post(fair.safe, fair.library), now=fair.now,
    )  # fmt: skip
    return worker


def test_an_officers_answer_at_the_moment_somebody_leaves_is_written_and_they_are_gone(
    fair: Fair,
) -> None:
    worker = fair.worker()
    request = _ask(fair, worker)
    own = fair.keys.safe_of(worker)

    def answer(session: Session) -> int:
        service_requests.write(
            session, own, session.get_one(ServiceRequest, request.id), words="可以领",
            by=fair.clerk, regions=fair.library.regions, version=1, now=fair.now,
        )  # fmt: skip
        return 0

    def tell(session: Session) -> None:
        outbox.add_text(
            session, fair.safe, app_id="app", openid="o", text="可以领", worker_id=worker,
            now=fair.now,
        )  # fmt: skip

    both_at_once(fair.database, answer, lambda session: _leave(fair, session, worker), then=tell)
    with fair.database.read() as session:
        assert session.get_one(ServiceRequest, request.id).state == RequestState.CLOSED
        assert session.scalars(select(col(Notice.id))).all() == []


@pytest.mark.parametrize("leaves_first", [False, True])
def test_what_is_written_to_somebody_at_the_moment_they_leave_is_neither_sent_nor_kept(
    fair: Fair, leaves_first: bool
) -> None:
    worker, stays = fair.worker(), fair.worker()
    tomorrow = fair.now + timedelta(days=1)

    def tell(session: Session) -> int:
        for to, at in ((worker, fair.now), (worker, tomorrow), (stays, fair.now)):
            outbox.add_text(
                session, fair.safe, app_id="app", openid="o", text="可以领", worker_id=to, now=at
            )
        return 0

    def leave(session: Session) -> int:
        return _leave(fair, session, worker)

    both_at_once(fair.database, *((leave, tell) if leaves_first else (tell, leave)))
    with fair.database.begin() as session:
        assert len(outbox.claim(session, fair.safe, at_most=9, now=fair.now)) == 1
    with fair.database.begin() as session:
        outbox.forget_settled(session, now=fair.now)
        assert session.scalars(select(col(Notice.worker_id))).all() == [stays]


def test_who_turns_out_to_be_another_at_the_moment_they_leave_is_that_one(fair: Fair) -> None:
    older, worker = fair.worker(), fair.worker()
    names = {"issuer": "account", "subject": "o"}
    with fair.database.begin() as session:
        session.add(_name(fair, session, older, people.UNIONID, "u"))
        session.add(_name(fair, session, worker, **names))

    def look(session: Session) -> int:
        return int(people.is_known(session, fair.safe, **names))

    def unite(session: Session) -> None:
        people.recognise(session, fair.safe, **names, unionid="u", now=fair.now)

    both_at_once(fair.database, look, lambda session: _leave(fair, session, worker), then=unite)
    assert people.find(fair.database, fair.safe, **names) == older


def _name(fair: Fair, session: Session, worker: int, issuer: str, subject: str) -> Identity:
    named = people.subject_hash(fair.safe, issuer, subject)
    sealed = people.sealed_subject(fair.safe, named, subject)
    return Identity(
        subject_hash=named, worker_id=worker, issuer=issuer, sealed_subject=sealed,
        created_at=fair.now,
    )  # fmt: skip


@pytest.fixture
def door(fair: Fair) -> Iterator[Database]:
    """The database as another process has it."""
    door = Database(fair.database.engine.url.render_as_string(hide_password=False))
    yield door
    door.release()


def test_what_somebody_does_at_the_moment_they_leave_finds_them_gone(
    fair: Fair, door: Database
) -> None:
    worker = fair.worker()
    own = fair.keys.safe_of(worker)
    other: list[Future[Reply]] = []

    def once(database: Database, key: str, act: object) -> Reply:
        intent = Intent(worker, key, b"POST /x")
        return idempotency.once(database, own, intent, act, now=fair.now)  # type: ignore[arg-type]

    with ThreadPoolExecutor(1) as pool:

        def leave(session: Session) -> Reply:
            other.append(pool.submit(once, door, "key-00002", lambda _: Reply(200, "too late")))
            let_come(fair.database, *other)
            _leave(fair, session, worker)
            return Reply(200, "gone")

        assert once(fair.database, "key-00001", leave).body == "gone"
    with pytest.raises(SubjectErased):
        other[0].result()
