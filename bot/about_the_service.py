"""What is asked of the service itself: what it costs, where it knows it from, how a case is."""

from bot import gates, hotlines
from bot.answers import Answer
from bot.turn import Turn

_CONTACT = "my_contact"


def service_asked_for(turn: Turn) -> Answer | None:
    """Answer a message that can only be meant for the service, before any measure is weighed.

    Where the place has a hotline of its own, whoever asks for a number is given that.
    """
    found = gates.topic_of_the_service(turn)
    if found is None or (found.id == _CONTACT and _has_hotline(turn)):
        return None
    return gates.about_the_service(turn, found)


def _has_hotline(turn: Turn) -> bool:
    asks_number = any(word in turn.question.text for word in ("电话", "热线", "号码"))
    return asks_number and bool(hotlines.local(turn))
