"""Every screen of the page and every state it can be in, one after the other."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Route

from server.casework.officers import Role
from server.clock import china_day
from server.offers import taking_part
from server.offers.offering import Proposal
from server.offers.tables import OfferKind
from server.vouchers import cards
from server.vouchers.tables import Issue, Voucher
from server.web.resources import Resources
from server.web.sessions import sign_out_everywhere
from tests import casework
from tests.mini_app_api.conftest import Office
from tests.server.arrears.conftest import Site
from tests.server.h5.walking import Walk, photos
from tests.server.offers.conftest import LAST_ON, Fair

TRIP = Proposal(
    kind=OfferKind.TRIP,
    region="石狮",
    title="回四川的专车",
    words="凭身份证上车。",
    organiser="石狮市总工会",
    contact="0595-88712565",
    place="石狮汽车站",
    begins_at=None,
    last_on=LAST_ON,
    seats=40,
    details={"origin": "石狮", "destination": "四川达州"},
)
_PROBLEM = "application/problem+json"
_BROKEN = {"code": "internal_error", "detail": "系统出了点问题，不是你的错。请过一会儿再试。"}


VISITOR = casework.person(5)


def visit(walk: Walk, address: str, known: Resources, folder: Path) -> str:
    """Go everywhere; `known` is what the service at `address` works with.

    Returns the number of the visitor's case.
    """
    now = known.clock()
    walk.open(address)
    walk.see("大家常问")
    walk.look("first")
    walk.choose_city()
    walk.tab("查")
    walk.see("查查石狮的政策")
    walk.look("check")
    walk.tab("办")
    walk.see("石狮现在能申请的")
    walk.look("apply")
    walk.tab("我的")
    walk.see("先登录")
    walk.look("me-signed-out")
    walk.tab("问")
    walk.ask()
    walk.read_clause()
    walk.check()
    everything(walk)
    picture(walk)
    walk.begin("visitor", VISITOR)
    walk.choose_photos(photos(folder, side=700))
    walk.photos_sent(2)
    walk.to_the_end()
    number = walk.submit()
    follow(walk, known, number, now)
    take_part(walk, known, now)
    mine(walk)
    card(walk, known, now)
    ask_for_help(walk)
    report_together(walk, address, known, now)
    states(walk, known)
    return number


def everything(walk: Walk) -> None:
    """What follows from the same answers for all of the place; and back to the one measure."""
    walk.press("查全部政策")
    walk.press("先看结果")
    walk.see("给孩子、单位的")
    walk.look("results")
    walk.page.go_back()
    walk.page.get_by_role("button", name="去办理").wait_for()


def picture(walk: Walk) -> None:
    walk.press("存成图片、发给别人")
    walk.page.locator(".sheet img").wait_for()
    walk.look("picture")
    walk.press("关闭")


def follow(walk: Walk, known: Resources, number: str, now: datetime) -> None:
    """The case, before and after an officer asks for something."""
    walk.press("看进度")
    walk.see("你提交了申请。")
    walk.look("case")
    # Its number stands in no address, and is there all the same after a reload.
    walk.page.reload()
    walk.see("你提交了申请。")
    assert walk.page.locator(".pairs span").first.text_content() == "姓名"
    Office(known, now).request_material(number)
    walk.tab("我的")
    walk.see("等你来办")
    walk.look("me")
    open_cell(walk, "我的办件")
    walk.see("要你补材料")
    walk.look("cases")
    open_cell(walk, "失业保险金")
    walk.see("要你补的材料")
    walk.look("case-due")
    walk.tab("我的")
    open_cell(walk, "消息")
    walk.see("经办人要你补材料。")
    walk.look("messages")
    walk.tab("我的")


HIRING = {
    "招什么人": "熟练焊工",
    "工种": "焊工",
    "单位名称": "某机械厂",
    "联系电话": "0595-88000001",
    "最晚哪天报名": "{last_on}",
}


def take_part(walk: Walk, known: Resources, now: datetime) -> None:
    """What is offered: nothing, a list, one of it, a place in it, and the code on the spot."""
    walk.tab("办")
    walk.see("石狮现在能申请的")
    open_cell(walk, "招聘、课程、出行、活动")
    walk.see("现在没有")
    walk.look("offers-empty")
    fair = fair_of(known, now)
    last_on, begins_at = now.date() + timedelta(days=20), now + timedelta(days=19)
    offer = fair.opened(seats=1, last_on=last_on)
    fair.opened(TRIP, last_on=last_on, begins_at=begins_at)
    walk.press("招聘")
    walk.see("缝纫工")
    walk.press("全部")
    walk.see("回四川的专车")
    walk.look("offers")
    open_cell(walk, "缝纫工")
    walk.see("还剩1个")
    walk.look("offer")
    walk.press("报名")
    walk.see("你已经报名了。")
    walk.look("offer-joined")
    code = taking_part.attendance_code(known.safe, offer, now)
    box = walk.page.get_by_label("带队的人会给你看六位数字")
    box.fill("000000" if code != "000000" else "111111")
    walk.press("签到")
    walk.see("数字不对，还能再试4次。")
    box.fill(code)
    walk.press("签到")
    walk.see("你参加过了。")
    walk.tab("我的")
    open_cell(walk, "我报了名的")
    walk.see("缝纫工")
    walk.look("places")
    walk.tab("办")
    walk.see("石狮现在能申请的")
    open_cell(walk, "招聘、课程、出行、活动")
    walk.press("说说我想找什么")
    walk.see("我想坐专车")
    walk.look("wishes-empty")
    fair.opened(seats=3, last_on=last_on)
    walk.page.get_by_label("什么活（可以不填）").fill("缝纫")
    walk.press("记下我要找的活")
    walk.see("就在你要的地方")
    walk.look("wishes")
    walk.page.go_back()
    walk.press("我要招人")
    walk.see("你还没有发过招聘。")
    walk.look("hiring-empty")
    for label, value in HIRING.items():
        walk.page.get_by_label(label, exact=True).fill(value.format(last_on=last_on))
    walk.press("交给工作人员核实")
    walk.see("等工作人员核实")
    walk.look("hiring")
    walk.tab("我的")


def fair_of(known: Resources, now: datetime) -> Fair:
    """Where offers come from, beside the service."""
    library = known.serving.current().library
    clerk = casework.officer(known.database, known.safe, library, Role.CASE_OFFICER, now=now)
    return Fair(known.database, library, known.safe, known.subject_keys, now, clerk)


def report_together(walk: Walk, address: str, known: Resources, now: datetime) -> None:
    """Wages that are owed: one starts and passes the code on, another's code is joined."""
    library = known.serving.current().library
    clerk = casework.officer(known.database, known.safe, library, Role.CASE_OFFICER, now=now)
    site = Site(known.database, library, known.safe, known.subject_keys, now, clerk)
    walk.tab("我的")
    open_cell(walk, "一起反映欠薪")
    walk.press("加入")
    walk.see("请先填“工友发来的口令”。")
    walk.press("我来发起")
    walk.page.get_by_label("哪个单位").wait_for()
    for label, value in (("哪个单位", "某某服装厂"), ("在哪里干活", "宝盖镇")):
        walk.press("发起")
        walk.see(f"请先填“{label}")
        walk.page.locator(":focus").fill(value)
    walk.page.get_by_label("从哪个月欠起").fill("2026-01")
    walk.page.get_by_label("欠你多少工钱").fill("8650.5")
    walk.look("joint-start")
    walk.press("发起")
    walk.see("叫工友加入")
    walk.see("8650.50元")
    walk.look("joint")
    code = site.code(site.started())
    walk.page.goto(f"{address}/#join/{code}")
    walk.see("1人")
    walk.look("join")
    walk.page.get_by_label("欠你多少工钱").fill("7000")
    walk.press("加入")
    walk.see("7000.00元")
    walk.tab("我的")


