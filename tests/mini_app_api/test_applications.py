"""A worker's cases over HTTP: applying, following, answering, withdrawing, objecting."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.casework import cases, deciding, drafting
from server.casework.moves import Move
from server.casework.officers import Officer
from server.casework.tables import Case
from server.published import releases
from tests import casework, funding
from tests.casework import CLOSED, ELIGIBLE, INELIGIBLE, MEASURE, Phone
from tests.conftest import HandClock
from tests.funding import SUM
from tests.mini_app_api.conftest import Office
from tests.small import small_editions

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from knowledge.library import Library
    from server.web.resources import Resources


OTHER = "shishi-4b"


def apply(phone: Phone, **more: Any) -> Any:
    return phone.post("/applications", {"measure": MEASURE, "facts": ELIGIBLE, **more})


def test_an_application_becomes_a_case_that_its_worker_finds_again(phone: Phone) -> None:
    made = apply(phone)
    assert made.status_code == 201, made.json
    found = phone.get(f"/applications/{made.json['id']}").json
    assert found["state"] == "submitted"
    assert found["facts"] == ELIGIBLE
    assert set(found["sources"].values()) == {"declared"}
    assert found["verdict"]["outcome"] == "eligible"
    assert found["person"]["identity_number"].startswith(casework.person(1).identity_number[:4])
    assert "*" in found["person"]["identity_number"]
    assert found["unit"] == "市人社局"
    assert [event["move"] for event in found["history"]] == ["submit"]
    assert found["moves"] == ["withdraw"]
    assert phone.get("/applications").json["applications"][0]["id"] == made.json["id"]


def test_a_number_that_was_right_when_it_was_taken_is_not_judged_again(
    client: "FlaskClient", resources: "Resources", published: int, now: datetime
) -> None:
    number = casework.person(1).identity_number
    wrong_today = number[:-1] + ("1" if number[-1] != "1" else "2")
    who = casework.person(1).model_copy(update={"identity_number": wrong_today})
    phone = casework.introduced(client, resources, now, "alice", 1, who)
    made = apply(phone).json
    assert phone.get(f"/applications/{made['id']}").status_code == 200
    owed = {"region": "石狮", "employer": "某某鞋业", "first_month": "2025-12",
            "last_month": "2026-01", "amount_fen": 500_00, "agreed": True}  # fmt: skip
    assert phone.post("/joint-reports", owed).status_code == 201


def test_the_same_key_with_the_same_body_gives_the_same_reply_and_one_case(phone: Phone) -> None:
    body = {"measure": MEASURE, "facts": ELIGIBLE}
    first = phone.post("/applications", body, key="once-and-only-once")
    second = phone.post("/applications", body, key="once-and-only-once")
    assert second.status_code == 201
    assert second.data == first.data
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert len(phone.get("/applications").json["applications"]) == 1


def test_a_draft_that_became_a_case_by_the_same_request_gives_the_same_reply(
    phone: Phone,
) -> None:
    phone.send("PUT", f"/drafts/{MEASURE}", {"facts": ELIGIBLE})
    first = phone.post("/applications", {"measure": MEASURE}, key="out-of-the-draft")
    again = phone.post("/applications", {"measure": MEASURE}, key="out-of-the-draft")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    other = phone.post("/applications", {"measure": MEASURE}, key="with-another-key")
    assert (other.status_code, other.json["code"]) == (404, "unknown_draft")


def test_the_same_key_with_another_body_is_refused(phone: Phone) -> None:
    body = {"measure": MEASURE, "facts": ELIGIBLE}
    phone.post("/applications", body, key="once-and-only-once")
    other = phone.post("/applications", {**body, "facts": INELIGIBLE}, key="once-and-only-once")
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_what_was_done_is_said_again_after_the_measure_has_ended(
    phone: Phone, resources: "Resources"
) -> None:
    body = {"measure": MEASURE, "facts": ELIGIBLE}
    first = phone.post("/applications", body, key="once-and-only-once")
    kept = {"facts": ELIGIBLE}
    begun = phone.send("PUT", f"/drafts/{OTHER}", kept, key="a-draft-of-another")
    assert begun.status_code == 200, begun.json
    for measure in (MEASURE, OTHER):
        end(resources, measure)
    again = phone.post("/applications", body, key="once-and-only-once")
    assert (again.status_code, again.data) == (201, first.data)
    assert phone.send("PUT", f"/drafts/{OTHER}", kept, key="a-draft-of-another").data == begun.data
    late = phone.post("/applications", body, key="with-another-key")
    assert (late.status_code, late.json["code"]) == (409, "measure_closed")


def test_the_same_key_for_another_version_is_refused(phone: Phone) -> None:
    begin = {"facts": {"seeking_work": True}}
    for version, status in ((1, 204), (2, 422)):
        phone.send("PUT", f"/drafts/{MEASURE}", begin)
        gone = phone.send("DELETE", f"/drafts/{MEASURE}?version={version}", key="given-up-once")
        assert gone.status_code == status


@pytest.mark.parametrize("version", [2**31 - 1, 2**63, 10**30])
def test_a_number_that_no_version_has_is_refused(phone: Phone, version: int) -> None:
    made = apply(phone).json
    said = {"version": version, "words": "不办了"}
    for move in ("withdraw", "give-up", "answer", "appeal"):
        refused = phone.post(f"/applications/{made['id']}/{move}", said)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "version")


def test_a_nul_is_no_part_of_a_name_nor_of_a_text(phone: Phone) -> None:
    for path in ("applications", "drafts", "materials", "offers", "requests", "joint-reports"):
        assert phone.get(f"/{path}/a%00b").status_code == 404
    assert phone.get("/offers?region=石狮&text=a%00b&after=a%00b").status_code == 200
    owed = {"region": "石狮", "employer": "某\x00鞋业", "first_month": "2025-12",
            "last_month": "2026-01", "amount_fen": 500_00, "agreed": True}  # fmt: skip
    assert phone.post("/joint-reports", owed).json["employer"] == "某\ufffd鞋业"


def test_a_write_needs_a_key(phone: Phone, client: "FlaskClient") -> None:
    body = {"measure": MEASURE, "facts": ELIGIBLE}
    bare = client.post("/api/v1/applications", json=body, headers=phone.headers)
    assert (bare.status_code, bare.json["code"]) == (400, "idempotency_key_missing")
    assert phone.get("/applications").json["applications"] == []


def test_what_failed_left_its_key_free(phone: Phone) -> None:
    refused = phone.post(
        "/applications", {"measure": MEASURE, "facts": INELIGIBLE}, key="once-and-only-once"
    )
    assert refused.status_code == 409
    made = phone.post(
        "/applications", {"measure": MEASURE, "facts": ELIGIBLE}, key="once-and-only-once"
    )
    assert made.status_code == 201


def test_the_same_key_of_another_worker_is_another(
    phone: Phone, client: "FlaskClient", resources: "Resources", now: datetime
) -> None:
    body = {"measure": MEASURE, "facts": ELIGIBLE}
    other = casework.introduced(client, resources, now, "bob", 2)
    first = phone.post("/applications", body, key="once-and-only-once")
    second = other.post("/applications", body, key="once-and-only-once")
    assert first.json["id"] != second.json["id"]
    assert other.get(f"/applications/{first.json['id']}").status_code == 404


def test_there_is_one_case_for_a_person_a_measure_and_a_period(phone: Phone) -> None:
    made = apply(phone)
    second = apply(phone)
    assert (second.status_code, second.json["code"]) == (409, "already_applied")
    assert second.json["application"] == made.json["id"]


def test_what_the_conditions_speak_against_takes_a_second_yes(phone: Phone) -> None:
    warned = phone.post("/applications", {"measure": MEASURE, "facts": INELIGIBLE})
    assert (warned.status_code, warned.json["code"]) == (409, "likely_ineligible")
    assert warned.json["reasons"] == ["失业保险缴满一年（单位和你都缴了的）"]
    body = {"measure": MEASURE, "facts": INELIGIBLE, "despite_warning": True}
    made = phone.post("/applications", body)
    assert made.status_code == 201
    found = phone.get(f"/applications/{made.json['id']}").json
    assert (found["outcome"], found["despite_warning"]) == ("ineligible", True)


def test_an_unknown_fact_takes_no_warning(phone: Phone) -> None:
    made = phone.post("/applications", {"measure": MEASURE, "facts": {"seeking_work": True}})
    assert made.status_code == 201
    assert phone.get(f"/applications/{made.json['id']}").json["outcome"] == "undetermined"


def test_a_closed_measure_refuses_with_the_date(phone: Phone) -> None:
    refused = phone.post("/applications", {"measure": CLOSED, "facts": {}})
    assert (refused.status_code, refused.json["code"]) == (409, "measure_closed")
    assert "2021年3月31日" in refused.json["detail"]


def test_nobody_applies_without_consent_or_without_a_name(
    client: "FlaskClient", published: int
) -> None:
    stranger = Phone(client, "stranger")
    refused = apply(stranger)
    assert (refused.status_code, refused.json["code"]) == (403, "consent_missing")


def test_a_draft_goes_on_on_another_phone(phone: Phone, client: "FlaskClient") -> None:
    begun = phone.send("PUT", f"/drafts/{MEASURE}", {"facts": {"seeking_work": True}})
    assert begun.status_code == 200, begun.json
    other = Phone(client, "alice")
    found = other.get(f"/drafts/{MEASURE}").json
    assert found["facts"] == {"seeking_work": True}
    kept = other.send("PUT", f"/drafts/{MEASURE}", {"facts": ELIGIBLE, "version": found["version"]})
    assert kept.json["version"] == 2
    stale = phone.send("PUT", f"/drafts/{MEASURE}", {"facts": {}, "version": found["version"]})
    assert (stale.status_code, stale.json["code"]) == (409, "case_changed")
    assert [each["move"] for each in stale.json["happened"]] == ["edit"]
    made = other.post("/applications", {"measure": MEASURE})
    assert (made.status_code, made.json["id"]) == (201, found["id"])
    assert phone.get("/drafts").json["drafts"] == []
    assert phone.get(f"/applications/{found['id']}").json["facts"] == ELIGIBLE


def test_a_draft_of_the_old_year_goes_on_in_the_new_one(
    client: "FlaskClient", resources: "Resources", clock: HandClock, published: int
) -> None:
    clock.now = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)
    phone = casework.introduced(client, resources, clock.now, "alice", 1)
    part = {"unemployment_insured": True}
    begun = phone.send("PUT", f"/drafts/{MEASURE}", {"facts": part})
    assert begun.json["version"] == 1, begun.json
    clock.now += timedelta(hours=2)
    kept = phone.send("PUT", f"/drafts/{MEASURE}", {"facts": ELIGIBLE, "version": 1})
    assert (kept.status_code, kept.json["id"]) == (200, begun.json["id"]), kept.json
    clock.now += timedelta(days=1)
    made = phone.post("/applications", {"measure": MEASURE})
    assert (made.status_code, made.json["id"]) == (201, begun.json["id"]), made.json
    assert phone.get("/drafts").json == {"drafts": []}
    again = phone.send("PUT", f"/drafts/{MEASURE}", {"facts": ELIGIBLE})
    assert again.json["code"] == "already_applied"


def test_a_draft_of_the_old_year_becomes_the_case_with_all_it_has(
    client: "FlaskClient", resources: "Resources", clock: HandClock, published: int
) -> None:
    clock.now = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)
    phone = casework.introduced(client, resources, clock.now, "alice", 1)
    begun = phone.send("PUT", f"/drafts/{MEASURE}", {"facts": ELIGIBLE})
    clock.now += timedelta(hours=2)
    made = apply(phone)
    # The photos hang on the draft.
    assert (made.status_code, made.json["id"]) == (201, begun.json["id"]), made.json


def test_a_draft_that_was_given_up_is_gone_and_can_be_begun_anew(phone: Phone) -> None:
    begun = phone.send("PUT", f"/drafts/{MEASURE}", {"facts": {"seeking_work": True}}).json
    assert phone.send("DELETE", f"/drafts/{MEASURE}?version=1").status_code == 204
    assert phone.get(f"/drafts/{MEASURE}").status_code == 404
    assert phone.get(f"/applications/{begun['id']}").status_code == 404
    assert phone.send("PUT", f"/drafts/{MEASURE}", {"facts": {}}).status_code == 200


def test_who_has_a_draft_is_told_what_changed_in_the_rules(
    phone: Phone, resources: "Resources", now: datetime
) -> None:
    phone.send("PUT", f"/drafts/{MEASURE}", {"facts": ELIGIBLE})
    change_a_rule(resources, now)
    found = phone.get(f"/drafts/{MEASURE}").json
    assert {"part": "condition", "before": None, "after": "你现在没有领别的补助"} in found[
        "changes"
    ]
    refused = phone.post("/applications", {"measure": MEASURE})
    assert (refused.status_code, refused.json["code"]) == (409, "rules_changed")
    assert refused.json["changes"] == found["changes"]
    seen = phone.post("/applications", {"measure": MEASURE, "edition": refused.json["edition"]})
    assert seen.status_code == 201, seen.json


def test_rules_that_stay_the_same_hold_nobody_up(
    phone: Phone, resources: "Resources", now: datetime
) -> None:
    phone.send("PUT", f"/drafts/{MEASURE}", {"facts": ELIGIBLE})
    publish(resources, resources.serving.current().library, now)
    assert phone.get(f"/drafts/{MEASURE}").json["changes"] == []
    assert phone.post("/applications", {"measure": MEASURE}).status_code == 201


def test_a_withdrawn_case_may_be_applied_for_anew(phone: Phone) -> None:
    made = apply(phone).json
    withdrawn = phone.post(f"/applications/{made['id']}/withdraw", {"version": 1})
    assert withdrawn.json["history"][-1]["said"] == "你撤回了申请。"
    assert (withdrawn.status_code, withdrawn.json["state"]) == (200, "withdrawn")
    assert apply(phone).status_code == 201
    assert phone.post(f"/applications/{made['id']}/withdraw", {"version": 2}).status_code == 409


def test_a_worker_brings_what_is_asked_for_and_objects_to_a_refusal(
    phone: Phone, resources: "Resources", now: datetime
) -> None:
    made = apply(phone).json
    office = Office(resources, now)
    asked = office.request_material(made["id"])
    found = phone.get(f"/applications/{made['id']}").json
    assert [item["item"] for item in found["requested"]] == ["dismissal_notice"]
    assert found["requested"][0]["reason"] == "照片看不清"
    assert found["moves"] == ["withdraw", "answer"]
    open_still = phone.post(f"/applications/{made['id']}/answer", {"version": asked})
    assert (open_still.status_code, open_still.json["items"]) == (409, ["dismissal_notice"])
    words = {"version": asked, "words": "单位已经关门了，开不出来"}
    answered = phone.post(f"/applications/{made['id']}/answer", words).json
    assert answered["state"] == "in_review"
    refused = office.refuse(made["id"])
    found = phone.get(f"/applications/{made['id']}").json
    assert (found["state"], found["history"][-1]["reason"]) == ("refused", "不符合条件")
    appeal = {"version": refused, "words": "我缴满了一年"}
    objected = phone.post(f"/applications/{made['id']}/appeal", appeal).json
    assert objected["state"] == "objection"
    assert objected["objections"][0]["outcome"] is None


def test_who_takes_an_objection_back_stays_refused(
    phone: Phone, resources: "Resources", now: datetime
) -> None:
    id = apply(phone).json["id"]
    office = Office(resources, now)
    asked = office.request_material(id)
    phone.post(f"/applications/{id}/answer", {"version": asked, "words": "单位关门了"})
    appeal = {"version": office.refuse(id), "words": "我缴满了一年"}
    assert apply(phone).status_code == 409
    objected = phone.post(f"/applications/{id}/appeal", appeal).json
    taken = phone.post(f"/applications/{id}/withdraw", {"version": objected["version"]}).json
    assert (taken["state"], taken["moves"]) == ("withdrawn", [])
    said = [each["said"] for each in taken["history"]]
    assert said[-3:] == ["审核没有通过。", "你提出了申诉。", "你撤回了申诉。"]
    assert taken["next"] == "没有通过的结果不变，这一期不能再申请了。"
    assert [each["outcome"] for each in taken["objections"]] == ["withdrawn"]
    assert apply(phone).status_code == 409


@pytest.fixture
def money(resources: "Resources", published: int, now: datetime) -> funding.Office:
    """Officers who grant and pay."""
    library = resources.serving.current().library
    return funding.office(resources.database, resources.safe, library, resources.subject_keys, now)


def granted(phone: Phone, money: funding.Office, instalments: int = 1) -> str:
    """The number of a case of the phone's whose money the fund holds back."""
    id: str = apply(phone).json["id"]
    money.recommend(id)
    money.approve(id, instalments=instalments)
    return id


