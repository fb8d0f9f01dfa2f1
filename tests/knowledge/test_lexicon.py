import time
from pathlib import Path

import pytest
from opencc import OpenCC
from pydantic import ValidationError

from knowledge.files import read_yaml
from knowledge.lexicon import Kind, Lexicon, LexiconEntry, Rewrite, repeated

FILE = Path(__file__).parents[2] / "knowledge" / "data" / "lexicon.yaml"


@pytest.fixture(scope="module")
def entry() -> LexiconEntry:
    return read_yaml(FILE, LexiconEntry)


@pytest.fixture(scope="module")
def lexicon(entry: LexiconEntry) -> Lexicon:
    return Lexicon(entry)


CANTONESE = [
    ("炒咗鱿鱼有冇钱攞", "辞退了有没有钱拿"),
    ("𠮶个补贴点样攞,几多钱?", "那个补贴怎么拿,多少钱?"),
    ("留喺度过年俾唔俾利是", "留在这里过年给不给红包"),
    ("边个可以领,边度揾工", "谁可以领,哪里找工作"),
    ("细路返学冇人教", "孩子上学没有人教"),
    ("老细走佬欠人工,点算", "老板跑路欠工资,怎么办"),
    ("几时出粮", "什么时候发工资"),
    ("我系外地人,得唔得", "我是外地人,行不行"),
    ("执笠咗返屋企", "倒闭了回家"),
]
MINNAN = [
    ("头家拖着薪水按怎", "老板拖着薪水怎么"),
    ("无头路会使无", "没工作可以吗"),
    ("囡仔读册佗位报名", "孩子读书哪里报名"),
    ("趁无钱,租厝有补无", "挣不到钱,租房有补无"),
]
NORTHERN = [
    ("俺不知道咋整", "我不知道怎么办"),
    ("啥时候发钱,中不中", "什么时候发钱,行不行"),
    ("俺能领中不?", "我能领行不?"),
    ("娃上学咋办", "孩子上学怎么办"),
    ("搁哪儿领", "在哪里领"),
]
SOUTHWEST = [
    ("屋头莫得钱啷个办", "家里没有钱怎么办"),
    ("搞么子嘛", "干什么嘛"),
    ("么样申请", "怎么样申请"),
    ("细伢子得行不", "孩子可以不"),
    ("失业了能领好多", "失业了能领多少"),
]
ENGLISH = [
    ("i lost my job", "失业了"),
    ("unemployment benefits how much?", "失业金多少钱?"),
    ("i want to start a shop,any subsidies?", "我想开店创业,有没有补贴?"),
    ("my boss didn’t pay", "我的老板没发工资"),
    ("red packets for spring festival", "红包春节过年"),
    ("石狮 training subsidy deadline", "石狮培训补贴有效期到什么时候"),
]
MISTYPED = [
    ("消费卷去哪用", "消费券去哪用"),
    ("心里咨询电活", "心理咨询电话"),
]


@pytest.mark.parametrize(
    ("typed", "standard"), CANTONESE + MINNAN + NORTHERN + SOUTHWEST + ENGLISH + MISTYPED
)
def test_other_ways_of_saying_become_standard_words(
    lexicon: Lexicon, typed: str, standard: str
) -> None:
    assert lexicon.rewrite(typed) == standard


_ORDINARY = """
高中不远 家中不够 初中不让报名 人工智能 转人工 人工客服 开发人工智能 有没有 社会保险关系转移
我们系统里没有 关系和联系 周边度假 这边个体户 重点解决就业 一点样子 福利是什么 权利是谁的 流利是指
人民政府 检查某企业 大巴士气 发放工资 往返工地 返工会经费 任何解释 如何解决 什么子女 什么事情
获得行业认可 觉得行吗 值得行动 分配给谁 市中心里 天然气费 部门联合检查 欠新员工的钱 劳动和同事
领补贴前要什么 工资住房补贴 员工子女 人才料理 衣服物品 那哪能办 龙头家电 街头路口 回头路 宫娃
水果和蔬菜 反而家里困难 没得到补贴 需要得到批准 社区服务
仲裁 伯仲 昆仲 阿拉善 阿拉尔 洋娃娃 唯利是图 宁缺毋滥 离开公司 好久没发工资 儿童节 哪儿童
"""


@pytest.mark.parametrize("text", _ORDINARY.split())
def test_ordinary_sentences_stay_as_they_are(lexicon: Lexicon, text: str) -> None:
    assert lexicon.rewrite(text) == text


