"""The first page of each role, and who looked at whose data, as auditors see it."""

import re
from pathlib import Path

import pytest

import server.schema  # noqa: F401
from server.audit_views import WHERE
from server.casework.officers import Role
from server.console import words
from server.console.audit_views import ABOUT
from server.database.tables import Row
from server.records.audit import ActorKind
from tests.server.console import making
from tests.server.console.conftest import Staff, text_of
from tests.server.console.editing import edited


def test_an_auditor_sees_who_opened_a_case_and_saw_a_number(staff: Staff) -> None:
    case = staff.submit()
    clerk = staff.desk(Role.CASE_OFFICER, name="何志强")
    clerk.get(f"/cases/{case.id}")
    clerk.post(f"/cases/{case.id}/unmask", {"field": "phone"})
    clerk.post(f"/cases/{case.id}/take", {"version": 1})
    auditor = staff.desk(Role.AUDITOR, name="吴查")
    told = text_of(auditor.get("/audit/").text)
    assert "何志强 打开看了" in told and "何志强 认领了办件" in told
    assert "看了完整的号码（手机号）" in told
    for query, shown in (
        (f"officer={clerk.officer.id}&action=unmasked", 1),
        (f"officer={auditor.officer.id}&action=read", 0),
        ("last=2020-01-01", 0),
        ("row=nothing", 0),
        ("officer=x&first=x&page=0&action=x", None),
    ):
        page = auditor.get(f"/audit/?{query}")
        assert page.status_code == 200
        assert shown is None or f"共{shown}条" in text_of(page.text), query
    elsewhere = staff.desk(Role.AUDITOR, where=("定州",))
    assert "共0条" in text_of(elsewhere.get(f"/audit/?officer={clerk.officer.id}").text)


def test_an_auditor_sees_who_opened_what_is_no_case_and_who_released_money(staff: Staff) -> None:
    clerk = staff.desk(Role.CASE_OFFICER, name="何志强")
    releaser = staff.desk(Role.APPROVER, name="孙丽华")
    entry = making.registered(staff)["entry"]
    request = making.requests(staff)["request"]
    report = making.joint_reports(staff)["joint_taken"]
    batch = making.money(staff)["locked"]
    for page in (f"/register/{entry}", f"/requests/{request}", f"/arrears/{report}"):
        assert clerk.get(page).status_code == 200
    assert releaser.post(f"/payments/batches/{batch}/release").status_code == 303
    auditor = staff.desk(Role.AUDITOR, name="吴查")
    opened = auditor.get(f"/audit/?officer={clerk.officer.id}").text
    for told in (f"台账 {entry}", f"求助 {request}", "联名反映的一份"):
        assert told in text_of(opened)
    assert f"/staff/requests/{request}" in opened
    released = text_of(auditor.get(f"/audit/?officer={releaser.officer.id}").text)
    assert f"作了决定：已放行 发放批次 {batch}" in released
    elsewhere = staff.desk(Role.AUDITOR, where=("定州",))
    assert "共0条" in text_of(elsewhere.get(f"/audit/?officer={clerk.officer.id}").text)


def test_every_entry_of_the_audit_has_a_name_and_leads_to_a_place_that_there_is() -> None:
    sources = Path(__file__).parents[3] / "server"
    told = {
        about
        for path in sources.rglob("*.py")
        for about in re.findall(r'\babout="(\w+)"', path.read_text("utf-8"))
    }
    assert len(told) > 30 and told <= set(ABOUT)
    for about, steps in WHERE.items():
        assert about in told
        assert all({key, leads} <= set(Row.metadata.tables[t].c.keys()) for t, key, leads in steps)
        assert steps[-1][2] == "region"


@pytest.mark.parametrize(
    ("role", "found"),
    [
        (Role.EDITOR, ("份草稿", "要由另一位有发布权限的同事发布", "看没答上的问题")),
        (Role.PUBLISHER, ("等你发布", "加一句提醒")),
        (Role.AUDITOR, ("看谁打开过谁的办件", "看谁帮扶谁")),
        (Role.ADMINISTRATOR, ("加人，改角色和地区",)),
    ],
)
def test_the_first_page_says_what_there_is_to_do(
    staff: Staff, role: Role, found: tuple[str, ...]
) -> None:
    edited(staff)
    told = text_of(staff.desk(role).get("/").text)
    assert all(words in told for words in found), told


def test_everybody_who_can_do_something_has_a_name_in_the_list(staff: Staff) -> None:
    made = making.vouchers(staff)
    auditor = staff.desk(Role.AUDITOR)
    page = text_of(auditor.get(f"/audit/?row={made['redemption']}").text)
    assert re.search(r"商户 \S+ 用券", page), page
    assert set(words.ACTORS) == set(ActorKind)
