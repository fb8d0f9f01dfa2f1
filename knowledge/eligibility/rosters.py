"""A roster: one person a line, one fact a column, read strictly and in chunks.

A line with a cell that can't be read is told with column and reason, and is nobody's verdict.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StrictInt, StrictStr

from knowledge.eligibility.cells import plain, read_cell
from knowledge.eligibility.columns import Column
from knowledge.eligibility.facts import (
    Fact,
    FactsRefused,
    Reason,
    Value,
    Vocabulary,
    read_value,
)
from knowledge.eligibility.sheets import Row, SheetRefused, read_rows
from knowledge.entries import Entry, Text
from knowledge.files import read_yaml

_ID = "id"
_IDS = (_ID, "ID", "编号")
_CHUNK = 1 << 13
_MOST_CELLS = 4096
"""Different cells of a column that are kept from one chunk to the next."""
_BAD = -1


class RosterRefused(ValueError):
    """A roster of which nothing can be read, with the reason."""


class MappedColumn(Entry):
    """What a column means whose cells are not written as labels or keys."""

    fact: Text
    cells: Annotated[dict[StrictStr | StrictInt, Any], Field(min_length=1)]
    """What a cell stands for, as the self-check takes it; null: 不清楚."""


Mapped = Mapping[str, str | MappedColumn | None]
"""By header: a fact or `id`, its cells besides, or None for a column that is left out."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a line can't be read; `column` is its header, empty for the line as a whole."""

    line: int
    column: str
    reason: str
    fault: Reason | None = None
    """What is wrong with the cell; None: the line is broken as a whole."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some people of a roster: a line and an id for each, a column for each fact."""

    lines: Sequence[int]
    ids: Sequence[str]
    columns: Mapping[str, Column]
    unread: Sequence[Unread]


def read_mapping(path: Path) -> Mapped:
    """Read a mapping; raises `KnowledgeFileRefused`."""
    return read_yaml(path, dict[str, str | MappedColumn | None])


def read_roster(
    path: Path, facts: Vocabulary, as_of: date, mapped: Mapped | None = None, size: int = _CHUNK
) -> Iterator[Chunk]:
    """Read a roster in chunks of `size` lines; raises `RosterRefused`, also on the way.

    Headers are labels or keys of facts, or `id` or 编号 for what identifies a person.
    """
    try:
        rows = read_rows(path)
        header = next(rows, None)
        if header is None:
            raise RosterRefused(f"{path.name}: empty")
        layout = _Layout(header, facts, as_of, mapped or {})
        while chunk := list(islice(rows, size)):
            yield layout.read(chunk)
    except SheetRefused as error:
        raise RosterRefused(str(error)) from error


class _Layout:
    """What the columns of a roster are, by its header."""

    def __init__(self, header: Row, facts: Vocabulary, as_of: date, mapped: Mapped) -> None:
        if header.broken:
            raise RosterRefused(f"line {header.line}, the header: {header.broken}")
        self._headers = header.cells
        self._ids: int | None = None
        self._cells: dict[int, _Cells] = {}
        for place, (key, cells) in _meanings(header.cells, facts, mapped).items():
            if key == _ID:
                self._ids = place
            else:
                self._cells[place] = _Cells(
                    facts[key], as_of, _mapped_cells(facts[key], cells, as_of)
                )

    def read(self, rows: Sequence[Row]) -> Chunk:
        """Read some lines; those with a bad cell are left out and told."""
        unread = [Unread(row.line, "", row.broken) for row in rows if row.broken]
        rows = [row for row in rows if not row.broken]
        texts = list(zip(*(row.cells for row in rows), strict=True)) or [()] * len(self._headers)
        codes: dict[int, NDArray[np.intp]] = {}
        bad = np.zeros(len(rows), np.bool_)
        for place, cells in self._cells.items():
            self._cells[place] = cells = cells.kept()
            codes[place] = np.fromiter(map(cells.__getitem__, texts[place]), np.intp, len(rows))
            bad |= codes[place] == _BAD
        for number in np.flatnonzero(bad).tolist():
            for place, cells in self._cells.items():
                if codes[place][number] == _BAD:
                    reason, fault = cells.reasons[texts[place][number]]
                    line, column = rows[number].line, self._headers[place]
                    unread.append(Unread(line, column, reason, fault))
        good = np.flatnonzero(~bad).tolist()
        return Chunk(
            [rows[number].line for number in good],
            [self._id(rows[number]) for number in good],
            {
                cells.fact.id: Column(codes[place][~bad], cells.levels)
                for place, cells in self._cells.items()
            },
            sorted(unread, key=lambda each: each.line),
        )

    def _id(self, row: Row) -> str:
        return "" if self._ids is None else row.cells[self._ids].strip()


