"""Vouchers to a group of the register: counted, confirmed by another, given once, to the fen."""

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, event, select
from sqlmodel import Session, col

from server import leaving
from server.casework import opting_out
from server.casework.funds import FundShort
from server.casework.officers import NotAllowed, Role, SecondOfficerNeeded
from server.casework.tables import Case
from server.casework.weekly_reports import week_of
from server.database.db import Database
from server.database.tables import AuditEntry, Notice
from server.notices import outbox
from server.notices.templates import NoticeKind
from server.personal import erasing, people
from server.records import audit
from server.records.audit import Action
from server.register import claiming
from server.register.hardship import Cause
from server.register.tables import Level
from server.vouchers import counting, issuing, rounds
from server.vouchers.choosing import Why
from server.vouchers.issuing import NotOpen
from server.vouchers.rounds import GroupElsewhere, GroupMoved, RoundChanged, RoundUnknown
from server.vouchers.tables import Issue, Round, RoundState
from tests import casework, citizens
from tests.overlapping import both_at_once
from tests.server.vouchers.conftest import SUM

if TYPE_CHECKING:
    from tests.server.vouchers.conftest import Town

Tell = Callable[[str, object, object], None]


# -- who gets one ---------------------------------------------------------------------------------


def test_who_signed_in_and_proved_to_be_of_the_register_gets_one(town: "Town") -> None:
    mine = [town.linked(1), town.linked(2)]
    town.nameless(3)
    chosen = town.chosen(town.market.issue())
    assert (chosen.workers, chosen.meant) == (sorted(mine), 3)
    assert chosen.counts == {"meant": 3, "gets": 2, "no_account": 1}


def _verified(town: "Town", worker: int, phone: str) -> None:
    at = town.market
    with at.database.begin() as session:
        people.verify_phone(session, at.safe, worker_id=worker, phone=phone, now=at.now)


@pytest.mark.parametrize("why", [
    Why.NO_ACCOUNT, Why.OTHER_NAME, Why.NO_PHONE, Why.PHONE_UNVERIFIED, Why.OTHER_PHONE,
    Why.NOT_OPENED,
])  # fmt: skip
def test_for_each_entry_without_an_account_it_is_said_why(town: "Town", why: Why) -> None:
    town.nameless(1, **({"phone": None} if why is Why.NO_PHONE else {}))
    if why is not Why.NO_ACCOUNT:
        named = {"name": citizens.name(2)} if why is Why.OTHER_NAME else {}
        account = town.account(1, **named)
        if why is not Why.PHONE_UNVERIFIED:
            _verified(town, account, citizens.phone(2 if why is Why.OTHER_PHONE else 1))
    assert town.chosen(town.market.issue()).counts == {"meant": 1, "gets": 0, why: 1}


def test_who_then_looks_at_their_entry_gets_one(town: "Town") -> None:
    town.nameless(1)
    account, at = town.account(1), town.market
    _verified(town, account, citizens.phone(1))
    claiming.claim(
        at.database, at.keys, at.safe, at.keys.safe_of(account), worker_id=account,
        along=lambda *_: None, now=at.now,
    )  # fmt: skip
    assert town.chosen(at.issue()).workers == [account]


def test_of_several_accounts_the_one_that_comes_closest_tells_why(town: "Town") -> None:
    town.nameless(1)
    town.account(1, name=citizens.name(2))
    _verified(town, town.account(1), citizens.phone(1))
    town.account(1)
    assert town.chosen(town.market.issue()).why == Counter({Why.NOT_OPENED: 1})


@pytest.mark.parametrize(
    ("group", "numbers"),
    [
        ({}, [1, 2, 3]),
        ({"level": Level.ABOVE_LINE}, [2]),
        ({"cause": Cause.JOB_LOSS}, [2, 3]),
        ({"level": Level.BELOW_LINE, "cause": Cause.JOB_LOSS}, [3]),
        ({"cause": Cause.ACCIDENT}, []),
    ],
)
def test_a_group_is_a_place_a_level_and_a_cause(
    town: "Town", group: dict[str, Any], numbers: list[int]
) -> None:
    lost = (Cause.ILLNESS, Cause.JOB_LOSS)
    workers = {
        1: town.linked(1),
        2: town.linked(2, level=Level.ABOVE_LINE, causes=lost),
        3: town.linked(3, causes=lost),
    }
    assert town.chosen(town.market.issue(), **group).workers == [workers[n] for n in numbers]


