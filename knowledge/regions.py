"""The regions whose documents we have, as a tree, and the names of the places we know of."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from knowledge.entries import Entry, Text
from knowledge.faults import Code, Fault, refused

DATA = Path(__file__).parent / "data"
_LONGEST_NAME = 64


class UnknownRegion(LookupError):
    """No region has this id."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.id = id


class DoubtfulRegions(ValueError):
    """The regions do not form a tree: an id stands twice, or a parent is missing or circular."""

    def __init__(self, ids: tuple[str, ...]) -> None:
        super().__init__(", ".join(ids))
        self.ids = ids


class Level(StrEnum):
    """What a region is on the map; a zone is a development area with an administration."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    DISTRICT = "district"
    ZONE = "zone"


class Wider(Entry):
    """A name for more than the region, of which the region is all we have; `note` says so."""

    name: Text
    note: Text


def _names_a_file(id: str) -> str:
    if len(id) > _LONGEST_NAME or not {"/", "\\"}.isdisjoint(id):
        raise refused(Fault(Code.NO_FILE_NAME, {"id": id}))
    return id


class Region(Entry):
    """One region; the comment at the top of regions.yaml explains the ways to name it."""

    id: Annotated[Text, AfterValidator(_names_a_file)]
    """Its measures stand in a file of this name."""
    label: Text
    level: Level
    parent: str | None = None
    city: str | None = None
    own: bool = True
    unnamed: bool = False
    zones: bool = False
    aliases: tuple[Text, ...] = ()
    generic: tuple[Text, ...] = ()
    spoken: tuple[Text, ...] = ()
    initials: tuple[Annotated[str, Field(pattern=r"^[a-z]{3,}$")], ...] = ()
    short: Annotated[str, Field(pattern=r"^.$")] | None = None
    wider: tuple[Wider, ...] = ()
    inside: tuple[Text, ...] = ()
    landmarks: tuple[Text, ...] = ()


class Use(StrEnum):
    """Where a name counts as the name of a place."""

    FREE = "free"
    AFTER_PLACE_WORD = "after_place_word"
    AFTER_PARENT = "after_parent"
    GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the map: `path` from the province down; `region` None where not covered.

    `inside` names the part of the region that has no region of its own.
    """

    name: str
    path: tuple[str, ...]
    region: str | None = None
    inside: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Name:
    """One way to write a place; `full` tells the official form from its stem."""

    words: str
    place: Place
    use: Use = Use.FREE
    full: bool = False


