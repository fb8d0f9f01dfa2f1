"""The weekly report: kept ones and the week that goes on, as pages and as workbooks."""

from datetime import date, datetime, timedelta

from flask import Blueprint, Response

from server.arrears import counting as arrears
from server.arrears.counting import ArrearsLine
from server.arrears.figures import Figures
from server.casework import weekly_report_files, weekly_reports
from server.casework.officers import Officer, Role, scope
from server.casework.request_tables import Category
from server.casework.service_requests import TITLES
from server.casework.weekly_report_files import Sheet, Yuan
from server.casework.weekly_reports import Report, Week, WeekUnknown, last_over, week_of
from server.clock import CHINA, china_day
from server.console import charts, naming
from server.console.charts import Bar
from server.console.entering import officer, regions
from server.console.rendering import attached, page
from server.offers import counting as offers
from server.offers.counting import OfferLine
from server.offers.tables import OfferKind
from server.outreach import counting as outreach
from server.outreach.counting import CampaignLine
from server.pairing import counting as pairings
from server.pairing.counting import PairingLine
from server.pairing.naming import KINDS as HELPER_KINDS
from server.pairing.tables import HelperKind
from server.register import counting as register
from server.register.counting import RegisterLine
from server.register.naming import LEVELS
from server.register.tables import Level
from server.vouchers import counting as vouchers
from server.vouchers.counting import IssueLine, MerchantLine
from server.web.admitting import Who, admits
from server.web.resources import resources

_READERS = (Role.CASE_OFFICER, Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR)
_WEEKS = 13
_FIRST = datetime(2020, 1, 1, tzinfo=CHINA)
"""Before that there was no service."""
_MOST_BARS = 15
_ARREARS = ("收到（件）", "人数", "欠薪（元）", "追回（元）")
_GIVEN = ("发放", "发放（元）")
_USED = ("用了", "用了（元）", "退了", "退了（元）")
_GONE = ("过期", "过期（元）", "收回", "收回（元）")
_REGISTER = ("地区", "困难等级", "在册", "新列入", "核查", "退出", "到期要核查")
_OUTREACH = ("地区", "标题", "发出", "发到", "没发到", "打开", "开始自测", "申请")
_PAIRINGS = (
    "地区", "帮扶人", "在结对", "新提出", "新结对", "结束", "走访", "给的（元）", "逾期未走访",
)  # fmt: skip

blueprint = Blueprint("reports", __name__, url_prefix="/reports")


@blueprint.get("/")
@admits(Who.OFFICER, *_READERS)
def get_reports() -> Response:
    """The weeks of a quarter of a year, and the one that goes on."""
    known = resources()
    now = known.clock()
    with known.database.read() as session:
        newest = last_over(now).friday
        weeks = [Week(newest - timedelta(days=7 * n)) for n in range(_WEEKS)]
        kept = {week.friday: weekly_reports.kept(session, week) for week in weeks}
    return page("reports.html", title="周报", going_on=week_of(now), weeks=weeks, kept=kept)


@blueprint.get("/<friday>")
@admits(Who.OFFICER, *_READERS)
def get_report(friday: str) -> Response:
    """One week, as far as the officer's regions go."""
    week, report, kept_at = _found(friday)
    library = resources().serving.current().library
    title = "周报"
    return page(
        "report.html",
        title=title,
        week=week,
        last_instant=week.end.astimezone(CHINA),
        is_over=week.is_over(resources().clock()),
        kept_at=kept_at,
        report=report,
        library=library,
        naming=naming,
        categories={category.value: TITLES[category] for category in Category},
        totals=_totals(report),
        arrears=_arrears(week),
        vouchers=_vouchers(week),
        register=_register(week),
        offers=_offers(week),
        outreach=_outreach(week),
        pairings=_pairings(week),
        helper_kinds=HELPER_KINDS,
        levels={level.value: words for level, words in LEVELS.items()},
        kinds={kind.value: words for kind, words in naming.OFFER_KINDS.items()},
        charts=_charts(report),
    )


@blueprint.get("/<friday>/workbook")
@admits(Who.OFFICER, *_READERS)
def get_workbook(friday: str) -> Response:
    """The same as XLSX."""
    week, report, _ = _found(friday)
    library = resources().serving.current().library
    names = weekly_report_files.Names(
        lambda place: naming.place_of(library, place),
        lambda measure: naming.measure_of(library, measure),
        lambda topic: naming.topic_of(library, topic),
        naming.REASONS,
    )
    more = [_sheet_of_arrears(week), *_sheets_of_vouchers(week), *_sheets_of_people(week)]
    content = weekly_report_files.xlsx(report, week, names, more)
    return attached(content, f"weekly-{week.friday}.xlsx")


def sees_elsewhere(who: Officer) -> bool:
    """Whether an officer works for every region: only then also for what is about none."""
    return all(who.covers(region.id, regions()) for region in regions() if region.parent is None)


def _found(friday: str) -> tuple[Week, Report, datetime | None]:
    known = resources()
    now = known.clock()
    try:
        week = Week(date.fromisoformat(friday))
        is_told = week.begin >= _FIRST and week <= week_of(now)
    except (ValueError, OverflowError):
        raise WeekUnknown(friday) from None
    if not is_told:
        raise WeekUnknown(friday)
    library = known.serving.current().library
    with known.database.read() as session:
        row = weekly_reports.kept(session, week)
        report = (
            weekly_reports.worked_out(session, library, week, now=now)
            if row is None
            else weekly_reports.read(row.content)
        )
    seen = scope(officer(), library.regions)
    report = report.within(seen, elsewhere=sees_elsewhere(officer()))
    return week, report, None if row is None else row.made_at


