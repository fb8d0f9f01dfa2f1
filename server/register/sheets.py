"""A spreadsheet of people in hardship: what each column is, and each line read strictly."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from knowledge.eligibility.cells import plain, read_cell
from knowledge.eligibility.facts import (
    Fact,
    FactsRefused,
    FactType,
    Interval,
    Value,
    Vocabulary,
)
from knowledge.eligibility.sheets import Row, SheetRefused, read_rows
from server import money
from server.register import naming
from server.register.hardship import Registered
from server.register.tables import Level

W = TypeVar("W", bound=StrEnum)

NOTHING = "-"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("姓名",),
    "identity_number": ("身份证号", "身份证号码", "公民身份号码"),
    "phone": ("手机号", "手机号码", "联系电话", "电话"),
    "native_place": ("籍贯",),
    "address": ("住址", "家庭住址", "地址"),
    "employer": ("单位", "工作单位"),
    "relation": ("和户主的关系", "与户主关系"),
    "household": ("户编号", "户号"),
    "members": ("家里几口人", "家庭人口", "家庭人数"),
    "income": ("家庭人均月收入", "家庭人均月收入（元）", "人均月收入"),
    "level": ("困难等级", "等级"),
    "causes": ("困难原因", "致困原因"),
    "needs": ("需求", "帮扶需求"),
    "looked_on": ("上次核查日期", "核查日期", "入户日期"),
    "region": ("地区",),
    "words": ("备注",),
}
"""What a column can be besides a fact of the self-check, and how it is usually called."""
NEEDED = ("name", "identity_number")
_ROUNDED = re.compile(r"[0-9]{15}000|[0-9.]+[eE]\+?[0-9]+")
"""What a spreadsheet makes of an identity number that it takes for a number: 15 digits are left."""
_WORKED_OUT = re.compile(r"[0-9]{1,12}\.[0-9]{6,20}")
"""A quotient or a sum of binary fractions: 1233.3333333333333. Nobody types that many places."""
_MOST_INCOME_FEN = 100_000_00
_PLAIN = ("name", "identity_number", "phone", "native_place", "address", "employer", "words")
_SEPARATOR = re.compile(r"\s*[;；|、,，/]\s*")
_MOST_COLUMNS = 100
_DAY = Fact(
    id="looked_on", type=FactType.DATE, group="register", label="looked_on", question="looked_on"
)


class Fault(StrEnum):
    """What is wrong with a cell that Pydantic does not read; told with its errors."""

    BROKEN = "line_broken"
    ROUNDED = "identity_rounded"
    CHOICE = "choice_unknown"
    REGION = "region_elsewhere"
    ELSEWHERE = "helper_elsewhere"
    DAY = "day_unreadable"
    FACT = "fact_unreadable"
    NO_LEVEL = "level_missing"
    RANK = "rank_unfit"


class SheetUnfit(Exception):
    """A table of which nobody can be read: which column is missing, or which stands twice."""

    def __init__(self, missing: tuple[str, ...] = (), twice: str = "") -> None:
        super().__init__(missing, twice)
        self.missing = missing
        self.twice = twice


@dataclass(frozen=True, slots=True)
class Bad:
    """Why a line can't be read; `column` is its header, empty for the line as a whole."""

    line: int
    column: str
    fault: str
    """A `Fault`, or the type of Pydantic's error."""


@dataclass(frozen=True, slots=True)
class Read:
    """One line as it is read."""

    line: int
    registered: Registered
    level: Level
    region: str
    looked_on: date | None
    household: str
    members: int | None
    says_level: bool = True
    says_region: bool = True


