"""A self-check from what comes in to what goes out; nothing of it is stored."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import structlog
from pydantic import BeforeValidator

from knowledge.eligibility.asking import next_question
from knowledge.eligibility.facts import FactsRefused, Reason, Refusal, read_facts
from knowledge.eligibility.near_misses import near_misses
from knowledge.eligibility.reporting import result_data
from knowledge.eligibility.verdicts import Result, check
from knowledge.library import Library
from server import tallying
from server.database.db import Database

_ALREADY = "already"
_log = structlog.get_logger()
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _written_day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("not written YYYY-MM-DD")
    return date.fromisoformat(value)


Day = Annotated[date, BeforeValidator(_written_day)]
"""An Asia/Shanghai day in JSON, written YYYY-MM-DD; seconds and times of day are none."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What follows from what a person says; `next` is what to ask, None where nothing is left."""

    region: str
    as_of: date
    results: Sequence[Result]
    next: str | None

    def as_data(self, library: Library) -> dict[str, Any]:
        """Return it as it goes out."""
        return {
            "as_of": self.as_of.isoformat(),
            "region": self.region,
            "results": [result_data(result, library) for result in self.results],
            "next": self.next,
        }


def checked(
    library: Library,
    region: str,
    facts: dict[str, Any],
    *,
    as_of: date,
    already: Sequence[str] = (),
) -> Checked:
    """Check what a person says against every measure of a region, and find the next question.

    `already`: the ids of measures the person has. Raises `FactsRefused` and `UnknownRegion`.
    """
    if any(id not in library.measures for id in already):
        raise FactsRefused([Refusal(_ALREADY, Reason.UNKNOWN_OPTION)])
    given = read_facts(facts, library.facts, as_of)
    results = check(library.rules, region, given, as_of, frozenset(already))
    return Checked(region, as_of, results, next_question(results, given, library.rules))


def count_misses(database: Database, library: Library, found: Checked, *, today: date) -> None:
    """Count what a check that has come to its end missed by one fact; what it was is not kept.

    A count that can't be written is lost: the person gets the results all the same.
    """
    if found.next is not None:
        return
    try:
        misses = near_misses(found.results, library)
        tallying.add_misses(database, found.region, misses, day=today)
    except Exception as error:
        _log.warning("misses_lost", reason=type(error).__name__)
