"""Money: what people write is read to the fen or refused, and written again the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import money
from server.money import NoSum


@pytest.mark.parametrize(
    ("written", "fen"),
    [
        ("5000000", 500_000_000),
        ("0.50", 50),
        ("0.5", 50),
        (".5", 50),
        ("12.", 1200),
        ("1,200", 120_000),
        ("1，234，567.89", 123_456_789),
        (" 38.50元 ", 3850),
        ("５０．５", 5050),
        ("-200.5", -20_050),
        ("-0", 0),
        ("007", 700),
    ],
)
def test_what_people_write_is_read(written: str, fen: int) -> None:
    assert money.fen(written) == fen


@pytest.mark.parametrize(
    "written",
    [
        "", "元", ".", "-", "五十", "NaN", "inf", "1e9", "9e999999", "1_000", "1,,2", "1,20", ",1",
        "1,2000", "1.005", "1.2.3", "5²", "٣", "+5", "--5", "$5", "1 000", "0x10", "9" * 13,
        "9" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_sum_is_refused(written: str) -> None:
    with pytest.raises(NoSum):
        money.fen(written)


@given(st.integers(min_value=-(10**14) + 1, max_value=10**14 - 1))
def test_what_is_written_is_read_again(fen: int) -> None:
    for written in (money.yuan(fen), money.grouped(fen), money.spoken(fen)):
        assert money.fen(written) == fen


def test_sums_are_written_for_files_for_the_eye_and_as_people_say_them() -> None:
    assert [money.yuan(fen) for fen in (0, 5, 150_000, -20_050)] == [
        "0.00", "0.05", "1500.00", "-200.50",
    ]  # fmt: skip
    assert [money.grouped(fen) for fen in (99, 123_456_789, -150_000)] == [
        "0.99", "1,234,567.89", "-1,500.00",
    ]  # fmt: skip
    assert [money.spoken(fen) for fen in (300_000, 300_050)] == ["3000", "3000.50"]