def _meanings(
    headers: Sequence[str], facts: Vocabulary, mapped: Mapped
) -> dict[int, tuple[str, Mapping[Any, Any]]]:
    """Return for each column that counts its fact, or `id`, and its mapped cells."""
    named = {plain(name): key for key, fact in facts.items() for name in (fact.called, fact.label)}
    named |= {key: key for key in facts} | dict.fromkeys(_IDS, _ID)
    meant = {plain(header): meaning for header, meaning in mapped.items()}
    found: dict[int, tuple[str, Mapping[Any, Any]]] = {}
    unknown = []
    for place, header in enumerate(headers):
        name = plain(header)
        meaning = meant[name] if name in meant else named.get(name, name)
        if meaning is None:
            continue
        key, cells = (
            (meaning.fact, meaning.cells) if isinstance(meaning, MappedColumn) else (meaning, {})
        )
        if key not in facts and (key != _ID or cells):
            unknown.append(header if key == name else f"{header} → {key}")
        elif any(key == other for other, _ in found.values()):
            raise RosterRefused(f"two columns for {key}, the second of them {header}")
        found[place] = key, cells
    if unknown:
        known = ", ".join([_IDS[-1], *(fact.label for fact in facts.values())])
        raise RosterRefused(
            f"unknown columns: {', '.join(map(repr, unknown))}; a mapping says what they are, or "
            f"null to leave them out. Known: {known}"
        )
    if all(key == _ID for key, _ in found.values()):
        raise RosterRefused("no column is a fact")
    return found


def _mapped_cells(fact: Fact, cells: Mapping[Any, Any], as_of: date) -> Mapping[str, Value | None]:
    try:
        return {
            plain(str(cell)): None if given is None else read_value(fact, given, as_of)
            for cell, given in cells.items()
        }
    except FactsRefused as error:
        raise RosterRefused(f"the mapping of {error}") from error


class _Cells(dict[str, int]):
    """What the cells of one column say: the place of each text in `levels`, read once."""

    def __init__(self, fact: Fact, as_of: date, mapped: Mapping[str, Value | None]) -> None:
        super().__init__()
        self.fact = fact
        self.levels: list[Value | None] = [None]
        self.reasons: dict[str, tuple[str, Reason]] = {}
        self._as_of = as_of
        self._mapped = mapped

    def kept(self) -> "_Cells":
        """Return it for the next chunk, or a new one where it has grown too large."""
        return _Cells(self.fact, self._as_of, self._mapped) if len(self) > _MOST_CELLS else self

    def __missing__(self, text: str) -> int:
        code = _BAD
        try:
            value = self._read(plain(text))
        except FactsRefused as error:
            refusal = error.refusals[0]
            told = f"{refusal.reason} (allowed: {refusal.allowed})"
            self.reasons[text] = told, refusal.reason
        else:
            code = 0 if value is None else len(self.levels)
            self.levels += [] if value is None else [value]
        self[text] = code
        return code

    def _read(self, text: str) -> Value | None:
        if text in self._mapped:
            return self._mapped[text]
        return read_cell(self.fact, text, self._as_of)
