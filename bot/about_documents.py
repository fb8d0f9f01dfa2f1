"""Questions about a document itself: of which year it is, who issued it, for whom, what is in it.

What is asked of one of its measures is answered from that."""

import re
from dataclasses import replace

from bot.answers import Answer, Kind
from bot.choosing import ask_place, everything
from bot.composing import Part, fitted
from bot.document_names import document_names
from bot.question import content
from bot.turn import Turn
from knowledge.measures import Aspect, Measure

_ACTION = "(?:迎新春送温暖|稳岗留工|就地过年)"
_DOCUMENT = re.compile(
    rf"(?:这|那|上面|你说的?|你们?)?(?:个|份|些|条|几条)?的?[“\"《]?(?:{_ACTION}[、,”\"》]*)*"
    r"(?:政策|文件|措施|举措|\d+[条项]|(?:专项)?(?:行动)?方案|专项行动|通知|办法|规定|意见|消息|新闻)+"
    rf"|(?:这个?|那个?|整个|全省的?|^的?|(?:{_ACTION}[、,”\"》]*)+的?)(?:专项)?(?:活动|行动)"
)
_WHEN = "(?:什么时候|什么时间|什么日子|哪[一1]?[天日]|几月几号|几号|几月|何[时日]|几时|啥时候)"
_ASKED = re.compile(
    f"(?:持续|进行|开展|延续)?[到从自至]?{_WHEN}(?:就|才|会)?"
    f"(?:结束|截止|到期|为止|开始|启动|收尾|收官|终止|起|完|止)(?:了|的)?|(?:持续|进行|开展|延续)?[到从自至]{_WHEN}"
    f"|(?:起[止讫]|行动|开展|实施|执行)的?(?:时间|日期|日子|期限)|(?:为期|历时|一共|总共)?(?:多长时间|多长|多久|多少天|几天)"
    f"|(?:开始|起)(?:和|与|跟|、|到)(?:结束|截止|止)的?(?:时间|日期|日子)?(?:各|分别)?(?:是|在)?{_WHEN}"
    f"|(?:是|都是|还是)?(?:哪[一1]?年|几几年|什么年份|哪个?年份|多少年前|几年前|多久以前|{_WHEN})"
    "(?:出来|出台|发布|发出|印发|下发|颁布|公布|制定|[的出发定写])*+[了的]*"
    "|(?:是|由)?(?:谁|哪个部门|哪个单位|哪里|哪级|哪[一1]级|什么部门)(?:出|发|定|印发|发布|制定|下发|颁布)(?:了|的|台)*"
    "|文号|(?:是)?(?:第?几号文|什么号|几号文件)"
    "|(?:现在|今年|如今|到现在)?(?:还|是否|是不是)?(?:有效果?|过期|作废|算数|管用|执行|在用|能用)(?:了|吗|没|没有|着)*"
)
_WHO = "(?:是|由)?(?:谁|哪[个级家]?(?:部门|单位|机关|政府)?|什么(?:部门|单位|机关))"
_OF_ITSELF = re.compile(
    "(?:文件?|发文)的?(?:号码?|编号|字号)|[第是]?几号(?:文件?)|发文的?(?:单位|部门|机关|日期|时间)?|落款"
    f"|{_WHO}(?:出|发|印发|发布|下发)的?(?:这个?)?文件?|{_WHO}(?:印发|发布|制定|颁布|出台|起草|写|定)[的了]+"
    f"|(?:{_WHEN}|哪[一1]?年|几几年)(?:印发|发布|颁布|出台|制定|发文|发的文件?)[的了]*|印发(?:日期|时间|日)"
    "|(?:这|那)?(?:都|还)?是?(?:哪[一1]?年|几几年)的(?:事情?|老黄历)?|^日期(?:呢|是)?"
    "|(?:你|上面)?说?的?(?:都|还)?是(?:19|20)\\d\\d年的(?=[^。?!]*还)"
)
"""Words that ask of the document itself, whatever was spoken of before: 文号是多少, 哪年的事."""
_THIS_YEAR = re.compile("(?:现在|今年|如今)?(?:都|已经)?(?:19|20)\\d\\d年?了")
_TRUE = re.compile("(?:能|可以|可)?(?:相?信得?过?|当真)(?:吗|不)?|(?:是|不是)?(?:真|假)的")
_WHICH_TOWN = re.compile(
    "(?:这个?|那个?)?(?:城?市)(?:到底)?(?:是|叫)(?:哪个?|什么)?|(?:是|说的是)?(?:哪个?|什么)城?市"
)
_ISSUED = re.compile("发布|印发|出台|颁布|下发")
_WHAT = re.compile("(?:是|讲|说|写|管)的?(?:了|些)?(?:什么|啥)(?:文件|东西|内容|政策|意思)?的?")
_FOR_WHOM = re.compile(
    "(?:服务|适用|帮扶|保障|面向|针对)?的?(?:对象|范围|人群)(?:都|包括|是|有|为)*(?:谁|哪些人?|什么人?)*"
    "|(?:是|都是)?(?:给|针对|面向|管)(?:谁|哪些人|什么人)的?"
)
_UNITS = re.compile(
    "(?:哪些|哪几个|什么|几个)?(?:责任|牵头|主管)(?:单位|部门)(?:都|一共)*(?:有|是)?(?:哪些|哪几个|什么|谁|几个)*"
)
_LISTED = re.compile(
    r"(?:一共|总共|都|共)*(?:有|是|分|分成|分为|包括)+(?:哪|几|多少)+\d*(?:条|项|点|大块)(?:措施|举措|政策|办法|内容|规定)?"
)
_HARDLY_MORE = 1
"""Characters of content that may be left over: more is a subject of its own."""


