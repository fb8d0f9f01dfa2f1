"""Every stored question: as many answered right as was recorded, and never with a wrong number.

Both look at the same replies, so they stand together. To ask all takes most of a minute: the tests
ask a third, all are asked by `make verify` and by `nuangang evaluate --against`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from bot.answers import REPLY_BYTES, Answer, Kind
from bot.evaluation import Ask, Gold, evaluate, read_gold
from bot.retrieval.indexing import IndexedLibrary
from knowledge.checking import sources_of
from knowledge.figures import unstated
from knowledge.library import Library
from knowledge.scoring import Record, Score
from tests.bot.asking import EVALUATION, answered, ask, turns_of
from tests.verifying import size

RECORD = Record.model_validate_json((EVALUATION / "accuracy.json").read_bytes())
ASIDE = {"own_aside.jsonl", "own_held.jsonl"}
"""Nothing is built towards these: what a release does to them is measured, and fails nothing."""


EVERY = size(3, 1)


def _golds() -> Iterator[tuple[str, Gold]]:
    """Those that are asked, each with its file."""
    for file in RECORD.files:
        golds = list(read_gold(file, (EVALUATION / file).read_text("utf-8").split("\n")))
        yield from ((file, gold) for gold in golds[::EVERY])


def _recorded() -> Record:
    """What was recorded of those that are asked."""
    return RECORD.part((file, gold.id, gold.kind) for file, gold in _golds())


def _asking(indexed: IndexedLibrary) -> Ask:
    return lambda turns, region: answered(indexed, tuple(turns), region)


def test_the_record_is_of_every_set_that_is_not_set_aside() -> None:
    assert set(RECORD.files) == {path.name for path in EVALUATION.glob("*.jsonl")} - ASIDE


@pytest.mark.fault
def test_no_kind_of_question_is_answered_less_well_than_recorded(
    indexed: IndexedLibrary, tell: Any
) -> None:
    score = evaluate((gold for _, gold in _golds()), _asking(indexed))
    recorded = _recorded()
    for kind, (right, of) in recorded.kinds.items():
        tell(f"{kind}, right of {of}", score.right[kind], f">= {right}")
    assert recorded.lowered(score) == []


@pytest.mark.fault
def test_a_release_in_which_two_measures_lost_their_words_is_found(
    library: Library, indexed: IndexedLibrary, control: Any
) -> None:
    """The control: how people ask for one measure stands with another one, and the other way."""
    golds = [gold for _, gold in _golds()]
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

    told = _recorded().lowered(evaluate(golds, ask_of_it))
    control(f"the words of {mixed_up[0]} and {mixed_up[1]} mixed up", "; ".join(told), "found")
    assert told


def test_less_of_a_kind_or_other_questions_are_told() -> None:
    score: Score[None] = Score()
    for _ in range(3):
        score.count(None, "kind answer")
    score.total["kind answer"] += 1
    held = Record.of({"a.jsonl": score}, str)
    assert held.kinds == {"kind answer": (3, 4)} and held.lowered(score) == []
    score.right["kind answer"] = 2
    assert held.lowered(score) == ["kind answer: 2 of 4, was 3"]
    score.total["kind answer"] = 9
    score.total["kind chat"] = 1
    assert held.lowered(score) == ["kind answer: recorded of other questions",
                                   "kind chat: recorded of other questions"]  # fmt: skip


def test_a_record_of_all_tells_of_a_part_what_was_right_in_it() -> None:
    score: Score[str] = Score()
    for id, wrong in (("a", False), ("b", True), ("c", False)):
        score.count(id if wrong else None, "kind answer")
    held = Record.of({"a.jsonl": score, "b.jsonl": score}, str)
    assert held.files == {"a.jsonl": ("b",), "b.jsonl": ("b",)}
    assert held.kinds == {"kind answer": (4, 6)}
    asked = [("a.jsonl", "a", "answer"), ("a.jsonl", "b", "answer"), ("b.jsonl", "c", "answer")]
    assert held.part(asked).kinds == {"kind answer": (2, 3)}


# -- figures --------------------------------------------------------------------------------------

SETS = sorted(EVALUATION.glob("*.jsonl"))
_COUNTING = re.compile(
    r"^\d{1,2}\. |^第\d{1,2}题（连这题最多\d{1,2}题）|比如回复“\d{1,2} \d{1,2}”", re.MULTILINE
)
"""What counts choices, and the questions of a self-check: it tells of no measure."""


def _allowed(indexed: IndexedLibrary, answer: Answer) -> list[str]:
    library = indexed.library
    texts = [f"{s.title} {s.locator} {s.number or ''}" for s in answer.sources]
    for source in answer.sources:
        if source.measure:
            measure = library.measures[source.measure]
            texts += sources_of(library, measure)
            for day in (measure.validity.from_, measure.validity.to):
                texts.append(f"{day.year}年{day.month}月{day.day}日" if day else "")
    named = {source.locator for source in answer.sources if not source.measure}
    texts += [
        f"{h.number} {h.name} {h.for_}" for h in library.helplines.values() if h.number in named
    ]
    return texts


def _title(indexed: IndexedLibrary, measure: str) -> str:
    document = indexed.library.measures[measure].document
    return indexed.library.documents[document].entry.title


def wrong_figures(indexed: IndexedLibrary, answer: Answer) -> set[str]:
    """Return the figures of a reply that none of its named sources states."""
    said = _COUNTING.sub("", answer.reply)
    return {f"{f.value}{f.unit}" for f in unstated(said, _allowed(indexed, answer))}


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_no_reply_states_a_figure_its_sources_do_not(indexed: IndexedLibrary, path: Path) -> None:
    wrong: list[str] = []
    for id, turns, region in islice(turns_of(path), 0, None, EVERY):
        answer = answered(indexed, tuple(turns), region)
        assert len(answer.reply.encode()) <= REPLY_BYTES
        missing = [m for m in answer.measures if _title(indexed, m) not in answer.reply]
        if answer.kind is Kind.ANSWER and answer.reason != "overview" and missing:
            wrong.append(f"{id} {turns}: {missing} used but not named in {answer.reply}")
        if found := wrong_figures(indexed, answer):
            wrong.append(f"{id} {turns}: {found} in {answer.reply}")
    assert not wrong, "\n\n".join(wrong)


def test_a_control_with_a_changed_sum_is_noticed(indexed: IndexedLibrary) -> None:
    answer = ask(indexed, ["石狮开小店补多少"], None)
    assert not wrong_figures(indexed, answer)
    assert wrong_figures(indexed, replace(answer, reply=answer.reply.replace("10000", "12000")))


def test_another_towns_telephone_number_is_noticed(indexed: IndexedLibrary) -> None:
    answer = ask(indexed, ["锦州稳岗返还退几成"], None)
    assert wrong_figures(indexed, replace(answer, reply=answer.reply + "电话 88712565"))


def test_money_that_was_only_planned_is_said_to_be(library: Library) -> None:
    planned = [
        (measure, grant.amount)
        for measure in library.measures.values()
        for grant in measure.grants
        if grant.amount and grant.quote.startswith("拟")
    ]
    assert planned
    for measure, amount in planned:
        sum_ = f"{amount.value:g}{amount.unit}"
        said = (measure.summary, *(answer.say for answer in measure.answers.values()))
        assert [words for words in said if sum_ in words and "拟" not in words] == []
