"""Officers at work: two for each decision, each in their region, one winner of a race."""

import json
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import Session, col

from server.casework import cases, deciding, objecting, verifying
from server.casework.advancing import (
    CaseChanged,
    MoveRefused,
    ReasonMissing,
    advance,
    by_officer,
)
from server.casework.cases import CaseUnknown, Wanted
from server.casework.deciding import (
    AskedForNothing,
    Item,
    ItemsMissing,
    NotRecommended,
    SumOutOfRange,
)
from server.casework.moves import ASKED_FOR_AT_MOST, MOVES, Move, State
from server.casework.officers import NotAllowed, Officer, Role, SecondOfficerNeeded
from server.casework.tables import Case, CaseEvent
from server.clock import china_day
from server.database.tables import AuditEntry, Notice
from tests import casework
from tests.overlapping import twice_at_once
from tests.server.casework.conftest import House
from tests.verifying import size


def prepared(house: House, clerk: Officer, decision: Move = Move.APPROVE) -> str:
    """A case that awaits its decision."""
    case_id = house.submit(house.worker())
    house.do(clerk, case_id, deciding.take)
    house.do(clerk, case_id, deciding.recommend, decision, reason="材料齐全，条件符合")
    return case_id


def test_a_case_is_taken_recommended_and_approved(
    house: House, clerk: Officer, chief: Officer
) -> None:
    case_id = prepared(house, clerk)
    approved = house.do(chief, case_id, deciding.approve)
    assert (approved.state, approved.version) == (State.APPROVED, 4)
    assert (approved.author_id, approved.approver_id) == (clerk.id, chief.id)
    with house.database.read() as session:
        own = house.keys.safe_of(approved.worker_id)
        happened = cases.history(session, approved, own)
        notices = session.scalars(select(Notice).where(col(Notice.kind) == "reviewed")).all()
        told = col(AuditEntry.reason), col(AuditEntry.action), col(AuditEntry.fields)
        audited = session.execute(
            select(*told).where(col(AuditEntry.row) == case_id).order_by(col(AuditEntry.id))
        ).all()
    assert [each.event.move for each in happened] == ["submit", "take", "recommend", "approve"]
    assert [each.event.version for each in happened] == [1, 2, 3, 4]
    assert happened[2].reason == "材料齐全，条件符合"
    assert [notice.key for notice in notices] == [f"case {case_id} 4"]
    assert [tuple(row) for row in audited] == [
        ("submit", "created", "facts,person"),
        ("take", "changed", "state,assigned_to"),
        ("recommend", "changed", "state,author_id,recommended,amount_fen"),
        ("approve", "decided", "state,approver_id,decided_at"),
    ]


def test_a_notice_names_the_measure_and_the_case(
    house: House, clerk: Officer, chief: Officer
) -> None:
    case_id = prepared(house, clerk)
    house.do(chief, case_id, deciding.approve)
    with house.database.read() as session:
        notice = session.scalars(select(Notice)).one()
    told = json.loads(house.safe.unseal(notice.sealed or "", f"notice.sealed:{notice.id}"))
    values = {name: each["value"] for name, each in told["data"].items()}
    assert values["thing1"] == "失业保险金"
    assert values["phrase2"] == "审核通过"
    assert told["page"].endswith(case_id)


def test_whoever_recommends_does_not_decide(house: House) -> None:
    both = house.officer(Role.CASE_OFFICER, Role.APPROVER)
    case_id = prepared(house, both)
    for decide in (deciding.approve, deciding.refuse):
        with pytest.raises(SecondOfficerNeeded):
            house.do(both, case_id, decide, reason="x")
    assert house.case(case_id).state == State.IN_REVIEW


def test_nothing_is_decided_that_nobody_recommended(
    house: House, clerk: Officer, chief: Officer
) -> None:
    case_id = house.submit(house.worker())
    house.do(clerk, case_id, deciding.take)
    with pytest.raises(NotRecommended):
        house.do(chief, case_id, deciding.approve)
    house.do(clerk, case_id, deciding.recommend, Move.REFUSE, reason="没缴满")
    with pytest.raises(NotRecommended):
        house.do(chief, case_id, deciding.approve)
    house.do(chief, case_id, deciding.send_back, reason="请再核实缴费月数")
    assert house.case(case_id).author_id is None


