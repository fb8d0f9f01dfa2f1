"""What comes before any policy: distress, the wish for a person, small talk, no question."""

import re
from collections.abc import Iterable
from dataclasses import replace

from bot import good_for, hotlines
from bot.answers import Answer, Kind
from bot.composing import Part, fitted
from bot.question import content
from bot.turn import Turn
from knowledge.care import CareEntry
from knowledge.measures import Aspect

LONGEST_MESSAGE = 2000
"""Characters of one message that are read at all."""
_ENOUGH = 1.2
"""What the evidence for distress must come to at least."""
_NEAR_ENOUGH = 0.28
"""How near the nearest sentence of that kind must come at least: syllables alone tell nothing."""
_LEAD = 0.3
"""How far it must be ahead of everything ordinary."""
_A_WORD = 2
"""Less beside the name of a place tells of no distress: 说错了，是衡水."""
_LEAD_IN_A_STORY = 0.8
_STORY = 40
"""A longer text shares a little with everything."""
_LEAD_IN_FEW_WORDS = 1.1
_FEW_WORDS = 10
"""A shorter one is soon like something: 我住在厂门口, 他们说不归他们管."""
_HARDLY_FURTHER = 0.08
"""How much nearer something ordinary may come to so few words: a piece is soon like a story."""
_WHO = re.compile(
    r"一家|[一二两三四五六七八九十\d]+[口个岁]半?(?:人|多)?|[大小]?(?:孩子|小孩|儿子|女儿|姑娘|老婆|媳妇|老公"
    r"|对象|爱人|男人|父母|爸妈|爸爸|妈妈|老人|爷爷|奶奶|弟弟|妹妹)|[爸妈哥姐弟妹娃][爸妈哥姐弟妹]?"
    r"|[我俺咱你他她们家里有的是了也还都在今年个那呢]|\d+"
)
"""Who somebody is and has: with nothing else told, it is no distress."""
_WHICH_CLINIC = re.compile(
    "[^,。!? 我俺咱他她它爸妈爹娘娃孩婴爷奶哥姐弟妹叔姨"
    "血伤烧昏晕疼痛病急死喘倒吐摔断抽毒孕送抬背拉救]{0,10}"
    "(?:医院|诊所|卫生院|卫生室)(?:是不是|也|都|就|里|还|照样)*"
    "(?:不收(?:吗|么|吧|嘛|的吗|的吧|呢|(?= ?[?]))|收不收)[?!。 ]*"
)
"""What asks on of a fee, and is a cry otherwise: 私人开的小诊所也不收？"""
_CARE_OF_HEALTH = re.compile("医|挂号")
_MARKS = " ,.!?~、。;:"
_PERSON = "person"
_HELP = "help"
_WHOSE_NUMBER = re.compile("哪里|哪儿|哪个|谁|干|管|用|电话|热线|号码|打|机构|地方")
"""What is asked of a telephone number alone: 12333是干什么的."""


def too_long(turn: Turn) -> Answer | None:
    """Ask for a shorter message where it is far too long."""
    if len(turn.message) <= LONGEST_MESSAGE:
        return None
    return _chat(turn, turn.composer.say("too_long"), "too-long")


def empty(turn: Turn) -> Answer | None:
    """Ask for a question where the message says nothing; a letter alone says no more."""
    told = [char for char in turn.question.text if char.isalnum()]
    if len(told) > 1 or (told and not (told[0].isascii() and told[0].isalpha())):
        return None
    return _chat(turn, turn.composer.say("empty"), "empty")


def distress(turn: Turn) -> Answer | None:
    """Care first: the right telephone number and a person, before anything else."""
    fired = [
        e for e in turn.library.care.values() if e.id != _PERSON and e.fires(turn.question.text)
    ]
    if not fired or _asks_on_of_a_fee(turn):
        return None
    return _handoff(turn, fired)


def _asks_on_of_a_fee(turn: Turn) -> bool:
    """Tell whether it asks where else a fee of a hospital is waived that was just spoken of."""
    last = (turn.library.measures.get(each) for each in turn.context.measures[:1])
    waived = any(m and Aspect.FEE in m.answers and _CARE_OF_HEALTH.search(m.summary) for m in last)
    of_a_fee = waived and not turn.context.about
    return of_a_fee and _WHICH_CLINIC.fullmatch(turn.question.text) is not None


