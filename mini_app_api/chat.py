"""POST /chat: one message, one reply."""

from apiflask import APIBlueprint
from flask import Response

from bot.answers import Answer
from mini_app_api.access import worker
from mini_app_api.models import AnswerView, Asked, ChatReply, ChoiceView, SourceView
from server.admitting import Who, admits
from server.callers import refuse_too_much_chat
from server.chatting import Channel, Message, reply
from server.resources import resources
from server.serving import Answered

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
    )
    replied = reply(message, served, known.conversations, now=known.clock())
    # The id is of letters, digits, - and _ only: it needs no escaping.
    body = f'{{"conversation":"{replied.conversation}",{shown(replied.answered)[1:]}'
    return Response(body, content_type="application/json")


def shown(answered: Answered) -> str:
    """An answer as JSON, written once for all who get it."""
    if answered.shown is None:
        answered.shown = view(answered.answer).model_dump_json()
    return answered.shown


def view(answer: Answer) -> AnswerView:
    """Present an answer."""
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
    )
