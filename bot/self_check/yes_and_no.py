"""Yes and no as people say them, also by taking up the question's own words: 交了, 没办过."""

import re
from functools import lru_cache

from bot.words import firms
from knowledge.eligibility.facts import Fact

_LONG = (
    "(?:具体|一共|总共|大概)*(?:[交缴买办领开干做上待住来]|参加)?[了过]?(?:社保|保险|店|公司)?"
    "(?:几个?[月年天次]|多少(?:个?[月年天次])?|多久|多长时间|哪[年月]|什么时候)[的了]*"
)
"""How long, how much or since when, as the question asked it: 不知道交了几个月."""
_UNSURE = re.compile(
    "(?:(?:算了|唉|哎呀?|嗯)[,， ]?)?"
    f"(?:{_LONG})?[我俺]?也?(?:(?:不太?|不是很|不大|唔|冇|没)(?:清楚|知道?|晓得|记得|确定|了解|好说|一定)|晓不得|说不(?:准|清|好|来)"
    "|[搞弄闹]不(?:清楚?|明白)|忘记?了?|记不(?:得|清)楚?|没数|[弗勿毋]晓得|知不道|不知影"
    "|(?:先|我)?(?:跳过|略过|不(?:想|方便|好|愿意?)(?:说|讲|告诉你?)|保密)(?:这[个题一]*|它)?)[了的啊呀哦呢吧诶]*"
    f"(?:{_LONG})?"
)
_YES = re.compile(
    "(?:是|对[头滴]?|没错|嗯{1,3}|系|正是|确实|yes|y)[的了呀啊哦嘞呐咯嘛]*(?:是|对)?[的了呀啊]*"
)
_NO = re.compile("(?:不[,， ]?没有?|不是|不对|否|[唔弗勿毋](?:系|是)|不系|no|n)[的了呀啊哦]*")
_IS_NOT = re.compile("不[是系]|[唔弗勿毋][是系]")
_FINE = re.compile("(?:中|得行|要得|当然)[的了呀啊嘞]*")
_THERE_IS = re.compile("有(?:的|过|了|啊|呀|哦|嘞)*")
_THERE_IS_NONE = re.compile(
    "(?:还|都|从来)*(?:没有?|不|唔|无|冇|木有|没得|莫得|冒得|冒有|么得)(?:的|过|了|啊|呀|哦|哩|嘞)*"
)
_NOTHING = re.compile("(?:啥|什么|[1一][点样])[都也]没有?[的了]*")
_GIVEN = re.compile("有|发")
_ONESELF = re.compile("^(?:我|俺|咱)们?")
_PRONOUN = re.compile("我们?|俺们?|咱们?|你们?|他们?|她们?|自己")
_NOT = re.compile("(?:还|都|从来|一直|根本)*(?:没有|没得|木有|莫得|不|没|未|冇|唔|莫|冒)")
_INDEED = re.compile("(?:是|有|都|也|就|已经|已|早就?|还|正|一直|肯定|当然|在)+")
_ENDING = re.compile("[了过的着啊呀哦嘞到]+$")
_HOW_MUCH = re.compile(
    "[了过](?:快|有|差不多|大概|好)?[\\d一二两三四五六七八九十半几多来好]+(?:个?月|年|次|回|天)[多半了]*$"
)
_PREDICATE = re.compile(
    "参加|交|缴|买|办|领|拿|打算留下|留下来|留下|留|上班|上|欠|想找工作|想找|想|愿意|能帮|能|要|用|缺|招|批准|批|确认"
    "|发|管吃管住|管[吃住]|登记|认定|裁|申请|影响|添|找不到|交不齐|走不了|成问题|问题|困难|头一回|单位的原因|不是要走|要走"
)
"""What a reply may take up of a question; nothing else of it is an answer."""
_QUOTED = re.compile("“[^”]*”|《[^》]*》|线上|技能|上份")
"""What of the questions holds such words and does nothing."""
_ASPECT = re.compile("[了过着]")
_CLAUSES = re.compile("[，,]")
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
        return None if "不是" in plain and _IS_NOT.match(text) else False
    for said_of_it, value in ((fact.says_yes, True), (fact.says_no, False)):
        if said_of_it and any(map(_instead(said_of_it).fullmatch, (text, _ONESELF.sub("", text)))):
            return value
    if _NOTHING.fullmatch(text):
        # Nothing at all is what a question for something given asks; else it may be the hardship.
        return False if _GIVEN.search(plain) and not re.search("[不没]", plain) else None
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
    text, denied, indeed = _HOW_MUCH.sub("", said), False, ""
    if _predicate(text, asked) is None and (found := _NOT.match(text)):
        text, denied = text[found.end() :], True
    if _predicate(text, asked) is None and not copula and (found := _INDEED.match(text)):
        text, indeed = text[found.end() :], found[0]
    verb = _predicate(text, asked)
    if verb is None or "因为" in plain or (copula and len(verb) < _NEEDS_MORE):
        return None
    before, _, after = _around(plain if verb in plain else asked, verb)
    if not before and not after:
        return None
    if not _same_time(before, after, indeed, text) or (
        denied and _one_of_several(plain, verb, _ASPECT.sub("", text))
    ):
        return None
    return denied is before.endswith(("不是", "没", "不"))


def _predicate(text: str, asked: str) -> str | None:
    """The verb of a reply that is one of the question's, alone or with what it does there."""
    for bare in (text, _ENDING.sub("", text)):
        if _PREDICATE.fullmatch(bare):
            return bare
    bare = _ASPECT.sub("", text)
    found = _PREDICATE.match(bare)
    return found[0] if found and bare[found.end() :] in _ASPECT.sub("", asked) else None


def _around(question: str, verb: str) -> tuple[str, str, str]:
    """Part a question at the verb, where it is what is asked; three times nothing where it isn't.

    给新招的人办登记了吗 asks of 办, and not of 招; 晚交社保费，批准了吗 doesn't ask of 交.
    """
    plain = _QUOTED.sub(lambda found: "□" * len(found[0]), question)
    for found in re.finditer(re.escape(verb), plain):
        here, *later = _CLAUSES.split(plain[found.end() :])
        whose = _PREDICATE.search(here.partition("的")[2])
        beside = "或者" in plain or "（" in plain[: found.start()]
        if not whose and (beside or not any(map(_PREDICATE.search, later))):
            return question[: found.start()], verb, question[found.end() :]
    return "", "", ""


def _same_time(before: str, after: str, indeed: str, text: str) -> bool:
    """Tell whether a reply speaks of the time the question does: 在办 is not yet 办过."""
    done = re.match("[^，,、？?]*[过了]", after)
    going_on = ("在" in indeed or "正" in indeed) and "了没" not in after
    ended = text.endswith(("过", "了"))
    if going_on and done and not before.endswith("在"):
        return False
    return not (ended and before.endswith(("要", "想"))) and not (
        text.endswith("过") and before.endswith("正在")
    )


def _one_of_several(plain: str, verb: str, said: str) -> bool:
    """Tell whether it is one only of several things that a question asks for: 发东西, or 管吃."""
    if len(said) > len(verb):
        return "、" in plain or "或者" in plain
    ways = [way.rstrip("？?吗") for way in re.split("[，,]?或者|、", plain)]
    if len(ways) < 2 or not all(_PREDICATE.search(way.rpartition("的")[2]) for way in ways):
        return False
    everywhere = verb[0] in "能想要愿" and "或者" not in plain
    return not everywhere and any(verb[0] not in way or way.endswith(verb) for way in ways)
