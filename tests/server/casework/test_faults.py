"""What was acknowledged is there, once and whole: under kills, lost replies and many hands."""

import http.client
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from knowledge.eligibility.verdicts import is_open
from server import sessions
from server.casework.applying import NothingToApplyFor, check
from server.clock import china_day
from server.resources import Resources, make_resources
from server.settings import load_settings
from tests import casework
from tests.serving import Dropping, Service, post, post_surely
from tests.verifying import size

HANDS = 8


@dataclass
class Field:
    """A running service, people to apply, and every intent with what came of it."""

    service: Service
    known: Resources
    measures: list[str]
    intents: list[tuple[str, str, str]] = field(default_factory=list)
    """Token, key, measure."""
    acknowledged: dict[str, str] = field(default_factory=dict)
    """Case by key."""

    def people(self, number: int) -> list[str]:
        """So many new workers; returns their tokens."""
        tokens = []
        for _ in range(number):
            now = datetime.now(UTC)
            worker = casework.worker(
                self.known.database, self.known.safe, self.known.subject_keys, now=now
            )
            with self.known.database.begin() as session:
                tokens.append(sessions.sign_in(session, worker, now=now).token)
        return tokens

    def intend(self, number: int) -> list[tuple[str, str, str]]:
        """So many applications, each of another person or for another measure."""
        each = len(self.measures)
        tokens = self.people(-(-number // each))
        start = len(self.intents)
        new = [
            (tokens[place // each], f"intent-{start + place:06}", self.measures[place % each])
            for place in range(number)
        ]
        random.Random(start).shuffle(new)
        self.intents += new
        return new

    def submit(self, port: int, intent: tuple[str, str, str], send: Callable[..., Any]) -> None:
        token, key, measure = intent
        body = {"measure": measure, "facts": {}, "despite_warning": True}
        replied = send(port, "/applications", token, key, body)
        if replied.status == 201:
            self.acknowledged[key] = replied.body["id"]
        else:
            assert replied.status in (409, 503), replied

    def faults(self) -> list[str]:
        """What is not as it was acknowledged, and every case that is half or twice there."""
        with self.known.database.read() as session:
            rows = session.connection().exec_driver_sql(_WHOLE).all()
        whole = {row[0] for row in rows if row[1:] == (1, 1, 1)}
        found = [f"half: {row}" for row in rows if row[1:] != (1, 1, 1)]
        found += [f"lost: {id}" for id in self.acknowledged.values() if id not in whole]
        double = len(rows) - len({tuple(row) for row in self._claims()})
        return found + ([f"twice: {double}"] if double else [])

    def cases(self) -> int:
        row = self.known.database.fetch("SELECT count(*) FROM cases")
        return 0 if row is None else int(row[0])

    def _claims(self) -> list[Any]:
        with self.known.database.read() as session:
            asked = "SELECT worker_id, measure, period FROM cases"
            return list(session.connection().exec_driver_sql(asked).all())


_WHOLE = (
    "SELECT cases.id,"
    " (SELECT count(*) FROM case_event WHERE case_event.case_id = cases.id),"
    " (SELECT count(*) FROM audit_entry WHERE audit_entry.about = 'cases'"
    "  AND audit_entry.row = cases.id),"
    " CASE WHEN sealed_facts IS NULL OR sealed_verdict IS NULL OR sealed_person IS NULL"
    "  THEN 0 ELSE 1 END FROM cases"
)


@pytest.fixture
def ground(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Field]:
    monkeypatch.setenv("NUANGANG_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("NUANGANG_DATABASE_URL", database_url)
    known = make_resources(load_settings())
    service = Service(tmp_path / "var", database_url)
    library = known.serving.current().library
    today = china_day(datetime.now(UTC))
    open_ones = [id for id, c in library.rules.criteria.items() if is_open(c, today)]
    measures = [id for id in open_ones if _can_be_applied_for(known, id)]
    yield Field(service, known, measures)
    service.kill()
    known.linking.close()
    known.serving.close()
    known.conversations.close()
    known.database.release()


def _can_be_applied_for(known: Resources, measure: str) -> bool:
    served = known.serving.current()
    try:
        today = china_day(datetime.now(UTC))
        check(
            served.library, served.release, served.library.measures[measure], None, {}, today=today
        )
    except NothingToApplyFor:
        return False
    return True


@pytest.mark.fault
def test_every_acknowledged_case_survives_the_death_of_all_processes(
    ground: Field, tell: Any
) -> None:
    kills = size(3, 1000)
    slowest = 0.0
    for number in range(kills):
        new = ground.intend(size(80, 120))
        slowest = max(slowest, ground.service.start())
        # Some die at once, some in the middle, some when all is done.
        death = threading.Timer(random.Random(number).uniform(0.02, 0.6), ground.service.kill)
        death.start()
        with ThreadPoolExecutor(HANDS) as hands:
            list(hands.map(lambda intent: attempt(ground, intent), new))
        death.join()
        ground.service.kill()
        assert ground.faults() == []
    before = len(ground.acknowledged)
    ground.service.start()
    with ThreadPoolExecutor(HANDS) as hands:
        list(
            hands.map(
                lambda intent: ground.submit(ground.service.port, intent, post_surely),
                ground.intents,
            )
        )
    assert ground.faults() == []
    assert ground.cases() == len(ground.intents) == len(ground.acknowledged)
    tell("acknowledged cases lost, doubled or half", 0, f"0 of {before} after {kills} kills")
    tell("seconds until ready again, at most", round(slowest, 1), 3)


def attempt(ground: Field, intent: tuple[str, str, str]) -> None:
    """Send once; whether a reply came back or not, the worker sends it again later."""
    try:
        ground.submit(ground.service.port, intent, post)
    except (OSError, http.client.HTTPException):
        time.sleep(0.001)


@pytest.mark.fault
def test_over_a_line_that_loses_every_fifth_reply_there_is_one_case_for_each_intent(
    ground: Field, tell: Any
) -> None:
    intents = ground.intend(size(60, 1000))
    ground.service.start()
    line = Dropping(ground.service.port, every=5)
    with ThreadPoolExecutor(HANDS) as hands:
        list(hands.map(lambda intent: ground.submit(line.port, intent, post_surely), intents))
    line.close()
    tell("cases", ground.cases(), f"{len(intents)} intents, {line.dropped} replies lost")
    assert line.dropped >= len(intents) / 5
    assert ground.cases() == len(intents) == len(set(ground.acknowledged.values()))
    assert ground.faults() == []


@pytest.mark.fault
def test_without_the_same_key_what_is_sent_again_is_done_again(ground: Field) -> None:
    """The control: requests for help, of which there may be many, each try under a new key."""
    (token,) = ground.people(1)
    ground.service.start()
    body = {"category": "wages", "region": "石狮", "words": "拖欠工资"}
    for keep_key, more in ((True, False), (False, True)):
        line = Dropping(ground.service.port, every=3)
        before = requests(ground)
        for intent in range(9):
            tries = 0
            while True:
                tries += 1
                key = f"request-{keep_key}-{intent}" + ("" if keep_key else f"-{tries}")
                try:
                    post(line.port, "/requests", token, key, body)
                    break
                except (OSError, http.client.HTTPException):
                    continue
        line.close()
        assert (requests(ground) - before > 9) is more


def requests(ground: Field) -> int:
    row = ground.known.database.fetch("SELECT count(*) FROM service_request")
    return 0 if row is None else int(row[0])


@pytest.mark.fault
def test_two_hundred_at_once_are_all_served(ground: Field, tell: Any) -> None:
    intents = ground.intend(size(40, 200))
    ground.service.start()
    waited: list[float] = []

    def submit(intent: tuple[str, str, str]) -> None:
        began = time.monotonic()
        ground.submit(ground.service.port, intent, post)
        waited.append(time.monotonic() - began)

    with ThreadPoolExecutor(len(intents)) as hands:
        list(hands.map(submit, intents))
    slow = sorted(waited)[int(len(waited) * 0.99) - 1]
    tell("seconds, 99th percentile of people at once", round(slow, 2), f"1.0 ({len(intents)})")
    assert len(ground.acknowledged) == len(intents)
    assert ground.faults() == []
