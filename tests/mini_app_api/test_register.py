"""What the register says of somebody is shown to who proves to be that person, to nobody else."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import update

from server.casework.officers import Officer
from server.outreach.tables import Letter
from server.personal import people
from server.register import keeping
from server.register.hardship import Cause, Registered
from server.register.keeping import Standing
from server.register.tables import Level
from server.web.sessions import worker_of
from tests import casework
from tests.casework import Phone, introduced
from tests.server.outreach.conftest import sent

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from server.web.resources import Resources

WHO = casework.person(5)


def enter(resources: "Resources", clerk: Officer, now: datetime) -> str:
    """Let an officer enter the person of the tests."""
    registered = Registered(
        name=WHO.name,
        identity_number=WHO.identity_number,
        phone=WHO.phone,
        address="宝盖镇1号",
        causes=(Cause.ILLNESS,),
    )
    with resources.database.begin() as session:
        worker = keeping.worker_of(session, resources.safe, registered, now=now)
    own = resources.subject_keys.safe_of(worker)
    with resources.database.begin() as session:
        return keeping.enter(
            session,
            own,
            resources.serving.current().library.regions,
            worker_id=worker,
            registered=registered,
            standing=Standing("石狮", Level.BELOW_LINE, now.date()),
            by=clerk,
            now=now,
        ).id


def verify(resources: "Resources", phone: Phone, number: str, now: datetime) -> int:
    """Let WeChat vouch for a telephone."""
    worker = worker_of(resources.database, phone.token, now=now)
    assert worker is not None
    with resources.database.begin() as session:
        people.verify_phone(session, resources.safe, worker_id=worker, phone=number, now=now)
    return worker


def test_who_proves_by_telephone_sees_the_entry_and_takes_it_along(
    client: "FlaskClient", resources: "Resources", clerk: Officer, now: datetime
) -> None:
    id = enter(resources, clerk, now)
    # Who only knows name and number sees nothing, not even whether there is something.
    thief = introduced(client, resources, now, "thief", 5)
    nobody = {"entry": None, "phone_verified": False}
    assert thief.get("/me/register").json == nobody
    verify(resources, thief, "13911112222", now)
    assert thief.get("/me/register").json == {"entry": None, "phone_verified": True}
    assert thief.post("/me/register/corrections", {"words": "改"}).status_code == 404

    owner = introduced(client, resources, now, "owner", 5)
    assert owner.get("/me/register").json == nobody
    worker = verify(resources, owner, WHO.phone, now)
    shown = owner.get("/me/register").json["entry"]
    assert (shown["level"], shown["causes"], shown["address"]) == (
        "低于低保线",
        ["疾病"],
        "宝盖镇1号",
    )
    assert shown["lines"][:3] == ["状态：在册", "等级：低于低保线", "困难原因：疾病"]
    assert WHO.name not in str(shown) and WHO.identity_number not in str(shown)
    assert thief.get("/me/register").json["entry"] is None
    # Of the nameless one who stood for the person nothing is left.
    row = resources.database.fetch("SELECT worker_id FROM register_entry WHERE id = :id", id=id)
    assert row == (worker,)
    left = "SELECT count(*) FROM identity WHERE issuer = 'register'"
    assert resources.database.fetch(left) == (0,)

    exported = {part["table"]: part["rows"] for part in owner.get("/me/export").json["holdings"]}
    (row_shown,) = exported["register_entry"]
    assert row_shown["sealed"]["identity_number"] == WHO.identity_number
    assert [event["move"] for event in exported["register_event"]] == ["enter"]


def test_what_campaigns_sent_to_somebody_of_the_register_goes_along(
    client: "FlaskClient", resources: "Resources", clerk: Officer, now: datetime
) -> None:
    id = enter(resources, clerk, now)
    row = resources.database.fetch("SELECT worker_id FROM register_entry WHERE id = :id", id=id)
    assert row is not None
    token = sent(resources.database, resources.safe, row[0], now)
    with resources.database.begin() as session:
        session.execute(update(Letter).values(person="the person"))
    owner = introduced(client, resources, now, "owner", 5)
    verify(resources, owner, WHO.phone, now)
    assert owner.get("/letters").json["letters"] == []
    owner.get("/me/register")
    assert [each["id"] for each in owner.get("/letters").json["letters"]] == [token]
    # Today's message stays today's, whoever it is called by then.
    assert resources.database.fetch("SELECT person FROM letter") == ("the person",)


def test_a_wish_to_correct_reaches_the_desk_and_erasing_takes_the_entry_along(
    client: "FlaskClient", resources: "Resources", clerk: Officer, now: datetime
) -> None:
    id = enter(resources, clerk, now)
    owner = introduced(client, resources, now, "owner", 5)
    verify(resources, owner, WHO.phone, now)
    assert owner.get("/me/register").json["entry"]
    made = owner.post("/me/register/corrections", {"words": "住址不对"})
    assert made.status_code == 201
    said = owner.get(f"/requests/{made.json['request']}").json
    assert id in str(said) and "住址不对" in str(said)
    assert owner.send("DELETE", "/me").status_code == 200
    row = resources.database.fetch("SELECT state, sealed, identity_hash FROM register_entry")
    assert row == ("left", None, None)
