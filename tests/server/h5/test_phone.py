"""The page on a phone: asking, checking, applying, following; with scripts and without."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from server.database.tables import Purpose
from server.personal import erasing
from server.personal.persons import Person
from server.web.resources import Resources
from server.web.sessions import worker_of
from tests import casework, funding
from tests.mini_app_api.test_attended import COURSE, at_the_fair, note
from tests.server.h5.conftest import NewPhone
from tests.server.h5.walking import PHONE, Walk, photos


def stored(page: Page) -> dict[str, Any]:
    """What the browser keeps for the page."""
    kept: dict[str, Any] = page.evaluate("JSON.parse(JSON.stringify(localStorage))")
    return kept


def test_without_scripts_a_worker_asks_all_the_same(new_phone: NewPhone, address: str) -> None:
    page = new_phone(java_script_enabled=False)
    page.goto(address)
    page.get_by_label("你的问题").fill("失业金怎么领")
    page.get_by_role("button", name="发送").click()
    page.get_by_role("button", name="石狮").click()
    page.get_by_text("出处：《石狮市关爱外来务工人员八条措施》").last.wait_for()
    box = page.get_by_role("button", name="发送").bounding_box()
    assert box and box["height"] >= 44 and box["y"] + box["height"] <= PHONE["height"]


def test_where_the_scripts_do_not_load_the_form_stays(new_phone: NewPhone, address: str) -> None:
    page = new_phone()
    page.route("**/*.js", lambda route: route.abort())
    page.goto(address)
    page.get_by_label("你的问题").fill("石狮被裁了有钱领吗")
    page.get_by_role("button", name="发送").click()
    page.get_by_text("出处：《石狮市关爱外来务工人员八条措施》").last.wait_for()


def test_a_worker_asks_reads_the_source_rates_and_finds_it_again(
    new_phone: NewPhone, address: str, resources: Resources
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(address)
    page.get_by_label("你的问题").fill("失业金怎么领")
    walk.press("发送")
    page.get_by_role("button", name=re.compile("石狮")).click()
    page.get_by_role("button", name="查查我够不够").wait_for()
    walk.read_clause()
    page.get_by_role("button", name="有用").last.click()
    walk.see("谢谢，记下了。")
    page.get_by_label("你的问题").fill("权益热线电话是多少")
    walk.press("发送")
    link = page.locator('a[href="tel:88712565"]').first
    link.wait_for()
    page.reload()
    walk.see("上面是之前的对话")
    assert page.locator(".said.worker").count() == 3
    assert page.get_by_role("button", name="有用", pressed=True).count() == 1
    row = resources.database.fetch("SELECT direction FROM thumb")
    assert row is not None and row[0] == "up"
    walk.tab("我的")
    walk.sign_in("asker")
    walk.press("退出登录")
    walk.see("先登录")
    assert not [name for name in stored(page) if name.startswith("my.")]
    walk.tab("问")
    page.get_by_role("log").wait_for()
    assert page.locator(".said.worker").count() == 0


def test_a_message_whose_reply_is_lost_counts_once(
    new_phone: NewPhone, address: str, resources: Resources
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(address)
    lost: list[str] = []

    def lose(route: Route) -> None:
        # It arrives and is answered; the phone never hears of it.
        lost.append(route.fetch().text())
        route.abort()

    page.route("**/api/v1/chat", lose, times=1)
    walk.ask("石狮被裁了有钱领吗")
    assert len(lost) == 1 and page.locator(".said.worker").count() == 1
    resources.conversations.flush()
    assert resources.database.fetch("SELECT count(*) FROM turn") == (1,)


def test_large_letters_leave_one_where_one_was(new_phone: NewPhone, address: str) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}?scene=place:石狮")
    for number in range(3):
        walk.ask(f"失业保险金怎么领{'？' * number}")
        page.locator(".opinions").nth(number).wait_for()
    # The page itself moves to what was said last, and is left alone until it is there.
    page.wait_for_function(REVEALED)
    top = "() => document.querySelectorAll('.said')[3].getBoundingClientRect().top"
    page.evaluate(f"scrollBy(0, ({top})() - 100)")
    page.locator("header button", has_text="大字").click()
    assert 40 < page.evaluate(top) < 160
    walk.tab("查")
    walk.see("查查石狮的政策")
    walk.tab("问")
    page.get_by_role("log").wait_for()
    assert 40 < page.evaluate(top) < 160


def test_a_city_is_remembered_and_comes_with_the_scan(new_phone: NewPhone, address: str) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}?scene=place:石狮")
    walk.see("失业保险金谁能领？")
    assert page.url == f"{address}"
    walk.open(address)
    assert "石狮市" in page.locator("header .city").inner_text()


def decline(walk: Walk) -> None:
    """Neither money nor photos: what is left is the form."""
    for title in ("用你的银行卡号来发钱", "上传证件和材料的照片"):
        walk.page.get_by_role("heading", name=title).wait_for()
        walk.press("不同意")


def test_an_answer_waits_on_the_phone_until_the_line_is_back(
    new_phone: NewPhone, address: str, resources: Resources
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}?scene=石狮")
    walk.see("失业保险金谁能领？")
    page.goto(f"{address}#apply/shishi-4a")
    walk.press("开始办")
    walk.sign_in("waiting")
    walk.page.get_by_role("heading", name="用你的个人信息来办事").wait_for()
    walk.press("我同意")
    decline(walk)
    page.get_by_label("姓名").wait_for()
    who = casework.person(9)
    for field in ("name", "identity_number", "phone"):
        page.locator(f"#{field}").fill(getattr(who, field))
    page.route("**/api/v1/drafts/*", lambda route: route.abort())
    walk.press("存好，下一步")
    walk.see("你是替谁问的？")
    page.locator(".question .tick").first.click()
    walk.press("选好了")
    walk.see("失业保险参加了吗？")
    assert json.loads(stored(page)["my.draft.shishi-4a"]) == {"applicant_role": ["worker"]}
    assert resources.database.fetch("SELECT count(*) FROM cases") == (0,)
    page.unroute("**/api/v1/drafts/*")
    walk.press("是的", within=".question")
    walk.see("一共交了几个月？")
    page.wait_for_function("() => !('my.draft.shishi-4a' in localStorage)")
    assert resources.database.fetch("SELECT count(*) FROM cases") == (1,)
    # Where one left it: nothing of it is asked again.
    page.goto(f"{address}#apply")
    page.get_by_role("button", name="上次填到一半").click()
    walk.see("一共交了几个月？")
    assert page.get_by_text("第3步，共5步：条件").count() == 1


def test_nothing_ticked_is_a_no_only_where_the_button_says_so(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}?scene=石狮#check")
    walk.press("开始查")
    walk.see("你是替谁问的？")
    assert page.get_by_text("第1题", exact=True).count() == 1
    walk.press("选好了")
    walk.see("请选一个，不知道就点“不清楚”。")
    page.locator(".question .tick").first.click()
    assert not page.get_by_text("请选一个").is_visible()
    walk.open(f"{address}?scene=石家庄#check/hebei-sjz-union-1")
    walk.see("你是替谁问的？")
    page.locator(".question .tick").first.click()
    walk.press("选好了")
    while not page.get_by_role("button", name="都不是", exact=True).count():
        with page.expect_response("**/self-check"):
            walk.press("不清楚")
        page.wait_for_timeout(100)
    walk.press("都不是")
    page.get_by_role("button", name="先看结果").click()
    page.get_by_text("我答了什么").click()
    walk.see("身份类别：都不是")


def test_what_is_still_to_be_known_is_asked_and_not_required(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}?scene=石狮#check/shishi-3a")
    walk.see("你是替谁问的？")
    page.locator(".question .tick").first.click()
    walk.press("选好了")
    page.get_by_role("button", name="先看结果").click()
    page.get_by_text("还要知道：").first.wait_for()
    (told,) = page.get_by_text("还要知道：").all_inner_texts()
    assert told.endswith("？") and "（" not in told


def test_what_is_missing_of_a_number_is_told_once_and_with_what_it_counts(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}?scene=石狮#check/shishi-4a")
    walk.see("你是替谁问的？")
    page.locator(".question .tick").first.click()
    walk.press("选好了")
    walk.see("失业保险参加了吗？")
    walk.press("是的", within=".question")
    walk.see("一共交了几个月？")
    page.locator(".question input").fill("3")
    walk.press("填好了")
    walk.see("还差一点（1项）")
    near = page.locator(".near details").inner_text()
    assert re.findall("差：.*", near) == ["差：还差9个月失业保险缴费"]


def test_a_place_that_somebody_names_in_the_chat_is_taken_where_none_was_chosen(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(address)
    assert "选地方" in page.locator("header .city").inner_text()
    walk.ask("石狮被裁了有钱领吗")
    walk.see("现在按石狮市查")
    assert "石狮市" in page.locator("header .city").inner_text()
    walk.tab("查")
    walk.see("查查石狮的政策，你够不够条件")
    # What was chosen stays, whatever else is asked about.
    walk.tab("问")
    page.get_by_label("你的问题").fill("锦州社保能缓交吗")
    walk.press("发送")
    page.locator(".said.worker").nth(1).wait_for()
    page.get_by_text("锦州市").last.wait_for()
    assert "石狮市" in page.locator("header .city").inner_text()


def test_a_file_that_is_refused_can_be_taken_out_and_is_not_counted(
    new_phone: NewPhone, address: str, tmp_path: Path
) -> None:
    table = tmp_path / "table.tsv"
    table.write_text("a\tb\n" * 99)
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}?scene=石狮")
    page.goto(f"{address}#apply/shishi-4a")
    walk.press("开始办")
    walk.sign_in("refused")
    for title in ("用你的个人信息来办事", "用你的银行卡号来发钱", "上传证件和材料的照片"):
        page.get_by_role("heading", name=title).wait_for()
        walk.press("我同意")
    page.get_by_label("姓名").wait_for()
    who = casework.person(9)
    for field in ("name", "identity_number", "phone"):
        page.locator(f"#{field}").fill(getattr(who, field))
    walk.press("存好，下一步")
    walk.answer("你是替谁问的？")
    page.get_by_role("heading", name="身份证（正反面）").wait_for()
    walk.choose_photos(photos(tmp_path))
    walk.photos_sent(2)
    walk.choose_photos([table])
    again = page.get_by_role("button", name="再传")
    again.wait_for()
    page.locator(".cell", has=again).get_by_role("button", name="删掉").click()
    assert not again.count()
    walk.choose_photos([table])
    again.wait_for()
    walk.to_the_end()
    (cards,) = (each for each in page.locator(".pairs").all_inner_texts() if "身份证（" in each)
    assert "2张" in cards
    walk.tab("我的")
    page.get_by_role("button", name="有1件没填完").click()
    page.get_by_role("button", name="上次填到一半").wait_for()


def test_a_moment_is_told_with_the_year_where_it_is_not_this_one(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone(timezone_id="America/New_York")
    Walk(page).open(address)
    assert page.title() == "暖岗"
    told = page.evaluate(
        """async () => {
            const { day, moment, today } = await import(document.documentElement.dataset.base + "base.js");
            const year = today().slice(0, 4);
            return [day("2026-07-02"), moment(`${year}-11-27T16:46:03Z`), moment("2019-12-31T16:05:00+08:00")];
        }"""  # noqa: E501
    )
    assert told == ["2026年7月2日", "11月28日00:46", "2019年12月31日16:05"]


PAIRING = {
    "id": "p1",
    "version": 1,
    "visits": [],
    "ways": [{"answer": "another", "label": "想换一个帮扶人"}],
}


def test_who_is_paired_calls_the_helper_with_one_tap(new_phone: NewPhone, address: str) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}#me")
    walk.sign_in("paired")
    page.get_by_role("button", name="退出登录").wait_for()
    phones = ("13905950100", "139****0100")
    told = [{**PAIRING, "phone": phone, "lines": [f"电话：{phone}"]} for phone in phones]
    listed = {"pairings": told, "phone_verified": True}
    page.route("**/api/v1/me/pairings", lambda route: route.fulfill(json=listed))
    page.get_by_role("button", name="我的帮扶人").click()
    walk.see("电话：139****0100")
    links = page.locator("main a").evaluate_all("all => all.map((each) => each.href)")
    assert links == ["tel:13905950100"]


def for_a_firm(walk: Walk) -> None:
    walk.see("你是替谁问的？")
    walk.page.locator(".question .tick").last.click()
    walk.press("选好了")
    walk.see("你们办过哪种培训？")


def new_hires(walk: Walk) -> None:
    walk.page.locator(".question .tick").first.click()
    walk.press("选好了")


def test_what_a_course_says_is_offered_can_be_changed_and_is_told_before_it_goes(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}?scene=石狮")
    page.goto(f"{address}#apply/shishi-4b")
    walk.press("开始办")
    walk.sign_in("trained")
    page.get_by_role("heading", name="用你的个人信息来办事").wait_for()
    walk.press("我同意")
    decline(walk)
    page.get_by_label("姓名").wait_for()
    who = casework.person(9)
    for field in ("name", "identity_number", "phone"):
        page.locator(f"#{field}").fill(getattr(who, field))
    walk.press("存好，下一步")
    walk.see("你是替谁问的？")
    token = json.loads(stored(page)["my.token"])["token"]
    worker = worker_of(resources.database, token, now=now)
    assert worker is not None
    fair = at_the_fair(resources, now)
    place = fair.join(fair.opened(COURSE), worker)
    note(fair, place, hours=40, certificate="闽2026-0017")
    said = "来自你上过的课：缝纫培训班（2026年2月10日）"

    page.goto(f"{address}#check/shishi-4b")
    for_a_firm(walk)
    assert not page.get_by_text(said).count()
    new_hires(walk)
    walk.see("培训一共上了多少个学时？")
    walk.see(said)
    assert page.get_by_label("培训学时").input_value() == "40"

    page.goto(f"{address}#apply/shishi-4b")
    walk.press("开始办")
    decline(walk)
    walk.press("对，下一步")
    walk.see("培训一共上了多少个学时？")
    walk.see(said)
    page.get_by_label("培训学时").fill("36")
    walk.press("填好了")
    walk.see("培训完拿到证书了吗？")
    yes = page.locator(".question").get_by_role("button", name="是的", exact=True)
    assert yes.get_attribute("aria-pressed") == "true"
    yes.click()
    page.get_by_role("heading", name="看一遍，再提交").wait_for()
    pairs = page.locator(".pairs").all_inner_texts()
    (hours,) = (each for each in pairs if each.startswith("培训学时"))
    (certificate,) = (each for each in pairs if each.startswith("培训证书"))
    assert "36学时" in hours and said not in hours
    assert said in certificate


def test_what_somebody_began_is_not_sent_in_the_name_of_who_signs_in_next(
    new_phone: NewPhone, address: str, resources: Resources
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}?scene=石狮#me")
    walk.sign_in("first")
    page.get_by_role("button", name="退出登录").wait_for()
    page.route("**/api/v1/drafts/*", lambda route: route.abort())
    page.evaluate(
        """async () => {
            const { call, newKey } = await import(document.documentElement.dataset.base + "base.js");
            const body = { region: "石狮", facts: { applicant_role: ["worker"] }, version: null, edition: null };
            call("PUT", "/drafts/shishi-4a", body, { key: newKey() }).then(
                () => (window.end = "sent"), (problem) => (window.end = problem.code));
        }"""  # noqa: E501
    )
    walk.see("网络不好，正在重试")
    walk.press("退出登录")
    walk.sign_in("second")
    page.get_by_role("button", name="退出登录").wait_for()
    page.unroute("**/api/v1/drafts/*")
    page.wait_for_function("() => window.end")
    assert page.evaluate("window.end") == "signed_out"
    assert resources.database.fetch("SELECT count(*) FROM cases") == (0,)


def somebody_granted(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime, who: Person
) -> tuple[Page, int, str]:
    """Somebody's phone, the worker, and the case that was just granted to them, by its number."""
    library = resources.serving.current().library
    money = funding.office(resources.database, resources.safe, library, resources.subject_keys, now)
    money.fund(10**9)
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}#me")
    walk.sign_in("granted")
    page.get_by_role("button", name="退出登录").wait_for()
    worker = worker_of(resources.database, json.loads(stored(page)["my.token"])["token"], now=now)
    assert worker is not None
    with resources.database.begin() as session:
        own = resources.subject_keys.safe_of(worker)
        casework.introduce(session, own, worker, who, now=now)
    case_id = money.recommended(worker=worker)
    money.approve(case_id)
    return page, worker, case_id


