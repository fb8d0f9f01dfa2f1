"""Whom to propose to whom: the hardest first, by place, need and what a helper can still do.

The same people and helpers always give the same proposals, each with its reasons as data.
"""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import case, exists, func, select
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.pairing import helping
from server.pairing.keeping import LIVE
from server.pairing.tables import Ending, Helper, HelperKind, Pairing
from server.register.hardship import Registered
from server.register.tables import EntryState, Level, RegisterEntry

AT_ONCE = 20


class Why(StrEnum):
    """What speaks for a helper."""

    EMPLOYER = "employer"
    """经济效益比较好的企业负责本企业困难职工的帮扶工作 (opinion 三(三))."""
    PLACE = "place"
    """`steps` in the tree of regions from one to the other; 0: the same place."""
    NEEDS = "needs"
    """`needs`: those of the person that the helper can meet."""
    DUTY = "duty"
    """A leading cadre who must pair and has nobody yet (opinion 三(三))."""
    LEFT = "left"
    """`left`: how many more it can help."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A helper for somebody, with what speaks for it."""

    helper: Helper
    reasons: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who could be helped; `but`: helpers that they did not want."""

    entry: RegisterEntry
    registered: Registered
    is_child: bool = False
    but: frozenset[str] = frozenset()


def without(session: Session, regions: Set[str], at_most: int = AT_ONCE) -> list[RegisterEntry]:
    """Who stands in the register and has no helper, the hardest first, then who waits longest.

    Who has said that they want none is left in peace.
    """
    rows = session.scalars(
        select(RegisterEntry)
        .where(*_without(regions))
        .order_by(
            case((col(RegisterEntry.level) == Level.BELOW_LINE, 0), else_=1),
            col(RegisterEntry.entered_at),
            col(RegisterEntry.id),
        )
        .limit(at_most)
    )
    return list(rows)


def still_without(session: Session, regions: Set[str], entry_ids: Collection[str]) -> set[str]:
    """Those of some entries that have no helper, and have not said that they want none."""
    these = col(RegisterEntry.id).in_(entry_ids)
    return set(session.scalars(select(col(RegisterEntry.id)).where(these, *_without(regions))))


def counted(session: Session, regions: Set[str]) -> int:
    """How many have no helper."""
    asked = select(func.count()).select_from(RegisterEntry).where(*_without(regions))
    return session.scalar(asked) or 0


def unwanted(session: Session, entry_ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """By entry: the helpers that the person has refused, or wanted another one for."""
    rows = session.execute(
        select(col(Pairing.entry_id), col(Pairing.helper_id)).where(
            col(Pairing.entry_id).in_(entry_ids),
            col(Pairing.ending).in_((Ending.PERSON_REFUSED, Ending.WANTS_ANOTHER)),
        )
    )
    found: dict[str, frozenset[str]] = dict.fromkeys(entry_ids, frozenset())
    for entry_id, helper_id in rows:
        found[entry_id] |= {helper_id}
    return found


def fits(
    person: Person,
    helpers: Sequence[Helper],
    regions: Regions,
    owing: Set[str],
    used: Mapping[str, int] | None = None,
) -> list[Fit]:
    """The helpers for somebody, the best first; those who can help nobody more are left out.

    Nearest first, then who meets most needs, then who must pair and has not, then who has most
    room. `owing` are the helpers who must; `used` counts what this round has given out already.
    """
    ranked = []
    for helper in helpers:
        left = helper.capacity - helper.taken - (used or {}).get(helper.id, 0)
        steps = _steps(regions, helper.region, person.entry.region)
        if left <= 0 or steps is None or helper.id in person.but:
            continue
        # 石狮五: 爱心妈妈 pair with children.
        if helper.kind == HelperKind.MOTHER and not person.is_child:
            continue
        gives = helping.gives_of(helper)
        met = [need for need in person.registered.needs if need in gives]
        own_firm = helper.kind == HelperKind.FIRM and helper.unit == person.registered.employer
        must = helper.id in owing and not (used or {}).get(helper.id)
        reasons: list[Mapping[str, Any]] = []
        if own_firm:
            reasons.append({"why": Why.EMPLOYER})
        reasons.append({"why": Why.PLACE, "steps": steps})
        if met:
            reasons.append({"why": Why.NEEDS, "needs": [need.value for need in met]})
        if must:
            reasons.append({"why": Why.DUTY})
        reasons.append({"why": Why.LEFT, "left": left})
        key = (not own_firm, steps, -len(met), not must, -left, helper.id)
        ranked.append((key, Fit(helper, tuple(reasons))))
    return [fit for _, fit in sorted(ranked, key=lambda each: each[0])]


def matched(
    people: Sequence[Person], helpers: Sequence[Helper], regions: Regions, owing: Set[str]
) -> list[tuple[Person, Fit | None]]:
    """A helper for each of some people, in their order; None where nobody is left for them."""
    used: dict[str, int] = {}
    found: list[tuple[Person, Fit | None]] = []
    for person in people:
        best = next(iter(fits(person, helpers, regions, owing, used)), None)
        if best is not None:
            used[best.helper.id] = used.get(best.helper.id, 0) + 1
        found.append((person, best))
    return found


def _without(regions: Set[str]) -> list[Any]:
    of_entry = col(Pairing.entry_id) == col(RegisterEntry.id)
    is_settled = col(Pairing.state).in_(LIVE) | (col(Pairing.ending) == Ending.WANTS_NONE)
    return [
        # No region is nobody: an empty list must never mean all of them.
        col(RegisterEntry.region).in_(regions),
        col(RegisterEntry.state) == EntryState.ON,
        col(RegisterEntry.sealed).is_not(None),
        ~exists().where(of_entry, is_settled),
    ]


def _steps(regions: Regions, one: str, other: str) -> int | None:
    """How many steps lie between two places in the tree; None where nothing joins them."""
    if one not in regions or other not in regions:
        return None
    above, below = (one, *regions.parents(one)), (other, *regions.parents(other))
    joined = next((place for place in above if place in below), None)
    return None if joined is None else above.index(joined) + below.index(joined)
