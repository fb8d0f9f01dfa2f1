"""A self-check from what comes in to what goes out; nothing of it is stored."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator

from knowledge.eligibility.asking import next_question
from knowledge.eligibility.facts import FactsRefused, Reason, Refusal, read_facts
from knowledge.eligibility.reporting import result_data
from knowledge.eligibility.verdicts import check
from knowledge.library import Library

_ALREADY = "already"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _written_day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("not written YYYY-MM-DD")
    return date.fromisoformat(value)


Day = Annotated[date, BeforeValidator(_written_day)]
"""An Asia/Shanghai day in JSON, written YYYY-MM-DD; seconds and times of day are none."""


def checked(
    library: Library,
    region: str,
    facts: dict[str, Any],
    *,
    as_of: date,
    already: Sequence[str] = (),
) -> dict[str, Any]:
    """Check what a person says against every measure of a region, and find the next question.

    `already`: the ids of measures the person has. Raises `FactsRefused` and `UnknownRegion`.
    """
    if any(id not in library.measures for id in already):
        raise FactsRefused([Refusal(_ALREADY, Reason.UNKNOWN_OPTION)])
    given = read_facts(facts, library.facts, as_of)
    results = check(library.rules, region, given, as_of, frozenset(already))
    return {
        "as_of": as_of.isoformat(),
        "region": region,
        "results": [result_data(result, library) for result in results],
        "next": next_question(results, given, library.rules),
    }
