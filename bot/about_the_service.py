"""What is asked of the service itself: what it costs, where it knows it from, how a case is."""

import re

from bot import hotlines
from bot.answers import Answer, Kind
from bot.turn import Turn
from knowledge.topics import OutsideTopic

_CONTACT = "my_contact"
OUTSIDE = 2.4
"""What the evidence for a subject that no document covers must come to."""
OUTSIDE_LEAD = 0.2
"""How far it must be ahead of the best measure's own evidence."""
_THE_SERVICE = re.compile(
    "[你您]们?(?:这|那|的|收|要)|暖岗|小程序|这个?(?:软件|平台|网站)|[用办]这个"
)
_PLACES = "{places}"
"""Stands in a reply for the places that have documents."""
_MARKS = " ,.!?~、。;:，？！"


def service_asked_for(turn: Turn) -> Answer | None:
    """Answer a message that can only be meant for the service, before any measure is weighed.

    Where the place has a hotline of its own, whoever asks for a number is given that.
    """
    found = topic_of_the_service(turn)
    if found is None or (found.id == _CONTACT and _has_hotline(turn)):
        return None
    return told_of_the_service(turn, found)


def _has_hotline(turn: Turn) -> bool:
    asks_number = any(word in turn.question.text for word in ("电话", "热线", "号码"))
    return asks_number and bool(hotlines.local(turn))


def topic_of_the_service(turn: Turn) -> OutsideTopic | None:
    """What of the service itself the whole message asks for, None where it may mean a measure."""
    text, before = turn.question.text.strip(_MARKS), turn.context
    first = not before.question or before.check is not None  # a check is the service's own
    topics = turn.library.outside.values()
    return next((topic for topic in topics if topic.is_asked_by(text, first=first)), None)


def of_the_service(turn: Turn) -> Answer | None:
    """Answer what names the service and nothing else: 你们这个要钱吗."""
    found = turn.alone.outside
    best = max(c.own for c in turn.alone.ranked) + OUTSIDE_LEAD
    if not _THE_SERVICE.search(turn.question.text) or found.score < max(OUTSIDE, best):
        return None
    return told_of_the_service(turn, turn.library.outside[found.id])


def told_of_the_service(turn: Turn, topic: OutsideTopic) -> Answer | None:
    """Answer what is asked of the service; who names a place asks what its document says."""
    if turn.places or topic.reply is None or turn.is_owed_wages:
        return None
    reason = f"outside:{topic.id}"
    reply = topic.reply.replace(_PLACES, _places(turn))
    return Answer(Kind.CHAT, reply, reason, region=turn.region, context=turn.kept_context())


def _places(turn: Turn) -> str:
    """The places with documents of their own, without those that lie in another of them."""
    regions = turn.library.regions
    outermost = [id for id in regions.covered if len(regions.within(id)) == 1]
    return "、".join(map(turn.composer.region_label, outermost))
