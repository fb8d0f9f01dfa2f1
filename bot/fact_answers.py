"""What a person replies to a question of the self-check, read as the value of a fact.

A reply is read only where it can be meant in one way; everything else is asked again.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from bot.days import NotYet, YearMissing, read_days
from bot.homes import ANSWERS, home_of
from bot.normalising import normalise
from bot.numerals import with_arabic_numerals
from bot.quantities import read_number, read_quantity
from bot.yes_and_no import is_unsure, yes_or_no
from knowledge.eligibility.facts import Fact, FactsRefused, FactType, Reason, read_value
from knowledge.regions import Regions

_LONGEST = 60
"""A longer reply is a story, and no answer."""
_NONE = re.compile("0|[都也]?(?:不是|没有|无|冇)|一[个样种]都?(?:不是|没有|没)|都不(?:沾|属于|算)")
_BEFORE_PICK = re.compile("^(?:我?[选要]|回复|就?是)")
_BETWEEN_PICKS = re.compile(r"[\s、，,和跟与.。;/+&]+|还有")
_PICK = re.compile(
    "(?:第([0-9一二三四五六七八九十]{1,3})[个项条种]?|([0-9]+|[一二三四五六七八九十]{1,3}))号?"
)
_YES_NO_UNSURE = {1: True, 2: False, 3: None}
_FILLER = re.compile(
    "我们?|俺们?|咱们?|的|是|在|了|里|属于|算|企业|现在|目前|就|吧|啊|呀|呢|哦|嗯|[\\W_]"
)
_SELF = re.compile("^(?:我|俺|咱|本人|我本人)$")
_PIECES = re.compile("[、，,（）()\\s]")
_AND = re.compile("[、，,;+&\\s]|还有|以及|和|跟|与")
_DOUBT = re.compile("[不没冇未无非莫别快想曾前原吗?？]")
"""What turns the meaning of the words beside it around, or makes them a wish or a memory."""
_MOSTLY = 0.6
"""The share of a reply that an option's own words must make up."""
_BEFORE_AMOUNT = re.compile(
    "我们?|俺|咱们?|家里|平均|每人|人均|前后|一共|总共|共|连着|连续|已经|就|才|也就|有|是|了|过|\\s"
)
_HEDGE = re.compile(
    "大概|大约|差不多|估计|可能|最多|顶多|至少|最少|起码|不到|还?不足|快到?|超过|不止"
)
_POINT = re.compile(r"(?<=\d)点(?=\d)")
_VERBS = "交缴买领签开上学住"
_NO_AMOUNT = re.compile(f"(?:一个月也?都?)?(?:没有?|冇|未)([{_VERBS}])(?:过|了)?")
_MONTH = re.compile(
    "(?:(?:\\d{4}|\\d{2})年)?(\\d{1,2}|十[一二]?|[一二三四五六七八九])(?:月份?(?:\\d{1,2}[日号])?)?(?:出?生|过?生日)?的?"
)
_AROUND_DAY = re.compile(
    "^(?:我|就?是|在|从|于)+|(?:那天|的时候)?(?:就|才|开始)?"
    "(?:没(?:了|的)?(?:工作|活)干?|失的?业|下的?岗|被?辞退?|被裁|离职|走)?[的了]*$"
)


@dataclass(frozen=True, slots=True)
class Read:
    """A value as `read_value` takes it; None is 不清楚."""

    value: Any


