"""The OpenAPI description is valid, and the service does what it says."""

import re

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import given, settings
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.specs.openapi.checks import positive_data_acceptance

from knowledge.library import Library
from server.app import create_app
from server.web.resources import Resources

_BEYOND_A_SCHEMA = {"/api/v1/self-check": [positive_data_acceptance]}
"""Facts are named by the library, and a day may not lie after the day of the check."""


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """What is described is the same on both: the stricter one, which refuses more, is enough."""
    return postgres_url


def test_the_description_is_valid(client: FlaskClient) -> None:
    reply = client.get("/openapi.json")
    assert reply.mimetype == "application/json"
    description = reply.get_json()
    assert description["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(description).validate()


def test_the_description_names_every_call(client: FlaskClient) -> None:
    described = set(client.get("/openapi.json").get_json()["paths"])
    called = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in client.application.url_map.iter_rules()
        if rule.rule.startswith("/api/")
    }
    assert described == called | {"/healthz", "/readyz"}


def test_every_write_of_a_worker_takes_a_key(client: FlaskClient) -> None:
    paths = client.get("/openapi.json").get_json()["paths"]
    without = {
        operation["operationId"]
        for path in paths.values()
        for method, operation in path.items()
        if method in ("post", "put", "delete")
        if "Idempotency-Key" not in {each["name"] for each in operation.get("parameters", ())}
    }
    assert without == {
        "chat", "self_check", "sign_in", "renew_session", "sign_out", "sign_out_everywhere",
        "verify_phone", "send_piece", "read_conversation", "rate_turn", "convert_script",
            "count_letter_check", "look_up_joint_report",
    }  # fmt: skip


def test_every_measure_and_region_is_as_described(client: FlaskClient, library: Library) -> None:
    described = client.get("/openapi.json").get_json()["components"]

    def check(path: str, name: str) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": described}
        OAS31Validator(schema).validate(client.get(path).get_json())

    check("/api/v1/regions", "RegionsView")
    check("/api/v1/measures?limit=100", "MeasuresView")
    check("/api/v1/facts", "FactsView")
    for id in library.measures:
        check(f"/api/v1/measures/{id}", "MeasureView")


def test_every_result_of_a_self_check_is_as_described(
    client: FlaskClient, library: Library
) -> None:
    described = client.get("/openapi.json").get_json()["components"]
    schema = {"$ref": "#/components/schemas/SelfCheckView", "components": described}
    for region in library.regions:
        for facts in ({}, {"applicant_role": ["worker"], "job_loss_date": "2020-03-01"}):
            body = {"region": region.id, "facts": facts}
            reply = client.post("/api/v1/self-check", json=body)
            OAS31Validator(schema).validate(reply.get_json())


def test_no_call_breaks_the_description(resources: Resources) -> None:
    app = create_app(resources.settings, resources)
    described = schemathesis.openapi.from_wsgi("/openapi.json", app)
    seen: set[str] = set()
    for found in described.get_all_operations():
        operation = found.ok()

        @settings(max_examples=20, deadline=None, database=None)
        @given(case=operation.as_strategy())
        def check(case: schemathesis.Case) -> None:
            case.call_and_validate(
                excluded_checks=_BEYOND_A_SCHEMA.get(case.path),
                # The tool reads no compressed reply, though it asks for one.
                headers={"Accept-Encoding": "identity"},
            )

        check()
        seen.add(operation.path)
    assert seen == set(app.test_client().get("/openapi.json").get_json()["paths"])
