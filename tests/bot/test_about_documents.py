"""Questions about a document itself get its date, its number, and whether it still holds."""

import pytest

from bot.answers import Kind
from bot.retrieval.indexing import IndexedLibrary
from tests.bot.asking import ask


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("石狮八条是哪年的", "2022年3月31日"),
        ("石狮的政策是什么时候出的", "狮委办〔2022〕19号"),
        ("唐山这个通知是谁发的", "唐人社字[2021]9号"),
        ("荔湾的文件现在还有效吗", "已经结束了"),
        ("锦州的办法还算数吗", "没写到哪天为止"),
        ("狮委办19号文什么时候发的", "2022年3月31日"),
        ("狮委办〔2022〕19号是什么文件", "石狮市关爱外来务工人员八条措施"),
        ("唐人社字[2021]9号是什么", "唐人社字[2021]9号"),
        ("雄安公服发〔2021〕18号说的什么", "雄安公服发〔2021〕18号"),
        ("锦州哪天发布", "2020年2月29日"),
        ("荔湾稳岗留工行动方案什么时候结束", "2021年3月31日"),
        ("河北这个活动什么时候结束", "2021年3月31日"),
        ("荔湾方案的服务对象", "脱贫人口"),
        ("石狮的责任单位有哪些", "市民政局"),
    ],
)
def test_a_document_is_named_with_its_day(indexed: IndexedLibrary, asked: str, told: str) -> None:
    said = ask(indexed, [asked])
    assert said.kind is Kind.ANSWER and said.reason == "about-document"
    assert told in said.reply and said.sources


@pytest.mark.parametrize(
    ("turns", "told"),
    [
        (["石狮，哪个部门发的文"], "谁发的：中共石狮市委办公室、石狮市人民政府办公室。"),
        (["石狮失业金怎么领", "文号是多少"], "文号：狮委办〔2022〕19号。"),
        (["衡水消费券多少钱", "文件号多少"], "文号是衡新疫防指办〔2021〕132号。"),
        (["衡水消费券多少钱", "这是哪年的事"], "2021年2月12日"),
        (["石狮失业金怎么领", "你说的是2022年的，现在都2026年了，还有用吗"], "2022年3月31日"),
        (["荔湾方案什么时候到期", "哪天印发的"], "2021年2月7日"),
        (["荔湾方案什么时候到期", "哪天印发的", "文号呢"], "文号没有写。"),
        (["石狮这个文件是哪年的", "过期了没有"], "没写到哪天为止"),
        (["锦州的文件是哪年的", "谁写的", "现在算数吗"], "没写到哪天为止"),
        (["困难职工意见这个文件能信吗"], "城市名和日期都没写"),
        (["困难职工意见里水费减多少", "这个市是哪"], "没有写城市名"),
    ],
)
def test_what_only_a_document_has_is_told_of_it_whatever_was_spoken_of_before(
    indexed: IndexedLibrary, turns: list[str], told: str
) -> None:
    said = ask(indexed, turns)
    assert (said.kind, said.reason) == (Kind.ANSWER, "about-document")
    assert told in said.reply


def test_what_was_spoken_of_before_the_document_is_still_spoken_of(
    indexed: IndexedLibrary,
) -> None:
    turns = ["石狮失业金怎么领", "文号是多少", "要什么条件"]
    assert ask(indexed, turns).measures[0] == "shishi-4a"


def test_without_a_place_it_is_asked_for(indexed: IndexedLibrary) -> None:
    said = ask(indexed, ["这些政策是哪一年的"])
    assert said.kind is Kind.CLARIFY and said.choices


@pytest.mark.parametrize(
    "asked",
    [
        "八条措施有哪八条",
        "锦州八项举措是哪八项",
        "荔湾方案有哪几条",
        "石狮有几条措施",
        # It says so of each of them only.
        "石狮这个文件是给谁的",
    ],
)
def test_what_stands_in_a_document_is_listed(indexed: IndexedLibrary, asked: str) -> None:
    said = ask(indexed, [asked])
    assert said.reason == "overview" and len(said.choices) > 7


def test_the_place_of_a_document_is_kept_from_its_number(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["狮委办19号文里失业金怎么领"]).measures[0] == "shishi-4a"
    assert ask(indexed, ["狮委办19号文是什么", "失业金怎么领"]).measures[0] == "shishi-4a"


@pytest.mark.parametrize(
    "asked",
    [
        "石狮失业金什么时候发",
        "石狮稳岗返还政策还有效吗",
        "石狮有什么政策",
        "石狮失业金的责任单位是谁",
        "沧州慰问对象是谁",
        "石狮失业金什么时候结束",
        "石狮失业金是谁定的",
    ],
)
def test_what_a_document_grants_is_another_question(indexed: IndexedLibrary, asked: str) -> None:
    assert ask(indexed, [asked]).reason != "about-document"


@pytest.mark.parametrize(
    "asked",
    [
        "荔湾迎新春送温暖稳岗留工行动何日开始何日截止",
        "荔湾“迎新春送温暖、稳岗留工”专项行动几号起几号止",
        "荔湾稳岗留工专项行动从哪日到哪日",
        "荔湾专项行动起讫日期",
        "荔湾“稳岗留工”行动为期多长",
        "荔湾专项行动开展时间",
        "荔湾区专项行动自何日起至何日止",
        "荔湾区行动方案的实施期限",
        "荔湾专项行动开始和截止的日子各是哪天",
        "荔湾稳岗留工行动哪天启动哪天收尾",
        "荔湾专项行动持续到哪天",
    ],
)
def test_the_days_of_an_action_are_those_of_its_document(
    indexed: IndexedLibrary, asked: str
) -> None:
    said = ask(indexed, [asked])
    assert said.reason == "about-document"
    assert "从2021年1月21日到2021年3月31日" in said.reply


@pytest.mark.parametrize(
    "asked", ["荔湾招聘会何日开始", "荔湾培训补贴何日截止", "荔湾赠书活动从哪日到哪日"]
)
def test_the_days_of_a_measure_are_its_own(indexed: IndexedLibrary, asked: str) -> None:
    assert ask(indexed, [asked]).reason != "about-document"
