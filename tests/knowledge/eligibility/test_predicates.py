"""One comparison of one fact, against everything the value could be."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.eligibility.criteria import predicate_of
from knowledge.eligibility.facts import Interval
from knowledge.eligibility.predicates import Predicate, Truth, telling_values
from knowledge.eligibility.rules import Comparison
from tests.knowledge.eligibility.making import FACTS, WORDS, leaf_of
from tests.knowledge.eligibility.oracle import compares, values_of

_FAR = 40
_bounds = st.none() | st.integers(-10, 10)


def _possible(low: int | None, high: int | None) -> range:
    """All values inside the bounds, as far as any comparison here could tell them apart."""
    return range(-_FAR if low is None else low, (_FAR if high is None else high) + 1)


def _agreed(found: set[bool]) -> Truth:
    return next(iter(found)) if len(found) == 1 else None


@given(_bounds, _bounds, _bounds, _bounds, st.booleans())
def test_bounds_decide_exactly_where_every_value_inside_agrees(
    low: int | None, high: int | None, least: int | None, most: int | None, negated: bool
) -> None:
    if (low is None and high is None) or (low is not None and high is not None and low > high):
        return
    if (least is None and most is None) or (
        least is not None and most is not None and least > most
    ):
        return
    inside = {
        ((low is None or low <= v) and (high is None or v <= high)) is not negated
        for v in _possible(least, most)
    }
    asked = Predicate("n1", low=low, high=high, negated=negated)
    assert asked.truth(Interval(least, most)) is _agreed(inside)

    # Days are compared the same way.
    def day(n: int | None) -> date | None:
        return None if n is None else date(2022, 4, 10) + timedelta(n)

    asked = Predicate("d1", low=day(low), high=day(high), negated=negated)
    assert asked.truth(Interval(day(least), day(most))) is _agreed(inside)


@pytest.mark.parametrize(
    ("given_", "truth"),
    [(11, False), (12, True), (24, True), (25, False), (None, None),
     (Interval(12, 24), True), (Interval(12, None), None), (Interval(None, 24), None),
     (Interval(11, 12), None), (Interval(24, 25), None), (Interval(None, 11), False),
     (Interval(25, None), False), (Interval(1, 99), None)],
)  # fmt: skip
def test_both_bounds_are_included(given_: Any, truth: Truth) -> None:
    asked = Predicate("n1", low=12, high=24)
    opposite = Predicate("n1", low=12, high=24, negated=True)
    assert asked.truth(given_) is truth
    assert opposite.truth(given_) is (None if truth is None else not truth)


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
@given(data=st.data())
def test_a_comparison_says_what_is_written(fact: Any, data: st.DataObject) -> None:
    written = Comparison.model_validate({**data.draw(leaf_of(fact)), **WORDS})
    asked = predicate_of(written, FACTS)
    refused = predicate_of(written, FACTS, negated=True)
    assert asked.truth(None) is refused.truth(None) is None
    found = set()
    for value in values_of(fact, [written]):
        found.add(compares(written, value))
        assert asked.truth(value) is compares(written, value)
        assert refused.truth(value) is not compares(written, value)
    assert found == {True, False}


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
@given(data=st.data())
def test_the_telling_values_show_every_way_one_comparison_can_come_out(
    fact: Any, data: st.DataObject
) -> None:
    tests = [
        predicate_of(Comparison.model_validate({**data.draw(leaf_of(fact)), **WORDS}), FACTS)
        for _ in range(3)
    ]
    telling = telling_values(fact.id, tests, FACTS)
    for test in tests:
        assert {test.truth(value) for value in telling} == {True, False}
    if fact.type == "integer":
        assert all(fact.least <= value <= fact.most for value in telling)
