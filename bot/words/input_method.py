"""Pinyin read as the characters it was typed for, as an input method reads it.

Of all ways to write a run of syllables in words the likeliest is taken, by a bigram model of words
(Jurafsky and Martin, Speech and Language Processing, ch. 3) in the language of the library alone:
what is asked here, and how. What sounds like none of it, English above all, stays as it is.

All of it is kept in arrays: forked processes share those, while looking at objects copies them.
"""

import math
import re
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from bot.words.normalising import normalise
from bot.words.pinyin import PER_GROUP, readings, sounds, syllables
from bot.words.wording import words

_CHINESE = re.compile("[\u3400-\u9fff]+")
_WORD = re.compile("[a-z]+")
_RUN = re.compile("[a-z](?: *[a-z0-9])*")
_NUMBER = re.compile("[0-9]+")
_LONGEST_SYLLABLE = 6
_LONGEST_WORD = 6
_SHORTEST_RUN, _LONGEST_RUN = 3, 400
"""Letters; a shorter or longer run stays as it is."""
_SAME_SOUND = 12
"""Words of one sound that are weighed, the most frequent first."""
_GOES_ON = 8
"""Ways to write all before a syllable that are followed further, the likeliest first."""
_FOLLOWS = 0.6
"""What the word before has to say of the next; the rest is how frequent that is anyway."""
_IN_WORDS_ONLY = 0.05
"""How often a character counts as seen that stands in longer words only."""
_ACCENT = math.log(0.03)
"""The score of a syllable that is typed as an accent merges it: si for shi, lan for nan."""
_UNREAD = -14.0
"""The score of a syllable that stays as it is."""
_UNLIKELY = -6.0
"""The score for each syllable, on the average, below which a run is no Chinese."""
_PINYIN_AT_LEAST = 0.8
"""The share of the Latin words of a text that are pinyin, where it is typed in pinyin."""
_EDGE = ""
"""The word before the first and after the last."""
_UNKNOWN = -1
"""The number of what is no word: nothing is known of what follows it."""
_AT_AN_END = 0.05
"""The chance that a run ends after a word that was never seen at an end."""
_UNDER_A_BRIDGE = re.compile("[里下底睡住躺蹲待呆上边]|过夜|过(?:了)?[一两几0-9]")
"""What is said of a spot to sleep at, and of no part of a town."""
_WITHOUT_DOTS = {"lu": "lv", "nu": "nv"}

Codes = tuple[int, ...]


class _Way(NamedTuple):
    """The likeliest way to write all up to a letter."""

    score: float
    """The logarithm of its chance."""
    syllables: int
    text: str
    """What was written last."""
    word: int
    """Its number, `_UNKNOWN` for what is no word."""
    before: "_Way | None"


