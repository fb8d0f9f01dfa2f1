"""One message of a worker, on whatever channel: its context, the answer, the record of the turn."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from prometheus_client import Counter
from sqlmodel import Session

from bot.answers import Answer, Context, Kind
from bot.live_subjects import LiveSubject
from server.casework.opting_out import accept_outreach, refuse_outreach
from server.chat import live_answers
from server.chat.conversations import (
    Conversations,
    MaskedJson,
    RecordedTurn,
    begun_by,
    is_conversation_id,
    masked_json,
    new_conversation_id,
)
from server.chat.serving import Answered, Served
from server.clock import china_day
from server.confidential.sealing import Safe
from server.database.db import Database
from server.database.tables import Part
from server.monitoring.metrics import TURNS
from server.switches import NOTHING_OFF, Off

_WORKER = "worker"
_BOT = "bot"
_LAST = "last"
"""The last message by its client's name, when it was answered, and the bot's part before it."""
_BLANK = Context()
_SENT_AGAIN_WITHIN = timedelta(minutes=5)


class Channel(StrEnum):
    """Where a message came in."""

    MINI_APP = "mini_app"
    H5 = "h5"
    OFFICIAL_ACCOUNT = "official_account"


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
    lasting: bool = False
    """The channel itself names the conversation: under this id it begins anew where it is over."""
    spoken: bool = False
    """A machine wrote the text down from speech."""
    id: str | None = None
    """The client's own name for it: sent again under it, it is answered again and recorded once."""


@dataclass(frozen=True, slots=True)
class Replied:
    """The answer, and the conversation in which the next message may lean on it."""

    answered: Answered
    conversation: str
    at: datetime
    """When it was answered, the first time."""
    again: bool = False
    """It had been answered before: there is nothing to record."""


class _Talk(NamedTuple):
    conversation: str
    bot: dict[str, Any] | None = None
    """The bot's part of the context that a message leans on; None: there is none."""
    answered_at: datetime | None = None
    """When this very message was answered, None for a new one."""


class Record(NamedTuple):
    """What a turn leaves behind, as `Conversations.record` and `record_within` take it."""

    turn: RecordedTurn
    context: MaskedJson
    keep: frozenset[str]


def reply(
    message: Message,
    served: Served,
    conversations: Conversations,
    database: Database,
    *,
    off: Off = NOTHING_OFF,
    now: datetime,
) -> Replied:
    """Answer one message and record the turn; raises `UnknownRegion`."""
    replied, record = work_out(message, served, conversations, database, off=off, now=now)
    if not replied.again:
        conversations.record(*record)
        count(record)
    return replied


def heed(
    session: Session, safe: Safe, wish: LiveSubject | None, *, worker_id: int, now: datetime
) -> None:
    """Do what a message wishes beside its answer: no more messages of campaigns, or again."""
    if wish is LiveSubject.NO_LETTERS:
        refuse_outreach(session, safe, worker_id=worker_id, now=now)
    elif wish is LiveSubject.LETTERS:
        accept_outreach(session, safe, worker_id=worker_id, now=now)


def count(record: Record) -> None:
    """Count a turn that was recorded."""
    _counter(record.turn.channel, record.turn.kind).inc()


@lru_cache(maxsize=64)
def _counter(channel: str, kind: str) -> Counter:
    """To look it up takes longer than to add."""
    return TURNS.labels(channel, kind)


