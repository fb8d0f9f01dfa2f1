"""What comes before any policy: distress, the wish for a person, small talk, no question."""

import re
from collections.abc import Iterable

from bot.answers import Answer, Kind, Source
from bot.composing import Part, fitted
from bot.question import content
from bot.turn import Turn
from knowledge.care import CareEntry, Helpline
from knowledge.measures import Measure

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
_WHO = re.compile(
    r"一家|[一二两三四五六七八九十\d]+[口个岁]半?(?:人|多)?|[大小]?(?:孩子|小孩|儿子|女儿|姑娘|老婆|媳妇|老公"
    r"|对象|爱人|男人|父母|爸妈|爸爸|妈妈|老人|爷爷|奶奶|弟弟|妹妹)|[爸妈哥姐弟妹娃][爸妈哥姐弟妹]?"
    r"|[我俺咱你他她们家里有的是了也还都在今年个那呢]|\d+"
)
"""Who somebody is and has: with nothing else told, it is no distress."""
_MARKS = " ,.!?~、。;:"
_PERSON = "person"
_HOTLINE = "hotline"
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
    return _handoff(turn, fired) if fired else None


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
    rivals = (found.ranked[0].own, found.topic.score, found.outside.score, found.ordinary)
    lead = _needed_lead(len(turn.question.rest))
    if kinds[0].score < max(_ENOUGH, *(rival + lead for rival in rivals)):
        return None
    if kinds[0].near < _NEAR_ENOUGH:
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
        reply=fitted(helpline_parts(turn, lines)),
        reason="helpline:" + "+".join(line.id for line in lines),
        region=turn.region,
        sources=tuple(Source(title=line.source, locator=line.number) for line in lines),
        context=turn.kept_context(),
    )


def helpline_parts(turn: Turn, lines: Iterable[Helpline]) -> list[Part]:
    """Write up helplines with where each number is laid down."""
    lines = tuple(lines)
    return [*(_helpline(turn, line) for line in lines), _where_laid_down(turn, lines)]


def _helpline(turn: Turn, line: Helpline) -> Part:
    for_ = line.for_.rstrip("。")
    said = turn.composer.say("helpline", name=line.name, number=line.number, **{"for": for_})
    return Part(said)


def _where_laid_down(turn: Turn, lines: Iterable[Helpline]) -> Part:
    sources = "；".join(dict.fromkeys(f"{line.number} {line.source}" for line in lines))
    return Part(turn.composer.say("helpline_source", source=sources), 1)


def local_hotlines(turn: Turn) -> list[Measure]:
    """Return the measures of the place that give a hotline with its number."""
    if turn.region is None or turn.question.places.uncovered:
        return []
    regions = turn.library.regions.within(turn.region)
    return [
        m
        for m in turn.library.measures.values()
        if m.region in regions and m.phones and m.topics[0] == _HOTLINE
    ]


def told_hotline(turn: Turn, measure: Measure) -> Part:
    """The hotline that a measure gives, with its source."""
    phone = measure.phones[0]
    return Part(
        turn.composer.say(
            "local_hotline",
            region=turn.composer.region_label(measure.region),
            of=phone.of,
            number=phone.number,
            source=turn.composer.cite(measure),
        )
    )


def _handoff(turn: Turn, fired: list[CareEntry]) -> Answer:
    names = list(dict.fromkeys(name for entry in fired for name in entry.helplines))
    lines = [turn.library.helplines[name] for name in names]
    hotlines = local_hotlines(turn)
    local = [told_hotline(turn, m) for m in hotlines]
    told = [more for entry in fired for more in entry.besides if more.is_told(turn.question.text)]
    further = [
        turn.library.helplines[name]
        for name in dict.fromkeys(name for more in told for name in more.helplines)
        if name not in names
    ]
    # Whom to call now comes first.
    now = [_helpline(turn, line) for line in lines]
    then = [*(Part(more.say) for more in told), *(_helpline(turn, line) for line in further)]
    lines += further
    return Answer(
        kind=Kind.HANDOFF,
        reply=fitted([Part(fired[0].opening), *now, *then, *local, _where_laid_down(turn, lines)]),
        reason="care:" + "+".join(entry.id for entry in fired),
        region=turn.region,
        measures=tuple(m.id for m in hotlines),
        sources=(
            *(turn.composer.source(m) for m in hotlines),
            *(Source(title=h.source, locator=h.number) for h in lines),
        ),
        context=turn.kept_context(),
    )


def _chat(turn: Turn, reply: str, reason: str) -> Answer:
    return Answer(Kind.CHAT, reply, reason, region=turn.region, context=turn.kept_context())
