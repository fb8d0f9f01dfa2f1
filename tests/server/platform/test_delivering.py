"""Delivery through a platform that fails in every way: none lost, none twice for no reason."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
import requests
from sqlalchemy import update
from sqlmodel import Session, col

from server.clock import utc_now
from server.confidential.sealing import Safe
from server.database.db import Database
from server.database.tables import Notice, NoticeState
from server.notices import outbox
from server.notices.outbox import Claimed
from server.personal import people
from server.platform import delivering
from server.platform.interface import App, Platform, make_platform
from server.settings import Settings
from tests import casework
from tests.serving import free_port, wait_until_listening
from tests.verifying import size, within
from tests.wechat_platform.state import APP_ID, APP_SECRET, Fault, PlatformState

if TYPE_CHECKING:
    from knowledge.library import Library

ROOT = Path(__file__).parents[3]
SEND = "/cgi-bin/message/custom/send"


@pytest.fixture
def openid(wechat: PlatformState) -> str:
    return wechat.openid(APP_ID, "wang")


def _add(database: Database, safe: Safe, openid: str, number: int = 1) -> list[str]:
    now = utc_now()
    with database.begin() as session:
        return [
            outbox.add_text(session, safe, app_id=APP_ID, openid=openid, text=str(text), now=now)
            for text in range(number)
        ]


def _deliver(database: Database, safe: Safe, platform: Platform) -> Counter[NoticeState]:
    return delivering.deliver(database, safe, platform, clock=utc_now, stop=threading.Event())


def _errors(database: Database) -> list[tuple[str, str | None]]:
    with database.read() as session:
        return [(notice.state, notice.error) for notice in outbox.stuck(session)]


def test_all_that_is_due_is_sent_once(
    database: Database, safe: Safe, platform: Platform, wechat: PlatformState, openid: str
) -> None:
    _add(database, safe, openid, 40)
    assert _deliver(database, safe, platform) == {NoticeState.SENT: 40}
    assert sorted(map(int, wechat.texts())) == list(range(40))
    assert _deliver(database, safe, platform) == {}


def test_one_notice_can_be_sent_at_once_and_is_not_sent_again(
    database: Database, safe: Safe, platform: Platform, wechat: PlatformState, openid: str
) -> None:
    first, _ = _add(database, safe, openid, 2)
    for expected in (NoticeState.SENT, None):
        assert delivering.deliver_one(database, safe, platform, first, clock=utc_now) is expected
    assert wechat.texts() == ["0"]
    wechat.faults = [Fault(code=-1)]
    (other,) = _add(database, safe, openid)
    state = delivering.deliver_one(database, safe, platform, other, clock=utc_now)
    assert state is NoticeState.DUE


@pytest.mark.parametrize("code", [43101, 40003, 45015, 48001])
def test_a_refusal_is_final_and_staff_see_it(
    database: Database,
    safe: Safe,
    platform: Platform,
    wechat: PlatformState,
    openid: str,
    code: int,
) -> None:
    _add(database, safe, openid)
    wechat.faults = [Fault(code=code, path=SEND)]
    assert _deliver(database, safe, platform) == {NoticeState.REFUSED: 1}
    wechat.faults = []
    assert _deliver(database, safe, platform) == {}
    assert _errors(database) == [("refused", str(code))] and wechat.calls[SEND] == 1


@pytest.mark.parametrize("fault", [Fault(drop=True, done_first=True), Fault(status=504)])
def test_an_unknown_outcome_is_not_repeated_and_staff_see_it(
    database: Database,
    safe: Safe,
    platform: Platform,
    wechat: PlatformState,
    openid: str,
    fault: Fault,
) -> None:
    _add(database, safe, openid)
    wechat.faults = [Fault(**{**fault.__dict__, "path": SEND})]
    assert _deliver(database, safe, platform) == {NoticeState.UNKNOWN: 1}
    wechat.faults = []
    assert _deliver(database, safe, platform) == {}
    assert [state for state, _ in _errors(database)] == ["unknown"] and wechat.calls[SEND] == 1


def test_what_is_too_old_or_for_an_app_that_is_gone_is_final(
    database: Database, safe: Safe, platform: Platform, wechat: PlatformState, openid: str
) -> None:
    old = utc_now() - outbox.MOST_AGE
    with database.begin() as session:
        outbox.add_text(session, safe, app_id=APP_ID, openid=openid, text="old", now=old)
        outbox.add_text(session, safe, app_id="gone", openid=openid, text="x", now=utc_now())
    assert _deliver(database, safe, platform) == {NoticeState.REFUSED: 2}
    assert {error for _, error in _errors(database)} == {outbox.TOO_LATE, outbox.NO_APP}
    assert wechat.sent == []


def test_while_the_platform_is_out_only_a_handful_ends_in_doubt(
    database: Database, safe: Safe, platform: Platform, wechat: PlatformState, openid: str
) -> None:
    _add(database, safe, openid, 100)
    wechat.faults = [Fault(status=502)]
    counted = Counter[NoticeState]()
    platform.account.is_reachable()
    for _ in range(3):
        counted += _deliver(database, safe, platform)
    # Without the platform's answer not even a token is to be had: nothing was sent.
    assert counted[NoticeState.UNKNOWN] == 0
    wechat.faults = []
    platform.account.is_reachable()
    wechat.faults = [Fault(status=502)]
    _due_now(database)
    assert _deliver(database, safe, platform)[NoticeState.UNKNOWN] <= delivering.AT_ONCE + 8
    wechat.faults = []
    _due_now(database)
    _deliver(database, safe, platform)
    with database.read() as session:
        counts = outbox.counts(session)
    assert counts[NoticeState.SENT] + counts[NoticeState.UNKNOWN] == 100


def _due_now(database: Database) -> None:
    with database.begin() as session:
        session.execute(
            update(Notice).where(col(Notice.state) == NoticeState.DUE).values(due_at=utc_now())
        )


def test_asked_to_stop_it_finishes_what_is_under_way(
    database: Database, safe: Safe, platform: Platform, wechat: PlatformState, openid: str
) -> None:
    _add(database, safe, openid, 60)
    wechat.faults = [Fault(delay=0.1, path=SEND)]
    stop = threading.Event()
    threading.Timer(0.25, stop.set).start()
    counted = delivering.deliver(database, safe, platform, clock=utc_now, stop=stop, watch=True)
    assert 0 < counted[NoticeState.SENT] == len(wechat.sent) < 60
    with database.read() as session:
        assert NoticeState.SENDING not in outbox.counts(session)


def test_the_platform_is_asked_who_is_who_and_makes_two_workers_one(
    database: Database,
    safe: Safe,
    library: "Library",
    platform: Platform,
    wechat: PlatformState,
    openid: str,
) -> None:
    wechat.unions = {openid: "union-of-wang"}
    with database.begin() as session:
        account, alone = (
            people.recognise(session, safe, issuer=APP_ID, subject=subject, now=utc_now())
            for subject in (openid, wechat.openid(APP_ID, "li"))
        )
        mini = people.recognise(
            session, safe, issuer="wx-mini", subject="m", unionid="union-of-wang", now=utc_now()
        )
    assert len({account, alone, mini}) == 3
    wechat.faults = [Fault(code=-1, path="/cgi-bin/user/info")]

    def ask() -> int:
        return delivering.ask_unionids(
            database,
            safe,
            platform.account,
            making_post=lambda: casework.post(safe, library),
            clock=utc_now,
        )

    asks = [ask()]
    wechat.faults = []
    asks += [ask(), ask()]
    assert asks == [0, 2, 0]
    assert people.find(database, safe, issuer="wx-mini", subject="m") == account


def test_who_is_erased_while_the_platform_is_asked_does_not_come_back(
    database: Database, safe: Safe, library: "Library", openid: str
) -> None:
    with database.begin() as session:
        worker = people.recognise(session, safe, issuer=APP_ID, subject=openid, now=utc_now())

    class Slow:
        app_id = APP_ID

        def user_unionid(self, openid: str) -> str:
            with database.begin() as session:
                people.forget(session, safe, issuer=APP_ID, subject=openid, worker_id=worker)
            return "union-of-wang"

    delivering.ask_unionids(
        database,
        safe,
        cast(App, Slow()),
        making_post=lambda: casework.post(safe, library),
        clock=utc_now,
    )
    assert database.fetch("SELECT count(*) FROM identity") == (0,)
    assert database.fetch("SELECT count(*) FROM worker") == (1,)


# -- under faults ------------------------------------------------------------------------------


@contextmanager
def _platform_apart() -> Iterator[str]:
    """The stand-in in a process of its own, so that both sides have an interpreter each."""
    port = free_port()
    program = [sys.executable, "-m", "tests.wechat_platform", "--quiet", "--port", str(port)]
    process = subprocess.Popen(program, cwd=ROOT)
    base = f"http://127.0.0.1:{port}"
    try:
        wait_until_listening(port)
        yield base
    finally:
        process.terminate()
        process.wait(10)


def _watching(database: Database, safe: Safe, base: str, stop: threading.Event) -> threading.Thread:
    settings = Settings.model_validate(
        {"wechat_app_id": APP_ID, "wechat_app_secret": APP_SECRET, "wechat_api_base": base}
    )
    platform = make_platform(settings, database, safe, utc_now)
    assert platform is not None
    watching = threading.Thread(
        target=delivering.deliver,
        args=(database, safe, platform),
        kwargs={"clock": utc_now, "stop": stop, "watch": True},
    )
    watching.start()
    return watching


FAULTS: tuple[tuple[dict[str, object], ...], ...] = (
    ({"code": -1, "chance": 0.3},),
    ({"drop": True, "done_first": True, "chance": 0.02}, {"drop": True, "chance": 0.02}),
    ({"code": 45009, "path": SEND},),
    ({"delay": 0.3, "chance": 0.2}, {"status": 503, "chance": 0.3}),
    ({"code": -1, "path": "/cgi-bin/stable_token"}, {"code": 42001, "chance": 0.1, "path": SEND}),
    ({"code": 43101, "chance": 0.02, "path": SEND},),
    # The last: half of all notices wait when the platform is back.
    ({"status": 502},),
)


@pytest.mark.fault
def test_no_notice_is_lost_and_none_is_sent_twice(
    database: Database, safe: Safe, tell: Callable[[str, object, object], None]
) -> None:
    wanted = size(400, 10_000)
    each_fault = size(1, 86)
    stop = threading.Event()
    with _platform_apart() as base:
        watching = _watching(database, safe, base, stop)
        try:
            for faults in FAULTS:
                requests.post(f"{base}/_faults", json=list(faults), timeout=5)
                _add_numbered(database, safe, faults, _share(wanted, faults))
                requests.post(f"{base}/_expire", timeout=5)
                time.sleep(each_fault)
            requests.post(f"{base}/_faults", json=[], timeout=5)
            recovered = time.monotonic()
            _wait_until_settled(database)
            drained = time.monotonic() - recovered
        finally:
            stop.set()
            watching.join(30)
        got = Counter(
            message["text"]["content"]
            for message in requests.get(f"{base}/_sent", timeout=30).json()
        )
    with database.read() as session:
        counts = outbox.counts(session)
    total = sum(counts.values())
    twice = sum(count > 1 for count in got.values())
    tell("notices", total, f">= {wanted}")
    tell("  arrived", len(got), "-")
    tell("  refused for good, shown to staff", counts[NoticeState.REFUSED], "-")
    tell("  in doubt, shown to staff", counts[NoticeState.UNKNOWN], "-")
    lost = total - counts[NoticeState.SENT] - counts[NoticeState.REFUSED]
    lost -= counts[NoticeState.UNKNOWN]
    tell("notices lost", lost, 0)
    tell("notices that arrived twice", twice, 0)
    tell("drained after recovery, s", round(drained, 1), "<= 60")
    assert total >= wanted and lost == 0 and twice == 0
    assert counts[NoticeState.SENT] <= len(got)
    assert drained <= within(60)


def _share(wanted: int, faults: object) -> int:
    """How many notices are added under these faults."""
    return wanted // (2 if faults is FAULTS[-1] else 2 * len(FAULTS) - 2) + 1


def _add_numbered(database: Database, safe: Safe, of: object, number: int) -> None:
    for start in range(0, number, 100):
        with database.begin() as session:
            _add_texts(session, safe, of, range(start, min(start + 100, number)))


def _add_texts(session: Session, safe: Safe, of: object, numbers: range) -> None:
    for number in numbers:
        outbox.add_text(
            session, safe, app_id=APP_ID, openid="o" * 28, text=f"{of} {number}", now=utc_now()
        )


def _wait_until_settled(database: Database) -> None:
    for _ in range(1200):
        with database.read() as session:
            counts = outbox.counts(session)
        if not counts[NoticeState.DUE] and not counts[NoticeState.SENDING]:
            return
        time.sleep(0.1)


def test_a_message_that_arrives_twice_would_be_seen(
    database: Database, safe: Safe, platform: Platform, wechat: PlatformState, openid: str
) -> None:
    _add(database, safe, openid, 3)
    wechat.faults = [Fault(twice=True, path=SEND)]
    assert _deliver(database, safe, platform) == {NoticeState.SENT: 3}
    assert set(Counter(wechat.texts()).values()) == {2}


def test_a_blind_repetition_would_be_seen(
    database: Database, safe: Safe, platform: Platform, wechat: PlatformState, openid: str
) -> None:
    """The control: a sender that takes a dropped connection for a failure repeats itself."""
    _add(database, safe, openid, 5)
    wechat.faults = [Fault(drop=True, done_first=True, path=SEND)]
    _deliver(database, safe, platform)
    wechat.faults = []
    with database.begin() as session:
        for notice in outbox.stuck(session):
            outbox.send_again(session, notice.id, now=utc_now())
    _deliver(database, safe, platform)
    assert max(Counter(wechat.texts()).values()) == 2


@pytest.mark.fault
def test_a_killed_sender_leaves_no_notice_unseen_and_repeats_none(
    database: Database, safe: Safe, wechat: PlatformState, wechat_settings: Settings, openid: str
) -> None:
    _add(database, safe, openid, 120)
    wechat.faults = [Fault(delay=0.05, path=SEND, done_first=True)]
    pid = os.fork()
    if pid == 0:
        try:
            platform = make_platform(wechat_settings, database, safe, utc_now)
            assert platform is not None
            _deliver(database, safe, platform)
        finally:
            os._exit(0)
    while len(wechat.sent) < 30:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    time.sleep(0.3)
    with database.begin() as session:
        in_doubt = outbox.give_up_leases(session, now=utc_now() + outbox.LEASE)
    platform = make_platform(wechat_settings, database, safe, utc_now)
    assert platform is not None
    sent = _deliver(database, safe, platform)[NoticeState.SENT]
    got = Counter(wechat.texts())
    assert 0 < in_doubt <= delivering.AT_ONCE
    assert max(got.values()) == 1
    with database.read() as session:
        counts = outbox.counts(session)
    assert counts[NoticeState.SENT] + counts[NoticeState.UNKNOWN] == 120
    assert sent < 120 and len(got) >= counts[NoticeState.SENT]


def test_an_error_of_our_own_leaves_the_notice_in_doubt(
    database: Database,
    safe: Safe,
    platform: Platform,
    openid: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(app: object, notice: Claimed) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(delivering, "_hand_over", broken)
    _add(database, safe, openid)
    assert _deliver(database, safe, platform) == {NoticeState.UNKNOWN: 1}
    assert _errors(database) == [("unknown", "ZeroDivisionError")]
