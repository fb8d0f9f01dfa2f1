"""Everything that is held about a worker, for the worker: as data, and as a page to read."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, select_autoescape
from sqlmodel import Session

from knowledge.library import Library
from server.clock import CHINA
from server.confidential.sealing import Safe, SealBroken
from server.money import spoken
from server.personal.holdings import Holding, holdings, key_of, owned_rows, parents_first
from server.records import audit
from server.records.audit import Action, Actor

_UNREADABLE = "（已无法读取）"
_FILE = Path(__file__).with_name("export.yaml")
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}):\d{2}\+08:00")
_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)


def collect(
    session: Session, safe: Safe, own: Safe, accounts: Safe | None, *, worker_id: int, now: datetime
) -> dict[str, Any]:
    """Everything, table by table, with what is sealed opened; keyed hashes say nothing to anybody.

    `accounts` opens what is kept with the books, None where there is none. The audit notes it.
    """
    parts = []
    for holding in parents_first():
        if holding.owner is None:
            continue
        safes = _safes(holding, safe, own, accounts)
        rows = [_shown(holding, row, safes) for row in owned_rows(session, holding, worker_id)]
        parts.append({"table": holding.table, "title": holding.title, "rows": rows})
    audit.record(
        session,
        safe,
        by=Actor.worker(worker_id),
        action=Action.EXPORTED,
        about="worker",
        row=worker_id,
        worker_id=worker_id,
        now=now,
    )
    return {"worker": worker_id, "exported_at": _plain(now), "holdings": parts}


def page(collected: Mapping[str, Any], library: Library) -> str:
    """The same to read: one HTML page that needs nothing else, in words that people know.

    What only the program needs is left out.
    """
    reading = _Reading(library)
    parts = [
        (part["title"], [list(reading.row(part["table"], row)) for row in part["rows"]])
        for part in collected["holdings"]
    ]
    template = _PAGES.get_template("export.html")
    return template.render(
        exported_at=reading.value("", "exported_at", collected["exported_at"]), parts=parts
    )


def value_called(table: str, column: str, value: str) -> str | None:
    """How the page calls a value of a column, None where it has no word for it."""
    values: Mapping[str, Mapping[str, str]] = _called()["values"]
    found: Mapping[str, str] = values.get(f"{table}.{column}") or values.get(column) or {}
    return found.get(value)


class _Reading:
    """Puts what is held into words, with the names that the knowledge has for it."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def row(self, table: str, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What there is in a row that says something to people: word and value."""
        for name, held in row.items():
            if _is_left_out(table, name) or held in (None, "", [], {}):
                continue
            value = _taken_apart(name, held)
            if isinstance(value, Mapping) and name != "sealed_verdict":
                told = [(name, inner, part) for inner, part in value.items()]
            else:
                told = [(table, name, value)]
            for within, inner, part in told:
                if not _is_left_out(within, inner) and part not in (None, "", [], {}):
                    yield _word(within, inner), self.value(within, inner, part)

    def value(self, within: str, name: str, value: Any) -> str:
        """A value as people read it."""
        if isinstance(value, bool):
            return "是" if value else "不是"
        if isinstance(value, Mapping):
            return self._mapping(name, value)
        if isinstance(value, list):
            return "、".join(self.value(within, name, each) for each in value) or "没有"
        if isinstance(value, int) and (name.endswith("_fen") or name in ("pay_from", "pay_to")):
            return f"{spoken(value)}元"
        text = str(value)
        named = value_called(within, name, text) or self._named(within, name, text)
        return _plainly(text) if named is None else named

    def _mapping(self, name: str, value: Mapping[str, Any]) -> str:
        if name == "facts":
            return "；".join(self._fact(fact, answer) for fact, answer in value.items())
        if name == "sealed_verdict":
            return "；".join(
                f"{each['say']}：{self.value(name, 'verdict', each['verdict'])}"
                for each in value.get("conditions", ())
            )
        parts = (
            (_word(name, inner), self.value(name, inner, part))
            for inner, part in value.items()
            if not _is_left_out(name, inner)
        )
        return "；".join(f"{word}：{text}" if word else text for word, text in parts)

    def _fact(self, name: str, answer: Any) -> str:
        fact = self._library.facts.get(name)
        if fact is None:
            return self.value("facts", name, answer)
        options = {str(option.value): option.label for option in fact.options}
        answers = answer if isinstance(answer, list) else [answer]
        said = [options.get(str(each)) or self.value("facts", name, each) for each in answers]
        return f"{fact.label}：{'、'.join(said) or '没有'}"

    def _named(self, within: str, name: str, text: str) -> str | None:
        known = self._library
        if name in ("measure", "measures"):
            measure = known.measures.get(text)
            return None if measure is None else measure.title
        if name == "region":
            return known.regions.get(text).label if text in known.regions else None
        if name == "item" or (name == "kind" and within in ("material", "upload")):
            kind = known.materials.get(text)
            return None if kind is None else kind.title
        if name == "about":
            holding = holdings().get(text)
            return "别的" if holding is None else holding.title
        if name in ("fields", "shared"):
            words = (
                _word("", each) or value_called("", "purpose", each) for each in text.split(",")
            )
            return "、".join(filter(None, words)) or "别的"
        return None


def _taken_apart(name: str, held: Any) -> Any:
    """What stands as JSON in a column that is not sealed."""
    if name not in ("details", "measures") or not isinstance(held, str):
        return held
    try:
        return json.loads(held)
    except ValueError:
        return held


def _plainly(text: str) -> str:
    at = _INSTANT.fullmatch(text)
    return text if at is None else f"{at[1]} {at[2]}"


def _word(within: str, name: str) -> str:
    words: Mapping[str, str] = _called()["words"]
    return words.get(f"{within}.{name}") or words.get(name, "")


def _is_left_out(within: str, name: str) -> bool:
    called = _called()
    if f"{within}.{name}" in called["words"]:
        return False
    return name in called["left_out"] or f"{within}.{name}" in called["left_out"]


@lru_cache(maxsize=1)
def _called() -> Mapping[str, Any]:
    read: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return read | {"left_out": frozenset(read["left_out"])}


def _safes(
    holding: Holding, safe: Safe, own: Safe, accounts: Safe | None
) -> dict[str, Safe | None]:
    return {
        **dict.fromkeys(holding.sealed, own),
        **dict.fromkeys(holding.accounts, accounts),
        **dict.fromkeys(holding.service, safe),
    }


def _shown(
    holding: Holding, row: Mapping[str, Any], safes: Mapping[str, Safe | None]
) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in holding.told(row).items():
        if name in holding.hashed:
            continue
        if name in safes and value:
            value = _opened(safes[name], value, f"{holding.table}.{name}:{key_of(holding, row)}")
        shown[name] = _plain(value)
    return shown


def _opened(safe: Safe | None, sealed: str, purpose: str) -> Any:
    if safe is None:
        return _UNREADABLE
    try:
        text = safe.unseal(sealed, purpose)
    except SealBroken:
        # Something of an earlier key: the rest is worth having all the same.
        return _UNREADABLE
    try:
        found = json.loads(text)
    except ValueError:
        return text
    # A telephone number is JSON, too.
    return found if isinstance(found, dict | list) else text


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(CHINA).isoformat(timespec="seconds")
    if value is None or isinstance(value, str | int | float | bool | dict | list):
        return value
    return str(value)
