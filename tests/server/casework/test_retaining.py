"""What belongs to a case or a request ends with it, photos included, and none of it earlier."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from server.casework import cases, deciding, materials, objecting, service_requests
from server.casework.deciding import Item
from server.casework.materials import MaterialUnknown
from server.casework.moves import Move, State
from server.casework.officers import Officer, Role
from server.casework.request_tables import ServiceRequest
from server.casework.tables import (
    Case,
    CaseEvent,
    CaseMaterial,
    Material,
    Objection,
    RequestedItem,
)
from server.database.tables import Conversation
from server.personal import erasing
from server.personal.holdings import holdings
from server.records.audit import Actor
from tests.overlapping import both_at_once
from tests.server.casework.conftest import House
from tests.server.casework.test_deciding import file_objection
from tests.server.casework.test_service_requests import ask, said

YEAR = timedelta(days=366)
Act = Callable[[Session], int]


def _retain(house: House, now: datetime) -> None:
    """What `nuangang jobs erase` does."""
    for holding in erasing.with_an_end():
        with house.database.begin() as session:
            erasing.forget_over(session, holding, now=now)


def _photo(session: Session, house: House, worker: int, id: str, case_id: str | None) -> None:
    session.add(
        Material(id=id, worker_id=worker, kind="id_card", media_type="image/jpeg", size=1,
                 added_at=house.now)
    )  # fmt: skip
    session.flush()
    if case_id is not None:
        session.add(CaseMaterial(case_id=case_id, material_id=id, added_at=house.now))


def _refused(house: House, clerk: Officer, chief: Officer, worker: int) -> str:
    """A case with everything: asked for a paper, refused, objected to in the worker's words."""
    case_id = house.submit(worker)
    house.do(clerk, case_id, deciding.take)
    items = [Item("labour_contract", "没有拍全")]
    house.do(clerk, case_id, deciding.request_material, items, reason="请补材料", days=3)
    house.do(clerk, case_id, deciding.go_on)
    house.do(clerk, case_id, deciding.recommend, Move.REFUSE, reason="只缴了9个月")
    refused = house.do(chief, case_id, deciding.refuse, reason="没缴满一年")
    file_objection(house, refused)
    other = house.officer(Role.APPROVER)
    house.do(other, case_id, objecting.dismiss, reason="经复核，缴费9个月")
    return case_id


def _words(house: House) -> list[str | None]:
    """What is sealed in the rows around a case."""
    with house.database.read() as session:
        return [
            *session.scalars(select(col(CaseEvent.sealed_reason))),
            *session.scalars(select(col(RequestedItem.sealed_reason))),
            *session.scalars(select(col(Objection.sealed_words))),
        ]


def test_photos_reasons_and_the_objections_words_end_with_their_case(
    house: House, clerk: Officer, chief: Officer
) -> None:
    worker = house.worker()
    case_id = _refused(house, clerk, chief, worker)
    with house.database.begin() as session:
        _photo(session, house, worker, "used", case_id)
        _photo(session, house, worker, "unused", None)
    assert len([words for words in _words(house) if words]) >= 4
    before = _words(house)

    _retain(house, house.now + 2 * YEAR)
    assert _words(house) == before and _photos(house) == {"used", "unused"}
    _retain(house, house.now + 4 * YEAR)
    assert _words(house) == before and _photos(house) == {"used"}
    _retain(house, house.now + 11 * YEAR)
    assert not any(_words(house)) and _photos(house) == set()
    with house.database.read() as session:
        case = session.get_one(Case, case_id)
        assert case.sealed_facts is None
        # What stays can still be looked at.
        own = house.keys.safe_of(worker)
        assert len(cases.history(session, case, own)) > 5
        assert [cases.item_reason(own, item) for item in cases.items_of(session, case_id)] == [""]


def _photos(house: House) -> set[str]:
    with house.database.read() as session:
        return set(session.scalars(select(col(Material.id))))