def test_who_gives_granted_money_up_is_told_so_and_shown_no_sum(
    phone: Phone, money: funding.Office
) -> None:
    money.fund(10**9)
    id = granted(phone, money)
    found = phone.get(f"/applications/{id}").json
    assert (found["amount_fen"], found["moves"]) == (SUM, ["withdraw"])
    taken = phone.post(f"/applications/{id}/withdraw", {"version": found["version"]}).json
    assert (taken["state"], taken["amount_fen"]) == ("withdrawn", None)
    assert taken["next"] == "批给你的钱不发了。想办的话，可以重新申请，不一定还能批。"
    assert apply(phone).status_code == 201


def test_who_gives_up_what_is_looked_at_again_is_told_so_too(
    phone: Phone, money: funding.Office
) -> None:
    money.fund(10**9)
    id = granted(phone, money)
    with money.database.begin() as session:
        case = session.get_one(Case, id)
        desk = casework.desk(
            money.author, money.post, money.keys.safe_of(case.worker_id), money.now
        )
        version = deciding.reopen(
            session, desk, case, version=case.version, reason="请再核一下"
        ).version
    taken = phone.post(f"/applications/{id}/withdraw", {"version": version}).json
    assert (taken["state"], taken["amount_fen"]) == ("withdrawn", None)
    assert taken["next"] == "批给你的钱不发了。想办的话，可以重新申请，不一定还能批。"


