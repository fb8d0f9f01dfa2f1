"""Joint reports at the size of 承德's winter: 473 reports, 4,558 people, 62,850,000 yuan.

`python -m bench.arrears [DATABASE_URL]`; without an address on SQLite in a new folder. Prints how
long the first page of the list and the section of the weekly report take, and checks every sum.
"""

import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import server.schema  # noqa: F401
from knowledge.library import Library, read_library
from server.arrears import counting, handling, moving
from server.arrears.figures import Figures
from server.arrears.handling import Desk, Wanted
from server.arrears.tables import JointReport, Outcome, ReportState
from server.casework.officers import Officer, Role
from server.casework.weekly_reports import week_of
from server.clock import china_day, utc_now
from server.confidential.sealing import Safe
from server.database.db import Database, load_within
from server.database.tables import stored_instant
from server.migrations import upgrade
from tests import casework

REPORTS, PEOPLE, FEN = 473, 4_558, 62_850_000_00
_REGION = "承德"
_PART = ("id", "report_id", "worker_id", "identity_hash", "amount_fen", "recovered_fen", "version",
         "joined_at", "changed_at")  # fmt: skip
_TIMES = 20


def main() -> None:
    """Measure on SQLite, or on the database whose address is given."""
    folder = Path(tempfile.mkdtemp())
    database = Database(sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder / 'main.db'}")
    upgrade(database)
    safe, library, now = Safe({"k1": bytes(32)}, b"secret"), read_library(), utc_now()
    clerk = casework.officer(database, safe, library, Role.CASE_OFFICER, where=(_REGION,), now=now)
    begun = time.perf_counter()
    ids = fill(database, safe, library, clerk, now)
    _tell(database, f"{REPORTS} reports of {PEOPLE:,} people handed in", begun)
    measure(database, library, clerk, now)
    begun = time.perf_counter()
    for id in ids:
        with database.begin() as session:
            desk = Desk(session, safe, library.regions, clerk, now)
            handling.take(desk, id, version=2)
            handling.settle(desk, id, Outcome.FULL, "都拿到了。", version=3)
    _tell(database, "taken and settled", begun)
    with database.read() as session:
        total = handling.total(session, clerk, library.regions)
    assert total == Figures(REPORTS, PEOPLE, FEN, FEN), total
    print(f"exact: {total.reports} reports, {total.people:,} people, {total.amount_fen:,} fen")


def fill(
    database: Database, safe: Safe, library: Library, clerk: Officer, now: datetime
) -> list[str]:
    """Make the reports with their people and hand them in; their numbers."""
    ids = [f"W{number:06}" for number in range(REPORTS)]
    at = stored_instant(now)
    base, more = divmod(FEN, PEOPLE)
    with database.begin() as session:
        load_within(session, "worker", ("created_at",), [(at,)] * PEOPLE)
        for number, id in enumerate(ids):
            session.add(
                JointReport(
                    id=id, starter_id=number + 1, region=_REGION, employer=f"某建筑公司{number}",
                    place="", first_month="2020-10", last_month="2020-12", unit="承德市人社局",
                    state=ReportState.GATHERING, code_until=now + timedelta(days=30),
                    started_at=now,
                )
            )  # fmt: skip
        session.flush()
        parts = [
            (secrets.token_hex(8), ids[number % REPORTS], number + 1, secrets.token_hex(32),
             base + (number < more), 0, 1, at, at)
            for number in range(PEOPLE)
        ]  # fmt: skip
        load_within(session, "joint_part", _PART, parts)
        for id in ids:
            moving.begin(session, session.get_one(JointReport, id), now=now)
    for id in ids:
        with database.begin() as session:
            handling.hand_in(session, safe, id, by=clerk, regions=library.regions, now=now)
    return ids


def measure(database: Database, library: Library, clerk: Officer, now: datetime) -> None:
    """Print the medians of what a page of the desk asks."""
    week, seen, today = week_of(now), frozenset({_REGION}), china_day(now)

    def page() -> None:
        with database.read() as session:
            handling.counted(session, clerk, library.regions, Wanted())
            assert len(handling.listed(session, clerk, library.regions, Wanted())) == 50
            told = handling.total(session, clerk, library.regions)
        assert told == Figures(REPORTS, PEOPLE, FEN, 0), told

    def section() -> None:
        with database.read() as session:
            (line,) = counting.lines(session, week, seen, today=today)
        assert line.week == line.so_far == Figures(REPORTS, PEOPLE, FEN, 0), line

    for what, act in (("first page of the list", page), ("section of the week", section)):
        print(f"{database.engine.dialect.name}: {what}: median {_median(act):.1f} ms", flush=True)


def _median(act: Callable[[], None]) -> float:
    taken = []
    for _ in range(_TIMES):
        begun = time.perf_counter()
        act()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def _tell(database: Database, what: str, begun: float) -> None:
    seconds = time.perf_counter() - begun
    print(f"{database.engine.dialect.name}: {what} in {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
