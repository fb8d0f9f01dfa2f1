"""A cell of a table as a value: keys or labels, numbers, days and bounds as people write them.

Only the writing is read here; whether the value is one that the fact can have, `read_value` says.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from knowledge.eligibility.facts import Fact, FactType, Value, read_value

_LONGEST = 1000
"""No answer is longer; what is, isn't looked into."""
_UNSURE = {"不清楚", "不知道", "unknown"}
_YES_OR_NO = {
    **dict.fromkeys(("是", "有", "true", "yes"), True),
    **dict.fromkeys(("否", "不是", "没有", "无", "false", "no"), False),
}
_NONE_OF_THEM = {"没有", "无", "都不是", "none"}
_SEPARATOR = re.compile(r"\s*[;|、,，]\s*")

_NUMBER = r"(-?[0-9]{1,9})(?:\.0+)?"
_DAY = (
    r"([0-9]{4}(?:-[0-9]{1,2}-|/[0-9]{1,2}/|\.[0-9]{1,2}\.|年[0-9]{1,2}月)[0-9]{1,2}日?|[0-9]{8})"
)
_MIDNIGHT = r"(?:[ T]0?0:00(?::00)?)?"
_BETWEEN = r"\s*[~–—到至]+\s*"


def _written(point: str, between: str) -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    """The ways to write a number or a day, and which bounds each way gives."""
    return (
        (re.compile(point), ("",)),
        (re.compile(f"{point}{between}{point}"), ("at_least", "at_most")),
        (re.compile(rf"(?:>=|≥|至少)\s*{point}|{point}\s*及?以上"), ("at_least",)),
        (re.compile(rf"(?:<=|≤|至多)\s*{point}|{point}\s*及?以下"), ("at_most",)),
    )


_NUMBERS = _written(_NUMBER, rf"(?:{_BETWEEN}|\s*-\s*)")
_DAYS = _written(_DAY + _MIDNIGHT, _BETWEEN)


def plain(text: str) -> str:
    """Return a text without the differences that only width and blanks make."""
    return unicodedata.normalize("NFKC", text).strip()


def read_cell(fact: Fact, text: str, as_of: date) -> Value | None:
    """Read one cell, None where it's empty or 不清楚; raises `FactsRefused`."""
    text = plain(text)
    if not text:
        return None
    given = _given(fact, text) if len(text) <= _LONGEST else text
    return None if given is None else read_value(fact, given, as_of)


def _given(fact: Fact, text: str) -> Any:
    """Return what a cell says, as `read_value` takes it; what isn't understood stays a text."""
    match fact.type:
        case FactType.BOOLEAN:
            said = _YES_OR_NO.get(text.lower(), text)
        case FactType.CHOICE:
            said = _options(fact).get(text, text)
        case FactType.MULTI_CHOICE:
            said = _several(fact, text)
        case FactType.INTEGER:
            said = _bounded(text, _NUMBERS, int)
        case FactType.DATE:
            said = _bounded(text, _DAYS, _day)
    return None if said == text and text.lower() in _UNSURE else said


def _options(fact: Fact) -> Mapping[str, str]:
    labels = {plain(option.label): option.value for option in fact.options}
    short = {plain(option.short): option.value for option in fact.options}
    return {**short, **labels, **{plain(value): value for value in fact.values}}


def _several(fact: Fact, text: str) -> Any:
    if (chosen := next(_split(text, _options(fact)), None)) is not None:
        return chosen
    if text.lower() in _NONE_OF_THEM:
        return [] if fact.may_be_none else None
    return text if text.lower() in _UNSURE else _SEPARATOR.split(text)


def _split(text: str, options: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield the ways to read a list of options; a label may hold a separator itself."""
    for said, value in options.items():
        if text == said:
            yield [value]
        elif text.startswith(said) and (separator := _SEPARATOR.match(text, len(said))):
            for rest in _split(text[separator.end() :], options):
                yield [value, *rest]


def _bounded(text: str, ways: Any, point: Any) -> Any:
    for pattern, bounds in ways:
        if found := pattern.fullmatch(text):
            given = [point(written) for written in found.groups() if written is not None]
            if bounds == ("",):
                return given[0]
            return dict(zip(bounds, given, strict=False))
    return text


def _day(written: str) -> str:
    digits = re.findall(r"[0-9]+", written)
    if len(digits) == 1:
        digits = [written[:4], written[4:6], written[6:]]
    year, month, day = digits
    return f"{year}-{month:0>2}-{day:0>2}"