def test_who_has_to_do_something_for_the_money_is_told_what(
    phone: Phone, money: funding.Office, resources: "Resources"
) -> None:
    def told() -> tuple[str, bool]:
        (found,) = phone.get("/applications").json["applications"]
        view = phone.get(f"/applications/{found['id']}").json
        assert (view["next"], view["your_turn"]) == (found["next"], found["your_turn"])
        return found["next"], found["your_turn"]

    fund = money.fund(10**9)
    id = granted(phone, money)
    assert told() == ("有钱要发的，接下来安排打款。", False)
    assert phone.send("DELETE", "/consents/payment").status_code == 204
    next_, is_theirs = told()
    assert is_theirs and "要你先同意" in next_
    assert phone.get(f"/applications/{id}").json["waits_for"] == "no_consent"
    (text,) = [e for e in phone.get("/consents").json["consents"] if e["purpose"] == "payment"]
    phone.send("PUT", "/consents/payment", {"version": text["version"]})
    assert told() == ("还没有你的银行卡号。请到“我的”里填上，才能打款。", True)
    me = phone.get("/me").json["profile"]
    card = {"bank_card": casework.person(99).bank_card, "version": me["version"]}
    assert phone.send("PUT", "/me", card).status_code == 200
    assert told() == ("有钱要发的，接下来安排打款。", False)
    batch = money.released(fund)
    assert not told()[1]
    money.now = resources.clock() + timedelta(hours=1)
    money.settle(batch, funding.said(money.export(batch), {id: "销户"}))
    next_, is_theirs = told()
    assert is_theirs and next_.startswith("银行没打成") and next_.endswith("。")


