"""What is wrong with the rules of a library; a library with such faults is refused whole."""

from collections.abc import Iterator

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
from knowledge.faults import Code, Fault, Location, Trouble
from knowledge.measures import Audience, Measure

_Found = tuple[Location, Fault]


def rule_troubles(library: Knowing) -> Iterator[Trouble]:
    """Yield the rules that are missing, broken, contradictory, or that nobody can fail."""
    for measure in library.measures.values():
        for location, fault in _faults(measure, library):
            yield Trouble("measure", measure.id, location, fault)


def _faults(measure: Measure, library: Knowing) -> Iterator[_Found]:
    if measure.audience is Audience.GOVERNMENT:
        if measure.rule is not None:
            yield ("rule",), Fault(Code.RULE_OF_GOVERNMENT)
        return
    criteria = criteria_of(measure, library)
    if criteria.broken:
        yield from _broken(criteria, criteria.broken, library)
    else:
        yield from _senseless(criteria, library)
    for n, exclusion in enumerate(measure.excludes):
        if exclusion.measure not in library.measures or exclusion.measure == measure.id:
            fault = Fault(Code.NO_OTHER_MEASURE, {"measure": exclusion.measure})
            yield ("excludes", n), fault


def _written(measure: Measure) -> Iterator[tuple[Rule, Location]]:
    """Yield the measure's own rule, and what its grants depend on besides."""
    if measure.rule is not None:
        yield measure.rule, ("rule",)
    for n, grant in enumerate(measure.grants):
        if grant.when is not None:
            yield grant.when, ("grants", n, "when")


def _broken(criteria: Criteria, fault: Fault, library: Knowing) -> Iterator[_Found]:
    found: list[_Found] = []
    for rule, location in _written(criteria.measure):
        try:
            compiled(rule, criteria.measure, library)
        except RuleBroken as error:
            found.append((location, error.fault))
    yield from found or [(("rule",), fault)]


def _senseless(criteria: Criteria, library: Knowing) -> Iterator[_Found]:
    for rule, location in _written(criteria.measure):
        own = compiled(rule, criteria.measure, library)
        if own is None or criteria.node is None:
            continue
        try:
            # A condition on a grant has to fit the rule, and the rule its region and audience.
            if not can_hold(Every((criteria.node, own)), library.facts):
                yield location, Fault(Code.CONTRADICTS_ITSELF)
            elif not can_fail(own, library.facts):
                yield location, Fault(Code.SAYS_NOTHING)
        except TooManyAlternatives as error:
            yield location, error.fault
