"""A worker's writes: signed in, with an `Idempotency-Key`, once and whole."""

import re
from collections.abc import Callable
from typing import Any

from flask import Response, request
from pydantic import BaseModel
from sqlmodel import Session

from mini_app_api.access import own_safe, signed_in
from server.web import idempotency
from server.web.idempotency import Intent, KeyMissing, Reply
from server.web.resources import resources

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY_PATTERN = "^[A-Za-z0-9_-]{8,64}$"

SIGNED_IN: list[str | dict[str, list[Any]]] = [{"bearer": []}]

_KEY = re.compile(KEY_PATTERN)


def once(
    act: Callable[[Session, int], BaseModel | None],
    *,
    status: int = 200,
    content: bytes | None = None,
) -> Response:
    """Do what a worker asks for, once, and reply with the view; None: with nothing, 204.

    `act` gets a session of a write transaction and the worker's id; it may run in another thread
    and must not wait for anything. `content` stands for a body that isn't JSON. Raises
    `SignInNeeded`, `SessionOver`, `KeyMissing`, `KeyReused`, `StillInFlight`.
    """
    worker = signed_in()
    key = request.headers.get(HEADER, "")
    if not _KEY.fullmatch(key):
        raise KeyMissing
    known = resources()
    address = request.full_path.removesuffix("?")
    body = request.get_data() if content is None else content
    asked = b"\0".join((request.method.encode(), address.encode(), body))

    def run(session: Session) -> Reply:
        view = act(session, worker)
        return Reply(204, "") if view is None else Reply(status, view.model_dump_json())

    reply = idempotency.once(
        known.database,
        own_safe(worker),
        Intent(worker, key, asked),
        run,
        now=known.clock(),
    )
    response = Response(reply.body, reply.status, content_type="application/json")
    if reply.replayed:
        response.headers[REPLAYED] = "true"
    return response


def refused(why: Exception, *, status: int = 200) -> Response:
    """Raise what stands against a write, unless it was done before: then its reply is given again.

    A measure may have ended, or changed, since a phone that got no reply sent it first.
    """

    def act(_: Session, __: int) -> None:
        raise why

    return once(act, status=status)
