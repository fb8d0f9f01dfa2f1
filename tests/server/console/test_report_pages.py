"""The weekly report and how things go, at the desk: charts with tables, workbooks, regions."""

import io
from datetime import date, timedelta
from typing import Any

from openpyxl import load_workbook

from server import tallying
from server.casework import insight, weekly_reports
from server.casework.insight import Scope, Span
from server.casework.officers import Role
from server.casework.weekly_reports import Week
from tests import funding
from tests.server.console.conftest import Desk, Staff, text_of
from tests.server.console.making import HOSTILE, asked, office, said

FRIDAY = date(2026, 3, 6)


def a_week(staff: Staff) -> None:
    """Something of everything."""
    at = office(staff)
    fund = at.fund(10_000_00)
    at.approved()
    batch = at.released(fund)
    at.settle(batch, funding.said(at.export(batch)))
    asked(staff)
    said(staff, "双色球开啥号", "decline", reason="outside:stocks_lottery")


def everywhere(staff: Staff) -> Desk:
    regions = staff.resources.serving.current().library.regions
    tops = tuple(region.id for region in regions if region.parent is None)
    return staff.desk(Role.AUDITOR, where=tops)


def test_a_week_is_shown_with_charts_and_the_same_in_tables(staff: Staff, clerk: Desk) -> None:
    a_week(staff)
    page = clerk.get(f"/reports/{FRIDAY}")
    told = text_of(page.text)
    assert "2026-02-27 16:00至2026-03-06 16:00" in told
    assert "还没有结束" in told
    assert "石狮市" in told and "市人社局" in told and "301.07元" in told
    assert "拖欠工资" in told
    assert page.text.count('role="img"') == 3
    assert str(FRIDAY) in clerk.get("/reports/").text


def test_the_workbook_says_the_same_exactly_and_is_inert(staff: Staff, clerk: Desk) -> None:
    a_week(staff)
    content = clerk.get(f"/reports/{FRIDAY}/workbook").data
    book = load_workbook(io.BytesIO(content))
    assert book.sheetnames == [
        "办件",
        "求助",
        "没答上来的问题",
        "欠薪",
        "券",
        "收券的商户",
        "困难职工台账",
        "招聘和活动",
        "群发",
        "结对帮扶",
    ]
    rows = list(book["办件"].iter_rows(min_row=5, values_only=True))
    assert rows == [
        ("石狮市", rows[0][1], "市人社局", 1, 1, 0, 1, 301.07, 0, 0, 0),
    ]
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)
    assert content == clerk.get(f"/reports/{FRIDAY}/workbook").data


def test_what_the_bank_took_back_stands_beside_what_was_paid(staff: Staff, clerk: Desk) -> None:
    at = office(staff)
    fund = at.fund(10_000_00)
    case, _ = at.approved(), at.approved(100_00)
    batch = at.released(fund)
    lines = at.export(batch)
    at.settle(batch, funding.said(lines))
    page = f"/reports/{FRIDAY}"
    assert "发放后被银行退回" not in text_of(clerk.get(page).text)
    at.settle(batch, funding.said(lines, {case: "退汇"}))
    told = text_of(clerk.get(page).text)
    assert "2 发放笔数，401.07元" in told and "1 发放后被银行退回，301.07元" in told
    assert "市人社局 2 2 0 2 401.07元 1 301.07元 0" in told
    book = load_workbook(io.BytesIO(clerk.get(f"{page}/workbook").data))
    (row,) = book["办件"].iter_rows(min_row=5, values_only=True)
    assert row[3:] == (2, 2, 0, 2, 401.07, 1, 301.07, 0)


def test_what_is_kept_is_shown_whatever_happens_later(
    staff: Staff, clerk: Desk, clock: Any
) -> None:
    a_week(staff)
    known = staff.resources
    library = known.serving.current().library
    after = Week(FRIDAY).end + timedelta(hours=1)
    tallying.tally_due(known.database, library, now=after)
    with known.database.begin() as session:
        weekly_reports.keep(session, library, Week(FRIDAY), now=after)
    clock.now = after
    clerk = staff.desk(Role.CASE_OFFICER)
    before = clerk.get(f"/reports/{FRIDAY}").text
    assert "存档" in text_of(before)
    staff.now = after - timedelta(days=3)
    a_week_later = staff.now
    asked(staff)
    assert a_week_later < Week(FRIDAY).end
    shown = clerk.get(f"/reports/{FRIDAY}").text
    assert text_of(shown) == text_of(before)


def test_each_sees_their_regions_and_questions_of_nowhere_only_who_sees_all(staff: Staff) -> None:
    a_week(staff)
    said(staff, "深圳的失业金", "decline", reason="place-not-covered:深圳", region=None)
    here, elsewhere = staff.desk(Role.AUDITOR), staff.desk(Role.AUDITOR, where=("锦州",))
    nowhere = staff.desk(Role.AUDITOR, where=())
    for desk, sees, sees_all in (
        (here, True, False), (elsewhere, False, False), (nowhere, False, False),
        (everywhere(staff), True, True),
    ):  # fmt: skip
        for path in (f"/reports/{FRIDAY}", "/insight/"):
            told = text_of(desk.get(path).text)
            assert ("深圳" in told) == sees_all, path
        told = text_of(desk.get(f"/reports/{FRIDAY}").text)
        assert ("市人社局" in told) == sees
        sheet = load_workbook(io.BytesIO(desk.get(f"/reports/{FRIDAY}/workbook").data))["办件"]
        assert (sheet.max_row > 4) == sees


