"""A place mentioned in passing: the table read as what is said in 石狮 -> where one asks from then.

`石狮` is still asked about; `晋江市!` is declined in this message alone, `晋江市` from then on.
"""

import pytest

from bot.answering import turn_of
from bot.answers import Context
from bot.retrieval.indexing import IndexedLibrary
from tests.bot.asking import TODAY, ask

TABLE = """
我老婆在晋江上班 -> 石狮
老公去泉州干活了 -> 石狮
我弟在厦门 -> 石狮
孩子在贵阳读书 -> 石狮
孩子在贵阳上学，跟着奶奶 -> 石狮
我儿子在福州读大学 -> 石狮
我爸在衡水打工 -> 石狮
我爸妈在沧州 -> 石狮
爸妈住在衡水 -> 石狮
我妈一个人在沧州 -> 石狮
我姐嫁到唐山了 -> 石狮
我哥们在深圳送外卖 -> 石狮
我朋友在厦门领到了 -> 石狮
我同学在锦州当老师 -> 石狮
有个老乡在广州开店 -> 石狮
工友都去晋江了 -> 石狮
他在衡水 -> 石狮
她现在在泉州 -> 石狮
老板是晋江人 -> 石狮
老板在厦门 -> 石狮
房东住晋江 -> 石狮
我手机号是石家庄的 -> 石狮
我电话卡是衡水办的 -> 石狮
社保在泉州交的 -> 石狮
我社保是在沧州交的 -> 石狮
我社保在泉州交的，还能领吗 -> 石狮
医保交在厦门 -> 石狮
银行卡是在泉州办的 -> 石狮
注册在晋江 -> 石狮
执照是晋江办的 -> 石狮
公司总部在厦门 -> 石狮
总部在厦门，能领吗 -> 石狮
身份证是贵阳的 -> 石狮
车牌是衡水的 -> 石狮
合同是跟厦门的公司签的 -> 石狮
学籍在沧州 -> 石狮
房子买在衡水 -> 石狮
前年在衡水打工 -> 石狮
前年在泉州打工，现在还能领吗 -> 石狮
去年我在晋江干过 -> 石狮
以前在泉州交过 -> 石狮
以前在锦州上班 -> 石狮
三年前在深圳 -> 石狮
上个月还在厦门 -> 石狮
从泉州过来的 -> 石狮
小时候在沧州 -> 石狮
下个月想去深圳 -> 石狮
我打算明年去厦门 -> 石狮
以后想到晋江发展 -> 石狮
过完年准备去衡水 -> 石狮
我可能要去泉州 -> 石狮
没准哪天就去泉州了 -> 石狮
我妻子出差去了北京 -> 石狮
包裹寄到厦门了 -> 石狮
开户行在泉州 -> 石狮
学校在泉州 -> 石狮
执照上写的是晋江 -> 石狮
那会儿人在厦门 -> 石狮
电视上说北京有 -> 石狮
听说厦门有 -> 石狮
网上说晋江给两千 -> 石狮
群里有人说晋江能领 -> 石狮
听说晋江有，我们这有吗 -> 石狮
我朋友在厦门领到了，我能领吗 -> 石狮
老家在贵阳 -> 石狮
我是贵阳人 -> 石狮
户口衡水 -> 石狮
我是沧州人 -> 石狮
我是外地的，河南 -> 石狮
我在石狮打工，我老婆在晋江上班 -> 石狮
我老婆在晋江上班，她能领吗 -> 晋江市!
听说晋江发两千，是真的吗 -> 晋江市!
我在晋江 -> 晋江市
我现在在晋江上班 -> 晋江市
我住在晋江 -> 晋江市
现在住晋江租的房 -> 晋江市
上礼拜换到晋江干了 -> 晋江市
媳妇跟着我一块儿在晋江 -> 晋江市
我搬到晋江了 -> 晋江市
我们厂在晋江 -> 晋江市
老板派我来晋江了 -> 晋江市
我跟老婆都在晋江上班 -> 晋江市
我跟老乡一起到晋江了 -> 晋江市
那晋江呢 -> 晋江市
晋江有吗 -> 晋江市
晋江 -> 晋江市
我在衡水 -> 衡水
我和我爸在衡水打工 -> 衡水
我上个月来衡水了 -> 衡水
我去年到衡水的，现在还在 -> 衡水
去年在衡水打工，现在回石狮了，能领吗 -> 石狮
那衡水呢 -> 衡水
衡水的怎么领 -> 衡水
我爸在衡水打工，他能领吗 -> 衡水
我要去衡水打工，有什么补贴 -> 衡水
"""


