"""Vouchers over desk, phone and till, and at the end of each week the report that tells of them."""

import io
import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from server.casework.officers import Role
from server.casework.weekly_reports import week_of
from server.vouchers import lapsing, merchants
from server.vouchers.tables import MerchantKind
from tests import casework
from tests.server.console import making
from tests.server.console.conftest import Desk, Staff, app, password_hash, staff, text_of
from tests.server.register.conftest import Ledger
from tests.server.vouchers.conftest import Market, Town
from tests.server.vouchers.test_counter import hidden, phone_worker

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from server.vouchers.tables import Issue, Merchant
    from tests.conftest import HandClock

__all__ = ["app", "password_hash", "staff"]

HEADS = (
    "发放", "发放（元）", "用了", "用了（元）", "退了", "退了（元）", "过期", "过期（元）",
    "收回", "收回（元）", "还剩（元）",
)  # fmt: skip


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Pages run on one database; what they call is tested on both."""
    return sqlite_url


class Street:
    """A town with a desk, two phones and a till, on a clock that is moved."""

    def __init__(self, staff: Staff, clock: "HandClock") -> None:
        known, at = staff.resources, making.office(staff)
        self.staff, self.clock = staff, clock
        self.market = Market(
            known.database, at.library, known.safe, known.subject_keys, staff.now,
            clerk=at.author, approver=at.approver, administrator=at.administrator, release=1,
        )  # fmt: skip
        book = Ledger(
            known.database, at.library, known.safe, known.subject_keys, staff.now, at.author
        )
        self.town = Town(self.market, book)
        self.officer, self.approver = (
            staff.officer(role) for role in (Role.CASE_OFFICER, Role.APPROVER)
        )

    @property
    def clerk(self) -> Desk:
        """The desk of a case officer, signed in just now: days go by in between."""
        return self.staff.sign_in(self.officer)

    def phone(self, name: str, number: int) -> casework.Phone:
        """Somebody of the register, with the phone in hand."""
        phone = casework.Phone(self.staff.app.test_client(), name)
        self.town.linked(number, worker=phone_worker(self.staff.resources, phone))
        return phone

    def give(self, issue: "Issue") -> None:
        """To everybody of the register, as two officers do it."""
        asked = self.clerk.post(f"/vouchers/{issue.id}/rounds/new", {"region": "石狮"})
        path = re.search(r"/vouchers/rounds/\w+", asked.headers["Location"])
        assert path is not None
        chief = self.staff.sign_in(self.approver)
        assert chief.post(f"{path[0]}/confirm", {"version": "1"}).status_code == 303

    def till(self, merchant: "Merchant") -> "FlaskClient":
        at, till = self.market, self.staff.app.test_client()
        with at.database.begin() as session:
            code = merchants.start_code(
                session, at.safe, session.merge(merchant), by=at.clerk, regions=at.regions,
                now=self.clock.now,
            )  # fmt: skip
        assert till.post("/counter/sign-in", data={"start": code}).status_code == 303
        return till

    def use(self, till: "FlaskClient", phone: casework.Phone, voucher: int, yuan: str = "") -> str:
        """Show the card's code, use one of the vouchers; where the use is to be seen."""
        self.clock.now += timedelta(minutes=1)
        card = phone.get("/card").json
        page = till.post("/counter/code", data={"code": card["codes"][0]["text"]}).text
        id = card["vouchers"][voucher]["id"]
        form = {**hidden(page), "voucher": id, **({f"amount-{id}": yuan} if yuan else {})}
        done = till.post("/counter/redemptions", data=form)
        assert done.status_code == 303, done.text
        return done.headers["Location"]

    def night(self) -> None:
        with self.market.database.begin() as session:
            lapsing.lapse(session, self.market.safe, now=self.clock.now)

    def report(self, title: str, friday: date) -> dict[str, object] | None:
        """The issue's line of a week, the same on the page and in the workbook; None: no line."""
        page = text_of(self.clerk.get(f"/reports/{friday}").text)
        shown = re.search(rf"{title} ((?:[\d,.]+元? ?){{11}})", page)
        content = self.clerk.get(f"/reports/{friday}/workbook").data
        rows: Sequence[Any] = list(load_workbook(io.BytesIO(content))["券"].values)
        head = next(row for row in rows if row[1] == "名称")
        assert head[2:] == HEADS
        found = [dict(zip(HEADS, row[2:], strict=True)) for row in rows if row[1] == title]
        assert bool(found) == bool(shown)
        if shown is None:
            return None
        figures = [each.rstrip("元").replace(",", "") for each in shown[1].split()]
        assert [float(each) for each in figures] == [float(found[0][name]) for name in HEADS]
        return {name: value for name, value in found[0].items() if float(value)}


