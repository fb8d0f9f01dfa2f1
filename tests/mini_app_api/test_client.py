"""GET /client: what an app on the phone has to know before it begins."""

from dataclasses import replace
from typing import TYPE_CHECKING

from flask.testing import FlaskClient

from server.app import create_app

if TYPE_CHECKING:
    from server.web.resources import Resources


def test_only_templates_with_an_id_can_be_subscribed_to(resources: "Resources") -> None:
    ids = {"paid": "id-of-paid", "reviewed": "id-of-reviewed"}
    settings = resources.settings.model_copy(update={"wechat_template_ids": ids})
    client = create_app(settings, replace(resources, settings=settings)).test_client()
    assert client.get("/api/v1/client").get_json()["templates"] == [
        {"kind": "reviewed", "label": "审核结果", "id": "id-of-reviewed"},
        {"kind": "paid", "label": "发放到账", "id": "id-of-paid"},
    ]


def test_the_numbers_are_those_that_the_documents_and_helplines_give(client: FlaskClient) -> None:
    found = client.get("/api/v1/client").get_json()
    assert found["templates"] == []
    assert {"12333", "88712565"} <= set(found["phones"])
    assert all(number.replace("-", "").isdigit() for number in found["phones"])
