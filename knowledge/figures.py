"""Figures in Chinese text: what is a number, and whether one text states those of another.

A number is read whole or not at all: a part of one, the 五千 of 一万五千, is another number.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import chain

_CHINESE = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0, "○": 0}
_PLACES = {"十": 10, "百": 100, "千": 1000}
_MULTIPLES = {"万": 10_000, "亿": 100_000_000}
_UNITS = {
    "元": "元", "块": "元", "%": "%", "％": "%", "‰": "‰", "个月": "个月", "年": "年", "月": "月",
    "日": "日", "号": "日", "天": "天", "个小时": "小时", "小时": "小时", "个学时": "学时",
    "学时": "学时", "名": "人", "人": "人", "位": "人", "户": "户", "次": "次", "批": "批",
    "封": "封", "张": "张", "份": "份", "项": "项", "场": "场", "期": "期", "组": "组",
    "立方米": "立方米", "平方米": "平方米", "m2": "平方米", "家": "家", "件": "件", "条": "条",
    "个": "个", "倍": "倍", "折": "折", "成": "成", "套": "套", "辆": "辆", "岁": "岁",
    "余": "", "多": "",
}  # fmt: skip
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_DIGIT = "".join(_CHINESE)
_NUMERAL = f"{_DIGIT}十百千"
_POINT = f"(?:点[{_DIGIT}]++)?+"
# 十万一个月 is two numbers: behind 万 comes 零, or a digit with its place. What was taken is never
# given back: no text takes time with the square of its length.
_WHOLE = (
    rf"[{_NUMERAL}]++(?:[万亿]++(?:[零〇○][{_NUMERAL}]++|[{_DIGIT}]?[十百千][{_NUMERAL}]*+)){{0,3}}+"
    "(?:[余多](?=[万亿]))?+[万亿]*+"
)
_ARABIC = re.compile(
    r"((?<=[万亿千])[零〇○])?(?<![A-Za-z\d.])(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?!\d)"
    rf"\s*((?:[百千](?![克米瓦卡]))?(?:[余多](?=[万亿]))?[万亿]*)\s*[余多]?\s*({_UNIT})?"
)
# 一万5千元 is written as 1万5千元.
_BEFORE_DIGITS = re.compile(
    rf"(?<![第几\d{_NUMERAL}万亿])([{_DIGIT}十百]++)(?=[千万亿][零〇○]?\d{{1,4}}[百千])"
)
_SPELLED = re.compile(
    rf"(?<![第之几\d{_NUMERAL}])(?!(?<=数)[十百千])({_WHOLE}{_POINT})[余多]?"
    rf"({_UNIT})(?![性些样般起直切向旦])"
)
_AND_MORE = dict.fromkeys(map(ord, "余多"))
"""20多万 is read as 20万."""
_NOT_COUNTED = frozenset({"一个", "一家", "一项", "一条", "一批", "一起", "一人", "一件", "两项"})
_SHARE = re.compile(
    rf"(?<![{_NUMERAL}万亿])([{_NUMERAL}万亿]++)分之([{_NUMERAL}]++{_POINT}|\d+(?:\.\d+)?)"
)
_OF = {"百": "%", "千": "‰", "万": "‱"}


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its unit ('' where none is written or the unit is not one we know)."""

    value: Decimal
    unit: str


def figures(text: str) -> set[Figure]:
    """Return every figure of the text: amounts, dates by their parts, counts, telephone numbers."""
    found: set[Figure] = set()
    for match in _SHARE.finditer(text):
        whole = match.group(1)
        unit = _OF.get(whole) or f"/{spelled_value(whole):f}"
        found.add(Figure(spelled_value(match.group(2)).normalize(), unit))
    text = _SHARE.sub("", text)
    for value, unit in _arabic(_BEFORE_DIGITS.sub(_in_digits, text)):
        found.add(Figure(value.normalize(), _UNITS.get(unit, "")))
    for match in _SPELLED.finditer(text):
        if match.group() not in _NOT_COUNTED:
            value = spelled_value(match.group(1))
            found.add(Figure(value.normalize(), _UNITS.get(match.group(2), "")))
    return found


def _arabic(text: str) -> Iterator[tuple[Decimal, str]]:
    """The numbers in Arabic digits, each with its unit; 1万5千元 and 1万5000元 are one each."""
    begun: Decimal | None = None
    end, room = 0, 1
    for match in _ARABIC.finditer(text):
        zero, digits, multiple, unit = match.groups()
        value, place = Decimal(digits.replace(",", "")), 1
        if multiple:
            for char in multiple.translate(_AND_MORE):
                place *= _PLACES.get(char) or _MULTIPLES[char]
            value *= place
        if begun is not None:
            # 10万1个月 is two numbers: what goes on names its place, or has as many digits.
            names_it = place > 1 or zero or len(digits) == len(str(room)) - 1
            if match.start() == end and value < room and names_it:
                value += begun
            else:
                yield begun, ""
        is_open = place > 1 and match[0].endswith(multiple)
        begun, end, room = (value if is_open else None), match.end(), place
        if not is_open:
            yield value, unit or ""
    if begun is not None:
        yield begun, ""


def _in_digits(numeral: re.Match[str]) -> str:
    return f"{spelled_value(numeral[0]):f}"


def spelled_value(numeral: str) -> Decimal:
    """Return the value of a numeral: 20, 1.5, 一万五千, 零点五, 二〇二二 (also with a circle)."""
    if numeral[0].isdigit():
        return Decimal(numeral)
    written, _, fraction = numeral.translate(_AND_MORE).partition("点")
    if len(written) > 2 and all(char in _CHINESE for char in written):
        # Digit by digit, as a year: two of them are «three to five».
        return Decimal("".join(str(_CHINESE[char]) for char in written))
    whole = section = digit = 0
    for char in written:
        if char in _PLACES:
            section += (digit or 1) * _PLACES[char]
            digit = 0
        elif char in _MULTIPLES:
            section += digit
            whole = (whole + section) * 10**8 if char == "亿" else whole + section * 10**4
            section = digit = 0
        else:
            digit = _CHINESE[char]
    after = "".join(str(_CHINESE[char]) for char in fraction)
    return Decimal(f"{whole + section + digit}" + (f".{after}" if after else ""))


@lru_cache(maxsize=128)
def _stated(sources: tuple[str, ...]) -> frozenset[Figure]:
    """What clauses state: a measure's are looked at for each sentence on it."""
    return frozenset(chain.from_iterable(map(figures, sources)))


def unstated(text: str, sources: Iterable[str]) -> set[Figure]:
    """Return the figures of `text` that none of `sources` states with the same unit.

    A figure without a unit on either side only needs the same value.
    """
    stated = _stated(tuple(sources))
    values = {figure.value for figure in stated}
    bare = {figure.value for figure in stated if not figure.unit}
    return {
        figure
        for figure in figures(text)
        if figure not in stated and figure.value not in (bare if figure.unit else values)
    }
