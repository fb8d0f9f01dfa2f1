"""GET /facts and POST /self-check: strict in what they take, complete in what they say."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from knowledge.eligibility.facts import FactType
from knowledge.eligibility.verdicts import Outcome
from knowledge.library import Library
from knowledge.measures import Audience
from server.web.resources import Resources
from tests.conftest import HandClock
from tests.mini_app_api.test_problems import told

DAY = "2022-04-10"
UNEMPLOYED = {
    "applicant_role": ["worker"], "unemployment_insured": True, "job_loss_involuntary": True,
    "unemployment_registered": True, "seeking_work": True,
}  # fmt: skip


def check(client: FlaskClient, **body: Any) -> TestResponse:
    return client.post("/api/v1/self-check", json={"region": "石狮", "facts": {}, **body})


def checked(client: FlaskClient, **body: Any) -> dict[str, Any]:
    reply = check(client, **body)
    assert reply.status_code == 200, reply.text
    said: dict[str, Any] = reply.get_json()
    return said


def result(client: FlaskClient, measure: str, **body: Any) -> dict[str, Any]:
    listed = {each["measure"]: each for each in checked(client, as_of=DAY, **body)["results"]}
    found: dict[str, Any] = listed[measure]
    return found


# -- what can be asked --------------------------------------------------------------------------


def test_the_facts_are_listed_with_how_to_ask_for_them(
    client: FlaskClient, library: Library
) -> None:
    facts = client.get("/api/v1/facts").get_json()["facts"]
    assert [fact["key"] for fact in facts] == list(library.facts)
    by_key = {fact["key"]: fact for fact in facts}
    months = by_key["unemployment_insurance_months"]
    assert (months["type"], months["unit"], months["least"]) == ("integer", "months", 0)
    assert by_key["hukou_place"]["options"][3] == {"value": "other_province", "label": "外省"}
    for fact in facts:
        assert fact["question"].endswith(("？", "）", "。")) and fact["label"]
        chosen = fact["type"] in (FactType.CHOICE, FactType.MULTI_CHOICE)
        assert bool(fact["options"]) is chosen


def test_facts_are_called_as_workers_say_it(client: FlaskClient, library: Library) -> None:
    facts = client.get("/api/v1/facts").get_json()["facts"]
    called = {fact["key"]: fact["label"] for fact in facts}
    assert called["job_loss_involuntary"] == "单位的原因没了工作"
    assert called["unemployment_insured"] == library.facts["unemployment_insured"].label


def test_what_nobody_can_change_is_no_demand(client: FlaskClient) -> None:
    here = {"applicant_role": ["worker"], "hukou_place": "local", "cannot_find_work": True}
    found = result(client, "shishi-3a", facts={**here, "living_hardship": True})
    (change,) = (each for each in found["changes"] if each["fact"] == "hukou_place")
    assert change["lasting"] and change["say"] == "文件要求：户口不在石狮"


def test_the_facts_of_a_region_are_those_its_measures_rest_on(client: FlaskClient) -> None:
    def keys(region: str) -> set[str]:
        listed = client.get("/api/v1/facts", query_string={"region": region}).get_json()
        return {fact["key"] for fact in listed["facts"]}

    assert "honour_card" in keys("衡水") and "honour_card" not in keys("石狮")
    assert keys("石家庄") <= keys("石家庄鹿泉区")
    assert keys("河北") == set()


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("region=保定", 422, "unknown_region"), ("region=", 422, "unknown_region"),
        ("foo=1", 422, "invalid_fields"), ("region=石狮&region=锦州", 400, "repeated_name"),
    ],
)  # fmt: skip
def test_queries_that_do_not_fit(client: FlaskClient, query: str, status: int, code: str) -> None:
    told(client.get(f"/api/v1/facts?{query}"), status, code)


# -- what follows -------------------------------------------------------------------------------


def test_every_measure_of_the_region_but_those_for_governments_is_checked(
    client: FlaskClient, library: Library
) -> None:
    for region in ("石狮", "石家庄鹿泉区"):
        said = checked(client, region=region, as_of="2021-02-01")
        within = library.regions.within(region)
        wanted = {
            m.id
            for m in library.measures.values()
            if m.region in within and m.audience is not Audience.GOVERNMENT
        }
        assert {each["measure"] for each in said["results"]} == wanted
        assert said["region"] == region


@pytest.mark.parametrize(
    ("months", "outcome", "missing"),
    [
        (12, Outcome.ELIGIBLE, []),
        (11, Outcome.INELIGIBLE, []),
        (None, Outcome.UNDETERMINED, ["unemployment_insurance_months"]),
        ({"at_least": 6, "at_most": 24}, Outcome.UNDETERMINED, ["unemployment_insurance_months"]),
        ({"at_most": 11}, Outcome.INELIGIBLE, []),
    ],
)
def test_the_outcome_follows_from_the_facts(
    client: FlaskClient, months: object, outcome: Outcome, missing: list[str]
) -> None:
    facts = {**UNEMPLOYED, "unemployment_insurance_months": months}
    found = result(client, "shishi-4a", facts=facts)
    assert (found["outcome"], found["missing"], found["open"]) == (outcome, missing, True)


def test_each_reason_names_its_words_and_where_they_stand(client: FlaskClient) -> None:
    found = result(client, "shishi-4a", facts={**UNEMPLOYED, "unemployment_insurance_months": 9})
    clause = client.get("/api/v1/measures/shishi-4a").get_json()["clause"]
    for condition in found["conditions"]:
        assert condition["quote"] in clause["text"]
        assert condition["locator"] == clause["locator"]
    failed = [c for c in found["conditions"] if c["verdict"] == "failed"]
    assert [c["fact"] for c in failed] == ["unemployment_insurance_months"]
    assert failed[0]["wanted"] == {"at_least": 12} and failed[0]["given"] == 9
    assert found["changes"][0]["say"] == "还差3个月失业保险缴费"


def test_the_day_is_today_in_china_where_none_is_given(
    client: FlaskClient, clock: HandClock
) -> None:
    clock.now = datetime(2022, 4, 10, 15, 59, tzinfo=UTC)
    assert checked(client)["as_of"] == "2022-04-10"
    clock.now = datetime(2022, 4, 10, 16, 0, tzinfo=UTC)
    assert checked(client)["as_of"] == checked(client, as_of=None)["as_of"] == "2022-04-11"


def test_the_last_day_is_still_open(client: FlaskClient) -> None:
    def is_open(day: str) -> bool:
        listed = checked(client, as_of=day)["results"]
        return next(bool(each["open"]) for each in listed if each["measure"] == "shishi-5c")

    assert is_open("2022-04-30") and not is_open("2022-05-01")


def test_what_somebody_has_already_is_not_asked_for(client: FlaskClient) -> None:
    assert result(client, "shishi-4a", already=["shishi-4a"])["already"]
    assert not result(client, "shishi-4a")["already"]
    every = [each["measure"] for each in checked(client, as_of=DAY)["results"]]
    assert checked(client, as_of=DAY, already=every)["next"] is None


def test_a_choice_of_none_says_no_to_each_option_and_null_says_nothing(client: FlaskClient) -> None:
    listed = client.get("/api/v1/facts").get_json()["facts"]
    may = {each["key"] for each in listed if each["may_be_none"]}
    assert "priority_groups" in may and "applicant_role" not in may
    nobody = checked(client, facts={"applicant_role": []})
    assert {each["outcome"] for each in nobody["results"]} == {"ineligible"}
    not_said = checked(client, facts={"applicant_role": None})
    assert "ineligible" not in {each["outcome"] for each in not_said["results"]}


def test_the_questions_lead_to_an_end(client: FlaskClient) -> None:
    facts: dict[str, Any] = {}
    while asked := checked(client, facts=facts, as_of=DAY)["next"]:
        assert asked not in facts
        facts[asked] = None
    said = checked(client, facts=facts, as_of=DAY)
    assert all(each["outcome"] != "eligible" or each["everyone"] for each in said["results"])


# -- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"nonsense": 1}, "unknown_fact"),
        ({"\ud800": 1}, "unknown_fact"),
        ({"as_of": "2022-04-10"}, "unknown_fact"),
        ({"unemployment_insured": "true"}, "wrong_type"),
        ({"unemployment_insured": 1}, "wrong_type"),
        ({"unemployment_insurance_months": 12.0}, "wrong_type"),
        ({"unemployment_insurance_months": "12"}, "wrong_type"),
        ({"unemployment_insurance_months": True}, "wrong_type"),
        ({"unemployment_insurance_months": {}}, "wrong_type"),
        ({"unemployment_insurance_months": {"at_least": 1, "x": 2}}, "wrong_type"),
        ({"unemployment_insurance_months": -1}, "out_of_range"),
        ({"unemployment_insurance_months": 10**30}, "out_of_range"),
        ({"unemployment_insurance_months": {"at_least": 5, "at_most": 3}}, "out_of_range"),
        ({"hukou_place": "河南"}, "unknown_option"),
        ({"hukou_place": ["local"]}, "wrong_type"),
        ({"priority_groups": "disabled"}, "wrong_type"),
        ({"priority_groups": ["disabled", "x"]}, "unknown_option"),
        ({"job_loss_date": "2022-4-1"}, "not_a_day"),
        ({"job_loss_date": "2022-02-30"}, "not_a_day"),
        ({"job_loss_date": "2022-04-11"}, "after_as_of"),
    ],
)
def test_a_fact_that_cannot_be_read_is_named_with_the_reason(
    client: FlaskClient, facts: dict[str, Any], reason: str
) -> None:
    import json

    body = json.dumps({"region": "石狮", "facts": facts, "as_of": DAY})
    reply = client.post("/api/v1/self-check", data=body, content_type="application/json")
    problem = told(reply, 422, "facts_refused")
    # What is no name of a fact is not repeated: it may be anything somebody typed.
    key = next(iter(facts)) if next(iter(facts)).isascii() else "*"
    assert [(e["field"], e["reason"]) for e in problem["errors"]] == [(key, reason)]
    assert problem["errors"][0]["detail"].endswith("。")


def test_every_fact_that_is_wrong_is_told_and_nothing_is_taken_partly(client: FlaskClient) -> None:
    facts = {"x": 1, "hukou_place": 2, "seeking_work": True}
    problem = told(check(client, facts=facts), 422, "facts_refused")
    assert [error["field"] for error in problem["errors"]] == ["x", "hukou_place"]
    many = told(check(client, facts={f"x{n}": 1 for n in range(3000)}), 422, "facts_refused")
    assert len(many["errors"]) == 100


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"facts": None}, "facts"), ({"facts": []}, "facts"), ({"region": None}, "region"),
        ({"as_of": "2022-04-10T00:00:00"}, "as_of"), ({"as_of": 1649548800}, "as_of"),
        ({"as_of": "1649548800"}, "as_of"), ({"as_of": "2022-02-30"}, "as_of"),
        ({"as_of": True}, "as_of"), ({"as_of": ""}, "as_of"), ({"as_of": "٢٠٢٢-٠٤-١٠"}, "as_of"),
        ({"already": "shishi-4a"}, "already"), ({"already": [1]}, "already.0"),
        ({"already": ["shishi-4a"] * 201}, "already"), ({"more": 1}, "more"),
    ],
)  # fmt: skip
def test_fields_that_do_not_fit(client: FlaskClient, body: dict[str, Any], field: str) -> None:
    problem = told(check(client, **body), 422, "invalid_fields")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_a_measure_that_nobody_can_have_is_refused(client: FlaskClient) -> None:
    problem = told(check(client, already=["shishi-99"]), 422, "facts_refused")
    assert problem["errors"][0]["field"] == "already"


@pytest.mark.parametrize("region", ["保定", "", "石狮\x00", "x" * 9000])
def test_an_unknown_region(client: FlaskClient, region: str) -> None:
    told(check(client, region=region), 422, "unknown_region")


@pytest.mark.parametrize("region", ["石狮", "石狮市"])
def test_a_region_by_any_of_its_names(client: FlaskClient, region: str) -> None:
    assert checked(client, region=region)["region"] == "石狮"


def test_broken_bodies(client: FlaskClient) -> None:
    def post(body: str, kind: str = "application/json") -> TestResponse:
        return client.post("/api/v1/self-check", data=body, content_type=kind)

    told(post('{"region":"石狮","facts":{"a":1,"a":2}}'), 400, "repeated_name")
    told(post('{"region":"石狮","facts":{"a":NaN}}'), 400, "malformed_json")
    told(post("{}", "text/plain"), 415, "not_json")
    told(post('{"region":"%s"}' % ("长" * 70_000)), 413, "too_large")
    told(client.get("/api/v1/self-check"), 405, "method_not_allowed")


def test_nothing_of_it_is_stored(client: FlaskClient, resources: Resources) -> None:
    def rows() -> list[int]:
        tables = ("turn", "conversation", "worker", "worker_session")
        found = [resources.database.fetch(f"SELECT count(*) FROM {name}") for name in tables]
        return [row[0] for row in found if row]

    before = rows()
    assert len(before) == 4
    checked(client, facts=UNEMPLOYED)
    assert resources.conversations.flush()
    assert rows() == before
    client.post("/api/v1/chat", json={"text": "你好"})
    assert resources.conversations.flush()
    assert rows() != before, "a chat is stored"
