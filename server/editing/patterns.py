"""Patterns of a release that would search for ever: one message would stop whoever answers it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from knowledge.aspects import AspectRules
from knowledge.differing import PieceChange
from knowledge.faults import Code, Fault, Location, Trouble
from knowledge.library import Edition
from knowledge.pumping import endless

_KINDS = frozenset({"care", "fact", "lexicon", "outside", "small_talk"})
"""Kinds whose pieces have patterns; what else stands in them costs nothing as one."""
_ASPECTS = "aspects"
_FIRM = "(?:厂)"
"""Any firm, as patterns of facts name it."""


def endless_patterns(
    changed: Iterable[PieceChange], before: Iterable[Edition], after: Iterable[Edition]
) -> Iterator[Trouble]:
    """What stands against a release for its new patterns; in the main thread only."""
    for each in changed:
        if each.kind == _ASPECTS:
            found = _of_aspects(before, after)
        elif each.kind in _KINDS:
            found = (new for place in each.places for new in _texts(place.after, place.location))
        else:
            continue
        for location, text in found:
            if (kept_by := _endless(text)) is not None:
                fault = Fault(Code.PATTERN_ENDLESS, {"pattern": text, "text": kept_by})
                yield Trouble(each.kind, each.key, location, fault)


def _endless(text: str) -> str | None:
    try:
        return endless(text.replace("<firm>", _FIRM))
    except (re.error, OverflowError, RecursionError):
        # No pattern, or none that is one by itself.
        return None


def _texts(value: Any, at: Location) -> Iterator[tuple[Location, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, Mapping):
        for name, inside in value.items():
            yield from _texts(inside, (*at, str(name)))
    elif isinstance(value, list | tuple):
        for number, inside in enumerate(value):
            yield from _texts(inside, (*at, number))


def _of_aspects(
    before: Iterable[Edition], after: Iterable[Edition]
) -> Iterator[tuple[Location, str]]:
    """Those that are put together otherwise than before: the words they name may have changed."""
    known = {text for _, text in _put_together(before)}
    return (each for each in _put_together(after) if each[1] not in known)


def _put_together(editions: Iterable[Edition]) -> Iterator[tuple[Location, str]]:
    for kind, _, content in editions:
        if kind == _ASPECTS:
            rules = AspectRules.model_validate(content)
            for number, rule in enumerate(rules.rules):
                for place, pattern in enumerate(rule.patterns):
                    yield ("rules", number, "patterns", place), rules.spelled_out(pattern)
