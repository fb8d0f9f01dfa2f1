"""Pairing at the desk: helpers come in, are proposed with reasons, agree, visit, are assessed."""

import io
import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from knowledge.eligibility.sheets import read_rows
from server.casework.officers import Role
from server.clock import china_day
from server.confidential.private_files import in_memory
from server.database.tables import Purpose
from server.pairing import helper_sheets
from server.pairing.helper_sheets import HelperFate
from server.pairing.helping import HelperKnown
from server.personal import children, consents
from server.personal.persons import Minor
from tests.server.console.conftest import Desk, Staff, picture, text_of
from tests.server.console.test_register_pages import PERSON, enter

if TYPE_CHECKING:
    from server.database.db import Database

HELPER: dict[str, Any] = {
    "kind": "cadre",
    "name": "林书记",
    "unit": "市总工会",
    "rank": "county",
    "region": "石狮",
    "phone": "13905950100",
    "capacity": "1",
    "gives": ["living", "job"],
}


def counted(database: "Database", about: str, action: str) -> int:
    row = database.fetch(
        "SELECT count(*) FROM audit_entry WHERE about = :about AND action = :action",
        about=about, action=action,
    )  # fmt: skip
    return int((row or (0,))[0])


def workbook(response: Any) -> Any:
    assert response.status_code == 200
    return load_workbook(io.BytesIO(response.data))


