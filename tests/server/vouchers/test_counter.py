"""The main road: an officer gives a voucher, the phone shows it, the till takes it."""

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.vouchers import merchants
from server.vouchers.tables import Merchant
from tests import casework
from tests.server.console.conftest import form_token
from tests.server.vouchers.conftest import SUM, Market

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from server.vouchers.tables import Voucher
    from server.web.resources import Resources
    from tests.conftest import HandClock


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Pages run on one database; what they call is tested on both."""
    return sqlite_url


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the first form that has any."""
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))


def signed_in(market: Market, till: "FlaskClient", merchant: Merchant) -> None:
    with market.database.begin() as session:
        code = merchants.start_code(
            session,
            market.safe,
            session.merge(merchant),
            by=market.clerk,
            regions=market.regions,
            now=market.now,
        )
    found = till.post("/counter/sign-in", data={"start": code})
    assert found.status_code == 303, found.text
    assert code not in found.headers["Location"]


def test_a_voucher_is_shown_on_the_phone_and_taken_at_the_till_once(
    client: "FlaskClient", resources: "Resources", market: Market, clock: "HandClock"
) -> None:
    phone = casework.Phone(client, "alice")
    worker = phone_worker(resources, phone)
    voucher = given_to(market, worker)
    card = phone.get("/card").json
    assert [each["left_fen"] for each in card["vouchers"]] == [SUM]
    assert [round(each["in_seconds"]) for each in card["codes"]] == [0, 30, 60, 90]
    assert card["codes"][0]["image"].startswith("data:image/svg+xml")
    till = client.application.test_client()
    signed_in(market, till, market.merchant())
    code = card["codes"][0]["text"]
    assert code in till.get(f"/counter/?code={code}").text
    shown = till.post("/counter/code", data={"code": f"{code[:4]} {code[4:]}"})
    assert "还剩500.00元" in shown.text
    form = {**hidden(shown.text), f"amount-{voucher.id}": "38.50"}
    done = [till.post("/counter/redemptions", data=form) for _ in range(2)]
    assert [each.status_code for each in done] == [303, 303]
    assert done[0].headers["Location"] == done[1].headers["Location"]
    assert "38.50元，收好了" in till.get(done[0].headers["Location"]).text
    card = phone.get("/card").json
    assert card["vouchers"][0]["left_fen"] == SUM - 38_50
    assert [each["merchant"] for each in card["uses"]] == ["某超市"]
    # The same code for another sum, a sum that is none, a stamp of somebody else's.
    again = till.post("/counter/redemptions", data={**form, f"amount-{voucher.id}": "5"})
    assert again.status_code == 409 and "已经用过" in again.text
    unread = till.post("/counter/redemptions", data={**form, f"amount-{voucher.id}": "1.005"})
    assert unread.status_code == 422 and "金额请写成元" in unread.text
    assert till.post("/counter/redemptions", data={**form, "seen": "1"}).status_code == 409
    refunded = till.post(done[0].headers["Location"] + "/refund")
    assert "已经退回" in till.get(refunded.headers["Location"]).text
    assert phone.get("/card").json["vouchers"][0]["left_fen"] == SUM


def test_a_renewed_card_shows_other_codes(
    client: "FlaskClient", resources: "Resources", market: Market
) -> None:
    phone = casework.Phone(client, "alice")
    assert phone.get("/card").json["codes"] == []
    given_to(market, phone_worker(resources, phone))
    till = client.application.test_client()
    signed_in(market, till, market.merchant())
    code = phone.get("/card").json["codes"][0]["text"]
    renewed = phone.post("/card/renewal", None).json["codes"][0]["text"]
    assert renewed[:8] == code[:8] and renewed != code
    noted = "SELECT action, fields FROM audit_entry WHERE about = 'benefit_card'"
    assert resources.database.fetch(noted) == ("changed", "version")
    assert till.post("/counter/code", data={"code": code}).status_code == 409
    assert till.post("/counter/code", data={"code": renewed}).status_code == 200


