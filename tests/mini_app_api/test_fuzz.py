"""Whatever is sent to the API: it is answered or refused, and never fails."""

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import hypothesis
import pytest
import schemathesis
from flask import Flask, jsonify, request

from server.app import create_app
from server.settings import Settings
from server.web.rate_limits import Limit, make_limits
from server.web.resources import Resources
from tests import casework
from tests.casework import introduced
from tests.conftest import HandClock
from tests.verifying import size

PLENTY = "1000000/second"
WHOLE = 50_000


@pytest.fixture
def open_resources(resources: Resources, clock: HandClock, now: datetime) -> Resources:
    """Resources under which nothing is sent too often."""
    rates = {f"rate_{limit}": PLENTY for limit in Limit}
    settings = Settings.model_validate(resources.settings.model_dump() | rates)
    library = resources.serving.current().library
    casework.publish(resources.database, library, now=now)
    limits = make_limits(settings, resources.database, resources.safe, clock)
    return replace(resources, settings=settings, limits=limits)


def _sent(app: Flask, headers: Callable[[], dict[str, str]], each: int) -> Counter[int]:
    """How often which status came back to generated requests, `each` for every operation.

    `headers` are made anew for each: an operation may end the session, or the worker.
    """
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    statuses: Counter[int] = Counter()
    for found in schema.get_all_operations():
        _send(found.ok(), headers(), each, statuses)
    return statuses


def _send(operation: Any, own: dict[str, str], each: int, statuses: Counter[int]) -> None:
    @hypothesis.settings(
        max_examples=each,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy())
    def send(case: Any) -> None:
        response = case.call(headers={**(case.headers or {}), **own})
        statuses[response.status_code] += 1
        assert response.status_code < 500 or response.status_code == 503, (
            case.method, case.path, case.query, case.body, response.text[:300],
        )  # fmt: skip

    send()


@pytest.mark.parametrize("database_url", ["sqlite_url"], indirect=True)
@pytest.mark.fault
def test_whatever_is_sent_is_answered(open_resources: Resources, now: datetime, tell: Any) -> None:
    app = create_app(open_resources.settings, open_resources)
    numbers = itertools.count(1)

    def of_somebody() -> dict[str, str]:
        number = next(numbers)
        phone = introduced(app.test_client(), open_resources, now, f"worker-{number}", number)
        return {"Authorization": f"Bearer {phone.token}"}

    operations = sum(1 for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/"))
    # A tenth more: of an operation that takes little there are fewer requests than are asked for.
    each = size(3, -(-WHOLE * 11 // (operations * 10)))
    statuses = _sent(app, of_somebody, each)
    told = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
    tell("generated requests", f"{sum(statuses.values())} ({told})", f">= {size(100, WHOLE)}")
    tell("of them failed (500)", statuses[500], 0)
    assert sum(statuses.values()) >= size(100, WHOLE)
    # Requests that all stop at the door would prove nothing.
    assert sum(count for status, count in statuses.items() if status < 300) > 20


@pytest.mark.fault
def test_a_route_that_fails_is_found(control: Any) -> None:
    """The control: one number in a hundred breaks it."""
    app = Flask("broken")
    parameter = {"name": "n", "in": "query", "required": True,
                 "schema": {"type": "integer", "minimum": 0, "maximum": 99}}  # fmt: skip
    answers = {"200": {"description": ""}}

    @app.get("/openapi.json")
    def described() -> Any:
        get = {"parameters": [parameter], "responses": answers}
        info = {"title": "x", "version": "1"}
        return jsonify({"openapi": "3.1.0", "info": info, "paths": {"/x": {"get": get}}})

    @app.get("/x")
    def broken() -> str:
        return str(1 // int(request.args.get("n") or 1))

    with pytest.raises((AssertionError, ZeroDivisionError)):
        _sent(app, dict, 300)
    control("a division by zero behind one number in a hundred", "found", "found")