def test_who_gives_granted_money_up_is_asked_whether_they_want_to_lose_it(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime
) -> None:
    page, _, case_id = somebody_granted(new_phone, address, resources, now, casework.person(9))
    walk = Walk(page)
    page.goto(f"{address}#cases")
    page.get_by_role("button", name=re.compile(case_id)).click()
    walk.see(f"金额：{funding.SUM / 100}元")
    walk.press("撤回申请")
    walk.see("这笔钱就不发了")
    walk.press("撤回")
    walk.see("批给你的钱不发了。")
    assert not page.get_by_text("金额").count()


@pytest.mark.parametrize("agreed", [True, False])
def test_who_lacks_what_money_is_paid_to_is_led_to_where_it_is_filled_in(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime, agreed: bool
) -> None:
    """The button led back to the page that had led to it."""
    who = casework.person(9).model_copy(update={"bank_card": None})
    page, worker, _ = somebody_granted(new_phone, address, resources, now, who)
    walk = Walk(page)
    if not agreed:
        with resources.database.begin() as session:
            own = resources.subject_keys.safe_of(worker)
            erasing.withdraw(session, own, worker_id=worker, purpose=Purpose.PAYMENT, now=now)
    walk.tab("我的")
    walk.tab("问")
    walk.tab("我的")
    page.locator("button.cell", has_text="失业保险金").first.click()
    walk.press("去办")
    if agreed:
        walk.press("改一改")
        page.get_by_label("银行卡号").wait_for()
    else:
        walk.see("用你的银行卡号来发钱")


