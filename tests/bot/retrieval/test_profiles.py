"""All texts of a key together tell what it is asked with."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.retrieval.profiles import Profiles
from bot.words.wording import compared

ENTRIES = [
    ("wages", "老板不发工资怎么办"),
    ("wages", "干完活拿不到钱"),
    ("wages", "包工头跑了"),
    ("shop", "开个小店有补贴吗"),
    ("shop", "摆摊做点小买卖"),
    ("school", "孩子上学的学费"),
]


def _profiles(entries: Sequence[tuple[str, str]]) -> Profiles:
    return Profiles(entries, [compared(text)[1] for _, text in entries])


def _best(text: str) -> str:
    profiles = _profiles(ENTRIES)
    return profiles.keys[int(np.argmax(profiles.fits(text)))]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("老板跑了拿不到工资", "wages"),
        ("想摆个小摊开店", "shop"),
        ("上学要交多少", "school"),
        ("gong zi", "wages"),
    ],
)
def test_words_spread_over_several_texts_find_their_key(text: str, key: str) -> None:
    assert _best(text) == key


def test_a_text_that_shares_nothing_fits_nobody() -> None:
    assert not _profiles(ENTRIES).fits("☂").any()


@given(st.text(max_size=80))
def test_fits_are_finite_and_average_zero(text: str) -> None:
    fits = _profiles(ENTRIES).fits(text)
    assert np.isfinite(fits).all()
    assert abs(fits.mean()) < 1e-9
