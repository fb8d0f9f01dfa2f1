"""A spreadsheet of employers: read strictly, told line by line, entered in one transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlmodel import Session, col
from stdnum.cn import uscc

from knowledge.eligibility.cells import plain
from knowledge.eligibility.sheets import read_rows
from knowledge.regions import Regions
from server.casework.officers import Officer
from server.register import employers
from server.register.employers import Told
from server.register.sheets import Bad, Fault, SheetUnfit
from server.register.tables import Employer
from server.sealing import Safe

MOST_LINES = 5_000
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("单位", "单位名称", "企业名称"),
    "region": ("地区",),
    "code": ("统一社会信用代码",),
    "contact": ("单位电话", "联系电话", "电话"),
    "trade": ("行业",),
    "headcount": ("职工人数", "用工人数"),
    "staying": ("留岗人数",),
    "hiring": ("要招几人", "缺工人数", "招聘人数"),
    "told_on": ("截至哪天", "截至日期"),
}
NEEDED = ("name", "contact", "headcount", "staying", "hiring")

Count = Annotated[int, Field(ge=0, le=1_000_000)]


class EmployerFate(StrEnum):
    """What becomes of a line."""

    NEW = "new"
    UPDATE = "update"
    SAME = "same"
    TWICE = "twice"
    """An earlier line of the file is about this employer."""
    BAD = "bad"


class Line(BaseModel):
    """An employer as a spreadsheet gives it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64)]
    region: Annotated[str, Field(min_length=1, max_length=64)]
    code: Annotated[str, Field(max_length=18)] | None = None
    contact: Annotated[str, Field(pattern=r"^[0-9+\-() ]{3,32}$")]
    trade: Annotated[str, Field(max_length=40)] = ""
    headcount: Count
    staying: Count
    hiring: Count
    told_on: date


@dataclass(slots=True)
class Found:
    """What would become of every line."""

    counts: Counter[EmployerFate] = field(default_factory=Counter)
    bad: list[Bad] = field(default_factory=list)
    to_enter: list[tuple[Told, Employer | None]] = field(default_factory=list)


def read(
    session: Session, path: Path, *, region: str, regions: Mapping[str, str], today: date
) -> Found:
    """Read a table and tell the fate of every line; changes nothing.

    `regions` are the places that a line may name. Raises `SheetRefused`, `SheetUnfit`.
    """
    rows = read_rows(path)
    first = next(rows, None)
    places = _places([] if first is None else first.cells)
    found, seen = Found(), set[tuple[str, str]]()
    there = _there(session, set(regions.values()))
    for row in rows:
        told = _told(row.cells, places, region, regions, today) if not row.broken else Fault.BROKEN
        if not isinstance(told, Told):
            column, fault = told if isinstance(told, tuple) else ("", told)
            found.bad.append(Bad(row.line, column, fault))
            found.counts[EmployerFate.BAD] += 1
            continue
        fate, employer = _fate(told, there.get((told.region, told.name)), seen)
        found.counts[fate] += 1
        if fate in (EmployerFate.NEW, EmployerFate.UPDATE):
            found.to_enter.append((told, employer))
    return found


def enter(
    session: Session, safe: Safe, regions: Regions, found: Found, *, by: Officer, now: datetime
) -> None:
    """Enter what was read, all of it or nothing; raises `EntryChanged`, `NotAllowed`."""
    for told, employer in found.to_enter:
        if employer is None:
            employers.enter(session, safe, regions, told, by=by, now=now)
        else:
            employers.change(
                session, safe, regions, employer, told, by=by, version=employer.version, now=now
            )


def _fate(
    told: Told, employer: Employer | None, seen: set[tuple[str, str]]
) -> tuple[EmployerFate, Employer | None]:
    key = (told.region, told.name)
    if key in seen:
        return EmployerFate.TWICE, None
    seen.add(key)
    if employer is None:
        return EmployerFate.NEW, None
    same = all(getattr(employer, name) == getattr(told, name) for name in Told.__slots__)
    return (EmployerFate.SAME if same else EmployerFate.UPDATE), employer


def _there(session: Session, regions: set[str]) -> dict[tuple[str, str], Employer]:
    rows = session.scalars(select(Employer).where(col(Employer.region).in_(regions)))
    return {(row.region, row.name): row for row in rows}


def _places(headers: Sequence[str]) -> Mapping[str, int]:
    named = {plain(name): use for use, names in COLUMNS.items() for name in names}
    places: dict[str, int] = {}
    for at, header in enumerate(headers):
        use = named.get(plain(header))
        if use in places:
            raise SheetUnfit(twice=header)
        if use is not None:
            places[use] = at
    if missing := tuple(use for use in NEEDED if use not in places):
        raise SheetUnfit(missing)
    return places


def _told(
    cells: Sequence[str],
    places: Mapping[str, int],
    region: str,
    regions: Mapping[str, str],
    today: date,
) -> Told | tuple[str, str]:
    """One line; else the column that is wrong, and what is."""
    values: dict[str, Any] = {use: plain(cells[at]) for use, at in places.items()}
    values = {use: value for use, value in values.items() if value}
    where = regions.get(values.get("region", region))
    if where is None:
        return COLUMNS["region"][0], Fault.REGION
    try:
        line = Line.model_validate({"told_on": today, **values, "region": where})
    except ValidationError as refused:
        error = refused.errors(include_url=False, include_context=False, include_input=False)[0]
        return COLUMNS[str(error["loc"][0])][0], error["type"]
    if line.code is not None and not uscc.is_valid(line.code):
        return COLUMNS["code"][0], Fault.CHOICE
    if line.staying > line.headcount:
        return COLUMNS["staying"][0], Fault.CHOICE
    if line.told_on > today:
        return COLUMNS["told_on"][0], Fault.DAY
    return Told(**line.model_dump())
