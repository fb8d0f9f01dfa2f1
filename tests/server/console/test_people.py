"""The staff page: taken on with a password to start with, changed, reset, let go."""

import re

from server.casework.officers import Role
from server.staff.tables import StaffAccount
from server.web.resources import Resources
from tests.server.console.conftest import Desk, Staff, text_of
from tests.server.console.filling import forms_of
from tests.server.console.test_signing_in import sign_in

NEW = {"username": "Zhang.Wei", "name": "张伟", "roles": ["case_officer"], "where": ["石狮"]}


def administrator(staff: Staff, *where: str) -> Desk:
    return staff.desk(Role.ADMINISTRATOR, where=where or ("石狮",), name="何志强")


def test_somebody_is_taken_on_and_starts_with_the_password_shown_once(staff: Staff) -> None:
    shown = administrator(staff).post("/people/new", NEW)
    made = re.search(r"<code>((?:[a-z2-9]{4}-){3}[a-z2-9]{4})</code>", shown.text)
    assert made
    client = staff.app.test_client()
    signed = sign_in(client, "zhang.wei", made[1])
    assert signed.status_code == 303
    assert client.get("/staff/").headers["Location"] == "/staff/start"


def test_what_is_wrong_with_a_newcomer_is_told_beside_the_field(staff: Staff) -> None:
    desk = administrator(staff)
    staff.officer(Role.EDITOR)
    for changed, field in (
        ({"username": "é"}, "username"),
        ({"username": "officer2"}, "username"),
        ({"name": ""}, "name"),
        ({"roles": []}, "roles"),
        ({"roles": ["king"]}, "roles"),
        ({"where": []}, "where"),
        ({"where": ["定州"]}, "where"),
        ({"where": ["nowhere"]}, "where"),
    ):
        refused = desk.post("/people/new", {**NEW, **changed})
        assert refused.status_code in (409, 422), changed
        assert f'id="f-{field}-error"' in refused.text, changed


def test_rights_change_at_once_and_the_second_of_two_changes_is_told(staff: Staff) -> None:
    desk = administrator(staff)
    member = staff.desk(Role.CASE_OFFICER)
    path = f"/people/{member.officer.id}"
    assert member.get("/cases/").status_code == 200
    change = {"version": 1, "roles": ["editor"], "where": ["石狮"], "active": "1"}
    assert desk.post(path, change).status_code == 303
    assert member.get("/cases/").status_code == 403
    late = desk.post(path, {**change, "roles": ["approver"]})
    assert late.status_code == 409 and "别人刚改过" in late.text
    assert desk.post(path, {**change, "version": 2, "active": ""}).status_code == 303
    assert member.get("/").status_code == 303


def test_a_reset_shows_a_new_password_and_ends_what_was(staff: Staff, resources: Resources) -> None:
    desk = administrator(staff)
    member = staff.desk(Role.CASE_OFFICER)
    path = f"/people/{member.officer.id}/reset"
    asked = desk.post(path)
    assert member.officer.name in (told := text_of(asked.text)) and "只显示一次" in told
    # A slip of the hand locks nobody out.
    assert "第一次登录的密码" not in told and member.get("/").status_code == 200
    (form,) = forms_of(asked.text)
    shown = desk.post(path, dict(form.values))
    assert "第一次登录的密码" in text_of(shown.text)
    assert member.get("/").status_code == 303
    with resources.database.read() as session:
        assert session.get_one(StaffAccount, member.officer.id).starting


def test_administrators_lock_themselves_not_out_and_reach_no_other_region(staff: Staff) -> None:
    desk = administrator(staff)
    path = f"/people/{desk.officer.id}"
    for change in ({"roles": ["editor"], "active": "1"}, {"roles": ["administrator"]}):
        refused = desk.post(path, {"version": 1, "where": ["石狮"], **change})
        assert refused.status_code == 409 and "不能停用自己" in refused.text
    wide = staff.officer(Role.CASE_OFFICER, where=("石狮", "定州"), name="马跨区")
    assert "马跨区" not in desk.get("/people/").text
    for more in ("", "/reset"):
        assert desk.post(f"/people/{wide.id}{more}", {"version": 1}).status_code == 404
