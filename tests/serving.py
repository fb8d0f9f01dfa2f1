"""The service as it runs: gunicorn with the project's configuration, to kill and start again."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
CONFIGURATION = ROOT / "deploy" / "gunicorn.conf.py"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def wait_until_listening(port: int) -> None:
    """Return once something listens there; raises OSError where nothing does within a minute."""
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


@contextmanager
def gunicorn(
    settings: Mapping[str, object],
    app: str | None = None,
    configuration: Path = CONFIGURATION,
    under: Sequence[str] = (),
) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """An application under gunicorn, by default the service; its port and its first process.

    `settings` by their names, as in `{"WORKERS": 2}`; `under`: a program that watches it run, and
    lets it be the first process. It is ended in order.
    """
    port = free_port()
    named = {f"NUANGANG_{name}": str(value) for name, value in settings.items()}
    server = subprocess.Popen(
        [*under, sys.executable, "-m", "gunicorn", "-c", str(configuration), *filter(None, [app])],
        cwd=ROOT,
        env=os.environ | named | {"NUANGANG_PORT": str(port)},
    )
    try:
        wait_until_listening(port)
        yield port, server
    finally:
        server.terminate()
        server.wait(30)


class Replied(NamedTuple):
    """A status and what came with it."""

    status: int
    body: dict[str, Any]


class Service:
    """One server with a process group of its own, on a port that stays the same."""

    def __init__(self, data_dir: Path, database_url: str, **more: str) -> None:
        self.port = free_port()
        settings = {"DATA_DIR": data_dir, "DATABASE_URL": database_url, "PORT": self.port, **more}
        self.environ = os.environ | {f"NUANGANG_{k}": str(v) for k, v in settings.items()}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, app: str | None = None, under: Sequence[str] = ()) -> float:
        """Start and wait until it is ready; returns how many seconds that took.

        `app`: another application than ours; `under`: a program that watches it run.
        """
        began = time.monotonic()
        self._process = subprocess.Popen(
            [
                *under,
                sys.executable,
                "-m",
                "gunicorn",
                "-c",
                str(CONFIGURATION),
                *filter(None, [app]),
            ],
            cwd=ROOT,
            env=self.environ,
            start_new_session=True,
        )
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2).close()
                return time.monotonic() - began
            except OSError:
                if self._process.poll() is not None or time.monotonic() > began + 60:
                    raise
                time.sleep(0.02)

    def kill(self) -> None:
        """End every process of it at once, as a power cut for processes: SIGKILL."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(20)


def post(port: int, path: str, token: str, key: str, body: Any) -> Replied:
    """Send one write; raises OSError or HTTPException where no whole reply came back."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": key,
        "Content-Type": "application/json",
        "Connection": "close",
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
        reply = connection.getresponse()
        return Replied(reply.status, json.loads(reply.read()))
    finally:
        connection.close()


def post_surely(port: int, path: str, token: str, key: str, body: Any) -> Replied:
    """The same, again and again under the same key until a reply comes back."""
    until = time.monotonic() + 60
    while True:
        try:
            replied = post(port, path, token, key, body)
            if replied.status not in (409, 503) or replied.body["code"] == "already_applied":
                return replied
        except (OSError, http.client.HTTPException):
            if time.monotonic() > until:
                raise
        time.sleep(0.02)


class Dropping:
    """A line to a port that loses every so-manieth reply after the server has sent it."""

    def __init__(self, to: int, every: int) -> None:
        self._to, self._every = to, every
        self._replies = 0
        self.dropped = 0
        self._counting = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near, socket.create_connection(("127.0.0.1", self._to)) as far:
            request = b""
            while not _is_whole(request):
                request += near.recv(65536)
            far.sendall(request)
            reply = b""
            while piece := far.recv(65536):
                reply += piece
            with self._counting:
                self._replies += 1
                drops = self._replies % self._every == 0
                self.dropped += drops
            if not drops:
                near.sendall(reply)


def _is_whole(request: bytes) -> bool:
    head, ended, body = request.partition(b"\r\n\r\n")
    if not ended:
        return False
    lines = head.lower().split(b"\r\n")
    lengths = [line.partition(b":")[2] for line in lines if line.startswith(b"content-length")]
    return len(body) >= int(lengths[0]) if lengths else True
