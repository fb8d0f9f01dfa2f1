"""Which entries hold a character, a pair of neighbours, or a pair that sounds like it."""

from math import log1p
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.words.pinyin import PER_GROUP
from bot.words.pinyin import sounds as sounds_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

# Ends every entry in the row of all places, and equals no character.
END = 0xFFFFFFFF
_SHIFT = np.uint64(32)
_SOUND_PAIR = 0xFFFF << 48
_NO_GROUP = 0
_BLOCK = 16
# So few entries are looked through one by one.
_FEW = 1 << 15

# Words that a question is asked with. A small index cannot tell from itself that they are common.
_ASKING = (
    "的了吗呢吧啊呀哦嘛么是我你他她它们这那有在和就也都要想请问您好个一下能可以会给到把被让谢"
    "几多久时候天办理"
)
_ASKING_PAIRS = (
    "请问 你好 您好 什么 怎么 多少 可以 需要 一下 我想 想问 麻烦 谢谢 知道 哪里 没有 多久 几个 "
    "几天 几年 几次 么时 时候 么办 么人 少钱 办理 为什 么样 以吗"
)
# So many entries of everyday language are thought to stand beside those of the index; of these
# a third holds each word of asking, and hardly one any other.
_IMAGINED = 2000
_SHARE_ASKING = 0.3
_SHARE_OTHER = 0.0005


class Found(NamedTuple):
    """A feature of a question that entries hold: how many, where in the postings, how good."""

    held: int
    start: int
    gain: float


class Asked(NamedTuple):
    """The features of a question that the index knows, and the weight of its places and pairs."""

    found: list[Found]
    single: list[float]
    pair: list[float]


