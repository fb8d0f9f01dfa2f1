"""Vouchers from the issue to the bank: the sums hold, and nothing is used twice or too late."""

from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlmodel import Session, col

from server.casework import deciding, objecting, payments
from server.casework.advancing import MoveRefused
from server.casework.fund_tables import Fund
from server.casework.funds import FundShort, FundUnknown
from server.casework.moves import Move
from server.casework.officers import NotAllowed, Officer, Role, SecondOfficerNeeded
from server.casework.tables import Case
from server.clock import CHINA, china_day
from server.database.tables import AuditEntry
from server.personal import erasing, exporting
from server.records import audit
from server.vouchers import issuing, lapsing, merchants, redeeming, settlement_files, settling
from server.vouchers.cards import CodeUnreadable, CodeWrong
from server.vouchers.issuing import IssueChanged, IssueUnfit, NotOpen
from server.vouchers.merchants import Account, AccountChanged, StartRefused
from server.vouchers.redeeming import (
    CodeUsed,
    RedemptionSettled,
    RedemptionUnknown,
    VoucherNotHere,
    VoucherOver,
    VoucherShort,
)
from server.vouchers.settling import (
    AccountOfOwn,
    NothingOwed,
    SettlementMoved,
    SettlementUnknown,
)
from server.vouchers.tables import (
    Issue,
    LineState,
    Merchant,
    MerchantKind,
    Return,
    ReturnWhy,
    Settlement,
    SettlementState,
    Voucher,
)
from server.web.problems import body_of
from tests import casework
from tests.overlapping import both_at_once, twice_at_once
from tests.server.vouchers.conftest import ACCOUNT, SHOPPING, SUM

if TYPE_CHECKING:
    from tests.server.vouchers.conftest import Market

HALF_MINUTE = timedelta(seconds=30)
LATER = date(2026, 6, 1)


def test_from_the_issue_to_the_bank_every_fen_is_there(market: "Market") -> None:
    issue = market.issue()
    voucher, other = market.give(issue, [market.approved(), market.approved()])
    assert market.sums() == (2 * SUM, 0)
    shop, corner = market.merchant(), market.merchant("街角超市")
    market.redeem(shop, voucher, 123_45)
    market.redeem(corner, voucher, 76_55, now=market.now + HALF_MINUTE)
    market.redeem(shop, other, 1)
    assert market.left(voucher) == SUM - 200_00
    settlement = market.collect()
    with pytest.raises(NothingOwed):
        market.collect()
    assert settlement.total_fen == 200_01
    with market.database.begin() as session:
        kept = session.get_one(Settlement, settlement.id)
        settling.release(session, market.safe, kept, by=market.approver, now=market.now)
        owed = settling.export(session, market.safe, kept, by=market.clerk, now=market.now)
        used = {each.line.id: settling.used(session, each.line.id) for each in owed}
    book = settlement_files.xlsx(kept.id, owed, used, "消费券", market.now)
    rows = [row[1:5] for row in load_workbook(BytesIO(book))["付款"].iter_rows(values_only=True)]
    assert sorted(rows[1:]) == sorted(
        [(ACCOUNT.payee, ACCOUNT.number, ACCOUNT.bank, sum) for sum in ("76.55", "123.46")]
    )
    lines = {each.merchant: each.line.id for each in owed}
    for name, paid in (("某超市", True), ("街角超市", False)):
        with market.database.begin() as session:
            kept = session.get_one(Settlement, settlement.id)
            settling.settle(
                session, market.safe, kept, lines[name], paid=paid, by=market.clerk, now=market.now
            )
    assert market.sums() == (2 * SUM - 123_46, 123_46)
    with market.database.begin() as session:
        with pytest.raises(SettlementMoved):
            settling.settle(
                session, market.safe, session.get_one(Settlement, settlement.id), lines["某超市"],
                paid=True, by=market.clerk, now=market.now,
            )  # fmt: skip
        # What the bank returned is owed again.
        assert [
            (merchant.name, count, fen)
            for merchant, count, fen in settling.owed(
                session, market.fund.id or 0, market.clerk, market.regions
            )
        ] == [("街角超市", 1, 76_55)]
    after = market.now + timedelta(days=30)
    with market.database.begin() as session:
        assert lapsing.lapse(session, market.safe, now=after) == 2 * SUM - 200_01
        assert lapsing.lapse(session, market.safe, now=after) == 0
    assert market.sums() == (76_55, 123_46)