@pytest.mark.parametrize(
    "text", ["otis", "jobber", "shire", "tvb", "freedom", "bonuslike", "zengme banr"]
)
def test_english_counts_only_as_whole_words(lexicon: Lexicon, text: str) -> None:
    assert lexicon.rewrite(text) == text


def test_a_space_between_two_sentences_stays(lexicon: Lexicon) -> None:
    assert lexicon.rewrite("俺娃在老家 妇联管不管") == "我孩子在老家 妇联管不管"


def test_what_was_replaced_is_not_replaced_again() -> None:
    entry = LexiconEntry.model_validate(
        {
            "rewrites": [
                {"form": "甲", "to": "乙", "kind": "typo"},
                {"form": "乙", "to": "丙", "kind": "typo"},
                {"form": "甲乙", "to": "丁", "kind": "typo"},
            ],
            "terms": [],
        }
    )
    assert Lexicon(entry).rewrite("甲乙甲丙乙") == "丁乙丙丙"


def test_an_empty_lexicon_changes_nothing() -> None:
    lexicon = Lexicon(LexiconEntry(rewrites=(), terms=()))
    assert (lexicon.rewrite(" 补贴 "), lexicon.terms("补贴")) == (" 补贴 ", ())


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("老板跑路了", "欠薪"),
        ("厂里不给钱", "欠薪"),
        ("饭碗没了", "失业"),
        ("想开个店", "创业"),
        ("家里揭不开锅", "生活困难"),
        ("过年不回去有钱拿不", "就地过年"),
        ("购物券在哪用", "消费券"),
        ("儿子作业不会", "学习辅导"),
        ("想请律师告老板", "法律援助"),
        ("学门手艺", "培训"),
        ("招不到人", "招工"),
    ],
)
def test_colloquial_words_bring_their_policy_term(lexicon: Lexicon, text: str, term: str) -> None:
    assert term in lexicon.terms(text)


@pytest.mark.parametrize(
    "text",
    ["离开公司", "简单干活", "对子女好", "接电话", "吃水果", "使用工会经费", "部门对接", "你好"],
)
def test_other_words_bring_no_wrong_term(lexicon: Lexicon, text: str) -> None:
    assert not set(lexicon.terms(text)) & {"创业", "春联", "用电报装", "水费", "招工"}


def test_a_term_that_the_text_names_is_not_added(lexicon: Lexicon) -> None:
    assert "失业" not in lexicon.terms("我失业了没工作了")


def test_forms_are_unique_and_simplified(entry: LexiconEntry) -> None:
    forms = [r.form for r in entry.rewrites]
    assert repeated(forms) == []
    assert repeated(form for t in entry.terms for form in t.forms) == []
    assert repeated(t.term for t in entry.terms) == []
    simplified = OpenCC("t2s").convert
    everything = [*forms, *(f for t in entry.terms for f in t.forms)]
    assert [f for f in everything if simplified(f) != f or f != f.lower()] == []


def test_every_form_is_rewritten_where_it_stands_alone(
    entry: LexiconEntry, lexicon: Lexicon
) -> None:
    assert [r.form for r in entry.rewrites if lexicon.rewrite(r.form) != r.to] == []


def test_no_form_is_given_twice_and_none_stands_for_itself() -> None:
    twice = {"form": "甲", "to": "乙", "kind": "typo"}
    with pytest.raises(ValidationError, match="stand twice: 甲"):
        LexiconEntry.model_validate({"rewrites": [twice, twice], "terms": []})
    with pytest.raises(ValidationError, match="replaced by itself"):
        Rewrite.model_validate({"form": "甲", "to": "甲", "kind": "typo"})


def test_a_question_takes_less_than_a_fifth_of_a_millisecond(lexicon: Lexicon) -> None:
    text = "我老公在工地上干活三个月了老板一直拖着工资不给现在身上没钱想问问有没有什么补贴可以领"

    def once() -> float:
        start = time.process_time()
        for _ in range(100):
            lexicon.rewrite(text)
        return (time.process_time() - start) / 100

    assert min(once() for _ in range(5)) < 0.0002


def test_a_form_is_found_with_either_apostrophe_whichever_it_was_written_with() -> None:
    rewrites = (Rewrite(form="can’t", to="不能", kind=Kind.ENGLISH),)
    lexicon = Lexicon(LexiconEntry(rewrites=rewrites, terms=()))
    assert [lexicon.rewrite(text) for text in ("can’t", "can't")] == ["不能", "不能"]
