"""What something that a clause gives is good for, where another clause takes it.

A card is given by one clause, and what it is shown for stands in others: 光荣卡能干什么用.
"""

import re
from collections.abc import Iterable

from bot.retrieval.matching import Candidate
from bot.turn import Turn
from knowledge.measures import Measure

_ASKS = re.compile(
    "(?:能|可以|可|都|还|拿着?|凭)(?:干|做|免|省|享受?|办|顶)(?:点|些|了|成)*(?:什么|啥|哈|哪样|哪些|多大用)"
    "|有(?:什么|啥|哪些|多大)(?:用|好处|优惠|待遇)|(?:干|派)?(?:什么|啥|哈)用[处场]?|好处"
    "|(?:怎么|咋|(?:在|去|到)?(?:哪[里儿]?|什么地方))(?:能|可以|都)*用|用在(?:哪|什么地方)|管用|能干嘛"
)
_NO_MORE = re.compile("[那这它,，。?？!！~ 呢啊呀的]*")
_NAMES = re.compile("“[^“”]{4,}”([\u4e00-\u9fff]{2,3})|《[^《》]+([\u4e00-\u9fff]{3})》")
"""Things by their whole names, and what they are for short: 光荣卡, 优惠证."""
_MOST = 3


def taking_it(turn: Turn, told: Measure) -> list[Candidate]:
    """The place's other measures that take what `told` gives or takes: what it is good for."""
    if not _ASKS.search(turn.question.text):
        return []
    names = {name for name, thing in _named(told.quotes).items() if thing in turn.asked_text}
    return [c for c in turn.local if c.measure is not told and _takes(c.measure, names)][:_MOST]


def asked_of_what_was_told(turn: Turn) -> bool:
    """Tell whether it asks no more than what the thing told of last is good for: 有什么用."""
    last = turn.library.measures.get(next(iter(turn.context.measures), ""))
    if last is None or not _NO_MORE.fullmatch(_ASKS.sub("", turn.question.text)):
        return False
    return any(thing in turn.context.question for thing in _named(last.quotes).values())


def _takes(measure: Measure, names: set[str]) -> bool:
    given = _named([grant.quote for grant in measure.grants])
    return not names.isdisjoint(_named(measure.quotes).keys() - given.keys())


def _named(quotes: Iterable[str]) -> dict[str, str]:
    found = (match for quote in quotes for match in _NAMES.finditer(quote))
    return {match[0]: match[1] or match[2] for match in found}
