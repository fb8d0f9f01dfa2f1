"""The words that ask for an aspect are told apart."""

import pytest

from knowledge.aspects import AspectRules
from knowledge.files import read_yaml
from knowledge.library import DATA, Library
from knowledge.measures import Aspect

RULES = read_yaml(DATA / "aspects.yaml", AspectRules)
EXAMPLES = [(rule.aspect, rule.firm, text) for rule in RULES.rules for text in rule.asks]


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
    ],
)
def test_words_of_one_aspect_are_not_taken_for_another(
    library: Library, text: str, aspect: Aspect
) -> None:
    assert aspect not in library.aspects.read(text).aspects


def test_every_aspect_can_be_asked_for() -> None:
    assert {rule.aspect for rule in RULES.rules} == set(Aspect)
