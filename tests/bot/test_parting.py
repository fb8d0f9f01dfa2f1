"""Where a question ends and another begins, by the words alone."""

import pytest

from bot.parting import names_a_thing, pieces


@pytest.mark.parametrize(
    "parted",
    [
        "失业金多少|福袋多少",
        "失业金怎么领|创业补贴给多少",
        "消费券多少|房租减吗|停车免费吗",
        "培训补贴1个人多少钱|稳岗返还返几成",
        "失业金得交满多久保险|工会专线电话多少",
        "工会经费退不退|招困难人员社保补不补",
        "流量送几个g|挂号要钱不",
        "企业发红包吗|欠薪找谁",
        "3个事 |失业金得交满多久保险 |广电电话多少 |工会专线多少",
        "我们外地来的给发口罩不|停车过年收费不",
        "低保户看病有定点医院没|廉租房要什么条件",
        "那个免费看电视的从几月份算起",
        "帮多少个农民工要回了工钱",
        "失业补助金发给多少个人了不走的给什么",
        # What goes on with the question is none of its own.
        "失业金多少钱",
        "失业金能领多少个月",
        "失业金能不能领",
        "消费券多少钱1张",
        "创业补贴给多少要开够几个月",
        "你知道失业金多少吗",
        # What is asked about may come behind the words that ask.
        "孩子上学困难怎么申请低保要什么材料",
        "吃低保怎么申请廉租房要什么条件",
        "我没工作能不能领失业金要什么证",
        "过年那几天老板能随便开除人不",
    ],
)
def test_a_question_ends_where_nothing_more_belongs_to_it(parted: str) -> None:
    assert pieces(parted.replace("|", "")) == parted.split("|")


@pytest.mark.parametrize(
    ("piece", "names"),
    [
        ("福袋多少", True),
        ("孩子福袋怎么领", True),
        ("创业补贴给多少", True),
        ("孩子能领福袋吗", True),
        ("补贴多少", False),
        ("孩子能领吗", False),
        ("没工作的能申请吗", False),
        ("低保户能申请吗", False),
        ("没交社保能领吗", False),
        ("领失业金的能申请吗", False),
        ("找哪个局", False),
    ],
)
def test_who_asks_and_what_they_have_is_nothing_that_is_asked_for(piece: str, names: bool) -> None:
    assert names_a_thing(piece) is names
