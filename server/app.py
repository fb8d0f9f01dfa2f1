"""The roof: composes the faces into one web application."""

from collections.abc import Callable
from functools import partial
from typing import Any

from apiflask import APIFlask, HTTPError
from flask import Response, jsonify, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import IntegerConverter, Map, PathConverter, Rule, UnicodeConverter

from mini_app_api import (
    applications,
    attended,
    catalogue,
    chat,
    client,
    consents,
    drafts,
    joint_reports,
    letters,
    materials,
    me,
    messages,
    offers,
    operations,
    opt_outs,
    pairings,
    register,
    requests,
    script,
    self_check,
    signing_in,
    vouchers,
)
from mini_app_api.access import signed_in
from mini_app_api.bodies import StrictJson, StrictRequest, refuse_repeated_names
from mini_app_api.describing import describe
from server import console, h5
from server.casework.uploading import TooManyUploads
from server.console import entering, rendering
from server.counter import till
from server.database.tables import MOST_NUMBER
from server.monitoring import logs
from server.monitoring.watching import watch
from server.settings import Settings, load_settings
from server.web.admitting import Who, admits, keep_out
from server.web.compressing import compress
from server.web.problems import MEDIA_TYPE, body_of, log_failure
from server.web.problems.requests import FieldsRefused, TooMany
from server.web.resources import Resources, attach, make_resources, resources

LONGEST_BODY = 64 * 1024
"""Bytes of a request's body that are read at all."""


_RESOURCES = (
    chat,
    catalogue,
    self_check,
    attended,
    client,
    signing_in,
    me,
    consents,
    opt_outs,
    drafts,
    applications,
    materials,
    messages,
    letters,
    requests,
    joint_reports,
    script,
    offers,
    pairings,
    register,
    vouchers,
    operations,
)


class _Rule(Rule):
    """A route whose addresses are made up from a function compiled when the first one is wanted.

    There are five hundred of them, and to compile each takes as long as a question.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled: list[Callable[..., tuple[str, str]]] = []

        def build(*values: Any, **named: Any) -> tuple[str, str]:
            if not compiled:
                compiled.append(super(_Rule, self)._compile_builder(append_unknown))
            return compiled[0](*values, **named)

        return build


class _Number(IntegerConverter):
    """A number in an address, as large as there are any: of a larger one there is nothing."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=MOST_NUMBER)


class _Name(UnicodeConverter):
    """A name in an address: none has a NUL in it, which PostgreSQL does not take."""

    def __init__(self, map: Map) -> None:
        super().__init__(map)
        self.regex = r"[^/\x00]+"


class _Path(PathConverter):
    """Several of them, one behind the other."""

    regex = r"[^/\x00][^\x00]*?"


class _App(APIFlask):
    request_class = StrictRequest
    json_provider_class = StrictJson
    url_rule_class = _Rule

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: none of ours is a coroutine, and asking takes longer than some."""
        return func


def create_app(settings: Settings | None = None, made: Resources | None = None) -> APIFlask:
    """The web application, with its database prepared and its knowledge loaded.

    Settings come from the environment where none are given; tests hand in resources they made.
    """
    logs.configure()
    app = _App(
        "server",
        title="暖岗",
        version="1",
        docs_path=None,
        json_errors=False,
        static_folder=None,  # type: ignore[arg-type]
    )
    app.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = LONGEST_BODY
    known = made or make_resources(settings or load_settings())
    app.url_map.converters |= {"default": _Name, "path": _Path, "int": _Number}
    attach(app, known)
    watch(app)
    for module in _RESOURCES:
        app.register_blueprint(module.blueprint)
    app.register_blueprint(h5.blueprint)
    app.register_blueprint(console.blueprint)
    app.register_blueprint(till.blueprint)
    if known.settings.wechat_token is not None:
        from server import wechat

        app.register_blueprint(wechat.blueprint)
    for name in ("openapi.spec", "desk.static"):
        # Views that are not ours say it here.
        app.view_functions[name] = admits(Who.EVERYBODY)(partial(app.view_functions[name]))
    app.before_request(refuse_repeated_names)
    # What the platform sends is known by its signature, which the view reads with the message.
    keep_out(
        app,
        {
            Who.EVERYBODY: _ok,
            Who.WECHAT: _ok,
            Who.WORKER: signed_in,
            Who.OFFICER: entering.let_in,
            Who.STARTING_OFFICER: entering.let_in_starting,
            Who.MERCHANT: till.let_in,
        },
    )
    app.before_request(_wake)
    app.after_request(_guard)
    app.after_request(lambda response: compress(request, response))
    for error in (HTTPError, HTTPException, Exception):
        app.register_error_handler(error, _tell)
    describe(app)
    return app


def _wake() -> None:
    """Let the audit be linked beside the requests of this process."""
    resources().linking.wake()


def _ok() -> None:
    """Let somebody in."""


def _guard(response: Response) -> Response:
    """Let nobody guess what a reply is, and no cache keep what may be somebody's own."""
    headers = response.headers
    if "X-Content-Type-Options" not in headers:
        headers.add("X-Content-Type-Options", "nosniff")
    if request.path.startswith("/api/") and "Cache-Control" not in headers:
        headers.add("Cache-Control", "no-store")
    return response


def _tell(error: Exception) -> Response:
    """Turn any error into a problem document, at the desk into a page."""
    known = _cause(error)
    if request.path.startswith("/staff/"):
        return rendering.fail(known)
    if request.path.startswith("/counter/"):
        return till.fail(known)
    if isinstance(known, NotFound) and not request.path.startswith("/api/") and _is_browser():
        return h5.no_page()
    body = body_of(known)
    log_failure(known)
    response = jsonify(body)
    response.status_code = body["status"]
    response.mimetype = MEDIA_TYPE
    if isinstance(known, HTTPException):
        for name, value in known.get_headers():
            if name not in ("Content-Type", "Content-Length"):
                response.headers.add(name, value)
    if body["status"] == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(known, TooMany | TooManyUploads):
        response.headers["Retry-After"] = str(known.retry_after)
    if body["status"] == 503:
        response.headers["Retry-After"] = "2"
    return response


def _is_browser() -> bool:
    """Whether somebody sees the reply: programs don't ask for a page by name."""
    return "text/html" in request.accept_mimetypes.values()


def _cause(error: Exception) -> Exception:
    """What really happened: APIFlask wraps what Pydantic found."""
    if isinstance(error, HTTPError) and isinstance(error.__cause__, ValidationError):
        found: Any = error.__cause__.errors(include_url=False, include_context=False)
        return FieldsRefused((".".join(map(str, e["loc"])) or "*", e["type"]) for e in found)
    return error
