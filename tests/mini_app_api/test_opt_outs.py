"""/me/opt-outs: a worker says what is not to be granted unasked."""

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from server.casework.tables import OptOut
from tests.casework import MEASURE, Phone, introduced

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from server.web.resources import Resources


@pytest.fixture
def phone(client: "FlaskClient", resources: "Resources", now: datetime) -> Phone:
    return introduced(client, resources, now, "alice", 1)


def test_an_opt_out_is_kept_until_it_is_taken_back(phone: Phone) -> None:
    assert phone.get("/me/opt-outs").json == {"opt_outs": []}
    for _ in range(2):
        put = phone.send("PUT", f"/me/opt-outs/{MEASURE}")
        assert (put.status_code, put.json) == (200, {"opt_outs": [MEASURE]})
    assert phone.send("PUT", "/me/opt-outs/all").json == {"opt_outs": ["all", MEASURE]}
    assert phone.get("/me/opt-outs").json == {"opt_outs": ["all", MEASURE]}
    for _ in range(2):
        gone = phone.send("DELETE", f"/me/opt-outs/{MEASURE}")
        assert (gone.status_code, gone.json) == (200, {"opt_outs": ["all"]})


def test_a_measure_that_is_not_there_is_told(phone: Phone) -> None:
    assert phone.send("PUT", "/me/opt-outs/nowhere-1").json["code"] == "unknown_measure"


def test_an_opt_out_of_a_measure_that_is_gone_is_taken_back(
    phone: Phone, resources: "Resources", now: datetime
) -> None:
    assert phone.send("PUT", f"/me/opt-outs/{MEASURE}").status_code == 200
    with resources.database.begin() as session:
        session.execute(update(OptOut).values(measure="gone-1"))
    for _ in range(2):
        gone = phone.send("DELETE", "/me/opt-outs/gone-1")
        assert (gone.status_code, gone.json) == (200, {"opt_outs": []})


def test_who_has_not_said_who_they_are_can_not_be_left_out_yet(client: "FlaskClient") -> None:
    answer = Phone(client, "stranger").send("PUT", "/me/opt-outs/all")
    assert answer.json["code"] == "profile_missing"
