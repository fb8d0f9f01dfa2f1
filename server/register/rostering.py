"""The register as a roster: everybody in it against the rules, with the facts it vouches for."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from knowledge.eligibility.columns import column_of
from knowledge.eligibility.facts import FactsRefused, Value, Vocabulary, read_value
from knowledge.eligibility.rosters import Chunk
from server.casework.officers import NotAllowed, Role
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.records.audit import Action, Actor
from server.register import keeping
from server.register.hardship import Cause, Registered, facts_of
from server.register.importing import Desk
from server.register.tables import EntryState, Level, RegisterEntry

AT_ONCE = 2000
_HEADERS = ("编号", "姓名", "身份证号", "手机号")
_WRITTEN = ("name", "identity_number", "phone", "facts")


@dataclass(frozen=True, slots=True)
class Person:
    """One entry, opened."""

    entry: RegisterEntry
    registered: Registered

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the register vouches for, as a self-check takes it."""
        return facts_of(self.registered, Level(self.entry.level))


def people(
    desk: Desk, regions: Set[str], fields: Sequence[str], action: Action = Action.READ
) -> Iterator[list[Person]]:
    """Everybody who stands in the register in some regions, so many at once, the looks noted.

    `action`: what the look is for. Raises `NotAllowed` for regions that are not the officer's.
    """
    if Role.CASE_OFFICER not in desk.officer.roles or not all(
        desk.officer.covers(region, desk.library.regions) for region in regions
    ):
        raise NotAllowed
    by = Actor.officer(desk.officer.id)
    for found in unseen(desk.database, desk.keys, regions):
        with desk.database.begin() as session:
            keeping.record_looks(
                session, desk.safe, [each.entry for each in found], by=by, fields=fields,
                action=action, now=desk.clock(),
            )  # fmt: skip
        yield found


def unseen(
    database: Database,
    keys: SubjectKeys,
    regions: Set[str],
    level: Level | None = None,
    cause: Cause | None = None,
) -> Iterator[list[Person]]:
    """The same for a program that shows nobody to anybody: no look is noted.

    `level` and `cause`: only these; what the cause is stands sealed, and is looked up in each.
    """
    after = ""
    while entries := _some(database, regions, level, after):
        after = entries[-1].id
        safes = keys.safes_of(entry.worker_id for entry in entries)
        opened = ((entry, keeping.opened(safes.get(entry.worker_id), entry)) for entry in entries)
        yield [
            Person(entry, who)
            for entry, who in opened
            if who is not None and (cause is None or cause in who.causes)
        ]


def chunks(desk: Desk, regions: Set[str], as_of: date) -> Iterator[Chunk]:
    """Everybody as a roster for matching; the id is that of the entry, the line is counted."""
    reading = Reading(desk.library.facts, as_of)
    line = 1
    for some in people(desk, regions, ("facts",)):
        values = [reading.values_of(each.facts) for each in some]
        named = sorted({fact for each in values for fact in each})
        columns = {fact: column_of(each.get(fact) for each in values) for fact in named}
        lines = list(range(line + 1, line + 1 + len(some)))
        line += len(some)
        yield Chunk(lines, [each.entry.id for each in some], columns, [])


def roster_csv(desk: Desk, regions: Set[str], *, action: Action) -> tuple[bytes, int]:
    """Everybody with who they are, as a roster that the desk matches, and how many they are.

    `action`: an export where it leaves the service in clear.
    """
    everybody = [each for some in people(desk, regions, _WRITTEN, action) for each in some]
    named = sorted({fact for each in everybody for fact in each.facts})
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([*_HEADERS, *(desk.library.facts[fact].label for fact in named)])
    for each in everybody:
        who, facts = each.registered, each.facts
        cells = [_cell(facts.get(fact)) for fact in named]
        writer.writerow([each.entry.id, who.name, who.identity_number, who.phone or "", *cells])
    return written.getvalue().encode("utf-8-sig"), len(everybody)


def _some(
    database: Database, regions: Set[str], level: Level | None, after: str
) -> list[RegisterEntry]:
    with database.read() as session:
        return _page(session, regions, level, after)


def _page(
    session: Session, regions: Set[str], level: Level | None, after: str
) -> list[RegisterEntry]:
    of_level = () if level is None else (col(RegisterEntry.level) == level,)
    return list(
        session.scalars(
            select(RegisterEntry)
            .where(
                col(RegisterEntry.region).in_(regions),
                col(RegisterEntry.state) == EntryState.ON,
                col(RegisterEntry.sealed).is_not(None),
                col(RegisterEntry.id) > after,
                *of_level,
            )
            .order_by(col(RegisterEntry.id))
            .limit(AT_ONCE)
        )
    )


class Reading:
    """Facts as values, each that stands again and again read once."""

    def __init__(self, facts: Vocabulary, as_of: date) -> None:
        self._facts, self._as_of = facts, as_of
        self._known: dict[tuple[str, str], Value | None] = {}

    def values_of(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """The facts of one person; one that the vocabulary no longer has is unknown."""
        found = ((fact, self._value(fact, value)) for fact, value in given.items())
        return {fact: value for fact, value in found if value is not None}

    def _value(self, fact: str, given: Any) -> Value | None:
        key = (fact, json.dumps(given, sort_keys=True))
        if key not in self._known:
            try:
                known = self._facts.get(fact)
                value = None if known is None else read_value(known, given, self._as_of)
            except FactsRefused:
                value = None
            self._known[key] = value
        return self._known[key]


def _cell(given: Any) -> str:
    """A fact as a cell of a roster is written."""
    if given is None:
        return ""
    if isinstance(given, bool):
        return "是" if given else "否"
    if isinstance(given, list):
        return ";".join(given) or "没有"
    if isinstance(given, dict):
        low, high = given.get("at_least"), given.get("at_most")
        if low is None or high is None:
            return f"≥{low}" if high is None else f"≤{high}"
        return f"{low}~{high}"
    return str(given)
