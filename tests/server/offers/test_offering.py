"""Offers are checked before anybody sees them, and end by themselves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from server.casework.officers import NotAllowed
from server.clock import china_day
from server.offers import offering, searching
from server.offers.offering import (
    STEPS,
    LastDayPast,
    OfferChanged,
    OfferUnknown,
    ReasonNeeded,
    SeatsTaken,
    Step,
    StepRefused,
    TooManyProposals,
)
from server.offers.tables import Offer, OfferKind, OfferState
from server.personal import erasing
from server.records.audit import Actor
from tests.server.offers.conftest import LAST_ON, SEWING, Fair

ACTS = {
    Step.PUBLISH: offering.publish,
    Step.REFUSE: offering.refuse,
    Step.CANCEL: offering.cancel,
}


def found(fair: Fair, **more: object) -> list[str]:
    with fair.database.read() as session:
        today = more.pop("today", china_day(fair.now))
        given = {"regions": {"石狮"}, "today": today, **more}
        return [offer.title for offer in searching.listed(session, **given)]  # type: ignore[arg-type]


def test_nobody_sees_it_before_an_officer_has_checked_it(fair: Fair) -> None:
    offer = fair.proposed()
    assert found(fair) == []
    with fair.database.read() as session, pytest.raises(OfferUnknown):
        searching.published(session, offer.id)
    fair.step(offering.publish, offer)
    assert found(fair) == ["缝纫工"]


def test_it_is_over_by_itself_after_its_last_day(fair: Fair) -> None:
    fair.opened()
    assert found(fair, today=LAST_ON) == ["缝纫工"]
    assert found(fair, today=LAST_ON + timedelta(days=1)) == []


def test_every_word_of_a_search_has_to_stand_somewhere(fair: Fair) -> None:
    fair.opened()
    fair.opened(title="食堂帮厨", organiser="某酒店")
    assert found(fair, text="帮厨") == ["食堂帮厨"]
    assert found(fair, text="帮厨 服装厂") == []
    assert found(fair, text="100%") == []
    assert found(fair, kind=OfferKind.TRIP) == []


def test_no_region_finds_nothing_and_not_everything(fair: Fair) -> None:
    fair.opened()
    assert found(fair, regions=set()) == []


def test_one_reads_on_after_the_last_that_was_seen(fair: Fair) -> None:
    offers = [fair.opened(title=f"岗位{number}") for number in range(3)]
    last = sorted(offer.id for offer in offers)[-1]
    assert len(found(fair, after=last)) == 2


@pytest.mark.parametrize(
    "hidden",
    [
        {"place": "到店先交押金300元"},
        {"organiser": "请加微信abc123"},
        {"details": {"trade": "普工，押金300"}},
    ],
)
def test_signs_of_fraud_are_found_wherever_they_are_written(
    fair: Fair, hidden: dict[str, Any]
) -> None:
    offer = fair.proposed(**hidden)
    with pytest.raises(ReasonNeeded):
        fair.step(offering.publish, offer)


def test_no_sign_of_fraud_is_put_into_what_everybody_reads_already(fair: Fair) -> None:
    offer = fair.opened()
    with pytest.raises(ReasonNeeded) as refused:
        fair.step(offering.change, offer, replace(SEWING, words="入职交押金300元"))
    assert refused.value.signs == ("要押金或保证金",)
    assert found(fair, text="押金") == []
    checked = fair.proposed(words="入职交押金300元")
    fair.step(offering.publish, checked, reason="电话问过，是工具的押金，离职退还")
    fair.step(offering.change, checked, replace(SEWING, words="入职交押金200元"))
    assert found(fair, text="押金200元") == ["缝纫工"]


def test_signs_of_fraud_hold_it_back_until_somebody_says_why_not(fair: Fair) -> None:
    offer = fair.proposed(words="入职交押金300元")
    with pytest.raises(ReasonNeeded) as refused:
        fair.step(offering.publish, offer)
    assert refused.value.signs == ("要押金或保证金",)
    fair.step(offering.publish, offer, reason="电话问过，是工具的押金，离职退还")
    assert found(fair) == ["缝纫工"]


@pytest.mark.parametrize("state", OfferState)
def test_steps_start_where_the_table_says(fair: Fair, state: OfferState) -> None:
    for step, act in ACTS.items():
        offer = fair.proposed()
        with fair.database.begin() as session:
            session.get_one(Offer, offer.id).state = state
        if state in STEPS[step].from_:
            fair.step(act, offer, reason="原因")
        else:
            with pytest.raises(StepRefused):
                fair.step(act, offer, reason="原因")


def test_what_nobody_could_join_any_more_is_neither_taken_nor_published(fair: Fair) -> None:
    past = china_day(fair.now) - timedelta(days=1)
    with pytest.raises(LastDayPast):
        fair.proposed(last_on=past)
    employer = fair.worker()
    with fair.database.begin() as session, pytest.raises(LastDayPast):
        offering.propose(
            session, fair.safe, replace(SEWING, last_on=past), by=employer,
            regions=fair.library.regions, now=fair.now,
        )  # fmt: skip
    offer, later = fair.proposed(), replace(fair, now=fair.now + timedelta(days=60))
    with pytest.raises(LastDayPast):
        later.step(offering.publish, offer)
    with pytest.raises(LastDayPast):
        fair.step(offering.change, offer, replace(SEWING, last_on=past))
    # Of a course whose last day to join is over the place may still be another.
    later.step(offering.change, offer, replace(SEWING, place="二楼"))


def test_a_stale_version_changes_nothing(fair: Fair) -> None:
    offer = fair.opened()
    with pytest.raises(OfferChanged):
        fair.step(offering.cancel, offer, reason="原因", version=1)


def test_refusing_and_cancelling_need_words(fair: Fair) -> None:
    with pytest.raises(ReasonNeeded):
        fair.step(offering.refuse, fair.proposed(), reason=" ")
    with pytest.raises(ReasonNeeded):
        fair.step(offering.cancel, fair.opened(), reason="")


def test_an_officer_of_elsewhere_may_not(fair: Fair) -> None:
    with pytest.raises(NotAllowed):
        fair.proposed(region="锦州")
    other = replace(fair.clerk, regions=frozenset({"锦州"}))
    with pytest.raises(NotAllowed):
        fair.step(offering.publish, fair.proposed(), by=other)


def test_only_so_many_proposals_of_an_employer_wait_to_be_checked(fair: Fair) -> None:
    employer, other = fair.worker(), fair.worker()

    def propose(by: int) -> Offer:
        with fair.database.begin() as session:
            return offering.propose(
                session, fair.safe, SEWING, by=by, regions=fair.library.regions, now=fair.now
            )

    made = [propose(employer) for _ in range(offering.MOST_WAITING)]
    with pytest.raises(TooManyProposals):
        propose(employer)
    propose(other)
    fair.step(offering.publish, made[0])
    propose(employer)


def test_an_employer_proposes_vacancies_only(fair: Fair) -> None:
    employer = fair.worker()
    for kind, details in ((OfferKind.TRIP, {"origin": "石狮", "destination": "达州"}),):
        proposal = replace(SEWING, kind=kind, details=details)
        with fair.database.begin() as session, pytest.raises(NotAllowed):
            offering.propose(
                session,
                fair.safe,
                proposal,
                by=employer,
                regions=fair.library.regions,
                now=fair.now,
            )


def test_details_are_checked_before_they_are_stored(fair: Fair) -> None:
    for wrong in ({}, {"trade": "缝纫", "wage": 1}, {"trade": "缝纫", "pay_from": 2, "pay_to": 1}):
        with pytest.raises(ValidationError):
            fair.proposed(details=wrong)


def test_more_places_go_to_those_who_wait_and_fewer_than_taken_are_refused(fair: Fair) -> None:
    offer = fair.opened(seats=1)
    first, second = fair.worker(), fair.worker()
    fair.join(offer, first)
    fair.join(offer, second, minutes=1)
    assert fair.state(offer, second) == "waiting"
    moved = fair.step(offering.change, offer, replace(SEWING, seats=2))
    assert [place.worker_id for place in moved] == [second]
    assert fair.taken(offer) == 2
    with pytest.raises(SeatsTaken):
        fair.step(offering.change, offer, replace(SEWING, seats=1))


def test_of_who_is_erased_only_what_everybody_could_read_is_left(fair: Fair) -> None:
    employer = fair.worker()
    offers = []
    for number in range(3):
        with fair.database.begin() as session:
            offers.append(
                offering.propose(
                    session, fair.safe, replace(SEWING, title=f"岗位{number}"),
                    by=employer, regions=fair.library.regions, now=fair.now,
                )
            )  # fmt: skip
    fair.step(offering.publish, offers[1])
    fair.step(offering.refuse, offers[2], reason="电话打不通")
    with fair.database.begin() as session:
        erasing.erase(
            session, fair.safe, worker_id=employer, by=Actor.worker(employer), now=fair.now
        )
    with fair.database.read() as session:
        assert [offer.title for offer in searching.proposals(session, employer)] == ["岗位1"]
