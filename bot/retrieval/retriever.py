"""Finds the entries that a question means: by characters, words and sounds.

A first look over the postings of the rarest features picks some entries; of these every place is
then compared with every place of the question. A place fits by its character, less well by its
sound, and counts by its rarity; neighbours count more where they form a word.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from bot.retrieval.postings import END, Asked, Floats, Ints, Postings
from bot.words.pinyin import PER_GROUP
from bot.words.wording import Wording, compared

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


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found; `score` is 1 for the same text, 0 for nothing in common."""

    key: str
    score: float
    text: str


class _Question(NamedTuple):
    characters: NDArray[np.uint32]
    sounds: NDArray[np.uint16]
    single: Floats
    pair: Floats


class Index:
    """Immutable index over entries of (key, text); a key may stand on several texts."""

    def __init__(
        self,
        entries: Iterable[tuple[str, str]],
        comparable: Iterable[tuple[str, Wording]] | None = None,
    ) -> None:
        """`comparable`: of each text what `compared` says of it, where that is known already."""
        entries = list(entries)
        if comparable is None:
            comparable = (compared(text) for _, text in entries)
        self._keys: list[str] = []
        self._texts: list[str] = []
        self._normal: list[str] = []
        self._same: dict[str, list[int]] = {}
        wordings: list[Wording] = []
        for (key, text), (normal, wording) in zip(entries, comparable, strict=True):
            self._same.setdefault(normal, []).append(len(self._keys))
            self._keys.append(key)
            self._texts.append(text)
            self._normal.append(normal)
            wordings.append(wording)
        self.keys = tuple(dict.fromkeys(self._keys))
        """Every key once, in the order of the entries."""
        number = {key: n for n, key in enumerate(self.keys)}
        self._key_of = np.array([number[key] for key in self._keys], np.int64)
        self._lay_out(wordings)
        per_key = len(self._keys) / max(1, len(set(self._keys)))
        self._compared = round(_COMPARED_ENTRIES * min(per_key, 4))

    def __len__(self) -> int:
        return len(self._keys)

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
        same = self._same.get(normal, ())
        scored = [(-1.0, at) for at in same]
        if wording.characters and len(self._postings):
            scores, chosen = self._compare(normal, wording, k, pinyin_weight)
            compared_to = zip(scores.tolist(), chosen.tolist(), strict=True)
            scored += [(-score, at) for score, at in compared_to if at not in same]
        best: dict[str, Hit] = {}
        for score, at in sorted(scored):
            if self._keys[at] not in best:
                best[self._keys[at]] = Hit(self._keys[at], -score, self._texts[at])
                if len(best) >= k:
                    break
        return list(best.values())

    def nearest(self, text: str, k: int, pinyin_weight: float = 1.0) -> NDArray[np.float64]:
        """How near the best entry of each key comes, 0 for what `search` does not look at.

        One number a key, in their order, with a last 0 for whatever is no key.
        """
        nearest = np.zeros(len(self.keys) + 1)
        normal, wording = compared(text)
        if wording.characters and len(self._postings):
            scores, chosen = self._compare(normal, wording, k, pinyin_weight)
            # Of several entries of a key the last one written is the best.
            worst_first = np.argsort(scores)
            nearest[self._key_of[chosen[worst_first]]] = scores[worst_first]
        for at in self._same.get(normal, ()):
            nearest[self._key_of[at]] = 1.0
        return nearest

    def _compare(
        self, normal: str, wording: Wording, k: int, pinyin_weight: float
    ) -> tuple[NDArray[np.float64], Ints]:
        """The entries worth a look, with their scores."""
        asked = self._postings.asked(wording.characters, wording.sounds)
        if not asked.found:
            return np.zeros(0), np.zeros(0, np.int64)
        chosen = self._chosen(asked, max(k, self._compared))
        pair = [
            weight if together else weight * _APART
            for weight, together in zip(asked.pair, wording.together, strict=False)
        ]
        question = _Question(
            np.array(wording.characters, np.uint32),
            np.array([sound or PER_GROUP for sound in wording.sounds], np.uint16),
            np.array([weight * _SINGLE for weight in asked.single], np.float32),
            np.array(pair, np.float32),
        )
        scores = self._scores(question, chosen, pinyin_weight)
        return self._refined(normal, chosen, scores), chosen

    def _chosen(self, asked: Asked, count: int) -> Ints:
        """The entries worth comparing."""
        likely, gained = self._postings.likely(asked, _READ_POSTINGS, 3 * count)
        # Between equal gains the shorter entry is the likelier one.
        worth = gained / (1 + 0.015 * self._lengths[likely])
        if len(likely) > count:
            best = np.argsort(-worth, kind="stable")[:count]
            likely, worth = likely[best], worth[best]
        most = _COMPARED_PAIRS // len(asked.single)
        if int(self._lengths[likely].sum()) > most:
            likely = likely[np.argsort(-worth, kind="stable")]
            fitting = np.searchsorted(np.cumsum(self._lengths[likely]), most, side="right")
            likely = likely[: max(4, int(fitting))]
        return likely

    def _scores(self, question: _Question, chosen: Ints, pinyin_weight: float) -> Floats:
        """How well each chosen entry fits, from 0 to 1."""
        lengths = self._lengths[chosen]
        ends = np.cumsum(lengths)
        begins = ends - lengths
        row = np.repeat(self._starts[chosen] - begins, lengths) + np.arange(ends[-1])
        places = len(question.single)
        # A line for each place of the question, then one for each pair of neighbours.
        fits = np.zeros((2 * places - 1, len(row)), np.uint8)
        _fit(fits[:places], question, self._characters[row], self._sounds[row], pinyin_weight)
        _fit_pairs(fits[places:], fits[:places])
        of_entry = fits[:places].max(axis=0) * self._single[row]
        if places > 1:
            of_entry += fits[places:].max(axis=0) * self._pair[row]
        of_entries = np.add.reduceat(of_entry, begins) / self._mass[chosen]
        of_question = _question_share(question, np.maximum.reduceat(fits, begins, axis=1))
        mixed = (1 - _OF_ENTRY) * of_question + _OF_ENTRY * of_entries
        return (mixed / _SAME_CHARACTER).astype(np.float32)

    def _refined(self, normal: str, chosen: Ints, scores: Floats) -> NDArray[np.float64]:
        """The scores; where they are nearly the best, likeness of the letters has a say."""
        refined = (scores * (1 - _READS_ALIKE)).astype(np.float64)
        for place in np.flatnonzero(scores >= scores.max() - 2 * _READS_ALIKE).tolist():
            likeness = fuzz.ratio(normal, self._normal[chosen[place]]) / 100
            refined[place] += _READS_ALIKE * likeness * float(scores[place])
        return np.minimum(np.maximum(refined, 0.0), 1.0) * _HIGHEST