def test_from_the_helper_to_the_assessment(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    enter(desk)
    assert desk.post("/pairings/helpers/new", {**HELPER, "rank": ""}).status_code == 422
    assert desk.post("/pairings/helpers/new", HELPER).status_code == 303
    assert "已经有同名的帮扶人" in desk.post("/pairings/helpers/new", HELPER).text
    assert "必须结对、还没有结对的领导干部" in desk.get("/pairings/").text

    proposals = desk.get("/pairings/proposals").text
    told = text_of(proposals)
    assert "同一个地区；能帮：生活救助；按规定必须结对，还没有结对；还能帮1户" in told
    assert PERSON["name"] not in told
    picks = re.findall(r'name="pick" value="([^"]+)"', proposals)
    assert "至少选一个" in desk.post("/pairings/proposals", {"every_days": "30"}).text
    made = desk.post("/pairings/proposals", {"pick": picks, "every_days": "30"})
    assert made.status_code == 303
    assert desk.post("/pairings/proposals", {"pick": picks}).status_code == 409
    shown = desk.get("/pairings/").text
    assert "已经提了，等双方同意" in shown and PERSON["name"] not in shown
    path = "/pairings/" + re.findall(r"/staff/pairings/([0-9a-f]{16})", shown)[0]

    assert desk.post(f"{path}/agree/unit", {"version": "1"}).status_code == 303
    assert desk.post(f"{path}/agree/person", {"version": "1"}).status_code == 409
    assert desk.post(f"{path}/agree/nobody", {"version": "2"}).status_code == 404
    assert desk.post(f"{path}/agree/person", {"version": "2"}).status_code == 303
    assert "必须结对、还没有结对" not in desk.get("/pairings/").text
    assert "2026-03-31" in desk.get(path).text

    visit: dict[str, Any] = {
        "version": "3", "visited_on": "2026-02-28", "words": "孩子上学了", "given": "米和油",
        "given_fen": "200.05",
    }  # fmt: skip
    assert "不能晚于今天" in desk.post(f"{path}/visits", visit).text
    visit["visited_on"] = "2026-03-01"
    wrong = {**visit, "photos": (io.BytesIO(b"no photo"), "a.jpg")}
    assert "有一张照片读不了" in desk.post(f"{path}/visits", wrong).text
    photo = {**visit, "photos": (io.BytesIO(picture()), "a.jpg")}
    assert desk.post(f"{path}/visits", photo).status_code == 303
    shown = desk.get(path).text
    assert "孩子上学了" in shown and "值200.05元 照片1" in text_of(shown)
    src = re.findall(rf"/staff({path}/photos/[0-9a-f]+)", shown)[0]
    assert desk.get(src).content_type == "image/jpeg"

    week = text_of(desk.get("/reports/2026-03-06").text)
    assert "石狮市 党员干部 1 1 1 0 1 200.05元 0" in week
    sheet = workbook(desk.get("/reports/2026-03-06/workbook"))["结对帮扶"]
    assert [cell.value for cell in sheet[5]][2:] == [1, 1, 1, 0, 1, 200.05, 0]
    database = staff.resources.database
    before = counted(database, "pairing", "unmasked")
    filed = workbook(desk.post("/pairings/files/filing"))["副县级以上"]
    assert [cell.value for cell in filed[2]][:4] == [
        "市总工会", "林书记", "副县（处）级以上", PERSON["name"],
    ]  # fmt: skip
    assert counted(database, "pairing", "unmasked") == before + 1
    year = workbook(desk.get("/pairings/files/2026/assessment"))["2026年"]
    assert [cell.value for cell in year[2]] == [
        "市总工会", "1", "1", "0", "1", "1", "0", "0", "1", "0", "0", "200.05",
    ]  # fmt: skip

    struck = re.findall(rf"/staff({path}/visits/[0-9a-f]+/strike)", shown)[0]
    assert desk.post(struck).status_code == 303
    assert "已撤回" in desk.get(path).text
    end = {"version": "5", "ending": "improved", "words": "找到工作了"}
    assert desk.post(f"{path}/end", {**end, "ending": "erased"}).status_code == 409
    assert desk.post(f"{path}/end", end).status_code == 303
    assert "已经脱困" in desk.get(path).text and "找到工作了" in desk.get(path).text
    notices = database.fetch("SELECT count(*) FROM notice WHERE kind = 'pairing'")
    assert tuple(notices or ()) == (3,)


def test_every_look_at_a_pairing_is_in_the_audit(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    enter(desk)
    desk.post("/pairings/helpers/new", HELPER)
    picks = re.findall(r'name="pick" value="([^"]+)"', desk.get("/pairings/proposals").text)
    desk.post("/pairings/proposals", {"pick": picks})
    database = staff.resources.database
    path = "/pairings/" + re.findall(r"/pairings/([0-9a-f]{16})", desk.get("/pairings/").text)[0]
    for about, page in (("pairing", "/pairings/"), ("pairing", path), ("helper", path),
                        ("helper", "/pairings/helpers/")):  # fmt: skip
        before = counted(database, about, "read")
        desk.get(page)
        assert counted(database, about, "read") == before + 1, (about, page)


def test_a_page_from_before_somebody_refused_proposes_nothing(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    enter(desk)
    desk.post("/pairings/helpers/new", HELPER)
    pick = {
        "pick": re.findall(r'name="pick" value="([^"]+)"', desk.get("/pairings/proposals").text)
    }
    entry, helper = pick["pick"][0].split(":")

    def live() -> list[str]:
        shown = desk.get("/pairings/?state=proposed").text
        return re.findall(r"/staff(/pairings/[0-9a-f]{16})", shown)

    def ended(ending: str, version: str = "1") -> None:
        end = {"version": version, "ending": ending}
        assert desk.post(f"{live()[0]}/end", end).status_code == 303

    assert desk.post("/pairings/proposals", pick).status_code == 303
    ended("person_refused")
    # They don't want this one: neither from the page of all nor from their own.
    assert desk.post("/pairings/proposals", pick).status_code == 409
    own = {"helper": helper, "every_days": "30"}
    assert desk.post(f"/pairings/new?entry={entry}", own).status_code == 409
    assert live() == []
    # Another has found them somebody else meanwhile.
    desk.post("/pairings/helpers/new", {**HELPER, "name": "王主任"})
    desk.post("/pairings/helpers/new", {**HELPER, "name": "李主任"})
    pick = {
        "pick": re.findall(r'name="pick" value="([^"]+)"', desk.get("/pairings/proposals").text)
    }
    found = set(re.findall(r'"([0-9a-f]{16})"', desk.get(f"/pairings/new?entry={entry}").text))
    (other,) = found - {helper, entry, pick["pick"][0].split(":")[1]}
    made = desk.post(f"/pairings/new?entry={entry}", {**own, "helper": other})
    assert made.status_code == 303
    assert desk.post("/pairings/proposals", pick).status_code == 409
    assert len(live()) == 1


def upload(desk: Desk, *lines: str) -> str:
    head = "姓名,类别,单位,职级,地区,手机号,能帮几户,能帮什么"
    content = "\n".join((head, *lines)).encode()
    return desk.post("/pairings/helpers/import", {"file": (io.BytesIO(content), "a.csv")}).text


ROWS = (
    "林书记,党员干部,市总工会,副县(处)级以上,,13905950100,2,职业介绍;看病",
    "李妈妈,爱心妈妈,市妇联,,石狮,,5,",
    "李妈妈,爱心妈妈,市妇联,,,,9,",
    "王科长,党员干部,市财政局,,,,,",
    "周同学,大学生,泉州师院,,锦州,,,",
    "吴老师,教师,市一中,,,,,",
    "郑老师,志愿者,市一中,,,123,1,",
    "孙老师,志愿者,市一中,,,,0,",
    "钱老师,志愿者,市一中,,,,1,做饭",
)


def test_a_table_of_helpers_is_tried_and_then_entered_as_a_whole(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    tried = upload(desk, *ROWS)
    told = text_of(tried)
    assert "新登记 2 表里重复，不算这一行 1 读不了，不登记 6" in told
    for line, column in ((5, "职级"), (6, "地区"), (7, "类别"), (8, "手机号"), (9, "能帮几户"),
                         (10, "能帮什么")):  # fmt: skip
        assert f"{line} {column} " in told
    assert "共0个" in text_of(desk.get("/pairings/helpers/").text)
    sealed = re.search(r'name="sealed" value="([^"]+)"', tried)
    assert sealed
    path = "/pairings/helpers/import"
    assert desk.post(path, {"sealed": sealed[1][:-3] + "AAA"}).status_code == 422
    assert desk.post(path, {"sealed": sealed[1]}).status_code == 303
    assert "共2个" in text_of(desk.get("/pairings/helpers/").text)
    assert "和已有的一样 1 " in text_of(upload(desk, ROWS[0]))
    turned = ROWS[0].replace("职业介绍;看病", "看病;职业介绍;看病")
    assert "和已有的一样 1 " in text_of(upload(desk, turned))
    assert "更新已有的 1 " in text_of(upload(desk, ROWS[2]))
    only = {"file": (io.BytesIO("姓名\n甲".encode()), "a.csv")}
    assert "还要有这几列：类别、单位" in desk.post(path, only).text


def test_a_table_as_large_as_may_be_tried_comes_back_and_is_entered(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = "/pairings/helpers/import"

    def upload(size: int) -> Any:
        """A workbook with a picture that nothing makes smaller."""
        book, out = Workbook(), io.BytesIO()
        for line in ("姓名,类别,单位", "赵老师,志愿者,市一中"):
            book.active.append(line.split(","))
        book.save(out)
        with ZipFile(out, "a") as archive:
            archive.writestr("xl/media/image1.png", os.urandom(size - len(out.getvalue()) - 200))
        form = {
            "csrf": desk.form_token(),
            "file": FileStorage(io.BytesIO(out.getvalue()), "a.xlsx"),
        }
        boundary, sent = encode_multipart(form)
        kind = f"multipart/form-data; boundary={boundary}"
        return desk.client.post(f"/staff{path}", data=sent, content_type=kind)

    assert "最多3兆" in text_of(upload(3 * 2**20 + 1000).text)
    tried = upload(3 * 2**20)
    assert "新登记 1 " in text_of(tried.text)
    sealed = re.search(r'name="sealed" value="([^"]+)"', tried.text)
    assert sealed and desk.post(path, {"sealed": sealed[1]}).status_code == 303
    assert "赵老师" in desk.get("/pairings/helpers/").text


def test_an_import_of_helpers_that_stops_half_way_has_done_nothing(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    known, clerk = staff.resources, desk.officer
    regions = known.serving.current().library.regions
    content = f"姓名,类别,单位,职级\n{ROWS[3][:-4]}\n赵老师,志愿者,市一中,\n".encode()
    with in_memory(content) as path, known.database.read() as session:
        found = helper_sheets.read(
            session, known.safe, list(read_rows(path)), region="石狮", regions={"石狮": "石狮"}
        )
    assert found.counts == {HelperFate.NEW: 1, HelperFate.BAD: 1}
    assert (
        desk.post(
            "/pairings/helpers/new",
            {**HELPER, "kind": "volunteer", "rank": "", "name": "赵老师", "unit": "市一中"},
        ).status_code
        == 303
    )
    other = found.to_enter[0][0].model_copy(update={"name": "先登记的"})
    found.to_enter.insert(0, (other, None))
    with pytest.raises(HelperKnown), known.database.begin() as session:
        helper_sheets.enter(session, known.safe, regions, found, by=clerk, now=staff.now)
    shown = text_of(desk.get("/pairings/helpers/").text)
    assert "共1个" in shown and "先登记的" not in shown


def test_a_child_that_turned_fourteen_is_not_answered_for_any_more(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    entry = enter(desk).rpartition("/")[2]
    desk.post("/pairings/helpers/new", HELPER)
    known = staff.resources
    row = known.database.fetch("SELECT worker_id FROM register_entry WHERE id = :id", id=entry)
    helper = known.database.fetch("SELECT id FROM helper")
    assert row is not None and helper is not None
    own, today = known.subject_keys.safe_of(row[0]), china_day(staff.now)
    named = []
    for birthday in (today.replace(year=today.year - 14), today.replace(year=today.year - 13)):
        minor = Minor(name="王小宝", born_on=birthday, identity_number=None)
        with known.database.begin() as session:
            consents.give(
                session, own, worker_id=row[0], purpose=Purpose.CHILDREN,
                version=consents.in_force(Purpose.CHILDREN).version, now=staff.now,
            )  # fmt: skip
            # A year ago it could be named.
            before = staff.now - timedelta(days=300)
            made = children.add(session, own, worker_id=row[0], minor=minor, now=before)
            named.append(made.id)
    path = f"/pairings/new?entry={entry}"
    shown = desk.get(path).text
    assert [id in shown for id in named] == [False, True]
    asked = {"helper": helper[0], "every_days": "30"}
    assert desk.post(path, {**asked, "child": named[0]}).status_code == 422
    assert desk.post(path, {**asked, "child": named[1]}).status_code == 303