def test_a_refusal_needs_words_for_the_worker(house: House, clerk: Officer, chief: Officer) -> None:
    case_id = prepared(house, clerk, Move.REFUSE)
    with pytest.raises(ReasonMissing):
        house.do(chief, case_id, deciding.refuse, reason="  ")
    assert house.do(chief, case_id, deciding.refuse, reason="没缴满一年").state == State.REFUSED


@pytest.mark.parametrize("database_url", ["postgres_url"], indirect=True)
def test_what_the_second_officer_decides_on_is_not_changed_by_who_looked_before(
    house: House, clerk: Officer
) -> None:
    case_id = house.submit(house.worker())
    before = house.do(clerk, case_id, deciding.take).sealed_facts
    with house.database.begin() as session:
        case = session.get_one(Case, case_id)
        house.do(clerk, case_id, deciding.recommend, Move.APPROVE, reason="符合")
        desk = house.desk(clerk, case.worker_id)
        with pytest.raises(CaseChanged):
            verifying.note_seen(session, desk, case, set(casework.ELIGIBLE))
    with house.database.read() as session:
        assert session.get_one(Case, case_id).sealed_facts == before


def test_what_was_recommended_before_more_was_asked_for_is_recommended_no_longer(
    house: House, clerk: Officer, chief: Officer
) -> None:
    case_id = house.submit(house.worker())
    house.do(clerk, case_id, deciding.take)
    house.do(clerk, case_id, deciding.recommend, Move.APPROVE, reason="符合", amount_fen=100)
    item = Item("labour_contract", "没有拍全")
    asked = house.do(clerk, case_id, deciding.request_material, [item], reason="请补", days=3)
    assert (asked.author_id, asked.recommended, asked.amount_fen) == (None, None, None)
    house.do(clerk, case_id, deciding.go_on)
    with pytest.raises(NotRecommended):
        house.do(chief, case_id, deciding.approve)
    # Who reads what came in can note it.
    with house.database.begin() as session:
        case = session.get_one(Case, case_id)
        verifying.note_seen(session, house.desk(clerk, case.worker_id), case, {"seeking_work"})


@pytest.mark.parametrize("sum_fen", [0, -1, 2_000_000_001])
def test_a_sum_out_of_all_proportion_is_refused(house: House, clerk: Officer, sum_fen: int) -> None:
    case_id = house.submit(house.worker())
    house.do(clerk, case_id, deciding.take)
    with pytest.raises(SumOutOfRange):
        house.do(clerk, case_id, deciding.recommend, Move.APPROVE, reason="x", amount_fen=sum_fen)


def test_a_stale_version_is_told_what_happened(
    house: House, clerk: Officer, chief: Officer
) -> None:
    case_id = prepared(house, clerk)
    house.do(chief, case_id, deciding.approve)
    with pytest.raises(CaseChanged) as told:
        house.do(chief, case_id, deciding.refuse, version=3, reason="x")
    assert [(e.move, e.officer_id) for e in told.value.happened] == [("approve", chief.id)]


def test_a_move_out_of_place_is_refused(house: House, clerk: Officer) -> None:
    case_id = house.submit(house.worker())
    house.do(clerk, case_id, deciding.take)
    with pytest.raises(MoveRefused):
        house.do(clerk, case_id, deciding.take)


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.CASE_OFFICER])
def test_only_a_case_officer_takes_a_case(house: House, role: Role) -> None:
    case_id = house.submit(house.worker())
    with pytest.raises(NotAllowed):
        house.do(house.officer(role), case_id, deciding.take)
    assert house.case(case_id).state == State.SUBMITTED


def test_nobody_decides_in_another_region_or_without_any(house: House, clerk: Officer) -> None:
    case_id = prepared(house, clerk)
    for where in (("锦州",), ()):
        stranger = house.officer(Role.APPROVER, where=where)
        with pytest.raises(NotAllowed):
            house.do(stranger, case_id, deciding.approve)


