"""Several places or questions in one message: each is answered as it would be alone."""

import time

import pytest

from bot.answers import Kind
from bot.retrieval.indexing import IndexedLibrary
from tests.bot.asking import ask


def test_a_comparison_is_answered_for_both(indexed: IndexedLibrary) -> None:
    answer = ask(indexed, ["衡水和沧州哪个红包多"])
    assert set(answer.measures) >= {"hebei-hengshui-3", "hebei-cangzhou-1"}


def test_a_firm_is_compared_with_a_place(indexed: IndexedLibrary) -> None:
    reply = ask(indexed, ["格力和鹿泉，留下来过年哪边钱多"])
    assert {"hebei-sjz-gaoxin-1", "hebei-sjz-luquan-1"} <= set(reply.measures)
    assert "1000元" in reply.reply and "500元" in reply.reply


def test_each_place_is_answered_for_what_it_is_asked(indexed: IndexedLibrary) -> None:
    reply = ask(indexed, ["石狮失业金怎么领，荔湾培训补贴怎么领"])
    assert reply.measures == ("shishi-4a", "liwan-8b")


def test_two_questions_about_one_thing_get_one_answer(indexed: IndexedLibrary) -> None:
    answer = ask(indexed, ["衡水消费券多少？消费券在哪用？"])
    assert answer.measures == ("hebei-hengshui-3",)


def test_of_several_details_none_is_dropped(indexed: IndexedLibrary) -> None:
    reply = ask(indexed, ["石狮急难救助，给多少？找谁？要什么材料？"]).reply
    assert "没有写要带什么材料、具体给多少" in reply and "找急难发生地的镇（街道）" in reply


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        (
            "定州失业补助金领几个月，多少钱，要什么材料",
            Kind.ANSWER,
            ["可以领六个月。", "没有写要带什么材料、具体给多少。"],
        ),
        ("荔湾吸纳就业补贴多少钱，怎么申请", Kind.ANSWER, ["1000元", "没有写怎么申请。"]),
        (
            "石狮培训补贴怎么申请、要什么材料、多久到账",
            Kind.ANSWER,
            ["其他材料没有写。", "没有写多久能办好、什么时候发、怎么申请。"],
        ),
        (
            "石狮临时救助多少钱，要什么条件",
            Kind.DECLINE,
            ["没有写具体给多少。", "要受疫情影响、暂时找不到工作、得不到家庭支持"],
        ),
        ("荔湾吸纳就业补贴多少钱？怎么申请？", Kind.ANSWER, ["1000元", "没有写怎么申请。"]),
        (
            "石狮和沧州过年红包多少钱，要什么材料",
            Kind.ANSWER,
            ["500元，叫“暖心红包”。沧州市的文件没有写要带什么材料。"],
        ),
    ],
)
def test_each_thing_asked_is_answered_or_said_to_be_not_written(
    indexed: IndexedLibrary, text: str, kind: Kind, said: list[str]
) -> None:
    answer = ask(indexed, [text])
    assert answer.kind is kind
    assert [words for words in said if words not in answer.reply] == []


def test_a_comparison_with_a_place_that_is_not_covered_says_so_also_where_it_declines(
    indexed: IndexedLibrary,
) -> None:
    told = ask(indexed, ["廊坊的红包和沧州的红包哪个多"])
    assert "廊坊的文件，我这里没有" in told.reply
    assert told.measures == ("hebei-cangzhou-1",)


@pytest.mark.parametrize(
    "words",
    [
        "重新吗一年里啥？",
        "难的那种？",
        "街上，",
        "街上{}，",
        "失业金怎么领{}？",
        "石狮哪里{}？沧州什么？",
    ],
)
def test_no_number_of_questions_in_one_message_keeps_others_waiting(
    indexed: IndexedLibrary, words: str
) -> None:
    """Each was answered by itself: five hundred of them took two seconds."""
    message = "".join(words.format(chr(0x4E00 + n)) for n in range(500))[:2000]
    ask(indexed, ["失业金怎么领"], "石狮")
    began = time.process_time()
    ask(indexed, [message], "石狮")
    assert time.process_time() - began < 0.5


def test_of_more_questions_than_a_reply_holds_the_first_are_answered(
    indexed: IndexedLibrary,
) -> None:
    asked = ["失业金怎么领", "租房有补贴吗", "子女怎么上学", "创业补多少钱"]
    found = ask(indexed, ["？".join(asked * 5)], "石狮")
    assert found.reason == "several-questions" and len(found.measures) >= 2
