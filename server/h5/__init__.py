"""The page at `/`: a plain form to ask with, and with scripts all four places of the worker."""

import hashlib
import re
import secrets
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, render_template, request
from markupsafe import Markup, escape
from werkzeug.exceptions import NotFound

from bot.answers import Answer
from knowledge.library import Library
from knowledge.regions import UnknownRegion
from server.chat.chatting import Channel, Message, reply
from server.chat.scenes import region_of_scene
from server.h5.files import compressed, files, version
from server.settings import Environment
from server.web.admitting import Who, admits
from server.web.callers import is_this_machine, refuse_too_much_chat
from server.web.compressing import best_encoding
from server.web.resources import resources

blueprint = Blueprint("h5", __name__, template_folder="templates")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data: blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_AUTHORIZE = "https://open.weixin.qq.com/connect/oauth2/authorize"
_FOR_GOOD = "public, max-age=31536000, immutable"


@blueprint.get("/")
@admits(Who.EVERYBODY)
def get_page() -> Response:
    """The page, empty; `scene` is what the QR code that was scanned says of its place."""
    scene = request.args.get("scene", "")
    response = _page(region=region_of_scene(scene, resources().serving.current()))
    # Nothing of anybody stands in it: a browser asks whether it is still the same.
    response.headers["Cache-Control"] = "no-cache"
    response.vary.add("User-Agent")
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/h5/sign-in")
@admits(Who.EVERYBODY)
def get_sign_in() -> Response:
    """Send a phone to WeChat, which sends it back with a code; `state` is the page's own."""
    app_id = resources().settings.wechat_app_id
    if app_id is None:
        raise NotFound
    asked = {
        "appid": app_id,
        "redirect_uri": f"https://{request.host}/",
        "response_type": "code",
        "scope": "snsapi_base",
        "state": re.sub(r"\W", "", request.args.get("state", ""))[:128],
    }
    response = make_response("", 302)
    response.headers["Location"] = f"{_AUTHORIZE}?{urlencode(asked)}#wechat_redirect"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/sw.js")
@admits(Who.EVERYBODY)
def get_worker() -> Response:
    """What keeps the page on the phone; at the top, for it serves all that lies below."""
    response = get_file(version(), "sw.js")
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/h5/<edition>/<name>")
@admits(Who.EVERYBODY)
def get_file(edition: str, name: str) -> Response:
    """A file of the page; under the address of another edition it is not kept."""
    file = files().get(name)
    if file is None:
        raise NotFound
    encoding = best_encoding(request)
    body = file.plain if encoding is None else compressed(name, encoding)
    response = Response(body, mimetype=file.media_type)
    if encoding is not None:
        response.content_encoding = encoding.value
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = _FOR_GOOD if edition == version() else "no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


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
    message = Message(
        text,
        Channel.H5,
        region=region,
        conversation=form.get("conversation"),
        id=_name_of(form.get("message"), text),
    )
    off, now = known.serving.off(), known.clock()
    replied = reply(message, served, known.conversations, known.database, off=off, now=now)
    return _page(text, replied.answered.answer, replied.conversation, region)


def _name_of(page: str | None, text: str) -> str | None:
    """The name of a message that a page sends; None: the first page is the same for everybody.

    Loaded again or sent on by the proxy, the message comes under it once more. Gone back to, the
    page may say something else, which is another message.
    """
    return hashlib.sha256(f"{page}:{text}".encode()).hexdigest() if page else None


def _page(
    text: str = "", answer: Answer | None = None, conversation: str = "", region: str | None = None
) -> Response:
    served = resources().serving.current()
    page = render_template(
        "page.html",
        base=f"/h5/{version()}/",
        sign_in=_way_to_sign_in(),
        text=text,
        answer=answer,
        reply=answer and with_calls(answer.reply, served.public_numbers),
        conversation=conversation,
        message=secrets.token_urlsafe(16) if conversation else "",
        region=region,
        examples=served.library.sentences.examples,
        groups=list(_regions_to_choose(served.library)),
        phones=" ".join(sorted(served.public_numbers)),
    )
    return _guarded(page)


def no_page() -> Response:
    """What a browser gets at an address that leads nowhere, with a way home."""
    response = _guarded(render_template("no_page.html", base=f"/h5/{version()}/"))
    response.status_code = 404
    return response


def _guarded(page: str) -> Response:
    response = make_response(page)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _way_to_sign_in() -> str:
    """How the page lets somebody sign in: `dev`, `wechat`, or not at all."""
    known = resources()
    if known.settings.env is Environment.DEVELOPMENT and is_this_machine():
        return "dev"
    is_in_wechat = "MicroMessenger" in request.headers.get("User-Agent", "")
    return "wechat" if known.settings.wechat_app_id and is_in_wechat else ""


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