def test_each_week_tells_what_was_given_used_refunded_taken_back_and_what_lapsed(
    staff: Staff, clock: "HandClock"
) -> None:
    street = Street(staff, clock)
    market = street.market
    wang, li = street.phone("wang", 1), street.phone("li", 2)
    street.phone("zhao", 3)
    money = market.issue(title="过年消费券", last_on=date(2026, 3, 8))
    check_up = market.issue(
        title="半价体检", amount_fen=0, fund_id=None, uses=1, takes=MerchantKind.CLINIC,
        last_on=date(2026, 3, 9),
    )  # fmt: skip
    street.give(money)
    street.give(check_up)
    shop = street.till(market.merchant())
    clinic = street.till(market.merchant("某卫生院", kind=MerchantKind.CLINIC))
    assert [each["title"] for each in wang.get("/card").json["vouchers"]] == [
        "过年消费券", "半价体检",
    ]  # fmt: skip

    # The first week: wang uses twice and has one taken back, li's check-up is used.
    street.use(shop, wang, 0, "120.50")
    refunded = street.use(shop, wang, 0, "80")
    assert shop.post(f"{refunded}/refund").status_code == 303
    street.use(clinic, li, 1)
    first = week_of(clock.now).friday
    used = {
        "发放": 3, "发放（元）": 1500, "用了": 2, "用了（元）": 200.5, "退了": 1, "退了（元）": 80,
        "还剩（元）": 1379.5,
    }  # fmt: skip
    assert street.report("过年消费券", first) == used
    assert street.report("半价体检", first) == {"发放": 3, "用了": 1}

    # The second: an officer takes zhao's back, li uses all; the rest of wang's lapses by night.
    clock.now += timedelta(days=6)
    second = week_of(clock.now).friday
    assert second != first
    street.use(shop, li, 0, "500")
    desk = street.clerk
    given = desk.get(f"/vouchers/{money.id}").text
    mine = {each.json["vouchers"][0]["id"] for each in (wang.get("/card"), li.get("/card"))}
    ids = set(re.findall(rf"/vouchers/{money.id}/vouchers/(\w+)/end", given))
    (of_zhao,) = ids - mine
    desk.post(f"/vouchers/{money.id}/vouchers/{of_zhao}/end", {"reason": "发错了"})
    clock.now += timedelta(days=2)
    street.night()
    street.night()
    lapsed = {
        "用了": 1, "用了（元）": 500, "过期": 1, "过期（元）": 379.5, "收回": 1, "收回（元）": 500,
    }  # fmt: skip
    assert street.report("过年消费券", second) == lapsed
    assert street.report("半价体检", second) is None
    # Two of the three check-ups were not used until their last day, a day later.
    clock.now += timedelta(days=1)
    street.night()
    assert street.report("半价体检", second) == {"过期": 2}

    # Past weeks stay, whatever came later.
    clock.now += timedelta(days=14)
    street.night()
    assert street.report("过年消费券", first) == used
    assert street.report("过年消费券", second) == lapsed
    assert street.report("过年消费券", week_of(clock.now).friday) is None
    assert market.sums() == (620_50, 0)
