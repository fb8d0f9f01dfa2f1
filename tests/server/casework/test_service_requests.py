"""Requests for help: to a unit, in time, with what was said to the bot, to the worker's word."""

from datetime import date, timedelta

import pytest

from server.casework import request_lists, service_requests, weekly_reports
from server.casework.officers import NotAllowed, Officer, Role
from server.casework.request_lists import Wanted
from server.casework.request_tables import Category, RequestState, ServiceRequest, Voice
from server.casework.service_requests import (
    NotSettled,
    RequestChanged,
    RequestClosed,
    RequestUnknown,
    Said,
    TooManyOpenRequests,
)
from server.chat.conversations import (
    RecordedTurn,
    masked_json,
    new_conversation_id,
    record_within,
)
from server.personal import erasing
from server.personal.consents import ConsentMissing
from server.personal.people import recognise
from server.records import audit
from server.web.problems import problem_of
from tests.server.casework.conftest import House


def ask(
    house: House,
    worker_id: int,
    *,
    measure: str | None = None,
    conversation: str | None = None,
    category: Category = Category.WAGES,
) -> ServiceRequest:
    own = house.keys.safe_of(worker_id)
    with house.database.begin() as session:
        return service_requests.open_request(
            session,
            own,
            house.library,
            worker_id=worker_id,
            category=category,
            region="石狮",
            measure=None if measure is None else house.library.measures[measure],
            words="老板拖欠三个月工资",
            conversation=conversation,
            now=house.now,
        )


def said(house: House, request: ServiceRequest) -> list[tuple[Voice, str]]:
    own = house.keys.safe_of(request.worker_id)
    with house.database.read() as session:
        found: list[Said] = service_requests.dialogue(session, own, request.id)
    return [(each.voice, each.text) for each in found]


def talk(house: House, worker_id: int | None) -> str:
    conversation = new_conversation_id()
    turn = RecordedTurn(
        conversation_id=conversation,
        at=house.now,
        channel="mini_app",
        text="我的手机号13912345678，老板不发工资",
        kind="handoff",
        reply="可以打88712565。",
        worker_id=worker_id,
    )
    with house.database.begin() as session:
        record_within(session, turn, masked_json(None), frozenset({"88712565"}))
    return conversation


def test_it_goes_to_the_measures_unit_or_to_those_who_run_the_service_line(house: House) -> None:
    worker = house.worker()
    assert ask(house, worker, measure="shishi-4a").unit == "市人社局"
    assert ask(house, worker).unit == "市总工会"
    # What runs a place's line is its topic: 荔湾 calls its own 维权热线, not 服务专线.
    assert "区总工会" in service_requests.unit_of(house.library, "广州荔湾区", None)
    assert service_requests.unit_of(house.library, "锦州", None) == ""


def test_each_category_has_its_time(house: House) -> None:
    request = ask(house, house.worker(), category=Category.ADVICE)
    # Sunday, 1 March 2026: two working days later is Tuesday.
    assert request.due_on == date(2026, 3, 3)


def test_only_so_many_requests_of_somebody_are_open_at_once(house: House, clerk: Officer) -> None:
    worker, other = house.worker(), house.worker()
    made = [ask(house, worker) for _ in range(service_requests.MOST_OPEN)]
    with pytest.raises(TooManyOpenRequests) as refused:
        ask(house, worker)
    assert problem_of(refused.value).status == 409
    ask(house, other)
    settle(house, made[0], clerk, 1)
    ask(house, worker)


def test_the_talk_with_the_bot_comes_along_masked(house: House) -> None:
    worker = house.worker()
    request = ask(house, worker, conversation=talk(house, worker))
    assert said(house, request) == [
        (Voice.WORKER, "我的手机号［手机号］，老板不发工资"),
        (Voice.BOT, "可以打88712565。"),
        (Voice.WORKER, "老板拖欠三个月工资"),
    ]


def test_somebody_elses_talk_does_not(house: House) -> None:
    worker, other = house.worker(), house.worker()
    request = ask(house, worker, conversation=talk(house, other))
    assert said(house, request) == [(Voice.WORKER, "老板拖欠三个月工资")]


def test_it_only_comes_along_with_consent(house: House) -> None:
    with house.database.begin() as session:
        stranger = recognise(session, house.safe, issuer="app", subject="x", now=house.now)
    conversation = talk(house, stranger)
    with pytest.raises(ConsentMissing):
        ask(house, stranger, conversation=conversation)
    assert said(house, ask(house, stranger)) == [(Voice.WORKER, "老板拖欠三个月工资")]


