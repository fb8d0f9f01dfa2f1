"""Hostile words through every field of money, requests and rosters: shown, never run."""

import csv
import io
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook

from server.casework.officers import Role
from tests import funding
from tests.server.console import making
from tests.server.console.conftest import COOKIE, Staff
from tests.server.console.editing import ask_in_vain
from tests.server.console.filling import forms_of, send
from tests.server.console.making import HOSTILE, asked, office, said

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FORMULA = '=cmd|"/c calc"!A1'
BOTH = f"{FORMULA}{HOSTILE}"


def test_hostile_words_are_shown_as_they_are_and_run_nowhere(
    staff: Staff, address: str, browser: "Browser"
) -> None:
    roles = (Role.CASE_OFFICER, Role.APPROVER, Role.ADMINISTRATOR)
    desk = staff.desk(*roles, name=HOSTILE[:60])
    settled, waiting = asked(staff, BOTH), asked(staff, BOTH)
    for step, form in (
        ("reply", {"version": 1, "words": BOTH}),
        ("forward", {"version": 2, "unit": BOTH, "reason": BOTH}),
        ("settle", {"version": 3, "outcome": BOTH}),
    ):
        assert desk.post(f"/requests/{settled}/{step}", form).status_code == 303
    stale = desk.post(f"/requests/{settled}/reply", {"version": 1, "words": BOTH})
    fund = {
        "name": BOTH[:60], "purpose": BOTH, "budget": "10000", "measures": ["shishi-4a"],
        "where": ["石狮"], "reason": BOTH,
    }  # fmt: skip
    look = desk.post("/funds/", fund)
    made = desk.post("/funds/", {**fund, "confirmed": "yes"})
    for _ in range(3):
        said(staff, BOTH[:100], measures=("shishi-4a",))
    roster = io.BytesIO(
        f'编号,"{BOTH.replace(chr(34), chr(34) * 2)}",在找工作\n{FORMULA},x,是\n'.encode()
    )
    columns = desk.post(
        "/rosters/", {"region": "石狮", "as_of": "2026-03-01", "file": (roster, "r.csv")}
    )
    at = office(staff)
    case = at.approved()
    batch = desk.post("/payments/collect", {"fund": "1", "cases": [case]}).headers["Location"]
    helper = {
        "kind": "cadre", "rank": "county", "name": BOTH[:50], "unit": BOTH[-64:], "region": "石狮",
        "capacity": "1",
    }  # fmt: skip
    assert desk.post("/pairings/helpers/new", helper).status_code == 303
    joint = making.joint_reports(staff, employer=BOTH[:64], place=BOTH[:128])
    desk.post(f"/arrears/{joint['joint']}/moves/ask_back", {"version": 2, "words": BOTH})
    for kept in (stale.text, look.text):
        assert "<script>document" not in kept and "<img src=x" not in kept
    paths = [
        f"/staff/requests/{settled}", f"/staff/requests/{waiting}", "/staff/requests/",
        "/staff/funds/", made.headers["Location"], "/staff/payments/",
        "/staff/payments/collect?fund=1", batch, columns.headers["Location"],
        f"/staff/arrears/{joint['joint']}", "/staff/arrears/",
        "/staff/rosters/", "/staff/reports/2026-03-06", "/staff/insight/",
        "/staff/pairings/", "/staff/pairings/helpers/", "/staff/pairings/files/",
    ]  # fmt: skip
    context = browser.new_context()
    context.add_cookies([{"name": COOKIE, "value": desk.token, "url": address}])
    page = context.new_page()
    ran: list[Any] = []
    page.on("dialog", lambda dialog: ran.append(dialog.message))
    for path in paths:
        response = page.goto(address + path)
        assert response is not None and response.status == 200, path
        assert page.title() != "run" and ran == [], path
        assert page.locator("main img, main script").count() == 0, path
    context.close()


