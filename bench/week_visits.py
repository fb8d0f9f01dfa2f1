"""The visits of the week, for locust: `bench.week` starts it, with the address of the service.

A visit is a new connection with TLS from an address of its own (127.x.y.z), as nginx counts by
address; it asks, checks itself, applies, or looks how its case goes.
"""

import itertools
import json
import os
import random
import secrets
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

import psutil
from geventhttpclient.connectionpool import ConnectionPool
from locust import FastHttpUser, LoadTestShape, constant_pacing, events, task

from bench.week_plan import PACE_SECONDS, SETTLING_SECONDS, WEEK, Measured, Phase
from tests.casework import ELIGIBLE, MEASURE, person

FAMILIES: dict[str, int] = json.loads(os.environ["WEEK_FAMILIES"])
"""The first process of each part of the deployment."""
QUESTIONS: list[str] = json.loads(os.environ["WEEK_QUESTIONS"])
OFTEN, SELDOM = QUESTIONS[:40], QUESTIONS[40:]
TOLD = Path(os.environ["WEEK_TOLD"])
_UNTRUSTED = ssl.create_default_context()
_UNTRUSTED.check_hostname = False
_UNTRUSTED.verify_mode = ssl.CERT_NONE
_numbers, _addresses = itertools.count(1), itertools.count(1)
_chance = random.Random(7)


class _Seen:
    """What came back since the phase began to be measured."""

    def __init__(self) -> None:
        self.phase = WEEK[0]
        self.clear()

    def clear(self) -> None:
        self.times: list[float] = []
        self.failed = self.visits = 0


_seen = _Seen()


def _count(response_time: float, exception: BaseException | None, **_: Any) -> None:
    _seen.times.append(response_time)
    _seen.failed += exception is not None


events.request.add_listener(_count)  # type: ignore[no-untyped-call]


def _from_an_address_of_its_own(make: Callable[..., Any]) -> Callable[..., Any]:
    """What makes sockets, each bound to the next address of this machine."""

    def made(pool: Any, *kind: int) -> Any:
        number = next(_addresses)
        socket = make(pool, *kind)
        socket.bind((f"127.{16 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}", 0))
        return socket

    return made


_bound = _from_an_address_of_its_own(ConnectionPool._create_tcp_socket)
ConnectionPool._create_tcp_socket = _bound  # type: ignore[method-assign]


class Phone(FastHttpUser):
    """Somebody with a phone, who visits once in a while."""

    wait_time = constant_pacing(PACE_SECONDS)
    # Given the file, it is not asked to read all certificates for every visit.
    ssl_context_factory = staticmethod(lambda cafile=None: _UNTRUSTED)
    concurrency = 1

    def on_start(self) -> None:
        """The first visits are spread."""
        self.number = next(_numbers)
        self.token = ""
        time.sleep(_chance.random() * PACE_SECONDS)

    @task
    def visit(self) -> None:
        """One visit, of a kind that the hour brings."""
        kinds = _seen.phase.visits
        (kind,) = _chance.choices(list(kinds), list(kinds.values()))
        visits: dict[str, Callable[[], None]] = {
            "ask": self._ask, "check": self._check, "apply": self._apply, "look": self._look,
        }  # fmt: skip
        self.client.get("/", name="/")
        visits[kind]()
        _seen.visits += 1
        self.client.client.close()

    def _post(self, path: str, body: Any, method: str = "POST") -> dict[str, Any]:
        headers = {"Idempotency-Key": secrets.token_hex(8)}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        sent = self.client.request(method, f"/api/v1{path}", json=body, headers=headers, name=path)
        try:
            replied: dict[str, Any] = sent.json()
        except ValueError:
            return {}
        return replied

    def _get(self, path: str) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        self.client.get(f"/api/v1{path}", headers=headers, name=path)

    def _ask(self) -> None:
        conversation = None
        for _ in range(3):
            text = _chance.choice(OFTEN)
            if _chance.random() > _seen.phase.known:
                # In words of their own: never asked before.
                text = f"{_chance.choice(SELDOM)}，我{self.number}号厂的{secrets.token_hex(2)}"
            said = self._post("/chat", {"text": text, "conversation": conversation})
            conversation = said.get("conversation")

    def _check(self) -> None:
        self.client.get(f"/api/v1/facts?region={quote('石狮')}", name="/facts")
        facts: dict[str, Any] = {}
        for fact, value in itertools.islice(ELIGIBLE.items(), 5):
            facts[fact] = value
            self._post("/self-check", {"region": "石狮", "facts": facts})

    def _signed_in(self) -> None:
        if not self.token:
            self.token = str(self._post("/session", {"code": f"code-p{self.number}"})["token"])

    def _apply(self) -> None:
        """Everybody applies as somebody new: a second case for the same would be refused."""
        self.token, self.number = "", next(_numbers)
        self._signed_in()
        for purpose in ("identity", "payment"):
            self._post(f"/consents/{purpose}", {"version": 1}, "PUT")
        self._post("/me", person(self.number).model_dump(mode="json"), "PUT")
        self._post("/applications", {"measure": MEASURE, "facts": ELIGIBLE})
        self._get("/applications")

    def _look(self) -> None:
        self._signed_in()
        self._get("/applications")
        self._get("/messages")


