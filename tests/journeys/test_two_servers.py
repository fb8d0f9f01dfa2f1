"""Two application servers, each with a data directory of its own, on one PostgreSQL."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from server.database.db import Database
from tests.casework import ELIGIBLE, MEASURE, person
from tests.postgres import Cluster
from tests.serving import ROOT, Replied, Service, post
from tests.verifying import within

AT_ONCE = 20
"""Questions a minute that are allowed; each of the four processes counts the first tenth alone."""
QUIET = 4 * (AT_ONCE // 10)


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUANGANG_RATE_CHAT", f"{AT_ONCE}/hour")


@contextmanager
def _servers(
    prepared_home: Path, folder: Path, urls: tuple[str, str], keys: str
) -> Iterator[tuple[Service, Service]]:
    made = []
    for number, url in enumerate(urls):
        home = folder / f"server-{number}"
        home.mkdir()
        # The secrets of the settings are the same; nothing else of the directory is.
        shutil.copy(prepared_home / "secrets.json", home)
        shutil.copytree(prepared_home / "indexes", home / "indexes")
        os.environ["NUANGANG_KEYS_URL"] = keys
        made.append(Service(home, url))
    del os.environ["NUANGANG_KEYS_URL"]
    with ThreadPoolExecutor(2) as hands:
        list(hands.map(lambda service: service.start(), made))
    try:
        yield made[0], made[1]
    finally:
        for service in made:
            service.kill()


@pytest.fixture
def together(
    cluster: Cluster, prepared_postgres: str, prepared_home: Path, tmp_path: Path, rates: None
) -> Iterator[tuple[Service, Service]]:
    url, keys = cluster.url(cluster.new_database(prepared_postgres)), cluster.new_database()
    with _servers(prepared_home, tmp_path, (url, url), cluster.url(keys)) as servers:
        yield servers


def _release(service: Service) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/healthz", timeout=10) as reply:
        return int(json.load(reply)["release"])


def _comes(seconds: float, come: Callable[[], bool]) -> bool:
    until = time.monotonic() + within(seconds)
    while time.monotonic() < until:
        if come():
            return True
        time.sleep(0.1)
    return False


def _has_turns(service: Service) -> bool:
    database = Database(service.environ["NUANGANG_DATABASE_URL"])
    try:
        return database.fetch("SELECT count(*) FROM turn") != (0,)
    finally:
        database.release()


def _run(service: Service, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from server.cli import main; sys.exit(main())",
         *arguments],
        cwd=ROOT, env=service.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def _ask(service: Service, text: str, token: str = "", **more: Any) -> Replied:
    return post(service.port, "/chat", token, "", {"text": text, **more})


def _token(service: Service, name: str) -> str:
    signed = post(service.port, "/session", "", "", {"code": f"dev:{name}"})
    return str(signed.body["token"])


def _answered(servers: tuple[Service, Service], times: int, token: str) -> int:
    replies = [_ask(servers[n % 2], "你好", token).status for n in range(times)]
    assert set(replies) <= {200, 429}
    return replies.count(200)


@pytest.mark.fault
def test_two_servers_are_one_service(together: tuple[Service, Service], tell: Any) -> None:
    one, other = together
    # A session, and a case applied for at both at once under one key.
    token = _token(one, "wang")
    for purpose in ("identity", "payment"):
        _send(one, "PUT", f"/consents/{purpose}", token, {"version": 1})
    assert _send(other, "PUT", "/me", token, person(3).model_dump()).status == 200
    body = {"measure": MEASURE, "facts": ELIGIBLE}
    with ThreadPoolExecutor(8) as hands:
        sent = [hands.submit(_send, server, "POST", "/applications", token, body, "one-key-1")
                for server in (one, other) * 4]  # fmt: skip
    cases = {each.result().body["id"] for each in sent if each.result().status == 201}
    tell("cases of eight writes to two servers under one key", len(cases), 1)
    assert len(cases) == 1

    # A conversation that goes on at the other server, once the turn is in the database: it is
    # written a tenth of a second late.
    asked = _ask(one, "没活干了有钱领吗")
    assert asked.body["kind"] == "clarify" and asked.body["choices"]
    assert _comes(2, lambda: _has_turns(one))
    on = _ask(other, "1", conversation=asked.body["conversation"])
    assert on.body["conversation"] == asked.body["conversation"]
    assert on.body["kind"] != "clarify" and on.body["region"]

    # What one may ask counts at both.
    allowed = _answered(together, 3 * AT_ONCE, _token(one, "li"))
    tell("questions let through by two servers", allowed, f"{AT_ONCE} to {AT_ONCE + QUIET}")
    assert AT_ONCE <= allowed <= AT_ONCE + QUIET

    # What is switched or published at one is so at both within two seconds.
    _run(one, "switch", "off", "bot", "--say", "停一会儿。")
    assert _comes(2, lambda: _ask(other, "失业金怎么领").body["reply"] == "停一会儿。")
    _run(one, "switch", "on", "bot")
    before = _release(other)
    stored = re.search(r"release (\d+)", _run(one, "knowledge", "import"))
    assert stored is not None
    number = stored[1]
    _run(one, "knowledge", "publish", number)
    assert _comes(3, lambda: _release(one) == _release(other) == int(number) > before)

    # One goes, the other goes on.
    one.kill()
    assert _send(other, "GET", "/applications", token).body["applications"][0]["id"] in cases


@pytest.mark.fault
def test_two_servers_apart_are_two(
    cluster: Cluster,
    prepared_postgres: str,
    prepared_home: Path,
    tmp_path: Path,
    rates: None,
    control: Any,
) -> None:
    """The control: the same servers, each on a database of its own."""
    urls = tuple(cluster.url(cluster.new_database(prepared_postgres)) for _ in range(2))
    keys = cluster.url(cluster.new_database())
    with _servers(prepared_home, tmp_path, (urls[0], urls[1]), keys) as servers:
        tokens = [_token(server, "li") for server in servers]
        allowed = 0
        for number in range(3 * AT_ONCE):
            place = number % 2
            allowed += _ask(servers[place], "你好", tokens[place]).status == 200
        assert _send(servers[1], "GET", "/applications", tokens[0]).status == 401
    control("questions let through by two servers apart", allowed, f"> {AT_ONCE + QUIET}")
    assert allowed > AT_ONCE + QUIET


def _send(
    service: Service, method: str, path: str, token: str, body: Any = None, key: str = ""
) -> Replied:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json",
               "Idempotency-Key": key or os.urandom(8).hex()}  # fmt: skip
    request = urllib.request.Request(
        f"http://127.0.0.1:{service.port}/api/v1{path}",
        None if body is None else json.dumps(body).encode(),
        headers,
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return Replied(reply.status, json.loads(reply.read() or b"{}"))
    except urllib.error.HTTPError as refused:
        with refused:
            return Replied(refused.code, json.loads(refused.read()))
