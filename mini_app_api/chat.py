"""POST /chat: one message, one reply."""

from apiflask import APIBlueprint

from mini_app_api.access import worker
from mini_app_api.models import Asked, ChatReply, ChoiceView, SourceView
from server.chatting import Channel, Message, Replied, reply
from server.resources import resources

blueprint = APIBlueprint("chat", __name__, url_prefix="/api/v1", tag="chat")


@blueprint.post("/chat")
@blueprint.input(Asked, arg_name="asked")
@blueprint.output(ChatReply)
@blueprint.doc(
    summary="Ask the bot", operation_id="chat", security=[{}, {"bearer": []}]
)
def post_chat(asked: Asked) -> ChatReply:
    """Answer a message; without a token, too."""
    known = resources()
    served = known.serving.current()
    message = Message(
        asked.text,
        Channel.MINI_APP,
        region=None if asked.region is None else served.region(asked.region),
        conversation=asked.conversation,
        worker=worker(),
    )
    return shown(reply(message, served, known.conversations, now=known.clock()))


def shown(replied: Replied) -> ChatReply:
    """Present a reply."""
    answer = replied.answer
    return ChatReply(
        kind=answer.kind,
        reply=answer.reply,
        measures=list(answer.measures),
        region=answer.region,
        conversation=replied.conversation,
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
    )
