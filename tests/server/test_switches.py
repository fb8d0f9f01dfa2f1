"""What is turned off is off for everybody within two seconds, with the sentence for it."""

import time
from datetime import datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from knowledge.library import Library
from server import switches
from server.chat.serving import Served, Serving
from server.database.db import Database
from server.database.tables import Part
from server.switches import EVERYWHERE, NOTHING_OFF, WordsMissing
from server.web.resources import Resources
from tests import casework
from tests.casework import ELIGIBLE, MEASURE, introduced
from tests.server.conftest import Typed
from tests.verifying import within

ROOT = Path(__file__).parents[2]
SAYS = "系统维护到下午三点，急事请打12333。"


def turn(database: Database, now: datetime, part: Part, region: str, off: bool = True) -> None:
    with database.begin() as session:
        switches.turn(session, part, region, off=off, says=SAYS if off else "", by="x", now=now)


def test_a_part_is_off_where_it_was_turned_off_and_below(
    database: Database, library: Library, now: datetime
) -> None:
    regions = library.regions
    assert switches.read(database) is NOTHING_OFF
    child = next(region.id for region in regions if regions.parents(region.id))
    parent = regions.parents(child)[0]
    other = next(r.id for r in regions if r.id not in (parent, *regions.descendants(parent)))
    turn(database, now, Part.APPLICATIONS, parent)
    off = switches.read(database)
    assert off.why(Part.APPLICATIONS, regions, child) == SAYS
    assert off.why(Part.APPLICATIONS, regions, parent) == SAYS
    assert off.why(Part.APPLICATIONS, regions, other) is None
    assert off.why(Part.APPLICATIONS, regions, None) is None
    assert off.why(Part.BOT, regions, child) is None
    turn(database, now, Part.APPLICATIONS, parent, off=False)
    turn(database, now, Part.BOT, EVERYWHERE)
    off = switches.read(database)
    assert off.why(Part.BOT, regions, None) == SAYS
    assert off.why(Part.APPLICATIONS, regions, child) is None


def test_nothing_is_turned_off_without_a_word(database: Database, now: datetime) -> None:
    with pytest.raises(WordsMissing), database.begin() as session:
        switches.turn(session, Part.BOT, EVERYWHERE, off=True, says=" \n", by="x", now=now)


def test_a_running_process_sees_it_within_two_seconds(
    database: Database, resources: Resources, served: Served, now: datetime
) -> None:
    serving: Serving = resources.serving
    assert serving.off() is NOTHING_OFF
    turn(database, now, Part.BOT, EVERYWHERE)
    until = time.monotonic() + within(2)
    while serving.off() is NOTHING_OFF and time.monotonic() < until:
        time.sleep(0.05)
    assert serving.off().words == {("bot", EVERYWHERE): SAYS}


def test_the_bot_says_only_so_but_answers_whoever_is_in_distress(
    database: Database, client: FlaskClient, now: datetime
) -> None:
    turn(database, now, Part.BOT, EVERYWHERE)
    asked = client.post("/api/v1/chat", json={"text": "石狮被裁了有钱领吗"}).json
    assert (asked["reply"], asked["measures"], asked["sources"]) == (SAYS, [], [])
    # The number in it is a link there.
    assert SAYS[:9] in client.post("/", data={"text": "石狮被裁了有钱领吗"}).text
    lost = client.post("/api/v1/chat", json={"text": "我不想活了"}).json
    assert lost["kind"] == "handoff" and lost["reply"] != SAYS


def test_in_one_city_it_is_off_and_elsewhere_it_answers(
    database: Database, client: FlaskClient, served: Served, now: datetime
) -> None:
    turn(database, now, Part.BOT, served.region("石狮"))
    assert client.post("/api/v1/chat", json={"text": "石狮被裁了有钱领吗"}).json["reply"] == SAYS
    there = client.post("/api/v1/chat", json={"text": "锦州社保能缓交吗"}).json
    assert there["reply"] != SAYS and there["measures"]


def test_nobody_applies_where_applications_are_off_and_the_draft_stays(
    client: FlaskClient, resources: Resources, served: Served, now: datetime
) -> None:
    casework.publish(resources.database, resources.serving.current().library, now=now)
    phone = introduced(client, resources, now, "alice", 1)
    turn(resources.database, now, Part.APPLICATIONS, served.region("石狮"))
    resources.serving.look()
    body = {"measure": MEASURE, "facts": ELIGIBLE}
    assert phone.send("PUT", f"/drafts/{MEASURE}", {"facts": ELIGIBLE}).status_code in (200, 201)
    refused = phone.post("/applications", body)
    assert (refused.status_code, refused.json["code"]) == (409, "switched_off")
    assert refused.json["detail"] == SAYS
    turn(resources.database, now, Part.APPLICATIONS, served.region("石狮"), off=False)
    resources.serving.look()
    assert phone.post("/applications", body).status_code == 201


def test_the_command_turns_off_and_on(typed: Typed) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = typed("switch", *arguments)
        return done.code, done.out

    code, told = run("off", "applications", "--region", "石狮", "--say", SAYS)
    assert code == 0 and f"off: {SAYS}" in told
    assert run("off", "bot", "--region", "火星", "--say", SAYS)[0] == 1
    assert run("off", "bot", "--say", " ")[0] == 1
    code, told = run("on", "applications", "--region", "石狮")
    assert code == 0 and "everything is on" in told
