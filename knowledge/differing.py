"""What is otherwise between two pieces of knowledge, place by place."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from knowledge.faults import Location
from knowledge.library import Edition


class Sort(StrEnum):
    """What happened to a piece."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place with what stood there and what stands there; None: nothing."""

    location: Location
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class PieceChange:
    """One piece that is otherwise, with every place in it."""

    sort: Sort
    kind: str
    key: str
    places: tuple[Difference, ...]


def release_changes(before: Iterable[Edition], after: Iterable[Edition]) -> list[PieceChange]:
    """Every piece that is otherwise in a second release: what is new, gone, changed."""
    old = {(kind, key): content for kind, key, content in before}
    new = {(kind, key): content for kind, key, content in after}
    sorts = (
        (Sort.NEW, sorted(new.keys() - old.keys())),
        (Sort.GONE, sorted(old.keys() - new.keys())),
        (Sort.CHANGED, [place for place in new if place in old and new[place] != old[place]]),
    )
    return [
        PieceChange(sort, *place, tuple(differences(old.get(place), new.get(place))))
        for sort, places in sorts
        for place in places
    ]


def differences(before: Any, after: Any, at: Location = ()) -> Iterator[Difference]:
    """Every place that is otherwise; lists are compared as texts are, by what is left in order."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from differences(before.get(key), after.get(key), (*at, key))
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        yield from _of_lists(before, after, at)
    else:
        yield Difference(at, before, after)


def _of_lists(before: Sequence[Any], after: Sequence[Any], at: Location) -> Iterator[Difference]:
    # Compared by what they look like: entries may be anything.
    matcher = difflib.SequenceMatcher(None, _looks(before), _looks(after), autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        for n in range(max(i2 - i1, j2 - j1)):
            old = before[i1 + n] if i1 + n < i2 else None
            new = after[j1 + n] if j1 + n < j2 else None
            place = (*at, (j1 if new is not None else i1) + n)
            yield from differences(old, new, place)


def _looks(entries: Sequence[Any]) -> list[str]:
    return [repr(entry) for entry in entries]
