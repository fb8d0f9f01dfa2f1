"""One message of a worker, on whatever channel: its context, the answer, the record of the turn."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.answers import Context
from server.clock import china_day
from server.conversations import (
    Conversations,
    RecordedTurn,
    is_conversation_id,
    new_conversation_id,
)
from server.metrics import TURNS
from server.serving import Answered, Served

_WORKER = "worker"
_BOT = "bot"


class Channel(StrEnum):
    """Where a message came in."""

    MINI_APP = "mini_app"
    H5 = "h5"


@dataclass(frozen=True, slots=True)
class Message:
    """What a worker wrote; `region` is the id of the place chosen in the app."""

    text: str
    channel: Channel
    region: str | None = None
    conversation: str | None = None
    """The id the client holds; one that is unknown, over or another's begins a new one."""
    worker: int | None = None
    """Who signed in, None for somebody without a session."""


@dataclass(frozen=True, slots=True)
class Replied:
    """The answer, and the conversation in which the next message may lean on it."""

    answered: Answered
    conversation: str


def reply(
    message: Message, served: Served, conversations: Conversations, *, now: datetime
) -> Replied:
    """Answer one message and record the turn; raises `UnknownRegion`."""
    conversation, context = _resumed(message, conversations, now)
    answered = served.answer(message.text, context, today=china_day(now), region=message.region)
    answer = answered.answer
    # What somebody answers in a self-check, and what follows from it, is not recorded.
    private = context.check is not None
    turn = RecordedTurn(
        conversation_id=conversation,
        at=now,
        channel=message.channel,
        text="" if private else message.text,
        kind=answer.kind,
        reply="" if private else answer.reply,
        measures=() if private else answer.measures,
        rejected=()
        if private
        else [f"{r.measure} {r.gate} {r.score:.2f}" for r in answer.rejected],
        region=answer.region,
        release_id=served.release,
        worker_id=message.worker,
    )
    kept = {_WORKER: message.worker, _BOT: answer.context.as_data()}
    conversations.record(turn, kept, served.public_numbers)
    TURNS.labels(message.channel, answer.kind).inc()
    return Replied(answered, conversation)


def _resumed(message: Message, conversations: Conversations, now: datetime) -> tuple[str, Context]:
    known = message.conversation
    if known is not None and is_conversation_id(known):
        kept = conversations.load_context(known, now=now)
        if kept is not None and _may_go_on(kept, message.worker):
            return known, Context.from_data(kept[_BOT])
    return new_conversation_id(), Context()


def _may_go_on(kept: dict[str, Any], worker: int | None) -> bool:
    """Whoever begins signed in owns the conversation; one begun by nobody may be taken over."""
    return kept[_WORKER] is None or kept[_WORKER] == worker
