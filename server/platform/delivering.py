"""Sends what stands in the outbox: many at once, outside any transaction."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import OperationalError

from server import uniting
from server.casework.advancing import Post
from server.clock import Clock
from server.confidential.sealing import Safe
from server.database.db import Database, DatabaseBusy
from server.database.tables import NoticeState
from server.notices import outbox
from server.notices.outbox import Claimed, Outcome
from server.notices.templates import NoticeKind
from server.personal import people
from server.platform.faults import OutcomeUnknown, PlatformBusy, PlatformRefused

if TYPE_CHECKING:
    from server.platform.interface import App, Platform

AT_ONCE = 16
_IDLE_SECONDS = 1.0
_GATHER_SECONDS = 0.01
_FAILURES_IN_A_ROW = 8
_LONGEST_HOLD_SECONDS = 10.0

_log = structlog.get_logger()


def deliver_one(
    database: Database, safe: Safe, platform: "Platform", notice_id: str, *, clock: Clock
) -> NoticeState | None:
    """Sends one notice now, if it is due and nobody else sends it; how it stands then, or None.

    Never raises for the platform's sake: whatever goes wrong, `deliver` takes it over.
    """
    with database.begin() as session:
        claimed = outbox.claim(session, safe, at_most=1, only=notice_id, now=clock())
    if not claimed:
        return None
    outcome = _send(platform, claimed[0], clock())
    with database.begin() as session:
        outbox.settle(session, [outcome], now=clock())
    return outcome.state


def deliver(
    database: Database,
    safe: Safe,
    platform: "Platform",
    *,
    clock: Clock,
    stop: Event,
    watch: bool = False,
    between: Callable[[], None] = lambda: None,
) -> Counter[NoticeState]:
    """Sends all that is due, and counts what came of it; with `watch` goes on until `stop`.

    `between` is called about once a second. Once `stop` is set, what is under way is finished.
    """
    counted: Counter[NoticeState] = Counter()
    pace = _Pace(platform)
    running: set[Future[Outcome]] = set()
    finished: list[Outcome] = []
    looked_at = 0.0
    with ThreadPoolExecutor(AT_ONCE, "deliver") as pool:
        while True:
            if time.monotonic() - looked_at >= _IDLE_SECONDS:
                between()
                looked_at = time.monotonic()
            room = 0 if stop.is_set() else pace.slots() - len(running)
            claimed = _settle_and_claim(database, safe, finished, room, clock)
            counted.update(outcome.state for outcome in finished)
            finished = []
            running |= {pool.submit(_send, platform, notice, clock()) for notice in claimed}
            if not running:
                if stop.is_set() or not watch:
                    return counted
                stop.wait(_IDLE_SECONDS)
                continue
            done, running = wait(running, return_when=FIRST_COMPLETED)
            # What ends at nearly the same time is recorded in one transaction.
            more, running = wait(running, timeout=_GATHER_SECONDS)
            finished = [future.result() for future in (*done, *more)]
            pace.note(finished)


def ask_unionids(
    database: Database,
    safe: Safe,
    app: "App",
    *,
    making_post: Callable[[], Post],
    clock: Clock,
    at_most: int = 50,
) -> int:
    """Asks the platform under which unionid it knows followers of the account.

    A message to the account does not say it. Returns how many were asked; ends where the platform
    is busy, the next run goes on.
    """
    with database.read() as session:
        openids = people.without_unionid(session, safe, app.app_id, at_most)
    for asked, openid in enumerate(openids):
        try:
            unionid = app.user_unionid(openid)
        except PlatformRefused:
            unionid = None
        except (PlatformBusy, OutcomeUnknown):
            return asked
        _note_unionid(database, safe, app.app_id, openid, unionid, making_post, clock())
    return len(openids)


def _note_unionid(
    database: Database,
    safe: Safe,
    app_id: str,
    openid: str,
    unionid: str | None,
    making_post: Callable[[], Post],
    now: datetime,
) -> None:
    with database.begin() as session:
        if not people.is_known(session, safe, issuer=app_id, subject=openid):
            # Erased while the platform was asked: nobody comes back by that.
            return
        if unionid is not None:
            people.recognise(
                session,
                safe,
                issuer=app_id,
                subject=openid,
                unionid=unionid,
                uniting=partial(uniting.unite, making_post=making_post, now=now),
                now=now,
            )
        people.unionid_asked(session, safe, issuer=app_id, subject=openid, now=now)


def _settle_and_claim(
    database: Database, safe: Safe, finished: list[Outcome], room: int, clock: Clock
) -> list[Claimed]:
    """One transaction for both; what is finished is recorded, however long the database is busy."""
    if not finished and room <= 0:
        return []
    while True:
        try:
            with database.begin() as session:
                outbox.settle(session, finished, now=clock())
                outbox.give_up_leases(session, now=clock())
                if room <= 0:
                    return []
                return outbox.claim(session, safe, at_most=room, now=clock())
        except (DatabaseBusy, OperationalError) as error:
            if not finished:
                raise
            _log.warning("outcomes_wait", reason=type(error).__name__, notices=len(finished))
            time.sleep(_IDLE_SECONDS)


def _send(platform: "Platform", notice: Claimed, now: datetime) -> Outcome:
    app = platform.app(notice.app_id)
    attempts = notice.attempts + 1
    if app is None:
        return Outcome(notice.id, NoticeState.REFUSED, attempts, outbox.NO_APP)
    if now - notice.created_at > outbox.MOST_AGE:
        return Outcome(notice.id, NoticeState.REFUSED, attempts, outbox.TOO_LATE)
    try:
        _hand_over(app, notice)
        return Outcome(notice.id, NoticeState.SENT, attempts)
    except PlatformRefused as fault:
        return Outcome(notice.id, NoticeState.REFUSED, attempts, str(fault.code))
    except PlatformBusy as fault:
        return Outcome(notice.id, NoticeState.DUE, attempts, str(fault.code or "busy"))
    except OutcomeUnknown as fault:
        return Outcome(notice.id, NoticeState.UNKNOWN, attempts, str(fault.code or "unknown"))
    except Exception as error:
        # Ours to mend; whether the platform has it is unknown as well.
        _log.error("notice_failed", notice=notice.id, reason=type(error).__name__)
        return Outcome(notice.id, NoticeState.UNKNOWN, attempts, type(error).__name__[:32])


def _hand_over(app: "App", notice: Claimed) -> None:
    content = notice.content
    if notice.kind is NoticeKind.TEXT:
        app.send_text(content["to"], content["text"])
    else:
        app.send_subscribe(content["to"], content["template"], content["data"], content["page"])


class _Pace:
    """How many notices may be under way.

    While the platform is out, each try may end in an unknown outcome that a person has to look at:
    after some failures in a row nothing is sent until it answers a harmless question.
    """

    def __init__(self, platform: "Platform") -> None:
        self._platform = platform
        self._failures = 0
        self._hold = 0.0
        self._held_until = 0.0

    def note(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.state in (NoticeState.SENT, NoticeState.REFUSED):
                self._failures, self._hold = 0, 0.0
            else:
                self._failures += 1
        if self.is_held():
            self._wait_longer()

    def is_held(self) -> bool:
        return self._failures >= _FAILURES_IN_A_ROW

    def slots(self) -> int:
        if not self.is_held():
            return AT_ONCE
        if time.monotonic() < self._held_until:
            return 0
        if self._platform.account.is_reachable():
            return 1
        self._wait_longer()
        return 0

    def _wait_longer(self) -> None:
        self._hold = min(max(1.0, self._hold * 2), _LONGEST_HOLD_SECONDS)
        self._held_until = time.monotonic() + self._hold