class Week(LoadTestShape):
    """One phase after the other."""

    def tick(self) -> tuple[int, float] | None:
        """How many phones there are now; none at the end."""
        past = float(self.get_run_time())  # type: ignore[no-untyped-call]
        for phase in WEEK:
            if past < phase.seconds:
                return phase.phones, max(phase.phones / 3, 10)
            past -= phase.seconds
        return None


def _family(first: int) -> list[psutil.Process]:
    process = psutil.Process(first)
    return [process, *process.children(recursive=True)]


def _used() -> dict[str, dict[int, float]]:
    """Seconds of processor time by part and process."""
    used: dict[str, dict[int, float]] = {}
    of_all = psutil.cpu_times()
    used["machine"] = {0: sum(of_all) - of_all.idle - of_all.iowait}
    for part, first in (FAMILIES | {"phones": os.getpid()}).items():
        used[part] = {}
        for process in _family(first):
            try:
                used[part][process.pid] = sum(process.cpu_times()[:2])
            except psutil.NoSuchProcess:
                continue
    return used


def _measure(phase: Phase) -> Measured:
    """Wait until the phase has settled, and then for its end."""
    _seen.phase = phase
    time.sleep(SETTLING_SECONDS)
    _seen.clear()
    before, began = _used(), time.monotonic()
    time.sleep(phase.seconds - SETTLING_SECONDS)
    after, seconds = _used(), time.monotonic() - began
    spent = {
        part: {pid: now - before[part].get(pid, 0) for pid, now in each.items()}
        for part, each in after.items()
    }
    times = sorted(_seen.times) or [0.0]
    processor = {part: sum(each.values()) for part, each in spent.items()}
    machine = processor.pop("machine")
    processor["others"] = max(machine - sum(processor.values()), 0)
    return Measured(
        phase.name,
        phase.times,
        seconds,
        _seen.visits,
        len(_seen.times),
        _seen.failed,
        median(times),
        times[int(len(times) * 0.99)],
        processor,
        max(spent["service"].values()) / seconds,
    )


def _begin(**_: Any) -> None:
    def measure() -> None:
        from dataclasses import asdict

        measured = []
        for phase in WEEK:
            measured.append(asdict(_measure(phase)))
            TOLD.write_text(json.dumps(measured), encoding="utf-8")

    # A greenlet, as locust has patched it.
    threading.Thread(target=measure, daemon=True).start()


events.test_start.add_listener(_begin)  # type: ignore[no-untyped-call]
