"""A spreadsheet of helpers: read strictly, told line by line, entered in one transaction."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import Field
from sqlmodel import Session

from knowledge.eligibility.cells import plain
from knowledge.eligibility.sheets import Row
from knowledge.regions import Regions
from server.casework.officers import Officer
from server.confidential.sealing import Safe
from server.pairing import helping
from server.pairing.helping import Told
from server.pairing.naming import KINDS, RANKS
from server.pairing.tables import Helper, HelperKind, HelperState
from server.register import tabling
from server.register.naming import NEEDS
from server.register.sheets import Bad, Fault

W = TypeVar("W", bound=StrEnum)

COLUMNS: tabling.Columns = {
    "name": ("姓名", "帮扶人", "名称"),
    "kind": ("类别", "帮扶人类别"),
    "unit": ("单位", "所在单位", "工作单位"),
    "rank": ("职级", "级别"),
    "region": ("地区",),
    "phone": ("手机号", "联系电话", "电话"),
    "capacity": ("能帮几户", "帮扶户数"),
    "gives": ("能帮什么", "帮扶内容"),
}
NEEDED = ("name", "kind", "unit")
_SEPARATOR = re.compile(r"\s*[;；|、,，/]\s*")


class HelperFate(StrEnum):
    """What becomes of a line."""

    NEW = "new"
    UPDATE = "update"
    SAME = "same"
    TWICE = "twice"
    """An earlier line of the file is about this helper."""
    TOO_FEW = "too_few"
    """It helps more people already than the line says: it stays as it is."""
    ELSEWHERE = "elsewhere"
    """The helper stands in a region that is not the officer's."""
    BAD = "bad"


class Line(Told):
    """A helper as a spreadsheet gives it: who stands there already may be of any region."""

    region: Annotated[str, Field(max_length=64)] = ""


Found = tabling.Found[HelperFate, tuple[Told, Helper | None]]


def read(
    session: Session,
    safe: Safe,
    rows: Sequence[Row],
    *,
    region: str,
    regions: Mapping[str, str],
) -> Found:
    """Tell the fate of every line of a table, whose first row is the header; changes nothing.

    `regions` are the places that a line may name. Raises `SheetUnfit`.
    """
    places = tabling.places_of(rows[0].cells if rows else [], COLUMNS, NEEDED)
    found, seen = Found(), set[str]()
    lines = [
        (row.line, Fault.BROKEN if row.broken else _line(row.cells, places, region, regions))
        for row in rows[1:]
    ]
    known = {n: helping.known_hash(safe, line) for n, line in lines if isinstance(line, Line)}
    there, mine = helping.there(session, set(known.values())), set(regions.values())
    for number, line in lines:
        if not isinstance(line, Line):
            column, fault = line if isinstance(line, tuple) else ("", line)
            _leave_out(found, HelperFate.BAD, Bad(number, column, fault))
            continue
        helper = there.get(known[number])
        held = None if helper is None else helping.opened(safe, helper).told
        told = _told(line, held, region)
        if (told.kind is HelperKind.CADRE) != (told.rank is not None):
            _leave_out(found, HelperFate.BAD, Bad(number, COLUMNS["rank"][0], Fault.RANK))
            continue
        if held is not None and held.region not in mine:
            elsewhere = Bad(number, COLUMNS["name"][0], Fault.ELSEWHERE)
            _leave_out(found, HelperFate.ELSEWHERE, elsewhere)
            continue
        fate = HelperFate.TWICE if known[number] in seen else _fate(told, helper, held)
        seen.add(known[number])
        found.counts[fate] += 1
        if fate in (HelperFate.NEW, HelperFate.UPDATE):
            found.to_enter.append((told, helper))
    return found


def enter(
    session: Session, safe: Safe, regions: Regions, found: Found, *, by: Officer, now: datetime
) -> None:
    """Enter what was read, all of it or nothing.

    Raises `HelperChanged`, `HelperKnown`, `CapacityTaken`, `NotAllowed`.
    """
    for told, helper in found.to_enter:
        if helper is None:
            helping.enter(session, safe, regions, told, by=by, now=now)
        else:
            helping.change(
                session, safe, regions, helper, told, by=by, version=helper.version, now=now
            )


def _leave_out(found: Found, fate: HelperFate, bad: Bad) -> None:
    found.bad.append(bad)
    found.counts[fate] += 1


def _fate(told: Told, helper: Helper | None, held: Told | None) -> HelperFate:
    if helper is None:
        return HelperFate.NEW
    if told.capacity < helper.taken:
        return HelperFate.TOO_FEW
    is_same = told == held and helper.state == HelperState.ON
    return HelperFate.SAME if is_same else HelperFate.UPDATE


def _told(line: Line, held: Told | None, region: str) -> Told:
    """What a line says of a helper; what it does not say stays as it is held."""
    said = {name: getattr(line, name) for name in line.model_fields_set}
    return Told(**{"region": region, **said}) if held is None else held.model_copy(update=said)


def _line(
    cells: Sequence[str], places: Mapping[str, int], region: str, regions: Mapping[str, str]
) -> Line | tuple[str, str]:
    """One line; else the column that is wrong, and what is."""
    values = tabling.values_of(cells, places)
    where = regions.get(values.get("region", region))
    if where is None:
        return COLUMNS["region"][0], Fault.REGION
    if "region" in values:
        values["region"] = where
    choices: Mapping[str, Mapping[Any, str]] = {"kind": KINDS, "rank": RANKS}
    for use, named in choices.items():
        if use in values and (word := _word(values[use], named)) is None:
            return COLUMNS[use][0], Fault.CHOICE
        if use in values:
            values[use] = word
    if "gives" in values:
        words = [_word(each, NEEDS) for each in _SEPARATOR.split(values["gives"]) if each]
        if None in words:
            return COLUMNS["gives"][0], Fault.CHOICE
        # In the order in which a helper's stand there, each once.
        values["gives"] = tuple(sorted(set(words)))
    return tabling.read_line(Line, values, COLUMNS)


def _word(text: str, named: Mapping[W, str]) -> W | None:
    """A word of a vocabulary, by its name or its key."""
    text = plain(text)
    for word, name in named.items():
        if text in (word.value, plain(name)):
            return word
    return None
