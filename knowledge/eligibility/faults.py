"""What is wrong with the rules of a library; a library with such faults is refused whole."""

from collections.abc import Iterator

from knowledge.consistency import Fault
from knowledge.eligibility.alternatives import TooManyAlternatives, can_fail, can_hold
from knowledge.eligibility.criteria import (
    Criteria,
    Every,
    Knowing,
    RuleBroken,
    compiled,
    criteria_of,
)
from knowledge.eligibility.rules import Rule
from knowledge.measures import Audience, Measure
from knowledge.sentences import Location

_Reason = tuple[str, Location]


def rule_faults(library: Knowing) -> Iterator[Fault]:
    """Yield the rules that are missing, broken, contradictory, or that nobody can fail."""
    for measure in library.measures.values():
        for reason, location in _reasons(measure, library):
            yield Fault("measure", measure.id, reason, location)


def _reasons(measure: Measure, library: Knowing) -> Iterator[_Reason]:
    if measure.audience is Audience.GOVERNMENT:
        if measure.rule is not None:
            yield "a measure for the government has no rule", ("rule",)
        return
    criteria = criteria_of(measure, library)
    if criteria.broken:
        yield from _broken(criteria, library)
    else:
        yield from _senseless(criteria, library)
    for n, exclusion in enumerate(measure.excludes):
        if exclusion.measure not in library.measures or exclusion.measure == measure.id:
            yield f"excludes: no other measure {exclusion.measure}", ("excludes", n)


def _written(measure: Measure) -> Iterator[tuple[Rule, Location]]:
    """Yield the measure's own rule, and what its grants depend on besides."""
    if measure.rule is not None:
        yield measure.rule, ("rule",)
    for n, grant in enumerate(measure.grants):
        if grant.when is not None:
            yield grant.when, ("grants", n, "when")


def _broken(criteria: Criteria, library: Knowing) -> Iterator[_Reason]:
    found: list[_Reason] = []
    for rule, location in _written(criteria.measure):
        try:
            compiled(rule, criteria.measure, library)
        except RuleBroken as error:
            found.append((f"{_name(location)}: {error}", location))
    yield from found or [(f"rule: {criteria.broken}", ("rule",))]


def _senseless(criteria: Criteria, library: Knowing) -> Iterator[_Reason]:
    for rule, location in _written(criteria.measure):
        where, own = _name(location), compiled(rule, criteria.measure, library)
        if own is None or criteria.node is None:
            continue
        try:
            # A condition on a grant has to fit the rule, and the rule its region and audience.
            if not can_hold(Every((criteria.node, own)), library.facts):
                yield f"{where}: contradicts itself: nobody can meet it", location
            elif not can_fail(own, library.facts):
                yield f"{where}: says nothing: nobody can fail it", location
        except TooManyAlternatives as error:
            yield f"{where}: too branched to check: {error}", location


def _name(location: Location) -> str:
    return ".".join(str(step) for step in location if not isinstance(step, int))
