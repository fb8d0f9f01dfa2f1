"""Everything that is held about a worker, for the worker: as data, and as a page to read."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from sqlmodel import Session

from server import audit
from server.audit import Action, Actor
from server.clock import CHINA
from server.holdings import Holding, key_of, owned_rows, parents_first, words
from server.sealing import Safe, SealBroken

_UNREADABLE = "（已无法读取）"
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


def page(collected: Mapping[str, Any]) -> str:
    """The same to read: one HTML page that needs nothing else."""
    template = _PAGES.get_template("export.html")
    return template.render(exported=collected, word=_word, flat=_flat)


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


def _word(name: str) -> str:
    return words().get(name, name)


def _flat(value: Any) -> str:
    """A value as people read it."""
    if value is None or value == "":
        return "—"
    if isinstance(value, dict):
        return "；".join(f"{_word(name)}：{_flat(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return "、".join(_flat(inner) for inner in value)
    return str(value)
