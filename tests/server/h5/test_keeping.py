"""What was chosen and written arrives: on a weaker line, pressed at once, beside a change."""

import json
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Page, Route

from server.web.resources import Resources
from server.web.sessions import worker_of
from tests import casework, funding
from tests.server.h5.conftest import NewPhone
from tests.server.h5.test_phone import stored
from tests.server.h5.walking import Walk, photos


def signed_in(page: Page, address: str) -> Walk:
    walk = Walk(page)
    walk.open(f"{address}?scene=石狮#me")
    walk.sign_in("keeping")
    page.get_by_role("button", name="退出登录").wait_for()
    return walk


def introduced(page: Page, known: Resources, now: datetime) -> int:
    """Let whoever signed in agree and say who they are; returns the worker."""
    worker = worker_of(known.database, json.loads(stored(page)["my.token"])["token"], now=now)
    assert worker is not None
    with known.database.begin() as session:
        own = known.subject_keys.safe_of(worker)
        casework.introduce(session, own, worker, casework.person(9), now=now)
    return worker


def fill_in(page: Page) -> None:
    """A report of wages that are owed."""
    for label, value in (
        ("哪个单位", "某某服装厂"),
        ("在哪里干活", "宝盖镇"),
        ("从哪个月欠起", "2026-01"),
        ("欠你多少工钱", "8650.5"),
    ):
        page.get_by_label(label).fill(value)


def test_a_photo_goes_up_in_smaller_pieces_where_the_line_has_become_weaker(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime, tmp_path: Path
) -> None:
    page = new_phone()
    walk = signed_in(page, address)
    introduced(page, resources, now)
    page.goto(f"{address}#joint/new")
    cut: list[int] = []

    def weak(route: Route) -> None:
        size = len(route.request.post_data_buffer or b"")
        if size > 30_000:
            cut.append(size)
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/uploads/*", weak)
    page.locator("#proof").set_input_files(photos(tmp_path, 1))
    walk.see("证据1份")
    assert cut


SENT = """async ([photo, kind]) => {
  const { upload } = await import(document.documentElement.dataset.base + "upload.js");
  const sent = upload(new Blob([new Uint8Array(photo)]), kind, undefined, () => 0);
  if (kind === "identity_card") window.first = sent;
  else await sent;
}"""


def test_a_photo_that_is_on_its_way_goes_up_anew_for_another_paper(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime, tmp_path: Path
) -> None:
    page = new_phone()
    signed_in(page, address)
    introduced(page, resources, now)
    photo = list(photos(tmp_path, 1, side=700)[0].read_bytes())
    held: list[Route] = []
    page.route("**/api/v1/uploads/*", lambda route: held.append(route), times=1)
    with page.expect_request("**/api/v1/uploads/*"):
        page.evaluate(SENT, [photo, "identity_card"])
    page.evaluate(SENT, [photo, "wage_arrears_proof"])
    assert resources.database.fetch("SELECT kind FROM material") == ("wage_arrears_proof",)
    held[0].continue_()
    page.evaluate("window.first")
    assert resources.database.fetch("SELECT count(DISTINCT kind) FROM material") == (2,)


def test_a_report_waits_for_the_photos_that_are_on_their_way(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime, tmp_path: Path
) -> None:
    page = new_phone()
    walk = signed_in(page, address)
    introduced(page, resources, now)
    page.goto(f"{address}#joint/new")
    fill_in(page)
    held: list[Route] = []
    page.route("**/api/v1/uploads/*", lambda route: held.append(route), times=1)
    with page.expect_request("**/api/v1/uploads/*"):
        page.locator("#proof").set_input_files(photos(tmp_path))
    walk.press("发起")
    page.wait_for_timeout(500)
    held[0].continue_()
    walk.see("叫工友加入")
    assert resources.database.fetch("SELECT count(*) FROM part_proof") == (2,)
    page.goto(f"{address}#joint/new")
    assert page.get_by_label("哪个单位").input_value() == ""


def started(page: Page, address: str) -> Walk:
    """A report that somebody began, and the form for their part of it."""
    walk = Walk(page)
    page.goto(f"{address}#joint/new")
    fill_in(page)
    walk.press("发起")
    walk.see("叫工友加入")
    page.get_by_text("改我这一份").click()
    return walk


def test_a_proof_that_did_not_come_is_not_forgotten_where_another_one_came(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime, tmp_path: Path
) -> None:
    page = new_phone()
    walk = signed_in(page, address)
    introduced(page, resources, now)
    page.goto(f"{address}#joint/new")
    fill_in(page)
    lost, other = photos(tmp_path, side=700)
    refused = {"code": "refused", "detail": "今天传得太多了。"}
    page.route("**/api/v1/uploads", lambda route: route.fulfill(status=422, json=refused), times=1)
    page.locator("#proof").set_input_files(lost)
    walk.see("今天传得太多了。")
    page.locator("#proof").set_input_files(other)
    walk.see("证据1份，1份没传上")
    walk.press("发起")
    walk.see("有证据没传上")
    assert resources.database.fetch("SELECT count(*) FROM joint_report") == (0,)
    page.locator("#proof").set_input_files(lost)
    walk.see("证据2份")
    walk.press("发起")
    walk.see("叫工友加入")
    assert resources.database.fetch("SELECT count(*) FROM part_proof") == (2,)


