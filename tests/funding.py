"""What tests of money begin with: a fund, cases approved for it, an office with clerks, a bank."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from knowledge.library import Library
from server.casework import applying, deciding, funds, payment_batches, payment_results, payments
from server.casework.advancing import Post
from server.casework.fund_tables import Fund, Payment, PaymentBatch
from server.casework.moves import Move
from server.casework.officers import Officer, Role
from server.casework.payments import Cashier, Collected
from server.casework.tables import Case
from server.clock import china_day
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.personal.persons import Person
from tests import casework

SUM = 301_07
"""Fen: it divides by nothing convenient."""


@dataclass
class Office:
    """Clerks of one town: who writes, who approves, who releases; cases and money."""

    database: Database
    safe: Safe
    library: Library
    keys: SubjectKeys
    now: datetime
    release_id: int
    post: Post
    author: Officer
    approver: Officer
    cashier: Officer
    releaser: Officer
    administrator: Officer

    def fund(self, budget_fen: int, *, name: str = "专项资金", **other: Any) -> Fund:
        """A fund for the measure of the tests."""
        given = {"measures": [casework.MEASURE], "where": ["石狮"], **other}
        with self.database.begin() as session:
            return funds.add(
                session,
                self.safe,
                self.library.regions,
                name=name,
                purpose="稳岗",
                budget_fen=budget_fen,
                by=self.administrator,
                now=self.now,
                **given,
            )

    def recommended(
        self, amount_fen: int | None = SUM, who: Person | None = None, worker: int | None = None
    ) -> str:
        """A case that an approver has before them, of somebody new where nobody is named."""
        if worker is None:
            worker = casework.worker(self.database, self.safe, self.keys, now=self.now, who=who)
        own = self.keys.safe_of(worker)
        measure = self.library.measures[casework.MEASURE]
        today = china_day(self.now)
        checked = applying.check(
            self.library, self.release_id, measure, "石狮", casework.ELIGIBLE, today=today
        )
        with self.database.begin() as session:
            case_id = applying.submit(session, own, checked, worker_id=worker, now=self.now).case_id
        self.recommend(case_id, amount_fen)
        return case_id

    def recommend(self, case_id: str, amount_fen: int | None = SUM) -> None:
        """Put a case that was just handed in before an approver."""
        with self.database.begin() as session:
            case = session.get_one(Case, case_id)
            own = self.keys.safe_of(case.worker_id)
            desk = casework.desk(self.author, self.post, own, self.now)
            taken = deciding.take(session, desk, case, version=case.version)
            deciding.recommend(
                session, desk, taken, Move.APPROVE, version=taken.version, reason="符合",
                amount_fen=amount_fen,
            )  # fmt: skip

    def approve(self, case_id: str, *, instalments: int = 1, **other: Any) -> None:
        """Approve a case: what it promises is held back."""
        with self.database.read() as session:
            worker = session.get_one(Case, case_id).worker_id
        desk = casework.desk(self.approver, self.post, self.keys.safe_of(worker), self.now)
        with self.database.begin() as session:
            case = session.get_one(Case, case_id)
            deciding.approve(
                session, desk, case, version=case.version, instalments=instalments, **other
            )

    def approved(self, amount_fen: int | None = SUM, *, instalments: int = 1) -> str:
        """A case whose money is held back."""
        case_id = self.recommended(amount_fen)
        self.approve(case_id, instalments=instalments)
        return case_id

    def at_the_till(self, officer: Officer, batch_id: str | None = None) -> Cashier:
        """An officer with the keys of everybody, or of those in a batch."""
        with self.database.read() as session:
            if batch_id is None:
                workers = list(session.scalars(select(col(Case.worker_id))))
            else:
                workers = payment_batches.workers_of(session, batch_id)
        keys = payments.keys_of(self.keys, workers, ordering=batch_id is None)
        return Cashier(officer, self.post, keys, self.now)

    def collect(self, fund: Fund, **other: Any) -> Collected:
        """Collect what is due."""
        assert fund.id is not None
        till = self.at_the_till(self.cashier)
        with self.database.begin() as session:
            return payments.collect(session, till, fund.id, **other)

    def released(self, fund: Fund, **other: Any) -> str:
        """A batch that may go to the bank."""
        batch = self.collect(fund, **other).batch
        assert batch is not None
        with self.database.begin() as session:
            payment_batches.lock(session, self.at_the_till(self.cashier, batch.id), batch.id)
        with self.database.begin() as session:
            payment_batches.release(session, self.at_the_till(self.releaser, batch.id), batch.id)
        return batch.id

    def export(self, batch_id: str) -> list[payment_batches.Line]:
        """What the bank gets."""
        till = self.at_the_till(self.cashier, batch_id)
        with self.database.begin() as session:
            return payment_batches.export(session, till, batch_id)[1]

    def settle(
        self, batch_id: str, results: Sequence[payment_results.Result]
    ) -> payment_results.Settled:
        """Take the bank's word."""
        till = self.at_the_till(self.cashier, batch_id)
        with self.database.begin() as session:
            return payment_results.settle(session, till, batch_id, results)

    def state(self, case_id: str) -> str:
        """Where a case stands."""
        with self.database.read() as session:
            return session.get_one(Case, case_id).state

    def sums(self, fund: Fund) -> tuple[int, int, int]:
        """Budget, reserved and spent; the ledger says the same."""
        assert fund.id is not None
        with self.database.read() as session:
            found = funds.sums(session, fund.id)
            assert found == funds.sums_of_ledger(session, fund.id)
        return found.budget_fen, found.reserved_fen, found.spent_fen


