"""A week in numbers: from the events alone, so that a past week stays what it was."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from server import tallying
from server.casework import deciding, objecting, request_lists, service_requests, weekly_reports
from server.casework.moves import Move
from server.casework.officers import Officer, scope
from server.casework.request_tables import Category, RequestState
from server.casework.tables import Case
from server.casework.weekly_reports import CaseLine, DeclineLine, Week, WeekNotOver, week_of
from server.chat.conversations import (
    RecordedTurn,
    masked_json,
    new_conversation_id,
    record_within,
)
from server.clock import CHINA
from server.personal import erasing
from server.records.audit import Actor
from tests import casework, funding
from tests.funding import Office, said
from tests.plans import planned

FRIDAY = date(2026, 3, 6)
WEEK = Week(FRIDAY)
AFTER = datetime(2026, 3, 6, 8, 10, tzinfo=UTC)
"""16:10 in Shanghai, when the week is surely written."""


def report(office: Office, week: Week = WEEK, now: datetime | None = None) -> weekly_reports.Report:
    with office.database.read() as session:
        return weekly_reports.worked_out(session, office.library, week, now=now or week.end)


def only_case_line(office: Office, week: Week = WEEK) -> CaseLine:
    (line,) = report(office, week).cases
    return line


def refuse(office: Office, case_id: str) -> None:
    with office.database.read() as session:
        case = session.get_one(Case, case_id)
    own = office.keys.safe_of(case.worker_id)
    for who, act, more in (
        (office.author, deciding.recommend, {"move": Move.REFUSE, "reason": "不符合"}),
        (office.approver, deciding.refuse, {"reason": "不符合"}),
    ):
        with office.database.begin() as session:
            case = session.get_one(Case, case_id)
            desk = casework.desk(who, office.post, own, office.now)
            move = more.pop("move", None)
            args = [] if move is None else [move]
            act(session, desk, case, *args, version=case.version, **more)  # type: ignore[operator]


def ask(office: Office, *, region: str = "石狮", category: Category = Category.WAGES) -> Any:
    worker = casework.worker(office.database, office.safe, office.keys, now=office.now)
    with office.database.begin() as session:
        return service_requests.open_request(
            session,
            office.keys.safe_of(worker),
            office.library,
            worker_id=worker,
            category=category,
            region=region,
            measure=None,
            words="老板拖欠三个月工资",
            conversation=None,
            now=office.now,
        )


def decline(office: Office, reason: str, at: datetime | None = None, **more: Any) -> str:
    conversation = new_conversation_id()
    turn = RecordedTurn(
        conversation, at or office.now, "h5", "问", "decline", "没有写", reason=reason, **more
    )
    with office.database.begin() as session:
        record_within(session, turn, masked_json(None))
    return conversation


# -- the week -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "friday"),
    [
        ("2026-02-27T15:59:59.999999+08:00", date(2026, 2, 27)),
        ("2026-02-27T16:00:00+08:00", date(2026, 3, 6)),
        ("2026-02-28T00:00:00+08:00", date(2026, 3, 6)),
        ("2026-03-05T17:00:00+00:00", date(2026, 3, 6)),
        ("2026-03-06T07:59:59+00:00", date(2026, 3, 6)),
        ("2026-03-06T08:00:00+00:00", date(2026, 3, 13)),
    ],
)
def test_a_week_ends_on_friday_at_four_in_shanghai(at: str, friday: date) -> None:
    week = week_of(datetime.fromisoformat(at))
    assert week.friday == friday
    assert week.begin <= datetime.fromisoformat(at) < week.end


def test_weeks_leave_no_gap_and_never_overlap() -> None:
    week, after = Week(FRIDAY), Week(FRIDAY + timedelta(days=7))
    assert week.end == after.begin == datetime(2026, 3, 6, 16, 0, tzinfo=CHINA)
    with pytest.raises(ValueError, match="no Friday"):
        Week(date(2026, 3, 5))


# -- what is told -------------------------------------------------------------------------------


def test_cases_are_told_by_region_measure_and_unit(office: Office) -> None:
    fund = office.fund(10_000_00)
    office.approved()
    refuse(office, office.recommended())
    office.recommended()
    batch = office.released(fund)
    office.settle(batch, said(office.export(batch)))
    assert only_case_line(office) == CaseLine(
        "石狮", "shishi-4a", "市人社局", 3, approved=1, refused=1, paid=1, paid_fen=funding.SUM
    )
    assert (
        report(office, Week(FRIDAY + timedelta(days=7))).cases
        == (
            # Nobody decided the third; it was to be within ten working days.
        )
    )


def test_what_the_bank_takes_back_is_told_in_the_week_it_came_back(office: Office) -> None:
    """The week in which it was paid was handed in: it stays, and the sum over weeks is right."""
    fund = office.fund(10_000_00)
    case_id = office.approved()
    batch = office.released(fund)
    lines = office.export(batch)
    office.settle(batch, said(lines))
    before = report(office)
    office.now = WEEK.end + timedelta(hours=1)
    office.settle(batch, said(lines, {case_id: "退汇"}))
    again = office.released(fund, only={case_id})
    office.settle(again, said(office.export(again)))
    assert report(office) == before
    line = only_case_line(office, Week(FRIDAY + timedelta(days=7)))
    assert (line.paid, line.paid_fen) == (1, funding.SUM)
    assert (line.taken_back, line.taken_back_fen) == (1, funding.SUM)
    lines_of_both = [*before.cases, line]
    net = sum(each.paid_fen - each.taken_back_fen for each in lines_of_both)
    assert net == office.sums(fund)[2] == funding.SUM


def test_the_version_before_reads_what_is_kept_of_a_week_in_which_nothing_came_back(
    office: Office,
) -> None:
    """Whoever rolls back, or upgrades one server after the other, has both."""
    office.recommended()
    (line,) = json.loads(report(office).as_json())["cases"]
    assert not {"taken_back", "taken_back_fen"} & line.keys()


def test_a_report_is_read_back_as_it_was_kept(office: Office) -> None:
    """Also what this version kept, at first, of a week in which nothing came back."""
    office.recommended()
    told = report(office)
    kept = json.loads(told.as_json())
    for line in kept["cases"]:
        line["taken_back"] = line["taken_back_fen"] = 0
    assert weekly_reports.read(told.as_json()) == weekly_reports.read(json.dumps(kept)) == told
    (line,) = told.cases
    came_back = replace(told, cases=(replace(line, taken_back=1, taken_back_fen=funding.SUM),))
    assert weekly_reports.read(came_back.as_json()) == came_back


def test_what_stands_still_is_overdue_from_the_day_after_its_last(office: Office) -> None:
    office.recommended()
    # Taken on 1 March, with ten working days: until Friday, 13 March.
    assert only_case_line(office, Week(date(2026, 3, 6))).overdue == 0
    assert report(office, Week(date(2026, 3, 13))).cases == ()
    assert only_case_line(office, Week(date(2026, 3, 20))).overdue == 1


def reopen(office: Office, case_id: str) -> None:
    with office.database.begin() as session:
        case = session.get_one(Case, case_id)
        own = office.keys.safe_of(case.worker_id)
        desk = casework.desk(office.author, office.post, own, office.now)
        deciding.reopen(session, desk, case, version=case.version, reason="单位补缴了社保")


def grant_anew(office: Office, case_id: str, amount_fen: int | None) -> None:
    with office.database.begin() as session:
        case = session.get_one(Case, case_id)
        own = office.keys.safe_of(case.worker_id)
        desk = casework.desk(office.author, office.post, own, office.now)
        deciding.recommend(
            session, desk, case, Move.APPROVE, version=case.version, reason="按新的算",
            amount_fen=amount_fen,
        )  # fmt: skip
    office.approve(case_id)


@pytest.mark.parametrize(("before", "after"), [(funding.SUM, None), (None, funding.SUM)])
def test_what_was_overdue_in_a_past_week_is_it_whatever_is_granted_anew_later(
    office: Office, before: int | None, after: int | None
) -> None:
    """Money that nobody paid in time was late, also where it turns out that there is none."""
    office.fund(10_000_00)
    case_id = office.approved(before)
    weeks = [Week(FRIDAY + timedelta(days=7 * n)) for n in range(4)]
    office.now = weeks[-1].end + timedelta(hours=1)

    def told() -> list[str]:
        return [report(office, week, office.now).as_json() for week in weeks]

    as_it_was = told()
    assert sum(line.overdue for line in report(office, weeks[-1], office.now).cases) == bool(before)
    reopen(office, case_id)
    assert told() == as_it_was
    grant_anew(office, case_id, after)
    assert told() == as_it_was


def test_what_is_held_back_for_a_case_is_found_without_reading_the_whole_ledger(
    office: Office,
) -> None:
    office.fund(10_000_00)
    office.approved()
    with planned(office.database, "fund_entry.at < ", without=("seqscan",)) as plans:
        report(office, Week(FRIDAY + timedelta(days=28)))
    assert any("ix_fund_entry_case_id" in plan for plan in plans), plans


def test_a_grant_that_is_put_right_is_no_second_one_and_one_after_a_refusal_is(
    office: Office,
) -> None:
    office.fund(10_000_00)
    case_id = office.approved()
    reopen(office, case_id)
    grant_anew(office, case_id, 2 * funding.SUM)
    assert (only_case_line(office).approved, only_case_line(office).refused) == (1, 0)
    reopen(office, case_id)
    refuse(office, case_id)
    with office.database.begin() as session:
        case = session.get_one(Case, case_id)
        own = office.keys.safe_of(case.worker_id)
        objecting.file(
            session, own, office.post, case,
            worker_id=case.worker_id, version=case.version, words="没有找到工作", now=office.now,
        )  # fmt: skip
    with office.database.begin() as session:
        case = session.get_one(Case, case_id)
        desk = casework.desk(office.releaser, office.post, own, office.now)
        objecting.uphold(session, desk, case, version=case.version, reason="核实了")
    grant_anew(office, case_id, funding.SUM)
    assert (only_case_line(office).approved, only_case_line(office).refused) == (2, 1)


def test_what_is_due_before_a_friday_to_come_is_not_overdue_today(office: Office) -> None:
    office.recommended()
    # Its last day is Friday, 13 March; the week of the 20th has begun after it.
    week = Week(date(2026, 3, 20))
    on_its_last_day = datetime(2026, 3, 13, 9, tzinfo=UTC)
    assert report(office, week, now=on_its_last_day).cases == ()
    (line,) = report(office, week, now=on_its_last_day + timedelta(days=1)).cases
    assert line.overdue == 1


def test_requests_are_told_by_category_and_the_unit_they_were_with(office: Office) -> None:
    request, other = ask(office), ask(office, category=Category.ADVICE)
    own = office.keys.safe_of(request.worker_id)
    with office.database.begin() as session:
        request = service_requests.of_worker(session, request.id, request.worker_id)
        service_requests.forward(
            session, own, request, unit="市人社局", reason="归他们管", by=office.author,
            regions=office.library.regions, version=1, now=office.now + timedelta(days=1),
        )  # fmt: skip
    lines = {(line.unit, line.category): line for line in report(office).requests}
    assert lines["市总工会", "wages"].opened == 1
    assert lines["市总工会", "advice"].opened == 1
    # Two working days: overdue at the end of the week; the forwarded one has five.
    assert lines["市总工会", "advice"].overdue == 1
    next_week = {(x.unit, x.category): x for x in report(office, Week(date(2026, 3, 13))).requests}
    assert next_week["市人社局", "wages"].overdue == 1
    assert other.state == RequestState.OPEN


def test_what_the_bot_could_not_answer_is_told_by_place_and_topic(office: Office) -> None:
    decline(office, "not-stated:amount", region="石狮", measures=("shishi-4a",))
    decline(office, "not-in-this-place", region="石狮", rejected=("jinzhou-5a region 7.61",))
    decline(office, "outside:contract_dispute", region="石狮")
    decline(office, "place-not-covered:深圳")
    decline(office, "not-stated:amount", WEEK.end, region="石狮", measures=("shishi-4a",))
    found = report(office)
    topic = office.library.measures["shishi-4a"].topics[0]
    assert set(found.declines) == {
        DeclineLine("深圳", "", "place-not-covered", 1),
        DeclineLine("石狮", "contract_dispute", "outside", 1),
        DeclineLine("石狮", "insurance_deferral", "not-in-this-place", 1),
        DeclineLine("石狮", topic, "not-stated", 1),
    }
    seen = scope(office.author, office.library.regions)
    assert {line.place for line in found.within(seen).declines} == {"石狮"}
    assert len(found.within(seen, elsewhere=True).declines) == 4


def test_regions_are_respected(office: Office) -> None:
    office.recommended()
    ask(office)
    elsewhere = casework.officer(
        office.database, office.safe, office.library, where=("锦州",), now=office.now
    )
    nowhere = Officer(99, "无", frozenset(), frozenset())
    whole = report(office)
    assert whole.within(scope(office.author, office.library.regions)) == whole
    for who in (elsewhere, nowhere):
        found = whole.within(scope(who, office.library.regions))
        assert (found.cases, found.requests, found.declines) == ((), (), ())


# -- a past week stays what it was --------------------------------------------------------------


def everything_happens(office: Office, fund: Any) -> str:
    """Some of everything, all within the week; returns the case of somebody who goes on."""
    office.approved()
    case_id = office.recommended()
    refuse(office, office.recommended())
    batch = office.released(fund)
    office.settle(batch, said(office.export(batch)))
    ask(office, category=Category.ADVICE)
    decline(office, "not-stated:amount", region="石狮", measures=("shishi-4a",))
    return case_id


def test_a_past_week_is_the_same_whatever_happened_later(office: Office) -> None:
    fund = office.fund(100_000_00)
    case_id = everything_happens(office, fund)
    tallying.tally_due(office.database, office.library, now=AFTER)
    before = report(office, WEEK)
    later = report(office, Week(FRIDAY + timedelta(days=14)))
    assert before.cases and before.requests and before.declines
    assert later.cases[0].overdue == 1
    office.now = AFTER + timedelta(days=20)
    office.approve(case_id)
    everything_happens(office, fund)
    with office.database.read() as session:
        request = request_lists.listed(session, office.author, office.library.regions)[0]
        case = session.get_one(Case, case_id)
    with office.database.begin() as session:
        request = service_requests.of_worker(session, request.id, request.worker_id)
        service_requests.settle(
            session, office.keys.safe_of(request.worker_id), request, outcome="办好了",
            by=office.author, regions=office.library.regions, version=1, now=office.now,
        )  # fmt: skip
        # The worker is forgotten, and so are the turns.
        for worker in (case.worker_id, request.worker_id):
            erasing.erase(
                session, office.safe, worker_id=worker, by=Actor.job("test"), now=office.now
            )
        session.connection().exec_driver_sql("DELETE FROM turn")
    assert report(office, WEEK) == before
    assert report(office, WEEK).as_json() == before.as_json()
    assert report(office, Week(FRIDAY + timedelta(days=14))) == later
    # Not because nothing is told of what came later:
    assert report(office, week_of(office.now)).cases[0].approved == 2


def test_messages_are_counted_once_when_their_hour_is_over(office: Office) -> None:
    decline(office, "not-stated:amount", region="石狮", measures=("shishi-4a",))
    half_past = office.now
    assert tallying.tally_due(office.database, office.library, now=half_past) == 0
    an_hour = half_past + timedelta(minutes=40)
    assert tallying.tally_due(office.database, office.library, now=an_hour) == 1
    assert tallying.tally_due(office.database, office.library, now=an_hour) == 0
    # What comes late is not counted: an hour that was told stays as it was told.
    decline(office, "not-stated:amount", region="石狮", measures=("shishi-4a",))
    assert [line.questions for line in report(office).declines] == [1]


def test_a_clock_that_was_ahead_for_a_while_takes_no_message_from_the_count(
    office: Office,
) -> None:
    decline(office, "outside:stocks_lottery", region="石狮")
    ahead = office.now + timedelta(days=3)
    tallying.tally_due(office.database, office.library, now=ahead)
    decline(office, "outside:stocks_lottery", office.now + timedelta(hours=1), region="石狮")
    assert [line.questions for line in report(office).declines] == [2]
    later = office.now + timedelta(hours=4)
    assert tallying.tally_due(office.database, office.library, now=later) == 1
    with office.database.begin() as session:
        session.connection().exec_driver_sql("DELETE FROM turn")
    assert [line.questions for line in report(office).declines] == [2]


def test_what_is_not_counted_yet_is_counted_from_the_turns(office: Office) -> None:
    for hours in (0, 1, 5):
        at = office.now + timedelta(hours=hours)
        decline(office, "outside:stocks_lottery", at, region="石狮")
    whole = report(office)
    assert [line.questions for line in whole.declines] == [3]
    tallying.tally_due(office.database, office.library, now=office.now + timedelta(hours=3))
    assert report(office) == whole


def test_a_report_is_kept_once_the_week_is_over(office: Office) -> None:
    everything_happens(office, office.fund(100_000_00))
    with office.database.begin() as session, pytest.raises(WeekNotOver):
        weekly_reports.keep(session, office.library, WEEK, now=WEEK.end)
    with office.database.read() as session:
        assert weekly_reports.due(session, now=WEEK.end) == []
        assert weekly_reports.due(session, now=AFTER) == [WEEK]
        assert len(weekly_reports.due(session, now=AFTER + timedelta(days=21))) == 4
    before = report(office)
    with office.database.begin() as session:
        assert weekly_reports.keep(session, office.library, WEEK, now=AFTER)
        assert not weekly_reports.keep(session, office.library, WEEK, now=AFTER)
    with office.database.read() as session:
        row = weekly_reports.kept(session, WEEK)
        assert row is not None and row.sha256 == before.sha256
        assert weekly_reports.read(row.content) == before
        assert weekly_reports.due(session, now=AFTER) == []
