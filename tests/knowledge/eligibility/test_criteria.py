"""Rules made ready: references resolved, negations at the leaves, place and audience implied."""

from typing import Any

import pytest
from hypothesis import given

from knowledge.eligibility.criteria import (
    Criterion,
    Either,
    Every,
    Node,
    RuleBroken,
    compiled,
    criteria_of,
    leaves_of,
    predicate_of,
)
from knowledge.eligibility.rules import Comparison, Rule
from knowledge.library import Library
from knowledge.measures import Audience
from knowledge.regions import UnknownRegion
from tests.knowledge.eligibility import oracle
from tests.knowledge.eligibility.making import (
    DAY,
    FACTS,
    WORDS,
    any_rule,
    everything,
    known,
    node_of,
    people,
    person,
)

B1, B2, B3 = ({"fact": f"b{n}", "is": True} for n in (1, 2, 3))


def _shape(node: Node) -> Any:
    if isinstance(node, Criterion):
        assert node.predicate is not None
        return ("not " if node.predicate.negated else "") + node.predicate.fact
    return {type(node).__name__: [_shape(part) for part in node.parts]}


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        ({"not": B1}, "not b1"),
        ({"not": {"not": B1}}, "b1"),
        ({"not": {"all": [B1, B2]}}, {"Either": ["not b1", "not b2"]}),
        ({"not": {"any": [B1, B2]}}, {"Every": ["not b1", "not b2"]}),
        ({"not": {"all": [B1, {"any": [B2, {"not": B3}]}]}},
         {"Either": ["not b1", {"Every": ["not b2", "b3"]}]}),
    ],
)  # fmt: skip
def test_a_negation_moves_down_to_the_leaves(library: Library, data: Any, shape: Any) -> None:
    assert _shape(node_of(library, data)) == shape


@given(any_rule, everything)
def test_moving_it_down_changes_nothing(
    library: Library, written: Rule, said: dict[str, Any]
) -> None:
    denied = oracle.Not.model_validate({"not": written})
    assert person(said).truth(node_of(library, written)) is bool(oracle.degree(written, said))
    assert person(said).truth(node_of(library, denied)) is not bool(oracle.degree(written, said))


# -- references -----------------------------------------------------------------------------------


def _rules(library: Library, **rules: Any) -> dict[str, Node | None]:
    place = known(library, {id.replace("_", "-"): data for id, data in rules.items()})
    return {
        id: measure.rule and compiled(measure.rule, measure, place)
        for id, measure in place.measures.items()
    }


@given(any_rule, people)
def test_a_reference_holds_where_the_other_rule_does(
    library: Library, written: Rule, said: dict[str, Any]
) -> None:
    place = known(library, {"a-1": {"meets": "a-2"}, "a-2": B1, "a-3": {"not": {"meets": "a-2"}}})
    changed = place.measures["a-2"].model_copy(update={"rule": written})
    place.measures = {**place.measures, "a-2": changed}
    one, same, denied = (compiled(m.rule, m, place) for m in place.measures.values() if m.rule)
    truth = person(said).truth(same)
    assert person(said).truth(one) is truth
    assert person(said).truth(denied) is (None if truth is None else not truth)


def test_a_reference_to_whoever_it_is_for_asks_nothing(library: Library) -> None:
    assert _rules(library, a_1={"meets": "a-2"}, a_2={"everyone": True})["a-1"] is None


