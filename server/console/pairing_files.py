"""What is handed in of pairings: the filing list with names, and the yearly assessment."""

from typing import Annotated

from flask import Blueprint, Response
from pydantic import Field

from server.casework.officers import LOOKERS, Role, scope
from server.clock import china_day
from server.console import forms, naming
from server.console.entering import officer, regions
from server.console.forms import Asked
from server.console.rendering import attached, page
from server.pairing import filing, filing_files
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = Blueprint("pairing_files", __name__, url_prefix="/pairings/files")

_FIRST = 2020
"""Before that there was no service."""


class YearAsked(Asked):
    """Of which year."""

    year: Annotated[int, Field(ge=_FIRST, le=9999)] | None = None


@blueprint.get("/")
@admits(Who.OFFICER, *LOOKERS)
def get_files() -> Response:
    """The assessment of a year by unit, and what can be downloaded."""
    known = resources()
    today = china_day(known.clock())
    year = forms.read_query(YearAsked).year or today.year
    mine = scope(officer(), regions())
    with known.database.read() as session:
        units = filing.assessed(session, mine, year, today=today)
        years = filing.years(session, mine, today=today)
    return page(
        "pairing_files.html",
        title="备案和考核",
        year=year,
        years=years,
        units=units,
        goes_on=year == today.year,
        may_file=bool(officer().actors),
    )


@blueprint.post("/filing")
@admits(Who.OFFICER, Role.CASE_OFFICER, Role.APPROVER)
def post_filing() -> Response:
    """The filing list with names in full: a look at each of them, noted as such."""
    known = resources()
    library, now = known.serving.current().library, known.clock()
    mine = scope(officer(), regions())
    with known.database.begin() as session:
        filed = filing.filed(session, known.safe, known.subject_keys, mine, by=officer(), now=now)
        owing = filing.owing(session, known.safe, mine, by=officer(), now=now)
    content = filing_files.filing_list(
        filed, owing, lambda place: naming.place_of(library, place), now
    )
    return attached(content, f"pairing-filing-{china_day(now)}.xlsx")


@blueprint.get("/<int:year>/assessment")
@admits(Who.OFFICER, *LOOKERS)
def get_assessment(year: int) -> Response:
    """The assessment of a year as XLSX; nobody's name stands in it."""
    known = resources()
    now = known.clock()
    today = china_day(now)
    year = min(max(year, _FIRST), today.year)
    with known.database.read() as session:
        units = filing.assessed(session, scope(officer(), regions()), year, today=today)
    return attached(filing_files.assessment(year, units, now), f"pairing-assessment-{year}.xlsx")