def mine(walk: Walk) -> None:
    """My data, part by part."""
    open_cell(walk, "我的卡券")
    walk.see("你还没有卡。")
    walk.look("card-empty")
    walk.tab("我的")
    for label, text, name in (
        ("看看、改资料", "你的资料", "profile"),
        ("撤回同意", "每一件都可以单独同意", "consents"),
        ("孩子的资料", "监护人同意填写孩子的信息", "children-consent"),
        ("不要自动比对", "现在：开着。", "opt-outs"),
        ("困难职工台账", "用微信核对手机号", "register"),
        ("下载我的全部资料", "请在自己的手机上下载", "export"),
        ("删除我的全部资料", "删了就找不回来", "erase"),
    ):
        open_cell(walk, label)
        walk.see(text)
        walk.look(name)
        walk.tab("我的")
    open_cell(walk, "看看、改资料")
    walk.press("改一改")
    save = walk.page.get_by_role("button", name="存好", exact=True)
    save.or_(walk.page.get_by_role("button", name="下一项")).wait_for()
    while not save.count():
        # In large letters one thing stands on the screen.
        walk.press("下一项")
    save.click()
    walk.see("存好了。")
    walk.tab("我的")
    open_cell(walk, "孩子的资料")
    walk.press("我同意")
    walk.see("加一个孩子")
    walk.look("children")
    walk.tab("我的")


