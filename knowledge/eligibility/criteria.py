"""Rules made ready for evaluation: references resolved, negations pushed down to the leaves.

What is compared (`Predicate`) is kept apart from how it is said (`Criterion`), so that measures
that ask the same of a fact share one comparison.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Protocol

from knowledge.eligibility.facts import (
    APPLICANT_ROLE,
    WORK_REGION,
    FactType,
    Value,
    Vocabulary,
)
from knowledge.eligibility.predicates import Predicate, telling_values
from knowledge.eligibility.rules import (
    AS_OF,
    All,
    Any_,
    Assessed,
    Comparison,
    Everyone,
    Meets,
    Not,
    Rule,
)
from knowledge.faults import Code, Fault
from knowledge.measures import Aspect, Audience, Grant, Measure
from knowledge.regions import Regions


class RuleBroken(ValueError):
    """A rule that can't be evaluated: it names what isn't there, or compares what can't be."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(str(fault))


@dataclass(frozen=True, slots=True, eq=False)
class Criterion:
    """A leaf: what is compared, how it is said, and the words it rests on.

    Without a predicate only the authority can judge it.
    """

    predicate: Predicate | None
    say: str
    quote: str
    measure: str
    """Whose clause the quote is of."""
    locator: str
    judged: bool = False

    @property
    def fact(self) -> str | None:
        """The fact that is compared."""
        return self.predicate.fact if self.predicate else None


@dataclass(frozen=True, slots=True, eq=False)
class Every:
    """Holds where every part holds."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Either:
    """Holds where one part holds."""

    parts: tuple["Node", ...]
    say: str


Node = Criterion | Every | Either


@dataclass(frozen=True, eq=False)
class Criteria:
    """A measure with its rule made ready; `node` is None where the rule is broken."""

    measure: Measure
    node: Node | None
    own: Node | None
    """The part of `node` that stands in the clause: without region and audience."""
    everyone: Everyone | None
    """Set where the clause puts no condition: open to everybody it is meant for."""
    grants: tuple[tuple[Grant, Node | None], ...] = ()
    """What is given, with what has to hold for it besides."""
    excludes: tuple[str, ...] = ()
    """The measures that can't be had together with this one, whichever of the clauses says so."""
    broken: Fault | None = None

    @cached_property
    def criteria(self) -> tuple[Criterion, ...]:
        """Every leaf, in order."""
        return tuple(leaves_of(self.node)) if self.node else ()

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """The facts the outcome rests on, each once; the day of the check is none."""
        named = (c.fact for c in self.criteria)
        return tuple(dict.fromkeys(f for f in named if f and f != AS_OF))

    @cached_property
    def facts_of_grants(self) -> tuple[str, ...]:
        """The facts that only change what is given."""
        found = (c.fact for _, when in self.grants if when for c in leaves_of(when))
        return tuple(dict.fromkeys(f for f in found if f and f not in (*self.facts, AS_OF)))


def leaves_of(node: Node) -> Iterator[Criterion]:
    """Yield the leaves below a node, in order."""
    if isinstance(node, Criterion):
        yield node
    else:
        for part in node.parts:
            yield from leaves_of(part)


class Knowing(Protocol):
    """What of a library the rules need."""

    @property
    def measures(self) -> Mapping[str, Measure]: ...
    @property
    def facts(self) -> Vocabulary: ...
    @property
    def regions(self) -> Regions: ...


def criteria_of(measure: Measure, library: Knowing) -> Criteria:
    """Make the rule of one measure ready; a broken one is kept as such and never met."""
    if measure.rule is None:
        return Criteria(measure, None, None, None, broken=Fault(Code.NO_RULE))
    try:
        implied = (_place(measure, library), _audience(measure, library))
        own = compiled(measure.rule, measure, library)
        grants = tuple(
            (grant, None if grant.when is None else compiled(grant.when, measure, library))
            for grant in measure.grants
        )
    except RuleBroken as error:
        return Criteria(measure, None, None, None, broken=error.fault)
    everyone = measure.rule if isinstance(measure.rule, Everyone) else None
    whole = implied if own is None else (*implied, own)
    excludes = _excluded(measure, library)
    return Criteria(measure, Every(whole), own, everyone, grants, excludes)


def _excluded(measure: Measure, library: Knowing) -> tuple[str, ...]:
    named = [exclusion.measure for exclusion in measure.excludes]
    for other in library.measures.values():
        if any(exclusion.measure == measure.id for exclusion in other.excludes):
            named.append(other.id)
    return tuple(dict.fromkeys(named))


def compiled(
    rule: Rule,
    measure: Measure,
    library: Knowing,
    negated: bool = False,
    passed: Sequence[str] = (),
) -> Node | None:
    """Make one rule ready, None where it asks nothing; raises `RuleBroken`."""
    match rule:
        case All() | Any_():
            both = isinstance(rule, All)
            written = rule.all if isinstance(rule, All) else rule.any
            parts = [compiled(part, measure, library, negated, passed) for part in written]
            if not parts or None in parts:
                raise RuleBroken(Fault(Code.EVERYONE_BESIDE_OTHERS))
            made = tuple(part for part in parts if part is not None)
            say = rule.say if isinstance(rule, Any_) else ""
            return Every(made) if both is not negated else Either(made, say)
        case Not():
            return compiled(rule.not_, measure, library, not negated, passed)
        case Everyone():
            if negated:
                raise RuleBroken(Fault(Code.NOBODY))
            return None
        case Meets():
            return _referred(rule, measure, library, negated, passed)
        case Assessed():
            return Criterion(
                None, rule.say, rule.quote, measure.id, rule.locator or measure.locator
            )
        case _:
            return Criterion(
                predicate_of(rule, library.facts, negated),
                rule.say,
                rule.quote,
                measure.id,
                rule.locator or measure.locator,
                rule.judged,
            )


