"""What a measure gives a person: the sums its clause states, as far as the facts decide them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from knowledge.eligibility.alternatives import can_hold
from knowledge.eligibility.criteria import Criteria, Every, Node
from knowledge.eligibility.facts import Vocabulary
from knowledge.eligibility.predicates import Truth
from knowledge.eligibility.verdicts import Person
from knowledge.measures import Grant


@dataclass(frozen=True, slots=True)
class Due:
    """One sum with its condition: True it is due, False it isn't, None not known yet."""

    grant: Grant
    when: Node | None
    truth: Truth
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Total:
    """What comes together of sums in one unit: between `low` and `high`; low None: up to `high`."""

    unit: str
    per: str | None
    low: float | None
    high: float


def dues(criteria: Criteria, person: Person) -> list[Due]:
    """Return each sum that the clause states, and whether it is due."""
    found = []
    for grant, when in criteria.grants:
        if grant.amount is None:
            continue
        truth = person.truth(when) if when else True
        missing: tuple[str, ...] = ()
        if when and truth is None:
            missing = tuple(dict.fromkeys(c.fact for c in person.undecided(when) if c.fact))
        found.append(Due(grant, when, truth, missing))
    return found


def totals(found: Sequence[Due], facts: Vocabulary) -> list[Total]:
    """Add up what is paid beside each other: one sum for everybody and those that come on top.

    Several sums for everybody are different things and are not added.
    """
    grouped: dict[tuple[str, str | None], list[Due]] = {}
    for due in found:
        if due.grant.amount and due.truth is not False:
            grouped.setdefault((due.grant.amount.unit, due.grant.amount.per), []).append(due)
    added = []
    for (unit, per), group in grouped.items():
        if sum(due.grant.when is None for due in group) > 1:
            continue
        sums = [(due.grant.amount, due.truth) for due in group if due.grant.amount]
        high = _most(group, facts)
        certain = [a.value for a, truth in sums if truth and not a.cap]
        added.append(Total(unit, per, sum(certain) if certain else None, high))
    return added


def _most(group: Sequence[Due], facts: Vocabulary) -> float:
    """The highest sum that one person can get: of sums that exclude each other only one counts."""
    best = 0.0
    for size in range(1, len(group) + 1):
        for chosen in combinations(group, size):
            when = tuple(due.when for due in chosen if due.when)
            if not when or can_hold(Every(when), facts):
                best = max(best, sum(due.grant.amount.value for due in chosen if due.grant.amount))
    return best