def test_a_proof_that_came_at_last_is_not_told_as_missing(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime, tmp_path: Path
) -> None:
    page = new_phone()
    walk = signed_in(page, address)
    introduced(page, resources, now)
    page.goto(f"{address}#joint/new")
    fill_in(page)
    refused = {"code": "refused", "detail": "今天传得太多了。"}
    page.route("**/api/v1/uploads", lambda route: route.fulfill(status=422, json=refused), times=1)
    (photo,) = photos(tmp_path, 1, side=700)
    page.locator("#proof").set_input_files(photo)
    walk.see("今天传得太多了。")
    page.locator("#proof").set_input_files(photo)
    walk.see("证据1份")
    walk.press("发起")
    walk.see("叫工友加入")
    assert resources.database.fetch("SELECT count(*) FROM part_proof") == (1,)


def test_a_file_that_the_phone_cannot_read_is_told_and_the_report_goes_without_it(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime, tmp_path: Path
) -> None:
    page = new_phone()
    walk = signed_in(page, address)
    introduced(page, resources, now)
    page.goto(f"{address}#joint/new")
    fill_in(page)
    photo, gone = photos(tmp_path, side=700)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/api/v1/uploads/*", hold)
    with page.expect_request("**/api/v1/uploads/*"):
        page.locator("#proof").set_input_files(photo)
    page.locator("#proof").set_input_files(gone)
    gone.unlink()
    held[0].continue_()
    walk.see("手机打不开这个文件")
    walk.press("发起")
    walk.see("有证据没传上")
    walk.press("发起")
    walk.see("叫工友加入")
    assert resources.database.fetch("SELECT count(*) FROM part_proof") == (1,)


def test_what_somebody_writes_stays_where_their_part_has_changed_meanwhile(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime, tmp_path: Path
) -> None:
    page = new_phone()
    signed_in(page, address)
    introduced(page, resources, now)
    walk = started(page, address)
    total = page.get_by_label("欠你多少工钱")
    total.fill("9000")
    page.locator("#proof").set_input_files(photos(tmp_path, 1, side=700))
    walk.see("证据1份")
    with resources.database.begin() as session:
        session.connection().exec_driver_sql("UPDATE joint_part SET version = version + 1")
    stale = total.element_handle()
    walk.press("存好")
    walk.see("你这一份刚刚改过了")
    # What is on the screen before it is shown anew reads the same, and is refused again.
    stale.wait_for_element_state("hidden")
    walk.see("8650.50元")
    walk.see("证据1份")
    assert total.input_value() == "9000"
    walk.press("存好")
    walk.see("9000.00元")
    assert resources.database.fetch("SELECT count(*) FROM part_proof") == (1,)


def test_what_came_to_their_part_meanwhile_stays_beside_what_somebody_adds(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime, tmp_path: Path
) -> None:
    page = new_phone()
    signed_in(page, address)
    introduced(page, resources, now)
    walk = started(page, address)
    first, other = photos(tmp_path, side=700)
    page.locator("#proof").set_input_files(first)
    walk.see("证据1份")
    # Another phone of the same person.
    beside = new_phone(storage_state=page.context.storage_state())
    beside.goto(page.url)
    beside.get_by_text("改我这一份").click()
    beside.locator("#proof").set_input_files(other)
    Walk(beside).see("证据1份")
    Walk(beside).press("存好")
    Walk(beside).see("叫工友加入")
    walk.press("存好")
    walk.see("你这一份刚刚改过了")
    walk.see("证据2份")
    with page.expect_response("**/part"):
        walk.press("存好")
    assert resources.database.fetch("SELECT count(*) FROM part_proof") == (2,)


def test_what_somebody_corrects_stays_where_their_data_have_changed_meanwhile(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime
) -> None:
    page = new_phone()
    walk = signed_in(page, address)
    introduced(page, resources, now)
    page.goto(f"{address}#data/profile")
    walk.press("改一改")
    place = page.get_by_label("老家")
    place.fill("四川达州")
    with resources.database.begin() as session:
        session.connection().exec_driver_sql("UPDATE profile SET version = version + 1")
    walk.press("存好")
    walk.see("这份资料刚才在别处改过")
    walk.press("改一改")
    assert place.input_value() == "四川达州"
    walk.press("存好")
    walk.see("存好了。")
    walk.press("改一改")
    assert place.input_value() == ""