def test_a_week_that_is_none_is_not_there(clerk: Desk) -> None:
    for week in ("2026-03-05", "2026-03-13", "x", "9999-12-31", "0001-01-05"):
        assert clerk.get(f"/reports/{week}").status_code == 404, week


# -- how things go ------------------------------------------------------------------------------


def test_only_what_several_asked_is_read_and_numbers_are_masked(staff: Staff, clerk: Desk) -> None:
    for _ in range(insight.SEVERAL):
        said(staff, "失业金怎么领", measures=("shishi-4a",))
        said(staff, HOSTILE)
    for _ in range(insight.SEVERAL - 1):
        said(staff, "我是王小明，厂里欠我钱")
    page = clerk.get("/insight/").text
    told = text_of(page)
    assert "失业金怎么领 3 3" in told
    assert "王小明" not in told
    assert HOSTILE not in page and "&lt;script&gt;" in page
    assert "失业保险金" in told


def test_one_person_who_asks_again_and_again_is_not_several(staff: Staff, clerk: Desk) -> None:
    from server.chat.conversations import (
        RecordedTurn,
        masked_json,
        new_conversation_id,
        record_within,
    )

    talk = new_conversation_id()
    with staff.resources.database.begin() as session:
        for second in range(9):
            at = staff.now + timedelta(seconds=second)
            turn = RecordedTurn(talk, at, "h5", "同一个人问的", "answer", "答复", region="石狮")
            record_within(session, turn, masked_json(None))
    assert "同一个人问的" not in clerk.get("/insight/").text


def test_kinds_are_told_by_day_and_city_and_self_checks_apart(staff: Staff, clerk: Desk) -> None:
    said(staff, "失业金怎么领", measures=("shishi-4a",))
    said(staff, "哪里", "clarify", reason="which-place")
    said(staff, "彩票", "decline", reason="outside:stocks_lottery")
    said(staff, "找人", "handoff", reason="care:person")
    said(staff, "", "clarify", reason="check-question")
    told = text_of(clerk.get("/insight/").text)
    assert "2026-03-01 1 1 1 1 1" in told
    assert "石狮市 1 1 1 1" in told


def test_a_finished_self_check_counts_what_it_missed_by_one_fact(staff: Staff, clerk: Desk) -> None:
    from tests.casework import ELIGIBLE

    short = {**ELIGIBLE, "unemployment_insurance_months": 3}
    client = staff.app.test_client()
    library = staff.resources.serving.current().library
    facts = dict.fromkeys(library.rules.facts_of(library.rules.of("石狮"))) | short
    reply = client.post("/api/v1/self-check", json={"region": "石狮", "facts": facts}).json
    assert reply["next"] is None
    unfinished = client.post("/api/v1/self-check", json={"region": "石狮", "facts": short}).json
    assert unfinished["next"] is not None
    with staff.resources.database.read() as session:
        found = insight.misses(
            session, Span(date(2026, 3, 1), date(2026, 3, 1)), Scope(frozenset({"石狮"}))
        )
        counting = "SELECT count(*) FROM conversation"
        talks = session.connection().exec_driver_sql(counting).scalar()
    by_measure = {(miss.measure, miss.fact, miss.lacking.value): n for miss, n in found.items()}
    assert by_measure[("shishi-4a", "unemployment_insurance_months", "failed")] == 1
    assert talks == 0
    told = text_of(clerk.get("/insight/").text)
    assert "不满足" in told


def test_the_time_until_a_decision_is_told_as_median_and_ninth_tenth(staff: Staff) -> None:
    at = office(staff)
    at.fund(100_000_00)
    begun = at.now
    for days in range(1, 11):
        at.now = begun
        case = at.recommended()
        at.now = begun + timedelta(days=days)
        at.approve(case)
    span = Span(date(2026, 3, 1), date(2026, 3, 31))
    with staff.resources.database.read() as session:
        whole, by_measure = insight.pace(session, span, Scope(frozenset({"石狮"})))
        nobody, _ = insight.pace(session, span, Scope(frozenset()))
    assert whole is not None and nobody is None
    assert (whole.decided, whole.median) == (10, 5.5)
    assert abs(whole.p90 - 9.1) < 1e-9
    assert by_measure == {"shishi-4a": whole}


def test_days_that_make_no_sense_show_the_last_thirty(clerk: Desk) -> None:
    for query in ("first=2026-03-05&last=2026-03-01", "first=x", "first=1900-01-01"):
        told = text_of(clerk.get(f"/insight/?{query}").text)
        assert "2026-01-31至2026-03-01" in told, query
