"""Drafts over a release: what a set of changed pieces makes of it, and what stands against that.

A draft may be anything a person left half done: it is plain data until it is checked here.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from knowledge.checking import honesty_troubles
from knowledge.cleaning import CorrectionMissesText
from knowledge.consistency import IncompleteLibrary
from knowledge.faults import Code, Fault, Trouble, location_of, of_pydantic, unforeseen
from knowledge.files import dump_model
from knowledge.library import SHAPES, Edition, Library, uncleanable
from knowledge.unkept import unkept

Change = dict[str, Any] | None
"""The new content of a piece; None takes it out."""
Changes = Mapping[tuple[str, str], Change]
"""What is otherwise than in the release, by kind and key."""


def merged(editions: Iterable[Edition], changes: Changes) -> list[Edition]:
    """Put changes into a release; what is new stands behind the last piece of its kind."""
    found: list[Edition] = []
    left = {place: content for place, content in changes.items() if content is not None}
    by_kind: dict[str, list[Edition]] = {}
    for kind, key, content in editions:
        if (kind, key) not in changes:
            by_kind.setdefault(kind, []).append((kind, key, content))
        elif (kind, key) in left:
            by_kind.setdefault(kind, []).append((kind, key, left.pop((kind, key))))
        else:
            by_kind.setdefault(kind, [])
    for (kind, key), content in left.items():
        by_kind.setdefault(kind, []).append((kind, key, content))
    for pieces in by_kind.values():
        found += pieces
    return found


def shape_troubles(kind: str, key: str, content: Mapping[str, Any]) -> list[Trouble]:
    """What is wrong with one piece by itself."""
    if kind not in SHAPES:
        return [Trouble(kind, key, (), Fault(Code.NO_SUCH_KIND, {"kind": kind}))]
    try:
        read = SHAPES[kind].model_validate(content)
    except ValidationError as error:
        return [
            Trouble(kind, key, location_of(found), of_pydantic(found))
            for found in error.errors(include_url=False)
        ]
    except Exception as error:
        # Validators run what the piece holds, regular expressions for one: anything may come.
        return [Trouble(kind, key, (), unforeseen(error))]
    named = _name_of(kind, read)
    if named != key:
        fault = Fault(Code.NAMED_OTHERWISE, {"named": named, "key": key})
        return [Trouble(kind, key, ("id",), fault)]
    return []


def canonical(kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as a release stores it; raises Pydantic's `ValidationError`."""
    return dump_model(SHAPES[kind].model_validate(content))


def candidate(editions: Iterable[Edition], changes: Changes) -> list[Edition]:
    """The editions of a release with changes in it, as they are stored; raises as `canonical`."""
    made = {
        place: None if content is None else canonical(place[0], content)
        for place, content in changes.items()
    }
    return merged(editions, made)


def troubles(editions: Iterable[Edition], changes: Changes) -> tuple[list[Trouble], Library | None]:
    """Everything that stands against a release with changes; its library where it holds together.

    A library comes with the troubles that only the honesty checks find.
    """
    found = [
        trouble
        for (kind, key), content in changes.items()
        if content is not None
        for trouble in shape_troubles(kind, key, content)
    ]
    if found:
        return found, None
    try:
        library = Library(candidate(editions, changes))
        if found := list(uncleanable(library)):
            raise IncompleteLibrary(found)
    except IncompleteLibrary as error:
        return list(error.troubles), None
    except CorrectionMissesText as error:
        return [Trouble("", "", (), error.fault)], None
    except Exception as error:
        # Each piece is sound; whatever putting them together breaks on, the whole is refused.
        return [Trouble("", "", (), unforeseen(error))], None
    written = [key for (kind, key), content in changes.items() if kind == "document" and content]
    unseen = [trouble for key in written for trouble in _unconfirmed(library, key)]
    return [*honesty_troubles(library), *unseen], library


def _unconfirmed(library: Library, key: str) -> Iterator[Trouble]:
    """What cleaning changed in the figures of a document that is edited, and nobody has seen."""
    document = library.documents[key]
    for each in unkept(document.raw, document.cleaning.text):
        if each.words not in document.entry.confirmed:
            fault = Fault(Code.NOT_CONFIRMED, {"words": each.words, "context": each.context})
            yield Trouble("document", key, ("confirmed",), fault)


def _name_of(kind: str, read: Any) -> str:
    if kind == "document":
        return str(read.about.id)
    return str(getattr(read, "id", "all"))
