"""Log lines without anything personal: of an error they tell its kind and place, never its values.

An error's message and the variables around it hold what somebody typed; structlog's own rendering
prints both.
"""

import re
import secrets
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

_DEEPEST = 30
_GIVEN = "HTTP_X_REQUEST_ID"
_KEPT = "nuangang.request_id"
# As nginx makes it. Anything else that a client could put here stays out of the logs.
_ID = re.compile("[0-9a-f]{32}")


def configure() -> None:
    """Set up structlog for this process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _of_request,
            _without_values,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=_kind),
        ],
        # Not to standard output: a batch writes its rows there.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def request_id() -> str:
    """The id of the request under way: what the proxy gave it, else one made here; 32 hex digits.

    Made only when it is asked for: most requests are never told of.
    """
    # Flask takes a fifth of a second to load, and a command logs without it.
    from flask import request

    kept: str | None = request.environ.get(_KEPT)
    if kept is None:
        given = request.environ.get(_GIVEN, "")
        kept = given if _ID.fullmatch(given) else secrets.token_hex(16)
        request.environ[_KEPT] = kept
    return kept


def places(error: BaseException) -> list[str]:
    """The kinds of an error and of what caused it, each with the lines that led there."""
    told: list[str] = []
    current: BaseException | None = error
    while current is not None and len(told) < _DEEPEST:
        told.append(type(current).__qualname__)
        for frame in traceback.extract_tb(current.__traceback__)[-_DEEPEST:]:
            told.append(f"  {frame.filename}:{frame.lineno} {frame.name}")
        current = current.__cause__ or current.__context__
    return told


def _of_request(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    if "flask" in sys.modules:
        from flask import has_request_context

        if has_request_context():
            line["request"] = request_id()
    return line


def _without_values(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    error = line.pop("exc_info", None)
    if isinstance(error, BaseException):
        line["error"] = places(error)
    return line


def _kind(value: object) -> str:
    """What stands for a thing that is no plain value: a row or a request has no place in a log."""
    return f"<{type(value).__name__}>"
