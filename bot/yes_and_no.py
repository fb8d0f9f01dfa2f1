"""Yes and no as people say them, also by taking up the question's own words: 交了, 没办过."""

import re
from functools import lru_cache

from bot import firms
from knowledge.eligibility.facts import Fact

_UNSURE = re.compile(
    "(?:我?也?(?:不太?|不是很|不大|唔|冇|没)(?:清楚|知道?|晓得|记得|确定|了解|好说|一定)|晓不得|说不(?:准|清|好|来)"
    "|[搞弄闹]不(?:清楚?|明白)|忘记?了?|记不(?:得|清)楚?|没数)[了的啊呀哦呢吧诶]*"
)
_YES = re.compile("(?:是|对|没错|嗯|系|正是|确实|yes|y)[的了呀啊哦嘞]*(?:是|对)?[的了呀啊]*")
_NO = re.compile("(?:不[,， ]?没有?|不是|不对|否|唔系|唔是|不系|no|n)[的了呀啊哦]*")
_FINE = re.compile("(?:中|得行|要得|当然)[的了呀啊嘞]*")
_THERE_IS = re.compile("有(?:的|过|了|啊|呀|哦|嘞)*")
_THERE_IS_NONE = re.compile(
    "(?:还|都|从来)*(?:没有?|不|唔|无|冇|木有|没得|莫得|冒得|冒有|么得)(?:的|过|了|啊|呀|哦|哩|嘞)*"
)
_PRONOUN = re.compile("我们?|俺们?|咱们?|你们?|他们?|她们?|自己")
_NOT = re.compile("(?:还|都|从来|一直|根本)*(?:没有|没得|木有|莫得|不|没|未|冇|唔|莫|冒)")
_INDEED = re.compile("(?:是|有|都|也|就|已经|已|早就?|还|正|一直|肯定|当然|在)+")
_ENDING = re.compile("[了过的着啊呀哦嘞到]+$")
_HOW_MUCH = re.compile(
    "[了过](?:快|有|差不多|大概|好)?[\\d一二两三四五六七八九十半几多来好]+(?:个?月|年|次|回|天)[多半了]*$"
)
_PREDICATE = re.compile(
    "参加|交|缴|买|办|领|拿|打算留下|留下来|留下|留|上班|上|欠|想找工作|想找|想|愿意|能帮|能|要|用|缺|招|批准|批|确认"
    "|申请|影响|添|找不到|交不齐|走不了|成问题|问题|困难|头一回|单位的原因|不是要走|要走"
)
"""What a reply may take up of a question; nothing else of it is an answer."""
_NEEDS_MORE = 2
"""With 是 in the question a single character says too little: 办 is not «for the first time»."""
_FIRM = f"(?:{firms.NAMES}|工地)"


def is_unsure(text: str) -> bool:
    """Tell whether a normalised reply says that one doesn't know."""
    return _UNSURE.fullmatch(text) is not None


def yes_or_no(fact: Fact, text: str) -> bool | None:
    """Read a normalised reply to a question of yes or no; None where it may be either."""
    asked = _PRONOUN.sub("", fact.question)
    for double, single in (("是不是", "是"), ("能不能", "能"), ("有没有", "有")):
        asked = asked.replace(double, single)
    plain = re.sub("（[^）]*）", "", asked)
    if _YES.fullmatch(text):
        return True
    if _NO.fullmatch(text):
        # «Not» may take up a «not» of the question: 不是你自己要走的，对吗？
        return None if "不是" in plain and text.startswith("不是") else False
    for said_of_it, value in ((fact.says_yes, True), (fact.says_no, False)):
        if said_of_it and _instead(said_of_it).fullmatch(text):
            return value
    said = _PRONOUN.sub("", text)
    return _fine_or_there_is(plain, text) if _short(text) else _taken_up(asked, plain, said)


@lru_cache(maxsize=128)
def _instead(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("<firm>", _FIRM))


def _short(text: str) -> bool:
    return any(p.fullmatch(text) for p in (_FINE, _THERE_IS, _THERE_IS_NONE))


def _fine_or_there_is(plain: str, text: str) -> bool | None:
    """«Fine» answers what asks for a wish or for consent, «there is» what holds no «not»."""
    if _FINE.fullmatch(text):
        return True if re.search("想|愿|打算|要|对吗", plain) else None
    if re.search("[不没]", plain):
        return None
    if _THERE_IS_NONE.fullmatch(text):
        return False
    return True if "有" in plain or "是" not in plain else None


def _taken_up(asked: str, plain: str, said: str) -> bool | None:
    """Read a reply that takes up the question's own verb, with or without a «not» before it."""
    copula = "是" in plain
    text, denied = _HOW_MUCH.sub("", said), False
    if _predicate(text) is None and (found := _NOT.match(text)):
        text, denied = text[found.end() :], True
    if _predicate(text) is None and not copula and (found := _INDEED.match(text)):
        text = text[found.end() :]
    verb = _predicate(text)
    if verb is None or "因为" in plain or (copula and len(verb) < _NEEDS_MORE):
        return None
    before, found_in_question, _ = (plain if verb in plain else asked).partition(verb)
    if not found_in_question:
        return None
    return denied is before.endswith(("不是", "没", "不"))


def _predicate(text: str) -> str | None:
    return next(filter(_PREDICATE.fullmatch, (text, _ENDING.sub("", text))), None)
