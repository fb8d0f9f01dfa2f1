"""A roster at the desk: sealed until it is decided on, counted first, and each case made once."""

import csv
import io
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from server.casework import rosters
from server.casework.officers import Role
from server.casework.tables import Case, RosterFile
from server.casework.workbooks import text_sheet, workbook
from server.console import rosters as pages
from tests.casework import person
from tests.hostile_files import bloated
from tests.server.console.conftest import COOKIE, Desk, Staff, text_of
from tests.server.console.making import HOSTILE
from tests.server.console.test_pages import faults_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def rows(library: Any, people: int, **changes: Any) -> list[list[str]]:
    """A roster with the labels of the facts as its headers."""
    facts = library.facts
    keys = (
        "unemployment_insured", "unemployment_insurance_months", "job_loss_involuntary",
        "unemployment_registered", "seeking_work",
    )  # fmt: skip
    header = ["编号", "姓名", "身份证号", "手机号", *(facts[key].label for key in keys)]
    table = [header]
    for number in range(1, people + 1):
        who = person(number)
        given = {"months": "14", "id": f"A{number}", "name": who.name, **changes}
        table.append(
            [
                *(given["id"], given["name"], who.identity_number, who.phone),
                *("是", given["months"], "是", "是", "是"),
            ]
        )
    return table


