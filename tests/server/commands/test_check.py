"""`nuangang check --jsonl`: self-checks in a batch."""

import json
from collections.abc import Iterable
from io import StringIO
from typing import Any

import pytest

from server.chat.serving import Served
from server.commands.eligibility import check_lines
from server.web import resources

DAY = "2022-04-10"


class Checked:
    """What the command printed for some lines, its complaints and its exit code."""

    def __init__(self, lines: Iterable[str], capsys: pytest.CaptureFixture[str]) -> None:
        out = StringIO()
        self.code = check_lines(lines, out)
        self.rows: list[dict[str, Any]] = [json.loads(line) for line in out.getvalue().splitlines()]
        self.complaints = capsys.readouterr().err.splitlines()


@pytest.fixture(autouse=True)
def _served(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "load_served", lambda: served)


def line(id: str | int = "p1", **changes: Any) -> str:
    return json.dumps({"id": id, "region": "石狮", "as_of": DAY, "facts": {}, **changes})


def test_each_line_gets_its_results_in_the_published_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    facts = {"applicant_role": ["worker"], "unemployment_insurance_months": 9}
    ran = Checked([line(facts=facts), "\n", line(7, region="石狮市")], capsys)
    assert (ran.code, ran.complaints) == (0, [])
    assert [row["id"] for row in ran.rows] == ["p1", 7]
    results = {each["measure"]: each for each in ran.rows[0]["results"]}
    found = results["shishi-4a"]
    assert (found["outcome"], found["open"], found["missing"]) == ("ineligible", True, [])
    verdicts = {c["fact"]: c["verdict"] for c in found["conditions"]}
    assert verdicts["unemployment_insurance_months"] == "failed"
    assert verdicts["seeking_work"] == "unknown"
    assert all(c["quote"] for c in found["conditions"])
    assert ran.rows[1]["next"] == "applicant_role"
    assert ran.rows[1]["region"] == "石狮"


def test_the_missing_facts_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    facts = {
        "applicant_role": ["worker"], "unemployment_insured": True, "job_loss_involuntary": True,
        "unemployment_registered": True, "seeking_work": None, "unemployment_insurance_months": 12,
    }  # fmt: skip
    row = Checked([line(facts=facts)], capsys).rows[0]
    found = next(each for each in row["results"] if each["measure"] == "shishi-4a")
    assert (found["outcome"], found["missing"]) == ("undetermined", ["seeking_work"])


def test_a_bad_line_is_named_and_stops_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    bad = [
        "nonsense", "[]", "5", "[" * 100_000, '{"id":"a"}', line(region="保定"),
        line(facts={"nonsense": 1}), line(facts={"unemployment_insurance_months": -1}),
        line(facts={"job_loss_date": "2031-01-01"}), line(facts=[]), line(as_of="yesterday"),
        line(as_of=1649548800), line(as_of="2022-04-10T00:00:00"), line(as_of=None),
        line(True), line(already=["shishi-99"]), '{"id":"a","region":"石狮","as_of":"2022-04-10"}',
        '{"id":"a","region":"石狮","as_of":"2022-04-10","facts":{"seeking_work":NaN}}',
    ]  # fmt: skip
    ran = Checked([*bad, line("good")], capsys)
    assert ran.code == 1
    assert [row["id"] for row in ran.rows] == ["good"]
    for number in range(1, len(bad) + 1):
        assert any(told.startswith(f"line {number}:") for told in ran.complaints), bad[number - 1]
    assert not any(told.startswith(f"line {len(bad) + 1}:") for told in ran.complaints)


def test_a_fact_that_is_refused_is_named_with_the_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ran = Checked([line(facts={"job_loss_date": "2031-01-01"})], capsys)
    assert "job_loss_date" in ran.complaints[0] and "after_as_of" in ran.complaints[0]


def test_a_damaged_character_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    ran = Checked([line("\ud800"), line("good")], capsys)
    assert [row["id"] for row in ran.rows] == ["\ud800", "good"]


def test_what_is_wrong_with_a_line_is_said_in_plain_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ran = Checked(
        ["nonsense", "[]", '{"id": 1}', line(facts=[]), line(region="北京"), "[" * 100_000], capsys
    )
    assert ran.complaints[:4] == [
        "line 1: no JSON: Expecting value at character 1",
        "line 2: has to be an object: {…}",
        "line 3: region is missing; as_of is missing; facts is missing",
        "line 4: facts: has to be a valid dictionary",
    ]
    assert "unknown region '北京'; covered: " in ran.complaints[4] and "石狮" in ran.complaints[4]
    assert ran.complaints[5] == "line 6: nested too deeply"
    assert not any("pydantic" in told for told in ran.complaints)
