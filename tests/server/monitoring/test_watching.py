"""Every request is counted under its route, and told of without what was typed."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY

from server.database.db import Database
from server.web.resources import Resources
from tests.postgres import Cluster

TYPED = "440203199001011234"
GIVEN = "0123456789abcdef" * 2


def _counted(method: str, route: str, status: int) -> float:
    labels = {"method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("nuangang_requests_total", labels) or 0


def test_a_request_is_counted_under_its_route_not_its_path(client: FlaskClient) -> None:
    before = _counted("GET", "/api/v1/measures/<id>", 404)
    client.get(f"/api/v1/measures/{TYPED}")
    assert _counted("GET", "/api/v1/measures/<id>", 404) == before + 1
    client.get(f"/{TYPED}")
    client.open("/", method="MADEUP")
    page = client.get("/metrics").text
    assert TYPED not in page and "MADEUP" not in page
    assert 'nuangang_request_seconds_count{route="/api/v1/measures/<id>"}' in page


def test_an_error_carries_the_id_that_the_proxy_gave(client: FlaskClient) -> None:
    replied = client.get("/nowhere", headers={"X-Request-Id": GIVEN})
    assert replied.headers["X-Request-Id"] == GIVEN
    made = client.get("/nowhere", headers={"X-Request-Id": TYPED}).headers["X-Request-Id"]
    assert made != TYPED and len(made) == 32


def test_a_request_that_fails_is_logged_with_its_id_and_route(
    client: FlaskClient,
    resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken(*_: object) -> None:
        raise LookupError(TYPED)

    monkeypatch.setattr(resources.serving, "current", broken)
    monkeypatch.setitem(client.application.config, "PROPAGATE_EXCEPTIONS", False)
    headers = {"X-Request-Id": GIVEN}
    assert client.get(f"/api/v1/measures/{TYPED}", headers=headers).status_code == 500
    said = capsys.readouterr().err
    lines = [json.loads(line) for line in said.splitlines()]
    assert [line["event"] for line in lines] == ["request_failed", "request_watched"]
    assert {line["request"] for line in lines} == {GIVEN}
    assert lines[1]["route"] == "/api/v1/measures/<id>" and lines[1]["status"] == 500
    assert TYPED not in said


def test_the_queues_and_the_room_left_are_told(client: FlaskClient) -> None:
    page = client.get("/metrics").text
    for name in ("release", "disk_free_bytes", "database_up", "outbox_age_seconds",
                 "replies_owed", "audit_unlinked", 'notices{state="due"}'):  # fmt: skip
        assert f"nuangang_{name} " in page or name.startswith("notices")


def test_a_database_that_is_away_is_told_and_the_page_still_comes(
    client: FlaskClient, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OSError

    monkeypatch.setattr(resources.database, "read", away)
    page = client.get("/metrics")
    assert page.status_code == 200 and "nuangang_database_up 0.0" in page.text
    assert "nuangang_release 1.0" in page.text


@pytest.fixture(params=["sqlite", "postgresql"])
def lost_keys(
    request: pytest.FixtureRequest, resources: Resources, tmp_path: Path
) -> Iterator[Callable[[], None]]:
    """Has the database of keys go away, of each kind."""
    held = resources.subject_keys
    if request.param == "sqlite":

        def lose() -> None:
            held._keys.release()
            (tmp_path / "keys.db").write_bytes(b"x" * 9000)

        yield lose
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = cluster.new_database()
    held._keys = Database(cluster.url(name))
    held.prepare()

    yield lambda: cluster.drop_database(name)
    held._keys.release()


def test_keys_that_are_away_are_told_and_what_needs_none_goes_on(
    client: FlaskClient, lost_keys: Callable[[], None]
) -> None:
    assert client.get("/readyz").json["keys"] == "ok"
    assert "nuangang_keys_up 1.0" in client.get("/metrics").text
    lost_keys()
    told = client.get("/readyz")
    assert (told.status_code, told.json["status"], told.json["keys"]) == (200, "ok", "away")
    page = client.get("/metrics").text
    assert "nuangang_keys_up 0.0" in page and "nuangang_database_up 1.0" in page


def test_readiness_tells_of_the_disk_and_health_of_the_release(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/healthz").json == {
        "status": "ok", "release": 1, "disk": None, "keys": None,
    }  # fmt: skip
    assert client.get("/readyz").json["disk"] == "ok"

    def full(_: Path) -> int:
        return 0

    monkeypatch.setattr("server.monitoring.gauging.free_bytes", full)
    told = client.get("/readyz")
    assert (told.status_code, told.json["disk"]) == (200, "full")