class _Words:
    """Words by how they sound where accents merge, and how often one follows another.

    A tree of sounds, one step for each syllable: the children of a node stand side by side, and so
    do the words that end there, the most frequent first.
    """

    def __init__(
        self,
        chances: Mapping[str, float],
        follows: Mapping[str, Mapping[str, float]],
        places: Collection[str],
    ) -> None:
        ending = _by_sound(chances)
        below: dict[Codes, set[int]] = defaultdict(set)
        for sound in ending:
            for length in range(len(sound)):
                below[sound[:length]].add(sound[length])
        nodes: list[Codes] = [()]
        self._first = array("I")
        """Of each node, where its children begin; a child is the node of the next number."""
        self._sound = array("H")
        """How each child sounds."""
        self._ends = array("I")
        """Of each node, where the words that end there begin."""
        texts: list[str] = []
        for node in nodes:
            self._first.append(len(self._sound))
            self._ends.append(len(texts))
            texts += ending.get(node, ())
            children = sorted(below.get(node, ()))
            self._sound.extend(children)
            nodes += [(*node, child) for child in children]
        self._first.append(len(self._sound))
        self._ends.append(len(texts))
        self._letters = "".join(texts)
        self._typed = array("H", [code for text in texts for code in sounds(text)])
        """The exact sound of each letter."""
        self._begin = array("I", [0])
        for text in texts:
            self._begin.append(self._begin[-1] + len(text))
        self._chance = array("d", [chances[text] for text in texts])
        self._names_a_place = bytearray(text in places for text in texts)
        self.edge = len(texts)
        self._set_followers({text: n for n, text in enumerate((*texts, _EDGE))}, follows, places)

    def _set_followers(
        self,
        numbers: Mapping[str, int],
        follows: Mapping[str, Mapping[str, float]],
        places: Iterable[str],
    ) -> None:
        self._from = array("I", [0]) * len(numbers)
        self._to = array("I", [0]) * len(numbers)
        self._next = array("I")
        self._next_chance = array("d")
        for text, number in numbers.items():
            after = sorted(
                (numbers[w], c) for w, c in follows.get(text, {}).items() if w in numbers
            )
            self._from[number] = len(self._next)
            self._next.extend(number for number, _ in after)
            self._next_chance.extend(chance for _, chance in after)
            self._to[number] = len(self._next)
        for name in places:
            # What is asked behind the name of a place is what is asked without it.
            if (number := numbers.get(name, self.edge)) != self.edge:
                self._from[number], self._to[number] = self._from[self.edge], self._to[self.edge]

    def child(self, node: int, sound: int) -> int:
        """The node that one more syllable leads to, 0 for none."""
        end = self._first[node + 1]
        at = bisect_left(self._sound, sound, self._first[node], end)
        return at + 1 if at < end and self._sound[at] == sound else 0

    def ending(self, node: int, typed: Codes) -> Iterator[tuple[int, int]]:
        """The words that end at a node, each with how many of its syllables an accent merges.

        The name of a place has to be typed as it sounds: changzhou is 常州, never 沧州.
        """
        for word in range(self._ends[node], self._ends[node + 1]):
            heard = self._typed[self._begin[word] : self._begin[word + 1]]
            accents = sum(a != b for a, b in zip(typed, heard, strict=True))
            if not (accents and self._names_a_place[word]):
                yield word, accents

    def text(self, word: int) -> str:
        """The word of a number."""
        return self._letters[self._begin[word] : self._begin[word + 1]]

    def anyway(self, word: int) -> float:
        """The chance of a word, whatever stands before it."""
        return self._chance[word]

    def following(self, before: int, word: int) -> float:
        """The chance of a word behind another, 0 where it was never seen there."""
        if before == _UNKNOWN:
            return 0.0
        end = self._to[before]
        at = bisect_left(self._next, word, self._from[before], end)
        return self._next_chance[at] if at < end and self._next[at] == word else 0.0


def _chances(weights: Mapping[str, float]) -> dict[str, float]:
    """The weights as parts of their sum."""
    total = sum(weights.values())
    return {word: weight / total for word, weight in weights.items()}


