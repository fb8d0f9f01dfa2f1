"""The weekly report: 每周五报送市总工会汇总，抄送市委督查室、市政府督查室.

A week ends on a Friday at 16:00 in Shanghai, in time for the report to be handed in that day, and
begins where the one before it ended; its last instant is the next one's first. Everything is told
from what is only ever added to, so that a past week gives the same report whenever it is made.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from bot.answers import Kind
from knowledge.library import Library
from server import tallying
from server.casework import funds
from server.casework.fund_tables import EntryKind, FundEntry
from server.casework.moves import UNDER_WAY, Move, State
from server.casework.request_tables import RequestMove, RequestState, ServiceEvent, ServiceRequest
from server.casework.tables import Case, CaseEvent, WeeklyReport
from server.clock import CHINA, china_day
from server.database.db import insert_new
from server.database.tables import TurnTally

FRIDAY = 4
CLOSES_AT = time(16, 0, tzinfo=CHINA)
_DAYS = 7
_RECEIVED = frozenset({Move.SUBMIT, Move.PROPOSE})


class WeekNotOver(Exception):
    """The week goes on, or has ended so recently that something of it may still be written."""


class WeekUnknown(LookupError):
    """No report is made of such a week."""


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """The week that ends on a Friday."""

    friday: date

    def __post_init__(self) -> None:
        if self.friday.weekday() != FRIDAY:
            raise ValueError(f"{self.friday} is no Friday")

    @property
    def begin(self) -> datetime:
        """Its first instant."""
        return self.end - timedelta(days=_DAYS)

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return datetime.combine(self.friday, CLOSES_AT)

    def is_over(self, now: datetime) -> bool:
        """Whether all that happened in it is written."""
        return now >= self.end + tallying.SETTLED


def week_of(instant: datetime) -> Week:
    """The week in which an instant lies."""
    at = instant.astimezone(CHINA)
    friday = at.date() + timedelta(days=(FRIDAY - at.weekday()) % _DAYS)
    week = Week(friday)
    return week if at < week.end else Week(friday + timedelta(days=_DAYS))


def last_over(now: datetime) -> Week:
    """The newest week that is over."""
    return week_of(now - timedelta(days=_DAYS) - tallying.SETTLED)


@dataclass(frozen=True, slots=True)
class CaseLine:
    """Cases of one region, measure and unit."""

    region: str
    measure: str
    unit: str
    received: int = 0
    approved: int = 0
    refused: int = 0
    paid: int = 0
    """Payments that the bank has made, also where it took one back later."""
    paid_fen: int = 0
    taken_back: int = 0
    """Payments that the bank has taken back this week, whenever it had made them."""
    taken_back_fen: int = 0
    overdue: int = 0
    """Whose time was over at the end of the week, and somebody still had to act."""

    @property
    def decided(self) -> int:
        """Approved or refused."""
        return self.approved + self.refused


@dataclass(frozen=True, slots=True)
class RequestLine:
    """Requests for help of one region, unit and category."""

    region: str
    unit: str
    category: str
    opened: int = 0
    settled: int = 0
    overdue: int = 0
    """Without an answer at the end of the week, and their time was over."""


@dataclass(frozen=True, slots=True)
class DeclineLine:
    """Questions that the bot could not answer, of one place and topic."""

    place: str
    """A region, or a place that no document covers; empty: none was meant."""
    topic: str
    reason: str
    questions: int


@dataclass(frozen=True, slots=True)
class Report:
    """One week in numbers, without anybody's data."""

    friday: date
    cases: tuple[CaseLine, ...]
    requests: tuple[RequestLine, ...]
    declines: tuple[DeclineLine, ...]

    def within(self, regions: Set[str], *, elsewhere: bool = False) -> "Report":
        """Return what of it is about these regions; `elsewhere`: questions about no region, too."""
        return replace(
            self,
            cases=tuple(line for line in self.cases if line.region in regions),
            requests=tuple(line for line in self.requests if line.region in regions),
            declines=tuple(line for line in self.declines if elsewhere or line.place in regions),
        )

    def as_json(self) -> str:
        """Return it as text; equal reports give the same text.

        Where nothing was taken back it is as before that was told: the version before reads it.
        """
        data = asdict(self) | {"friday": self.friday.isoformat()}
        for line in data["cases"]:
            for name in ("taken_back", "taken_back_fen"):
                if not line[name]:
                    del line[name]
        return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def sha256(self) -> str:
        """What tells it from any other."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()


def read(content: str) -> Report:
    """Read back what `as_json` gave."""
    data = json.loads(content)
    return Report(
        date.fromisoformat(data["friday"]),
        tuple(CaseLine(**line) for line in data["cases"]),
        tuple(RequestLine(**line) for line in data["requests"]),
        tuple(DeclineLine(**line) for line in data["declines"]),
    )


def worked_out(session: Session, library: Library, week: Week, *, now: datetime) -> Report:
    """Tell a week from its events; of one that goes on, what has happened so far."""
    # What is due between today and a Friday to come is late on neither day.
    today = min(week.friday, china_day(now))
    return Report(
        week.friday,
        tuple(_case_lines(session, week, today)),
        tuple(_request_lines(session, week, today)),
        tuple(_decline_lines(session, library, week)),
    )


def kept(session: Session, week: Week) -> WeeklyReport | None:
    """The report of a week as it was handed in."""
    return session.get(WeeklyReport, week.friday)


def due(session: Session, *, now: datetime) -> list[Week]:
    """The weeks that are over and have no report yet, since the newest that has one.

    Where there is none at all it begins with the first case, request or message.
    """
    newest = session.scalar(select(func.max(col(WeeklyReport.friday))))
    if newest is None:
        first = _first_instant(session)
        week = None if first is None else week_of(first)
    else:
        week = Week(newest + timedelta(days=_DAYS))
    found = []
    while week is not None and week.is_over(now):
        found.append(week)
        week = Week(week.friday + timedelta(days=_DAYS))
    return found


def _first_instant(session: Session) -> datetime | None:
    firsts = (
        session.scalar(select(func.min(col(column))))
        for column in (CaseEvent.at, ServiceEvent.at, TurnTally.hour)
    )
    return min(filter(None, firsts), default=None)


def keep(session: Session, library: Library, week: Week, *, now: datetime) -> bool:
    """Work a week out and keep it for good; False where it is kept already.

    Raises `WeekNotOver`.
    """
    if not week.is_over(now):
        raise WeekNotOver(week.friday)
    if kept(session, week) is not None:
        return False
    report = worked_out(session, library, week, now=now)
    return insert_new(
        session,
        WeeklyReport,
        friday=week.friday,
        content=report.as_json(),
        sha256=report.sha256,
        made_at=now,
    )


# -- cases --------------------------------------------------------------------------------------

_CaseKey = tuple[str, str, str]


def _case_lines(session: Session, week: Week, today: date) -> Iterator[CaseLine]:
    sums: dict[_CaseKey, Counter[str]] = {}

    def add(key: _CaseKey, name: str, count: int) -> None:
        if count:
            sums.setdefault(key, Counter())[name] += count

    for key, move, count in _moves(session, week):
        name = {Move.APPROVE: "approved", Move.REFUSE: "refused"}.get(move, "received")
        add(key, name, count)
    for name, kind in (("paid", EntryKind.SPEND), ("taken_back", EntryKind.TAKEN_BACK)):
        for key, count, total in _payments(session, week, kind):
            add(key, name, count)
            add(key, f"{name}_fen", total)
    for key, count in _overdue_cases(session, week, today):
        add(key, "overdue", count)
    for key, counted in sorted(sums.items()):
        region, measure, unit = key
        yield CaseLine(region, measure, unit, **_numbers(counted))


def _numbers(counted: Counter[str]) -> dict[str, Any]:
    return dict(counted)


def _key() -> tuple[Any, Any, Any]:
    return col(Case.region), col(Case.measure), col(Case.unit)


def _moves(session: Session, week: Week) -> Iterator[tuple[_CaseKey, Move, int]]:
    rows = session.execute(
        select(*_key(), col(CaseEvent.move), func.count())
        .join(CaseEvent, col(CaseEvent.case_id) == col(Case.id))
        .where(
            col(CaseEvent.at) >= week.begin,
            col(CaseEvent.at) < week.end,
            col(CaseEvent.move).in_((*_RECEIVED, Move.APPROVE, Move.REFUSE)),
            ~_is_granted_anew(),
        )
        .group_by(*_key(), col(CaseEvent.move))
    )
    for region, measure, unit, move, count in rows:
        yield (region, measure, unit), Move(move), count


def _is_granted_anew() -> ColumnElement[bool]:
    """Whether an event grants what was granted, and not refused since: it is counted already."""
    before = aliased(CaseEvent)
    decided = (
        select(col(before.move))
        .where(
            col(before.case_id) == col(CaseEvent.case_id),
            col(before.version) < col(CaseEvent.version),
            col(before.move).in_((Move.APPROVE, Move.REFUSE)),
        )
        .order_by(col(before.version).desc())
        .limit(1)
        .correlate(CaseEvent)
    )
    last = func.coalesce(decided.scalar_subquery(), "")
    return and_(col(CaseEvent.move) == Move.APPROVE, last == Move.APPROVE)


def _payments(session: Session, week: Week, kind: EntryKind) -> Iterator[tuple[_CaseKey, int, int]]:
    rows = session.execute(
        select(*_key(), func.count(), func.sum(col(FundEntry.amount_fen)))
        .join(FundEntry, col(FundEntry.case_id) == col(Case.id))
        .where(
            col(FundEntry.at) >= week.begin,
            col(FundEntry.at) < week.end,
            col(FundEntry.kind) == kind,
        )
        .group_by(*_key())
    )
    for region, measure, unit, count, total in rows:
        yield (region, measure, unit), count, int(total)


def _overdue_cases(session: Session, week: Week, today: date) -> Iterator[tuple[_CaseKey, int]]:
    """Cases as they stood at the end of the week, by the last event before it."""
    last = (
        select(col(CaseEvent.case_id), func.max(col(CaseEvent.version)).label("version"))
        .where(col(CaseEvent.at) < week.end)
        .group_by(col(CaseEvent.case_id))
        .subquery()
    )
    rows = session.execute(
        select(*_key(), func.count())
        .join(CaseEvent, col(CaseEvent.case_id) == col(Case.id))
        .join(
            last,
            (last.c.case_id == col(CaseEvent.case_id)) & (last.c.version == col(CaseEvent.version)),
        )
        .where(
            col(CaseEvent.state).in_(UNDER_WAY),
            # What was granted without money is settled. By the ledger: the case says what it is
            # granted now.
            (col(CaseEvent.state) != State.APPROVED) | (funds.held_fen(week.end) > 0),
            col(CaseEvent.due_on) < today,
        )
        .group_by(*_key())
    )
    for region, measure, unit, count in rows:
        yield (region, measure, unit), count


# -- requests -----------------------------------------------------------------------------------


def _request_lines(session: Session, week: Week, today: date) -> Iterator[RequestLine]:
    sums: dict[tuple[str, str, str], Counter[str]] = {}
    for name, events in (
        ("opened", _events_in(session, week, RequestMove.OPEN)),
        ("settled", _events_in(session, week, RequestMove.SETTLE)),
        ("overdue", _overdue_requests(session, week, today)),
    ):
        for region, unit, category, count in events:
            sums.setdefault((region, unit, category), Counter())[name] += count
    for key, counted in sorted(sums.items()):
        region, unit, category = key
        yield RequestLine(region, unit, category, **_numbers(counted))


def _request_key() -> tuple[Any, Any, Any]:
    return col(ServiceRequest.region), col(ServiceEvent.unit), col(ServiceRequest.category)


def _events_in(session: Session, week: Week, move: RequestMove) -> Iterable[Any]:
    return session.execute(
        select(*_request_key(), func.count())
        .join(ServiceEvent, col(ServiceEvent.request_id) == col(ServiceRequest.id))
        .where(
            col(ServiceEvent.at) >= week.begin,
            col(ServiceEvent.at) < week.end,
            col(ServiceEvent.move) == move,
            # What ends with its person who was erased nobody has settled.
            (col(ServiceEvent.move) != RequestMove.SETTLE)
            | col(ServiceEvent.officer_id).is_not(None),
        )
        .group_by(*_request_key())
    ).all()


def _overdue_requests(session: Session, week: Week, today: date) -> Iterable[Any]:
    last = (
        select(col(ServiceEvent.request_id), func.max(col(ServiceEvent.version)).label("version"))
        .where(col(ServiceEvent.at) < week.end)
        .group_by(col(ServiceEvent.request_id))
        .subquery()
    )
    return session.execute(
        select(*_request_key(), func.count())
        .join(ServiceEvent, col(ServiceEvent.request_id) == col(ServiceRequest.id))
        .join(
            last,
            (last.c.request_id == col(ServiceEvent.request_id))
            & (last.c.version == col(ServiceEvent.version)),
        )
        .where(
            col(ServiceEvent.state) == RequestState.OPEN,
            col(ServiceEvent.due_on) < today,
        )
        .group_by(*_request_key())
    ).all()


# -- questions ----------------------------------------------------------------------------------


def _decline_lines(session: Session, library: Library, week: Week) -> Iterator[DeclineLine]:
    found: Counter[tuple[str, str, str]] = Counter()
    for sorts in tallying.counted(session, library, week.begin, week.end).values():
        for sort, turns in sorts.items():
            if sort.kind == Kind.DECLINE:
                found[sort.place, sort.topic, sort.reason] += turns
    for (place, topic, reason), questions in sorted(found.items()):
        yield DeclineLine(place, topic, reason, questions)
