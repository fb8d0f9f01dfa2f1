"""The page at `/`: a plain form that works without scripts, and escapes whatever it shows."""

import re
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from server.app import create_app
from server.h5 import with_calls
from server.resources import Resources
from tests.conftest import HandClock

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PHONE = {"width": 360, "height": 640}


def test_the_page_asks_and_answers_without_scripts(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 200 and page.mimetype == "text/html"
    assert "<form" in page.text
    answered = client.post(
        "/", data={"text": "石狮被裁了有钱领吗", "region": "", "conversation": ""}
    )
    assert "失业" in answered.text and "狮委办" in answered.text
    held = re.search(r'id="conversation" name="conversation" value="([^"]+)"', answered.text)
    assert held
    more = client.post("/", data={"text": "要啥条件", "conversation": held[1]})
    assert held[1] in more.text and "石狮" in more.text


def test_choices_are_buttons_that_send_their_number(client: FlaskClient) -> None:
    answered = client.post("/", data={"text": "失业金怎么领"}).text
    held = re.search(r'id="conversation" name="conversation" value="([^"]+)"', answered)
    button = re.search(r'<button name="text" value="(\d+)">[^<]*石狮', answered)
    assert held and button
    assert "石狮" in client.post("/", data={"text": button[1], "conversation": held[1]}).text


def test_the_chosen_region_stays_chosen(client: FlaskClient) -> None:
    page = client.post("/", data={"text": "被裁了有钱领吗", "region": "石狮"}).text
    assert '<option value="石狮" selected>' in page


@pytest.mark.parametrize("region", ["保定", "x" * 9000, "\x00"])
def test_an_unknown_region_counts_as_none(client: FlaskClient, region: str) -> None:
    assert client.post("/", data={"text": "你好", "region": region}).status_code == 200


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\x00", "", "&lt;b&gt;"]
)
def test_whatever_is_asked_is_shown_as_text(client: FlaskClient, text: str) -> None:
    page = client.post("/", data={"text": text, "conversation": text})
    assert page.status_code == 200
    assert "<script>alert" not in page.text and "<img" not in page.text
    assert text in unescape(page.text)


def test_nothing_foreign_may_run_on_the_page(client: FlaskClient) -> None:
    for page in (client.get("/"), client.post("/", data={"text": "你好"})):
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy and "*" not in policy
        assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=", page.text)
        for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
            assert address.startswith(("/h5/", "data:,", "tel:"))
    for name in ("chat.css", "chat.js"):
        with client.get(f"/h5/{name}") as file:
            assert file.status_code == 200


def test_telephone_numbers_can_be_tapped_and_sums_cannot() -> None:
    numbers = frozenset({"110", "12333", "88712565"})
    shown = with_calls("拨打88712565或者12333。<b>补贴110元，共12333.5元，号码112333</b>", numbers)
    assert shown == (
        '拨打<a href="tel:88712565">88712565</a>或者<a href="tel:12333">12333</a>。'
        "&lt;b&gt;补贴110元，共12333.5元，号码112333&lt;/b&gt;"
    )


@pytest.fixture
def address(resources: Resources) -> Iterator[str]:
    app = create_app(resources.settings, resources)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def page(request: pytest.FixtureRequest, address: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--lang=zh-CN"]
        )
        context = browser.new_context(viewport=PHONE, java_script_enabled=request.param)
        opened = context.new_page()
        faults: list[str] = []
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
        opened.goto(address)
        yield opened
        assert not faults
        browser.close()


def test_a_worker_asks_on_a_phone(page: Page) -> None:
    page.get_by_label("你的问题").fill("失业金怎么领")
    page.get_by_role("button", name="发送").click()
    page.get_by_role("button", name="石狮").click()
    page.get_by_text("出处：《石狮市关爱外来务工人员八条措施》").last.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    box = page.get_by_role("button", name="发送").bounding_box()
    assert box and box["height"] >= 44 and box["y"] + box["height"] <= PHONE["height"]


def test_a_telephone_number_is_a_link(page: Page) -> None:
    page.get_by_label("我在").select_option("石狮")
    page.get_by_label("你的问题").fill("石狮权益热线电话是多少")
    page.get_by_role("button", name="发送").click()
    link = page.locator('a[href^="tel:"]').first
    link.wait_for()
    assert link.get_attribute("href") == "tel:88712565"


def test_a_self_check_is_tapped_through(page: Page) -> None:
    page.get_by_label("我在").select_option("石狮")
    page.get_by_label("你的问题").fill("帮我查查够不够条件")
    page.get_by_role("button", name="发送").click()
    page.get_by_label("孩子（家长替孩子问").check()
    page.get_by_role("button", name="选好了").click()
    page.get_by_text("第2题").last.wait_for()
    page.get_by_role("button", name="外省").click()
    page.get_by_text("第3题").last.wait_for()
    page.get_by_role("button", name="返回").click()
    page.get_by_text("第2题").last.wait_for()
    page.get_by_role("button", name="外省").click()
    page.get_by_text("第3题").last.wait_for()
    page.get_by_role("button", name="停").click()
    page.get_by_text("好，先查到这里").last.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_number_and_a_day_have_fields_of_their_own(page: Page, clock: HandClock) -> None:
    clock.now = datetime(2021, 2, 20, 4, tzinfo=UTC)

    def say(text: str) -> None:
        page.get_by_label("你的问题").fill(text)
        page.get_by_role("button", name="发送").click()

    def tap(question: str, button: str) -> None:
        page.get_by_text(question).last.wait_for()
        page.get_by_role("button", name=button).click()

    say("定州失业补助金怎么领")
    page.get_by_role("button", name="帮我查查够不够条件").click()
    tap("第1题", "失业了、没活干")
    tap("第2题", "1. 是")
    page.get_by_text("第3题").last.wait_for()
    page.get_by_label("你的回答").fill("2020-06-30")
    page.get_by_role("button", name="回复").click()
    tap("第4题", "2. 不是")
    page.get_by_text("你符合").last.wait_for()


def test_what_is_ticked_goes_out_as_numbers(client: FlaskClient) -> None:
    def held(page: str) -> str:
        found = re.search(r'id="conversation" name="conversation" value="([^"]+)"', page)
        assert found
        return found[1]

    begun = client.post("/", data={"text": "帮我查查", "region": "石狮"}).text
    assert begun.count('type="checkbox"') == 4
    both = client.post("/", data={"text": ["", "1", "2"], "conversation": held(begun)}).text
    assert "第2题" in both
    none = client.post("/", data={"text": [""], "conversation": held(begun)}).text
    assert "没看懂" in none
