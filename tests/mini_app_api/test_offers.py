"""Offers over the API: found by everybody, joined once, told when one moves up."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from server.casework.officers import Role
from server.offers import offering
from server.offers.tables import Offer
from server.records import audit
from tests import casework
from tests.casework import Phone, introduced

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from server.web.resources import Resources

VACANCY: dict[str, Any] = {
    "region": "石狮",
    "title": "缝纫工",
    "organiser": "某服装厂",
    "contact": "0595-88000000",
    "last_on": "2026-03-20",
    "seats": 1,
    "details": {"trade": "缝纫", "pay_from": 500000},
}


@pytest.fixture
def alice(client: "FlaskClient", resources: "Resources", now: datetime) -> Phone:
    return introduced(client, resources, now, "alice", 1)


@pytest.fixture
def vacancy(alice: Phone, resources: "Resources") -> str:
    """A vacancy that alice, an employer, proposed and an officer published."""
    id: str = alice.post("/offers", VACANCY).json["id"]
    publish(resources, id)
    return id


def publish(resources: "Resources", id: str) -> None:
    library, now = resources.serving.current().library, resources.clock()
    clerk = casework.officer(
        resources.database, resources.safe, library, Role.CASE_OFFICER, now=now
    )
    with resources.database.begin() as session:
        offering.publish(
            session,
            resources.safe,
            session.get_one(Offer, id),
            by=clerk,
            regions=library.regions,
            version=1,
            now=now,
        )
    assert audit.any_unlinked(resources.database)


def test_a_vacancy_is_found_near_the_place_and_not_elsewhere(
    client: "FlaskClient", vacancy: str
) -> None:
    found = client.get("/api/v1/offers?region=石狮&kind=vacancy").json
    assert [each["id"] for each in found["offers"]] == [vacancy]
    assert found["as_of"] == "2026-03-01"
    assert found["offers"][0]["left"] == 1
    assert client.get("/api/v1/offers?region=锦州").json["offers"] == []
    assert client.get("/api/v1/offers?region=火星").status_code == 422


def test_one_place_is_joined_waited_for_and_handed_on(
    client: "FlaskClient", resources: "Resources", alice: Phone, vacancy: str, now: datetime
) -> None:
    bob = introduced(client, resources, now, "bob", 2)
    assert alice.post(f"/offers/{vacancy}/join", None).json["state"] == "joined"
    assert bob.post(f"/offers/{vacancy}/join", None).json["state"] == "waiting"
    assert bob.get("/places").json["places"][0]["offer"]["waiting"] == 1
    assert alice.post(f"/offers/{vacancy}/leave", None).json["state"] == "left"
    mine = bob.get(f"/offers/{vacancy}").json
    assert (mine["state"], mine["left"]) == ("joined", 0)
    row = resources.database.fetch("SELECT kind, state FROM notice WHERE kind = 'offer'")
    assert row is not None


def test_details_that_do_not_fit_are_told_by_name(alice: Phone) -> None:
    refused = alice.post("/offers", {**VACANCY, "details": {"trade": "缝纫", "pay_from": -1}})
    assert refused.status_code == 422
    assert "details.pay_from" in refused.get_data(as_text=True)
    past = alice.post("/offers", {**VACANCY, "last_on": "2026-02-28"})
    assert (past.status_code, past.json["code"]) == (422, "last_day_past")


def test_a_wrong_attendance_code_is_counted_and_told(alice: Phone, vacancy: str) -> None:
    alice.post(f"/offers/{vacancy}/join", None)
    tried = alice.post(f"/offers/{vacancy}/attendance", {"code": "000000"})
    assert (tried.json["state"], tried.json["tries_left"]) in (("joined", 4), ("attended", 5))


def test_a_wish_finds_what_fits_with_reasons(alice: Phone, vacancy: str) -> None:
    assert alice.get("/wishes/work/fits").json == {"fits": []}
    told = {"region": "石狮", "until_on": "2026-03-20", "details": {"trade": "缝纫"}}
    assert alice.send("PUT", "/wishes/work", told).status_code == 200
    fits = alice.get("/wishes/work/fits").json["fits"]
    assert [(fit["offer"]["id"], fit["reasons"]) for fit in fits] == [
        (vacancy, ["same_place", "same_trade"])
    ]
    assert alice.send("PUT", "/wishes/gold", told).status_code == 404
    assert alice.send("DELETE", "/wishes/work", None).status_code == 204
    assert alice.get("/wishes").json == {"wishes": []}


def test_an_employer_sees_what_became_of_a_proposal_and_nobody_else_does(
    client: "FlaskClient", alice: Phone, vacancy: str
) -> None:
    (mine,) = alice.get("/proposals").json["proposals"]
    assert (mine["id"], mine["state"], mine["reason"]) == (vacancy, "open", "")
    assert Phone(client, "bob").get("/proposals").json == {"proposals": []}
