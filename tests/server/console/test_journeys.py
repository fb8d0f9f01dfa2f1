"""The desk in a browser, as its staff use it: six clicks, no surprises, no foreign script."""

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import BrowserContext, Page

from server.casework import objecting
from server.casework.moves import State
from server.casework.officers import Role
from server.casework.tables import Case
from server.web.resources import Resources
from tests import casework
from tests.server.console.conftest import COOKIE, PASSWORD, Desk, Staff
from tests.server.console.test_cases import move

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

OFFICE = {"width": 1366, "height": 768}
PAYLOADS = (
    '"><img src=x onerror=alert(1)><script>alert(1)</script>',
    "'-alert(1)-' javascript:alert(1) </textarea><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}<b onmouseover=alert(1)>",
)


class Counting:
    """A page whose clicks are counted."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page = context.new_page()
        self.address = address
        self.clicks = 0

    def click(self, what: "Locator") -> None:
        what.click()
        self.page.wait_for_load_state()
        self.clicks += 1

    def sign_in(self, username: str) -> None:
        self.page.goto(f"{self.address}/staff/")
        self.page.get_by_label("用户名").fill(username)
        self.page.get_by_label("密码", exact=True).fill(PASSWORD)
        self.click(self.page.get_by_role("button", name="登录"))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_case_is_decided_in_six_clicks_from_signing_in(
    staff: Staff, address: str, browser: "Browser", scripts: bool
) -> None:
    staff.officer(Role.CASE_OFFICER)
    staff.officer(Role.APPROVER, name="周敏")
    case = staff.submit()

    first = Counting(browser.new_context(viewport=OFFICE, java_script_enabled=scripts), address)
    first.sign_in("officer1")
    first.click(first.page.get_by_role("button", name=f"认领{case.id}"))
    first.page.get_by_label("理由").fill("缴费记录、失业登记都已核对，符合四①")
    first.click(first.page.get_by_role("button", name="建议通过"))
    assert first.page.get_by_text("等另一个人审批").is_visible()

    second = Counting(browser.new_context(viewport=OFFICE, java_script_enabled=scripts), address)
    second.sign_in("officer2")
    second.click(second.page.get_by_role("link", name=case.id))
    second.click(second.page.get_by_role("button", name="审批通过"))
    assert second.page.get_by_text("审批通过了").is_visible()
    assert staff.case(case.id).state == State.APPROVED
    assert first.clicks + second.clicks <= 6


def test_a_case_is_decided_with_the_keyboard_alone(
    staff: Staff, address: str, browser: "Browser"
) -> None:
    staff.officer(Role.CASE_OFFICER)
    case = staff.submit()
    page = browser.new_page(viewport=OFFICE)
    page.goto(f"{address}/staff/sign-in")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"

    def to(what: "Locator") -> None:
        for _ in range(80):
            if what.evaluate("element => element === document.activeElement"):
                outline = what.evaluate("element => getComputedStyle(element).outlineWidth")
                assert outline != "0px"
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {what}")

    to(page.get_by_label("用户名"))
    page.keyboard.type("officer1")
    to(page.get_by_label("密码", exact=True))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/staff/")
    to(page.get_by_role("button", name=f"认领{case.id}"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{case.id}")
    to(page.get_by_label("理由"))
    page.keyboard.type("ok, checked")
    to(page.get_by_role("button", name="建议不通过"))
    page.keyboard.press("Enter")
    page.get_by_text("等另一个人审批").wait_for()
    assert staff.case(case.id).recommended == "refuse"


def test_a_photo_turns_and_grows_without_scripts(
    staff: Staff, address: str, browser: "Browser", clerk: Desk
) -> None:
    case = staff.submit()
    staff.photo(case)
    context = browser.new_context(viewport=OFFICE, java_script_enabled=False)
    context.add_cookies([{"name": COOKIE, "value": clerk.token, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/staff/cases/{case.id}")
    photo = page.get_by_role("img", name="身份证")
    photo.scroll_into_view_if_needed()
    before = photo.bounding_box()
    page.get_by_text("右转", exact=True).click()
    turned = photo.evaluate("element => getComputedStyle(element).transform")
    assert turned.startswith("matrix(0, 1, -1, 0")
    page.get_by_text("放大", exact=True).click()
    after = photo.bounding_box()
    assert before and after and after["width"] > 2 * before["width"]


def test_what_anybody_writes_is_shown_as_text(
    staff: Staff, resources: Resources, address: str, browser: "Browser"
) -> None:
    clerk, chief = staff.desk(Role.CASE_OFFICER), staff.desk(Role.APPROVER)
    boss = staff.desk(Role.ADMINISTRATOR)
    shown: list[tuple[Desk, str]] = []
    for number, payload in enumerate(PAYLOADS, 1):
        path = _everywhere(staff, resources, clerk, chief, number, payload)
        shown += [(clerk, path), (chief, path)]
        new = {"username": f"mallory{number}", "name": payload[:30], "roles": ["editor"]}
        boss.post("/people/new", {**new, "where": ["石狮"]})
    shown += [(boss, "/people/"), *((boss, f"/people/{id}") for id in range(4, 10))]
    faults: list[str] = []
    for desk, path in shown:
        context = browser.new_context()
        context.add_cookies([{"name": COOKIE, "value": desk.token, "url": address}])
        page = context.new_page()
        _watch(page, address, faults)
        response = page.goto(f"{address}/staff{path}")
        assert response is not None and response.status == 200, path
        source = response.text()
        for bad in ("<img src=x", "<script>alert", "<svg onload", "<b onmouseover"):
            assert bad not in source, path
        assert path[-1].isdigit() or "alert(1)" in source, path
        context.close()
    assert faults == []


def test_who_waits_for_long_work_sees_it_go_on_and_sends_it_once(
    staff: Staff, address: str, browser: "Browser"
) -> None:
    staff.officer(Role.CASE_OFFICER)
    case = staff.submit()
    at_desk = Counting(browser.new_context(viewport=OFFICE), address)
    at_desk.sign_in("officer1")
    page = at_desk.page
    # It takes long: the page stays, what it would send is counted.
    page.evaluate(
        """() => addEventListener("submit", (event) => {
            window.sent = (window.sent ?? 0) + !event.defaultPrevented;
            event.preventDefault();
        })"""
    )
    button = page.get_by_role("button", name=f"认领{case.id}")
    button.click()
    button.click()
    page.get_by_text("正在处理，请等一等，不用再点。").wait_for()
    assert page.evaluate("window.sent") == 1


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_sent_back_at_once_is_text_too(staff: Staff, payload: str) -> None:
    clerk, boss = staff.desk(Role.CASE_OFFICER), staff.desk(Role.ADMINISTRATOR)
    case = staff.submit()
    move(clerk, staff, case, "take")
    stranger = Desk(staff.app.test_client(), clerk.officer, "")
    page = stranger.get(f"/sign-in?next={payload}").text
    token = page.partition('name="csrf" value="')[2][:64]
    sent = {"csrf": token, "username": payload, "password": payload, "next": payload}
    for reply in (
        stranger.client.post("/staff/sign-in", data=sent),
        clerk.post("/cases/search", {"what": payload}),
        move(clerk, staff, case, "recommend", decision="approve", reason=payload, amount=payload),
        clerk.post(
            f"/cases/{case.id}/recommend",
            {"version": 1, "decision": "approve", "reason": payload},
        ),
        clerk.post(f"/cases/{case.id}/request-material", {"version": 2, "reason": payload}),
        boss.post("/people/new", {"username": payload, "name": payload, "roles": [payload]}),
        clerk.get(f"/cases/?measure={payload}&region={payload}&whose={payload}"),
        clerk.get(f"/cases/{payload}"),
    ):
        assert reply.status_code in (200, 401, 404, 409, 422), reply.status_code
        for bad in ("<img src=x", "<script>alert", "<svg onload", "<b onmouseover"):
            assert bad not in reply.text


def _everywhere(
    staff: Staff, resources: Resources, clerk: Desk, chief: Desk, number: int, payload: str
) -> str:
    """Let every text of a case be the payload, and tell where it is shown."""
    case = staff.submit(number=number, facts=casework.INELIGIBLE, native_place=payload[:50])
    move(clerk, staff, case, "take")
    clerk.post(f"/cases/{case.id}/notes", {"text": payload})
    asked = {"items": ["identity_card"], "days": "5", "reason": payload}
    move(clerk, staff, case, "request-material", **asked)
    move(clerk, staff, case, "go-on")
    move(clerk, staff, case, "recommend", decision="refuse", reason=payload)
    move(chief, staff, case, "return", reason=payload)
    move(clerk, staff, case, "recommend", decision="refuse", reason=payload)
    move(chief, staff, case, "refuse", reason=payload)
    own = resources.subject_keys.safe_of(case.worker_id)
    telling = casework.post(resources.safe, resources.serving.current().library)
    with resources.database.begin() as session:
        held = session.get_one(Case, case.id)
        objecting.file(
            session, own, telling, held, worker_id=case.worker_id, version=held.version,
            words=payload, now=resources.clock(),
        )  # fmt: skip
    other = staff.desk(Role.APPROVER)
    move(other, staff, case, "uphold", reason=payload)
    assert staff.case(case.id).state == State.IN_REVIEW
    return f"/cases/{case.id}"


def _watch(page: Page, address: str, faults: list[str]) -> None:
    page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((address + "/staff/", "data:"))
            else faults.append(request.url)
        ),
    )
