"""What somebody was told and asks whether it is so: confirmed, or not stated; never passed over."""

import time

import pytest

from bot.answers import Kind
from bot.claims import claims
from bot.retrieval.indexing import IndexedLibrary
from tests.bot.asking import ask

NOT_WRITTEN = "关于这件事，文件没有写你说的这个数。"


@pytest.mark.parametrize(
    ("text", "claimed"),
    [
        ("红包500吧", ("500",)),
        ("给20000对吧", ("20000",)),
        ("失业金能领24个月,对不对", ("24个月",)),
        ("是不是1个月1000", ("1000",)),
        ("红包是500块吗", ("500块",)),
        ("要交满2年吗", ("2年",)),
        ("能缓到3月底吗", ("3月",)),
        ("5000000是稳岗补贴吗", ("5000000",)),
        ("听说返还60%是吧", ("60%",)),
        ("有没有每人5000的补贴", ("5000",)),
        ("有没有2000块钱的过年红包", ("2000块钱",)),
        ("听说每人补2000", ("2000",)),
        ("老乡说过年发1000元红包,是真的吗怎么领", ("1000元",)),
        ("听说有300块红包", ("300块",)),
        ("老板说培训每人补1500元", ("1500元",)),
        ("听说每人发511块3", ("511.3元",)),
        ("听说发到2月底", ()),
        ("听说发给20个人", ()),
        ("有没有13个月的补贴", ()),
        ("听说发红包,我干了300天", ()),
        ("有没有交满12个月的要求", ()),
        ("听说厂里发了通知,我们300人都能领", ()),
        ("12平方的房子能领吗", ()),
        ("厂里有300个人能领吗", ()),
        ("我干了5年了吧", ()),
        ("我48岁算大龄吧", ()),
        ("2023年还给吧", ()),
        ("电话是12333吧", ()),
        ("那500怎么领", ()),
    ],
)
def test_only_what_is_to_be_confirmed_is_a_claim(text: str, claimed: tuple[str, ...]) -> None:
    assert claims(text) == claimed


@pytest.mark.parametrize(
    ("asked", "stated"),
    [
        ("石狮创业补贴是2万吧", "最多10000元"),
        ("沧州红包是800对吧", "500元"),
        ("锦州稳岗返还是不是50%", "80%"),
        ("石狮失业金要交满2年吗", "满一年"),
        ("石狮机顶盒免费6个月是吧", "免费3个月"),
        ("听说沧州每人发1000红包", "500元"),
        ("石狮有没有每人2000的培训补贴", "500元"),
    ],
)
def test_a_figure_that_is_not_stated_is_denied_before_what_is(
    indexed: IndexedLibrary, asked: str, stated: str
) -> None:
    said, next_line = ask(indexed, [asked]).reply.splitlines()[:2]
    assert said == NOT_WRITTEN
    assert stated in next_line


@pytest.mark.parametrize(
    "asked", ["石狮失业金可以领24个月吧", "承德过年红包500吧", "定州补助金是不是一个月1000"]
)
def test_where_nothing_of_the_kind_is_stated_that_is_said(
    indexed: IndexedLibrary, asked: str
) -> None:
    answer = ask(indexed, [asked])
    assert answer.kind is Kind.DECLINE
    assert "没有写" in answer.reply.splitlines()[0]


@pytest.mark.parametrize(
    "asked", ["沧州红包是500吗", "石狮创业补贴是1万吧", "石狮失业险缴满12个月就行吧"]
)
def test_a_figure_that_is_stated_is_not_denied(indexed: IndexedLibrary, asked: str) -> None:
    answer = ask(indexed, [asked])
    assert answer.kind is Kind.ANSWER
    assert NOT_WRITTEN not in answer.reply


def test_what_comes_on_top_is_added_up(indexed: IndexedLibrary) -> None:
    said = ask(indexed, ["衡水消费券多少", "那就是600对吧"]).reply
    assert NOT_WRITTEN not in said and "另加100元" in said.splitlines()[0]
    assert NOT_WRITTEN in ask(indexed, ["衡水消费券多少", "那就是700对吧"]).reply


