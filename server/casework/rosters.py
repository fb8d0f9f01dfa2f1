"""A roster at the desk: kept sealed between its upload and the officer's yes or no, then erased.

What matching finds is worked out anew each time it is looked at; nothing of it is kept.
"""

import base64
import csv
import io
import json
import secrets
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

import numpy as np
from sqlalchemy import delete, select
from sqlmodel import Session, col

from knowledge.eligibility.cells import plain
from knowledge.eligibility.columns import Column
from knowledge.eligibility.facts import APPLICANT_ROLE, Vocabulary
from knowledge.eligibility.matching import HEADER, Ask, Match, csv_cell
from knowledge.eligibility.rosters import Chunk, RosterRefused, Unread, read_roster
from knowledge.eligibility.sheets import SheetRefused, read_rows, refuse_bloated
from knowledge.eligibility.verdicts import Outcome, is_open
from knowledge.library import Library
from knowledge.regions import Regions
from server.casework.matched_rosters import (
    COLUMNS,
    MatchedRoster,
    MatchedRosterRefused,
    read_matched_roster,
)
from server.casework.officers import Officer, Role, require
from server.casework.tables import RosterFile
from server.confidential.private_files import in_memory
from server.confidential.sealing import Safe
from server.records import audit
from server.records.audit import Action

MOST_PEOPLE = 5_000
"""Larger ones are matched by command: a page has seconds, not minutes."""
_MOST_COLUMNS = 100
_INERT = ("'=", "'+", "'-", "'@")
_OUTCOMES = {
    Outcome.ELIGIBLE: "够条件",
    Outcome.INELIGIBLE: "不够条件",
    Outcome.UNDETERMINED: "还不清楚",
}


class Use(StrEnum):
    """What a column is, where it is no fact."""

    NOTHING = "-"
    ID = "id"
    NAME = "name"
    IDENTITY_NUMBER = "identity_number"
    PHONE = "phone"
    BANK_CARD = "bank_card"
    NATIVE_PLACE = "native_place"


class RosterUnknown(LookupError):
    """There is no such file, it is somebody else's, or it is erased already."""


