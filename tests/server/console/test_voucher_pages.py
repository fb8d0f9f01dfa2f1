"""Vouchers at the desk: from a group of the register to what each of them has."""

import re
from typing import TYPE_CHECKING

import pytest

from server.casework.officers import Role
from server.console import vouchers as pages
from tests.server.console import making
from tests.server.console.conftest import Desk, Staff, text_of
from tests.server.register.conftest import Ledger
from tests.server.vouchers.conftest import Market, Town

if TYPE_CHECKING:
    from server.vouchers.tables import Issue


def a_town(staff: Staff) -> tuple[Town, "Issue"]:
    """A market with an open issue, beside a register."""
    known, at = staff.resources, making.office(staff)
    market = Market(
        known.database, at.library, known.safe, known.subject_keys, staff.now, clerk=at.author,
        approver=at.approver, administrator=at.administrator, release=1,
    )  # fmt: skip
    book = Ledger(known.database, at.library, known.safe, known.subject_keys, staff.now, at.author)
    return Town(market, book), market.issue()


def proposed(desk: Desk, issue: "Issue", **group: str) -> str:
    """Count a group and return where its page is."""
    replied = desk.post(f"/vouchers/{issue.id}/rounds/new", {"region": "石狮", **group})
    assert replied.status_code == 303, text_of(replied.text)
    found = re.search(r"/vouchers/rounds/\w+", replied.headers["Location"])
    assert found is not None
    return found[0]


def test_a_group_is_counted_by_one_officer_and_confirmed_by_another(
    staff: Staff, clerk: Desk, chief: Desk
) -> None:
    town, issue = a_town(staff)
    town.linked(1)
    town.linked(2)
    town.nameless(3)
    assert "不管等级" in clerk.get(f"/vouchers/{issue.id}/rounds/new").text
    path = proposed(clerk, issue)
    page = text_of(clerk.get(path).text)
    for told in (
        "能发到 2人", "不发：没有人用这个身份证号登录过 1人", "1,000.00元（2人，每人500.00元）",
        "发完还剩 9,000.00元", "要由另一位审批人看过才能发",
    ):  # fmt: skip
        assert told in page, page
    assert "有1轮发券等人看过再发" in text_of(chief.get("/").text)
    assert "发给这2个人" in text_of(chief.get(path).text)
    replied = chief.post(f"{path}/confirm", {"version": "1"})
    assert replied.status_code == 303
    page = text_of(chief.get(path).text)
    assert "发完了" in page and "2张，定下来的时候2人" in page
    assert len(town.holders(issue)) == 2 and town.market.sums() == (1_000_00, 0)
    assert "有1轮发券" not in text_of(chief.get("/").text)
    assert "发完了 发了2张" in text_of(clerk.get(f"/vouchers/{issue.id}").text)
    assert chief.post(f"{path}/confirm", {"version": "1"}).status_code == 409


def test_nobody_confirms_what_they_proposed(staff: Staff) -> None:
    town, issue = a_town(staff)
    town.linked(1)
    both = staff.desk(Role.CASE_OFFICER, Role.APPROVER)
    path = proposed(both, issue)
    assert "发给这1个人" not in text_of(both.get(path).text)
    assert both.post(f"{path}/confirm", {"version": "1"}).status_code == 409
    assert town.holders(issue) == []


def test_a_group_that_moved_is_shown_anew_before_anybody_gets_one(
    staff: Staff, clerk: Desk, chief: Desk
) -> None:
    town, issue = a_town(staff)
    town.linked(1)
    path = proposed(clerk, issue)
    town.linked(2)
    chief.post(f"{path}/confirm", {"version": "1"})
    page = text_of(chief.get(path).text)
    assert "人和数的时候不一样了" in page and "发给这2个人" in page
    assert town.holders(issue) == []
    assert chief.post(f"{path}/confirm", {"version": "2"}).status_code == 303
    assert len(town.holders(issue)) == 2


def test_what_the_fund_is_short_of_is_said_before_and_nobody_gets_any(
    staff: Staff, clerk: Desk, chief: Desk
) -> None:
    town, _ = a_town(staff)
    issue = town.market.issue(amount_fen=6_000_00)
    town.linked(1)
    town.linked(2)
    path = proposed(clerk, issue)
    assert "资金不够：还差2,000.00元" in text_of(chief.get(path).text)
    chief.post(f"{path}/confirm", {"version": "1"})
    assert "没有发：资金只剩10000.00元" in text_of(chief.get(path).text)
    assert town.holders(issue) == [] and town.market.sums() == (0, 0)


def test_a_round_is_stopped_with_a_reason_and_the_rest_goes_back(staff: Staff, clerk: Desk) -> None:
    town, issue = a_town(staff)
    town.linked(1)
    made = town.confirmed(issue)
    path = f"/vouchers/rounds/{made.id}"
    assert "接着发剩下的1张" in text_of(clerk.get(path).text)
    assert clerk.post(f"{path}/stop", {"version": "2"}).status_code == 422
    assert clerk.post(f"{path}/stop", {"version": "2", "reason": "发错了"}).status_code == 303
    page = text_of(clerk.get(path).text)
    assert "中途停了" in page and "发错了" in page
    assert town.market.sums() == (0, 0)


def test_a_round_that_died_in_the_middle_is_gone_on_with(staff: Staff, clerk: Desk) -> None:
    town, issue = a_town(staff)
    worker = town.linked(1)
    made = town.confirmed(issue)
    assert clerk.post(f"/vouchers/rounds/{made.id}/give", {}).status_code == 303
    assert town.holders(issue) == [worker]


def test_a_place_outside_that_of_the_issue_is_refused(staff: Staff, clerk: Desk) -> None:
    _, issue = a_town(staff)
    replied = clerk.post(f"/vouchers/{issue.id}/rounds/new", {"region": "锦州"})
    assert replied.status_code == 422 and "请从列表里选" in text_of(replied.text)


def test_a_line_takes_only_what_a_bank_can_say_of_it(staff: Staff, clerk: Desk) -> None:
    made = making.vouchers(staff)
    page = f"/merchants/settlements/{made['settlement']}"
    clerk.post(f"{page}/workbook").close()
    line = f"{page}/lines/{made['settlement_line']}"
    for word in ("cancelled", "PAID", "x"):
        assert clerk.post(f"{line}/{word}").status_code == 404
    assert "银行退回" not in text_of(clerk.get(page).text)
    assert clerk.post(f"{line}/returned").status_code == 303
    assert "银行退回" in text_of(clerk.get(page).text)


def test_any_voucher_of_an_issue_is_found_and_taken_back_however_many_came_after(
    staff: Staff, clerk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, issue = a_town(staff)
    market = town.market
    first, second, third = (market.voucher(issue) for _ in range(3))
    monkeypatch.setattr(pages, "_A_PAGE", 2)
    shown = [clerk.get(f"/vouchers/{issue.id}?page={page}").text for page in (1, 2)]
    for voucher in (first, second, third):
        assert sum(f"/vouchers/{voucher.id}/end" in page for page in shown) == 1
    assert "下一页" in shown[0] and "下一页" not in shown[1]
    for number in (first.id, first.id.lower(), first.case_id):
        found = clerk.get(f"/vouchers/{issue.id}?number={number}").text
        assert f"/vouchers/{first.id}/end" in found and second.id not in found
    assert "没有找到" in text_of(clerk.get(f"/vouchers/{issue.id}?number=V0").text)
    clerk.post(f"/vouchers/{issue.id}/vouchers/{first.id}/end", {"reason": "不该发"})
    assert market.left(first) == 0 and market.left(second) > 0
