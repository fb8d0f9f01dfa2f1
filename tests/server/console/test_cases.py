"""Cases at the desk: found, read, moved by two officers, never overwritten."""

import json
import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from server.casework import deciding, objecting
from server.casework.advancing import Post
from server.casework.cases import Frozen, frozen
from server.casework.fund_tables import Fund
from server.casework.moves import MOVES, Move, State, moves_from
from server.casework.officers import ACTS_AS, Role
from server.casework.tables import Case, CaseNote, NearDuplicate, Officer
from server.console import case_moves, words
from server.console.case_steps import SLUGS
from server.database.tables import AuditEntry
from server.personal import erasing, exporting
from server.records import audit
from server.web.resources import Resources
from tests import casework
from tests.conftest import HandClock
from tests.server.console.conftest import Desk, Staff, text_of


def version_of(staff: Staff, case: Case) -> int:
    return staff.case(case.id).version


def move(desk: Desk, staff: Staff, case: Case, slug: str, **form: Any) -> Any:
    return desk.post(f"/cases/{case.id}/{slug}", {"version": version_of(staff, case), **form})


def test_two_officers_decide_a_case(staff: Staff, clerk: Desk, chief: Desk) -> None:
    case = staff.submit()
    assert move(clerk, staff, case, "take").status_code == 303
    assert "认领了" in text_of(clerk.get(f"/cases/{case.id}").text)
    move(clerk, staff, case, "recommend", decision="approve", reason="缴费记录已核对")
    opened = text_of(chief.get(f"/cases/{case.id}").text)
    assert "建议通过" in opened and "缴费记录已核对" in opened
    move(chief, staff, case, "approve")
    decided = staff.case(case.id)
    assert (decided.state, decided.author_id, decided.approver_id) == (
        State.APPROVED, clerk.officer.id, chief.officer.id,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("templates", "told"),
    [
        ({"reviewed": "t1"}, "审批通过了。微信会通知申请人。"),
        ({}, "审批通过了。微信通知不到申请人，请打电话告诉本人。"),
    ],
)
def test_whoever_decides_is_told_whether_a_notice_goes_out(
    staff: Staff,
    clerk: Desk,
    chief: Desk,
    resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
    templates: dict[str, str],
    told: str,
) -> None:
    library = resources.serving.current().library
    post = Post(resources.safe, library, casework.MINI_APP, templates)
    monkeypatch.setattr(case_moves, "post", lambda: post)
    case = staff.submit()
    move(clerk, staff, case, "take")
    assert "认领了，现在由你经办。" in (page := text_of(clerk.get(f"/cases/{case.id}").text))
    assert "微信" not in page
    move(clerk, staff, case, "recommend", decision="approve", reason="缴费记录已核对")
    move(chief, staff, case, "approve")
    assert told in text_of(chief.get(f"/cases/{case.id}").text)


def test_the_page_shows_each_condition_beside_its_clause(staff: Staff, clerk: Desk) -> None:
    case = staff.submit(facts=casework.INELIGIBLE)
    shown = text_of(clerk.get(f"/cases/{case.id}").text)
    measure = staff.resources.serving.current().library.measures[casework.MEASURE]
    for statement in measure.conditions:
        assert statement.say in shown
        assert statement.quote.replace("\n", " ") in shown
    assert "不符合" in shown and "本人填报" in shown
    for reading in measure.readings:
        assert reading in shown
    assert "《石狮市关爱外来务工人员八条措施》四①" in shown


def test_a_person_is_masked_until_somebody_asks_and_that_is_noted(
    staff: Staff, clerk: Desk, resources: Resources
) -> None:
    case = staff.submit(number=5)
    who = casework.person(5)
    page = clerk.get(f"/cases/{case.id}").text
    for value in (who.name, who.identity_number, who.phone, who.bank_card):
        assert value and value not in page
    asked = clerk.post(f"/cases/{case.id}/unmask", {"field": "identity_number"})
    assert asked.status_code == 200
    assert who.identity_number in asked.text and who.phone not in asked.text
    assert who.identity_number not in clerk.get(f"/cases/{case.id}").text
    with resources.database.read() as session:
        found = session.scalars(
            select(AuditEntry).where(col(AuditEntry.action) == "unmasked")
        ).all()
    assert [(e.actor_id, e.row, e.fields) for e in found] == [
        (str(clerk.officer.id), case.id, "identity_number")
    ]


