"""Every page of the desk, looked at in a browser: accessible, small, and from nowhere else."""

import gzip
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Error, Page, Request

from server.casework.officers import Role
from server.vouchers import cards, merchants
from server.vouchers.tables import Card, Voucher
from server.web.admitting import Who
from tests.accessibility import violations
from tests.server.console.conftest import COOKIE, Desk, Staff
from tests.server.console.pages import PAGES, PageCall, filled, path_of
from tests.verifying import size

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LARGEST = 100_000
"""Bytes of a page, compressed, with everything it loads except photos."""
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
OFFICE, PHONE = {"width": 1366, "height": 768}, {"width": 360, "height": 640}
SHOWN = [
    (rule, asked) for (method, rule), asked in PAGES.items() if method == "GET" and asked.shown
]


def looker(staff: Staff, asked: PageCall) -> Desk | None:
    """Somebody who may see the page, None: who has not signed in."""
    if asked.who is Who.EVERYBODY:
        return None
    return staff.desk(*sorted(asked.roles), name="吴桂芳")


def faults_of(page: Page, address: str, path: str) -> list[str]:
    """What is wrong with a page, as it is after loading."""
    faults: list[str] = []
    requests: list[str] = []

    def requested(request: Request) -> None:
        requests.append(request.url)

    def failed(error: Error) -> None:
        faults.append(f"error {error}")

    def told(message: ConsoleMessage) -> None:
        faults.extend([message.text] if message.type == "error" else [])

    heard = {"request": requested, "pageerror": failed, "console": told}
    for event, hear in heard.items():
        page.on(event, hear)  # type: ignore[call-overload]
    response = page.goto(address + path)
    assert response is not None and response.status == 200, response
    packed = len(gzip.compress(response.body()))
    faults += [f"{packed} bytes"] * (packed > LARGEST)
    faults += faults_shown(page)
    for event, hear in heard.items():
        page.remove_listener(event, hear)
    assert requests
    return faults + [
        f"request to {url}"
        for url in requests
        if not url.startswith("data:") and urlsplit(url).netloc != urlsplit(address).netloc
    ]


def faults_shown(page: Page) -> list[str]:
    """What is wrong with what a page shows, in the office and on a phone.

    In the tests axe looks at it on the phone, where there is least room; in `make verify` at both.
    """
    faults: list[str] = []
    for number, (name, view) in enumerate((("phone", PHONE), ("office", OFFICE))):
        page.set_viewport_size({"width": view["width"], "height": view["height"]})
        width = page.evaluate("document.documentElement.scrollWidth")
        faults += [f"{name}: {width} wide"] * (width > view["width"])
        if number < size(1, 2):
            faults += [f"{name}: {found}" for found in violations(page, tags=WCAG)]
    return faults


def test_every_page_is_accessible_and_small_and_loads_nothing_foreign(
    staff: Staff, things: dict[str, str], address: str, browser: "Browser", tell: Any
) -> None:
    faults = {}
    # One window for all: to open one takes as long as to look at a page.
    context = browser.new_context(viewport=OFFICE)
    page = context.new_page()
    for rule, asked in SHOWN:
        context.clear_cookies()
        if desk := looker(staff, asked):
            context.add_cookies([{"name": COOKIE, "value": desk.token, "url": address}])
        path = path_of(rule, asked, things)
        page.set_viewport_size(OFFICE)
        if found := faults_of(page, address, path):
            faults[path] = found
    tell(f"pages of the desk with faults, of {len(SHOWN)}", len(faults), 0)
    assert faults == {}


