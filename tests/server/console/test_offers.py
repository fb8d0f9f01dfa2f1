"""Offers at the desk: entered, held back where they smell of fraud, published, people told."""

import re
import time
from typing import Any

import pytest

from server.casework.officers import Role
from server.database.db import BUSY_SECONDS
from server.offers import taking_part
from server.offers.tables import Participation, PlaceState
from server.personal import erasing
from server.platform.screening import Step as Screening
from server.platform.screening import Use
from server.records import audit
from server.web.sessions import worker_of
from tests import casework
from tests.casework import Phone, introduced
from tests.mini_app_api.test_offers import VACANCY
from tests.server.console.conftest import Desk, Staff, text_of

FORM: dict[str, Any] = {
    "title": "缝纫工",
    "region": "石狮",
    "organiser": "某服装厂",
    "contact": "0595-88000000",
    "last_on": "2026-03-20",
    "trade": "缝纫",
    "pay_from": "5000",
    "seats": "2",
}


def enter(desk: Desk, kind: str = "vacancy", **other: Any) -> str:
    """Enter an offer; returns the path of its page."""
    made = desk.post(f"/offers/new?kind={kind}", {**FORM, **other})
    assert made.status_code == 303, text_of(made.text)
    return str(made.headers["Location"]).removeprefix("/staff")


def test_what_is_typed_wrong_is_told_beside_its_field(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    wrong = {"contact": "电话", "trade": "", "region": "锦州", "last_on": "2026-02-30"}
    shown = desk.post("/offers/new?kind=vacancy", {**FORM, **wrong})
    assert shown.status_code == 422
    assert "电话只写数字和短横线" in shown.text
    past = desk.post("/offers/new?kind=vacancy", {**FORM, "last_on": "2026-02-28"})
    assert past.status_code == 422 and "报名最后一天已经过了" in past.text
    again = desk.post("/offers/new?kind=vacancy", {**FORM, "region": "锦州", "trade": ""})
    assert "请从列表里选一个你负责的地区" in again.text
    assert 'id="f-trade-error"' in again.text
    assert "某服装厂" in again.text


@pytest.mark.parametrize("kind", ["session", "trip", "activity"])
def test_a_start_whose_time_nobody_gave_is_asked_for_and_not_made_up(
    staff: Staff, kind: str
) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    more = {"begins_on": "2026-03-25", "origin": "石狮", "destination": "达州", "hours": "40"}
    shown = desk.post(f"/offers/new?kind={kind}", {**FORM, **more})
    assert shown.status_code == 422
    assert "写了日期，也请写时间" in shown.text
    assert staff.resources.database.fetch("SELECT id FROM offer") is None


def test_signs_of_fraud_hold_an_offer_back_until_somebody_checked_it(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk, words="入职先交押金300元")
    assert "有骗局的迹象" in desk.get(path).text
    held = desk.post(f"{path}/steps/publish", {"version": "1"})
    assert held.status_code == 422
    assert "请写明核实的情况" in held.text
    done = desk.post(f"{path}/steps/publish", {"version": "1", "reason": "电话核实过，是工具押金"})
    assert done.status_code == 303
    assert "已发布" in text_of(desk.get(path).text)


def test_a_stale_page_changes_nothing_and_says_so(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk)
    desk.post(f"{path}/steps/publish", {"version": "1"})
    stale = desk.post(f"{path}/steps/cancel", {"version": "1", "reason": "停工"})
    assert stale.status_code == 409
    assert "刚刚有了变化" in stale.text


@pytest.mark.parametrize("gives", ["true", "false"])
def test_whether_a_course_gives_a_certificate_stays_when_something_else_is_changed(
    staff: Staff, gives: str
) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk, "session", hours="40", certificate=gives)
    form = desk.get(f"{path}/change").text
    assert re.findall(r'<option value="(true|false)" selected>', form) == [gives]


def test_pay_is_typed_in_yuan_and_kept_in_fen(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk)
    assert "月工资从（元） 5000" in text_of(desk.get(path).text)
    assert 'value="5000"' in desk.get(f"{path}/change").text
    row = staff.resources.database.fetch("SELECT details FROM offer")
    assert row == ('{"trade":"缝纫","pay_from":500000}',)


def test_not_a_fen_of_the_pay_is_lost_at_the_desk(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk, pay_from="5000.50", pay_to="5800.05")
    assert "月工资从（元） 5000.50 月工资到（元） 5800.05" in text_of(desk.get(path).text)
    filled = desk.get(f"{path}/change").text
    assert 'value="5000.50"' in filled and 'value="5800.05"' in filled
    # Saved as it stands there, with another title, it pays the same.
    again = {**FORM, "title": "熟练缝纫工", "pay_from": "5000.50", "pay_to": "5800.05"}
    assert desk.post(f"{path}/change/1", again).status_code == 303
    (kept,) = staff.resources.database.fetch("SELECT details FROM offer") or ("",)
    assert '"pay_from":500050,"pay_to":580005' in kept
    for wrong in ("5000.505", "-1", "100000.01", "多"):
        refused = desk.post("/offers/new?kind=vacancy", {**FORM, "pay_from": wrong})
        assert refused.status_code == 422
        assert 'id="f-pay_from-error"' in refused.text


