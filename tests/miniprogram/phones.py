"""The mini-program as it runs outside WeChat, and somebody's phone to use it on."""

import base64
import fcntl
import functools
import http.server
import io
import json
import secrets
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.serving import ROOT

HERE = Path(__file__).parent
PROGRAM = ROOT / "deploy" / "miniprogram"
PACKAGES = ROOT / "build" / "miniprogram"
"""Where npm puts what package-lock.json names; made by the tests, no part of the project."""

SCREEN = {"width": 360, "height": 640}
_INSTALLING = 300
"""Seconds that the packages may take to come in."""


def install() -> None:
    """Bring in what package-lock.json names, once for all processes; fails with what is missing."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.fail(
            "mini-program: please install nodejs and npm (apt-get install nodejs npm)", False
        )
    PACKAGES.mkdir(parents=True, exist_ok=True)
    with (PACKAGES / "installing").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        shutil.copy(HERE / "build.js", PACKAGES)
        wanted = (HERE / "package-lock.json").read_bytes()
        stamp = PACKAGES / "installed"
        if stamp.exists() and stamp.read_bytes() == wanted:
            return
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, PACKAGES)
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=PACKAGES,
            capture_output=True,
            text=True,
            timeout=_INSTALLING,
        )
        if done.returncode:
            told = " ".join(done.stderr.split())[-200:]
            pytest.fail(f"mini-program: npm ci could not bring its three packages: {told}", False)
        stamp.write_bytes(wanted)


def build(site: Path) -> None:
    """Compile the mini-program into a folder that a browser can run it from."""
    subprocess.run(
        ["node", PACKAGES / "build.js", PROGRAM, site / "program.js"], check=True, timeout=60
    )
    (site / "node_modules").symlink_to(PACKAGES / "node_modules")
    for name in ("wechat", "page.html"):
        (site / name).symlink_to(HERE / name)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of the page that runs the mini-program from a folder."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/page.html"
        server.shutdown()
        thread.join()


def photo(seed: int, width: int = 1200) -> bytes:
    """A photo that is like no other."""
    image = Image.effect_noise((width, width * 3 // 4), 20 + seed % 60).convert("RGB")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=60)
    return out.getvalue()


class Phone:
    """Somebody's phone with the mini-program on it."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self._address = address
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        # The browser tells of every refused or broken request; the mini-program does so itself.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    @property
    def screen(self) -> Locator:
        return self.page.locator("#screen")

    def open(self) -> None:
        """Open the mini-program, or close it and open it again."""
        self.page.goto(self._address)
        self.screen.locator("> div").first.wait_for()

    def opens_to(self, text: str, tries: int = 10) -> None:
        """Open it again until a text stands on the screen, a second each time."""
        for left in reversed(range(tries)):
            self.open()
            try:
                self.screen.get_by_text(text).last.wait_for(timeout=1_000)
                return
            except PlaywrightTimeout:
                if not left:
                    raise

    def tap(self, name: str, *, exact: bool = False) -> None:
        """Tap the first button or link of this name."""
        self.page.get_by_role("button", name=name, exact=exact).first.tap()

    def tab(self, name: str) -> None:
        """Go to one of the four places."""
        self.page.locator("#tabs").get_by_text(name, exact=True).tap()

    def back(self) -> None:
        """Go back one page, as WeChat's arrow in the title does."""
        self.page.locator("#title").tap()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)

    def sees(self, text: str) -> None:
        """Wait until a text stands on the screen."""
        self.screen.get_by_text(text).last.wait_for()

    def text(self) -> str:
        return self.screen.inner_text()

    def sure(self, button: str) -> None:
        """Answer WeChat's dialog."""
        self.page.get_by_role("dialog").get_by_role("button", name=button, exact=True).tap()

    def takes(self, *photos: bytes) -> None:
        """What the next press on 拍照 gives."""
        texts = [base64.b64encode(content).decode() for content in photos]
        self.page.evaluate("texts => { window.phone.photos = texts; }", texts)

    def stored(self) -> dict[str, Any]:
        """All that the phone keeps."""
        kept: dict[str, str] = self.page.evaluate("({...localStorage})")
        return {name.removeprefix("stored:"): value for name, value in kept.items()}

    def heard(self, what: str) -> Any:
        """What was asked of WeChat."""
        return self.page.evaluate(f"record.{what}")


@contextmanager
def pocket(browser: Browser, address: str, server: str, **more: Any) -> Iterator[Phone]:
    """A phone of somebody new; afterwards nothing may have gone wrong in it."""
    context = browser.new_context(viewport=SCREEN, has_touch=True, is_mobile=True)
    context.set_default_timeout(15_000)
    told = {
        "name": f"worker-{secrets.token_hex(4)}",
        "settings": {"server": server, "developer": ""},
        "photos": [],
        **more,
    }
    context.add_init_script(f"window.phone = {json.dumps(told)};")
    phone = Phone(context, address)
    phone.open()
    yield phone
    context.close()
    assert phone.faults == []
