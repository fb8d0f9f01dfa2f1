"""Never a wrong number: each figure of a reply stands in the sources that the reply names."""

import re
from pathlib import Path

import pytest

from bot.answers import REPLY_BYTES, Answer, Kind
from bot.retrieval.indexing import IndexedLibrary
from knowledge.checking import sources_of
from knowledge.figures import unstated
from knowledge.library import Library
from tests.bot.asking import EVALUATION, answered, ask, turns_of

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
    for id, turns, region in turns_of(path):
        answer = answered(indexed, tuple(turns), region)
        assert len(answer.reply.encode()) <= REPLY_BYTES
        missing = [m for m in answer.measures if _title(indexed, m) not in answer.reply]
        if answer.kind is Kind.ANSWER and answer.reason != "overview" and missing:
            wrong.append(f"{id} {turns}: {missing} used but not named in {answer.reply}")
        if found := wrong_figures(indexed, answer):
            wrong.append(f"{id} {turns}: {found} in {answer.reply}")
    assert not wrong, "\n\n".join(wrong)


def test_a_control_with_a_changed_sum_is_noticed(indexed: IndexedLibrary) -> None:
    from dataclasses import replace

    answer = ask(indexed, ["石狮开小店补多少"], None)
    assert not wrong_figures(indexed, answer)
    assert wrong_figures(indexed, replace(answer, reply=answer.reply.replace("10000", "12000")))


def test_another_towns_telephone_number_is_noticed(indexed: IndexedLibrary) -> None:
    from dataclasses import replace

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
