"""Every sentence of a document is encoded, judged by people, or declared to be no condition."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from knowledge.checking import honesty_troubles
from knowledge.documents import Document, DocumentEntry, NoCondition
from knowledge.eligibility.sentences import Reading, account, rule_leaves, sentences
from knowledge.faults import Code
from knowledge.library import Library
from knowledge.measures import Audience, Measure

# Encoded, judged, no condition, for the government, in a clause without a measure.
COUNTS = {
    "hebei": (54, 3, 39, 6, 18),
    "jinzhou": (11, 1, 19, 2, 2),
    "liwan": (13, 0, 41, 0, 26),
    "opinion": (29, 8, 16, 13, 19),
    "shishi": (17, 2, 16, 0, 21),
}


@pytest.mark.parametrize("key", COUNTS)
def test_every_sentence_is_read_and_counted(library: Library, key: str) -> None:
    document = library.documents[key]
    found = account(library, document)
    assert not found.faults
    order = (
        Reading.ENCODED, Reading.JUDGED, Reading.NO_CONDITION, Reading.GOVERNMENT,
        Reading.NO_MEASURE,
    )  # fmt: skip
    assert tuple(found.counts[reading] for reading in order) == COUNTS[key]
    assert found.counts.total() == len(list(_sentences(document)))


def _sentences(document: Document) -> Iterator[tuple[str, str]]:
    """All sentences but the headings that only name their clause."""
    for locator, clause in document.clauses.items():
        for sentence in sentences(clause.text):
            if not locator.endswith(sentence):
                yield locator, sentence


def test_no_document_goes_uncounted(library: Library) -> None:
    assert set(library.documents) == set(COUNTS)


def test_a_text_falls_into_its_sentences() -> None:
    assert sentences("一、标题\n每人500元；另加100元。真的！是吗？") == [
        "一、标题", "每人500元；", "另加100元。", "真的！", "是吗？",
    ]  # fmt: skip
    assert sentences("。\n \n；") == []


def _with(document: Document, **changes: Any) -> Document:
    about = DocumentEntry.model_validate({**document.entry.model_dump(by_alias=True), **changes})
    return Document(about, document.raw)


def _marks(document: Document) -> list[dict[str, str]]:
    return [mark.model_dump() for mark in document.entry.no_condition]


@pytest.mark.parametrize("key", COUNTS)
def test_a_sentence_that_is_declared_no_more_is_found(library: Library, key: str) -> None:
    document = library.documents[key]
    marks = _marks(document)
    for n in range(0, len(marks), 5):
        found = account(library, _with(document, no_condition=marks[:n] + marks[n + 1 :]))
        (fault,) = found.faults
        assert str(fault).startswith(f"{marks[n]['locator']}: read neither way: ")
        assert marks[n]["words"] in str(fault.values["sentence"])


def test_a_sentence_that_is_added_is_found(library: Library) -> None:
    document = library.documents["shishi"]
    words = "本地户籍职工不享受本条待遇。"
    after = "安排500万元专项资金"
    assert document.raw.count(after) == 1
    longer = Document(document.entry, document.raw.replace(after, words + after))
    (fault,) = account(library, longer).faults
    assert fault.code == Code.READ_NEITHER_WAY and words in str(fault.values["sentence"])


def test_what_a_rule_says_no_more_is_found(library: Library) -> None:
    """Take the rule from each measure that alone accounts for a sentence."""
    found = 0
    for document in library.documents.values():
        for measure in library.measures.values():
            if measure.document == document.entry.id and measure.audience != Audience.GOVERNMENT:
                found += _lost_without(library, document, measure)
    assert found > 60


def _lost_without(library: Library, document: Document, measure: Measure) -> bool:
    lost = account(_changed(library, _silent(measure)), document).faults
    quotes = [leaf.quote for leaf in rule_leaves(measure)]
    for fault in lost:
        sentence = str(fault.values["sentence"])
        assert any(quote in sentence or sentence in quote for quote in quotes), fault
    return bool(lost)


def _silent(measure: Measure) -> Measure:
    grants = tuple(grant.model_copy(update={"when": None}) for grant in measure.grants)
    return measure.model_copy(update={"rule": None, "grants": grants})


def _changed(library: Library, *changed: Measure) -> Any:
    """As much of a library as is counted, with some measures otherwise."""
    others = {measure.id: measure for measure in changed}
    return SimpleNamespace(measures={**library.measures, **others})


def test_a_rule_of_another_clause_accounts_for_nothing(library: Library) -> None:
    document, measures = library.documents["shishi"], library.measures
    silent = _silent(measures["shishi-2"])
    lost = list(map(str, account(_changed(library, silent), document).faults))
    assert lost and all(fault.startswith("二: read neither way") for fault in lost)
    elsewhere = measures["shishi-7"].model_copy(update={"rule": measures["shishi-2"].rule})
    found = account(_changed(library, silent, elsewhere), document).faults
    assert set(lost) < set(map(str, found)), "clause 七 has lost its own too"


def test_a_clause_that_is_only_partly_for_the_government_is_read(library: Library) -> None:
    document, measures = library.documents["shishi"], library.measures
    shared = [m for m in measures.values() if m.document == "shishi" and m.locator == "一"]
    assert len(shared) > 1
    official = [
        m.model_copy(update={"audience": Audience.GOVERNMENT}) for m in map(_silent, shared)
    ]
    assert not account(_changed(library, *official), document).faults
    partly = account(_changed(library, *official[1:], _silent(shared[0])), document).faults
    assert partly and all(str(fault).startswith("一: read neither way") for fault in partly)


def _refusal(library: Library, words: str) -> tuple[int, list[str]]:
    """How many sentences of clause 三 have these words, and what is said of declaring them."""
    document = library.documents["shishi"]
    more = {"locator": "三", "words": words, "why": "试"}
    found = account(library, _with(document, no_condition=[*_marks(document), more]))
    told = list(map(str, found.faults))
    return sum(words in s for s in sentences(document.clauses["三"].text)), told


@pytest.mark.parametrize("words", ["，", "没有这几个字"])
def test_words_that_mean_not_exactly_one_sentence_are_refused(library: Library, words: str) -> None:
    times, told = _refusal(library, words)
    assert times != 1
    assert f"三: not in one sentence but in {times}: {words}" in told


def test_words_that_stand_in_one_sentence_are_taken(library: Library) -> None:
    declared = next(m for m in _marks(library.documents["shishi"]) if m["locator"] == "三")
    assert _refusal(library, declared["words"]) == (1, [])


def test_no_condition_and_a_rule_at_once_is_refused(library: Library) -> None:
    document = library.documents["shishi"]
    leaf = next(rule_leaves(library.measures["shishi-4a"]))
    home = library.measures["shishi-4a"].locator
    more = {"locator": home, "words": leaf.quote, "why": "试"}
    assert NoCondition.model_validate(more)
    found = account(library, _with(document, no_condition=[*_marks(document), more]))
    (fault,) = found.faults
    assert str(fault).startswith(f"{home}: no condition, but a rule rests on it: ")
    assert leaf.quote in str(fault.values["sentence"])


def test_the_check_before_publishing_tells_it(library: Library) -> None:
    """The same through `honesty_troubles`, on a library with one declaration less."""

    def editions() -> Iterator[Any]:
        for kind, key, content in library.editions:
            if (kind, key) == ("document", "shishi"):
                about = {**content["about"], "no_condition": content["about"]["no_condition"][1:]}
                content = {**content, "about": about}
            yield kind, key, content

    dropped = library.documents["shishi"].entry.no_condition[0]
    found = map(str, honesty_troubles(Library(editions())))
    told = [trouble for trouble in found if "read neither way" in trouble]
    assert len(told) == 1
    assert told[0].startswith("shishi: ") and dropped.words in told[0]