def test_whose_money_the_bank_took_back_is_told_so_and_sees_what_is_to_come(
    phone: Phone, money: funding.Office
) -> None:
    fund = money.fund(10**9)
    id = granted(phone, money)
    batch = money.released(fund)
    lines = money.export(batch)
    money.settle(batch, funding.said(lines))
    found = phone.get(f"/applications/{id}").json
    assert (found["state"], found["your_turn"]) == ("paid", False)
    money.settle(batch, funding.said(lines, {id: "账户已销户，退汇"}))
    found = phone.get(f"/applications/{id}").json
    assert (found["state"], found["amount_fen"], found["your_turn"]) == ("approved", SUM, True)
    assert found["next"].startswith("银行没打成，钱退回来了。请到“我的”里改银行卡号")
    last = found["history"][-1]
    assert (last["move"], last["reason"]) == ("return_payment", "账户已销户，退汇")
    assert found["moves"] == ["withdraw"]


def test_who_wants_no_more_instalments_is_shown_what_was_paid(
    phone: Phone, money: funding.Office
) -> None:
    fund = money.fund(10**9)
    id = granted(phone, money, instalments=3)
    batch = money.released(fund)
    money.settle(batch, funding.said(money.export(batch)))
    batch = money.released(fund, instalment=2)
    money.settle(batch, funding.said(money.export(batch), {id: "销户"}))
    found = phone.get(f"/applications/{id}").json
    assert (found["amount_fen"], found["moves"]) == (SUM, ["give_up"])
    done = phone.post(f"/applications/{id}/give-up", {"version": found["version"]}).json
    assert (done["state"], done["amount_fen"]) == ("paid", SUM // 3)


def test_whose_grant_is_ended_is_told_why_in_plain_words_and_can_object(
    phone: Phone, money: funding.Office
) -> None:
    fund = money.fund(10**9)
    id = granted(phone, money, instalments=3)
    batch = money.released(fund)
    money.settle(batch, funding.said(money.export(batch)))
    why = "您去年12月已经上班，四①要求没有工作"

    def does(who: Officer, act: Any, *args: Any) -> Any:
        with money.database.begin() as session:
            case = session.get_one(Case, id)
            desk = casework.desk(who, money.post, money.keys.safe_of(case.worker_id), money.now)
            act(session, desk, case, *args, version=case.version, reason=why)
        return phone.get(f"/applications/{id}").json

    found = does(money.author, deciding.reopen)
    assert (found["state"], found["standing"], found["moves"]) == ("in_review", "正在审核", [])
    assert found["amount_fen"] == SUM // 3, "what was paid"
    last = found["history"][-1]
    assert (last["move"], last["reason"]) == ("reopen", why)
    assert last["said"] == "批过的要重新审核，没发的先不发。"
    does(money.author, deciding.recommend, Move.REFUSE)
    found = does(money.approver, deciding.refuse)
    assert (found["state"], found["standing"], found["moves"]) == (
        "refused", "已经撤销", ["object"],
    )  # fmt: skip
    assert found["next"].startswith("没发的不发了。原因写在下面。不同意的话，可以申诉，最晚")
    last = found["history"][-1]
    assert (last["said"], last["reason"]) == ("原来批的撤销了，没发的不发了。", why)
    assert found["amount_fen"] == SUM // 3
    (brief,) = phone.get("/applications").json["applications"]
    assert brief["standing"] == "已经撤销"
    asked = {"version": found["version"], "words": "我是今年1月才上班的"}
    objected = phone.post(f"/applications/{id}/appeal", asked).json
    assert (objected["state"], objected["standing"]) == ("objection", "正在申诉")


def test_what_the_review_went_on_without_is_not_asked_for_with_the_next_thing(
    phone: Phone, resources: "Resources", now: datetime
) -> None:
    id = apply(phone).json["id"]
    office = Office(resources, now)
    asked = office.request_material(id)
    answer = {"version": asked, "words": "单位已经关门了，开不出来"}
    phone.post(f"/applications/{id}/answer", answer)
    office.now += timedelta(days=1)
    asked = office.request_material(id, "insurance_record")
    requested = phone.get(f"/applications/{id}").json["requested"]
    assert [item["item"] for item in requested] == ["insurance_record"]
    open_still = phone.post(f"/applications/{id}/answer", {"version": asked})
    assert (open_still.status_code, open_still.json["items"]) == (409, ["insurance_record"])


def change_a_rule(resources: "Resources", now: datetime) -> None:
    """Put a release in force in which the measure has one condition more."""
    from knowledge.library import Library

    editions = []
    for kind, key, content in resources.serving.current().library.editions:
        if (kind, key) == ("measure", MEASURE):
            rule = content["rule"]
            more = {
                "fact": "unemployment_allowance_claimed",
                "is": False,
                "say": "你现在没有领别的补助",
                "quote": "有求职要求",
            }
            content = {**content, "rule": {**rule, "all": [*rule["all"], more]}}
        editions.append((kind, key, content))
    publish(resources, Library(editions), now)


def publish(resources: "Resources", library: "Library", now: datetime) -> None:
    """Put a release in force that is served by then, so that the watch has nothing to load."""
    with resources.database.begin() as session:
        release = releases.add(session, library.editions, note="changed", now=now)
    serve(resources, release, library)
    with resources.database.begin() as session:
        releases.put_in_force(session, release, now)


def end(resources: "Resources", measure: str) -> None:
    """Serve the same knowledge, but for the measure's last day, which is over."""
    from knowledge.library import Library

    editions = []
    for kind, key, content in resources.serving.current().library.editions:
        if (kind, key) == ("measure", measure):
            content = {**content, "validity": {**content["validity"], "to": "2022-12-31"}}
        editions.append((kind, key, content))
    serve(resources, 1, Library(editions))


def serve(resources: "Resources", release: int, library: Any) -> None:
    """Serve a release at once, as the watch does within half a second."""
    from bot.retrieval.indexing import IndexedLibrary
    from knowledge.library import Library
    from server.chat.serving import Served

    # Of two towns: to index all of it takes three seconds.
    small = Library(small_editions(library))
    resources.serving._served = Served(release, IndexedLibrary(small))


def test_after_sixty_days_a_refusal_stands(
    phone: Phone, resources: "Resources", now: datetime, clock: Any
) -> None:
    made = apply(phone).json
    office = Office(resources, now)
    with resources.database.begin() as session:
        case = cases.of_officer(session, made["id"], office.clerk, office.library.regions)
        deciding.take(session, office.desk(office.clerk, case.worker_id), case, version=1)
    version = office.refuse(made["id"])
    shown = phone.get(f"/applications/{made['id']}").json
    assert "可以申诉，最晚2026年4月30日" in shown["next"] and shown["due_on"] is None
    clock.now = now + timedelta(days=61)
    late = Phone(phone.client, "alice")
    appeal = {"version": version, "words": "我缴满了一年"}
    refused = late.post(f"/applications/{made['id']}/appeal", appeal)
    assert (refused.status_code, refused.json["code"]) == (409, "objection_too_late")
    clock.now = now + timedelta(days=60)
    in_time = Phone(phone.client, "alice")
    assert in_time.post(f"/applications/{made['id']}/appeal", appeal).status_code == 200


def test_a_draft_that_nobody_touches_is_given_up_in_time(
    phone: Phone, resources: "Resources", now: datetime
) -> None:
    phone.send("PUT", f"/drafts/{MEASURE}", {"facts": {"seeking_work": True}})
    post = casework.post(resources.safe, resources.serving.current().library)
    for days, given_up in ((179, 0), (181, 1)):
        with resources.database.begin() as session:
            later = now + timedelta(days=days)
            old = drafting.old(session, now=later)
            done = [
                drafting.discard_old(session, resources.safe, post, only=id, now=later)
                for id in old
            ]
            assert sum(done) == given_up
    assert phone.get("/drafts").json["drafts"] == []