def test_who_stands_elsewhere_or_has_left_is_not_of_the_group(town: "Town") -> None:
    town.ledger.clerk = casework.officer(
        town.market.database, town.market.safe, town.market.library, Role.CASE_OFFICER,
        where=("石狮", "锦州"), now=town.market.now,
    )  # fmt: skip
    town.linked(1, region="锦州")
    assert town.chosen(town.market.issue()).meant == 0


def test_who_has_one_under_whatever_account_gets_no_second(town: "Town") -> None:
    issue, at = town.market.issue(), town.market
    mine = town.linked(1)
    at.give(issue, [at.approved(worker=mine)])
    # Whoever has one by a case is somebody of the register under another account.
    at.give(issue, [at.approved(worker=town.account(2))])
    town.linked(2, worker=at.worker())
    at.give(issue, [at.approved(worker=town.account(3))])
    town.nameless(3)
    assert town.chosen(issue).counts == {"meant": 3, "gets": 0, "has_one": 3}


def test_who_was_erased_and_is_entered_anew_has_one(town: "Town") -> None:
    issue, at = town.market.issue(), town.market
    worker = town.linked(1)
    town.go_on(town.confirmed(issue))
    with at.database.begin() as session:
        keys = leaving.leave(
            session, at.safe, worker_id=worker, by=audit.Actor.worker(worker),
            making_post=lambda: at.post, now=at.now,
        )  # fmt: skip
    at.keys.destroy(keys)
    town.linked(1)
    assert town.chosen(issue).counts == {"meant": 1, "gets": 0, "has_one": 1}


def test_who_wants_nothing_unasked_gets_none(town: "Town") -> None:
    mine, other, at = town.linked(1), town.linked(2), town.market
    with at.database.begin() as session:
        opting_out.opt_out(session, at.keys.safe_of(mine), worker_id=mine, now=at.now)
        opting_out.opt_out(
            session, at.keys.safe_of(other), worker_id=other, measure="shishi-7", now=at.now
        )
    chosen = town.chosen(at.issue())
    assert (chosen.workers, chosen.why) == ([other], Counter({Why.OPTED_OUT: 1}))


# -- from the proposal to the end -----------------------------------------------------------------


def test_a_round_gives_each_a_voucher_a_card_and_a_notice_and_the_fund_holds_the_sum_back(
    town: "Town", monkeypatch: pytest.MonkeyPatch
) -> None:
    at, issue = town.market, town.market.issue()
    workers = [town.linked(number) for number in range(5)]
    town.nameless(9)
    monkeypatch.setattr(rounds, "AT_ONCE", 2)
    made = town.proposed(issue)
    assert at.sums() == (0, 0) and town.holders(issue) == []
    town.confirm(made)
    assert at.sums() == (5 * SUM, 0)
    assert town.go_on(made, lots=1) == 2
    assert len(town.holders(issue)) == 2 and town.round(made).state == RoundState.GIVING
    assert town.go_on(made) == 3
    assert town.holders(issue) == sorted(workers) and at.sums() == (5 * SUM, 0)
    ended = town.round(made)
    assert (ended.state, ended.people, ended.given) == (RoundState.DONE, 5, 5)
    assert len(at.told(NoticeKind.VOUCHER)) == 5
    assert len(at.code(workers[0])) == 16
    with at.database.read() as session:
        rows = session.scalars(
            select(AuditEntry).where(col(AuditEntry.about).in_(("voucher_round", "voucher")))
        ).all()
    assert Counter((row.about, row.action) for row in rows) == {
        ("voucher_round", Action.CREATED): 1,
        ("voucher_round", Action.DECIDED): 1,
        ("voucher", Action.CREATED): 5,
    }
    # The same again finds that everybody has one.
    assert town.go_on(made) == 0
    again = town.confirmed(issue)
    assert (again.state, again.people) == (RoundState.DONE, 0)
    assert town.holders(issue) == sorted(workers) and at.sums() == (5 * SUM, 0)


