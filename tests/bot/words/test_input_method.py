"""Pinyin is read as what it was typed for; what is no pinyin stays as it is."""

from copy import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import Kind
from bot.evaluation import read_gold
from bot.question import parse
from bot.retrieval.indexing import IndexedLibrary
from bot.words.input_method import InputMethod
from bot.words.normalising import normalise
from bot.words.pinyin import PER_GROUP, readings, segmented, sounds
from bot.words.wording import words
from knowledge.regions import Use
from tests.bot.asking import EVALUATION, answered, ask
from tests.verifying import size

SETS = sorted(EVALUATION.glob("own_blind_*.jsonl"))


def typed(text: str, between: str = "") -> str:
    """A text as somebody types it in pinyin, word by word; `between` parts the syllables."""
    spelled = {code: syllable for syllable, code in reversed(readings().code_of.items())}
    said: list[str] = []
    for word in words(normalise(text)):
        codes = sounds(word)
        if codes and all(codes):
            said.append(between.join(spelled[code] for code in codes))
        elif word.isalnum():
            said.append(word)
    return " ".join(said)


@pytest.mark.parametrize(
    ("letters", "characters"),
    [
        ("shishi shiye jin zenme ling", "石狮失业金怎么领"),
        ("shi shi shi ye jin zen me ling", "石狮失业金怎么领"),
        ("shishishiyejinzenmeling", "石狮失业金怎么领"),
        ("jinzhou shi ye bao xian", "锦州失业保险"),
        ("taiyuan shebao neng huanjiao ma", "太原社保能缓交吗"),
        # as somebody from the south types it, and without dots
        ("si ye jin zen me lin", "失业金怎么领"),
        ("luyou gongsi", "旅游公司"),
        ("hengshui 3 yue 8 ri", "衡水3月8日"),
        ("石狮 shiyejin 怎么领", "石狮 失业金 怎么领"),
    ],
)
def test_pinyin_becomes_what_it_was_typed_for(
    indexed: IndexedLibrary, letters: str, characters: str
) -> None:
    assert indexed.input_method.read(letters) == characters


@pytest.mark.parametrize(
    "text",
    [
        "",
        "石狮失业金怎么领",
        "how much can i get in shishi",
        "can you pay me",
        "he can not pay women",
        "my boss ran away",
        "banana",
        "app ok wifi",
        "asdfgh",
        "a",
        "shi " * 300,
    ],
)
def test_what_is_no_pinyin_stays_the_same(indexed: IndexedLibrary, text: str) -> None:
    assert indexed.input_method.read(text) == text


@given(st.text(st.sampled_from("abeghijnosuxz 12石。"), max_size=60))
def test_nothing_but_letters_and_the_spaces_between_is_changed(
    indexed: IndexedLibrary, text: str
) -> None:
    read = indexed.input_method.read(text)
    assert [c for c in read if c in "12。"] == [c for c in text if c in "12。"]
    assert read.count("石") >= text.count("石")


def test_what_is_read_sounds_as_it_was_typed(indexed: IndexedLibrary) -> None:
    for measure in list(indexed.library.measures.values())[::4]:
        letters = typed(measure.question)
        heard = typed(indexed.input_method.read(letters))
        assert _as_an_accent_merges_it(heard) == _as_an_accent_merges_it(letters), measure.id


def _as_an_accent_merges_it(letters: str) -> list[int]:
    return [code // PER_GROUP for word in letters.split() for code in segmented(word)]


def _same_answers(indexed: IndexedLibrary, between: str, every: int) -> tuple[int, int]:
    """Of questions that are answered from a measure, how many are when they come in pinyin."""
    same = asked = 0
    for file in SETS:
        golds = list(read_gold(file.name, file.read_text("utf-8").split("\n")))
        for gold in golds[::every]:
            plain = answered(indexed, gold.turns, gold.region)
            if len(gold.turns) == 1 and plain.measures:
                asked += 1
                letters = typed(gold.turns[0], between)
                said = ask(indexed, [letters], gold.region)
                same += said.measures[:1] == plain.measures[:1]
    return same, asked


@pytest.mark.fault
@pytest.mark.parametrize("between", ["", " "])
def test_nine_in_ten_questions_get_the_same_measure_in_pinyin(
    indexed: IndexedLibrary, tell: Any, between: str
) -> None:
    same, asked = _same_answers(indexed, between, every=size(12, 4))
    tell(f"in pinyin, of {asked} questions get the same measure", same, f">= {0.9 * asked:.0f}")
    assert same >= 0.9 * asked


@pytest.mark.fault
def test_by_sound_alone_they_would_not(indexed: IndexedLibrary, control: Any) -> None:
    without = copy(indexed)
    without.input_method = InputMethod((), {})
    same, asked = _same_answers(without, " ", every=size(12, 4))
    control(f"by sound alone, of {asked} get the same measure", same, f"< {0.9 * asked:.0f}")
    assert same < 0.9 * asked


@pytest.mark.parametrize(
    ("letters", "named"),
    [
        ("changzhou shiye jin", "常州"),  # never 沧州, as from the south
        ("chang zhou shi ye jin", "常州"),
    ],
)
def test_a_place_elsewhere_is_not_taken_for_one_of_ours(
    indexed: IndexedLibrary, letters: str, named: str
) -> None:
    places = parse(letters, indexed.library, indexed.input_method).places
    assert [mention.words for mention in places.uncovered] == [named]
    assert not places.covered


def test_what_sounds_like_a_firm_of_ours_and_a_place_elsewhere_names_neither(
    indexed: IndexedLibrary,
) -> None:
    library = indexed.library
    heard = parse("yiling bei cai le", library, indexed.input_method)  # 以岭, or 夷陵
    assert not heard.places.covered
    assert parse("以岭被裁了", library, indexed.input_method).places.covered


def test_what_only_sounds_like_a_part_of_ours_is_asked(indexed: IndexedLibrary) -> None:
    said = ask(indexed, ["longhua shi ye jin zen me ling"])
    assert said.kind is Kind.CLARIFY  # 隆化, of 承德, or 龙华
    assert "承德市" in said.reply and "打出地名" in said.reply


def test_a_reply_to_pinyin_says_first_which_place_was_heard(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["jin zhou shi ye jin"]).reply.startswith("【锦州市】")
    assert not ask(indexed, ["锦州失业金"]).reply.startswith("【")


TAKEN_FOR_OURS = {
    "雨花区",  # sounds as 裕华区 does; the reply begins with which of them it speaks of
    "香河",  # wo zai xiang he bei: 我在想河北
    "禄劝彝族苗族自治县",  # 鹿泉 and some words
    "禄劝县",
}


def test_of_all_the_places_elsewhere_hardly_one_is_taken_for_ours(
    indexed: IndexedLibrary, tell: Any
) -> None:
    library = indexed.library
    elsewhere = {
        name.words: typed(name.words, " ")
        for name in library.regions.names
        if name.place.region is None and name.use is Use.FREE
    }
    taken = {
        words
        for words, letters in elsewhere.items()
        if parse(f"wo zai {letters} bei cai le", library, indexed.input_method).places.covered
    }
    tell(f"of {len(elsewhere)} places elsewhere, in pinyin, taken for ours", len(taken), "<= 4")
    assert taken <= TAKEN_FOR_OURS
