"""Personas: people with the outcomes that would be right for them, checked and counted.

A persona file holds one JSON object a line: `id`, `story`, `region`, `as_of`, `facts`, `expect`
(outcome by measure), `missing` (exactly the facts that could still decide it, by measure),
`expect_open` (whether it is open on the day, by measure) and `note`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from knowledge.eligibility.facts import FactsRefused, read_facts
from knowledge.eligibility.verdicts import Outcome, Result, check
from knowledge.regions import UnknownRegion
from knowledge.scoring import Score, read_gold_lines

if TYPE_CHECKING:
    from knowledge.library import Library

_Name = Annotated[str, Field(min_length=1)]


class Persona(BaseModel):
    """One person with what is right for them; no key is unknown, none of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: _Name
    story: str
    region: str
    as_of: date
    facts: dict[str, Any]
    expect: Annotated[dict[str, Outcome], Field(min_length=1)]
    missing: dict[str, frozenset[_Name]] = {}
    expect_open: dict[str, bool] = {}
    note: str = ""


@dataclass(frozen=True, slots=True)
class Miss:
    """One thing about one measure that came out otherwise."""

    persona: Persona
    measure: str
    what: str
    wanted: str
    found: str


def read_personas(name: str, lines: Iterable[str], library: "Library") -> Iterator[Persona]:
    """Read the lines of a persona file; raises `GoldRefused`."""

    def read(line: str) -> Persona:
        persona = Persona.model_validate_json(line)
        if reason := _misfit(persona, library):
            raise ValueError(reason)
        return persona

    return read_gold_lines(name, lines, read)


def _misfit(persona: Persona, library: "Library") -> str:
    """Return what a persona names that the library does not have, '' where it fits."""
    try:
        there = {criteria.measure.id for criteria in library.rules.of(persona.region)}
        read_facts(persona.facts, library.facts, persona.as_of)
    except UnknownRegion:
        return f"no region {persona.region}"
    except FactsRefused as error:
        return str(error)
    named = [*persona.expect, *persona.missing, *persona.expect_open]
    if odd := [measure for measure in named if measure not in there]:
        return f"{persona.region} has no measure {', '.join(odd)}"
    if odd := sorted({f for facts in persona.missing.values() for f in facts} - set(library.facts)):
        return f"no fact {', '.join(odd)}"
    return ""


def evaluate(personas: Iterable[Persona], library: "Library") -> Score[Miss]:
    """Check every persona and count: outcomes, missing facts, open or not."""
    score: Score[Miss] = Score()
    for persona in personas:
        given = read_facts(persona.facts, library.facts, persona.as_of)
        found = check(library.rules, persona.region, given, persona.as_of)
        _count(persona, {result.criteria.measure.id: result for result in found}, score)
    return score


def _count(persona: Persona, results: dict[str, Result], score: Score[Miss]) -> None:
    def compare(measure: str, what: str, wanted: str, found: str, group: str) -> None:
        wrong = Miss(persona, measure, what, wanted, found) if wanted != found else None
        score.count(wrong, group)

    for id, outcome in persona.expect.items():
        compare(id, "outcome", outcome, results[id].outcome, f"outcome {outcome}")
    for id, facts in persona.missing.items():
        compare(id, "missing", _listed(facts), _listed(results[id].missing), "missing")
    for id, is_open in persona.expect_open.items():
        compare(id, "open", str(is_open), str(results[id].open), "open")


def _listed(facts: Iterable[str]) -> str:
    return ", ".join(sorted(facts)) or "nothing"
