"""Places are given once, in order, and given back; attendance is noted on the spot."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from server.clock import china_day
from server.offers import offering, taking_part
from server.offers.offering import OfferOver, OfferUnknown
from server.offers.tables import Offer, OfferKind, Participation, PlaceState
from server.offers.taking_part import (
    MOST_WRONG_CODES,
    NotedAbsent,
    NotTakingPart,
    NotYet,
    TooManyCodes,
)
from server.personal import people, profiles
from tests import citizens
from tests.server.offers.conftest import LAST_ON, SEWING, Fair

COURSE = replace(
    SEWING,
    kind=OfferKind.SESSION,
    title="缝纫培训班",
    details={"trade": "缝纫", "hours": 40, "certificate": True},
)


def test_a_place_is_taken_once_however_often_one_asks(fair: Fair) -> None:
    offer, worker = fair.opened(), fair.worker()
    assert fair.join(offer, worker).state == "joined"
    assert fair.join(offer, worker).state == "joined"
    assert fair.taken(offer) == 1


def test_who_comes_late_waits_and_moves_up_in_order(fair: Fair) -> None:
    offer = fair.opened()
    four = [fair.worker() for _ in range(4)]
    for minutes, worker in enumerate(four):
        fair.join(offer, worker, minutes)
    assert [fair.state(offer, worker) for worker in four] == ["joined"] * 2 + ["waiting"] * 2
    assert [place.worker_id for place in fair.leave(offer, four[0])] == [four[2]]
    assert fair.state(offer, four[2]) == "joined"
    assert fair.taken(offer) == 2
    assert fair.leave(offer, four[3]) == []
    assert fair.leave(offer, four[1]) == []
    assert fair.taken(offer) == 1


def test_who_left_comes_back_at_the_end_of_the_queue(fair: Fair) -> None:
    offer = fair.opened(seats=1)
    first, second = fair.worker(), fair.worker()
    fair.join(offer, first)
    fair.join(offer, second, minutes=1)
    fair.leave(offer, first)
    assert fair.join(offer, first, minutes=2).state == "waiting"


def test_no_place_is_given_twice_to_many_at_once(fair: Fair) -> None:
    offer = fair.opened(seats=3)
    many = [fair.worker() for _ in range(12)]
    with ThreadPoolExecutor(6) as hands:
        states = list(hands.map(lambda worker: fair.join(offer, worker).state, many))
    assert sorted(states) == ["joined"] * 3 + ["waiting"] * 9
    with ThreadPoolExecutor(6) as hands:
        list(hands.map(lambda worker: fair.leave(offer, worker), many[:6]))
    assert fair.taken(offer) == 3
    with fair.database.read() as session:
        left = taking_part.places(session, offer.id)
    assert [place.state for place in left].count("joined") == 3


def test_what_is_over_or_not_published_takes_nobody(fair: Fair) -> None:
    worker = fair.worker()
    with pytest.raises(OfferUnknown):
        fair.join(fair.proposed(), worker)
    with pytest.raises(OfferOver):
        fair.join(fair.opened(last_on=china_day(fair.now)), worker, minutes=24 * 60)
    cancelled = fair.opened()
    fair.step(offering.cancel, cancelled, reason="厂里停工")
    with pytest.raises(OfferOver):
        fair.join(cancelled, worker)


def test_nobody_gets_a_seat_in_a_bus_that_has_left(fair: Fair) -> None:
    trip = fair.opened(
        kind=OfferKind.TRIP,
        details={"origin": "石狮", "destination": "达州"},
        seats=1,
        begins_at=fair.now + timedelta(minutes=30),
        last_on=china_day(fair.now),
    )
    first, second, third = (fair.worker() for _ in range(3))
    fair.join(trip, first)
    fair.join(trip, second, minutes=29)
    with pytest.raises(OfferOver):
        fair.join(trip, third, minutes=30)
    assert replace(fair, now=fair.now + timedelta(minutes=31)).leave(trip, first) == []
    assert fair.state(trip, second) == "waiting"


def test_the_organiser_has_to_know_who_comes_except_to_an_activity(fair: Fair) -> None:
    with fair.database.begin() as session:
        stranger = people.recognise(
            session, fair.safe, issuer="wx-mini", subject="stranger", now=fair.now
        )
    with pytest.raises(profiles.ProfileMissing):
        fair.join(fair.opened(), stranger)
    feast = fair.opened(kind=OfferKind.ACTIVITY, details={})
    assert fair.join(feast, stranger).state == "joined"


def attend(fair: Fair, offer: Offer, worker: int, code: str, days: int = 0) -> Participation:
    with fair.database.begin() as session:
        return taking_part.attend(
            session,
            fair.keys.safe_of(worker),
            fair.safe,
            offer.id,
            worker_id=worker,
            code=code,
            now=fair.now + timedelta(days=days),
        )


def test_the_code_of_the_day_notes_attendance_and_that_of_another_day_does_not(fair: Fair) -> None:
    offer, worker = fair.opened(COURSE), fair.worker()
    fair.join(offer, worker)
    code = taking_part.attendance_code(fair.safe, offer, fair.now)
    assert attend(fair, offer, worker, code, days=1).state == "joined"
    assert attend(fair, offer, worker, code).state == "attended"
    with pytest.raises(OfferOver):
        fair.leave(offer, worker)


def test_codes_can_not_be_tried_through(fair: Fair) -> None:
    offer, worker = fair.opened(COURSE), fair.worker()
    fair.join(offer, worker)
    right = taking_part.attendance_code(fair.safe, offer, fair.now)
    wrong = "000000" if right != "000000" else "000001"
    for count in range(MOST_WRONG_CODES):
        assert attend(fair, offer, worker, wrong).wrong_codes == count + 1
    with pytest.raises(TooManyCodes):
        attend(fair, offer, worker, right)


def test_nobody_attends_before_it_begins_or_without_a_place(fair: Fair) -> None:
    offer = fair.opened(COURSE, begins_at=fair.now + timedelta(days=2))
    worker = fair.worker()
    code = taking_part.attendance_code(fair.safe, offer, fair.now)
    with pytest.raises(NotTakingPart):
        attend(fair, offer, worker, code)
    fair.join(offer, worker)
    with pytest.raises(NotYet):
        attend(fair, offer, worker, code)


def test_nobody_attends_what_was_called_off(fair: Fair) -> None:
    offer, worker = fair.opened(COURSE), fair.worker()
    fair.join(offer, worker)
    fair.step(offering.cancel, offer, reason="老师病了")
    with pytest.raises(OfferOver):
        attend(fair, offer, worker, taking_part.attendance_code(fair.safe, offer, fair.now))
    assert fair.state(offer, worker) == "joined"


def note(fair: Fair, place: Participation, state: PlaceState, **more: Any) -> None:
    """Note as the clerk who was there, by a place as it was looked up before."""
    with fair.database.begin() as session:
        own = fair.keys.safe_of(place.worker_id)
        given = {"by": fair.clerk, "regions": fair.library.regions, "now": fair.now, **more}
        taking_part.note(session, own, place, state=state, **given)


def test_what_is_noted_later_leaves_what_was_noted_before(fair: Fair) -> None:
    offer, worker = fair.opened(COURSE), fair.worker()
    own, place = fair.keys.safe_of(worker), fair.join(offer, worker)
    note(fair, place, PlaceState.ATTENDED, hours=40)
    note(fair, place, PlaceState.ATTENDED, certificate="闽2026-0017")
    note(fair, place, PlaceState.ATTENDED)
    with fair.database.read() as session:
        row = session.get_one(Participation, place.id)
        assert (row.hours, taking_part.certificate_of(own, row)) == (40, "闽2026-0017")
        assert "2026-0017" not in (row.sealed_certificate or "")
    note(fair, place, PlaceState.ABSENT)
    with fair.database.read() as session:
        row = session.get_one(Participation, place.id)
        assert (row.state, row.hours, row.sealed_certificate) == ("absent", None, None)


def test_a_code_does_not_undo_what_an_officer_noted(fair: Fair) -> None:
    offer, worker = fair.opened(COURSE), fair.worker()
    place = fair.join(offer, worker)
    code = taking_part.attendance_code(fair.safe, offer, fair.now)
    note(fair, place, PlaceState.ABSENT)
    with pytest.raises(NotedAbsent):
        attend(fair, offer, worker, code)
    assert fair.state(offer, worker) == "absent"
    note(fair, place, PlaceState.ATTENDED)
    assert attend(fair, offer, worker, code).state == "attended"


def test_who_left_while_the_officer_looked_is_not_noted_as_there(fair: Fair) -> None:
    offer = fair.opened(COURSE, seats=1)
    first, second = fair.worker(), fair.worker()
    place = fair.join(offer, first)
    fair.join(offer, second, minutes=1)
    fair.leave(offer, first)
    with pytest.raises(NotTakingPart):
        note(fair, place, PlaceState.ATTENDED)
    assert (fair.state(offer, first), fair.state(offer, second)) == ("left", "joined")


def test_who_is_erased_gives_back_what_is_still_to_come_and_others_move_up(fair: Fair) -> None:
    trip = fair.opened(seats=1, begins_at=fair.now + timedelta(days=40))
    before = replace(fair, now=fair.now - timedelta(days=1))
    over = before.opened(last_on=china_day(before.now))
    full = fair.opened(seats=1)
    gone, next_, holder, last = (fair.worker() for _ in range(4))
    for minutes, (offer, worker) in enumerate(
        [(trip, gone), (trip, next_), (full, holder), (full, gone), (full, last)]
    ):
        fair.join(offer, worker, minutes)
    with fair.database.begin() as session:
        session.add(
            Participation(
                id="p", offer_id=over.id, worker_id=gone, state=PlaceState.JOINED,
                joined_at=fair.now, changed_at=fair.now,
            )
        )  # fmt: skip
    with fair.database.begin() as session:
        moved = taking_part.let_go(session, fair.safe, worker_id=gone, now=fair.now)
    told = {offer.id: [place.worker_id for place in up] for offer, up in moved}
    assert told == {trip.id: [next_], full.id: []}
    assert [place.worker_id for place in fair.leave(full, holder)] == [last]
    assert (fair.taken(trip), fair.taken(full)) == (1, 1)
    # Who was there when it was is part of what is over.
    assert fair.state(over, gone) == "joined"


def test_the_leaders_list_has_telephones_and_each_look_is_noted(fair: Fair) -> None:
    offer = fair.opened()
    workers = [fair.worker(), fair.worker()]
    for worker in workers:
        fair.join(offer, worker)
    safes = fair.keys.safes_of(workers)
    with fair.database.begin() as session:
        lines = taking_part.roll(
            session,
            safes,
            session.get_one(Offer, offer.id),
            by=fair.clerk,
            regions=fair.library.regions,
            now=fair.now,
        )
    assert [line.name for line in lines] == ["王小明", "王小明"]
    assert {line.phone for line in lines} == set(map(citizens.phone, workers))
    looked = fair.database.fetch(
        "SELECT count(*) FROM audit_entry WHERE action = 'read' AND actor = 'officer'"
    )
    assert looked == (2,)
    assert offer.last_on == LAST_ON
