"""A grant that is wrong, or over, is looked at again: ended by two officers, or put right."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from server.casework import (
    cases,
    deciding,
    funds,
    near_duplicates,
    objecting,
    payment_batches,
    payment_results,
    payments,
)
from server.casework.advancing import CaseChanged, MoveRefused, ReasonMissing
from server.casework.deciding import NotRecommended, PaymentOnItsWay
from server.casework.fund_tables import EntryKind, Fund, FundEntry, Reservation
from server.casework.funds import FundShort
from server.casework.moves import Move, State
from server.casework.officers import NotAllowed, Officer, Role, SecondOfficerNeeded
from server.casework.payable import NotPayable
from server.casework.payment_results import Fault, ResultsRefused
from server.casework.reservations import PaidInPart
from server.casework.tables import Case, CaseEvent, Finding
from server.database.tables import AuditEntry, Notice
from tests import casework
from tests.funding import SUM, Office, said

_WHY = "单位补缴了社保，不符合四①"


def _do(
    office: Office, who: Officer, case_id: str, act: Callable[..., Case], *args: Any, **more: Any
) -> Case:
    with office.database.begin() as session:
        case = session.get_one(Case, case_id)
        desk = casework.desk(who, office.post, office.keys.safe_of(case.worker_id), office.now)
        return act(session, desk, case, *args, **{"version": case.version, **more})


def _reopen(office: Office, case_id: str, **more: Any) -> Case:
    return _do(office, office.author, case_id, deciding.reopen, **{"reason": _WHY, **more})


def _recommend(office: Office, case_id: str, amount_fen: int | None) -> Case:
    return _do(
        office, office.author, case_id, deciding.recommend, Move.APPROVE, reason="按新的算",
        amount_fen=amount_fen,
    )  # fmt: skip


def _end(office: Office, case_id: str) -> Case:
    """Two officers end a grant that is looked at again."""
    _do(office, office.author, case_id, deciding.recommend, Move.REFUSE, reason=_WHY)
    return _do(office, office.approver, case_id, deciding.refuse, reason=_WHY)


def _pay(office: Office, fund: Fund, instalment: int = 1) -> tuple[str, list[Any]]:
    batch = office.released(fund, instalment=instalment)
    lines = office.export(batch)
    office.settle(batch, said(lines))
    return batch, lines


def _object(office: Office, case_id: str) -> Case:
    with office.database.begin() as session:
        case = session.get_one(Case, case_id)
        return objecting.file(
            session, office.keys.safe_of(case.worker_id), office.post, case,
            worker_id=case.worker_id, version=case.version, words="我没有找到工作", now=office.now,
        )  # fmt: skip


def _withdraw(office: Office, case_id: str) -> Case:
    with office.database.begin() as session:
        case = session.get_one(Case, case_id)
        return deciding.withdraw(
            session, office.keys.safe_of(case.worker_id), office.post, case,
            worker_id=case.worker_id, version=case.version, now=office.now,
        )  # fmt: skip


def _offered(office: Office, case_id: str) -> list[Move]:
    with office.database.read() as session:
        return payments.moves_of_worker(session, session.get_one(Case, case_id))


def test_a_grant_that_is_wrong_is_ended_by_two_officers_and_the_fund_has_it_back(
    office: Office,
) -> None:
    fund = office.fund(10**9)
    case_id = office.approved()
    reopened = _reopen(office, case_id)
    assert (reopened.state, reopened.recommended, reopened.author_id) == ("in_review", None, None)
    # Nobody ends it alone, and until somebody has the money stays held back and is not paid.
    assert office.collect(fund).batch is None
    with pytest.raises(NotRecommended):
        _do(office, office.approver, case_id, deciding.refuse, reason=_WHY)
    both = casework.officer(
        office.database, office.safe, office.library, *(Role.CASE_OFFICER, Role.APPROVER),
        now=office.now,
    )  # fmt: skip
    _do(office, both, case_id, deciding.recommend, Move.REFUSE, reason=_WHY)
    with pytest.raises(SecondOfficerNeeded):
        _do(office, both, case_id, deciding.refuse, reason=_WHY)
    assert office.sums(fund) == (10**9, SUM, 0)
    ended = _do(office, office.approver, case_id, deciding.refuse, reason=_WHY)
    assert (ended.state, office.sums(fund)) == (State.REFUSED, (10**9, 0, 0))
    assert office.collect(fund).batch is None
    # Nobody has got anything of it: it can be promised anew.
    office.approved()


def test_what_was_paid_stays_paid_and_the_rest_goes_back_to_the_fen(office: Office) -> None:
    fund = office.fund(10**9)
    case_id = office.approved(instalments=3)
    _pay(office, fund)
    _reopen(office, case_id)
    assert _end(office, case_id).state == State.REFUSED
    assert office.sums(fund) == (10**9, 0, SUM // 3)
    with office.database.read() as session:
        kept = session.get_one(Reservation, case_id)
        assert (kept.paid_fen, kept.released_fen) == (SUM // 3, SUM - SUM // 3)
    assert office.collect(fund, instalment=2).batch is None


def test_state_event_notice_and_audit_of_looking_again_come_at_once(office: Office) -> None:
    office.fund(10**9)
    case_id = office.approved()
    before = _reopen(office, case_id)
    with office.database.read() as session:
        event = session.get_one(CaseEvent, (case_id, before.version))
        assert (event.move, event.state, event.officer_id) == (
            "reopen", "in_review", office.author.id,
        )  # fmt: skip
        assert event.due_on == before.due_on is not None
        key = f"case {case_id} {before.version}"
        assert session.scalar(select(func.count()).where(col(Notice.key) == key)) == 1
        told = session.scalars(
            select(col(AuditEntry.reason)).where(col(AuditEntry.row) == case_id)
        ).all()
    assert Move.REOPEN in told
    with office.database.read() as session:
        own = office.keys.safe_of(before.worker_id)
        assert cases.history(session, before, own)[-1].reason == _WHY


def test_it_takes_a_reason_the_version_and_a_case_officer_of_the_place(office: Office) -> None:
    office.fund(10**9)
    case_id = office.approved()
    with pytest.raises(ReasonMissing):
        _reopen(office, case_id, reason=" ")
    with pytest.raises(CaseChanged):
        _reopen(office, case_id, version=1)
    elsewhere = casework.officer(
        office.database, office.safe, office.library, Role.CASE_OFFICER, where=("锦州",),
        now=office.now,
    )  # fmt: skip
    for who in (office.approver, elsewhere):
        with pytest.raises(NotAllowed):
            _do(office, who, case_id, deciding.reopen, reason=_WHY)
    assert office.state(case_id) == State.APPROVED


def test_what_is_on_its_way_to_the_bank_is_not_looked_at_again(office: Office) -> None:
    fund = office.fund(10**9)
    case_id = office.approved(instalments=2)
    batch = office.collect(fund).batch
    assert batch is not None
    with pytest.raises(PaymentOnItsWay):
        _reopen(office, case_id)
    assert office.state(case_id) == State.PAYMENT_PENDING
    with office.database.begin() as session:
        payment_batches.cancel(session, office.at_the_till(office.cashier, batch.id), batch.id)
    released = office.released(fund)
    lines = office.export(released)
    with pytest.raises(PaymentOnItsWay):
        _reopen(office, case_id)
    office.settle(released, said(lines))
    assert _reopen(office, case_id).state == State.IN_REVIEW


def test_a_sum_with_a_zero_too_many_is_put_right(office: Office) -> None:
    fund, other = office.fund(10**9), office.fund(10**9, name="救灾资金")
    case_id = office.recommended(10 * SUM)
    office.approve(case_id, fund_id=fund.id)
    _reopen(office, case_id)
    _recommend(office, case_id, SUM)
    office.approve(case_id, fund_id=other.id, instalments=2)
    assert (office.sums(fund), office.sums(other)) == ((10**9, 0, 0), (10**9, SUM, 0))
    for instalment in (1, 2):
        _pay(office, other, instalment)
    assert (office.state(case_id), office.sums(other)) == (State.PAID, (10**9, 0, SUM))


def test_a_grant_that_turns_out_to_be_one_of_no_money_gives_it_back(office: Office) -> None:
    fund = office.fund(10**9)
    case_id = office.approved()
    _reopen(office, case_id)
    _recommend(office, case_id, None)
    office.approve(case_id)
    assert (office.state(case_id), office.sums(fund)) == (State.APPROVED, (10**9, 0, 0))
    _reopen(office, case_id)
    assert _end(office, case_id).state == State.REFUSED


@pytest.mark.parametrize("ended", [False, True])
def test_what_was_paid_in_part_goes_on_as_it_was_promised(office: Office, ended: bool) -> None:
    """Whether it was only looked at again, or ended, and the worker was right to object."""
    fund = office.fund(10**9)
    case_id = office.approved(instalments=3)
    _pay(office, fund)
    _reopen(office, case_id)
    if ended:
        _end(office, case_id)
        _object(office, case_id)
        _do(office, office.releaser, case_id, objecting.uphold, reason="核实了，没有找到工作")
        assert office.sums(fund) == (10**9, 0, SUM // 3)
    for amount in (SUM + 1, None):
        with pytest.raises(PaidInPart):
            _recommend(office, case_id, amount)
    _recommend(office, case_id, SUM)
    office.approve(case_id)
    assert office.sums(fund) == (10**9, SUM - SUM // 3, SUM // 3)
    for instalment in (2, 3):
        _pay(office, fund, instalment)
    assert (office.state(case_id), office.sums(fund)) == (State.PAID, (10**9, 0, SUM))


def test_what_others_were_promised_since_is_not_promised_anew(office: Office) -> None:
    fund = office.fund(SUM)
    case_id = office.approved(instalments=3)
    _pay(office, fund)
    _reopen(office, case_id)
    _end(office, case_id)
    office.approved(SUM - SUM // 3)
    _object(office, case_id)
    _do(office, office.releaser, case_id, objecting.uphold, reason="核实了，没有找到工作")
    _recommend(office, case_id, SUM)
    with pytest.raises(FundShort):
        office.approve(case_id)
    assert office.sums(fund) == (SUM, SUM - SUM // 3, SUM // 3)


def test_the_objection_goes_to_somebody_who_had_no_part_in_looking_again(office: Office) -> None:
    office.fund(10**9)
    case_id = office.approved()
    both = casework.officer(
        office.database, office.safe, office.library, Role.CASE_OFFICER, Role.APPROVER,
        now=office.now,
    )  # fmt: skip
    _do(office, both, case_id, deciding.reopen, reason=_WHY)
    ended = _end(office, case_id)
    last = objecting.last_day(ended)
    assert last is not None and (last - office.now.date()).days >= 60
    assert _object(office, case_id).state == State.OBJECTION
    for had_part in (both, office.approver):
        with pytest.raises(SecondOfficerNeeded):
            _do(office, had_part, case_id, objecting.dismiss, reason="维持")
    closed = _do(office, office.releaser, case_id, objecting.dismiss, reason="维持")
    assert closed.state == State.CLOSED


@pytest.mark.parametrize("paid", [False, True])
def test_a_grant_that_was_ended_unpaid_holds_up_nobody_elses(office: Office, paid: bool) -> None:
    fund = office.fund(10**9)
    first, second = (office.recommended(who=casework.person(n)) for n in (1, 2))
    office.approve(first, instalments=3)
    office.now += timedelta(hours=1)
    office.approve(second)
    if paid:
        _pay_first(office, fund, first)
    _share(office, first, second)
    held_up = {second: NotPayable.DUPLICATE}
    assert office.collect(fund, only={second}).left_out == held_up
    _reopen(office, first)
    # Until it is decided it may still be granted.
    assert office.collect(fund, only={second}).left_out == held_up
    _end(office, first)
    collected = office.collect(fund, only={second})
    # Of what was paid in part one person would get the same twice.
    assert collected.left_out == (held_up if paid else {})


@pytest.mark.parametrize("anew", [False, True])
def test_of_one_persons_two_grants_the_one_that_some_was_paid_of_goes_on(
    office: Office, anew: bool
) -> None:
    """Granted anew it was decided after the other: both would be paid, the first in part."""
    fund = office.fund(10**9)
    first, second = (office.recommended(who=casework.person(n)) for n in (1, 2))
    office.approve(first, instalments=3)
    office.now += timedelta(hours=1)
    office.approve(second)
    _pay_first(office, fund, first)
    if anew:
        office.now += timedelta(hours=1)
        _reopen(office, first)
        _recommend(office, first, SUM)
        office.approve(first)
    _share(office, first, second)
    assert office.collect(fund, only={second}).left_out == {second: NotPayable.DUPLICATE}
    assert office.collect(fund, instalment=2, only={first}).left_out == {}


def test_of_one_persons_two_grants_the_first_waits_where_the_second_is_with_the_bank(
    office: Office,
) -> None:
    fund = office.fund(10**9)
    first, second = (office.recommended(who=casework.person(n)) for n in (1, 2))
    office.approve(first)
    office.now += timedelta(hours=1)
    office.approve(second, instalments=3)
    batch = office.released(fund, only={second})
    lines = office.export(batch)
    _share(office, first, second)
    assert office.collect(fund, only={first}).left_out == {first: NotPayable.DUPLICATE}
    office.settle(batch, said(lines))
    assert office.collect(fund, only={first}).left_out == {first: NotPayable.DUPLICATE}
    assert office.collect(fund, instalment=2, only={second}).left_out == {}


def _pay_first(office: Office, fund: Fund, case_id: str) -> None:
    batch = office.released(fund, only={case_id})
    office.settle(batch, said(office.export(batch)))


def _share(office: Office, first: str, second: str) -> None:
    """Somebody finds that the two are one person."""
    with office.database.begin() as session:
        one, two = (session.get_one(Case, each).worker_id for each in (first, second))
        pair = near_duplicates.NearDuplicate(
            worker_id=min(one, two), other_id=max(one, two), shared="bank_card",
            found_at=office.now, finding=Finding.SAME, version=1,
        )  # fmt: skip
        session.add(pair)


def test_a_worker_takes_back_what_is_looked_at_again_unless_some_of_it_was_paid(
    office: Office,
) -> None:
    fund = office.fund(10**9)
    paid = office.approved(instalments=2)
    _pay(office, fund)
    unpaid = office.approved()
    for each in (paid, unpaid):
        _reopen(office, each)
    assert Move.WITHDRAW in _offered(office, unpaid) and Move.WITHDRAW not in _offered(office, paid)
    with pytest.raises(MoveRefused):
        _withdraw(office, paid)
    assert _withdraw(office, unpaid).state == State.WITHDRAWN
    _end(office, paid)
    assert _object(office, paid).state == State.OBJECTION
    assert Move.WITHDRAW not in _offered(office, paid)
    assert office.sums(fund) == (10**9, 0, SUM // 2)


def test_what_the_bank_takes_back_waits_until_it_was_looked_at_and_then_goes_by_hand(
    office: Office,
) -> None:
    fund = office.fund(10**9)
    case_id = office.approved(instalments=2)
    batch, lines = _pay(office, fund)
    till, failed = office.at_the_till(office.cashier, batch), said(lines, {case_id: "退汇"})

    def faults() -> list[Fault]:
        with pytest.raises(ResultsRefused) as refused, office.database.begin() as session:
            payment_results.settle(session, till, batch, failed)
        return [each.fault for each in refused.value.bad]

    _reopen(office, case_id)
    assert faults() == [Fault.LOOKED_AT_AGAIN]
    _end(office, case_id)
    assert faults() == [Fault.GIVEN_UP]
    office.now += timedelta(days=70)
    with office.database.begin() as session:
        objecting.close_final(session, office.safe, office.post, only=case_id, now=office.now)
    assert office.state(case_id) == State.CLOSED
    assert faults() == [Fault.GIVEN_UP]


def test_the_ledger_tells_what_was_held_back_given_back_and_held_back_anew(office: Office) -> None:
    fund = office.fund(10**9)
    case_id = office.approved(2 * SUM)
    _reopen(office, case_id)
    _recommend(office, case_id, SUM)
    office.approve(case_id)
    with office.database.read() as session:
        rows = session.execute(
            select(col(FundEntry.kind), col(FundEntry.amount_fen))
            .where(col(FundEntry.case_id) == case_id)
            .order_by(col(FundEntry.id))
        ).all()
        assert funds.sums(session, fund.id or 0).reserved_fen == SUM
    assert [tuple(row) for row in rows] == [
        (EntryKind.RESERVE, 2 * SUM), (EntryKind.RELEASE, 2 * SUM), (EntryKind.RESERVE, SUM),
    ]  # fmt: skip


def test_what_came_back_before_it_was_looked_at_again_still_waits_for_another_card(
    office: Office,
) -> None:
    fund = office.fund(10**9)
    case_id = office.approved()
    office.now += timedelta(hours=1)
    batch = office.released(fund)
    office.settle(batch, said(office.export(batch), {case_id: "账户已销户"}))
    assert office.collect(fund).left_out == {case_id: NotPayable.RETURNED}
    _reopen(office, case_id)
    _recommend(office, case_id, SUM)
    office.approve(case_id)
    assert office.collect(fund).left_out == {case_id: NotPayable.RETURNED}


def test_whose_grant_is_ended_is_told_that_and_whose_application_is_refused_that(
    office: Office,
) -> None:
    office.fund(10**9)
    ended, refused = office.approved(), office.recommended()
    _reopen(office, ended)
    _do(office, office.approver, refused, deciding.send_back, reason="再看")
    for case_id, result in ((ended, "撤销原结果"), (refused, "未通过")):
        case = _end(office, case_id)
        with office.database.read() as session:
            key = f"case {case_id} {case.version}"
            notice = session.scalars(select(Notice).where(col(Notice.key) == key)).one()
        told = office.safe.unseal(notice.sealed or "", f"notice.sealed:{notice.id}")
        assert json.loads(told)["data"]["phrase2"]["value"] == result
