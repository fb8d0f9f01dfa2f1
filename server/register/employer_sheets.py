"""A spreadsheet of employers: read strictly, told line by line, entered in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlmodel import Session, col
from stdnum.cn import uscc

from knowledge.eligibility.sheets import Row
from knowledge.regions import Regions
from server.casework.officers import Officer
from server.confidential.sealing import Safe
from server.register import employers, tabling
from server.register.employers import Told
from server.register.sheets import Bad, Fault
from server.register.tables import Employer

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
    OLDER = "older"
    """The register says what it is on a later day."""
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


Found = tabling.Found[EmployerFate, tuple[Told, Employer | None]]


def read(
    session: Session,
    rows: Sequence[Row],
    *,
    region: str,
    regions: Mapping[str, str],
    today: date,
) -> Found:
    """Tell the fate of every line of a table, whose first row is the header; changes nothing.

    `regions` are the places that a line may name. Raises `SheetUnfit`.
    """
    places = tabling.places_of(rows[0].cells if rows else [], COLUMNS, NEEDED)
    found, seen = Found(), set[tuple[str, str]]()
    there = _there(session, set(regions.values()))
    for row in rows[1:]:
        line = _line(row.cells, places, region, regions, today) if not row.broken else Fault.BROKEN
        if not isinstance(line, Line):
            column, fault = line if isinstance(line, tuple) else ("", line)
            found.bad.append(Bad(row.line, column, fault))
            found.counts[EmployerFate.BAD] += 1
            continue
        known = there.get((line.region, line.name))
        told = _told(line, known)
        fate, employer = _fate(told, known, seen)
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
    if told.told_on < employer.told_on:
        return EmployerFate.OLDER, employer
    same = all(getattr(employer, name) == getattr(told, name) for name in Told.__slots__)
    return (EmployerFate.SAME if same else EmployerFate.UPDATE), employer


def _there(session: Session, regions: set[str]) -> dict[tuple[str, str], Employer]:
    rows = session.scalars(select(Employer).where(col(Employer.region).in_(regions)))
    return {(row.region, row.name): row for row in rows}


def _told(line: Line, employer: Employer | None) -> Told:
    """What a line says of an employer; what it does not say stays as it stands."""
    if employer is None:
        return Told(**line.model_dump())
    held = {name: getattr(employer, name) for name in Told.__slots__}
    return Told(**{**held, **line.model_dump(exclude_unset=True)})


def _line(
    cells: Sequence[str],
    places: Mapping[str, int],
    region: str,
    regions: Mapping[str, str],
    today: date,
) -> Line | tuple[str, str]:
    """One line; else the column that is wrong, and what is."""
    values = tabling.values_of(cells, places)
    where = regions.get(values.get("region", region))
    if where is None:
        return COLUMNS["region"][0], Fault.REGION
    line = tabling.read_line(Line, {"told_on": today, **values, "region": where}, COLUMNS)
    if isinstance(line, tuple):
        return line
    if line.code is not None and not uscc.is_valid(line.code):
        return COLUMNS["code"][0], Fault.CHOICE
    if line.staying > line.headcount:
        return COLUMNS["staying"][0], Fault.CHOICE
    if line.told_on > today:
        return COLUMNS["told_on"][0], Fault.DAY
    return line
