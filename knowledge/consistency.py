"""Whether the pieces of a library fit together: nothing is empty or names what isn't there."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from knowledge.faults import Code, Fault, Location, Trouble

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

_ITSELF: Location = ("id",)
"""Where a piece is told of as a whole."""

_PLACE = r"[\u3400-\u9fff]+(?:[|?-][\u3400-\u9fff]*)?"
_ALIASES = r"(?:=[\u3400-\u9fff]+)*"
_HOLDER = re.compile(_PLACE + _ALIASES)
_INSIDE = re.compile(f"{_PLACE}!?{_ALIASES}")


class IncompleteLibrary(ValueError):
    """Pieces that do not fit together: something is missing or names what isn't there."""

    def __init__(self, troubles: Iterable[Trouble]) -> None:
        self.troubles = tuple(troubles)
        super().__init__("; ".join(map(str, self.troubles)))


def missing_pieces(contents: Mapping[str, Collection[str]]) -> Iterator[Trouble]:
    """Yield a trouble for every kind without a piece; `contents` holds the keys by kind."""
    for kind in _NEEDED:
        if not contents[kind]:
            yield Trouble(kind, "", (), Fault(Code.NO_PIECE, {"kind": kind}))
    for kind in _WHOLE:
        if "all" not in contents[kind]:
            yield Trouble(kind, "", (), Fault(Code.NO_WHOLE, {"kind": kind}))
    if contents["care"] and PERSON not in contents["care"]:
        yield Trouble("care", "", (), Fault(Code.NO_ENTRY, {"entry": PERSON}))
    if set(contents["care"]) == {PERSON}:
        yield Trouble("care", "", (), Fault(Code.NO_DISTRESS))


def misplaced_regions(parents: Mapping[str, str | None]) -> Iterator[Trouble]:
    """Yield the regions that lie in none that is there, or in themselves."""
    for region, parent in parents.items():
        if parent is not None and parent not in parents:
            yield _unknown("region", region, "region", parent)
        seen: set[str] = set()
        at: str | None = region
        while at is not None and at not in seen:
            seen.add(at)
            at = parents.get(at)
        if at == region:
            yield Trouble("region", region, _ITSELF, Fault(Code.LIES_IN_ITSELF))


def misshapen_places(lines: Iterable[str]) -> Iterator[Trouble]:
    """Yield the lines of places_not_covered.tsv that are not written as its head says."""
    count = 0
    for number, line in enumerate(lines):
        if line.strip() and not line.startswith("#"):
            count += 1
            if fault := _misshapen(line):
                yield Trouble("places_not_covered", "all", (number,), fault)
    if not count:
        yield Trouble("places_not_covered", "all", (), Fault(Code.NO_PLACE))


def _misshapen(line: str) -> Fault | None:
    cells = line.split("\t")
    if len(cells) == 2:
        cells.append("")  # a place without parts, once the line's end is stripped
    if len(cells) != 3:
        return Fault(Code.NOT_THREE_COLUMNS, {"count": len(cells)})
    province, city, inside = cells
    for holder in (province, *([] if city == "." else [city])):
        if not _HOLDER.fullmatch(holder):
            return Fault(Code.NOT_A_CITY, {"place": holder})
    odd = tuple(entry for entry in inside.split() if not _INSIDE.fullmatch(entry))
    return Fault(Code.NOT_A_PLACE, {"places": odd}) if odd else None


def misfits(library: "Library", regions: Collection[str]) -> Iterator[Trouble]:
    """Yield everything that names what isn't there, and what the bot would stumble over."""
    for measure in library.measures.values():
        yield from _unknowns(
            "measure", measure.id, "document", [measure.document], library.documents
        )
        yield from _unknowns("measure", measure.id, "region", [measure.region], regions)
        yield from _unknowns("measure", measure.id, "topic", measure.topics, library.topics)
    for listed in library.checklists.values():
        yield from _unknowns("checklist", listed.id, "measure", [listed.id], library.measures)
        yield from _unknowns("checklist", listed.id, "material", listed.kinds(), library.materials)
    for care in library.care.values():
        of_cases = (name for case in care.cases for name in case.helplines)
        besides = (name for more in care.besides for name in more.helplines)
        named = (*care.helplines, *of_cases, *besides)
        yield from _unknowns("care", care.id, "helpline", named, library.helplines)
    for topic in library.topics.values():
        yield from _unknowns("topic", topic.id, "helpline", topic.helplines, library.helplines)
    for outside in library.outside.values():
        besides = (name for more in outside.besides for name in more.helplines)
        yield from _unknowns("outside", outside.id, "helpline", besides, library.helplines)
    for kind in library.care_sentences.heard:
        if kind not in library.care:
            yield _unknown("care_sentences", "all", "kind", kind, ("heard", kind))
    if not any(kind != PERSON for kind in library.care_sentences.heard):
        yield Trouble("care_sentences", "all", ("heard",), Fault(Code.NO_WORDS_OF_DISTRESS))
    said = library.sentences
    helpline = [said.general_helpline]
    at: Location = ("general_helpline",)
    yield from _unknowns("sentences", "all", "helpline", helpline, library.helplines, at)
    at = ("first_topics",)
    yield from _unknowns("sentences", "all", "topic", said.first_topics, library.topics, at)
    yield from (Trouble("sentences", "all", at, fault) for at, fault in said.faults())


def _unknowns(
    kind: str,
    key: str,
    what: str,
    named: Iterable[str],
    known: Collection[str],
    location: Location = _ITSELF,
) -> Iterator[Trouble]:
    return (_unknown(kind, key, what, name, location) for name in named if name not in known)


def _unknown(kind: str, key: str, what: str, name: str, location: Location = _ITSELF) -> Trouble:
    return Trouble(kind, key, location, Fault(Code.NOT_THERE, {"what": what, "name": name}))
