"""Random people for tests: what is known of them, with gaps and with bounds."""

import random
from collections.abc import Iterable
from datetime import date, timedelta

from knowledge.eligibility.facts import Fact, FactType, Interval, Value


def random_value(fact: Fact, order: random.Random, as_of: date) -> Value:
    """Return any value that a fact can have, mostly near what rules ask for."""
    match fact.type:
        case FactType.BOOLEAN:
            return order.random() < 0.5
        case FactType.CHOICE:
            return order.choice(fact.values)
        case FactType.MULTI_CHOICE:
            return frozenset(value for value in fact.values if order.random() < 0.4)
        case FactType.INTEGER:
            least, most = fact.least or 0, fact.most or 0
            low, high = sorted(order.randint(least, min(most, least + 30)) for _ in range(2))
            return _bounded(low, high, order)
        case FactType.DATE:
            later, earlier = sorted(order.randint(0, 900) for _ in range(2))
            return _bounded(as_of - timedelta(earlier), as_of - timedelta(later), order)


def _bounded(low: int | date, high: int | date, order: random.Random) -> Value:
    """Return mostly a point, else bounds of which one may be open."""
    if low == high or order.random() < 0.7:
        return low
    return order.choice((Interval(low, high), Interval(low, None), Interval(None, high)))


def random_person(
    facts: Iterable[Fact], order: random.Random, as_of: date, known: float = 0.8
) -> dict[str, Value]:
    """Return a person of whom each fact is known with a probability."""
    return {fact.id: random_value(fact, order, as_of) for fact in facts if order.random() < known}
