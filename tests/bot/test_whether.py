"""Whether there is what a clause writes: never «not written» above the very answer."""

import re
from itertools import cycle

import pytest

from bot.answers import Kind
from bot.retrieval.indexing import IndexedLibrary
from tests.bot.asking import ask


@pytest.mark.parametrize(
    ("turns", "measure"),
    [
        (["石狮失业金能领吗"], "shishi-4a"),
        (["石狮失业金发不发"], "shishi-4a"),
        (["石狮的娃能领福袋不"], "shishi-5b"),
        (["沧州发红包了吗"], "hebei-cangzhou-1"),
        (["沧州慰问困难职工吗"], "hebei-cangzhou-3"),
        (["我在张家口蒙牛上班，红包1000发不发"], "hebei-zjk-4"),
        (["荔湾图书白送吗"], "liwan-3"),
        (["锦州公司能裁员吗", "工资能降吗"], "jinzhou-8"),
        (["唐山妇联帮女工吗"], "hebei-tangshan-1"),
        (["康保的贫困户能领300吗", "我邻居是低保，他呢"], "hebei-zjk-6b"),
    ],
)
def test_whether_there_is_what_the_clause_writes_is_answered(
    indexed: IndexedLibrary, turns: list[str], measure: str
) -> None:
    said = ask(indexed, turns)
    assert (said.kind, said.measures[0]) == (Kind.ANSWER, measure)


def test_what_a_measure_is_called_by_is_no_detail_that_it_leaves_open(
    indexed: IndexedLibrary,
) -> None:
    ways = cycle(["{}能领吗", "{}有吗", "有{}吗", "{}给不给", "{}可以领不", "有没有{}"])
    for measure in indexed.library.measures.values():
        noun = re.split("[、与和：]", re.sub("（.*?）", "", measure.title))[0]
        asked = next(ways).format(noun)
        assert ask(indexed, [asked], measure.region).reason != "not-stated:detail", asked


def test_what_is_put_off_is_said_to_be_paid_later(indexed: IndexedLibrary) -> None:
    turns = ["锦州我们厂能缓缴社保吗", "缓到几月", "以后要补吗"]
    assert "期满后要足额补缴" in ask(indexed, turns).reply


@pytest.mark.parametrize("still", ["现在还减吗", "今年还减不"])
def test_of_what_is_over_it_is_said_first_when_it_is_asked_whether_it_goes_on(
    indexed: IndexedLibrary, still: str
) -> None:
    said = ask(indexed, ["衡水房租能减吗", still]).reply
    assert "已经结束了" in said.splitlines()[0]


@pytest.mark.parametrize(
    "turns",
    [
        ["衡水那个消费券丢了能补发不"],
        ["石狮失业金能补领吗"],
        ["沧州人才通要不要会员费"],
        ["再就业优惠证能贷款吗", "要不要找人担保"],
        ["石狮失业金能寄到老家吗"],
        ["张家口蒙牛那一千块红包扣不扣税"],
    ],
)
def test_what_the_clause_does_not_name_stays_open(
    indexed: IndexedLibrary, turns: list[str]
) -> None:
    assert ask(indexed, turns).kind is Kind.DECLINE
