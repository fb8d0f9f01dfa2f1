"""The mini-program in use: pages open, call the running service, do what people come for."""

import hashlib
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Route
from sqlalchemy import select
from sqlmodel import col

from server.casework import cases, deciding, service_requests
from server.casework.deciding import Item
from server.casework.officers import Officer, Role
from server.casework.request_tables import ServiceRequest
from server.casework.tables import Case
from server.clock import china_day
from server.database.tables import Profile
from server.offers import taking_part
from server.outreach.tables import LetterVisit
from server.personal import profiles
from server.records.audit import Actor
from server.web.sessions import worker_of
from tests import casework, citizens, funding
from tests.accessibility import violations
from tests.mini_app_api.test_attended import COURSE, note
from tests.miniprogram.conftest import OF_VOUCHERS, TEMPLATES, Office
from tests.miniprogram.phones import Phone, photo
from tests.server.offers.conftest import Fair
from tests.server.outreach.conftest import sent
from tests.server.vouchers.conftest import Market
from tests.serving import Service

MakePhone = Callable[..., Phone]

SHISHI = hashlib.sha256("石狮".encode()).hexdigest()[:8]
AT_SHISHI = {"query": {"scene": f"place:{SHISHI}"}, "scene": 1047}
TITLE = "失业保险金"
MEASURE = casework.MEASURE


def fetch(service: Service, path: str, token: str | None = None, body: Any = None) -> Any:
    """What the service says, without the mini-program."""
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    asked = urllib.request.Request(
        f"http://127.0.0.1:{service.port}/api/v1{path}",
        None if body is None else json.dumps(body).encode(),
        headers,
    )
    with urllib.request.urlopen(asked, timeout=20) as reply:
        return json.load(reply)


def token_of(phone: Phone) -> str:
    token: str = json.loads(phone.stored()["session"])["token"]
    return token


def answer(phone: Phone, value: Any) -> None:
    """Answer the question on the screen."""
    if value is None:
        phone.tap("不清楚", exact=True)
    elif isinstance(value, bool):
        phone.tap("是的" if value else "不，没有", exact=True)
    elif isinstance(value, int):
        phone.fill("你的回答", str(value))
        phone.tap("填好了")
    else:
        for label in value:
            phone.tap(label)
        phone.tap("选好了")


MYSELF = ["自己（打工的"]
ANSWERS = [MYSELF, True, 14, True, True, True]
"""To the questions of the unemployment benefit, in their order."""


def begin(phone: Phone, person: Any) -> None:
    """Go through consents and data of an application to its questions."""
    phone.tab("办")
    phone.tap(TITLE, exact=True)
    agree(phone, person)


def agree(phone: Phone, person: Any) -> None:
    """From the measure to its questions."""
    phone.tap("开始办")
    for title in ("用你的个人信息来办事", "用你的银行卡号来发钱", "上传证件和材料的照片"):
        phone.sees(title)
        phone.tap("我同意")
    phone.fill("姓名", person.name)
    phone.fill("身份证号", person.identity_number)
    phone.fill("手机号", person.phone)
    phone.fill("银行卡号（可以以后再填）", person.bank_card)
    phone.tap("存好，下一步")


def fill_in(phone: Phone, person: Any) -> None:
    """Go through an application to its photos."""
    begin(phone, person)
    for number, value in enumerate(ANSWERS, start=1):
        phone.sees(f"第{number}题，共{len(ANSWERS)}题")
        answer(phone, value)
    phone.sees("第4步，共5步：照片")


def add_photo(phone: Phone, title: str, content: bytes) -> None:
    phone.takes(content)
    phone.tap(f"拍{title}或者选照片")
    phone.sees(f"{title}（已有1份）")


def without_photos(phone: Phone) -> None:
    """Go past the photos to the last step."""
    for title in ("离职证明", "失业登记证明", "社保缴费记录", "看一遍，再提交"):
        phone.tap("下一步")
        phone.sees(title)


def hand_in(phone: Phone, service: Service, number: int) -> str:
    """Apply without photos; the number of the case."""
    fill_in(phone, citizens.person(number))
    without_photos(phone)
    phone.tap("提交申请")
    phone.sees("提交好了")
    case: str = fetch(service, "/applications", token_of(phone))["applications"][0]["id"]
    return case


