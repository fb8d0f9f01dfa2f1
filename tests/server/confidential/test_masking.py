"""Masked values show as much as a bank would."""

from hypothesis import given
from hypothesis import strategies as st

from server.confidential.masking import mask_card, mask_identity_number, mask_name, mask_phone
from tests import citizens


def test_each_kind_is_masked_as_people_know_it() -> None:
    assert mask_name("张三丰") == mask_name("张三") == "张*"
    assert mask_name("阿卜杜拉·买买提") == "阿*"
    assert mask_identity_number("440203199001011234") == "4402**********1234"
    assert mask_phone("13812345678") == "138****5678"
    assert mask_card("6217000010000012347") == "****2347"


@given(st.integers(0, 10**6))
def test_nobody_can_read_the_whole_from_the_mask(number: int) -> None:
    for mask, value in (
        (mask_identity_number, citizens.identity_number(number)),
        (mask_phone, citizens.phone(number)),
        (mask_card, citizens.bank_card(number)),
        (mask_name, citizens.name(number)),
    ):
        shown = mask(value)
        hidden = len(value) - sum(a == b for a, b in zip(shown, value, strict=False))
        assert value not in shown and "*" in shown
        assert hidden >= len(value) // 3
