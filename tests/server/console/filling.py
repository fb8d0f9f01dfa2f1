"""Fills the forms of a page as a browser would send them: every field that can be typed into."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.server.console.conftest import Desk

_ROUNDS = 4
_WRONG = re.compile(r'id="f-([\w-]+?)-error"')
FITTING = {
    "contact": "0595-88000000", "last_on": "2026-03-20", "begins_on": "2026-03-18",
    "begins_time": "09:30", "seats": "2", "hours": "40", "pay_from": "5000", "pay_to": "6000",
    "starts_on": "2026-03-10", "shared_until": "2026-03-19", "id": "hostile2026",
    "measure": "shishi-4a", "measures": "shishi-4a", "key": "hostile", "number": "12333",
}  # fmt: skip
"""What is sent in a second round where the first was refused."""


@dataclass
class Filled:
    """One form of a page, as it is sent; `typed` are the names of what can be typed into."""

    action: str
    method: str
    values: list[tuple[str, str]] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    files: bool = False


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Filled] = []
        self._open: Filled | None = None
        self._select = ""
        self._options: list[str] = []
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Filled(found.get("action", ""), found.get("method", "get"))
            self._open.files = "enctype" in found
            self.forms.append(self._open)
        if self._open is None:
            return
        name = found.get("name", "")
        if tag == "input" and name:
            kind = found.get("type", "text")
            if kind in ("hidden", "checkbox", "radio"):
                self._open.values.append((name, found.get("value", "on")))
            elif kind != "file":
                self._open.typed.append(name)
        elif tag == "textarea" and name:
            self._open.typed.append(name)
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option":
            self._options.append(found.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if self._open is None:
            return
        if tag == "select" and self._options:
            self._open.values.append((self._select, self._options[-1]))
        if tag == "form":
            self._open = None


def forms_of(page: str) -> list[Filled]:
    """The forms of a page that change something, signing out aside."""
    reader = _Reader()
    reader.feed(page)
    return [
        each
        for each in reader.forms
        if each.method == "post" and not each.action.endswith("/sign-out")
    ]


def send(desk: "Desk", form: Filled, words: str) -> "list[TestResponse]":
    """Send a form with the same words in every field; then with fitting ones where they don't fit.

    What came back of each round, the last one first refused nowhere or given up.
    """
    fitting: set[str] = set()
    found: list[TestResponse] = []
    for _ in range(_ROUNDS):
        data: dict[str, list[str]] = {}
        for name, value in form.values:
            data.setdefault(name, []).append(value)
        for name in form.typed:
            data[name] = [FITTING.get(name, words[:30]) if name in fitting else words]
        found.append(desk.client.post(form.action, data=data))
        wrong = set(_WRONG.findall(found[-1].text)) - fitting
        if found[-1].status_code != 422 or not wrong:
            break
        fitting |= wrong
    return found
