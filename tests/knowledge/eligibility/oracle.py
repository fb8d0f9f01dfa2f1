"""The rules read a second time, as plainly as can be: what the evaluator is compared with.

Nothing here uses the evaluator; it works on the rules as they are written in the files.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import product
from typing import Any

from knowledge.eligibility.facts import Fact, FactType
from knowledge.eligibility.rules import All, Any_, Assessed, Comparison, Everyone, Meets, Not, Rule
from knowledge.measures import Measure

HALF = 0.5
Measures = Mapping[str, Measure]
Said = dict[str, Any]
"""What is known of somebody: fact to value, and `assessed_key` to what the authority says."""


def whole(measure: Measure, measures: Measures, parents: Mapping[str, str | None]) -> Rule:
    """The rule with what it implies: the place or one inside it, and whom it is meant for."""
    inside = [region for region in parents if measure.region in climbed(region, parents)]
    assert measure.rule is not None
    words = {"say": "x", "quote": "x"}
    place = Comparison.model_validate({"fact": "work_region", "in": inside, **words})
    role = Comparison.model_validate(
        {"fact": "applicant_role", "has": [measure.audience.value], **words}
    )
    return All(all=(place, role, resolved(measure.rule, measures)))


def climbed(region: str | None, parents: Mapping[str, str | None]) -> Iterator[str]:
    while region is not None:
        yield region
        region = parents[region]


def resolved(rule: Rule, measures: Measures) -> Rule:
    """The rule with every reference replaced by what it refers to."""
    match rule:
        case All():
            return All(all=tuple(resolved(part, measures) for part in rule.all))
        case Any_():
            return Any_(any=tuple(resolved(part, measures) for part in rule.any), say=rule.say)
        case Not():
            return Not.model_validate({"not": resolved(rule.not_, measures)})
        case Meets():
            other = measures[rule.meets].rule
            assert other is not None
            return resolved(other, measures)
        case _:
            return rule


def parts_of(rule: Rule) -> tuple[Rule, ...]:
    match rule:
        case All():
            return rule.all
        case Any_():
            return rule.any
        case Not():
            return (rule.not_,)
        case _:
            return ()


def leaves_in(rule: Rule) -> Iterator[Rule]:
    """Every leaf of a resolved rule, in order."""
    if not parts_of(rule):
        yield rule
    for part in parts_of(rule):
        yield from leaves_in(part)


def wanted_leaves(rule: Rule, wanted: bool = True) -> Iterator[tuple[Rule, bool]]:
    """Every leaf of a resolved rule, and whether it has to hold or to fail."""
    if not parts_of(rule):
        yield rule, wanted
    for part in parts_of(rule):
        yield from wanted_leaves(part, wanted is not isinstance(rule, Not))


def comparisons(rule: Rule) -> list[Comparison]:
    return [leaf for leaf in leaves_in(rule) if isinstance(leaf, Comparison)]


def assessed_key(leaf: Assessed) -> str:
    return f"assessed: {leaf.say}"


def keys_of(rule: Rule) -> list[str]:
    """Everything a resolved rule asks for, each once, the day of the check excepted."""
    keys = [
        assessed_key(leaf) if isinstance(leaf, Assessed) else leaf.fact
        for leaf in leaves_in(rule)
        if isinstance(leaf, Assessed | Comparison)
    ]
    return [key for key in dict.fromkeys(keys) if key != "as_of"]


def reads_once(rule: Rule) -> bool:
    named = [c.fact for c in comparisons(rule) if c.fact != "as_of"]
    return len(named) == len(set(named))


def compares(leaf: Comparison, value: Any) -> bool:
    """Two-valued: one value against one comparison."""
    if leaf.is_ is not None:
        return bool(value == leaf.is_)
    if leaf.in_ is not None:
        return value in leaf.in_
    if leaf.has is not None:
        return any(option in value for option in leaf.has)
    low: Any = leaf.at_least
    high: Any = leaf.at_most
    return not (low is not None and value < low) and not (high is not None and value > high)


def degree(rule: Rule, said: Said) -> float:
    """Kleene's logic as he reckoned it: 0, 1/2 and 1 under least, most and 1 - x."""
    match rule:
        case All():
            return min(degree(part, said) for part in rule.all)
        case Any_():
            return max(degree(part, said) for part in rule.any)
        case Not():
            return 1 - degree(rule.not_, said)
        case Everyone():
            return 1
        case Assessed():
            return float(said.get(assessed_key(rule), HALF))
        case Comparison():
            return float(compares(rule, said[rule.fact])) if rule.fact in said else HALF
        case _:
            raise AssertionError(rule)


OUTCOMES = {0: "ineligible", HALF: "undetermined", 1: "eligible"}


def outcome(rule: Rule, said: Said) -> str:
    return OUTCOMES[degree(rule, said)]


def open_facts(rule: Rule, said: Said) -> set[str]:
    """The facts in the parts that are neither decided themselves nor inside one that is."""
    if degree(rule, said) != HALF:
        return set()
    if isinstance(rule, Comparison):
        return {rule.fact}
    return set().union(*(open_facts(part, said) for part in parts_of(rule)))


def values_of(fact: Fact | None, tests: Iterable[Comparison]) -> list[Any]:
    """One value for each way the comparisons of a fact can come out together."""
    tests = list(tests)
    told: dict[tuple[bool, ...], Any] = {}
    for value in _all_values(fact, tests):
        told.setdefault(tuple(compares(test, value) for test in tests), value)
    return list(told.values())


def _all_values(fact: Fact | None, tests: list[Comparison]) -> Iterator[Any]:
    assert fact is not None
    if fact.type is FactType.BOOLEAN:
        yield from (True, False)
    elif fact.type is FactType.CHOICE:
        yield from fact.values
    elif fact.type is FactType.MULTI_CHOICE:
        for chosen in product((False, True), repeat=len(fact.values)):
            yield frozenset(v for v, there in zip(fact.values, chosen, strict=True) if there)
    elif fact.type is FactType.INTEGER:
        assert fact.least is not None and fact.most is not None
        yield from range(fact.least, fact.most + 1)
    else:
        bounds: list[Any] = [b for t in tests for b in (t.at_least, t.at_most) if b is not None]
        for bound in bounds:
            # Between two bounds may lie a single day.
            yield from (bound - timedelta(1), bound, bound + timedelta(1))


def choices_of(rule: Rule, facts: Mapping[str, Fact]) -> dict[str, list[Any]]:
    """For everything a resolved rule asks for, one value for each way it can come out."""
    found: dict[str, list[Any]] = {}
    for key in keys_of(rule):
        tests = [c for c in comparisons(rule) if c.fact == key]
        found[key] = values_of(facts[key], tests) if tests else [True, False]
    return found


def completions(said: Said, choices: Mapping[str, list[Any]]) -> Iterator[Said]:
    """Everybody who says what is said, and something of all the rest."""
    left = [key for key in choices if key not in said]
    for values in product(*(choices[key] for key in left)):
        yield {**said, **dict(zip(left, values, strict=True))}
