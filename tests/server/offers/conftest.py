"""A house of offers: officers, employers, workers, and vacancies to take places in."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.casework.officers import Officer, Role
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.offers import offering, taking_part
from server.offers.offering import Proposal
from server.offers.tables import Offer, OfferKind, Participation
from tests import casework

if TYPE_CHECKING:
    from knowledge.library import Library

LAST_ON = date(2026, 3, 20)

SEWING = Proposal(
    kind=OfferKind.VACANCY,
    region="石狮",
    title="缝纫工",
    words="包吃住，月休四天。",
    organiser="某服装厂",
    contact="0595-88000000",
    place="宝盖镇",
    begins_at=None,
    last_on=LAST_ON,
    seats=2,
    details={"trade": "缝纫", "pay_from": 500_000, "pay_to": 800_000},
)


@dataclass
class Fair:
    """What offers need around them."""

    database: Database
    library: "Library"
    safe: Safe
    keys: SubjectKeys
    now: datetime
    clerk: Officer

    def worker(self) -> int:
        return casework.worker(self.database, self.safe, self.keys, now=self.now)

    def proposed(self, proposal: Proposal = SEWING, **other: Any) -> Offer:
        with self.database.begin() as session:
            return offering.propose(
                session,
                self.safe,
                replace(proposal, **other),
                by=self.clerk,
                regions=self.library.regions,
                now=self.now,
            )

    def opened(self, proposal: Proposal = SEWING, **other: Any) -> Offer:
        offer = self.proposed(proposal, **other)
        self.step(offering.publish, offer)
        return offer

    def step(self, act: Any, offer: Offer, *args: Any, **more: Any) -> Any:
        """Let the clerk do something to an offer as it stands."""
        with self.database.begin() as session:
            row = session.get_one(Offer, offer.id)
            given = {"by": self.clerk, "version": row.version, "now": self.now, **more}
            return act(session, self.safe, row, *args, regions=self.library.regions, **given)

    def join(self, offer: Offer, worker_id: int, minutes: int = 0) -> Participation:
        own, at = self.keys.safe_of(worker_id), self.now + timedelta(minutes=minutes)
        with self.database.begin() as session:
            return taking_part.join(session, own, offer.id, worker_id=worker_id, now=at)

    def leave(self, offer: Offer, worker_id: int) -> list[Participation]:
        own = self.keys.safe_of(worker_id)
        with self.database.begin() as session:
            return taking_part.leave(session, own, offer.id, worker_id=worker_id, now=self.now)[1]

    def state(self, offer: Offer, worker_id: int) -> str:
        with self.database.read() as session:
            return taking_part.states(session, worker_id, [offer.id])[offer.id]

    def taken(self, offer: Offer) -> int:
        with self.database.read() as session:
            return session.get_one(Offer, offer.id).taken


@pytest.fixture
def fair(
    database: Database, library: "Library", safe: Safe, subject_keys: SubjectKeys, now: datetime
) -> Fair:
    clerk = casework.officer(database, safe, library, Role.CASE_OFFICER, now=now)
    return Fair(database, library, safe, subject_keys, now, clerk)
