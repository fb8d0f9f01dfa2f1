"""The facts a self-check may ask for, and the strict reading of what somebody gives for them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator

from knowledge.eligibility.rules import AS_OF
from knowledge.entries import Entry, Text, compiles
from knowledge.faults import Code, Fault, refused

WORK_REGION = "work_region"
APPLICANT_ROLE = "applicant_role"
_EARLIEST = date(1900, 1, 1)
_EXPLAINED = re.compile("（[^（）]*）$")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class FactType(StrEnum):
    BOOLEAN = "boolean"
    CHOICE = "choice"
    MULTI_CHOICE = "multi_choice"
    INTEGER = "integer"
    DATE = "date"


class Option(Entry):
    """One answer of a choice: its stable value, and how it is said."""

    value: Annotated[str, Field(min_length=1)]
    label: Text

    @property
    def short(self) -> str:
        """The label without what explains it in brackets at its end."""
        return _EXPLAINED.sub("", self.label) or self.label


class Fact(Entry):
    """One entry of the vocabulary."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    type: FactType
    group: Text
    """What it is asked together with."""
    label: Text
    """As officers read it, and as the columns of rosters are called."""
    everyday: Text | None = None
    """As workers read it; None: as officers do."""
    question: Text
    options: tuple[Option, ...] = ()
    unit: str | None = None
    least: int | None = None
    most: int | None = None
    """What a number can be at all, both included."""
    shortfall: str | None = None
    """How a number that is too small is said; {gap} is what is missing."""
    lasting: bool = False
    """Nothing a person can change soon."""
    says_yes: str | None = None
    says_no: str | None = None
    """Patterns of what says yes or no to it in words of its own; <firm> stands for any firm."""
    numbers: dict[Text, int] = Field(default_factory=dict)
    """What is said instead of a number, and the number it stands for: 没签, 0."""

    @model_validator(mode="after")
    def _fits_its_type(self) -> "Fact":
        chosen = self.type in (FactType.CHOICE, FactType.MULTI_CHOICE)
        if chosen is not bool(self.options):
            raise refused(Fault(Code.OPTIONS_UNFIT))
        if len({option.value for option in self.options}) < len(self.options):
            raise refused(Fault(Code.OPTION_TWICE))
        numeric = self.type is FactType.INTEGER
        if numeric is not (self.least is not None and self.most is not None):
            raise refused(Fault(Code.LIMITS_UNFIT))
        if self.type is not FactType.BOOLEAN and (self.says_yes or self.says_no):
            raise refused(Fault(Code.YES_AND_NO_UNFIT))
        for pattern in filter(None, (self.says_yes, self.says_no)):
            compiles(pattern.replace("<firm>", "(?:厂)"))
        if self.numbers and not numeric:
            raise refused(Fault(Code.NUMBERS_UNFIT))
        if any(not (self.least or 0) <= n <= (self.most or 0) for n in self.numbers.values()):
            raise refused(Fault(Code.NUMBER_IMPOSSIBLE))
        if self.id == AS_OF:
            raise refused(Fault(Code.NOT_A_FACT, {"fact": AS_OF}))
        return self

    @property
    def values(self) -> tuple[str, ...]:
        """The values of its options."""
        return tuple(option.value for option in self.options)

    @property
    def may_be_none(self) -> bool:
        """Whether who is asked may say «none of these»; else one who picks nothing has not said."""
        return self.type is FactType.MULTI_CHOICE and "不选" in self.question

    @property
    def called(self) -> str:
        """How it is called where workers read it."""
        return self.everyday or self.label

    def option_label(self, value: str) -> str:
        """Return how an option is said."""
        return next((option.label for option in self.options if option.value == value), value)


Vocabulary = Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Interval:
    """A number or day of which only the bounds are known, both included; None: no bound."""

    low: int | date | None
    high: int | date | None


Value = bool | str | frozenset[str] | int | date | Interval


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of a person: values by fact, and the facts answered with 不清楚."""

    values: Mapping[str, Value]
    unsure: frozenset[str] = frozenset()
    last: str | None = None
    """The fact that was given last."""


class Reason(StrEnum):
    """Why a fact is refused."""

    UNKNOWN_FACT = "unknown_fact"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_OPTION = "unknown_option"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_DAY = "not_a_day"
    AFTER_AS_OF = "after_as_of"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One fact that can't be read: its key, why, and what it may be."""

    fact: str
    reason: Reason
    allowed: str = ""

    def __str__(self) -> str:
        return f"{self.fact}: {self.reason}" + (
            f" (allowed: {self.allowed})" if self.allowed else ""
        )


