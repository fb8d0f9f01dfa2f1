"""What is wrong with the rules of a library; a library with such faults is refused whole."""

from collections.abc import Iterator

from knowledge.consistency import Fault
from knowledge.eligibility.alternatives import TooManyAlternatives, can_fail, can_hold
from knowledge.eligibility.criteria import Criteria, Knowing, criteria_of
from knowledge.measures import Audience, Measure


def rule_faults(library: Knowing) -> Iterator[Fault]:
    """Yield the rules that are missing, broken, contradictory, or that nobody can fail."""
    for measure in library.measures.values():
        for reason in _reasons(measure, library):
            yield Fault("measure", measure.id, reason, ("rule",))


def _reasons(measure: Measure, library: Knowing) -> Iterator[str]:
    if measure.audience is Audience.GOVERNMENT:
        if measure.rule is not None:
            yield "a measure for the government has no rule"
        return
    criteria = criteria_of(measure, library)
    if criteria.broken:
        yield f"rule: {criteria.broken}"
    else:
        yield from _senseless(criteria, library)
    for exclusion in measure.excludes:
        if exclusion.measure not in library.measures:
            yield f"excludes: no measure {exclusion.measure}"


def _senseless(criteria: Criteria, library: Knowing) -> Iterator[str]:
    parts = [("rule", criteria.own), *(("grants.when", when) for _, when in criteria.grants)]
    for where, node in parts:
        if node is None:
            continue
        try:
            if not can_hold(node, library.facts):
                yield f"{where}: contradicts itself: nobody can meet it"
            elif not can_fail(node, library.facts):
                yield f"{where}: says nothing: nobody can fail it"
        except TooManyAlternatives as error:
            yield f"{where}: too branched to check: {error}"
