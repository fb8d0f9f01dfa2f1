"""All that a place has: who asks for it, who does not, and what stands first in it."""

import re
from itertools import cycle

import pytest

from bot.answers import Kind
from bot.retrieval.indexing import IndexedLibrary
from tests.bot.asking import TODAY, ask


def test_an_overview_lists_what_a_place_has(indexed: IndexedLibrary) -> None:
    listed = ask(indexed, ["石狮有什么政策"])
    labels = [choice.label for choice in listed.choices]
    number = labels.index("失业保险金") + 1
    assert ask(indexed, ["石狮有什么政策", str(number)]).measures[0] == "shishi-4a"
    # The list stays open after one of it was taken.
    other, then = (ask(indexed, ["石狮有什么政策", *taken, "1"]) for taken in ((), (str(number),)))
    assert number != 1 and then.measures == other.measures != ()


def test_a_worker_sees_what_is_for_workers_first_and_a_boss_what_is_for_firms(
    indexed: IndexedLibrary,
) -> None:
    measures = indexed.library.measures
    worker = ask(indexed, ["石狮有什么补贴"]).measures
    boss = ask(indexed, ["石狮企业有什么补贴"]).measures
    assert measures[worker[0]].audience != "employer"
    assert measures[boss[0]].audience == "employer"


def test_what_a_place_has_can_be_asked_for_with_the_place_coming_second(
    indexed: IndexedLibrary,
) -> None:
    assert ask(indexed, ["有什么补贴", "石狮"]).reason == "overview"


def test_who_asks_for_something_by_its_name_gets_no_list_of_everything(
    indexed: IndexedLibrary,
) -> None:
    groups = cycle(["外地人", "外省人", "农民工", "个体户", "临时工", "大学生", "女工", "老人"])
    for measure in indexed.library.measures.values():
        place = indexed.library.regions.get(measure.region).label
        for noun in re.split("[、与和：]", re.sub("（.*?）", "", measure.title)):
            question = f"{place}{next(groups)}有{noun}吗"
            assert ask(indexed, [question]).reason != "overview", question


@pytest.mark.parametrize(
    ("text", "measure"),
    [
        ("沧州红包今年还有吗", "hebei-cangzhou-1"),
        ("石狮福袋现在还有吗", "shishi-5b"),
        ("衡水券现在还发吗", "hebei-hengshui-3"),
    ],
)
def test_who_asks_whether_something_still_runs_gets_no_list_of_everything(
    indexed: IndexedLibrary, text: str, measure: str
) -> None:
    assert ask(indexed, [text]).measures == (measure,)


@pytest.mark.parametrize("text", ["石狮今年", "石狮农民工", "石狮外地人有啥", "衡水大学生有什么"])
def test_who_names_nothing_but_themselves_is_told_what_there_is(
    indexed: IndexedLibrary, text: str
) -> None:
    assert ask(indexed, [text]).reason == "overview"


def test_who_names_a_place_asks_what_its_document_says(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["石狮失业金申请了多久能批"]).measures == ("shishi-4a",)


@pytest.mark.parametrize(
    "asked",
    [
        "有没有什么补助", "有啥钱能领", "像我这样的有什么照顾没", "我们外地人能享受什么政策",
        "我这种情况能申请什么", "在石狮打工的外地人有没有什么优惠政策啊",
        "政府给不给补",
        "老板把机器都拉走了，车间空了，我们这样的有没有补助，宿舍还让住到月底",
    ],
)  # fmt: skip
def test_who_asks_for_any_help_is_shown_all_of_the_place_what_is_for_people_first(
    indexed: IndexedLibrary, asked: str
) -> None:
    told = ask(indexed, [asked], "石狮")
    assert (told.kind, told.reason, told.measures[0]) == (Kind.ANSWER, "overview", "shishi-3a")


@pytest.mark.parametrize(
    "said",
    ["俺在石狮打工", "我是四川的，在石狮打工", "俺五十三了，在石狮工地上干", "我在石狮上班三年了"],
)
def test_who_says_only_that_they_work_there_is_shown_what_there_is(
    indexed: IndexedLibrary, said: str
) -> None:
    assert ask(indexed, [said]).reason == "overview"
    assert ask(indexed, [said, "厂里没活了"]).measures[0] == "shishi-3a"


def test_who_tells_more_of_their_work_is_not_shown_everything(indexed: IndexedLibrary) -> None:
    for said in ("我在石狮打工，老板不给钱", "我在承德送外卖", "在石狮打工补贴多少"):
        assert ask(indexed, [said]).reason != "overview"


