"""What somebody who checked themselves missed by one fact: to be counted, never to be kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from knowledge.eligibility.asking import supposing
from knowledge.eligibility.facts import APPLICANT_ROLE, WORK_REGION
from knowledge.eligibility.reporting import changes
from knowledge.eligibility.verdicts import Outcome, Result

if TYPE_CHECKING:
    from knowledge.library import Library

_WHO_AND_WHERE = (APPLICANT_ROLE, WORK_REGION)


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
    """Return the open measures that a finished check missed by one fact alone.

    All else is known to hold: nothing else is unsaid, or left to the authority.
    """
    found = []
    for result in results:
        near = _near(result, library) if result.open and not result.already else None
        if near is None or near[0] in _WHO_AND_WHERE:
            # What is meant for others is nothing that somebody missed.
            continue
        if _would_do(result, near[0], library):
            found.append(NearMiss(result.criteria.measure.id, *near))
    return tuple(found)


def _near(result: Result, library: "Library") -> tuple[str, Lacking] | None:
    if result.outcome is Outcome.UNDETERMINED and len(result.missing) == 1:
        return result.missing[0], Lacking.UNKNOWN
    if result.outcome is Outcome.INELIGIBLE:
        change = changes(result, library)
        if len(change) == 1 and change[0].criterion.fact is not None:
            return change[0].criterion.fact, Lacking.FAILED
    return None


def _would_do(result: Result, fact: str, library: "Library") -> bool:
    """Whether some answer to this one question makes the whole rule hold."""
    values = library.rules.telling_values(fact)
    return any(supposing(result, fact, value) is True for value in values)