def office(
    database: Database, safe: Safe, library: Library, keys: SubjectKeys, now: datetime
) -> Office:
    """An office with everybody it takes."""

    def one(*roles: Role, where: tuple[str, ...] = ("石狮",)) -> Officer:
        return casework.officer(database, safe, library, *roles, where=where, now=now)

    return Office(
        database,
        safe,
        library,
        keys,
        now,
        casework.publish(database, library, now=now),
        casework.post(safe, library),
        author=one(Role.CASE_OFFICER),
        approver=one(Role.APPROVER),
        cashier=one(Role.CASE_OFFICER),
        releaser=one(Role.APPROVER, Role.CASE_OFFICER),
        administrator=one(Role.ADMINISTRATOR, where=("石狮", "锦州")),
    )


def said(
    lines: Iterable[payment_batches.Line], returned: dict[str, str] | None = None
) -> list[payment_results.Result]:
    """What a bank says that pays everybody but those in `returned`, by case."""
    why = returned or {}
    return [
        payment_results.Result(
            number,
            line.payment_id,
            line.amount_fen,
            line.case_id not in why,
            why.get(line.case_id, ""),
            line.name,
            line.bank_card,
        )
        for number, line in enumerate(lines, start=2)
    ]


def rows_of(exported: bytes) -> list[dict[str, str]]:
    """The rows of the exported CSV by their headers."""
    return list(csv.DictReader(io.StringIO(exported.decode("utf-8-sig"))))


def answered(exported: bytes, returned: Iterable[int] = ()) -> bytes:
    """The exported CSV as the bank sends it back: all paid but the rows numbered in `returned`."""
    rows = list(csv.reader(io.StringIO(exported.decode("utf-8-sig"))))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*rows[0], "结果", "原因"])
    for number, row in enumerate(rows[1:]):
        writer.writerow(
            [*row, *(("失败", "账号与户名不符") if number in returned else ("成功", ""))]
        )
    return out.getvalue().encode("utf-8-sig")


def payments_of(session: Session, case_id: str) -> list[Payment]:
    """The payments of a case, with those that came back, the oldest first."""
    return list(
        session.scalars(
            select(Payment)
            .join(PaymentBatch, col(PaymentBatch.id) == col(Payment.batch_id))
            .where(col(Payment.case_id) == case_id)
            .order_by(col(Payment.instalment), col(PaymentBatch.collected_at), col(Payment.id))
        )
    )
