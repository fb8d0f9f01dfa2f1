"""The sums that a clause states, as far as the facts decide them."""

from typing import Any

import pytest

from knowledge.eligibility.amounts import Total, dues, totals
from knowledge.eligibility.criteria import Criteria, criteria_of
from knowledge.eligibility.verdicts import Person
from knowledge.library import Library
from knowledge.measures import Grant
from tests.knowledge.eligibility.making import DAY, FACTS, known, rule

B1 = {"fact": "b1", "is": True}


def _totals(criteria: Criteria, said: dict[str, Any], facts: Any) -> list[tuple[Any, ...]]:
    found = totals(dues(criteria, Person(said, DAY)), facts)
    return [(total.unit, total.per, total.low, total.high) for total in found]


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ({"on_duty_spring_festival": True}, 600, 600),
        ({"on_duty_spring_festival": False}, 500, 500),
        ({}, 500, 600),
    ],
)
def test_500_and_100_more_on_duty(
    library: Library, said: dict[str, Any], low: int, high: int
) -> None:
    criteria = library.rules.criteria["hebei-hengshui-3"]
    assert _totals(criteria, said, library.facts) == [("元", "每人", low, high)]
    due = dues(criteria, Person(said, DAY))
    assert [d.truth for d in due] == [True, said.get("on_duty_spring_festival")]
    assert due[1].missing == (() if said else ("on_duty_spring_festival",))


@pytest.mark.parametrize(
    ("id", "unit", "per", "high"),
    [("shishi-4c", "元", None, 10000), ("opinion-3-tax-a", "元", "每户每年", 8000)],
)
def test_a_cap_is_no_sum_but_the_most_there_is(
    library: Library, id: str, unit: str, per: str | None, high: int
) -> None:
    criteria = library.rules.criteria[id]
    assert _totals(criteria, {}, library.facts) == [(unit, per, None, high)]


def test_a_rate_that_is_for_some_firms_only(library: Library) -> None:
    criteria = library.rules.criteria["shishi-1a"]
    small = _totals(criteria, {"company_size": "small"}, library.facts)
    assert small == [("%", None, 90, 90)]
    assert _totals(criteria, {"company_size": "large"}, library.facts) == []
    assert _totals(criteria, {}, library.facts) == [("%", None, None, 90)]


def _granting(library: Library, *grants: tuple[dict[str, Any], Any]) -> Criteria:
    place = known(library, {"a-1": B1})
    made = tuple(
        Grant.model_validate(
            {"what": "钱", "quote": "引", "amount": {"unit": "元", **amount},
             "when": when and rule(when)}
        )
        for amount, when in grants
    )  # fmt: skip
    return criteria_of(place.measures["a-1"].model_copy(update={"grants": made}), place)


def _in(*options: str) -> dict[str, Any]:
    return {"fact": "c1", "in": list(options)}


def test_sums_that_exclude_each_other_are_not_added(library: Library) -> None:
    either = _granting(library, ({"value": 300}, _in("p")), ({"value": 500}, _in("q")))
    assert _totals(either, {}, FACTS) == [("元", None, None, 500)]
    assert _totals(either, {"c1": "p"}, FACTS) == [("元", None, 300, 300)]
    assert _totals(either, {"c1": "q"}, FACTS) == [("元", None, 500, 500)]
    assert _totals(either, {"c1": "r"}, FACTS) == []
    both = _granting(library, ({"value": 300}, _in("p", "q")), ({"value": 500}, _in("q")))
    assert _totals(both, {}, FACTS) == [("元", None, None, 800)]
    assert _totals(both, {"c1": "q"}, FACTS) == [("元", None, 800, 800)]


def test_a_cap_on_top_of_a_sum_raises_only_the_most(library: Library) -> None:
    criteria = _granting(library, ({"value": 500}, None), ({"value": 200, "cap": True}, B1))
    assert _totals(criteria, {"b1": True}, FACTS) == [("元", None, 500, 700)]
    assert _totals(criteria, {"b1": False}, FACTS) == [("元", None, 500, 500)]


def test_several_sums_for_everybody_are_different_things(library: Library) -> None:
    criteria = _granting(library, ({"value": 500}, None), ({"value": 200}, None))
    assert _totals(criteria, {}, FACTS) == []
    apart = _granting(
        library, ({"value": 500}, None), ({"value": 2, "unit": "次"}, None),
        ({"value": 30, "per": "每天"}, B1),
    )  # fmt: skip
    assert _totals(apart, {}, FACTS) == [
        ("元", None, 500, 500), ("次", None, 2, 2), ("元", "每天", None, 30),
    ]  # fmt: skip


def test_what_comes_in_no_figure_is_no_sum(library: Library) -> None:
    criteria = library.rules.criteria["hebei-hengshui-1"]
    assert criteria.grants and dues(criteria, Person({}, DAY)) == []
    assert totals([], library.facts) == []


def test_every_stated_sum_of_the_library_is_within_what_comes_together(library: Library) -> None:
    seen = 0
    for criteria in library.rules.criteria.values():
        found = dues(criteria, Person({}, DAY))
        added: dict[tuple[str, str | None], Total] = {
            (total.unit, total.per): total for total in totals(found, library.facts)
        }
        for due in found:
            amount = due.grant.amount
            assert amount is not None
            total = added[amount.unit, amount.per]
            assert amount.value <= total.high and (total.low or 0) <= total.high
            seen += 1
    assert seen > 20