def test_who_has_to_agree_first_is_led_there_and_finds_the_report_as_it_was(
    new_phone: NewPhone, address: str, tmp_path: Path
) -> None:
    page = new_phone()
    walk = signed_in(page, address)
    page.goto(f"{address}#joint/new")
    fill_in(page)
    (photo,) = photos(tmp_path, 1, side=700)
    page.locator("#proof").set_input_files(photo)
    walk.press("去办")
    asked = page.locator("details", has_text="上传证件和材料的照片")
    asked.locator("summary").click()
    asked.get_by_role("button", name="我同意").click()
    walk.see("记下了。")
    page.go_back()
    assert page.get_by_label("欠你多少工钱").input_value() == "8650.5"
    assert page.get_by_label("哪个单位").input_value() == "某某服装厂"
    page.locator("#proof").set_input_files(photo)
    walk.see("证据1份")
    assert "某某服装厂" not in json.dumps(stored(page), ensure_ascii=False)
    walk.tab("我的")
    walk.press("退出登录")
    walk.sign_in("next")
    page.get_by_role("button", name="退出登录").wait_for()
    page.goto(f"{address}#joint/new")
    assert page.get_by_label("哪个单位").input_value() == ""


def test_who_does_not_agree_to_photos_any_more_is_led_there_from_their_case(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime, tmp_path: Path
) -> None:
    page = new_phone()
    walk = signed_in(page, address)
    introduced(page, resources, now)
    token = json.loads(stored(page)["my.token"])["token"]
    own = {"Authorization": f"Bearer {token}", "Idempotency-Key": "a-key-of-one-application"}
    applied = {"measure": casework.MEASURE, "region": "石狮", "facts": casework.ELIGIBLE}
    assert page.request.post(f"{address}api/v1/applications", data=applied, headers=own).ok
    own["Idempotency-Key"] = "a-key-of-what-is-taken-back"
    assert page.request.delete(f"{address}api/v1/consents/materials", headers=own).ok
    page.goto(f"{address}#cases")
    page.locator("button.cell", has_text="失业保险金").click()
    page.locator("summary", has_text="材料").click()
    page.locator("#file-identity_card").set_input_files(photos(tmp_path, 1, side=700))
    walk.press("去办", within=".sheet")
    walk.see("我同意过的事")


def test_what_somebody_writes_stays_where_the_request_has_changed_meanwhile(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime
) -> None:
    page = new_phone()
    walk = signed_in(page, address)
    introduced(page, resources, now)
    page.goto(f"{address}#help")
    walk.press("被拖欠工资")
    page.get_by_label("出了什么事？").fill("老板三个月没发工资。")
    walk.press("交给人工")
    walk.see("等着回复")
    more = page.get_by_label("还想说")
    more.fill("老板电话打不通了。")
    walk.tab("问")
    page.go_back()
    assert more.input_value() == "老板电话打不通了。"
    with resources.database.begin() as session:
        session.connection().exec_driver_sql("UPDATE service_request SET version = version + 1")

    def as_read_before(route: Route) -> None:
        # The page may have read it anew since.
        sent = route.request.post_data_json | {"version": 1}
        route.continue_(post_data=json.dumps(sent))

    page.route("**/messages", as_read_before, times=1)
    walk.press("发出去")
    walk.see("这个求助刚刚有了新的内容")
    walk.see("老板三个月没发工资。")
    assert more.input_value() == "老板电话打不通了。"
    walk.press("发出去")
    page.locator(".times", has_text="老板电话打不通了。").wait_for()
    assert more.input_value() == ""


def test_a_case_that_was_decided_meanwhile_is_shown_as_it_is_now(
    new_phone: NewPhone, address: str, resources: Resources, now: datetime
) -> None:
    library = resources.serving.current().library
    money = funding.office(resources.database, resources.safe, library, resources.subject_keys, now)
    money.fund(10**9)
    page = new_phone()
    walk = signed_in(page, address)
    case_id = money.recommended(worker=introduced(page, resources, now))
    page.goto(f"{address}#cases")
    page.locator("button.cell", has_text=case_id).click()
    walk.press("撤回申请")
    walk.see("撤回这个申请？")
    money.approve(case_id)
    walk.press("撤回")
    walk.see(f"金额：{funding.SUM / 100}元")
    walk.press("撤回申请")
    walk.see("这笔钱就不发了")
