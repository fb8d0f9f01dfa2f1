"""Which places a question names: covered, not covered, or only where somebody comes from."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from bot.places.reading import How, Names, Reading, Tokens, lies_under
from bot.places.roles import Role, role_of, without
from bot.places.sounds import Homophones, Romanisations, by_sound
from bot.words.pinyin import segmented, sounds
from knowledge.regions import Place, Regions

__all__ = ["How", "Mention", "Places", "find_places"]

LONGEST = 600
"""Characters of a text that are searched; what comes after names no place."""
MOST = 12
"""Places of a text that are taken in; nobody asks about more."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A place as a text names it.

    `region` is the covered region (`""` where not covered), `name` what a reply may call the
    place. `inside` is a part of the region without a region of its own; where the region has
    parts with measures of their own, `no_own_measures` warns that theirs do not apply to it.
    `note` must be said along: the name stands for more than the region. `near`: covered cities
    of the same province. `choices`: the covered regions that an ambiguous name may lie in.
    `landmark`: what is named is a firm or a construction site of the region. `doubtful`: it may be
    no more than where somebody comes from.
    """

    name: str
    start: int
    end: int
    words: str
    region: str = ""
    inside: str | None = None
    how: How = How.EXACT
    note: str | None = None
    no_own_measures: bool = False
    near: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    landmark: bool = False
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """The places of a text, each kind in the order of the text.

    `unclear` are names that lie in a covered region as well as elsewhere (新华区): ask. `rest`
    is the text without its place words.
    """

    covered: tuple[Mention, ...] = ()
    uncovered: tuple[Mention, ...] = ()
    origins: tuple[Mention, ...] = ()
    unclear: tuple[Mention, ...] = ()
    rest: str = ""


@dataclass(frozen=True, slots=True)
class _Atlas:
    regions: Regions
    names: Names
    homophones: Homophones
    romanisations: Romanisations
    shorts: dict[str, Place]
    landmarks: dict[str, str]
    by_sound: dict[tuple[int, ...], tuple[Place, ...]]


@lru_cache(maxsize=4)
def _atlas(regions: Regions) -> _Atlas:
    names = Names(regions.names)
    shorts: dict[str, Place] = {}
    for region in regions:
        if region.short:
            place = Place(region.id, regions.path(region.id), region.id)
            note = region.wider[0].note if region.wider else None
            shorts[region.short] = replace(place, note=note)
    landmarks = {words: region.id for region in regions for words in region.landmarks}
    heard = Homophones(regions, names), Romanisations(regions)
    return _Atlas(regions, names, *heard, shorts, landmarks, by_sound(regions))


def find_places(
    text: str, regions: Regions, typed: str | None = None, here: str | None = None
) -> Places:
    """Find the places of a normalised text (lower case, Simplified characters).

    `typed` is what the text was made of, where that may have been pinyin: a name that does not
    stand in it was read by its sound, and may be any that sounds so. `here` is the place that the
    text is read in: of several districts of one name the one of its city is meant.
    """
    atlas = _atlas(regions)
    text_read = text[:LONGEST]
    found = _readings(text_read, atlas)
    if typed is not None:
        found = [_as_heard(reading, text, typed, atlas) for reading in found]
    readings = _joined(text_read, found, regions)
    if not readings:
        return _with_landmarks(Places(rest=text), text_read, typed, atlas)
    readings = readings[:MOST]
    city = regions.path(here)[:2] if here else ()
    settled = [_settled(reading, text, readings, city) for reading in readings]
    mentions = [_mention(reading, text, regions) for reading in settled]
    roles = [role_of(text, reading, settled) for reading in settled]
    rest = without(text, list(zip(settled, roles, strict=True)))
    places = _sorted_out(list(zip(mentions, roles, strict=True)), regions, text, rest)
    return _with_landmarks(places, text_read, typed, atlas)


def _readings(text: str, atlas: _Atlas) -> list[Reading]:
    tokens = Tokens(text, atlas.names)
    found = atlas.names.read(text, tokens)
    found += _in_short(text, atlas.shorts, found)
    found += atlas.romanisations.read(text) if not text.isupper() else ()
    found += atlas.homophones.read(text, tokens, found)
    kept: list[Reading] = []
    for reading in sorted(found, key=lambda r: (r.start, -r.end)):
        if not kept or reading.start >= kept[-1].end:
            kept.append(reading)
    return kept


def _as_heard(reading: Reading, text: str, typed: str, atlas: _Atlas) -> Reading:
    """All that may be meant where a name was read by its sound: longhua is 隆化, or 龙华 elsewhere.

    A region of its own stays what is meant: the reply says that it is.
    """
    words = text[reading.start : reading.end]
    if reading.how is How.PINYIN:
        codes = tuple(code for word in words.split() for code in segmented(word))
    elif words in typed:
        return reading
    else:
        codes = sounds(words)
    alike = atlas.by_sound.get(codes, ())
    if not alike or alike[0].region is None:
        alike = reading.places
    elif alike[0].inside is None and alike[0].note is None:
        alike = alike[:1]
    return replace(reading, places=alike, how=How.PINYIN)


_SHORT = re.compile(
    "(?:留|在|来|驻|抵)([^\\W\\d_a-z])(?=过年|过节|过春节|务工|打工|工作|上班|就业|探亲|人员|农民工|员工|职工"
    "|红包|补贴|企业|的?外地|消费券)|留([^\\W\\d_a-z])$"
)


def _in_short(text: str, shorts: dict[str, Place], taken: Iterable[Reading]) -> list[Reading]:
    busy = {at for reading in taken for at in range(reading.start, reading.end)}
    found = []
    for match in _SHORT.finditer(text):
        group = 1 if match.group(1) else 2
        place = shorts.get(match.group(group))
        staying = match.group().startswith("留") or match.group(group) != "石"
        if place and staying and match.start(group) not in busy:
            found.append(Reading(*match.span(group), (place,)))
    return found


# --- putting names together -------------------------------------------------------------------

_DOWN = re.compile(r"(?:市|省|州|区)?[的里]?[\s,，·/(\-]{0,2}(?:市|省)?")
_UP = re.compile(r"[\s,，(/\-]{1,2}")
_APART = re.compile("和|跟|与|、|比|还是|或|以及")
_ORDER = tuple(How)


_ZONE = re.compile(
    "(?:市)?(?:的)?(经济技术开发区|经济开发区|经开区|高新技术产业开发区|高新区|开发区|工业园区|工业园|产业园"
    "|化工园区|综合保税区|保税区|新区)"
)


def _joined(text: str, readings: Sequence[Reading], regions: Regions) -> list[Reading]:
    """Put a place and the city or province written next to it into one reading."""
    joined: list[Reading] = []
    for reading in readings:
        one = _as_one(text, joined[-1], reading) if joined else None
        if one:
            joined[-1] = one
        elif not joined or reading.start >= joined[-1].end:
            joined.append(reading)
    return _with_zones(text, joined, regions)


def _with_zones(text: str, readings: Sequence[Reading], regions: Regions) -> list[Reading]:
    """Add the development area that stands right after a city to the city."""
    found: list[Reading] = []
    for reading in readings:
        if found and reading.start < found[-1].end:
            continue
        after = next((r for r in readings if r.start >= reading.end), None)
        zone = _ZONE.match(text, reading.end)
        free = zone and (after is None or after.generic or after.start >= zone.end())
        found.append(_with_zone(reading, zone, regions) if zone and free else reading)
    return found


def _as_one(text: str, first: Reading, second: Reading) -> Reading | None:
    gap = text[first.end : second.start]
    if second.start < first.end:
        return None
    how = max(first.how, second.how, key=_ORDER.index)
    if _DOWN.fullmatch(gap):
        close = not re.search(r"[\s,，]", gap)
        below = [p for p in second.places if any(lies_under(p, h) for h in first.places)]
        if below and (close or role_of(text, first, (first, second)) is Role.PLACE):
            return Reading(first.start, second.end, tuple(below), how)
    if _UP.fullmatch(gap):
        below = [p for p in first.places if any(lies_under(p, h) for h in second.places)]
        if below:
            closing = "(" in gap and text[second.end : second.end + 1] == ")"
            return Reading(first.start, second.end + closing, tuple(below), how)
    return None


def _with_zone(reading: Reading, zone: re.Match[str], regions: Regions) -> Reading:
    place = reading.places[0]
    if reading.generic:
        return reading
    if place.region:
        if place.inside or not regions.get(place.region).zones:
            return reading
        place = replace(place, path=(*place.path, zone[1]), inside=zone[1])
    return replace(reading, end=zone.end(), places=(place,))


def _settled(
    reading: Reading, text: str, readings: Sequence[Reading], city: Sequence[str]
) -> Reading:
    """Choose among the places of one name by what else the text names, or the city one is in."""
    if len(reading.places) == 1 and not reading.generic:
        return reading
    around = [
        place
        for other in readings
        if other is not reading and not other.generic and not _set_apart(other, reading, text)
        for place in other.places[:1]
        if role_of(text, other, readings) is Role.PLACE
    ]
    there = [p for p in reading.places if any(lies_under(p, holder) for holder in around)]
    if reading.generic:
        cities = [place for place in around if place.path[:2] != reading.places[0].path[:2]]
        if not there and cities:
            holder = cities[-1]
            words = text[reading.start : reading.end]
            inside = words if holder.region else None
            there = [replace(holder, inside=holder.inside or inside)]
    if not there and len(city) > 1 and not reading.generic:
        there = [p for p in reading.places if p.region and p.path[:2] == tuple(city)]
    if not there:
        widest = min(reading.places, key=lambda place: len(place.path))
        depth = len(widest.path) if widest.name[-1] not in "区县" else None
        there = [place for place in reading.places if depth in (None, len(place.path))]
    if not any(place.region for place in there):
        words = text[reading.start : reading.end]
        there = there[:1] if len({p.path[:1] for p in there}) == 1 else [Place(words, (words,))]
    return replace(reading, places=tuple(there))


def _with_landmarks(places: Places, text: str, typed: str | None, atlas: _Atlas) -> Places:
    """Add the regions of the firms and works that the text names: 蒙牛 stands for 张家口.

    A place that is named wins over them, unless it holds them or is compared with them; so does one
    that sounds the same as what was `typed`. Their words stay in `rest`: they tell one measure of
    the place from another.
    """
    tokens = Tokens(text, atlas.names)
    named: list[Mention] = []
    for words, region in atlas.landmarks.items():
        start, end = text.find(words), text.find(words) + len(words)
        if start < 0 or tokens.cut_through(start, end):
            continue
        if typed is not None and words not in typed and sounds(words) in atlas.by_sound:
            continue  # yiling is 以岭, or 夷陵
        label = atlas.regions.get(region).label
        landmark = Mention(label, start, end, words, region, landmark=True)
        others = (*places.covered, *places.uncovered, *places.unclear)
        if all(_goes_with(landmark, other, text, atlas.regions) for other in others):
            named.append(landmark)
    if not named:
        return places
    covered = sorted((*places.covered, *named), key=lambda mention: mention.start)
    return replace(places, covered=tuple(_most_exact(covered, atlas.regions, text)))


def _goes_with(landmark: Mention, other: Mention, text: str, regions: Regions) -> bool:
    if other.region and regions.lies_in(landmark.region, other.region):
        return True
    between = text[min(landmark.end, other.end) : max(landmark.start, other.start)]
    return bool(_APART.search(between))


def _set_apart(other: Reading, reading: Reading, text: str) -> bool:
    """Tell whether a generic name is compared with another place: 衡水跟化工园区."""
    between = text[other.end : reading.start]
    return reading.generic and bool(_APART.search(between))


def _mention(reading: Reading, text: str, regions: Regions) -> Mention:
    place = reading.places[0]
    words = text[reading.start : reading.end]
    choices = tuple(dict.fromkeys(p.region for p in reading.places if p.region))
    mention = Mention(place.name, reading.start, reading.end, words, how=reading.how)
    if len(reading.places) > 1 and choices:
        return replace(mention, name=words, choices=choices)
    if place.region is None:
        return replace(mention, name=_spoken_of(place), near=regions.near(place))
    parts = any(regions.get(child).own for child in regions.children(place.region))
    return replace(
        mention,
        name=place.name if place.note else regions.get(place.region).label,
        region=place.region,
        inside=place.inside,
        note=place.note,
        no_own_measures=parts and place.inside is not None,
    )


def _spoken_of(place: Place) -> str:
    """Return a name that stands alone: districts of the same name are many."""
    holder = place.path[-2] if len(place.path) > 1 else ""
    return f"{holder}{place.name}" if place.name.endswith("区") else place.name


def _most_exact(mentions: Sequence[Mention], regions: Regions, text: str) -> list[Mention]:
    """Drop what another mention says again or more exactly, unless the two are compared."""
    kept: list[Mention] = []
    for mention in mentions:
        if not any(_says_more(other, mention, regions, text) for other in (*mentions, *kept)):
            same = [k for k in kept if (k.region, k.inside) == (mention.region, mention.inside)]
            if not same:
                kept.append(mention)
    return kept


def _says_more(other: Mention, mention: Mention, regions: Regions, text: str) -> bool:
    if other is mention:
        return False
    if other.region == mention.region:
        finer = other.inside is not None and mention.inside is None
        return finer or (mention.note is not None and other.note is None)
    between = text[min(other.end, mention.end) : max(other.start, mention.start)]
    return regions.lies_in(other.region, mention.region) and not _APART.search(between)


def _sorted_out(
    found: Sequence[tuple[Mention, Role]], regions: Regions, text: str, rest: str
) -> Places:
    """Deal the mentions out; a covered place of doubtful origin counts where it is the only one."""
    meant = [mention for mention, role in found if role is Role.PLACE]
    origins = [mention for mention, role in found if role is not Role.PLACE]
    if not meant:
        doubtful = [
            mention
            for mention, role in found
            if role is Role.PERHAPS_ORIGIN and mention.region and regions.get(mention.region).own
        ]
        origins = [mention for mention in origins if mention not in doubtful[:1]]
        meant = [replace(mention, doubtful=True) for mention in doubtful[:1]]
    covered = _most_exact([m for m in meant if m.region], regions, text)
    return Places(
        covered=tuple(covered),
        uncovered=tuple(m for m in meant if not m.region and not m.choices),
        origins=tuple(origins),
        unclear=tuple(m for m in meant if m.choices),
        rest=rest,
    )