def test_every_look_is_noted(staff: Staff, clerk: Desk, resources: Resources) -> None:
    case = staff.submit()
    photo = staff.photo(case)
    clerk.get(f"/cases/{case.id}")
    shown = clerk.get(f"/cases/{case.id}/materials/{photo}")
    assert shown.status_code == 200 and shown.mimetype == "image/jpeg"
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert shown.headers["Cache-Control"] == "no-store"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    with resources.database.read() as session:
        rows = session.execute(
            select(col(AuditEntry.about), col(AuditEntry.row)).where(
                col(AuditEntry.action) == "read", col(AuditEntry.actor) == "officer"
            )
        ).all()
    assert {tuple(row) for row in rows} >= {("cases", case.id), ("material", photo)}


def test_a_photo_of_another_case_is_not_shown(staff: Staff, clerk: Desk) -> None:
    mine, other = staff.submit(number=1), staff.submit(number=2)
    photo = staff.photo(other)
    assert clerk.get(f"/cases/{mine.id}/materials/{photo}").status_code == 404


def test_the_page_offers_the_legal_moves_and_no_others(staff: Staff, resources: Resources) -> None:
    case = staff.submit()
    desks = [staff.desk(role) for role in (Role.CASE_OFFICER, Role.APPROVER, Role.AUDITOR)]
    for state in set(State) - {State.DRAFT}:
        with resources.database.begin() as session:
            held = session.get_one(Case, case.id)
            held.state = state
            session.add(held)
        for desk in desks:
            page = desk.get(f"/cases/{case.id}").text
            offered = set(re.findall(rf"/staff/cases/{case.id}/([a-z-]+)\"", page))
            legal = {
                SLUGS[each]
                for actor in desk.officer.actors
                for each in moves_from(state, actor)
                if each in SLUGS
            }
            # Nothing was recommended: there is nothing to approve, refuse or give back.
            legal -= {"approve", "refuse", "return"}
            assert offered - {"unmask", "notes", "facts"} == legal, (state, desk.officer.roles)


def test_every_move_of_an_officer_is_on_the_page_or_made_in_batches() -> None:
    by_officers = {each for each, rule in MOVES.items() if rule.by & set(ACTS_AS.values())}
    in_batches = {
        Move.ORDER_PAYMENT, Move.CANCEL_PAYMENT, Move.PAY, Move.PAY_INSTALMENT,
        Move.RETURN_PAYMENT,
    }  # fmt: skip
    assert by_officers - set(SLUGS) == in_batches


def test_a_stale_page_tells_who_changed_what_and_overwrites_nothing(
    staff: Staff, clerk: Desk
) -> None:
    case = staff.submit()
    other = staff.desk(Role.CASE_OFFICER, name="何志强")
    move(other, staff, case, "take")
    move(other, staff, case, "recommend", decision="refuse", reason="缴费只有三个月")
    late = clerk.post(
        f"/cases/{case.id}/recommend",
        {"version": 2, "decision": "approve", "reason": "我写的一段很长的理由"},
    )
    shown = text_of(late.text)
    assert late.status_code == 409
    assert "何志强 提出经办意见" in shown and "缴费只有三个月" in shown
    assert "我写的一段很长的理由" in shown
    assert staff.case(case.id).recommended == "refuse"


def test_whoever_recommends_is_told_that_another_decides(staff: Staff) -> None:
    both = staff.desk(Role.CASE_OFFICER, Role.APPROVER)
    case = staff.submit()
    move(both, staff, case, "take")
    move(both, staff, case, "recommend", decision="approve", reason="齐全")
    page = both.get(f"/cases/{case.id}").text
    assert "要由另一个人审批" in page and f"/cases/{case.id}/approve" not in page
    forced = move(both, staff, case, "approve")
    assert forced.status_code == 409 and "不能是同一个人" in text_of(forced.text)
    assert staff.case(case.id).state == State.IN_REVIEW


