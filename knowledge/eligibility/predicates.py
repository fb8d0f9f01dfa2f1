"""One comparison of one fact, in strong Kleene logic."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from knowledge.eligibility.facts import Fact, FactType, Interval, Value, Vocabulary

Truth = bool | None
"""Strong Kleene logic: True, False, or None for unknown."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """One comparison of one fact; `allowed` for choices, `low` and `high` for numbers and days."""

    fact: str
    allowed: frozenset[str | bool] | None = None
    multiple: bool = False
    low: int | date | None = None
    high: int | date | None = None
    negated: bool = False

    def truth(self, value: Value | None) -> Truth:
        """Compare; unknown where the value is, or where its bounds leave it open."""
        if value is None:
            return None
        if isinstance(value, Interval):
            holds = self._truth_within(value)
            return None if holds is None else holds is not self.negated
        if self.multiple:
            holds = not self.allowed.isdisjoint(value)  # type: ignore[union-attr, arg-type]
        elif self.allowed is not None:
            holds = value in self.allowed
        else:
            holds = (self.low is None or self.low <= value) and (  # type: ignore[operator]
                self.high is None or value <= self.high  # type: ignore[operator]
            )
        return holds is not self.negated

    def _truth_within(self, given: Interval) -> Truth:
        low, high = self.low, self.high
        if low is not None and given.high is not None and given.high < low:  # type: ignore[operator]
            return False
        if high is not None and given.low is not None and given.low > high:  # type: ignore[operator]
            return False
        above = low is None or (given.low is not None and given.low >= low)  # type: ignore[operator]
        below = high is None or (given.high is not None and given.high <= high)  # type: ignore[operator]
        return True if above and below else None


def telling_values(key: str, tests: Iterable[Predicate], facts: Vocabulary) -> list[Value]:
    """Return values of a fact that stand for all others: no single test tells more apart."""
    fact = facts.get(key)
    if fact is not None and fact.type is FactType.BOOLEAN:
        return [True, False]
    if fact is not None and fact.type is FactType.CHOICE:
        return list(fact.values)
    if fact is not None and fact.type is FactType.MULTI_CHOICE:
        return [frozenset(), *(frozenset([value]) for value in fact.values)]
    return _around(fact, tests)


def _around(fact: Fact | None, tests: Iterable[Predicate]) -> list[Value]:
    """Return each bound with its neighbours, as far as the fact can take them."""
    found: set[int | date] = set()
    for test in tests:
        for bound in (test.low, test.high):
            if isinstance(bound, date):
                day = bound.toordinal()
                found |= {date.fromordinal(n) for n in (day - 1, day, day + 1)}
            elif bound is not None:
                found |= {bound - 1, bound, bound + 1}
    least, most = (fact.least, fact.most) if fact else (None, None)
    return [
        value
        for value in sorted(found)
        if isinstance(value, date)
        or ((least is None or least <= value) and (most is None or value <= most))
    ]