def test_somebody_who_scanned_a_code_asks_and_calls(make_phone: MakePhone) -> None:
    phone = make_phone(launch=AT_SHISHI)
    phone.fill("你的问题", "失业金怎么领")
    phone.tap("发送")
    phone.sees("出处：《石狮市关爱外来务工人员八条措施》")
    phone.tap("看原文")
    marked = phone.screen.locator(".mark")
    marked.first.wait_for()
    assert "可按规定领取失业保险金" in "".join(marked.all_inner_texts())
    phone.back()
    phone.fill("你的问题", "石狮权益热线电话是多少")
    phone.tap("发送")
    phone.tap("拨打88712565")
    assert phone.heard("calls") == ["88712565"]
    # What was said may be written a second late.
    phone.opens_to("88712565")
    assert "石狮市" in phone.text()
    phone.fill("你的问题", "要啥条件")
    phone.tap("发送")
    phone.sees("上面是之前的对话")
    phone.tab("我的")
    phone.tap("繁體字")
    phone.sees("繁體字：开")
    phone.tab("问")
    phone.fill("你的问题", "失业金怎么领")
    phone.tap("发送")
    phone.sees("可按規定領取失業保險金")


def test_a_choice_is_one_press_and_a_lost_message_is_sent_again(make_phone: MakePhone) -> None:
    phone = make_phone()
    phone.page.evaluate("phone.offline = true; phone.networkChanged({ isConnected: false })")
    phone.fill("你的问题", "失业金怎么领")
    phone.tap("发送")
    phone.sees("网络不好，没有发出去")
    phone.page.evaluate("phone.offline = false; phone.networkChanged({ isConnected: true })")
    phone.tap("再发一次")
    phone.tap("2. 石狮")
    phone.sees("出处：《石狮市关爱外来务工人员八条措施》")
    phone.tap("有用")
    # The place that was chosen in words is the one that is asked about from now on.
    phone.page.wait_for_function("'stored:region' in localStorage")
    assert json.loads(phone.stored()["region"]) == {"id": "石狮", "label": "石狮市"}
    phone.page.get_by_role("button", name="查查我够不够").last.tap()
    phone.sees("第1题")


def questions(phone: Phone) -> list[str]:
    """What somebody asked in the conversation on the screen, from top to bottom."""
    return phone.screen.locator(".mine").all_inner_texts()


def test_what_is_typed_while_an_answer_is_awaited_stays(make_phone: MakePhone) -> None:
    phone = make_phone(launch=AT_SHISHI)
    phone.page.evaluate("window.phone.stalls = (way, url) => url.endsWith('/chat'); 0")
    phone.fill("你的问题", "失业金怎么领")
    phone.tap("发送")
    phone.sees("正在查…")
    phone.fill("你的问题", "石狮权益热线电话是多少")
    phone.page.get_by_label("你的问题").press("Enter")
    assert phone.page.get_by_label("你的问题").input_value() == "石狮权益热线电话是多少"
    assert questions(phone) == ["失业金怎么领"]


def test_what_was_said_before_and_comes_late_stands_above_what_was_said_since(
    make_phone: MakePhone,
) -> None:
    phone = make_phone(launch=AT_SHISHI)
    phone.fill("你的问题", "失业金怎么领")
    phone.tap("发送")
    phone.sees("出处：《石狮市关爱外来务工人员八条措施》")
    late: list[Route] = []
    phone.page.route("**/chat/history", lambda route: late.append(route))
    phone.open()
    phone.fill("你的问题", "石狮权益热线电话是多少")
    phone.tap("发送")
    phone.sees("88712565")
    late[0].continue_()
    phone.sees("上面是之前的对话")
    # What was said since is in what comes late, too; it stands there once.
    assert questions(phone) == ["失业金怎么领", "石狮权益热线电话是多少"]
    shown = phone.text()
    assert shown.index("失业金怎么领") < shown.index("上面是之前的对话")
    assert shown.index("上面是之前的对话") < shown.index("石狮权益热线电话是多少")


def test_the_message_that_is_sent_again_is_the_one_that_failed(make_phone: MakePhone) -> None:
    phone = make_phone(launch=AT_SHISHI)
    phone.page.evaluate("phone.offline = true; phone.networkChanged({ isConnected: false })")
    phone.fill("你的问题", "失业金怎么领")
    phone.tap("发送")
    phone.sees("网络不好，没有发出去")
    phone.page.evaluate("phone.offline = false; phone.networkChanged({ isConnected: true })")
    phone.fill("你的问题", "石狮权益热线电话是多少")
    phone.tap("发送")
    phone.sees("88712565")
    phone.tap("再发一次")
    phone.sees("可按规定领取失业保险金")
    assert questions(phone) == ["石狮权益热线电话是多少", "失业金怎么领"]
    assert "88712565" in phone.text() and "没有发出去" not in phone.text()


