"""Three values: the connectives as published, what is missing, and what more facts can do."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.eligibility.criteria import Criteria, Criterion, Every, criteria_of
from knowledge.eligibility.facts import Given, Interval
from knowledge.eligibility.predicates import Predicate, Truth
from knowledge.eligibility.rules import Rule
from knowledge.eligibility.verdicts import (
    Outcome,
    Person,
    check,
    conjunction,
    disjunction,
    verdict,
)
from knowledge.library import Library
from knowledge.measures import Exclusion
from tests.knowledge.eligibility import oracle
from tests.knowledge.eligibility.making import (
    DAY,
    FACTS,
    any_rule,
    known,
    node_of,
    people,
    person,
    read_once_rule,
    rule,
)
from tests.knowledge.eligibility.real_people import random_person, random_value

# Decision Model and Notation (DMN) 1.4 of the Object Management Group, chapter 10 on FEEL:
# table 50, «Semantics of conjunction and disjunction», row by row; and the built-in boolean
# function not(negand). What is neither true nor false stands there as «otherwise» or null.
T, F, U = True, False, None
CONJUNCTION = [
    (T, T, T), (T, F, F), (T, U, U),
    (F, T, F), (F, F, F), (F, U, F),
    (U, T, U), (U, F, F), (U, U, U),
]  # fmt: skip
DISJUNCTION = [
    (T, T, T), (T, F, T), (T, U, T),
    (F, T, T), (F, F, F), (F, U, U),
    (U, T, T), (U, F, U), (U, U, U),
]  # fmt: skip
NEGATION = [(T, F), (F, T), (U, U)]


@pytest.mark.parametrize(("left", "right", "both"), CONJUNCTION)
def test_conjunction_as_published(left: Truth, right: Truth, both: Truth, library: Library) -> None:
    assert conjunction([left, right]) is both
    assert _truth(library, {"all": [_is("b1"), _is("b2")]}, left, right) is both


@pytest.mark.parametrize(("left", "right", "either"), DISJUNCTION)
def test_disjunction_as_published(
    left: Truth, right: Truth, either: Truth, library: Library
) -> None:
    assert disjunction([left, right]) is either
    assert _truth(library, {"any": [_is("b1"), _is("b2")]}, left, right) is either


@pytest.mark.parametrize(("given_", "turned"), NEGATION)
def test_negation_as_published(given_: Truth, turned: Truth, library: Library) -> None:
    assert _truth(library, {"not": _is("b1")}, given_) is turned


def _is(fact: str) -> dict[str, Any]:
    return {"fact": fact, "is": True}


def _truth(library: Library, data: Any, *truths: Truth) -> Truth:
    said = {f"b{n}": truth for n, truth in enumerate(truths, 1) if truth is not None}
    return person(said).truth(node_of(library, data))


@pytest.mark.parametrize(("joined", "decisive"), [(conjunction, False), (disjunction, True)])
def test_what_decides_ends_it_wherever_it_stands(
    joined: Callable[[Iterator[Truth]], Truth], decisive: bool
) -> None:
    def parts(*truths: Truth) -> Iterator[Truth]:
        yield from truths
        raise AssertionError("nothing after the decision is looked at")

    assert joined(parts(decisive)) is decisive
    assert joined(parts(None, decisive)) is decisive
    assert joined(parts(not decisive, None, decisive)) is decisive
    for order in ((None, decisive), (decisive, None)):
        assert joined(iter(order)) is decisive
    with pytest.raises(AssertionError):
        joined(parts(None, not decisive))


@given(any_rule, people)
def test_every_rule_comes_out_as_the_least_the_most_and_the_rest_say(
    library: Library, written: Rule, said: dict[str, Any]
) -> None:
    found = person(said).truth(node_of(library, written))
    assert {True: 1, False: 0, None: oracle.HALF}[found] == oracle.degree(written, said)


@given(read_once_rule(), people)
def test_read_once_it_is_undetermined_exactly_where_two_completions_differ(
    library: Library, written: Rule, said: dict[str, Any]
) -> None:
    found = person(said).truth(node_of(library, written))
    everybody = oracle.completions(said, oracle.choices_of(written, FACTS))
    ends = {oracle.degree(written, complete) for complete in everybody}
    assert (found is None) is (len(ends) == 2)
    if found is not None:
        assert ends == {float(found)}


@given(any_rule, people)
def test_a_decision_holds_for_every_completion(
    library: Library, written: Rule, said: dict[str, Any]
) -> None:
    found = person(said).truth(node_of(library, written))
    if found is not None:
        for complete in oracle.completions(said, oracle.choices_of(written, FACTS)):
            assert oracle.degree(written, complete) == found


@given(read_once_rule(), people)
def test_read_once_each_missing_fact_can_decide_and_together_they_do(
    library: Library, written: Rule, said: dict[str, Any]
) -> None:
    _check_missing(library, written, said, reads_once=True)


@given(any_rule, people)
def test_the_missing_facts_together_always_decide(
    library: Library, written: Rule, said: dict[str, Any]
) -> None:
    _check_missing(library, written, said, reads_once=False)


def _check_missing(
    library: Library, written: Rule, said: dict[str, Any], *, reads_once: bool
) -> None:
    found = verdict(_criteria(library, written), _at_home(said), DAY)
    missing = set(found.missing)
    assert missing == oracle.open_facts(written, said)
    if not missing:
        assert found.outcome is not Outcome.UNDETERMINED
        return
    choices = oracle.choices_of(written, FACTS)
    asked = {key: choices[key] for key in missing}
    decisive: set[str] = set()
    for complete in oracle.completions(said, asked):
        assert oracle.degree(written, complete) != oracle.HALF
        for key in missing - decisive:
            ends = {oracle.degree(written, {**complete, key: value}) for value in choices[key]}
            if len(ends) > 1:
                decisive.add(key)
    if reads_once:
        assert decisive == missing


def _criteria(library: Library, written: Rule) -> Criteria:
    place = known(library, {"a-1": {"fact": "b1", "is": True}})
    measure = place.measures["a-1"].model_copy(update={"rule": written})
    return criteria_of(measure, place)


def _at_home(said: dict[str, Any]) -> Person:
    return person({"work_region": "石狮", "applicant_role": frozenset({"worker"}), **said})


# -- the rules of the library ---------------------------------------------------------------------


def _everywhere(library: Library, said: dict[str, Any]) -> dict[str, Outcome]:
    return {
        result.criteria.measure.id: result.outcome
        for region in library.regions.covered
        for result in check(library.rules, region, Given(said), DAY)
    }


@given(st.integers(0, 10**9))
def test_one_more_fact_never_undoes_a_verdict(library: Library, seed: int) -> None:
    random = Random(seed)
    said = random_person(library, random, 0.5)
    before = _everywhere(library, said)
    more = random.choice([key for key in library.facts if key not in (*said, "work_region")])
    after = _everywhere(library, {**said, more: random_value(library.facts[more], random)})
    assert not [id for id, was in before.items() if was != "undetermined" and after[id] != was]


@given(people, any_rule, st.lists(st.integers(0, 6), min_size=2, max_size=2), st.integers(0, 6))
def test_narrower_bounds_never_undo_a_verdict(
    library: Library, said: dict[str, Any], written: Rule, bounds: list[int], exact: int
) -> None:
    low, high = sorted(bounds)
    node = node_of(library, written)
    wide = person({**said, "n1": Interval(low, high)}).truth(node)
    inside = min(max(exact, low), high)
    if wide is not None:
        assert person({**said, "n1": inside}).truth(node) is wide


@given(st.integers(0, 10**9))
def test_the_real_rules_come_out_as_they_are_written(library: Library, seed: int) -> None:
    random = Random(seed)
    said = {**random_person(library, random), "as_of": DAY}
    parents = {region.id: region.parent for region in library.regions}
    for region in random.sample(library.regions.covered, 4):
        here = {"work_region": region, **said}
        for result in check(library.rules, region, Given(said), DAY):
            written = oracle.whole(result.criteria.measure, library.measures, parents)
            assert result.outcome == oracle.outcome(written, here), result.criteria.measure.id
            wanted = {f for f in oracle.open_facts(written, here) if f in library.facts}
            assert set(result.missing) == wanted, result.criteria.measure.id


@given(st.integers(0, 10**9))
def test_the_missing_facts_of_the_real_rules_are_enough_and_each_can_matter(
    library: Library, seed: int
) -> None:
    random = Random(seed)
    said = {**random_person(library, random, 0.6), "as_of": DAY}
    parents = {region.id: region.parent for region in library.regions}
    region = random.choice(library.regions.covered)
    here = {"work_region": region, **said}
    for result in check(library.rules, region, Given(said), DAY):
        if result.outcome is not Outcome.UNDETERMINED:
            continue
        written = oracle.whole(result.criteria.measure, library.measures, parents)
        if any(isinstance(leaf, oracle.Assessed) for leaf in oracle.leaves_in(written)):
            continue
        choices = oracle.choices_of(written, library.facts)
        asked = {key: choices[key] for key in result.missing}
        decisive: set[str] = set()
        for complete in oracle.completions(here, asked):
            assert oracle.outcome(written, complete) != "undetermined"
            for key in asked.keys() - decisive:
                if len({oracle.degree(written, {**complete, key: v}) for v in choices[key]}) > 1:
                    decisive.add(key)
        if oracle.reads_once(written):
            assert decisive == set(asked), result.criteria.measure.id


def test_what_the_authority_judges_stays_unknown_but_may_fail_besides(library: Library) -> None:
    (assessed,) = [
        criteria
        for criteria in library.rules.criteria.values()
        if any(criterion.predicate is None for criterion in criteria.criteria)
    ]
    measure = assessed.measure
    here: dict[str, Any] = {"work_region": measure.region}
    role = frozenset({measure.audience.value})
    found = verdict(assessed, Person({**here, "applicant_role": role}, DAY), DAY)
    assert (found.outcome, found.missing) == (Outcome.UNDETERMINED, ())
    found = verdict(assessed, Person(here, DAY), DAY)
    assert (found.outcome, found.missing) == (Outcome.UNDETERMINED, ("applicant_role",))
    found = verdict(assessed, Person({**here, "applicant_role": frozenset()}, DAY), DAY)
    assert found.outcome is Outcome.INELIGIBLE


# -- rules that could not be published ------------------------------------------------------------

UNSOUND: dict[str, Any] = {
    "none": None,
    "an unknown fact": {"fact": "zz", "is": True},
    "a number for a choice": {"fact": "c1", "at_least": 3},
    "a reference to nothing": {"meets": "b-9"},
    "a reference to itself": {"meets": "a-1"},
    "nobody": {"not": {"everyone": True}},
}


@pytest.mark.parametrize("data", UNSOUND.values(), ids=UNSOUND)
@given(said=people)
def test_a_broken_rule_met_all_the_same_is_undetermined(
    library: Library, data: Any, said: dict[str, Any]
) -> None:
    place = known(library, {"a-1": data})
    criteria = criteria_of(place.measures["a-1"], place)
    found = verdict(criteria, _at_home(said), DAY)
    assert criteria.broken and criteria.node is None
    assert (found.outcome, found.missing) == (Outcome.UNDETERMINED, ())


@pytest.mark.parametrize("key", ["all", "any"])
def test_an_empty_list_met_all_the_same_is_undetermined(library: Library, key: str) -> None:
    place = known(library, {"a-1": {key: [{"fact": "b1", "is": True}, {"fact": "b2", "is": True}]}})
    measure = place.measures["a-1"]
    sound = criteria_of(measure, place)
    met = _at_home({"b1": True, "b2": True})
    assert verdict(sound, met, DAY).outcome is Outcome.ELIGIBLE
    assert measure.rule is not None
    emptied = measure.model_copy(update={"rule": measure.rule.model_copy(update={key: ()})})
    found = verdict(criteria_of(emptied, place), met, DAY)
    assert found.outcome is Outcome.UNDETERMINED


@given(people)
def test_a_rule_that_contradicts_itself_is_never_met(
    library: Library, said: dict[str, Any]
) -> None:
    written = rule({"all": [_is("b1"), {"not": _is("b1")}, {"fact": "n1", "at_least": 2}]})
    found = verdict(_criteria(library, written), _at_home(said), DAY)
    assert found.outcome is not Outcome.ELIGIBLE


# -- what a result says besides -------------------------------------------------------------------


def test_whether_it_is_open_has_no_say_in_the_outcome(library: Library) -> None:
    criteria = library.rules.criteria["hebei-hengshui-3"]
    said = {"work_region": "衡水", "applicant_role": frozenset({"worker"}),
            "hukou_place": "other_province", "stayed_spring_festival": True}  # fmt: skip
    seen = []
    for day in (DAY.replace(2021, 1, 20), DAY.replace(2021, 1, 21), DAY.replace(2021, 3, 8),
                DAY.replace(2021, 3, 9)):  # fmt: skip
        found = verdict(criteria, Person(said, day), day)
        assert found.outcome is Outcome.ELIGIBLE and found.as_of == day
        seen.append(found.open)
    assert seen == [False, True, True, False]


def test_a_time_to_apply_closes_a_measure_that_is_in_force(library: Library) -> None:
    sound = _criteria(library, rule(_is("b1")))
    measure = sound.measure
    until = measure.validity.model_copy(update={"to": DAY})
    limited = replace(sound, measure=measure.model_copy(update={"application": until}))
    after = DAY.replace(day=11)
    assert verdict(limited, _at_home({}), DAY).open
    assert verdict(sound, _at_home({}), after).open
    assert not verdict(limited, _at_home({}), after).open


@pytest.mark.parametrize(
    ("way", "facts", "said"),
    [
        ("all", {}, ("补一。", "补二。")),
        ("all", {"b1": True}, ("补二。",)),
        ("all", {"b1": True, "b2": False}, ("补二。",)),
        ("any", {"b1": False}, ("补一。", "补二。")),
        ("any", {"b1": True, "b2": False}, ()),
    ],
)
def test_what_helps_where_a_condition_is_not_met_is_said_only_there(
    library: Library, way: str, facts: dict[str, bool], said: tuple[str, ...]
) -> None:
    sound = _criteria(library, rule({way: [_is("b1"), _is("b2")]}))
    more = {"advice": ("先问问。",), "if_unmet": {"b1": "补一。", "b2": "补二。"}}
    measure = sound.measure.model_copy(update=more)
    found = verdict(replace(sound, measure=measure), _at_home(facts), DAY)
    assert found.advice == ("先问问。", *said)


def test_what_a_person_has_and_what_that_excludes(library: Library) -> None:
    rules = {"a-1": _is("b1"), "a-2": _is("b1"), "a-3": _is("b1")}
    place = known(library, rules)
    no_other = Exclusion.model_validate({"measure": "a-2", "say": "说", "quote": "引"})
    excluding = place.measures["a-1"].model_copy(update={"excludes": (no_other,)})
    place.measures = {**place.measures, "a-1": excluding}
    made = {id: criteria_of(measure, place) for id, measure in place.measures.items()}
    has_2 = {id: verdict(one, _at_home({}), DAY, {"a-2"}) for id, one in made.items()}
    assert (has_2["a-1"].excluded_by, has_2["a-1"].already) == (("a-2",), False)
    assert (has_2["a-2"].excluded_by, has_2["a-2"].already) == ((), True)
    has_1 = {id: verdict(one, _at_home({}), DAY, {"a-1"}) for id, one in made.items()}
    assert has_1["a-2"].excluded_by == ("a-1",), "whichever of the two says so"
    assert not has_1["a-3"].excluded_by
    assert {r.outcome for r in (*has_1.values(), *has_2.values())} == {Outcome.UNDETERMINED}


def test_the_place_asked_about_is_the_place_unless_another_is_given(library: Library) -> None:
    asked = {r.criteria.measure.id: r for r in check(library.rules, "石狮", Given({}), DAY)}
    assert "work_region" not in asked["shishi-4a"].missing
    elsewhere = check(library.rules, "石狮", Given({"work_region": "锦州"}), DAY)
    assert {result.outcome for result in elsewhere} == {Outcome.INELIGIBLE}


def test_a_leaf_is_compared_once_for_all_that_ask_it() -> None:
    class Counting(Predicate):
        asked = 0

        def truth(self, value: Any) -> Truth:
            type(self).asked += 1
            return super().truth(value)

    leaves = tuple(
        Criterion(Counting("b1", frozenset([True])), "说", "引", "a-1", "一") for _ in range(3)
    )
    assert person({"b1": True}).truth(Every(leaves)) is True
    assert Counting.asked == 1