def test_lists_and_counts_show_the_officers_regions_only(house: House, clerk: Officer) -> None:
    here = house.submit(house.worker())
    there = house.submit(house.worker(), "jinzhou-7a")
    regions = house.library.regions
    nowhere = house.officer(Role.CASE_OFFICER, where=())
    everywhere = house.officer(Role.AUDITOR, where=("石狮", "锦州"))
    with house.database.read() as session:
        assert [c.id for c in cases.listed(session, clerk, regions)] == [here]
        assert cases.counted(session, clerk, regions) == {State.SUBMITTED: 1}
        assert cases.listed(session, nowhere, regions) == []
        assert cases.counted(session, nowhere, regions) == {}
        found = {case.id for case in cases.listed(session, everywhere, regions)}
        assert found == {here, there}
        with pytest.raises(CaseUnknown):
            cases.of_officer(session, there, clerk, regions)


def test_a_region_includes_what_lies_in_it(house: House) -> None:
    case_id = house.submit(house.worker())
    regions = house.library.regions
    above = regions.parents("石狮")
    assert above, "石狮 lies in nothing: this test needs a region above it"
    wide = house.officer(Role.CASE_OFFICER, where=(above[-1],))
    with house.database.read() as session:
        assert [c.id for c in cases.listed(session, wide, regions)] == [case_id]


def test_a_list_goes_on_after_its_last_case(house: House, clerk: Officer) -> None:
    made = {house.submit(house.worker()) for _ in range(5)}
    regions = house.library.regions
    with house.database.read() as session:
        first = cases.listed(session, clerk, regions, at_most=3)
        rest = cases.listed(session, clerk, regions, at_most=3, after=first[-1].id)
    assert [len(first), len(rest)] == [3, 2]
    assert {case.id for case in (*first, *rest)} == made


def test_what_is_due_before_today_is_overdue(house: House, clerk: Officer) -> None:
    case_id = house.submit(house.worker())
    due_on = house.case(case_id).due_on
    assert due_on is not None
    regions = house.library.regions
    with house.database.read() as session:
        on_the_day = cases.listed(session, clerk, regions, Wanted(overdue_on=due_on))
        day_after = Wanted(overdue_on=due_on + timedelta(days=1))
        assert on_the_day == []
        assert [c.id for c in cases.listed(session, clerk, regions, day_after)] == [case_id]


def test_what_stays_among_officers_gives_nobody_more_time(
    house: House, clerk: Officer, chief: Officer
) -> None:
    case_id = house.submit(house.worker())
    due_on = house.do(clerk, case_id, deciding.take).due_on
    house.now += timedelta(days=7)
    for who, act, *args in (
        (clerk, deciding.assign, house.officer(Role.CASE_OFFICER)),
        (clerk, deciding.recommend, Move.APPROVE),
        (chief, deciding.send_back),
    ):
        more = {} if act is deciding.assign else {"reason": "材料齐全"}
        assert house.do(who, case_id, act, *args, **more).due_on == due_on


def test_nobody_takes_back_somebody_elses_case(house: House) -> None:
    case_id, other = house.submit(house.worker()), house.worker()
    with pytest.raises(NotAllowed), house.database.begin() as session:
        case, own = session.get_one(Case, case_id), house.keys.safe_of(other)
        deciding.withdraw(session, own, house.post, case, worker_id=other, version=1, now=house.now)


def test_review_goes_on_when_nothing_came_in_time(house: House, clerk: Officer) -> None:
    case_id = house.submit(house.worker())
    house.do(clerk, case_id, deciding.take)
    item = Item("labour_contract", "没有拍全")
    asked = house.do(clerk, case_id, deciding.request_material, [item], reason="请补材料", days=3)
    assert asked.due_on is not None
    late = house.now + (asked.due_on - china_day(house.now))
    for now, moved in ((late, 0), (late + timedelta(days=1), 1)):
        with house.database.begin() as session:
            done = deciding.go_on_overdue(session, house.safe, house.post, only=case_id, now=now)
        assert done == moved
    assert house.case(case_id).state == State.IN_REVIEW