def test_the_self_check_says_what_the_service_says(make_phone: MakePhone, service: Service) -> None:
    phone = make_phone(launch=AT_SHISHI)
    phone.tab("查")
    phone.tap("开始查")
    phone.sees("第1题")
    answer(phone, MYSELF)
    phone.sees("第2题")
    answer(phone, None)
    phone.sees("第3题")
    phone.tap("‹ 上一题")
    phone.sees("第2题")
    phone.tap("外省", exact=True)
    phone.sees("第3题")
    phone.tap("先看结果")
    phone.sees("查的结果")
    facts = {"applicant_role": ["worker"], "hukou_place": "other_province"}
    told = fetch(service, "/self-check", body={"region": "石狮", "facts": facts})
    # Each title stands below the heading of its group.
    shown = phone.text().split("我答了什么")[0]
    for result in told["results"]:
        if result["audience"] != "worker":
            # Nobody asked for children or firms: what there is for them is folded away.
            assert result["title"] not in shown
            continue
        heading = shown[: shown.index(result["title"])].split("（")
        above = "".join(heading)
        group = max(
            ("符合", "还差一点", "还不清楚", "不符合", "已结束"),
            key=lambda word: above.rfind(f"\n{word}"),
        )
        if not result["open"]:
            assert group == "已结束", result["title"]
        elif result["outcome"] == "ineligible":
            assert group in ("还差一点", "不符合"), result["title"]
        else:
            wanted = {"eligible": "符合", "undetermined": "还不清楚"}
            assert group == wanted[result["outcome"]], result["title"]
    phone.tap(f"{TITLE}，看条件")
    phone.sees("原文：“缴费满一年”") if "缴费满一年" in phone.text() else phone.sees("原文：“")
    phone.tap("给孩子、单位的")
    phone.sees("小微企业工会经费返还")
    phone.tap("存成图片、发给别人")
    phone.page.wait_for_function("record.pictures.length === 1 && record.pictures[0] > 5000")
    assert set(json.loads(phone.stored()["region"])) == {"id", "label"}
    assert "other_province" not in json.dumps(phone.stored())


def test_one_measure_is_checked_to_its_end(make_phone: MakePhone, service: Service) -> None:
    phone = make_phone(launch=AT_SHISHI)
    phone.fill("你的问题", "失业保险金怎么领")
    phone.tap("发送")
    phone.tap("查查我够不够")
    for number, value in enumerate(ANSWERS, start=1):
        phone.sees(f"第{number}题")
        answer(phone, value)
    phone.sees("查的结果")
    assert "符合（1项）" in phone.text()
    told = fetch(service, "/self-check", body={"region": "石狮", "facts": casework.ELIGIBLE})
    (found,) = (result for result in told["results"] if result["measure"] == MEASURE)
    assert phone.screen.locator(".verdict.met").count() == len(found["conditions"])
    for condition in found["conditions"]:
        assert condition["quote"] in phone.text()
    phone.tap("去办理")
    phone.sees("要符合的条件")


def test_a_measure_of_another_place_is_checked_and_applied_for_where_it_holds(
    make_phone: MakePhone,
) -> None:
    phone = make_phone(launch={"query": {"scene": "place:锦州"}, "scene": 1047})
    phone.fill("你的问题", "石狮失业保险金怎么领")
    phone.tap("发送")
    phone.tap("查查我够不够")
    phone.sees(f"查：{TITLE}")
    answer(phone, MYSELF)
    phone.sees("第2题，最多还有5题")
    phone.tap("先看结果")
    phone.sees("石狮市，按")
    phone.sees("还不清楚（1项）")
    phone.tap("去办理")
    agree(phone, citizens.person(71_011))
    phone.sees("第2题，共6题")
    phone.back()
    phone.tap("查全部政策")
    phone.sees("第1题")
    phone.tap("先看结果")
    phone.sees("锦州市，按")


def test_an_application_with_two_photos_arrives_once_on_a_bad_line(
    make_phone: MakePhone, service: Service
) -> None:
    phone = make_phone(launch=AT_SHISHI)
    fill_in(phone, citizens.person(71_001))
    # After two pieces of the first photo the line is dead, and the phone is put away.
    phone.page.evaluate("sent = 0; window.phone.stalls = (way) => way === 'PUT' && ++sent > 2; 0")
    phone.takes(photo(1))
    phone.tap("拍身份证（正反面）或者选照片")
    phone.page.wait_for_function("record.requests.filter((each) => each.size).length === 3")
    phone.open()
    phone.tab("办")
    phone.tap(f"{TITLE}（上次填到一半）")
    phone.tap("开始办")
    phone.tap("对，下一步")
    phone.sees("身份证（正反面）（已有1份）")
    pieces = [each["url"] for each in phone.heard("requests") if each["size"]]
    assert pieces[0].endswith(f"offset={2 * 64 * 1024}")
    # From now on every fourth reply is lost, and the first one to the application.
    phone.page.evaluate(
        """replies = handed = 0;
        window.phone.loses = (way, url) =>
            url.endsWith('/applications') ? ++handed === 1 : ++replies % 4 === 0;
        0"""
    )
    phone.tap("下一步")
    phone.sees("离职证明")
    add_photo(phone, "离职证明", photo(2))
    for title in ("失业登记证明", "社保缴费记录", "看一遍，再提交"):
        phone.tap("下一步")
        phone.sees(title)
    button = phone.page.get_by_role("button", name="提交申请")
    button.tap()
    button.tap(force=True)
    phone.sees("提交好了")
    handed = [each for each in phone.heard("requests") if each["url"].endswith("/applications")]
    assert len(handed) == 2 and len({each["key"] for each in handed}) == 1
    assert phone.heard("subscriptions") == [list(TEMPLATES.values())]
    token = token_of(phone)
    (case,) = fetch(service, "/applications", token)["applications"]
    assert case["id"] in phone.text()
    needs = fetch(service, f"/applications/{case['id']}/materials", token)["materials"]
    assert [len(need["there"]) for need in needs] == [1, 1, 0, 0]
    assert phone.stored()["uploads"] == "[]"
    assert not any(name.startswith("file:") for name in phone.stored())