class Sheet:
    """How the lines of one spreadsheet are read; raises `SheetUnfit`.

    `regions` are the places that a line may name, by what it may be called; who names none is of
    `region`. `level` is that of lines without one; `today` the Asia/Shanghai day.
    """

    def __init__(
        self,
        headers: Sequence[str],
        uses: Mapping[str, str],
        facts: Vocabulary,
        *,
        region: str,
        regions: Mapping[str, str],
        level: Level | None,
        today: date,
    ) -> None:
        self._headers = headers
        self._facts = facts
        self._region, self._regions = region, regions
        self._level, self._today = level, today
        self.places = places_of(headers, uses, facts)
        self._fact_places = {use: at for use, at in self.places.items() if use in facts}
        self._known: dict[tuple[str, str], Any] = {}

    def read(self, row: Row) -> Read | Bad:
        """Read one line; of several faults the first is told."""
        if row.broken:
            return Bad(row.line, "", Fault.BROKEN)
        cells = {use: row.cells[at].strip() for use, at in self.places.items()}
        try:
            values: dict[str, Any] = {use: cells[use] for use in _PLAIN if cells.get(use)}
            for use in ("causes", "needs", "relation", "income"):
                if cells.get(use):
                    values[_FIELDS.get(use, use)] = self._of(use, cells[use])
            facts = {
                use: found
                for use in self._fact_places
                if cells[use] and (found := self._of(use, cells[use])) is not None
            }
            registered = Registered(**values, facts=facts)
            level = self._of("level", cells["level"]) if cells.get("level") else self._level
            if level is None:
                return Bad(row.line, self._header("level"), Fault.NO_LEVEL)
            return Read(
                row.line,
                registered,
                level,
                self._of("region", cells["region"]) if cells.get("region") else self._region,
                self._of("looked_on", cells["looked_on"]) if cells.get("looked_on") else None,
                cells.get("household", ""),
                self._of("members", cells["members"]) if cells.get("members") else None,
                bool(cells.get("level")),
                bool(cells.get("region")),
            )
        except _Unread as unread:
            return Bad(row.line, self._header(unread.use), unread.fault)
        except ValidationError as refused:
            error = refused.errors(include_url=False, include_context=False, include_input=False)[0]
            use = str(error["loc"][0]) if error["loc"] else ""
            rounded = use == "identity_number" and _ROUNDED.fullmatch(values.get(use, ""))
            return Bad(row.line, self._header(use), Fault.ROUNDED if rounded else error["type"])

    def _header(self, use: str) -> str:
        use = next((known for known, field in _FIELDS.items() if field == use), use)
        at = self.places.get(use)
        return COLUMNS[use][0] if at is None and use in COLUMNS else self._headers[at or 0]

    def _of(self, use: str, cell: str) -> Any:
        """What a cell says; the few that stand again and again are read once."""
        key = (use, cell)
        found = self._known.get(key)
        if found is None:
            found = self._read_cell(use, plain(cell))
            if len(self._known) < _MOST_KNOWN:
                self._known[key] = found
        return found

    def _read_cell(self, use: str, text: str) -> Any:
        match use:
            case "level":
                return _word(use, text, naming.LEVELS)
            case "relation":
                return _word(use, text, naming.RELATIONS)
            case "causes":
                return tuple(_word(use, each, naming.CAUSES) for each in _several(text))
            case "needs":
                return tuple(_word(use, each, naming.NEEDS) for each in _several(text))
            case "region":
                if text not in self._regions:
                    raise _Unread(use, Fault.REGION)
                return self._regions[text]
            case "income":
                return _income(text)
            case "members":
                return _whole(use, text)
            case "looked_on":
                return self._day(text)
        return self._fact(use, text)

    def _day(self, text: str) -> date:
        try:
            value = read_cell(_DAY, text, self._today)
        except FactsRefused:
            raise _Unread("looked_on", Fault.DAY) from None
        if not isinstance(value, date):
            raise _Unread("looked_on", Fault.DAY)
        return value

    def _fact(self, use: str, text: str) -> Any:
        try:
            value = read_cell(self._facts[use], text, self._today)
        except FactsRefused:
            raise _Unread(use, Fault.FACT) from None
        return None if value is None else _given(value)


