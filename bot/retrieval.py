"""Finds the entries that a question means: by characters, words and sounds.

A first look over the postings of the rarest features picks some entries; of these every place is
then compared with every place of the question. A place fits by its character, less well by its
sound, and counts by its rarity; neighbours count more where they form a word.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from bot.pinyin import PER_GROUP
from bot.postings import END, Asked, Floats, Ints, Postings
from bot.wording import Wording, compared, load

# How well a place fits, in hundredths: the same character, sound, or group of sounds.
_SAME_CHARACTER = 100
_SAME_SOUND = 70
_SAME_GROUP = 50
# Weight of a single place, and of neighbours that form no word, against those that do.
_SINGLE = 1.6
_APART = 0.1
# Share of the entry in the score; the rest is the share of the question that it covers.
_OF_ENTRY = 0.4
# Of two nearly equal entries the one that reads more alike comes first.
_READS_ALIKE = 0.03
# Only the same text scores 1.
_HIGHEST = 0.99
_READ_POSTINGS = 25_000
_COMPARED_ENTRIES = 40
_COMPARED_PAIRS = 400_000
# A longer text is a story: the entry needs to fit one stretch of it.
_STORY = 48
_STRETCH = 32
_UNSOUNDED = np.uint16(PER_GROUP)


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found; `score` is 1 for the same text, 0 for nothing in common."""

    key: str
    score: float
    text: str


class _Question(NamedTuple):
    normal: str
    characters: NDArray[np.uint32]
    sounds: NDArray[np.uint16]
    single: Floats
    pair: Floats


class Index:
    """Immutable index over entries of (key, text); a key may stand on several texts."""

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        self._keys: list[str] = []
        self._texts: list[str] = []
        self._normal: list[str] = []
        self._same: dict[str, list[int]] = {}
        wordings: list[Wording] = []
        for key, text in entries:
            normal, wording = compared(text)
            self._same.setdefault(normal, []).append(len(self._keys))
            self._keys.append(key)
            self._texts.append(text)
            self._normal.append(normal)
            wordings.append(wording)
        self._lay_out(wordings)
        per_key = len(self._keys) / max(1, len(set(self._keys)))
        self._compared = round(_COMPARED_ENTRIES * min(per_key, 4))

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def keys(self) -> list[str]:
        """The key of each entry, in their order."""
        return self._keys

    @property
    def postings(self) -> Postings:
        """Which entries hold which features."""
        return self._postings

    def _lay_out(self, wordings: list[Wording]) -> None:
        """All places of all entries in one row, an END after each entry."""
        lengths = np.array([len(wording.characters) + 1 for wording in wordings], np.int64)
        self._lengths = lengths
        self._starts = np.concatenate([[0], np.cumsum(lengths)])[:-1]
        entry_of = np.repeat(np.arange(len(wordings), dtype=np.int32), lengths)
        self._characters = np.array([c for w in wordings for c in (*w.characters, END)], np.uint32)
        self._sounds = np.array([s for w in wordings for s in (*w.sounds, 0)], np.uint16)
        together = np.array([t for w in wordings for t in (*w.together, False)], np.bool_)
        self._postings = Postings(self._characters, self._sounds, entry_of)
        self._single = self._postings.single_weight * np.float32(_SINGLE)
        self._pair = self._postings.pair_weight * np.where(together, 1, _APART).astype(np.float32)
        mass = np.bincount(entry_of, self._single + self._pair, len(wordings))
        self._mass = np.maximum(mass, 1e-6).astype(np.float32)

    def search(self, text: str, k: int = 10, pinyin_weight: float = 1.0) -> list[Hit]:
        """The best entries first, one for each key, at most `k`.

        `pinyin_weight` says how much a like sound counts: 0 not at all, more than 1 for speech.
        No text raises; one that shares nothing with any entry finds nothing.
        """
        normal, wording = compared(text)
        scores = {at: 1.0 for at in self._same.get(normal, ())}
        if wording.characters and len(self._postings.features):
            for at, score in self._compare(normal, wording, k, pinyin_weight):
                scores.setdefault(at, score)
        best: dict[str, Hit] = {}
        for at in sorted(scores, key=lambda at: (-scores[at], at)):
            if self._keys[at] not in best:
                best[self._keys[at]] = Hit(self._keys[at], scores[at], self._texts[at])
                if len(best) >= k:
                    break
        return list(best.values())

    def _compare(
        self, normal: str, wording: Wording, k: int, pinyin_weight: float
    ) -> Iterable[tuple[int, float]]:
        characters = np.array(wording.characters, np.uint64)
        sounds = np.array(wording.sounds, np.uint16)
        asked = self._postings.asked(characters, sounds)
        if not len(asked.found):
            return ()
        chosen = self._chosen(asked, len(characters), max(k, self._compared))
        together = np.array(wording.together[:-1], np.bool_)
        question = _Question(
            normal,
            characters.astype(np.uint32),
            np.where(sounds == 0, _UNSOUNDED, sounds),
            asked.single * np.float32(_SINGLE),
            asked.pair * np.where(together, 1, _APART).astype(np.float32),
        )
        scores = self._scores(question, chosen, pinyin_weight)
        return zip(chosen.tolist(), self._refined(normal, chosen, scores), strict=True)

    def _chosen(self, asked: Asked, length: int, count: int) -> Ints:
        """The entries worth comparing, in their order."""
        likely, gained = self._postings.likely(asked, _READ_POSTINGS, 3 * count)
        # Between equal gains the shorter entry is the likelier one.
        worth = gained / (1 + 0.015 * self._lengths[likely])
        if len(likely) > count:
            best = np.argpartition(-worth, count)[:count]
            likely, worth = likely[best], worth[best]
        if int(self._lengths[likely].sum()) * length > _COMPARED_PAIRS:
            likely = likely[np.argsort(-worth, kind="stable")]
            places = np.cumsum(self._lengths[likely])
            fitting = int(np.searchsorted(places * length, _COMPARED_PAIRS, side="right"))
            likely = likely[: max(4, fitting)]
        return np.sort(likely)

    def _scores(self, question: _Question, chosen: Ints, pinyin_weight: float) -> Floats:
        """How well each chosen entry fits, from 0 to 1."""
        lengths = self._lengths[chosen]
        begins = np.cumsum(lengths) - lengths
        row = np.repeat(self._starts[chosen] - begins, lengths) + np.arange(int(lengths.sum()))
        fits = _fits(question, self._characters[row], self._sounds[row], pinyin_weight)
        covered = [question.single[:, None] * np.maximum.reduceat(fits, begins, axis=1)]
        of_entry = fits.max(axis=0) * self._single[row]
        if len(question.pair):
            pairs = _pair_fits(fits)
            covered.append(question.pair[:, None] * np.maximum.reduceat(pairs, begins, axis=1))
            of_entry += pairs.max(axis=0) * self._pair[row]
        of_entries = (np.add.reduceat(of_entry, begins) / self._mass[chosen]).astype(np.float32)
        of_question = _question_share(question, covered)
        mixed = (1 - _OF_ENTRY) * of_question + _OF_ENTRY * of_entries
        return (mixed / _SAME_CHARACTER).astype(np.float32)

    def _refined(self, normal: str, chosen: Ints, scores: Floats) -> list[float]:
        """The scores; where they are nearly the best, likeness of the letters has a say."""
        refined: list[float] = (scores * (1 - _READS_ALIKE)).tolist()
        for place in np.flatnonzero(scores >= scores.max() - 2 * _READS_ALIKE).tolist():
            likeness = fuzz.ratio(normal, self._normal[chosen[place]]) / 100
            refined[place] += _READS_ALIKE * likeness * float(scores[place])
        return [min(max(score, 0.0), 1.0) * _HIGHEST for score in refined]