class FileRefused(Exception):
    """A file of which nothing can be read, as far as it is known why."""

    def __init__(self, why: "Why", detail: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.detail = detail


class Why(StrEnum):
    """Why a file can't be read."""

    NO_TABLE = "no_table"
    TOO_MANY = "too_many"
    TWICE = "twice"
    """Two columns are the same thing."""
    NO_FACT = "no_fact"
    NO_PERSON = "no_person"
    """For cases it takes the number, the name, the identity number and the telephone."""


def keep(
    session: Session,
    safe: Safe,
    regions: Regions,
    *,
    content: bytes,
    region: str,
    as_of: date,
    by: Officer,
    now: datetime,
) -> str:
    """Keep a file sealed, in the place of an earlier one of the officer; raises `NotAllowed`."""
    require(by, Role.CASE_OFFICER, region, regions)
    session.execute(delete(RosterFile).where(col(RosterFile.officer_id) == by.id))
    id = secrets.token_hex(16)
    packed = base64.b64encode(zlib.compress(content)).decode()
    session.add(
        RosterFile(
            id=id,
            officer_id=by.id,
            region=region,
            as_of=as_of,
            mapping="",
            sealed=safe.seal(packed, _purpose(id)),
            size=len(content),
            made_at=now,
        )
    )
    session.flush()
    _record(session, safe, id, by, Action.CREATED, now)
    return id


def find(session: Session, id: str, by: Officer, regions: Regions) -> RosterFile:
    """An officer's own file; raises `RosterUnknown`."""
    row = session.get(RosterFile, id)
    allowed = Role.CASE_OFFICER in by.roles
    if row is None or row.officer_id != by.id or not allowed or not by.covers(row.region, regions):
        raise RosterUnknown(id)
    return row


def newest_of(session: Session, by: Officer) -> RosterFile | None:
    """The file that an officer has not decided on yet."""
    return session.scalars(select(RosterFile).where(col(RosterFile.officer_id) == by.id)).first()


def content_of(safe: Safe, row: RosterFile) -> bytes:
    """The file as it came."""
    return zlib.decompress(base64.b64decode(safe.unseal(row.sealed, _purpose(row.id))))


def choose(session: Session, row: RosterFile, uses: Mapping[str, str]) -> None:
    """Note what each column is: a fact, or one of `Use`."""
    row.mapping = json.dumps(dict(uses), ensure_ascii=False)
    session.add(row)


def uses_of(row: RosterFile) -> dict[str, str]:
    """What each column is, empty where nobody has said it yet."""
    found: dict[str, str] = json.loads(row.mapping) if row.mapping else {}
    return found


def erase(session: Session, safe: Safe, row: RosterFile, *, by: Officer, now: datetime) -> None:
    """Forget a file."""
    session.execute(delete(RosterFile).where(col(RosterFile.id) == row.id))
    _record(session, safe, row.id, by, Action.ERASED, now)


# -- columns ------------------------------------------------------------------------------------


def headers(content: bytes) -> list[str]:
    """The headers of a table; raises `FileRefused`."""
    with in_memory(content) as path:
        try:
            refuse_bloated(path)
            first = next(read_rows(path), None)
        except SheetRefused as error:
            raise FileRefused(Why.NO_TABLE) from error
    if first is None or first.broken or len(first.cells) > _MOST_COLUMNS:
        raise FileRefused(Why.NO_TABLE)
    if len(set(map(plain, first.cells))) < len(first.cells):
        raise FileRefused(Why.TWICE)
    return first.cells


def guessed(headers: Sequence[str], facts: Vocabulary) -> dict[str, str]:
    """What each column is by its header, `Use.NOTHING` for one that says nothing."""
    named = {plain(fact.label): key for key, fact in facts.items()} | {key: key for key in facts}
    named |= {plain(name): field for field, names in COLUMNS.items() for name in names}
    return {header: named.get(plain(header), Use.NOTHING) for header in headers}


def check(uses: Mapping[str, str], facts: Vocabulary) -> None:
    """Raise `FileRefused` where two columns are one thing, or none is a fact."""
    chosen = [use for use in uses.values() if use != Use.NOTHING]
    for use in chosen:
        if chosen.count(use) > 1:
            raise FileRefused(Why.TWICE, use)
    if not any(use in facts for use in chosen):
        raise FileRefused(Why.NO_FACT)


# -- matching -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Matching:
    """What the rules say of everybody in a roster."""

    people: int
    outcomes: Mapping[str, Counter[Outcome]]
    """By measure, in the order of the knowledge."""
    open: frozenset[str]
    """The measures that are open on the day."""
    lines: str
    """CSV: a line for each person and measure."""
    asks: Sequence[Ask]
    unread: Sequence[Unread]


def matched(
    library: Library, content: bytes, row: RosterFile, only: Collection[str] | None = None
) -> Matching:
    """Match everybody against the measures of the region, or some of them; raises `FileRefused`."""
    criteria = [
        each for each in library.rules.of(row.region) if only is None or each.measure.id in only
    ]
    outcomes = {each.measure.id: Counter[Outcome]() for each in criteria}
    lines, people = [HEADER], 0
    asks: list[Ask] = []
    unread: list[Unread] = []
    mapped = {
        header: use if use in library.facts or use == Use.ID else None
        for header, use in uses_of(row).items()
    }
    with in_memory(content) as path:
        try:
            for chunk in read_roster(path, library.facts, row.as_of, mapped):
                people += len(chunk.lines)
                unread += chunk.unread
                if people + len(unread) > MOST_PEOPLE:
                    raise FileRefused(Why.TOO_MANY)
                match = Match(_of_workers(chunk), criteria, row.region, row.as_of)
                lines.append(match.lines())
                asks += match.asks(library.facts)
                for measure, counted in match.counted():
                    outcomes[measure].update(counted)
        except RosterRefused as error:
            raise FileRefused(Why.NO_TABLE) from error
    are_open = frozenset(each.measure.id for each in criteria if is_open(each, row.as_of))
    return Matching(people, outcomes, are_open, "".join(lines), asks, unread)


def _of_workers(chunk: Chunk) -> Chunk:
    """Take people for workers where no column says for whom something is asked."""
    if APPLICANT_ROLE in chunk.columns:
        return chunk
    everybody = Column(np.ones(len(chunk.lines), np.intp), [None, frozenset({"worker"})])
    return replace(chunk, columns={**chunk.columns, APPLICANT_ROLE: everybody})


def with_people(content: bytes, row: RosterFile, matching: Matching) -> MatchedRoster:
    """The people together with what was found of them; raises `FileRefused`."""
    columns = {use: header for header, use in uses_of(row).items() if use != Use.NOTHING}
    needed = (Use.ID, Use.NAME, Use.IDENTITY_NUMBER, Use.PHONE)
    if any(use not in columns for use in needed):
        raise FileRefused(Why.NO_PERSON)
    with in_memory(matching.lines.encode()) as outcomes, in_memory(content) as roster:
        named = {field: columns[field] for field in COLUMNS if field in columns}
        try:
            return read_matched_roster(outcomes, roster, named)
        except MatchedRosterRefused as error:
            raise FileRefused(Why.NO_TABLE) from error


def asks_csv(matching: Matching, library: Library) -> str:
    """Whom one answer would make eligible, as CSV."""
    written = io.StringIO()
    written.write("行,编号,措施,要问的,问题\n")
    for ask in matching.asks:
        fact = library.facts[ask.fact]
        cells = (str(ask.line), ask.id, ask.measure, fact.label, fact.question)
        written.write(",".join(map(csv_cell, cells)) + "\n")
    return written.getvalue()


def outcomes_csv(matching: Matching, library: Library) -> str:
    """What the rules say of everybody, as CSV."""
    written = io.StringIO()
    written.write("行,编号,措施,名称,结论,在办理期,还不清楚\n")
    for row in csv.DictReader(io.StringIO(matching.lines)):
        missing = "；".join(library.facts[key].label for key in row["missing"].split(";") if key)
        is_open = "是" if row["open"] == "true" else "否"
        # Made inert when they were written: not a second time.
        id = row["id"].removeprefix("'") if row["id"].startswith(_INERT) else row["id"]
        title = library.measures[row["measure"]].title
        outcome = _OUTCOMES[Outcome(row["outcome"])]
        cells = (row["line"], id, row["measure"], title, outcome, is_open, missing)
        written.write(",".join(map(csv_cell, cells)) + "\n")
    return written.getvalue()


def unread_csv(matching: Matching, words: Callable[[Unread], str]) -> str:
    """The lines that can't be read, and why, as CSV."""
    written = io.StringIO()
    written.write("行,列,原因\n")
    for each in matching.unread:
        cells = (str(each.line), each.column, words(each))
        written.write(",".join(map(csv_cell, cells)) + "\n")
    return written.getvalue()


def _purpose(id: str) -> str:
    return f"roster_file.sealed:{id}"


def _record(
    session: Session, safe: Safe, id: str, by: Officer, action: Action, now: datetime
) -> None:
    audit.record(
        session,
        safe,
        by=audit.Actor.officer(by.id),
        action=action,
        about="roster_file",
        row=id,
        worker_id=None,
        now=now,
    )
