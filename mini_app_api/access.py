"""Who is calling."""

from flask import request

from server.problems import SessionOver
from server.resources import resources
from server.sessions import worker_of

_BEARER = "bearer "


def worker() -> int | None:
    """Who signed in, None for a call without a token; raises `SessionOver`."""
    header = request.headers.get("Authorization", "")
    if header[: len(_BEARER)].lower() != _BEARER:
        return None
    known = resources()
    found = worker_of(known.database, header[len(_BEARER) :].strip(), now=known.clock())
    if found is None:
        raise SessionOver
    return found
