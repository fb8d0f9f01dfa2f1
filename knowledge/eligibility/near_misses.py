"""What somebody who checked themselves missed by one fact: to be counted, never to be kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from knowledge.eligibility.reporting import changes
from knowledge.eligibility.verdicts import Outcome, Result

if TYPE_CHECKING:
    from knowledge.library import Library


class Lacking(StrEnum):
    """How one fact stands in the way."""

    UNKNOWN = "unknown"
    """It was not said."""
    FAILED = "failed"
    """It is otherwise, and all else holds."""


@dataclass(frozen=True, slots=True, order=True)
class NearMiss:
    """A measure that is one fact away, and which fact it is."""

    measure: str
    fact: str
    lacking: Lacking


def near_misses(results: Iterable[Result], library: "Library") -> tuple[NearMiss, ...]:
    """Return the open measures that a finished check missed by one fact alone."""
    found = []
    for result in results:
        measure = result.criteria.measure.id
        if not result.open or result.already:
            continue
        if result.outcome is Outcome.UNDETERMINED and len(result.missing) == 1:
            found.append(NearMiss(measure, result.missing[0], Lacking.UNKNOWN))
        elif result.outcome is Outcome.INELIGIBLE:
            change = changes(result, library)
            if len(change) == 1 and change[0].criterion.fact is not None:
                found.append(NearMiss(measure, change[0].criterion.fact, Lacking.FAILED))
    return tuple(found)
