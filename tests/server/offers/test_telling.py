"""Whoever takes part is told once of what happened, and many at a cost that lets others write."""

from sqlalchemy import event
from sqlmodel import Session, col, select

from server.database.tables import Notice, Worker
from server.offers import telling
from server.offers.tables import Offer, Participation, PlaceState
from tests import casework
from tests.server.offers.conftest import Fair


def _places(fair: Fair, offer: Offer, count: int) -> list[Participation]:
    with fair.database.begin() as session:
        workers = [Worker(created_at=fair.now) for _ in range(count)]
        session.add_all(workers)
        session.flush()
        return [
            Participation(
                id=f"{offer.id} {each.id}", offer_id=offer.id, worker_id=each.id or 0,
                state=PlaceState.JOINED, joined_at=fair.now, changed_at=fair.now,
            )
            for each in workers
        ]  # fmt: skip


def _tell(fair: Fair, session: Session, offer: Offer, places: list[Participation]) -> None:
    post = casework.post(fair.safe, fair.library)
    telling.tell_all(session, post, offer, places, telling.CANCELLED, now=fair.now)


def test_many_are_told_with_as_few_statements_as_a_few(fair: Fair) -> None:
    offer = fair.opened()
    asked: list[str] = []

    def note(_: object, __: object, statement: str, *more: object) -> None:
        asked.append(statement)

    def cost(count: int) -> int:
        places = _places(fair, offer, count)
        asked.clear()
        with fair.database.begin() as session:
            _tell(fair, session, offer, places)
        return len(asked)

    event.listen(fair.database.engine, "before_cursor_execute", note)
    try:
        assert cost(3) == cost(60)
    finally:
        event.remove(fair.database.engine, "before_cursor_execute", note)


def test_the_same_told_twice_is_one_notice_for_each(fair: Fair) -> None:
    offer = fair.opened()
    places = _places(fair, offer, 3)
    for _ in range(2):
        with fair.database.begin() as session:
            _tell(fair, session, offer, [*places, places[0]])
    with fair.database.read() as session:
        told = session.scalars(select(col(Notice.worker_id)).order_by(col(Notice.worker_id))).all()
    assert list(told) == [place.worker_id for place in places]