def test_what_a_reference_asks_rests_on_the_other_clause(library: Library) -> None:
    place = known(library, {"a-1": {"all": [{"meets": "a-2"}, B2]}, "a-2": B1})
    other = place.measures["a-2"].model_copy(update={"locator": "八"})
    place.measures = {**place.measures, "a-2": other}
    found = list(criteria_of(place.measures["a-1"], place).criteria)[2:]
    home = place.measures["a-1"].locator
    assert home != "八"
    assert [(c.measure, c.locator) for c in found] == [("a-2", "八"), ("a-1", home)]


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"a-1": {"meets": "a-1"}}, "rests on itself"),
        ({"a-1": {"meets": "a-2"}, "a-2": {"meets": "a-1"}}, "rests on itself"),
        ({"a-1": {"meets": "a-2"}, "a-2": {"meets": "a-3"},
          "a-3": {"any": [B1, {"not": {"meets": "a-2"}}]}}, "rests on itself"),
        ({"a-1": {"meets": "a-9"}}, "a-9 has no rule"),
        ({"a-1": {"meets": "a-2"}, "a-2": None}, "a-2 has no rule"),
        ({"a-1": {"meets": "a-2"}, "a-2": {"fact": "zz", "is": True}}, "no fact zz"),
        ({"a-1": {"all": [B1, {"everyone": True}]}}, "beside other conditions"),
        ({"a-1": {"all": [B1, {"meets": "a-2"}]}, "a-2": {"everyone": True}},
         "beside other conditions"),
        ({"a-1": {"not": {"everyone": True}}}, "nobody"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_made_ready_is_broken(
    library: Library, rules: dict[str, Any], reason: str
) -> None:
    place = known(library, rules)
    broken = criteria_of(place.measures["a-1"], place)
    assert reason in str(broken.broken) and broken.node is None and not broken.criteria


def test_taking_up_one_rule_twice_is_no_loop(library: Library) -> None:
    twice = {"any": [{"meets": "a-2"}, {"all": [B2, {"meets": "a-2"}]}]}
    assert _shape(_rules(library, a_1=twice, a_2=B1)["a-1"]) == {  # type: ignore[arg-type]
        "Either": ["b1", {"Every": ["b2", "b1"]}]
    }


@pytest.mark.parametrize(
    "leaf",
    [
        {"fact": "zz", "is": True},
        {"fact": "b1", "is": "true"},
        {"fact": "b1", "in": ["p"]},
        {"fact": "b1", "at_least": 1},
        {"fact": "c1", "is": True},
        {"fact": "c1", "is": "s"},
        {"fact": "c1", "in": ["p", "s"]},
        {"fact": "c1", "has": ["p"]},
        {"fact": "c1", "at_least": 1},
        {"fact": "m1", "in": ["x"]},
        {"fact": "m1", "is": "x"},
        {"fact": "m1", "has": ["w"]},
        {"fact": "n1", "is": True},
        {"fact": "n1", "in": ["3"]},
        {"fact": "n1", "at_least": DAY},
        {"fact": "n1", "at_least": 2, "at_most": None, "is": None, "in": None, "has": ["x"]},
        {"fact": "d1", "at_least": 3},
        {"fact": "d1", "is": "2022-04-10"},
        {"fact": "as_of", "at_least": 3},
        {"fact": "as_of", "is": True},
    ],
    ids=str,
)
def test_a_comparison_that_does_not_fit_its_fact_is_broken(leaf: dict[str, Any]) -> None:
    with pytest.raises((RuleBroken, ValueError)):
        predicate_of(Comparison.model_validate({**WORDS, **leaf}), FACTS)


def test_the_day_of_the_check_is_compared_like_a_fact(library: Library) -> None:
    node = node_of(library, {"fact": "as_of", "at_least": DAY})
    assert person({}, DAY).truth(node) is True
    assert person({}, DAY.replace(day=9)).truth(node) is False


# -- what is implied ------------------------------------------------------------------------------


def test_every_rule_asks_for_place_and_audience_first(library: Library) -> None:
    for criteria in library.rules.criteria.values():
        assert not criteria.broken
        assert criteria.facts[:2] == ("work_region", "applicant_role"), criteria.measure.id
        assert "as_of" not in (*criteria.facts, *criteria.facts_of_grants)
        assert not set(criteria.facts) & set(criteria.facts_of_grants)


def test_no_condition_is_stated_and_still_asks_for_whom_it_is(library: Library) -> None:
    open_to_all = [c for c in library.rules.criteria.values() if c.everyone]
    assert open_to_all
    for criteria in open_to_all:
        assert criteria.everyone is not None and criteria.everyone.say and criteria.everyone.quote
        assert criteria.own is None
        assert criteria.facts == ("work_region", "applicant_role")
        at_home = {"work_region": criteria.measure.region}
        meant = frozenset({criteria.measure.audience.value})
        for role, truth in ((meant, True), (frozenset(), False), (None, None)):
            said = at_home if role is None else {**at_home, "applicant_role": role}
            assert criteria.node is not None and person(said).truth(criteria.node) is truth


def test_a_district_has_the_measures_of_its_city_and_not_the_reverse(library: Library) -> None:
    def of(region: str) -> set[str]:
        return {criteria.measure.id for criteria in library.rules.of(region)}

    districts = library.regions.children("石家庄")
    assert len(districts) > 2
    city = of("石家庄")
    assert city and all(library.measures[id].region == "石家庄" for id in city)
    for district in districts:
        assert city < of(district), district
        own = of(district) - city
        assert {library.measures[id].region for id in own} == {district}
        for id in city:
            place = library.rules.criteria[id].criteria[0].predicate
            assert place is not None and place.truth(district) is True
        for id in own:
            place = library.rules.criteria[id].criteria[0].predicate
            assert place is not None and place.truth("石家庄") is False
    assert of("衡水").isdisjoint(city)


def test_the_measures_of_all_regions_are_all_that_are_not_for_the_government(
    library: Library,
) -> None:
    found = {c.measure.id for region in library.regions.covered for c in library.rules.of(region)}
    government = {m.id for m in library.measures.values() if m.audience is Audience.GOVERNMENT}
    assert government and found == set(library.measures) - government
    assert not library.rules.of("河北")
    with pytest.raises(UnknownRegion):
        library.rules.of("保定")


def test_leaves_come_in_the_order_they_are_written(library: Library) -> None:
    node = node_of(library, {"all": [B2, {"any": [B3, B1]}]})
    assert [leaf.fact for leaf in leaves_of(node)] == ["b2", "b3", "b1"]
    assert isinstance(node, Every) and isinstance(node.parts[1], Either)
    assert node.parts[1].say == "说"