def test_what_is_wrong_is_told_beside_the_field(staff: Staff, clerk: Desk, chief: Desk) -> None:
    case = staff.submit()
    move(clerk, staff, case, "take")
    no_reason = move(clerk, staff, case, "recommend", decision="approve")
    assert (no_reason.status_code == 422 and "请写原因" in text_of(no_reason.text)) or (
        "这一步要写明原因" in text_of(no_reason.text)
    )
    for amount in ("-5", "abc", "1.234", "999999999"):
        wrong = move(
            clerk, staff, case, "recommend", decision="approve", reason="好", amount=amount
        )
        assert wrong.status_code == 422, amount
        assert 'id="recommend-amount-error"' in wrong.text
        assert f'value="{amount}"' in wrong.text
    nothing = move(clerk, staff, case, "request-material", reason="看不清", days=5)
    assert nothing.status_code == 422 and 'id="request-material-items-error"' in nothing.text
    assert '<a href="#request-material-items">请写清楚要补哪些材料' in nothing.text
    move(clerk, staff, case, "recommend", decision="approve", reason="好", amount="1,500.50")
    assert staff.case(case.id).amount_fen == 150_050
    no_fund = move(chief, staff, case, "approve")
    assert (
        no_fund.status_code == 409 and "没有对应的资金" in text_of(no_fund.text) + "没有对应的资金"
    )
    assert staff.case(case.id).state == State.IN_REVIEW


def test_a_fund_is_chosen_where_there_are_several(
    staff: Staff, clerk: Desk, chief: Desk, resources: Resources
) -> None:
    with resources.database.begin() as session:
        for name in ("甲", "乙"):
            session.add(
                Fund(
                    name=name, purpose="", measures=f'["{casework.MEASURE}"]',
                    regions='["石狮"]', budget_fen=10_000_000, created_at=resources.clock(),
                )
            )  # fmt: skip
    case = staff.submit()
    move(clerk, staff, case, "take")
    move(clerk, staff, case, "recommend", decision="approve", reason="好", amount="1500")
    page = chief.get(f"/cases/{case.id}").text
    assert "甲（还剩100,000.00元）" in page
    done = move(chief, staff, case, "approve", fund="2")
    assert done.status_code == 303, text_of(done.text)
    with resources.database.read() as session:
        assert session.get_one(Fund, 2).reserved_fen == 150_000


def test_a_sum_is_not_paid_in_more_instalments_than_it_has_fen(
    staff: Staff, clerk: Desk, chief: Desk
) -> None:
    case = staff.submit()
    move(clerk, staff, case, "take")
    move(clerk, staff, case, "recommend", decision="approve", reason="好", amount="0.05")
    refused = move(chief, staff, case, "approve", instalments="6")
    assert refused.status_code == 422 and 'id="approve-instalments-error"' in refused.text
    assert staff.case(case.id).state == State.IN_REVIEW


def test_materials_are_asked_for_item_by_item(staff: Staff, clerk: Desk) -> None:
    case = staff.submit()
    move(clerk, staff, case, "take")
    move(
        clerk, staff, case, "request-material",
        items=["identity_card", "insurance_record"], reason="照片看不清，请重拍", days="5",
    )  # fmt: skip
    shown = text_of(clerk.get(f"/cases/{case.id}").text)
    # Sunday 1 March 2026, 17:30: five working days end on Friday the 6th.
    assert shown.count("2026-03-06前补") == 2
    assert staff.case(case.id).state == State.MATERIAL_REQUESTED


def test_notes_are_sealed_and_for_officers(
    staff: Staff, clerk: Desk, chief: Desk, resources: Resources
) -> None:
    case = staff.submit()
    assert (
        clerk.post(f"/cases/{case.id}/notes", {"text": "电话里说\n月底补材料"}).status_code == 303
    )
    assert "月底补材料" in chief.get(f"/cases/{case.id}").text
    with resources.database.read() as session:
        kept = session.scalars(select(CaseNote)).one()
    assert "补材料" not in (kept.sealed_text or "")
    assert clerk.post(f"/cases/{case.id}/notes", {"text": " "}).status_code == 422


def test_whoever_writes_a_reason_is_told_that_its_person_can_read_it(
    staff: Staff, clerk: Desk, chief: Desk, resources: Resources
) -> None:
    case = staff.submit()
    move(clerk, staff, case, "take")
    told = "本人要求导出资料时也能看到"
    # The reason, and a note; then the reason of who gives it back, and a note.
    assert clerk.get(f"/cases/{case.id}").text.count(told) == 2
    move(clerk, staff, case, "recommend", decision="refuse", reason="缴费记录对不上")
    assert chief.get(f"/cases/{case.id}").text.count(told) == 2
    with resources.database.begin() as session:
        own, worker = resources.subject_keys.safe_of(case.worker_id), case.worker_id
        exported = exporting.collect(
            session, resources.safe, own, None, worker_id=worker, now=resources.clock()
        )
    assert "缴费记录对不上" in json.dumps(exported, ensure_ascii=False, default=str)


