"""Joint reports at the desk: masked names, one file in clear, each export noted."""

import hashlib
import io
from typing import TYPE_CHECKING
from zipfile import ZipFile

from openpyxl import load_workbook
from sqlalchemy import event
from sqlmodel import col, select

from server.arrears.tables import JointPart, JointReportEvent, PartProof
from server.casework.officers import Role
from server.casework.tables import Material
from server.database.tables import AuditEntry
from tests.server.console import making
from tests.server.console.conftest import Desk, Staff, picture, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def entries(staff: Staff, about: str) -> "Sequence[AuditEntry]":
    with staff.resources.database.read() as session:
        return session.exec(
            select(AuditEntry)
            .where(AuditEntry.about == about, AuditEntry.actor == "officer")
            .order_by(col(AuditEntry.id))
        ).all()


def version(desk: Desk, id: str) -> str:
    page = desk.get(f"/arrears/{id}").text
    return page.partition('name="version" value="')[2].partition('"')[0]


def move(desk: Desk, id: str, what: str, **form: str) -> str:
    replied = desk.post(f"/arrears/{id}/moves/{what}", {"version": version(desk, id), **form})
    assert replied.status_code == 303, text_of(replied.text)
    return text_of(desk.get(f"/arrears/{id}").text)


def test_names_are_masked_on_the_page_and_stand_in_clear_in_the_one_file_only(
    staff: Staff,
) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    id = making.joint_reports(staff)["joint_taken"]
    page = desk.get(f"/arrears/{id}").text
    assert "王小明" not in page and "王" in page
    looks = [each for each in entries(staff, "joint_part") if each.action == "read"]
    assert len(looks) == 1 and looks[0].worker_id is not None
    replied = desk.post(f"/arrears/{id}/export", {"version": version(desk, id)})
    assert replied.mimetype == "application/zip"
    with ZipFile(io.BytesIO(replied.data)) as packed:
        assert packed.testzip() is None
        manifest = packed.read("SHA256SUMS.txt").decode()
        told = dict(reversed(line.split("  ")) for line in manifest.splitlines())
        assert set(told) == set(packed.namelist()) - {"SHA256SUMS.txt"}
        for name, digest in told.items():
            assert hashlib.sha256(packed.read(name)).hexdigest() == digest
        assert packed.read("证据/0001-01.jpg") == picture()
        sheet = load_workbook(io.BytesIO(packed.read("名单.xlsx"))).active
        assert sheet is not None
        rows = [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert rows[-1][1] == "王小明" and len(rows[-1][2]) == 18 and rows[-1][4] == "300.00"
    exported = [each for each in entries(staff, "joint_part") if each.action == "exported"]
    assert [each.worker_id for each in exported] == [looks[0].worker_id]
    with staff.resources.database.read() as session:
        made = session.exec(select(JointReportEvent).where(JointReportEvent.move == "export")).one()
    assert made.digest == hashlib.sha256(replied.data).hexdigest()
    replied.close()


def test_a_report_goes_its_way_at_the_desk(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    made = making.joint_reports(staff)
    id = made["joint"]
    assert "一共收到2件，3人，欠薪600.00元" in text_of(desk.get("/arrears/").text)
    move(desk, id, "take")
    refused = desk.post(f"/arrears/{id}/moves/tell", {"version": version(desk, id)})
    assert refused.status_code == 422 and "请写几句话" in refused.text
    shown = move(desk, id, "tell", words="问过单位了，电话13800138000。")
    assert "问过单位了" in shown and "13800138000" not in shown
    stale = desk.post(f"/arrears/{id}/moves/tell", {"version": "2", "words": "再说一遍"})
    assert stale.status_code == 409 and "再说一遍" in stale.text
    unsent = desk.post(f"/arrears/{id}/moves/send", {"version": version(desk, id)})
    assert "请先生成移送包" in unsent.text
    before = version(desk, id)
    desk.post(f"/arrears/{id}/export", {"version": before}).close()
    # The page from before the download still does.
    sent = desk.post(f"/arrears/{id}/moves/send", {"version": before})
    assert sent.status_code == 303
    page = desk.get(f"/arrears/{id}").text
    fields = [part.partition('"')[0] for part in page.split('name="got-')[1:]]
    assert len(fields) == 2
    for wrong in ("100.01", "-1", "9e999999", "1e1", "1_0"):
        refused = {"version": version(desk, id), f"got-{fields[0]}": wrong}
        assert desk.post(f"/arrears/{id}/recovered", refused).status_code == 422, wrong
    got = {"version": version(desk, id), f"got-{fields[0]}": "100", f"got-{fields[1]}": "0.5"}
    assert desk.post(f"/arrears/{id}/recovered", got).status_code == 303
    shown = move(desk, id, "settle", outcome="part", words="单位只付了一部分。")
    assert "部分追回" in shown and "100.50元" in shown
    told = staff.resources.database.fetch("SELECT count(*) FROM notice WHERE kind = 'arrears'")
    # Taken, told, sent, and how it ended: two each; both got something.
    assert told == (10,)


def test_what_looks_alike_is_merged_from_the_page(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    made = making.joint_reports(staff)
    page = desk.get(f"/arrears/{made['joint_taken']}").text
    assert f"把{made['joint']}并进这件" in page
    merged = desk.post(
        f"/arrears/{made['joint']}/merge", {"version": "2", "into": made["joint_taken"]}
    )
    assert merged.status_code == 303
    shown = text_of(desk.get(f"/arrears/{made['joint_taken']}").text)
    assert "600.00元" in shown
    assert "已并入另一件" in text_of(desk.get(f"/arrears/{made['joint']}").text)


def test_nobodys_part_is_shown_before_it_is_handed_in(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    made = making.joint_reports(staff, gathering=True)
    page = desk.get(f"/arrears/{made['joint_gathering']}")
    assert page.status_code == 200 and "替大家交上来" in page.text
    shown = text_of(page.text)
    assert "王" not in shown and "第1人的证据" not in shown and "交上来以后才能看" in shown
    assert [each for each in entries(staff, "joint_part") if each.action == "read"] == []
    proof = f"/arrears/{made['joint_gathering']}/proofs/{made['joint_proof']}"
    assert desk.get(proof).status_code == 404
    # The control: handed in, both are there.
    move(desk, made["joint_gathering"], "hand_in")
    assert "第1人的证据" in text_of(desk.get(f"/arrears/{made['joint_gathering']}").text)
    assert desk.get(proof).status_code == 200


def test_a_proof_costs_no_more_where_others_have_many(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    made = making.joint_reports(staff)
    id, proof = made["joint_taken"], made["joint_proof"]
    asked: list[str] = []

    def note(_: object, __: object, statement: str, *more: object) -> None:
        asked.append(statement)

    def cost(path: str) -> int:
        asked.clear()
        assert desk.get(path).status_code == 200
        return len(asked)

    paths = (f"/arrears/{id}/proofs/{proof}", f"/arrears/{id}")
    event.listen(staff.resources.database.engine, "before_cursor_execute", note)
    try:
        before = [cost(path) for path in paths]
        with staff.resources.database.begin() as session:
            part = session.exec(select(JointPart).where(JointPart.report_id == id)).one()
            for number in range(9):
                other = Material(
                    id=f"{number:032}", worker_id=part.worker_id, kind="wage_arrears_proof",
                    media_type="image/jpeg", size=1, width=1, height=1, added_at=staff.now,
                )  # fmt: skip
                session.add(other)
                session.flush()
                session.add(PartProof(part_id=part.id, material_id=other.id))
        assert [cost(path) for path in paths] == before
    finally:
        event.remove(staff.resources.database.engine, "before_cursor_execute", note)
    # One of another report is none of this one.
    assert desk.get(f"/arrears/{made['joint']}/proofs/{proof}").status_code == 404
