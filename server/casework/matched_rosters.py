"""What roster matching found, together with who the people of the roster are.

The outcome is CSV as `nuangang match` writes it; the roster has its `id` and the columns of the
person. A line that can't be read is told, and stops no other.
"""

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from knowledge.eligibility.sheets import SheetRefused, read_rows
from server.casework.bank_files import plain_cell
from server.personal.persons import Person

_OUTCOME = ("line", "id", "measure", "outcome", "open", "missing")
COLUMNS = {
    "id": ("id", "ID", "编号"),
    "name": ("姓名", "name"),
    "identity_number": ("身份证号", "identity_number"),
    "phone": ("手机号", "phone"),
    "bank_card": ("银行卡号", "bank_card"),
    "native_place": ("籍贯", "native_place"),
}
_NEEDED = ("id", "name", "identity_number", "phone")
_INERT = ("'=", "'+", "'-", "'@")


class MatchedRosterRefused(Exception):
    """A file of which nothing can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the outcome: a person and a measure.

    `person` is None where the roster has nobody of this number, `reason` where they can't be read.
    """

    line: int
    id: str
    measure: str
    eligible: bool
    """By the roster, and the measure is open."""
    person: Person | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MatchedRoster:
    """Every line of an outcome, with the people; `digest` tells it from any other."""

    entries: Sequence[Entry]
    digest: str


def read_matched_roster(
    outcomes: Path, roster: Path, headers: Mapping[str, str] | None = None
) -> MatchedRoster:
    """Read both files; `headers` name the columns of the roster that are not called as usual.

    Raises `MatchedRosterRefused`.
    """
    people = dict(_people(roster, headers or {}))
    digest = hashlib.sha256()
    for path in (outcomes, roster):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return MatchedRoster(tuple(_entries(outcomes, people)), digest.hexdigest())


def _entries(path: Path, people: Mapping[str, Person | str | None]) -> Iterator[Entry]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            if tuple(next(reader, ())) != _OUTCOME:
                raise MatchedRosterRefused(f"{path.name}: the columns are not {','.join(_OUTCOME)}")
            for row in reader:
                yield _entry(path.name, reader.line_num, row, people)
        except (csv.Error, UnicodeDecodeError) as error:
            raise MatchedRosterRefused(f"{path.name}: line {reader.line_num}: {error}") from error


def _entry(
    name: str, number: int, row: list[str], people: Mapping[str, Person | str | None]
) -> Entry:
    if len(row) != len(_OUTCOME) or not row[0].isdecimal():
        raise MatchedRosterRefused(f"{name}: line {number}: no line of an outcome")
    line, id, measure, outcome, is_open, _ = row
    # So that a spreadsheet takes it for no formula.
    id = id[1:] if id.startswith(_INERT) else id
    found = people.get(plain_cell(id)) if id.strip() else None
    person, reason = (found, None) if isinstance(found, Person) else (None, found)
    eligible = outcome == "eligible" and is_open == "true"
    return Entry(int(line), id, measure, eligible, person, reason)


def _people(path: Path, headers: Mapping[str, str]) -> Iterator[tuple[str, Person | str | None]]:
    """The people by number: who it is, why that can't be read, or None where it stands twice.

    Read as matching read it: a line that breaks is told there, and stops no other.
    """
    try:
        rows = ([plain_cell(cell) for cell in row.cells] for row in read_rows(path))
        places = _places(path.name, next(rows, []), headers)
        seen: set[str] = set()
        for cells in rows:
            if not cells or not (id := cells[places["id"]]):
                continue
            yield id, None if id in seen else _person(cells, places)
            seen.add(id)
    except SheetRefused as error:
        raise MatchedRosterRefused(str(error)) from error


def _places(name: str, header: list[str], named: Mapping[str, str]) -> Mapping[str, int]:
    places: dict[str, int] = {}
    for field, usual in COLUMNS.items():
        names = (plain_cell(named[field]),) if field in named else usual if not named else ()
        found = [place for place, cell in enumerate(header) if cell in names]
        if len(found) > 1:
            raise MatchedRosterRefused(f"{name}: two columns for {usual[0]}")
        if found:
            places[field] = found[0]
    if missing := [COLUMNS[field][0] for field in _NEEDED if field not in places]:
        raise MatchedRosterRefused(f"{name}: no column {'、'.join(missing)}")
    return places


def _person(cells: list[str], places: Mapping[str, int]) -> Person | str:
    values = {field: cells[place] or None for field, place in places.items() if field != "id"}
    try:
        return Person.model_validate(values)
    except ValidationError as refused:
        return "、".join(sorted({str(error["loc"][0]) for error in refused.errors()}))
