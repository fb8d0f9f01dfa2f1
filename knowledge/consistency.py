"""Whether the pieces of a library fit together: nothing is empty or names what isn't there."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledge.sentences import Location

if TYPE_CHECKING:
    from knowledge.library import Library

PERSON = "person"
"""The entry of care for the wish for a person; all the others are kinds of distress."""

_NEEDED = (
    "document",
    "measure",
    "fact",
    "topic",
    "outside",
    "helpline",
    "care",
    "small_talk",
    "region",
)
_WHOLE = ("lexicon", "aspects", "care_sentences", "sentences", "places_not_covered")
UNNEEDED = ("material", "checklist")
"""Kinds that a release can be without: what is handed in is then said by people."""
KINDS = (*_NEEDED, *UNNEEDED, *_WHOLE)
"""Kinds of editions; those of the last group have one piece, with the key `all`."""

_PLACE = r"[\u3400-\u9fff]+(?:[|?-][\u3400-\u9fff]*)?"
_ALIASES = r"(?:=[\u3400-\u9fff]+)*"
_HOLDER = re.compile(_PLACE + _ALIASES)
_INSIDE = re.compile(f"{_PLACE}!?{_ALIASES}")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one piece; `location` leads to it inside the piece.

    An empty `key` stands for all pieces of the kind.
    """

    kind: str
    key: str
    reason: str
    location: Location = ("id",)

    def __str__(self) -> str:
        return f"{self.key if self.key not in ('', 'all') else self.kind}: {self.reason}"


class IncompleteLibrary(ValueError):
    """Pieces that do not fit together: something is missing or names what isn't there."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(map(str, self.faults)))


def missing_pieces(contents: Mapping[str, Collection[str]]) -> Iterator[Fault]:
    """Yield a fault for every kind without a piece; `contents` holds the keys by kind."""
    for kind in _NEEDED:
        if not contents[kind]:
            yield Fault(kind, "", f"there is no {kind}", ())
    for kind in _WHOLE:
        if "all" not in contents[kind]:
            yield Fault(kind, "", f"the {kind} are missing", ())
    if contents["care"] and PERSON not in contents["care"]:
        yield Fault("care", "", f"the entry {PERSON} is missing", ())
    if set(contents["care"]) == {PERSON}:
        yield Fault("care", "", "there is no kind of distress", ())


def misplaced_regions(parents: Mapping[str, str | None]) -> Iterator[Fault]:
    """Yield the regions that lie in none that is there, or in themselves."""
    for region, parent in parents.items():
        if parent is not None and parent not in parents:
            yield Fault("region", region, f"no region {parent}")
        seen: set[str] = set()
        at: str | None = region
        while at is not None and at not in seen:
            seen.add(at)
            at = parents.get(at)
        if at == region:
            yield Fault("region", region, "lies in itself")


def misshapen_places(lines: Iterable[str]) -> Iterator[Fault]:
    """Yield the lines of places_not_covered.tsv that are not written as its head says."""
    count = 0
    for number, line in enumerate(lines):
        if line.strip() and not line.startswith("#"):
            count += 1
            if reason := _misshapen(line):
                yield Fault("places_not_covered", "all", reason, (number,))
    if not count:
        yield Fault("places_not_covered", "all", "there is no place", ())


def _misshapen(line: str) -> str:
    cells = line.split("\t")
    if len(cells) == 2:
        cells.append("")  # a place without parts, once the line's end is stripped
    if len(cells) != 3:
        return f"{len(cells)} columns, not 3"
    province, city, inside = cells
    for holder in (province, *([] if city == "." else [city])):
        if not _HOLDER.fullmatch(holder):
            return f"not a province or city: {holder!r}"
    odd = [entry for entry in inside.split() if not _INSIDE.fullmatch(entry)]
    return f"not a place: {', '.join(map(repr, odd))}" if odd else ""


def faults_of(library: "Library", regions: Collection[str]) -> Iterator[Fault]:
    """Yield everything that names what isn't there, and what the bot would stumble over."""
    for measure in library.measures.values():
        yield from _unknown(
            "measure", measure.id, "document", [measure.document], library.documents
        )
        yield from _unknown("measure", measure.id, "region", [measure.region], regions)
        yield from _unknown("measure", measure.id, "topic", measure.topics, library.topics)
    for listed in library.checklists.values():
        yield from _unknown("checklist", listed.id, "measure", [listed.id], library.measures)
        yield from _unknown("checklist", listed.id, "material", listed.kinds(), library.materials)
    for care in library.care.values():
        yield from _unknown("care", care.id, "helpline", care.helplines, library.helplines)
    for kind in library.care_sentences.heard:
        if kind not in library.care:
            yield Fault("care_sentences", "all", f"no kind {kind}", ("heard", kind))
    if not any(kind != PERSON for kind in library.care_sentences.heard):
        yield Fault("care_sentences", "all", "no sentences of distress", ("heard",))
    said = library.sentences
    helpline = [said.general_helpline]
    at: Location = ("general_helpline",)
    yield from _unknown("sentences", "all", "helpline", helpline, library.helplines, at)
    at = ("first_topics",)
    yield from _unknown("sentences", "all", "topic", said.first_topics, library.topics, at)
    yield from (Fault("sentences", "all", reason, at) for at, reason in said.faults())


def _unknown(
    kind: str,
    key: str,
    what: str,
    named: Iterable[str],
    known: Collection[str],
    location: Location = ("id",),
) -> Iterator[Fault]:
    return (Fault(kind, key, f"no {what} {n}", location) for n in named if n not in known)
