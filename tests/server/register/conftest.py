"""A register with its officers, and people to enter."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from server.casework.officers import Officer, Role
from server.clock import china_day
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.register import keeping
from server.register.hardship import Cause, Need, Registered
from server.register.keeping import Standing
from server.register.tables import Level, RegisterEntry
from tests import casework, citizens
from tests.server.offers.conftest import fair

__all__ = ["fair"]

if TYPE_CHECKING:
    from knowledge.library import Library


def somebody(number: int = 1, **other: Any) -> Registered:
    """One of many people in hardship."""
    given = {
        "name": citizens.name(number),
        "identity_number": citizens.identity_number(number),
        "phone": citizens.phone(number),
        "address": f"宝盖镇{number}号",
        "causes": (Cause.ILLNESS,),
        "needs": (Need.LIVING, Need.JOB),
    }
    return Registered.model_validate({**given, **other})


@dataclass
class Ledger:
    """What the register needs around it."""

    database: Database
    library: "Library"
    safe: Safe
    keys: SubjectKeys
    now: datetime
    clerk: Officer

    @property
    def today(self) -> date:
        return china_day(self.now)

    def standing(self, **other: Any) -> Standing:
        given = {"region": "石狮", "level": Level.BELOW_LINE, "looked_on": self.today, **other}
        return Standing(**given)

    def enter(self, who: Registered, **other: Any) -> RegisterEntry:
        with self.database.begin() as session:
            worker = keeping.worker_of(session, self.safe, who, now=self.now)
        return self.enter_for(worker, who, **other)

    def enter_for(self, worker: int, who: Registered, **other: Any) -> RegisterEntry:
        own = self.keys.safe_of(worker)
        more = {"standing": self.standing(), "by": self.clerk, "now": self.now, **other}
        with self.database.begin() as session:
            return keeping.enter(
                session, own, self.library.regions, worker_id=worker, registered=who, **more
            )

    def entry(self, id: str) -> RegisterEntry:
        with self.database.read() as session:
            return session.get_one(RegisterEntry, id)

    def act(self, move: Any, id: str, **more: Any) -> RegisterEntry:
        """Let the clerk do something to an entry as it stands."""
        entry = self.entry(id)
        own = self.keys.safe_of(entry.worker_id)
        given = {"by": self.clerk, "version": entry.version, "now": self.now, **more}
        with self.database.begin() as session:
            row = session.get_one(RegisterEntry, id)
            move(session, own, self.library.regions, row, **given)
            return row

    def said(self, id: str) -> Registered | None:
        entry = self.entry(id)
        own = self.keys.safes_of([entry.worker_id]).get(entry.worker_id)
        return keeping.opened(own, entry)


@pytest.fixture
def ledger(
    database: Database, library: "Library", safe: Safe, subject_keys: SubjectKeys, now: datetime
) -> Ledger:
    clerk = casework.officer(database, safe, library, Role.CASE_OFFICER, now=now)
    return Ledger(database, library, safe, subject_keys, now, clerk)
