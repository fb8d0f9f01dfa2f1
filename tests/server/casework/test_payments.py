"""Payments: what was approved goes to the bank in a batch that two release, and is paid once."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from server.casework import (
    cases,
    deciding,
    near_duplicates,
    opting_out,
    payable,
    payment_batches,
    payment_results,
    payments,
    workdays,
)
from server.casework.advancing import CaseChanged, advance, by_worker
from server.casework.fund_tables import BatchState, Fund, Payment, PaymentBatch, PaymentState
from server.casework.moves import WORKING_DAYS, Move, State
from server.casework.officers import NotAllowed, Role, SecondOfficerNeeded
from server.casework.payable import NotPayable
from server.casework.payment_batches import (
    BatchAltered,
    BatchUnknown,
    PayeesLost,
    StepRefused,
)
from server.casework.payment_results import Fault, Result, ResultsRefused, Settled
from server.casework.reservations import InstalmentsOutOfRange
from server.casework.tables import Case, CaseEvent, Finding, NearDuplicate, Origin
from server.clock import china_day
from server.database.tables import AuditEntry, Notice, Profile, Purpose
from server.personal import consents, erasing, profiles
from server.personal.holdings import holdings
from server.personal.persons import Person
from server.records.audit import Actor
from tests import casework
from tests.funding import SUM, Office, payments_of, said


def _rows(office: Office) -> tuple[int, ...]:
    """How many rows of everything there are, but for the audit."""
    with office.database.read() as session:
        return tuple(
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Case, Payment, PaymentBatch, Notice)
        )


def test_the_main_road_from_approval_to_money(office: Office) -> None:
    fund = office.fund(500_000_000)
    first, second = office.approved(), office.approved(SUM + 1)
    assert office.sums(fund) == (500_000_000, 2 * SUM + 1, 0)

    batch = office.released(fund)
    assert office.state(first) == State.PAYMENT_PENDING
    lines = office.export(batch)
    assert {line.case_id: line.amount_fen for line in lines} == {first: SUM, second: SUM + 1}
    assert {line.name for line in lines} == {"王小明"}

    settled = office.settle(batch, said(lines, {second: "账号与户名不符"}))
    assert settled == Settled(paid=1, returned=1)
    assert (office.state(first), office.state(second)) == (State.PAID, State.APPROVED)
    assert office.sums(fund) == (500_000_000, SUM + 1, SUM)

    again = office.released(fund, only={second})
    office.settle(again, said(office.export(again)))
    assert office.state(second) == State.PAID
    assert office.sums(fund) == (500_000_000, 0, 2 * SUM + 1)
    with office.database.read() as session:
        assert session.get_one(PaymentBatch, again).state == BatchState.SETTLED
        states = [payment.state for payment in payments_of(session, second)]
        assert sorted(states) == [PaymentState.PAID, PaymentState.RETURNED]
        paid = session.scalar(select(func.count()).where(col(Notice.kind) == "paid"))
        assert paid == 2
        told = select(col(AuditEntry.action), col(AuditEntry.reason))
        noted = told.where(col(AuditEntry.row) == again).order_by(col(AuditEntry.id))
        assert [tuple(row) for row in session.execute(noted)] == [
            ("changed", "locked"),
            ("decided", "released"),
            ("changed", "exported"),
            ("changed", "settled"),
        ]


def test_the_worker_reads_why_the_bank_returned_it(office: Office) -> None:
    fund = office.fund(1_000_000)
    case_id = office.approved()
    batch = office.released(fund)
    office.settle(batch, said(office.export(batch), {case_id: "账号与户名不符"}))
    with office.database.read() as session:
        case = session.get_one(Case, case_id)
        own = office.keys.safe_of(case.worker_id)
        assert cases.history(session, case, own)[-1].reason == "账号与户名不符"


def test_every_step_again_changes_nothing(office: Office) -> None:
    def stands(batch_id: str) -> dict[str, object]:
        with office.database.read() as session:
            return session.get_one(PaymentBatch, batch_id).model_dump()

    fund = office.fund(1_000_000)
    office.approved(), office.approved()
    batch = office.collect(fund).batch
    assert batch is not None
    for step, officer in (
        (payment_batches.lock, office.cashier),
        (payment_batches.release, office.releaser),
        (payment_batches.export, office.cashier),
    ):
        till = office.at_the_till(officer, batch.id)
        with office.database.begin() as session:
            step(session, till, batch.id)
        before = _rows(office)
        once = stands(batch.id)
        with office.database.begin() as session:
            step(session, till, batch.id)
        assert stands(batch.id) == once
        assert office.collect(fund).batch is None
        assert _rows(office) == before
    results = said(office.export(batch.id))
    assert office.settle(batch.id, results) == Settled(paid=2)
    before, sums, once = _rows(office), office.sums(fund), stands(batch.id)
    assert office.settle(batch.id, results) == Settled(before=2)
    assert (_rows(office), office.sums(fund), stands(batch.id)) == (before, sums, once)


def test_no_step_comes_before_the_one_before(office: Office) -> None:
    fund = office.fund(1_000_000)
    office.approved()
    batch = office.collect(fund).batch
    assert batch is not None
    till = office.at_the_till(office.releaser, batch.id)
    for step in (payment_batches.release, payment_batches.export):
        with pytest.raises(StepRefused), office.database.begin() as session:
            step(session, till, batch.id)
    with pytest.raises(StepRefused), office.database.begin() as session:
        payment_results.settle(session, till, batch.id, [])


def test_whoever_had_a_hand_in_it_does_not_release_it(office: Office) -> None:
    fund = office.fund(1_000_000)
    office.author = casework.officer(
        office.database, office.safe, office.library, Role.CASE_OFFICER, Role.APPROVER,
        now=office.now,
    )  # fmt: skip
    office.approved()
    batch = office.collect(fund).batch
    assert batch is not None
    with office.database.begin() as session:
        locker = office.releaser
        payment_batches.lock(session, office.at_the_till(locker, batch.id), batch.id)
    # Who recommended or approved the case, and who locked the batch; who collected it is no
    # approver at all.
    for officer, refusal in (
        (office.author, SecondOfficerNeeded),
        (office.approver, SecondOfficerNeeded),
        (office.releaser, SecondOfficerNeeded),
        (office.cashier, NotAllowed),
    ):
        with pytest.raises(refusal), office.database.begin() as session:
            till = office.at_the_till(officer, batch.id)
            payment_batches.release(session, till, batch.id)
    other, elsewhere = (
        casework.officer(
            office.database, office.safe, office.library, Role.APPROVER, where=(where,),
            now=office.now,
        )
        for where in ("石狮", "锦州")
    )  # fmt: skip
    with office.database.read() as session:
        waits_for = {
            officer.id: payment_batches.waiting_for(session, officer, office.library.regions)
            for officer in (office.author, office.approver, office.releaser, elsewhere, other)
        }
    assert [id for id, batches in waits_for.items() if batches] == [other.id]
    with office.database.begin() as session:
        released = payment_batches.release(session, office.at_the_till(other, batch.id), batch.id)
        assert released.released_by == other.id


def test_a_batch_of_other_regions_is_not_there(office: Office) -> None:
    fund = office.fund(1_000_000)
    office.approved()
    batch = office.released(fund)
    stranger = casework.officer(
        office.database,
        office.safe,
        office.library,
        Role.CASE_OFFICER,
        Role.APPROVER,
        where=("锦州",),
        now=office.now,
    )
    with pytest.raises(BatchUnknown), office.database.begin() as session:
        payment_batches.export(session, office.at_the_till(stranger, batch), batch)
    with office.database.read() as session:
        assert payments.due(session, office.post, stranger, fund.id or 0) == []
        assert payment_batches.listed(session, stranger, office.library.regions) == []


def test_batches_are_listed_a_page_at_a_time_the_newest_first(office: Office) -> None:
    fund = office.fund(1_000_000)
    made = []
    for _ in range(3):
        office.approved()
        made.append(office.released(fund))
        office.now += timedelta(hours=1)
    regions = office.library.regions
    with office.database.read() as session:
        pages = [
            payment_batches.listed(session, office.cashier, regions, at_most=2, skipping=skipping)
            for skipping in (0, 2)
        ]
    assert [[batch.id for batch in page] for page in pages] == [made[:0:-1], made[:1]]


def test_batches_of_others_are_passed_over_many_at_a_time(office: Office) -> None:
    fund = office.fund(1_000_000)
    office.approved()
    theirs = office.released(fund)
    # The oldest has no payment: nothing of it lies elsewhere.
    with office.database.begin() as session:
        known = session.get_one(PaymentBatch, theirs).model_dump()
        session.execute(
            insert(PaymentBatch),
            [
                {**known, "id": f"{n:016x}", "collected_at": office.now - timedelta(hours=1 + n)}
                for n in range(40)
            ],
        )
        payment = session.scalars(select(Payment)).one().model_dump(exclude={"id", "batch_id"})
        session.execute(
            insert(Payment),
            [
                {**payment, "id": f"{n:016x}", "batch_id": f"{n:016x}", "instalment": 2 + n}
                for n in range(39)
            ],
        )
    stranger = casework.officer(
        office.database, office.safe, office.library, Role.CASE_OFFICER, where=("锦州",),
        now=office.now,
    )  # fmt: skip
    asked: list[str] = []

    def note(*given: Any) -> None:
        asked.append(given[2])

    event.listen(office.database.engine, "before_cursor_execute", note)
    try:
        with office.database.read() as session:
            found = payment_batches.listed(session, stranger, office.library.regions, at_most=3)
    finally:
        event.remove(office.database.engine, "before_cursor_execute", note)
    assert [batch.id for batch in found] == [f"{39:016x}"]
    assert sum("payment_batch" in each for each in asked) <= 6


@pytest.mark.parametrize(
    ("field", "value"), [("amount_fen", SUM + 1), ("instalment", 2), ("sealed_payee", "k1:x")]
)
@pytest.mark.parametrize("step", [payment_batches.release, payment_batches.export])
def test_a_payment_altered_in_the_database_is_not_released(
    office: Office, field: str, value: object, step: Callable[..., object]
) -> None:
    fund = office.fund(1_000_000)
    case_id = office.approved()
    if step is payment_batches.release:
        batch = office.collect(fund).batch
        assert batch is not None
        batch_id = batch.id
        with office.database.begin() as session:
            payment_batches.lock(session, office.at_the_till(office.cashier, batch_id), batch_id)
    else:
        batch_id = office.released(fund)
    with office.database.begin() as session:
        payment = payments_of(session, case_id)[0]
        setattr(payment, field, value)
        session.add(payment)
    with pytest.raises(BatchAltered), office.database.begin() as session:
        step(session, office.at_the_till(office.releaser, batch_id), batch_id)


def test_a_cancelled_batch_can_be_collected_anew(office: Office) -> None:
    fund = office.fund(1_000_000)
    case_id = office.approved()
    batch = office.released(fund)
    till = office.at_the_till(office.cashier, batch)
    for _ in range(2):
        with office.database.begin() as session:
            payment_batches.cancel(session, till, batch)
    assert office.state(case_id) == State.APPROVED
    assert office.sums(fund) == (1_000_000, SUM, 0)
    with pytest.raises(StepRefused), office.database.begin() as session:
        payment_batches.lock(session, till, batch)
    assert office.released(fund) != batch
    asked = select(col(AuditEntry.action)).where(col(AuditEntry.about) == "payment")
    with office.database.read() as session:
        noted = session.scalars(asked.order_by(col(AuditEntry.id))).all()
    assert noted == ["created", "changed", "created"]


def test_what_the_bank_may_have_is_not_cancelled(office: Office) -> None:
    fund = office.fund(1_000_000)
    office.approved()
    batch = office.released(fund)
    lines = office.export(batch)
    for results in ([], said(lines)):
        office.settle(batch, results)
        with pytest.raises(StepRefused), office.database.begin() as session:
            payment_batches.cancel(session, office.at_the_till(office.cashier, batch), batch)


def test_instalments_come_one_after_the_other_and_to_the_sum(office: Office) -> None:
    fund = office.fund(1_000_000)
    case_id = office.approved(1000, instalments=3)
    paid = []
    for instalment in (1, 2, 3):
        assert office.collect(fund, instalment=instalment + 1).batch is None
        assert _waiting(office, fund) == {instalment: 1}
        batch = office.released(fund, instalment=instalment)
        assert _waiting(office, fund) == {}
        lines = office.export(batch)
        office.settle(batch, said(lines))
        paid += [line.amount_fen for line in lines]
        expected = State.PAID if instalment == 3 else State.PAYMENT_PENDING
        assert office.state(case_id) == expected
    assert paid == [333, 333, 334] and _waiting(office, fund) == {}
    assert office.sums(fund) == (1_000_000, 0, 1000)
    with office.database.read() as session:
        assert session.scalar(select(func.count()).where(col(Notice.kind) == "paid")) == 3


def test_only_a_case_officer_collects(office: Office) -> None:
    fund = office.fund(1_000_000)
    with office.database.read() as session:
        for look in (payments.due, payments.waiting):
            with pytest.raises(NotAllowed):
                look(session, office.post, office.approver, fund.id or 0)
    till = office.at_the_till(office.approver)
    with pytest.raises(NotAllowed), office.database.begin() as session:
        payments.collect(session, till, fund.id or 0)


@pytest.mark.parametrize("instalment", [0, -1])
def test_there_is_no_instalment_before_the_first(office: Office, instalment: int) -> None:
    fund = office.fund(1_000_000)
    office.approved()
    with pytest.raises(InstalmentsOutOfRange), office.database.read() as session:
        payments.due(session, office.post, office.cashier, fund.id or 0, instalment=instalment)
    with pytest.raises(InstalmentsOutOfRange):
        office.collect(fund, instalment=instalment)


def _waiting(office: Office, fund: Fund) -> dict[int, int]:
    with office.database.read() as session:
        return payments.waiting(session, office.post, office.cashier, fund.id or 0)


def test_between_two_instalments_nothing_is_due_and_each_has_its_own_day(office: Office) -> None:
    fund = office.fund(1_000_000)
    case_id = office.approved(1000, instalments=2)
    begun = office.now
    first = office.released(fund)
    office.settle(first, said(office.export(first)))
    assert _overdue(office, begun + timedelta(days=90)) == (None, [])
    # Two months later the next one is ordered: from then on there is a day again.
    office.now = begun + timedelta(days=60)
    second = office.released(fund, instalment=2)
    due_on = workdays.after(china_day(office.now), WORKING_DAYS[State.PAYMENT_PENDING])
    assert _overdue(office, office.now) == (due_on, [])
    assert _overdue(office, office.now + timedelta(days=60)) == (due_on, [case_id])
    office.settle(second, said(office.export(second)))
    assert _overdue(office, office.now + timedelta(days=60)) == (None, [])


def _overdue(office: Office, at: datetime) -> tuple[date | None, list[str]]:
    """The day that the only case has, with its last event, and what is overdue at a time."""
    with office.database.read() as session:
        case = session.scalars(select(Case)).one()
        last = session.get_one(CaseEvent, (case.id, case.version))
        assert last.due_on == case.due_on
        wanted = cases.Wanted(overdue_on=china_day(at))
        late = cases.listed(session, office.cashier, office.library.regions, wanted)
        return case.due_on, [each.id for each in late]


def test_the_database_refuses_a_second_payment_of_an_instalment(office: Office) -> None:
    fund = office.fund(1_000_000)
    case_id = office.approved()
    batch = office.released(fund)
    with office.database.read() as session:
        first = payments_of(session, case_id)[0]
    second = {**first.model_dump(), "id": "PSECOND"}
    with pytest.raises(IntegrityError), office.database.begin() as session:
        session.add(Payment(**second))
    # The control: one that came back makes room for another.
    office.settle(batch, said(office.export(batch), {case_id: "销户"}))
    with office.database.begin() as session:
        session.add(Payment(**second))


def _take_card(office: Office, case_id: str) -> int:
    """The worker takes the consent for the card back."""
    with office.database.begin() as session:
        worker = session.get_one(Case, case_id).worker_id
        own = office.keys.safe_of(worker)
        purpose = Purpose.PAYMENT
        erasing.withdraw(session, own, worker_id=worker, purpose=purpose, now=office.now)
    return worker


def test_those_without_a_card_keep_nobody_from_being_paid(office: Office) -> None:
    fund = office.fund(10**9)
    cases = sorted(office.approved() for _ in range(3))
    for case_id in cases[:2]:
        _take_card(office, case_id)
    collected = office.collect(fund, at_most=2)
    assert collected.batch is not None and collected.batch.payments == 1
    assert office.state(cases[2]) == State.PAYMENT_PENDING
    assert list(collected.left_out.values()) == [NotPayable.NO_CONSENT]


@pytest.mark.parametrize("why", [NotPayable.OPTED_OUT, NotPayable.DUPLICATE, Finding.SAME])
def test_what_an_officer_has_to_see_to_keeps_nobody_from_being_paid(
    office: Office, why: NotPayable | Finding
) -> None:
    fund = office.fund(10**9)
    first, second, _ = sorted(office.approved() for _ in range(3))
    if why is NotPayable.OPTED_OUT:
        with office.database.begin() as session:
            worker, roster = session.get_one(Case, first).worker_id, Origin.ROSTER
            session.execute(update(Case).where(col(Case.id) == first).values(origin=roster))
            own = office.keys.safe_of(worker)
            opting_out.opt_out(session, own, worker_id=worker, now=office.now)
        held = {first: why}
    else:
        _share_card(office, second, first)
        held = {first: NotPayable.DUPLICATE, second: NotPayable.DUPLICATE}
    if why is Finding.SAME:
        # Of what one person was granted twice the first is paid.
        with office.database.begin() as session:
            session.execute(update(NearDuplicate).values(finding=why))
            later = col(Case.id) == first
            session.execute(
                update(Case).where(later).values(decided_at=office.now + timedelta(hours=1))
            )
        held = {first: NotPayable.DUPLICATE}
    collected = office.collect(fund, at_most=3 - len(held))
    assert collected.batch is not None and collected.left_out == {}
    assert collected.batch.payments == 3 - len(held)
    assert office.collect(fund).left_out == held


def _share_card(office: Office, case_id: str, of: str) -> NearDuplicate:
    """Somebody gives another's card after the approval; the pair that they are from then on."""
    _give_card(office, case_id, _person(office, of).bank_card or "")
    with office.database.begin() as session:
        worker = session.get_one(Case, case_id).worker_id
        near_duplicates.recompute(session, worker, now=office.now)
        return near_duplicates.pairs_of(session, worker)[0]