def sounds_like_distress(turn: Turn) -> Answer | None:
    """Care as well where no pattern fires but the wording is more like distress than anything.

    Of a hundred sentences written blind (own_distress.jsonl) both nets together caught 79.
    """
    told = turn.question.content
    if not told or not _WHO.sub("", turn.question.rest).strip(_MARKS):
        return None
    if turn.places and len(told) < _A_WORD:
        return None
    found = turn.alone
    kinds = [kind for kind in found.care if kind.id != _PERSON]
    rivals = (found.ranked[0].own, found.topic.score, found.outside.score, found.ordinary.score)
    lead = _needed_lead(len(turn.question.rest))
    if kinds[0].score < max(_ENOUGH, *(rival + lead for rival in rivals)):
        return None
    if kinds[0].near < _NEAR_ENOUGH:
        return None
    further = found.ordinary.near - kinds[0].near
    if len(turn.question.rest) <= _FEW_WORDS and further > _HARDLY_FURTHER:
        return None
    return _handoff(turn, [turn.library.care[kinds[0].id]])


def _needed_lead(length: int) -> float:
    """How far distress must be ahead in a text of so many characters."""
    if length <= _FEW_WORDS:
        return _LEAD_IN_FEW_WORDS
    return _LEAD if length <= _STORY else _LEAD_IN_A_STORY


def wish_for_person(turn: Turn) -> Answer | None:
    """Hand over when a person is asked for."""
    entry = turn.library.care[_PERSON]
    return _handoff(turn, [entry]) if entry.fires(turn.question.text) else None


def small_talk(turn: Turn) -> Answer | None:
    """Answer greetings, thanks and the like with their fixed reply."""
    entries = turn.library.small_talk.values()
    for entry in entries:
        if entry.fires(turn.question.text):
            if entry.id == _HELP and good_for.asked_of_what_was_told(turn):
                return None
            return _chat(turn, entry.reply, f"small-talk:{entry.id}")
    left, last = turn.question.text, None
    while left and (found := next(((e, n) for e in entries if (n := e.leads(left))), None)):
        last, length = found
        left = left[length:]
    return _chat(turn, last.reply, f"small-talk:{last.id}") if last and not left else None


def helpline(turn: Turn) -> Answer | None:
    """Tell what a telephone number is that is the same everywhere, where only that is asked."""
    text = turn.question.rest
    lines = [
        line
        for line in turn.library.helplines.values()
        if re.search(rf"(?<!\d){line.number}(?!\d)", text)
    ]
    left = text
    for line in lines:
        left = left.replace(line.number, "")
    may_be_a_choice = not left.strip() and turn.context.choices
    if not lines or may_be_a_choice or content(_WHOSE_NUMBER.sub("", left)):
        return None
    return Answer(
        kind=Kind.ANSWER,
        reply=fitted(hotlines.parts(turn, lines)),
        reason="helpline:" + "+".join(line.id for line in lines),
        region=turn.region,
        sources=hotlines.sources(lines),
        context=turn.kept_context(),
    )


def _handoff(turn: Turn, fired: list[CareEntry]) -> Answer:
    text = turn.question.text
    cases = [entry.case(text) or entry for entry in fired]
    # Whom to call now comes first.
    now = tuple(dict.fromkeys(name for case in cases for name in case.helplines))
    told = [more for entry in fired for more in entry.besides if more.is_told(text)]
    further = tuple(dict.fromkeys(name for more in told for name in more.helplines))
    reason = "care:" + "+".join(entry.id for entry in fired)
    then = [more.say for more in told]
    return handing_on(turn, reason, cases[0].opening, now, then, further)


def handing_on(
    turn: Turn,
    reason: str,
    opening: str,
    now: tuple[str, ...],
    then: Iterable[str] = (),
    further: tuple[str, ...] = (),
) -> Answer:
    """Give the numbers that help: those to call `now`, and what is told after them."""
    further = tuple(name for name in further if name not in now)
    lines = [turn.library.helplines[name] for name in (*now, *further)]
    told = [hotlines.part(turn, line) for line in lines]
    own = hotlines.local(turn)
    after = [*map(Part, then), *told[len(now) :], *(hotlines.told_local(turn, m) for m in own)]
    kept = turn.kept_context()
    if not reason.endswith(_PERSON):
        kept = replace(kept, about=reason, helplines=now)
    return Answer(
        kind=Kind.HANDOFF,
        reply=fitted(
            [Part(opening), *told[: len(now)], *after, hotlines.where_laid_down(turn, lines)]
        ),
        reason=reason,
        region=turn.region,
        measures=tuple(m.id for m in own),
        sources=(
            *(turn.composer.source(m) for m in own),
            *hotlines.sources(lines),
        ),
        context=kept,
    )


def _chat(turn: Turn, reply: str, reason: str) -> Answer:
    return Answer(Kind.CHAT, reply, reason, region=turn.region, context=turn.kept_context())
