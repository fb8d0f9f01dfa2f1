"""Kills while payments go to the bank and its word comes back: every fen is paid once.

A child process exports and imports, and is killed by SIGKILL at a statement or a commit that is
drawn by lot. The bank, outside, pays what the exported file says and never twice the same number.
"""

import multiprocessing
import os
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import event, func, select
from sqlmodel import Session, col

from server.casework import bank_files, payment_batches, payments, reservations
from server.casework.fund_tables import (
    BatchState,
    Fund,
    Payment,
    PaymentBatch,
    PaymentState,
    Reservation,
)
from server.casework.moves import Move, State
from server.casework.payment_results import Result
from server.casework.tables import Case, CaseEvent
from server.confidential import private_files
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.database.tables import Notice
from tests import funding
from tests.funding import Office
from tests.verifying import size

_CASES = 5
_EXPORTING, _SETTLING = 56, 320
"""Somewhat more statements and commits than an export takes (41), and an import after it (216)."""
_Settling = Callable[[Office, str, list[Result]], None]


@dataclass
class Bank:
    """Pays what a file says, each number once; its word on a number never changes."""

    chance: random.Random
    paid: dict[str, int] = field(default_factory=dict)
    """Fen by payment."""
    refused: set[str] = field(default_factory=set)

    def answer(self, exported: bytes) -> bytes:
        rows = funding.rows_of(exported)
        for row in rows:
            number, amount = row["流水号"], int(row["金额"].replace(".", ""))
            if number in self.paid:
                assert self.paid[number] == amount
            elif number not in self.refused:
                if self.chance.random() < 0.2:
                    self.refused.add(number)
                else:
                    self.paid[number] = amount
        returned = [place for place, row in enumerate(rows) if row["流水号"] in self.refused]
        return funding.answered(exported, returned)


def _settle(office: Office, batch_id: str, results: list[Result]) -> None:
    for start in range(0, len(results), 2):
        office.settle(batch_id, results[start : start + 2])


def _settle_apart(office: Office, batch_id: str, results: list[Result]) -> None:
    """The control: what was paid is noted first, the fund and the case follow later."""
    till = office.at_the_till(office.cashier, batch_id)
    for result in results:
        with office.database.begin() as session:
            payment = session.get_one(Payment, result.payment_id)
            if payment.state != PaymentState.ORDERED:
                continue
            to = PaymentState.PAID if result.paid else PaymentState.RETURNED
            payment.state = to.value
            session.add(payment)
        with office.database.begin() as session:
            payment = session.get_one(Payment, result.payment_id)
            case = session.get_one(Case, payment.case_id)
            if result.paid:
                reservations.spend(session, payment, by=office.cashier, now=office.now)
                till.move(session, case, Move.PAY, amount="1.00元")
            else:
                till.move(session, case, Move.RETURN_PAYMENT, result.reason)
    office.settle(batch_id, [])