def document_asked_for(turn: Turn) -> Answer | None:
    """Tell of a place's documents what is asked of them as such: date, number, validity, for whom,
    which units, how many measures."""
    text = turn.question.rest
    if _asks_of_itself(turn, text) or (_goes_on(turn) and _is_only(_ASKED, _bare(turn, text))):
        return _documents(turn)
    if turn.follows_up and not turn.places:
        return None  # it is about the measure that the conversation is about
    bare = _bare(turn, text)
    without = _DOCUMENT.sub("", bare)
    named = without != text
    if _is_only(_LISTED, bare):
        return everything(turn) if is_own(turn) else which_place(turn)
    if _is_only(_UNITS, without):
        return _units(turn) if is_own(turn) else which_place(turn)
    if not named and not (turn.places and _ISSUED.search(text)):
        return None
    if bare != text and _is_only(_WHAT, without):
        return _documents(turn)
    if _is_only(_FOR_WHOM, without) and (said := _for_whom(turn)):
        return said
    if _is_only(_FOR_WHOM, without) and is_own(turn):
        return everything(turn)  # each of its measures is for somebody else
    return _documents(turn) if _is_only(_ASKED, without) or _is_only(_TRUE, without) else None


def _bare(turn: Turn, text: str) -> str:
    return document_names(turn.library).pattern.sub("", text)


def _asks_of_itself(turn: Turn, text: str) -> bool:
    """Tell whether a text asks for nothing but what only a document has: its number, its issuer."""
    bare = _THIS_YEAR.sub("", _bare(turn, text))
    if _is_only(_OF_ITSELF, bare) or (
        _OF_ITSELF.search(bare) and _is_only(_ASKED, _OF_ITSELF.sub("", bare))
    ):
        return True
    unnamed = turn.region is not None and turn.library.regions.get(turn.region).unnamed
    return unnamed and _is_only(_WHICH_TOWN, bare)


def _goes_on(turn: Turn) -> bool:
    """Tell whether the document itself was spoken of last: 这文件哪年的, 过期了没有."""
    before = turn.context.question
    if not before or turn.context.measures:
        return False
    without = _DOCUMENT.sub("", _bare(turn, before))
    asked = without != before and (_is_only(_ASKED, without) or _is_only(_TRUE, without))
    return asked or _asks_of_itself(turn, before)


def left_beside_the_document(turn: Turn, text: str) -> str:
    """What a text says beside naming a document, and asking what is in it or for an aspect."""
    bare = document_names(turn.library).pattern.sub("", text)
    return content(turn.library.aspects.read(_WHAT.sub("", _DOCUMENT.sub("", bare))).left)


