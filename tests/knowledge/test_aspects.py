"""The words that ask for an aspect are told apart."""

import re

import pytest
from pydantic import ValidationError

from knowledge.aspects import AspectRule, AspectRules
from knowledge.files import read_yaml
from knowledge.library import DATA, Library
from knowledge.measures import Aspect

RULES = read_yaml(DATA / "aspects.yaml", AspectRules)
EXAMPLES = [(rule.aspect, rule.firm, text) for rule in RULES.rules for text in rule.asks]
LOOSE_GAP = re.compile(r"(?<![(=!])(?:(?<!\\)\.|\[\^[^\]]*\])[{*+]")
"""Words between, whatever they are, that would be blanked with the words that ask."""


@pytest.mark.parametrize(("aspect", "firm", "text"), EXAMPLES)
def test_an_example_asks_for_its_aspect(
    library: Library, aspect: Aspect, firm: bool, text: str
) -> None:
    asked = library.aspects.read(text)
    assert aspect in asked.aspects
    assert (aspect in asked.firm) is firm


@pytest.mark.parametrize(
    ("text", "aspect"),
    [
        ("合同要签多久才算", Aspect.DURATION),
        ("老板不打卡", Aspect.TIMING),
        ("监测了多少家企业", Aspect.AMOUNT),
        ("手机流量有没有送", Aspect.ONLINE),
        ("没有结业证书行不行", Aspect.MATERIALS),
        ("厂里过年都给些什么", Aspect.WHO),
        ("打过去都能说些什么事", Aspect.WHO),
        ("志愿队由哪些人组成", Aspect.WHO),
        ("取暖费收不收", Aspect.WHO),
        ("老板一个人说了算吗", Aspect.WHO),
        ("谁能帮我一把", Aspect.WHO),
        ("截至发稿发给了多少人", Aspect.DEADLINE),
        ("饭钱按多少算", Aspect.CONDITION),
        ("停机的能白开几个月", Aspect.CONDITION),
        ("店关了要不要退", Aspect.CONDITION),
    ],
)
def test_words_of_one_aspect_are_not_taken_for_another(
    library: Library, text: str, aspect: Aspect
) -> None:
    assert aspect not in library.aspects.read(text).aspects


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("农民工能领失业金吗", "失业金"),
        ("红包能不能换成现金", "红包"),
        ("光荣卡弄丢了去哪补一张", "光荣卡"),
    ],
)
def test_the_subject_stays_when_the_words_that_ask_are_taken_away(
    library: Library, text: str, subject: str
) -> None:
    assert subject in library.aspects.read(text).left


def test_no_pattern_takes_away_what_it_does_not_spell() -> None:
    patterns = [pattern for rule in RULES.rules for pattern in rule.patterns]
    assert [pattern for pattern in patterns if LOOSE_GAP.search(pattern)] == []
    assert LOOSE_GAP.search("农民工.{0,6}吗") and not LOOSE_GAP.search("农民工(.{0,6})吗")


def test_every_aspect_can_be_asked_for() -> None:
    assert {rule.aspect for rule in RULES.rules} == set(Aspect)


def test_a_rule_without_a_pattern_is_refused_as_every_question_would_ask_for_it() -> None:
    with pytest.raises(ValidationError):
        AspectRule(aspect=Aspect.AMOUNT, firm=True, patterns=())


def test_a_pattern_that_needs_no_character_is_refused() -> None:
    for pattern in ("(?:多少钱)?", "多少|", "^"):
        rule = AspectRule(aspect=Aspect.AMOUNT, firm=True, patterns=(pattern,))
        with pytest.raises(ValidationError, match="found in every text"):
            AspectRules(words={}, rules=(rule,))