class Postings:
    """Inverted index over the places of all entries, each entry closed by END."""

    # What entries gain for a feature in the first, cheap look.
    GAIN_SINGLE = 0.8
    GAIN_PAIR = 0.5
    # A feature that no entry holds weighs this share of the rarest one.
    UNKNOWN = 0.5

    def __init__(
        self,
        characters: NDArray[np.uint32],
        sounds: NDArray[np.uint16],
        entry_of: NDArray[np.int32],
    ) -> None:
        self.count = int(entry_of[-1]) + 1 if len(entry_of) else 0
        self._padded = -(-self.count // _BLOCK) * _BLOCK
        single = characters.astype(np.uint64)
        live = characters != END
        beside = live[:-1] & live[1:]
        pair = (single[:-1] << _SHIFT) | single[1:]
        group = (sounds // PER_GROUP).astype(np.uint64)
        heard = (group[:-1] != _NO_GROUP) & (group[1:] != _NO_GROUP)
        sound_pair = (group[:-1] << np.uint64(16)) | group[1:] | np.uint64(_SOUND_PAIR)
        held_features = np.concatenate([single[live], pair[beside], sound_pair[heard]])
        entries = np.concatenate([entry_of[live], entry_of[:-1][beside], entry_of[:-1][heard]])
        features, starts = self._sort(held_features, entries)
        held = np.diff(np.append(starts, len(self._entries)))
        asking = np.isin(features, np.array(_asking(), np.uint64))
        idf = self._idf(held, asking)
        # One dictionary look answers all: a search of the sorted row would miss the caches.
        packed = (starts << 33) | (held << 1) | asking
        self._known: dict[int, int] = dict(zip(features.tolist(), packed.tolist(), strict=True))
        self._rarest = float(self._idf(np.zeros(1, np.int64), np.zeros(1, np.bool_))[0])
        self._group_idf = self._idf_of_groups(group, entry_of).tolist()
        self.single_weight = np.zeros(len(characters), np.float32)
        self.single_weight[live] = idf[np.searchsorted(features, single[live])]
        self.pair_weight = np.zeros(len(characters), np.float32)
        self.pair_weight[:-1][beside] = idf[np.searchsorted(features, pair[beside])]

    def __len__(self) -> int:
        """How many features the entries hold."""
        return len(self._known)

    def _sort(
        self, features: NDArray[np.uint64], entries: NDArray[np.int32]
    ) -> tuple[NDArray[np.uint64], Ints]:
        """Lay out the postings by feature; the features, and where the postings of each start."""
        order = np.argsort(features, kind="stable")
        features, entries = features[order], entries[order]
        new = np.ones(len(features), np.bool_)
        new[1:] = (features[1:] != features[:-1]) | (entries[1:] != entries[:-1])
        features, self._entries = features[new], entries[new]
        first = np.ones(len(features), np.bool_)
        first[1:] = features[1:] != features[:-1]
        return features[first], np.flatnonzero(first)

    def _idf(self, held: Ints, asking: NDArray[np.bool_]) -> Floats:
        imagined = _IMAGINED * np.where(asking, _SHARE_ASKING, _SHARE_OTHER)
        rarity: Floats = np.log1p((self.count + _IMAGINED) / (held + 0.5 + imagined))
        return rarity.astype(np.float32)

    def _idf_of_groups(self, group: NDArray[np.uint64], entry_of: NDArray[np.int32]) -> Floats:
        """By group of sounds; the weight of a syllable that was typed or misheard."""
        holding = np.unique((group << _SHIFT) | entry_of.astype(np.uint64)) >> _SHIFT
        held = np.bincount(holding.astype(np.int64), minlength=1 << 13)
        return self._idf(held, np.zeros(len(held), np.bool_))

    def asked(self, characters: list[int], sounds: list[int]) -> Asked:
        """Look the features of a question up, and weigh its places."""
        found: dict[int, Found] = {}
        groups = [sound // PER_GROUP for sound in sounds]
        unknown = self._rarest * self.UNKNOWN
        single = [
            # What is misspelt weighs as what it sounds like.
            self._weight(character, self.GAIN_SINGLE, found)
            or (self._group_idf[group] if group else unknown)
            for character, group in zip(characters, groups, strict=True)
        ]
        pair = []
        for n in range(1, len(characters)):
            spelt = (characters[n - 1] << 32) | characters[n]
            heard = (groups[n - 1] << 16) | groups[n] | _SOUND_PAIR
            by_letter = self._weight(spelt, self.GAIN_PAIR, found)
            by_sound = self._weight(heard, self.GAIN_PAIR, found)
            pair.append(by_letter or by_sound or unknown)
        return Asked(list(found.values()), single, pair)

    def _weight(self, feature: int, gain: float, found: dict[int, Found]) -> float:
        """The rarity of a feature, 0 if no entry holds it; notes it among the found."""
        packed = self._known.get(feature)
        if packed is None:
            return 0.0
        held = packed >> 1 & 0xFFFFFFFF
        imagined = _IMAGINED * (_SHARE_ASKING if packed & 1 else _SHARE_OTHER)
        weight = log1p((self.count + _IMAGINED) / (held + 0.5 + imagined))
        found[feature] = Found(held, packed >> 33, weight * gain)
        return weight

    def likely(self, asked: Asked, budget: int, count: int) -> tuple[Ints, NDArray[np.float64]]:
        """At least `count` entries, if so many share a feature, that gain the most; their gains.

        Reads the postings of the rarest features, about `budget` of them for a short question.
        """
        gained = self._gained(asked, budget * min(4, max(1, len(asked.single) // 48)))
        # Every later look is at the best of each block instead of at all entries.
        blocks = gained.reshape(_BLOCK, -1).max(axis=0)
        near = np.flatnonzero(blocks >= 0.3 * blocks.max())
        if len(near) < count:
            near = np.flatnonzero(blocks > 0)
        bests = blocks[near]
        # Sorting beats partitioning here: many gains are equal.
        bar = np.sort(bests)[-min(count, len(near))]
        if self._padded <= _FEW:
            few = np.flatnonzero(gained >= bar)
            return few, gained[few]
        near = near[bests >= bar]
        found = (near + len(blocks) * np.arange(_BLOCK)[:, None]).ravel()
        found = found[gained[found] >= bar]
        return found, gained[found]

    def _gained(self, asked: Asked, budget: int) -> NDArray[np.float64]:
        """What each entry gains by the rarest features; padded to whole blocks."""
        read: list[Found] = []
        for feature in sorted(asked.found):
            budget -= feature.held
            if budget < 0 and read:
                break
            read.append(feature)
        lists = [self._entries[start : start + held] for held, start, _ in read]
        gains = np.repeat([feature.gain for feature in read], [feature.held for feature in read])
        gained: NDArray[np.float64] = np.bincount(  # type: ignore[assignment]  # of weights
            np.concatenate(lists), gains, self._padded
        )
        return gained


def _asking() -> list[int]:
    """The features of the words of asking."""
    features = [ord(c) for c in _ASKING]
    for pair in _ASKING_PAIRS.split():
        first, second = (code // PER_GROUP for code in sounds_of(pair))
        features += [(ord(pair[0]) << 32) | ord(pair[1]), (first << 16) | second | _SOUND_PAIR]
    return features
