"""Where a text writes the name of a place, character by character."""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import rjieba

from knowledge.regions import Name, Place, Use


class How(StrEnum):
    """How a place was written, the surest first."""

    EXACT = "exact"
    LATIN = "latin"
    PINYIN = "pinyin"
    HOMOPHONE = "homophone"


@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch of the text that names one of `places`."""

    start: int
    end: int
    places: tuple[Place, ...]
    how: How = How.EXACT
    generic: bool = False


# Words in which a place name is no place.
_NOT_PLACES = re.compile(
    "石狮子|沙县小吃|兰州拉面|重庆火锅|桂林米粉|北京时间|广东技工|粤菜师傅|辽宁省?远程|"
    "辽宁省?普惠制|辽宁日报|河北新闻|裕华(?:东|西|中)?路|中山[东西南北]?路|北京[东西南北]?路|"
    "南京[东西]?路|大理石|阿里巴巴|阿里云|海南鸡饭|张家口岸|台湾通行证|香港通行证|大连锁|北京现代|上海大众"
)
_SUFFIXES = frozenset("市省县区州盟人籍镇")
_OFFICES = frozenset({"政府", "政协", "人大"})
_PLACE_WORD = re.compile("(?:在|到|去|来|回|从|往|离|返|是|我|俺|老家)$")
_THERE = re.compile("(?:那边|那里|那儿|这边|这里|这儿|当地)")
_AND_FIRST, _AND_LAST = re.compile("(?:那么?)? ?"), re.compile("呢[?。!]*")
"""Nothing else is said than 那南安呢."""
_NEW_YEAR = "过年"
_GAP = re.compile(r"(?:市|省|州)?的?\s?$")


class Tokens:
    """The words of a text, cut when first asked for."""

    def __init__(self, text: str, places: Container[str] = ()) -> None:
        self._text = text
        self._places = places
        self._spans: list[tuple[str, int, int]] | None = None

    def _over(self, start: int, end: int) -> Iterator[tuple[str, int, int]]:
        if self._spans is None:
            self._spans, at = [], 0
            for word in rjieba.cut(self._text):
                self._spans.append((word, at, at + len(word)))
                at += len(word)
        return (span for span in self._spans if span[1] < end and start < span[2])

    def cut_through(self, start: int, end: int) -> bool:
        """Tell whether an ordinary word crosses an edge of the stretch."""
        for word, begins, ends in self._over(start, end):
            if start <= begins and ends <= end:
                continue
            if self._text[begins:start] == "在":
                continue  # 我在于都
            if begins == start and self._goes_on(self._text[end:ends]):
                continue
            if ends == end and self._text[begins:start] in self._places:
                continue
            if start < begins and self._text[end:ends] in _OFFICES:
                continue  # 定州政府 is no 州政府
            if rjieba.has_word(word):
                return True
        return False

    def _goes_on(self, ending: str) -> bool:
        return ending in _SUFFIXES or ending in self._places

    def hold_word(self, start: int, end: int) -> bool:
        """Tell whether an ordinary word of two or more characters lies over the stretch."""
        return any(
            ends - begins > 1 and rjieba.has_word(word)
            for word, begins, ends in self._over(start, end)
        )


class Names:
    """Every name of a place by its words, ready to be looked up at a position of a text."""

    def __init__(self, names: Iterable[Name]) -> None:
        grouped: dict[str, list[Name]] = defaultdict(list)
        for name in names:
            grouped[name.words.lower()].append(name)
        self._by_words = {words: tuple(group) for words, group in grouped.items()}
        lengths: dict[str, set[int]] = defaultdict(set)
        for words in self._by_words:
            lengths[words[0]].add(len(words))
        self._lengths = {first: sorted(each, reverse=True) for first, each in lengths.items()}

    def __contains__(self, words: object) -> bool:
        return words in self._by_words

    def read(self, text: str, tokens: Tokens) -> list[Reading]:
        """Return the places written out, left to right, the longest name at each position."""
        found: list[Reading] = []
        taboo = [match.span() for match in _NOT_PLACES.finditer(text)]
        at = 0
        while at < len(text):
            reading = None
            if text[at] in self._lengths and not any(s <= at < e for s, e in taboo):
                reading = self._at(text, at, tokens, found[-1] if found else None)
            if reading:
                found.append(reading)
            at = reading.end if reading else at + 1
        return found

    def _at(self, text: str, at: int, tokens: Tokens, last: Reading | None) -> Reading | None:
        holders = last.places if last and _GAP.fullmatch(text[last.end : at]) else ()
        for length in self._lengths[text[at]]:
            names = self._by_words.get(text[at : at + length])
            if not names or at + length > len(text):
                continue
            usable = [name for name in names if _usable(name, text, at, holders)]
            if usable and _is_whole(text, at, at + length, tokens):
                places = tuple(dict.fromkeys(name.place for name in usable))
                generic = all(name.use is Use.GENERIC for name in usable)
                return Reading(at, at + length, places, generic=generic)
        return None


def _is_whole(text: str, at: int, end: int, tokens: Tokens) -> bool:
    """Tell whether a name stands there, and not only parts of words: 那天长呢, 南通过年."""
    alone = _AND_FIRST.fullmatch(text, 0, at) and _AND_LAST.fullmatch(text, end)
    return bool(alone) or text.startswith(_NEW_YEAR, end) or not tokens.cut_through(at, end)


def _usable(name: Name, text: str, at: int, holders: tuple[Place, ...]) -> bool:
    if name.use in (Use.FREE, Use.GENERIC):
        return True
    if any(lies_under(name.place, holder) for holder in holders):
        return True
    if name.use is not Use.AFTER_PLACE_WORD:
        return False
    after = at + len(name.words)
    if _PLACE_WORD.search(text, 0, at) or _THERE.match(text, after):
        return True
    return bool(_AND_FIRST.fullmatch(text, 0, at) and _AND_LAST.fullmatch(text, after))


def lies_under(place: Place, holder: Place) -> bool:
    """Tell whether the map has `place` below `holder`."""
    depth = len(holder.path)
    return len(place.path) > depth and place.path[:depth] == holder.path