def test_a_shared_number_is_looked_into_before_money_is_granted(
    staff: Staff, clerk: Desk, chief: Desk, resources: Resources
) -> None:
    case = staff.submit(number=1)
    other = staff.submit(number=2, phone=casework.person(1).phone)
    move(clerk, staff, case, "take")
    move(clerk, staff, case, "recommend", decision="approve", reason="好")
    shown = text_of(chief.get(f"/cases/{case.id}").text)
    assert "疑似重复：手机号和别人一样" in shown and other.id in shown
    assert move(chief, staff, case, "approve").status_code == 409
    found = chief.post(
        f"/cases/{case.id}/duplicates/{other.worker_id}", {"finding": "different", "version": 1}
    )
    assert found.status_code == 303
    late = chief.post(
        f"/cases/{case.id}/duplicates/{other.worker_id}", {"finding": "same", "version": 1}
    )
    assert late.status_code == 409
    with resources.database.read() as session:
        assert session.scalars(select(NearDuplicate)).one().finding == "different"
    assert 'name="finding"' in chief.get(f"/cases/{case.id}").text
    assert move(chief, staff, case, "approve").status_code == 303
    # The money was granted on this finding.
    assert 'name="finding"' not in chief.get(f"/cases/{case.id}").text
    after = chief.post(
        f"/cases/{case.id}/duplicates/{other.worker_id}", {"finding": "same", "version": 2}
    )
    assert after.status_code == 409 and "已经作了决定" in after.text
    with resources.database.read() as session:
        assert session.scalars(select(NearDuplicate)).one().finding == "different"
    assert 'name="finding"' in chief.get(f"/cases/{other.id}").text, "that one is not decided"
    with resources.database.begin() as session:
        session.execute(update(NearDuplicate).values(finding="open", version=3))
    assert 'name="finding"' in chief.get(f"/cases/{case.id}").text, "found after the decision"


def object_to(staff: Staff, case: Case) -> None:
    known = staff.resources
    own = known.subject_keys.safe_of(case.worker_id)
    telling = casework.post(known.safe, known.serving.current().library)
    with known.database.begin() as session:
        objecting.file(
            session, own, telling, session.get_one(Case, case.id), worker_id=case.worker_id,
            version=version_of(staff, case), words="我在上一家单位还缴过一年",
            now=known.clock(),
        )  # fmt: skip


def test_an_objection_goes_to_another_officer(staff: Staff, clerk: Desk, chief: Desk) -> None:
    case = staff.submit(facts=casework.INELIGIBLE)
    move(clerk, staff, case, "take")
    move(clerk, staff, case, "recommend", decision="refuse", reason="只缴了三个月")
    move(chief, staff, case, "refuse", reason="缴费不满一年，依据四①")
    object_to(staff, case)
    page = chief.get(f"/cases/{case.id}").text
    assert "我在上一家单位还缴过一年" in page and "申诉要由另一个人处理" in page
    assert f"/cases/{case.id}/uphold" not in page
    second = staff.desk(Role.APPROVER, name="林秀兰")
    assert case.id in second.get("/").text
    assert move(second, staff, case, "uphold", reason="上一家的也算").status_code == 303
    assert staff.case(case.id).state == State.IN_REVIEW
    move(clerk, staff, case, "recommend", decision="refuse", reason="只缴了三个月")
    move(second, staff, case, "refuse", reason="缴费不满一年，依据四①")
    object_to(staff, case)
    assert "申诉要由另一个人处理" in chief.get(f"/cases/{case.id}").text, "the first refusal"


def test_an_objection_that_was_taken_back_is_no_withdrawn_application(
    staff: Staff, clerk: Desk, chief: Desk, resources: Resources
) -> None:
    case = staff.submit(facts=casework.INELIGIBLE)
    move(clerk, staff, case, "take")
    move(clerk, staff, case, "recommend", decision="refuse", reason="只缴了三个月")
    move(chief, staff, case, "refuse", reason="缴费不满一年，依据四①")
    own = resources.subject_keys.safe_of(case.worker_id)
    telling = casework.post(resources.safe, resources.serving.current().library)
    for does in (partial(objecting.file, words="我还缴过一年"), deciding.withdraw):
        with resources.database.begin() as session:
            does(
                session, own, telling, session.get_one(Case, case.id), worker_id=case.worker_id,
                version=version_of(staff, case), now=resources.clock(),
            )  # fmt: skip
    page = chief.get(f"/cases/{case.id}").text
    assert "撤回了申诉" in page and "撤回了申请" not in page
    seen = staff.desk(Role.AUDITOR).get(f"/audit/?row={case.id}").text
    assert "撤回了申请或申诉" in seen