@pytest.mark.parametrize("asked", ["88712566是石狮工会的电话吧", "石狮专线打0595-88712566对吗"])
def test_a_number_that_is_not_written_is_denied_before_the_right_one(
    indexed: IndexedLibrary, asked: str
) -> None:
    first, *others = ask(indexed, [asked]).reply.splitlines()
    assert first == "你说的这个号码，文件没有写。" and "88712565" in "".join(others)


@pytest.mark.parametrize(
    "asked",
    [
        "88712565是石狮工会的电话吧",
        "石狮专线0595-88712565打得通吗",
        "石狮专线电话多少",
        "我在石狮打工，20210905来的，专线电话多少",
    ],
)
def test_a_number_that_is_written_is_not_denied(indexed: IndexedLibrary, asked: str) -> None:
    assert "这个号码，文件没有写" not in ask(indexed, [asked]).reply


@pytest.mark.parametrize("text", ["1" * 2000, "1." * 1000, "1吗" * 1000])
def test_no_row_of_digits_keeps_it_busy(text: str) -> None:
    start = time.process_time()
    claims(text)
    assert time.process_time() - start < 0.3


def test_of_two_grants_of_one_clause_the_one_that_states_the_figure_is_told(
    indexed: IndexedLibrary,
) -> None:
    assert ask(indexed, ["锦州社保能缓交到3月底吗"]).measures[0] == "jinzhou-5a"
    assert "工会经费" in ask(indexed, ["石狮500万是稳岗补贴吗"]).reply


@pytest.mark.parametrize(
    "asked",
    [
        "承德听说留下过年每人发511块",
        "承德听说留下过年每个发511块3，去哪领",
        "承德人均511.3元红包是吧",
        "承德过年留下的每人140块吗",
        "听说承德过年一个人补511块钱，怎么领",
    ],
)
def test_a_figure_of_something_else_is_told_with_what_it_counts(
    indexed: IndexedLibrary, asked: str
) -> None:
    answer = ask(indexed, [asked])
    said, next_line = answer.reply.splitlines()[:2]
    assert answer.kind is Kind.ANSWER
    assert said == "你说的这个数文件里有，说的是另一回事。" and "511.3万元" in next_line


@pytest.mark.parametrize(
    ("asked", "stated"),
    [
        ("公司招了持优惠证的，减税一人八千对吧", "每人每年4000元"),
        ("企业招持证下岗的，减税是不是一人一年八千", "每人每年4000元"),
        ("饭店招了俩有再就业证的，减税是一年8000吗", "每人每年4000元"),
    ],
)
def test_who_hires_is_told_the_sum_for_who_hires(
    indexed: IndexedLibrary, asked: str, stated: str
) -> None:
    answer = ask(indexed, [asked])
    assert answer.measures[0] == "opinion-3-tax-b"
    assert answer.reply.startswith(NOT_WRITTEN) and stated in answer.reply


@pytest.mark.parametrize(
    "asked",
    [
        "有再就业优惠证摆摊，减税一年8000对吧",
        "我拿优惠证开小卖部，每户减8000吗",
        "我有优惠证开了家店，招了一个人，一年减税八千吧",
    ],
)
def test_who_works_on_their_own_account_is_told_theirs(indexed: IndexedLibrary, asked: str) -> None:
    answer = ask(indexed, [asked])
    assert answer.measures[0] == "opinion-3-tax-a" and NOT_WRITTEN not in answer.reply


@pytest.mark.parametrize(
    "asked", ["衡水值班的，券合一块七百吧", "衡水门卫初一到初六都在，券加一起七百对吧"]
)
def test_several_vouchers_are_not_taken_for_wages(indexed: IndexedLibrary, asked: str) -> None:
    answer = ask(indexed, [asked])
    assert answer.measures[0] == "hebei-hengshui-3" and answer.reply.startswith(NOT_WRITTEN)