_FIELDS = {"income": "income_fen"}
_MOST_KNOWN = 4096


class _Unread(Exception):
    def __init__(self, use: str, fault: Fault) -> None:
        super().__init__(use, fault)
        self.use = use
        self.fault = fault


def headers_of(path: Path) -> list[str]:
    """The headers of a table; raises `SheetRefused`, and `SheetUnfit` where one stands twice."""
    first = next(read_rows(path), None)
    if first is None:
        raise SheetRefused(f"{path.name}: empty")
    if first.broken:
        raise SheetRefused(f"{path.name}: line {first.line}, the header: {first.broken}")
    if len(first.cells) > _MOST_COLUMNS:
        raise SheetRefused(f"{path.name}: more than {_MOST_COLUMNS} columns")
    seen: set[str] = set()
    for header in map(plain, first.cells):
        if header in seen:
            raise SheetUnfit(twice=header)
        seen.add(header)
    return first.cells


def guessed(headers: Sequence[str], facts: Vocabulary) -> dict[str, str]:
    """What each column is by its header, `NOTHING` for one that says nothing."""
    named = {plain(fact.label): key for key, fact in facts.items()} | {key: key for key in facts}
    for use, names in COLUMNS.items():
        named |= {plain(name): use for name in (use, *names)}
    return {header: named.get(plain(header), NOTHING) for header in headers}


def rows_of(path: Path, after: int = 0) -> Iterator[Row]:
    """The lines below the header, those past line `after`; raises `SheetRefused` on the way."""
    rows = read_rows(path)
    next(rows, None)
    return (row for row in rows if row.line > after)


def number_of(cell: str) -> str:
    """An identity number as far as it tells lines apart that are about one person."""
    return re.sub(r"[\s\-]", "", plain(cell)).upper()


def places_of(
    headers: Sequence[str], uses: Mapping[str, str], facts: Vocabulary
) -> Mapping[str, int]:
    """At which place each use stands; raises `SheetUnfit`."""
    places: dict[str, int] = {}
    for at, header in enumerate(headers):
        use = uses.get(header, NOTHING)
        if use == NOTHING or (use not in COLUMNS and use not in facts):
            continue
        if use in places:
            raise SheetUnfit(twice=header)
        places[use] = at
    if missing := tuple(use for use in NEEDED if use not in places):
        raise SheetUnfit(missing)
    return places


def _several(text: str) -> list[str]:
    return [each for each in _SEPARATOR.split(text) if each]


def _word(use: str, text: str, named: Mapping[W, str]) -> W:
    """A word of a vocabulary, by its name or its key; levels also by the first part of the name."""
    for word, name in named.items():
        if text in (word.value, name, name.partition("，")[0]):
            return word
    raise _Unread(use, Fault.CHOICE)


def _income(text: str) -> int:
    """Fen as the desk's form reads them; what a spreadsheet worked out, to the nearest one."""
    if _WORKED_OUT.fullmatch(text):
        text = str(Decimal(text).quantize(Decimal("0.01"), ROUND_HALF_UP))
    try:
        found = money.fen(text)
    except money.NoSum:
        raise _Unread("income", Fault.CHOICE) from None
    if not 0 <= found <= _MOST_INCOME_FEN:
        raise _Unread("income", Fault.CHOICE)
    return found


def _whole(use: str, text: str) -> int:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not (0 <= number <= 100_000 and number.is_integer()):
        raise _Unread(use, Fault.CHOICE)
    return int(number)


def _given(value: Value) -> Any:
    """A value of a fact as JSON, and as a self-check takes it."""
    if isinstance(value, Interval):
        bounds = {"at_least": value.low, "at_most": value.high}
        return {name: _given(bound) for name, bound in bounds.items() if bound is not None}
    if isinstance(value, frozenset):
        return sorted(value)
    return value.isoformat() if isinstance(value, date) else value
