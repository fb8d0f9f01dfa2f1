"""For every measure: somebody who meets everything, then broken and then unknown one by one.

Who is made from the rule as it stands in the file; what is right for them is worked out by going
through everything the person could be, not by the evaluator.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from knowledge.eligibility.criteria import Criteria
from knowledge.eligibility.facts import Given
from knowledge.eligibility.rules import Comparison, Rule
from knowledge.eligibility.verdicts import Outcome, Person, Result, check, verdict
from knowledge.library import Library
from tests.knowledge.eligibility import oracle
from tests.knowledge.eligibility.oracle import Said


@dataclass(frozen=True)
class Case:
    """A measure, its whole rule, what can be said of each fact, and who meets everything."""

    criteria: Criteria
    rule: Rule
    day: date
    choices: dict[str, list[Any]]
    met: Said

    @property
    def id(self) -> str:
        return self.criteria.measure.id

    @property
    def wanted(self) -> list[tuple[Comparison, bool]]:
        """Each comparison, and whether it has to hold or to fail."""
        found = oracle.wanted_leaves(self.rule)
        return [(leaf, wanted) for leaf, wanted in found if isinstance(leaf, Comparison)]

    @property
    def judged_by_the_authority(self) -> bool:
        return any(key not in self.met for key in self.choices)

    def verdict(self, said: Said) -> Result:
        return verdict(self.criteria, Person(said, self.day), self.day)

    def right(self, said: Said) -> str:
        """What is right by going through everybody who says this."""
        ends = {
            oracle.degree(self.rule, complete)
            for complete in oracle.completions(said, self.choices)
        }
        if len(ends) == 1 and oracle.reads_once(self.rule):
            return oracle.OUTCOMES[ends.pop()]
        # A fact that is compared twice can be unknown in both and the end be the same: Kleene's
        # logic keeps that open, and so do the published tables.
        kleene = oracle.outcome(self.rule, said)
        assert kleene == "undetermined" or ends == {1.0 if kleene == "eligible" else 0.0}
        return kleene


def _case(library: Library, criteria: Criteria) -> Case:
    measure = criteria.measure
    parents = {region.id: region.parent for region in library.regions}
    rule = oracle.whole(measure, library.measures, parents)
    day = measure.validity.from_ or measure.validity.to or date(2022, 4, 10)
    choices = oracle.choices_of(rule, library.facts)
    # Of several places inside, the measure's own.
    choices["work_region"].sort(key=lambda place: place != measure.region)
    meeting = (
        said
        for said in oracle.completions({"as_of": day}, choices)
        if oracle.degree(rule, said) == 1
    )
    case = Case(criteria, rule, day, choices, {})
    best = max(meeting, key=lambda said: sum(
        oracle.compares(leaf, said[leaf.fact]) is wanted for leaf, wanted in case.wanted
    ))  # fmt: skip
    met = {key: value for key, value in best.items() if key in library.facts or key == "as_of"}
    return replace(case, met=met)


@pytest.fixture(scope="module")
def cases(library: Library) -> list[Case]:
    return [_case(library, criteria) for criteria in library.rules.criteria.values()]


def _broken(case: Case) -> Iterator[tuple[Comparison, Said]]:
    """Each condition broken in each way its fact can break it."""
    for leaf, wanted in case.wanted:
        for value in case.choices.get(leaf.fact, []):
            if oracle.compares(leaf, value) is not wanted:
                yield leaf, {**case.met, leaf.fact: value}


def _removed(case: Case) -> Iterator[tuple[str, Said]]:
    for fact in case.met:
        if fact != "as_of":
            yield fact, {key: value for key, value in case.met.items() if key != fact}


def test_there_is_a_case_for_every_measure(library: Library, cases: list[Case]) -> None:
    assert [case.id for case in cases] == list(library.rules.criteria)
    assert [case.id for case in cases if case.judged_by_the_authority] == ["shishi-1c"]


def test_who_meets_everything_is_eligible(library: Library, cases: list[Case]) -> None:
    for case in cases:
        found = case.verdict(case.met)
        wanted = "undetermined" if case.judged_by_the_authority else "eligible"
        assert found.outcome == case.right(case.met) == wanted, case.id
        assert found.missing == () and found.open, case.id
        said = {key: value for key, value in case.met.items() if key != "as_of"}
        here = check(library.rules, case.criteria.measure.region, Given(said), case.day)
        (same,) = [result for result in here if result.criteria.measure.id == case.id]
        assert same.outcome == wanted, case.id


def test_one_condition_broken_is_right_for_every_measure(cases: list[Case]) -> None:
    count = 0
    for case in cases:
        ended = set()
        for leaf, said in _broken(case):
            found = case.verdict(said)
            assert found.outcome == case.right(said), (case.id, leaf.fact, said[leaf.fact])
            ended.add(found.outcome)
            count += 1
        assert Outcome.INELIGIBLE in ended, case.id
    assert count > 500


def test_a_broken_condition_that_has_no_alternative_makes_it_ineligible(
    cases: list[Case],
) -> None:
    """The same once more without going through anybody: what is joined by «all» alone decides."""
    count = 0
    for case in cases:
        needed = [leaf for leaf in _needed(case.rule) if isinstance(leaf, Comparison)]
        for leaf, said in _broken(case):
            if leaf in needed:
                assert case.verdict(said).outcome is Outcome.INELIGIBLE, (case.id, leaf.fact)
                count += 1
    assert count > 350


def _needed(rule: Rule) -> Iterator[Rule]:
    if isinstance(rule, oracle.All):
        for part in rule.all:
            yield from _needed(part)
    elif not oracle.parts_of(rule):
        yield rule


def test_one_fact_removed_is_right_and_named_for_every_measure(cases: list[Case]) -> None:
    count = 0
    for case in cases:
        for fact, said in _removed(case):
            found = case.verdict(said)
            wanted = case.right(said)
            assert found.outcome == wanted, (case.id, fact)
            open_ = {fact} if wanted == "undetermined" else set()
            assert set(found.missing) == open_, (case.id, fact)
            count += 1
    assert count > 450


def test_with_nothing_known_everything_is_missing(cases: list[Case]) -> None:
    for case in cases:
        found = case.verdict({})
        named = set(case.choices) & set(case.criteria.facts)
        today = {"as_of": case.day}
        assert found.outcome == oracle.outcome(case.rule, today) == "undetermined", case.id
        assert set(found.missing) == oracle.open_facts(case.rule, today) <= named, case.id


def test_every_condition_comes_with_its_own_verdict(cases: list[Case]) -> None:
    for case in cases:
        leaves = [
            (leaf, wanted)
            for leaf, wanted in oracle.wanted_leaves(case.rule)
            if isinstance(leaf, Comparison | oracle.Assessed)
        ]
        for _, said in [*_broken(case), *_removed(case)]:
            person = Person(said, case.day)
            for (leaf, wanted), criterion in zip(leaves, case.criteria.criteria, strict=True):
                truth = person.truth_of(criterion.predicate)
                if not isinstance(leaf, Comparison) or leaf.fact not in said:
                    assert truth is None
                else:
                    met = oracle.compares(leaf, said[leaf.fact]) is wanted
                    assert truth is met, (case.id, leaf.fact)
