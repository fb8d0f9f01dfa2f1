"""What was acknowledged is there, once and whole: under kills, lost replies and many hands."""

import http.client
import random
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.ground import Field, ground_on
from tests.serving import Dropping, post, post_surely
from tests.verifying import size, within

HANDS = 8


@pytest.fixture
def ground(prepared_url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Field]:
    with ground_on(prepared_url, home, monkeypatch) as made:
        yield made


@pytest.mark.fault
def test_every_acknowledged_case_survives_the_death_of_all_processes(
    ground: Field, tell: Any, under_way: Any
) -> None:
    kills = size(3, 1000)
    # The first start is after no kill: it compiles what a new clone has not compiled yet.
    first, ready = ground.service.start(), []
    ground.service.kill()
    for number in range(kills):
        new = ground.intend(size(80, 120))
        ready.append(ground.service.start())
        # Some die at once, some in the middle, some when all is done.
        death = threading.Timer(random.Random(number).uniform(0.02, 0.6), ground.service.kill)
        death.start()
        with ThreadPoolExecutor(HANDS) as hands:
            list(hands.map(lambda intent: attempt(ground, intent), new))
        death.join()
        ground.service.kill()
        assert ground.faults_of_newest(new) == []
        if number % 100 == 99:
            under_way(f"{number + 1} of {kills} kills, ready in {max(ready):.1f} s at most")
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
    tell("seconds until ready at first", round(first, 1), "-")
    tell("seconds until ready again, median", round(statistics.median(ready), 1), "-")
    tell("seconds until ready again, at most", round(max(ready), 2), 3)
    assert max(ready) <= within(3)


def attempt(ground: Field, intent: tuple[str, str, str]) -> None:
    """Send once; whether a reply came back or not, the worker sends it again later."""
    try:
        ground.submit(ground.service.port, intent, post)
    except (OSError, http.client.HTTPException):
        time.sleep(0.001)


@pytest.mark.fault
def test_a_server_that_acknowledges_too_early_is_found_out(ground: Field, control: Any) -> None:
    """The control: the same death of a server that replies first and writes a moment later."""
    new = ground.intend(20)
    ground.service.start("tests.server.casework.hasty_app:create_app()")
    with ThreadPoolExecutor(HANDS) as hands:
        list(hands.map(lambda intent: attempt(ground, intent), new))
    ground.service.kill()
    lost = [fault for fault in ground.faults_of_newest(new) if fault.startswith("lost")]
    assert ground.acknowledged and lost and set(lost) <= set(ground.faults())
    control("cases lost that a hasty server acknowledged", len(lost), "> 0")


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
def test_of_fifty_at_once_with_one_key_there_is_one_case(ground: Field, tell: Any) -> None:
    rounds = ground.intend(size(2, 200))
    ground.service.start()
    for token, key, measure in rounds:
        body = {"measure": measure, "facts": {}, "despite_warning": True}
        asked = (ground.service.port, "/applications", token, key, body)
        with ThreadPoolExecutor(50) as hands:
            sent = [hands.submit(post_surely, *asked) for _ in range(50)]
        replied = {(each.result().status, each.result().body["id"]) for each in sent}
        assert len(replied) == 1 and replied.pop()[0] == 201
    tell("cases of 50 at once with one key, all rounds", ground.cases(), len(rounds))
    assert ground.cases() == len(rounds)


@pytest.mark.fault
def test_without_the_same_key_what_is_sent_again_is_done_again(ground: Field, control: Any) -> None:
    """The control: requests for help, of which there may be many, each try under a new key."""
    # Of one person there may not be so many.
    halves = zip(ground.people(2), ((True, False), (False, True)), strict=True)
    ground.service.start()
    body = {"category": "wages", "region": "石狮", "words": "拖欠工资"}
    for token, (keep_key, more) in halves:
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
        made = requests(ground) - before
        assert (made > 9) is more
    control("requests made of 9 intents, each try under a new key", made, "> 9")


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
    # How long it takes while other tests run beside it says nothing.
    assert slow <= size(30, 1)
    assert len(ground.acknowledged) == len(intents)
    assert ground.faults() == []