def test_nobody_else_gets_to_the_till(
    client: "FlaskClient", resources: "Resources", market: Market
) -> None:
    voucher = given_to(market, phone_worker(resources, casework.Phone(client, "alice")))
    used = market.redeem(market.merchant(), voucher, 1)
    other = client.application.test_client()
    ways = ("sign-out", "code", "redemptions", f"redemptions/{used.id}/refund")
    for way in ways:
        assert other.post(f"/counter/{way}").status_code == 401, way
    corner = market.merchant("街角超市")
    signed_in(market, other, corner)
    assert other.get(f"/counter/redemptions/{used.id}").status_code == 404
    assert other.post(f"/counter/redemptions/{used.id}/refund").status_code == 404
    for name, value in (("Origin", "https://elsewhere.example"), ("Sec-Fetch-Site", "cross-site")):
        forged = other.post("/counter/sign-out", headers={name: value})
        assert forged.status_code == 403 and "这个页面已经失效" in forged.text
    with market.database.begin() as session:
        merchants.revoke(
            session,
            market.safe,
            session.merge(corner),
            active=True,
            by=market.clerk,
            regions=market.regions,
            now=market.now,
        )
    assert other.post("/counter/code", data={"code": "1" * 16}).status_code == 401


def test_who_tries_codes_out_has_nothing_of_hitting_one(
    client: "FlaskClient", resources: "Resources", market: Market, clock: "HandClock"
) -> None:
    phone = casework.Phone(client, "alice")
    given_to(market, phone_worker(resources, phone))
    till, other = (client.application.test_client() for _ in range(2))
    signed_in(market, till, market.merchant())
    signed_in(market, other, market.merchant("街角超市"))
    code = phone.get("/card").json["codes"][0]["text"]
    wrong = f"{code[:8]}{(int(code[8:]) + 1) % 10**8:08}"
    tries = [till.post("/counter/code", data={"code": wrong}).status_code for _ in range(70)]
    assert set(tries[:60]) == {409} and tries[-1] == 429
    assert till.post("/counter/code", data={"code": code}).status_code == 429
    assert other.post("/counter/code", data={"code": code}).status_code == 200
    clock.now += timedelta(seconds=61)
    code = phone.get("/card").json["codes"][0]["text"]
    assert till.post("/counter/code", data={"code": code}).status_code == 200


def test_who_guesses_at_the_till_keeps_no_officer_of_that_address_out(
    client: "FlaskClient", market: Market
) -> None:
    at = {"REMOTE_ADDR": "203.0.113.7"}
    tries = [
        client.post("/counter/sign-in", data={"start": "A" * 13}, environ_base=at).status_code
        for _ in range(70)
    ]
    assert set(tries[:60]) == {401} and tries[-1] == 429
    page = client.get("/staff/sign-in", environ_base=at)
    asked = {"csrf": form_token(page.text), "username": "nobody", "password": "x"}
    replied = client.post("/staff/sign-in", data=asked, environ_base=at)
    assert replied.status_code == 401, replied.text


@pytest.mark.parametrize(
    ("sum", "said"),
    [
        *((sum, "金额请写成元") for sum in ("1e9", "1e999999", "五十", "12块5", "NaN", "")),
        *((sum, "不够") for sum in ("-1", "9999999999", "9" * 12)),
    ],
)
def test_what_is_no_sum_is_said_to_be_none_and_what_is_too_much_too_much(
    client: "FlaskClient", resources: "Resources", market: Market, sum: str, said: str
) -> None:
    phone = casework.Phone(client, "alice")
    voucher = given_to(market, phone_worker(resources, phone))
    till = client.application.test_client()
    signed_in(market, till, market.merchant())
    shown = till.post("/counter/code", data={"code": phone.get("/card").json["codes"][0]["text"]})
    form = {**hidden(shown.text), f"amount-{voucher.id}": sum}
    refused = till.post("/counter/redemptions", data=form)
    assert refused.status_code == (422 if "写成" in said else 409) and said in refused.text
    assert market.left(voucher) == SUM


def test_a_fault_at_the_till_is_logged(
    client: "FlaskClient", market: Market, capfd: pytest.CaptureFixture[str]
) -> None:
    till = client.application.test_client()
    signed_in(market, till, market.merchant())
    with market.database.migrating() as connection:
        connection.exec_driver_sql("ALTER TABLE benefit_card RENAME TO elsewhere")
    assert till.post("/counter/code", data={"code": "1" * 16}).status_code == 500
    said = capfd.readouterr().err.splitlines()
    line = json.loads(next(each for each in said if "request_failed" in each))
    assert (line["event"], line["code"]) == ("request_failed", "internal_error")


def phone_worker(resources: "Resources", phone: casework.Phone) -> int:
    """Whose phone it is, with a name and agreement."""
    from server.web.sessions import worker_of

    worker = worker_of(resources.database, phone.token, now=resources.clock())
    assert worker is not None
    own = resources.subject_keys.safe_of(worker)
    with resources.database.begin() as session:
        casework.introduce(session, own, worker, casework.person(worker), now=resources.clock())
    return worker


def given_to(market: Market, worker: int) -> "Voucher":
    return market.give(market.issue(), [market.approved(worker=worker)])[0]
