"""Every request is counted, with how long it took; one that fails or is slow is logged.

Which request a line tells of is its id: what the proxy gave it, or one made here. The path stays
out of log and label: it may hold what somebody typed. The route stands for it.
"""

from functools import lru_cache
from time import perf_counter

import structlog
from flask import Flask, Response, request
from flask.globals import request_ctx
from prometheus_client import Counter, Histogram

from server.monitoring.logs import request_id
from server.monitoring.metrics import LATENCY, REQUESTS

HEADER = "X-Request-Id"
_BEGAN = "nuangang.began"
_SLOW_SECONDS = 1.0
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})

_log = structlog.get_logger()


def watch(app: Flask) -> None:
    """Watch all requests of an app; call it before other hooks are added, so that it sees them."""
    app.before_request(_begin)
    app.after_request(_end)


@lru_cache(maxsize=4096)
def _counters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """The two that a request adds to: to look them up takes longer than to add."""
    return REQUESTS.labels(method, route, status), LATENCY.labels(route)


def _begin() -> None:
    request.environ[_BEGAN] = perf_counter()


def _end(response: Response) -> Response:
    asked = request_ctx.request
    seconds = perf_counter() - asked.environ.get(_BEGAN, perf_counter())
    rule = asked.url_rule
    route = "-" if rule is None else rule.rule
    status = response.status_code
    # Whoever asks may make up a method: a label for each would fill the memory.
    method = asked.method if asked.method in _METHODS else "-"
    requests, latency = _counters(method, route, status)
    requests.inc()
    latency.observe(seconds)
    if status >= 400:
        response.headers[HEADER] = request_id()
    if status >= 500 or seconds > _SLOW_SECONDS:
        _log.warning(
            "request_watched",
            method=method,
            route=route,
            status=status,
            milliseconds=round(seconds * 1000),
        )
    return response
