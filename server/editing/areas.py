"""For which places a piece of knowledge is: who edits it has to work for them."""

from collections.abc import Iterable, Mapping
from typing import Any

from knowledge.library import Library
from server.casework.officers import NotAllowed, Officer, Role


def places_of(
    kind: str, key: str, contents: Iterable[Mapping[str, Any] | None], library: Library
) -> frozenset[str]:
    """The regions a piece is for, as it was and as it becomes; empty: the whole country."""
    found: set[str] = set()
    for content in contents:
        if kind == "measure" and content is not None:
            found.add(str(content.get("region", "")))
        if kind == "region" and content is not None:
            found.add(str(content.get("id", "")))
    if kind == "checklist" and key in library.measures:
        found.add(library.measures[key].region)
    if kind == "document":
        found |= {m.region for m in library.measures.values() if m.document == key}
    return frozenset(found & {region.id for region in library.regions})


def require(officer: Officer, role: Role, places: Iterable[str], library: Library) -> None:
    """Raise `NotAllowed` unless the officer has the role, and works for every one of the places."""
    if role not in officer.roles:
        raise NotAllowed
    if not all(officer.covers(place, library.regions) for place in places):
        raise NotAllowed
