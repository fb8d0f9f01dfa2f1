"""The knowledge pages have a word for everything they have to name."""

from knowledge.measures import Aspect, Audience
from server.console.knowledge_words import ASPECTS, AUDIENCES


def test_whatever_can_be_asked_of_a_measure_has_a_word_of_its_own() -> None:
    assert set(ASPECTS) == set(Aspect)
    assert len(set(ASPECTS.values())) == len(ASPECTS)
    assert set(AUDIENCES) == set(Audience)
