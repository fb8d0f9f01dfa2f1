"""Two real workers, each message delivered four times, one worker killed in the middle of it."""

import json
import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from server.database.db import Database
from tests.server.wechat.conftest import AES_KEY, APP_ID, TOKEN
from tests.serving import ROOT, gunicorn
from tests.verifying import size, within
from tests.wechat_platform.user import Platform, User, posting_to, text_of

DELIVERIES = 4
AT_ONCE = 8
MESSAGES_EACH = 5
SLOWEST_SECONDS = 4.5

Message = dict[str, object]
Tell = Callable[[str, object, object], None]


class Delivered(NamedTuple):
    """What came of all deliveries: the replies to each message, and the seconds they took."""

    replies: dict[int, set[str]]
    took: list[float]
    unanswered: int


@contextmanager
def _serving(database_url: str, data_dir: Path) -> Iterator[tuple[Platform, int]]:
    """The service as it is run, and the process that its workers are children of."""
    settings = {
        "DATABASE_URL": database_url,
        "DATA_DIR": data_dir,
        "WORKERS": 2,
        "WECHAT_APP_ID": APP_ID,
        "WECHAT_APP_SECRET": "secret",
        "WECHAT_TOKEN": TOKEN,
        "WECHAT_AES_KEY": AES_KEY,
        "WECHAT_API_BASE": "http://127.0.0.1:1",
    }
    with gunicorn(settings) as (port, server):
        post = posting_to(f"http://127.0.0.1:{port}")
        yield Platform(post, TOKEN, APP_ID, AES_KEY), server.pid


def _workers(master: int) -> list[int]:
    children = Path(f"/proc/{master}/task/{master}/children").read_text()
    return [int(child) for child in children.split()]


def _questions() -> list[str]:
    rows = (ROOT / "evaluation" / "own_open.jsonl").read_text("utf-8").splitlines()
    return list(dict.fromkeys(json.loads(row)["turns"][0] for row in rows))


def _messages(platform: Platform, count: int) -> list[Message]:
    questions = _questions()
    people = [User(platform) for _ in range(-(-count // MESSAGES_EACH))]
    return [
        people[n // MESSAGES_EACH].message("text", Content=questions[n % len(questions)])
        for n in range(count)
    ]


def _deliver_all(
    platform: Platform,
    messages: Sequence[Message],
    *,
    at_half: Callable[[], None],
    again: Callable[[Message], Message] = lambda message: message,
) -> Delivered:
    """Deliver each message four times, near each other in time and some at the same moment."""
    chance = random.Random(11)
    order: list[int] = []
    for start in range(0, len(messages), 32):
        block = list(range(start, min(start + 32, len(messages)))) * DELIVERIES
        chance.shuffle(block)
        order += block
    replies: defaultdict[int, set[str]] = defaultdict(set)
    took: list[float] = []
    unanswered = [0]
    lock = threading.Lock()

    def deliver(number: int) -> None:
        packed = platform.packed(again(messages[number]))
        began = time.monotonic()
        try:
            status, body = platform.post(*packed)
        except OSError:
            # Its worker was killed: WeChat sends it again, a little later.
            with lock:
                unanswered[0] += 1
            time.sleep(0.2)
            deliver(number)
            return
        seconds = time.monotonic() - began
        assert status == 200
        with lock:
            took.append(seconds)
            replies[number].add(text_of(platform.unpacked(body)))
            is_half = len(took) == len(order) // 2
        if is_half:
            # By one thread, while the others wait for replies.
            at_half()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(deliver, order))
    return Delivered(replies, took, unanswered[0])


def _effects(database_url: str) -> Counter[tuple[str, str]]:
    """How often each message of each conversation was recorded."""
    database = Database(database_url)
    with database.read() as session:
        rows: Any = session.connection().exec_driver_sql("SELECT conversation_id, text FROM turn")
        counted = Counter((row[0], row[1]) for row in rows)
    database.release()
    return counted


@pytest.mark.fault
def test_each_message_has_one_effect_and_one_reply_though_a_worker_is_killed(
    prepared_url: str, home: Path, tell: Tell
) -> None:
    count = size(120, 10_000)
    killed: list[int] = []
    with _serving(prepared_url, home) as (platform, master):
        messages = _messages(platform, count)

        def kill() -> None:
            killed.extend(_workers(master)[:1])
            os.kill(killed[0], signal.SIGKILL)

        began = time.monotonic()
        delivered = _deliver_all(platform, messages, at_half=kill)
        lasted = time.monotonic() - began
        assert len(_workers(master)) == 2 and killed[0] not in _workers(master)
    effects = _effects(prepared_url)
    several = sum(len(texts) > 1 for texts in delivered.replies.values())
    took = sorted(delivered.took)
    kind = prepared_url.partition(":")[0]
    tell(f"{kind}: messages, each delivered {DELIVERIES} times", count, "10000 in make verify")
    tell("deliveries that the kill left unanswered", delivered.unanswered, "-")
    tell("messages without or with several effects", count - list(effects.values()).count(1), 0)
    tell("messages with several reply texts", several, 0)
    tell("slowest reply, seconds", f"{took[-1]:.2f}", SLOWEST_SECONDS)
    tell("median ms; deliveries a second", f"{took[len(took) // 2] * 1000:.0f}; "
         f"{len(took) / lasted:.0f}", "-")  # fmt: skip
    assert len(effects) == count and set(effects.values()) == {1}
    assert len(delivered.replies) == count and several == 0
    assert all(all(texts) for texts in delivered.replies.values())
    assert took[-1] < within(SLOWEST_SECONDS)


@pytest.mark.fault
def test_deliveries_that_nothing_tells_to_be_one_message_have_several_effects(
    home: Path, control: Tell
) -> None:
    """The control: the same run, by a platform that numbers every delivery anew."""
    url = f"sqlite:///{home / 'nuangang.db'}"
    with _serving(url, home) as (platform, _):
        numbers = iter(range(1, 1_000))
        _deliver_all(
            platform,
            _messages(platform, 5),
            at_half=lambda: None,
            again=lambda message: message | {"MsgId": next(numbers)},
        )
    effects = set(_effects(url).values())
    assert effects == {DELIVERIES}
    control("effects of each message numbered anew", *effects, DELIVERIES)