def test_an_objection_goes_to_somebody_who_had_no_part(
    house: House, clerk: Officer, chief: Officer
) -> None:
    case_id = prepared(house, clerk, Move.REFUSE)
    refused = house.do(chief, case_id, deciding.refuse, reason="没缴满一年")
    assert refused.assigned_to == clerk.id
    file_objection(house, refused)
    assert house.case(case_id).assigned_to is None
    for had_part in (chief, house.officer(Role.APPROVER)):
        if had_part is chief:
            with pytest.raises(SecondOfficerNeeded):
                house.do(had_part, case_id, objecting.uphold, reason="算错了")
        else:
            upheld = house.do(had_part, case_id, objecting.uphold, reason="算错了")
            assert (upheld.state, upheld.recommended) == (State.IN_REVIEW, None)
            assert (upheld.approver_id, upheld.decided_at) == (None, None)
    with house.database.read() as session:
        found = cases.objections_of(session, case_id)
    assert [(each.decision, each.outcome) for each in found] == [(4, "upheld")]


def test_who_had_any_part_in_a_case_decides_no_objection_in_it(house: House) -> None:
    """Also who recommended what was returned, who returned it, and who refused it before."""
    first, second, third = (house.officer(Role.CASE_OFFICER, Role.APPROVER) for _ in range(3))
    returned, refused, refused_again = (house.officer(Role.APPROVER) for _ in range(3))
    case_id = house.submit(house.worker())
    house.do(first, case_id, deciding.take)
    house.do(first, case_id, deciding.recommend, Move.REFUSE, reason="没缴满一年")
    house.do(returned, case_id, deciding.send_back, reason="写清楚缴了几个月")
    house.do(second, case_id, deciding.recommend, Move.REFUSE, reason="只缴了九个月")
    file_objection(house, house.do(refused, case_id, deciding.refuse, reason="没缴满一年"))
    had_part = [first, returned, second, refused]
    for each in had_part:
        for decide in (objecting.uphold, objecting.dismiss):
            with pytest.raises(SecondOfficerNeeded):
                house.do(each, case_id, decide, reason="维持")
    upholder = house.officer(Role.APPROVER)
    house.do(upholder, case_id, objecting.uphold, reason="再看")
    house.do(third, case_id, deciding.recommend, Move.REFUSE, reason="只缴了九个月")
    file_objection(house, house.do(refused_again, case_id, deciding.refuse, reason="没缴满一年"))
    for each in [*had_part, third, refused_again]:
        with pytest.raises(SecondOfficerNeeded):
            house.do(each, case_id, objecting.dismiss, reason="维持")
    other = house.officer(Role.APPROVER)
    assert house.do(other, case_id, objecting.dismiss, reason="维持").state == State.CLOSED
    with house.database.read() as session:
        settled = [(o.outcome, o.officer_id) for o in cases.objections_of(session, case_id)]
    assert settled == [("upheld", upholder.id), ("dismissed", other.id)]


def test_a_dismissed_objection_closes_the_case(
    house: House, clerk: Officer, chief: Officer
) -> None:
    case_id = prepared(house, clerk, Move.REFUSE)
    refused = house.do(chief, case_id, deciding.refuse, reason="没缴满一年")
    file_objection(house, refused)
    other = house.officer(Role.APPROVER)
    closed = house.do(other, case_id, objecting.dismiss, reason="经复核，缴费9个月")
    assert closed.state == State.CLOSED


def test_a_refusal_that_nobody_objects_to_is_closed_in_time(
    house: House, clerk: Officer, chief: Officer
) -> None:
    case_id = prepared(house, clerk, Move.REFUSE)
    house.do(chief, case_id, deciding.refuse, reason="没缴满一年")
    for days, closed in ((60, 0), (62, 1)):
        now = house.now + timedelta(days=days)
        with house.database.begin() as session:
            done = objecting.close_final(session, house.safe, house.post, only=case_id, now=now)
            assert done == closed


