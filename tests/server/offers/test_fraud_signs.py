"""Vacancies that are after the workers' money, and honest ones that say they are not."""

import pytest

from server.offers.fraud_signs import fraud_signs


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("入职先交500元押金", ("要押金或保证金", "要先交钱")),
        ("报名费200元，入职退", ("要先交钱",)),
        ("需缴纳服装费", ("要先交钱",)),
        ("体检费自理", ("要先交钱",)),
        ("入职要上交身份证原件", ("要扣身份证",)),
        ("手机兼职刷单，日结", ("要刷单或转账",)),
        ("详情加微信 abc", ("只留私人联系方式",)),
        ("包吃住，月休四天，五险一金", ()),
        ("不收任何押金，不收中介费", ()),
        ("体检费由公司报销，培训费全免", ()),
        ("谨防要押金的骗子", ()),
        ("带身份证原件和复印件面试", ()),
        ("", ()),
    ],
)
def test_signs_are_found_and_denials_are_understood(text: str, signs: tuple[str, ...]) -> None:
    assert fraud_signs(text) == signs
