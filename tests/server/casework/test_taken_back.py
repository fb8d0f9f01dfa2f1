"""What the bank reported as paid and takes back: the case is paid anew, and no fen is lost."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session, col

from server import leaving
from server.casework import cases, objecting, payable, payment_batches, payment_results, payments
from server.casework.fund_tables import (
    EntryKind,
    Fund,
    FundEntry,
    Payment,
    PaymentBatch,
    PaymentState,
    Reservation,
)
from server.casework.moves import Move, State
from server.casework.payable import NotPayable
from server.casework.payment_batches import Line
from server.casework.payment_results import Fault, ResultsRefused, Settled
from server.casework.tables import Case
from server.database.tables import AuditEntry, Notice, Profile
from server.personal import erasing, profiles
from server.records.audit import Actor
from tests.funding import SUM, Office, payments_of, said
from tests.overlapping import both_at_once

_OTHER_CARD = "6217000010001234567"
_WHY = "收款账户已销户，退汇"


def _paid(office: Office, fund: Fund, instalment: int = 1) -> tuple[str, list[Line]]:
    """A batch that the bank reports as paid, with its lines."""
    batch = office.released(fund, instalment=instalment)
    lines = office.export(batch)
    office.settle(batch, said(lines))
    office.now += timedelta(days=1)
    return batch, lines


def _take_back(office: Office, batch: str, lines: Sequence[Line], *cases: str) -> Settled:
    settled = office.settle(batch, said(lines, dict.fromkeys(cases, _WHY)))
    office.now += timedelta(hours=1)
    return settled


def _faults(office: Office, batch: str, lines: Sequence[Line], *cases: str) -> list[Fault]:
    """Why nothing of it is taken back; nothing is changed by it."""
    before = [office.state(case) for case in cases]
    with pytest.raises(ResultsRefused) as refused:
        _take_back(office, batch, lines, *cases)
    assert [office.state(case) for case in cases] == before
    return [each.fault for each in refused.value.bad]


def _states(office: Office, case_id: str) -> list[tuple[int, str]]:
    """The payments of a case: which instalment, and what became of it."""
    with office.database.read() as session:
        found = [(each.instalment, each.state) for each in payments_of(session, case_id)]
    return sorted(found)


def _give_card(office: Office, case_id: str, card: str = _OTHER_CARD) -> None:
    with office.database.begin() as session:
        worker = session.get_one(Case, case_id).worker_id
        own = office.keys.safe_of(worker)
        held = profiles.get(session, own, worker)
        person = held.person.model_copy(update={"bank_card": card})
        profiles.save(
            session, own, worker_id=worker, person=person, version=held.version,
            by=Actor.worker(worker), now=office.now,
        )  # fmt: skip


def _waits(office: Office, case_id: str) -> NotPayable | None:
    with office.database.read() as session:
        return payable.waits_for(session, session.get_one(Case, case_id))


def _waiting(office: Office, fund: Fund) -> dict[int, int]:
    with office.database.read() as session:
        return payments.waiting(session, office.post, office.cashier, fund.id or 0)


def _close(office: Office, case_id: str) -> None:
    """It is long decided: the job closes it."""
    office.now += timedelta(days=70)
    with office.database.begin() as session:
        done = objecting.close_final(
            session, office.safe, office.post, only=case_id, now=office.now
        )
    assert done == 1 and office.state(case_id) == State.CLOSED


def _order(office: Office, fund: Fund, instalment: int) -> str:
    batch = office.collect(fund, instalment=instalment).batch
    assert batch is not None
    return batch.id


def _cancel(office: Office, batch: str) -> None:
    with office.database.begin() as session:
        payment_batches.cancel(session, office.at_the_till(office.cashier, batch), batch)


def test_what_the_bank_takes_back_is_paid_anew(office: Office) -> None:
    fund = office.fund(10_000_00)
    case_id, stays = office.approved(), office.approved()
    batch, lines = _paid(office, fund)
    assert office.sums(fund) == (10_000_00, 0, 2 * SUM)

    settled = _take_back(office, batch, lines, case_id)
    (payment,) = [line.payment_id for line in lines if line.case_id == case_id]
    assert settled == Settled(before=1, taken_back=frozenset({payment}))
    assert (office.state(case_id), office.state(stays)) == (State.APPROVED, State.PAID)
    assert office.sums(fund) == (10_000_00, SUM, SUM)
    with office.database.read() as session:
        assert session.get_one(Reservation, case_id).paid_fen == 0
    # It goes to another card, as what came back at once.
    assert _waits(office, case_id) is NotPayable.RETURNED
    assert office.collect(fund).left_out == {case_id: NotPayable.RETURNED}
    _give_card(office, case_id)
    again, (line,) = _paid(office, fund)
    assert (line.case_id, line.bank_card) == (case_id, _OTHER_CARD)
    with office.database.read() as session:
        first, anew = (session.get_one(PaymentBatch, each) for each in (batch, again))
        assert payment_batches.paid_before(session, anew) == {line.payment_id}
        assert payment_batches.paid_before(session, first) == set()
    assert office.state(case_id) == State.PAID
    assert _states(office, case_id) == [(1, PaymentState.PAID), (1, PaymentState.RETURNED)]
    assert office.sums(fund) == (10_000_00, 0, 2 * SUM)


def test_the_worker_is_told_why_and_the_audit_knows(office: Office) -> None:
    fund = office.fund(10_000_00)
    case_id = office.approved()
    batch, lines = _paid(office, fund)
    _take_back(office, batch, lines, case_id)
    with office.database.read() as session:
        case = session.get_one(Case, case_id)
        last = cases.history(session, case, office.keys.safe_of(case.worker_id))[-1]
        notice = session.scalars(select(Notice).where(col(Notice.kind) == "payment_returned")).one()
        payment = payments_of(session, case_id)[0]
        noted = session.scalars(
            select(col(AuditEntry.action))
            .where(col(AuditEntry.about) == "payment", col(AuditEntry.row) == payment.id)
            .order_by(col(AuditEntry.id))
        ).all()
        card = session.scalars(select(col(Profile.card_hash))).one()
    assert (last.event.move, last.reason) == (Move.RETURN_PAYMENT, _WHY)
    assert notice.worker_id == case.worker_id
    assert noted[-2:] == ["paid", "changed"]
    keys = office.at_the_till(office.cashier).keys[case.worker_id]
    why = keys.accounts.unseal(payment.sealed_reason or "", f"payment.sealed_reason:{payment.id}")
    assert (why, payment.card_hash) == (_WHY, card)
    assert case.due_on is not None


def test_the_same_file_again_changes_nothing(office: Office) -> None:
    fund = office.fund(10_000_00)
    case_id, _ = office.approved(), office.approved()
    batch, lines = _paid(office, fund)
    _take_back(office, batch, lines, case_id)

    def rows() -> list[object]:
        with office.database.read() as session:
            return [
                session.scalar(select(func.count()).select_from(table))
                for table in (Payment, FundEntry, Notice)
            ]

    before = rows()
    for _ in range(2):
        assert _take_back(office, batch, lines, case_id) == Settled(before=2)
    assert rows() == before and office.sums(fund) == (10_000_00, SUM, SUM)


def test_what_came_back_is_not_paid_by_an_older_file(office: Office) -> None:
    fund = office.fund(10_000_00)
    case_id = office.approved()
    batch, lines = _paid(office, fund)
    _take_back(office, batch, lines, case_id)
    assert _faults(office, batch, lines) == [Fault.CONTRADICTS]
    assert office.sums(fund) == (10_000_00, SUM, 0)


def test_a_batch_that_still_waits_for_others_gives_back_as_well(office: Office) -> None:
    fund = office.fund(10_000_00)
    case_id, other = office.approved(), office.approved()
    batch = office.released(fund)
    lines = office.export(batch)
    mine = [line for line in lines if line.case_id == case_id]
    office.settle(batch, said(mine))
    settled = office.settle(batch, said(lines, {case_id: _WHY, other: "户名不符"}))
    assert (settled.returned, len(settled.taken_back)) == (1, 1)
    assert office.sums(fund) == (10_000_00, 2 * SUM, 0)


def test_a_dry_run_shows_what_comes_back_apart_and_changes_nothing(office: Office) -> None:
    fund = office.fund(10_000_00)
    case_id, _ = office.approved(), office.approved()
    batch, lines = _paid(office, fund)
    till = office.at_the_till(office.cashier, batch)
    with office.database.read() as session:
        found, bad = payment_results.check(session, till, batch, said(lines, {case_id: _WHY}))
    assert (found.returned, found.before, len(found.taken_back), bad) == (0, 1, 1, [])
    assert office.sums(fund) == (10_000_00, 0, 2 * SUM)


def test_without_a_reason_nothing_comes_back(office: Office) -> None:
    fund = office.fund(10_000_00)
    case_id = office.approved()
    batch, lines = _paid(office, fund)
    with pytest.raises(ResultsRefused) as refused:
        office.settle(batch, said(lines, {case_id: ""}))
    assert [each.fault for each in refused.value.bad] == [Fault.REASON]


def test_what_was_paid_since_somebody_looked_does_not_come_back(office: Office) -> None:
    """The counts were shown before it was paid: nobody saw that it would be taken back."""
    fund = office.fund(10_000_00)
    case_id = office.approved()
    batch = office.released(fund)
    lines = office.export(batch)
    failed = said(lines, {case_id: _WHY})
    till = office.at_the_till(office.cashier, batch)
    with office.database.read() as session:
        shown, _ = payment_results.check(session, till, batch, failed)
    office.settle(batch, said(lines))
    with pytest.raises(ResultsRefused) as refused, office.database.begin() as session:
        payment_results.settle(session, till, batch, failed, coming_back=shown.taken_back)
    assert [each.fault for each in refused.value.bad] == [Fault.CONTRADICTS]
    assert office.state(case_id) == State.PAID


def test_a_closed_case_is_opened_again(office: Office) -> None:
    fund = office.fund(10_000_00)
    case_id = office.approved()
    batch, lines = _paid(office, fund)
    _close(office, case_id)
    _take_back(office, batch, lines, case_id)
    assert office.state(case_id) == State.APPROVED
    _give_card(office, case_id)
    _paid(office, fund)
    assert office.state(case_id) == State.PAID and office.sums(fund) == (10_000_00, 0, SUM)
    _close(office, case_id)


def _between(office: Office, fund: Fund) -> None:
    """The next instalment is not ordered yet."""


def _cancelled(office: Office, fund: Fund) -> None:
    """The next instalment was ordered, and is not sent."""
    _cancel(office, _order(office, fund, 2))


@pytest.mark.parametrize(
    ("meanwhile", "stands"),
    [(_between, State.PAYMENT_PENDING), (_cancelled, State.APPROVED)],
)
def test_an_instalment_that_came_back_is_paid_before_the_next_one(
    office: Office, meanwhile: Callable[[Office, Fund], None], stands: State
) -> None:
    fund = office.fund(10_000_00)
    case_id = office.approved(1000, instalments=2)
    batch, lines = _paid(office, fund)
    meanwhile(office, fund)
    assert office.state(case_id) == stands
    _take_back(office, batch, lines, case_id)
    assert office.state(case_id) == State.APPROVED and office.sums(fund) == (10_000_00, 1000, 0)
    assert office.collect(fund, instalment=2).batch is None
    assert _waiting(office, fund) == {1: 1}
    _give_card(office, case_id)
    for instalment, state in ((1, State.PAYMENT_PENDING), (2, State.PAID)):
        _paid(office, fund, instalment)
        assert office.state(case_id) == state
    assert office.sums(fund) == (10_000_00, 0, 1000)


def test_of_several_instalments_each_that_came_back_is_paid_anew_in_its_turn(
    office: Office,
) -> None:
    """The case is paid once all of it is, whichever instalment is the last to come."""
    fund = office.fund(10_000_00)
    case_id = office.approved(1000, instalments=4)
    batches = [_paid(office, fund, instalment) for instalment in (1, 2, 3)]
    for number in (2, 1):
        _take_back(office, *batches[number - 1], case_id)
    assert office.sums(fund) == (10_000_00, 750, 250)
    assert _waiting(office, fund) == {1: 1}
    for instalment in (2, 3, 4):
        assert office.collect(fund, instalment=instalment).batch is None
    _give_card(office, case_id)
    for instalment in (1, 2):
        assert _waiting(office, fund) == {instalment: 1}
        _paid(office, fund, instalment)
        assert office.state(case_id) == State.PAYMENT_PENDING
    _paid(office, fund, 4)
    assert office.state(case_id) == State.PAID and office.sums(fund) == (10_000_00, 0, 1000)
    # And one more, after the last: the case waits for that one alone.
    _take_back(office, *batches[2], case_id)
    assert office.state(case_id) == State.APPROVED and _waiting(office, fund) == {3: 1}
    _give_card(office, case_id, "6222020200012345678")
    _paid(office, fund, 3)
    assert office.state(case_id) == State.PAID and office.sums(fund) == (10_000_00, 0, 1000)
    paid = [instalment for instalment, state in _states(office, case_id) if state == "paid"]
    assert paid == [1, 2, 3, 4]


def test_each_case_waits_for_its_own_instalment_whatever_others_wait_for(office: Office) -> None:
    fund, other_fund = (office.fund(10_000_00, name=name) for name in ("专项资金", "救灾资金"))
    cases: list[tuple[str, list[tuple[str, list[Line]]]]] = []
    for pays, instalments, paid in ((other_fund, 4, 3), (fund, 3, 2), (fund, 4, 2), (fund, 4, 1)):
        case_id = office.recommended(1000)
        office.approve(case_id, instalments=instalments, fund_id=pays.id)
        batches = [_paid(office, pays, instalment) for instalment in range(1, paid + 1)]
        cases.append((case_id, batches))
    case_id, batches = cases[1]
    _take_back(office, *batches[0], case_id)
    _give_card(office, case_id)
    assert _waiting(office, fund) == {1: 1, 2: 1, 3: 1}
    assert _waiting(office, other_fund) == {4: 1}
    with office.database.read() as session:
        for each in (fund, other_fund):
            due = {
                n: len(
                    payments.due(session, office.post, office.cashier, each.id or 0, instalment=n)
                )
                for n in range(1, 5)
            }
            assert _waiting(office, each) == {n: cases for n, cases in due.items() if cases}


def test_while_another_instalment_is_on_its_way_nothing_comes_back(office: Office) -> None:
    fund = office.fund(10_000_00)
    case_id = office.approved(1000, instalments=2)
    batch, lines = _paid(office, fund)
    second = office.released(fund, instalment=2)
    assert _faults(office, batch, lines, case_id) == [Fault.ON_ITS_WAY]
    assert office.sums(fund) == (10_000_00, 500, 500)
    # Once the bank has said what became of that one, it does.
    office.settle(second, said(office.export(second)))
    _take_back(office, batch, lines, case_id)
    assert office.sums(fund) == (10_000_00, 500, 500) and _waiting(office, fund) == {1: 1}


def test_where_the_rest_was_given_up_nothing_comes_back(office: Office) -> None:
    fund = office.fund(10_000_00)
    case_id = office.approved(1000, instalments=2)
    batch, lines = _paid(office, fund)
    with office.database.begin() as session:
        case = session.get_one(Case, case_id)
        own = office.keys.safe_of(case.worker_id)
        payments.give_up(
            session, own, office.post, case,
            worker_id=case.worker_id, version=case.version, now=office.now,
        )  # fmt: skip
    assert _faults(office, batch, lines, case_id) == [Fault.GIVEN_UP]
    assert office.sums(fund) == (10_000_00, 0, 500)


def test_of_who_was_erased_nothing_comes_back(office: Office) -> None:
    fund = office.fund(10_000_00)
    case_id = office.approved()
    batch, lines = _paid(office, fund)
    with office.database.begin() as session:
        worker = session.get_one(Case, case_id).worker_id
        gone = erasing.erase(
            session, office.safe, worker_id=worker, by=Actor.worker(worker),
            blockers=[cases.under_way], now=office.now,
        )  # fmt: skip
    # Also before the key is destroyed.
    assert _faults(office, batch, lines, case_id) == [Fault.ERASED]
    office.keys.destroy(gone)
    assert _faults(office, batch, lines, case_id) == [Fault.ERASED]
    assert office.sums(fund) == (10_000_00, 0, SUM)


def test_who_waits_for_what_came_back_is_not_erased(office: Office) -> None:
    fund = office.fund(10_000_00)
    case_id = office.approved()
    batch, lines = _paid(office, fund)
    _take_back(office, batch, lines, case_id)
    with office.database.begin() as session, pytest.raises(erasing.StillUnderWay):
        worker = session.get_one(Case, case_id).worker_id
        erasing.erase(
            session, office.safe, worker_id=worker, by=Actor.worker(worker),
            blockers=[cases.under_way], now=office.now,
        )  # fmt: skip


@pytest.mark.parametrize("leaves_first", [False, True])
def test_of_who_leaves_as_it_comes_back_one_of_both_is_refused(
    office: Office, leaves_first: bool
) -> None:
    """Else money would be held back for good for a case of nobody."""
    fund = office.fund(10_000_00)
    case_id = office.approved()
    batch, lines = _paid(office, fund)
    till = office.at_the_till(office.cashier, batch)
    with office.database.read() as session:
        worker = session.get_one(Case, case_id).worker_id

    def take_back(session: Session) -> int:
        results = said(lines, {case_id: _WHY})
        return len(payment_results.settle(session, till, batch, results).taken_back)

    def leave(session: Session) -> int:
        return len(
            leaving.leave(
                session, office.safe, worker_id=worker, by=Actor.worker(worker),
                making_post=lambda: office.post, blockers=[cases.under_way], now=office.now,
            )
        )  # fmt: skip

    both = (leave, take_back) if leaves_first else (take_back, leave)
    with pytest.raises(ResultsRefused if leaves_first else erasing.StillUnderWay):
        both_at_once(office.database, *both)
    held = 0 if leaves_first else SUM
    assert office.sums(fund) == (10_000_00, held, SUM - held)
    assert office.state(case_id) == (State.PAID if leaves_first else State.APPROVED)


def test_the_ledger_knows_what_came_back_and_each_payment_does_so_once(office: Office) -> None:
    fund = office.fund(10_000_00)
    case_id = office.approved()
    batch, lines = _paid(office, fund)
    _take_back(office, batch, lines, case_id)
    with office.database.read() as session:
        entries = session.scalars(select(FundEntry).order_by(col(FundEntry.id))).all()
    assert [(each.kind, each.amount_fen) for each in entries] == [
        (EntryKind.GRANT, 10_000_00),
        (EntryKind.RESERVE, SUM),
        (EntryKind.SPEND, SUM),
        (EntryKind.TAKEN_BACK, SUM),
    ]
    spent, back = entries[-2:]
    assert spent.payment_id == back.payment_id == lines[0].payment_id
    of_payment = {**back.model_dump(), "id": None}
    for row in (of_payment, {**of_payment, "kind": "spend"}, {**of_payment, "payment_id": None}):
        with pytest.raises(IntegrityError), office.database.begin() as session:
            session.add(FundEntry(**row))
    for statement in ("UPDATE fund_entry SET amount_fen = 1", "DELETE FROM fund_entry"):
        with pytest.raises(DBAPIError), office.database.begin() as session:
            session.execute(text(statement))


def test_what_came_back_leaves_no_more_to_promise(office: Office) -> None:
    """It is held back for its case: paid and promised together never pass the budget."""
    fund = office.fund(SUM)
    case_id = office.approved()
    batch, lines = _paid(office, fund)
    _take_back(office, batch, lines, case_id)
    assert office.sums(fund) == (SUM, SUM, 0)
    with pytest.raises(payments.funds.FundShort):
        office.approved(1)
    _give_card(office, case_id)
    _paid(office, fund)
    assert office.sums(fund) == (SUM, 0, SUM)