@pytest.mark.parametrize(("given", "told"), [("00:20", "08:00"), ("14:00", "14:00")])
def test_who_gets_one_unasked_by_night_is_told_in_the_morning(
    town: "Town", given: str, told: str
) -> None:
    at, issue = town.market, town.market.issue()
    worker = town.linked(1)
    made = town.confirmed(issue)
    now, due = (datetime.fromisoformat(f"2026-03-03T{each}+08:00") for each in (given, told))
    town.go_on(made, now=now)
    assert town.holders(issue) == [worker]
    for instant, count in ((due - timedelta(seconds=1), 0), (due, 1)):
        with at.database.begin() as session:
            claimed = outbox.claim(session, at.safe, at_most=100, now=instant)
        assert len(claimed) == count


def test_another_officer_confirms_and_only_in_their_region(town: "Town") -> None:
    at, issue = town.market, town.market.issue()
    town.linked(1)

    def officer(*roles: Role, where: str = "石狮") -> Any:
        return casework.officer(
            at.database, at.safe, at.library, *roles, where=(where,), now=at.now
        )

    both = officer(Role.CASE_OFFICER, Role.APPROVER)
    made = town.proposed(issue, by=both)
    with pytest.raises(SecondOfficerNeeded):
        town.confirm(made, by=both)
    for other in (officer(Role.APPROVER, where="锦州"), at.clerk):
        with pytest.raises(NotAllowed):
            town.confirm(made, by=other)
    with pytest.raises(NotAllowed):
        town.proposed(issue, by=officer(Role.CASE_OFFICER, where="锦州"))
    with pytest.raises(NotAllowed):
        town.proposed(issue, by=at.approver)
    with at.database.read() as session, pytest.raises(RoundUnknown):
        rounds.of_officer(session, at.post, made.id, officer(Role.APPROVER, where="锦州"))
    with pytest.raises(GroupElsewhere):
        town.proposed(issue, region="锦州")
    assert at.sums() == (0, 0)


def test_who_is_confirmed_is_who_was_counted(town: "Town") -> None:
    issue = town.market.issue()
    town.linked(1)
    made = town.proposed(issue)
    town.linked(2)
    with pytest.raises(GroupMoved):
        town.confirm(made)
    at = town.market
    with at.database.begin() as session:
        rounds.recount(
            session, at.post, session.get_one(Round, made.id), town.chosen(issue), by=at.approver,
            version=1, now=at.now,
        )  # fmt: skip
    with pytest.raises(RoundChanged):
        town.confirm(town.round(made), version=1)
    town.confirm(town.round(made), version=2)
    # Whoever comes into the register now is not among them.
    town.linked(3)
    town.go_on(made)
    assert len(town.holders(issue)) == 2


def test_where_the_fund_is_short_nobody_gets_any(town: "Town") -> None:
    issue = town.market.issue(amount_fen=4_000_00)
    for number in range(3):
        town.linked(number)
    made = town.proposed(issue)
    with pytest.raises(FundShort):
        town.confirm(made)
    assert town.round(made).state == RoundState.PROPOSED
    assert town.go_on(made) == 0 and town.holders(issue) == []
    assert town.market.sums() == (0, 0)


def test_who_gets_one_otherwise_opts_out_or_is_erased_meanwhile_is_left_out_and_paid_back(
    town: "Town",
) -> None:
    at, issue = town.market, town.market.issue()
    rest, by_case, out, erased = [town.linked(number) for number in range(4)]
    made = town.confirmed(issue)
    at.give(issue, [at.approved(worker=by_case)])
    assert at.sums() == (5 * SUM, 0)
    with at.database.begin() as session:
        opting_out.opt_out(session, at.keys.safe_of(out), worker_id=out, now=at.now)
        by = audit.Actor.worker(erased)
        erasing.erase(session, at.safe, worker_id=erased, by=by, now=at.now)
    town.go_on(made)
    assert town.holders(issue) == sorted([rest, by_case])
    assert at.sums() == (2 * SUM, 0)
    assert (town.round(made).state, town.round(made).given) == (RoundState.DONE, 1)


def _leave(town: "Town", session: Session, worker: int) -> int:
    at = town.market
    leaving.leave(
        session, at.safe, worker_id=worker, by=audit.Actor.worker(worker),
        making_post=lambda: at.post, now=at.now,
    )  # fmt: skip
    return 0


