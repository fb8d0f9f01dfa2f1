"""POST /api/v1/session: who gets a token."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from server.app import create_app
from server.resources import Resources
from server.sessions import worker_of
from server.settings import Environment, Settings


def test_a_developer_signs_in_and_the_token_is_kept_as_a_hash_only(
    client: FlaskClient, resources: Resources, now: datetime
) -> None:
    signed_in = client.post("/api/v1/session", json={"code": "dev:wang"}).get_json()
    token = signed_in["token"]
    assert len(token) >= 43
    assert datetime.fromisoformat(signed_in["expires_at"]) > now + timedelta(days=1)
    assert worker_of(resources.database, token, now=now) is not None
    stored = resources.database.fetch("SELECT token_hash FROM worker_session")
    assert stored is not None and token not in stored[0]


def test_one_name_is_one_worker_with_a_new_token_each_time(
    client: FlaskClient, resources: Resources, now: datetime
) -> None:
    tokens = [
        client.post("/api/v1/session", json={"code": f"dev:{name}"}).get_json()["token"]
        for name in ("wang", "wang", "li")
    ]
    first, again, other = (worker_of(resources.database, t, now=now) for t in tokens)
    assert first == again != other
    assert len(set(tokens)) == 3


@pytest.mark.parametrize(
    "code",
    ["wang", "dev:", "dev: wang", "DEV:wang", "dev:" + "x" * 65, "dev:a\nb", "021abc", "x\x00"],
)
def test_any_other_code_is_refused(client: FlaskClient, code: str) -> None:
    reply = client.post("/api/v1/session", json={"code": code})
    assert (reply.status_code, reply.get_json()["code"]) == (401, "sign_in_refused")


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("10.0.0.7", {}),
        ("::2", {}),
        ("", {}),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}),
        ("127.0.0.1", {"Forwarded": "for=10.0.0.7"}),
    ],
)
def test_another_machine_is_refused(
    client: FlaskClient, address: str, headers: dict[str, str]
) -> None:
    reply = client.post(
        "/api/v1/session",
        json={"code": "dev:wang"},
        headers=headers,
        environ_overrides={"REMOTE_ADDR": address},
    )
    assert reply.status_code == 401


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_known_by_each_of_its_names(client: FlaskClient, address: str) -> None:
    reply = client.post(
        "/api/v1/session",
        json={"code": "dev:wang"},
        environ_overrides={"REMOTE_ADDR": address},
    )
    assert reply.status_code == 200


def test_production_knows_no_developers(resources: Resources, tmp_path: Path) -> None:
    settings = Settings(env=Environment.PRODUCTION, data_dir=tmp_path)
    made = Resources(
        settings, resources.database, resources.serving, resources.conversations, resources.clock
    )
    client = create_app(settings, made).test_client()
    assert client.post("/api/v1/session", json={"code": "dev:wang"}).status_code == 401
