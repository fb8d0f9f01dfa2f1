"""Applying on a phone: forward, back, later on, and what is left behind."""

import re
from pathlib import Path

from playwright.sync_api import Page, Route

from server.web.resources import Resources
from tests import casework
from tests.server.h5.conftest import NewPhone
from tests.server.h5.walking import Walk, photos

CONSENTS = ("用你的个人信息来办事", "用你的银行卡号来发钱", "上传证件和材料的照片")


def begun(page: Page, address: str, *answers: str) -> Walk:
    """Up to the first question; `answers`: what is said to each thing to be agreed to."""
    walk = Walk(page)
    walk.open(f"{address}?scene=石狮")
    walk.see("失业保险金谁能领？")
    begin(walk, address, *answers)
    walk.see("你是替谁问的？")
    return walk


def begin(walk: Walk, address: str, *answers: str) -> None:
    page = walk.page
    page.goto(f"{address}#apply/shishi-4a")
    walk.press("开始办")
    walk.sign_in("applying")
    for title, answer in zip(CONSENTS, answers, strict=True):
        page.get_by_role("heading", name=title).wait_for()
        walk.press(answer)
    page.get_by_label("姓名").wait_for()
    who = casework.person(9)
    for field in ("name", "identity_number", "phone"):
        page.locator(f"#{field}").fill(getattr(who, field))
    walk.press("存好，下一步")


def one_answer(walk: Walk) -> None:
    walk.page.locator(".question .tick").first.click()
    walk.press("选好了")
    walk.see("失业保险参加了吗？")
    walk.page.wait_for_function("() => !('my.draft.shishi-4a' in localStorage)")


def test_the_way_back_without_photos_leads_over_the_questions_to_who_one_is(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone()
    walk = begun(page, address, "我同意", "不同意", "不同意")
    walk.answer("你是替谁问的？")
    walk.see("看一遍，再提交")
    walk.press("‹ 上一步")
    walk.see("你现在想找工作")
    walk.press("‹ 上一步")
    walk.see("这是你吗？")


def test_a_measure_of_another_place_is_checked_and_applied_for_where_it_holds(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}?scene=锦州#check")
    walk.press("开始查")
    walk.see("第1题")
    walk.press("不清楚")
    walk.see("第2题")
    page.goto(f"{address}#check/shishi-4a")
    walk.see("第1题")
    page.locator(".question .tick").first.click()
    walk.press("选好了")
    walk.see("失业保险参加了吗？")
    walk.press("先看结果")
    walk.see("石狮，按")
    walk.see("还不清楚（1项）")
    # What was said counts where it was said: the household of one place is no other's.
    begin(walk, address, "我同意", "不同意", "不同意")
    walk.see("失业保险参加了吗？")
    walk.tab("查")
    walk.see("第2题")
    assert "锦州市" in page.locator("header .city").inner_text()


def test_a_photo_that_was_sent_can_be_looked_at_before_it_is_submitted(
    new_phone: NewPhone, address: str, tmp_path: Path
) -> None:
    page = new_phone()
    walk = begun(page, address, "我同意", "我同意", "我同意")
    walk.answer("你是替谁问的？")
    page.get_by_role("heading", name="身份证（正反面）").wait_for()
    walk.choose_photos(photos(tmp_path, side=700))
    walk.photos_sent(2)
    walk.press("看一看", within=".cell:nth-child(2)")
    shown = page.locator(".sheet img.picture")
    shown.wait_for()
    page.wait_for_function("(image) => image.naturalWidth > 100", arg=shown.element_handle())
    walk.press("关闭", within=".sheet")


def test_the_way_back_from_the_second_kind_of_photos_leads_to_the_first(
    new_phone: NewPhone, address: str, tmp_path: Path
) -> None:
    page = new_phone()
    walk = begun(page, address, "我同意", "我同意", "我同意")
    walk.answer("你是替谁问的？")
    first = page.get_by_role("heading", name="身份证（正反面）")
    first.wait_for()
    walk.choose_photos(photos(tmp_path, side=700))
    walk.photos_sent(2)
    walk.press("下一步")
    page.get_by_role("heading", name="离职证明").wait_for()
    walk.press("‹ 上一步")
    first.wait_for()
    walk.press("‹ 上一步")
    walk.see("你现在想找工作")
    walk.press("是的", within=".question")
    first.wait_for()


def test_who_goes_on_with_a_draft_sees_first_what_changed_in_the_rules(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone()
    walk = begun(page, address, "我同意", "不同意", "不同意")
    one_answer(walk)

    def change(route: Route) -> None:
        found = route.fetch()
        told = found.json()
        told["drafts"][0]["changes"] = [{"before": "交满一年", "after": "交满两年"}]
        route.fulfill(response=found, json=told)

    page.route("**/api/v1/drafts", change)
    page.goto(f"{address}#apply")
    page.get_by_role("button", name="上次填到一半").click()
    walk.see("交满一年 → 交满两年")
    assert not page.get_by_text("失业保险参加了吗？").count()
    walk.press("知道了，接着办")
    walk.see("失业保险参加了吗？")


def test_a_draft_can_be_thrown_away(
    new_phone: NewPhone, address: str, resources: Resources
) -> None:
    page = new_phone()
    walk = begun(page, address, "我同意", "不同意", "不同意")
    one_answer(walk)
    page.goto(f"{address}#apply")
    walk.press("不办了，删掉草稿")
    page.get_by_text(re.compile("删掉“.*失业.*”的草稿？")).wait_for()
    walk.press("删掉", within=".sheet")
    page.get_by_role("button", name="上次填到一半").wait_for(state="detached")
    assert resources.database.fetch("SELECT count(*) FROM cases WHERE state = 'draft'") == (0,)


def test_what_comes_late_for_another_measure_does_not_take_the_screen(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}?scene=石狮")
    walk.see("失业保险金谁能领？")
    held: list[Route] = []
    page.route("**/api/v1/measures/shishi-4b", lambda route: held.append(route))
    with page.expect_request("**/api/v1/measures/shishi-4b"):
        page.goto(f"{address}#apply/shishi-4b")
    page.goto(f"{address}#apply/shishi-4a")
    walk.see("要准备的材料")
    title = page.locator("main h2").inner_text()
    with page.expect_response("**/api/v1/measures/shishi-4b"):
        held[0].continue_()
    page.wait_for_timeout(300)
    assert page.locator("main h2").inner_text() == title
