"""What an officer typed: read by a Pydantic model, each fault told beside its field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar, get_origin

from flask import request
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError
from werkzeug.datastructures import MultiDict

from server import money
from server.database.tables import MOST_NUMBER
from server.money import NoSum
from server.web.problems import words_of_field

M = TypeVar("M", bound=BaseModel)

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\u202a-\u202e\u2066-\u2069]")
_LISTS = (list, tuple, set, frozenset)

LINE_LENGTH = 200
TEXT_LENGTH = 2000

Line = Annotated[str, StringConstraints(min_length=1, max_length=LINE_LENGTH)]
"""A text of one line."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=TEXT_LENGTH)]
"""A text of several lines, as officers write reasons and notes."""


def _fen(written: object) -> object:
    if not isinstance(written, str):
        return written
    try:
        return money.fen(written)
    except NoSum:
        raise PydanticCustomError("yuan_form", "no sum") from None


_TYPED_IN_YUAN = BeforeValidator(_fen)
Yuan = Annotated[int, _TYPED_IN_YUAN]
"""Fen, typed in yuan."""
YUAN_WORDS = words_of_field("yuan_form")


class Asked(BaseModel):
    """Base of what forms are read into: texts without blanks around them, an empty one is none."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
        defer_build=True,
    )

    @field_validator("*")
    @classmethod
    def _countable(cls, value: Any, info: ValidationInfo) -> Any:
        is_sum = _TYPED_IN_YUAN in cls.model_fields[info.field_name or ""].metadata
        if isinstance(value, int) and abs(value) > MOST_NUMBER and not is_sum:
            raise PydanticCustomError("less_than_equal", "refused")
        return value


class VersionAsked(Asked):
    """The version that was looked at."""

    version: Annotated[int, Field(ge=0)]


@dataclass
class Form(Generic[M]):
    """A form as it came, or as it is shown first; `asked` is None where something is wrong."""

    asked: M | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def refuse(self, name: str, words: str) -> None:
        """Say beside a field why it can't stay so; `""`: of the form as a whole."""
        self.errors[name] = words
        self.asked = None


def empty(**values: Any) -> Form[Any]:
    """A form that nobody has filled in yet, with what stands in it at first."""
    return Form(values=values)


def read(model: type[M], words: Mapping[str, str] | None = None) -> Form[M]:
    """The form that was sent; `words` tell of fields what is wrong with them in better words."""
    return _checked(model, _given(model, request.form), words or {})


def version() -> int:
    """The version that was looked at, as the form says; 0, which is none, where it does not."""
    asked = read(VersionAsked).asked
    return 0 if asked is None else asked.version


def typed(name: str) -> str:
    """One field of the form that was sent, as it was typed, without blanks around it."""
    return _clean(request.form.get(name, "")).strip()


def read_query(model: type[M]) -> M:
    """The parameters of the address; one that can't be read counts as not given."""
    values = _given(model, request.args)
    while True:
        try:
            return model.model_validate(values)
        except ValidationError as error:
            wrong = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
            if not wrong & values.keys():
                raise
            values = {name: value for name, value in values.items() if name not in wrong}


def _given(model: type[BaseModel], sent: MultiDict[str, str]) -> dict[str, Any]:
    """What was sent for each field of the model, cleaned; of several values of one the last."""
    values: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        given = [text for each in sent.getlist(name) if (text := _clean(each)).strip()]
        if get_origin(info.annotation) in _LISTS:
            values[name] = given
        elif given:
            values[name] = given[-1]
    return values


def _checked(model: type[M], values: dict[str, Any], words: Mapping[str, str]) -> Form[M]:
    try:
        return Form(model.model_validate(values), values)
    except ValidationError as error:
        errors: dict[str, str] = {}
        for each in error.errors(include_url=False, include_context=False):
            name = str(each["loc"][0]) if each["loc"] else ""
            errors.setdefault(name, words.get(name) or words_of_field(each["type"]))
        return Form(None, values, errors)


def _clean(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