@pytest.mark.parametrize(("chosen", "spoken_of"), [("石狮", None), (None, "石狮")])
@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_only_who_is_there_or_asks_about_it_moves(
    indexed: IndexedLibrary, row: str, chosen: str | None, spoken_of: str | None
) -> None:
    said, _, where = row.partition(" -> ")
    before = Context(
        region=spoken_of, chosen=chosen, question="失业金怎么领", measures=("shishi-4a",)
    )
    turn = turn_of(said, indexed, before, TODAY, chosen)
    after = turn.kept_context()
    place = after.elsewhere or after.region or chosen
    assert (turn.elsewhere or turn.region) == where.rstrip("!")
    assert place == ("石狮" if where.endswith("!") else where)


def test_what_is_told_of_somebody_elsewhere_does_not_change_the_subject(
    indexed: IndexedLibrary,
) -> None:
    """The reply says again whom it is for, and on what condition."""
    said = ask(indexed, ["网店算创业吗", "执照是晋江办的"], "石狮")
    assert said.measures == ("shishi-4c",) and "第一次在石狮注册" in said.reply.splitlines()[0]


def test_where_nothing_else_is_known_the_place_of_others_is_as_good_as_any(
    indexed: IndexedLibrary,
) -> None:
    assert ask(indexed, ["我爸在衡水留下过年，消费券给多少"]).region == "衡水"


def test_where_the_clause_goes_is_no_place_to_ask_about(indexed: IndexedLibrary) -> None:
    turns = ["锦州送农民工出去打工的车有吗", "到敦煌的车票要不要钱", "去敦煌的坐了多少人"]
    assert ask(indexed, turns).measures == ("jinzhou-2",)


def test_a_district_is_that_of_the_city_one_is_in(indexed: IndexedLibrary) -> None:
    for chosen in ("石家庄", "张家口"):
        assert ask(indexed, ["我在桥西区，过年有什么补贴"], chosen).region == chosen
    assert ask(indexed, ["我在桥西区，过年有什么补贴"]).reason == "which-place"


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("晋江求助电话多少，跟石狮挨着应该通用吧", "晋江市"),
        ("晋江打工求助电话几号 紧挨石狮 应该通用吧", "晋江市"),
        ("泉州的失业金多少 跟石狮隔壁 一个价吧", "泉州"),
        ("南安的工会电话 石狮旁边 是同一个吗", "南安市"),
        ("保定过年红包多少 跟沧州挨着 也一样吧", "保定"),
        ("厦门有没有求助电话 和石狮同省应该通用", "厦门"),
        ("番禺留岗红包 跟荔湾一个市 应该一样吧", "广州番禺区"),
    ],
)
def test_a_place_next_door_gives_nothing(indexed: IndexedLibrary, asked: str, place: str) -> None:
    assert ask(indexed, [asked]).reason == f"place-not-covered:{place}"


@pytest.mark.parametrize(
    "asked",
    [
        "我在石狮 跟晋江挨着 求助电话多少",
        "石狮求助电话多少 我住晋江边上",
        "晋江挨着石狮 石狮的求助电话多少",
        "我在石狮旁边的厂打工，求助电话多少",
    ],
)
def test_the_place_asked_about_may_lie_next_to_another(indexed: IndexedLibrary, asked: str) -> None:
    assert ask(indexed, [asked]).measures[:1] == ("shishi-7",)


@pytest.mark.parametrize("asked", ["低保 孙女考上个二本 补多少", "低保 考了二本B批 发多少"])
def test_a_kind_of_college_is_one(indexed: IndexedLibrary, asked: str) -> None:
    assert ask(indexed, [asked], "（未具名市）").measures[0] == "opinion-3-edu-c"