def _arrears(week: Week) -> list[ArrearsLine]:
    known = resources()
    with known.database.read() as session:
        seen = scope(officer(), regions())
        return arrears.lines(session, week, seen, today=china_day(known.clock()))


def _sheet_of_arrears(week: Week) -> Sheet:
    library = resources().serving.current().library

    def cells(sums: Figures) -> tuple[object, ...]:
        return sums.reports, sums.people, Yuan(sums.amount_fen), Yuan(sums.recovered_fen)

    return Sheet("欠薪", ("地区", *_ARREARS, *(f"累计{each}" for each in _ARREARS), "逾期"), [
        (
            naming.place_of(library, line.region), *cells(line.week), *cells(line.so_far),
            line.overdue,
        )
        for line in _arrears(week)
    ])  # fmt: skip


def _vouchers(week: Week) -> tuple[list[IssueLine], list[MerchantLine]]:
    """What became of vouchers in a week, by issue and by merchant."""
    seen = scope(officer(), regions())
    with resources().database.read() as session:
        return (
            vouchers.issues(session, week, seen),
            vouchers.merchants(session, week, seen),
        )


def _sheets_of_vouchers(week: Week) -> list[Sheet]:
    library = resources().serving.current().library
    issues, merchants = _vouchers(week)
    return [
        Sheet("券", ("地区", "名称", *_GIVEN, *_USED, *_GONE, "还剩（元）"), [
            (
                naming.place_of(library, line.region), line.title,
                line.issued, Yuan(line.issued_fen), line.redeemed, Yuan(line.redeemed_fen),
                line.refunded, Yuan(line.refunded_fen), line.lapsed, Yuan(line.lapsed_fen),
                line.taken_back, Yuan(line.taken_back_fen), Yuan(line.left_fen),
            )
            for line in issues
        ]),
        Sheet("收券的商户", ("地区", "商户", *_USED), [
            (
                naming.place_of(library, line.region), line.name,
                line.redeemed, Yuan(line.redeemed_fen), line.refunded, Yuan(line.refunded_fen),
            )
            for line in merchants
        ]),
    ]  # fmt: skip


def _register(week: Week) -> list[RegisterLine]:
    known, seen = resources(), scope(officer(), regions())
    with known.database.read() as session:
        return register.lines(session, week, seen, today=china_day(known.clock()))


def _offers(week: Week) -> list[OfferLine]:
    with resources().database.read() as session:
        return offers.lines(session, week, scope(officer(), regions()))


def _outreach(week: Week) -> list[CampaignLine]:
    with resources().database.read() as session:
        return outreach.lines(session, week, scope(officer(), regions()))


def _pairings(week: Week) -> list[PairingLine]:
    known, seen = resources(), scope(officer(), regions())
    with known.database.read() as session:
        return pairings.lines(session, week, seen, today=china_day(known.clock()))


def _sheets_of_people(week: Week) -> list[Sheet]:
    """Who is in hardship, who helps them, who takes part in what, what many were told."""
    library = resources().serving.current().library
    return [
        Sheet("困难职工台账", _REGISTER, [
            (
                naming.place_of(library, line.region), LEVELS[Level(line.level)], line.standing,
                line.entered, line.looked, line.left, line.due,
            )
            for line in _register(week)
        ]),
        Sheet("招聘和活动", ("地区", "种类", "发布", "取消", "报上名", "退出", "到场"), [
            (
                naming.place_of(library, line.region), naming.OFFER_KINDS[OfferKind(line.kind)],
                line.published, line.cancelled, line.joined, line.left, line.attended,
            )
            for line in _offers(week)
        ]),
        Sheet("群发", _OUTREACH, [
            (
                naming.place_of(library, line.region), line.title, line.sent, line.delivered,
                line.failed, line.opened, line.checked, line.applied,
            )
            for line in _outreach(week)
        ]),
        Sheet("结对帮扶", _PAIRINGS, [
            (
                naming.place_of(library, line.region), HELPER_KINDS[HelperKind(line.kind)],
                line.standing, line.proposed, line.accepted, line.ended, line.visits,
                Yuan(line.given_fen), line.overdue,
            )
            for line in _pairings(week)
        ]),
    ]  # fmt: skip


def _totals(report: Report) -> dict[str, int]:
    names = (
        "received", "approved", "refused", "paid", "paid_fen", "taken_back", "taken_back_fen",
        "overdue",
    )  # fmt: skip
    totals = {name: sum(getattr(line, name) for line in report.cases) for name in names}
    totals["opened"] = sum(line.opened for line in report.requests)
    totals["late_requests"] = sum(line.overdue for line in report.requests)
    totals["declined"] = sum(line.questions for line in report.declines)
    return totals


def _charts(report: Report) -> dict[str, object]:
    library = resources().serving.current().library
    by_region: dict[str, int] = {}
    by_category: dict[str, int] = {}
    by_topic: dict[str, int] = {}
    for line in report.cases:
        by_region[line.region] = by_region.get(line.region, 0) + line.received
    for asked in report.requests:
        by_category[asked.category] = by_category.get(asked.category, 0) + asked.opened
    for declined in report.declines:
        by_topic[declined.topic] = by_topic.get(declined.topic, 0) + declined.questions
    return {
        "cases": charts.bars(
            "各地收件数",
            _largest({naming.place_of(library, key): n for key, n in by_region.items()}),
        ),
        "requests": charts.bars(
            "各类求助数", _largest({TITLES[Category(key)]: n for key, n in by_category.items()})
        ),
        "declines": charts.bars(
            "没答上来的问题，按事项",
            _largest({naming.topic_of(library, key): n for key, n in by_topic.items()}),
        ),
    }


def _largest(counted: dict[str, int]) -> list[Bar]:
    largest = sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:_MOST_BARS]
    return [Bar(label, count) for label, count in largest if count]
