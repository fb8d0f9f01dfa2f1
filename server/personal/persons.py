"""What a person is known by, read strictly: every number proves itself before it is kept."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from stdnum import luhn, numdb
from stdnum.cn import ric
from stdnum.exceptions import InvalidChecksum, ValidationError

_BLANKS = re.compile(r"[\s\-]")
_PHONE = re.compile(r"1[3-9][0-9]{9}")
_CARD = re.compile(r"[1-9][0-9]{11,18}")
_IDENTITY = re.compile(r"[1-9][0-9]{16}[0-9X]")
_DOTS = re.compile("[•・‧∙．]")
# In a table a name of two characters is often set apart to the width of three.
_SET_APART = re.compile(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")
_YEARS = re.compile(r"\[([0-9]*)-([0-9]*)\]")
_IN_NAMES = "·. '-"


class NotBornYet(Exception):
    """The day of birth is still to come."""


def _refused(kind: str) -> PydanticCustomError:
    """An error that names the kind only: what was typed is nobody's business."""
    return PydanticCustomError(kind, "refused")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _name(text: str) -> str:
    name = _SET_APART.sub("", " ".join(_DOTS.sub("·", _plain(text)).split()))
    letters = [character for character in name if character.isalpha()]
    if not letters or any(c not in _IN_NAMES and not c.isalpha() for c in name):
        raise _refused("person_name")
    if len(name) > 50 or (len(letters) == 1 and not letters[0].isascii() and len(name) < 2):
        raise _refused("person_name")
    return name


def _identity_number(text: str) -> str:
    number = _BLANKS.sub("", _plain(text)).upper()
    if not _IDENTITY.fullmatch(number):
        raise _refused("identity_form")
    if ric.calc_check_digit(number) != number[-1]:
        raise _refused("identity_checksum")
    try:
        born_on = ric.get_birth_date(number)
    except ValidationError:
        raise _refused("identity_birth") from None
    if born_on.year < 1900:
        raise _refused("identity_birth")
    if not _was_a_region(number[:6], born_on.year):
        raise _refused("identity_region")
    return number


@lru_cache(maxsize=8192)
def _was_a_region(code: str, born_in: int) -> bool:
    """Whether the code was in use at any time since the birth.

    The library's own test wants the code to be older than the person. But numbers are given out
    since 1984 and at every age: who was born in 石狮 in 1980 has a code of 1987.
    """
    found = {k: v for _, props in numdb.get("cn/loc").info(code) for k, v in props.items()}
    for county in found.get("county", "").split(","):
        years = _YEARS.match(county)
        if county and (years is None or not years[2] or int(years[2]) >= max(born_in, 1984)):
            return True
    return False


def _phone(text: str) -> str:
    number = _BLANKS.sub("", _plain(text))
    for prefix in ("+86", "0086"):
        number = number.removeprefix(prefix)
    if not _PHONE.fullmatch(number):
        raise _refused("phone_form")
    return number


def _card(text: str) -> str:
    number = _BLANKS.sub("", _plain(text))
    if not _CARD.fullmatch(number):
        raise _refused("card_form")
    try:
        luhn.validate(number)
    except InvalidChecksum:
        raise _refused("card_checksum") from None
    return number


def _place(text: str) -> str:
    place = " ".join(_plain(text).split())
    if not place or len(place) > 60 or any(unicodedata.category(c)[0] == "C" for c in place):
        raise _refused("place_form")
    return place


def _typed(longest: int, read: Any) -> tuple[Any, Any]:
    # Far longer than any number: what is longer isn't worth reading.
    return Field(max_length=longest), AfterValidator(read)


Name = Annotated[str, *_typed(200, _name)]
IdentityNumber = Annotated[str, *_typed(64, _identity_number)]
Phone = Annotated[str, *_typed(64, _phone)]
BankCard = Annotated[str, *_typed(64, _card)]
NativePlace = Annotated[str, *_typed(200, _place)]


class Person(BaseModel):
    """A worker, as they say they are."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Name
    identity_number: IdentityNumber
    phone: Phone
    bank_card: BankCard | None = None
    native_place: NativePlace | None = None

    @property
    def born_on(self) -> date:
        """The day of birth that the identity number names."""
        return born_on(self.identity_number)


def as_kept(values: Mapping[str, Any]) -> Person:
    """A person as they were taken: what was right then is not judged by rules that came later."""
    return Person.model_construct(**values)


class Minor(BaseModel):
    """A child of a worker."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Name
    # JSON has no dates: the text of one is as strict as it gets.
    born_on: Annotated[date, Field(strict=False)]
    identity_number: IdentityNumber | None = None

    @model_validator(mode="after")
    def _one_birthday(self) -> Self:
        if self.identity_number is not None and born_on(self.identity_number) != self.born_on:
            raise _refused("birthday_differs")
        return self


def born_on(identity_number: str) -> date:
    """The day of birth in an identity number."""
    found: date = ric.get_birth_date(identity_number)
    return found


def age(born: date, today: date) -> int:
    """Full years; who was born on 29 February is a year older on 1 March."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
