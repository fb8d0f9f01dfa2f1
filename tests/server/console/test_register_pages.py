"""The register at the desk: entered by hand or from a case, looked after, taken out."""

import io
import re
from typing import Any

import pytest

from knowledge.eligibility import sheets
from server.casework.officers import Role
from server.register import employer_sheets
from tests import citizens
from tests.server.console.conftest import Desk, Staff, text_of

PERSON: dict[str, Any] = {
    "name": citizens.name(1),
    "identity_number": citizens.identity_number(1),
    "phone": citizens.phone(1),
    "region": "石狮",
    "level": "below_line",
    "causes": ["illness", "schooling"],
    "needs": ["living"],
    "income": "900",
    "looked_on": "2026-03-01",
}


def enter(desk: Desk, query: str = "", **other: Any) -> str:
    """Enter somebody; returns the path of their page."""
    made = desk.post(f"/register/new{query}", {**PERSON, **other})
    assert made.status_code == 303, text_of(made.text)
    return str(made.headers["Location"]).removeprefix("/staff")


def test_from_the_entry_by_hand_to_the_leaving(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk)
    shown = desk.get(path).text
    assert "疾病、子女上学" in shown and "2026-09-01" in shown
    assert PERSON["name"] not in shown and PERSON["phone"] not in shown
    assert PERSON["phone"] in desk.post(f"{path}/unmask", {"field": "phone"}).text
    assert "低于低保线1人" in text_of(desk.get("/register/").text)
    found = desk.post("/register/search", {"what": PERSON["identity_number"]})
    assert path in found.text and PERSON["name"] not in found.text

    look = {"version": "1", "level": "above_line", "looked_on": "2026-03-01", "words": "好转了"}
    assert desk.post(f"{path}/moves/look", look).status_code == 303
    shown = text_of(desk.get(path).text)
    assert "2027-03-01" in shown and "好转了" in shown
    held = desk.post(f"{path}/moves/leave", {"version": "2"})
    assert held.status_code == 422 and "请选原因" in held.text
    assert desk.post(f"{path}/moves/leave", {"version": "1", "reason": "moved"}).status_code == 409
    assert desk.post(f"{path}/moves/leave", {"version": "2", "reason": "moved"}).status_code == 303
    assert "共0人" in text_of(desk.get("/register/").text)
    assert "迁到别处" in text_of(desk.get(path).text)


def test_every_look_at_somebody_is_in_the_audit(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk)
    looks = [
        lambda: desk.get("/register/"),
        lambda: desk.post("/register/search", {"what": PERSON["name"]}),
        lambda: desk.get(path),
        lambda: desk.post(f"{path}/unmask", {"field": "phone"}),
        lambda: desk.get(f"{path}/change"),
    ]
    counted = "SELECT count(*) FROM audit_entry WHERE about = 'register_entry' AND row = :id"
    for look in looks:
        before = staff.resources.database.fetch(counted, id=path.rpartition("/")[2])
        assert look().status_code == 200
        after = staff.resources.database.fetch(counted, id=path.rpartition("/")[2])
        assert before and after and after[0] > before[0]


def test_of_a_household_in_two_places_each_desk_sees_its_own(staff: Staff) -> None:
    both = staff.desk(Role.CASE_OFFICER, where=("石狮", "锦州"))
    mine = enter(both)
    row = staff.resources.database.fetch("SELECT household_id FROM register_entry")
    assert row
    number = citizens.identity_number(2)
    other = enter(both, f"?household={row[0]}", identity_number=number, region="锦州")
    assert other in both.get(mine).text
    assert other not in staff.desk(Role.CASE_OFFICER).get(mine).text