class FactsRefused(ValueError):
    """Facts that can't be read; nothing is guessed, and nothing is taken partly."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("; ".join(map(str, self.refusals)))


def read_facts(data: dict[str, Any], vocabulary: Vocabulary, as_of: date) -> Given:
    """Read facts as they come in JSON; raises `FactsRefused` with every one that is wrong.

    null stands for 不清楚; a choice of several is complete, and of none says no to each option. A
    number or day may be given as bounds, {"at_least": 500, "at_most": 800}, one of which may be
    left out. No day lies after `as_of`.
    """
    values: dict[str, Value] = {}
    unsure: set[str] = set()
    refusals: list[Refusal] = []
    for key, given in data.items():
        fact = vocabulary.get(key)
        if fact is None:
            refusals.append(Refusal(str(key), Reason.UNKNOWN_FACT))
        elif given is None:
            unsure.add(key)
        else:
            try:
                values[key] = read_value(fact, given, as_of)
            except FactsRefused as error:
                refusals += error.refusals
    if refusals:
        raise FactsRefused(refusals)
    return Given(values, frozenset(unsure), next(reversed(data), None))


def read_value(fact: Fact, given: Any, as_of: date) -> Value:
    """Read one value; raises `FactsRefused`."""
    match fact.type:
        case FactType.BOOLEAN:
            if not isinstance(given, bool):
                raise _refused(fact, Reason.WRONG_TYPE)
            return given
        case FactType.CHOICE:
            return _option(fact, given)
        case FactType.MULTI_CHOICE:
            if not isinstance(given, list | tuple | set | frozenset):
                raise _refused(fact, Reason.WRONG_TYPE)
            return frozenset(_option(fact, one) for one in given)
        case _:
            return _bounded(fact, given, as_of)


def _option(fact: Fact, given: Any) -> str:
    if not isinstance(given, str):
        raise _refused(fact, Reason.WRONG_TYPE)
    if given not in fact.values:
        raise _refused(fact, Reason.UNKNOWN_OPTION)
    return given


def _bounded(fact: Fact, given: Any, as_of: date) -> Value:
    if not isinstance(given, dict):
        return _point(fact, given, as_of)
    if not given or set(given) - {"at_least", "at_most"}:
        raise _refused(fact, Reason.WRONG_TYPE)
    bounds = {key: _point(fact, value, as_of) for key, value in given.items() if value is not None}
    low, high = bounds.get("at_least"), bounds.get("at_most")
    if low is None and high is None:
        raise _refused(fact, Reason.WRONG_TYPE)
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        raise _refused(fact, Reason.OUT_OF_RANGE)
    return low if low is not None and low == high else Interval(low, high)


def _point(fact: Fact, given: Any, as_of: date) -> int | date:
    if fact.type is FactType.INTEGER:
        if isinstance(given, bool) or not isinstance(given, int):
            raise _refused(fact, Reason.WRONG_TYPE)
        if not (fact.least or 0) <= given <= (fact.most or 0):
            raise _refused(fact, Reason.OUT_OF_RANGE)
        return given
    if isinstance(given, str) and _DAY.fullmatch(given):
        try:
            given = date.fromisoformat(given)
        except ValueError:
            raise _refused(fact, Reason.NOT_A_DAY) from None
    if type(given) is not date:
        raise _refused(fact, Reason.NOT_A_DAY if isinstance(given, str) else Reason.WRONG_TYPE)
    if given > as_of:
        raise _refused(fact, Reason.AFTER_AS_OF, f"up to {as_of}")
    if given < _EARLIEST:
        raise _refused(fact, Reason.OUT_OF_RANGE)
    return given


def _refused(fact: Fact, reason: Reason, allowed: str = "") -> FactsRefused:
    return FactsRefused([Refusal(fact.id, reason, allowed or " | ".join(_allowed(fact)))])


def _allowed(fact: Fact) -> Iterator[str]:
    match fact.type:
        case FactType.BOOLEAN:
            yield from ("true", "false")
        case FactType.CHOICE | FactType.MULTI_CHOICE:
            for option in fact.options:
                yield f"{option.value} {option.short}"
        case FactType.INTEGER:
            yield f"{fact.least} to {fact.most}"
        case FactType.DATE:
            yield "YYYY-MM-DD"
