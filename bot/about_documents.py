"""Questions about a document itself: of which year it is, who issued it, whether it still holds."""

import re

from bot.answers import Answer, Kind, Source
from bot.choosing import ask_place
from bot.composing import Part, fitted
from bot.question import content
from bot.turn import Turn
from knowledge.measures import Measure

_DOCUMENT = re.compile(r"(?:这|那|上面|你说的?|你们?)?(?:个|份|些|条|几条)?的?"
                       r"(?:政策|文件|措施|\d+条|方案|通知|办法|规定|意见|消息|新闻)+")  # fmt: skip
_ASKED = re.compile(
    "(?:是|都是|还是)?(?:哪[一1]?年|几几年|什么年份|哪个?年份|多少年前|几年前|多久以前|什么时间|什么时候|啥时候|何时|几时|几月)"
    "(?:的|出|出来|出台|发|发布|发出|印发|下发|颁布|公布|定|制定|写)*(?:了|的)*"
    "|(?:是|由)?(?:谁|哪个部门|哪个单位|哪里|哪级|哪[一1]级|什么部门)(?:出|发|定|印发|发布|制定|下发|颁布)(?:了|的|台)*"
    "|文号|(?:是)?(?:第?几号文|什么号|几号文件)"
    "|(?:现在|今年|如今|到现在)?(?:还|是否|是不是)?(?:有效果?|过期|作废|算数|管用|执行|在用|能用)(?:了|吗|没|没有|着)*"
)
_HARDLY_MORE = 1
"""Characters of content that may be left over: more is a subject of its own."""


def told(turn: Turn) -> Answer | None:
    """Tell date, number and validity of a place's documents, where only these are asked for."""
    text = turn.question.rest
    if turn.follows_up and not turn.places:
        return None  # it is about the measure that the conversation is about
    without = _DOCUMENT.sub("", text)
    left = _ASKED.sub("", without)
    if without == text or left == without or len(content(left)) > _HARDLY_MORE:
        return None
    if turn.region is None:
        return ask_place(turn, list(turn.library.regions.covered), text)
    parts: list[Part] = []
    sources: list[Source] = []
    for measure in _one_of_each(turn):
        named = turn.composer.document(measure)
        parts.append(Part(turn.composer.say("document", document=named)))
        parts.append(Part(turn.composer.closing_note(measure, turn.today)))
        parts.append(Part(turn.composer.standing(measure, turn.today)))
        sources.append(turn.composer.source(measure))
    if not parts:
        return None
    return Answer(
        kind=Kind.ANSWER,
        reply=fitted(parts),
        reason="about-document",
        region=turn.region,
        sources=tuple(sources),
        context=turn.next_context(()),
    )


def _one_of_each(turn: Turn) -> list[Measure]:
    """One measure for each document of the place, and each number; one that runs as long as it."""
    assert turn.region is not None
    found: dict[tuple[str, str | None], Measure] = {}
    for measure in turn.measures_in(turn.region):
        document = turn.library.documents[measure.document].entry
        key = (measure.document, document.number_of(measure.locator))
        if key not in found or found[key].validity.to != document.validity.to:
            found[key] = measure
    return list(found.values())
