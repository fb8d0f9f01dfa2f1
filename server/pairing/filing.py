"""What is filed and assessed: who is paired with whom, and by unit what came of it.

Opinion 四(三): the list of whom leading cadres (副县级以上) help is handed in by their unit to the
organisation department and the 帮扶办 to be filed (备案); that of other cadres to the 帮扶办.
Both are assessed (考核). The opinion names no figures for it: these are ours, told in the sheet.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from server.casework.officers import MOVERS, NotAllowed, Officer
from server.clock import china_day
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.pairing import helping, keeping
from server.pairing.tables import (
    Helper,
    HelperKind,
    HelperState,
    Pairing,
    PairState,
    Rank,
    Visit,
)
from server.records.audit import Action, Actor
from server.register import keeping as register
from server.register.tables import RegisterEntry


@dataclass(frozen=True, slots=True)
class Filed:
    """One line of the list: a cadre and whom they help."""

    unit: str
    helper: str
    rank: Rank
    person: str
    for_child: bool
    region: str
    since: date


@dataclass(frozen=True, slots=True)
class Owing:
    """A leading cadre who must pair with somebody and has not."""

    unit: str
    helper: str
    region: str


@dataclass(frozen=True, slots=True)
class UnitYear:
    """One unit in a year; a visit counts by the day on which it was made."""

    unit: str
    helpers: int = 0
    """Who helps at the end."""
    must: int = 0
    """Of these, leading cadres."""
    owing: int = 0
    """Of these, those without anybody at the end."""
    standing: int = 0
    """Pairings at the end."""
    accepted: int = 0
    ended: int = 0
    due: int = 0
    """How often the interval of a pairing has passed in the year while it stood."""
    visits: int = 0
    late: int = 0
    """Of these, after the day they were due."""
    overdue: int = 0
    """Pairings at the end whose visit was due and has not come."""
    given_fen: int = 0


def filed(
    session: Session,
    safe: Safe,
    keys: SubjectKeys,
    regions: Set[str],
    *,
    by: Officer,
    now: datetime,
) -> list[Filed]:
    """Every cadre with whom they help, names in full; each is a look at somebody, and noted so.

    Raises `NotAllowed`.
    """
    if not by.roles & MOVERS:
        raise NotAllowed
    rows = session.execute(
        select(Pairing, Helper, RegisterEntry)
        .join(Helper, col(Helper.id) == col(Pairing.helper_id))
        .join(RegisterEntry, col(RegisterEntry.id) == col(Pairing.entry_id))
        .where(
            col(Pairing.region).in_(regions),
            col(Pairing.state) == PairState.ACCEPTED,
            col(Helper.kind) == HelperKind.CADRE,
        )
        .order_by(col(Helper.unit), col(Helper.id), col(Pairing.accepted_at), col(Pairing.id))
    ).all()
    safes = keys.safes_of({entry.worker_id for _, _, entry in rows})
    found = []
    for pairing, helper, entry in rows:
        who = register.opened(safes.get(entry.worker_id), entry)
        found.append(
            Filed(
                helper.unit,
                helping.opened(safe, helper).name,
                Rank(helper.rank),
                "" if who is None else who.name,
                pairing.child_id is not None and entry.worker_id == pairing.worker_id,
                pairing.region,
                china_day(pairing.accepted_at),
            )
        )
    actor = Actor.officer(by.id)
    keeping.record_looks(
        session, safe, [row[0] for row in rows], by=actor, fields=("name",),
        action=Action.UNMASKED, now=now,
    )  # fmt: skip
    helping.record_looks(session, safe, [row[1] for row in rows], by=actor, now=now)
    return found


def owing(
    session: Session, safe: Safe, regions: Set[str], *, by: Officer, now: datetime
) -> list[Owing]:
    """The leading cadres who must pair and have not, by unit; each is noted as a look."""
    rows = helping.owing(session, regions)
    helping.record_looks(session, safe, rows, by=Actor.officer(by.id), now=now)
    return [Owing(row.unit, helping.opened(safe, row).name, row.region) for row in rows]


def assessed(session: Session, regions: Set[str], year: int, *, today: date) -> list[UnitYear]:
    """What the helpers of each unit did in a year, or have done so far; nobody's name in it."""
    first, last = date(year, 1, 1), min(date(year, 12, 31), today)
    if first > last:
        return []
    pairings = session.execute(
        select(Pairing, col(Helper.unit))
        .join(Helper, col(Helper.id) == col(Pairing.helper_id))
        .where(col(Pairing.region).in_(regions), col(Pairing.accepted_at).is_not(None))
    ).all()
    visits: dict[str, list[Visit]] = {}
    for visit in _visits(session, regions):
        visits.setdefault(visit.pairing_id, []).append(visit)
    units: dict[str, list[dict[str, int]]] = {}
    standing: set[str] = set()
    for pairing, unit in pairings:
        told = _told(pairing, visits.get(pairing.id, ()), first, last)
        units.setdefault(unit, []).append(told)
        if told.get("standing"):
            standing.add(pairing.helper_id)
    for unit, helpers in _helpers(session, regions, last).items():
        units.setdefault(unit, []).append(_sizes(helpers, standing))
    sums = ((unit, _summed(told)) for unit, told in sorted(units.items()))
    return [UnitYear(unit, **told) for unit, told in sums if any(told.values())]