def as_csv(table: list[list[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(table)
    return written.getvalue().encode("utf-8-sig")


def upload(desk: Desk, content: bytes, **more: Any) -> Any:
    data = {"region": "石狮", "as_of": "2026-03-01", "file": (io.BytesIO(content), "r.csv"), **more}
    return desk.post("/rosters/", data)


def chosen(desk: Desk, content: bytes) -> str:
    """Upload, and take the columns as they are guessed; the path of the dry run."""
    address = upload(desk, content).headers["Location"].removeprefix("/staff")
    page = desk.get(address).text
    uses = {}
    for piece in page.split('<select id="c')[1:]:
        place = piece.split('"', 1)[0]
        before, mark, _ = piece.split("</select>")[0].partition('" selected')
        uses[f"c{place}"] = before.rpartition('value="')[2] if mark else "-"
    found = desk.post(address, uses)
    assert found.status_code == 303, text_of(found.text)
    return address.removesuffix("/columns")


def stored(staff: Staff) -> list[RosterFile]:
    with staff.resources.database.read() as session:
        return list(session.scalars(select(RosterFile)))


def cases(staff: Staff) -> list[Case]:
    with staff.resources.database.read() as session:
        return list(session.scalars(select(Case)))


def confirm(desk: Desk, path: str) -> Any:
    look = desk.post(f"{path}/confirm", {"measures": ["shishi-4a"]})
    assert look.status_code == 200, text_of(look.text)
    digest = look.text.split('name="digest" value="', 1)[1].split('"', 1)[0]
    return look, desk.post(f"{path}/confirm", {"measures": ["shishi-4a"], "digest": digest})


def test_a_roster_is_counted_then_confirmed_and_then_gone(
    staff: Staff, clerk: Desk, library: Any
) -> None:
    path = chosen(clerk, as_csv(rows(library, 3)))
    told = text_of(clerk.get(path).text)
    assert "石狮市，按2026-03-01算：3人" in told
    assert cases(staff) == []
    (file,) = stored(staff)
    sealed = file.sealed + file.mapping
    assert person(1).identity_number not in sealed and "王小明" not in sealed
    look, done = confirm(clerk, path)
    assert "给3人生成办件吗" in text_of(look.text)
    assert "新生成办件3个" in text_of(done.text)
    assert [each.origin for each in cases(staff)] == ["roster"] * 3
    # What it rests on stands on its page.
    first = min(cases(staff), key=lambda each: each.worker_id)
    shown = text_of(clerk.get(f"/cases/{first.id}").text)
    assert "花名册比对的结论是符合条件" in shown and "花名册第2行，编号A1。" in shown
    assert stored(staff) == []
    for gone in (path, f"{path}/outcomes.csv", f"{path}/columns"):
        assert clerk.get(gone).status_code == 404
    # The same roster once more: nobody gets a second case.
    look = clerk.post(
        f"{chosen(clerk, as_csv(rows(library, 3)))}/confirm", {"measures": ["shishi-4a"]}
    )
    assert "已有办件" in text_of(look.text) and "没有要生成的办件" in text_of(look.text)
    assert len(cases(staff)) == 3


def test_a_press_goes_on_where_the_last_one_stopped(
    monkeypatch: pytest.MonkeyPatch, staff: Staff, clerk: Desk, library: Any
) -> None:
    # No time at all: each press gets through one line.
    monkeypatch.setattr(pages, "_SECONDS", -1.0)
    path = chosen(clerk, as_csv(rows(library, 3)))
    _, found = confirm(clerk, path)
    for done in (1, 2):
        assert f"已经处理{done}行，还有{3 - done}行" in text_of(found.text)
        assert f"生成办件 {done}" in text_of(found.text)
        assert len(cases(staff)) == done
        fields = re.findall(r'name="(digest|told|measures)" value="([^"]*)"', found.text)
        found = clerk.post(f"{path}/confirm", dict(fields))
    assert "新生成办件3个" in text_of(found.text)
    assert len(cases(staff)) == 3 and stored(staff) == []


def test_what_was_counted_is_what_is_confirmed(staff: Staff, clerk: Desk, library: Any) -> None:
    path = chosen(clerk, as_csv(rows(library, 2)))
    wrong = clerk.post(f"{path}/confirm", {"measures": ["shishi-4a"], "digest": "0" * 12})
    assert wrong.status_code == 409 and cases(staff) == []
    none = clerk.post(f"{path}/confirm")
    assert none.status_code == 422 and "请至少选一项政策" in text_of(none.text)


def test_its_pages_are_accessible_to_whose_file_it_is(
    staff: Staff, clerk: Desk, library: Any, address: str, browser: "Browser"
) -> None:
    path = chosen(clerk, as_csv(rows(library, 2)))
    context = browser.new_context()
    context.add_cookies([{"name": COOKIE, "value": clerk.token, "url": address}])
    for each in ("/rosters/", f"{path}/columns", path):
        assert faults_of(context.new_page(), address, f"/staff{each}") == [], each
    context.close()


def test_it_can_be_given_up(staff: Staff, clerk: Desk, library: Any) -> None:
    path = chosen(clerk, as_csv(rows(library, 1)))
    assert "还没有决定的花名册" in clerk.get("/rosters/").text
    assert clerk.post(f"{path}/erase").status_code == 303
    assert stored(staff) == [] and cases(staff) == []


def test_a_new_upload_takes_the_place_of_the_last(staff: Staff, clerk: Desk, library: Any) -> None:
    first = chosen(clerk, as_csv(rows(library, 1)))
    chosen(clerk, as_csv(rows(library, 2)))
    assert len(stored(staff)) == 1
    assert clerk.get(first).status_code == 404


def test_nobody_else_gets_to_see_it(staff: Staff, clerk: Desk, library: Any) -> None:
    path = chosen(clerk, as_csv(rows(library, 1)))
    other = staff.desk(Role.CASE_OFFICER)
    for gone in (path, f"{path}/columns", f"{path}/asks.csv"):
        assert other.get(gone).status_code == 404
    assert other.post(f"{path}/erase").status_code == 404
    assert len(stored(staff)) == 1


def test_a_file_that_is_left_lying_is_erased_after_a_day(
    staff: Staff, clerk: Desk, library: Any
) -> None:
    from datetime import timedelta

    from server.personal import erasing
    from server.personal.holdings import holdings

    chosen(clerk, as_csv(rows(library, 1)))
    kept = holdings()["roster_file"]
    for hours, left in ((23, 1), (25, 0)):
        with staff.resources.database.begin() as session:
            erasing.forget_over(session, kept, now=staff.now + timedelta(hours=hours))
        assert len(stored(staff)) == left


def test_whom_to_ask_and_which_lines_are_bad_is_told_and_downloaded(
    clerk: Desk, library: Any
) -> None:
    table = rows(library, 4)
    table[1][5] = ""  # months unknown: one question away
    table[2][5] = "很多"
    table[3] = ["A3"]
    path = chosen(clerk, as_csv(table))
    told = text_of(clerk.get(path).text)
    assert "2行没有参加比对" in told
    assert "这一项的填法不对" in told and "列数不对" in told
    asks = clerk.get(f"{path}/asks.csv").data.decode("utf-8-sig").splitlines()
    assert any(line.startswith("2,A1,shishi-4a,") for line in asks)
    unread = clerk.get(f"{path}/unread.csv").data.decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in unread] == ["行", "3", "4"]
    outcomes = clerk.get(f"{path}/outcomes.csv").data.decode("utf-8-sig")
    assert "5,A4,shishi-4a," in outcomes and "够条件" in outcomes
    assert clerk.get(f"{path}/other.csv").status_code == 404


def test_formulas_and_scripts_in_a_roster_stay_texts(
    staff: Staff, clerk: Desk, library: Any
) -> None:
    table = rows(library, 1, id='=cmd|"/c calc"!A1')
    table[0].append(HOSTILE)
    table[1].append("x")
    address = upload(clerk, as_csv(table)).headers["Location"].removeprefix("/staff")
    page = clerk.get(address).text
    assert HOSTILE not in page and "&lt;script&gt;" in page
    path = chosen(clerk, as_csv(table))
    for kind in ("outcomes", "asks", "unread"):
        text = clerk.get(f"{path}/{kind}.csv").data.decode("utf-8-sig")
        for line in csv.reader(io.StringIO(text)):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in line)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "请选花名册文件"),
        (b"\xd0\xcf\x11\xe0old", "这个文件读不了"),
        (b"PK\x03\x04broken", "这个文件读不了"),
        (b"a,a\n1,2\n", "有两列是同一项"),
    ],
)
def test_a_file_that_can_not_be_read_is_told_beside_the_field(
    staff: Staff, clerk: Desk, content: bytes, told: str
) -> None:
    found = upload(clerk, content)
    assert found.status_code == 422
    assert told in found.text.split('id="f-file-error"', 1)[1].split("</p>", 1)[0]
    assert stored(staff) == []


