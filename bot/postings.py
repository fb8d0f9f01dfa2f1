"""Which entries hold a character, a pair of neighbours, or a pair that sounds like it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.pinyin import PER_GROUP
from bot.pinyin import sounds as sounds_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

# Ends every entry in the row of all places, and equals no character.
END = 0xFFFFFFFF
_SHIFT = np.uint64(32)
_SOUND_PAIR = np.uint64(0xFFFF << 48)
_NO_GROUP = 0
_BLOCK = 16

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


class Asked(NamedTuple):
    """The features of a question that matter for finding entries."""

    found: Ints  # places in the postings of the features that the index knows
    gain: NDArray[np.float64]  # what an entry gains by each
    single: Floats  # weight of each place
    pair: Floats  # weight of each place and its next


def groups_of(sounds: NDArray[np.uint16]) -> NDArray[np.uint64]:
    return (sounds // PER_GROUP).astype(np.uint64)


class Postings:
    """Inverted index over the places of all entries, each entry closed by END."""

    # What entries gain for a feature in the first, cheap look: single, pair, pair of sounds.
    GAINS = (0.8, 0.5, 0.5)
    # A feature that no entry holds weighs this share of the rarest one.
    UNKNOWN = 0.5

    def __init__(
        self,
        characters: NDArray[np.uint32],
        sounds: NDArray[np.uint16],
        entry_of: NDArray[np.int32],
    ) -> None:
        self.count = int(entry_of[-1]) + 1 if len(entry_of) else 0
        single = characters.astype(np.uint64)
        live = characters != END
        beside = live[:-1] & live[1:]
        pair = (single[:-1] << _SHIFT) | single[1:]
        group = groups_of(sounds)
        heard = (group[:-1] != _NO_GROUP) & (group[1:] != _NO_GROUP)
        features = np.concatenate([single[live], pair[beside], _sound_pairs(group)[heard]])
        entries = np.concatenate([entry_of[live], entry_of[:-1][beside], entry_of[:-1][heard]])
        order = np.argsort(features, kind="stable")
        features, entries = features[order], entries[order]
        new = np.ones(len(features), np.bool_)
        new[1:] = (features[1:] != features[:-1]) | (entries[1:] != entries[:-1])
        features, self.entries = features[new], entries[new]
        first = np.flatnonzero(np.append(True, features[1:] != features[:-1])[: len(features)])
        self.features = features[first]
        self.starts = first
        self.held = np.diff(np.append(first, len(features)))
        self._padded = -(-self.count // _BLOCK) * _BLOCK
        self.idf = self._idf(self.held, _is_asking(self.features))
        self.rarest = float(np.log1p((self.count + _IMAGINED) / (0.5 + _IMAGINED * _SHARE_OTHER)))
        self.group_idf = self._group_idf(group, entry_of)
        self.single_weight = np.zeros(len(characters), np.float32)
        self.single_weight[live] = self.idf[np.searchsorted(self.features, single[live])]
        self.pair_weight = np.zeros(len(characters), np.float32)
        self.pair_weight[:-1][beside] = self.idf[np.searchsorted(self.features, pair[beside])]

    def _idf(self, held: Ints, asking: NDArray[np.bool_]) -> Floats:
        imagined = _IMAGINED * np.where(asking, _SHARE_ASKING, _SHARE_OTHER)
        rarity: Floats = np.log1p((self.count + _IMAGINED) / (held + 0.5 + imagined))
        return rarity.astype(np.float32)

    def _group_idf(self, group: NDArray[np.uint64], entry_of: NDArray[np.int32]) -> Floats:
        """By group of sounds; the weight of a syllable that was typed or misheard."""
        holding = np.unique((group << _SHIFT) | entry_of.astype(np.uint64)) >> _SHIFT
        held = np.bincount(holding.astype(np.int64), minlength=1 << 13)
        return self._idf(held, np.zeros(len(held), np.bool_))

    def asked(self, characters: NDArray[np.uint64], sounds: NDArray[np.uint16]) -> Asked:
        """Look the features of a question up, and weigh its places."""
        n = len(characters)
        group = groups_of(sounds)
        features = np.concatenate(
            [characters, (characters[:-1] << _SHIFT) | characters[1:], _sound_pairs(group)]
        )
        at = np.searchsorted(self.features, features)
        at[at == len(self.features)] = 0
        known = self.features[at] == features
        idf = np.where(known, self.idf[at], np.float32(0))
        single, pair, sound_pair = idf[:n], idf[n : 2 * n - 1], idf[2 * n - 1 :]
        unknown = np.float32(self.rarest * self.UNKNOWN)
        # What is misspelt weighs as what it sounds like.
        by_sound = np.where(group > 0, self.group_idf[group], unknown)
        gain = np.concatenate(
            [w * g for w, g in zip((single, pair, sound_pair), self.GAINS, strict=True)]
        )
        found = np.flatnonzero(known)
        return Asked(
            at[found],
            gain[found].astype(np.float64),
            np.where(single > 0, single, by_sound),
            np.where(pair > 0, pair, np.where(sound_pair > 0, sound_pair, unknown)),
        )

    def likely(self, asked: Asked, budget: int, count: int) -> tuple[Ints, NDArray[np.float64]]:
        """At least `count` entries, if so many share a feature, that gain the most; their gains.

        Reads the postings of the rarest features, about `budget` of them for a short question.
        """
        gained = self._gained(asked, budget * min(4, max(1, len(asked.single) // 48)))
        # Every later look is at the best of each block instead of at all entries.
        blocks = gained.reshape(_BLOCK, -1).max(axis=0)
        near = np.flatnonzero(blocks >= 0.2 * blocks.max())
        if len(near) < count:
            near = np.flatnonzero(blocks > 0)
        bests = blocks[near]
        bar = np.partition(bests, -count)[-count] if len(near) > count else bests.min()
        near = near[bests >= bar]
        found = (near + len(blocks) * np.arange(_BLOCK)[:, None]).ravel()
        found = found[gained[found] >= bar]
        return found, gained[found]

    def _gained(self, asked: Asked, budget: int) -> NDArray[np.float64]:
        """What each entry gains by the rarest features; padded to whole blocks."""
        held = self.held[asked.found]
        rare = np.argsort(held, kind="stable")
        read = max(1, int(np.searchsorted(np.cumsum(held[rare]), budget, side="right")))
        rare = rare[:read]
        starts = self.starts[asked.found[rare]]
        held = held[rare]
        ends = (starts + held).tolist()
        lists = [self.entries[a:b] for a, b in zip(starts.tolist(), ends, strict=True)]
        gained: NDArray[np.float64] = np.bincount(  # type: ignore[assignment]  # of weights
            np.concatenate(lists), np.repeat(asked.gain[rare], held), self._padded
        )
        return gained


def _sound_pairs(group: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (group[:-1] << np.uint64(16)) | group[1:] | _SOUND_PAIR


def _is_asking(features: NDArray[np.uint64]) -> NDArray[np.bool_]:
    asking = [ord(c) for c in _ASKING]
    for pair in _ASKING_PAIRS.split():
        first, second = (code // PER_GROUP for code in sounds_of(pair))
        asking += [(ord(pair[0]) << 32) | ord(pair[1]), (first << 16) | second | int(_SOUND_PAIR)]
    return np.isin(features, np.array(asking, np.uint64))
