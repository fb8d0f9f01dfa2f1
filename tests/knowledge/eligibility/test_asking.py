"""The next question: only what can still decide something, and an end to it."""

from datetime import date
from random import Random
from typing import Any

import pytest

from knowledge.eligibility.asking import next_question, rest
from knowledge.eligibility.criteria import Rulebook
from knowledge.eligibility.facts import Given, Interval
from knowledge.eligibility.verdicts import Outcome, Result, check
from knowledge.library import Library
from knowledge.measures import Exclusion
from tests.knowledge.eligibility import oracle
from tests.knowledge.eligibility.making import DAY, known
from tests.knowledge.eligibility.real_people import random_value

B1, B2, B3, B4 = ({"fact": f"b{n}", "is": True} for n in (1, 2, 3, 4))
HERE = {"work_region": "石狮", "applicant_role": frozenset({"worker"})}


def _rules(library: Library, rules: dict[str, Any], **each: Any) -> Rulebook:
    validity = library.measures["shishi-4a"].validity.model_copy(update={"from_": None, "to": None})
    return Rulebook(known(library, rules, **{"validity": validity, **each}))


def _asked(
    rules: Rulebook,
    said: dict[str, Any],
    *,
    unsure: tuple[str, ...] = (),
    already: tuple[str, ...] = (),
    day: date = DAY,
) -> str | None:
    values = {**HERE, **said}
    given = Given(values, frozenset(unsure), next(reversed([*values, *unsure]), None))
    return next_question(check(rules, "石狮", given, day, already), given, rules)


def test_the_question_that_decides_most_goes_first(library: Library) -> None:
    rules = {"a-1": {"all": [B1, B2]}, "a-2": {"all": [B3, B2]}, "a-3": {"all": [B4, B2]}}
    assert _asked(_rules(library, rules), {}) == "b2"


def test_nothing_is_asked_where_everything_is_decided(library: Library) -> None:
    rules = _rules(library, {"a-1": {"all": [B1, B2]}, "a-2": {"any": [B3, B1]}})
    assert _asked(rules, {"b1": False, "b3": True}) is None
    assert _asked(rules, {"b1": False}) == "b3", "of b2 nothing hangs any more"


def test_what_was_answered_with_unsure_is_not_asked_again(library: Library) -> None:
    rules = _rules(library, {"a-1": {"all": [B1, B2]}})
    assert _asked(rules, {}, unsure=("b1",)) == "b2", "it can still fail"
    assert _asked(rules, {"b2": True}, unsure=("b1",)) is None
    assert _asked(rules, {}, unsure=("b1", "b2")) is None


def test_what_can_change_nothing_after_an_unsure_answer_is_not_asked(library: Library) -> None:
    either = {"any": [{"all": [B1, B2]}, {"all": [B1, {"not": B2}]}]}
    rules = _rules(library, {"a-1": {"all": [B1, {"any": [B2, B3]}]}, "a-2": either})
    assert _asked(rules, {"b1": True, "b3": False}, unsure=("b2",)) is None


def test_what_hangs_on_an_unsure_answer_either_way_is_not_asked(library: Library) -> None:
    rules = _rules(library, {"a-1": {"any": [{"all": [B1, B2]}, B3]}})
    assert _asked(rules, {}, unsure=("b2",)) == "b3"
    assert _asked(rules, {"b3": False}, unsure=("b2",)) == "b1"
    assert _asked(rules, {}, unsure=("b2", "b3")) is None, "b1 can neither make nor break it"


def test_of_two_that_decide_the_same_the_one_of_more_use_goes_first(library: Library) -> None:
    both = {"a-1": {"all": [B1, B4]}}
    assert _asked(_rules(library, both), {}) == "b1", "it stands first in the vocabulary"
    more = {"any": [{"all": [B4, B2]}, {"all": [B3, {"fact": "b5", "is": True}]}]}
    assert _asked(_rules(library, {**both, "a-2": more}), {}) == "b4"


def test_bounds_are_an_answer(library: Library) -> None:
    rules = _rules(library, {"a-1": {"fact": "n1", "at_least": 3}})
    assert _asked(rules, {}) == "n1"
    assert _asked(rules, {"n1": Interval(2, 4)}) is None


def test_what_only_the_authority_judges_is_asked_of_nobody(library: Library) -> None:
    judged = {"assessed_by": "主管部门"}
    rules = _rules(library, {"a-1": judged})
    assert _asked(rules, {}) is None
    rules = _rules(library, {"a-1": {"any": [judged, B1]}})
    assert _asked(rules, {}) == "b1"
    assert _asked(rules, {"b1": False}) is None


