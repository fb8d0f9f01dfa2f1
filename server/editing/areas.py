"""For which places a piece of knowledge is: who edits it has to work for them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from knowledge.library import Library
from server.casework.officers import NotAllowed, Officer, Role

Content = Mapping[str, Any] | None
Beside = Callable[[str, str], Iterable[Content]]
"""What a piece is, or becomes, in what is changed with it: by kind and key."""


def places_of(
    kind: str, key: str, contents: Iterable[Content], library: Library, beside: Beside
) -> frozenset[str]:
    """The regions a piece is for, as it was and as it becomes; empty: the whole country.

    What is left half done may name none yet, and is no other's for that. A region that is not
    served yet is for where it is to lie, by its own piece or as `beside` has it; one of which
    nothing says where it lies takes who works for every region, and so does one that is taken out
    of where it lies.
    """
    said = [content for content in contents if content is not None]
    found: set[str] = set()
    if kind == "measure":
        found |= {str(content["region"]) for content in said if content.get("region")}
    if kind == "region":
        found |= {str(content["id"]) for content in said if content.get("id")}
        found |= _moved_to(said, library)
    if kind == "checklist" and key in library.measures:
        found.add(library.measures[key].region)
    if kind == "document":
        found |= {m.region for m in library.measures.values() if m.document == key}
    own = said if kind == "region" else ()
    return frozenset(inner for id in found for inner in _served(id, own, library, beside))


def require(officer: Officer, role: Role, places: Iterable[str], library: Library) -> None:
    """Raise `NotAllowed` unless the officer has the role, and works for every one of the places."""
    if role not in officer.roles:
        raise NotAllowed
    if not all(officer.covers(place, library.regions) for place in places):
        raise NotAllowed


def _moved_to(said: Iterable[Mapping[str, Any]], library: Library) -> set[str]:
    """Where served regions are put that lie elsewhere now; every one where they lie in none."""
    found: set[str] = set()
    for content in said:
        id, parent = str(content.get("id", "")), content.get("parent") or None
        if id in library.regions and parent != library.regions.get(id).parent:
            found |= {str(parent)} if parent else _everywhere(library)
    return found


def _everywhere(library: Library) -> set[str]:
    return {region.id for region in library.regions}


def _served(
    id: str, own: Iterable[Mapping[str, Any]], library: Library, beside: Beside
) -> set[str]:
    """The served regions that a region is, or is to lie in; every one where that is not told."""
    served: set[str] = set()
    seen: set[str] = set()
    left = {id}
    while left:
        at = left.pop()
        seen.add(at)
        if at in library.regions:
            served.add(at)
            continue
        told = [each for each in (*own, *beside("region", at)) if each and each.get("id") == at]
        parents = {str(each.get("parent") or "") for each in told}
        if not parents or "" in parents:
            return _everywhere(library)
        left |= parents - seen
    # Those that only lie in one another lie nowhere.
    return served or _everywhere(library)
