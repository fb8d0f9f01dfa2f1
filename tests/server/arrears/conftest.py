"""A site with wages owed: workers who report it together, officers, a post to tell them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.arrears import codes, counting, figures, handling, joining, reading
from server.arrears.figures import Figures
from server.arrears.handling import Desk
from server.arrears.joining import Share, Told
from server.arrears.reading import Mine
from server.arrears.tables import JointPart, JointReport, JointReportEvent
from server.casework.officers import Officer, Role
from server.casework.weekly_reports import week_of
from server.clock import china_day
from server.confidential import subject_keys
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.database.tables import Worker
from server.personal.persons import Person
from tests import casework

if TYPE_CHECKING:
    from knowledge.library import Library

BUILDER = Told("石狮", "石狮市宏达建筑工程有限公司", "宝盖镇工地", "2025-11", "2026-01")
OWED = 12_345_67


@dataclass
class Site:
    """What joint reports need around them."""

    database: Database
    library: "Library"
    safe: Safe
    keys: SubjectKeys
    now: datetime
    clerk: Officer

    def worker(self, who: Person | None = None) -> int:
        return casework.worker(self.database, self.safe, self.keys, now=self.now, who=who)

    def crowd(self, people: int) -> list[int]:
        """So many workers, made in one transaction."""
        made = self.keys.make_many(people)
        with self.database.begin() as session:
            workers = [Worker(created_at=self.now) for _ in made]
            session.add_all(workers)
            session.flush()
            ids = [worker.id or 0 for worker in workers]
            subject_keys.give(
                session, [(key, id) for (key, _), id in zip(made, ids, strict=True)], now=self.now
            )
            for (_, own), id in zip(made, ids, strict=True):
                casework.introduce(session, own, id, casework.person(id), now=self.now)
        return ids

    def started(
        self, worker: int | None = None, amount_fen: int = OWED, told: Told = BUILDER, **other: Any
    ) -> JointReport:
        worker = worker or self.worker()
        own = self.keys.safe_of(worker)
        with self.database.begin() as session:
            return joining.start(
                session, own, self.safe, self.library, replace(told, **other),
                Share(amount_fen), worker_id=worker, now=self.now,
            )  # fmt: skip

    def code(self, report: JointReport) -> str:
        with self.database.read() as session:
            return codes.code_of(self.safe, session.get_one(JointReport, report.id))

    def join(
        self,
        report: JointReport,
        worker: int | None = None,
        amount_fen: int = OWED,
        *,
        code: str | None = None,
        minutes: int = 0,
    ) -> JointPart:
        worker = worker or self.worker()
        own, code = self.keys.safe_of(worker), code or self.code(report)
        at = self.now + timedelta(minutes=minutes)
        with self.database.begin() as session:
            return joining.join(
                session, own, self.safe, code, Share(amount_fen), worker_id=worker, now=at
            )

    def withdraw(self, report: JointReport, worker: int) -> None:
        own = self.keys.safe_of(worker)
        with self.database.begin() as session:
            joining.withdraw(session, own, report.id, worker_id=worker, now=self.now)

    def hand_in(self, report: JointReport, by: Officer | int | None = None) -> JointReport:
        by = report.starter_id if by is None else by
        with self.database.begin() as session:
            return handling.hand_in(
                session, self.safe, report.id, by=by, regions=self.library.regions, now=self.now
            )

    def handed_in(self, *amounts: int, **told: Any) -> JointReport:
        """A report of so many people, handed in."""
        first, *more = amounts or (OWED,)
        report = self.started(amount_fen=first, **told)
        for minute, amount in enumerate(more, start=1):
            self.join(report, amount_fen=amount, minutes=minute)
        return self.hand_in(report)

    def act(
        self, act: Callable[..., Any], report: JointReport, *args: Any, by: Officer | None = None,
        **more: Any,
    ) -> Any:  # fmt: skip
        """Let the clerk do something to a report as it stands."""
        with self.database.begin() as session:
            desk = Desk(session, self.safe, self.library.regions, by or self.clerk, self.now)
            version = session.get_one(JointReport, report.id).version
            return act(desk, report.id, *args, **{"version": version, **more})

    def sent(self, report: JointReport) -> None:
        """Taken, packed and sent."""
        self.act(handling.take, report)
        self.act(handling.exported, report, self.parts(report), digest="0" * 64)
        self.act(handling.send, report)

    def parts(self, report: JointReport) -> list[JointPart]:
        with self.database.read() as session:
            return handling.parts_of(session, report.id)

    def state(self, report: JointReport) -> str:
        with self.database.read() as session:
            return session.get_one(JointReport, report.id).state

    def seen(self, report: JointReport, worker: int) -> Mine:
        with self.database.read() as session:
            return reading.of_worker(session, report.id, worker)

    def figures(self, report: JointReport) -> Figures:
        """What the parts come to; once handed in the events say the same."""
        with self.database.read() as session:
            found = figures.of_report(session, report.id)
            assert figures.told(session, report.id) == found
        return found

    def told_in_all(self) -> Figures:
        with self.database.read() as session:
            return handling.total(session, self.clerk, self.library.regions)

    def week(self, at: datetime | None = None) -> list[counting.ArrearsLine]:
        at = at or self.now
        seen = frozenset({"石狮", "锦州"})
        with self.database.read() as session:
            return counting.lines(session, week_of(at), seen, today=china_day(at))

    def events(self, report: JointReport) -> list[JointReportEvent]:
        with self.database.read() as session:
            return handling.history(session, report.id)


@pytest.fixture
def site(
    database: Database, library: "Library", safe: Safe, subject_keys: SubjectKeys, now: datetime
) -> Site:
    clerk = casework.officer(database, safe, library, Role.CASE_OFFICER, now=now)
    return Site(database, library, safe, subject_keys, now, clerk)
