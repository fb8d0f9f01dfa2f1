"""How characters sound: a syllable without tone, and the group of syllables often confused."""

import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_READINGS = Path(__file__).parents[1] / "data" / "readings.txt"
# A sound code is a group times this, plus the syllable's place in the group.
PER_GROUP = 8
# Typed forms of ü, and whole words that are no syllables of Chinese by themselves.
_TYPED = {"lue": "lve", "nue": "nve"}
_NOT_TYPED = frozenset({"m", "n", "hm", "ng"})
_LONGEST_SYLLABLE = 6
_LONGEST_RUN = 240


class Readings(NamedTuple):
    """The loaded table: sound code by code point, codes by syllable, phrases that differ."""

    sound_of: NDArray[np.uint16]
    code_of: dict[str, int]
    phrases: dict[str, tuple[int, ...]]


def _confused_as(syllable: str) -> str:
    """One form for syllables that accents merge: zh/z, ch/c, sh/s, -ng/-n, n/l."""
    if syllable[:2] in ("zh", "ch", "sh"):
        syllable = syllable[0] + syllable[2:]
    if syllable[0] == "n" and len(syllable) > 1:
        syllable = "l" + syllable[1:]
    if syllable.endswith(("ang", "eng", "ing")):
        syllable = syllable[:-1]
    return syllable


@lru_cache(maxsize=1)
def readings() -> Readings:
    """Load the table once; 0 is the sound of what has none."""
    lines = [line.split() for line in _READINGS.read_text("utf-8").splitlines()]
    singles = [(syllable, chars) for syllable, chars in (ln for ln in lines if ln[0].isascii())]
    code_of: dict[str, int] = {}
    groups: dict[str, int] = {}
    in_group: Counter[int] = Counter()
    for syllable, _ in singles:
        group = groups.setdefault(_confused_as(syllable), (len(groups) + 2) * PER_GROUP)
        code_of[syllable] = group + in_group[group]
        in_group[group] += 1
    sound_of = np.zeros(0x10000, np.uint16)
    for syllable, chars in singles:
        sound_of[[ord(c) for c in chars]] = code_of[syllable]
    code_of |= {typed: code_of[syllable] for typed, syllable in _TYPED.items()}
    phrases = {
        line[0]: tuple(code_of[s] for s in line[1:])
        for line in lines
        if not line[0].isascii() and all(s in code_of for s in line[1:])
    }
    return Readings(sound_of, code_of, phrases)


@lru_cache(maxsize=65536)
def sounds(word: str) -> tuple[int, ...]:
    """Sound codes of a word of Chinese characters, one a character; 0 where unknown."""
    table = readings()
    found = table.phrases.get(word)
    if found is not None:
        return found
    codes: list[int] = []
    while len(codes) < len(word):
        at = len(codes)
        for length in (3, 2):
            inner = table.phrases.get(word[at : at + length])
            if inner is not None:
                codes.extend(inner)
                break
        else:
            point = ord(word[at])
            codes.append(int(table.sound_of[point]) if point < 0x10000 else 0)
    return tuple(codes)


@lru_cache(maxsize=4096)
def segmented(run: str) -> tuple[int, ...]:
    """Sound codes of a run of Latin letters read as pinyin, in the fewest syllables; else ()."""
    code_of = readings().code_of
    return tuple(code_of[syllable] for syllable in syllables(run))


@lru_cache(maxsize=4096)
def syllables(run: str) -> tuple[str, ...]:
    """A run of Latin letters read as pinyin, in the fewest syllables; () where it is none."""
    if len(run) > _LONGEST_RUN:
        return ()
    code_of = readings().code_of
    best: list[tuple[str, ...] | None] = [()] + [None] * len(run)
    for end in range(1, len(run) + 1):
        for length in range(1, min(_LONGEST_SYLLABLE, end) + 1):
            before = best[end - length]
            syllable = run[end - length : end]
            if before is None or syllable not in code_of or syllable in _NOT_TYPED:
                continue
            have = best[end]
            if have is None or len(before) + 1 < len(have):
                best[end] = (*before, syllable)
    return best[-1] or ()


_WORDS = re.compile("[a-z]+(?: [a-z]+){2,}")


def respaced(text: str) -> str:
    """Pinyin whose spaces cut syllables, spaced anew: `duo shaoq ian` -> `duo shao qian`."""
    return _WORDS.sub(_spaced_anew, text)


def _spaced_anew(match: re.Match[str]) -> str:
    if all(map(syllables, match[0].split())):
        return match[0]
    return " ".join(syllables(match[0].replace(" ", ""))) or match[0]