SUBMIT = """([action, values]) => {
  const form = [...document.querySelectorAll("main form[method=post]")]
    .find((each) => each.getAttribute("action").split("#")[0].endsWith(action));
  form.noValidate = true;
  for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
  form.submit();
}"""
ANSWERED: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("/offers/new?kind=vacancy", "/offers/new?kind=vacancy", {"contact": "电话"}),
    ("/pairings/helpers/new", "/helpers/new", {"capacity": "很多"}),
    ("/pairings/proposals", "/proposals", {"every_days": "0"}),
    ("/pairings/{pairing}", "/visits", {"visited_on": "", "given_fen": "很多"}),
    ("/funds/new", "/funds/", {"budget": "很多"}),
    ("/cases/{case}", "/request-material", {"reason": ""}),
    ("/knowledge/documents/new", "/documents/new", {"id": "不行"}),
    ("/knowledge/measures/shishi-4a", "/shishi-4a/try", {}),
    ("/knowledge/sheets/helplines/labour", "/helplines/labour", {"source": ""}),
    ("/knowledge/trying/", "/trying/", {"question": "失业金怎么领"}),
    ("/knowledge/unanswered/", "/settle", {"measure": "没有这个"}),
    ("/knowledge/publishing/", "/publishing/", {"note": ""}),
)
"""A page, the form on it that is sent, and what is typed there: most of it wrong."""


def test_what_answers_a_form_is_accessible_too(
    staff: Staff, things: dict[str, str], address: str, browser: "Browser"
) -> None:
    roles = set(Role) - {Role.AUDITOR}
    desk = staff.desk(*sorted(roles), name="吴桂芳")
    desk.post(f"/cases/{things['case']}/take", {"version": 1})
    context = browser.new_context(viewport=OFFICE)
    context.add_cookies([{"name": COOKIE, "value": desk.token, "url": address}])
    page = context.new_page()
    faults = {}
    for path, action, values in ANSWERED:
        page.goto(f"{address}/staff{filled(path, things)}")
        with page.expect_navigation() as answered:
            page.evaluate(SUBMIT, [action, values])
        assert answered.value is not None and answered.value.status in (200, 422), path
        assert answered.value.request.method == "POST", path
        if found := faults_shown(page):
            faults[path] = found
    context.close()
    assert faults == {}


def test_the_till_of_a_merchant_is_likewise(
    staff: Staff, things: dict[str, str], address: str, browser: "Browser"
) -> None:
    known, clerk = staff.resources, staff.officer(Role.CASE_OFFICER)
    regions = known.serving.current().library.regions
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    assert faults_of(page, address, "/counter/") == []
    with known.database.begin() as session:
        merchant = merchants.of_officer(session, int(things["merchant"]), clerk, regions)
        start = merchants.start_code(
            session, known.safe, merchant, by=clerk, regions=regions, now=staff.now
        )
        card = session.get_one(Card, session.get_one(Voucher, things["voucher"]).worker_id)
    page.get_by_label("登录码").fill(start)
    page.get_by_role("button", name="登录").click()
    assert faults_of(page, address, f"/counter/redemptions/{things['redemption']}") == []
    code = cards.shown(known.safe, card, now=known.clock())[0].token
    assert faults_of(page, address, f"/counter/?code={code}") == []
    page.get_by_role("button", name="看有哪些券").click()
    page.get_by_role("button", name="收下").wait_for()
    assert faults_shown(page) == []
    context.close()


def test_the_check_finds_what_is_wrong(address: str, browser: "Browser") -> None:
    """The control: a page with faults of each kind."""
    page = browser.new_page()
    page.route(
        "**/bad",
        lambda route: route.fulfill(
            status=200,
            content_type="text/html",
            body="<html><img src='http://127.0.0.1:1/x.png'><p style='width:2000px'>x</p></html>",
        ),
    )
    told = " ".join(faults_of(page, address, "/bad"))
    for wrong in ("image-alt", "html-has-lang", "request to", "wide"):
        assert wrong in told


@pytest.mark.parametrize("path", ["/sign-in", "/", "/nothing-here"])
def test_no_page_runs_scripts_or_styles_of_its_own(staff: Staff, path: str) -> None:
    page = staff.desk(Role.CASE_OFFICER).get(path)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy and "*" not in policy
    assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=", page.text)
