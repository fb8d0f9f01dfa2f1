"""A clause that is asked for by its number is answered from that clause."""

import pytest

from bot.answering import turn_of
from bot.answers import Context, Kind
from bot.clause_numbers import clause_asked_for
from bot.retrieval.indexing import IndexedLibrary
from tests.bot.asking import TODAY, ask


@pytest.mark.parametrize(
    ("asked", "measure"),
    [
        ("石狮第七条是什么", "shishi-7"),
        ("石狮第7条电话多少", "shishi-7"),
        ("锦州第三条讲什么", "jinzhou-3"),
        ("衡水那个文件第十条讲什么", "hebei-hengshui-10"),
        ("石狮第四条第三项", "shishi-4c"),
        ("荔湾第一条写的什么", "liwan-1"),
        ("石狮第二条的补贴给谁", "shishi-2"),
        ("石狮第五条里孩子的福袋怎么领", "shishi-5b"),
    ],
)
def test_what_stands_under_a_number_is_told(
    indexed: IndexedLibrary, asked: str, measure: str
) -> None:
    said = ask(indexed, [asked])
    assert said.kind is Kind.ANSWER and said.measures[0] == measure


@pytest.mark.parametrize(
    ("asked", "measures"),
    [
        ("石狮八条措施第五条", {"shishi-5a", "shishi-5b", "shishi-5c"}),
        ("石狮第八个措施是什么", {"shishi-8a", "shishi-8b", "shishi-8c"}),
        # Its numbers run through all parts, and its parts have numbers, too.
        ("荔湾第五条", {"liwan-5a", "liwan-5b", "liwan-10"}),
    ],
)
def test_of_several_one_is_to_be_chosen(
    indexed: IndexedLibrary, asked: str, measures: set[str]
) -> None:
    said = ask(indexed, [asked])
    assert set(said.measures) == measures and len(said.choices) == len(measures)


def test_the_place_that_was_spoken_of_is_meant(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["石狮失业金怎么领", "那第七条呢"]).measures == ("shishi-7",)
    said = ask(indexed, ["锦州第三条", "第六条呢"])
    assert said.measures == ("jinzhou-6",)


def test_a_number_picks_the_choice_where_there_are_choices(indexed: IndexedLibrary) -> None:
    listed = ask(indexed, ["石狮有什么政策"])
    assert ask(indexed, ["石狮有什么政策", "第三条"]).measures[0] == listed.measures[2]


def test_without_a_place_it_is_asked_for(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["第三条讲什么"]).kind is Kind.CLARIFY
    assert ask(indexed, ["第三条讲什么", "锦州"]).measures == ("jinzhou-3",)


@pytest.mark.parametrize(
    ("turns", "measure"),
    [
        (["石狮四③讲什么"], "shishi-4c"),
        (["石狮失业金怎么领", "四②呢"], "shishi-4b"),
        (["石狮失业金怎么领", "③呢"], "shishi-4c"),
    ],
)
def test_a_part_is_asked_for_as_the_source_cites_it(
    indexed: IndexedLibrary, turns: list[str], measure: str
) -> None:
    assert ask(indexed, turns).measures[0] == measure


def test_a_clause_that_there_is_not_is_no_choice_out_of_range(indexed: IndexedLibrary) -> None:
    said = ask(indexed, ["石狮的文件第五条是什么", "第九条呢"])
    assert said.reason == "no-such-clause"
    # Behind the choices a clause that there is may be asked for as well.
    assert ask(indexed, ["石狮的文件第五条是什么", "第七条呢"]).measures == ("shishi-7",)


def test_a_number_that_no_clause_has_is_said_to_be_none(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["石狮第十二条是什么"]).kind is Kind.DECLINE
    assert ask(indexed, ["泉州第三条讲什么"]).kind is Kind.DECLINE


def test_a_clause_without_help_is_shown(indexed: IndexedLibrary) -> None:
    said = ask(indexed, ["定州第一条"])
    assert said.kind is Kind.ANSWER and not said.measures and "印发了" in said.reply
    # As everywhere: of what day it is, and whether that is over.
    assert "2021年2月12日" in said.reply and "已经结束了" in said.reply


def test_what_the_clause_does_not_say_is_not_told(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["石狮第七条要什么材料"]).kind is Kind.DECLINE


def test_a_subject_of_its_own_counts_for_more_than_a_wrong_number(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["石狮第三条失业金怎么领"]).measures[0] == "shishi-4a"
    assert ask(indexed, ["劳动合同法第三十九条是什么"]).kind is Kind.DECLINE


@pytest.mark.parametrize(
    "asked",
    [
        "石狮，劳动法里第四条怎么说",
        "石狮劳动合同的第七条是什么意思",
        "石狮厂规第六条罚款合法吗",
        "石狮工伤保险条例的第五条能赔多少",
    ],
)
def test_the_clause_of_a_law_or_a_contract_is_not_the_documents(
    indexed: IndexedLibrary, asked: str
) -> None:
    turn = turn_of(asked, indexed, Context(), TODAY, None)
    assert clause_asked_for(turn) is None
