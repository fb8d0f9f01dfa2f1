"""Finding pairings: those of some regions, by state, whose visit is overdue."""

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from server.pairing.tables import Pairing, PairState

AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which pairings: of these regions; None: whatever there is.

    `due_before`: only those accepted whose visit was due before this day.
    """

    regions: Set[str]
    state: PairState | None = None
    due_before: date | None = None
    helper_id: str | None = None


def listed(session: Session, wanted: Wanted, page: int = 1) -> tuple[list[Pairing], int]:
    """One page of pairings, those first whose visit is due first, and how many there are."""
    these = _these(wanted)
    total = session.scalar(select(func.count()).select_from(Pairing).where(*these)) or 0
    rows = session.scalars(
        select(Pairing)
        .where(*these)
        .order_by(
            col(Pairing.ended_at).is_not(None), col(Pairing.due_on).is_(None),
            col(Pairing.due_on), col(Pairing.proposed_at).desc(), col(Pairing.id),
        )
        .limit(AT_ONCE)
        .offset((page - 1) * AT_ONCE)
    )  # fmt: skip
    return list(rows), total


def counted(session: Session, regions: Set[str], today: date) -> Mapping[str, int]:
    """How many are proposed and accepted, and of how many a visit is overdue: `overdue`."""
    rows = session.execute(
        select(col(Pairing.state), func.count())
        .where(*_these(Wanted(regions)))
        .group_by(col(Pairing.state))
    )
    found = {state: int(count) for state, count in rows}
    overdue = _these(Wanted(regions, due_before=today))
    found["overdue"] = (
        session.scalar(select(func.count()).select_from(Pairing).where(*overdue)) or 0
    )
    return found


def of_entries(session: Session, entry_ids: Collection[str]) -> list[Pairing]:
    """Every pairing of some entries, the newest first."""
    rows = session.scalars(
        select(Pairing)
        .where(col(Pairing.entry_id).in_(entry_ids))
        .order_by(col(Pairing.proposed_at).desc(), col(Pairing.id))
    )
    return list(rows)


def _these(wanted: Wanted) -> list[ColumnElement[bool]]:
    # No region is no pairing: an empty list must never mean all of them.
    these: list[ColumnElement[bool]] = [col(Pairing.region).in_(wanted.regions)]
    if wanted.state is not None:
        these.append(col(Pairing.state) == wanted.state)
    if wanted.due_before is not None:
        these.append(col(Pairing.due_on) < wanted.due_before)
    if wanted.helper_id is not None:
        these.append(col(Pairing.helper_id) == wanted.helper_id)
    return these
