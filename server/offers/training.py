"""What attended courses say of a worker for the measures that ask for training.

Only what an officer has noted in full counts: attended, and for how many hours. Whatever else is
not known, and never «no».
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session

from knowledge.eligibility.criteria import Criteria
from knowledge.eligibility.facts import FactsRefused, read_facts
from knowledge.library import Library
from knowledge.measures import Measure
from server.casework.applying import Vouched
from server.casework.tables import Source
from server.clock import china_day
from server.confidential.sealing import Safe
from server.offers import taking_part
from server.offers.tables import Offer, OfferKind, OfferState, Participation, PlaceState

LOCAL, HOURS, CERTIFICATE = "local_training", "training_hours", "training_certificate"
_FACTS = (LOCAL, HOURS, CERTIFICATE)


@dataclass(frozen=True, slots=True)
class Course:
    """A course that was attended; `on` is its Asia/Shanghai day."""

    title: str
    region: str
    on: date
    hours: int
    certificate: str
    """The number; empty where there is none."""


def asked(library: Library, criteria: Criteria) -> tuple[str, ...]:
    """The facts of training that a measure rests on."""
    return tuple(fact for fact in library.rules.facts_of([criteria]) if fact in _FACTS)


def attended(session: Session, own: Safe, worker_id: int) -> list[Course]:
    """The courses that somebody attended for hours that an officer noted, the newest first."""
    return [
        Course(
            offer.title,
            offer.region,
            _day(place, offer),
            place.hours,
            taking_part.certificate_of(own, place),
        )
        for place, offer in taking_part.of_worker(session, worker_id)
        if offer.kind == OfferKind.SESSION
        and offer.state == OfferState.OPEN
        and place.state == PlaceState.ATTENDED
        and place.hours
    ]


def vouched(
    library: Library, criteria: Criteria, courses: Iterable[Course], today: date
) -> dict[str, Vouched]:
    """What courses of a measure's region and period say of the facts it asks for.

    A certificate that was not noted is unknown. A value that the fact can't have is left out.
    """
    measure = criteria.measure
    mine = [each for each in courses if _counts(library, measure, each, today)]
    if not mine:
        return {}
    certified = [each for each in mine if each.certificate]
    found: dict[str, tuple[Any, list[Course]]] = {
        LOCAL: (True, mine),
        HOURS: (sum(each.hours for each in mine), mine),
        CERTIFICATE: (True, certified),
    }
    return {
        fact: Vouched(value, Source.ATTENDED, tuple(_evidence(fact, each) for each in sources))
        for fact in asked(library, criteria)
        for value, sources in [found[fact]]
        if sources and _can_be(library, fact, value, today)
    }


def agreed(found: Iterable[Mapping[str, Vouched]]) -> dict[str, Vouched]:
    """What several measures would be told alike; where their periods differ a person is asked."""
    all_of: dict[str, list[Vouched]] = {}
    for each in found:
        for fact, known in each.items():
            all_of.setdefault(fact, []).append(known)
    return {fact: each[0] for fact, each in all_of.items() if all(one == each[0] for one in each)}


def _day(place: Participation, offer: Offer) -> date:
    if offer.begins_at is not None:
        return china_day(offer.begins_at)
    return min(offer.last_on, china_day(place.changed_at))


def _counts(library: Library, measure: Measure, course: Course, today: date) -> bool:
    """Whether it lies in the measure's region, and in the period for which there is one case.

    That is the stated one, else the calendar year.
    """
    if course.region not in library.regions:
        return False
    if measure.region not in library.regions.within(course.region):
        return False
    stated = measure.validity
    in_period = stated.open_on(course.on) and (
        stated.to is not None or course.on.year == today.year
    )
    return in_period and course.on <= today


def _can_be(library: Library, fact: str, value: Any, today: date) -> bool:
    try:
        read_facts({fact: value}, library.facts, today)
    except FactsRefused:
        return False
    return True


def _evidence(fact: str, course: Course) -> dict[str, str]:
    told = {"title": course.title, "on": course.on.isoformat()}
    return {**told, "certificate": course.certificate} if fact == CERTIFICATE else told