def _told(town: "Town", worker: int) -> list[str]:
    with town.market.database.read() as session:
        mine = select(col(Notice.id)).where(col(Notice.worker_id) == worker)
        return list(session.scalars(mine))


@pytest.mark.parametrize("by_case", [True, False])
def test_who_leaves_while_they_are_given_one_is_not_told_of_it(town: "Town", by_case: bool) -> None:
    at, issue = town.market, town.market.issue()
    worker = town.linked(1)
    made, case = _given_soon(town, issue, worker, by_case)

    def give(session: Session) -> int:
        return _give(town, session, issue, made, case)

    done, _ = both_at_once(at.database, give, lambda session: _leave(town, session, worker))
    assert (done, town.holders(issue), _told(town, worker)) == (1, [worker], [])


@pytest.mark.parametrize("by_case", [True, False])
def test_who_is_leaving_gets_none_and_keeps_nobody_waiting(town: "Town", by_case: bool) -> None:
    at, issue = town.market, town.market.issue()
    worker = town.linked(1)
    made, case = _given_soon(town, issue, worker, by_case)

    def give(session: Session) -> int:
        return _give(town, session, issue, made, case)

    both_at_once(at.database, lambda session: _leave(town, session, worker), give)
    if made is not None:
        town.go_on(made)
        assert (town.round(made).state, town.round(made).given) == (RoundState.DONE, 0)
    assert (town.holders(issue), _told(town, worker)) == ([], [])
    assert at.sums() == (0, 0)


def _given_soon(
    town: "Town", issue: Issue, worker: int, by_case: bool
) -> tuple[Round | None, Case | None]:
    at = town.market
    if not by_case:
        return town.confirmed(issue), None
    case = at.approved(worker=worker)
    with at.database.begin() as session:
        session.execute(delete(Notice))
    return None, case


def _give(
    town: "Town", session: Session, issue: Issue, made: Round | None, case: Case | None
) -> int:
    at = town.market
    if made is not None:
        return rounds.give(session, at.post, made.id, now=at.now)
    assert case is not None
    kept = session.get_one(Issue, issue.id)
    return len(issuing.issue_to(session, at.post, kept, [case], by=at.clerk, now=at.now))