def test_nobody_who_signed_out_is_signed_in_again_by_a_late_reply(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}#me")
    walk.sign_in("late")
    page.get_by_role("button", name="退出登录").wait_for()
    page.evaluate(
        """() => {
            const token = JSON.parse(localStorage["my.token"]);
            token.expires_at = new Date(Date.now() + 864e5).toISOString();
            localStorage["my.token"] = JSON.stringify(token);
        }"""
    )
    held: list[Route] = []
    page.route("**/session/renewal", lambda route: held.append(route))
    with page.expect_request("**/session/renewal"):
        page.reload()
    ends: list[Route] = []
    page.route("**/api/v1/session", lambda route: ends.append(route))
    # On a line that hangs as well.
    walk.press("退出登录")
    walk.see("先登录")
    assert not [name for name in stored(page) if name.startswith("my.")]
    with page.expect_response("**/session/renewal"):
        held[0].continue_()
    page.wait_for_timeout(300)
    assert not [name for name in stored(page) if name.startswith("my.")]
    ends[0].continue_()


def test_who_signs_out_in_one_window_is_signed_out_in_the_other(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(f"{address}#me")
    walk.sign_in("twice")
    page.get_by_role("button", name="退出登录").wait_for()
    other = Walk(page.context.new_page(), patience=5_000)
    other.open(f"{address}#me")
    other.page.get_by_role("button", name="退出登录").wait_for()
    walk.press("退出登录")
    other.see("先登录")


def test_a_phone_without_room_signs_in_for_as_long_as_the_page_is_open(
    new_phone: NewPhone, address: str
) -> None:
    page = new_phone()
    page.add_init_script(
        "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError') }"
    )
    walk = Walk(page, patience=5_000)
    walk.open(f"{address}#me")
    walk.sign_in("full")
    page.get_by_role("button", name="退出登录").wait_for()
    walk.press("退出登录")
    walk.see("先登录")


def test_the_page_is_shown_in_traditional_characters(new_phone: NewPhone, address: str) -> None:
    page = new_phone()
    walk = Walk(page)
    walk.open(address)
    walk.tab("我的")
    page.get_by_role("button", name="繁體字").click()
    walk.see("問政策、做自測，不用登錄。")
    walk.tab("问" if page.get_by_role("link", name="问", exact=True).count() else "問")
    walk.see("你好，我是暖崗。")
    assert page.get_by_placeholder("比如：被辭退了有錢領嗎").count() == 1


def test_the_page_opens_without_a_line_once_it_was_there(new_phone: NewPhone, address: str) -> None:
    page = new_phone(service_workers="allow")
    walk = Walk(page)
    walk.open(address)
    page.evaluate("() => navigator.serviceWorker.register('/sw.js')")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.get_by_role("navigation").wait_for()
    walk.tab("查")
    walk.see("你在哪里打工？")
    page.context.set_offline(True)
    page.reload()
    page.get_by_role("navigation").wait_for()
    walk.see("你在哪里打工？")


REVEALED = """() => {
  const [last] = [...document.querySelectorAll(".said")].slice(-1);
  return Math.abs(last.getBoundingClientRect().top - 70) < 2;
}"""
AT_ONCE = """(answer) => {
  const ask = window.fetch;
  const told = () => Promise.resolve(new Response(answer, { status: 200 }));
  window.fetch = (address, given) => (address === "/api/v1/chat" ? told() : ask(address, given));
}"""
TIMED = """() => new Promise((done) => {
  const before = document.querySelectorAll(".source").length;
  document.querySelector("#text").value = "被裁了有钱领吗";
  const began = performance.now();
  const look = () => {
    if (document.querySelectorAll(".source").length > before) done(performance.now() - began);
    else requestAnimationFrame(look);
  };
  document.querySelector("form.ask button").click();
  look();
})"""


def test_the_page_adds_little_to_the_time_of_an_answer(
    new_phone: NewPhone, address: str, tell: Callable[[str, object, object], None]
) -> None:
    page = new_phone()
    Walk(page).open(address)
    body = {"text": "石狮被裁了有钱领吗"}
    answer = page.request.post(f"{address}api/v1/chat", data=body).text()
    page.evaluate(AT_ONCE, answer)
    added = sorted(page.evaluate(TIMED) for _ in range(9))
    tell("milliseconds the page adds to an answer, median", round(added[4], 1), 50)
    assert added[4] <= 50