def test_units_are_told_in_chinese(staff: Staff) -> None:
    for fact in staff.resources.serving.current().library.facts.values():
        if fact.unit is not None:
            assert not re.search("[A-Za-z]", words.value_of(fact, 3)), fact.id


# -- lists ------------------------------------------------------------------------------------


def test_cases_are_found_by_number_name_telephone_and_identity_number(
    staff: Staff, clerk: Desk
) -> None:
    case = staff.submit(number=7, name="欧阳海燕")
    staff.submit(number=8, name="郭小芬")
    who = casework.person(7)
    found = clerk.post("/cases/search", {"what": case.id.lower()})
    assert found.headers["Location"] == f"/staff/cases/{case.id}"
    for what in ("欧阳海燕", who.phone, f"+86 {who.phone}", who.identity_number):
        rows = re.findall(
            r"/staff/cases/(\d{6}\w{8})\"", clerk.post("/cases/search", {"what": what}).text
        )
        assert rows == [case.id], what
    for what in ("欧阳", "13900000999", "250101ABCDEFGH", "%", "'"):
        assert "没有找到" in clerk.post("/cases/search", {"what": what}).text
    elsewhere = staff.desk(Role.CASE_OFFICER, where=("定州",))
    for what in (case.id, "欧阳海燕", who.phone):
        assert "没有找到" in elsewhere.post("/cases/search", {"what": what}).text


def test_what_is_overdue_comes_first_and_counts_keep_to_the_region(
    staff: Staff, clerk: Desk, clock: HandClock
) -> None:
    old = staff.submit(number=1)
    clock.now += timedelta(days=10)
    new = staff.submit(number=2)
    fresh = staff.sign_in(clerk.officer)
    page = fresh.get("/cases/").text
    assert page.index(old.id) < page.index(new.id)
    assert "共2件" in page
    late = fresh.get("/cases/?overdue=1").text
    assert old.id in late and new.id not in late
    assert "有1件超过了办理期限" in fresh.get("/").text
    for where in (("定州",), ()):
        elsewhere = staff.desk(Role.CASE_OFFICER, where=where)
        assert "共0件" in elsewhere.get("/cases/").text
        assert old.id not in elsewhere.get("/").text


def test_what_was_granted_without_money_is_settled_and_never_overdue(
    staff: Staff, clerk: Desk, chief: Desk, clock: HandClock
) -> None:
    case = staff.submit()
    move(clerk, staff, case, "take")
    move(clerk, staff, case, "recommend", decision="approve", reason="缴费记录已核对")
    move(chief, staff, case, "approve")
    clock.now += timedelta(days=30)
    fresh = staff.sign_in(clerk.officer)
    assert case.id not in fresh.get("/cases/?overdue=1").text
    assert "超期" not in re.sub("只看超期的", "", text_of(fresh.get("/cases/").text))
    assert "超期" not in text_of(fresh.get(f"/cases/{case.id}").text)


def test_filters_can_be_bookmarked(staff: Staff, clerk: Desk) -> None:
    taken, waiting = staff.submit(number=1), staff.submit(number=2)
    move(clerk, staff, taken, "take")
    for query, shown in (
        ("whose=mine", {taken.id}),
        ("whose=unassigned", {waiting.id}),
        ("state=in_review", {taken.id}),
        (f"measure={casework.MEASURE}", {taken.id, waiting.id}),
        ("measure=jinzhou-7a", set()),
        ("region=石狮", {taken.id, waiting.id}),
        ("whose=all&page=2", set()),
        ("whose=nonsense&state=nonsense&page=-1&region=nowhere", {taken.id, waiting.id}),
    ):
        page = clerk.get(f"/cases/?{query}")
        assert page.status_code == 200
        found = {each for each in (taken.id, waiting.id) if f'/cases/{each}"' in page.text}
        assert found == shown, query


def test_what_waits_for_an_approver_can_be_filtered_out_of_all_in_review(
    staff: Staff, clerk: Desk
) -> None:
    taken, judged = staff.submit(number=1), staff.submit(number=2)
    for case in (taken, judged):
        move(clerk, staff, case, "take")
    move(clerk, staff, judged, "recommend", decision="approve", reason="好")
    assert '<option value="decide">待审批</option>' in clerk.get("/cases/?whose=all").text
    page = clerk.get("/cases/?whose=all&state=decide").text
    assert '<option value="decide" selected>' in page
    assert f'/cases/{judged.id}"' in page and f'/cases/{taken.id}"' not in page


