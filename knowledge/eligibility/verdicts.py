"""Evaluation: what holds for one person, what doesn't, and which facts could still decide it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from knowledge.eligibility.criteria import Criteria, Criterion, Every, Node, Rulebook
from knowledge.eligibility.facts import WORK_REGION, Given, Value
from knowledge.eligibility.predicates import Predicate, Truth
from knowledge.eligibility.rules import AS_OF


class Outcome(StrEnum):
    """What the stated conditions say of a person."""

    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    UNDETERMINED = "undetermined"


_OUTCOMES: dict[Truth, Outcome] = {
    True: Outcome.ELIGIBLE,
    False: Outcome.INELIGIBLE,
    None: Outcome.UNDETERMINED,
}


def conjunction(truths: Iterable[Truth]) -> Truth:
    """Strong Kleene «and» (DMN 1.4, table 50): false decides, then unknown."""
    whole: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            whole = None
    return whole


def disjunction(truths: Iterable[Truth]) -> Truth:
    """Strong Kleene «or» (DMN 1.4, table 50): true decides, then unknown."""
    whole: Truth = False
    for truth in truths:
        if truth is True:
            return True
        if truth is None:
            whole = None
    return whole


def holds(node: Node, truth_of: Callable[[Predicate | None], Truth]) -> Truth:
    """Evaluate a node, only as far as needed; `truth_of` evaluates a leaf's predicate."""
    if isinstance(node, Criterion):
        return truth_of(node.predicate)
    truths = (holds(part, truth_of) for part in node.parts)
    return conjunction(truths) if isinstance(node, Every) else disjunction(truths)


class Person:
    """What is known of one person on one day; each comparison is made once."""

    def __init__(self, values: Mapping[str, Value], as_of: date) -> None:
        self.values: dict[str, Value] = {**values, AS_OF: as_of}
        self._truths: dict[Predicate, Truth] = {}

    def truth(self, node: Node) -> Truth:
        """Evaluate a node."""
        return holds(node, self.truth_of)

    def truth_of(self, predicate: Predicate | None) -> Truth:
        """Compare one fact; what only the authority can judge is unknown."""
        if predicate is None:
            return None
        try:
            return self._truths[predicate]
        except KeyError:
            truth = predicate.truth(self.values.get(predicate.fact))
            self._truths[predicate] = truth
            return truth

    def unmet(self, node: Node) -> Iterator[Criterion]:
        """Yield the leaves that aren't known to hold, where what they stand in isn't either."""
        if self.truth(node) is True:
            return
        if isinstance(node, Criterion):
            yield node
            return
        for part in node.parts:
            yield from self.unmet(part)

    def undecided(self, node: Node) -> Iterator[Criterion]:
        """Yield the unknown leaves of an undecided node; decided branches contribute nothing."""
        if isinstance(node, Criterion):
            yield node
            return
        for part in node.parts:
            if self.truth(part) is None:
                yield from self.undecided(part)


@dataclass(frozen=True, slots=True)
class Result:
    """What one measure's conditions say of one person on one day."""

    criteria: Criteria
    person: Person
    as_of: date
    outcome: Outcome
    missing: tuple[str, ...]
    """The facts that could still decide it, in the order of the rule."""
    already: bool = False
    """The person has it."""
    excluded_by: tuple[str, ...] = ()
    """The measures the person has that can't be had together with this one."""

    @property
    def advice(self) -> tuple[str, ...]:
        """What the measure says beside any outcome, and what beside the conditions not met."""
        measure, node = self.criteria.measure, self.criteria.node
        if node is None or not measure.if_unmet:
            return measure.advice
        unmet = {criterion.fact for criterion in self.person.unmet(node)}
        return (*measure.advice, *(say for fact, say in measure.if_unmet.items() if fact in unmet))

    @property
    def open(self) -> bool:
        """Whether the measure is open on the day."""
        return is_open(self.criteria, self.as_of)


def is_open(criteria: Criteria, day: date) -> bool:
    """Tell whether a measure is in force on an Asia/Shanghai day, and may be applied for."""
    measure = criteria.measure
    applied = measure.application
    return measure.validity.open_on(day) and (applied is None or applied.open_on(day))


def check(
    rules: Rulebook,
    region: str,
    given: Given,
    as_of: date,
    already: Collection[str] = (),
) -> list[Result]:
    """Check one person against every measure of a region; raises `UnknownRegion`.

    `as_of` is an Asia/Shanghai day. A place that isn't given is the region asked about.
    """
    person = Person({WORK_REGION: region, **given.values}, as_of)
    return [verdict(criteria, person, as_of, already) for criteria in rules.of(region)]


def verdict(
    criteria: Criteria, person: Person, as_of: date, already: Collection[str] = ()
) -> Result:
    """Check one person against one measure; a broken rule stays undetermined."""
    node = criteria.node
    truth = person.truth(node) if node else None
    missing: tuple[str, ...] = ()
    if node and truth is None:
        missing = tuple(dict.fromkeys(c.fact for c in person.undecided(node) if c.fact))
    own = criteria.measure.id
    excluded = tuple(id for id in criteria.excludes if id in already) if already else ()
    return Result(criteria, person, as_of, _OUTCOMES[truth], missing, own in already, excluded)
