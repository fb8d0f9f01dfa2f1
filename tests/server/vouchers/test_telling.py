"""What is told of vouchers: to the worker in the chat, to the officers in the weekly report."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.answers import Answer, Context, Kind
from bot.live_subjects import LiveSubject, live_subject
from server.casework.weekly_reports import Week, week_of
from server.chat import live_answers
from server.clock import china_day
from server.vouchers import counting, lapsing
from server.vouchers.counting import IssueLine, MerchantLine
from tests.server.vouchers.conftest import SUM

if TYPE_CHECKING:
    from server.chat.serving import Served
    from tests.server.vouchers.conftest import Market


@pytest.mark.parametrize(
    "text",
    [
        "我的券还能用吗",
        "我的消费券到期了没",
        "我那张券还剩多少钱",
        "我手机里的消费券过期没有",
        "我还有几张券",
        "我的光荣卡还能用吗",
    ],
)
def test_who_asks_after_their_own_vouchers_is_understood(text: str) -> None:
    assert live_subject(text) is LiveSubject.VOUCHER


@pytest.mark.parametrize(
    "text", ["消费券一人发多少", "消费券能用到几号", "我能领消费券吗", "我的券商账户还能用吗"]
)
def test_what_the_documents_say_of_vouchers_is_theirs_to_answer(text: str) -> None:
    assert live_subject(text) is not LiveSubject.VOUCHER


def test_the_chat_tells_what_is_left_until_when_and_of_which_day(
    market: "Market", served: "Served"
) -> None:
    def ask(worker: int | None, days: int = 0) -> Answer:
        now = market.now + timedelta(days=days)
        found = served.answer("我的券还能用吗", Context(), today=china_day(now), region="石狮")
        told = live_answers.instead(found, served, market.database, worker=worker, now=now)
        return told.answer

    voucher = market.voucher()
    market.redeem(market.merchant(), voucher, 38_50)
    told = ask(voucher.worker_id)
    assert told.kind is Kind.ANSWER
    assert "1张现在能用（2026年3月1日的情况）" in told.reply
    assert "过年消费券：还剩461.50元，用到2026年3月8日。" in told.reply
    assert "已经过期，最后一天是2026年3月8日。" in ask(voucher.worker_id, days=8).reply
    assert "你现在没有券" in ask(market.worker()).reply
    assert "请先登录" in ask(None).reply
    found = served.answer(
        "我的消费券能用到几号", Context(), today=china_day(market.now), region="衡水"
    )
    told = live_answers.instead(found, served, market.database, now=market.now).answer
    assert "请先登录" in told.reply and "3月8日" in told.reply and told.sources


def test_a_week_counts_what_was_given_used_and_refunded_and_stays_as_it_was(
    market: "Market",
) -> None:
    issue, shop = market.issue(), market.merchant()
    voucher = market.voucher(issue)
    first = market.redeem(shop, voucher, 30_00)
    market.redeem(shop, voucher, 20_00, now=market.now + timedelta(minutes=1))
    market.refund(shop, first)
    week, seen = week_of(market.now), frozenset({"石狮"})

    def told(week: Week) -> tuple[list[IssueLine], list[MerchantLine]]:
        with market.database.read() as session:
            return (
                counting.issues(session, week, seen),
                counting.merchants(session, week, seen),
            )

    before = told(week)
    assert before == (
        [IssueLine("石狮", "过年消费券", 1, SUM, 2, 50_00, 1, 30_00, left_fen=SUM - 20_00)],
        [MerchantLine("石狮", "某超市", 2, 50_00, 1, 30_00)],
    )
    with market.database.begin() as session:
        lapsing.lapse(session, market.safe, now=market.now + timedelta(days=10))
    assert told(week) == before
    lapsed = IssueLine("石狮", "过年消费券", lapsed=1, lapsed_fen=SUM - 20_00)
    assert told(week_of(market.now + timedelta(days=10))) == ([lapsed], [])
    assert told(week_of(market.now + timedelta(days=20))) == ([], [])
    with market.database.read() as session:
        assert counting.issues(session, week, frozenset({"锦州"})) == []