def _fits(
    question: _Question,
    characters: NDArray[np.uint32],
    sounds: NDArray[np.uint16],
    pinyin_weight: float,
) -> NDArray[np.uint8]:
    """How well each place of the question fits each place of the entries, in hundredths."""
    group = min(_SAME_CHARACTER, max(0, round(_SAME_GROUP * pinyin_weight)))
    sound = min(_SAME_CHARACTER, max(0, round(_SAME_SOUND * pinyin_weight)))
    same = (question.characters[:, None] == characters).view(np.uint8)
    fits: NDArray[np.uint8] = same * np.uint8(_SAME_CHARACTER)
    if sound:
        heard = question.sounds[:, None]
        alike = (heard // PER_GROUP == sounds // PER_GROUP).view(np.uint8) * np.uint8(group)
        alike += (heard == sounds).view(np.uint8) * np.uint8(sound - group)
        np.maximum(fits, alike, out=fits)
    return fits


def _pair_fits(fits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How well two neighbours fit two neighbours; half as well where one stands between.

    The last column belongs to the END of the last entry and stays empty.
    """
    pairs = np.zeros((fits.shape[0] - 1, fits.shape[1]), np.uint8)
    np.minimum(fits[:-1, :-1], fits[1:, 1:], out=pairs[:, :-1])
    if fits.shape[1] > 2:
        inserted = np.minimum(fits[:-1, :-2], fits[1:, 2:]) >> 1
        np.maximum(pairs[:, :-2], inserted, out=pairs[:, :-2])
    if fits.shape[0] > 2:
        left_out = np.minimum(fits[:-2, :-1], fits[2:, 1:]) >> 1
        np.maximum(pairs[:-1, :-1], left_out, out=pairs[:-1, :-1])
    return pairs


def _question_share(question: _Question, covered: list[NDArray[np.float32]]) -> Floats:
    """The share of the question's weight that each entry covers, in hundredths."""
    total = float(question.single.sum() + question.pair.sum())
    share: Floats = sum(part.sum(axis=0) for part in covered) / np.float32(total)
    length = len(question.single)
    if length <= _STORY:
        return share
    weight = question.single.copy()
    weight[:-1] += question.pair
    by_place = covered[0]
    by_place[:-1] += covered[1]
    running = np.cumsum(np.vstack([np.zeros_like(by_place[:1]), by_place]), axis=0)
    stretch = np.cumsum(np.append(np.float32(0), weight))
    weights = stretch[_STRETCH:] - stretch[:-_STRETCH]
    weights = np.maximum(weights, weights.mean())
    within = (running[_STRETCH:] - running[:-_STRETCH]) / weights[:, None]
    best: Floats = np.maximum(share, within.max(axis=0))
    return best


def warm_up(cache_dir: Path | None = None) -> None:
    """Load dictionaries, so that processes forked later share them.

    `cache_dir`: a private folder for jieba's cache, where the compiled form is missing.
    """
    load(cache_dir)
    Index([("warm", "暖岗 nuan gang 100")]).search("暖岗")
