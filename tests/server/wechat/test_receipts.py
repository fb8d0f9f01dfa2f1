"""One effect and one reply for each message, however often, wherever and whenever it arrives."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask

from server.web.resources import Resources
from server.wechat import followers, receipts
from tests.conftest import HandClock
from tests.server.wechat.conftest import platform_before
from tests.wechat_platform.user import Platform, User, text_of

QUESTION = "石狮被裁了有钱领吗"
Start = Callable[[], APIFlask]


def _delivered(platform: Platform, message: dict[str, object]) -> str:
    status, body = platform.post(*platform.packed(message))
    assert status == 200
    return platform.unpacked(body)


def _count(known: Resources, table: str) -> Any:
    row = known.database.fetch(f"SELECT count(*) FROM {table}")
    return None if row is None else row[0]


def test_a_message_that_comes_again_gets_the_same_reply_and_counts_once(
    platform: Platform, user: User, known: Resources, clock: HandClock
) -> None:
    message = user.message("text", Content=QUESTION)
    first = _delivered(platform, message)
    for _ in range(3):
        clock.now += timedelta(seconds=5)
        assert _delivered(platform, message) == first
    assert (_count(known, "turn"), _count(known, "wechat_receipt")) == (1, 1)
    # The control: the same words said again are another message.
    clock.now += timedelta(seconds=5)
    assert user.says(QUESTION)
    assert (_count(known, "turn"), _count(known, "wechat_receipt")) == (2, 2)


def test_a_message_that_comes_again_after_others_changes_nothing(
    platform: Platform, user: User, known: Resources
) -> None:
    first = user.message("text", Content="失业金怎么领")
    reply = _delivered(platform, first)
    user.says("2")
    assert _delivered(platform, first) == reply
    assert _count(known, "turn") == 2


def test_the_reply_is_the_same_after_a_restart(
    start: Start, known: Resources, clock: HandClock
) -> None:
    before = platform_before(start(), known)
    message = User(before).message("text", Content=QUESTION)
    first = _delivered(before, message)
    clock.now += timedelta(seconds=5)
    assert _delivered(platform_before(start(), known), message) == first
    assert _count(known, "turn") == 1


def test_deliveries_at_the_same_moment_have_one_effect(start: Start, known: Resources) -> None:
    here, there = platform_before(start(), known), platform_before(start(), known)
    for round in range(5):
        message = User(here).message("text", Content=QUESTION + "？" * round)
        with ThreadPoolExecutor(8) as threads:
            replies = set(threads.map(lambda n, m=message: _delivered((here, there)[n % 2], m),
                                      range(8)))  # fmt: skip
        assert len(replies) == 1 and "狮委办" in replies.pop()
        assert (_count(known, "turn"), _count(known, "wechat_receipt")) == (round + 1, round + 1)


@pytest.mark.parametrize(
    "change",
    [
        {"FromUserName": "oSomebodyElse"},
        {"ToUserName": "gh_other"},
        {"CreateTime": 1_772_357_401},
        {"MsgId": 2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_messages_that_are_not_the_same_all_get_answers(
    platform: Platform, user: User, known: Resources, change: dict[str, object]
) -> None:
    message = user.message("text", Content=QUESTION, MsgId=1)
    other = message | change | {"Content": "锦州社保能缓交吗"}
    assert "狮委办" in text_of(_delivered(platform, message))
    assert "锦州" in text_of(_delivered(platform, other))
    assert _count(known, "turn") == 2


def test_events_without_a_number_are_told_apart_too(platform: Platform, user: User) -> None:
    replies = [user.does("CLICK", key) for key in ("ask", "check", "progress")]
    assert len(set(replies)) == 3
    event = user.message("event", Event="subscribe")
    assert _delivered(platform, event) == _delivered(platform, event)


def test_names_that_run_together_are_not_mistaken(platform: Platform, user: User) -> None:
    one = user.message("event", Event="CLICK", EventKey="ask") | {"FromUserName": "oab"}
    other = one | {"FromUserName": "oa", "ToUserName": str(one["ToUserName"]) + "b"}
    assert text_of(_delivered(platform, one)) and text_of(_delivered(platform, other))


def test_old_receipts_are_swept_and_those_that_may_be_asked_for_stay(
    user: User, known: Resources, clock: HandClock
) -> None:
    user.says(QUESTION)
    user.speaks("石狮" * 400 + "失业金怎么领")
    clock.now += timedelta(hours=23)
    user.says("你好")
    user.speaks("荔湾" * 400 + "失业金怎么领")
    with known.database.begin() as session:
        assert receipts.forget_expired(session, now=clock.now) == 0
        assert followers.forget_expired(session, now=clock.now) == 0
    clock.now += timedelta(hours=2)
    with known.database.begin() as session:
        assert receipts.forget_expired(session, now=clock.now) == 2
        assert followers.forget_expired(session, now=clock.now) == 0
    clock.now += timedelta(hours=23)
    with known.database.begin() as session:
        assert followers.forget_expired(session, now=clock.now) == 1
    assert _count(known, "wechat_receipt") == 2


def test_what_is_still_owed_stays_for_as_long_as_it_can_be_answered(
    known: Resources, clock: HandClock
) -> None:
    with known.database.begin() as session:
        receipts.owe(session, "r", "sealed", now=clock.now)
    for hours, gone in ((47, 0), (49, 1)):
        with known.database.begin() as session:
            later = clock.now + timedelta(hours=hours)
            assert receipts.forget_expired(session, now=later) == gone
