"""The project's gunicorn configuration: several workers, one conversation, an orderly end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from server.conversations import new_conversation_id
from server.db import Database

ROOT = Path(__file__).parents[2]
Ask = Callable[[str], dict[str, Any]]


@contextmanager
def _serving(database_url: str, data_dir: Path) -> Iterator[tuple[Ask, subprocess.Popen[bytes]]]:
    """The counting application under the project's configuration; ends it in order."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"DATABASE_URL": database_url, "DATA_DIR": str(data_dir), "PORT": str(port)}
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "deploy" / "gunicorn.conf.py"),
         "tests.server.counting_app:create_app()"],
        cwd=ROOT,
        env=os.environ | {f"NUANGANG_{name}": value for name, value in settings.items()},
    )  # fmt: skip

    def ask(conversation_id: str) -> dict[str, Any]:
        url = f"http://127.0.0.1:{port}/{conversation_id}"
        with urllib.request.urlopen(url, timeout=10) as reply:
            said: dict[str, Any] = json.load(reply)
            return said

    try:
        _wait_for(port)
        yield ask, server
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def _count(database_url: str) -> tuple[Any, ...] | None:
    database = Database(database_url)
    count = database.fetch("SELECT count(*) FROM turn")
    database.release()
    return count


@pytest.mark.fault
def test_every_turn_counts_on_whichever_worker_and_after_a_restart(
    database_url: str, tmp_path: Path
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
    assert _count(database_url) == (208,)


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
