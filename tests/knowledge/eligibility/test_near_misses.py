"""One fact away: counted only where all the rest is known to hold."""

from datetime import date
from typing import Any

import pytest

from knowledge.eligibility.facts import read_facts
from knowledge.eligibility.near_misses import Lacking, NearMiss, near_misses
from knowledge.eligibility.verdicts import check
from knowledge.library import Library

DAY = date(2022, 4, 10)
MONTHS, SEEKING = "unemployment_insurance_months", "seeking_work"
ALL_HOLDS: dict[str, Any] = {
    "applicant_role": ["worker"],
    "unemployment_insured": True,
    MONTHS: 14,
    "job_loss_involuntary": True,
    "unemployment_registered": True,
    SEEKING: True,
}


def missed(library: Library, facts: dict[str, Any]) -> set[NearMiss]:
    results = check(library.rules, "石狮", read_facts(facts, library.facts, DAY), DAY)
    return set(near_misses(results, library))


@pytest.mark.parametrize(
    ("facts", "near"),
    [
        ({**ALL_HOLDS, MONTHS: 7}, NearMiss("shishi-4a", MONTHS, Lacking.FAILED)),
        ({**ALL_HOLDS, SEEKING: None}, NearMiss("shishi-4a", SEEKING, Lacking.UNKNOWN)),
    ],
)
def test_who_lacks_one_thing_is_counted(
    library: Library, facts: dict[str, Any], near: NearMiss
) -> None:
    said = {name: value for name, value in facts.items() if value is not None}
    assert near in missed(library, said)


@pytest.mark.parametrize("kept", [(), ("applicant_role",), ("unemployment_insured",)])
def test_who_lacks_one_thing_and_did_not_say_the_rest_is_not(
    library: Library, kept: tuple[str, ...]
) -> None:
    said = {MONTHS: 7, **{name: ALL_HOLDS[name] for name in kept}}
    assert {each.measure for each in missed(library, said)} & {"shishi-4a"} == set()


@pytest.mark.parametrize("role", ["worker", "child", "employer", None])
def test_what_is_meant_for_others_is_not_one_short(library: Library, role: str | None) -> None:
    said = {**ALL_HOLDS, "applicant_role": [role]}
    if role is None:
        del said["applicant_role"]
    counted = missed(library, {**said, "child_birth_month": 3, "hiring_need": True})
    assert "applicant_role" not in {each.fact for each in counted}


def test_one_answer_of_somebody_unknown_counts_only_for_what_asks_nothing_else(
    library: Library,
) -> None:
    for fact in library.facts.values():
        if fact.type != "boolean":
            continue
        for said in (True, False):
            for near in missed(library, {fact.id: said}):
                asks = set(library.rules.criteria[near.measure].facts)
                assert asks <= {near.fact, fact.id, "work_region"}, near
