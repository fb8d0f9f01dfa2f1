"""A place that is mentioned in passing: where somebody else is, where one was or will be.

In a conversation about one place, 我老婆在晋江上班 tells of her, and moves nobody.
"""

import re
from dataclasses import dataclass, replace
from enum import Enum, auto

from bot.places.named import Mention, Places
from knowledge.regions import Regions

_CLAUSE = re.compile(r"[^,。?!;；、\s]*$")
_ONE_CLAUSE = re.compile(r"[^,。?!;；、\s]*[。! ]*")
_READ_BEFORE = 24
"""Characters of a clause that are read before a place."""

_KIN = (
    "老婆|老公|丈夫|妻子|先生|媳妇|爱人|对象|男人|孩子|小孩|儿子|女儿|闺女|娃|宝宝|孙子|孙女|爸妈?|妈|爹|娘|父母|父亲|母亲|爷爷|奶奶"
    "|外公|外婆|公婆|公公|婆婆|岳父|岳母|丈母娘|老丈人|[哥姐弟妹嫂叔姨舅伯姑侄]|亲戚|家里人|家人|老人"
)
_OTHERS = (
    "哥们|姐妹|朋友|闺蜜|老乡|同乡|同事|同学|工友|邻居|室友|师傅|徒弟|老板娘?|房东|包工头|工头|中介|客户|别人|人家|[他她]们?"
    "|有个?人|有的人|大家"
)
_OF_OTHERS = re.compile(f"(?:{_KIN}|{_OTHERS})[^我俺咱]{{0,10}}$")
_WITH_ME = re.compile(
    "[我俺咱]们?(?!老板|的?(?:老乡|厂长|工头))[^,。]{0,3}(?:跟|和|与|同(?![学事乡])|随|陪|带)"
    f"|(?:跟|和|与|陪|带着?|让|叫|喊|派|把|给|接)[我俺咱]|全家|1家|[我俺咱]们(?:{_KIN})?(?:都|也|在|来|到|住)|(?:{_KIN})(?:[跟和](?:{_KIN}))?[我俺]都"
)
"""Who is there with them is there."""
_HEARD = re.compile(
    "(?:听(?:人|别人|老乡|朋友)?[说讲]|电视|新闻|报纸|报道|广播|网上|抖音|快手|视频|朋友圈|群里|微信上|刷到|看到|看见"
    "|有人[说讲]|人家[说讲]|别人[说讲]|都[说讲])[^我俺咱]{0,8}$"
)
_LATER = re.compile(
    "(?:下个?月|下周|明年|明天|后天|以后|今后|将来|年后|过完年|过(?:段|阵|几|两|1)[^,。]{0,3}|准备|打算|计划|考虑|想|可能|也许|说不定|没准|迟早|早晚)"
    "(?!来)[^,。]{0,6}(?:去|到|回|搬|在|转)(?:到|去)?$"
)
_NOT_ANY_MORE = (
    "大?前年|去年|以前|之前|从前|原来|原先|早先|早年|曾经|当年|当初|那年|那时候?|那会儿?|那阵子?|小时候|年轻(?:时候?|的时候)?"
    "|[0-9几多]年前|好几年前|前(?:几|些|两|[0-9])年|前[段阵](?:时间|子)?|上个?月还|昨天还|上周还"
)
_ONCE = re.compile(f"(?:{_NOT_ANY_MORE})[^,。]{{0,5}}(?:在|去|到|待|呆)$")
_STILL_THERE = re.compile(
    "[^,。?!]{0,8}(?:[到至]现在|至今|到今天|一直)|[^。?!]{0,10}现在(?:都|也)?还在"
)
_SINCE = re.compile("(?:现在|如今|目前|今年)[^,。?!去]{0,4}[在到回来]")
_THING = re.compile(
    "(?:手机|电话|号码?|卡|社保|医保|保险|公积金|五险|5险|注册地?|登记地?|执照|总部|总公司|分公司|子公司|身份证|居住证|车牌|牌照|驾照"
    "|学籍|档案|房子|房产|医院|学校|开户行|快递|包裹|行李|学历|毕业证|合同|发票|货|车子?|法人|供应商)(?!没)"
    "(?:也|都|还|就|却|一直|本来|原来|以前|是|在|开|交|缴|办|买|签|落|上|跟|从|和|于|到|设|放|发|写|寄|送|的)*$"
)
_OF_A_THING = re.compile(
    "(?:那边|那里|市)?(?:注册|登记|参保|[交缴上]的?(?:社保|医保|保险)|[办开]的?(?:卡|证|执照|号)|买的?房)"
)
_MINE = re.compile(
    "(?:^|[^跟和让叫派带把给接])[我俺咱]们?(?:现在|人|也|就|都|一直|自己|目前|还|已经|刚)*(?:在|到|住|来|搬)"
)