def card(walk: Walk, known: Resources, now: datetime) -> None:
    """The card, before and after there is a voucher on it."""
    open_cell(walk, "我的卡券")
    walk.see("你还没有卡")
    walk.tab("我的")
    library = known.serving.current().library
    officer = casework.officer(known.database, known.safe, library, Role.CASE_OFFICER, now=now)
    day = china_day(now)
    issue = Issue(
        id="Q1", title="半价体检", words="在公办医院用。", measure=casework.MEASURE, region="石狮",
        takes="clinic", amount_fen=0, uses=1, first_on=day, last_on=day, state="open",
        proposed_by=officer.id, created_at=now, changed_at=now,
    )  # fmt: skip
    with known.database.begin() as session:
        session.add(issue)
        session.flush()
        session.add(
            Voucher(
                id="V1", issue_id="Q1", worker_id=1, amount_fen=0, left_fen=0, uses=1,
                left_uses=1, issued_at=now, issued_by=officer.id,
            )
        )  # fmt: skip
        cards.make(session, 1, now=now)
    open_cell(walk, "我的卡券")
    walk.see("一个码只能用一次")
    walk.see("还能用1次")
    walk.look("card")
    walk.tab("我的")


def ask_for_help(walk: Walk) -> None:
    open_cell(walk, "我的求助")
    walk.see("你还没有找过人工帮助。")
    walk.look("empty")
    walk.press("提一个新的求助")
    walk.see("转人工时带上聊天内容")
    walk.press("我同意")
    walk.see("是哪一类事？")
    walk.press("被拖欠工资")
    walk.press("交给人工")
    walk.see("请先填“出了什么事”。")
    walk.page.get_by_label("出了什么事？").fill("老板三个月没发工资。")
    walk.look("help")
    walk.press("交给人工")
    walk.see("等着回复")
    walk.look("request")
    walk.tab("我的")


def states(walk: Walk, known: Resources) -> None:
    """Slow, offline, broken, expired."""
    page = walk.page
    waits: list[Route] = []
    # The page before asks for the same: it is let through.
    cell(walk, "我的办件").wait_for()
    page.route("**/api/v1/applications", lambda route: waits.append(route))
    open_cell(walk, "我的办件")
    walk.see("正在打开…")
    walk.look("loading")
    waits.pop().continue_()
    page.unroute("**/api/v1/applications")
    walk.see("要你补材料")
    page.context.set_offline(True)
    walk.tab("办")
    walk.see("手机没有连上网，连上会自动接着办。")
    walk.look("offline")
    walk.tab("问")
    page.get_by_label("你的问题").fill("失业金怎么领")
    walk.press("发送")
    walk.see("手机没有连上网。没有发出去，请再发一次。")
    walk.look("offline-chat")
    page.context.set_offline(False)
    broken: Any = {"status": 500, "content_type": _PROBLEM, "json": _BROKEN}
    page.route("**/api/v1/measures?*", lambda route: route.fulfill(**broken))
    walk.tab("办")
    walk.see("系统出了点问题")
    walk.look("error")
    page.unroute("**/api/v1/measures?*")
    with known.database.begin() as session:
        sign_out_everywhere(session, 1)
    walk.tab("我的")
    walk.see("登录已经过期")
    walk.look("expired")


def cell(walk: Walk, label: str) -> Locator:
    return walk.page.locator("button.cell", has_text=label).first


def open_cell(walk: Walk, label: str) -> None:
    cell(walk, label).click()
