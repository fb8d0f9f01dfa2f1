"""What leans on what was said before: the table read as region|turns -> measure or reason."""

import pytest

from bot.answers import Kind
from bot.retrieval.indexing import IndexedLibrary
from tests.bot.asking import ask

TABLE = """
|我在河北打工//石家庄 -> overview
|哪里给的钱最多//石家庄 -> overview
|包工头跑了欠我们三万//石狮 -> shishi-7
石狮|创业补贴给多少//去哪申请，带什么材料 -> shishi-4c
石狮|创业补贴给多少//材料要带啥，去哪报 -> shishi-4c
辛集|失业补助金还办吗//补贴标准 -> hebei-xinji-1
雄安新区|我在容城打工有包裹吗//是建筑工人 -> hebei-xiongan-5
衡水|消费券怎么领//我们一家三口 -> hebei-hengshui-3
衡水|消费券怎么领//我今年五十二岁了 -> hebei-hengshui-3
衡水|停在商场里被收费了//找谁退 -> hebei-hengshui-8
石狮|临时救助怎么申请//我老乡在晋江，他能领石狮的吗 -> check-question
石狮|失业金怎么领//说简单点//直接说我能不能领 -> shishi-4a
石狮|社保交了三年没活干了//哪办 -> shishi-4a
衡水|消费券多少//我在石狮上班了现在，石狮有吗 -> not-in-this-place
衡水|消费券多少//我在石狮上班了现在，石狮有吗//那失业金呢 -> shishi-4a
衡水|消费券多少//石狮有吗//那失业金呢//衡水的呢 -> not-in-this-place
沧州|过年发红包吗//初几能发 -> hebei-cangzhou-1
石狮|临时救助怎么申请//我四川人，来这边三年了//找哪儿办 -> shishi-3a
石狮|失业金能领吗//干了五年了 -> shishi-4a
锦州|社保能缓交吗//我是开饭馆的 -> jinzhou-5b
|大连开宾馆的社保能缓交吗//写错了 我在锦州 -> jinzhou-5b
|保定工地过年发钱没//写错了，我在鹿泉工地 -> hebei-sjz-luquan-1
|邢抬留下过年发钱吗 -> place-not-covered:邢台
石狮|厂没了 -> no-subject
石狮|钱多少 -> no-subject
石狮|哪办 -> no-subject
石狮|我爸在衡水打工 -> no-subject
石狮|我老婆在晋江上班 -> no-subject
石狮|听说厦门有补贴 -> no-subject
石狮|我一个人 -> no-subject
石狮|我不想干了 -> no-subject
石狮|补贴 -> overview
石狮|政策 -> overview
石狮|帮我查查我们公司能领什么 -> overview
石狮|辞了工回家种田有什么补贴 -> outside:farming
石狮|我打牌输了好多钱 -> outside:gambling
石狮|娶老婆政府给补贴不 -> outside:marriage
石狮|我先走了 -> small-talk:bye
石狮|气死人 -> small-talk:scold
石狮|机器人你吃饭了没 -> small-talk:greeting
石狮|被裁了能领吗 -> shishi-4a
石狮|没活了 -> shishi-3a
石狮|失业金怎么领//是多少钱的 -> not-stated:amount
石狮|查一下补贴 -> overview
石狮|我的案子能申请法律援助吗 -> shishi-7
石狮|失业金能领吗//不过找谁呢 -> shishi-4a
石狮|要是申请不过怎么办 -> outside:my_objection
石狮|我的案件什么时候有结果 -> outside:my_case
石狮|失业金怎么领//发到卡里吗 -> not-stated:payment
石狮|失业金怎么领//发到哪张卡 -> not-stated:payment
石狮|我爸走了 -> care:bereaved
石狮|企业招一个就业困难的补多少//招两个呢 -> shishi-2
石狮|企业招一个就业困难的补多少//招两个呢//要交什么材料 -> not-stated:materials
石狮|失业金怎么领//那我回老家领行不行 -> not-stated:detail
石狮|失业金怎么领//户口四川的 -> shishi-4a
石狮|失业金怎么领//俺户口是河南农村的 -> shishi-4a
石狮|失业金怎么领//那公租房呢 -> outside:public_rental
石狮|新工人培训给多少//要是自己开个小店呢 -> shishi-4c
石狮|我想问下补贴 -> overview
石狮|想申请救助 -> shishi-3a
石狮|88712565打不通 -> outside:line_busy
石狮|那个热线一直占线打不进去 -> outside:line_busy
石狮|我老公电话打不通两天了 -> care:missing
石狮|老板电话打不通，工资没发 -> shishi-7
石狮|8年没交社保了能补吗 -> outside:social_insurance_record
|我在东莞打工，老家石狮，回去能领失业金吗 -> shishi-4a
|我在深圳，家是沧州的，过年回家给红包吗 -> hebei-cangzhou-1
|我在深圳，家是沧州的，过年不回去，给红包吗 -> place-not-covered:深圳
石狮|老板不给工资，谁能帮我领回来 -> shishi-7
石狮|有人打电话说补贴打到银行卡里，要我的身份证号 -> outside:fraud
石狮|建筑公司要交农民工工资保证金吗 -> shishi-7
石狮|失业金规定是每月发吗 -> shishi-4a
锦州|稳岗返还几个小时能到账 -> jinzhou-4
衡水|光荣卡怎么用，能转让吗 -> not-stated:handed_on
石狮|1、40岁了失业能领什么 2、孩子上学要什么材料 -> several-questions
石狮|我是低保户 -> no-subject
雄安新区|我是外地建筑工 -> no-subject
（未具名市）|我是低保户 -> opinion-3-water-gas
石狮|失业金能领吗//交了两年多//自己辞的//那不是白交了 -> shishi-4a
石狮|我不会写字怎么办 -> small-talk:writing
锦州|稳岗返还退几成//那我表弟石狮的厂子，他能退几成 -> shishi-1a
|我在石狮，不是不是，手滑，我在鹿泉//过年发多少 -> hebei-sjz-luquan-1
石狮|上班不能接电话，怎么办失业登记 -> shishi-4a
石狮|老板不会接电话的，工资怎么要 -> shishi-7
沧州|我不是沧州人，留下过年能领红包吗 -> hebei-cangzhou-1
沧州|我户口不是沧州的，能领红包吗 -> hebei-cangzhou-1
沧州|不是沧州，是石狮有什么补贴 -> overview
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_a_message_leans_or_stands_alone(indexed: IndexedLibrary, row: str) -> None:
    said, _, wanted = row.partition(" -> ")
    region, _, turns = said.partition("|")
    found = ask(indexed, turns.split("//"), region or None)
    assert wanted in (found.reason, *found.measures[:1])


def test_wages_are_asked_for_still_when_the_place_is_told_after_them(
    indexed: IndexedLibrary,
) -> None:
    said = ask(indexed, ["包工头跑了欠我们三万", "石狮"])
    assert said.kind is Kind.ANSWER and "88712565" in said.reply


@pytest.mark.parametrize(
    "turns",
    [
        ["工头跑了，欠我三万，娃要交学费", "你不懂的", "我在石狮"],
        ["石狮，工头跑了，欠我三万，娃要交学费"],
    ],
)
def test_who_is_owed_money_is_told_of_the_line_beside_what_it_was_for(
    indexed: IndexedLibrary, turns: list[str]
) -> None:
    assert "88712565" in ask(indexed, turns).reply


@pytest.mark.parametrize(
    "turns",
    [
        ["失业金怎么领", "是哪个部门管的"],
        ["失业金怎么领", "是在哪里领的"],
        ["失业金每月2000元对吗", "找谁"],
    ],
)
def test_who_asks_where_hears_that_and_not_who_they_are_or_what_they_named_before(
    indexed: IndexedLibrary, turns: list[str]
) -> None:
    assert ask(indexed, turns, "石狮").reply.startswith("找谁：市人社局")


@pytest.mark.parametrize(
    "asked", ["原文呢", "第几条", "凭什么", "谁说的", "出处是什么", "哪里写的", "哪个文件写的"]
)
def test_who_asks_where_it_is_written_is_shown_it_again(
    indexed: IndexedLibrary, asked: str
) -> None:
    said = ask(indexed, ["失业金怎么领", asked], "石狮")
    assert (said.kind, said.measures[0]) == (Kind.ANSWER, "shishi-4a")
    assert "原文：" in said.reply and "四①" in said.reply


def test_who_tells_of_themselves_hears_whom_it_is_for(indexed: IndexedLibrary) -> None:
    said = ask(indexed, ["消费券怎么领", "我们一家三口"], "衡水")
    assert said.reply.startswith("给谁：留在衡水过年的外地务工人员")


def test_who_leads_and_who_helps_is_told_beside_where_to_go(indexed: IndexedLibrary) -> None:
    told = ask(indexed, ["临时救助由哪个局牵头，哪两家配合"], "石狮").reply
    assert "镇（街道）" in told and "责任单位：市民政局（市发改局、总工会配合）" in told
