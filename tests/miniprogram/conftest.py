"""The mini-program as it runs outside WeChat: built by Tencent's compiler, shown in Chromium."""

import fcntl
import functools
import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.serving import ROOT, Service

HERE = Path(__file__).parent
PROGRAM = ROOT / "deploy" / "miniprogram"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
SCREEN = {"width": 360, "height": 640}
INSTALLING = 300
"""Seconds that the packages may take to come in."""


def installed() -> None:
    """Bring in what package-lock.json names, once for all processes; fails with what is missing."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.fail("mini-program: please install nodejs and npm (apt-get install nodejs npm)", False)
    lock, stamp = HERE / "package-lock.json", HERE / "node_modules" / ".nuangang"
    with (HERE / ".installing").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
            return
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=HERE,
            capture_output=True,
            text=True,
            timeout=INSTALLING,
        )
        if done.returncode:
            told = " ".join(done.stderr.split())[-200:]
            pytest.fail(f"mini-program: npm ci could not bring its three packages: {told}", False)
        stamp.write_bytes(lock.read_bytes())


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a browser runs the mini-program from."""
    installed()
    site = tmp_path_factory.mktemp("miniprogram")
    subprocess.run(
        ["node", HERE / "build.js", PROGRAM, site / "program.js"], check=True, timeout=60
    )
    for name in ("wechat", "node_modules", "page.html"):
        (site / name).symlink_to(HERE / name)
    return site


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="session")
def site(built: Path) -> Iterator[str]:
    """The address of that folder."""
    handler = functools.partial(_Quiet, directory=str(built))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}/page.html"
        serving.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service as it runs, in a data directory of its own, with development sign-in."""
    data = tmp_path_factory.mktemp("service")
    ids = {"reviewed": "t-reviewed", "materials_missing": "t-missing", "paid": "t-paid"}
    started = Service(
        data,
        f"sqlite:///{data / 'nuangang.db'}",
        WECHAT_TEMPLATE_IDS=json.dumps(ids),
    )
    started.start()
    yield started
    started.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # wx.request knows no origins: neither does this browser.
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--lang=zh-CN", "--disable-web-security"],
        )
        yield opened
        opened.close()


class Phone:
    """Somebody's phone with the mini-program on it."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self._site = site
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        # The browser tells of every refused or broken request; the mini-program does so itself.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    def open(self) -> None:
        """Open the mini-program, or close it and open it again."""
        self.page.goto(self._site)
        self.page.locator("#screen > div").first.wait_for()

    def tap(self, name: str, *, exact: bool = False) -> None:
        """Tap the button or link of this name."""
        self.page.get_by_role("button", name=name, exact=exact).first.tap()

    def tab(self, name: str) -> None:
        """Go to one of the four places."""
        self.page.locator("#tabs").get_by_text(name, exact=True).tap()

    def back(self) -> None:
        self.page.locator("#title").tap()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)

    def sees(self, text: str) -> None:
        """Wait until a text stands on the screen."""
        self.page.locator("#screen").get_by_text(text).last.wait_for()

    def text(self) -> str:
        return self.page.locator("#screen").inner_text()

    def stored(self) -> str:
        """All that the phone keeps."""
        kept: str = self.page.evaluate("JSON.stringify(localStorage)")
        return kept

    def heard(self, what: str) -> Any:
        """What was asked of WeChat."""
        return self.page.evaluate(f"record.{what}")


@pytest.fixture
def make_phone(browser: Browser, site: str, service: Service) -> Iterator[Any]:
    """Makes phones; a test fails where one of them had an error."""
    contexts: list[BrowserContext] = []
    phones: list[Phone] = []

    def make(name: str, **more: Any) -> Phone:
        context = browser.new_context(viewport=SCREEN, has_touch=True, is_mobile=True)
        context.set_default_timeout(15_000)
        settings = {"server": f"http://127.0.0.1:{service.port}", "developer": ""}
        told = {"name": name, "settings": settings, "photos": [], **more}
        context.add_init_script(f"window.phone = {json.dumps(told)};")
        phone = Phone(context, site)
        contexts.append(context)
        phones.append(phone)
        phone.open()
        return phone

    yield make
    faults = [fault for phone in phones for fault in phone.faults]
    for context in contexts:
        context.close()
    assert not faults
