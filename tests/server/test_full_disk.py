"""The disk is full: reading goes on, writing is refused in words, nothing acknowledged is lost.

A disk of a few megabytes in memory holds the data directory, or the tables of PostgreSQL.
"""

import http.client
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.ground import Field, ground_on
from tests.postgres import Cluster
from tests.serving import Replied, post

MEGABYTES = 48


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small disk of its own; only root can make one."""
    # Not below pytest's folder: the next run of pytest closes that to PostgreSQL, which is another
    # user.
    small = Path(tempfile.mkdtemp(prefix="nuangang-disk-"))
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(small)],
        capture_output=True,
    )
    if made.returncode:
        small.rmdir()
        pytest.skip("no small disk can be made here: that takes root")
    yield small
    subprocess.run(["umount", "-l", str(small)], check=True)
    small.rmdir()


@pytest.fixture(params=["sqlite", "postgresql"])
def ground(
    request: pytest.FixtureRequest,
    disk: Path,
    prepared_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Field]:
    home = shutil.copytree(prepared_home, disk / "var")
    if request.param == "sqlite":
        with ground_on(f"sqlite:///{home / 'nuangang.db'}", home, monkeypatch) as made:
            yield made
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = cluster.new_database(request.getfixturevalue("prepared_postgres"), within=disk)
    with ground_on(cluster.url(name), home, monkeypatch) as made:
        yield made
    cluster.drop_database(name)


def _get(ground: Field, path: str, token: str = "") -> Replied:
    connection = http.client.HTTPConnection("127.0.0.1", ground.service.port, timeout=30)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        connection.request("GET", path, headers=headers)
        reply = connection.getresponse()
        return Replied(reply.status, json.loads(reply.read()))
    finally:
        connection.close()


def _ask(ground: Field) -> Replied:
    return post(ground.service.port, "/chat", "", "", {"text": "石狮被裁了有钱领吗"})


def _fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        piece = 1024 * 1024
        while piece:
            try:
                file.write(bytes(piece))
            except OSError:
                piece //= 2
    return filler


def _submit_until_refused(ground: Field, intents: list[tuple[str, str, str]]) -> list[Any]:
    """Those refused; what fits into the last corners of the files is still taken."""
    refused = []
    for intent in intents:
        token, key, measure = intent
        body = {"measure": measure, "facts": {}, "despite_warning": True}
        replied = post(ground.service.port, "/applications", token, key, body)
        if replied.status == 201:
            ground.acknowledged[key] = replied.body["id"]
        else:
            assert (replied.status, replied.body["code"]) == (503, "storage_full"), replied
            assert "没有保存" in replied.body["detail"]
            refused.append(intent)
    return refused


@pytest.mark.fault
def test_on_a_full_disk_reading_goes_on_and_nothing_acknowledged_is_lost(
    ground: Field, disk: Path, tell: Any
) -> None:
    intents = ground.intend(40)
    ground.service.start()
    assert _submit_until_refused(ground, intents[:10]) == []
    filler = _fill(disk)
    refused = _submit_until_refused(ground, intents[10:])
    assert refused
    before = len(ground.acknowledged)
    token = intents[0][0]
    assert _get(ground, "/api/v1/applications", token).status == 200
    assert _get(ground, f"/api/v1/measures?region={quote('石狮')}").status == 200
    assert _ask(ground).status == 200 == _ask(ground).status
    assert _get(ground, "/readyz").body["disk"] == "full"
    assert ground.faults() == []
    filler.unlink()
    assert _submit_until_refused(ground, refused) == []
    assert ground.faults() == [] and ground.cases() == len(intents)
    tell("writes refused on a full disk, in words", len(refused), "-")
    tell("acknowledged cases lost", len(ground.faults()), f"0 of {before}")


@pytest.mark.parametrize("ground", ["sqlite"], indirect=True)
@pytest.mark.fault
def test_a_hasty_server_loses_what_a_full_disk_takes_no_more(
    ground: Field, disk: Path, control: Any
) -> None:
    """The control: acknowledged first, written later; PostgreSQL refuses that at once, too."""
    intents = ground.intend(40)
    ground.service.start("tests.server.casework.hasty_app:create_app()")
    _fill(disk)
    for token, key, measure in intents:
        body = {"measure": measure, "facts": {}, "despite_warning": True}
        replied = post(ground.service.port, "/applications", token, key, body)
        if replied.status == 201:
            ground.acknowledged[key] = replied.body["id"]
    ground.service.kill()
    lost = [fault for fault in ground.faults() if fault.startswith("lost")]
    control("cases lost that a hasty server acknowledged on a full disk", len(lost), "> 0")
    assert lost