def test_a_draft_that_is_thrown_away_takes_its_waiting_photos_along(make_phone: MakePhone) -> None:
    phone = make_phone(launch=AT_SHISHI)
    fill_in(phone, citizens.person(71_015))
    phone.page.evaluate("window.phone.stalls = (way) => way === 'PUT'; 0")
    phone.takes(photo(4))
    phone.tap("拍身份证（正反面）或者选照片")
    phone.page.wait_for_function("record.requests.some((each) => each.size)")
    without_photos(phone)
    phone.tap("不办了，删掉草稿")
    phone.sure("删掉")
    phone.sees("石狮市现在能申请的")
    assert phone.stored()["uploads"] == "[]"
    assert not any(name.startswith("file:") for name in phone.stored())


def test_what_is_missing_of_a_number_is_told_with_what_it_counts(make_phone: MakePhone) -> None:
    phone = make_phone(launch=AT_SHISHI)
    phone.fill("你的问题", "失业保险金怎么领")
    phone.tap("发送")
    phone.tap("查查我够不够")
    for number, value in enumerate((MYSELF, True, 3), start=1):
        phone.sees(f"第{number}题")
        answer(phone, value)
    phone.sees("还差一点（1项）")
    assert re.findall("还差[0-9]+.*", phone.text()) == ["还差9个月失业保险缴费"]


def test_what_speaks_against_it_is_told_and_people_decide(
    make_phone: MakePhone, service: Service
) -> None:
    phone = make_phone(launch=AT_SHISHI)
    begin(phone, citizens.person(71_002))
    for number, value in enumerate((MYSELF, True, 3, True, True, True), start=1):
        phone.sees(f"第{number}题，共{len(ANSWERS)}题")
        answer(phone, value)
    without_photos(phone)
    phone.sees("按文件写的条件，你可能不符合")
    phone.tap("提交申请")
    phone.sees("请先看上面的提醒")
    phone.tap("我知道了")
    phone.tap("提交申请")
    phone.sees("提交好了")
    (case,) = fetch(service, "/applications", token_of(phone))["applications"]
    assert case["state"] == "submitted"


def test_what_a_course_says_is_offered_and_told_with_its_source(
    make_phone: MakePhone, service: Service, office: Office
) -> None:
    now = datetime.now(UTC)
    database, safe, library = office.database, office.safe, office.library
    clerk = casework.officer(database, safe, library, Role.CASE_OFFICER, now=now)
    fair = Fair(database, library, safe, office.subject_keys, now, clerk)
    phone = make_phone(launch=AT_SHISHI)
    begin(phone, citizens.person(71_009))
    phone.sees("第1题")
    worker = worker_of(database, token_of(phone), now=now)
    assert worker is not None
    note(
        fair,
        fair.join(fair.opened(COURSE, begins_at=now, last_on=china_day(now)), worker),
        hours=40,
    )
    on = china_day(now)
    said = f"来自你上过的课：缝纫培训班（{on.year}年{on.month}月{on.day}日）"

    phone.page.evaluate("wx.redirectTo({ url: '/pages/form/index?measure=shishi-4b' }); 0")
    phone.tap("开始办")
    phone.tap("对，下一步")
    answer(phone, ["单位（老板、人事）"])
    answer(phone, ["给新招的人办技能培训"])
    phone.sees("培训一共上了多少个学时？")
    phone.sees(said)
    # What is offered is filled in: one press takes it.
    phone.tap("填好了")
    phone.sees("培训完拿到证书了吗？")
    answer(phone, None)
    for need in fetch(service, "/measures/shishi-4b/materials")["materials"]:
        phone.sees(need["title"])
        phone.tap("下一步")
    phone.sees("培训学时：40学时")
    phone.sees(said)
    phone.tap("提交申请")
    phone.sees("提交好了")
    (case,) = fetch(service, "/applications", token_of(phone))["applications"]
    found = fetch(service, f"/applications/{case['id']}", token_of(phone))
    assert found["sources"]["training_hours"] == "attended"
    assert found["sources"]["training_certificate"] == "declared"


