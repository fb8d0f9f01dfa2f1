"""Writes a picture of every screen of the phone's page: `python -m tests.screenshots FOLDER`."""

import os
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from server.app import create_app
from server.settings import load_settings
from server.web.resources import make_resources
from tests.browsing import launch
from tests.server.h5.screens import visit
from tests.server.h5.walking import PHONE, Look, Walk


def main(folder: Path) -> None:
    """Walk through the page in both modes."""
    folder.mkdir(parents=True, exist_ok=True)
    for mode in ("normal", "care"):
        with ExitStack() as closing:
            home = Path(closing.enter_context(tempfile.TemporaryDirectory()))
            os.environ["NUANGANG_DATA_DIR"] = str(home)
            known = make_resources(load_settings())
            server = make_server("127.0.0.1", 0, create_app(known.settings, known), threaded=True)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            closing.callback(known.conversations.close)
            closing.callback(known.serving.close)
            closing.callback(known.linking.close)
            closing.callback(server.shutdown)
            browser = launch(closing.enter_context(sync_playwright()))
            closing.callback(browser.close)
            page = browser.new_page(
                viewport=PHONE,
                has_touch=True,
                is_mobile=True,
                locale="zh-CN",
                service_workers="block",
            )
            if mode == "care":
                page.add_init_script("localStorage.setItem('care', 'true')")
            visit(Walk(page, _camera(page, folder, mode)), _address(server.port), known, home)


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}/"


def _camera(page: Page, folder: Path, mode: str) -> Look:
    number = 0

    def look(name: str) -> None:
        nonlocal number
        number += 1
        page.wait_for_timeout(400)
        page.screenshot(path=folder / f"{mode}-{number:02}-{name}.png")

    return look


if __name__ == "__main__":
    main(Path(sys.argv[1]))
