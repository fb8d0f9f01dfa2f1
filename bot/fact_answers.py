"""What a person replies to a question of the self-check, read as the value of a fact."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rapidfuzz import fuzz

from bot.normalising import normalise
from bot.numerals import with_arabic_numerals
from knowledge.eligibility.facts import Fact, FactsRefused, FactType, read_value

_UNSURE = re.compile(
    "不(?:太|是很)?(?:清楚|知道|晓得|记得|确定|懂)|说不(?:准|清|好)|忘了?|记不(?:得|清)了?"
)
_YES = re.compile("(?:是|有|对|嗯|在|会|能|想|要|参加|交|办|领|拿|留)[的了过呀啊吧]{0,2}|yes|y|ok")
_NO = re.compile(
    "(?:不|没|没有|不是|否|无|冇|唔系|没得)(?:[是有在会能想要过的了呀啊]|参加|交|办|领|拿|留){0,3}|no|n"
)
_NONE = re.compile("0|都?(?:不是|没有|没)|一个都?(?:不是|没有)|都不(?:沾|属于)")
_NUMBERS = re.compile(r"\d{1,2}(?:[\s、，,和.。]+\d{1,2})*[.。]?")
_RANGE = re.compile(r"(\d+)\D{0,3}?(?:到|至|-|~|—|～)(\d+)\D*")
_AT_LEAST = re.compile(r"(\d+)\D{0,3}(?:以上|多|好几)\D*|(?:至少|不少于|超过)(\d+)\D*")
_AT_MOST = re.compile(r"(\d+)\D{0,3}(?:以下|以内|不到)\D*|(?:最多|不到|不超过)(\d+)\D*")
_YEARS = re.compile(r"(\d+)年(半)?(?:零?(\d+)个?月)?\D*")
_HALF_YEAR = re.compile("(?:大概|差不多)?半年\\D*")
_ONE = re.compile(r"\D{0,6}?(\d+)\D{0,4}")
_DAY = re.compile(r"(\d{4})\D{1,2}(\d{1,2})\D{1,2}(\d{1,2})\D{0,2}")
_ALIKE = 80
"""rapidfuzz's partial ratio from which on an answer in words means an option."""


@dataclass(frozen=True, slots=True)
class Read:
    """A value as `read_value` takes it; None is 不清楚."""

    value: Any


def read_answer(fact: Fact, message: str, today: date) -> Read | None:
    """Read a reply to the question for a fact; None where it is no answer to it."""
    text = with_arabic_numerals(normalise(message)).strip(" 。.!！,，")
    if not text:
        return None
    if _UNSURE.fullmatch(text) or text == str(unsure_number(fact)):
        return Read(None)
    found = _read(fact, text)
    if found is None:
        return None
    try:
        read_value(fact, found.value, today)
    except FactsRefused:
        return None
    return found


def unsure_number(fact: Fact) -> int | None:
    """The number that stands for 不清楚; a question for a figure has none."""
    match fact.type:
        case FactType.BOOLEAN:
            return 3
        case FactType.CHOICE | FactType.MULTI_CHOICE:
            return len(fact.options) + 1
        case _:
            return None


def _read(fact: Fact, text: str) -> Read | None:
    match fact.type:
        case FactType.BOOLEAN:
            return _yes_or_no(text)
        case FactType.CHOICE:
            chosen = _options(fact, text)
            return Read(chosen[0]) if len(chosen) == 1 else None
        case FactType.MULTI_CHOICE:
            if _NONE.fullmatch(text):
                return Read([])
            chosen = _options(fact, text)
            return Read(chosen) if chosen else None
        case FactType.INTEGER:
            return _number(fact, text)
        case _:
            found = _DAY.fullmatch(text)
            return Read(f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}") if found else None


def _yes_or_no(text: str) -> Read | None:
    if text == "1" or _YES.fullmatch(text):
        return Read(True)
    if text == "2" or _NO.fullmatch(text):
        return Read(False)
    return None


def _options(fact: Fact, text: str) -> Sequence[str]:
    """The options that a text names, by number or in words; none where one isn't there."""
    if _NUMBERS.fullmatch(text):
        numbers = [int(n) for n in re.findall(r"\d+", text)]
        if any(not 1 <= n <= len(fact.options) for n in numbers):
            return []
        return list(dict.fromkeys(fact.values[n - 1] for n in numbers))
    if len(text) < 2:
        return []
    scored = [(fuzz.partial_ratio(text, normalise(o.label)), o.value) for o in fact.options]
    best = max(score for score, _ in scored)
    named = [value for score, value in scored if score == best]
    return named if best >= _ALIKE and len(named) == 1 else []


def _number(fact: Fact, text: str) -> Read | None:
    if fact.unit == "months":
        if found := _YEARS.fullmatch(text):
            months = int(found[1]) * 12 + (6 if found[2] else 0) + int(found[3] or 0)
            return Read(months)
        if _HALF_YEAR.fullmatch(text):
            return Read(6)
    if found := _RANGE.fullmatch(text):
        return Read({"at_least": int(found[1]), "at_most": int(found[2])})
    if found := _AT_LEAST.fullmatch(text):
        return Read({"at_least": int(found[1] or found[2])})
    if found := _AT_MOST.fullmatch(text):
        return Read({"at_most": int(found[1] or found[2])})
    if found := _ONE.fullmatch(text):
        return Read(int(Decimal(found[1])))
    return None
