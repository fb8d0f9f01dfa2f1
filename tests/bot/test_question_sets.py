"""The gold questions measure the bot; none of them may stand in its data."""

from pathlib import Path

import pytest
from rapidfuzz import fuzz, process

from bot.retrieval.indexing import IndexedLibrary
from bot.words.normalising import normalise
from knowledge.library import Library
from tests.bot.asking import EVALUATION, turns_of

SETS = sorted(EVALUATION.glob("*.jsonl"))
_TOO_ALIKE = 92
_SHORTEST = 7


def _data_questions(library: Library) -> list[str]:
    texts: list[str] = []
    for measure in library.measures.values():
        texts += [measure.question, *measure.similar, *measure.negative, *measure.unanswered]
    for topic in library.topics.values():
        texts += topic.questions
    for outside in library.outside.values():
        texts += outside.questions
    for care in library.care.values():
        texts += care.examples
    return [normalise(text) for text in texts]


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_no_gold_question_stands_in_the_data(library: Library, path: Path) -> None:
    known = _data_questions(library)
    planted: list[str] = []
    for id, turns, _ in turns_of(path):
        for turn in map(normalise, turns):
            if len(turn) >= _SHORTEST:
                found = process.extractOne(turn, known, scorer=fuzz.ratio, score_cutoff=_TOO_ALIKE)
                planted += [f"{id}: {turn} ~ {found[0]}"] if found else []
    assert not planted, "\n".join(planted)


def test_a_planted_question_would_be_noticed(library: Library, indexed: IndexedLibrary) -> None:
    known = _data_questions(library)
    planted = normalise(next(iter(library.measures.values())).similar[3])
    assert process.extractOne(planted, known, scorer=fuzz.ratio, score_cutoff=_TOO_ALIKE)
    assert indexed.weighed(planted).near.max() > 0.9