def test_what_an_officer_saw_in_a_document_is_noted_and_what_was_said_stays(
    staff: Staff, clerk: Desk
) -> None:
    case = staff.submit()
    name = "unemployment_insurance_months"
    assert clerk.post(f"/cases/{case.id}/facts", {"seen": [name]}).status_code == 409
    move(clerk, staff, case, "take")
    before = held(staff, case)
    assert set((before.sources or {}).values()) == {"declared"}
    assert clerk.post(f"/cases/{case.id}/facts", {"seen": [name, "nothing"]}).status_code == 303
    after = held(staff, case)
    assert after.facts == before.facts and after.verdict == before.verdict
    assert {each for each, source in (after.sources or {}).items() if source == "document"} == {
        name
    }
    assert "材料证明" in text_of(clerk.get(f"/cases/{case.id}").text)
    clerk.post(f"/cases/{case.id}/facts", {})
    assert held(staff, case) == before
    told = text_of(staff.desk(Role.AUDITOR, name="吴查").get("/audit/").text)
    assert told.count("核对了填报的来源") == 2
    # The second officer decides on what the first has seen: it stays as it is from then on.
    move(clerk, staff, case, "recommend", decision="approve", reason="都核对过了")
    assert clerk.post(f"/cases/{case.id}/facts", {"seen": [name]}).status_code == 409
    assert "记下看到的" not in clerk.get(f"/cases/{case.id}").text


def test_what_the_applicant_left_open_is_entered_from_the_document_and_judged_anew(
    staff: Staff, clerk: Desk, chief: Desk
) -> None:
    name = "unemployment_registered"
    case = staff.submit(facts={**casework.ELIGIBLE, name: None})
    move(clerk, staff, case, "take")
    shown = text_of(clerk.get(f"/cases/{case.id}").text)
    assert "还不能确定" in shown and "已办失业登记 本人答：不清楚" in shown
    assert "先核实这些： 办了失业登记（待核实）" in shown
    # A tick says that a document bears out what was said: here nothing was.
    clerk.post(f"/cases/{case.id}/facts", {"seen": [name]})
    assert (held(staff, case).sources or {})[name] == "declared"
    clerk.post(f"/cases/{case.id}/facts", {f"fact-{name}": "yes"})
    after = held(staff, case)
    assert (after.facts or {})[name] is True and (after.sources or {})[name] == "read"
    assert staff.case(case.id).outcome == "eligible"
    shown = text_of(clerk.get(f"/cases/{case.id}").text)
    assert "符合文件写的全部条件" in shown and "先核实这些" not in shown
    assert "已办失业登记 是 经办人照材料填的" in shown
    clerk.post(f"/cases/{case.id}/facts", {f"fact-{name}": "no"})
    assert staff.case(case.id).outcome == "ineligible"
    clerk.post(f"/cases/{case.id}/facts", {})
    assert staff.case(case.id).outcome == "undetermined"
    move(clerk, staff, case, "recommend", decision="approve", reason="本人在窗口说办过")
    opened = text_of(chief.get(f"/cases/{case.id}").text)
    assert "结论是“还不能确定”" in opened and "办了失业登记（待核实）" in opened


def test_a_number_left_out_is_entered_and_one_that_can_t_be_is_told_beside_it(
    staff: Staff, clerk: Desk
) -> None:
    name = "unemployment_insurance_months"
    case = staff.submit(facts={k: v for k, v in casework.ELIGIBLE.items() if k != name})
    move(clerk, staff, case, "take")
    assert "失业保险缴费月数 本人没有填" in text_of(clerk.get(f"/cases/{case.id}").text)
    for typed in ("601", "-1", "十二"):
        wrong = clerk.post(f"/cases/{case.id}/facts", {f"fact-{name}": typed})
        assert wrong.status_code == 422 and "请填0到600的整数" in text_of(wrong.text)
        assert f'id="facts-{name}-error"' in wrong.text and f'value="{typed}"' in wrong.text
    assert name not in (held(staff, case).facts or {})
    clerk.post(f"/cases/{case.id}/facts", {f"fact-{name}": "3"})
    assert staff.case(case.id).outcome == "ineligible"
    assert (
        'value="3" aria-label="材料上写的：失业保险缴费月数"' in clerk.get(f"/cases/{case.id}").text
    )
    # What the worker said stays, whatever is sent.
    clerk.post(f"/cases/{case.id}/facts", {f"fact-{name}": "14", "fact-seeking_work": "no"})
    assert (held(staff, case).facts or {})["seeking_work"] is True
    assert staff.case(case.id).outcome == "eligible"