def _referred(
    rule: Meets, measure: Measure, library: Knowing, negated: bool, passed: Sequence[str]
) -> Node | None:
    other = library.measures.get(rule.meets)
    if other is None or other.rule is None:
        raise RuleBroken(Fault(Code.MEETS_NOTHING, {"measure": rule.meets}))
    if rule.meets in (*passed, measure.id):
        raise RuleBroken(Fault(Code.RESTS_ON_ITSELF, {"measure": rule.meets}))
    return compiled(other.rule, other, library, negated, (*passed, measure.id))


def predicate_of(rule: Comparison, facts: Vocabulary, negated: bool = False) -> Predicate:
    """Turn a comparison into a predicate; raises `RuleBroken` where it doesn't fit its fact."""
    kind = FactType.DATE
    if rule.fact != AS_OF:
        if rule.fact not in facts:
            raise RuleBroken(Fault(Code.NO_FACT, {"fact": rule.fact}))
        kind = facts[rule.fact].type
    if rule.at_least is not None or rule.at_most is not None:
        wanted = {FactType.INTEGER: int, FactType.DATE: date}.get(kind)
        if any(type(b) is not wanted for b in (rule.at_least, rule.at_most) if b is not None):
            raise RuleBroken(Fault(Code.NO_SUCH_BOUNDS, {"fact": rule.fact, "type": kind.value}))
        return Predicate(rule.fact, low=rule.at_least, high=rule.at_most, negated=negated)
    if kind is FactType.BOOLEAN:
        if not isinstance(rule.is_, bool):
            raise RuleBroken(Fault(Code.NOT_YES_OR_NO, {"fact": rule.fact}))
        return Predicate(rule.fact, frozenset([rule.is_]), negated=negated)
    named = rule.has if kind is FactType.MULTI_CHOICE else rule.in_
    if kind is FactType.CHOICE and isinstance(rule.is_, str):
        named = (rule.is_,)
    if not named:
        raise RuleBroken(Fault(Code.NOT_COMPARED_SO, {"fact": rule.fact, "type": kind.value}))
    if odd := tuple(value for value in named if value not in facts[rule.fact].values):
        raise RuleBroken(Fault(Code.NO_OPTION, {"fact": rule.fact, "options": odd}))
    return Predicate(rule.fact, frozenset(named), kind is FactType.MULTI_CHOICE, negated=negated)


# What every measure asks without writing it: that it is for this place, and for such a person.


def _place(measure: Measure, library: Knowing) -> Criterion:
    inside = (measure.region, *library.regions.descendants(measure.region))
    return _implied(WORK_REGION, inside, measure, library.facts)


def _audience(measure: Measure, library: Knowing) -> Criterion:
    return _implied(APPLICANT_ROLE, (measure.audience.value,), measure, library.facts)


def _implied(key: str, wanted: tuple[str, ...], measure: Measure, facts: Vocabulary) -> Criterion:
    fact = facts.get(key)
    if fact is None:
        raise RuleBroken(Fault(Code.NO_FACT, {"fact": key}))
    multiple = fact.type is FactType.MULTI_CHOICE
    say = f"{fact.label}：{fact.option_label(wanted[0])}"
    return Criterion(
        Predicate(key, frozenset(wanted), multiple),
        say,
        _for_whom(measure),
        measure.id,
        measure.locator,
    )


def _for_whom(measure: Measure) -> str:
    """The words that say whom it is for, or at least what is given."""
    who = measure.answers.get(Aspect.WHO)
    return who.quote if who and who.locator is None else measure.quotes[0]


class Rulebook:
    """The rules of a library, by region."""

    def __init__(self, library: Knowing) -> None:
        self.facts = library.facts
        self._regions = library.regions
        self.criteria: Mapping[str, Criteria] = {
            measure.id: criteria_of(measure, library)
            for measure in library.measures.values()
            if measure.audience is not Audience.GOVERNMENT
        }
        self._of_region: dict[str, tuple[Criteria, ...]] = {}
        self._telling: dict[str, list[Value]] = {}

    def of(self, region: str) -> tuple[Criteria, ...]:
        """Return what a region has, and the regions it lies in; raises `UnknownRegion`."""
        found = self._of_region.get(region)
        if found is None:
            within = self._regions.within(self._regions.get(region).id)
            found = tuple(c for c in self.criteria.values() if c.measure.region in within)
            self._of_region[region] = found
        return found

    def telling_values(self, fact: str) -> list[Value]:
        """Return values that stand for everything a fact can be, for all rules together."""
        found = self._telling.get(fact)
        if found is None:
            tests = {
                criterion.predicate
                for criteria in self.criteria.values()
                for criterion in criteria.criteria
                if criterion.predicate and criterion.predicate.fact == fact
            }
            found = self._telling[fact] = telling_values(fact, tests, self.facts)
        return found

    def facts_of(self, criteria: Iterable[Criteria]) -> tuple[str, ...]:
        """Return the facts that measures rest on, in the order of the vocabulary."""
        used = {fact for one in criteria for fact in (*one.facts, *one.facts_of_grants)}
        return tuple(fact for fact in self.facts if fact in used)