def request_material(office: Office, case_id: str) -> None:
    """An officer takes the case and asks for a photo once more."""
    library, now = office.library, datetime.now(UTC)
    clerk = casework.officer(office.database, office.safe, library, Role.CASE_OFFICER, now=now)
    with office.database.begin() as session:
        case = cases.of_officer(session, case_id, clerk, library.regions)
        own = office.subject_keys.safe_of(case.worker_id)
        desk = casework.desk(clerk, casework.post(office.safe, library), own, now)
        taken = deciding.take(session, desk, case, version=case.version)
        item = Item("dismissal_notice", "照片看不清")
        deciding.request_material(
            session, desk, taken, [item], version=taken.version, reason="请补材料", days=5
        )


def test_what_is_asked_of_somebody_stands_on_top_until_it_is_there(
    make_phone: MakePhone, service: Service, office: Office
) -> None:
    phone = make_phone(launch=AT_SHISHI)
    case_id = hand_in(phone, service, 71_003)
    request_material(office, case_id)
    phone.back()
    phone.tab("我的")
    phone.sees("等你来办")
    phone.sees("经办人要你补材料。")
    phone.tap(f"去补材料：{TITLE}")
    phone.sees("照片看不清")
    phone.tap("补好了")
    phone.sees("还有要补的材料没有交")
    add_photo(phone, "离职证明", photo(3))
    phone.tap("补好了")
    phone.sees("你说材料补好了。")
    phone.sees("正在审核")
    phone.tap("撤回申请")
    phone.sure("撤回")
    phone.sees("你撤回了申请。")


def grant(office: Office, case_id: str, fund_name: str) -> None:
    """Officers grant a case 500 yuan."""
    now = datetime.now(UTC)

    def one(*roles: Role) -> Officer:
        return casework.officer(office.database, office.safe, office.library, *roles, now=now)

    money = funding.Office(
        office.database, office.safe, office.library, office.subject_keys, now, 1,
        casework.post(office.safe, office.library), one(Role.CASE_OFFICER), one(Role.APPROVER),
        one(Role.CASE_OFFICER), one(Role.APPROVER), one(Role.ADMINISTRATOR),
    )  # fmt: skip
    fund = money.fund(10**9, name=fund_name)
    money.recommend(case_id, 500_00)
    money.approve(case_id, fund_id=fund.id)


def test_who_is_granted_money_without_a_card_is_led_to_where_it_is_typed_in(
    make_phone: MakePhone, service: Service, office: Office
) -> None:
    phone = make_phone(launch=AT_SHISHI)
    case_id = hand_in(phone, service, 71_013)
    with office.database.begin() as session:
        worker = session.get_one(Case, case_id).worker_id
    own = office.subject_keys.safe_of(worker)
    with office.database.begin() as session:
        by = Actor.worker(worker)
        profiles.remove_card(session, own, worker_id=worker, by=by, now=datetime.now(UTC))
    grant(office, case_id, "没有卡的补贴")
    phone.back()
    phone.tab("我的")
    phone.sees("还没有你的银行卡号。")
    phone.tap(f"去填资料：{TITLE}")
    phone.tap("改一改")
    card = citizens.person(71_014).bank_card
    phone.fill("银行卡号（可以以后再填）", card)
    phone.tap("保存")
    phone.sees("****" + card[-4:])
    # The press that gives the card asks to be told of the money.
    assert phone.heard("subscriptions")[-1] == [TEMPLATES["paid"]]
    (case,) = fetch(service, "/applications", token_of(phone))["applications"]
    assert not case["your_turn"]


def test_who_gives_granted_money_up_is_asked_whether_they_want_to_lose_it(
    make_phone: MakePhone, service: Service, office: Office
) -> None:
    phone = make_phone(launch=AT_SHISHI)
    case_id = hand_in(phone, service, 71_007)
    grant(office, case_id, "补贴资金")
    phone.back()
    phone.tab("我的")
    phone.tap(TITLE)
    phone.sees("金额：500.00元")
    phone.tap("撤回申请")
    phone.page.get_by_role("dialog").get_by_text("这笔钱就不发了").wait_for()
    phone.sure("撤回")
    phone.sees("批给你的钱不发了。")
    assert "金额" not in phone.text()


