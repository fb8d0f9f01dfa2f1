"""What courses say is offered as an answer, and stands with its source while nobody changes it."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from server.casework.officers import Role
from server.offers import taking_part
from server.offers.offering import Proposal
from server.offers.tables import Offer, OfferKind, Participation, PlaceState
from server.web.sessions import worker_of
from tests import casework
from tests.casework import Phone
from tests.server.offers.conftest import Fair

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from server.web.resources import Resources

MEASURE = "shishi-4b"
FACTS: dict[str, Any] = {
    "staff_training": ["new_hires"], "training_hours": 40, "training_certificate": True,
}  # fmt: skip
SAID = "来自你上过的课：缝纫培训班（2026年2月10日）"
COURSE = Proposal(
    kind=OfferKind.SESSION,
    region="石狮",
    title="缝纫培训班",
    words="",
    organiser="市人社局",
    contact="0595-88000000",
    place="宝盖镇",
    begins_at=datetime.fromisoformat("2026-02-10T09:00+08:00"),
    last_on=datetime.fromisoformat("2026-03-20").date(),
    seats=None,
    details={"trade": "缝纫", "hours": 40, "certificate": True},
)


def at_the_fair(resources: "Resources", now: datetime) -> Fair:
    """Who offers courses, and notes who was there."""
    known = resources.database, resources.safe
    library = resources.serving.current().library
    clerk = casework.officer(*known, library, Role.CASE_OFFICER, now=now)
    return Fair(known[0], library, known[1], resources.subject_keys, now, clerk)


@pytest.fixture
def fair(resources: "Resources", now: datetime) -> Fair:
    return at_the_fair(resources, now)


def place_of(fair: Fair, phone: Phone) -> Participation:
    worker = worker_of(fair.database, phone.token, now=fair.now)
    assert worker is not None
    return fair.join(fair.opened(COURSE), worker)


def note(fair: Fair, place: Participation, **more: Any) -> None:
    with fair.database.begin() as session:
        own, regions = fair.keys.safe_of(place.worker_id), fair.library.regions
        taking_part.note(
            session, own, place, state=PlaceState.ATTENDED,
            **more, by=fair.clerk, regions=regions, now=fair.now,
        )  # fmt: skip


@pytest.fixture
def place(fair: Fair, phone: Phone) -> Participation:
    """Alice's, in a course of which an officer has noted hours and certificate."""
    made = place_of(fair, phone)
    note(fair, made, hours=40, certificate="闽2026-0017")
    return made


def test_answers_that_courses_give_are_offered_with_their_source(
    phone: Phone, place: Participation
) -> None:
    whole = [
        {"key": "training_hours", "value": 40, "said": SAID},
        {"key": "training_certificate", "value": True, "said": SAID},
    ]
    assert phone.get(f"/attended?region=石狮&measure={MEASURE}").json == {"facts": whole}
    assert phone.get("/attended?region=石狮").json == {"facts": whole}
    assert phone.get(f"/attended?region=石狮&measure={casework.MEASURE}").json == {"facts": []}
    assert phone.get("/attended?region=锦州").json == {"facts": []}
    assert phone.get("/attended?region=火星").status_code == 422


def test_nobody_is_offered_anothers_courses(client: "FlaskClient", place: Participation) -> None:
    assert Phone(client, "bob").get("/attended?region=石狮").json == {"facts": []}
    assert client.get("/api/v1/attended?region=石狮").status_code == 401


def test_who_only_has_a_place_is_offered_nothing(fair: Fair, phone: Phone) -> None:
    place_of(fair, phone)
    assert phone.get("/attended?region=石狮").json == {"facts": []}


def sources(phone: Phone, facts: dict[str, Any]) -> dict[str, str]:
    made = phone.post(
        "/applications", {"measure": MEASURE, "facts": facts, "despite_warning": True}
    )
    assert made.status_code == 201, made.json
    found: dict[str, str] = phone.get(f"/applications/{made.json['id']}").json["sources"]
    return found


def test_what_is_left_as_it_was_offered_stands_as_attended(
    phone: Phone, place: Participation
) -> None:
    assert sources(phone, FACTS) == {
        "staff_training": "declared",
        "training_hours": "attended",
        "training_certificate": "attended",
    }


@pytest.mark.parametrize("hours", [39, 41, None])
def test_what_the_worker_changed_is_declared(
    phone: Phone, place: Participation, hours: int | None
) -> None:
    assert sources(phone, {**FACTS, "training_hours": hours})["training_hours"] == "declared"


def test_who_attended_nothing_declares_the_same_words(phone: Phone) -> None:
    assert set(sources(phone, FACTS).values()) == {"declared"}


def test_a_draft_goes_in_with_what_the_courses_say_by_then(
    fair: Fair, phone: Phone, place: Participation
) -> None:
    kept = phone.send("PUT", f"/drafts/{MEASURE}", {"facts": FACTS})
    assert kept.status_code == 200, kept.json
    # An officer corrects the hours: what stood in the draft is the worker's word now.
    note(fair, place, hours=30)
    made = phone.post("/applications", {"measure": MEASURE})
    assert made.status_code == 201, made.json
    found = phone.get(f"/applications/{made.json['id']}").json
    assert found["facts"]["training_hours"] == 40
    assert found["sources"]["training_hours"] == "declared"
    assert found["sources"]["training_certificate"] == "attended"


def test_what_is_noted_after_submission_changes_no_case(
    fair: Fair, phone: Phone, place: Participation
) -> None:
    made = phone.post("/applications", {"measure": MEASURE, "facts": FACTS})
    note(fair, place, hours=8)
    with fair.database.begin() as session:
        session.get_one(Offer, place.offer_id).title = "别的班"
    found = phone.get(f"/applications/{made.json['id']}").json
    assert (found["facts"]["training_hours"], found["sources"]["training_hours"]) == (
        40, "attended",
    )  # fmt: skip


def test_a_self_check_of_who_attended_leaves_nothing_behind(
    phone: Phone, place: Participation, resources: "Resources"
) -> None:
    def rows() -> list[Any]:
        tables = ("cases", "participation", "profile", "audit_entry", "idempotent_reply")
        return [resources.database.fetch(f"SELECT count(*) FROM {each}") for each in tables]

    before = rows()
    offered = phone.get("/attended?region=石狮").json["facts"]
    facts = {each["key"]: each["value"] for each in offered}
    checked = phone.client.post(
        "/api/v1/self-check", json={"region": "石狮", "facts": facts}, headers=phone.headers
    )
    assert checked.status_code == 200
    assert rows() == before