class Regions:
    """The tree of regions with every name of a place, covered or not."""

    def __init__(self, regions: Iterable[Region], not_covered: Iterable[Name] = ()) -> None:
        """Raise `DoubtfulRegions` where the parents do not make a tree."""
        listed = tuple(regions)
        self._by_id = {region.id: region for region in listed}
        if len(self._by_id) != len(listed):
            ids = [region.id for region in listed]
            raise DoubtfulRegions(tuple(sorted({id for id in ids if ids.count(id) > 1})))
        self._check_parents()
        self._ancestors = {id: self._climb(id) for id in self._by_id}
        own = tuple(self._own_names())
        covered = {name.place.path for name in own}
        self.names = (*own, *(name for name in not_covered if name.place.path not in covered))
        """Every way to write a place; what is covered comes first."""

    def __iter__(self) -> Iterator[Region]:
        return iter(self._by_id.values())

    def __contains__(self, id: object) -> bool:
        return id in self._by_id

    @property
    def covered(self) -> tuple[str, ...]:
        """The ids of the regions with measures of their own, in the order of the file."""
        return tuple(region.id for region in self if region.own)

    def get(self, id: str) -> Region:
        """Return the region or raise `UnknownRegion`."""
        try:
            return self._by_id[id]
        except KeyError:
            raise UnknownRegion(id) from None

    def parents(self, id: str) -> tuple[str, ...]:
        """Return the ids of the regions it lies in, the nearest first."""
        return self._ancestors[self.get(id).id]

    def children(self, id: str) -> tuple[str, ...]:
        """Return the ids of the regions directly under it."""
        known = self.get(id).id
        return tuple(region.id for region in self if region.parent == known)

    def descendants(self, id: str) -> tuple[str, ...]:
        """Return the ids of all regions under it, in the order of the file."""
        known = self.get(id).id
        return tuple(region.id for region in self if known in self._ancestors[region.id])

    def lies_in(self, id: str, other: str) -> bool:
        """Tell whether `id` is `other` or lies in it."""
        return self.get(id).id == self.get(other).id or other in self.parents(id)

    def within(self, id: str) -> tuple[str, ...]:
        """Return the ids whose measures apply in a place: its own, then those it lies in."""
        return (id, *(above for above in self.parents(id) if self.get(above).own))

    def covered_in(self, id: str) -> tuple[str, ...]:
        """Return the ids with measures of their own in a place, itself included."""
        return tuple(each for each in (id, *self.descendants(id)) if self.get(each).own)

    def near(self, place: Place) -> tuple[str, ...]:
        """Return the covered cities of the same province that a reply may mention."""
        province = self._by_id.get(place.path[0])
        return tuple(self.children(province.id)) if province and not province.own else ()

    def path(self, id: str) -> tuple[str, ...]:
        """Return the way to the region on the map, its prefecture included."""
        region = self.get(id)
        above = self.path(region.parent) if region.parent else ()
        return (*above, *((region.city,) if region.city else ()), region.id)

    def _check_parents(self) -> None:
        lost = [r.id for r in self if r.parent is not None and r.parent not in self._by_id]
        for region in self:
            seen, at = {region.id}, region.parent
            while at in self._by_id:
                if at in seen:
                    lost.append(region.id)
                    break
                seen.add(at)
                at = self._by_id[at].parent
        if lost:
            raise DoubtfulRegions(tuple(lost))

    def _climb(self, id: str) -> tuple[str, ...]:
        above, at = [], self._by_id[id].parent
        while at is not None:
            above.append(at)
            at = self._by_id[at].parent
        return tuple(above)

    def _own_names(self) -> Iterator[Name]:
        for region in self:
            path = self.path(region.id)
            place = Place(region.id, path, region.id)
            for words in dict.fromkeys((region.id, region.label, *region.aliases)):
                yield Name(words, place)
            for words in region.generic:
                yield Name(words, place, Use.GENERIC)
            for wider in region.wider:
                stem = wider.name.partition("|")[0]
                above = replace(place, name=stem, path=path[:-1], note=wider.note)
                yield from names_of(wider.name, above)
            for written in region.inside:
                yield from names_of(written, place, inside=True)


def read_places(lines: Iterable[str]) -> Iterator[Name]:
    """Read the lines of places_not_covered.tsv: province, city, the places in the city."""
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        province, city, inside = (*line.split("\t"), "", "")[:3]
        top = Place(_stem(province), (_stem(province),))
        if city == ".":
            yield from names_of(province, top)
            holder = top
        else:
            holder = Place(_stem(city), (*top.path, _stem(city)))
            yield from names_of(city, holder)
        for written in inside.split():
            full = "".join(c for c in written.partition("=")[0] if c not in "|?-!")
            yield from names_of(written, Place(full, (*holder.path, full)))


def names_of(written: str, place: Place, *, inside: bool = False) -> Iterator[Name]:
    """Yield the names that one entry of the notation stands for (see places_not_covered.tsv).

    With `inside` the entry is a part of `place` that has no region of its own.
    """
    entry, *aliases = written.split("=")
    only_there = entry.endswith("!")
    entry = entry.removesuffix("!")
    mark = next((c for c in "|?-" if c in entry), "")
    stem, _, suffix = entry.partition(mark) if mark else (entry, "", "")
    if inside:
        full = stem + suffix
        place = replace(place, path=(*place.path, full), inside=full)
    whole = Use.AFTER_PARENT if only_there else Use.FREE
    yield Name(stem + suffix, place, whole, full=True)
    if mark and suffix:
        yield Name(stem, place, _STEM_USE[mark])
    if "自治" in suffix:
        yield Name(stem + suffix[-1], place, Use.FREE, full=True)
    for alias in aliases:
        yield Name(alias, place)


_STEM_USE = {"|": Use.FREE, "?": Use.AFTER_PLACE_WORD, "-": Use.AFTER_PARENT}


def _stem(written: str) -> str:
    entry = written.partition("=")[0]
    mark = next((c for c in "|?-" if c in entry), "")
    return entry.partition(mark)[0] if mark else entry
