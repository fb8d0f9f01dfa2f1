"""How things go: questions, measures, self-checks, time until a decision; nobody's data."""

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median, quantiles
from typing import Any

from sqlalchemy import Select, String, cast, distinct, func, select
from sqlmodel import Session, col

from bot.answers import Kind
from knowledge.eligibility.near_misses import NearMiss
from knowledge.library import Library
from knowledge.regions import Level, Regions
from server import tallying
from server.casework.moves import Move
from server.casework.tables import Case, CaseEvent
from server.clock import CHINA, china_day
from server.confidential.privacy import mask
from server.database.tables import Conversation, Turn

SEVERAL = 3
"""By how many people a question has to be asked before anybody gets to read it."""
_MOST_QUESTIONS = 20
_LONGEST_QUESTION = 120
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Span:
    """Some Asia/Shanghai days, the first and the last included."""

    first: date
    last: date

    @property
    def begin(self) -> datetime:
        """Its first instant."""
        return datetime.combine(self.first, time(), CHINA)

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return datetime.combine(self.last + timedelta(days=1), time(), CHINA)

    @property
    def days(self) -> list[date]:
        """Each of its days."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


@dataclass(frozen=True, slots=True)
class Scope:
    """What an officer gets to see: regions, and with `elsewhere` what is about none of them."""

    regions: Set[str]
    elsewhere: bool = False

    def covers(self, place: str) -> bool:
        """Whether something of a place is to be seen."""
        return self.elsewhere or place in self.regions


@dataclass(frozen=True, slots=True)
class Questions:
    """Messages by day, by city and by the measure that they were answered from."""

    by_day: dict[date, Counter[str]]
    by_city: dict[str, Counter[str]]
    measures: Counter[str]


@dataclass(frozen=True, slots=True)
class Often:
    """A question that several people asked in the same words; masked."""

    text: str
    people: int
    times: int


@dataclass(frozen=True, slots=True)
class Pace:
    """From submission to decision, in days, of the cases that were decided."""

    decided: int
    median: float
    p90: float


def questions(session: Session, library: Library, span: Span, scope: Scope) -> Questions:
    """Count messages; those of self-checks have a kind of their own."""
    by_day: dict[date, Counter[str]] = {day: Counter() for day in span.days}
    by_city: dict[str, Counter[str]] = {}
    measures: Counter[str] = Counter()
    for hour, sorts in tallying.counted(session, library, span.begin, span.end).items():
        for sort, turns in sorts.items():
            if not scope.covers(sort.place):
                continue
            by_day[china_day(hour)][sort.kind] += turns
            city = city_of(library.regions, sort.place)
            by_city.setdefault(city, Counter())[sort.kind] += turns
            if sort.kind == Kind.ANSWER and sort.measure:
                measures[sort.measure] += turns
    return Questions(by_day, by_city, measures)


def city_of(regions: Regions, place: str) -> str:
    """The city in which a region lies; any other place is its own."""
    found = place
    while found in regions:
        region = regions.get(found)
        if region.level is Level.CITY or region.parent is None:
            return region.id
        if regions.get(region.parent).level is Level.PROVINCE:
            return region.id
        found = region.parent
    return place


def often_asked(session: Session, span: Span, scope: Scope) -> list[Often]:
    """The questions that several people asked in the same words, the most frequent first."""
    # Who did not sign in counts by the talk: the same person may count twice, but never by one.
    who = func.coalesce(cast(col(Conversation.worker_id), String), col(Conversation.id))
    people, times = func.count(distinct(who)), func.count()
    query = (
        select(col(Turn.text), people, times)
        .join(Conversation, col(Conversation.id) == col(Turn.conversation_id))
        .where(
            col(Turn.kind).in_((Kind.ANSWER, Kind.CLARIFY, Kind.DECLINE)),
            col(Turn.at) >= span.begin,
            col(Turn.at) < span.end,
            col(Turn.text) != "",
            func.length(col(Turn.text)) <= _LONGEST_QUESTION,
        )
        .group_by(col(Turn.text))
        .having(people >= SEVERAL)
        .order_by(people.desc(), times.desc(), col(Turn.text))
        .limit(_MOST_QUESTIONS)
    )
    if not scope.elsewhere:
        query = query.where(col(Turn.region).in_(scope.regions))
    return [Often(mask(text), count, all_) for text, count, all_ in session.execute(query)]


def misses(session: Session, span: Span, scope: Scope) -> Counter[NearMiss]:
    """How many self-checks ended one fact away from a measure, and from which."""
    found: Counter[NearMiss] = Counter()
    for (region, miss), checks in tallying.misses(session, span.first, span.last).items():
        if scope.covers(region):
            found[miss] += checks
    return found


def pace(session: Session, span: Span, scope: Scope) -> tuple[Pace | None, dict[str, Pace]]:
    """How long the first decision took, of all cases and by measure."""
    at = func.min(col(CaseEvent.at))
    decided = (
        _firsts(Move.APPROVE, Move.REFUSE)
        .add_columns(col(CaseEvent.case_id))
        .group_by(col(CaseEvent.case_id))
        .having(at >= span.begin, at < span.end)
        .subquery()
    )
    handed_in = _firsts(Move.SUBMIT, Move.PROPOSE).where(
        col(CaseEvent.case_id) == decided.c.case_id
    )
    rows = session.execute(
        select(
            col(Case.measure), col(Case.region), handed_in.scalar_subquery(), decided.c.at
        ).join_from(decided, Case, col(Case.id) == decided.c.case_id)
    ).all()
    took: dict[str, list[float]] = {}
    for measure, region, begun, ended in rows:
        # Not in the query: it would go through all cases of the regions, few of which were decided.
        if region in scope.regions and begun is not None:
            days = (ended - begun).total_seconds() / _SECONDS_A_DAY
            took.setdefault(measure, []).append(days)
    whole = [days for each in took.values() for days in each]
    return (_pace(whole) if whole else None), {id: _pace(days) for id, days in took.items()}


def _firsts(*moves: Move) -> Select[Any]:
    """When the first of these moves was made."""
    first = func.min(col(CaseEvent.at)).label("at")
    return select(first).where(col(CaseEvent.move).in_(moves))


def _pace(days: Iterable[float]) -> Pace:
    took = sorted(days)
    if len(took) == 1:
        return Pace(1, took[0], took[0])
    return Pace(len(took), median(took), quantiles(took, n=10, method="inclusive")[-1])