def years(session: Session, regions: Set[str], *, today: date) -> list[int]:
    """The years of which there is anything to assess, the newest first."""
    first = session.scalar(
        select(func.min(col(Pairing.accepted_at))).where(col(Pairing.region).in_(regions))
    )
    begun = today.year if first is None else china_day(first).year
    return list(range(today.year, begun - 1, -1))


def _visits(session: Session, regions: Set[str]) -> Iterable[Visit]:
    return session.scalars(
        select(Visit)
        .join(Pairing, col(Pairing.id) == col(Visit.pairing_id))
        .where(col(Pairing.region).in_(regions), col(Visit.struck_at).is_(None))
    )


def _helpers(session: Session, regions: Set[str], last: date) -> Mapping[str, list[Helper]]:
    found: dict[str, list[Helper]] = {}
    for helper in session.scalars(select(Helper).where(col(Helper.region).in_(regions))):
        if china_day(helper.entered_at) <= last:
            found.setdefault(helper.unit, []).append(helper)
    return found


def _sizes(helpers: Sequence[Helper], standing: Set[str]) -> dict[str, int]:
    on = [helper for helper in helpers if helper.state == HelperState.ON]
    must = [helper for helper in on if helping.must_pair(helper)]
    owed = [helper for helper in must if helper.id not in standing]
    return {"helpers": len(on), "must": len(must), "owing": len(owed)}


def _told(pairing: Pairing, visits: Sequence[Visit], first: date, last: date) -> dict[str, int]:
    assert pairing.accepted_at is not None
    began = china_day(pairing.accepted_at)
    ended = None if pairing.ended_at is None else china_day(pairing.ended_at)
    until = last if ended is None else min(ended, last)
    before = min(until, first - timedelta(days=1))
    in_year = [visit for visit in visits if first <= visit.visited_on <= last]
    stands = began <= last and (ended is None or ended > last)
    latest = max((v.visited_on for v in visits if v.visited_on <= last), default=began)
    return {
        "standing": int(stands),
        "accepted": int(first <= began <= last),
        "ended": int(ended is not None and first <= ended <= last),
        "due": _due(pairing, began, until) - _due(pairing, began, before),
        "visits": len(in_year),
        "late": sum(visit.visited_on > visit.was_due_on for visit in in_year),
        "overdue": int(stands and latest + timedelta(days=pairing.every_days) < last),
        "given_fen": sum(visit.given_fen for visit in in_year),
    }


def _due(pairing: Pairing, began: date, until: date) -> int:
    """How often the interval has passed since the pairing began, until a day."""
    return max((until - began).days, 0) // pairing.every_days


def _summed(told: Sequence[Mapping[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for each in told:
        for name, count in each.items():
            sums[name] = sums.get(name, 0) + count
    return sums