def test_sixty_days_that_end_in_a_holiday_end_on_the_next_working_day(
    house: House, clerk: Officer, chief: Officer
) -> None:
    # The sixtieth day is 2 October 2026; offices open again on the 8th.
    house.now = datetime(2026, 8, 3, 2, tzinfo=UTC)
    case_id = prepared(house, clerk, Move.REFUSE)
    refused = house.do(chief, case_id, deciding.refuse, reason="没缴满一年")
    assert objecting.last_day(refused) == date(2026, 10, 8)

    def closed(now: datetime) -> list[int]:
        with house.database.begin() as session:
            ids = [*objecting.final(session, now=now), case_id]
            return [
                objecting.close_final(session, house.safe, house.post, only=id, now=now)
                for id in ids
            ]

    last_minute = datetime(2026, 10, 8, 15, 59, tzinfo=UTC)
    assert closed(last_minute) == [0]
    with house.database.begin() as session:
        objecting.file(
            session,
            house.keys.safe_of(refused.worker_id),
            house.post,
            session.get_one(Case, case_id),
            worker_id=refused.worker_id,
            version=refused.version,
            words="我缴满了",
            now=last_minute,
        )
        session.rollback()
    assert closed(last_minute + timedelta(minutes=1)) == [1, 0]


@pytest.mark.parametrize(
    ("which", "job"),
    [
        (deciding.overdue, deciding.go_on_overdue),
        (objecting.final, objecting.close_final),
    ],
)
def test_a_job_that_runs_twice_at_once_moves_each_case_once(
    house: House, clerk: Officer, chief: Officer, which: Any, job: Any
) -> None:
    asked = house.submit(house.worker())
    house.do(clerk, asked, deciding.take)
    item = Item("labour_contract", "没有拍全")
    house.do(clerk, asked, deciding.request_material, [item], reason="请补材料", days=3)
    refused = prepared(house, clerk, Move.REFUSE)
    house.do(chief, refused, deciding.refuse, reason="没缴满一年")
    later = house.now + timedelta(days=62)

    with house.database.read() as session:
        (case_id,) = which(session, now=later)

    def run(session: Session) -> int:
        moved: int = job(session, house.safe, house.post, only=case_id, now=later)
        return moved

    assert twice_at_once(house.database, run) == (1, 0)


def file_objection(house: House, case: Case) -> None:
    with house.database.begin() as session:
        objecting.file(
            session,
            house.keys.safe_of(case.worker_id),
            house.post,
            case,
            worker_id=case.worker_id,
            version=case.version,
            words="我缴满了一年",
            now=house.now,
        )


