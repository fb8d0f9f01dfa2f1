"""Replies are whole sentences within the limit, what matters most first."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bot.answers import REPLY_BYTES
from bot.composing import Composer, Part, fitted, without_repeats
from knowledge.aspects import Asked
from knowledge.library import Library
from knowledge.measures import Aspect


def _asked(*aspects: Aspect) -> Asked:
    return Asked(aspects, frozenset(aspects), frozenset(aspects), "")


SENTENCES = st.lists(st.text("今天给五百元补贴，。", min_size=1, max_size=400), max_size=12)


@given(SENTENCES)
def test_no_reply_is_longer_than_a_message(texts: list[str]) -> None:
    parts = [Part(text, rank) for rank, text in enumerate(texts)]
    assert len(fitted(parts).encode()) <= REPLY_BYTES


def test_what_does_not_fit_is_left_out_whole_the_least_important_first() -> None:
    long = "文" * 600 + "。"
    reply = fitted([Part("最要紧的。"), Part(long, 1), Part("出处。"), Part(long, 4)])
    assert reply == f"最要紧的。\n{long}\n出处。"


def test_a_single_part_that_is_too_long_ends_with_a_sentence() -> None:
    reply = fitted([Part("一句话。" * 400)])
    assert reply.endswith("。")
    assert len(reply.encode()) <= REPLY_BYTES


def test_every_measure_can_be_written_up_for_every_aspect(library: Library) -> None:
    composer = Composer(library)
    for measure in library.measures.values():
        for aspect in Aspect:
            parts = composer.measure_parts(measure, _asked(aspect), date(2026, 11, 22), "")
            reply = fitted(parts)
            assert reply.endswith(composer.cite(measure))
            assert len(reply.encode()) <= REPLY_BYTES
            assert "{" not in reply


def test_the_aspect_asked_for_comes_first(library: Library) -> None:
    measure = library.measures["hebei-hengshui-3"]
    parts = Composer(library).measure_parts(measure, _asked(Aspect.AMOUNT), date(2021, 2, 1), "")
    assert "500元" in parts[0].text
    assert not any("已经结束" in part.text for part in parts)


def test_a_sentence_that_takes_something_back_is_no_repetition() -> None:
    said = Part("承担疫情防控任务的4家重点企业，纳入24小时用工保障。")
    open_yet = Part("承担疫情防控任务的4家重点企业，没有写是哪几家。")
    other_sum = Part("承担疫情防控任务的5家重点企业。")
    again = Part("4家重点企业承担疫情防控任务。")
    assert without_repeats([said, open_yet, other_sum, again]) == [said, open_yet, other_sum]


def test_what_was_asked_is_said_though_the_rest_says_nearly_the_same() -> None:
    first = Part("每人发500元补贴，一次性的。")
    assert without_repeats([first, Part("发500元补贴，每人。")]) == [first]
    asked = Part("发500元补贴，每人。", asked=True)
    assert without_repeats([first, asked]) == [first, asked]


def test_conditions_are_those_of_the_clause_and_never_how_it_is_read(library: Library) -> None:
    composer = Composer(library)
    for measure in library.measures.values():
        stated = measure.answers.get(Aspect.CONDITION)
        told = composer.conditions(measure)
        said = stated.say.rstrip("。") if stated and measure.conditions else ""
        assert told == (composer.say("conditions", conditions=said) if said else ""), measure.id