def _work(office: Office, batch_id: str, folder: Path, settle: _Settling, kill_at: int) -> None:
    """Export, and import where the bank has answered; die at a step."""
    url = office.database.engine.url.render_as_string(hide_password=False)
    database = Database(url)
    keys = SubjectKeys(database, Database(f"sqlite:///{folder / 'keys.db'}"), office.safe, _never)
    mine = replace(office, database=database, keys=keys)
    steps = 0

    def step(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", step)
    event.listen(database.engine, "after_cursor_execute", step)
    event.listen(database.engine, "commit", step)
    lines = mine.export(batch_id)
    step()
    private_files.write(folder / f"{batch_id}.csv", bank_files.csv_file(lines))
    step()
    answer = folder / f"{batch_id}.answer.csv"
    if answer.exists():
        results, bad = bank_files.read_results(answer)
        assert not bad
        settle(mine, batch_id, results)
    os._exit(0)


def _never() -> datetime:
    raise AssertionError("no key is made here")


def _killed(office: Office, batch_id: str, folder: Path, settle: _Settling, kill_at: int) -> bool:
    """Run it in a child; whether it was killed."""
    fork = multiprocessing.get_context("fork")
    child = fork.Process(target=_work, args=(office, batch_id, folder, settle, kill_at))
    child.start()
    child.join(120)
    assert child.exitcode in (0, -signal.SIGKILL), child.exitcode
    return child.exitcode != 0


def _open_batch(office: Office, fund: Fund, approved: list[int]) -> str:
    """The batch under way, else a new one of what came back, and of new cases."""
    with office.database.read() as session:
        found = session.scalars(
            select(col(PaymentBatch.id)).where(col(PaymentBatch.state) != BatchState.SETTLED)
        ).first()
    if found is not None:
        return found
    with office.database.read() as session:
        waiting = len(payments.due(session, office.post, office.cashier, fund.id or 0))
    for _ in range(_CASES - waiting):
        amount = 100_00 + len(approved) * 7
        office.approved(amount)
        approved.append(amount)
    return _released(office, fund)


def _released(office: Office, fund: Fund) -> str:
    """A batch of all that is due, with what came back: nobody here gives another card."""
    with office.database.read() as session:
        waiting = payments.due(session, office.post, office.cashier, fund.id or 0)
    return office.released(fund, only={case.id for case in waiting})


def _run(
    office: Office, folder: Path, kills: int, settle: _Settling
) -> tuple[Fund, list[int], Bank, int]:
    chance = random.Random(4)
    bank = Bank(random.Random(5))
    fund = office.fund(10**10)
    approved: list[int] = []
    killed = 0
    while killed < kills:
        batch = _open_batch(office, fund, approved)
        answer = folder / f"{batch}.answer.csv"
        exported = folder / f"{batch}.csv"
        if exported.exists() and not answer.exists():
            private_files.write(answer, bank.answer(exported.read_bytes()))
        at = chance.randint(1, _SETTLING if answer.exists() else _EXPORTING)
        killed += _killed(office, batch, folder, settle, at)
    _finish(office, fund, folder, bank, settle)
    return fund, approved, bank, killed


def _finish(office: Office, fund: Fund, folder: Path, bank: Bank, settle: _Settling) -> None:
    """Go on without kills until everybody has their money."""
    for _ in range(50):
        with office.database.read() as session:
            left = session.scalars(
                select(col(PaymentBatch.id)).where(col(PaymentBatch.state) != BatchState.SETTLED)
            ).first()
            waiting = payments.due(session, office.post, office.cashier, fund.id or 0)
        if left is None and not waiting:
            return
        batch = left or _released(office, fund)
        exported = bank_files.csv_file(office.export(batch))
        answer = folder / f"{batch}.answer.csv"
        if not answer.exists():
            private_files.write(answer, bank.answer(exported))
        results, bad = bank_files.read_results(answer)
        assert not bad
        settle(office, batch, results)
    raise AssertionError("it does not come to an end")


def _check(office: Office, fund: Fund, approved: list[int], bank: Bank) -> None:
    """The bank, the ledger, the payments and the cases tell of the same fen."""
    total = sum(approved)
    assert sum(bank.paid.values()) == total
    assert office.sums(fund) == (10**10, 0, total)
    with office.database.read() as session:
        assert _sum(session, Payment.amount_fen, col(Payment.state) == PaymentState.PAID) == total
        assert _sum(session, Reservation.paid_fen) == total
        assert sorted(session.scalars(select(col(Case.amount_fen)))) == sorted(approved)
        assert set(session.scalars(select(col(Case.state)))) == {State.PAID}
        moved = session.scalar(select(func.count()).where(col(CaseEvent.move) == Move.PAY))
        told = session.scalar(select(func.count()).where(col(Notice.kind) == "paid"))
    assert moved == told == len(approved)


def _sum(session: Session, column: object, *only: object) -> int:
    return session.scalar(select(func.sum(column)).where(*only)) or 0  # type: ignore[arg-type]


@pytest.mark.fault
def test_kills_during_export_and_import_lose_and_double_nothing(
    office: Office, tmp_path: Path, tell: Callable[[str, object, object], None]
) -> None:
    kills = size(12, 1000)
    fund, approved, bank, killed = _run(office, tmp_path, kills, _settle)
    _check(office, fund, approved, bank)
    # Kills that let nothing through would prove nothing.
    assert len(approved) * 10 >= kills
    kind = "SQLite" if office.database.is_sqlite else "PostgreSQL"
    yuan = payments.yuan(sum(approved))
    tell(f"{kind}: kills with {yuan} approved and paid to the fen", killed, kills)


@pytest.mark.fault
def test_noting_the_payment_apart_from_the_fund_is_found_out(
    office: Office, tmp_path: Path
) -> None:
    fund, approved, bank, _ = _run(office, tmp_path, 20, _settle_apart)
    with pytest.raises(AssertionError):
        _check(office, fund, approved, bank)


def test_without_kills_noting_it_apart_would_not_show(office: Office, tmp_path: Path) -> None:
    bank = Bank(random.Random(5))
    fund = office.fund(10**10)
    approved: list[int] = []
    _open_batch(office, fund, approved)
    _finish(office, fund, tmp_path, bank, _settle_apart)
    _check(office, fund, approved, bank)


def test_a_kill_between_the_note_and_the_file_leaves_a_batch_that_is_exported_again(
    office: Office, tmp_path: Path
) -> None:
    fund = office.fund(10**10)
    office.approved()
    batch = office.released(fund)
    lines = office.export(batch)
    with office.database.read() as session:
        assert session.get_one(PaymentBatch, batch).state == BatchState.EXPORTED
    with pytest.raises(payment_batches.StepRefused), office.database.begin() as session:
        payment_batches.cancel(session, office.at_the_till(office.cashier, batch), batch)
    assert office.export(batch) == lines