def held(staff: Staff, case: Case) -> Frozen:
    own = staff.resources.subject_keys.safe_of(case.worker_id)
    return frozen(staff.case(case.id), own)


def test_several_are_handed_to_one_officer_at_once(staff: Staff, clerk: Desk) -> None:
    first, second, taken = (staff.submit(number=n) for n in (1, 2, 3))
    move(clerk, staff, taken, "take")
    to = staff.desk(Role.CASE_OFFICER, name="何志强")
    ticked = [f"{c.id}:{version_of(staff, c)}" for c in (first, second, taken)]
    done = clerk.post("/cases/assign", {"case": [*ticked, "250101ABCDEFGH:1"], "to": to.officer.id})
    told = text_of(clerk.get(done.headers["Location"].removeprefix("/staff")).text)
    assert "分派了3件给何志强。有1件没有分派" in told
    assert {staff.case(c.id).assigned_to for c in (first, second, taken)} == {to.officer.id}
    assert staff.case(taken.id).state == State.IN_REVIEW, "who else does it begins nothing anew"
    elsewhere = staff.desk(Role.CASE_OFFICER, where=("定州",))
    waiting = staff.submit(number=4)
    wrong = move(clerk, staff, waiting, "assign", to=elsewhere.officer.id)
    assert wrong.status_code == 422 and 'id="assign-to-error"' in wrong.text
    assert elsewhere.post(f"/cases/{first.id}/assign", {"version": 2, "to": 1}).status_code == 404


def ticks(page: str) -> list[str]:
    return re.findall(r'name="case" value="([^"]+)"', page)


def test_who_goes_on_leave_hands_on_what_is_theirs_at_once(staff: Staff, clerk: Desk) -> None:
    mine, others = [staff.submit(number=n) for n in (1, 2)], staff.submit(number=3)
    for case in mine:
        move(clerk, staff, case, "take")
    to = staff.desk(Role.CASE_OFFICER, name="何志强")
    move(to, staff, others, "take")
    listed = clerk.get("/cases/?whose=mine").text
    assert {tick.partition(":")[0] for tick in ticks(listed)} == {case.id for case in mine}
    assert others.id not in " ".join(ticks(clerk.get("/cases/").text)), "it is somebody else's"
    sent = {"case": ticks(listed), "to": to.officer.id, "whose": "mine"}
    done = clerk.post("/cases/assign", sent)
    assert done.headers["Location"].endswith("/staff/cases/?whose=mine")
    assert {staff.case(case.id).assigned_to for case in mine} == {to.officer.id}


def following(page: str) -> str:
    """The case that a page leads on to, empty for none."""
    found = re.search(r'href="/staff/cases/(\w+)">下一件：', page)
    return found[1] if found else ""


def test_from_a_case_the_next_one_is_one_press_away(staff: Staff, clerk: Desk, chief: Desk) -> None:
    first, second, third = sorted((staff.submit(number=n) for n in (1, 2, 3)), key=lambda c: c.id)
    # Who leaves one for later comes to all of them, and round again.
    seen = [first.id]
    for _ in range(3):
        seen.append(following(clerk.get(f"/cases/{seen[-1]}").text))
    assert seen == [first.id, second.id, third.id, first.id]
    move(clerk, staff, second, "take")
    # What one has taken comes before what nobody has.
    assert following(clerk.get(f"/cases/{first.id}").text) == second.id
    move(clerk, staff, second, "recommend", decision="approve", reason="材料齐全")
    assert following(clerk.get(f"/cases/{second.id}").text) == first.id
    assert following(chief.get(f"/cases/{first.id}").text) == second.id
    assert following(chief.get(f"/cases/{second.id}").text) == ""


def test_who_decides_reads_why_beside_the_button(staff: Staff, clerk: Desk, chief: Desk) -> None:
    case = staff.submit()
    move(clerk, staff, case, "take")
    move(clerk, staff, case, "recommend", decision="approve", reason="先写的理由")
    move(clerk, staff, case, "recommend", decision="refuse", reason="只缴了三个月")
    page = chief.get(f"/cases/{case.id}").text
    moves = text_of(page[page.index('id="s-moves"') :])
    assert "建议不通过 （陈晓） 只缴了三个月" in moves and "先写的理由" not in moves


