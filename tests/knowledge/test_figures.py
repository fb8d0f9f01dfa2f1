"""A figure is a value with its unit, in Arabic or Chinese digits."""

import time
from decimal import Decimal

import pytest

from knowledge.figures import Figure, figures, unstated
from knowledge.periods import written_dates
from tests.verifying import within


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("每人500元", "500", "元"),
        ("500块", "500", "元"),
        ("不超过10,000元", "10000", "元"),
        ("1万元", "10000", "元"),
        ("4亿元", "400000000", "元"),
        ("99.88万元", "998800", "元"),
        ("100%", "100", "%"),
        ("百分之九十", "90", "%"),
        ("六个月", "6", "个月"),
        ("满一年", "1", "年"),
        ("二十学时", "20", "学时"),
        ("500名", "500", "人"),
        ("88712565", "88712565", ""),
        ("12m2", "12", "平方米"),
        ("每人5千元", "5000", "元"),
        ("总额5千万元", "50000000", "元"),
        ("一万五千元", "15000", "元"),
        ("一亿二千万元", "120000000", "元"),
        ("一万零五百人", "10500", "人"),
        ("借十万一个月还多少", "1", "个月"),
        ("二〇二二年", "2022", "年"),
        ("二○○六年", "2006", "年"),
        ("一点五倍", "1.5", "倍"),
        ("重点三项工作", "3", "项"),
        ("人数五百人", "500", "人"),
        ("百分之0.5", "0.5", "%"),
        ("百分之零点五", "0.5", "%"),
        ("千分之二", "2", "‰"),
        ("2‰", "2", "‰"),
        ("三分之一", "1", "/3"),
        ("十万分之二", "2", "/100000"),
        ("每人1万5千元", "15000", "元"),
        ("每人1万5000元", "15000", "元"),
        ("共1亿2000万元", "120000000", "元"),
        ("共1亿零5百万元", "105000000", "元"),
        ("每月2千4百元", "2400", "元"),
        ("补1万零500元", "10500", "元"),
        ("每人一万5千元", "15000", "元"),
        ("共1,234.50元", "1234.5", "元"),
        ("共20多万元", "200000", "元"),
        ("共3百余万元", "3000000", "元"),
        ("共二十多万元", "200000", "元"),
        ("二十余人", "20", "人"),
        ("二十多个小时", "20", "小时"),
        ("借10万1个月还多少", "1", "个月"),
        ("借10万1个月还多少", "100000", ""),
    ],
)
def test_a_figure_is_read(text: str, value: str, unit: str) -> None:
    assert Figure(Decimal(value).normalize(), unit) in figures(text)


@pytest.mark.parametrize(
    "text",
    [
        "一起去",
        "一般情况",
        "一样",
        "统一办理",
        "SYB2培训",
        "一个人",
        "几百元",
        "数十家",
        "第二十三条",
    ],
)
def test_ordinary_words_are_no_figures(text: str) -> None:
    assert not figures(text)


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ("给500元", "给600元"),
        ("500人", "500元"),
        ("3月31日", "3月30日"),
        ("满6个月", "满一年"),
        # A part of a number is another number.
        ("给1000元", "给5千元"),
        ("给5000元", "给一万五千元"),
        ("给5元", "给十二点五元"),
        ("给5000元", "给1万5千元"),
        ("给5000元", "给一万5千元"),
        ("给400元", "给2千4百元"),
        ("给1234元", "给1,234.50元"),
        ("给20元", "给20多万元"),
        ("给20元", "给二十多万元"),
        ("费率百分之一", "费率百分之一点五"),
        ("费率百分之零点三", "费率百分之零点五"),
        ("千分之三", "千分之五"),
        ("三分之二", "三分之一"),
        ("100元", "几百元"),
    ],
)
def test_a_figure_the_source_does_not_state_is_found(said: str, source: str) -> None:
    assert unstated(said, [source])


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ("给500元", "每人500元补贴"),
        ("满6个月", "六个月"),
        ("20个学时", "20学时"),
        ("1万元", "10000元"),
        ("15000元", "一万五千元"),
        ("0.5%", "百分之零点五"),
    ],
)
def test_the_same_figure_in_other_words_is_no_problem(said: str, source: str) -> None:
    assert not unstated(said, [source])


@pytest.mark.parametrize(
    "piece",
    ["十", "十万", "一万零", "五千万", "百分之", "二〇", "5千", "1,234", "1万", "一万5", "1,1.1"],
)
def test_no_text_takes_time_with_the_square_of_its_length(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    began = time.process_time()
    figures(text)
    list(written_dates(text))
    assert time.process_time() - began < within(0.2)
