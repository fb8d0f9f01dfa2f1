"""What a reply tells that another question of the self-check is going to ask: 交了两年, 没登记.

It is taken only where it says plainly which question it answers, and with no «perhaps» in it: a
bare yes, no or number answers the question that was put, and nothing else.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from bot.self_check.fact_answers import Asked, Read, read_answer
from bot.self_check.yes_and_no import is_unsure
from bot.words.normalising import normalise
from knowledge.eligibility.facts import Fact, FactType

_PIECES = re.compile(r"[,，。;；、!！\s]+")
_MOST_PIECES = 5
_LEADS_ON = re.compile("^(?:但是?|不过|可是?|也|都|只是|就是|然后|还有|而且|另外|因为|所以|反正)")
_SUPPOSED = re.compile(
    "好[像象]|应该|可能|大概|大约|大致|差不多|估计|也许|或许|似乎|记得|左右|上下|不到|快[到要]|将近|几|吧$|[多来](?=[年个天])"
)
"""What makes an answer something that one only supposes."""
_NO_ANSWER = re.compile(
    "[?？吗么]|^[^没了过]*呢|什么|怎么|多少|谁|哪|有没有|是不是|没.没|(.)[不没]\\1"
)
_BARE = re.compile("[是对嗯不没有错否的了呀啊哦呢吧过]+")
"""A yes or a no with nothing that tells of what."""
_SHORTEST = 3
"""Characters of a yes or no that tells of what: 没登记; a shorter 没交 is asked for in its turn."""
_DONE = re.compile("[交缴买办领签][了过]")
"""What says so in two."""
_COUNTED = re.compile("[交缴买领签开上学住](?=[了过]|\\d|[一两二三四五六七八九十半])")


class Unsure(Enum):
    """Somebody only supposes what they say."""

    OF_THIS = auto()
    OF_ANOTHER = auto()


@dataclass(frozen=True, slots=True)
class Told:
    """A fact that a reply tells, with its words."""

    fact: Fact
    words: str
    read: Read


def read_ahead(message: str, asked: Asked, left: Sequence[Fact]) -> list[Told] | Unsure:
    """Read what a reply tells of the question that was put, and of those that are `left`.

    Nothing is read where a part of the reply says something else, or asks.
    """
    pieces = [piece for piece in _PIECES.split(normalise(message)) if piece]
    if not pieces or len(pieces) > _MOST_PIECES:
        return []
    told: list[Told] = []
    for piece in pieces:
        words = _LEADS_ON.sub("", piece)
        if is_unsure(words):
            continue
        if _NO_ANSWER.search(words):
            return []
        if _SUPPOSED.search(words):
            return told or _supposed(words, asked, left) or []
        if not (found := _read(words, asked, left)):
            return []
        told += found
    once = {each.fact.id: each for each in told}
    agree = all(once[each.fact.id].read == each.read for each in told)
    return list(once.values()) if agree else []


def _read(words: str, asked: Asked, left: Sequence[Fact]) -> list[Told]:
    """What one part of a reply tells; nothing where it may be told of two things."""
    found = [Told(fact, words, read) for fact in left if (read := _tells(fact, words, asked))]
    here = [told for told in found if told.fact.id == asked.fact.id]
    # 交了两年 says that they did, and for how long.
    counted = [told for told in found if told.fact.type is FactType.INTEGER and told not in here]
    others = here or [told for told in found if told.fact.type is not FactType.INTEGER]
    return [*others, *counted] if len(counted) <= 1 and len(others) <= 1 else []


def _tells(fact: Fact, words: str, asked: Asked) -> Read | None:
    """What a part of a reply says of a fact, None where it does not plainly speak of it."""
    verb = _COUNTED.search(words) if fact.type is FactType.INTEGER else None
    if verb and fact.id != asked.fact.id and words[: verb.start()] in fact.question:
        words = words[verb.start() :]  # 店开了8个月
    read = read_answer(words, replace(asked, fact=fact))
    if not isinstance(read, Read) or read.value is None:
        return None
    if fact.id == asked.fact.id:
        return read
    if words.isdigit() or _BARE.fullmatch(words):
        return None
    match fact.type:
        case FactType.BOOLEAN:
            plain = len(words) >= _SHORTEST or _DONE.fullmatch(words) is not None
        case FactType.INTEGER:
            plain = verb is not None and verb[0] in fact.question and isinstance(read.value, int)
        case FactType.MULTI_CHOICE:
            plain = bool(read.value)
        case _:
            plain = True
    return read if plain else None


def _supposed(words: str, asked: Asked, left: Sequence[Fact]) -> Unsure | None:
    """Of which question somebody only supposes an answer, None where it is of neither."""
    plain = _SUPPOSED.sub("", words)
    own = asked.fact
    if own.type is FactType.BOOLEAN and isinstance(read_answer(plain, asked), Read):
        return Unsure.OF_THIS
    others = (fact for fact in left if fact.id != own.id)
    of_others = any(isinstance(read_answer(plain, replace(asked, fact=f)), Read) for f in others)
    return Unsure.OF_ANOTHER if of_others else None
