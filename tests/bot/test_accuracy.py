"""A release answers at least as many of the stored questions right as was recorded, by kind."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from bot.answers import Answer
from bot.evaluation import Ask, Gold, evaluate, read_gold
from bot.retrieval.indexing import IndexedLibrary
from knowledge.library import Library
from knowledge.scoring import Record, Score
from tests.bot.asking import EVALUATION, answered, ask

RECORD = Record.model_validate_json((EVALUATION / "accuracy.json").read_bytes())
ASIDE = {"own_aside.jsonl", "own_held.jsonl"}
"""Nothing is built towards these: what a release does to them is measured, and fails nothing."""


def _golds() -> Iterator[Gold]:
    for file in RECORD.files:
        yield from read_gold(file, (EVALUATION / file).read_text("utf-8").split("\n"))


def _asking(indexed: IndexedLibrary) -> Ask:
    return lambda turns, region: answered(indexed, tuple(turns), region)


def test_the_record_is_of_every_set_that_is_not_set_aside() -> None:
    assert set(RECORD.files) == {path.name for path in EVALUATION.glob("*.jsonl")} - ASIDE


@pytest.mark.fault
def test_no_kind_of_question_is_answered_less_well_than_recorded(
    indexed: IndexedLibrary, tell: Any
) -> None:
    score = evaluate(_golds(), _asking(indexed))
    for kind, (right, of) in RECORD.kinds.items():
        tell(f"{kind}, right of {of}", score.right[kind], f">= {right}")
    assert RECORD.lowered(score) == []


@pytest.mark.fault
def test_a_release_in_which_two_measures_lost_their_words_is_found(
    library: Library, indexed: IndexedLibrary, control: Any
) -> None:
    """The control: how people ask for one measure stands with another one, and the other way."""
    golds = list(_golds())
    wanted = [measure for gold in golds for measure in gold.measures]
    mixed_up = sorted(sorted(set(wanted)), key=wanted.count)[-2:]
    words = {
        id: {part: each[part] for part in ("question", "similar")}
        for kind, id, each in library.editions
        if kind == "measure" and id in mixed_up
    }
    taken = dict(zip(mixed_up, (words[id] for id in reversed(mixed_up)), strict=True))
    editions = (
        (kind, key, {**each, **taken.get(key, {})} if kind == "measure" else each)
        for kind, key, each in library.editions
    )
    poorer = IndexedLibrary(Library(editions))
    about_them = {(gold.turns, gold.region) for gold in golds if {*gold.measures} & {*mixed_up}}

    def ask_of_it(turns: Sequence[str], region: str | None) -> Answer:
        # The others are asked of the whole release: it is a matter of seconds.
        if (tuple(turns), region) in about_them:
            return ask(poorer, turns, region)
        return answered(indexed, tuple(turns), region)

    told = RECORD.lowered(evaluate(golds, ask_of_it))
    control(f"the words of {mixed_up[0]} and {mixed_up[1]} mixed up", "; ".join(told), "found")
    assert told


def test_less_of_a_kind_or_other_questions_are_told() -> None:
    score: Score[None] = Score()
    for _ in range(3):
        score.count(None, "kind answer")
    score.total["kind answer"] += 1
    held = Record.of(["a.jsonl"], score)
    assert held.kinds == {"kind answer": (3, 4)} and held.lowered(score) == []
    score.right["kind answer"] = 2
    assert held.lowered(score) == ["kind answer: 2 of 4, was 3"]
    score.total["kind answer"] = 9
    score.total["kind chat"] = 1
    assert held.lowered(score) == ["kind answer: recorded of other questions",
                                   "kind chat: recorded of other questions"]  # fmt: skip
