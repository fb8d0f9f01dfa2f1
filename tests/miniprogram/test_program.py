"""The mini-program as it is handed to WeChat: whole, small, and of one piece with the service."""

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from knowledge.eligibility.facts import FactType
from server.casework.moves import OBJECTED_WITHIN
from server.casework.uploading import MOST_BYTES
from server.notices.templates import templates
from tests.miniprogram.phones import PROGRAM
from tests.serving import ROOT

if TYPE_CHECKING:
    from knowledge.library import Library

APP = json.loads((PROGRAM / "app.json").read_text("utf-8"))
LARGEST = 200_000
"""Bytes; WeChat takes packages of 2 MB."""

FILES = sorted(file for file in PROGRAM.rglob("*") if file.is_file())
CODE = [file for file in FILES if file.suffix in (".js", ".wxml", ".wxss")]


def test_it_is_far_under_what_wechat_takes() -> None:
    assert sum(file.stat().st_size for file in FILES) < LARGEST


def test_every_page_and_component_is_whole() -> None:
    parts = [*APP["pages"], *(path.removeprefix("/") for path in APP["usingComponents"].values())]
    for part in parts:
        for ending in ("js", "json", "wxml", "wxss"):
            assert (PROGRAM / f"{part}.{ending}").is_file(), (part, ending)
    there = {str(file.relative_to(PROGRAM).with_suffix("")) for file in PROGRAM.rglob("*/index.js")}
    assert there == set(parts)
    assert [tab["text"] for tab in APP["tabBar"]["list"]] == ["问", "查", "办", "我的"]
    assert APP["pages"][0] == APP["tabBar"]["list"][0]["pagePath"]


def test_components_share_the_sizes_of_the_pages() -> None:
    for path in APP["usingComponents"].values():
        config = json.loads((PROGRAM / f"{path[1:]}.json").read_text("utf-8"))
        assert config == {"component": True, "styleIsolation": "apply-shared"}


def test_notices_open_pages_that_there_are() -> None:
    for template in templates().values():
        assert template.page.partition("?")[0] in APP["pages"]


@pytest.mark.parametrize("file", CODE, ids=lambda file: str(file.relative_to(PROGRAM)))
def test_pages_lead_to_pages_and_no_file_names_another_host(file: Path) -> None:
    text = file.read_text("utf-8")
    for page in re.findall(r"/(pages/[a-z]+/index)", text):
        assert page in APP["pages"]
    if file.name != "settings.js":
        assert not re.search(r"https?://", text)


PAGES = sorted((ROOT / "server" / "h5" / "static").glob("*.js"))


@pytest.mark.parametrize("client", [FILES, PAGES], ids=["mini-program", "page"])
def test_what_the_chat_says_of_the_service_is_so(client: list[Path], library: "Library") -> None:
    """It sends people to what stands there by that name, and promises no more than is taken."""
    replies = [topic.reply for topic in library.outside.values() if topic.reply is not None]
    shown = "".join(file.read_text("utf-8") for file in client)
    named = {name for reply in replies for name in re.findall("“(.+?)”", reply)} - {"转人工"}
    assert {"我的", "我的办件", "我的资料", "办", "我的求助", "没用"} <= named
    assert [name for name in named if name not in shown] == []
    (megabytes,) = {size for reply in replies for size in re.findall(r"(\d+)MB", reply)}
    assert int(megabytes) * 1024 * 1024 == MOST_BYTES
    assert {day for reply in replies for day in re.findall(r"(\d+)天", reply)} == {
        str(OBJECTED_WITHIN)
    }


TABLES = [PROGRAM / "checking.js", ROOT / "server" / "h5" / "static" / "question.js"]


@pytest.mark.parametrize("table", TABLES, ids=["mini-program", "page"])
def test_whatever_a_number_counts_is_said_in_chinese(table: Path, library: "Library") -> None:
    found = re.search(r"const UNITS = \{(.*)\};", table.read_text("utf-8"))
    assert found is not None
    words = dict(re.findall(r'(\w+): "([^"]+)"', found[1]))
    units = {fact.unit for fact in library.facts.values() if fact.unit is not None}
    assert units and units <= words.keys()
    assert not any(re.search("[a-z]", words[unit]) for unit in units)


OFFERS = [PROGRAM / "offers.js", ROOT / "server" / "h5" / "static" / "offers.js"]
PAYS = {
    "": {},
    "每月5000元起": {"pay_from": 500_000},
    "每月8000.5元以内": {"pay_to": 800_050},
    "每月5000到8000元": {"pay_from": 500_000, "pay_to": 800_000},
    "每月5000元": {"pay_from": 500_000, "pay_to": 500_000},
}


@pytest.mark.parametrize("offers", OFFERS, ids=["mini-program", "page"])
def test_pay_that_is_told_from_or_up_to_a_sum_is_shown_so(offers: Path) -> None:
    found = re.search(r"^function pay.*?^\}", offers.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert found is not None
    script = f"JSON.stringify({json.dumps(list(PAYS.values()))}.map({found[0]}))"
    told = subprocess.run(["node", "-p", script], capture_output=True, check=True, timeout=60)
    assert json.loads(told.stdout) == list(PAYS)


def test_what_is_missing_of_a_number_stands_in_its_own_sentence(library: "Library") -> None:
    for fact in library.facts.values():
        # Of what lasts nobody is told what is missing.
        if fact.type is FactType.INTEGER and not fact.lasting:
            assert fact.shortfall is not None and "{gap}" in fact.shortfall, fact.id


def test_who_decides_has_one_name() -> None:
    for file in CODE:
        assert "办的人" not in file.read_text("utf-8"), file


def test_no_style_fixes_the_size_of_letters() -> None:
    """Letters are as large as the two variables say, or 关怀模式 would pass them by."""
    for file in PROGRAM.rglob("*.wxss"):
        for size in re.findall(r"font-size:\s*([^;]+);", file.read_text("utf-8")):
            assert size in ("var(--text)", "var(--large)"), file


def test_nothing_for_developers_is_switched_on() -> None:
    settings = (PROGRAM / "settings.js").read_text("utf-8")
    assert 'developer: ""' in settings
    assert json.loads((PROGRAM / "project.config.json").read_text("utf-8"))["setting"]["urlCheck"]


def test_every_package_of_its_tests_is_locked_by_its_content_and_by_no_host() -> None:
    lock = json.loads((Path(__file__).parent / "package-lock.json").read_text("utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert len(packages) == 3
    for entry in packages.values():
        assert entry["integrity"].startswith("sha512-") and "resolved" not in entry