def test_my_data_are_seen_corrected_taken_along_and_deleted(make_phone: MakePhone) -> None:
    phone = make_phone(launch=AT_SHISHI, phoneCode="code")
    person = citizens.person(71_004)
    begin(phone, person)
    phone.sees("第1题")
    phone.back()
    phone.tab("我的")
    phone.tap("我的资料")
    phone.sees("****" + person.bank_card[-4:])
    assert person.phone not in phone.text()
    phone.tap("改一改")
    phone.fill("手机号", "13800000000")
    phone.tap("保存")
    phone.sees("138****0000")
    phone.tap("关掉自动比对")
    phone.sees("已经关掉")
    phone.tap("加一个孩子")
    phone.fill("孩子姓名", "王小宝")
    phone.page.get_by_label("出生日期").fill("2020-06-01")
    phone.tap("存好", exact=True)
    phone.sees("请先看说明")
    phone.tap("看说明", exact=True)
    phone.tap("我同意")
    # What was filled in is still there.
    phone.tap("存好", exact=True)
    phone.sees("2020年6月1日出生")
    phone.tap("下载我的全部资料")
    phone.tap("发到我的微信")
    (shared,) = phone.heard("shared")
    assert shared["name"] == "nuangang.html" and person.identity_number in shared["text"]
    phone.tap("撤回同意：用你的银行卡号来发钱")
    phone.sure("撤回")
    phone.sees("银行卡号：没填")
    # No WeChat stands behind this service: the reply says so, and nothing is lost.
    phone.tap("用微信核对手机号")
    phone.sees("现在连不上微信")
    phone.tap("删除我的全部资料")
    phone.sure("全部删除")
    phone.page.get_by_role("dialog").get_by_text("按法律要留的只有这些").wait_for()
    phone.sure("确定")
    assert set(phone.stored()) == {"region", "left"}
    phone.tab("我的")
    phone.sees("你已经退出登录")
    phone.tap("登录", exact=True)
    phone.sees("你还没有办件")


def test_the_file_with_all_my_data_is_gone_when_the_phone_was_put_away(
    make_phone: MakePhone,
) -> None:
    phone = make_phone(launch=AT_SHISHI)
    phone.tab("我的")
    phone.tap("我的资料")
    phone.tap("下载我的全部资料")
    phone.sees("里面有完整的身份证号")
    assert "file:wxfile://usr/nuangang.html" in phone.stored()
    phone.open()
    assert "file:wxfile://usr/nuangang.html" not in phone.stored()


WAITING = """localStorage['stored:uploads'] =
    JSON.stringify([{ application: 'a', kind: 'identity_card', path: 'wxfile://store/1.jpg' }])"""


def test_who_signs_out_without_a_network_is_signed_out(make_phone: MakePhone) -> None:
    phone = make_phone(launch=AT_SHISHI)
    phone.tab("我的")
    phone.tap("我的资料")
    phone.sees("我同意过的事")
    phone.page.evaluate(WAITING)
    phone.page.evaluate("phone.offline = true; phone.networkChanged({ isConnected: false })")
    phone.tap("退出登录", exact=True)
    phone.sees("你好，我是暖岗")
    assert set(phone.stored()) == {"region", "left"}


def test_signing_out_everywhere_loses_nothing_before_it_is_done(
    make_phone: MakePhone, service: Service
) -> None:
    phone = make_phone(launch=AT_SHISHI)
    phone.tab("我的")
    phone.tap("我的资料")
    phone.sees("我同意过的事")
    token = token_of(phone)
    phone.page.evaluate(WAITING)
    phone.page.evaluate("phone.offline = true; phone.networkChanged({ isConnected: false })")
    phone.tap("在所有手机上退出登录")
    # No button is named that there isn't.
    phone.sees("现在连不上网。等有信号了，请再点一次。")
    assert token_of(phone) == token and "1.jpg" in phone.stored()["uploads"]
    phone.page.evaluate("phone.offline = false; phone.networkChanged({ isConnected: true })")
    phone.tap("在所有手机上退出登录")
    phone.sees("你好，我是暖岗")
    assert set(phone.stored()) == {"region", "left"}
    with pytest.raises(urllib.error.HTTPError, match="401"):
        fetch(service, "/me", token)


def test_that_all_is_deleted_is_said_though_the_line_breaks_afterwards(
    make_phone: MakePhone,
) -> None:
    phone = make_phone(launch=AT_SHISHI)
    phone.tab("我的")
    phone.tap("我的资料")
    phone.sees("我同意过的事")
    phone.page.evaluate("window.phone.loses = (way, url) => url.endsWith('/session'); 0")
    phone.tap("删除我的全部资料")
    phone.sure("全部删除")
    phone.page.get_by_role("dialog").get_by_text("已经删除").wait_for()