@pytest.mark.parametrize("page", ["/rosters/", "/register/imports/", "/pairings/helpers/import"])
def test_a_workbook_that_unpacks_to_more_than_any_table_is_refused(clerk: Desk, page: str) -> None:
    with workbook("x", datetime(2026, 3, 1, tzinfo=UTC)) as writing:
        text_sheet(writing, "x", ("姓名", "身份证号"), [])
    sent = bloated(writing.written.getvalue())
    assert len(sent) < 100_000
    form = {"region": "石狮", "as_of": "2022-03-01", "file": (io.BytesIO(sent), "r.xlsx")}
    found = clerk.post(page, form)
    assert found.status_code == 422 and "这个文件读不了" in text_of(found.text)


def test_a_region_of_somebody_else_is_refused(staff: Staff, clerk: Desk, library: Any) -> None:
    found = upload(clerk, as_csv(rows(library, 1)), region="锦州")
    assert found.status_code == 422 and stored(staff) == []


def test_columns_that_fit_nothing_are_told(staff: Staff, clerk: Desk) -> None:
    address = upload(clerk, "甲,乙\n1,2\n".encode()).headers["Location"].removeprefix("/staff")
    none = clerk.post(address, {"c0": "-", "c1": "-"})
    assert none.status_code == 422 and "没有一列" in text_of(none.text)
    twice = clerk.post(address, {"c0": "seeking_work", "c1": "seeking_work"})
    assert twice.status_code == 422 and "有两列是同一项" in text_of(twice.text)


def test_more_people_than_a_page_can_take_are_refused(
    monkeypatch: pytest.MonkeyPatch, clerk: Desk, library: Any
) -> None:
    monkeypatch.setattr(rosters, "MOST_PEOPLE", 2)
    address = upload(clerk, as_csv(rows(library, 3))).headers["Location"].removeprefix("/staff")
    uses = {f"c{n}": key for n, key in enumerate(["id", "-", "-", "-", "unemployment_insured"])}
    clerk.post(address, uses)
    found = clerk.get(address.removesuffix("/columns"))
    assert found.status_code == 422 and "请分开传" in text_of(found.text)


def test_one_line_that_breaks_stops_no_other_on_the_way_to_cases(
    staff: Staff, clerk: Desk, library: Any
) -> None:
    table = rows(library, 3)
    # As some input methods write it.
    table[1][0] = "Ａ1"
    head, first, second, third = as_csv(table).decode("utf-8-sig").splitlines(keepends=True)
    broken = third.replace("A3", '"A3', 1)
    content = b"\n\n" + "".join((head, broken, first, second)).encode()
    path = chosen(clerk, content)
    assert "2人" in text_of(clerk.get(path).text)
    look, done = confirm(clerk, path)
    assert "给2人生成办件吗" in text_of(look.text)
    assert "新生成办件2个" in text_of(done.text)
    assert len(cases(staff)) == 2
