"""Clerks at the same button at once: every fen is paid and every person is there once."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlmodel import Session, col

from server.casework import deciding, payment_batches, payment_results, payments, proactive
from server.casework.advancing import CaseChanged
from server.casework.deciding import PaymentOnItsWay
from server.casework.fund_tables import Payment, PaymentBatch
from server.casework.matched_rosters import read_matched_roster
from server.casework.moves import Move
from server.casework.proactive import Fate, Run
from server.casework.tables import Case
from server.clock import china_day
from server.database.db import Database
from server.database.tables import Worker
from tests import casework, citizens
from tests.funding import SUM, Office, payments_of, said
from tests.verifying import size

_CLERKS = 3


@pytest.fixture
def doors(office: Office) -> Iterator[list[Database]]:
    """As many doors to the database as processes would have."""
    url = office.database.engine.url.render_as_string(hide_password=False)
    opened = [Database(url) for _ in range(_CLERKS)]
    yield opened
    for door in opened:
        door.release()


def _at_once(doors: list[Database], act: Callable[[Database], None]) -> list[BaseException]:
    """Everybody does it at the same moment; what failed."""
    line = threading.Barrier(len(doors))
    failed: list[BaseException] = []

    def run(door: Database) -> None:
        line.wait()
        try:
            act(door)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(door,)) for door in doors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return failed


@pytest.mark.fault
def test_who_collects_at_once_collects_each_case_once(
    office: Office, doors: list[Database]
) -> None:
    fund = office.fund(10**9)
    for number in range(size(3, 50)):
        cases = {office.approved() for _ in range(3)}
        till = office.at_the_till(office.cashier)
        before = number * len(cases)

        def collect(door: Database, till: payments.Cashier = till) -> None:
            with door.begin() as session:
                payments.collect(session, till, fund.id or 0)

        assert _at_once(doors, collect) == []
        with office.database.read() as session:
            rows = session.scalars(select(col(Payment.case_id))).all()
        assert len(rows) == before + len(cases) and cases <= set(rows)


@pytest.mark.fault
def test_the_banks_word_taken_at_once_pays_once(office: Office, doors: list[Database]) -> None:
    fund = office.fund(10**9)
    rounds = size(3, 50)
    approved: set[str] = set()
    for number in range(rounds):
        approved |= {office.approved(), office.approved()}
        # By name: what came back is sent to the same card again.
        batch = office.released(fund, only=approved)
        returned = min(approved)
        results = said(office.export(batch), {returned: "销户"} if number == 0 else None)
        till = office.at_the_till(office.cashier, batch)

        def settle(
            door: Database,
            batch: str = batch,
            till: payments.Cashier = till,
            results: list[payment_results.Result] = results,
        ) -> None:
            with door.begin() as session:
                payment_results.settle(session, till, batch, results)

        assert _at_once(doors, settle) == []
    assert office.sums(fund) == (10**9, 0, rounds * 2 * SUM)


@pytest.mark.fault
def test_what_the_bank_takes_back_told_at_once_comes_back_once(
    office: Office, doors: list[Database]
) -> None:
    fund = office.fund(10**9)
    rounds = size(3, 50)
    for _ in range(rounds):
        case_id, _ = office.approved(), office.approved()
        batch = office.released(fund)
        lines = office.export(batch)
        office.settle(batch, said(lines))
        results = said(lines, {case_id: "退汇"})
        till = office.at_the_till(office.cashier, batch)
        settled: list[payment_results.Settled] = []

        def settle(
            door: Database,
            batch: str = batch,
            till: payments.Cashier = till,
            results: list[payment_results.Result] = results,
            settled: list[payment_results.Settled] = settled,
        ) -> None:
            with door.begin() as session:
                found = payment_results.settle(session, till, batch, results)
            settled.append(found)

        assert _at_once(doors, settle) == []
        assert sorted(len(each.taken_back) for each in settled) == [0, 0, 1]
        # To the same card again, by name: so the next round begins with nothing held back.
        again = office.released(fund, only={case_id})
        office.settle(again, said(office.export(again)))
    assert office.sums(fund) == (10**9, 0, rounds * 2 * SUM)


@pytest.mark.fault
def test_an_instalment_taken_back_while_the_next_is_collected_is_one_of_both(
    office: Office, doors: list[Database]
) -> None:
    """Never both: the next would be on its way for a case that waits to be paid anew."""
    fund = office.fund(10**9)
    for number in range(size(4, 60)):
        case_id = office.approved(1000, instalments=2)
        batch = office.released(fund)
        lines = office.export(batch)
        office.settle(batch, said(lines))
        till, results = office.at_the_till(office.cashier), said(lines, {case_id: "退汇"})

        def go(
            door: Database,
            batch: str = batch,
            till: payments.Cashier = till,
            results: list[payment_results.Result] = results,
        ) -> None:
            with door.begin() as session:
                if door is doors[0]:
                    payment_results.settle(session, till, batch, results)
                else:
                    payments.collect(session, till, fund.id or 0, instalment=2)

        failed = _at_once(doors, go)
        with office.database.read() as session:
            found = {each.instalment: each.state for each in payments_of(session, case_id)}
        if failed:
            (refused,) = failed
            assert isinstance(refused, payment_results.ResultsRefused)
            assert found == {1: "paid", 2: "ordered"}
            assert office.state(case_id) == "payment_pending"
        else:
            assert found == {1: "returned"} and office.state(case_id) == "approved"
        assert sum(office.sums(fund)[1:]) == 1000 * (number + 1)


@pytest.mark.fault
def test_a_grant_looked_at_again_while_it_is_collected_is_one_of_both(
    office: Office, doors: list[Database]
) -> None:
    """Never both: what an officer has stopped would be on its way to the bank."""
    fund = office.fund(10**9)
    spent = 0
    for _ in range(size(4, 60)):
        case_id = office.approved()
        till = office.at_the_till(office.cashier)
        reopen = _reopening(office, case_id)

        def go(
            door: Database, till: payments.Cashier = till, reopen: Callable[..., None] = reopen
        ) -> None:
            with door.begin() as session:
                if door is doors[0]:
                    reopen(session)
                else:
                    payments.collect(session, till, fund.id or 0)

        failed = _at_once(doors, go)
        with office.database.read() as session:
            found = [each.state for each in payments_of(session, case_id)]
            batches = session.scalars(
                select(col(Payment.batch_id)).where(col(Payment.case_id) == case_id)
            ).all()
        if failed:
            (refused,) = failed
            assert isinstance(refused, CaseChanged)
            assert found == ["ordered"] and office.state(case_id) == "payment_pending"
            _to_the_bank(office, batches[0])
            spent += SUM
        else:
            assert found == [] and office.state(case_id) == "in_review"
            _end(office, case_id)
        assert office.sums(fund) == (10**9, 0, spent)


@pytest.mark.fault
def test_a_grant_looked_at_again_while_its_instalment_is_paid_loses_no_fen(
    office: Office, doors: list[Database]
) -> None:
    """What the bank has is paid first, whoever comes first; then the rest goes back."""
    fund = office.fund(10**9)
    spent = 0
    for _ in range(size(4, 60)):
        case_id = office.approved(1000, instalments=2)
        batch = office.released(fund)
        results = said(office.export(batch))
        till = office.at_the_till(office.cashier, batch)
        reopen = _reopening(office, case_id)

        def go(
            door: Database,
            batch: str = batch,
            till: payments.Cashier = till,
            results: list[payment_results.Result] = results,
            reopen: Callable[..., None] = reopen,
        ) -> None:
            with door.begin() as session:
                if door is doors[0]:
                    reopen(session)
                else:
                    payment_results.settle(session, till, batch, results)

        (refused,) = _at_once(doors, go)
        assert isinstance(refused, CaseChanged | PaymentOnItsWay)
        assert office.state(case_id) == "payment_pending"
        with office.database.begin() as session:
            _reopening(office, case_id)(session)
        _end(office, case_id)
        spent += 500
        assert office.sums(fund) == (10**9, 0, spent)


def _reopening(office: Office, case_id: str) -> Callable[[Session], None]:
    """An officer who has the case before them as it is now, and looks at its grant again."""
    with office.database.read() as session:
        case = session.get_one(Case, case_id)
    desk = casework.desk(
        office.author, office.post, office.keys.safe_of(case.worker_id), office.now
    )

    def reopen(session: Session) -> None:
        found = session.get_one(Case, case_id)
        deciding.reopen(session, desk, found, version=case.version, reason="批错了")

    return reopen


def _end(office: Office, case_id: str) -> None:
    """Two officers end a grant that is looked at again."""
    with office.database.begin() as session:
        case = session.get_one(Case, case_id)
        own = office.keys.safe_of(case.worker_id)
        desk = casework.desk(office.author, office.post, own, office.now)
        asked = deciding.recommend(
            session, desk, case, Move.REFUSE, version=case.version, reason="批错了"
        )
        second = casework.desk(office.approver, office.post, own, office.now)
        deciding.refuse(session, second, asked, version=asked.version, reason="批错了")


def _to_the_bank(office: Office, batch: str) -> None:
    with office.database.begin() as session:
        payment_batches.lock(session, office.at_the_till(office.cashier, batch), batch)
    with office.database.begin() as session:
        payment_batches.release(session, office.at_the_till(office.releaser, batch), batch)
    office.settle(batch, said(office.export(batch)))


@pytest.mark.fault
def test_a_batch_released_and_cancelled_at_once_is_one_of_both(
    office: Office, doors: list[Database]
) -> None:
    fund = office.fund(10**9)
    for _ in range(size(4, 60)):
        case_id = office.approved()
        batch = office.collect(fund).batch
        assert batch is not None
        till = office.at_the_till(office.releaser, batch.id)
        with office.database.begin() as session:
            payment_batches.lock(session, office.at_the_till(office.cashier, batch.id), batch.id)
        with office.database.begin() as session:
            payment_batches.release(session, till, batch.id)

        def go(door: Database, batch_id: str = batch.id, till: payments.Cashier = till) -> None:
            with door.begin() as session:
                if door is doors[0]:
                    payment_batches.export(session, till, batch_id)
                else:
                    payment_batches.cancel(session, till, batch_id)

        failed = _at_once(doors, go)
        assert all(isinstance(error, payment_batches.StepRefused) for error in failed)
        assert failed
        with office.database.read() as session:
            state = session.get_one(PaymentBatch, batch.id).state
        assert (state, office.state(case_id)) in (
            ("exported", "payment_pending"),
            ("cancelled", "approved"),
        )
        if state == "exported":
            office.settle(batch.id, said(office.export(batch.id)))
        else:
            again = office.released(fund)
            office.settle(again, said(office.export(again)))


@pytest.mark.fault
def test_a_register_run_twice_at_once_makes_each_case_once(
    office: Office, doors: list[Database], tmp_path: Path
) -> None:
    people = [citizens.person(number) for number in range(size(6, 100))]
    outcome, roster = tmp_path / "outcome.csv", tmp_path / "roster.csv"
    rows = [f"{n},{n},{casework.MEASURE},eligible,true,\n" for n in range(len(people))]
    outcome.write_text("line,id,measure,outcome,open,missing\n" + "".join(rows), "utf-8")
    rows = [f"{n},{who.name},{who.identity_number},{who.phone}\n" for n, who in enumerate(people)]
    roster.write_text("编号,姓名,身份证号,手机号\n" + "".join(rows), "utf-8")
    run = Run(
        office.library,
        office.release_id,
        read_matched_roster(outcome, roster),
        office.author,
        office.safe,
        china_day(office.now),
    )
    told: list[proactive.Told] = []

    def propose(door: Database) -> None:
        told.extend(proactive.propose(door, office.keys, run, clock=lambda: office.now))

    assert _at_once(doors, propose) == []
    made = [each for each in told if each.case_id is not None]
    assert len(made) == len(people)
    assert {each.fate for each in told} == {Fate.PROPOSED, Fate.HAS_CASE}
    with office.database.read() as session:
        for table in (Case, Worker):
            assert session.scalar(select(func.count()).select_from(table)) == len(people)