def test_what_is_typed_wrong_is_told_beside_its_field(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    wrong = {"identity_number": "110101198001010011", "looked_on": "昨天", "level": ""}
    shown = desk.post("/register/new", {**PERSON, **wrong})
    assert shown.status_code == 422
    assert "身份证号有一位写错了" in shown.text and "2026-03-01这样" in shown.text
    enter(desk)
    again = desk.post("/register/new", PERSON)
    assert again.status_code == 409 and "已经在台账里" in again.text
    ahead = desk.post(
        "/register/new",
        {**PERSON, "identity_number": citizens.identity_number(2), "looked_on": "2026-03-02"},
    )
    assert ahead.status_code == 422 and "不能晚于今天" in ahead.text
    # Of whom nothing was entered, nothing is left.
    assert staff.resources.database.fetch("SELECT count(*) FROM worker") == (1,)


def test_a_change_shows_what_stands_there_and_keeps_the_days(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk)
    form = desk.get(f"{path}/change").text
    assert f'value="{PERSON["identity_number"]}"' in form and 'value="900"' in form
    changed = {**PERSON, "version": "1", "name": "陈大明", "needs": ["housing"]}
    assert desk.post(f"{path}/change", changed).status_code == 303
    shown = text_of(desk.get(path).text)
    assert "需求 住房" in shown and "2026-09-01" in shown
    assert path in desk.post("/register/search", {"what": "陈大明"}).text


def test_not_a_fen_of_an_income_is_lost_when_something_else_is_changed(staff: Staff) -> None:
    """Tables bring them, and the form cut them off."""
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk, income="1234.56")
    for typed in ("1234.56", "900"):
        assert typed in text_of(desk.get(path).text)
        assert f'name="income" type="number" value="{typed}"' in desk.get(f"{path}/change").text
        desk.post(f"{path}/change", {**PERSON, "version": "1", "income": "900"})
    wrong = desk.post(f"{path}/change", {**PERSON, "version": "2", "income": "1.234"})
    assert wrong.status_code == 422 and 'id="f-income-error"' in wrong.text


