"""The same rules for many people at once: a column for each fact, a bit for each person.

Every distinct value of a column is compared once, by the predicate itself. What holds and what
fails are two planes of bits, so that strong Kleene logic is «and» and «or» over whole planes.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from knowledge.eligibility.criteria import Criteria, Criterion, Either, Every, Node
from knowledge.eligibility.facts import WORK_REGION, Interval, Value, Vocabulary
from knowledge.eligibility.predicates import Predicate, Truth, telling_values
from knowledge.eligibility.rules import AS_OF

Plane = NDArray[np.uint8]
"""One bit for each person, eight to the byte; the bits after the last person mean nothing."""

_HOLDS, _FAILS = np.uint8(1), np.uint8(2)
_MARKS: dict[Truth, np.uint8] = {True: _HOLDS, False: _FAILS, None: np.uint8(0)}


@dataclass(frozen=True, slots=True)
class Column:
    """One fact of many people: `codes` are places in `levels`, its values; None is unknown."""

    codes: NDArray[np.intp]
    levels: Sequence[Value | None]


def column_of(values: Iterable[Value | None]) -> Column:
    """Put the values of one fact into a column."""
    places: dict[Value | None, int] = {}
    codes = [places.setdefault(value, len(places)) for value in values]
    return Column(np.array(codes, np.intp), tuple(places))


@dataclass(frozen=True, slots=True)
class Truths:
    """Of whom it holds and of whom it fails; of all others it is unknown."""

    holds: Plane
    fails: Plane

    @property
    def unknown(self) -> Plane:
        """Of whom it is neither."""
        return ~(self.holds | self.fails)


def joined(node: Every | Either, parts: Sequence[Truths]) -> Truths:
    """Join what is known of the parts of a node (DMN 1.4, table 50)."""
    holds, fails = [part.holds for part in parts], [part.fails for part in parts]
    if isinstance(node, Every):
        return Truths(reduce(np.bitwise_and, holds), reduce(np.bitwise_or, fails))
    return Truths(reduce(np.bitwise_or, holds), reduce(np.bitwise_and, fails))


class People:
    """What is known of many people on one day; each comparison and each node is worked out once."""

    def __init__(self, columns: Mapping[str, Column], count: int, region: str, as_of: date) -> None:
        """Facts without a column are unknown; a place that isn't given is `region`."""
        self.count = count
        self._columns = dict(columns)
        self._same: dict[str, Value] = {AS_OF: as_of}
        if place := self._columns.get(WORK_REGION):
            levels = [region if level is None else level for level in place.levels]
            self._columns[WORK_REGION] = Column(place.codes, levels)
        else:
            self._same[WORK_REGION] = region
        self.nobody: Plane = np.zeros((count + 7) // 8, np.uint8)
        self._of_all: dict[Truth, Truths] = {
            True: Truths(~self.nobody, self.nobody),
            False: Truths(self.nobody, ~self.nobody),
            None: Truths(self.nobody, self.nobody),
        }
        self._truths: dict[Predicate, Truths] = {}
        self._nodes: dict[Node, Truths] = {}

    def of_all(self, truth: Truth) -> Truths:
        """Return what has one truth for everybody."""
        return self._of_all[truth]

    def truths(self, node: Node) -> Truths:
        """Evaluate a node for everybody."""
        if isinstance(node, Criterion):
            return self.truths_of(node.predicate)
        found = self._nodes.get(node)
        if found is None:
            parts = [self.truths(part) for part in node.parts]
            found = self._nodes[node] = joined(node, parts)
        return found

    def truths_supposing(self, node: Node, fact: str, value: Value) -> Truths:
        """Evaluate a node as if a fact had one value for everybody."""
        if not isinstance(node, Criterion):
            parts = [self.truths_supposing(part, fact, value) for part in node.parts]
            return joined(node, parts)
        if node.predicate is None or node.fact != fact:
            return self.truths_of(node.predicate)
        return self._of_all[node.predicate.truth(value)]

    def truths_of(self, predicate: Predicate | None) -> Truths:
        """Compare one fact; what only the authority can judge is unknown."""
        if predicate is None:
            return self._of_all[None]
        found = self._truths.get(predicate)
        if found is None:
            found = self._truths[predicate] = self._compared(predicate)
        return found

    def _compared(self, predicate: Predicate) -> Truths:
        column = self._columns.get(predicate.fact)
        if column is None:
            return self._of_all[predicate.truth(self._same.get(predicate.fact))]
        marks = (_MARKS[predicate.truth(level)] for level in column.levels)
        marked = np.fromiter(marks, np.uint8, len(column.levels))[column.codes]
        return Truths(np.packbits(marked & _HOLDS), np.packbits(marked & _FAILS))

    def undecided(self, node: Node) -> Iterator[tuple[str, Plane]]:
        """Yield the facts that could still decide a node, each with the people it could.

        A fact comes once for each of its leaves. Decided branches contribute nothing.
        """
        yield from self._undecided(node, ~self.nobody)

    def _undecided(self, node: Node, above: Plane) -> Iterator[tuple[str, Plane]]:
        open_ = above & self.truths(node).unknown
        if not isinstance(node, Criterion):
            for part in node.parts:
                yield from self._undecided(part, open_)
        elif node.fact:
            yield node.fact, open_

    def admitting(self, fact: str, value: Value) -> Plane:
        """Return of whom a fact can have a value, as far as it is known."""
        column = self._columns.get(fact)
        if column is None:
            return ~self.nobody
        admitted = (_admits(level, value) for level in column.levels)
        return np.packbits(np.fromiter(admitted, np.bool_, len(column.levels))[column.codes])

    def numbered(self, plane: Plane) -> NDArray[np.intp]:
        """Return the places of the people of a plane."""
        return np.flatnonzero(self.bits(plane))

    def bits(self, plane: Plane) -> NDArray[np.uint8]:
        """Return a plane with a byte for each person: 1 or 0."""
        return np.unpackbits(plane, count=self.count)


def _admits(level: Value | None, value: Value) -> bool:
    if not isinstance(level, Interval):
        return level is None or level == value
    above = level.low is None or level.low <= value  # type: ignore[operator]
    return above and (level.high is None or value <= level.high)  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What one measure's conditions say of many people on one day."""

    criteria: Criteria
    people: People
    truths: Truths
    missing: Mapping[str, Plane]
    """The facts that could still decide it, each with those of whom it could."""

    def one_away(self, facts: Vocabulary) -> Iterator[tuple[str, Plane]]:
        """Yield the facts that alone are missing, with those whom an answer can make eligible."""
        once = twice = self.people.nobody
        for plane in self.missing.values():
            twice = twice | (once & plane)
            once = once | plane
        for fact, plane in self.missing.items():
            alone = plane & ~twice
            if self.people.bits(alone).any():
                yield fact, alone & self._holding_by(fact, facts)

    def _holding_by(self, fact: str, facts: Vocabulary) -> Plane:
        """Return of whom the rule holds with one of the values that a fact can have."""
        node, people = self.criteria.node, self.people
        found = people.nobody
        if node is None:
            return found
        tests = {c.predicate for c in self.criteria.criteria if c.predicate and c.fact == fact}
        for value in _deciding_values(fact, tests, facts):
            supposed = people.truths_supposing(node, fact, value)
            found = found | (supposed.holds & people.admitting(fact, value))
        return found


def verdicts(criteria: Criteria, people: People) -> Verdicts:
    """Check many people against one measure; a broken rule stays undetermined."""
    if criteria.node is None:
        return Verdicts(criteria, people, people.of_all(None), {})
    missing: dict[str, Plane] = {}
    for fact, plane in people.undecided(criteria.node):
        missing[fact] = missing[fact] | plane if fact in missing else plane
    return Verdicts(criteria, people, people.truths(criteria.node), missing)


def _deciding_values(fact: str, tests: Collection[Predicate], facts: Vocabulary) -> list[Value]:
    """Return values that stand for all others; of a multiple choice, every set that is told apart.

    Other than for one test at a time, a set with one option doesn't stand for one with two.
    """
    if not any(test.multiple for test in tests):
        return telling_values(fact, tests, facts)
    named = sorted({str(option) for test in tests for option in test.allowed or ()})
    return [
        frozenset(chosen) for size in range(len(named) + 1) for chosen in combinations(named, size)
    ]
