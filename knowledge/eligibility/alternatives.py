"""The alternatives of a rule: every set of leaves that together are enough (disjunctive form).

From them follow whether a rule can hold at all, whether it can fail, and the smallest change
that would make it hold.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product

from knowledge.eligibility.criteria import Criterion, Either, Every, Node
from knowledge.eligibility.facts import Interval, Value, Vocabulary
from knowledge.eligibility.predicates import Predicate, telling_values
from knowledge.eligibility.rules import AS_OF
from knowledge.eligibility.verdicts import Person
from knowledge.faults import Code, Fault

_MOST = 2000

Alternative = tuple[Criterion, ...]


class TooManyAlternatives(ValueError):
    """A rule so branched that nobody could check it."""

    def __init__(self, count: int) -> None:
        self.fault = Fault(Code.TOO_BRANCHED, {"count": count})
        super().__init__(str(self.fault))


def alternatives(node: Node) -> list[Alternative]:
    """Return every set of leaves of which each is enough; raises `TooManyAlternatives`."""
    if isinstance(node, Criterion):
        return [(node,)]
    found = [alternatives(part) for part in node.parts]
    if isinstance(node, Either):
        joined = [alternative for each in found for alternative in each]
    else:
        count = 1
        for each in found:
            count *= len(each)
        if count > _MOST:
            raise TooManyAlternatives(count)
        joined = [tuple(c for part in parts for c in part) for parts in product(*found)]
    if len(joined) > _MOST:
        raise TooManyAlternatives(len(joined))
    return joined


def can_hold(node: Node, facts: Vocabulary) -> bool:
    """Tell whether somebody could meet it."""
    return any(consistent(each, facts) for each in alternatives(node))


def can_fail(node: Node, facts: Vocabulary) -> bool:
    """Tell whether somebody could fail it."""
    return can_hold(opposite(node), facts)


def opposite(node: Node) -> Node:
    """Return what holds exactly where the node does not."""
    if isinstance(node, Criterion):
        turned = node.predicate and replace(node.predicate, negated=not node.predicate.negated)
        return Criterion(turned, node.say, node.quote, node.measure, node.locator, node.judged)
    parts = tuple(map(opposite, node.parts))
    return Either(parts, "") if isinstance(node, Every) else Every(parts)


def consistent(alternative: Iterable[Criterion], facts: Vocabulary) -> bool:
    """Tell whether one person could meet all of these at once."""
    by_fact: dict[str, list[Predicate]] = {}
    for criterion in alternative:
        if criterion.predicate:
            by_fact.setdefault(criterion.predicate.fact, []).append(criterion.predicate)
    return all(_satisfiable(key, tests, facts) for key, tests in by_fact.items())


def _satisfiable(key: str, tests: Sequence[Predicate], facts: Vocabulary) -> bool:
    if tests[0].multiple:
        forbidden: set[object] = set()
        for test in tests:
            if test.negated:
                forbidden |= test.allowed or set()
        wanted = [set(test.allowed or ()) for test in tests if not test.negated]
        return all(each - forbidden for each in wanted)
    candidates = telling_values(key, tests, facts)
    return any(all(test.truth(value) is True for test in tests) for value in candidates)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would have to be otherwise: the leaf, what is given, how much is missing."""

    criterion: Criterion
    given: Value | date
    gap: int | None
    """How many more are needed, where a number is too small."""
    lasting: bool
    """Nothing a person can change soon."""


def smallest_change(node: Node, person: Person, facts: Vocabulary) -> tuple[Change, ...]:
    """Return the fewest facts that would have to be otherwise for a failed node to hold.

    What is unknown is taken as it has to be. Changes that a person can make go before lasting
    ones. Empty where the node isn't failed, or where nobody could meet it.
    """
    if person.truth(node) is not False:
        return ()
    ways = [
        tuple(_changes(alternative, person, facts))
        for alternative in alternatives(node)
        if consistent(alternative, facts)
    ]
    return min(ways, key=_weight, default=())


def _changes(alternative: Alternative, person: Person, facts: Vocabulary) -> Iterable[Change]:
    for criterion in alternative:
        if person.truth_of(criterion.predicate) is False and criterion.predicate:
            key = criterion.predicate.fact
            given = person.values[key]
            lasting = key == AS_OF or facts[key].lasting
            yield Change(criterion, given, _gap(criterion.predicate, given), lasting)


def _gap(predicate: Predicate, given: Value) -> int | None:
    have = given.high if isinstance(given, Interval) else given
    if predicate.negated or type(predicate.low) is not int or type(have) is not int:
        return None
    return predicate.low - have if have < predicate.low else None


def _weight(changes: tuple[Change, ...]) -> tuple[int, int, int]:
    """Weigh by facts: one that fails several comparisons is one thing to change."""
    gaps: dict[str | None, int] = {}
    for change in changes:
        fact = change.criterion.fact
        gaps[fact] = max(gaps.get(fact, 0), change.gap or 0)
    lasting = {change.criterion.fact for change in changes if change.lasting}
    return len(lasting), len(gaps), sum(gaps.values())
