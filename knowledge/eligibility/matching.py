"""Roster matching: every person against every measure, as lines of CSV."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from knowledge.eligibility.columns import People, Verdicts, verdicts
from knowledge.eligibility.criteria import Criteria
from knowledge.eligibility.facts import Vocabulary
from knowledge.eligibility.rosters import Chunk
from knowledge.eligibility.verdicts import Outcome, is_open

HEADER = "line,id,measure,outcome,open,missing\n"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HOLDS, _FAILS = 1, 2
_WORD = 62
"""Facts that fit into a machine word beside the two bits of the outcome."""


def csv_cell(text: str) -> str:
    """Write a text as a cell of CSV; what a spreadsheet would take for a formula is made inert."""
    if text.startswith(_FORMULA):
        text = f"'{text}"
    quoted = text.replace('"', '""')
    return f'"{quoted}"' if any(mark in text for mark in ',"\r\n') else text


@dataclass(frozen=True, slots=True)
class Ask:
    """A person whom one answer would make eligible for a measure that is open."""

    line: int
    id: str
    measure: str
    fact: str


class Match:
    """The people of a chunk against the measures of a region."""

    def __init__(
        self, chunk: Chunk, criteria: Sequence[Criteria], region: str, as_of: date
    ) -> None:
        people = People(chunk.columns, len(chunk.lines), region, as_of)
        self._chunk = chunk
        self._as_of = as_of
        self._verdicts = [verdicts(one, people) for one in criteria]

    def lines(self) -> str:
        """Return a line for each person and measure, person by person."""
        endings = [_endings(each, self._as_of) for each in self._verdicts]
        people = zip(self._chunk.lines, self._chunk.ids, zip(*endings, strict=True), strict=True)
        # The beginning of a person's lines stands before each of the endings.
        written = []
        for line, id, ends in people:
            begin = f"{line},{csv_cell(id)},"
            written.append(begin + begin.join(ends))
        return "".join(written)

    def counted(self) -> Iterator[tuple[str, Mapping[Outcome, int]]]:
        """Yield for each measure how many people have which outcome."""
        for each in self._verdicts:
            holds = int(each.people.bits(each.truths.holds).sum())
            fails = int(each.people.bits(each.truths.fails).sum())
            rest = each.people.count - holds - fails
            yield (
                each.criteria.measure.id,
                {
                    Outcome.ELIGIBLE: holds,
                    Outcome.INELIGIBLE: fails,
                    Outcome.UNDETERMINED: rest,
                },
            )

    def asks(self, facts: Vocabulary) -> Iterator[Ask]:
        """Yield the people who are one answer away from an open measure."""
        for each in self._verdicts:
            if not is_open(each.criteria, self._as_of):
                continue
            measure = each.criteria.measure.id
            for fact, plane in each.one_away(facts):
                for number in each.people.numbered(plane).tolist():
                    yield Ask(self._chunk.lines[number], self._chunk.ids[number], measure, fact)


def _endings(found: Verdicts, as_of: date) -> Iterator[str]:
    """Yield for each person the rest of the line, from the measure on."""
    known = _Endings(found, as_of)
    return map(known.__getitem__, _codes(found).tolist())


def _codes(found: Verdicts) -> NDArray[np.int64]:
    """Return for each person one number: what holds and fails, and which facts are missing."""
    bits = found.people.bits
    planes = [found.truths.holds, found.truths.fails, *found.missing.values()]
    kind = np.int64 if len(found.missing) < _WORD else object
    codes = np.zeros(found.people.count, kind)
    for place, plane in enumerate(planes):
        codes |= bits(plane).astype(kind) << place
    return codes


class _Endings(dict[int, str]):
    """The rest of a line by the code of the verdict, written once."""

    def __init__(self, found: Verdicts, as_of: date) -> None:
        super().__init__()
        self._measure = found.criteria.measure.id
        self._open = "true" if is_open(found.criteria, as_of) else "false"
        self._facts = tuple(found.missing)

    def __missing__(self, code: int) -> str:
        outcome = Outcome.UNDETERMINED
        if code & (_HOLDS | _FAILS):
            outcome = Outcome.ELIGIBLE if code & _HOLDS else Outcome.INELIGIBLE
        missing = ";".join(
            fact for place, fact in enumerate(self._facts, start=2) if code >> place & 1
        )
        self[code] = f"{csv_cell(self._measure)},{outcome},{self._open},{missing}\n"
        return self[code]