def test_who_names_a_kind_of_help_is_not_shown_everything(indexed: IndexedLibrary) -> None:
    for asked in ("开店有没有什么补助", "孩子上学有什么照顾", "培训能领什么补贴"):
        assert ask(indexed, [asked], "石狮").reason != "overview"
    assert ask(indexed, ["救助"], "石狮").measures == ("shishi-3a",)
    assert ask(indexed, ["给钱吗"], "石狮").kind is Kind.CLARIFY
    asked_on = ask(indexed, ["孩子上学有困难", "有没有什么补助"], "石狮")
    assert asked_on.reason != "overview"


@pytest.mark.parametrize(
    "asked", ["当老板的都能沾上哪些光", "开厂的能享受到什么", "小公司能得到点啥", "老板能拿哪些钱"]
)
def test_whoever_runs_a_firm_is_shown_first_what_is_for_firms(
    indexed: IndexedLibrary, asked: str
) -> None:
    told = ask(indexed, [asked], "石狮")
    assert (told.reason, told.measures[0]) == ("overview", "shishi-1a")


@pytest.mark.parametrize(
    ("asked", "region", "first"),
    [("失业有什么补贴", "石狮", "shishi-4a"), ("开店有什么补贴", "石狮", "shishi-4c"),
     ("培训有哪些补贴", "锦州", "jinzhou-6"), ("打工有什么补贴", "石狮", "shishi-3a")],
)  # fmt: skip
def test_of_all_of_a_place_that_comes_first_of_which_two_characters_speak(
    indexed: IndexedLibrary, asked: str, region: str, first: str
) -> None:
    told = ask(indexed, [asked], region)
    assert (told.reason, told.measures[0]) == ("overview", first)


@pytest.mark.parametrize(
    "asked", ["有什么救助", "国家有什么救助", "有没有救助", "有没有说法", "有什么补助"]
)
@pytest.mark.parametrize("region", ["石狮", "衡水", "沧州"])
def test_who_asks_what_help_there_is_is_told_all_of_it(
    indexed: IndexedLibrary, region: str, asked: str
) -> None:
    assert ask(indexed, [asked], region).reason == "overview"


@pytest.mark.parametrize(
    ("told", "region", "first"),
    [("厂子关门了，我咋办，有啥能帮的", "石狮", "shishi-4a"),
     ("厂子黄了，我们这些人怎么办", "石狮", "shishi-4a"),
     ("我丢了工作，孩子还小，有什么能帮忙的", "石狮", "shishi-4a"),
     ("厂里关门了，活也没了，能帮我们点啥", "承德", "hebei-chengde-5"),
     ("车间停产了，现在咋整", "广州荔湾区", "liwan-7"),
     ("厂停了，国家给不给补贴", "石狮", "shishi-4a"),
     ("公司倒闭了，往后我们一家怎么办", "（未具名市）", "opinion-3-labour")],
)  # fmt: skip
def test_whose_work_is_gone_is_shown_all_there_is_what_is_for_them_first(
    indexed: IndexedLibrary, told: str, region: str, first: str
) -> None:
    shown = ask(indexed, [told], region)
    assert (shown.reason, shown.measures[0]) == ("overview", first)
    asked_first = ask(indexed, [told, indexed.library.regions.get(region).label])
    assert asked_first.reason == "overview" or not indexed.library.regions.get(region).own


def test_who_tells_of_what_nothing_is_for_and_asks_for_any_help_is_shown_all_there_is(
    indexed: IndexedLibrary,
) -> None:
    told = ask(indexed, ["厂里放假了，一个人在这，有啥补贴"], "衡水")
    assert told.reason == "overview"


@pytest.mark.parametrize(
    "told",
    ["厂里停工了，工资怎么发", "公司倒闭了，欠我们的工资怎么要", "失业了，失业金怎么领",
     "厂子关门了，我想开个小店，怎么办执照", "工厂停产了，社保费能缓交吗",
     "厂也关了，我们被欠薪了，怎么办", "公司倒闭了，赔偿怎么办"],
)  # fmt: skip
def test_whose_work_is_gone_and_who_asks_for_one_thing_is_answered_that(
    indexed: IndexedLibrary, told: str
) -> None:
    for region in ("石狮", "锦州", "承德"):
        assert ask(indexed, [told], region).reason != "overview"


def test_what_is_over_comes_after_what_is_not(indexed: IndexedLibrary) -> None:
    shown = [indexed.library.measures[id] for id in ask(indexed, ["石狮有什么政策"]).measures]
    of_people = [m for m in shown if m.audience != "employer"]
    assert of_people == shown[: len(of_people)]
    assert [m.id for m in of_people if not m.validity.open_on(TODAY)] == [of_people[-1].id]


def test_who_is_shown_what_there_is_can_go_on_to_the_self_check(indexed: IndexedLibrary) -> None:
    shown = ask(indexed, ["石狮有什么政策"])
    assert ask(indexed, ["石狮有什么政策", *shown.suggestions]).reason == "check-question"
