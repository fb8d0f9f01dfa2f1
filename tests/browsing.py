"""Chromium, as the browser tests open it."""

import shutil

from playwright.sync_api import Browser, Playwright


def launch(playwright: Playwright, *more: str) -> Browser:
    """A browser of this machine; `more`: arguments beside those that every test has."""
    named = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    return playwright.chromium.launch(
        executable_path=next(filter(None, named), None),
        args=["--no-sandbox", "--lang=zh-CN", *more],
    )
