"""Who is calling."""

from flask import g, request

from server.confidential.sealing import Safe
from server.web.problems.requests import SessionOver, SignInNeeded
from server.web.resources import resources
from server.web.sessions import worker_of

_BEARER = "bearer "


def token() -> str:
    """The bearer token of the call, empty for a call without one."""
    header = request.headers.get("Authorization", "")
    is_bearer = header[: len(_BEARER)].lower() == _BEARER
    return header[len(_BEARER) :].strip() if is_bearer else ""


def worker() -> int | None:
    """Who signed in, None for a call without a token; raises `SessionOver`."""
    found: int | None = g.get("worker")
    if found is not None:
        return found
    given = token()
    if not given:
        return None
    known = resources()
    found = g.worker = worker_of(known.database, given, now=known.clock())
    if found is None:
        raise SessionOver
    return found


def signed_in() -> int:
    """Who signed in; raises `SignInNeeded` for a call without a token, and `SessionOver`."""
    found = worker()
    if found is None:
        raise SignInNeeded
    return found


def own_safe(worker_id: int) -> Safe:
    """What seals and opens the data of the worker who calls; raises `SubjectErased`."""
    found: Safe | None = g.get("own_safe")
    if found is None:
        found = g.own_safe = resources().subject_keys.safe_of(worker_id)
    return found
