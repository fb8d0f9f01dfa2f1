"""Replies are whole sentences within the limit, what matters most first."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bot.answers import REPLY_BYTES
from bot.composing import Composer, Part, fitted
from knowledge.library import Library
from knowledge.measures import Aspect

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
            parts = composer.measure_parts(measure, [aspect], date(2026, 11, 22), "")
            reply = fitted(parts)
            assert reply.endswith(composer.cite(measure))
            assert len(reply.encode()) <= REPLY_BYTES
            assert "{" not in reply


def test_the_aspect_asked_for_comes_first(library: Library) -> None:
    measure = library.measures["hebei-hengshui-3"]
    parts = Composer(library).measure_parts(measure, [Aspect.AMOUNT], date(2021, 2, 1), "")
    assert "500元" in parts[0].text
    assert not any("已经结束" in part.text for part in parts)
