"""A week of pairings in numbers, for the weekly report.

Told from instants that are written once, so that a past week gives the same numbers whenever it is
asked for; a visit that is taken back later stays in its week.
"""

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlmodel import Session, col

from server.casework.weekly_reports import Week
from server.clock import china_day
from server.pairing.tables import Helper, Pairing, Visit


@dataclass(frozen=True, slots=True)
class PairingLine:
    """Pairings of one region with one kind of helpers."""

    region: str
    kind: str
    proposed: int = 0
    accepted: int = 0
    ended: int = 0
    """Of those that were accepted."""
    visits: int = 0
    given_fen: int = 0
    standing: int = 0
    """At the end of the week."""
    overdue: int = 0
    """Of these, those whose visit was due and had not come."""


def lines(session: Session, week: Week, regions: Set[str], *, today: date) -> list[PairingLine]:
    """The pairings of some regions in a week; of one that goes on, what has happened so far."""
    sums: dict[tuple[str, str], Counter[str]] = {}
    accepted = col(Pairing.accepted_at)
    for name, at, more in (
        ("proposed", col(Pairing.proposed_at), []),
        ("accepted", accepted, []),
        ("ended", col(Pairing.ended_at), [accepted.is_not(None)]),
    ):
        for region, kind, count in _happened(session, week, at, more):
            sums.setdefault((region, kind), Counter())[name] += count
    for region, kind, count, fen in _visits(session, week):
        sums.setdefault((region, kind), Counter()).update(visits=count, given_fen=int(fen))
    # What is due between today and a Friday to come is due on neither day.
    for region, kind, is_overdue in _standing(session, week, min(week.friday, today)):
        sums.setdefault((region, kind), Counter()).update(standing=1, overdue=int(is_overdue))
    return [
        PairingLine(*key, **dict[str, Any](counted))
        for key, counted in sorted(sums.items())
        if key[0] in regions
    ]


_KEY = (col(Pairing.region), col(Helper.kind))


def _happened(session: Session, week: Week, at: Any, more: Sequence[ColumnElement[bool]]) -> Any:
    return session.execute(
        select(*_KEY, func.count())
        .join(Helper, col(Helper.id) == col(Pairing.helper_id))
        .where(at >= week.begin, at < week.end, *more)
        .group_by(*_KEY)
    ).all()


def _counts(week: Week) -> list[ColumnElement[bool]]:
    """Which visits were noted by the end of a week and not taken back in it."""
    struck = col(Visit.struck_at)
    return [col(Visit.noted_at) < week.end, or_(struck.is_(None), struck >= week.end)]


def _visits(session: Session, week: Week) -> Any:
    return session.execute(
        select(*_KEY, func.count(), func.sum(col(Visit.given_fen)))
        .join(Helper, col(Helper.id) == col(Pairing.helper_id))
        .join(Visit, col(Visit.pairing_id) == col(Pairing.id))
        .where(col(Visit.noted_at) >= week.begin, *_counts(week))
        .group_by(*_KEY)
    ).all()


def _standing(session: Session, week: Week, today: date) -> list[tuple[str, str, bool]]:
    last = (
        select(col(Visit.pairing_id), func.max(col(Visit.visited_on)).label("visited_on"))
        .where(*_counts(week))
        .group_by(col(Visit.pairing_id))
        .subquery()
    )
    rows = session.execute(
        select(*_KEY, col(Pairing.accepted_at), col(Pairing.every_days), last.c.visited_on)
        .join(Helper, col(Helper.id) == col(Pairing.helper_id))
        .join(last, last.c.pairing_id == col(Pairing.id), isouter=True)
        .where(
            col(Pairing.accepted_at) < week.end,
            or_(col(Pairing.ended_at).is_(None), col(Pairing.ended_at) >= week.end),
        )
    )
    return [
        (region, kind, (visited or china_day(at)) + timedelta(days=every) < today)
        for region, kind, at, every, visited in rows
    ]