class InputMethod:
    """What pinyin stands for; made once from texts of the language, then only read."""

    def __init__(
        self,
        texts: Iterable[str],
        places: Mapping[str, float],
        parts: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """`places`: names that may stand anywhere, with how often each counts as seen; `parts`:
        those of the parts of a place, by its name, which stand right behind it."""
        self._parts = parts or {}
        seen: Counter[str] = Counter()
        follows: dict[str, Counter[str]] = defaultdict(Counter)
        for text in texts:
            for stretch in _CHINESE.findall(normalise(text)):
                said = words(stretch)
                seen.update(said)
                for before, word in pairwise([_EDGE, *said, _EDGE]):
                    follows[before][word] += 1
        weights: dict[str, float] = dict.fromkeys((c for w in seen for c in w), _IN_WORDS_ONLY)
        weights |= seen
        for name, weight in places.items():
            weights[name] = weights.get(name, 0.0) + weight
        self._words = _Words(
            _chances(weights),
            {before: _chances(after) for before, after in follows.items()},
            places,
        )

    def read(self, text: str) -> str:
        """A normalised text with its pinyin in characters; one that has none stays the same."""
        latin = _WORD.findall(text)
        if not latin or sum(map(bool, map(syllables, latin))) < _PINYIN_AT_LEAST * len(latin):
            return text
        return _RUN.sub(lambda run: self._written(run[0]), text)

    def _written(self, run: str) -> str:
        """A run of Latin words in characters, or as it is."""
        if not _SHORTEST_RUN <= len(run) <= _LONGEST_RUN:
            return run
        best = self._likeliest(run)
        return run if best.score < _UNLIKELY * best.syllables else self._with_parts(_spelled(best))

    def _with_parts(self, text: str) -> str:
        """A text with what stands right behind a place read as the part of it that it sounds like.

        张家口qiaodong is 桥东; who sleeps there, or says 里, 下, means 桥洞.
        """
        for name, parts in self._parts.items():
            at = text.find(name)
            end = at + len(name)
            for part in parts if at >= 0 else ():
                heard = text[end : end + len(part)]
                if sounds(heard) == sounds(part) and not _UNDER_A_BRIDGE.match(
                    text, end + len(part)
                ):
                    text = text[:end] + part + text[end + len(part) :]
        return text

    def _likeliest(self, run: str) -> _Way:
        edge = self._words.edge
        ways: list[list[_Way]] = [[] for _ in range(len(run) + 1)]
        ways[0] = [_Way(0.0, 0, "", edge, None)]
        for at, letter in enumerate(run):
            here = sorted(ways[at], key=lambda way: -way.score)[:_GOES_ON]
            if not here:
                continue
            if letter == " ":
                ways[at + 1] += here
            elif number := _NUMBER.match(run, at):
                # Behind a number as at the beginning: the texts are read in stretches without any.
                ways[number.end()] += [
                    _Way(way.score, way.syllables, number[0], edge, way) for way in here
                ]
            else:
                unread = _first_syllable(run, at)
                score = here[0].score + _UNREAD
                ways[at + len(unread)].append(
                    _Way(score, here[0].syllables + 1, f" {unread} ", _UNKNOWN, here[0])
                )
                for end, node, typed in self._sounding(run, at, 0, ()):
                    ways[end] += [
                        self._going_on(here, word, len(typed), accents)
                        for word, accents in self._words.ending(node, typed)
                    ]
        return max(map(self._ended, ways[-1]), key=lambda way: way.score)

    def _sounding(
        self, run: str, at: int, node: int, typed: Codes
    ) -> Iterator[tuple[int, int, Codes]]:
        """Where words may end that begin at a letter, with their node and the sounds typed."""
        while run[at : at + 1] == " ":
            at += 1
        code_of = readings().code_of
        for end in range(at + 1, min(at + _LONGEST_SYLLABLE, len(run)) + 1):
            syllable = run[at:end]
            for meant in {syllable, _WITHOUT_DOTS.get(syllable, syllable)}:
                code = code_of.get(meant, 0)
                if child := self._words.child(node, code // PER_GROUP):
                    yield end, child, (*typed, code)
                    yield from self._sounding(run, end, child, (*typed, code))

    def _going_on(self, ways: Sequence[_Way], word: int, syllables: int, accents: int) -> _Way:
        """The likeliest way to go on with a word."""
        anyway = (1 - _FOLLOWS) * self._words.anyway(word)
        scored = [(way.score + self._score(way.word, word, anyway), way) for way in ways]
        score, best = max(scored, key=lambda each: each[0])
        score += accents * _ACCENT
        return _Way(score, best.syllables + syllables, self._words.text(word), word, best)

    def _ended(self, way: _Way) -> _Way:
        return way._replace(score=way.score + self._score(way.word, self._words.edge, _AT_AN_END))

    def _score(self, before: int, word: int, anyway: float) -> float:
        return math.log(_FOLLOWS * self._words.following(before, word) + anyway)


def _by_sound(chances: Mapping[str, float]) -> dict[Codes, list[str]]:
    """Words by how they sound where accents merge, the most frequent first."""
    found: dict[Codes, list[str]] = defaultdict(list)
    for word in sorted(chances, key=lambda word: -chances[word]):
        codes = sounds(word)
        if len(word) <= _LONGEST_WORD and codes and all(codes):
            alike = found[tuple(code // PER_GROUP for code in codes)]
            if len(alike) < _SAME_SOUND:
                alike.append(word)
    return found


def _first_syllable(run: str, at: int) -> str:
    """The letters from a place on that make the first syllable of a word; all where none does."""
    word = _WORD.match(run, at)
    assert word is not None
    return (*syllables(word[0]), word[0])[0]


def _spelled(way: _Way | None) -> str:
    written: list[str] = []
    while way is not None:
        written.append(way.text)
        way = way.before
    return "".join(reversed(written)).strip()