def test_what_is_offered_is_found_joined_and_attended(
    make_phone: MakePhone, office: Office
) -> None:
    now = datetime.now(UTC)
    database, safe, library = office.database, office.safe, office.library
    clerk = casework.officer(database, safe, library, Role.CASE_OFFICER, now=now)
    fair = Fair(database, library, safe, office.subject_keys, now, clerk)
    offer = fair.opened(last_on=(now + timedelta(days=20)).date(), seats=1)
    # From a notice, which knows no place, before anything is known of the person.
    at_once = {"path": "pages/offer/index", "query": {"id": offer.id, "scene": f"place:{SHISHI}"}}
    phone = make_phone(launch=at_once)
    phone.sees("缝纫工")
    phone.sees("工钱：每月5000到8000元")
    phone.tap("打电话：0595-88000000")
    assert phone.heard("calls") == ["0595-88000000"]
    phone.tap("报名")
    phone.sees("还没有填个人资料")
    phone.page.evaluate("wx.switchTab({ url: '/pages/apply/index' }); 0")
    begin(phone, citizens.person(71_005))
    phone.sees("第1题")
    phone.back()
    phone.tap("招聘、课程、出行、活动")
    phone.tap("出行", exact=True)
    phone.sees("石狮市现在没有出行")
    phone.tap("招聘", exact=True)
    phone.tap("缝纫工")
    phone.tap("报名")
    phone.sees("你已经报名了。")
    code = taking_part.attendance_code(safe, offer, now)
    for given, told in ((f"{(int(code) + 1) % 10**6:06}", "还能再试4次"), (code, "你参加过了。")):
        phone.fill("六位数字", given)
        phone.tap("签到")
        phone.sees(told)
    phone.back()
    phone.back()
    phone.tab("我的")
    phone.tap("我报了名的")
    phone.sees("招聘　你参加过了。")


def test_a_message_of_a_campaign_leads_to_the_check_and_to_no_more_of_them(
    make_phone: MakePhone, office: Office
) -> None:
    now = datetime.now(UTC)
    worker = casework.worker(office.database, office.safe, office.subject_keys, now=now)
    token = sent(office.database, office.safe, worker, now, casework.MEASURE)
    # From a notice, which knows no place.
    phone = make_phone(launch={"path": "pages/letter/index", "query": {"id": token}})
    phone.sees("石狮市总工会")
    phone.sees("有这些补贴。")
    phone.tap("不想再收")
    phone.tap("不要发给我")
    phone.sees("已经退订")
    phone.back()
    phone.tap("查查我够不够")
    phone.sees("第1题")
    with office.database.read() as session:
        assert sorted(session.scalars(select(col(LetterVisit.what)))) == ["checked", "opened"]


def test_what_is_left_of_a_voucher_is_told_and_the_next_use_asked_for(
    make_phone: MakePhone, office: Office
) -> None:
    phone = make_phone(launch=AT_SHISHI, phoneCode="code")
    person = citizens.person(71_006)
    begin(phone, person)
    phone.sees("第1题")
    phone.back()
    hashed = office.safe.hash("identity_number", person.identity_number)
    with office.database.read() as session:
        mine = select(col(Profile.worker_id)).where(col(Profile.identity_hash) == hashed)
        worker = session.scalars(mine).one()
    now = datetime.now(UTC)
    staff = [
        casework.officer(office.database, office.safe, office.library, role, now=now)
        for role in (Role.CASE_OFFICER, Role.APPROVER, Role.ADMINISTRATOR)
    ]
    market = Market(
        office.database, office.library, office.safe, office.subject_keys, now, *staff, release=1
    )
    days = {"first_on": now.date(), "last_on": (now + timedelta(days=20)).date()}
    market.give(market.issue(**days), [market.approved(worker=worker)])
    phone.tab("我的")
    phone.sees("还剩500.00元")
    phone.tap("下一次也告诉我")
    phone.sees("好，下一次也告诉你")
    assert phone.heard("subscriptions") == [list(OF_VOUCHERS.values())]


def test_a_session_that_is_over_begins_again_by_itself(make_phone: MakePhone) -> None:
    phone = make_phone()
    phone.tab("我的")
    phone.sees("你还没有办件")
    phone.page.evaluate(
        """const held = JSON.parse(localStorage['stored:session']);
        localStorage['stored:session'] = JSON.stringify({ ...held, token: 'x'.repeat(43) })"""
    )
    phone.tab("办")
    phone.tab("我的")
    phone.sees("你还没有办件")
    assert token_of(phone) != "x" * 43


def test_help_by_people_is_asked_for_once(make_phone: MakePhone, service: Service) -> None:
    phone = make_phone(launch=AT_SHISHI)
    phone.fill("你的问题", "我要找真人客服")
    phone.tap("发送")
    phone.tap("找人工帮忙")
    phone.tap("被拖欠工资")
    phone.tap("交给人工")
    phone.sees("请先写几句话")
    phone.fill("出了什么事？", "老板拖欠三个月工资")
    phone.tap("交给人工")
    phone.sees("等着回复")
    phone.fill("还想说", "一共一万二")
    phone.tap("发出去")
    phone.sees("一共一万二")
    (asked,) = fetch(service, "/requests", token_of(phone))["requests"]
    assert asked["category"] == "wages"


