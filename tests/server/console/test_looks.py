"""The first page of each role, and who looked at whose case, as auditors see it."""

import pytest

from server.casework.officers import Role
from tests.server.console.conftest import Staff, text_of
from tests.server.console.editing import edited


def test_an_auditor_sees_who_opened_a_case_and_saw_a_number(staff: Staff) -> None:
    case = staff.submit()
    clerk = staff.desk(Role.CASE_OFFICER, name="何志强")
    clerk.get(f"/cases/{case.id}")
    clerk.post(f"/cases/{case.id}/unmask", {"field": "phone"})
    clerk.post(f"/cases/{case.id}/take", {"version": 1})
    auditor = staff.desk(Role.AUDITOR, name="吴查")
    told = text_of(auditor.get("/looks/").text)
    assert "何志强 打开看了" in told and "何志强 认领了办件" in told
    assert "看了完整的号码（手机号）" in told
    for query, shown in (
        (f"officer={clerk.officer.id}&action=unmasked", 1),
        (f"officer={auditor.officer.id}", 0),
        ("last=2020-01-01", 0),
        ("case=nothing", 0),
        ("officer=x&first=x&page=0&action=x", None),
    ):
        page = auditor.get(f"/looks/?{query}")
        assert page.status_code == 200
        assert shown is None or f"共{shown}条" in text_of(page.text), query
    elsewhere = staff.desk(Role.AUDITOR, where=("定州",))
    assert "共0条" in text_of(elsewhere.get("/looks/").text)


@pytest.mark.parametrize(
    ("role", "found"),
    [
        (Role.EDITOR, ("份草稿", "要由另一位有发布权限的同事发布", "看没答上的问题")),
        (Role.PUBLISHER, ("等你发布", "加一句提醒")),
        (Role.AUDITOR, ("看谁打开过谁的办件",)),
        (Role.ADMINISTRATOR, ("加人，改角色和地区",)),
    ],
)
def test_the_first_page_says_what_there_is_to_do(
    staff: Staff, role: Role, found: tuple[str, ...]
) -> None:
    edited(staff)
    told = text_of(staff.desk(role).get("/").text)
    assert all(words in told for words in found), told