@pytest.mark.parametrize("how", ["stopped", "closed", "over"])
def test_a_round_that_ends_in_the_middle_gives_the_rest_back(
    town: "Town", how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, issue = town.market, town.market.issue()
    for number in range(3):
        town.linked(number)
    monkeypatch.setattr(rounds, "AT_ONCE", 1)
    made = town.confirmed(issue)
    town.go_on(made, lots=1)
    now = at.now
    with at.database.begin() as session:
        if how == "stopped":
            rounds.stop(
                session, at.post, session.get_one(Round, made.id), by=at.clerk, version=2,
                reason="发错了", now=now,
            )  # fmt: skip
        elif how == "closed":
            kept = session.get_one(Issue, issue.id)
            issuing.close(
                session, at.safe, kept, by=at.clerk, regions=at.regions, version=kept.version,
                now=now,
            )  # fmt: skip
        else:
            now += timedelta(days=30)
    assert town.go_on(made, now=now) == 0
    assert town.round(made).state == RoundState.STOPPED
    assert len(town.holders(issue)) == 1 and at.sums() == (SUM, 0)
    with at.database.begin() as session, pytest.raises(RoundChanged):
        rounds.stop(
            session, at.post, session.get_one(Round, made.id), by=at.clerk, version=2,
            reason="再停", now=now,
        )  # fmt: skip


def test_an_issue_that_is_not_open_has_no_rounds(town: "Town") -> None:
    at, issue = town.market, town.market.issue()
    town.linked(1)
    made = town.proposed(issue)
    with at.database.begin() as session:
        kept = session.get_one(Issue, issue.id)
        issuing.close(
            session, at.safe, kept, by=at.clerk, regions=at.regions, version=kept.version,
            now=at.now,
        )  # fmt: skip
    for act in (lambda: town.proposed(issue), lambda: town.confirm(made)):
        with pytest.raises(NotOpen):
            act()
    with at.database.begin() as session:
        rounds.refuse(
            session, at.post, session.get_one(Round, made.id), by=at.approver, version=1,
            reason="停发了", now=at.now,
        )  # fmt: skip
    assert town.round(made).state == RoundState.REFUSED and at.sums() == (0, 0)


def test_what_is_held_back_for_a_round_counts_as_left_until_it_goes_back(
    town: "Town", monkeypatch: pytest.MonkeyPatch
) -> None:
    at, issue = town.market, town.market.issue()
    for number in range(3):
        town.linked(number)
    monkeypatch.setattr(rounds, "AT_ONCE", 1)
    made = town.confirmed(issue)
    town.go_on(made, lots=1)

    def told() -> tuple[int, int]:
        with at.database.read() as session:
            (line,) = counting.issues(session, week_of(at.now), frozenset({"石狮"}))
        return line.issued, line.left_fen

    assert told() == (1, 3 * SUM)
    with at.database.begin() as session:
        rounds.stop(
            session, at.post, session.get_one(Round, made.id), by=at.clerk, version=2,
            reason="发错了", now=at.now,
        )  # fmt: skip
    assert told() == (1, SUM)


# -- under faults ---------------------------------------------------------------------------------


@pytest.mark.fault
def test_killed_anywhere_a_round_goes_on_and_gives_each_one_and_promises_each_sum_once(
    town: "Town", monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    issue = town.market.issue()
    workers = [town.linked(number) for number in range(5)]
    monkeypatch.setattr(rounds, "AT_ONCE", 2)
    made = town.confirmed(issue)
    kills = 0
    while _killed(town, made, at=3 * kills + 1):
        kills += 1
        assert town.market.sums() == (5 * SUM, 0)
        held = town.holders(issue)
        assert len(held) == len(set(held)) == town.round(made).given
    assert kills > 10
    assert town.holders(issue) == sorted(workers)
    assert town.round(made).state == RoundState.DONE and town.market.sums() == (5 * SUM, 0)
    assert len(town.market.told(NoticeKind.VOUCHER)) == 5
    tell("vouchers of a round that was killed", f"{len(workers)}, {kills} kills", "each once")


@pytest.mark.fault
def test_two_who_go_on_with_a_round_at_once_give_each_person_one(town: "Town") -> None:
    issue = town.market.issue()
    workers = [town.linked(number) for number in range(6)]
    made = town.confirmed(issue)
    cases = [town.market.approved(worker=worker) for worker in workers[:3]]
    fork = multiprocessing.get_context("fork")
    jobs = [fork.Process(target=_go_on, args=(town, made, 0)) for _ in range(2)]
    for job in jobs:
        job.start()
    # A third gives them vouchers for their cases.
    town.market.give(issue, cases)
    for job in jobs:
        job.join(60)
        assert job.exitcode == 0
    assert town.holders(issue) == sorted(workers)
    assert town.market.sums() == (6 * SUM, 0)


@pytest.mark.fault
def test_of_two_rounds_that_the_fund_has_not_enough_for_one_is_confirmed(town: "Town") -> None:
    first, second = (town.market.issue(amount_fen=3_000_00) for _ in range(2))
    for number in range(2):
        town.linked(number)
    fork = multiprocessing.get_context("fork")
    both = [
        fork.Process(target=_confirm, args=(town, town.proposed(issue)))
        for issue in (first, second)
    ]
    for each in both:
        each.start()
    for each in both:
        each.join(60)
    assert sorted(each.exitcode or 0 for each in both) == [0, 7]
    assert town.market.sums() == (6_000_00, 0)


def _killed(town: "Town", made: Round, *, at: int) -> bool:
    """Go on with a round in a child that dies at a step; whether it did."""
    child = multiprocessing.get_context("fork").Process(target=_go_on, args=(town, made, at))
    child.start()
    child.join(60)
    assert child.exitcode in (0, -signal.SIGKILL), child.exitcode
    return child.exitcode != 0


def _go_on(town: "Town", made: Round, at: int) -> None:
    database = _door(town)
    steps = 0

    def step(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == at:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(database.engine, moment, step)
    rounds.go_on(database, town.market.post, made.id, clock=lambda: town.market.now)
    os._exit(0)


def _confirm(town: "Town", made: Round) -> None:
    town.market.database = _door(town)
    try:
        town.confirm(made)
    except FundShort:
        os._exit(7)
    os._exit(0)


def _door(town: "Town") -> Database:
    return Database(town.market.database.engine.url.render_as_string(hide_password=False))
