"""The knowledge pages have a word for everything they have to name."""

from bot import answering, gates
from knowledge.measures import Aspect, Audience
from server.console.knowledge_words import ASPECTS, AUDIENCES, STEPS


def test_whatever_can_be_asked_of_a_measure_has_a_word_of_its_own() -> None:
    assert set(ASPECTS) == set(Aspect)
    assert len(set(ASPECTS.values())) == len(ASPECTS)
    assert set(AUDIENCES) == set(Audience)


def test_whatever_step_answers_has_a_word() -> None:
    assert set(STEPS) == {step.__name__ for step in (*answering.STEPS, gates.no_answer)}