def test_who_looks_for_it_is_told_once_and_stands_on_the_list(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk)
    desk.post(f"{path}/steps/publish", {"version": "1"})
    phone = Phone(staff.app.test_client(), "bob")
    wish = {"region": "石狮", "until_on": "2026-03-20", "details": {"trade": "缝纫"}}
    assert phone.send("PUT", "/wishes/work", wish).status_code == 200
    assert "通知合适的1个人" in text_of(desk.get(path).text)
    for told in ("已通知1个人。", "已通知0个人，1个人以前通知过。"):
        assert desk.post(f"{path}/invitations").status_code == 303
        assert told in desk.get(path).text
    counted = "SELECT count(*) FROM notice WHERE kind = 'offer'"
    assert staff.resources.database.fetch(counted) == (1,)
    assert "缝纫 1" in text_of(desk.get("/offers/wishes").text)


def test_who_comes_already_is_not_asked_to_come(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk)
    desk.post(f"{path}/steps/publish", {"version": "1"})
    known = staff.resources
    workers = []
    for name in ("bob", "eve"):
        phone = Phone(staff.app.test_client(), name)
        wish = {"region": "石狮", "until_on": "2026-03-20", "details": {"trade": "缝纫"}}
        assert phone.send("PUT", "/wishes/work", wish).status_code == 200
        workers.append(worker_of(known.database, phone.token, now=staff.now))
    assert "通知合适的2个人" in text_of(desk.get(path).text)
    with known.database.begin() as session:
        session.add(
            Participation(
                id="p", offer_id=path.rpartition("/")[2], worker_id=workers[0] or 0,
                state=PlaceState.WAITING, joined_at=staff.now, changed_at=staff.now,
            )
        )  # fmt: skip
    assert "通知合适的1个人" in text_of(desk.get(path).text)
    desk.post(f"{path}/invitations")
    told = "SELECT worker_id FROM notice WHERE kind = 'offer'"
    assert known.database.fetch(told) == (workers[1],)


@pytest.mark.parametrize("by_number", [False, True])
def test_who_opted_out_of_messages_is_not_asked_to_come(staff: Staff, by_number: bool) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk)
    desk.post(f"{path}/steps/publish", {"version": "1"})
    known = staff.resources
    bob = introduced(staff.app.test_client(), known, staff.now, "bob", 1)
    eve = Phone(staff.app.test_client(), "eve")
    wish = {"region": "石狮", "until_on": "2026-03-20", "details": {"trade": "缝纫"}}
    for phone in (bob, eve):
        assert phone.send("PUT", "/wishes/work", wish).status_code == 200
    assert "通知合适的2个人" in text_of(desk.get(path).text)
    # Also where they said so under another account of theirs.
    out = introduced(staff.app.test_client(), known, staff.now, "other", 1) if by_number else bob
    assert out.send("PUT", "/me/opt-outs/outreach").status_code == 200
    assert "通知合适的1个人" in text_of(desk.get(path).text)
    desk.post(f"{path}/invitations")
    told = known.database.fetch("SELECT worker_id FROM notice WHERE kind = 'offer'")
    assert told == (worker_of(known.database, eve.token, now=staff.now),)


