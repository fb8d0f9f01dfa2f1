"""Helpers and people in hardship, and an officer who brings them together."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.casework.officers import Officer
from server.database.tables import Purpose
from server.pairing import helping, keeping, visiting
from server.pairing.helping import Told
from server.pairing.keeping import Answering
from server.pairing.moves import Move
from server.pairing.tables import Ending, Helper, HelperKind, Pairing, Rank, Visit
from server.pairing.visiting import Report
from server.personal import children, consents
from server.personal.persons import Minor
from server.register.hardship import Need
from tests import citizens
from tests.server.register.conftest import Ledger, fair, ledger, somebody

__all__ = ["fair", "ledger"]

if TYPE_CHECKING:
    from server.register.tables import RegisterEntry

CADRE = Told(
    kind=HelperKind.CADRE, name="林书记", phone="13905950100", unit="市总工会", rank=Rank.COUNTY,
    region="石狮", capacity=2, gives=(Need.JOB, Need.TRAINING),
)  # fmt: skip


@dataclass
class Pairs:
    """Pairing, with what it needs around it."""

    ledger: Ledger

    def later(self, **more: float) -> "Pairs":
        return Pairs(replace(self.ledger, now=self.ledger.now + timedelta(**more)))

    def by(self, officer: Officer) -> "Pairs":
        return Pairs(replace(self.ledger, clerk=officer))

    @property
    def today(self) -> date:
        return self.ledger.today

    def helper(self, told: Told = CADRE, **other: Any) -> Helper:
        book = self.ledger
        with book.database.begin() as session:
            return helping.enter(
                session, book.safe, book.library.regions, told.model_copy(update=other),
                by=book.clerk, now=book.now,
            )  # fmt: skip

    def person(self, number: int = 1, **other: Any) -> "RegisterEntry":
        return self.ledger.enter(somebody(number), **other)

    def child_of(self, worker_id: int, number: int = 1) -> str:
        """Let a guardian agree and name a child of five."""
        book = self.ledger
        own = book.keys.safe_of(worker_id)
        with book.database.begin() as session:
            consents.give(
                session, own, worker_id=worker_id, purpose=Purpose.CHILDREN,
                version=consents.in_force(Purpose.CHILDREN).version, now=book.now,
            )  # fmt: skip
            minor: Minor = citizens.minor(number, self.today)
            return children.add(session, own, worker_id=worker_id, minor=minor, now=book.now).id

    def proposed(
        self, helper: Helper, entry: "RegisterEntry", child_id: str | None = None, **more: Any
    ) -> Pairing:
        book = self.ledger
        registered = book.said(entry.id)
        assert registered is not None
        with book.database.begin() as session:
            who: Answering = keeping.answering(
                session, entry, registered, child_id, today=self.today
            )
        own = book.keys.safe_of(who.worker_id)
        with book.database.begin() as session:
            return keeping.propose(
                session, own, book.library.regions, entry, who, helper_id=helper.id,
                by=book.clerk, now=book.now, **more,
            )  # fmt: skip

    def agreed(self, pairing: Pairing, move: Move, by: Officer | None = None) -> Pairing:
        book = self.ledger
        with book.database.begin() as session:
            row = session.get_one(Pairing, pairing.id)
            keeping.agree(
                session, book.safe, book.library.regions, row, move, by=by,
                version=row.version, now=book.now,
            )  # fmt: skip
            return row

    def accepted(self, helper: Helper, entry: "RegisterEntry", **more: Any) -> Pairing:
        """Both sides have agreed: the unit to an officer, the person on their own phone."""
        pairing = self.proposed(helper, entry, **more)
        self.agreed(pairing, Move.UNIT_AGREES, self.ledger.clerk)
        return self.agreed(pairing, Move.PERSON_AGREES)

    def ended(
        self, pairing: Pairing, ending: Ending, by: Officer | None = None, words: str = ""
    ) -> Pairing:
        book = self.ledger
        own = book.keys.safe_of(pairing.worker_id)
        with book.database.begin() as session:
            row = session.get_one(Pairing, pairing.id)
            keeping.end(
                session, own, book.library.regions, row, ending, words=words, by=by,
                version=row.version, now=book.now,
            )  # fmt: skip
            return row

    def visited(self, pairing: Pairing, days: int = 0, given_fen: int = 0, **more: Any) -> Visit:
        """A visit some days ago."""
        book = self.ledger
        own = book.keys.safe_of(pairing.worker_id)
        told = Report(self.today - timedelta(days=days), "家里都好", "米和油", given_fen)
        with book.database.begin() as session:
            row = session.get_one(Pairing, pairing.id)
            return visiting.note(
                session, own, book.library.regions, row, told, by=book.clerk,
                version=row.version, now=book.now, **more,
            )  # fmt: skip

    def at(self, pairing: Pairing) -> Pairing:
        with self.ledger.database.read() as session:
            return session.get_one(Pairing, pairing.id)

    def taken(self, helper: Helper) -> int:
        with self.ledger.database.read() as session:
            return session.get_one(Helper, helper.id).taken


@pytest.fixture
def pairs(ledger: Ledger) -> Pairs:
    return Pairs(ledger)