def test_hostile_words_of_a_bank_are_inert_and_exports_hold_no_formula(staff: Staff) -> None:
    at = office(staff)
    fund = at.fund(10_000_00, name=FORMULA)
    at.approved()
    batch = at.released(fund)
    clerk = staff.desk(Role.CASE_OFFICER)
    exported = clerk.post(f"/payments/batches/{batch}/export", {"kind": "csv"}).data
    for row in csv.reader(io.StringIO(exported.decode("utf-8-sig"))):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
    workbook = clerk.post(f"/payments/batches/{batch}/export", {"kind": "xlsx"}).data
    for row in load_workbook(io.BytesIO(workbook)).active:
        assert all(cell.data_type == "s" for cell in row)
    told = funding.answered(exported, returned=[0]).decode("utf-8-sig")
    hostile = told.replace("账号与户名不符", BOTH.replace('"', '""').join('""'))
    found = clerk.post(
        f"/payments/batches/{batch}/result",
        {"file": (io.BytesIO(hostile.encode()), f"{HOSTILE}.csv")},
    )
    assert found.status_code == 200, found.text
    assert "<script>document" not in found.text and "<img src=x" not in found.text
    garbled = clerk.post(
        f"/payments/batches/{batch}/result",
        {"file": (io.BytesIO(told.replace("失败", BOTH.replace(",", "")).encode()), "r.csv")},
    )
    assert garbled.status_code == 422
    assert "<script>document" not in garbled.text and "<img src=x" not in garbled.text


FORMS = (
    "knowledge/documents/new", "knowledge/documents/shishi", "knowledge/measures/shishi-4a",
    "knowledge/pieces/fact/seeking_work", "knowledge/pieces/topic",
    "knowledge/publishing/import",
    "knowledge/sheets/words/new", "knowledge/sheets/terms/0",
    "knowledge/sheets/regions/石狮", "knowledge/sheets/regions/new",
    "knowledge/sheets/helplines/labour", "knowledge/sheets/sentences/who",
    "knowledge/sheets/places/9", "knowledge/trying/", "knowledge/unanswered/",
    "knowledge/publishing/", "offers/new?kind=vacancy", "offers/new?kind=trip",
    "outreach/new",
    "switches/",
)  # fmt: skip


def test_hostile_words_through_every_field_of_knowledge_and_offers_run_nowhere(
    staff: Staff, address: str, browser: "Browser"
) -> None:
    roles = (Role.EDITOR, Role.PUBLISHER, Role.CASE_OFFICER, Role.ADMINISTRATOR)
    # A region whose parent is no place is kept only from somebody who works for all of them.
    everywhere = staff.resources.serving.current().library.regions.covered
    desk = staff.desk(*roles, where=everywhere, name=HOSTILE[:60])
    ask_in_vain(staff, BOTH[:100])
    paths, kept, sent = [f"/staff/{path}" for path in FORMS], set(), 0
    for path in [*paths]:
        shown = desk.client.get(path)
        # Clauses have the same forms each.
        for form in {each.action: each for each in forms_of(shown.text)}.values():
            for came in send(desk, form, BOTH):
                sent += 1
                told = (path, form.action, came.status_code)
                assert came.status_code in (200, 303, 403, 404, 409, 422), told
                assert "<script>document" not in came.text and "<img src=x" not in came.text, told
                if came.status_code == 303:
                    kept.add(came.headers["Location"])
    assert sent > len(FORMS) and len(kept) > 12
    context = browser.new_context()
    context.add_cookies([{"name": COOKIE, "value": desk.token, "url": address}])
    page = context.new_page()
    ran: list[Any] = []
    page.on("dialog", lambda dialog: ran.append(dialog.message))
    more = ("knowledge/", "offers/", "offers/wishes", "outreach/", "knowledge/trying/stored",
            "knowledge/history/measure/shishi-4a", "")  # fmt: skip
    for path in sorted({*paths, *kept, *(f"/staff/{each}" for each in more)}):
        response = page.goto(address + path)
        assert response is not None and response.status in (200, 404), path
        assert page.title() != "run" and ran == [], path
        assert page.locator("main img[src=x], main script").count() == 0, path
    context.close()
    exported = desk.get("/knowledge/publishing/export").data
    assert BOTH.encode() not in exported, "what nobody published is not handed out"