def _is_only(asked: re.Pattern[str], text: str) -> bool:
    left = asked.sub("", text)
    return left != text and len(content(_DOCUMENT.sub("", left))) <= _HARDLY_MORE


def is_own(turn: Turn) -> bool:
    """Tell whether the place that binds has documents of its own."""
    return turn.region is not None and turn.library.regions.get(turn.region).own


def which_place(turn: Turn) -> Answer:
    """Ask which of the places is meant, with the same question."""
    covered = turn.library.regions.covered
    inside = turn.scope(turn.region) if turn.region else frozenset(covered)
    return ask_place(turn, [r for r in covered if r in inside], turn.question.rest)


def _documents(turn: Turn) -> Answer | None:
    """Name the documents of the place, with who issued them, number, day and validity."""
    if turn.region is None:
        return which_place(turn)
    parts: list[Part] = []
    measures = _spoken_of(turn) or one_of_each(turn)
    for measure in measures:
        named = turn.composer.document(measure)
        parts.append(Part(turn.composer.say("document", document=named)))
        parts.append(Part(turn.composer.issued(measure)))
        parts.append(Part(turn.composer.outside_its_days(measure, turn.today)))
        parts.append(Part(turn.composer.standing(measure, turn.today)))
    said = _answer(turn, parts, measures)
    goes_on = turn.context.question and (turn.context.measures or _goes_on(turn))
    return replace(said, context=turn.turned_context()) if said and goes_on else said


def _spoken_of(turn: Turn) -> list[Measure]:
    """The measure of the place that the conversation is about."""
    if turn.places:
        return []
    here = {measure.id: measure for measure in turn.measures_in(turn.region or "")}
    return [here[id] for id in turn.context.measures[:1] if id in here]


def _for_whom(turn: Turn) -> Answer | None:
    """Say for whom a document as a whole is, where it states that."""
    if turn.region is None:
        return None
    parts: list[Part] = []
    used: list[Measure] = []
    for measure in one_of_each(turn):
        said = turn.library.documents[measure.document].entry.states.get(Aspect.WHO)
        if said:
            source = turn.composer.document(measure) + (said.locator or "")
            parts.append(Part(said.say))
            parts.append(Part(turn.composer.outside_its_days(measure, turn.today)))
            parts.append(Part(turn.composer.say("quote", quote=said.quote), 4))
            parts.append(Part(turn.composer.say("source", source=source)))
            used.append(measure)
    return _answer(turn, parts, used)


def _units(turn: Turn) -> Answer | None:
    """List the units in charge of all that the place has."""
    assert turn.region is not None
    measures = [m for m in turn.measures_in(turn.region) if m.responsible.lead]
    units = dict.fromkeys(unit for m in measures for unit in m.responsible.lead)
    if not units:
        return None
    label = turn.composer.region_label(turn.region)
    said = turn.composer.say("units_of_all", region=label, units="、".join(units))
    cited = [turn.composer.document(measure) for measure in one_of_each(turn)]
    sources = [Part(turn.composer.say("source", source=source)) for source in cited]
    return _answer(turn, [Part(said), *sources], one_of_each(turn))


def _answer(turn: Turn, parts: list[Part], measures: list[Measure]) -> Answer | None:
    if not parts:
        return None
    return Answer(
        kind=Kind.ANSWER,
        reply=fitted(parts),
        reason="about-document",
        region=turn.region,
        measures=tuple(measure.id for measure in measures),
        sources=tuple(turn.composer.source(measure) for measure in measures),
        context=turn.next_context(()),
    )


def one_of_each(turn: Turn) -> list[Measure]:
    """One measure for each document of the place, and each number; one that runs as long as it.

    Of a province it is one for each document: what is of one town is not asked for.
    """
    assert turn.region is not None
    found: dict[tuple[str, str | None], Measure] = {}
    for measure in turn.measures_in(turn.region):
        document = turn.library.documents[measure.document].entry
        number = document.number_of(measure.locator) if is_own(turn) else document.number
        key = (measure.document, number)
        if key not in found or found[key].validity.to != document.validity.to:
            found[key] = measure
    return list(found.values())
