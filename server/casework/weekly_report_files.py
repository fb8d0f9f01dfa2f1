"""The weekly report as a workbook: every number exact, every text inert."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server import money
from server.casework.request_tables import Category
from server.casework.service_requests import TITLES
from server.casework.weekly_reports import Report, Week
from server.casework.workbooks import Writing, workbook

_HEAD = "每周五报送市总工会汇总，抄送市委督查室、市政府督查室"
_CASES = (
    "地区",
    "措施",
    "承办单位",
    "收件",
    "通过",
    "不通过",
    "发放笔数",
    "金额（元）",
    "发放后退回笔数",
    "退回金额（元）",
    "逾期",
)
_REQUESTS = ("地区", "承办单位", "类别", "新收", "办结", "逾期未答复")
_DECLINES = ("地方", "事项", "原因", "次数")


@dataclass(frozen=True, slots=True)
class Names:
    """What places, measures, topics and reasons are called."""

    place: Callable[[str], str]
    measure: Callable[[str], str]
    topic: Callable[[str], str]
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One more sheet: what other parts of the service tell of the week."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Yuan:
    """A sum, to be written to the fen."""

    fen: int


def xlsx(report: Report, week: Week, names: Names, more: Sequence[Sheet] = ()) -> bytes:
    """The report as a workbook; the same report gives the same bytes."""
    with workbook(f"周报 {week.friday}", week.end) as writing:
        _sheet(writing, "办件", week, _CASES, [
            (
                names.place(line.region), names.measure(line.measure), line.unit, line.received,
                line.approved, line.refused, line.paid, Yuan(line.paid_fen),
                line.taken_back, Yuan(line.taken_back_fen), line.overdue,
            )
            for line in report.cases
        ])  # fmt: skip
        _sheet(writing, "求助", week, _REQUESTS, [
            (
                names.place(line.region), line.unit, TITLES[Category(line.category)],
                line.opened, line.settled, line.overdue,
            )
            for line in report.requests
        ])  # fmt: skip
        _sheet(writing, "没答上来的问题", week, _DECLINES, [
            (
                names.place(line.place), names.topic(line.topic),
                names.reasons.get(line.reason, line.reason), line.questions,
            )
            for line in report.declines
        ])  # fmt: skip
        for sheet in more:
            _sheet(writing, sheet.name, week, sheet.columns, sheet.rows)
    return writing.written.getvalue()


def _sheet(
    writing: Writing,
    name: str,
    week: Week,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    book = writing.book
    text, head = book.add_format({"num_format": "@"}), book.add_format({"bold": True})
    number, yuan = book.add_format({"num_format": "0"}), book.add_format({"num_format": "0.00"})
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, _HEAD, head)
    sheet.write_string(1, 0, f"截至{week.friday.isoformat()}（星期五）16时的一周", text)
    for place, column in enumerate(columns):
        sheet.write_string(3, place, column, head)
    for line, row in enumerate(rows, start=4):
        for place, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(line, place, cell, text)
            elif isinstance(cell, Yuan):
                # Fifteen digits are exact in a spreadsheet; more would be rounded: then as text.
                if cell.fen < 10**15:
                    sheet.write_number(line, place, cell.fen / 100, yuan)
                else:
                    sheet.write_string(line, place, money.yuan(cell.fen), text)
            else:
                sheet.write_number(line, place, cell, number)
    sheet.set_column(0, 2, 24)
    sheet.set_column(3, len(columns) - 1, 14)
    sheet.freeze_panes(4, 0)
