"""How long a whole register takes: 71,151 people imported, matched, and undone.

python -m bench.register [PEOPLE]
"""

import sys
import time
from datetime import date, timedelta

import server.schema  # noqa: F401
from bench.databases import on_each
from knowledge.eligibility.matching import Match
from knowledge.library import Library, read_library
from server.casework.officers import Role
from server.clock import china_day, utc_now
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.migrations import upgrade
from server.register import importing, rostering, sheets, undoing
from server.register.importing import Desk, Plan
from server.register.tables import RegisterImport
from tests import casework, citizens

PEOPLE = 71_151
_REGION = "张家口"
_HEADERS = "姓名,身份证号,手机号,困难等级,困难原因,需求,上次核查日期,户编号,已办失业登记"


def table(people: int) -> bytes:
    """A spreadsheet of made-up people."""
    today = china_day(utc_now())
    lines = [_HEADERS]
    for number in range(people):
        looked_on = today - timedelta(days=number % 300)
        lines.append(
            f"{citizens.name(number)},{_identity_number(number)},{citizens.phone(number)},"
            f"{'低于低保线' if number % 3 else '略高于低保线'},疾病；子女上学,生活救助；助学,"
            f"{looked_on},{number // 3},{'是' if number % 2 else '否'}"
        )
    return "\n".join(lines).encode()


def _identity_number(number: int) -> str:
    # One for each: the counter of `citizens` alone comes round after some thousand people.
    return citizens.identity_number(number, date(1950, 1, 1) + timedelta(days=number % 19_997))


def main() -> None:
    """Measure on SQLite and on PostgreSQL."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    for database, keys_database in on_each(2):
        measure(people, database, keys_database)


def measure(people: int, database: Database, keys_database: Database) -> None:
    """Print the seconds that each step takes."""
    upgrade(database)
    safe, library, now = Safe({"k1": bytes(32)}, b"secret"), read_library(), utc_now()
    keys = SubjectKeys(database, keys_database, safe, utc_now)
    keys.prepare()
    desk, row = entered(people, database, keys, safe, library)
    begun = time.perf_counter()
    criteria, matched = library.rules.of(_REGION), 0
    regions = {_REGION, *library.regions.descendants(_REGION)}
    for chunk in rostering.chunks(desk, regions, china_day(now)):
        Match(chunk, criteria, _REGION, china_day(now)).lines()
        matched += len(chunk.lines)
    begun = _tell(database, f"matched against {len(criteria)} measures", matched, begun)
    _tell(database, "undone", undoing.undo(desk, row.id), begun)


def entered(
    people: int, database: Database, keys: SubjectKeys, safe: Safe, library: Library
) -> tuple[Desk, RegisterImport]:
    """Enter a register of so many people, and print the seconds that it takes."""
    now = utc_now()
    clerk = casework.officer(database, safe, library, Role.CASE_OFFICER, where=(_REGION,), now=now)
    desk = Desk(database, keys, safe, library, clerk, utc_now)
    uses = sheets.guessed(_HEADERS.split(","), library.facts)
    with database.begin() as session:
        row = importing.keep(session, desk, table(people), _REGION)
        importing.choose(session, row, Plan(uses), now=now)
    begun = time.perf_counter()
    told = importing.dry_run(desk, row)
    begun = _tell(database, "dry run", told.counts.total(), begun)
    *_, counts = importing.go_on(desk, row.id, told.digest)
    _tell(database, "entered", counts.total(), begun)
    return desk, row


def _tell(database: Database, what: str, people: int, begun: float) -> float:
    """Print how long a step took, and return when the next one begins."""
    ended = time.perf_counter()
    name = database.engine.dialect.name
    print(f"{name}: {people:,} people {what} in {ended - begun:.1f} s", flush=True)
    return ended


if __name__ == "__main__":
    main()
