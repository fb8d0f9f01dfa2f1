"""From a course that was attended to the officer who decides on the training subsidy."""

import re
from datetime import datetime

import pytest

from server.casework.officers import Role
from tests.casework import Phone, introduced
from tests.mini_app_api.test_attended import FACTS, MEASURE
from tests.server.console.conftest import Staff, app, password_hash, staff, text_of
from tests.server.console.test_cases import move
from tests.server.console.test_offers import enter

DAY = "2026-03-01"
"""Today."""

__all__ = ["app", "password_hash", "staff"]


@pytest.fixture
def phone(staff: Staff, now: datetime) -> Phone:
    return introduced(staff.app.test_client(), staff.resources, now, "alice", 1)


def test_what_was_attended_reaches_the_desk_with_its_source(staff: Staff, phone: Phone) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(
        desk,
        kind="session",
        title="缝纫培训班",
        hours="40",
        begins_on=DAY,
        begins_time="09:00",
        last_on=DAY,
    )
    desk.post(f"{path}/steps/publish", {"version": "1"})
    assert phone.post(f"{path}/join", None).json["state"] == "joined"
    assert phone.get("/attended?region=石狮").json == {"facts": []}

    listed = desk.post(f"{path}/roll").text
    place = re.search(rf"{path}/places/(\w+)", listed)
    assert place is not None
    noted = {"state": "attended", "hours": "40", "certificate": "闽2026-0017"}
    assert desk.post(f"{path}/places/{place[1]}", noted).status_code == 303

    offered = phone.get(f"/attended?region=石狮&measure={MEASURE}").json["facts"]
    facts = {**FACTS, **{each["key"]: each["value"] for each in offered}}
    assert len(offered) == 2
    draft = phone.send("PUT", f"/drafts/{MEASURE}", {"facts": facts})
    assert draft.status_code == 200
    made = phone.post("/applications", {"measure": MEASURE}).json

    # What is called off later takes nothing from a case that has gone in.
    desk.post(f"{path}/steps/cancel", {"version": "2", "reason": "不再开班"})
    shown = text_of(desk.get(f"/cases/{made['id']}").text)
    assert f"培训学时 40学时 上课记录 缝纫培训班（{DAY}）" in shown
    assert f"培训证书 是 上课记录 缝纫培训班（{DAY}，证书号闽2026-0017）" in shown
    assert "给新招的人办技能培训 本人填报" in shown

    # An officer notes what the papers show: what the course says needs none, and stays.
    case = staff.case(made["id"])
    assert move(desk, staff, case, "take").status_code == 303
    asked = desk.get(f"/cases/{case.id}").text
    assert 'value="staff_training"' in asked
    assert 'name="seen" value="training_hours"' not in asked
    seen = {"seen": ["staff_training", "training_hours"]}
    assert desk.post(f"/cases/{case.id}/facts", seen).status_code == 303
    shown = text_of(desk.get(f"/cases/{case.id}").text)
    assert "给新招的人办技能培训 材料证明" in shown
    assert f"培训证书 是 上课记录 缝纫培训班（{DAY}，证书号闽2026-0017）" in shown
