"""Made-up people whose numbers prove themselves, each told apart by a counter."""

from datetime import date, timedelta

from stdnum import luhn
from stdnum.cn import ric

from server.personal.persons import Minor, Person

_REGIONS = ("350581", "440203", "130682", "210702", "110101", "510104")
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"


def identity_number(number: int, born: date | None = None) -> str:
    """An identity number that passes every check."""
    born = born or date(1970, 1, 1) + timedelta(days=number * 37 % 12_000)
    head = f"{_REGIONS[number % len(_REGIONS)]}{born:%Y%m%d}{number % 1000:03}"
    return head + str(ric.calc_check_digit(head + "0"))


def bank_card(number: int) -> str:
    """A card of 19 digits that passes the check."""
    head = f"621700{number * 7919 % 10**12:012}"
    return head + str(luhn.calc_check_digit(head))


def phone(number: int) -> str:
    """A mobile number."""
    return f"1{'3589'[number % 4]}{number * 104_729 % 10**9:09}"


def name(number: int) -> str:
    """A name of three characters."""
    given = _GIVEN[number % 20] + _GIVEN[number // 20 % 20]
    return _SURNAMES[number * 7 % 20] + given


def person(number: int, *, card: bool = True) -> Person:
    """One of many people."""
    return Person(
        name=name(number),
        identity_number=identity_number(number),
        phone=phone(number),
        bank_card=bank_card(number) if card else None,
        native_place=f"河北省定州市东亭镇第{number}村",
    )


def minor(number: int, today: date) -> Minor:
    """A child of five or so, with its identity number."""
    born = today - timedelta(days=5 * 366 + number % 300)
    return Minor(
        name=name(number + 211), born_on=born, identity_number=identity_number(number, born)
    )
