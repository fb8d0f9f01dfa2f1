"""A release takes the place of the last one while people ask: whole, at once, in every worker."""

import http.client
import itertools
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.editing import drafts, publishing, trials
from tests.server.editing.conftest import Desk
from tests.serving import Service
from tests.verifying import size, within

CLIENTS, WORKERS = 8, 2
RECONNECTS = 20
"""Questions on one connection."""
PAUSE_SECONDS = 0.02
WITHIN_SECONDS = 2.0
QUESTIONS = ("失业保险金怎么领", "没活干了能领失业金吗", "被老板炒了能领失业金吗")
MEASURE, SENTENCES = ("measure", "shishi-4a"), ("sentences", "all")
MARKS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉"
_MARK = re.compile("第(.)版")


@dataclass(frozen=True)
class Reply:
    """What came back on a question, and when it was asked."""

    began: float
    status: int
    worker: str = ""
    marks: tuple[str, ...] = ()
    """Of which edition the measure in it is, and of which the fixed sentence."""

    @property
    def is_of_one_release(self) -> bool:
        """Whether measure and sentence stand in the same release; the first has no marks."""
        return self.marks == () or (len(self.marks) > 1 and len(set(self.marks)) == 1)

    @property
    def mark(self) -> str:
        return self.marks[0] if self.marks else ""


class Asking:
    """Clients that ask one question after the other, each on a connection of its own."""

    def __init__(self, port: int) -> None:
        self.replies: list[Reply] = []
        self._port = port
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, mark: str) -> None:
        """Wait until every worker has replied from a release."""
        until = time.monotonic() + 60
        while len({reply.worker for reply in self.replies if reply.mark == mark}) < WORKERS:
            assert time.monotonic() < until, f"not every worker replied from {mark!r}"
            time.sleep(0.05)

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        for number, text in enumerate(itertools.cycle(QUESTIONS)):
            # The same two cores check the release that is about to come.
            if self._ended.wait(PAUSE_SECONDS):
                break
            if number % RECONNECTS == 0:
                # Whichever worker comes to hold fewest gets it.
                connection.close()
            self.replies.append(_asked(connection, text))
        connection.close()


def _asked(connection: http.client.HTTPConnection, text: str) -> Reply:
    began = time.monotonic()
    try:
        connection.request(
            "POST",
            "/api/v1/chat",
            json.dumps({"text": text, "region": "石狮"}),
            {"Content-Type": "application/json"},
        )
        came = connection.getresponse()
        body = json.loads(came.read())
    except (OSError, http.client.HTTPException, ValueError):
        connection.close()
        return Reply(began, 0)
    marks = tuple(_MARK.findall(body.get("reply", "")))
    return Reply(began, came.status, came.headers["Worker"], marks)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is stored is tested on both databases; here it is what the workers serve."""
    return sqlite_url


@contextmanager
def asked(desk: Desk, home: Path, app: str) -> Iterator[Asking]:
    """Two workers that serve the desk's knowledge, and clients that ask them."""
    # What the desk has indexed is there for the workers, as they share one data directory.
    (home / "indexes").symlink_to(desk.settings.data_dir / "indexes")
    service = Service(
        home,
        str(desk.database.engine.url),
        SECRET_KEY="k" * 32,
        RATE_CHAT="9999999/minute",
        RATE_CHAT_ADDRESS="9999999/minute",
    )
    service.start(f"tests.server.editing.swapping_app:{app}()")
    asking = Asking(service.port)
    try:
        asking.wait_for("")
        yield asking
    finally:
        asking.end()
        service.kill()


def publish_marked(desk: Desk, mark: str) -> float:
    """Publish measure and fixed sentence of an edition, as editors do; when it was in force."""
    measure, sentences = desk.content(*MEASURE), desk.content(*SENTENCES)
    summary, source = _MARK.sub("", measure["summary"]), _MARK.sub("", sentences["text"]["source"])
    changed: dict[tuple[str, str], dict[str, Any]] = {
        MEASURE: {**measure, "summary": f"{summary}第{mark}版"},
        SENTENCES: {**sentences, "text": {**sentences["text"], "source": f"第{mark}版{source}"}},
    }
    chosen = []
    for (kind, key), content in changed.items():
        with desk.database.begin() as session:
            kept = drafts.save(
                session, kind=kind, key=key, content=content,
                version=0, officer_id=desk.anna, now=desk.now,
            )  # fmt: skip
        chosen.append((kind, key, kept.version))
    trial = trials.run(desk.order(drafts=tuple(chosen)))
    assert not trial.report.stops, trial.report
    with desk.database.begin() as session:
        proposal = publishing.propose(session, trial, note=mark, officer_id=desk.anna, now=desk.now)
    with desk.database.begin() as session:
        publishing.publish(session, proposal, officer_id=desk.bert, reason="试", now=desk.now)
    return time.monotonic()


@pytest.mark.fault
def test_while_eight_ask_every_reply_is_of_one_release_and_all_workers_follow(
    desk: Desk, tmp_path: Path, tell: Any
) -> None:
    published: dict[str, float] = {}
    with asked(desk, tmp_path, "create_app") as asking:
        for mark in MARKS[: size(1, 12)]:
            published[mark] = publish_marked(desk, mark)
            asking.wait_for(mark)
    replies = asking.replies
    failed = [reply for reply in replies if reply.status != 200]
    mixed = [reply for reply in replies if not reply.is_of_one_release]
    order = ["", *published]
    late = max(
        (
            reply.began - published[mark]
            for number, mark in enumerate(published, start=1)
            for reply in replies
            if order.index(reply.mark) < number
        ),
        default=0.0,
    )
    tell(f"replies of {len(published)} publications that failed", len(failed), 0)
    tell(f"replies of {len(replies)} that mix two releases", len(mixed), 0)
    tell("last question answered from the old release", f"{late:.2f} s", f"<= {WITHIN_SECONDS} s")
    assert failed == [] and mixed == []
    assert late <= within(WITHIN_SECONDS)


@pytest.mark.fault
def test_a_release_that_comes_in_two_steps_is_found_out(
    desk: Desk, tmp_path: Path, control: Any
) -> None:
    with asked(desk, tmp_path, "create_torn") as asking:
        publish_marked(desk, "甲")
        asking.wait_for("甲")
    mixed = [reply for reply in asking.replies if not reply.is_of_one_release]
    control("replies that mix two releases, swapped in two steps", len(mixed), "> 0")
    assert mixed
