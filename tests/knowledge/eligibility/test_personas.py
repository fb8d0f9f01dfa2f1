"""Personas are read strictly, and counted by what is right about them."""

import json
from typing import Any

import pytest

from knowledge.eligibility.personas import Persona, evaluate, read_personas
from knowledge.library import Library
from knowledge.scoring import GoldRefused

RIGHT: dict[str, Any] = {
    "id": "p", "story": "交了9个月", "region": "石狮", "as_of": "2022-04-10",
    "facts": {"applicant_role": ["worker"], "unemployment_insurance_months": 9,
              "hukou_place": "other_province", "unemployment_registered": None},
    "expect": {"shishi-4a": "ineligible", "shishi-7": "eligible", "shishi-8a": "undetermined"},
    "missing": {"shishi-8a": ["cable_tv_status"]},
    "expect_open": {"shishi-4a": True},
    "note": "只差缴费月数",
}  # fmt: skip


def _read(library: Library, *personas: Any) -> list[Persona]:
    lines = [p if isinstance(p, str) else json.dumps(p) for p in personas]
    return list(read_personas("gold.jsonl", lines, library))


def test_a_persona_is_read_and_comes_out_right(library: Library) -> None:
    personas = _read(library, RIGHT, "", " \n")
    score = evaluate(personas, library)
    assert not score.misses
    assert score.total == {
        "all": 5, "outcome ineligible": 1, "outcome eligible": 1, "outcome undetermined": 1,
        "missing": 1, "open": 1,
    }  # fmt: skip
    assert score.right == score.total and score.share() == 1


@pytest.mark.parametrize(
    ("changes", "what", "wanted", "found", "group"),
    [
        ({"expect": {"shishi-4a": "eligible"}}, "outcome", "eligible", "ineligible",
         "outcome eligible"),
        ({"expect": {"shishi-8a": "ineligible"}}, "outcome", "ineligible", "undetermined",
         "outcome ineligible"),
        ({"missing": {"shishi-8a": ["cable_tv_status", "hukou_place"]}}, "missing",
         "cable_tv_status, hukou_place", "cable_tv_status", "missing"),
        ({"missing": {"shishi-8a": []}}, "missing", "nothing", "cable_tv_status", "missing"),
        ({"missing": {"shishi-4a": ["seeking_work"]}}, "missing", "seeking_work", "nothing",
         "missing"),
        ({"expect_open": {"shishi-4a": False}}, "open", "False", "True", "open"),
    ],
)  # fmt: skip
def test_what_comes_out_otherwise_is_a_miss(
    library: Library, changes: dict[str, Any], what: str, wanted: str, found: str, group: str
) -> None:
    score = evaluate(_read(library, {**RIGHT, **changes}), library)
    (miss,) = score.misses
    assert (miss.what, miss.wanted, miss.found) == (what, wanted, found)
    assert score.right[group] == score.total[group] - 1
    assert 0 < score.share() < 1


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": 5},
        {"as_of": "2022-13-01"},
        {"as_of": 20220410},
        {"region": "保定"},
        {"region": None},
        {"facts": []},
        {"facts": {"months_insured": 9}},
        {"facts": {"unemployment_insurance_months": -1}},
        {"facts": {"job_loss_date": "2022-04-11"}},
        {"expect": {}},
        {"expect": {"shishi-4a": "maybe"}},
        {"expect": {"shishi-4a": True}},
        {"expect": {"jinzhou-1": "ineligible"}},
        {"missing": {"shishi-8a": "cable_tv_status"}},
        {"missing": {"shishi-8a": ["cable"]}},
        {"missing": {"jinzhou-1": []}},
        {"expect_open": {"shishi-4a": "true"}},
        {"expect_open": {"shishi-4a": 1}},
        {"expect_open": {"jinzhou-1": True}},
        {"turns": ["问"]},
    ],
    ids=str,
)
def test_a_line_that_is_no_persona_is_named(library: Library, changes: dict[str, Any]) -> None:
    with pytest.raises(GoldRefused, match=r"^gold\.jsonl:2: "):
        _read(library, RIGHT, {**RIGHT, **changes})


@pytest.mark.parametrize("line", ["nonsense", "[]", "{}", '"expect"', "5", "[" * 10_000])
def test_a_line_that_is_no_json_object_is_named(library: Library, line: str) -> None:
    with pytest.raises(GoldRefused, match=r"^gold\.jsonl:2: "):
        _read(library, RIGHT, line)


@pytest.mark.parametrize("key", ["id", "story", "region", "as_of", "facts", "expect"])
def test_nothing_may_be_left_out(library: Library, key: str) -> None:
    with pytest.raises(GoldRefused, match=key):
        _read(library, {k: value for k, value in RIGHT.items() if k != key})
