"""Numbers prove themselves before they are kept, and nobody real is turned away."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from server.personal.persons import Minor, Person, age
from tests import citizens

RIGHT = {"name": "王伟", "identity_number": citizens.identity_number(1), "phone": "13812345678"}


def _kinds(**given_values: object) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as refused:
        Person.model_validate({**RIGHT, **given_values})
    assert not any(
        str(value) in str(refused.value)
        for name, value in given_values.items()
        if value and name in RIGHT
    )
    return [(str(e["loc"][0]), e["type"]) for e in refused.value.errors()]


@given(st.integers(0, 10**9))
def test_made_up_people_pass(number: int) -> None:
    person = citizens.person(number)
    assert Person.model_validate(person.model_dump()) == person


@given(st.integers(0, 10**6), st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(number: int, place: int, more: int) -> None:
    right = citizens.identity_number(number)
    digit = "10"[int(right[place] == "X")] if right[place] == "X" else right[place]
    wrong = right[:place] + str((int(digit) + more) % 10) + right[place + 1 :]
    if wrong != right:
        with pytest.raises(ValidationError):
            Person.model_validate({**RIGHT, "identity_number": wrong})


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("35058119800615001", "identity_form"),
        ("050581198006150010", "identity_form"),
        ("350581198006150011", "identity_checksum"),
        ("", "identity_form"),
        ("３".join(["x"] * 9), "identity_form"),
        ("9" * 65, "string_too_long"),
        (350581198006150010, "string_type"),
    ],
)
def test_what_is_wrong_with_an_identity_number_is_named(number: object, kind: str) -> None:
    assert _kinds(identity_number=number) == [("identity_number", kind)]


def _numbered(region: str, day: str) -> str:
    from stdnum.cn import ric

    head = f"{region}{day}001"
    return head + str(ric.calc_check_digit(head + "0"))


@pytest.mark.parametrize(
    ("region", "day", "kind"),
    [
        ("350581", "19800230", "identity_birth"),
        ("350581", "18991231", "identity_birth"),
        ("999999", "19800615", "identity_region"),
        ("130199", "19800615", "identity_region"),
        ("110201", "19900615", "identity_region"),
    ],
)
def test_no_day_and_no_region_is_made_up(region: str, day: str, kind: str) -> None:
    assert _kinds(identity_number=_numbered(region, day)) == [("identity_number", kind)]


@pytest.mark.parametrize(
    ("region", "day"),
    [
        ("350581", "19800615"),  # 石狮 is a city since 1987, its people are older
        ("440203", "19650101"),
        ("130110", "19991231"),  # 鹿泉区 since 2014: who moved there got a new number
        ("110103", "19850101"),  # 崇文区, until 2010: its numbers are still carried
        ("820000", "19850101"),  # residence permits
    ],
)
def test_who_is_older_than_their_district_is_let_in(region: str, day: str) -> None:
    from stdnum.cn import ric

    number = _numbered(region, day)
    assert Person.model_validate({**RIGHT, "identity_number": number}).identity_number == number
    if region != "110103":
        # The library alone would have turned them away.
        assert not ric.is_valid(number)


def test_numbers_are_read_as_people_write_them() -> None:
    number = citizens.identity_number(7)
    person = Person.model_validate(
        {
            "name": " 买买提•艾力 ",
            "identity_number": f" {number[:6]} {number[6:14]}-{number[14:].lower()} ",
            "phone": "+86 138-1234-5678",
            "bank_card": " ".join(citizens.bank_card(7)[i : i + 4] for i in range(0, 19, 4)),
            "native_place": "  河北　定州 ",
        }
    )
    assert person.name == "买买提·艾力"
    assert person.identity_number == number
    assert person.phone == "13812345678"
    assert person.bank_card == citizens.bank_card(7)
    assert person.native_place == "河北 定州"
    # As tables set two characters apart; a name of several words stays one.
    for typed, name in (("王　伟", "王伟"), ("李 桂 芬", "李桂芬"), ("Anna  Li", "Anna Li")):
        assert Person.model_validate({**RIGHT, "name": typed}).name == name
    wide = number.translate(str.maketrans("0123456789X", "０１２３４５６７８９Ｘ"))
    assert Person.model_validate({**RIGHT, "identity_number": wide}).identity_number == number


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("name", "张", "person_name"),
        ("name", "<b>张三</b>", "person_name"),
        ("name", "=1+1", "person_name"),
        ("name", "13812345678", "person_name"),
        ("name", "张\u202e三", "person_name"),
        ("name", "张" * 51, "person_name"),
        ("phone", "12812345678", "phone_form"),
        ("phone", "1381234567", "phone_form"),
        ("bank_card", "6217000010000012346", "card_checksum"),
        # One digit less, and one more, than any card has.
        ("bank_card", "62170000011", "card_form"),
        ("bank_card", "62170000010000012345", "card_form"),
        ("native_place", "定\x00州", "place_form"),
        ("native_place", "村" * 61, "place_form"),
        ("salary", "1", "extra_forbidden"),
    ],
)
def test_what_is_no_such_thing_is_refused(field: str, value: str, kind: str) -> None:
    assert _kinds(**{field: value}) == [(field, kind)]


def test_a_childs_number_must_name_its_birthday() -> None:
    number = citizens.identity_number(3, date(2020, 5, 1))
    assert Minor(name="王小", born_on=date(2020, 5, 1), identity_number=number)
    with pytest.raises(ValidationError) as refused:
        Minor(name="王小", born_on=date(2020, 5, 2), identity_number=number)
    assert refused.value.errors()[0]["type"] == "birthday_differs"
    assert number not in str(refused.value)


@pytest.mark.parametrize(
    ("born", "today", "years"),
    [
        (date(2012, 3, 1), date(2026, 2, 28), 13),
        (date(2012, 3, 1), date(2026, 3, 1), 14),
        (date(2012, 2, 29), date(2026, 2, 28), 13),
        (date(2012, 2, 29), date(2026, 3, 1), 14),
        (date(2026, 3, 1), date(2026, 3, 1), 0),
    ],
)
def test_a_year_is_full_on_the_birthday(born: date, today: date, years: int) -> None:
    assert age(born, today) == years
