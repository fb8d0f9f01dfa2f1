"""The official account's callback: WeChat passes on what its followers send."""

import time
from typing import cast

import structlog
from flask import Blueprint, Flask, Response, current_app, request
from flask.blueprints import BlueprintSetupState

from server.web.admitting import Who, admits
from server.web.problems.requests import MalformedXml, NotFromWeChat
from server.web.resources import resources
from server.wechat.answering import Answering
from server.wechat.envelopes import Account, account_of, text_reply
from server.wechat.messages import Message, message_of

blueprint = Blueprint("wechat", __name__)

_EXTENSION = "nuangang.wechat"
# What WeChat takes for: received, nothing to say now.
_SUCCESS = "success"

_log = structlog.get_logger()


@blueprint.record
def _attach(setup: BlueprintSetupState) -> None:
    app = cast(Flask, setup.app)
    with app.app_context():
        app.extensions[_EXTENSION] = Answering(resources())


@blueprint.get("/wechat")
@admits(Who.WECHAT)
def get_echo() -> Response:
    """Answer WeChat's question whether this address is ours."""
    _account().check(request.args, now=resources().clock())
    return _plain(request.args.get("echostr", ""))


@blueprint.post("/wechat")
@admits(Who.WECHAT)
def post_message() -> Response:
    """Reply to one message or event."""
    began = time.monotonic()
    known = resources()
    account = _account()
    message = _received(account)
    answering = cast(Answering, current_app.extensions[_EXTENSION])
    receipt = answering.in_time(message, began=began)
    if receipt is None or not receipt.reply:
        return _plain(_SUCCESS)
    reply = text_reply(message.openid, message.account, receipt.reply, receipt.received_at)
    sealed = account.close(reply, now=known.clock())
    return Response(sealed, content_type="application/xml; charset=utf-8")


def _received(account: Account) -> Message:
    """The message of the request; raises `NotFromWeChat` and `MalformedXml`."""
    try:
        fields = account.open(request.get_data(), request.args, now=resources().clock())
        return message_of(fields)
    except (NotFromWeChat, MalformedXml) as refused:
        _log.warning("callback_refused", error=type(refused).__name__, reason=str(refused))
        raise


def _account() -> Account:
    account = account_of(resources().settings)
    if account is None:
        raise NotFromWeChat("no account")
    return account


def _plain(text: str) -> Response:
    response = Response(text, content_type="text/plain; charset=utf-8")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
