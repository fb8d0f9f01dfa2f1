"""What attended courses say for measures that ask for training, and what says nothing."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from server.casework.applying import Vouched
from server.casework.tables import Source
from server.clock import CHINA, china_day
from server.offers import offering, training
from server.offers.tables import Offer, Participation, PlaceState
from tests.server.offers.conftest import Fair
from tests.server.offers.test_taking_part import COURSE, attend, note

STAFF_TRAINING = "shishi-4b"
"""Open without an end; rests on hours and a certificate."""
LOCAL_TRAINING = "liwan-8b"
"""Until 31 March 2021; rests on a certificate of a course in the place."""


@pytest.fixture
def worker(fair: Fair) -> int:
    return fair.worker()


def held(fair: Fair, worker: int, *, on: date = date(2026, 2, 10), **other: Any) -> Participation:
    """Let somebody have a place in a course of that day."""
    noon = datetime(on.year, on.month, on.day, 12, tzinfo=CHINA)
    return fair.join(fair.opened(COURSE, begins_at=noon, **other), worker)


def known(
    fair: Fair, worker: int, measure: str = STAFF_TRAINING, today: date | None = None
) -> dict[str, Vouched]:
    with fair.database.read() as session:
        courses = training.attended(session, fair.keys.safe_of(worker), worker)
    criteria = fair.library.rules.criteria[measure]
    return training.vouched(fair.library, criteria, courses, today or china_day(fair.now))


def values(found: dict[str, Vouched]) -> dict[str, Any]:
    return {fact: each.value for fact, each in found.items()}


def test_what_was_attended_is_known_with_its_courses(fair: Fair, worker: int) -> None:
    note(fair, held(fair, worker), PlaceState.ATTENDED, hours=16)
    second = held(fair, worker, on=date(2026, 2, 20), title="电焊培训班")
    note(fair, second, PlaceState.ATTENDED, hours=24, certificate="闽2026-0017")
    sewing = {"title": "缝纫培训班", "on": "2026-02-10"}
    welding = {"title": "电焊培训班", "on": "2026-02-20"}
    found = known(fair, worker)
    assert values(found) == {"training_hours": 40, "training_certificate": True}
    assert {each.source for each in found.values()} == {Source.ATTENDED}
    hours = sorted(found["training_hours"].evidence, key=lambda each: each["on"])
    assert hours == [sewing, welding]
    assert found["training_certificate"].evidence == ({**welding, "certificate": "闽2026-0017"},)


def test_a_certificate_that_nobody_noted_is_not_known(fair: Fair, worker: int) -> None:
    note(fair, held(fair, worker), PlaceState.ATTENDED, hours=40)
    assert values(known(fair, worker)) == {"training_hours": 40}


def test_who_only_has_a_place_or_was_absent_is_told_nothing(fair: Fair, worker: int) -> None:
    place = held(fair, worker)
    assert known(fair, worker) == {}
    note(fair, place, PlaceState.ATTENDED, hours=40, certificate="闽1")
    assert known(fair, worker) != {}
    note(fair, place, PlaceState.ABSENT)
    assert known(fair, worker) == {}


def test_hours_that_no_officer_noted_are_not_known(fair: Fair, worker: int) -> None:
    offer = fair.opened(COURSE)
    place = fair.join(offer, worker)
    code = training.taking_part.attendance_code(fair.safe, offer, fair.now)
    assert attend(fair, offer, worker, code).state == "attended"
    assert known(fair, worker) == {}
    note(fair, place, PlaceState.ATTENDED, certificate="闽1")
    assert known(fair, worker) == {}
    note(fair, place, PlaceState.ATTENDED, hours=0)
    assert known(fair, worker) == {}


def test_what_was_called_off_says_nothing(fair: Fair, worker: int) -> None:
    place = held(fair, worker)
    note(fair, place, PlaceState.ATTENDED, hours=40)
    assert known(fair, worker) != {}
    with fair.database.read() as session:
        offer = session.get_one(Offer, place.offer_id)
    fair.step(offering.cancel, offer, reason="老师病了")
    assert known(fair, worker) == {}


def test_another_regions_course_says_nothing(fair: Fair, worker: int) -> None:
    note(fair, held(fair, worker), PlaceState.ATTENDED, hours=40, certificate="闽1")
    march = date(2021, 3, 1)
    assert known(fair, worker, LOCAL_TRAINING, march) == {}
    courses = [training.Course("电工班", "广州荔湾区", date(2021, 2, 1), 8, "粤1")]
    criteria = fair.library.rules.criteria[LOCAL_TRAINING]
    found = training.vouched(fair.library, criteria, courses, march)
    assert values(found) == {"local_training": True, "training_certificate": True}


@pytest.mark.parametrize(
    ("on", "today", "counts"),
    [
        # The measure has no end: there is one case a calendar year.
        (date(2026, 1, 1), date(2026, 3, 1), True),
        (date(2025, 12, 31), date(2026, 3, 1), False),
        (date(2026, 3, 2), date(2026, 3, 1), False),
        # It began on 31 March 2022.
        (date(2022, 3, 30), date(2022, 6, 1), False),
        (date(2022, 3, 31), date(2022, 6, 1), True),
    ],
)
def test_a_course_counts_in_the_period_for_which_there_is_one_case(
    fair: Fair, on: date, today: date, counts: bool
) -> None:
    courses = [training.Course("缝纫培训班", "石狮", on, 40, "")]
    criteria = fair.library.rules.criteria[STAFF_TRAINING]
    assert bool(training.vouched(fair.library, criteria, courses, today)) is counts


def test_a_course_without_a_time_is_of_its_last_day_or_of_when_it_was_noted(
    fair: Fair, worker: int
) -> None:
    today = china_day(fair.now)
    for last_on, title in ((today - timedelta(days=1), "昨天"), (today, "今天")):
        offer = fair.opened(COURSE, title=title, last_on=today)
        place = fair.join(offer, worker)
        with fair.database.begin() as session:
            session.get_one(Offer, offer.id).last_on = last_on
        note(fair, place, PlaceState.ATTENDED, hours=8)
    later = replace(fair, now=fair.now + timedelta(days=1))
    with later.database.read() as session:
        courses = training.attended(session, fair.keys.safe_of(worker), worker)
    assert {each.title: each.on for each in courses} == {
        "昨天": today - timedelta(days=1), "今天": today,
    }  # fmt: skip


def test_more_hours_than_one_can_have_are_left_to_the_person(fair: Fair) -> None:
    courses = [training.Course("班", "石狮", date(2026, 2, day), 1500, "闽1") for day in (1, 2)]
    criteria = fair.library.rules.criteria[STAFF_TRAINING]
    found = training.vouched(fair.library, criteria, courses, date(2026, 3, 1))
    assert values(found) == {"training_certificate": True}


def test_what_measures_would_be_told_differently_a_person_is_asked() -> None:
    forty, eight = (Vouched(hours, Source.ATTENDED, ()) for hours in (40, 8))
    told = [{"training_hours": forty, "local_training": forty}, {"training_hours": eight}]
    assert training.agreed(told) == {"local_training": forty}
    assert training.agreed([]) == {}