def test_both_sides_write_until_it_is_settled_and_the_worker_has_the_last_word(
    house: House, clerk: Officer
) -> None:
    worker = house.worker()
    request = ask(house, worker)
    write(house, request, clerk, "请把考勤照片发来", 1)
    assert request.state == RequestState.ANSWERED
    write(house, request, worker, "发过去了", 2)
    assert request.state == RequestState.OPEN
    with pytest.raises(NotSettled):
        rate(house, request, 3)
    settle(house, request, clerk, 3)
    with pytest.raises(RequestClosed):
        write(house, request, worker, "还有", 4)
    rate(house, request, 4)
    assert (request.satisfied, request.state) == (5, RequestState.CLOSED)
    assert [voice for voice, _ in said(house, request)] == [
        Voice.WORKER,
        Voice.OFFICER,
        Voice.WORKER,
    ]
    own = house.keys.safe_of(worker)
    assert service_requests.outcome_of(own, request) == "工资已补发"


def test_who_writes_to_what_has_changed_is_told(house: House, clerk: Officer) -> None:
    request = ask(house, house.worker())
    write(house, request, clerk, "请把考勤照片发来", 1)
    with pytest.raises(RequestChanged):
        write(house, request, clerk, "请把合同发来", 1)


def test_officers_see_and_answer_their_region_only(house: House, clerk: Officer) -> None:
    request = ask(house, house.worker())
    regions = house.library.regions
    stranger = house.officer(Role.CASE_OFFICER, where=("锦州",))
    nowhere = house.officer(Role.CASE_OFFICER, where=())
    editor = house.officer(Role.EDITOR)
    with house.database.read() as session:
        listed = request_lists.listed(session, clerk, regions)
        assert [each.id for each in listed] == [request.id]
        assert request_lists.listed(session, stranger, regions) == []
        assert request_lists.listed(session, nowhere, regions) == []
        with pytest.raises(NotAllowed):
            request_lists.listed(session, editor, regions)
        with pytest.raises(RequestUnknown):
            service_requests.of_officer(session, request.id, stranger, regions)
    for who in (stranger, nowhere, editor):
        with pytest.raises(NotAllowed):
            write(house, request, who, "x", 1)


def test_what_nobody_answers_is_overdue(house: House, clerk: Officer) -> None:
    request = ask(house, house.worker(), category=Category.ADVICE)
    regions = house.library.regions
    with house.database.read() as session:
        for day, count in ((3, 0), (4, 1)):
            today = date(2026, 3, day)
            found = request_lists.listed(session, clerk, regions, Wanted(overdue_on=today))
            assert len(found) == count
    write(house, request, clerk, "在办", 1)
    with house.database.read() as session:
        overdue_on = date(2026, 3, 4)
        assert request_lists.listed(session, clerk, regions, Wanted(overdue_on=overdue_on)) == []


def test_of_who_is_erased_nothing_stays_overdue(house: House, clerk: Officer) -> None:
    worker = house.worker()
    settled, answered, _ = (ask(house, worker) for _ in range(3))
    other = ask(house, house.worker())
    settle(house, settled, clerk, 1)
    write(house, answered, clerk, "在办", 1)
    with house.database.begin() as session:
        service_requests.let_go(session, house.safe, worker_id=worker, now=house.now)
        by = audit.Actor.worker(worker)
        erasing.erase(session, house.safe, worker_id=worker, by=by, now=house.now)
    late = house.now + timedelta(days=60)
    with house.database.read() as session:
        waits = request_lists.listed(session, clerk, house.library.regions)
        assert [each.id for each in waits] == [other.id]
        week = weekly_reports.week_of(house.now)
        told = weekly_reports.worked_out(session, house.library, week, now=late).requests
        assert [(line.opened, line.settled) for line in told] == [(4, 1)]
        later = weekly_reports.week_of(late - timedelta(days=7))
        told = weekly_reports.worked_out(session, house.library, later, now=late).requests
        assert [line.overdue for line in told] == [1]


def write(
    house: House, request: ServiceRequest, by: Officer | int, words: str, version: int
) -> None:
    own = house.keys.safe_of(request.worker_id)
    with house.database.begin() as session:
        session.add(request)
        service_requests.write(
            session,
            own,
            request,
            words=words,
            by=by,
            regions=house.library.regions,
            version=version,
            now=house.now,
        )


def settle(house: House, request: ServiceRequest, by: Officer, version: int) -> None:
    own = house.keys.safe_of(request.worker_id)
    with house.database.begin() as session:
        session.add(request)
        service_requests.settle(
            session,
            own,
            request,
            outcome="工资已补发",
            by=by,
            regions=house.library.regions,
            version=version,
            now=house.now,
        )


def rate(house: House, request: ServiceRequest, version: int) -> None:
    own = house.keys.safe_of(request.worker_id)
    with house.database.begin() as session:
        session.add(request)
        service_requests.rate(
            session,
            own,
            request,
            worker_id=request.worker_id,
            satisfied=5,
            words="很快",
            version=version,
            now=house.now,
        )
