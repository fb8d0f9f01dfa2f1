"""The outbox: a notice stands or falls with what it tells of, and one process sends it."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from server.confidential.sealing import Safe
from server.database.db import Database
from server.database.tables import Notice, NoticeState
from server.notice_kinds import NOT_URGENT
from server.notices import outbox
from server.notices.outbox import Claimed, Outcome
from server.notices.templates import FieldUnfit, NoticeKind, templates
from server.personal import people
from tests.plans import planned

APP = "wx-app"
SECOND = timedelta(seconds=1)
VALUES = {"measure": "失业保险金", "amount": "1200.00元", "on": "2026年3月2日", "case": "SH-12"}
IDS = {NoticeKind.PAID: "template-paid"}


def _add(session: Session, safe: Safe, now: datetime, text: str = "你好", **more: str) -> str:
    return outbox.add_text(session, safe, app_id=APP, openid="o" * 28, text=text, now=now, **more)


def _claim(database: Database, safe: Safe, now: datetime, at_most: int = 100) -> list[Claimed]:
    with database.begin() as session:
        return outbox.claim(session, safe, at_most=at_most, now=now)


def _settle(database: Database, now: datetime, *outcomes: Outcome) -> None:
    with database.begin() as session:
        outbox.settle(session, outcomes, now=now)


def _state(database: Database, id: str) -> tuple[str, str | None]:
    with database.read() as session:
        notice = session.get_one(Notice, id)
        return notice.state, notice.error


def test_what_is_rolled_back_is_not_told(database: Database, safe: Safe, now: datetime) -> None:
    with pytest.raises(RuntimeError), database.begin() as session:
        _add(session, safe, now)
        raise RuntimeError
    assert _claim(database, safe, now) == []


def test_a_notice_is_claimed_once_and_tells_what_was_put_in(
    database: Database, safe: Safe, now: datetime
) -> None:
    with database.begin() as session:
        id = _add(session, safe, now)
    (claimed,) = _claim(database, safe, now)
    assert (claimed.id, claimed.content) == (id, {"to": "o" * 28, "text": "你好"})
    assert _claim(database, safe, now) == []
    _settle(database, now, Outcome(id, NoticeState.SENT, 1))
    assert _state(database, id) == ("sent", None)
    # What was said is nobody's business any more.
    assert database.fetch("SELECT sealed FROM notice") == (None,)


def test_the_same_key_is_the_same_notice(database: Database, safe: Safe, now: datetime) -> None:
    ids = set()
    for _ in range(2):
        with database.begin() as session:
            ids |= {_add(session, safe, now, key="case 12 paid") for _ in range(2)}
    assert len(ids) == 1 and len(_claim(database, safe, now)) == 1


def test_nothing_in_it_can_be_read_or_moved(database: Database, safe: Safe, now: datetime) -> None:
    with database.begin() as session:
        first, second = (_add(session, safe, now, text) for text in ("canary 一", "canary 二"))
        rows = session.connection().exec_driver_sql("SELECT * FROM notice").all()
        assert "canary" not in repr(rows) and "oooo" not in repr(rows)
        # One person's message under another's row does not open.
        moved = session.get_one(Notice, second)
        moved.sealed = session.get_one(Notice, first).sealed
        session.add(moved)
    assert [claimed.id for claimed in _claim(database, safe, now)] == [first]
    assert _state(database, second) == ("refused", outbox.SEAL_BROKEN)


def test_a_notice_sealed_with_a_key_that_only_others_have_yet_waits_and_is_sent(
    database: Database, safe: Safe, now: datetime
) -> None:
    """While a new key comes into use, each process learns of it with its own restart."""
    newer = replace(safe, keys={"new": bytes(range(32)), **safe.keys})
    with database.begin() as session:
        ahead, own = _add(session, newer, now), _add(session, safe, now)
    assert [claimed.id for claimed in _claim(database, safe, now)] == [own]
    assert _state(database, ahead) == ("due", outbox.SEAL_BROKEN)
    # It is not asked for again and again meanwhile.
    assert _claim(database, newer, now) == []
    (claimed,) = _claim(database, newer, now + outbox.LONGEST_PAUSE)
    assert (claimed.id, claimed.attempts) == (ahead, 0)
    _settle(database, now, Outcome(ahead, NoticeState.SENT, 1))
    assert _state(database, ahead) == ("sent", None)


def test_a_notice_whose_key_never_comes_is_given_up_after_three_days(
    database: Database, safe: Safe, now: datetime
) -> None:
    newer = replace(safe, keys={"new": bytes(range(32)), **safe.keys})
    with database.begin() as session:
        id = _add(session, newer, now)
    assert _claim(database, safe, now + outbox.MOST_AGE) == []
    assert _state(database, id) == ("due", outbox.SEAL_BROKEN)
    assert _claim(database, safe, now + outbox.MOST_AGE + outbox.LONGEST_PAUSE) == []
    assert _state(database, id) == ("refused", outbox.SEAL_BROKEN)


def _add_many(database: Database, safe: Safe, kind: NoticeKind, count: int, now: datetime) -> None:
    values = {
        "title": "失业补助", "sender": "市总工会", "on": "2026-03-01", "hint": "点开看",
        "letter": "x", "left": "还剩20.00元", "until": "2026-03-04", "voucher": "x",
    }  # fmt: skip
    with database.begin() as session:
        worker = people.recognise(session, safe, issuer=APP, subject="o1", now=now)
        these = [
            outbox.Addressed(f"{kind} {number}", worker, "o1", values) for number in range(count)
        ]
        outbox.add_many(session, safe, {kind: "t"}, kind=kind, app_id=APP, these=these, now=now)


def test_what_goes_to_many_and_has_its_hours_lets_every_other_notice_go_first(
    database: Database, safe: Safe, now: datetime
) -> None:
    for kind in NOT_URGENT:
        _add_many(database, safe, kind, 20, now - SECOND)
    with database.begin() as session:
        urgent = [_add(session, safe, now - SECOND / 2 * ago) for ago in (1, 0)]
    claimed = _claim(database, safe, now, at_most=16)
    assert [notice.id for notice in claimed[:2]] == urgent
    assert {notice.kind for notice in claimed[2:]} <= set(NOT_URGENT) and len(claimed) == 16
    assert len(_claim(database, safe, now)) == 26


def test_at_night_what_has_its_hours_waits_alone(
    database: Database, safe: Safe, now: datetime
) -> None:
    night = now.replace(hour=18)
    for kind in NOT_URGENT:
        _add_many(database, safe, kind, 2, now)
    with database.begin() as session:
        urgent = _add(session, safe, night)
    assert [notice.id for notice in _claim(database, safe, night)] == [urgent]


def test_the_kinds_that_are_not_urgent_are_those_that_have_their_hours() -> None:
    assert {kind for kind, known in templates().items() if known.hours} == set(NOT_URGENT)


def test_the_next_notices_are_found_in_their_order_however_many_wait(
    database: Database, safe: Safe, now: datetime
) -> None:
    """Sorting a hundred thousand takes half a second, each time a few of them are taken."""
    without = ("seqscan", "bitmapscan", "sort")
    with planned(database, "notice", without=without) as plans:
        _claim(database, safe, now)
    for plan in plans:
        assert "ix_notice_" in plan
        assert "Sort" not in plan and "ORDER BY" not in plan


def test_many_processes_claim_each_notice_once(
    database: Database, safe: Safe, now: datetime
) -> None:
    with database.begin() as session:
        ids = {_add(session, safe, now) for _ in range(60)}
    claimed: list[str] = []

    def claim_all() -> None:
        while found := _claim(database, safe, now, at_most=4):
            claimed.extend(notice.id for notice in found)

    threads = [threading.Thread(target=claim_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 60 and set(claimed) == ids


def test_a_busy_platform_is_tried_again_later_and_later_but_within_half_a_minute(
    database: Database, safe: Safe, now: datetime
) -> None:
    with database.begin() as session:
        id = _add(session, safe, now)
    at = now
    for attempt in range(1, 12):
        (claimed,) = _claim(database, safe, at)
        assert claimed.attempts == attempt - 1
        _settle(database, at, Outcome(id, NoticeState.DUE, attempt, "-1"))
        assert _claim(database, safe, at) == []
        at += outbox.LONGEST_PAUSE


def test_pauses_grow_to_a_limit_and_differ() -> None:
    for attempts in range(1, 40):
        pauses = {outbox.pause(attempts) for _ in range(20)}
        assert len(pauses) == 20
        assert min(pauses) >= min(SECOND * 2**attempts, outbox.LONGEST_PAUSE) / 2
        assert max(pauses) <= outbox.LONGEST_PAUSE


def test_what_a_dead_process_was_sending_is_not_sent_again_but_seen(
    database: Database, safe: Safe, now: datetime
) -> None:
    with database.begin() as session:
        id = _add(session, safe, now)
    _claim(database, safe, now)
    with database.begin() as session:
        assert outbox.give_up_leases(session, now=now + outbox.LEASE - SECOND) == 0
        assert outbox.give_up_leases(session, now=now + outbox.LEASE) == 1
        assert [notice.id for notice in outbox.stuck(session)] == [id]
    assert _claim(database, safe, now + outbox.MOST_AGE) == []
    # It was only slow, and knows better.
    _settle(database, now, Outcome(id, NoticeState.SENT, 1))
    assert _state(database, id) == ("sent", None)


def test_staff_see_what_is_stuck_and_may_have_it_sent_again(
    database: Database, safe: Safe, now: datetime
) -> None:
    with database.begin() as session:
        refused, unknown, sent = (_add(session, safe, now) for _ in range(3))
    _claim(database, safe, now)
    _settle(
        database, now,
        Outcome(refused, NoticeState.REFUSED, 1, "43101"),
        Outcome(unknown, NoticeState.UNKNOWN, 1, "unknown"),
        Outcome(sent, NoticeState.SENT, 1),
    )  # fmt: skip
    with database.begin() as session:
        assert {notice.id for notice in outbox.stuck(session)} == {refused, unknown}
        assert outbox.counts(session) == {
            NoticeState.REFUSED: 1, NoticeState.UNKNOWN: 1, NoticeState.SENT: 1,
        }  # fmt: skip
        assert [outbox.send_again(session, id, now=now) for id in (refused, sent, "none")] == [
            True, False, False,
        ]  # fmt: skip
    assert [notice.id for notice in _claim(database, safe, now)] == [refused]


def test_all_that_may_go_again_at_once_is_what_surely_never_arrived(
    database: Database, safe: Safe, now: datetime
) -> None:
    """What may have arrived, and what WeChat refused, a person looks at one by one."""
    with database.begin() as session:
        late, unknown, refused, missed = (_add(session, safe, now) for _ in range(4))
    _add_many(database, safe, NoticeKind.OUTREACH, 1, now)
    (campaign,) = {notice.id for notice in _claim(database, safe, now)} - {
        late, unknown, refused, missed,
    }  # fmt: skip
    _settle(
        database, now,
        Outcome(late, NoticeState.REFUSED, 9, outbox.TOO_LATE),
        Outcome(unknown, NoticeState.UNKNOWN, 1, "unknown"),
        Outcome(refused, NoticeState.REFUSED, 1, "43101"),
        Outcome(missed, NoticeState.REFUSED, 0, outbox.SEAL_BROKEN),
        Outcome(campaign, NoticeState.REFUSED, 9, outbox.TOO_LATE),
    )  # fmt: skip
    later = now + outbox.MOST_AGE
    with database.begin() as session:
        assert outbox.send_late_again(session, now=later) == 1
    (claimed,) = _claim(database, safe, later)
    assert (claimed.id, claimed.attempts, claimed.created_at) == (late, 0, later)


def test_a_subscribe_message_goes_to_the_workers_mini_program(
    database: Database, safe: Safe, now: datetime
) -> None:
    with database.begin() as session:
        worker = people.recognise(session, safe, issuer=APP, subject="o1", now=now)
        elsewhere = people.recognise(session, safe, issuer="dev", subject="o2", now=now)

        def add(worker_id: int, ids: dict[NoticeKind, str]) -> str:
            return outbox.add_notice(
                session, safe, ids, kind=NoticeKind.PAID, worker_id=worker_id, app_id=APP,
                values=VALUES, now=now,
            )  # fmt: skip

        reached, unreached, unmade = add(worker, IDS), add(elsewhere, IDS), add(worker, {})
        with pytest.raises(FieldUnfit):
            outbox.add_notice(
                session, safe, IDS, kind=NoticeKind.PAID, worker_id=worker, app_id=APP,
                values=VALUES | {"amount": "很多"}, now=now,
            )  # fmt: skip
    (claimed,) = _claim(database, safe, now)
    assert claimed.id == reached
    assert claimed.content["to"] == "o1" and claimed.content["template"] == "template-paid"
    assert claimed.content["data"]["amount2"] == {"value": "1200.00元"}
    assert claimed.content["page"] == "pages/case/index?id=SH-12"
    assert _state(database, unreached) == ("refused", outbox.NO_ADDRESS)
    assert _state(database, unmade) == ("refused", outbox.NO_TEMPLATE)


def test_what_was_settled_long_ago_is_forgotten(
    database: Database, safe: Safe, now: datetime
) -> None:
    with database.begin() as session:
        settled, due = (_add(session, safe, now) for _ in range(2))
        outbox.claim(session, safe, at_most=9, only=settled, now=now)
    _settle(database, now, Outcome(settled, NoticeState.SENT, 1))
    later = now + outbox.KEPT_FOR
    with database.begin() as session:
        assert outbox.forget_settled(session, now=later - SECOND) == 0
        assert outbox.forget_settled(session, now=later) == 1
        assert session.get(Notice, due) is not None


def test_a_text_that_is_too_long_is_the_callers_fault(
    database: Database, safe: Safe, now: datetime
) -> None:
    with pytest.raises(ValueError), database.begin() as session:
        _add(session, safe, now, "长" * 683)