def test_a_photo_stays_as_long_as_any_of_its_cases_is_under_way(house: House) -> None:
    worker = house.worker()
    old, new = house.submit(worker), house.submit(worker, "shishi-4b")
    with house.database.begin() as session:
        _photo(session, house, worker, "of both", old)
        session.add(CaseMaterial(case_id=new, material_id="of both", added_at=house.now))
        case = session.get_one(Case, old)
        case.state = State.PAID
        session.add(case)
    _retain(house, house.now + 11 * YEAR)
    assert _photos(house) == {"of both"}
    assert house.case(old).sealed_facts is None


def test_many_photos_that_are_over_together_keep_nobody_waiting(house: House) -> None:
    """What is over is looked up among all cases: once for all of them, not for each."""
    worker = house.worker()
    house.submit(worker)
    asked: list[str] = []
    event.listen(
        house.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2])
    )
    taken = []
    for many in (1, 60):
        with house.database.begin() as session:
            for number in range(many):
                _photo(session, house, worker, f"unused {many} {number}", None)
        asked.clear()
        with house.database.begin() as session:
            photos = holdings()["material"]
            assert erasing.forget_over(session, photos, now=house.now + 4 * YEAR) == many
        taken.append(len(asked))
    assert taken[0] == taken[1] and _photos(house) == set()


def _old_photo(house: House) -> tuple[Act, Act, str]:
    """What puts a photo to a case, what forgets it as it is over, and the case."""
    worker, later = house.worker(), house.now + 4 * YEAR
    with house.database.begin() as session:
        _photo(session, house, worker, "old", None)
    case_id, own = house.submit(worker), house.keys.safe_of(worker)

    def attach(session: Session) -> int:
        materials.attach(
            session, own, session.get_one(Case, case_id),
            materials.mine(session, "old", worker),
            house.library.materials["labour_contract"], by=Actor.worker(worker), now=later,
        )  # fmt: skip
        return 1

    def forget(session: Session) -> int:
        return erasing.forget_over(session, holdings()["material"], now=later)

    return attach, forget, case_id


def test_a_photo_that_is_put_to_a_case_at_the_moment_it_is_over_stays_with_the_case(
    house: House,
) -> None:
    attach, forget, case_id = _old_photo(house)
    assert both_at_once(house.database, attach, forget) == (1, 0)
    with house.database.read() as session:
        assert [photo.id for photo in materials.of_case(session, case_id)] == ["old"]


def test_a_photo_that_is_being_forgotten_is_put_to_no_case(house: House) -> None:
    attach, forget, case_id = _old_photo(house)
    with pytest.raises(MaterialUnknown):
        both_at_once(house.database, forget, attach)
    with house.database.read() as session:
        assert materials.of_case(session, case_id) == []


def test_what_was_said_in_a_request_ends_three_years_after_it_was_settled(house: House) -> None:
    worker = house.worker()
    settled, open_still = ask(house, worker), ask(house, worker)
    clerk = house.officer(Role.CASE_OFFICER)
    with house.database.begin() as session:
        service_requests.settle(
            session, house.keys.safe_of(worker), session.merge(settled), outcome="讨回来了",
            by=clerk, regions=house.library.regions,
            version=settled.version, now=house.now,
        )  # fmt: skip
    _retain(house, house.now + 2 * YEAR)
    assert len(said(house, settled)) == 1
    _retain(house, house.now + 4 * YEAR)
    assert said(house, settled) == [] and len(said(house, open_still)) == 1
    with house.database.read() as session:
        row = session.get_one(ServiceRequest, settled.id)
        assert (row.sealed_outcome, row.sealed_word, row.category) == (None, None, "wages")


def test_a_chat_of_nobody_in_particular_ends_with_its_last_turn(house: House) -> None:
    for id, age in (("a" * 30, 181), ("b" * 30, 179)):
        with house.database.begin() as session:
            at = house.now - timedelta(days=age)
            session.add(Conversation(id=id, worker_id=None, context=None, updated_at=at))
    _retain(house, house.now)
    assert house.database.fetch("SELECT id FROM conversation") == ("b" * 30,)
