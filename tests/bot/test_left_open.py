"""Details that a clause leaves open: told to be so, and what is stated is not."""

import pytest

from bot.alternatives import chooses_of_what_is_unwritten
from bot.named_details import DETAILS, unwritten_detail
from bot.retrieval.indexing import IndexedLibrary
from bot.units_asked import costs_nothing, counts_in_what_is_unwritten
from bot.unknown_words import asks_on_in_unknown_words
from tests.bot.asking import ask


@pytest.mark.parametrize(
    ("text", "measure", "unwritten"),
    [
        ("慰问金是走银行还是村干部送", "hebei-zjk-6b", True),
        ("减免的水用不完,是攒着还是作废", "opinion-3-water-gas", True),
        ("口罩是医用的还是一次性普通的", "hebei-hengshui-2", True),
        # One of the ways is what the clause writes.
        ("送的是饺子还是汤圆", "hebei-tangshan-3", False),
        ("礼包是寄回去还是现金", "hebei-sjz-gaoxin-2", False),
        # Whom it goes to, and whether it holds at all, is told in other words.
        ("补贴给我还是给老板", "liwan-5b", False),
        ("这是真的还是骗人的", "hebei-cangzhou-1", False),
        ("食堂免费是硬性的还是看老板", "hebei-hengshui-9", False),
        # So is how it is paid, and how often, where the clause says it.
        ("那800是塞现钱还是转手机上", "hebei-sjz-huagong-2", False),
        ("是一回寄完还是分着来", "hebei-sjz-gaoxin-2", False),
        ("工会费是每个月退还是年底退", "shishi-1b", True),
        # A way to choose is more than a figure, and «返还是» is none at all.
        ("一共四千还是五千家", "hebei-chengde-1", False),
        ("稳岗返还是多少比例", "shishi-1a", False),
    ],
)
def test_two_ways_of_which_the_clause_knows_neither(
    indexed: IndexedLibrary, text: str, measure: str, unwritten: bool
) -> None:
    found = chooses_of_what_is_unwritten(text, indexed.library.measures[measure])
    assert found is unwritten


@pytest.mark.parametrize(
    ("text", "measure", "unwritten"),
    [
        ("房租一晚上补多少", "hebei-hengshui-4", True),
        ("免费住宿一屋住几个人", "hebei-dingzhou-5", True),
        ("热费一平方减几块", "opinion-3-heat", True),
        ("礼包里的米一袋几斤", "hebei-sjz-gaoxin-2", True),
        ("专线几分钟有人接", "shishi-7", True),
        ("滞纳金按日万分之几", "jinzhou-5b", True),
        ("流量多少个g", "hebei-hengshui-5", False),
        ("一天吃饭多少钱", "hebei-zjk-4", False),
        ("培训要几个钟头", "shishi-4b", False),
        ("减几吨水", "opinion-3-water-gas", False),
        ("红包多少钱", "hebei-cangzhou-1", False),
    ],
)
def test_a_unit_that_the_clause_does_not_count_in(
    indexed: IndexedLibrary, text: str, measure: str, unwritten: bool
) -> None:
    found = counts_in_what_is_unwritten(text, indexed.library.measures[measure])
    assert found is unwritten


@pytest.mark.parametrize(
    ("text", "measure", "detail"),
    [
        ("贷款利息几厘", "opinion-3-labour", "interest"),
        ("券是整张的吗", "hebei-hengshui-3", "face_value"),
        ("体检原价多少", "hebei-hengshui-6", "full_price"),
        ("截留了帮扶资金给什么处分", "opinion-3-audit", "penalty"),
        ("申请表模板在哪下载", "shishi-4b", "form"),
        ("流量要发什么短信", "hebei-hengshui-5", "code"),
        ("减不完能结转吗", "opinion-3-tax-b", "carried_over"),
        ("红包要不要扣税", "hebei-cangzhou-1", "taxed"),
        ("盲盒几岁的孩子能领", "shishi-5c", "age"),
        # The clause has a word of it.
        ("晚交罚不罚滞纳金", "jinzhou-5b", ""),
        ("缓缴期间收滞纳金吗", "jinzhou-5b", ""),
        ("一年减多少税", "opinion-3-tax-a", ""),
        # The word stands for something else.
        ("家门口找零工", "hebei-hengshui-10", ""),
        ("厂里扣我押金", "shishi-7", ""),
    ],
)
def test_a_detail_by_its_name_of_which_the_clause_has_no_word(
    indexed: IndexedLibrary, text: str, measure: str, detail: str
) -> None:
    assert unwritten_detail(text, indexed.library.measures[measure]) == detail


@pytest.mark.parametrize(
    ("text", "measure", "unknown"),
    [
        ("文体设施补助 买二手跑步机算进去不", "shishi-8c", True),
        ("结对的干部调走了 这户谁接着帮", "opinion-3-pairing", True),
        # What is asked on for is what the clause writes, and its subject has many names.
        ("消费券发了 能去商超用吗", "hebei-hengshui-3", False),
        ("二手跑步机算进去不", "shishi-8c", False),
        # The last part tells, and asks nothing.
        ("食堂都得免费吗 小厂实在吃不消", "hebei-hengshui-9", False),
    ],
)
def test_who_names_the_subject_and_asks_on_in_words_the_measure_does_not_know(
    indexed: IndexedLibrary, text: str, measure: str, unknown: bool
) -> None:
    assert asks_on_in_unknown_words(text, indexed.library.measures[measure]) is unknown


def test_each_detail_by_its_name_is_called_something(indexed: IndexedLibrary) -> None:
    assert {detail.name for detail in DETAILS} <= indexed.library.sentences.detail_names.keys()


