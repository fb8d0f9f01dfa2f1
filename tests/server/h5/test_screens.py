"""Every screen and state: for poor eyes, large thumbs and narrow phones, in both modes."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from server.web.resources import Resources
from tests.accessibility import violations
from tests.server.h5.conftest import NewPhone
from tests.server.h5.screens import VISITOR, visit
from tests.server.h5.walking import PHONE, Walk

NARROW = 320
SMALLEST = {"normal": {"text": 18, "target": 44}, "care": {"text": 30, "target": 60}}
TOO_SMALL = """({ text, target }) => {
  const found = [];
  const shown = (each) => each.checkVisibility() && !each.closest("[aria-hidden=true], .unseen");
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    const size = parseFloat(getComputedStyle(parentElement).fontSize);
    if (data.trim() && shown(parentElement) && size < text) found.push(`${size} ${data}`);
  }
  for (const each of document.querySelectorAll("button, a, input, textarea, summary, label.tick")) {
    const { width, height } = each.getBoundingClientRect();
    if (!shown(each) || each.matches(".file, .tick input")) continue;
    if (Math.min(width, height) < target) found.push(`${width}x${height} ${each.outerHTML}`);
  }
  return found;
}"""
TOO_WIDE = """(width) => {
  // The window of a phone grows with what is too wide for it: only the number tells.
  const wide = document.documentElement.scrollWidth > width;
  const all = wide ? [...document.body.querySelectorAll("*")] : [];
  const over = all.filter((each) => each.getBoundingClientRect().right > width + 1);
  return over.map((each) => each.outerHTML.slice(0, 120));
}"""
PLANTED = """() => {
  const faint = document.createElement("p");
  faint.textContent = "faint";
  Object.assign(faint.style, { fontSize: "12px", color: "#ccc", width: "340px" });
  const tiny = document.createElement("button");
  Object.assign(tiny.style, { width: "20px", height: "20px", minWidth: 0, minHeight: 0 });
  document.querySelector("main").append(faint, tiny);
}"""


@pytest.mark.parametrize("mode", ["normal", "care"])
def test_every_screen_can_be_read_reached_and_heard(
    mode: str,
    new_phone: NewPhone,
    address: str,
    resources: Resources,
    tmp_path: Path,
    tell: Any,
) -> None:
    page = new_phone()
    seen: list[str] = []
    faults: list[str] = []
    asked: list[str] = []
    page.on("framenavigated", lambda frame: asked.append(frame.url))
    page.on("request", lambda request: asked.append(request.url))
    personal = [value for value in VISITOR.model_dump().values() if value]

    def look(name: str) -> None:
        seen.append(name)
        # What was put on the screen is drawn.
        page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => drawn()))")
        faults.extend(f"{name}: {fault}" for fault in faults_of(page, mode))
        told = [*asked, page.evaluate("JSON.stringify(localStorage)")]
        faults.extend(f"{name}: {value}" for value in personal if value in "".join(told))

    if mode == "care":
        page.add_init_script("localStorage.setItem('care', 'true')")
    number = visit(Walk(page, look), address, resources, tmp_path)
    tell(f"faults of {len(seen)} screens of the phone", len(faults), 0)
    assert faults == []
    assert len(seen) > 40
    assert not [url for url in asked if number in url and "/api/" not in url]
    # The session is over: nothing of the person stays on the phone.
    assert "my." not in page.evaluate("Object.keys(localStorage).join()")


def test_what_is_hard_to_read_or_to_reach_is_found(new_phone: NewPhone, address: str) -> None:
    """The control: faults that are planted."""
    page = new_phone()
    Walk(page).open(address)
    assert faults_of(page, "normal") == []
    page.evaluate(PLANTED)
    found = " ".join(faults_of(page, "normal"))
    for fault in (
        "color-contrast",
        "button-name",
        "12 faint",
        "x20 <button",
        "at 320 px",
        "at 200 %",
    ):
        assert fault in found, fault


def faults_of(page: Page, mode: str) -> list[str]:
    """What is wrong with the screen that a page shows."""
    return [
        *violations(page),
        *page.evaluate(TOO_SMALL, SMALLEST[mode]),
        *too_wide(page, SMALLEST[mode]["text"]),
    ]


def too_wide(page: Page, text: int) -> list[str]:
    """What reaches over the edge at 320 px, and with text twice as large."""
    page.set_viewport_size({**PHONE, "width": NARROW})
    found: list[str] = [f"at 320 px {each}" for each in page.evaluate(TOO_WIDE, NARROW)]
    page.evaluate("size => { document.documentElement.style.fontSize = size; }", f"{2 * text}px")
    found += [f"at 200 % {each}" for each in page.evaluate(TOO_WIDE, NARROW)]
    page.evaluate("() => { document.documentElement.style.fontSize = ''; }")
    page.set_viewport_size(PHONE)
    return found
