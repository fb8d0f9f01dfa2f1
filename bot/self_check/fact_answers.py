"""What a person replies to a question of the self-check, read as the value of a fact.

A reply is read only where it can be meant in one way; everything else is asked again.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from bot.places.homes import ANSWERS, home_of
from bot.self_check.option_words import DOUBT, none_named, option_named, options_named
from bot.self_check.yes_and_no import is_unsure, yes_or_no
from bot.words.days import NotYet, YearMissing, read_days
from bot.words.normalising import normalise
from bot.words.numerals import with_arabic_numerals
from bot.words.quantities import read_number, read_quantity
from knowledge.eligibility.facts import Fact, FactsRefused, FactType, Reason, read_value
from knowledge.regions import Regions

_LONGEST = 60
"""A longer reply is a story, and no answer."""
_BEFORE_PICK = re.compile("^(?:我?[选要]|回复|就?是)")
_BETWEEN_PICKS = re.compile(r"[\s、，,和跟与.。;/+&]+|还有")
_PICK = re.compile(
    "(?:第([0-9一二三四五六七八九十]{1,3})[个项条种]?|([0-9]+|[一二三四五六七八九十]{1,3}))号?"
)
_YES_NO_UNSURE = {1: True, 2: False, 3: None}
_BEFORE_AMOUNT = re.compile(
    "我们?|俺|咱们?|家里|平均|每人|人均|前后|一共|总共|共|加起来|合起来|累计|合计|连着|连续|已经|刚好|刚刚?|正好"
    "|恰好|整整|整|足足|就|才|也就|有|是|了|过|\\s"
)
_HEDGE = re.compile(
    "大概|大约|差不多|估计|可能|应该|最多|顶多|至少|最少|起码|不到|还?不足|快到?|超过|不止"
)
_POINT = re.compile(r"(?<=\d)点(?=\d)")
_VERBS = "交缴买领签开上学住"
_NO_AMOUNT = re.compile(
    f"(?:[1一](?:个月|天|次|分钱?))?(?:从来?|一直|根本)?[也都还]?(?:没有?|冇|未)给?([{_VERBS}])(?:过|了|的)?"
)
_DUAL = (("俩个?(?=[年天周])", "2"), ("仨个?(?=[年天周])", "3"), ("俩个?", "2个"), ("仨个?", "3个"))
"""两个 and 三个 as they are said in the north."""
_MONTH = re.compile(
    "(?:(?:\\d{4}|\\d{2})年)?(\\d{1,2}|十[一二]?|[一二三四五六七八九])(?:月份?(?:\\d{1,2}[日号])?)?(?:出?生|过?生日)?的?"
)
_AROUND_DAY = re.compile(
    "^(?:我|就?是|在|从|于)+|(?:那天|的时候)?(?:就|才|开始)?"
    "(?:没(?:了|的)?(?:工作|活)干?|失的?业|下的?岗|被?辞退?|被裁|离职|走)?[的了吧呢啊]*$"
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
    value = option_named(fact, text) or _no(fact, text)
    if value is None and set(fact.values) == ANSWERS and not DOUBT.search(text):
        value = home_of(text, asked.region, asked.regions)
    return Read(value) if value else Unread.NOT_UNDERSTOOD


def _several(text: str, asked: Asked) -> Read | Unread:
    fact = asked.fact
    if none_named(fact, text):
        return Read([])
    if picked := _picked(text):
        if picked == [choices_of(fact)]:
            return Read(None)
        if not all(1 <= number <= len(fact.options) for number in picked):
            return Unread.NO_SUCH_NUMBER
        return Read([fact.values[number - 1] for number in picked])
    named = options_named(fact, text)
    return Unread.NOT_UNDERSTOOD if named is None else Read(named)


def _no(fact: Fact, text: str) -> str | None:
    """The option that says no, where a question is one of yes or no and that is the reply."""
    nos = [option.value for option in fact.options if option.label[0] in "没不"]
    if len(nos) != 1 or not fact.question.endswith("吗？"):
        return None
    return nos[0] if yes_or_no(fact, text) is False else None


# -- numbers and days -------------------------------------------------------------------------


def _number(text: str, asked: Asked) -> Read | Unread:
    fact = asked.fact
    for words, number in fact.numbers.items():
        if _says(words, text, fact.question):
            return Read(number)
    if "缴" not in fact.question:
        text = text.replace("缴", "交")
    nothing = _NO_AMOUNT.fullmatch(text)
    if nothing and nothing[1] in fact.question:
        return Read(0)
    for said, count in _DUAL:
        text = re.sub(said, count, text)
    if fact.unit == "month_of_year":
        month = _MONTH.fullmatch(text)
        number_of_month = month and read_number(month[1])
        return Read(number_of_month) if number_of_month else Unread.NOT_UNDERSTOOD
    return _quantity(_bare(text, fact.question), fact)


def _says(words: str, text: str, question: str) -> bool:
    """Tell whether a reply is these words, and what it adds to them is the question's: 没签合同.

    没交够 is not 没交.
    """
    said = re.sub("^[都也还]|[的了过呢啊]+$", "", text.replace("没有", "没"))
    words = words.removesuffix("的")
    return said.startswith(words) and said.removeprefix(words).strip("过了的") in question


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
    return hedge + re.sub("(?:整|[吧呢啊呀的了\\s])+$", "", text)


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
