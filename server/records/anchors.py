"""Anchors of the audit: how far its chain reached on a day, kept outside the database.

Each is one line of JSON, under a keyed hash with the line before it. A copy that is kept where
nobody of the service can write (on paper, in another's mailbox) is worth more than the file itself.
"""

import json
import os
from datetime import date
from pathlib import Path

from server.confidential.sealing import Safe
from server.records.audit import End

FILE = "audit_anchors.jsonl"


class AnchorForged(Exception):
    """A line of the anchors is none of ours, or one before it is missing; `line` counts from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def add(path: Path, safe: Safe, end: End, *, on: date) -> str:
    """Add an anchor for a day and return its line; it is on the disk when this returns."""
    lines = _lines(path)
    content = {"on": on.isoformat(), "position": end.position, "entry": end.entry_id,
               "chain": end.chain}  # fmt: skip
    line = json.dumps({**content, "mac": _mac(safe, lines[-1] if lines else "", content)})
    # Written whole beside it: half a line would make a forgery of all that come after.
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(f"{each}\n" for each in (*lines, line))
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return line


def read(path: Path, safe: Safe) -> list[End]:
    """The anchors, oldest first, none where there is no file; raises `AnchorForged`."""
    ends: list[End] = []
    before = ""
    for number, line in enumerate(_lines(path), start=1):
        try:
            content = json.loads(line)
            mac = content.pop("mac")
            end = End(content["position"], content["chain"], content["entry"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise AnchorForged(number) from None
        if mac != _mac(safe, before, content):
            raise AnchorForged(number)
        ends.append(end)
        before = line
    return ends


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _mac(safe: Safe, before: str, content: dict[str, object]) -> str:
    return safe.hash("audit_anchor", before, json.dumps(content, sort_keys=True))
