"""What a phone says can be read, heard and found again."""

from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Route

from server.web.resources import Resources
from tests.server.h5.conftest import NewPhone
from tests.server.h5.screens import card, open_cell
from tests.server.h5.walking import Walk

_PROBLEM = "application/problem+json"
TELL = """async (text) => {
  const { tell } = await import(document.documentElement.dataset.base + "base.js");
  tell(text);
}"""
WRITTEN = """() => new Promise((done) => {
  let times = 0;
  const seen = new MutationObserver((changes) => (times += changes.length));
  seen.observe(document.querySelector("main .card [role=status]"), { childList: true });
  setTimeout(() => done(times), 3500);
})"""


def test_a_long_word_stays_long_enough_to_be_read(new_phone: NewPhone, address: str) -> None:
    page = new_phone()
    Walk(page).open(address)
    text = "银行没打成，钱退回来了。请到“我的”里改银行卡号，改好会重新打。"
    page.evaluate(TELL, text)
    page.wait_for_timeout(4_500)
    assert page.get_by_text(text).is_visible()
    page.get_by_text(text).wait_for(state="hidden")


def test_what_is_told_over_a_half_screen_is_heard(new_phone: NewPhone, address: str) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(address)
    page.locator("header .city").click()
    walk.see("福建省")
    page.evaluate(TELL, "记下了。")
    walk.see("记下了。")
    assert not page.locator("[inert] .toast").count()


@pytest.mark.parametrize(
    ("status", "after", "detail"),
    [(429, "3600", "发得太快了，请歇一会儿再试。"), (503, "1", "现在用的人多，请过几秒再试一次。")],
)
def test_what_the_service_says_is_told_and_not_called_a_bad_line(
    new_phone: NewPhone, address: str, status: int, after: str, detail: str
) -> None:
    page = new_phone()
    walk = Walk(page, patience=5_000)
    walk.open(f"{address}?scene=石狮")
    refused: Any = {
        "status": status,
        "content_type": _PROBLEM,
        "headers": {"Retry-After": after},
        "json": {"code": "busy", "detail": detail},
    }
    page.route("**/api/v1/measures?*", lambda route: route.fulfill(**refused))
    walk.tab("办")
    walk.see(detail)
    assert not page.get_by_text("网络不好").is_visible()
    # It stands at the top, however far down somebody has read.
    assert page.locator("header .line").count() == 1


def test_whoever_goes_to_another_screen_is_told_which(new_phone: NewPhone, address: str) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(address)
    walk.tab("查")
    walk.see("你在哪里打工？")
    assert page.evaluate("document.activeElement.textContent") == "自测"
    page.goto(f"{address}#apply/shishi-4a")
    walk.see("要准备的材料")
    assert page.evaluate("document.activeElement.matches('main h2')")


def test_the_card_is_not_read_out_anew_every_second(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}#me")
    walk.sign_in("card")
    page.get_by_role("button", name="退出登录").wait_for()
    card(walk, resources, now)
    open_cell(walk, "我的卡券")
    walk.see("一个码只能用一次")
    page.wait_for_timeout(1_500)
    assert page.evaluate(WRITTEN) == 0


def test_a_late_history_stands_above_what_is_asked_meanwhile(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}?scene=石狮")
    walk.ask("被裁了有钱领吗")
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/api/v1/chat/history", lambda route: held.append((route, route.fetch())))
    with page.expect_request("**/api/v1/chat/history"):
        page.reload()
    page.get_by_label("你的问题").fill("权益热线电话是多少")
    walk.press("发送")
    page.locator('a[href="tel:88712565"]').first.wait_for()
    ((route, reply),) = held
    route.fulfill(response=reply)
    walk.see("上面是之前的对话")
    said = page.locator(".said.worker").all_inner_texts()
    assert said == ["被裁了有钱领吗", "权益热线电话是多少"]


def test_what_was_typed_before_the_scripts_came_stays(new_phone: NewPhone, address: str) -> None:
    page = new_phone()
    held: list[Route] = []
    page.route("**/chat.js", lambda route: held.append(route))
    page.goto(address, wait_until="commit")
    page.get_by_label("你的问题").fill("被裁了有钱领吗")
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    page.get_by_role("navigation").wait_for()
    assert page.get_by_label("你的问题").input_value() == "被裁了有钱领吗"


def test_whose_deletion_was_done_and_its_reply_lost_is_told_so(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}#me")
    walk.sign_in("gone")
    open_cell(walk, "删除我的全部资料")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/api/v1/me", lose, times=1)
    walk.press("全部删除")
    walk.press("全部删除", within=".sheet")
    walk.see("应该已经删除")


def test_the_place_of_a_scanned_code_does_not_come_back_without_a_line(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone(service_workers="allow")
    walk = Walk(page)
    walk.open(address)
    page.evaluate("() => navigator.serviceWorker.register('/sw.js')")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.get_by_role("navigation").wait_for()
    page.goto(f"{address}?scene=place:石狮")
    walk.see("失业保险金谁能领？")
    page.locator("header .city").click()
    walk.press("石家庄市", within=".sheet")
    page.context.set_offline(True)
    page.goto(address)
    page.get_by_role("navigation").wait_for()
    assert "石家庄市" in page.locator("header .city").inner_text()


def test_who_always_scans_has_the_page_without_a_line_too(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone(service_workers="allow")
    walk = Walk(page)
    walk.open(f"{address}?scene=place:石狮")
    page.evaluate("() => navigator.serviceWorker.register('/sw.js')")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.goto(f"{address}?scene=place:石狮")
    walk.see("失业保险金谁能领？")
    page.wait_for_function("() => caches.match('/').then(Boolean)")
    page.context.set_offline(True)
    page.goto(f"{address}?scene=place:石狮")
    page.get_by_role("navigation").wait_for()
    assert "石狮市" in page.locator("header .city").inner_text()
