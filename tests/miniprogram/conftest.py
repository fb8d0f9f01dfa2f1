"""The mini-program in Chromium, and the service as it runs for it to call."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browsing import launch
from tests.miniprogram import phones
from tests.miniprogram.phones import Phone
from tests.serving import Service

if TYPE_CHECKING:
    from knowledge.library import Library
    from server.confidential.sealing import Safe
    from server.confidential.subject_keys import SubjectKeys
    from server.database.db import Database

TEMPLATES = {"reviewed": "t-reviewed", "materials_missing": "t-missing", "paid": "t-paid"}
OF_VOUCHERS = {"voucher": "t-voucher", "voucher_used": "t-used", "voucher_ends": "t-ends"}


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that a browser runs the mini-program from."""
    folder = tmp_path_factory.mktemp("miniprogram")
    phones.install()
    phones.build(folder)
    with phones.serving(folder) as address:
        yield address


@pytest.fixture(scope="session")
def data(prepared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(prepared_home, tmp_path_factory.mktemp("service") / "var")


@pytest.fixture(scope="session")
def service(data: Path) -> Iterator[Service]:
    """The service as it runs, with a data directory of its own and development sign-in."""
    ids = json.dumps({**TEMPLATES, **OF_VOUCHERS})
    started = Service(data, f"sqlite:///{data / 'nuangang.db'}", WECHAT_TEMPLATE_IDS=ids)
    try:
        started.start()
        yield started
    finally:
        started.kill()


@dataclass(frozen=True)
class Office:
    """What officers work with, beside the running service."""

    database: "Database"
    safe: "Safe"
    subject_keys: "SubjectKeys"
    library: "Library"


@pytest.fixture
def office(
    service: Service, data: Path, library: "Library", monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """The service's own database and keys."""
    from server.database.db import Database
    from server.settings import load_settings
    from server.web.resources import make_safe, make_subject_keys

    monkeypatch.setenv("NUANGANG_DATA_DIR", str(data))
    settings = load_settings()
    database, safe = Database(f"sqlite:///{data / 'nuangang.db'}"), make_safe(settings)
    keys = make_subject_keys(settings, database, safe)
    yield Office(database, safe, keys, library)
    database.release()


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    # wx.request knows no origins: neither does this browser.
    opened = launch(playwright, "--disable-web-security")
    yield opened
    opened.close()


@pytest.fixture
def make_phone(browser: Browser, site: str, service: Service) -> Iterator[Callable[..., Phone]]:
    """Makes phones, each of somebody new."""
    with ExitStack() as held:

        def make(**more: Any) -> Phone:
            server = f"http://127.0.0.1:{service.port}"
            return held.enter_context(phones.pocket(browser, site, server, **more))

        yield make