def test_the_person_of_a_case_is_taken_from_the_case(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    case = staff.submit()
    assert f"case={case.id}" in desk.get(f"/cases/{case.id}").text
    form = desk.get(f"/register/new?case={case.id}").text
    assert "王*" in form and 'name="identity_number"' not in form
    path = enter(desk, f"?case={case.id}", name="别人", identity_number="")
    row = staff.resources.database.fetch("SELECT worker_id FROM register_entry")
    assert row == (case.worker_id,)
    assert "王*" in desk.get(path).text
    other = staff.desk(Role.CASE_OFFICER, where=("锦州",))
    assert other.get(f"/register/new?case={case.id}").status_code == 404


def uploaded(desk: Desk, *lines: str) -> str:
    """Upload a table; returns the path of the import."""
    content = "\n".join(("姓名,身份证号,电话,困难等级,打分", *lines)).encode()
    data = {"region": "石狮", "file": (io.BytesIO(content), "a.csv")}
    made = desk.post("/register/imports/", data)
    assert made.status_code == 303, text_of(made.text)
    return str(made.headers["Location"]).removeprefix("/staff").removesuffix("/columns")


def line(number: int, **other: str) -> str:
    who = {"name": citizens.name(number), "identity": citizens.identity_number(number)}
    rest = {"phone": citizens.phone(number), "level": "低于低保线", "points": "5"}
    return ",".join({**who, **rest, **other}.values())


def chosen(desk: Desk, path: str, **other: str) -> str:
    """Confirm the columns as they are guessed; returns the page of the dry run."""
    form = desk.get(f"{path}/columns").text
    picked = re.findall(r'<select id="(c\d)".*?value="([^"]+)" selected', form)
    assert desk.post(f"{path}/columns", {**dict(picked), **other}).status_code == 303
    return desk.get(path).text


def digest_in(page: str) -> str:
    found = re.search(r'name="digest" value="(\w+)"', page)
    assert found
    return found[1]


def test_a_table_is_tried_adjudicated_entered_and_undone(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    enter(desk)
    path = uploaded(desk, line(1, name="陈改名"), line(2), line(2), line(3, level="很难"))
    shown = chosen(desk, path, twice="last")
    told = text_of(shown)
    assert "新登记 1" in told and "身份证号在台账里，姓名不一样 不登记 1" in told
    assert "4 困难等级" not in told and "5 困难等级 这一项不在可选的范围里" in told
    assert "5,困难等级" in desk.get(f"{path}/bad.csv").text
    assert desk.post(f"{path}/enter", {"digest": "other"}).status_code == 409
    desk.post(f"{path}/takes", {"take": "2"})
    shown = desk.get(path).text
    assert "更新台账里的 1" in text_of(shown)
    assert desk.post(f"{path}/enter", {"digest": digest_in(shown)}).status_code == 303
    assert "导入完了" in desk.get(path).text
    assert "低于低保线2人" in text_of(desk.get("/register/").text)
    assert "共1人" not in text_of(desk.post("/register/search", {"what": "陈改名"}).text)
    # One press does not take 2 people out.
    assert "整批撤销吗？" in desk.post(f"{path}/undo").text
    assert "低于低保线2人" in text_of(desk.get("/register/").text)
    undone = desk.post(f"{path}/undo", {"confirmed": "yes"}, follow_redirects=True)
    assert "已经撤销，2个人和导入以前一样" in undone.text
    assert "低于低保线1人" in text_of(desk.get("/register/").text)


def test_a_table_without_its_columns_is_told_so(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = uploaded(desk, line(1))
    held = desk.post(f"{path}/columns", {"c0": "name", "c1": "-"})
    assert held.status_code == 422 and "还要有这几列：身份证号" in held.text
    data = {"region": "石狮", "file": (io.BytesIO(b"\xd0\xcf\x11\xe0"), "a.xls")}
    assert "读不了" in desk.post("/register/imports/", data).text
    empty = {"region": "石狮", "file": (io.BytesIO(b""), "a.csv")}
    assert "这个文件是空的" in desk.post("/register/imports/", empty).text
    # A title over the table, as offices have it.
    titled = "困难职工登记表\n姓名,身份证号\n王伟,1\n".encode()
    found = desk.post(
        "/register/imports/", {"region": "石狮", "file": (io.BytesIO(titled), "b.csv")}
    )
    path = found.headers["Location"].removeprefix("/staff").removesuffix("/columns")
    assert "上面的标题要删掉" in desk.post(f"{path}/columns", {"c0": "-"}).text


def test_the_register_is_matched_as_a_roster(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    enter(desk)
    made = desk.post("/register/imports/roster", {"region": "石狮"})
    assert made.status_code == 303
    shown = text_of(desk.get(str(made.headers["Location"]).removeprefix("/staff")).text)
    assert "1人" in shown
    assert "没有，都读出来了" in shown
    # It stays sealed here: a look, and nothing that was given out.
    counted = "SELECT count(*) FROM audit_entry WHERE action = 'exported'"
    assert staff.resources.database.fetch(counted) == (0,)
    assert "在册的每个人" in desk.get("/register/imports/").text
    empty = staff.desk(Role.CASE_OFFICER, where=("锦州",))
    assert empty.post("/register/imports/roster", {"region": "锦州"}).status_code == 422


def test_employers_say_who_stays_and_how_many_they_look_for(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    told = {
        "name": "某服装厂",
        "region": "石狮",
        "code": "91350581MA31XXXX1A",
        "contact": "0595-88000000",
        "headcount": "100",
        "staying": "140",
        "hiring": "20",
        "told_on": "2026-03-01",
    }
    held = desk.post("/register/employers/new", told)
    assert held.status_code == 422 and "再看一遍" in held.text
    told["code"] = ""
    assert "不会比职工还多" in desk.post("/register/employers/new", told).text
    told["staying"] = "40"
    assert desk.post("/register/employers/new", told).status_code == 303
    assert "已经有同名的单位" in desk.post("/register/employers/new", told).text
    shown = desk.get("/register/employers/?hiring=true").text
    assert "1家单位，职工100人，留岗40人，要招20人" in text_of(shown)
    path = "/register/employers/" + re.findall(r"/register/employers/([0-9a-f]{16})", shown)[0]
    # Who has no code has none in the form either: «None» stood there, and was refused as no code.
    assert 'name="code" type="text" value=""' in desk.get(path).text
    assert desk.post(path, {**told, "hiring": "0", "version": "1"}).status_code == 303
    assert desk.post(path, {**told, "hiring": "5", "version": "1"}).status_code == 409
    assert "还没有" in desk.get("/register/employers/?hiring=true").text


def test_a_table_of_employers_is_tried_and_then_entered_as_a_whole(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)

    def upload(*lines: str) -> str:
        content = "\n".join(("企业名称,联系电话,职工人数,留岗人数,缺工人数,地区", *lines)).encode()
        return desk.post(
            "/register/employers/import", {"file": (io.BytesIO(content), "a.csv")}
        ).text

    rows = (
        "甲厂,0595-1,10,5,3,",
        "乙厂,0595-2,10,50,3,",
        "甲厂,0595-1,9,1,1,",
        "丙厂,无,1,1,1,锦州",
    )
    tried = upload(*rows)
    assert "新登记 1 表里重复，不算这一行 1 读不了，不登记 2" in text_of(tried)
    assert "0家单位" in text_of(desk.get("/register/employers/").text)
    sealed = re.search(r'name="sealed" value="([^"]+)"', tried)
    assert sealed
    path = "/register/employers/import"
    assert desk.post(path, {"sealed": sealed[1][:-3] + "AAA"}).status_code == 422
    assert desk.post(path, {"sealed": sealed[1]}).status_code == 303
    assert "1家单位，职工10人，留岗5人，要招3人" in text_of(desk.get("/register/employers/").text)
    assert "和台账一样 1" in text_of(upload(rows[0]))
    assert (
        "还要有这几列：单位"
        in desk.post(path, {"file": (io.BytesIO("地区\n石狮".encode()), "a.csv")}).text
    )


def test_others_write_while_a_table_is_taken_apart_and_tried(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = staff.desk(Role.CASE_OFFICER)

    def beside(patch: pytest.MonkeyPatch, module: Any, name: str) -> None:
        """Let somebody else write where a function is called."""
        plain = getattr(module, name)

        def with_a_write(*args: Any) -> Any:
            with staff.resources.database.begin():
                return plain(*args)

        patch.setattr(module, name, with_a_write)

    beside(monkeypatch, sheets, "_csv_rows")
    path = "/register/employers/import"
    content = "企业名称,联系电话,职工人数,留岗人数,缺工人数\n甲厂,0595-1,10,5,3".encode()
    with monkeypatch.context() as trying:
        beside(trying, employer_sheets, "_there")
        tried = desk.post(path, {"file": (io.BytesIO(content), "a.csv")})
    assert tried.status_code == 200, text_of(tried.text)
    sealed = re.search(r'name="sealed" value="([^"]+)"', tried.text)
    assert sealed and desk.post(path, {"sealed": sealed[1]}).status_code == 303


def test_a_table_with_too_many_lines_is_read_no_further(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    header = "企业名称,联系电话,职工人数,留岗人数,缺工人数"
    line = "甲厂,0595-1,10,5,3"

    def upload(lines: int) -> str:
        content = "\n".join((header, *[line] * lines)).encode()
        table = {"file": (io.BytesIO(content), "a.csv")}
        return text_of(desk.post("/register/employers/import", table).text)

    assert "表里重复，不算这一行 4999" in upload(5000)
    assert "一次最多5000行" in upload(5001)


def test_a_table_of_an_earlier_day_takes_no_employer_back_to_it(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)

    def upload(*lines: str) -> str:
        header = "企业名称,联系电话,职工人数,留岗人数,缺工人数,截至日期"
        table = {"file": (io.BytesIO("\n".join((header, *lines)).encode()), "a.csv")}
        tried = desk.post("/register/employers/import", table).text
        sealed = re.search(r'name="sealed" value="([^"]+)"', tried)
        if sealed:
            desk.post("/register/employers/import", {"sealed": sealed[1]})
        return text_of(tried)

    assert "新登记 1" in upload("甲厂,0595-1,10,5,3,2026-02-20")
    assert "台账里的日期更晚，不更新 1" in upload("甲厂,0595-1,90,50,30,2026-02-10")
    assert "职工10人" in text_of(desk.get("/register/employers/").text)
    assert "更新台账里的 1" in upload("甲厂,0595-1,12,5,3,2026-02-28")
