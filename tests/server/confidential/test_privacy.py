"""Masking: what identifies a person goes, what helps to understand a question stays."""

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.confidential.privacy import CARD, EMAIL, IDENTITY, LANDLINE, MOBILE, mask

TOKENS = (IDENTITY, CARD, MOBILE, LANDLINE, EMAIL)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("身份证350582199001011234", f"身份证{IDENTITY}"),
        ("3 5 0 5 8 2 1 9 9 0 0 1 0 1 1 2 3 x", IDENTITY),
        ("３５０５８２１９９００１０１１２３Ｘ", IDENTITY),
        ("350582-19900101-1234，急", f"{IDENTITY}，急"),
        ("350582900101123是旧的", f"{IDENTITY}是旧的"),
        ("卡号4111 1111 1111 1111", f"卡号{CARD}"),
        ("6222-0212-3456-7890-123", CARD),
        ("6222021234567890123", CARD),
        ("打13812345678或者139-1234-5678", f"打{MOBILE}或者{MOBILE}"),
        ("+86 138 1234 5678", MOBILE),
        ("一三八一二三四五六七八", MOBILE),
        ("138\u200b1234\u200b5678", MOBILE),
        ("2021 13812345678", f"2021 {MOBILE}"),
        ("0595-88881234", LANDLINE),
        ("（0595）88881234转", f"{LANDLINE}转"),
        ("家里88881234", f"家里{LANDLINE}"),
        ("家里26030123weixin", f"家里{LANDLINE}weixin"),
        ("写wang.er+x@qq.com。", f"写{EMAIL}。"),
        ("wang＠163．com", EMAIL),
    ],
)
def test_a_personal_number_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "石狮被裁了有钱领吗",
        "20210121到20210331",
        "2021年1月21日至2021年3月31日",
        "一共2000000元，1500元1500元1500元",
        "二〇二一年一月二十一日",
        "打12333还是110，或者400-800-1234",
        "工资5000,6000,7000",
        "冀人社字〔2021〕12号",
        "我的办件2603012ATXD9EZ怎么样了",
        "Q26030123TXD9EX",
        "",
    ],
)
def test_what_says_nothing_about_a_person_stays(text: str) -> None:
    assert mask(text) == text


def test_public_telephones_stay_however_they_are_written() -> None:
    keep = {"0318-2124567", "81234567"}
    text = "打0318-2124567、0318 2124567、２１２４５６７、81234567，不打0318-2124568"
    assert mask(text, keep) == text.replace("0318-2124568", LANDLINE)


@given(st.text(max_size=300))
def test_no_text_makes_it_fail_and_masking_twice_is_masking_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@given(st.text(alphabet=st.characters(), max_size=60) | st.just("\ud800\x00"))
def test_a_text_without_digits_or_at_is_left_alone(text: str) -> None:
    plain = "".join(c for c in text if not c.isdigit() and c not in "@＠〇零一二三四五六七八九幺")
    assert mask(plain) == plain


@given(
    area=st.integers(110000, 659999),
    birth=st.dates(date(1930, 1, 1), date(2020, 1, 1)),
    serial=st.integers(0, 999),
    check=st.sampled_from("0123456789Xx"),
    gap=st.sampled_from(["", " ", "-", "—", "\u3000", "\u200b", "."]),
    full_width=st.booleans(),
    around=st.tuples(*[st.text(alphabet="我的证件号：, 是\n", max_size=6)] * 2),
)
def test_no_identity_number_survives(
    area: int,
    birth: date,
    serial: int,
    check: str,
    gap: str,
    full_width: bool,
    around: tuple[str, str],
) -> None:
    number = f"{area}{gap}{birth:%Y%m%d}{gap}{serial:03}{check}"
    if full_width:
        number = number.translate(str.maketrans(string.digits, "０１２３４５６７８９"))
    assert mask(around[0] + number + around[1]) == around[0] + IDENTITY + around[1]


@given(
    head=st.integers(13, 19),
    rest=st.text(alphabet=string.digits, min_size=9, max_size=9),
    gaps=st.tuples(*[st.sampled_from(["", " ", "-", "－", " - "])] * 2),
    around=st.tuples(*[st.text(alphabet="电话打我，", max_size=6)] * 2),
)
def test_no_mobile_number_survives(
    head: int, rest: str, gaps: tuple[str, str], around: tuple[str, str]
) -> None:
    number = f"{head}{rest[0]}{gaps[0]}{rest[1:5]}{gaps[1]}{rest[5:]}"
    assert mask(around[0] + number + around[1]) == around[0] + MOBILE + around[1]


@given(st.text(alphabet=string.digits + " -.x", min_size=1000, max_size=5000))
def test_long_runs_of_digits_are_no_trouble(text: str) -> None:
    assert len(mask(text)) <= len(text) * 2