@pytest.mark.parametrize(
    ("asked", "detail"),
    [
        ("石狮稳岗返还有没有上限", "cap"),
        ("荔湾吸纳就业补贴，一家公司最多能报几个人", "cap"),
        ("鹿泉那五百块几号之前要去申请", "apply_by"),
        ("定州失业补助领完了以后还有什么", "afterwards"),
        ("石狮招困难人员的社保补贴有没有年限", "duration"),
        ("沧州红包是送上门还是自己去领", "payment"),
        ("衡水发的券面值多少一张", "face_value"),
    ],
)
def test_what_else_may_be_open_has_its_name(
    indexed: IndexedLibrary, asked: str, detail: str
) -> None:
    assert ask(indexed, [asked]).reason == f"not-stated:{detail}"


@pytest.mark.parametrize(
    ("asked", "measure", "says"),
    [
        ("石狮创业补贴封顶多少", "shishi-4c", "最多10000元"),
        ("拿优惠证摆摊，减税一年封顶多少", "opinion-3-tax-a", "最多减8000元"),
        ("锦州小企业社保缓到期以后怎么补", "jinzhou-5a", "足额补缴"),
        ("低保的热费是少收还是发现金", "opinion-3-heat", "不是发现金"),
        ("石狮那坨退工会费的钱有多大", "shishi-1b", "500万元"),
        ("廉租房人均几平方以下才给", "opinion-3-housing", "12平方米"),
        ("再就业证开饭馆，卫生防疫咋收费", "opinion-3-health", "成本费"),
        ("困难职工拉电线，供电公司赚我们多少", "opinion-3-power", "零利润"),
        ("承德讨薪一共才要回几万", "hebei-chengde-4b", "6285万元"),
    ],
)
def test_what_is_stated_is_told(
    indexed: IndexedLibrary, asked: str, measure: str, says: str
) -> None:
    reply = ask(indexed, [asked])
    assert reply.kind == "answer" and reply.measures[0] == measure and says in reply.reply


@pytest.mark.parametrize(
    ("text", "measure", "free"),
    [
        ("商场车库1小时收几块", "hebei-hengshui-8", True),
        ("停车场停1天收多少", "hebei-hengshui-8", True),
        ("停1晚上要交多少", "hebei-hengshui-8", True),
        ("超市停车1小时要多少钱", "hebei-hengshui-8", True),
        ("坐公交多少钱1次", "hebei-hengshui-8", True),
        ("流量1g收几块", "hebei-hengshui-5", True),
        ("免费住1晚收几块", "hebei-dingzhou-5", True),
        # Only a part of it is free, or it is not written how much is to be paid.
        ("体检1次收几块", "hebei-hengshui-6", False),
        ("机顶盒1个月收几块", "shishi-8a", False),
        ("卫生防疫1次收几块", "opinion-3-health", False),
        # What is paid out, and how long it takes, is no fee.
        ("停1天补多少", "hebei-hengshui-8", False),
        ("坐公交要多少分钟", "hebei-hengshui-8", False),
        ("1天给几块", "hebei-hengshui-9", False),
        ("要多少人才给", "hebei-hengshui-9", False),
        ("房租1晚上收多少", "hebei-hengshui-4", False),
    ],
)
def test_what_is_free_is_free_in_any_unit(
    indexed: IndexedLibrary, text: str, measure: str, free: bool
) -> None:
    assert costs_nothing(text, indexed.library.measures[measure]) is free


@pytest.mark.parametrize(
    ("asked", "measure", "says"),
    [
        ("衡水停车场按小时收几块", "hebei-hengshui-8", "不收钱"),
        ("石狮盲盒四月还有得领吗", "shishi-5c", "现在已经结束了"),
        ("石狮盲盒还能不能轮到", "shishi-5c", "现在已经结束了"),
        ("沧州那个红包还有得拿没", "hebei-cangzhou-1", "现在已经结束了"),
        ("石狮被裁了，每个月都有交失业险，要先去办啥", "shishi-4a", "要先办失业登记"),
        ("厂里每月都给买失业险，石狮的，被炒了头一步做什么", "shishi-4a", "要先办失业登记"),
        ("锦州三月底复工的占百分之多少", "jinzhou-1", "85%"),
        ("锦州企业估计有百分之几能复工", "jinzhou-1", "85%"),
        ("锦州复工率目标是多少个点", "jinzhou-1", "85%"),
        ("石狮小厂每月往工会打款，听说退，市里为这个备了多少", "shishi-1b", "500万元"),
        ("石狮那条热线，号是多少", "shishi-7", "88712565"),
        ("石狮机顶盒的电话 那个号是几", "shishi-8a", "86736011"),
    ],
)
def test_what_is_asked_in_other_words_is_told_first(
    indexed: IndexedLibrary, asked: str, measure: str, says: str
) -> None:
    reply = ask(indexed, [asked])
    assert reply.kind == "answer" and reply.measures[0] == measure
    assert says in reply.reply.splitlines()[0]


@pytest.mark.parametrize(
    ("asked", "detail"),
    [
        ("石狮失业金每个月都给吗", "frequency"),
        ("石狮福袋每月都有吗", "frequency"),
        ("石狮盲盒还能补领吗", "detail"),
        ("石狮盲盒还有别的领法吗", "detail"),
        ("石狮失业金几号发", "timing"),
        ("衡水停车场停一天补多少", "detail"),
        ("石狮工会会给我们发多少钱", "amount"),
    ],
)
def test_what_only_looks_like_it_stays_open(
    indexed: IndexedLibrary, asked: str, detail: str
) -> None:
    assert ask(indexed, [asked]).reason == f"not-stated:{detail}"