def work_out(
    message: Message,
    served: Served,
    conversations: Conversations,
    database: Database,
    *,
    off: Off = NOTHING_OFF,
    now: datetime,
) -> tuple[Replied, Record]:
    """Answer one message; it's for the caller to record the turn. Raises `UnknownRegion`.

    What is on today, the database knows; all else, what is served.
    Where the bot is off it says only so; whoever is in distress is answered all the same.
    """
    talk = _resumed(message, conversations, now)
    context = _BLANK if talk.bot is None else Context.from_data(talk.bot)
    answered = served.answer(
        message.text,
        context,
        today=china_day(now),
        region=message.region,
        spoken=message.spoken,
    )
    beside = context.check is not None and answered.live in live_answers.AT_ANY_TIME
    if context.check is None or beside:
        answered = live_answers.instead(answered, served, database, worker=message.worker, now=now)
    if beside:
        answered = live_answers.while_checking(answered, context)
    if off.words:
        answered = _where_on(answered, message, served, off)
    answer = answered.answer
    # What somebody answers in a self-check, and what follows from it, is not recorded.
    private = context.check is not None
    turn = RecordedTurn(
        conversation_id=talk.conversation,
        at=now,
        channel=message.channel,
        text="" if private else message.text,
        kind=answer.kind,
        reply="" if private else answer.reply,
        measures=() if private else answer.measures,
        rejected=() if private else _passed_over(answered),
        region=answer.region,
        release_id=served.release,
        worker_id=message.worker,
        reason=answer.reason,
        near_misses=answer.near_misses,
    )
    replied = Replied(
        answered, talk.conversation, talk.answered_at or now, again=talk.answered_at is not None
    )
    kept = _kept(answered, message, talk, served, now)
    # What was answered so far, and what it was before this message.
    if private or answer.context.check is not None:
        kept = conversations.sealed(talk.conversation, kept)
    return replied, Record(turn, kept, served.public_numbers)


def _passed_over(answered: Answered) -> tuple[str, ...]:
    """What was found and not used; written once for all who get the answer."""
    if answered.passed_over is None:
        rejected = answered.answer.rejected
        answered.passed_over = tuple(f"{r.measure} {r.gate} {r.score:.2f}" for r in rejected)
    return answered.passed_over


def _where_on(answered: Answered, message: Message, served: Served, off: Off) -> Answered:
    """The answer, or where the bot is off there what is said of that."""
    answer = answered.answer
    if answer.kind is Kind.HANDOFF:
        return answered
    place = answer.region or message.region
    words = off.why(Part.BOT, served.library.regions, place)
    if words is None:
        return answered
    return Answered(Answer(Kind.DECLINE, words, "switched off", place, context=answer.context))


def _resumed(message: Message, conversations: Conversations, now: datetime) -> _Talk:
    known = message.conversation
    if known is not None and is_conversation_id(known):
        kept = conversations.load_context(known, now=now)
        if kept is not None and (message.lasting or _may_go_on(kept, message.worker)):
            return _leaning(message, known, kept)
        if message.lasting:
            return _Talk(known)
    if message.id is None:
        return _Talk(new_conversation_id())
    # Where the reply got lost on the way, the client doesn't know yet what it had begun.
    name = f"{message.worker or ''}:{message.id}"
    begun = begun_by(name, now)
    for id in (begun, begun_by(name, now - _SENT_AGAIN_WITHIN)):
        kept = conversations.load_context(id, now=now)
        if kept is not None:
            talk = _leaning(message, id, kept)
            return talk if talk.answered_at is not None else _Talk(new_conversation_id())
    return _Talk(begun)


def _leaning(message: Message, conversation: str, kept: dict[str, Any]) -> _Talk:
    """What a message leans on: one that comes again, on what it did the first time."""
    last = kept.get(_LAST)
    if last is None or last["id"] != message.id:
        return _Talk(conversation, kept[_BOT])
    return _Talk(conversation, last["before"], datetime.fromisoformat(last["at"]))


def _kept(
    answered: Answered, message: Message, talk: _Talk, served: Served, now: datetime
) -> MaskedJson:
    """What the next message builds on; the bot's part is written once for all it answers."""
    if answered.kept is None:
        answered.kept = masked_json(answered.answer.context.as_data(), served.public_numbers)
    owner = "null" if message.worker is None else message.worker
    last = ""
    if message.id is not None:
        # What the bot knew before comes from where contexts are kept: it is masked already.
        told = {"id": message.id, "at": now.isoformat(), "before": talk.bot}
        last = f',"{_LAST}":{json.dumps(told, ensure_ascii=False)}'
    return MaskedJson(f'{{"{_WORKER}":{owner},"{_BOT}":{answered.kept}{last}}}')


def _may_go_on(kept: dict[str, Any], worker: int | None) -> bool:
    """Whoever begins signed in owns the conversation; one begun by nobody may be taken over."""
    return kept[_WORKER] is None or kept[_WORKER] == worker