def reply(office: Office, request_id: str, words: str, *, ends: bool) -> None:
    """An officer answers a request, or closes it with this outcome."""
    library, now = office.library, datetime.now(UTC)
    clerk = casework.officer(office.database, office.safe, library, Role.CASE_OFFICER, now=now)
    with office.database.begin() as session:
        request = session.get_one(ServiceRequest, request_id)
        own = office.subject_keys.safe_of(request.worker_id)
        version, regions = request.version, library.regions
        if ends:
            service_requests.settle(
                session, own, request,
                outcome=words, by=clerk, regions=regions, version=version, now=now,
            )  # fmt: skip
        else:
            service_requests.write(
                session, own, request,
                words=words, by=clerk, regions=regions, version=version, now=now,
            )  # fmt: skip


@pytest.mark.parametrize("ends", [False, True], ids=["goes on", "was closed"])
def test_words_stay_when_somebody_else_said_something_meanwhile(
    make_phone: MakePhone, service: Service, office: Office, ends: bool
) -> None:
    phone = make_phone(launch=AT_SHISHI)
    phone.page.evaluate("wx.navigateTo({ url: '/pages/request/index' }); 0")
    phone.fill("出了什么事？", "老板拖欠三个月工资")
    phone.tap("交给人工")
    phone.sees("等着回复")
    token = token_of(phone)
    (asked,) = fetch(service, "/requests", token)["requests"]
    reply(office, asked["id"], "请带上工资条。", ends=ends)
    phone.fill("还想说", "一共一万二")
    phone.tap("发出去")
    phone.sees("这个求助刚刚有了新的内容")
    phone.sees("请带上工资条。")
    assert phone.page.get_by_label("还想说").input_value() == "一共一万二"
    phone.tap("发出去")
    if ends:
        phone.sees("还有事，请重新提一个")
        assert phone.page.get_by_label("还想说").input_value() == "一共一万二"
    else:
        phone.sees("一共一万二")
        assert phone.page.get_by_label("还想说").input_value() == ""


def test_offline_and_slow_are_told_with_what_to_do(make_phone: MakePhone) -> None:
    phone = make_phone(launch=AT_SHISHI)
    phone.page.evaluate("window.phone.stalls = (way, url) => url.includes('/measures'); 0")
    phone.tab("办")
    phone.sees("正在打开…")
    phone.sees("网络有点慢，还在打开")
    phone.page.evaluate("window.phone.stalls = null")
    # Nothing is waited for that nobody wants any more.
    phone.tab("我的")
    phone.tab("办")
    phone.sees("石狮市现在能申请的")


LOOKS = """() => [...document.querySelectorAll('#screen wx-button, #screen .row, #screen .field')]
    .filter((each) => each.offsetParent).map((each) => each.getBoundingClientRect())
    .filter((box) => box.width).map((box) => Math.min(box.width, box.height))"""
LETTERS = """() => [...document.querySelectorAll('#screen :is(wx-view, wx-text, wx-button)')]
    .filter((each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .map((each) => parseFloat(getComputedStyle(each).fontSize))"""


@pytest.mark.parametrize(("elder", "letters", "target"), [(False, 18, 44), (True, 30, 60)])
def test_everything_can_be_read_and_hit(
    make_phone: MakePhone, elder: bool, letters: int, target: int
) -> None:
    phone = make_phone(launch=AT_SHISHI)
    if elder:
        phone.tab("我的")
        phone.tap("关怀模式")
    phone.page.set_viewport_size({"width": 320, "height": 640})

    def check(text: str) -> None:
        phone.sees(text)
        assert min(phone.page.evaluate(LETTERS)) >= letters
        assert min(phone.page.evaluate(LOOKS)) >= target
        wide = phone.page.evaluate("document.querySelector('#screen').scrollWidth")
        assert wide <= 320, text
        assert violations(phone.page, "#screen") == [], text

    phone.tab("问")
    phone.fill("你的问题", "失业保险金怎么领")
    phone.tap("发送")
    check("出处：《石狮市")
    phone.tab("查")
    phone.tap("开始查")
    check("第1题")
    phone.tap("先看结果")
    check("查的结果")
    phone.tab("办")
    check("现在能申请的")
    phone.tap(TITLE, exact=True)
    check("要符合的条件")
    phone.tap("开始办")
    check("用你的个人信息来办事")
    phone.back()
    phone.tab("我的")
    check("要紧的电话")
    phone.tap("我的资料")
    check("我同意过的事")