def test_more_than_one_lot_lapses_to_the_fen(
    market: "Market", monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = market.voucher(), market.voucher()
    monkeypatch.setattr(lapsing, "AT_ONCE", 1)
    market.redeem(market.merchant(), first, 100_01, token=market.code(first.worker_id))
    after = market.now + timedelta(days=30)
    with market.database.begin() as session:
        assert lapsing.lapse(session, market.safe, now=after) == 2 * SUM - 100_01
        assert lapsing.lapse(session, market.safe, now=after) == 0
    assert market.sums() == (100_01, 0)


def test_a_code_is_good_once_and_the_same_again_is_told_what_was_done(market: "Market") -> None:
    shop, other, case = market.merchant(), market.merchant("街角超市"), market.approved()
    voucher, second = (market.give(market.issue(), [case])[0] for _ in range(2))
    token = market.code(voucher.worker_id)
    first = market.redeem(shop, voucher, 10_00, token=token)
    again = market.redeem(
        shop, voucher, 10_00, token=token, seen_at=market.now,
        now=market.now + timedelta(hours=3),
    )  # fmt: skip
    assert (again.id, again.again) == (first.id, True)
    for merchant, what, amount in (
        (shop, voucher, 10_01), (other, voucher, 10_00), (shop, second, 10_00),
    ):  # fmt: skip
        with pytest.raises(CodeUsed):
            market.redeem(merchant, what, amount, token=token)
    assert market.left(voucher) == SUM - 10_00


def test_a_code_works_for_a_minute_and_a_wrong_one_never(market: "Market") -> None:
    voucher, shop = market.voucher(), market.merchant()
    start = market.now
    token = market.code(voucher.worker_id, start)
    late = start + timedelta(seconds=60)
    with pytest.raises(CodeWrong):
        market.redeem(shop, voucher, 1, token=token, now=late)
    # What the phone holds for the next minutes is no code before its time.
    with pytest.raises(CodeWrong):
        market.redeem(shop, voucher, 1, token=market.code(voucher.worker_id, start, place=1))
    # Nor was it seen by who says so before it could be.
    with pytest.raises(CodeWrong):
        market.redeem(
            shop, voucher, 1, token=market.code(voucher.worker_id, start, place=1),
            seen_at=start + HALF_MINUTE, now=start,
        )  # fmt: skip
    forged = token[:8] + f"{(int(token[8:]) + 1) % 10**8:08}"
    with pytest.raises(CodeWrong):
        market.redeem(shop, voucher, 1, token=forged)
    with pytest.raises(CodeUnreadable):
        market.redeem(shop, voucher, 1, token="1234")
    # Seen in time, sent when the sum was typed; and no later.
    with pytest.raises(CodeWrong):
        market.redeem(
            shop, voucher, 1, token=token, seen_at=start,
            now=start + redeeming.TYPED_WITHIN + timedelta(seconds=1),
        )  # fmt: skip
    market.redeem(shop, voucher, 1, token=token, seen_at=start + timedelta(seconds=59), now=late)


def test_the_last_day_counts_and_the_next_does_not(market: "Market") -> None:
    voucher, shop = market.voucher(), market.merchant()
    midnight = market.now.astimezone(CHINA).replace(
        year=2026, month=3, day=9, hour=0, minute=0, second=0
    )
    market.redeem(shop, voucher, 1, now=midnight - timedelta(seconds=1))
    with pytest.raises(VoucherOver) as refused:
        market.redeem(shop, voucher, 1, now=midnight)
    assert body_of(refused.value)["detail"].endswith("最后一天是2026年3月8日。")


def test_no_more_than_there_is_and_only_where_it_is_for(market: "Market") -> None:
    voucher, shop = market.voucher(), market.merchant()
    for amount in (SUM + 1, 0, -1):
        with pytest.raises(VoucherShort):
            market.redeem(shop, voucher, amount)
    clinic = market.merchant("某卫生院", kind=MerchantKind.CLINIC)
    someone_else = market.voucher(market.issue())
    with pytest.raises(VoucherNotHere):
        market.redeem(clinic, voucher, 1)
    with pytest.raises(VoucherNotHere):
        market.redeem(shop, someone_else, 1, token=market.code(voucher.worker_id))
    # A code that was refused is good still.
    market.redeem(shop, voucher, SUM)
    with pytest.raises(VoucherShort):
        market.redeem(shop, voucher, 1, now=market.now + HALF_MINUTE)


def test_a_voucher_is_used_in_its_place_and_from_its_first_day_on(market: "Market") -> None:
    shop, elsewhere = market.merchant(), market.merchant("锦州超市")
    elsewhere.region = "锦州"
    tomorrow = china_day(market.now) + timedelta(days=1)
    for merchant, voucher, refused in (
        (elsewhere, market.voucher(), VoucherNotHere),
        (shop, market.voucher(market.issue(first_on=tomorrow)), VoucherOver),
    ):
        with market.database.read() as session:
            assert redeeming.usable(
                session, market.regions, merchant, voucher.worker_id, today=china_day(market.now)
            ) == []  # fmt: skip
        with pytest.raises(refused):
            market.redeem(merchant, voucher, 1)


def test_what_lapses_is_noted_once_where_the_job_runs_twice_at_once(market: "Market") -> None:
    check_up = market.issue(
        title="半价体检", amount_fen=0, fund_id=None, uses=1, takes=MerchantKind.CLINIC
    )
    market.voucher(), market.voucher(check_up)
    after = market.now + timedelta(days=30)

    def lapse(session: Session) -> int:
        return lapsing.lapse(session, market.safe, now=after)

    assert twice_at_once(market.database, lapse) == (SUM, 0)
    with market.database.read() as session:
        noted = session.scalars(select(col(Return.amount_fen))).all()
    assert sorted(noted) == [0, SUM]


def test_what_is_taken_back_while_others_lapse_stops_neither(market: "Market") -> None:
    first, second = sorted((market.voucher(), market.voucher()), key=lambda each: each.issue_id)
    after = market.now + timedelta(days=30)

    def look(session: Session) -> int:
        return session.get_one(Voucher, second.id, with_for_update=True).left_fen

    def lapse(session: Session) -> int:
        return lapsing.lapse(session, market.safe, now=after)

    def take_back(session: Session) -> None:
        issuing.take_back(
            session, market.safe, session.get_one(Voucher, second.id), by=market.clerk,
            regions=market.regions, reason="发错了", now=after,
        )  # fmt: skip

    assert both_at_once(market.database, look, lapse, take_back) == (SUM, SUM)
    assert (market.left(first), market.sums()) == (0, (0, 0))


def test_a_check_up_is_one_without_money(market: "Market") -> None:
    issue = market.issue(
        title="半价体检", amount_fen=0, fund_id=None, uses=1, takes=MerchantKind.CLINIC
    )
    voucher, clinic = market.voucher(issue), market.merchant("某卫生院", kind=MerchantKind.CLINIC)
    first = market.redeem(clinic, voucher, 0)
    with pytest.raises(VoucherShort):
        market.redeem(clinic, voucher, 0, now=market.now + HALF_MINUTE)
    market.refund(clinic, first)
    market.redeem(clinic, voucher, 0, now=market.now + HALF_MINUTE)
    assert market.sums() == (0, 0)


def test_of_vouchers_without_money_those_lapse_that_nobody_used_or_took_back(
    market: "Market",
) -> None:
    check_up = market.issue(
        title="半价体检", amount_fen=0, fund_id=None, uses=1, takes=MerchantKind.CLINIC
    )
    used, ended, left = (market.voucher(check_up) for _ in range(3))
    market.redeem(market.merchant("某卫生院", kind=MerchantKind.CLINIC), used, 0)
    with market.database.begin() as session:
        issuing.take_back(
            session, market.safe, session.get_one(Voucher, ended.id), by=market.clerk,
            regions=market.regions, reason="发错了", now=market.now,
        )  # fmt: skip
        lapsing.lapse(session, market.safe, now=market.now + timedelta(days=30))
        lapsed = select(col(Return.voucher_id)).where(col(Return.why) == ReturnWhy.LAPSED)
        assert session.scalars(lapsed).all() == [left.id]


def test_a_refund_gives_the_sum_back_once_and_not_after_the_settlement(market: "Market") -> None:
    voucher, shop = market.voucher(), market.merchant()
    first = market.redeem(shop, voucher, 30_00)
    with pytest.raises(RedemptionUnknown):
        market.refund(market.merchant("街角超市"), first)
    assert not market.refund(shop, first).again
    assert market.refund(shop, first).again
    assert market.left(voucher) == SUM
    second = market.redeem(shop, voucher, 40_00, now=market.now + HALF_MINUTE)
    settlement = market.collect()
    assert settlement.total_fen == 40_00
    with pytest.raises(RedemptionSettled):
        market.refund(shop, second)
    with market.database.begin() as session:
        kept = session.get_one(Settlement, settlement.id)
        with pytest.raises(NotAllowed):
            settling.cancel(session, market.safe, kept, by=market.administrator, now=market.now)
        settling.cancel(session, market.safe, kept, by=market.clerk, now=market.now)
        session.expire_all()
        lines = settling.lines(session, market.safe, settlement.id)
        assert [each.line.state for each in lines] == [LineState.CANCELLED]
    market.refund(shop, second)
    assert market.left(voucher) == SUM


def test_what_the_bank_says_is_noted_of_each_line_of_what_it_has(market: "Market") -> None:
    voucher, shop, corner = market.voucher(), market.merchant(), market.merchant("街角超市")
    made = []
    for number, shops in enumerate(((shop, corner), (shop,))):
        for place, merchant in enumerate(shops):
            at = market.now + (2 * number + place) * HALF_MINUTE
            market.redeem(merchant, voucher, 1_00, now=at)
        made.append(market.collect().id)
    with market.database.read() as session:
        ids, (other,) = (
            [each.line.id for each in settling.lines(session, market.safe, id)] for id in made
        )

    def settle(line: str) -> None:
        with market.database.begin() as session:
            kept = session.get_one(Settlement, made[0])
            settling.settle(
                session, market.safe, kept, line, paid=True, by=market.clerk, now=market.now
            )

    with pytest.raises(SettlementMoved):
        settle(ids[0])
    with market.database.begin() as session:
        for each in made:
            kept = session.get_one(Settlement, each)
            settling.release(session, market.safe, kept, by=market.approver, now=market.now)
            settling.export(session, market.safe, kept, by=market.clerk, now=market.now)
    with pytest.raises(SettlementUnknown):
        settle(other)
    for line in ids:
        settle(line)
    assert market.sums() == (SUM - 2_00, 2_00)
    noted = select(col(AuditEntry.action)).where(col(AuditEntry.row) == made[0])
    with market.database.read() as session:
        done = session.scalars(noted.order_by(col(AuditEntry.id))).all()
    assert done == ["created", "decided", "exported", "paid", "paid"]


def test_two_who_note_the_last_two_lines_at_once_settle_it(market: "Market") -> None:
    voucher = market.voucher()
    for number, name in enumerate(("某超市", "街角超市")):
        at = market.now + number * HALF_MINUTE
        market.redeem(market.merchant(name), voucher, 1_00, now=at)
    made = market.collect().id
    with market.database.begin() as session:
        kept = session.get_one(Settlement, made)
        settling.release(session, market.safe, kept, by=market.approver, now=market.now)
        first, second = settling.export(session, market.safe, kept, by=market.clerk, now=market.now)

    def note(session: Session, line: str) -> int:
        kept = session.get_one(Settlement, made)
        settling.settle(
            session, market.safe, kept, line, paid=False, by=market.clerk, now=market.now
        )
        return 1

    assert both_at_once(
        market.database,
        lambda session: note(session, first.line.id),
        lambda session: note(session, second.line.id),
    ) == (1, 1)
    with market.database.read() as session:
        assert session.get_one(Settlement, made).state == SettlementState.SETTLED


def test_a_page_from_before_replaces_no_account_that_was_noted_since(market: "Market") -> None:
    shop = market.merchant()
    first, second = (replace(ACCOUNT, number=number) for number in ("111111", "222222"))

    def looked_at() -> str:
        with market.database.read() as session:
            return merchants.account_mark(market.safe, session.get_one(Merchant, shop.id))

    def note(account: Account, before: str | None) -> None:
        with market.database.begin() as session:
            merchants.change_account(
                session, market.safe, session.get_one(Merchant, shop.id), account, before=before,
                by=market.clerk, regions=market.regions, now=market.now,
            )  # fmt: skip

    seen = looked_at()
    note(first, seen)
    with pytest.raises(AccountChanged):
        note(second, seen)
    with market.database.read() as session:
        kept = session.get_one(Merchant, shop.id)
        assert merchants.account_of(market.safe, kept) == first
    note(second, looked_at())


def test_who_noted_where_a_merchant_is_paid_does_not_release_the_money(market: "Market") -> None:
    both = casework.officer(
        market.database, market.safe, market.library, Role.CASE_OFFICER, Role.APPROVER,
        now=market.now,
    )  # fmt: skip
    shop, voucher = market.merchant(), market.voucher()

    def note(by: Officer) -> None:
        with market.database.begin() as session:
            merchants.change_account(
                session, market.safe, session.get_one(Merchant, shop.id), ACCOUNT, by=by,
                regions=market.regions, now=market.now,
            )  # fmt: skip

    def release(settlement: Settlement, by: Officer) -> None:
        with market.database.begin() as session:
            kept = session.get_one(Settlement, settlement.id)
            settling.release(session, market.safe, kept, by=by, now=market.now)

    note(both)
    market.redeem(shop, voucher, 1_00)
    settlement = market.collect()
    # What is collected goes where it was noted then, whoever notes another account since.
    note(market.clerk)
    with pytest.raises(AccountOfOwn):
        release(settlement, both)
    release(settlement, market.approver)
    market.redeem(shop, voucher, 1_00, now=market.now + HALF_MINUTE)
    release(market.collect(), both)


def test_an_officer_settles_with_the_merchants_of_their_regions_only(market: "Market") -> None:
    voucher, fund = market.voucher(), market.fund.id or 0
    here, there = market.merchant(), market.merchant("锦州超市")
    for number, shop in enumerate((here, there)):
        market.redeem(shop, voucher, 1_00, now=market.now + number * HALF_MINUTE)
    with market.database.begin() as session:
        session.get_one(Fund, fund).regions = '["石狮", "锦州"]'
        session.get_one(Merchant, there.id).region = "锦州"
    of_both = casework.officer(
        market.database, market.safe, market.library, Role.CASE_OFFICER,
        where=("石狮", "锦州"), now=market.now,
    )  # fmt: skip

    def owed(by: Officer) -> list[str]:
        with market.database.read() as session:
            found = settling.owed(session, fund, by, market.regions)
            return [merchant.name for merchant, _, _ in found]

    def seen(by: Officer) -> list[str]:
        with market.database.read() as session:
            return [each.id for each in settling.listed(session, [fund], by, market.regions)]

    assert (owed(market.clerk), owed(of_both)) == (["某超市"], ["某超市", "锦州超市"])
    assert market.collect().total_fen == 1_00
    with pytest.raises(NothingOwed):
        market.collect()
    own = seen(market.clerk)
    with market.database.begin() as session:
        other = settling.collect(
            session, market.safe, market.regions, fund, by=of_both, now=market.now
        )
    assert (seen(market.clerk), sorted(seen(of_both))) == (own, sorted([*own, other.id]))
    with market.database.read() as session:
        assert settling.of_officer(session, other.id, of_both, market.regions).total_fen == 1_00
        with pytest.raises(SettlementUnknown):
            settling.of_officer(session, other.id, market.clerk, market.regions)
        assert settling.of_officer(session, own[0], market.clerk, market.regions).id == own[0]
    with market.database.begin() as session:
        session.get_one(Fund, fund).regions = '["锦州"]'
    with pytest.raises(FundUnknown):
        market.collect()
    with market.database.read() as session, pytest.raises(SettlementUnknown):
        settling.of_officer(session, own[0], market.clerk, market.regions)


def test_what_is_taken_back_goes_back_to_the_fund(market: "Market") -> None:
    voucher, shop = market.voucher(), market.merchant()
    used = market.redeem(shop, voucher, 100_00)
    with market.database.begin() as session:
        rest = issuing.take_back(
            session, market.safe, session.get_one(Voucher, voucher.id), by=market.clerk,
            regions=market.regions, reason="发错了", now=market.now,
        )  # fmt: skip
    assert rest == SUM - 100_00
    assert market.sums() == (100_00, 0)
    with pytest.raises(VoucherOver):
        market.redeem(shop, voucher, 1, now=market.now + HALF_MINUTE)
    market.refund(shop, used)
    assert market.sums() == (0, 0)
    with market.database.read() as session:
        noted = session.scalars(select(col(Return.amount_fen)).order_by(col(Return.amount_fen)))
        assert noted.all() == [100_00, SUM - 100_00]


def test_nobody_gets_two_and_no_fund_promises_too_much(market: "Market") -> None:
    issue = market.issue(amount_fen=4_000_00)
    paid_by_bank = market.approved(amount_fen=1_00)
    first = market.approved()
    assert len(market.give(issue, [first, paid_by_bank])) == 1
    assert market.give(issue, [first]) == []
    with pytest.raises(FundShort):
        market.give(issue, [market.approved(), market.approved()])
    assert market.sums() == (4_000_00 + 1_00, 0)


def test_one_identity_number_gets_one_voucher_of_an_issue_under_whatever_account(
    market: "Market",
) -> None:
    def account() -> int:
        return casework.worker(
            market.database, market.safe, market.keys, now=market.now, who=casework.person(1)
        )

    issue = market.issue()
    at_once = [market.approved(worker=account()) for _ in range(2)]
    assert len(market.give(issue, at_once)) == 1
    later, other = market.approved(worker=account()), market.approved()
    with market.database.read() as session:
        waiting = issuing.waiting(session, market.safe, issue, market.regions)
    assert [case.id for case in waiting] == [other.id]
    assert market.give(issue, [later]) == []
    assert market.sums() == (SUM, 0)


def test_who_has_one_under_another_account_keeps_nobody_behind_them_waiting(
    market: "Market", monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many stand before: as many people as are given one at once are found."""
    monkeypatch.setattr(issuing, "MOST_AT_ONCE", 2)
    accounts = [
        casework.worker(
            market.database, market.safe, market.keys, now=market.now, who=casework.person(1)
        )
        for _ in range(4)
    ]
    issue = market.issue()
    assert len(market.give(issue, [market.approved(worker=accounts[0])])) == 1
    others = []
    for worker in (*accounts[1:], None, None, None):
        market.now += timedelta(minutes=1)
        case = market.approved(worker=worker)
        others += [] if worker else [case]
    with market.database.read() as session:
        waiting = issuing.waiting(session, market.safe, issue, market.regions)
    assert [case.id for case in waiting] == [case.id for case in others[:2]]
    assert len(market.give(issue, waiting)) == 2
    assert market.sums() == (3 * SUM, 0)


def test_who_was_granted_a_voucher_can_not_give_the_case_up_and_keep_it(market: "Market") -> None:
    case = market.approved()
    own = market.keys.safe_of(case.worker_id)

    def is_refused() -> bool:
        with market.database.begin() as session:
            kept = session.get_one(Case, case.id)
            assert payments.moves_of_worker(session, kept) == []
            try:
                deciding.withdraw(
                    session, own, market.post, kept, worker_id=case.worker_id,
                    version=kept.version, now=market.now,
                )  # fmt: skip
            except MoveRefused:
                return True
        return False

    assert is_refused()
    assert len(market.give(market.issue(), [case])) == 1
    assert is_refused()
    market.reopen(case)
    assert is_refused()


def test_who_is_closed_at_the_same_moment_gets_one_voucher_then_or_later(market: "Market") -> None:
    later = market.now + timedelta(days=62)
    issue, case = market.issue(last_on=china_day(later)), market.approved()

    def close(session: Session) -> int:
        return objecting.close_final(session, market.safe, market.post, only=case.id, now=later)

    def give(session: Session) -> int:
        kept = session.get_one(Issue, issue.id)
        given = issuing.issue_to(session, market.post, kept, [case], by=market.clerk, now=later)
        return len(given)

    closed, given = both_at_once(market.database, close, give)
    assert (closed, given + len(market.give(issue, [case]))) == (1, 1)
    assert market.sums() == (SUM, 0)


def test_an_approval_waits_a_year_for_an_issue_and_for_one_only_once_its_case_is_closed(
    market: "Market",
) -> None:
    def waiting(issue: Issue) -> list[str]:
        with market.database.read() as session:
            return [
                case.id for case in issuing.waiting(session, market.safe, issue, market.regions)
            ]

    def issue() -> Issue:
        return market.issue(last_on=china_day(market.now))

    def closed(days: int) -> None:
        market.now += timedelta(days=days)
        with market.database.begin() as session:
            for id in objecting.final(session, now=market.now):
                objecting.close_final(session, market.safe, market.post, only=id, now=market.now)

    case, refused = market.approved(), market.approved()
    with market.database.begin() as session:
        # As an objection that was dismissed leaves it.
        session.get_one(Case, refused.id).recommended = Move.REFUSE
    closed(days=75)
    late = issue()
    assert waiting(late) == [case.id]
    market.now += timedelta(days=300)
    assert waiting(issue()) == []
    market.now -= timedelta(days=300)
    assert len(market.give(late, [case])) == 1
    assert waiting(issue()) == []


def test_who_got_one_gets_none_of_a_later_issue_because_it_was_looked_at_and_granted_anew(
    market: "Market",
) -> None:
    case = market.approved()
    assert len(market.give(market.issue(), [case])) == 1
    market.now += timedelta(days=1)
    market.reopen(case)
    market.approve(case.id)
    market.now += timedelta(days=75)
    with market.database.begin() as session:
        objecting.close_final(session, market.safe, market.post, only=case.id, now=market.now)
    late = market.issue(last_on=china_day(market.now))
    assert market.give(late, [case]) == []


def test_who_was_erased_once_their_case_was_closed_waits_for_no_voucher(market: "Market") -> None:
    case = market.approved()
    market.now += timedelta(days=75)
    with market.database.begin() as session:
        objecting.close_final(session, market.safe, market.post, only=case.id, now=market.now)
    issue = market.issue(last_on=china_day(market.now))
    with market.database.begin() as session:
        by = audit.Actor.worker(case.worker_id)
        erasing.erase(session, market.safe, worker_id=case.worker_id, by=by, now=market.now)
    with market.database.read() as session:
        assert issuing.waiting(session, market.safe, issue, market.regions) == []
    assert market.give(issue, [case]) == []
    assert market.sums() == (0, 0)


def test_who_was_erased_and_comes_again_gets_no_second_one(market: "Market") -> None:
    def approved() -> Case:
        who = casework.person(7)
        worker = casework.worker(market.database, market.safe, market.keys, now=market.now, who=who)
        return market.approved(worker=worker)

    issue, case = market.issue(last_on=LATER), approved()
    (voucher,) = market.give(issue, [case])
    market.redeem(market.merchant(), voucher, SUM)
    market.now += timedelta(days=75)
    with market.database.begin() as session:
        objecting.close_final(session, market.safe, market.post, only=case.id, now=market.now)
        by = audit.Actor.worker(case.worker_id)
        erasing.erase(session, market.safe, worker_id=case.worker_id, by=by, now=market.now)
    again, other = approved(), market.approved()
    with market.database.read() as session:
        waiting = issuing.waiting(session, market.safe, issue, market.regions)
    assert [each.id for each in waiting] == [other.id]
    assert market.give(issue, [again]) == []
    assert market.sums() == (SUM, 0)
    # Of another issue they get one like anybody else.
    assert len(market.give(market.issue(title="元宵券", last_on=LATER), [again])) == 1


def test_two_officers_open_an_issue_and_its_fund_has_to_be_for_it(market: "Market") -> None:
    with market.database.begin() as session:
        for wrong in ({"fund_id": None}, {"measure": "shishi-7"}, {"uses": 0}):
            proposal = replace(SHOPPING, **{"fund_id": market.fund.id, **wrong})
            with pytest.raises(IssueUnfit):
                issuing.propose(
                    session, market.safe, proposal, by=market.clerk, regions=market.regions,
                    now=market.now,
                )  # fmt: skip
    issue = market.issue()
    with market.database.begin() as session:
        kept = session.get_one(Issue, issue.id)
        kept.proposed_by = market.approver.id
        with pytest.raises(SecondOfficerNeeded):
            issuing.open_(
                session, market.safe, kept, by=market.approver, regions=market.regions,
                version=kept.version, now=market.now,
            )  # fmt: skip
    with market.database.begin() as session:
        kept = session.get_one(Issue, issue.id)
        issuing.close(
            session, market.safe, kept, by=market.clerk, regions=market.regions,
            version=kept.version, now=market.now,
        )  # fmt: skip
        with pytest.raises(IssueChanged):
            issuing.close(
                session, market.safe, kept, by=market.clerk, regions=market.regions,
                version=kept.version, now=market.now,
            )  # fmt: skip
    with pytest.raises(NotOpen):
        market.give(issue, [market.approved()])
    noted = select(col(AuditEntry.action)).where(col(AuditEntry.row) == issue.id)
    with market.database.read() as session:
        done = session.scalars(noted.order_by(col(AuditEntry.id))).all()
    assert done == ["created", "decided", "changed"]


def test_a_merchants_phone_signs_in_once_and_is_signed_out(market: "Market") -> None:
    shop = market.merchant()
    with market.database.begin() as session:
        shop = session.merge(shop)
        code = merchants.start_code(
            session, market.safe, shop, by=market.clerk, regions=market.regions, now=market.now
        )
    with market.database.begin() as session:
        token = merchants.sign_in(session, market.safe, f" {code.lower()} ", now=market.now)
        found = merchants.of_token(session, token, now=market.now)
        assert found is not None and found.id == shop.id
        later = market.now + merchants.SIGNED_IN_FOR
        assert merchants.of_token(session, token, now=later) is None
        with pytest.raises(StartRefused):
            merchants.sign_in(session, market.safe, code, now=market.now)
    with market.database.begin() as session:
        merchants.revoke(
            session, market.safe, session.merge(shop), active=False, by=market.clerk,
            regions=market.regions, now=market.now,
        )  # fmt: skip
        assert merchants.of_token(session, token, now=market.now) is None


def test_who_is_erased_has_no_card_any_more_and_the_books_stay(market: "Market") -> None:
    voucher, shop = market.voucher(), market.merchant()
    token, later = (market.code(voucher.worker_id, place=place) for place in (0, 1))
    market.redeem(shop, voucher, 100_00, token=token)
    worker, own = voucher.worker_id, market.keys.safe_of(voucher.worker_id)
    with market.database.begin() as session:
        told = exporting.collect(session, market.safe, own, None, worker_id=worker, now=market.now)
    rows = {part["table"]: part["rows"] for part in told["holdings"]}
    assert rows["voucher"][0]["left_fen"] == SUM - 100_00
    assert rows["redemption"][0]["amount_fen"] == 100_00
    assert rows["benefit_card"][0]["number"] == token[:8]
    by = audit.Actor.worker(worker)
    with market.database.begin() as session:
        erasing.erase(session, market.safe, worker_id=worker, by=by, now=market.now)
    with pytest.raises(CodeWrong):
        market.redeem(shop, voucher, 1, token=later, now=market.now + HALF_MINUTE)
    assert market.collect().total_fen == 100_00
    with market.database.begin() as session:
        lapsing.lapse(session, market.safe, now=market.now + timedelta(days=30))
    assert market.sums() == (100_00, 0)


def test_the_audit_says_by_whom_money_went_back_to_the_fund(market: "Market") -> None:
    issue, shop = market.issue(), market.merchant()
    ended, _ = market.voucher(issue), market.voucher(issue)
    used = market.redeem(shop, ended, 10_00)
    with market.database.begin() as session:
        issuing.take_back(
            session, market.safe, session.get_one(Voucher, ended.id), by=market.clerk,
            regions=market.regions, reason="发错了", now=market.now,
        )  # fmt: skip
    market.refund(shop, used)
    with market.database.begin() as session:
        lapsing.lapse(session, market.safe, now=market.now + timedelta(days=30))
    told = (
        select(col(AuditEntry.actor), col(AuditEntry.actor_id))
        .where(col(AuditEntry.about) == "fund")
        .where(col(AuditEntry.action) == audit.Action.CHANGED)
        .order_by(col(AuditEntry.id))
    )
    with market.database.read() as session:
        assert [tuple(row) for row in session.execute(told)] == [
            ("officer", str(market.clerk.id)),
            ("merchant", str(shop.id)),
            ("job", "vouchers lapse"),
        ]
        asked = select(col(AuditEntry.action), col(AuditEntry.actor), col(AuditEntry.worker_id))
        of_use = asked.where(col(AuditEntry.row) == used.id).order_by(col(AuditEntry.id))
        assert [tuple(row) for row in session.execute(of_use)] == [
            ("created", "merchant", ended.worker_id),
            ("changed", "merchant", ended.worker_id),
        ]
