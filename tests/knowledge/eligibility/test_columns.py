"""Many people at once get the verdicts that each would get alone."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.eligibility.columns import Column, People, Verdicts, column_of, verdicts
from knowledge.eligibility.criteria import Criteria, Criterion, Either, Every, Node
from knowledge.eligibility.facts import WORK_REGION, Fact, Interval, Value, Vocabulary
from knowledge.eligibility.predicates import Predicate
from knowledge.eligibility.verdicts import Outcome, Person, verdict
from knowledge.library import Library
from tests.knowledge.eligibility.people import random_person

AS_OF = date(2022, 4, 10)
REGION = "石狮"
Known = dict[str, Value]
Said = tuple[Outcome, frozenset[str]]


def together(people: Sequence[Known], facts: Vocabulary, region: str = REGION) -> People:
    columns = {key: column_of(person.get(key) for person in people) for key in facts}
    return People(columns, len(people), region, AS_OF)


def said_together(found: Verdicts) -> list[Said]:
    bits = found.people.bits
    holds, fails = bits(found.truths.holds), bits(found.truths.fails)
    missing = {fact: bits(plane) for fact, plane in found.missing.items()}
    outcomes = {(0, 0): Outcome.UNDETERMINED, (1, 0): Outcome.ELIGIBLE, (0, 1): Outcome.INELIGIBLE}
    return [
        (outcomes[int(h), int(f)], frozenset(fact for fact in missing if missing[fact][n]))
        for n, (h, f) in enumerate(zip(holds, fails, strict=True))
    ]


def said_alone(criteria: Criteria, people: Sequence[Known], region: str = REGION) -> list[Said]:
    results = [
        verdict(criteria, Person({WORK_REGION: region, **known}, AS_OF), AS_OF) for known in people
    ]
    return [(result.outcome, frozenset(result.missing)) for result in results]


# -- the rules there are ----------------------------------------------------------------------


@given(seed=st.integers(0, 2**32), known=st.floats(0, 1), region=st.sampled_from([REGION, "锦州"]))
@settings(max_examples=25)
def test_every_measure_says_the_same_of_people_together_and_alone(
    library: Library, seed: int, known: float, region: str
) -> None:
    order = random.Random(seed)
    people = [random_person(library.facts.values(), order, AS_OF, known) for _ in range(21)]
    for person in people[::2]:
        person[WORK_REGION] = region
    everybody = together(people, library.facts, region)
    for criteria in library.rules.criteria.values():
        found = verdicts(criteria, everybody)
        assert said_together(found) == said_alone(criteria, people, region), criteria.measure.id


def test_a_single_fact_that_is_otherwise_does_not_go_unseen(library: Library) -> None:
    order = random.Random(1)
    people = [random_person(library.facts.values(), order, AS_OF, 1) for _ in range(21)]
    for person in people:
        person[WORK_REGION] = REGION
    changed = [{**person, "applicant_role": frozenset[str]()} for person in people]
    everybody = together(changed, library.facts)
    assert any(
        said_together(verdicts(criteria, everybody)) != said_alone(criteria, people)
        for criteria in library.rules.of(REGION)
    )


# -- rules of any shape -----------------------------------------------------------------------

FACTS: Vocabulary = {
    fact.id: fact
    for fact in (
        Fact(id="yes", type="boolean", group="g", label="是", question="是吗？"),
        *(
            Fact(
                id=kind,
                type=kind,
                group="g",
                label=kind,
                question="哪个？",
                options=[{"value": value, "label": value} for value in "abc"],
            )
            for kind in ("choice", "multi_choice")
        ),
        Fact(id="months", type="integer", group="g", label="月", question="几？", least=0, most=6),
    )
}
SETS = [frozenset(c) for c in chain.from_iterable(combinations("abc", n) for n in range(4))]
VALUES: dict[str, list[Value]] = {
    "yes": [True, False],
    "choice": ["a", "b", "c"],
    "multi_choice": list(SETS),
    "months": list(range(7)),
}


def bounds(low: int | None, high: int | None) -> Interval:
    return Interval(low, high) if low is None or high is None or low <= high else bounds(high, low)


PREDICATES = st.one_of(
    st.builds(Predicate, st.just("yes"), st.sampled_from([frozenset([True]), frozenset([False])])),
    st.builds(
        Predicate,
        st.just("choice"),
        st.sampled_from(SETS[1:]),
        negated=st.booleans(),
    ),
    st.builds(
        Predicate,
        st.just("multi_choice"),
        st.sampled_from(SETS[1:]),
        multiple=st.just(True),
        negated=st.booleans(),
    ),
    st.builds(
        Predicate,
        st.just("months"),
        low=st.none() | st.integers(0, 6),
        high=st.none() | st.integers(0, 6),
        negated=st.booleans(),
    ).filter(lambda test: (test.low, test.high) != (None, None)),
)
LEAVES = st.builds(
    Criterion,
    st.none() | PREDICATES,
    st.just("说"),
    st.just("原文"),
    st.just("m"),
    st.just("一"),
)
NODES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.builds(Every, st.lists(parts, min_size=1, max_size=4).map(tuple)),
        st.builds(Either, st.lists(parts, min_size=1, max_size=4).map(tuple), st.just("")),
    ),
    max_leaves=10,
)
OPEN_BOUND = st.none() | st.integers(0, 6)
INTERVALS = st.builds(bounds, OPEN_BOUND, OPEN_BOUND).filter(lambda i: i != Interval(None, None))
SOMEBODY = st.fixed_dictionaries(
    {},
    optional={
        **{key: st.sampled_from(values) for key, values in VALUES.items()},
        "months": st.sampled_from(VALUES["months"]) | INTERVALS,
    },
)
SOME = st.lists(SOMEBODY, min_size=1, max_size=10)


def of_any_shape(library: Library, node: Node | None) -> Criteria:
    return Criteria(library.measures["shishi-7"], node, None, None)


@given(node=NODES, people=SOME)
def test_rules_of_any_shape_say_the_same_of_people_together_and_alone(
    library: Library, node: Node, people: list[Known]
) -> None:
    criteria = of_any_shape(library, node)
    assert said_together(verdicts(criteria, together(people, FACTS))) == said_alone(
        criteria, people
    )


def possible(value: Value | None, key: str) -> list[Value]:
    """Every value that a fact can have, as far as it is known."""
    if not isinstance(value, Interval):
        return VALUES[key] if value is None else [value]
    low, high = (0 if value.low is None else value.low), (6 if value.high is None else value.high)
    return [each for each in VALUES[key] if low <= each <= high]  # type: ignore[operator]


@given(node=NODES, people=SOME)
@settings(max_examples=300)
def test_one_away_are_those_whom_some_answer_to_the_only_missing_fact_makes_eligible(
    library: Library, node: Node, people: list[Known]
) -> None:
    criteria = of_any_shape(library, node)
    everybody = together(people, FACTS)
    found = {
        (int(number), fact)
        for fact, plane in verdicts(criteria, everybody).one_away(FACTS)
        for number in everybody.numbered(plane)
    }
    expected = set()
    for number, person in enumerate(people):
        ((_, missing),) = said_alone(criteria, [person])
        if len(missing) == 1:
            (fact,) = missing
            answered = [{**person, fact: value} for value in possible(person.get(fact), fact)]
            if (Outcome.ELIGIBLE, frozenset()) in said_alone(criteria, answered):
                expected.add((number, fact))
    assert found == expected


def test_an_answer_has_to_lie_within_the_bounds_that_are_known(library: Library) -> None:
    at_least_two = Criterion(Predicate("months", low=2), "说", "原文", "m", "一")
    not_two_or_three = replace(at_least_two, predicate=Predicate("months", None, False, 2, 3, True))
    node = Every((at_least_two, not_two_or_three))
    people: list[Known] = [{"months": Interval(0, 3)}, {"months": Interval(0, 4)}, {}]
    everybody = together(people, FACTS)
    ((_, plane),) = verdicts(of_any_shape(library, node), everybody).one_away(FACTS)
    assert everybody.numbered(plane).tolist() == [1, 2]


def test_an_answer_may_name_several_options_at_once(library: Library) -> None:
    has_a, has_b = (
        Criterion(Predicate("multi_choice", frozenset(option), True), "说", "原文", "m", "一")
        for option in "ab"
    )
    everybody = together([{}], FACTS)
    found = verdicts(of_any_shape(library, Every((has_a, has_b))), everybody).one_away(FACTS)
    assert [everybody.numbered(plane).tolist() for _, plane in found] == [[0]]


# -- what is no person's fault ----------------------------------------------------------------


def test_a_broken_rule_stays_undetermined_and_nothing_is_missing(library: Library) -> None:
    found = verdicts(of_any_shape(library, None), together([{}, {"yes": True}], FACTS))
    assert said_together(found) == [(Outcome.UNDETERMINED, frozenset())] * 2
    assert list(found.one_away(FACTS)) == []


def test_what_only_the_authority_judges_is_undetermined_and_no_answer_helps(
    library: Library,
) -> None:
    judged = Criterion(None, "说", "原文", "m", "一")
    yes = Criterion(Predicate("yes", frozenset([True])), "说", "原文", "m", "一")
    found = verdicts(of_any_shape(library, Every((judged, yes))), together([{}], FACTS))
    assert said_together(found) == [(Outcome.UNDETERMINED, frozenset({"yes"}))]
    assert [found.people.numbered(plane).tolist() for _, plane in found.one_away(FACTS)] == [[]]


def test_a_place_that_is_not_given_is_the_region_asked_about() -> None:
    inside = Predicate(WORK_REGION, frozenset([REGION]))
    column = Column(np.array([0, 1, 2], np.intp), (None, REGION, "锦州"))
    for people, expected in (
        (People({WORK_REGION: column}, 3, REGION, AS_OF), [1, 1, 0]),
        (People({}, 3, REGION, AS_OF), [1, 1, 1]),
        (People({}, 3, "锦州", AS_OF), [0, 0, 0]),
    ):
        truths = people.truths_of(inside)
        assert people.bits(truths.holds).tolist() == expected
        assert not people.bits(truths.unknown).any()


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 17])
def test_the_last_person_counts_and_nobody_after(count: int) -> None:
    people = together([{"yes": True}] * count, FACTS)
    truths = people.truths_of(Predicate("yes", frozenset([True])))
    assert people.bits(truths.holds).tolist() == [1] * count
    assert people.numbered(truths.unknown).tolist() == []
