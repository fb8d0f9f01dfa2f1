"""What comes after a cry for help, or a warning: a word that leans on it stays with it.

老板打我 — 在石狮 — 门打不开: neither the place nor the door is a new question.
"""

import re
from dataclasses import replace

from bot import caring, hotlines
from bot.answers import Answer, Kind
from bot.composing import Part
from bot.declining import decline
from bot.question import content
from bot.turn import Turn
from knowledge.care import CareEntry
from knowledge.topics import OutsideTopic

_CARE, _OUTSIDE = "care:", "outside:"
_WHO_OR_WHEN = (
    "[,，.。!! 、]|现在|已经|都|也|人|火|孩子|他们?|她|我们?|娃|老公|老婆|刚才?|总算|终于"
    "|了|啦|的|呢|吧"
)
_OVER = re.compile(
    f"(?:{_WHO_OR_WHEN})*+"
    "(?:(?:没事|不要紧|灭|熄|醒|活|找到|找回来|回来|救过来|救出来|缓过来|退烧|好(?:一点|点|多)?(?=[了啦])|抢救过来|脱险"
    "|安全|跑出来|逃出来|出来|不疼)"
    f"(?:{_WHO_OR_WHEN}|过来)*+)++"
)
"""It is over: 他醒了, 没事了已经灭了."""
_HELP_IS_THERE = re.compile(
    f"(?:{_WHO_OR_WHEN}|正)*+"
    "(?:(?:送(?:到|去|进)?医院|[到去在]医院|报(?:过)?警|(?:警察|救护车|消防车?|医生)(?:来|到)"
    "|(?:打|叫)(?:过|了)?(?:110|120|119|救护车|警察))"
    f"(?:{_WHO_OR_WHEN}|过来|路上|里|抢救|躺着)*+)++"
)
"""Somebody helps by now, and it is not over: 报警了, 人在医院."""
_VIOLENCE, _BEREAVED = "violence", "bereaved"
_IS_SAFE = re.compile("没事|不要紧|安全|脱险|[跑逃]出来|我们?(?:已经|都|总算|终于|刚才?)*出来")
_WHO_MAY_HURT = re.compile("他|她|老公|老婆|人")
"""Of violence who comes back, out or to their senses is the one to be afraid of: 他回来了."""
_WHERE_HELP_IS = re.compile(
    "热线|心理|咨询|报警|警察|派出所|110|120|119|救护车|医院|急诊|聊聊?|说说话|倾诉|电话|号码|打|谁|救"
)
_A_QUESTION = re.compile(r"[吗呢么吧几谁哪怎何咋啥?]|多少|什么|([^\W\d_a-z])[不没]\1|[不没]$")
_OF_WAGES = "labour"
_SHORT = 16
"""Characters: a longer message tells its own story."""
_A_SUBJECT = 0.55
"""So near to how a kind of help is asked for, a message opens a subject of its own."""


def goes_on(turn: Turn) -> Answer | None:
    """Stay with a cry for help, or with a warning, while the messages lean on it."""
    about = turn.context.about
    if not about or turn.picked:
        return None
    if about.startswith(_CARE):
        return _with_care(turn, about.removeprefix(_CARE).split("+"))
    topic = turn.library.outside.get(about.removeprefix(_OUTSIDE))
    if topic is None or len(turn.question.rest) > _SHORT:
        return None
    if topic.advice:
        return warned(turn, topic) if _tells_more(turn, topic) or _leans(turn) else None
    return warned(turn, topic) if _says_nothing_new(turn) else None


def surely_outside(turn: Turn) -> Answer | None:
    """Say what is to be said of what the very words are about: a swindler at work."""
    topic = topic_surely_meant(turn)
    return None if topic is None else warned(turn, topic)


def topic_surely_meant(turn: Turn) -> OutsideTopic | None:
    """What no document covers, and a message is about by its very words."""
    text = turn.question.text
    return next((t for t in turn.library.outside.values() if t.surely(text)), None)


def warned(turn: Turn, topic: OutsideTopic) -> Answer:
    """Tell the advice of a topic, first what is for those who say more, with the numbers."""
    reason = f"{_OUTSIDE}{topic.id}"
    kept = turn.kept_context()
    if topic.reply is not None:
        return Answer(Kind.CHAT, topic.reply, reason, region=turn.region, context=kept)
    more = [each for each in topic.besides if each.is_told(turn.question.text)]
    names = dict.fromkeys(name for each in more for name in each.helplines)
    lines = [turn.library.helplines[name] for name in names]
    label = turn.composer.region_label(turn.region) if turn.region else ""
    name = "outside_region" if turn.region else "outside"
    ask = (topic.ask or "").rstrip("。")
    parts = [
        *(Part(each.say) for each in more),
        Part(topic.advice or ""),
        *(hotlines.parts(turn, lines) if lines else []),
        Part(turn.composer.say(name, topic=topic.label, ask=ask, region=label)),
    ]
    declined = decline(turn, parts, reason, turn.region, about=reason)
    return replace(declined, sources=(*declined.sources, *hotlines.sources(lines)))


def _with_care(turn: Turn, kinds: list[str]) -> Answer | None:
    entries = [turn.library.care[kind] for kind in kinds if kind in turn.library.care]
    if not entries:
        return None
    opening = _opening(turn, entries[0], kinds)
    if not opening:
        return None
    names = tuple(n for n in turn.context.helplines if n in turn.library.helplines)
    return caring.handing_on(turn, turn.context.about, opening, names)


def _opening(turn: Turn, entry: CareEntry, kinds: list[str]) -> str:
    """What is said first to who goes on about it, '' to who does not."""
    text, say = turn.question.rest, turn.composer.say
    over, helped = _OVER.fullmatch(text), _HELP_IS_THERE.fullmatch(text)
    if over and _is_over(text, kinds):
        return say("care_over")
    if helped and _BEREAVED not in kinds:
        return say("care_help_is_there")
    if over or helped or _leans(turn):
        return entry.again or say("care_goes_on")
    return ""


def _is_over(text: str, kinds: list[str]) -> bool:
    """Tell whether what is good news elsewhere is so of these: a death is never over."""
    if _VIOLENCE in kinds and (_WHO_MAY_HURT.search(text) or not _IS_SAFE.search(text)):
        return False
    return _BEREAVED not in kinds


def _tells_more(turn: Turn, topic: OutsideTopic) -> bool:
    return any(each.is_told(turn.question.text) for each in topic.besides)


def _leans(turn: Turn) -> bool:
    """Tell whether the message opens no subject of its own."""
    question = turn.question
    if len(question.rest) > _SHORT or question.sets_aside:
        return False
    if _is_small_talk(turn):
        return False
    if _says_nothing_new(turn):
        return True
    if _A_QUESTION.search(question.rest) and len(question.content) > 1:
        return False
    if turn.is_owed_wages:
        # Told, not asked; whom to turn to stands among what was given.
        return _OF_WAGES in turn.context.helplines
    return turn.alone.topic.near < _A_SUBJECT


def _says_nothing_new(turn: Turn) -> bool:
    """Tell whether it only names a place, or asks where help is: 在石狮, 找谁, 电话多少."""
    left = content(_WHERE_HELP_IS.sub("", turn.question.asked.left))
    return not left and not _is_small_talk(turn)


def _is_small_talk(turn: Turn) -> bool:
    return any(talk.fires(turn.question.text) for talk in turn.library.small_talk.values())
