"""A self-check from what comes in to what goes out; nothing of it is stored."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from knowledge.eligibility.asking import next_question
from knowledge.eligibility.facts import read_facts
from knowledge.eligibility.reporting import result_data
from knowledge.eligibility.verdicts import check
from knowledge.library import Library


def checked(
    library: Library,
    region: str,
    facts: dict[str, Any],
    *,
    as_of: date,
    already: Sequence[str] = (),
) -> dict[str, Any]:
    """Check what a person says against every measure of a region, and find the next question.

    Raises `FactsRefused` and `UnknownRegion`.
    """
    given = read_facts(facts, library.facts, as_of)
    results = check(library.rules, region, given, as_of, frozenset(already))
    return {
        "as_of": as_of.isoformat(),
        "region": region,
        "results": [result_data(result, library) for result in results],
        "next": next_question(results, given, library.rules),
    }
