"""Tallies that tell of nobody: messages by the hour, self-checks that ended one fact away.

Turns are forgotten after a while and with the person; what reports need of them is counted once,
when the hour is over, and stays. `jobs report` and `jobs sweep` do it; an hour that is not counted
yet is counted from the turns themselves.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, func, select, text, type_coerce
from sqlmodel import Session, col

from bot.answers import Kind
from knowledge.eligibility.near_misses import Lacking, NearMiss
from knowledge.library import Library
from server.database import tables
from server.database.db import Database, insert_new
from server.database.tables import TalliedHour, Turn, TurnTally

HOUR = timedelta(hours=1)
SETTLED = timedelta(minutes=10)
"""A turn is written a moment after its instant: by then all of an hour are there."""
CHECK = "check"
"""The kind under which messages of a self-check count, whatever they do in it."""
_SELF_CHECK = "check-"
_ELSEWHERE = "place-not-covered"
_OUTSIDE = "outside"
_LONGEST = 64


@dataclass(frozen=True, slots=True, order=True)
class Sort:
    """What messages that count together have in common; an empty text: nothing of it is known."""

    place: str
    kind: str
    reason: str
    topic: str
    measure: str


def hour_of(instant: datetime) -> datetime:
    """When the hour of an instant began; the same in every zone of whole hours."""
    return instant.replace(minute=0, second=0, microsecond=0)


def tally_due(database: Database, library: Library, *, now: datetime) -> int:
    """Count every hour that is over and not counted yet, each in a transaction; how many."""
    counted = 0
    for hour in _hours_due(database, now):
        with database.begin() as session:
            counted += tally(session, library, hour)
    return counted


def tally(session: Session, library: Library, hour: datetime) -> bool:
    """Count the messages of one hour for good; False where that was done before."""
    if not insert_new(session, TalliedHour, hour=hour):
        return False
    found = _of_turns(session, library, hour, hour + HOUR).get(hour, Counter())
    for sort, turns in sorted(found.items()):
        session.add(
            TurnTally(
                hour=hour,
                place=sort.place,
                kind=sort.kind,
                reason=sort.reason,
                topic=sort.topic,
                measure=sort.measure,
                turns=turns,
            )
        )
    session.flush()
    return True


def counted(
    session: Session, library: Library, begin: datetime, end: datetime
) -> dict[datetime, Counter[Sort]]:
    """The messages of each hour in [begin, end), both on the hour.

    What the job has not counted yet is counted from the turns.
    """
    found: dict[datetime, Counter[Sort]] = {}
    for row in session.scalars(
        select(TurnTally).where(col(TurnTally.hour) >= begin, col(TurnTally.hour) < end)
    ):
        sort = Sort(row.place, row.kind, row.reason, row.topic, row.measure)
        found.setdefault(row.hour, Counter())[sort] += row.turns
    for start, stop in _gaps(_done(session, begin, end), begin, end):
        found |= _of_turns(session, library, start, stop)
    return found


def add_misses(database: Database, region: str, found: Iterable[NearMiss], *, day: date) -> None:
    """Count what a self-check of an Asia/Shanghai day missed by one fact; nothing else is kept."""
    rows = miss_rows((region, miss, day) for miss in found)
    if rows:
        database.insert(COUNT_MISSES, rows)


def miss_rows(found: Iterable[tuple[str, NearMiss, date]]) -> list[tuple[Any, ...]]:
    """The rows for `COUNT_MISSES`, each key once."""
    counted = Counter(
        (day.isoformat(), region, miss.measure, miss.fact, miss.lacking.value)
        for region, miss, day in found
    )
    return [(*key, checks) for key, checks in sorted(counted.items())]


def misses(session: Session, first: date, last: date) -> Counter[tuple[str, NearMiss]]:
    """How many self-checks of these days ended so, by region; the last day included."""
    kept = tables.NearMiss
    alike = (col(kept.region), col(kept.measure), col(kept.fact), col(kept.lacking))
    rows = session.execute(
        select(*alike, func.sum(col(kept.checks)))
        .where(col(kept.day).between(first, last))
        .group_by(*alike)
    ).all()
    return Counter(
        {
            (region, NearMiss(measure, fact, Lacking(lacking))): int(checks)
            for region, measure, fact, lacking, checks in rows
        }
    )


COUNT_MISSES = (
    "INSERT INTO near_miss (day, region, measure, fact, lacking, checks) VALUES {}"
    " ON CONFLICT (day, region, measure, fact, lacking)"
    " DO UPDATE SET checks = near_miss.checks + excluded.checks"
)


def _hours_due(database: Database, now: datetime) -> list[datetime]:
    """The hours with messages that are over and were not counted.

    An hour without any stays open: where the clock was ahead for a while, it is still to come.
    """
    end = hour_of(now - SETTLED)
    with database.read() as session:
        first = _first(session)
        if first is None:
            return []
        begin = hour_of(first)
        gaps = _gaps(_done(session, begin, end), begin, end)
        return [hour for gap in gaps for hour in _hours_with_turns(session, *gap)]


def _first(session: Session) -> datetime | None:
    """When the first message came that is still there."""
    firsts = (
        session.scalar(select(func.min(col(Turn.at))).where(col(Turn.kind) == kind))
        for kind in Kind
    )
    return min((first for first in firsts if first is not None), default=None)


def _done(session: Session, begin: datetime, end: datetime) -> set[datetime]:
    """The hours in [begin, end) that are counted for good."""
    within = col(TalliedHour.hour) >= begin, col(TalliedHour.hour) < end
    return set(session.scalars(select(col(TalliedHour.hour)).where(*within)))


def _gaps(
    done: Set[datetime], begin: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """The stretches of hours in [begin, end) that are not among those done."""
    start = hour = begin
    while hour < end:
        if hour in done:
            if start < hour:
                yield start, hour
            start = hour + HOUR
        hour += HOUR
    if start < end:
        yield start, end


def _of_turns(
    session: Session, library: Library, begin: datetime, end: datetime
) -> dict[datetime, Counter[Sort]]:
    """Count the turns in [begin, end), hour by hour."""
    hour = _hour(session)
    rows = session.execute(
        select(
            hour,
            col(Turn.kind),
            col(Turn.region),
            col(Turn.reason),
            col(Turn.measures),
            col(Turn.rejected),
            func.count(),
        )
        .where(*_within(begin, end))
        # By their places: an expression with parameters never equals itself for PostgreSQL.
        .group_by(*(text(str(place)) for place in range(1, 7)))
    )
    found: dict[datetime, Counter[Sort]] = {}
    for began, kind, region, reason, measures, rejected, turns in rows:
        sort = _sort(library, kind, region, reason, json.loads(measures), json.loads(rejected))
        found.setdefault(_told(began), Counter())[sort] += turns
    return found


def _hours_with_turns(session: Session, begin: datetime, end: datetime) -> list[datetime]:
    hours = select(_hour(session)).where(*_within(begin, end)).distinct()
    return sorted(map(_told, session.scalars(hours)))


def _within(begin: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    """The turns in [begin, end); all kinds are named, as the index has the kind before the time."""
    return col(Turn.kind).in_(list(Kind)), col(Turn.at) >= begin, col(Turn.at) < end


def _hour(session: Session) -> ColumnElement[Any]:
    """The hour of a turn, as the database tells it."""
    if session.get_bind().dialect.name == "sqlite":
        return func.substr(type_coerce(col(Turn.at), String), 1, len("2026-03-01 09"))
    return func.date_trunc("hour", col(Turn.at), "UTC")


def _told(hour: str | datetime) -> datetime:
    """An hour as `_hour` gives it."""
    at = datetime.fromisoformat(f"{hour}:00:00+00:00") if isinstance(hour, str) else hour
    return at.astimezone(UTC)


def _sort(
    library: Library,
    kind: str,
    region: str | None,
    reason: str,
    measures: list[str],
    rejected: list[str],
) -> Sort:
    """Sort a turn; what it is about is the measure it was answered from, or the nearest one."""
    name, _, detail = reason.partition(":")
    place = region or (detail if name == _ELSEWHERE else "")
    if reason.startswith(_SELF_CHECK):
        return Sort(place, CHECK, "", "", "")
    nearest = [*measures, *(words.split(" ", 1)[0] for words in rejected)][:1]
    measure = measures[0] if measures else ""
    if name == _OUTSIDE:
        topic = detail
    else:
        known = library.measures.get(nearest[0]) if nearest else None
        topic = known.topics[0] if known and known.topics else ""
    return Sort(place[:_LONGEST], kind, name if kind == Kind.DECLINE else "", topic, measure)