def races(house: House, clerk: Officer, rounds: int, decide: Any) -> list[tuple[int, int]]:
    """Two approvers decide at once, over and over: (decided, told that it had changed) each."""
    deciders = [house.officer(Role.APPROVER) for _ in range(2)]
    found = []
    for _ in range(rounds):
        case_id = prepared(house, clerk)
        version = house.case(case_id).version
        start = threading.Barrier(2)
        outcomes: list[str] = []

        def race(who: Officer, case_id: str, version: int, start: Any, outcomes: Any) -> None:
            start.wait()
            try:
                decide(house, who, case_id, version)
                outcomes.append("decided")
            except CaseChanged as changed:
                assert changed.happened
                outcomes.append("changed")

        threads = [
            threading.Thread(target=race, args=(who, case_id, version, start, outcomes))
            for who in deciders
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found.append((outcomes.count("decided"), outcomes.count("changed")))
        with house.database.read() as session:
            events = session.scalar(
                select(func.count()).where(
                    col(CaseEvent.case_id) == case_id, col(CaseEvent.move) == Move.APPROVE
                )
            )
        assert events == 1
    return found


def approve_at(house: House, who: Officer, case_id: str, version: int) -> None:
    house.do(who, case_id, deciding.approve, version=version)


@pytest.mark.fault
def test_of_two_who_decide_at_once_one_wins_and_the_other_sees_it(
    house: House, clerk: Officer, tell: Any
) -> None:
    rounds = size(5, 500)
    found = races(house, clerk, rounds, approve_at)
    tell("races of two approvers with one winner", found.count((1, 1)), rounds)
    assert found == [(1, 1)] * rounds


def test_without_the_version_both_would_believe_they_had_decided(
    house: House, clerk: Officer
) -> None:
    """The control: what is read first and written later, unguarded, has two winners."""

    def unguarded(house: House, who: Officer, case_id: str, version: int) -> None:
        case = house.case(case_id)
        assert case.state == State.IN_REVIEW
        barrier.wait()
        with house.database.begin() as session:
            row = session.get_one(Case, case_id)
            row.approver_id = who.id
            session.add(row)
        decided.append(who.id)

    barrier, decided = threading.Barrier(2), []
    case_id = prepared(house, clerk)
    threads = [
        threading.Thread(target=unguarded, args=(house, house.officer(Role.APPROVER), case_id, 3))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(decided) == 2


@pytest.mark.parametrize(
    ("kinds", "days"),
    [
        ([], 3),
        (["labour_contract"], 0),
        (["labour_contract"], ASKED_FOR_AT_MOST + 1),
        (["crystal_ball"], 3),
    ],
)
def test_a_request_names_what_there_is_and_a_time_for_it(
    house: House, clerk: Officer, kinds: list[str], days: int
) -> None:
    case_id = house.submit(house.worker())
    house.do(clerk, case_id, deciding.take)
    items = [Item(kind, "没有拍全") for kind in kinds]
    with pytest.raises(AskedForNothing):
        house.do(clerk, case_id, deciding.request_material, items, reason="请补材料", days=days)
    assert house.case(case_id).state == State.IN_REVIEW


def test_what_is_still_missing_of_what_was_asked_for_takes_words(
    house: House, clerk: Officer
) -> None:
    worker_id = house.worker()
    case_id, own = house.submit(worker_id), house.keys.safe_of(worker_id)
    house.do(clerk, case_id, deciding.take)
    items = [Item(kind, "没有拍全") for kind in ("labour_contract", "dismissal_notice")]
    house.do(clerk, case_id, deciding.request_material, items, reason="请补材料", days=3)

    def answer(words: str) -> Case:
        with house.database.begin() as session:
            case = session.get_one(Case, case_id)
            return deciding.answer(
                session, own, house.post, case, worker_id=worker_id, version=case.version,
                words=words, now=house.now,
            )  # fmt: skip

    with house.database.begin() as session:
        deciding.item_brought(session, case_id, "labour_contract", now=house.now)
    with pytest.raises(ItemsMissing) as missing:
        answer("  ")
    assert missing.value.items == ("dismissal_notice",)
    assert answer("单位已经关门了").state == State.IN_REVIEW


@pytest.mark.parametrize(("role", "where"), [(Role.AUDITOR, "石狮"), (Role.CASE_OFFICER, "锦州")])
def test_a_case_is_handed_to_a_case_officer_of_its_region_only(
    house: House, clerk: Officer, role: Role, where: str
) -> None:
    case_id = house.submit(house.worker())
    with pytest.raises(NotAllowed):
        house.do(clerk, case_id, deciding.assign, house.officer(role, where=(where,)))
    colleague = house.officer(Role.CASE_OFFICER)
    assert house.do(clerk, case_id, deciding.assign, colleague).assigned_to == colleague.id


def test_each_role_makes_the_moves_of_the_table_and_no_others(house: House) -> None:
    """Every move × every role, in the right region and in another: the table decides."""
    case_id = house.submit(house.worker())
    for role in Role:
        for where in ("石狮", "锦州"):
            who = house.officer(role, where=(where,))
            for move, rule in MOVES.items():
                stands = State.DRAFT if None in rule.from_ else min(filter(None, rule.from_))
                allowed = bool(rule.by & who.actors) and where == "石狮"
                assert tried(house, case_id, who, move, stands) is allowed, (role, where, move)
    assert house.case(case_id).version == 1


def tried(house: House, case_id: str, who: Officer, move: Move, stands: State) -> bool:
    """Whether an officer may make a move from a state; whatever comes of it is undone."""
    try:
        with house.database.begin() as session:
            case = session.get_one(Case, case_id)
            own = house.keys.safe_of(case.worker_id)
            case.state, case.amount_fen = stands, 50_000
            session.add(case)
            session.flush()
            advance(
                session,
                case,
                move,
                by=by_officer(who),
                version=case.version,
                own=own,
                post=house.post,
                reason="原因",
                told={"materials": "劳动合同", "until": "2026-03-09"},
                now=house.now,
            )
            raise Undone
    except NotAllowed:
        return False
    except Undone:
        return True


class Undone(Exception):
    """Nothing of it is to stay."""
