"""The age of the outbox: it tells that people wait for what could be sent, and nothing else."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from server.confidential.sealing import Safe
from server.database.db import Database
from server.database.tables import NoticeState
from server.monitoring import gauging
from server.notice_kinds import NOT_URGENT
from server.notices import outbox
from server.notices.outbox import Outcome
from server.personal import people

APP = "wx-app"
MINUTE = timedelta(minutes=1)


def _age(database: Database, folder: Path, now: datetime) -> float:
    (age,) = [
        gauge.values[""]
        for gauge in gauging.gauges(database, folder, 1, now=now)
        if gauge.name == "outbox_age_seconds"
    ]
    return age


def _add(database: Database, safe: Safe, now: datetime) -> str:
    with database.begin() as session:
        return outbox.add_text(session, safe, app_id=APP, openid="o", text="你好", now=now)


def test_what_is_tried_again_and_again_has_waited_since_it_was_written(
    database: Database, safe: Safe, tmp_path: Path, now: datetime
) -> None:
    id = _add(database, safe, now)
    for minute in range(1, 12):
        at = now + minute * MINUTE
        with database.begin() as session:
            assert len(outbox.claim(session, safe, at_most=9, now=at)) == 1
            outbox.settle(session, [Outcome(id, NoticeState.DUE, minute, "busy")], now=at)
    assert _age(database, tmp_path, at) == 660
    with database.begin() as session:
        outbox.claim(session, safe, at_most=9, now=at + MINUTE)
        outbox.settle(session, [Outcome(id, NoticeState.SENT, 12)], now=at + MINUTE)
    assert _age(database, tmp_path, at + MINUTE) == 0


def test_what_is_sealed_with_a_key_that_is_missing_has_waited_since_it_was_written(
    database: Database, safe: Safe, tmp_path: Path, now: datetime
) -> None:
    _add(database, replace(safe, keys={"new": bytes(range(32)), **safe.keys}), now)
    for minute in range(1, 12):
        at = now + minute * MINUTE
        with database.begin() as session:
            assert outbox.claim(session, safe, at_most=9, now=at) == []
    assert _age(database, tmp_path, at) == 660


def test_what_goes_to_many_or_waits_for_its_hours_is_no_sign_that_nothing_can_be_sent(
    database: Database, safe: Safe, tmp_path: Path, now: datetime
) -> None:
    values = {
        "title": "失业补助", "sender": "市总工会", "on": "2026-03-01", "hint": "点开看",
        "letter": "x", "left": "还剩20.00元", "until": "2026-03-04", "voucher": "x",
    }  # fmt: skip
    with database.begin() as session:
        worker = people.recognise(session, safe, issuer=APP, subject="o", now=now)
        for kind in NOT_URGENT:
            these = [outbox.Addressed(kind, worker, "o", values)]
            outbox.add_many(session, safe, {kind: "t"}, kind=kind, app_id=APP, these=these, now=now)
    assert _age(database, tmp_path, now + 60 * MINUTE) == 0
    _add(database, safe, now + 60 * MINUTE)
    assert _age(database, tmp_path, now + 61 * MINUTE) == 60