def _fit(
    fits: NDArray[np.uint8],
    question: _Question,
    characters: NDArray[np.uint32],
    sounds: NDArray[np.uint16],
    pinyin_weight: float,
) -> None:
    """Fill in how well each place of the question fits each place of the entries."""
    group = min(_SAME_CHARACTER, max(0, round(_SAME_GROUP * pinyin_weight)))
    sound = min(_SAME_CHARACTER, max(0, round(_SAME_SOUND * pinyin_weight)))
    same = question.characters[:, None] == characters
    np.multiply(same.view(np.uint8), np.uint8(_SAME_CHARACTER), out=fits)
    if sound:
        heard = question.sounds[:, None]
        alike = (heard // PER_GROUP == sounds // PER_GROUP).view(np.uint8) * np.uint8(group)
        alike += (heard == sounds).view(np.uint8) * np.uint8(sound - group)
        np.maximum(fits, alike, out=fits)


def _fit_pairs(pairs: NDArray[np.uint8], fits: NDArray[np.uint8]) -> None:
    """Fill in how well two neighbours fit two neighbours; half as well where one lies between.

    The last column belongs to the END of the last entry and stays empty.
    """
    if len(fits) < 2 or fits.shape[1] < 3:
        return
    np.minimum(fits[:-1, :-1], fits[1:, 1:], out=pairs[:, :-1])
    inserted = np.minimum(fits[:-1, :-2], fits[1:, 2:]) >> 1
    np.maximum(pairs[:, :-2], inserted, out=pairs[:, :-2])
    left_out = np.minimum(fits[:-2, :-1], fits[2:, 1:]) >> 1
    np.maximum(pairs[:-1, :-1], left_out, out=pairs[:-1, :-1])


def _question_share(question: _Question, fits: NDArray[np.uint8]) -> Floats:
    """The share of the question's weight that each entry covers, in hundredths."""
    weight = np.concatenate([question.single, question.pair])
    share: Floats = weight @ fits.astype(np.float32) / weight.sum()
    places = len(question.single)
    if places <= _STORY:
        return share
    by_place = question.single[:, None] * fits[:places]
    by_place[:-1] += question.pair[:, None] * fits[places:]
    running = np.cumsum(np.vstack([np.zeros_like(by_place[:1]), by_place]), axis=0)
    single = question.single.copy()
    single[:-1] += question.pair
    running_weight = np.cumsum(np.append(np.float32(0), single))
    weights = running_weight[_STRETCH:] - running_weight[:-_STRETCH]
    weights = np.maximum(weights, weights.mean())
    within = (running[_STRETCH:] - running[:-_STRETCH]) / weights[:, None]
    best: Floats = np.maximum(share, within.max(axis=0))
    return best
