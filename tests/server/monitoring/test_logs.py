"""A log line tells the kind and the place of an error, never what somebody typed."""

import json
from collections.abc import Iterator

import pytest
import structlog
from werkzeug.exceptions import NotFound

from server.casework.cases import CaseUnknown
from server.database.db import DatabaseBusy
from server.monitoring import logs
from server.web.problems import log_failure

SECRET = "440203199001011234"


@pytest.fixture
def configured() -> Iterator[None]:
    logs.configure()
    yield
    structlog.reset_defaults()


def _fail(typed: str) -> None:
    row = {"identity_number": typed}
    try:
        raise KeyError(typed)
    except KeyError as error:
        raise ValueError(f"{row} is wrong") from error


def _logged(capsys: pytest.CaptureFixture[str]) -> str:
    try:
        _fail(SECRET)
    except ValueError as error:
        structlog.get_logger().error("request_failed", code="internal_error", exc_info=error)
    said = capsys.readouterr()
    return said.out + said.err


def test_an_error_is_told_by_kind_and_place(
    configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    line = json.loads(_logged(capsys))
    assert (line["event"], line["code"], line["level"]) == (
        "request_failed", "internal_error", "error",
    )  # fmt: skip
    kinds = [told for told in line["error"] if not told.startswith(" ")]
    assert kinds == ["ValueError", "KeyError"]
    assert any("_fail" in told for told in line["error"])
    assert SECRET not in json.dumps(line)


def test_as_structlog_comes_it_tells_everything(capsys: pytest.CaptureFixture[str]) -> None:
    """The control: what this module is for."""
    structlog.reset_defaults()
    assert SECRET in _logged(capsys)


def test_a_thing_that_is_no_plain_value_is_told_by_its_kind(
    configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    class Person:
        def __repr__(self) -> str:
            return SECRET

    structlog.get_logger().info("saved", person=Person())
    line = capsys.readouterr().err
    assert json.loads(line)["person"] == "<Person>" and SECRET not in line


def test_of_failures_the_unforeseen_are_told_with_a_trace_and_those_of_others_not_at_all(
    configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for error in (LookupError(SECRET), DatabaseBusy(), CaseUnknown(SECRET), NotFound()):
        log_failure(error)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["code"], "error" in line) for line in lines] == [
        ("request_failed", "internal_error", True),
        ("request_failed", "busy", False),
    ]
