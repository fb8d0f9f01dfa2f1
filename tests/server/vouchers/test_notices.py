"""What people are told of their vouchers in WeChat: each thing once, with what is left of it."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, func, select
from sqlmodel import Session, col

from server import leaving
from server.clock import china_day
from server.database.db import Database
from server.database.tables import Notice, NoticeState
from server.notices import outbox
from server.notices.templates import NoticeKind
from server.personal import erasing
from server.records import audit
from server.vouchers import issuing, lapsing, telling
from server.vouchers.redeeming import CodeUsed, VoucherShort
from server.vouchers.tables import Issue, MerchantKind, Voucher
from tests.overlapping import both_at_once
from tests.server.vouchers.conftest import LAST_ON, SUM

if TYPE_CHECKING:
    from tests.server.vouchers.conftest import Market

Tell = Callable[[str, object, object], None]

HALF_MINUTE = timedelta(seconds=30)
LATER = date(2026, 3, 15)
"""A last day that is no week away from the day of these tests."""
WEEK_BEFORE = datetime(2026, 3, 7, 16, 0, tzinfo=UTC)
"""The first instant of the eighth in Shanghai."""


def warn(market: "Market", now: datetime = WEEK_BEFORE) -> int:
    return lapsing.warn_all(market.database, market.post, clock=lambda: now)


def test_who_gets_a_voucher_is_told_what_it_is_worth_and_until_when(market: "Market") -> None:
    market.voucher()
    later = market.issue(title="元宵券", uses=3, first_on=LAST_ON)
    market.voucher(later)
    check_up = market.issue(
        title="半价体检", amount_fen=0, fund_id=None, uses=1, takes=MerchantKind.CLINIC
    )
    market.voucher(check_up)
    assert sorted(market.told(NoticeKind.VOUCHER)) == [
        ("元宵券", "500.00元、3次", "2026-03-08", "2026-03-08起能用"),
        ("半价体检", "1次", "2026-03-08", "用的时候，给商户看我的卡券里的码"),
        ("过年消费券", "500.00元", "2026-03-08", "用的时候，给商户看我的卡券里的码"),
    ]


def test_a_use_and_a_refund_are_told_once_with_where_how_much_and_what_is_left(
    market: "Market",
) -> None:
    voucher, shop = market.voucher(), market.merchant()
    token = market.code(voucher.worker_id)
    first = market.redeem(shop, voucher, 38_50, token=token)
    market.redeem(shop, voucher, 38_50, token=token)
    with pytest.raises(CodeUsed):
        market.redeem(shop, voucher, 1, token=token)
    with pytest.raises(VoucherShort):
        market.redeem(shop, voucher, SUM, now=market.now + HALF_MINUTE)
    at = market.now + timedelta(minutes=5)
    market.refund(shop, first, at)
    market.refund(shop, first, at)
    last = market.now + timedelta(minutes=6)
    market.redeem(shop, voucher, SUM, now=last)
    assert market.told(NoticeKind.VOUCHER_USED) == [
        ("过年消费券", "某超市", "用了38.50元", "还剩461.50元", "2026-03-01 17:30"),
        ("过年消费券", "某超市", "退回38.50元", "还剩500.00元", "2026-03-01 17:35"),
        ("过年消费券", "某超市", "用了500.00元", "已经用完", "2026-03-01 17:36"),
    ]


def test_nothing_is_said_to_be_left_of_what_is_over_or_was_taken_back(market: "Market") -> None:
    shop, issue = market.merchant(), market.issue()
    over, ended = market.voucher(issue), market.voucher(issue)
    uses = [market.redeem(shop, each, 10_00) for each in (over, ended)]
    with market.database.begin() as session:
        issuing.take_back(
            session, market.safe, session.get_one(Voucher, ended.id), by=market.clerk,
            regions=market.regions, reason="发错了", now=market.now,
        )  # fmt: skip
    market.refund(shop, uses[1], market.now + timedelta(hours=1))
    market.refund(shop, uses[0], market.now + timedelta(days=30))
    assert [each[2:4] for each in market.told(NoticeKind.VOUCHER_USED)[2:]] == [
        ("退回10.00元", "已经收回"),
        ("退回10.00元", "已经过期"),
    ]


def test_where_nothing_was_done_nothing_is_told(market: "Market") -> None:
    voucher, shop, post = market.voucher(), market.merchant(), market.post

    def fail(session: Session) -> None:
        telling.tell_used(
            session, post, redemption_id="U1", voucher_id=voucher.id, merchant=shop.name,
            amount_fen=1, now=market.now,
        )  # fmt: skip
        raise RuntimeError

    with pytest.raises(RuntimeError):
        market.database.together(fail)
    assert market.told(NoticeKind.VOUCHER_USED) == []


def test_who_was_erased_is_told_nothing_of_a_refund(market: "Market") -> None:
    voucher, shop = market.voucher(market.issue(last_on=LATER)), market.merchant()
    used = market.redeem(shop, voucher, 10_00)
    worker = voucher.worker_id
    by = audit.Actor.worker(worker)
    with market.database.begin() as session:
        erasing.erase(session, market.safe, worker_id=worker, by=by, now=market.now)
    market.refund(shop, used)
    assert warn(market) == 0
    with market.database.read() as session:
        of_worker = select(func.count()).where(col(Notice.worker_id) == worker)
        assert session.scalar(of_worker) == 0


def test_a_week_before_the_last_day_people_are_told_once_what_is_left(market: "Market") -> None:
    issue, shop = market.issue(last_on=LATER), market.merchant()
    used, untouched, empty, ended = [market.voucher(issue) for _ in range(4)]
    market.redeem(shop, used, 100_00)
    market.redeem(shop, empty, SUM)
    check_up = market.issue(
        title="半价体检", amount_fen=0, fund_id=None, uses=1, takes=MerchantKind.CLINIC,
        last_on=LATER,
    )  # fmt: skip
    clinic, gone = market.merchant("某卫生院", kind=MerchantKind.CLINIC), market.voucher(check_up)
    market.redeem(clinic, market.voucher(check_up), 0)
    for each in (ended, gone):
        with market.database.begin() as session:
            issuing.take_back(
                session, market.safe, session.get_one(Voucher, each.id), by=market.clerk,
                regions=market.regions, reason="发错了", now=market.now,
            )  # fmt: skip
    assert warn(market, WEEK_BEFORE - timedelta(seconds=1)) == 0
    assert warn(market) == 2
    for days in range(20):
        assert warn(market, WEEK_BEFORE + timedelta(days=days)) == 0
    assert sorted(market.told(NoticeKind.VOUCHER_ENDS)) == [
        ("过年消费券", "还剩400.00元", "2026-03-15", "过了这一天就不能用了"),
        ("过年消费券", "还剩500.00元", "2026-03-15", "过了这一天就不能用了"),
    ]
    assert {each.worker_id for each in notices(market)} == {used.worker_id, untouched.worker_id}


def test_a_day_on_which_the_job_did_not_run_is_made_up_for_and_never_after_the_end(
    market: "Market",
) -> None:
    market.voucher(market.issue(last_on=LATER))
    market.voucher(market.issue(last_on=LAST_ON + timedelta(days=1)))
    # The second ended the day before.
    assert warn(market, datetime(2026, 3, 10, 1, tzinfo=UTC)) == 1
    assert [each[2] for each in market.told(NoticeKind.VOUCHER_ENDS)] == ["2026-03-15"]


def test_who_gets_a_voucher_within_its_last_week_was_told_the_day_just_then(
    market: "Market",
) -> None:
    market.voucher()
    assert warn(market, market.now + timedelta(days=1)) == 0


@pytest.mark.parametrize("is_first", [True, False])
def test_who_leaves_while_people_are_warned_is_not_told_any_more(
    market: "Market", is_first: bool
) -> None:
    worker = market.voucher().worker_id
    market.now += timedelta(days=75)
    with market.database.begin() as session:
        issue = session.scalars(select(Issue)).one()
        issue.last_on = china_day(market.now) + timedelta(days=1)
        session.add(issue)

    def leave(session: Session) -> int:
        leaving.leave(
            session, market.safe, worker_id=worker, by=audit.Actor.worker(worker),
            making_post=lambda: market.post, now=market.now,
        )  # fmt: skip
        return 0

    def tell(session: Session) -> int:
        return lapsing.warn(session, market.post, now=market.now)

    both_at_once(market.database, *((leave, tell) if is_first else (tell, leave)))
    warn(market, market.now)
    with market.database.read() as session:
        mine = select(Notice).where(col(Notice.worker_id) == worker)
        assert session.scalars(mine).all() == []


def test_by_night_the_warning_waits_and_the_use_does_not(market: "Market") -> None:
    issue, shop = market.issue(last_on=LATER), market.merchant()
    voucher = market.voucher(issue)
    warn(market)
    market.redeem(shop, voucher, 1, now=WEEK_BEFORE)
    for now, kinds in (
        (WEEK_BEFORE, {NoticeKind.VOUCHER, NoticeKind.VOUCHER_USED}),
        (WEEK_BEFORE + timedelta(hours=8), {NoticeKind.VOUCHER_ENDS}),
    ):
        with market.database.begin() as session:
            claimed = outbox.claim(session, market.safe, at_most=100, now=now)
        assert {each.kind for each in claimed if each.kind != NoticeKind.REVIEWED} == kinds


def test_a_use_that_nobody_subscribed_to_is_no_work_for_the_staff(market: "Market") -> None:
    voucher = market.voucher()
    market.redeem(market.merchant(), voucher, 1)
    with market.database.begin() as session:
        claimed = outbox.claim(session, market.safe, at_most=100, now=market.now)
        assert {NoticeKind.VOUCHER, NoticeKind.VOUCHER_USED} <= {each.kind for each in claimed}
        outbox.settle(
            session,
            [outbox.Outcome(each.id, NoticeState.REFUSED, 1, "43101") for each in claimed],
            now=market.now,
        )
        stuck = {each.kind for each in outbox.stuck(session)}
    assert NoticeKind.VOUCHER in stuck and NoticeKind.VOUCHER_USED not in stuck


@pytest.mark.fault
def test_killed_anywhere_and_run_again_the_job_tells_nobody_twice_and_leaves_nobody_out(
    market: "Market", monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    vouchers = [market.voucher(market.issue(last_on=LATER)) for _ in range(5)]
    monkeypatch.setattr(lapsing.warn, "__kwdefaults__", {"at_most": 2})
    kills = 0
    # A step later each time: before and after each statement, and in the commit.
    while killed(market, lapsing.warn_all, at=kills + 1):
        kills += 1
        assert kills < 200
    assert kills > 10
    assert warn(market) == 0
    found = sorted(each.worker_id for each in notices(market) if each.worker_id)
    assert found == sorted(each.worker_id for each in vouchers)
    tell("people told after the job was killed", f"{len(found)}, {kills} kills", "each once")


@pytest.mark.fault
def test_telling_first_and_marking_later_tells_people_twice(
    market: "Market", control: Tell
) -> None:
    """The control: a notice and its mark in two transactions."""
    voucher = market.voucher(market.issue(last_on=LATER))
    kills = 0
    while kills < 30 and killed(market, _in_two, at=kills + 1):
        kills += 1
    told = [each for each in notices(market) if each.worker_id == voucher.worker_id]
    assert len(told) > 1
    control("the same with the mark apart", f"{len(told)} notices to one person", "to be found out")


@pytest.mark.fault
def test_two_jobs_at_once_tell_each_person_once(market: "Market") -> None:
    issue = market.issue(last_on=LATER)
    vouchers = market.give(issue, [market.approved() for _ in range(6)])
    fork = multiprocessing.get_context("fork")
    jobs = [fork.Process(target=_run, args=(market, lapsing.warn_all, 0)) for _ in range(2)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(60)
        assert job.exitcode == 0
    assert len(notices(market)) == len(vouchers)


def notices(market: "Market") -> list[Notice]:
    with market.database.read() as session:
        ends = col(Notice.kind) == NoticeKind.VOUCHER_ENDS
        return list(session.scalars(select(Notice).where(ends)))


def killed(market: "Market", act: Callable[..., object], *, at: int) -> bool:
    """Run the job in a child that dies at a step; whether it did."""
    child = multiprocessing.get_context("fork").Process(target=_run, args=(market, act, at))
    child.start()
    child.join(60)
    assert child.exitcode in (0, -signal.SIGKILL), child.exitcode
    return child.exitcode != 0


def _run(market: "Market", act: Callable[..., object], at: int) -> None:
    database = Database(market.database.engine.url.render_as_string(hide_password=False))
    steps = 0

    def step(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == at:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(database.engine, moment, step)
    act(database, market.post, clock=lambda: WEEK_BEFORE)
    os._exit(0)


def _in_two(database: Database, post: object, *, clock: Callable[[], datetime]) -> None:
    with database.read() as session:
        found = session.scalars(select(Voucher).where(col(Voucher.warned_at).is_(None))).all()
    for voucher in found:
        with database.begin() as session:
            issue = session.get_one(Issue, voucher.issue_id)
            telling.tell_ending(session, post, issue, [voucher], now=clock())  # type: ignore[arg-type]
        with database.begin() as session:
            session.get_one(Voucher, voucher.id).warned_at = clock()
