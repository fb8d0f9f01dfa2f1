"""A week of the register in numbers, for the weekly report.

Told from the moves of entries, which are only ever added to: a past week gives the same numbers
whenever it is asked for, erasures included. Only undoing an import takes its moves away.
"""

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlmodel import Session, col

from server.casework.weekly_reports import Week
from server.register.tables import EntryMove, RegisterEvent


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """People in the register, of one region and level."""

    region: str
    level: str
    entered: int = 0
    """Those who came back included."""
    looked: int = 0
    left: int = 0
    standing: int = 0
    """In the register at the end of the week."""
    due: int = 0
    """Of these, those for whom a look is due."""


_TOLD_OF = {
    EntryMove.ENTER: "entered",
    EntryMove.RETURN: "entered",
    EntryMove.LOOK: "looked",
    EntryMove.LEAVE: "left",
}


def lines(session: Session, week: Week, regions: Set[str], *, today: date) -> list[RegisterLine]:
    """The register of some regions in a week; of one that goes on, what has happened so far."""
    # What is due between today and a Friday to come is due on neither day.
    today = min(week.friday, today)
    sums: dict[tuple[str, str], Counter[str]] = {}
    for region, level, move, count in _register_moves(session, week):
        sums.setdefault((region, level), Counter())[_TOLD_OF[EntryMove(move)]] += count
    for region, level, standing, due in _standing(session, week, today):
        sums.setdefault((region, level), Counter()).update({"standing": standing, "due": due})
    return [
        RegisterLine(*key, **dict[str, Any](counted))
        for key, counted in sorted(sums.items())
        if key[0] in regions
    ]


def _register_moves(session: Session, week: Week) -> Iterable[Any]:
    key = (col(RegisterEvent.region), col(RegisterEvent.level), col(RegisterEvent.move))
    return session.execute(
        select(*key, func.count())
        .where(
            col(RegisterEvent.at) >= week.begin,
            col(RegisterEvent.at) < week.end,
            col(RegisterEvent.move).in_(_TOLD_OF),
        )
        .group_by(*key)
    ).all()


def _standing(session: Session, week: Week, today: date) -> Iterable[Any]:
    """Entries as they stood at the end of the week, by the last event before it."""
    last = (
        select(col(RegisterEvent.entry_id), func.max(col(RegisterEvent.version)).label("version"))
        .where(col(RegisterEvent.at) < week.end)
        .group_by(col(RegisterEvent.entry_id))
        .subquery()
    )
    is_last: ColumnElement[bool] = (last.c.entry_id == col(RegisterEvent.entry_id)) & (
        last.c.version == col(RegisterEvent.version)
    )
    is_due = case((col(RegisterEvent.due_on) <= today, 1), else_=0)
    key = (col(RegisterEvent.region), col(RegisterEvent.level))
    return session.execute(
        select(*key, func.count(), func.sum(is_due))
        .join(last, is_last)
        .where(col(RegisterEvent.due_on).is_not(None))
        .group_by(*key)
    ).all()
