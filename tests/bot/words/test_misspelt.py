"""What was typed by its sound is read as what is meant, and nothing else is touched."""

import pytest

from bot.question import tidy, words_asked_for
from bot.words.misspelt import put_right, well_known
from bot.words.normalising import normalise
from knowledge.library import Library

KNOWN = well_known(["补贴", "失业金", "廉租房", "返还", "社保", "优惠"])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("石师创业补帖最多给几钱", "石师创业补贴最多给几钱"),
        ("失叶金咋领", "失业金咋领"),
        ("廉祖房人均几平", "廉租房人均几平"),
        ("稳岗反还现在反几成", "稳岗返还现在反几成"),
        ("涉保能缓吗", "社保能缓吗"),
        ("补帖和涉保", "补贴和社保"),
    ],
)
def test_a_word_typed_by_its_sound_is_put_right(typed: str, meant: str) -> None:
    assert put_right(typed, KNOWN) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "补贴",  # right already
        "步铁",  # both characters are others
        "大家相反还是走了",  # 相反, 还是: words of their own
        "过年有会没",  # 有 is typed for nothing else
        "社",
        "",
        "abc 123",
    ],
)
def test_what_may_be_meant_as_it_stands_is_left(typed: str) -> None:
    assert put_right(typed, KNOWN) == typed


def test_nothing_that_the_documents_say_is_changed(library: Library) -> None:
    for measure in library.measures.values():
        for text in (measure.title, measure.summary, *measure.quotes):
            spelled = library.lexicon.rewrite(normalise(text))
            assert put_right(spelled, words_asked_for(library)) == spelled


def test_of_the_questions_that_are_well_written_hardly_any_is_changed(library: Library) -> None:
    asked = [
        library.lexicon.rewrite(normalise(text))
        for measure in library.measures.values()
        for text in (measure.question, *measure.similar, *measure.negative, *measure.unanswered)
    ]
    changed = [text for text in asked if put_right(text, words_asked_for(library)) != text]
    assert len(changed) <= len(asked) / 1000, changed


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("失叶金怎么领", "失业金怎么领"),
        ("创叶补铁多少", "创业补贴多少"),
        ("稳港返还", "稳岗返还"),
        ("培勋和社宝", "培训和社保"),
        ("农名工欠新怎么办", "农民工欠薪怎么办"),
    ],
)
def test_it_goes_with_the_words_of_the_lexicon(library: Library, typed: str, meant: str) -> None:
    assert tidy(typed, library) == meant


def test_what_was_put_right_once_stays(library: Library) -> None:
    for typed in ("石狮失页金怎么申情", "衡水半架体捡能做几次", "沧州暖心宏包啥人能领"):
        once = tidy(typed, library)
        assert once != normalise(typed) and tidy(once, library) == once
