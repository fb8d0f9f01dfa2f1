"""Requests for help at the desk: who waits, replies that reach WeChat, what is stale."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from server.casework import service_requests
from server.casework.officers import Role
from server.casework.request_tables import Category, ServiceRequest
from server.database.tables import AuditEntry, Notice
from server.records.audit import Action
from tests.server.console.conftest import Desk, Staff, text_of
from tests.server.console.making import asked


def request_of(staff: Staff, id: str) -> ServiceRequest:
    with staff.resources.database.read() as session:
        return session.get_one(ServiceRequest, id)


def test_what_is_overdue_stands_apart_and_what_waits_stands_first(staff: Staff, clock: Any) -> None:
    late = asked(staff, category=Category.ADVICE)
    answered, fresh = asked(staff), asked(staff)
    clerk = staff.desk(Role.CASE_OFFICER)
    clerk.post(f"/requests/{answered}/reply", {"version": 1, "words": "请来窗口"})
    # Answered by the day after the last one: five working days for the others.
    clock.now += timedelta(days=4)
    clerk = staff.desk(Role.CASE_OFFICER)
    page = clerk.get("/requests/").text
    assert page.index(late) < page.index(fresh) < page.index(answered)
    overdue = clerk.get("/requests/?show=overdue").text
    assert late in overdue and fresh not in overdue and answered not in overdue
    assert fresh not in clerk.get("/requests/?category=advice").text
    assert fresh in clerk.get("/requests/?region=石狮&category=wages&unit=市总工会").text
    assert fresh not in clerk.get("/requests/?show=closed").text


def test_officers_see_their_regions_only(staff: Staff) -> None:
    id = asked(staff)
    for where in (("锦州",), ()):
        other = staff.desk(Role.CASE_OFFICER, where=where)
        assert id not in other.get("/requests/").text
        assert other.get(f"/requests/{id}").status_code == 404


def test_a_reply_goes_to_wechat_and_looking_is_noted(staff: Staff, clerk: Desk) -> None:
    id = asked(staff)
    assert "老板拖欠三个月工资" in text_of(clerk.get(f"/requests/{id}").text)
    done = clerk.post(f"/requests/{id}/reply", {"version": 1, "words": "请带考勤来窗口"})
    assert done.status_code == 303
    page = text_of(clerk.get(f"/requests/{id}").text)
    assert "经办人（陈晓）" in page and "请带考勤来窗口" in page and "已答复" in page
    with staff.resources.database.read() as session:
        (notice,) = session.scalars(select(Notice).where(Notice.kind == "replied")).all()
        assert notice.key == f"request {id} 2"
        reads = session.scalars(
            select(AuditEntry).where(
                AuditEntry.about == "service_request", AuditEntry.action == Action.READ
            )
        ).all()
    assert {(each.row, each.actor_id) for each in reads} == {(id, str(clerk.officer.id))}


def test_it_goes_to_another_unit_and_is_settled(staff: Staff, clerk: Desk) -> None:
    id = asked(staff)
    due = request_of(staff, id).due_on
    clerk.post(f"/requests/{id}/forward", {"version": 1, "unit": "市人社局", "reason": "归他们管"})
    request = request_of(staff, id)
    assert (request.unit, request.due_on) == ("市人社局", due)
    assert "归他们管" in text_of(clerk.get(f"/requests/{id}").text)
    clerk.post(f"/requests/{id}/settle", {"version": 2, "outcome": "工资已经补发"})
    page = text_of(clerk.get(f"/requests/{id}").text)
    assert "工资已经补发" in page and "已办结" in page and "发出答复" not in page
    late = clerk.post(f"/requests/{id}/reply", {"version": 3, "words": "还有"})
    assert late.status_code == 409 and "已经办结" in text_of(late.text)


def test_a_stale_page_says_who_changed_what_and_keeps_the_words(staff: Staff, clerk: Desk) -> None:
    id = asked(staff)
    other = staff.desk(Role.CASE_OFFICER, name="林芳")
    other.post(f"/requests/{id}/forward", {"version": 1, "unit": "市人社局", "reason": "归他们管"})
    with staff.resources.database.begin() as session:
        request = session.get_one(ServiceRequest, id)
        service_requests.write(
            session, staff.resources.subject_keys.safe_of(request.worker_id), request,
            words="再问一句", by=request.worker_id,
            regions=staff.resources.serving.current().library.regions, version=2, now=staff.now,
        )  # fmt: skip
    stale = clerk.post(f"/requests/{id}/reply", {"version": 1, "words": "我写了很久的答复"})
    told = text_of(stale.text)
    assert stale.status_code == 409
    assert "林芳：转到别的单位，市人社局" in told and "求助人：写了一条" in told
    assert "我写了很久的答复" in told
    assert "我写了很久的答复" not in clerk.get(f"/requests/{id}").text


def test_what_is_missing_stands_beside_the_field(staff: Staff, clerk: Desk) -> None:
    id = asked(staff)
    for step, field in (("reply", "words"), ("forward", "unit"), ("settle", "outcome")):
        found = clerk.post(f"/requests/{id}/{step}", {"version": 1})
        assert found.status_code == 422
        assert f'id="f-{field}-error"' in found.text
    long = clerk.post(f"/requests/{id}/reply", {"version": 1, "words": "长" * 2001})
    assert long.status_code == 422 and "太长" in long.text
    assert request_of(staff, id).version == 1


def test_an_auditor_looks_and_changes_nothing(staff: Staff) -> None:
    id = asked(staff)
    auditor = staff.desk(Role.AUDITOR)
    page = auditor.get(f"/requests/{id}").text
    assert "发出答复" not in page and "转办" not in page


def test_of_somebody_erased_nothing_is_left_to_read(staff: Staff, clerk: Desk) -> None:
    from server.personal import erasing
    from server.records.audit import Actor

    id = asked(staff)
    known = staff.resources
    with known.database.begin() as session:
        keys = erasing.erase(
            session, known.safe, worker_id=request_of(staff, id).worker_id,
            by=Actor.job("test"), now=staff.now,
        )  # fmt: skip
    known.subject_keys.destroy(keys)
    page = text_of(clerk.get(f"/requests/{id}").text)
    assert "要求删除资料" in page and "拖欠" not in page.replace("拖欠工资", "")