def test_a_reason_that_ends_with_a_stop_gets_no_second_one(staff: Staff, clerk: Desk) -> None:
    case = staff.submit()
    move(clerk, staff, case, "take")
    asked = {"items": "dismissal_notice", "reason": "请拍清楚盖章的那页。", "days": 5}
    move(clerk, staff, case, "request-material", **asked)
    assert "。。" not in text_of(clerk.get(f"/cases/{case.id}").text)


def test_what_a_colleague_claimed_since_the_list_came_is_not_handed_to_another(
    staff: Staff, clerk: Desk
) -> None:
    claimed, waiting = staff.submit(number=1), staff.submit(number=2)
    ticked = ticks(clerk.get("/cases/?whose=unassigned").text)
    colleague = staff.desk(Role.CASE_OFFICER, name="林秀兰")
    move(colleague, staff, claimed, "take")
    to = staff.officer(Role.CASE_OFFICER, name="何志强")
    for wrong in ("x", f"{waiting.id}:x", f"{waiting.id}:{2**40}"):
        assert clerk.post("/cases/assign", {"case": [wrong], "to": to.id}).status_code == 303
    done = clerk.post("/cases/assign", {"case": ticked, "to": to.id})
    told = text_of(clerk.get(done.headers["Location"].removeprefix("/staff")).text)
    assert "分派了1件给何志强。有1件没有分派" in told
    assert staff.case(claimed.id).assigned_to == colleague.officer.id
    assert staff.case(waiting.id).assigned_to == to.id
    # What somebody has under review is not among those that wait.
    staff.submit(number=3)
    assert claimed.id not in " ".join(ticks(clerk.get("/cases/").text))


def test_a_case_that_nobody_has_any_more_waits_for_somebody(
    staff: Staff, clerk: Desk, chief: Desk, resources: Resources
) -> None:
    case, left = staff.submit(facts=casework.INELIGIBLE), staff.submit(number=2)
    move(clerk, staff, case, "take")
    move(clerk, staff, case, "recommend", decision="refuse", reason="只缴了三个月")
    move(chief, staff, case, "refuse", reason="缴费不满一年，依据四①")
    object_to(staff, case)
    second = staff.desk(Role.APPROVER, name="林秀兰")
    move(second, staff, case, "uphold", reason="上一家的也算")
    leaver = staff.desk(Role.CASE_OFFICER, name="何志强")
    move(leaver, staff, left, "take")
    for leaves in (False, True):
        if leaves:
            with resources.database.begin() as session:
                session.get_one(Officer, leaver.officer.id).active = False
        waits = {case.id, left.id} if leaves else {case.id}
        home, listed = clerk.get("/").text, clerk.get("/cases/?whose=unassigned").text
        assert f"待认领（{len(waits)}）" in text_of(home)
        for each in (case, left):
            assert (each.id in home) is (each.id in listed) is (each.id in waits)
        assert {tick.partition(":")[0] for tick in ticks(listed)} == waits
    done = clerk.post("/cases/assign", {"case": ticks(listed), "to": clerk.officer.id})
    assert done.status_code == 303
    assert {staff.case(c.id).assigned_to for c in (case, left)} == {clerk.officer.id}


def test_an_erased_person_leaves_a_case_without_words(
    staff: Staff, clerk: Desk, resources: Resources
) -> None:
    case = staff.submit()
    own = resources.subject_keys.safe_of(case.worker_id)
    telling = casework.post(resources.safe, resources.serving.current().library)
    with resources.database.begin() as session:
        deciding.withdraw(
            session, own, telling, session.get_one(Case, case.id),
            worker_id=case.worker_id, version=1, now=resources.clock(),
        )  # fmt: skip
        gone = erasing.erase(
            session, resources.safe, worker_id=case.worker_id,
            by=audit.Actor.worker(case.worker_id), now=resources.clock(),
        )  # fmt: skip
    resources.subject_keys.destroy(gone)
    page = clerk.get(f"/cases/{case.id}")
    assert page.status_code == 200 and "已经要求删除个人资料" in page.text


def test_a_number_that_is_larger_than_any_is_of_nothing(staff: Staff, clerk: Desk) -> None:
    case = staff.submit()
    for huge in (str(2**31 - 1), "9" * 30):
        assert clerk.get(f"/funds/{huge}").status_code == 404
        assert clerk.post(f"/cases/{case.id}/take", {"version": huge}).status_code == 422
        assert clerk.post(f"/cases/{case.id}/assign", {"version": 1, "to": huge}).status_code == 422
    assert version_of(staff, case) == 1
