import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words.normalising import normalise, with_arabic_numerals

any_text = st.text(st.characters(), max_size=80)


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("務工人員　補貼！！！！", "务工人员 补贴!"),
        ("ＡＢＣ１２３", "abc123"),
        ("zhǎo bu dào huó", "zhao bu dao huo"),
        ("补\u200b贴\u202e怎么\x00领\ud800", "补贴怎么领"),
        ("补贴😀😀领取👨‍👩‍👧🏽", "补贴 领取"),
        ("失 业 金 怎么领", "失业金 怎么领"),
        ("石狮 工会", "石狮 工会"),
        ("  多少\n\n钱……??", "多少 钱.?"),
        ("⽚区", "片区"),
    ],
)
def test_texts_that_mean_the_same_get_one_form(written: str, compared: str) -> None:
    assert normalise(written) == compared


@given(any_text)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(any_text)
def test_normalised_text_can_always_be_encoded_and_shown(text: str) -> None:
    normal = normalise(text)
    normal.encode()
    assert not any(ord(c) < 32 for c in normal)


@given(st.from_regex(r"[0-9]{1,18}[,.\-%][0-9]{1,6}", fullmatch=True))
def test_digits_stay_exactly_as_written(number: str) -> None:
    assert normalise(f"补贴{number}元") == f"补贴{number}元"


def test_a_megabyte_of_text_is_normalised_at_once() -> None:
    assert normalise("a" + "\u0316\u0300" * 500_000).startswith("a")


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("五百块", "500块"),
        ("一万", "10000"),
        ("八百", "800"),
        ("三个月", "3个月"),
        ("两年", "2年"),
        ("满一年", "满1年"),
        ("十二个月", "12个月"),
        ("十分钟", "10分钟"),
        ("九成", "90%"),
        ("九成五", "95%"),
        ("百分之九十", "90%"),
        ("百分之三点五", "3.5%"),
        ("百分之百", "100%"),
        ("一千五", "1500"),
        ("三万五", "35000"),
        ("一万零五百", "10500"),
        ("一百零五", "105"),
        ("一千万", "10000000"),
        ("三点五万", "35000"),
        ("1万元", "10000元"),
        ("1.5万", "15000"),
        ("2万5", "25000"),
        ("1千5", "1500"),
        ("伍佰元", "500元"),
        ("二〇二一年", "2021年"),
        ("一二三三三", "12333"),
        ("幺二零", "120"),
        ("五百一个月", "500 1个月"),
        ("三千五一个月", "3500 1个月"),
        ("100一个月", "100 1个月"),
        ("五百多块", "500多块"),
    ],
)
def test_numerals_that_count_become_digits(spoken: str, written: str) -> None:
    assert with_arabic_numerals(spoken) == written


PLAIN_WORDS = """
一共 一起 一下 一直 一些 一样 万一 千万别 三轮车 十分 十足 百姓 百度 一个人 一次性 一成不变 三成年人
成千上万 几百 几十万 三五百块 七八个 十七八岁 十几个 十四五 四川 五金店 六一 五一放假 十一放假
星期三 第三条 二手车 两口子 三三两两 一五一十 10,000 0595-12345 2021年3月31日
"""


@pytest.mark.parametrize("text", PLAIN_WORDS.split())
def test_words_that_only_contain_a_numeral_stay(text: str) -> None:
    assert with_arabic_numerals(text) == text


numeral_soup = st.text(
    "零〇一二两三四五六七八九十百千万亿幺成点个年月百分之半几第0123456789.,%元", max_size=30
)


@given(st.one_of(any_text, numeral_soup))
def test_no_text_makes_the_numeral_reader_fail_or_lose_digits(text: str) -> None:
    read = with_arabic_numerals(text)
    if not re.search("[零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟幺成]", text):
        assert read == text
