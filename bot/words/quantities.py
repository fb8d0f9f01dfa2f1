"""How many, as people say it: 一年半, 三四个月, 十来年, 不到两年, 大概3到6个月.

Whoever says «about» or «less than» gets bounds that surely hold what is meant; words that are not
understood make it no quantity, never another one.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from knowledge.figures import spelled_value

_DIGIT = "一二两三四五六七八九"
_NUMERAL = f"(?:[0-9]{{1,5}}(?:\\.[0-9]{{1,2}})?|[{_DIGIT}十百零]{{1,7}})"
_UNITS: Mapping[str, Mapping[str, Fraction]] = {
    "months": {
        "年": Fraction(12),
        "个月": Fraction(1),
        "个星期": Fraction(7, 30),
        "个礼拜": Fraction(7, 30),
        "周": Fraction(7, 30),
        "天": Fraction(1, 30),
    },
    "hours": {
        "个学时": Fraction(1),
        "个课时": Fraction(1),
        "学时": Fraction(1),
        "课时": Fraction(1),
    },
    "square_metre": dict.fromkeys(("平方米", "平米", "平方", "平", "m2"), Fraction(1)),
}
"""What each unit is worth in the unit of the fact; 3月 is March, and no three months."""
_TO = re.compile("到|至|-|~|—|或者?")
_BELOW = re.compile("(?:还?(?:不到|不足|不满|没到|没满)|快到?|将近|接近)(.+?)|(.+?)(?:不到|不足)")
_AT_MOST = re.compile("(?:最多|顶多|最长|不超过)(.+)|(.+?)(?:以内|之内|以下)")
_AT_LEAST = re.compile("(?:最少|至少|起码|不少于|不止|超过|满|够)(.+)|(.+?)(?:以上|往上|出头)")
_ABOUT = re.compile(
    "(?:大概|大约|差不多|约|估计|可能|应该)(?:有|是)?(.+?)(?:左右|上下)?|(.+?)(?:左右|上下|的样子)"
)
_PARTS = {"半年": (6, 6), "大半年": (6, 12), "半年多": (6, 12), "小半年": (3, 6), "半个月": (0, 1)}
_YEARS = re.compile(f"({_NUMERAL})年(?:半|(?:零|又|加)?({_NUMERAL})个?月)")
_AND_MORE = re.compile(f"({_NUMERAL})(?:年多|个多月|个月多|个半月)")
_SOME = re.compile("好?几")
_VAGUE = re.compile(f"({_NUMERAL})(?:几|来|多)")
_PAIR = re.compile(f"(?P<teens>[{_DIGIT}]?十)?(?P<low>[{_DIGIT}])(?P<high>[{_DIGIT}])(?P<ten>十)?")
_WRITTEN = re.compile(_NUMERAL)
_SIDE_BY_SIDE = re.compile(f"[{_DIGIT}]{{2}}")

Span = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an amount lies between, both included; None: no bound."""

    low: int | None
    high: int | None


def read_quantity(text: str, unit: str) -> Bounds | None:
    """Read a normalised text that is nothing but a quantity, in months, hours or square_metre."""
    names = _UNITS[unit]
    if span := _said(_BELOW, text, names):
        return Bounds(None, max(math.ceil(span[1]) - 1, 0))
    if span := _said(_AT_MOST, text, names):
        return Bounds(None, math.ceil(span[1]))
    if span := _said(_AT_LEAST, text, names):
        return Bounds(math.floor(span[0]), None)
    if span := _said(_ABOUT, text, names):
        slack = max(Fraction(1), span[1] / 4)
        return Bounds(max(math.floor(span[0] - slack), 0), math.ceil(span[1] + slack))
    span = _range(text, names)
    return span and Bounds(math.floor(span[0]), math.ceil(span[1]))


def read_number(text: str) -> int | None:
    """Read a whole number in Arabic or Chinese digits."""
    span = _number(text)
    exact = span is not None and span[0] == span[1] and span[0].denominator == 1
    return int(span[0]) if span and exact else None


def _said(pattern: re.Pattern[str], text: str, names: Mapping[str, Fraction]) -> Span | None:
    found = pattern.fullmatch(text)
    return _range(found[1] or found[2], names) if found else None


def _range(text: str, names: Mapping[str, Fraction]) -> Span | None:
    """Read one amount or two with «to» between; the first may leave its unit to the second."""
    pieces = _TO.split(text)
    if len(pieces) > 2:
        return None
    last = _amount(pieces[-1], names)
    if last is None or len(pieces) == 1:
        return last
    name = next((name for name in names if pieces[-1].endswith(name)), "")
    bare = _number(pieces[0]) is not None
    first = _amount(pieces[0] + name if bare else pieces[0], names)
    return (first[0], last[1]) if first and first[0] <= last[1] else None


def _amount(text: str, names: Mapping[str, Fraction]) -> Span | None:
    if "个月" in names and (found := _in_months(text)):
        return found
    name = next((name for name in names if text.endswith(name)), "")
    number = _number(text.removesuffix(name))
    factor = names.get(name, Fraction(1))
    return number and (number[0] * factor, number[1] * factor)


def _in_months(text: str) -> Span | None:
    """Read years with months, halves, and «a year and more»."""
    if found := _PARTS.get(text):
        return Fraction(found[0]), Fraction(found[1])
    if years := _YEARS.fullmatch(text):
        if years[2] and "个" not in text and len(years[1]) > 1:
            return None  # 22年3月 is a month of 2022
        whole, rest = _number(years[1]), _number(years[2]) if years[2] else (Fraction(6),) * 2
        return whole and rest and (whole[0] * 12 + rest[0], whole[1] * 12 + rest[1])
    if more := _AND_MORE.fullmatch(text):
        number, factor = _number(more[1]), 12 if "年" in more[0] else 1
        return number and (number[0] * factor, (number[1] + 1) * factor)
    return None


def _number(text: str) -> Span | None:
    """The bounds of a numeral, vague ones included: 三四, 十几, 二十来, 几."""
    if _SOME.fullmatch(text):
        return Fraction(2), Fraction(10)
    if found := _VAGUE.fullmatch(text):
        return _and_some(_number(found[1]), around=text.endswith("来"))
    if (found := _PAIR.fullmatch(text)) and not (found["teens"] and found["ten"]):
        above = _value(found["teens"]) if found["teens"] else Fraction(0)
        times = 10 if found["ten"] else 1
        low, high = (above + _value(found[name]) * times for name in ("low", "high"))
        return (low, high) if high - low == times else None
    if not _WRITTEN.fullmatch(text) or _SIDE_BY_SIDE.search(text):
        return None
    return _value(text), _value(text)


def _and_some(number: Span | None, *, around: bool) -> Span | None:
    """二十几 goes up to thirty, 一百多 up to two hundred; 十来 may be nine as well."""
    if number is None or number[0] != number[1] or number[0] % 10 or not number[0]:
        return None
    step = 10
    while number[0] % (step * 10) == 0:
        step *= 10
    return number[0] - Fraction(step if around else 0, 10), number[0] + step


def _value(numeral: str) -> Fraction:
    return Fraction(numeral if numeral[0].isdigit() else spelled_value(numeral))