def test_who_has_to_agree_anew_keeps_nobody_from_being_paid(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    fund = office.fund(10**9)
    cases = sorted(office.approved() for _ in range(3))
    newer = replace(consents.in_force(Purpose.PAYMENT), version=2)
    texts = {**consents.texts(), Purpose.PAYMENT: (*consents.texts()[Purpose.PAYMENT], newer)}
    monkeypatch.setattr(consents, "texts", lambda: texts)
    assert _waits(office, cases[2]) is NotPayable.NO_CONSENT
    with office.database.begin() as session:
        worker = session.get_one(Case, cases[2]).worker_id
        own = office.keys.safe_of(worker)
        consents.give(
            session, own, worker_id=worker, purpose=Purpose.PAYMENT, version=2, now=office.now
        )
    assert _waits(office, cases[2]) is None
    collected = office.collect(fund, at_most=2)
    assert collected.batch is not None and collected.batch.payments == 1
    assert office.state(cases[2]) == State.PAYMENT_PENDING
    assert list(collected.left_out.values()) == [NotPayable.NO_CONSENT]


def _waits(office: Office, case_id: str) -> NotPayable | None:
    """What a case waits for, as its worker is told."""
    with office.database.read() as session:
        return payable.waits_for(session, session.get_one(Case, case_id))


def test_whose_money_waits_for_a_yes_to_a_new_text_is_told_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    fund = office.fund(10**9)
    with_the_bank = office.approved()
    office.released(fund, only={with_the_bank})
    waits, withdrew, paid_by_voucher = office.approved(), office.approved(), office.approved(None)
    _take_card(office, withdrew)

    def told(days: int = 0) -> list[str]:
        office.now += timedelta(days=days)
        with office.database.begin() as session:
            count = deciding.ask_anew(session, office.post, now=office.now)
            asked = select(col(Notice.key)).where(col(Notice.key).like("consent %"))
            keys = sorted(filter(None, session.scalars(asked)))
        assert count == len(keys) - len(before)
        before[:] = keys
        return [key.removeprefix("consent ") for key in keys]

    before: list[str] = []
    assert told() == []
    newer = replace(consents.in_force(Purpose.PAYMENT), version=2)
    texts = {**consents.texts(), Purpose.PAYMENT: (*consents.texts()[Purpose.PAYMENT], newer)}
    monkeypatch.setattr(consents, "texts", lambda: texts)
    assert told() == [f"{waits} 2"]
    assert told(days=1) == [f"{waits} 2"]
    with office.database.read() as session:
        notice = session.scalars(
            select(Notice).where(col(Notice.key) == f"consent {waits} 2")
        ).one()
        assert notice.worker_id == session.get_one(Case, waits).worker_id
        sealed = office.safe.unseal(notice.sealed or "", f"notice.sealed:{notice.id}")
    data = json.loads(sealed)["data"]
    assert data["phrase2"]["value"] == "审核通过" and "同意" in data["thing4"]["value"]
    assert data["time3"]["value"].startswith("2026-03-01"), "the day of the decision"
    assert notice.due_at == notice.created_at, "by day"
    office.now = datetime(2026, 3, 3, 16, 20, tzinfo=UTC)
    texts[Purpose.PAYMENT] = (*texts[Purpose.PAYMENT], replace(newer, version=3))
    assert told() == [f"{waits} 2", f"{waits} 3"]
    with office.database.read() as session:
        key = f"consent {waits} 3"
        by_night = session.scalars(select(Notice).where(col(Notice.key) == key)).one()
    morning = datetime(2026, 3, 4, tzinfo=UTC)
    assert by_night.due_at == by_night.created_at == morning, "at eight in China"
    assert paid_by_voucher not in "".join(before)


def test_what_came_back_waits_for_another_card_and_the_worker_is_told(office: Office) -> None:
    fund = office.fund(10**9)
    came_back, other = sorted(office.approved() for _ in range(2))
    batch = office.collect(fund, only={came_back}).batch
    assert batch is not None
    with office.database.begin() as session:
        payment_batches.lock(session, office.at_the_till(office.cashier, batch.id), batch.id)
    with office.database.begin() as session:
        payment_batches.release(session, office.at_the_till(office.releaser, batch.id), batch.id)
    office.now += timedelta(hours=1)
    office.settle(batch.id, said(office.export(batch.id), {came_back: "卡号不存在"}))
    assert _waits(office, came_back) is NotPayable.RETURNED
    with office.database.read() as session:
        notice = session.scalars(select(Notice).where(col(Notice.kind) == "payment_returned")).one()
        assert notice.worker_id == session.get_one(Case, came_back).worker_id
        assert payable.that_came_back(session, [came_back, other]) == {came_back}
    # It keeps nobody else from being paid, and does not go to the same card again.
    collected = office.collect(fund, at_most=1)
    assert collected.batch is not None and office.state(other) == State.PAYMENT_PENDING
    assert office.collect(fund).left_out == {came_back: NotPayable.RETURNED}
    office.now += timedelta(hours=1)
    _give_card(office, came_back, "6217000010001234567")
    assert _waits(office, came_back) is None
    (line,) = office.export(office.released(fund))
    assert (line.case_id, line.bank_card) == (came_back, "6217000010001234567")


def test_only_another_card_brings_back_what_the_bank_returned(office: Office) -> None:
    """The bank gets the card, and the name that the case was submitted with: nothing else."""
    fund = office.fund(10**9)
    case_id = office.approved()
    batch = office.released(fund)
    office.now += timedelta(hours=1)
    office.settle(batch, said(office.export(batch), {case_id: "卡号不存在"}))
    office.now += timedelta(hours=1)
    for said_anew in ({"phone": "13905950123"}, {"native_place": "四川达州"}, {"name": "王小明"}):
        _change_profile(office, case_id, **said_anew)
        assert _waits(office, case_id) is NotPayable.RETURNED
        assert office.collect(fund).left_out == {case_id: NotPayable.RETURNED}
    _give_card(office, case_id, "6217000010001234567")
    assert _waits(office, case_id) is None
    _change_profile(office, case_id, phone="13905950124")
    assert _waits(office, case_id) is None
    (line,) = office.export(office.released(fund))
    assert (line.case_id, line.bank_card) == (case_id, "6217000010001234567")


@pytest.mark.parametrize("purpose", [Purpose.PAYMENT, Purpose.IDENTITY])
def test_the_same_card_given_anew_brings_back_nothing_that_the_bank_returned(
    office: Office, purpose: Purpose
) -> None:
    """The card that was taken out is known again; whether it was right after all, officers say."""
    fund, other_card = office.fund(10**9), "6217000010001234567"
    case_id = office.approved()
    batch = office.released(fund)
    office.now += timedelta(hours=1)
    (sent,) = office.export(batch)
    office.settle(batch, said([sent], {case_id: "卡号不存在"}))
    person = _person(office, case_id)
    for card, waits in ((sent.bank_card, NotPayable.RETURNED), (other_card, None)):
        office.now += timedelta(hours=1)
        _give_anew(office, case_id, purpose, person.model_copy(update={"bank_card": card}))
        assert _waits(office, case_id) is waits
    _give_card(office, case_id, sent.bank_card)
    assert office.collect(fund).left_out == {case_id: NotPayable.RETURNED}
    with office.database.read() as session:
        assert payable.that_came_back(session, [case_id]) == {case_id}
    (again,) = office.export(office.released(fund, only={case_id}))
    assert again.bank_card == sent.bank_card


def _person(office: Office, case_id: str) -> Person:
    with office.database.read() as session:
        worker = session.get_one(Case, case_id).worker_id
        return profiles.get(session, office.keys.safe_of(worker), worker).person


def _give_anew(office: Office, case_id: str, purpose: Purpose, person: Person) -> None:
    """The worker takes a consent back, and gives it and what was taken under it anew."""
    with office.database.begin() as session:
        worker = session.get_one(Case, case_id).worker_id
        own, now = office.keys.safe_of(worker), office.now
        erasing.withdraw(session, own, worker_id=worker, purpose=purpose, now=now)
        consents.give(session, own, worker_id=worker, purpose=purpose, version=1, now=now)
        held = profiles.find(session, own, worker)
        profiles.save(
            session, own, worker_id=worker, person=person,
            version=None if held is None else held.version, by=Actor.worker(worker), now=now,
        )  # fmt: skip


def test_what_came_back_before_its_card_was_kept_is_known_by_the_day_of_the_card(
    office: Office,
) -> None:
    fund = office.fund(10**9)
    case_id = office.approved()
    batch = office.released(fund)
    office.now += timedelta(hours=1)
    office.settle(batch, said(office.export(batch), {case_id: "卡号不存在"}))
    with office.database.begin() as session:
        (payment,) = payments_of(session, case_id)
        payment.card_hash = None
        session.add(payment)
    office.now += timedelta(hours=1)
    _change_profile(office, case_id, phone="13905950123")
    assert _waits(office, case_id) is NotPayable.RETURNED
    _give_anew(office, case_id, Purpose.PAYMENT, _person(office, case_id))
    assert _waits(office, case_id) is None


@pytest.mark.parametrize("given_before", [True, False])
def test_of_a_profile_from_before_the_day_of_its_card_was_kept_its_last_change_counts(
    office: Office, given_before: bool
) -> None:
    fund = office.fund(10**9)
    case_id = office.approved()
    batch = office.released(fund)
    office.now += timedelta(hours=1)
    office.settle(batch, said(office.export(batch), {case_id: "卡号不存在"}))
    with office.database.begin() as session:
        (payment,) = payments_of(session, case_id)
        payment.card_hash = None
        profile = session.scalars(select(Profile)).one()
        profile.card_changed_at = None
        if not given_before:
            profile.changed_at = office.now + timedelta(minutes=1)
    office.now += timedelta(hours=1)
    waits = NotPayable.RETURNED if given_before else None
    assert _waits(office, case_id) is waits
    _change_profile(office, case_id, phone="13905950123")
    assert _waits(office, case_id) is waits


def test_an_officer_can_send_what_came_back_again_as_it_was(office: Office) -> None:
    fund = office.fund(10**9)
    case_id = office.approved()
    batch = office.released(fund)
    office.now += timedelta(hours=1)
    office.settle(batch, said(office.export(batch), {case_id: "系统繁忙"}))
    assert office.collect(fund).batch is None
    again = office.collect(fund, only={case_id})
    assert again.batch is not None and not again.left_out
    assert _waits(office, case_id) is None, "it is on its way"


def test_what_came_back_and_was_ordered_again_in_vain_still_waits_for_another_card(
    office: Office,
) -> None:
    fund = office.fund(10**9)
    case_id = office.approved()
    batch = office.released(fund)
    office.now += timedelta(hours=1)
    office.settle(batch, said(office.export(batch), {case_id: "卡号不存在"}))
    again = office.collect(fund, only={case_id}).batch
    assert again is not None
    with office.database.begin() as session:
        payment_batches.cancel(session, office.at_the_till(office.cashier, again.id), again.id)
    assert _waits(office, case_id) is NotPayable.RETURNED
    assert office.collect(fund).left_out == {case_id: NotPayable.RETURNED}


def test_who_is_granted_money_without_a_card_is_asked_for_one(office: Office) -> None:
    office.fund(10**9)
    fine, lacking = office.recommended(), office.recommended()
    worker = _take_card(office, lacking)
    assert _waits(office, lacking) is None, "nothing is granted yet"
    for case_id in (fine, lacking):
        office.approve(case_id)
    assert (_waits(office, fine), _waits(office, lacking)) == (None, NotPayable.NO_CONSENT)
    assert "要你先同意才能打款" in _hint(office, lacking)
    assert "等待发放" in _hint(office, fine)
    with office.database.begin() as session:
        own = office.keys.safe_of(worker)
        consents.give(
            session, own, worker_id=worker, purpose=Purpose.PAYMENT, version=1, now=office.now
        )
    assert _waits(office, lacking) is NotPayable.NO_CARD
    _give_card(office, lacking, "6217000010001234567")
    assert _waits(office, lacking) is None


def _hint(office: Office, case_id: str) -> str:
    """What the notice of its approval says to the worker of a case."""
    with office.database.read() as session:
        worker = session.get_one(Case, case_id).worker_id
        notice = session.scalars(select(Notice).where(col(Notice.worker_id) == worker)).one()
        assert notice.sealed is not None
        return office.safe.unseal(notice.sealed, f"notice.sealed:{notice.id}")


def _give_card(office: Office, case_id: str, card: str) -> None:
    """The worker types a card in."""
    _change_profile(office, case_id, bank_card=card)


def _change_profile(office: Office, case_id: str, **said_anew: str) -> None:
    with office.database.begin() as session:
        worker = session.get_one(Case, case_id).worker_id
        own = office.keys.safe_of(worker)
        held = profiles.get(session, own, worker)
        person = held.person.model_copy(update=said_anew)
        profiles.save(
            session, own, worker_id=worker, person=person, version=held.version,
            by=Actor.worker(worker), now=office.now,
        )  # fmt: skip


@pytest.mark.parametrize("database_url", ["postgres_url"], indirect=True)
def test_who_gives_a_grant_up_while_others_are_collected_stops_no_batch(office: Office) -> None:
    """As only PostgreSQL has two writers at once."""
    fund = office.fund(10**9)
    stays, goes = office.approved(), office.approved()
    with ThreadPoolExecutor(1) as pool, office.database.begin() as session:
        case = session.get_one(Case, goes)
        own = office.keys.safe_of(case.worker_id)
        advance(
            session, case, Move.WITHDRAW, by=by_worker(case.worker_id), version=case.version,
            own=own, post=office.post, now=office.now, claim=None,
        )  # fmt: skip
        # Before the one who gives up is done: it does not wait for them.
        collected = pool.submit(office.collect, fund).result(60)
    assert collected.batch is not None and collected.batch.payments == 1
    assert (office.state(stays), office.state(goes)) == (State.PAYMENT_PENDING, State.WITHDRAWN)


def test_who_takes_the_consent_back_before_the_bank_has_it_is_not_paid(office: Office) -> None:
    fund = office.fund(10**9)
    stays, goes = office.approved(), office.approved()
    batch = office.released(fund)
    _take_card(office, goes)
    with pytest.raises(PayeesLost) as lost:
        office.export(batch)
    assert lost.value.cases == {goes: NotPayable.NO_CONSENT}
    with office.database.begin() as session:
        payment_batches.cancel(session, office.at_the_till(office.cashier, batch), batch)
    assert [line.case_id for line in office.export(office.released(fund))] == [stays]


def test_what_the_bank_may_have_it_is_given_again_whoever_took_a_consent_back(
    office: Office,
) -> None:
    fund = office.fund(10**9)
    case_id = office.approved()
    batch = office.released(fund)
    first = office.export(batch)
    _take_card(office, case_id)
    assert office.export(batch) == first


def test_nothing_is_released_for_who_took_the_consent_back(office: Office) -> None:
    fund = office.fund(10**9)
    case_id = office.approved()
    batch = office.collect(fund).batch
    assert batch is not None
    with office.database.begin() as session:
        payment_batches.lock(session, office.at_the_till(office.cashier, batch.id), batch.id)
    _take_card(office, case_id)
    with pytest.raises(PayeesLost), office.database.begin() as session:
        payment_batches.release(session, office.at_the_till(office.releaser, batch.id), batch.id)


@pytest.mark.parametrize("step", ["release", "export"])
def test_a_card_that_was_changed_before_the_bank_has_it_stops_the_batch(
    office: Office, step: str
) -> None:
    fund = office.fund(10**9)
    stays, changes = office.approved(), office.approved()
    batch = office.collect(fund).batch
    assert batch is not None
    with office.database.begin() as session:
        payment_batches.lock(session, office.at_the_till(office.cashier, batch.id), batch.id)
    till = office.at_the_till(office.releaser, batch.id)
    if step == "export":
        with office.database.begin() as session:
            payment_batches.release(session, till, batch.id)
    _change_profile(office, stays, phone="13905950123")
    _give_card(office, changes, "6217000010001234567")
    with pytest.raises(PayeesLost) as lost, office.database.begin() as session:
        getattr(payment_batches, step)(session, till, batch.id)
    assert lost.value.cases == {changes: NotPayable.OTHER_CARD}
    with office.database.begin() as session:
        payment_batches.cancel(session, office.at_the_till(office.cashier, batch.id), batch.id)
    cards = {line.case_id: line.bank_card for line in office.export(office.released(fund))}
    assert cards.keys() == {stays, changes} and cards[changes] == "6217000010001234567"


@pytest.mark.parametrize("finding", [Finding.DIFFERENT, Finding.SAME])
def test_two_who_give_one_card_after_the_approval_are_paid_once_somebody_has_looked(
    office: Office, finding: Finding
) -> None:
    fund = office.fund(10**9)
    first = office.approved()
    office.now += timedelta(hours=1)
    second = office.approved()
    pair = _share_card(office, second, first)
    with office.database.read() as session:
        worker = session.get_one(Case, second).worker_id
    unseen = NotPayable.DUPLICATE
    assert office.collect(fund).left_out == {first: unseen, second: unseen}
    with office.database.begin() as session:
        near_duplicates.adjudicate(
            session, office.safe, office.library.regions, session.get_one(Case, first),
            worker, finding, by=office.approver, version=pair.version, now=office.now,
        )  # fmt: skip
    collected = office.collect(fund)
    assert collected.batch is not None
    if finding is Finding.DIFFERENT:
        assert (collected.left_out, collected.batch.payments) == ({}, 2)
    else:
        # One person gets one thing once: what was granted first.
        assert collected.left_out == {second: unseen}


def test_who_cannot_be_paid_is_left_out_and_told_why(office: Office, now: datetime) -> None:
    fund = office.fund(10_000_000)
    fine, no_card, no_consent, other = (office.approved() for _ in range(4))
    with office.database.begin() as session:
        workers = {c: session.get_one(Case, c).worker_id for c in (no_card, no_consent, other)}
    own = {c: office.keys.safe_of(worker) for c, worker in workers.items()}
    with office.database.begin() as session:
        by = Actor.worker(workers[no_card])
        profiles.remove_card(session, own[no_card], worker_id=workers[no_card], by=by, now=now)
        consents.withdraw(
            session,
            own[no_consent],
            worker_id=workers[no_consent],
            purpose=Purpose.PAYMENT,
            now=now,
        )
        profiles.save(
            session,
            own[other],
            worker_id=workers[other],
            person=casework.person(99),
            version=1,
            by=Actor.worker(workers[other]),
            now=now,
        )
    collected = office.collect(fund)
    assert collected.left_out == {
        no_card: NotPayable.NO_CARD,
        no_consent: NotPayable.NO_CONSENT,
        other: NotPayable.OTHER_PERSON,
    }
    assert collected.batch is not None and collected.batch.payments == 1
    assert office.state(fine) == State.PAYMENT_PENDING
    assert office.state(no_card) == State.APPROVED


def test_a_corrected_card_is_the_one_that_is_paid_to(office: Office, now: datetime) -> None:
    fund = office.fund(1_000_000)
    case_id = office.approved()
    batch = office.released(fund)
    office.settle(batch, said(office.export(batch), {case_id: "卡号不存在"}))
    with office.database.read() as session:
        worker = session.get_one(Case, case_id).worker_id
    own, card = office.keys.safe_of(worker), casework.person(77).bank_card
    with office.database.begin() as session:
        held = profiles.get(session, own, worker)
        mended = held.person.model_copy(update={"bank_card": card})
        by = Actor.worker(worker)
        profiles.save(session, own, worker_id=worker, person=mended, version=1, by=by, now=now)
    assert [line.bank_card for line in office.export(office.released(fund))] == [card]


def test_bad_rows_of_the_bank_are_told_and_nothing_is_taken(office: Office) -> None:
    fund = office.fund(1_000_000)
    for _ in range(2):
        office.approved()
    batch = office.released(fund)
    good, other = said(office.export(batch))
    bad = [
        Result(2, "PNOBODY", 1, True, ""),
        good,
        Result(4, good.payment_id, good.amount_fen, True, ""),
        Result(5, other.payment_id, other.amount_fen + 1, True, ""),
        Result(6, other.payment_id, other.amount_fen, True, "", name="别人"),
        Result(7, other.payment_id, other.amount_fen, False, ""),
    ]
    with pytest.raises(ResultsRefused) as refused:
        office.settle(batch, bad)
    assert [(each.line, each.fault) for each in refused.value.bad] == [
        (2, Fault.UNKNOWN),
        (4, Fault.TWICE),
        (5, Fault.AMOUNT),
        (6, Fault.TWICE),
        (6, Fault.PAYEE),
        (7, Fault.TWICE),
        (7, Fault.REASON),
    ]
    assert office.sums(fund) == (1_000_000, 2 * SUM, 0)


def test_what_was_returned_is_not_paid_by_a_later_file(office: Office) -> None:
    fund = office.fund(1_000_000)
    case_id = office.approved()
    batch = office.released(fund)
    lines = office.export(batch)
    office.settle(batch, said(lines, {case_id: "销户"}))
    with pytest.raises(ResultsRefused) as refused:
        office.settle(batch, said(lines))
    assert [each.fault for each in refused.value.bad] == [Fault.CONTRADICTS]
    assert office.sums(fund) == (1_000_000, SUM, 0)


def test_a_dry_run_counts_and_changes_nothing(office: Office) -> None:
    fund = office.fund(1_000_000)
    case_id, _ = office.approved(), office.approved()
    batch = office.released(fund)
    results = said(office.export(batch), {case_id: "销户"})
    till = office.at_the_till(office.cashier, batch)
    with office.database.read() as session:
        found, bad = payment_results.check(session, till, batch, results)
    assert (found, bad) == (Settled(paid=1, returned=1), [])
    assert office.sums(fund) == (1_000_000, 2 * SUM, 0)


def test_each_payee_who_is_unsealed_is_in_the_audit(office: Office) -> None:
    fund = office.fund(1_000_000)
    for _ in range(2):
        office.approved()
    batch = office.released(fund)
    for times in (1, 2):
        lines = office.export(batch)
        with office.database.read() as session:
            noted = session.scalars(
                select(col(AuditEntry.row)).where(
                    col(AuditEntry.about) == "payment", col(AuditEntry.action) == "exported"
                )
            ).all()
        assert sorted(noted) == sorted([line.payment_id for line in lines] * times)


def test_names_and_cards_stand_nowhere_in_clear(office: Office) -> None:
    fund = office.fund(1_000_000)
    office.approved()
    batch = office.released(fund)
    line = office.export(batch)[0]
    office.settle(batch, said([line]))
    with office.database.read() as session:
        connection = session.connection()
        for table in ("payment", "payment_batch", "fund_entry", "reservation", "audit_entry"):
            stored = str(connection.exec_driver_sql(f"SELECT * FROM {table}").fetchall())
            assert line.bank_card not in stored and line.name not in stored
            assert stored != "[]"


def test_a_case_that_somebody_moved_meanwhile_is_not_paid_over(office: Office) -> None:
    fund = office.fund(1_000_000)
    case_id = office.approved()
    batch = office.released(fund)
    till = office.at_the_till(office.cashier, batch)
    with pytest.raises(CaseChanged), office.database.begin() as session:
        payment, case = payments_of(session, case_id)[0], session.get_one(Case, case_id)
        stale = Case(**{**case.model_dump(), "version": case.version - 1})
        payments.pay(session, till, payment, stale)
    assert office.sums(fund) == (1_000_000, SUM, 0)
    assert office.settle(batch, said(office.export(batch))) == Settled(paid=1)


def test_the_books_outlive_the_person_and_nothing_else_does(office: Office) -> None:
    fund = office.fund(1_000_000)
    case_id = office.approved()
    first = office.released(fund)
    office.settle(first, said(office.export(first), {case_id: "系统繁忙"}))
    batch = office.released(fund, only={case_id})
    lines = office.export(batch)
    office.settle(batch, said(lines))
    with office.database.read() as session:
        worker = session.get_one(Case, case_id).worker_id
        assert _card_hashes(session, case_id) == [_hash_of_card(session, worker), None]
    by = Actor.worker(worker)
    with office.database.begin() as session:
        gone = erasing.erase(
            session,
            office.safe,
            worker_id=worker,
            by=by,
            blockers=[cases.under_way],
            now=office.now,
        )
    office.keys.destroy(gone)
    with office.database.read() as session:
        assert cases.frozen(session.get_one(Case, case_id), None).person is None
    keys = payments.keys_of(office.keys, [worker])[worker]
    assert keys.own is None
    with office.database.read() as session:
        for payment in payments_of(session, case_id):
            assert payments.payee_of(payment, keys).bank_card == lines[0].bank_card
        assert _card_hashes(session, case_id) == [None, None]
    assert office.export(batch) == lines


def test_a_card_is_known_again_only_as_long_as_its_case_is_kept(office: Office) -> None:
    fund = office.fund(1_000_000)
    case_id = office.approved()
    first = office.released(fund)
    office.settle(first, said(office.export(first), {case_id: "系统繁忙"}))
    batch = office.released(fund, only={case_id})
    office.settle(batch, said(office.export(batch)))
    for years, kept in ((9, True), (11, False)):
        with office.database.begin() as session:
            later = office.now + timedelta(days=366 * years)
            erasing.forget_over(session, holdings()["payment"], now=later)
            assert any(_card_hashes(session, case_id)) is kept
            states = [payment.state for payment in payments_of(session, case_id)]
            assert sorted(states) == [PaymentState.PAID, PaymentState.RETURNED]


def _card_hashes(session: Session, case_id: str) -> list[str | None]:
    """Of the payments of a case, that which came back first."""
    found = payments_of(session, case_id)
    found.sort(key=lambda payment: payment.state, reverse=True)
    return [payment.card_hash for payment in found]


def _hash_of_card(session: Session, worker: int) -> str | None:
    asked = select(col(Profile.card_hash)).where(col(Profile.worker_id) == worker)
    return session.scalars(asked).one()


def test_who_waits_for_money_is_not_erased(office: Office) -> None:
    fund = office.fund(1_000_000)
    case_id = office.approved()
    office.released(fund)
    with office.database.read() as session:
        worker = session.get_one(Case, case_id).worker_id
    with pytest.raises(erasing.StillUnderWay), office.database.begin() as session:
        erasing.erase(
            session,
            office.safe,
            worker_id=worker,
            by=Actor.worker(worker),
            blockers=[cases.under_way],
            now=office.now,
        )
