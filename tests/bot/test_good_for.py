"""What a card is good for is told from the clauses that take it."""

import pytest

from bot.retrieval.indexing import IndexedLibrary
from tests.bot.asking import ask

TAKEN = {"hebei-hengshui-2", "hebei-hengshui-6"}


@pytest.mark.parametrize(
    "asked",
    [
        "衡水的光荣卡拿着有什么好处",
        "光荣卡能免些什么",
        "那张光荣卡派啥用场",
        "光荣卡怎么用",
        "光荣卡能用在哪里",
        "光荣卡在哪用",
    ],
)
def test_what_other_clauses_take_it_for_is_told(indexed: IndexedLibrary, asked: str) -> None:
    reply = ask(indexed, [asked])
    assert set(reply.measures) == {"hebei-hengshui-1", *TAKEN} or set(reply.measures) >= TAKEN
    assert "挂号费" in reply.reply and "核酸" in reply.reply
    assert "没有写可以怎么用" not in reply.reply


@pytest.mark.parametrize("asked", ["有什么用", "那能干什么", "怎么用"])
def test_what_the_card_told_of_is_good_for_is_no_question_about_the_service(
    indexed: IndexedLibrary, asked: str
) -> None:
    assert set(ask(indexed, ["衡水光荣卡怎么领", asked]).measures) >= TAKEN
    assert ask(indexed, ["石狮失业金怎么领", asked]).reason == "small-talk:help"


def test_who_asks_who_gives_it_is_told_no_more(indexed: IndexedLibrary) -> None:
    assert TAKEN.isdisjoint(ask(indexed, ["衡水的光荣卡谁给办"]).measures)


def test_a_thing_that_no_other_clause_takes_has_no_such_line(indexed: IndexedLibrary) -> None:
    assert "它的用处" not in ask(indexed, ["石狮创业补贴能干什么用"]).reply
