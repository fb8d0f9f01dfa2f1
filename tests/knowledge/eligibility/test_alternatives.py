"""Whether a rule can hold or fail at all, and the smallest change that would make it hold."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given

from knowledge.eligibility.alternatives import (
    Change,
    TooManyAlternatives,
    alternatives,
    can_fail,
    can_hold,
    opposite,
    smallest_change,
)
from knowledge.eligibility.facts import Interval
from knowledge.eligibility.reporting import change_said
from knowledge.eligibility.rules import Rule
from knowledge.eligibility.verdicts import Person
from knowledge.library import Library
from tests.knowledge.eligibility import oracle
from tests.knowledge.eligibility.making import (
    DAY,
    FACTS,
    any_rule,
    everything,
    node_of,
    people,
    person,
)

B1, B2, B3 = ({"fact": f"b{n}", "is": True} for n in (1, 2, 3))


def at_least(number: int, fact: str = "n1") -> dict[str, Any]:
    return {"fact": fact, "at_least": number}


@given(any_rule)
def test_a_rule_can_hold_or_fail_exactly_where_somebody_makes_it(
    library: Library, written: Rule
) -> None:
    node = node_of(library, written)
    everybody = oracle.completions({}, oracle.choices_of(written, FACTS))
    ends = {oracle.degree(written, complete) for complete in everybody}
    assert can_hold(node, FACTS) is (1 in ends)
    assert can_fail(node, FACTS) is (0 in ends)


@pytest.mark.parametrize(
    ("data", "holds", "fails"),
    [
        ({"all": [B1, {"not": B1}]}, False, True),
        ({"any": [B1, {"not": B1}]}, True, False),
        ({"all": [at_least(4), {"fact": "n1", "at_most": 3}]}, False, True),
        ({"any": [at_least(4), {"fact": "n1", "at_most": 3}]}, True, False),
        ({"all": [at_least(3), {"fact": "n1", "at_most": 3}]}, True, True),
        (at_least(0), True, False),
        ({"fact": "n1", "at_most": 6}, True, False),
        ({"all": [{"fact": "c1", "in": ["p", "q"]}, {"fact": "c1", "in": ["r"]}]}, False, True),
        ({"any": [{"fact": "c1", "in": ["p", "q"]}, {"fact": "c1", "in": ["r"]}]}, True, False),
        ({"all": [{"fact": "m1", "has": ["x"]}, {"fact": "m1", "has": ["y"]}]}, True, True),
        ({"all": [{"fact": "m1", "has": ["x"]}, {"not": {"fact": "m1", "has": ["x", "y"]}}]},
         False, True),
        ({"all": [{"fact": "m1", "has": ["x", "z"]}, {"not": {"fact": "m1", "has": ["x", "y"]}}]},
         True, True),
    ],
)  # fmt: skip
def test_rules_that_contradict_themselves_or_say_nothing(
    library: Library, data: Any, holds: bool, fails: bool
) -> None:
    node = node_of(library, data)
    assert (can_hold(node, FACTS), can_fail(node, FACTS)) == (holds, fails)


@given(any_rule, people)
def test_the_opposite_holds_where_it_fails(
    library: Library, written: Rule, said: dict[str, Any]
) -> None:
    node = node_of(library, written)
    truth = person(said).truth(node)
    assert person(said).truth(opposite(node)) is (None if truth is None else not truth)


def test_a_rule_with_too_many_alternatives_is_told(library: Library) -> None:
    pair = {"any": [B1, B2]}
    assert len(alternatives(node_of(library, {"all": [pair] * 10}))) == 1024
    with pytest.raises(TooManyAlternatives):
        alternatives(node_of(library, {"all": [pair] * 11}))
    with pytest.raises(TooManyAlternatives):
        alternatives(node_of(library, {"any": [{"all": [pair] * 10}] * 2}))


# -- the smallest change --------------------------------------------------------------------------


def _fewest(written: Rule, said: dict[str, Any]) -> tuple[int, int] | None:
    """How many lasting facts and how many in all have to be otherwise, by trying them all."""
    choices = oracle.choices_of(written, FACTS)
    held = [key for key in choices if key in said]
    found = [
        (sum(FACTS[key].lasting for key in changed), len(changed))
        for size in range(len(held) + 1)
        for changed in combinations(held, size)
        if any(oracle.degree(written, c) == 1 for c in _changed(said, changed, choices))
    ]
    return min(found, default=None)


def _changed(
    said: dict[str, Any], changed: tuple[str, ...], choices: dict[str, list[Any]]
) -> Iterator[dict[str, Any]]:
    kept = {key: value for key, value in said.items() if key not in changed}
    return oracle.completions(kept, choices)


def _counted(changes: tuple[Change, ...]) -> tuple[int, int]:
    named = {change.criterion.fact: change.lasting for change in changes}
    return sum(named.values()), len(named)


@given(any_rule, people)
def test_no_smaller_change_would_do(library: Library, written: Rule, said: dict[str, Any]) -> None:
    _check_smallest(library, written, said)


@given(any_rule, everything)
def test_no_smaller_change_would_do_where_everything_is_known(
    library: Library, written: Rule, said: dict[str, Any]
) -> None:
    _check_smallest(library, written, said)


def _check_smallest(library: Library, written: Rule, said: dict[str, Any]) -> None:
    node = node_of(library, written)
    found = smallest_change(node, person(said), FACTS)
    fewest = _fewest(written, said)
    if person(said).truth(node) is not False or fewest is None:
        assert not found
        return
    assert _counted(found) == fewest
    # Making just this change, by values that meet what is named, mends it.
    keys = tuple({change.criterion.fact or "" for change in found})
    choices = oracle.choices_of(written, FACTS)
    assert any(
        person(mended).truth(node) is True
        and all(person(mended).truth_of(change.criterion.predicate) for change in found)
        for mended in _changed(said, keys, choices)
    )


def test_one_fact_that_fails_twice_is_one_change(library: Library) -> None:
    twice = {"all": [at_least(4), at_least(5)]}
    node = node_of(library, {"any": [{"all": [B1, B2]}, twice]})
    found = smallest_change(node, person({"b1": False, "b2": False, "n1": 1}), FACTS)
    assert [change.criterion.fact for change in found] == ["n1", "n1"]


def test_what_a_person_can_change_goes_before_what_lasts(library: Library) -> None:
    node = node_of(library, {"any": [{"fact": "c2", "in": ["p"]}, {"all": [B1, B2]}]})
    said = {"c2": "q", "b1": False, "b2": False}
    assert [c.criterion.fact for c in smallest_change(node, person(said), FACTS)] == ["b1", "b2"]
    node = node_of(library, {"fact": "c2", "in": ["p"]})
    (only,) = smallest_change(node, person(said), FACTS)
    assert only.lasting and only.given == "q"


def test_the_day_of_the_check_is_nothing_a_person_can_change(library: Library) -> None:
    node = node_of(library, {"any": [{"fact": "as_of", "at_least": DAY.replace(day=11)}, B1]})
    (change,) = smallest_change(node, person({"b1": False}), FACTS)
    assert change.criterion.fact == "b1"
    node = node_of(library, {"fact": "as_of", "at_least": DAY.replace(day=11)})
    (change,) = smallest_change(node, person({}), FACTS)
    assert change.lasting and change.given == DAY


@pytest.mark.parametrize(
    ("have", "gap"), [(3, 2), (0, 5), (4, 1), (Interval(0, 2), 3), (Interval(None, 4), 1)]
)
def test_the_gap_is_what_is_missing_at_least(library: Library, have: Any, gap: int) -> None:
    (change,) = smallest_change(node_of(library, at_least(5)), person({"n1": have}), FACTS)
    assert change.gap == gap
    assert change_said(change, FACTS, "要：{condition}") == f"还差{gap}个月"


def test_of_two_gaps_the_smaller_is_named(library: Library) -> None:
    node = node_of(library, {"any": [at_least(6), at_least(4, "n2")]})
    (change,) = smallest_change(node, person({"n1": 3, "n2": 3}), FACTS)
    assert (change.criterion.fact, change.gap) == ("n2", 1)
    assert change_said(change, FACTS, "要：{condition}") == "要：说", "n2 has no words of its own"


def test_too_much_is_no_gap(library: Library) -> None:
    node = node_of(library, {"fact": "n1", "at_most": 2})
    (change,) = smallest_change(node, person({"n1": 5}), FACTS)
    assert change.gap is None


def test_three_months_of_premiums_are_missing(library: Library) -> None:
    criteria = library.rules.criteria["shishi-4a"]
    said = {
        "work_region": "石狮", "applicant_role": frozenset({"worker"}),
        "unemployment_insured": True, "unemployment_insurance_months": 9,
        "job_loss_involuntary": True, "unemployment_registered": True, "seeking_work": True,
    }  # fmt: skip
    assert criteria.node is not None
    (change,) = smallest_change(criteria.node, Person(said, DAY), library.facts)
    assert (change.gap, change.lasting) == (3, False)
    said_of_it = change_said(change, library.facts, library.sentences.text["check_needed"])
    assert said_of_it == "还差3个月失业保险缴费"
    enough = {**said, "unemployment_insurance_months": 12}
    assert smallest_change(criteria.node, Person(enough, DAY), library.facts) == ()


def test_nothing_is_named_where_it_is_open_or_nobody_could_meet_it(library: Library) -> None:
    assert smallest_change(node_of(library, B1), person({}), FACTS) == ()
    nobody = node_of(library, {"all": [B1, {"not": B1}]})
    assert smallest_change(nobody, person({"b1": True}), FACTS) == ()
