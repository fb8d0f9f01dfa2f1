"""The plain page at `/` to chat on: works without scripts, and better with them."""

import re
from collections.abc import Iterator
from functools import lru_cache

from flask import Blueprint, Response, make_response, render_template, request
from markupsafe import Markup, escape

from bot.answers import Answer
from knowledge.library import Library
from knowledge.regions import UnknownRegion
from server.admitting import Who, admits
from server.callers import refuse_too_much_chat
from server.chatting import Channel, Message, reply
from server.resources import resources

blueprint = Blueprint(
    "h5", __name__, static_folder="static", static_url_path="/h5", template_folder="templates"
)

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@blueprint.get("/")
@admits(Who.EVERYBODY)
def get_page() -> Response:
    """The page, empty."""
    return _page()


@blueprint.post("/")
@admits(Who.EVERYBODY)
def post_page() -> Response:
    """The page with the reply to one message, for phones without scripts."""
    refuse_too_much_chat(None)
    known = resources()
    served = known.serving.current()
    form = request.form
    try:
        region = served.region(form["region"]) if form.get("region") else None
    except UnknownRegion:
        region = None
    # Several boxes can be ticked, each with its number.
    text = " ".join(filter(None, form.getlist("text")))
    message = Message(text, Channel.H5, region=region, conversation=form.get("conversation"))
    replied = reply(message, served, known.conversations, now=known.clock())
    return _page(text, replied.answered.answer, replied.conversation, region)


def _page(
    text: str = "", answer: Answer | None = None, conversation: str = "", region: str | None = None
) -> Response:
    served = resources().serving.current()
    page = render_template(
        "chat.html",
        text=text,
        answer=answer,
        reply=answer and with_calls(answer.reply, served.public_numbers),
        conversation=conversation,
        region=region,
        examples=served.library.sentences.examples,
        groups=list(_regions_to_choose(served.library)),
        phones=" ".join(sorted(served.public_numbers)),
    )
    response = make_response(page)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def with_calls(text: str, numbers: frozenset[str]) -> Markup:
    """Escape a text and make the telephone numbers in it ones that a tap calls."""
    pieces = _call(numbers).split(text)
    marked = [
        Markup('<a href="tel:{0}">{0}</a>').format(piece) if place % 2 else escape(piece)
        for place, piece in enumerate(pieces)
    ]
    return Markup("").join(marked)


@lru_cache(maxsize=4)
def _call(numbers: frozenset[str]) -> re.Pattern[str]:
    longest_first = sorted(numbers, key=lambda number: (-len(number), number))
    return re.compile(rf"(?<![\d.])({'|'.join(longest_first)})(?![\d.元名人个%])")


def _regions_to_choose(library: Library) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The covered regions as (id, label), under the label of the region at the top."""
    for top in library.regions:
        if top.parent is None:
            ids = library.regions.covered_in(top.id)
            if ids:
                yield top.label, [(id, library.regions.get(id).label) for id in ids]
