"""A figure is a value with its unit, in Arabic or Chinese digits."""

from decimal import Decimal

import pytest

from knowledge.figures import Figure, figures, unstated


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
    ],
)
def test_a_figure_is_read(text: str, value: str, unit: str) -> None:
    assert Figure(Decimal(value).normalize(), unit) in figures(text)


@pytest.mark.parametrize("text", ["一起去", "一般情况", "一样", "统一办理", "SYB2培训", "一个人"])
def test_ordinary_words_are_no_figures(text: str) -> None:
    assert not figures(text)


@pytest.mark.parametrize(
    ("said", "source"),
    [("给500元", "给600元"), ("500人", "500元"), ("3月31日", "3月30日"), ("满6个月", "满一年")],
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
    ],
)
def test_the_same_figure_in_other_words_is_no_problem(said: str, source: str) -> None:
    assert not unstated(said, [source])
