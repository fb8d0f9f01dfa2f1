"""Every promise is kept by tests that exist, and every test under faults keeps a promise."""

import ast
from pathlib import Path

from tests.promises import CONTROL, FIGURE, PROMISES, Figure, Promise, read

TESTS = Path(__file__).parents[1]


def _tests() -> dict[str, bool]:
    """Every test of the project, and whether it is one under faults."""
    found: dict[str, bool] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                marks = [ast.unparse(decorator) for decorator in node.decorator_list]
                id = f"{path.relative_to(TESTS).as_posix()}::{node.name}"
                found[id] = "pytest.mark.fault" in marks
    return found


def _named() -> set[str]:
    return {id for promise in PROMISES for id in promise.tests + promise.controls}


def test_a_promise_names_tests_that_exist() -> None:
    assert _named() - _tests().keys() == set()
    assert all(promise.tests for promise in PROMISES)
    names = [promise.name for promise in PROMISES]
    assert len(names) == len(set(names))


def test_every_test_under_faults_keeps_a_promise() -> None:
    assert {id for id, under_faults in _tests().items() if under_faults} - _named() == set()


PROMISE = Promise("crash", "", ("a.py::test_it",), ("a.py::test_without",))
REPORT = """<testsuites><testsuite>
<testcase name="test_it[sqlite]"><properties>
<property name="{FIGURE}" value="cases lost&#9;0&#9;0"/></properties></testcase>
{more}</testsuite></testsuites>"""


def _outcome(more: str) -> str:
    report = REPORT.format(FIGURE=FIGURE, more=more)
    return read(PROMISE, report.encode(), 1.0).word


def test_a_promise_is_kept_only_where_its_control_failed_as_it_must() -> None:
    told = f'<properties><property name="{CONTROL}" value="lost&#9;3&#9;&gt; 0"/></properties>'
    assert _outcome('<testcase name="test_without"/>') == "pass"
    assert _outcome(f'<testcase name="test_other">{told}</testcase>') == "pass"
    assert _outcome("") == "FAIL (no control ran)"
    assert _outcome('<testcase name="test_without"><failure>x</failure></testcase>') == "FAIL"
    assert _outcome('<testcase name="test_without"><skipped>x</skipped></testcase>') == "FAIL"


def test_a_figure_says_on_which_database_and_whether_it_is_of_a_control() -> None:
    of_control = Figure.of(CONTROL, "cases lost\t3\t> 0", "test_without[sqlite]")
    assert str(of_control) == "control: cases lost [sqlite]: 3 (target: > 0)"
    assert str(Figure.of(FIGURE, "cases\t3\t3", "test_it")) == "cases: 3 (target: 3)"