def test_follow_ups_stay_together(library: Library) -> None:
    """The group of a fact of the small vocabulary is its first letter."""
    numbers = {"all": [{"fact": "n1", "at_least": 3}, {"fact": "n2", "at_least": 3}]}
    choices = {f"a-{n}": {"fact": "c1", "in": [option]} for n, option in ((2, "p"), (3, "q"))}
    rules = _rules(library, {"a-1": numbers, **choices})
    assert _asked(rules, {}) == "c1"
    assert _asked(rules, {"b1": True, "n1": 4}) == "n2", "n1 was the last"
    assert _asked(rules, {"n1": 4, "b1": True}) == "c1", "b1 was the last"


def test_a_closed_measure_is_not_asked_for(library: Library) -> None:
    over = library.measures["hebei-hengshui-3"].validity
    rules = _rules(library, {"a-1": B1}, validity=over)
    assert _asked(rules, {}, day=over.to) == "b1"
    assert _asked(rules, {}) is None


def test_what_a_person_has_or_cannot_have_besides_is_not_asked_for(library: Library) -> None:
    exclusion = Exclusion.model_validate({"measure": "a-2", "say": "说", "quote": "引"})
    rules = _rules(library, {"a-1": B1, "a-2": B2}, excludes=(exclusion,))
    assert _asked(rules, {"b2": True}) == "b1"
    assert _asked(rules, {"b2": True}, already=("a-1",)) is None
    assert _asked(rules, {"b2": True}, already=("a-2",)) is None


def _walk(
    library: Library, region: str, day: date, answers: Any
) -> tuple[list[str], Given, list[Result]]:
    """Answer every question till there is none; `answers` gives a value or None for unsure."""
    values: dict[str, Any] = {"work_region": region}
    unsure: set[str] = set()
    asked: list[str] = []
    while True:
        given = Given(dict(values), frozenset(unsure), asked[-1] if asked else "work_region")
        results = check(library.rules, region, given, day)
        question = next_question(results, given, library.rules)
        if question is None:
            return asked, given, results
        assert question not in asked, "no question comes twice"
        in_question = [
            result
            for result in results
            if result.open and result.outcome is Outcome.UNDETERMINED and question in result.missing
        ]
        assert in_question, "somebody needs the answer"
        asked.append(question)
        value = answers(library.facts[question])
        if value is None:
            unsure.add(question)
        else:
            values[question] = value


@pytest.mark.parametrize("sure", [1.0, 0.7, 0.0])
def test_a_whole_walk_ends_with_all_decided_or_undecidable(library: Library, sure: float) -> None:
    random = Random(7)
    parents = {region.id: region.parent for region in library.regions}
    for region in library.regions.covered:
        for _ in range(3 if sure else 1):
            day = _busiest_day(library, region)
            asked, given, results = _walk(
                library,
                region,
                day,
                lambda fact: random_value(fact, random) if random.random() < sure else None,
            )
            used = library.rules.facts_of(library.rules.of(region))
            assert set(asked) <= set(used)
            for result in results:
                if result.outcome is not Outcome.UNDETERMINED or not result.open:
                    continue
                measure = result.criteria.measure
                written = oracle.whole(measure, library.measures, parents)
                assert _undecidable(library, written, given, day), (region, measure.id)


def _busiest_day(library: Library, region: str) -> date:
    """The day on which most measures of a region are open."""
    periods = [criteria.measure.validity for criteria in library.rules.of(region)]
    days = [DAY, *(period.from_ for period in periods if period.from_)]
    return max(days, key=lambda day: sum(period.open_on(day) for period in periods))


def _undecidable(library: Library, written: Any, given: Given, day: date) -> bool:
    """Whether no answer that is still free decides it; what was 不清楚 stays so."""
    said = {**given.values, "as_of": day}
    free = {
        key: values
        for key, values in oracle.choices_of(written, library.facts).items()
        if key in library.facts and key not in given.unsure
    }
    return all(
        oracle.outcome(written, complete) == "undetermined"
        for complete in oracle.completions(said, free)
    )


def test_who_is_sure_of_everything_is_left_with_what_the_authority_judges(
    library: Library,
) -> None:
    random = Random(11)
    for region in library.regions.covered:
        day = _busiest_day(library, region)
        _, given, results = _walk(library, region, day, lambda fact: random_value(fact, random))
        assert not given.unsure
        left = [r for r in results if r.outcome is Outcome.UNDETERMINED and r.open]
        assert all(any(c.predicate is None for c in r.criteria.criteria) for r in left)
        assert rest(results, given) == 0