_QUESTION = re.compile(
    r"[吗呢?谁怎咋啥]|哪(?!天就)|(?<![这那])么|(?<![前好过十这])几[个块点号天岁样种成折元百千]"
    r"|多少|什么|如何|([^\W\d_a-z])[不没]\1|[不没][。 ]*$"
    "|行不|能不|有没"
)
_FOR_ONESELF = re.compile(
    f"[我俺咱]们?(?!的?(?:{_KIN}|{_OTHERS}))|这边|这里|这儿|这(?=[也还能有都])|本地|当地人"
)
_FOR_THEM = re.compile(f"{_KIN}|[他她]|那边|那里|那儿|那(?=[也还能有都])")
_SAYS_PEOPLE = re.compile("人|的?(?:农村|农业|城镇)?(?:户口|户籍)|本地")


class Aside(Enum):
    """Why a place is only mentioned in passing."""

    THING = auto()
    """Where a thing is, or was got: 社保在泉州交的."""
    ONCE = auto()
    """Where one used to be."""
    OTHERS = auto()
    """Where somebody else is, where one may go, or what one heard of."""


@dataclass(frozen=True, slots=True)
class Passing:
    """The places of a message without those mentioned in passing."""

    places: Places
    only_now: frozenset[str] = frozenset()
    """Names of places without documents that are asked about in this message, and then left."""
    told: bool = False
    """The message tells where somebody or something is, and nothing else."""


def aside(text: str, mention: Mention) -> Aside | None:
    """Tell how a place is mentioned in passing, None where it is not."""
    found = _CLAUSE.search(text, max(0, mention.start - _READ_BEFORE), mention.start)
    before = found.group() if found else ""
    if _THING.search(before) or _OF_A_THING.match(text, mention.end):
        return Aside.THING
    if _ONCE.search(before) and not _STILL_THERE.match(text, mention.end):
        return Aside.ONCE
    if _HEARD.search(before) or _LATER.search(before):
        return Aside.OTHERS
    with_me = _WITH_ME.search(before) or _MINE.search(before)
    return Aside.OTHERS if _OF_OTHERS.search(before) and not with_me else None


def without_asides(places: Places, text: str, known: str | None, regions: Regions) -> Passing:
    """Leave out what moves nobody in a conversation about the place `known`.

    '' stands for one without documents, None for none: what is named first is as good as any.
    """
    firmly = any(m.region and not m.doubtful and not aside(text, m) for m in places.covered)
    if known is None and not firmly:
        return Passing(places)
    asks = bool(_QUESTION.search(text))
    uncovered = [m for m in places.uncovered if not _moves_nobody(m, text, asks)]
    covered = [
        m
        for m in places.covered
        if known is None or m.landmark or _stays_covered(m, text, known, regions, asks)
    ]
    only_now = frozenset(m.name for m in uncovered if asks and aside(text, m))
    left = replace(places, covered=tuple(covered), uncovered=tuple(uncovered))
    told = left != places and not asks and _ONE_CLAUSE.fullmatch(text) is not None
    return Passing(left, only_now, told)


def _moves_nobody(mention: Mention, text: str, asks: bool) -> bool:
    why = aside(text, mention)
    if why is Aside.OTHERS:
        return not asks or _asks_for_oneself(text, mention)
    return why is not None


def _stays_covered(mention: Mention, text: str, known: str, regions: Regions, asks: bool) -> bool:
    if mention.region == known:
        return True
    if mention.doubtful:
        people = _SAYS_PEOPLE.match(text, mention.end)
        whole = bool(known) and regions.lies_in(known, mention.region)
        return asks and not people and not whole
    why = aside(text, mention)
    if why is Aside.THING or (why is Aside.ONCE and _SINCE.search(text, mention.end)):
        return False
    return why is None or (asks and not _asks_for_oneself(text, mention))


def _asks_for_oneself(text: str, mention: Mention) -> bool:
    """Tell whether what follows asks for the one who writes: 我朋友在厦门领到了，我能领吗."""
    after = text[mention.end : mention.end + 60]
    return bool(_FOR_ONESELF.search(after)) and not _FOR_THEM.search(after)