def test_who_comes_is_told_each_time_that_day_or_place_is_another(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    trip = {
        "begins_on": "2026-03-25",
        "begins_time": "09:00",
        "origin": "石狮",
        "destination": "达州",
    }
    path = enter(desk, kind="trip", **trip)
    desk.post(f"{path}/steps/publish", {"version": "1"})
    known = staff.resources
    worker = casework.worker(known.database, known.safe, known.subject_keys, now=staff.now)
    with known.database.begin() as session:
        own, id = known.subject_keys.safe_of(worker), path.rpartition("/")[2]
        taking_part.join(session, own, id, worker_id=worker, now=staff.now)
    counted = "SELECT count(*) FROM notice WHERE kind = 'offer'"
    changes = [({"words": "带身份证"}, 0), ({"begins_time": "06:30"}, 1), ({"place": "北门"}, 2)]
    for version, (change, told) in enumerate(changes, start=2):
        trip |= change
        done = desk.post(f"{path}/change/{version}", {**FORM, **trip})
        assert done.status_code == 303, text_of(done.text)
        assert known.database.fetch(counted) == (told,)


def test_a_fee_that_is_written_in_later_is_refused_beside_the_words(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk)
    desk.post(f"{path}/steps/publish", {"version": "1"})
    held = desk.post(f"{path}/change/2", {**FORM, "words": "入职先交押金300元"})
    assert held.status_code == 422
    assert "已经发布的不能加上这些话" in held.text
    assert "押金" not in desk.get(path).text


def test_the_employer_is_told_of_a_refusal_with_the_reason(staff: Staff) -> None:
    phone = Phone(staff.app.test_client(), "bob")
    id = phone.post("/offers", VACANCY).json["id"]
    desk = staff.desk(Role.CASE_OFFICER)
    told = desk.post(f"/offers/{id}/steps/refuse", {"version": "1", "reason": "电话打不通"})
    assert told.status_code == 303
    (mine,) = phone.get("/proposals").json["proposals"]
    assert (mine["state"], mine["reason"]) == ("refused", "电话打不通")
    assert staff.resources.database.fetch("SELECT kind, worker_id FROM notice") == ("offer", 1)


@pytest.mark.parametrize(
    ("verdict", "told", "with_reason"),
    [
        (Screening.GO_ON, None, 303),
        (Screening.TURN_AWAY, "没让这些话过关", 422),
        (Screening.WAIT, "过几分钟再发布", 422),
        (Screening.ASK_STAFF, "要有人看一看", 303),
    ],
)
def test_what_an_employer_wrote_is_checked_before_everybody_sees_it(
    staff: Staff, monkeypatch: pytest.MonkeyPatch, verdict: Screening, told: str | None,
    with_reason: int,
) -> None:  # fmt: skip
    asked: list[str] = []

    def screened(words: str, *, openid: str | None, use: Use) -> Screening:
        asked.append(words)
        return verdict

    monkeypatch.setattr("server.console.offers.screened", screened)
    id = Phone(staff.app.test_client(), "bob").post("/offers", VACANCY).json["id"]
    desk = staff.desk(Role.CASE_OFFICER)
    done = desk.post(f"/offers/{id}/steps/publish", {"version": "1"})
    assert done.status_code == (303 if told is None else 422)
    assert told is None or told in done.text
    if told is not None:
        again = {"version": "1", "reason": "电话核实过"}
        assert desk.post(f"/offers/{id}/steps/publish", again).status_code == with_reason
    assert asked and "缝纫工" in asked[0]


def test_what_an_officer_wrote_is_not_asked_about(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.console.offers.screened", lambda *_, **__: Screening.TURN_AWAY)
    desk = staff.desk(Role.CASE_OFFICER)
    assert desk.post(f"{enter(desk)}/steps/publish", {"version": "1"}).status_code == 303


def test_the_list_shows_names_and_the_code_of_the_day(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk, kind="session", hours="40", begins_on="2026-03-25", begins_time="09:00")
    desk.post(f"{path}/steps/publish", {"version": "1"})
    known = staff.resources
    worker = casework.worker(known.database, known.safe, known.subject_keys, now=staff.now)
    with known.database.begin() as session:
        own = known.subject_keys.safe_of(worker)
        id = path.rpartition("/")[2]
        place = taking_part.join(session, own, id, worker_id=worker, now=staff.now)
    shown = desk.post(f"{path}/roll").text
    assert "王小明" in shown
    assert re.search(r"签到码：<strong>\d{6}</strong>", shown)
    noted = desk.post(f"{path}/places/{place.id}", {"state": "attended", "hours": "40"})
    assert noted.status_code == 303
    assert "到场 1人" in text_of(desk.get(path).text)
    assert desk.post(f"{path}/places/{place.id}", {"state": "waiting"}).status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite_url", "postgres_url"], indirect=True)
def test_the_list_and_its_notes_go_on_without_who_was_there_and_is_erased(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk, kind="session", hours="40", begins_on="2026-03-25", begins_time="09:00")
    desk.post(f"{path}/steps/publish", {"version": "1"})
    known = staff.resources
    places = []
    for _ in range(2):
        worker = casework.worker(known.database, known.safe, known.subject_keys, now=staff.now)
        own = known.subject_keys.safe_of(worker)
        with known.database.begin() as session:
            id = path.rpartition("/")[2]
            place = taking_part.join(session, own, id, worker_id=worker, now=staff.now)
        assert desk.post(f"{path}/places/{place.id}", {"state": "attended"}).status_code == 303
        places.append(place.id)
    gone, _ = places
    with known.database.begin() as session:
        worker = session.get_one(Participation, gone).worker_id
        by = audit.Actor.worker(worker)
        keys = erasing.erase(session, known.safe, worker_id=worker, by=by, now=staff.now)
    known.subject_keys.destroy(keys)
    started = time.monotonic()
    listed = desk.post(f"{path}/roll")
    assert listed.status_code == 200
    assert listed.text.count("王小明") == 1
    noted = desk.post(f"{path}/places/{gone}", {"state": "attended", "hours": "40"})
    assert noted.status_code == 410
    # Neither waited in vain for a transaction that it had begun itself.
    assert time.monotonic() - started < BUSY_SECONDS