class Unread(StrEnum):
    """Why a reply is asked for again."""

    NOT_UNDERSTOOD = "not_understood"
    NO_SUCH_NUMBER = "no_such_number"
    NOT_POSSIBLE = "not_possible"
    YEAR_MISSING = "year_missing"
    NOT_YET = "not_yet"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was put: the fact, the day, and the region the check is for."""

    fact: Fact
    today: date
    region: str
    regions: Regions


def read_answer(message: str, asked: Asked) -> Read | Unread:
    """Read a reply to a question; any string will do."""
    text = with_arabic_numerals(normalise(message[: 4 * _LONGEST])).strip(" 。.!！,，~")
    if not text or len(text) > _LONGEST:
        return Unread.NOT_UNDERSTOOD
    fact = asked.fact
    if is_unsure(text):
        return Read(None)
    found = _READERS[fact.type](text, asked)
    if isinstance(found, Unread) or found.value is None:
        return found
    try:
        read_value(fact, found.value, asked.today)
    except FactsRefused as error:
        odd = error.refusals[0].reason is Reason.OUT_OF_RANGE
        return Unread.NOT_POSSIBLE if odd else Unread.NOT_UNDERSTOOD
    return found


def choices_of(fact: Fact) -> int:
    """The number that stands for 不清楚, the last one; 0 where a question has no choices."""
    match fact.type:
        case FactType.BOOLEAN:
            return len(_YES_NO_UNSURE)
        case FactType.CHOICE | FactType.MULTI_CHOICE:
            return len(fact.options) + 1
        case _:
            return 0


# -- choices ----------------------------------------------------------------------------------


def _picked(text: str) -> list[int]:
    """The numbers that a reply picks, none where it says anything else; -1 is no number."""
    body = _BEFORE_PICK.sub("", text).rstrip("吧的了")
    found = [_PICK.fullmatch(piece) for piece in _BETWEEN_PICKS.split(body) if piece]
    numbers = [read_number(pick[1] or pick[2]) for pick in found if pick]
    if len(numbers) < len(found):
        return []
    return list(dict.fromkeys(-1 if number is None else number for number in numbers))


def _boolean(text: str, asked: Asked) -> Read | Unread:
    if picked := _picked(text):
        one = len(picked) == 1 and picked[0] in _YES_NO_UNSURE
        return Read(_YES_NO_UNSURE[picked[0]]) if one else Unread.NO_SUCH_NUMBER
    said = yes_or_no(asked.fact, text)
    return Unread.NOT_UNDERSTOOD if said is None else Read(said)


def _choice(text: str, asked: Asked) -> Read | Unread:
    fact = asked.fact
    if picked := _picked(text):
        if picked == [choices_of(fact)]:
            return Read(None)
        one = len(picked) == 1 and 1 <= picked[0] <= len(fact.options)
        return Read(fact.values[picked[0] - 1]) if one else Unread.NO_SUCH_NUMBER
    value = _in_words(fact, text)
    if value is None and set(fact.values) == ANSWERS and not _DOUBT.search(text):
        value = home_of(text, asked.region, asked.regions)
    return Read(value) if value else Unread.NOT_UNDERSTOOD


def _several(text: str, asked: Asked) -> Read | Unread:
    fact = asked.fact
    if fact.may_be_none and (_NONE.fullmatch(text) or f"{text}就不选" in fact.question):
        return Read([])
    if picked := _picked(text):
        if picked == [choices_of(fact)]:
            return Read(None)
        if not all(1 <= number <= len(fact.options) for number in picked):
            return Unread.NO_SUCH_NUMBER
        return Read([fact.values[number - 1] for number in picked])
    named = [_in_words(fact, piece) for piece in _AND.split(text) if piece]
    if not named or None in named:
        return Unread.NOT_UNDERSTOOD
    return Read(list(dict.fromkeys(named)))


def _in_words(fact: Fact, text: str) -> str | None:
    """The one option whose words make up most of a reply, None where that isn't clear."""
    text = _SELF.sub("自己", text)
    said = _FILLER.sub("", text)
    labels = {option.value: normalise(option.label) for option in fact.options}
    for whole in filter(None, (text, said)):
        exact = [
            value for value, label in labels.items() if whole in (label, *_PIECES.split(label))
        ]
        if len(exact) == 1:
            return exact[0]
    # What explains an option in brackets may be said of others as well, unless it is said whole.
    covered = {option.value: _covered(said, normalise(option.short)) for option in fact.options}
    best = max(covered, key=lambda value: len(covered[value]))
    most = len(covered[best])
    alike = [value for value, places in covered.items() if len(places) == most]
    if not most or len(alike) > 1 or most < _MOSTLY * len(said):
        return None
    left = "".join(c for place, c in enumerate(said) if place not in covered[best])
    return None if _DOUBT.search(left) else best


def _covered(said: str, label: str) -> frozenset[int]:
    """The places of a text that stand in a label, two characters at least in a row."""
    pairs = (n for n in range(len(said) - 1) if said[n : n + 2] in label)
    return frozenset(place for n in pairs for place in (n, n + 1))


# -- numbers and days -------------------------------------------------------------------------


def _number(text: str, asked: Asked) -> Read | Unread:
    fact = asked.fact
    for words, number in fact.numbers.items():
        if words.removesuffix("的") in text and len(text) <= len(words) + 2:
            return Read(number)
    nothing = _NO_AMOUNT.fullmatch(text)
    if nothing and nothing[1] in fact.question:
        return Read(0)
    if fact.unit == "month_of_year":
        month = _MONTH.fullmatch(text)
        number_of_month = month and read_number(month[1])
        return Read(number_of_month) if number_of_month else Unread.NOT_UNDERSTOOD
    return _quantity(_bare(text, fact.question), fact)


def _bare(text: str, question: str) -> str:
    """Take away what only says what is counted: 我大概交了, where the question asks for 交."""
    hedge = ""
    while text:
        if found := _HEDGE.match(text):
            hedge += found[0]
        elif not (found := _BEFORE_AMOUNT.match(text)):
            if text[0] not in _VERBS or text[0] not in question:
                break
            text = text[1:]
            continue
        text = text[found.end() :]
    return hedge + re.sub("[吧呢啊呀的了\\s]+$", "", text)


def _quantity(text: str, fact: Fact) -> Read | Unread:
    bounds = read_quantity(_POINT.sub(".", text), fact.unit or "")
    if bounds is None:
        return Unread.NOT_UNDERSTOOD
    if bounds.low == bounds.high:
        return Read(bounds.low)
    if fact.unit == "square_metre" and bounds.high == (bounds.low or 0) + 1:
        return Read(bounds.high)  # 12.5 counts as 13
    given = {"at_least": bounds.low, "at_most": bounds.high}
    return Read({name: bound for name, bound in given.items() if bound is not None})


def _day(text: str, asked: Asked) -> Read | Unread:
    try:
        days = read_days(_AROUND_DAY.sub("", text).replace(" ", ""), asked.today)
    except YearMissing:
        return Unread.YEAR_MISSING
    except NotYet:
        return Unread.NOT_YET
    if days is None:
        return Unread.NOT_UNDERSTOOD
    if days.first == days.last:
        return Read(days.first.isoformat())
    return Read({"at_least": days.first.isoformat(), "at_most": days.last.isoformat()})


_READERS: dict[FactType, Callable[[str, Asked], Read | Unread]] = {
    FactType.BOOLEAN: _boolean,
    FactType.CHOICE: _choice,
    FactType.MULTI_CHOICE: _several,
    FactType.INTEGER: _number,
    FactType.DATE: _day,
}
