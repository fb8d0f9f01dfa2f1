"""The project's gunicorn configuration: several workers, one conversation, an orderly end."""

import http.client
import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from server.chat.conversations import new_conversation_id
from server.database.db import Database
from server.settings import load_settings
from tests.serving import CONFIGURATION, gunicorn
from tests.verifying import within

UNSHARED = f"""
from runpy import run_path
settings = run_path({str(CONFIGURATION)!r}) | {{"worker_class": "gthread"}}
del settings["child_exit"]
globals().update(settings)
"""
Ask = Callable[[str], dict[str, Any]]
# As /proc/net/tcp has them: established, and closed by the other end only.
_OPEN = ("01", "08")


@contextmanager
def _serving(
    database_url: str, data_dir: Path, configuration: Path = CONFIGURATION
) -> Iterator[tuple[Ask, int]]:
    """The counting application, by default under the project's configuration, and its port.

    Ends it in order.
    """
    settings = {"DATABASE_URL": database_url, "DATA_DIR": data_dir}
    app = "tests.server.counting_app:create_app()"
    with gunicorn(settings, app, configuration) as (port, _):

        def ask(conversation_id: str) -> dict[str, Any]:
            url = f"http://127.0.0.1:{port}/{conversation_id}"
            with urllib.request.urlopen(url, timeout=10) as reply:
                said: dict[str, Any] = json.load(reply)
                return said

        yield ask, port


def _count(database_url: str) -> tuple[Any, ...] | None:
    database = Database(database_url)
    count = database.fetch("SELECT count(*) FROM turn")
    database.release()
    return count


@pytest.mark.fault
def test_every_turn_counts_on_whichever_worker_and_after_a_restart(
    database_url: str, tmp_path: Path, tell: Any
) -> None:
    talks = [new_conversation_id() for _ in range(8)]
    workers: set[int] = set()
    with _serving(database_url, tmp_path) as (ask, _):
        for count in range(1, 26):
            for said in map(ask, talks):
                assert said["count"] == count
                workers.add(said["worker"])
    assert len(workers) == 2
    assert _count(database_url) == (200,)
    with _serving(database_url, tmp_path) as (ask, _):
        assert [ask(talk)["count"] for talk in talks] == [26] * 8
    counted = _count(database_url)
    tell("turns kept of 208, by several workers and after a restart", *(counted or (0,)), 208)
    assert counted == (208,)


@pytest.mark.fault
def test_a_killed_worker_is_replaced_and_the_conversation_goes_on(
    database_url: str, tmp_path: Path
) -> None:
    talk = new_conversation_id()
    with _serving(database_url, tmp_path) as (ask, _):
        for count in range(1, 6):
            said = ask(talk)
            assert said["count"] == count
            os.kill(said["worker"], signal.SIGKILL)
            time.sleep(0.2)
        assert ask(talk)["count"] == 6


def _until(fulfilled: Callable[[], object]) -> None:
    """Return once it is so; fails where it is not within a minute."""
    end = time.monotonic() + 60
    while not fulfilled():
        assert time.monotonic() < end
        time.sleep(0.01)


def _send(process: int, sent: signal.Signals, state: str) -> None:
    """Send a signal and wait until it has stopped the process (T), or that one waits again (S)."""
    os.kill(process, sent)
    stat = Path(f"/proc/{process}/stat")
    _until(lambda: stat.read_text().rpartition(") ")[2].startswith(state))


def _is_idle(port: int) -> bool:
    """Whether the workers hold no connection."""
    rows = (row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return not any(row[1].endswith(f":{port:04X}") and row[3] in _OPEN for row in rows)


class _Connections:
    """Kept-alive connections, and how many each worker holds."""

    def __init__(self, ask: Ask, port: int) -> None:
        self.held: Counter[int] = Counter()
        self._ask = ask
        self._port = port
        self._opened: list[http.client.HTTPConnection] = []

    def open(self, count: int) -> None:
        """Open so many more, each when the one before was answered."""
        for _ in range(count):
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            self._opened.append(connection)
            connection.request("GET", f"/{new_conversation_id()}")
            self.held[json.load(connection.getresponse())["worker"]] += 1

    def close(self) -> None:
        """Close all, and wait until the workers know."""
        while self._opened:
            self._opened.pop().close()
        self.held.clear()
        _until(lambda: _is_idle(self._port))

    def wait_for(self, count: int, but: Collection[int] = ()) -> None:
        """Wait until so many workers have answered, `but` some; holds none of their connections."""
        found: set[int] = set()

        def ask() -> bool:
            found.add(self._ask(new_conversation_id())["worker"])
            return len(found.difference(but)) == count

        _until(ask)


@contextmanager
def _connections(database_url: str, **serving: Any) -> Iterator[_Connections]:
    """Connections to a server all of whose workers have started."""
    with _serving(database_url, **serving) as (ask, port):
        connections = _Connections(ask, port)
        connections.wait_for(load_settings().workers)
        try:
            connections.close()
            yield connections
        finally:
            connections.close()


def _unevenness(connections: _Connections) -> int:
    """By how many connections two workers are apart, in four rounds together.

    In each a worker hangs while eight connections come, goes on, and twenty-four more come.
    """
    apart = 0
    for _ in range(4):
        connections.open(1)
        (hung,) = connections.held
        _send(hung, signal.SIGSTOP, "T")
        started = time.monotonic()
        connections.open(8)
        assert time.monotonic() - started < within(2)
        _send(hung, signal.SIGCONT, "S")
        connections.open(24)
        one, other = connections.held.values()
        apart += abs(one - other)
        connections.close()
    return apart


@pytest.mark.fault
def test_workers_share_connections_evenly_and_none_waits_for_one_that_hangs(
    sqlite_url: str, tmp_path: Path, tell: Any, control: Any
) -> None:
    with _connections(sqlite_url, data_dir=tmp_path) as connections:
        apart = _unevenness(connections)
        tell("connections by which two workers are apart, four rounds", apart, "<= 12")
        assert apart <= 12
    unshared = tmp_path / "unshared.conf.py"
    unshared.write_text(UNSHARED, encoding="utf-8")
    with _connections(sqlite_url, data_dir=tmp_path, configuration=unshared) as connections:
        # Now and then chance shares them out evenly.
        rounds = (_unevenness(connections) for _ in range(5))
        apart = next((apart for apart in rounds if apart > 12), 0)
        control("the same with gunicorn's own worker", apart, "> 12")
        assert apart > 12


@pytest.mark.fault
def test_the_successor_of_a_dead_worker_gets_its_connections(
    sqlite_url: str, tmp_path: Path
) -> None:
    with _connections(sqlite_url, data_dir=tmp_path) as connections:
        connections.open(24)
        dead, living = connections.held
        os.kill(dead, signal.SIGKILL)
        # While nobody has taken its place, the other answers.
        connections.open(4)
        connections.wait_for(1, but=(dead, living))
        connections.open(24)
        (successor,) = connections.held.keys() - {dead, living}
        assert connections.held[successor] > 16


@pytest.mark.fault
def test_one_worker_alone_takes_all(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUANGANG_WORKERS", "1")
    with _connections(sqlite_url, data_dir=tmp_path) as connections:
        connections.open(24)
        assert len(connections.held) == 1
