"""The roof: composes the faces into one web application."""

from typing import Any

import structlog
from apiflask import APIFlask, HTTPError
from flask import Response, jsonify
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from mini_app_api import catalogue, chat, operations, self_check, signing_in
from mini_app_api.bodies import StrictJson, StrictRequest
from mini_app_api.describing import describe
from server import h5, wechat
from server.journal import keep_journal
from server.problems import MEDIA_TYPE, FieldsRefused, TooMany, body_of
from server.resources import Resources, attach, make_resources
from server.settings import Settings, load_settings

LONGEST_BODY = 64 * 1024
"""Bytes of a request's body that are read at all."""

_log = structlog.get_logger()


class _App(APIFlask):
    request_class = StrictRequest
    json_provider_class = StrictJson


def create_app(settings: Settings | None = None, made: Resources | None = None) -> APIFlask:
    """The web application, with its database prepared and its knowledge loaded.

    Settings come from the environment where none are given; tests hand in resources they made.
    """
    keep_journal()
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
    attach(app, known)
    for module in (chat, catalogue, self_check, signing_in, operations):
        app.register_blueprint(module.blueprint)
    app.register_blueprint(h5.blueprint)
    if known.settings.wechat_token is not None:
        app.register_blueprint(wechat.blueprint)
    for error in (HTTPError, HTTPException, Exception):
        app.register_error_handler(error, _tell)
    describe(app)
    return app


def _tell(error: Exception) -> Response:
    """Turn any error into a problem document."""
    known = _cause(error)
    body = body_of(known)
    if body["status"] >= 500 and not isinstance(known, HTTPException):
        _log.error("request_failed", code=body["code"], exc_info=known)
    response = jsonify(body)
    response.status_code = body["status"]
    response.mimetype = MEDIA_TYPE
    if isinstance(known, HTTPException):
        for name, value in known.get_headers():
            if name not in ("Content-Type", "Content-Length"):
                response.headers.add(name, value)
    if body["status"] == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(known, TooMany):
        response.headers["Retry-After"] = str(known.retry_after)
    if body["status"] == 503:
        response.headers["Retry-After"] = "2"
    return response


def _cause(error: Exception) -> Exception:
    """What really happened: APIFlask wraps what Pydantic found."""
    if isinstance(error, HTTPError) and isinstance(error.__cause__, ValidationError):
        found: Any = error.__cause__.errors(include_url=False, include_context=False)
        return FieldsRefused((".".join(map(str, e["loc"])) or "*", e["type"]) for e in found)
    return error
