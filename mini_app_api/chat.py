"""POST /chat: one message, one reply; what was said, to read again, and thumbs on it."""

import json
from collections.abc import Sequence
from datetime import date

from apiflask import APIBlueprint
from flask import Response

from bot.answers import Answer, Kind
from bot.live_subjects import LiveSubject
from knowledge.library import Library
from knowledge.measures import Audience
from mini_app_api.access import worker
from mini_app_api.models import (
    AnswerView,
    Asked,
    ChatReply,
    ChoiceView,
    ConversationAsked,
    ConversationView,
    SourceView,
    ThumbAsked,
    TurnView,
)
from server.casework.applying import can_be_applied_for
from server.chat import turns
from server.chat.chatting import Channel, Message, heed, reply
from server.chat.live_answers import OF_LETTERS
from server.chat.serving import Answered
from server.chat.turns import Told
from server.clock import china_day
from server.web.admitting import Who, admits
from server.web.callers import refuse_too_much_chat
from server.web.resources import resources

blueprint = APIBlueprint("chat", __name__, url_prefix="/api/v1", tag="chat")


@blueprint.post("/chat")
@blueprint.input(Asked, arg_name="asked")
@blueprint.output(ChatReply)
@blueprint.doc(summary="Ask the bot", operation_id="chat", security=[{}, {"bearer": []}])
@admits(Who.EVERYBODY)
def post_chat(asked: Asked) -> Response:
    """Answer a message; without a token, too."""
    known = resources()
    who = worker()
    refuse_too_much_chat(who)
    served = known.serving.current()
    message = Message(
        asked.text,
        Channel.MINI_APP,
        region=None if asked.region is None else served.region(asked.region),
        conversation=asked.conversation,
        worker=who,
        id=asked.message,
    )
    now = known.clock()
    off = known.serving.off()
    replied = reply(message, served, known.conversations, known.database, off=off, now=now)
    if who is not None and (wish := replied.answered.live) in OF_LETTERS:
        with known.database.begin() as session:
            heed(session, known.safe, wish, worker_id=who, now=now)
    answer = shown(replied.answered, served.library, china_day(now))
    # The id is of letters, digits, - and _ only: it needs no escaping.
    turn = turns.number_of(replied.at)
    told = f'{{"conversation":"{replied.conversation}","turn":{turn},{answer[1:]}'
    return Response(told, content_type="application/json")


@blueprint.post("/chat/history")
@blueprint.input(ConversationAsked, arg_name="asked")
@blueprint.output(ConversationView)
@blueprint.doc(
    summary="What was said, after a reload",
    operation_id="read_conversation",
    security=[{}, {"bearer": []}],
)
@admits(Who.EVERYBODY)
def post_history(asked: ConversationAsked) -> ConversationView:
    """Read a conversation again; one that somebody began signed in is theirs alone."""
    known = resources()
    who = worker()
    refuse_too_much_chat(who)
    # The last turns may still be on their way into the database.
    known.conversations.flush()
    library = known.serving.current().library
    with known.database.read() as session:
        found = turns.told(session, asked.conversation, who)
        return ConversationView(
            conversation=asked.conversation, turns=[_turn(each, library) for each in found]
        )


@blueprint.post("/chat/thumb")
@blueprint.input(ThumbAsked, arg_name="asked")
@blueprint.output({}, status_code=204)
@blueprint.doc(
    summary="Thumb up or down on a reply",
    operation_id="rate_turn",
    security=[{}, {"bearer": []}],
)
@admits(Who.EVERYBODY)
def post_thumb(asked: ThumbAsked) -> str:
    """Note a thumb; the last one counts."""
    known = resources()
    who = worker()
    refuse_too_much_chat(who)
    known.conversations.flush()
    now = known.clock()
    with known.database.begin() as session:
        turns.rate(session, asked.conversation, asked.turn, asked.thumb, worker_id=who, now=now)
    return ""


def shown(answered: Answered, library: Library, today: date) -> str:
    """An answer as JSON, written once for all who get it on this day."""
    if answered.shown is None:
        told = view(answered.answer, library, today, answered.live is LiveSubject.ARREARS)
        answered.shown = told.model_dump_json()
    return answered.shown


def view(answer: Answer, library: Library, today: date, can_report: bool = False) -> AnswerView:
    """Present an answer; `today` is an Asia/Shanghai day."""
    measures = [library.measures[id] for id in answer.measures if id in library.measures]
    # Where it was declined, the measures are what is known nearby; of a list none is chosen yet:
    # nothing to apply for.
    near = measures if answer.kind is Kind.ANSWER and not answer.choices else []
    return AnswerView(
        kind=answer.kind,
        reply=answer.reply,
        measures=list(answer.measures),
        region=answer.region,
        sources=[
            SourceView(
                title=source.title,
                number=source.number,
                date=source.dated,
                locator=source.locator,
                measure=source.measure,
                quote=source.quote,
            )
            for source in answer.sources
        ],
        suggestions=list(answer.suggestions),
        choices=[
            ChoiceView(number=number, label=choice.label)
            for number, choice in enumerate(answer.choices, start=1)
        ],
        input=answer.input,
        can_check=[
            measure.id
            for measure in near
            if measure.id in library.rules.criteria and measure.audience != Audience.GOVERNMENT
        ],
        can_apply=[measure.id for measure in near if can_be_applied_for(library, measure, today)],
        can_report=can_report,
    )


def _turn(told: Told, library: Library) -> TurnView:
    turn = told.turn
    measures: list[str] = json.loads(turn.measures)
    return TurnView(
        turn=turns.number_of(turn.at),
        at=turn.at,
        text=turn.text,
        kind=Kind(turn.kind),
        reply=turn.reply,
        measures=measures,
        region=turn.region,
        sources=_sources(library, measures),
        thumb=told.thumb,
    )


def _sources(library: Library, ids: Sequence[str]) -> list[SourceView]:
    """Where measures stand; those that are no longer in force are left out."""
    found = []
    for id in ids:
        if (measure := library.measures.get(id)) is not None:
            entry = library.documents[measure.document].entry
            found.append(
                SourceView(
                    title=entry.title,
                    number=entry.number_of(measure.locator),
                    date=entry.dated,
                    locator=measure.locator,
                    measure=id,
                    quote=next(iter(measure.quotes), None),
                )
            )
    return found
