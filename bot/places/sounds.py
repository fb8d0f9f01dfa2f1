"""Where a text writes a place by its sound: in characters that sound alike, or in pinyin."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.places.reading import How, Names, Reading, Tokens
from bot.words.pinyin import PER_GROUP, readings, segmented, sounds
from knowledge.regions import Level, Place, Regions, Use

_LOCATIVE = re.compile("(?:在|到|来|去|住|留)$")
_THERE = re.compile("(?:这边|那边|这里|那里|这儿|那儿)")
# Characters of everyday speech: with one of them a stretch is a place only after 在, 到, 来 …
_EVERYDAY = frozenset("的了是得不有在我你他她它没就都也要能会给多少到和跟很事市时试周金今")
_GUARDED = frozenset({"裕华"})


class Homophones:
    """The covered regions by their sound, and the forms known to be misheard."""

    def __init__(self, regions: Regions, known: Names) -> None:
        self._known = known
        self._spoken: dict[str, Place] = {}
        self._by_sound: dict[tuple[int, ...], tuple[str, Place]] = {}
        for region in regions:
            place = Place(region.id, regions.path(region.id), region.id)
            ending = region.label[-2:] if region.level is Level.ZONE else region.label[-1:]
            for words in region.spoken:
                self._spoken[words] = self._spoken[words.removesuffix(ending) + ending] = place
            if region.own and not region.unnamed:
                for words in (region.id, *region.aliases):
                    if len(words) in (2, 3):
                        self._by_sound.setdefault(_loose(words), (words, place))
        self._firsts = {sound[0] for sound in self._by_sound}
        self._spoken_firsts = {words[0] for words in self._spoken}
        self._spoken_lengths = sorted({len(words) for words in self._spoken}, reverse=True)

    def read(self, text: str, tokens: Tokens, taken: Sequence[Reading]) -> Iterator[Reading]:
        """Yield the places written by their sound outside what is `taken`."""
        busy = bytearray(len(text))
        for reading in taken:
            busy[reading.start : reading.end] = b"\x01" * (reading.end - reading.start)
        loose = _loose(text)
        at = 0
        while at < len(text):
            heard = None if busy[at] else self._at(text, loose, at, tokens)
            if heard and not any(busy[heard.start : heard.end]):
                yield heard
                at = heard.end
            else:
                at += 1

    def _at(self, text: str, loose: tuple[int, ...], at: int, tokens: Tokens) -> Reading | None:
        if text[at] in self._spoken_firsts:
            for length in self._spoken_lengths:
                place = self._spoken.get(text[at : at + length])
                if place and (length > 2 or not tokens.cut_through(at, at + length)):
                    return Reading(at, at + length, (place,), How.HOMOPHONE)
        if loose[at] not in self._firsts:
            return None
        for length in (3, 2):
            meant = self._by_sound.get(loose[at : at + length])
            words = text[at : at + length]
            if meant and self._may_mean(words, meant[0], text, at, tokens):
                return Reading(at, at + len(words), (meant[1],), How.HOMOPHONE)
        return None

    def _may_mean(self, words: str, name: str, text: str, at: int, tokens: Tokens) -> bool:
        if words == name or words in self._known:
            return False
        same = [a == b for a, b in zip(words, name, strict=True)]
        exact = _exact(words) == _exact(name)
        there = _THERE.match(text, at + len(words))
        after_locative = bool(_LOCATIVE.search(text, 0, at) or there)
        everyday = any(c in _EVERYDAY for c, s in zip(words, same, strict=True) if not s)
        if not any(same) and not (exact and (after_locative or len(words) > 2)):
            return False
        if (everyday or name in _GUARDED) and not (exact and any(same) and after_locative):
            return False
        return not tokens.hold_word(at, at + len(words))


def _exact(words: str) -> tuple[int, ...]:
    return tuple(sounds(char)[0] for char in words)


def _loose(words: str) -> tuple[int, ...]:
    return tuple(sounds(char)[0] // PER_GROUP for char in words)


# --- Latin letters ----------------------------------------------------------------------------

_RUN = re.compile(r"[a-z]+(?:[' ]+[a-z]+)*")
_WORD = re.compile("[a-z]+")
_AFTER = frozenset(
    ("zai", "dao", "lai", "qu", "hui", "cong", "zhu", "liu", "li", "in", "to", "at", "from")
)
# shi shi is also 试试, 事实, 实施; cheng de is also 成的; xin ji 心急; fu jian 附件; tai yuan 太远.
_DOUBTFUL = frozenset({"shishi", "chengde", "xinji", "yuhua", "dingzhou", "taiyuan"})
_NOT_AFTER_DOUBTFUL = frozenset(
    re.findall("[a-z]+", "ye kan ba jian hou qing ji xing me yi wu zhe ge le")
)
# Cities whose syllables, written apart, are just as well everyday words.
_EVERYDAY_SYLLABLES = frozenset(
    re.findall(
        "[a-z]+",
        """
        fujian dalian jinan jiyuan yichang yingtan xining zigong anshun ankang changde
        jining yichun hechi heze lishui baoshan daqing jixi xinyang xinyu xinxiang weihai xuchang
        zhongwei wuzhong wuwei qingyuan qingyang baise jieyang anyang puyang jian xian luan hainan
        """,
    )
)
_OTHER_NAMES = {
    "hong kong": "香港", "hongkong": "香港", "macau": "澳门", "macao": "澳门", "tibet": "西藏",
    "inner mongolia": "内蒙古", "canton": "广州", "taipei": "台北",
}  # fmt: skip
_LONGEST_NAME = 8


@dataclass(frozen=True, slots=True)
class _Syllable:
    code: int
    start: int
    end: int
    first: bool
    last: bool


@dataclass(frozen=True, slots=True)
class _Romanised:
    places: tuple[Place, ...]
    joined: str
    size: int
    covered: bool
    city: bool


def by_sound(regions: Regions) -> dict[tuple[int, ...], tuple[Place, ...]]:
    """The places that a name may mean that is only heard, by its sound; what is covered first."""
    found: dict[tuple[int, ...], list[Place]] = {}
    for name in regions.names:
        codes = sounds(name.words)
        if name.use is not Use.GENERIC and codes and 0 not in codes:
            alike = found.setdefault(codes, [])
            if name.place not in alike:
                alike.append(name.place)
    return {codes: tuple(alike) for codes, alike in found.items()}


class Romanisations:
    """Every place by its pinyin, and the covered ones by their initials too."""

    def __init__(self, regions: Regions) -> None:
        self._by_codes: dict[tuple[int, ...], _Romanised] = {}
        self._by_word: dict[str, tuple[int, ...]] = {}
        self._initials: dict[str, Place] = {}
        self._others: dict[str, Place] = {}
        spelled = {code: syllable for syllable, code in reversed(readings().code_of.items())}
        for name in sorted(
            regions.names, key=lambda n: (n.place.region is None, len(n.place.path))
        ):
            if name.words in _OTHER_NAMES.values():
                for other in (key for key, zh in _OTHER_NAMES.items() if zh == name.words):
                    self._others.setdefault(other, name.place)
            codes = sounds(name.words)
            if name.use is not Use.FREE or not 2 <= len(codes) <= _LONGEST_NAME or 0 in codes:
                continue
            if codes in self._by_codes:
                continue
            joined = "".join(spelled[code] for code in codes)
            city = len(name.place.path) < 3
            covered = name.place.region is not None
            self._by_codes[codes] = _Romanised((name.place,), joined, len(codes), covered, city)
            if len(joined) > 4:
                self._by_word.setdefault(joined, codes)
        for region in regions:
            place = Place(region.id, regions.path(region.id), region.id)
            self._initials |= dict.fromkeys(region.initials, place)
        self._other = re.compile(rf"(?<![a-z])(?:{'|'.join(self._others) or '(?!)'})(?![a-z])")

    def read(self, text: str) -> Iterator[Reading]:
        """Yield the places written in Latin letters, left to right."""
        for run in _RUN.finditer(text):
            for match in self._other.finditer(text, run.start(), run.end()):
                yield Reading(*match.span(), (self._others[match.group()],), How.LATIN)
            yield from self._in_run(text, run.start(), run.end())

    def _in_run(self, text: str, start: int, end: int) -> Iterator[Reading]:
        stretch: list[_Syllable] = []
        for word in _WORD.finditer(text, start, end):
            if word.group() in self._initials:
                yield Reading(*word.span(), (self._initials[word.group()],), How.LATIN)
            codes = self._by_word.get(word.group()) or segmented(word.group())
            if codes:
                stretch.extend(_syllables(codes, word.group(), word.start()))
            else:
                yield from self._in_stretch(text, stretch)
                stretch = []
        yield from self._in_stretch(text, stretch)

    def _in_stretch(self, text: str, stretch: list[_Syllable]) -> Iterator[Reading]:
        codes = tuple(syllable.code for syllable in stretch)
        at = 0
        while at < len(stretch):
            for length in range(min(_LONGEST_NAME, len(stretch) - at), 1, -1):
                known = self._by_codes.get(codes[at : at + length])
                if known and _means_place(text, stretch, at, known):
                    last = stretch[at + length - 1]
                    yield Reading(stretch[at].start, last.end, known.places, How.PINYIN)
                    at += length
                    break
            else:
                at += 1


def _syllables(codes: tuple[int, ...], word: str, start: int) -> Iterator[_Syllable]:
    """Lay the codes over the letters of their word, from the left."""
    code_of = readings().code_of
    at = 0
    ways: list[tuple[int, ...]] = [()]
    for index, code in enumerate(codes):
        left = len(codes) - index - 1
        longer = []
        for way in ways:
            begin = way[-1] if way else 0
            for length in range(1, 7):
                if code_of.get(word[begin : begin + length]) == code and (
                    left or begin + length == len(word)
                ):
                    longer.append((*way, begin + length))
        ways = longer[:4]
    for index, (code, stop) in enumerate(zip(codes, ways[0] if ways else (), strict=False)):
        yield _Syllable(code, start + at, start + stop, index == 0, index == len(codes) - 1)
        at = stop


def _means_place(text: str, stretch: list[_Syllable], at: int, known: _Romanised) -> bool:
    end = at + known.size
    whole = stretch[at].first and stretch[end - 1].last
    in_one_word = whole and not any(s.first for s in stretch[at + 1 : end])
    before = text[stretch[at - 1].start : stretch[at - 1].end] if at else ""
    if not at:
        outside = text[: stretch[0].start].rstrip()
        word = re.search(r"[a-z]+$", outside)
        before = word.group() if word else ""
        if _LOCATIVE.search(outside):
            before = "zai"
    last = text[stretch[end - 1].start : stretch[end - 1].end]
    after = text[stretch[end].start : stretch[end].end] if end < len(stretch) else ""
    located = before in _AFTER
    if known.joined == "fujian" and not (located or in_one_word):
        return False
    if known.joined in _DOUBTFUL:
        if after in _NOT_AFTER_DOUBTFUL:
            return False
        return located or at == 0 or (in_one_word and before not in {"xiang", "yao", "gong"})
    if known.size > 2 and last == "shi" and after == "ye":
        return False  # jinzhou shiye is 锦州失业, not 锦州市 with something behind it
    if known.size > 2 or (known.covered and whole):
        return True
    if known.city and (in_one_word or (at == 0 and known.joined not in _EVERYDAY_SYLLABLES)):
        return True
    return located or (whole and at == 0 and end == len(stretch))
