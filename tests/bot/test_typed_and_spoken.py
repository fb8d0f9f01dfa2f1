"""How people really type and speak: rambling, put right, misheard, asking on without a subject."""

import pytest

from bot.answers import Kind
from bot.retrieval.indexing import IndexedLibrary
from tests.bot.asking import ask


@pytest.mark.parametrize(
    ("asked", "region"),
    [
        ("沧州红包发几百，哎呀写错了，我是衡水的", "衡水"),
        ("弄错了，是承德", "承德"),
        ("师傅弄错了我在石狮交的社保，失业金找谁", "石狮"),
        ("是狮这边失业金怎么领", "石狮"),
    ],
)
def test_a_place_is_understood_however_it_is_put_right(
    indexed: IndexedLibrary, asked: str, region: str
) -> None:
    assert ask(indexed, ["过年给留下的人发钱吗", asked]).region == region


def test_where_somebody_came_from_to_work_is_not_the_place_they_ask_about(
    indexed: IndexedLibrary,
) -> None:
    said = ask(indexed, ["我是贵州来打工的，饭碗没了揭不开锅，临时救助找谁"], region="石狮")
    assert said.region == "石狮"


def test_the_place_that_is_named_again_is_asked_about(indexed: IndexedLibrary) -> None:
    asked = "我在晋江厂里干活，人家讲石狮有失业金，晋江的失业金上哪办"
    assert ask(indexed, [asked]).reason == "place-not-covered:晋江市"


@pytest.mark.parametrize(
    "asked",
    [
        "娃整天关在屋里打游戏，石狮有没有心理热线",
        "爱人快生了，想学点带孩子的，荔湾有课吗",
        "石狮的补贴材料交了2个月了没动静，找谁",
        "那晚胃疼得厉害挂了急诊，衡水拿光荣卡能免啥",
        "家里来人了总不能让他们睡马路，衡水给补住宿吗",
    ],
)
def test_everyday_trouble_is_no_distress(indexed: IndexedLibrary, asked: str) -> None:
    assert ask(indexed, [asked]).kind is not Kind.HANDOFF


@pytest.mark.parametrize(
    "said",
    [
        "娃被他后爸关在屋里不让出来",
        "娃被他关在屋里看电视，三天没给饭",
        "爱人快生了，想去医院没钱",
        "工友倒在坑里，2个人都没动静了",
        "胃疼得厉害，直冒冷汗站不起来",
        "没钱住店了，今晚又要睡马路",
    ],
)
def test_the_same_words_of_real_trouble_are_heard(indexed: IndexedLibrary, said: str) -> None:
    assert ask(indexed, [said]).kind is Kind.HANDOFF


def test_where_it_is_written_is_no_question_of_its_own(indexed: IndexedLibrary) -> None:
    said = ask(indexed, ["主动走的凭什么不给失业金？政策哪里写的"], region="石狮")
    assert said.measures == ("shishi-4a",) and "非因本人意愿" in said.reply


def test_what_is_told_asks_for_nothing(indexed: IndexedLibrary) -> None:
    asked = "我每个月都要给老家寄八百块，今年厂里停工，一分进账没有。在石狮这样的能救济吗"
    said = ask(indexed, [asked])
    assert said.kind is Kind.ANSWER and said.measures[0] == "shishi-3a"


def test_what_follows_without_a_subject_is_asked_of_what_was_answered_last(
    indexed: IndexedLibrary,
) -> None:
    turns = ["荔湾学技术发不发补贴", "生活费那五百呢", "都发给什么人"]
    assert ask(indexed, turns).measures[0] == "liwan-8c"


def test_what_is_denied_does_not_draw_the_answer_to_it(indexed: IndexedLibrary) -> None:
    turns = ["石狮开店补多少", "那没开店，就是丢了工作，能领啥"]
    assert ask(indexed, turns).measures[0] == "shishi-4a"


def test_a_paper_that_one_town_alone_has_names_the_town(indexed: IndexedLibrary) -> None:
    asked = "我有个小厂，刚收了几个拿再就业优惠证的，给他们交着保险。税务上一个人一年减多少"
    assert ask(indexed, [asked]).region == "（未具名市）"


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ("石狮生日盲盒到什么地方去取", Kind.DECLINE),
        ("沧州红包给个地址！", Kind.DECLINE),
        ("热费减免的名单几月几号之前报", Kind.ANSWER),
        ("锦州线上培训补贴这钱打哪个账上出", Kind.ANSWER),
        ("锦州旅馆缓交社保得去哪确认", Kind.ANSWER),
        ("衡水体检打对折，都查哪些", Kind.DECLINE),
        ("滦州工会小年都送了啥", Kind.ANSWER),
    ],
)
def test_what_is_asked_for_is_read_in_everyday_words(
    indexed: IndexedLibrary, asked: str, kind: Kind
) -> None:
    assert ask(indexed, [asked]).kind is kind
