"""A small table at the desk: a dry run first; once that was seen, it is entered as a whole.

Between the two it comes back with the form, sealed: readable and changeable by nobody.
"""

import base64
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from flask import Response, request
from sqlmodel import Session

from knowledge.eligibility.sheets import Row, SheetRefused, read_rows, refuse_bloated
from server.casework.officers import scope
from server.confidential.private_files import in_memory
from server.confidential.sealing import SealBroken
from server.console import forms
from server.console.entering import first_region, officer, regions
from server.console.rendering import go_to, page
from server.register.sheets import SheetUnfit
from server.register.tabling import MOST_LINES, Columns, Found
from server.web.problems import words_of_field
from server.web.resources import resources

_MOST_SHOWN = 100
_MEGABYTES = 3
RETURNED_MEGABYTES = 2 * _MEGABYTES
"""What a table may take as it comes back: the seal and the form make it 1.9 times as large."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a table is of; `each`: what a line is, as people call it."""

    what: str
    each: str
    columns: Columns
    fates: Mapping[Any, str]
    read: Callable[[Session, Sequence[Row], str, Mapping[str, str]], Found[Any, Any]]
    """Tells the fate of every line; given the region of who names none, and those by name."""
    enter: Callable[[Session, Found[Any, Any]], None]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a table; `refused`: why nothing of it can be read. `entered`: it was."""

    found: Found[Any, Any] | None = None
    content: bytes = b""
    refused: str = ""
    entered: bool = False


def imported(
    kind: Kind, *, title: str, action: str, back: str, refused: Callable[[int, str], Response]
) -> Response:
    """Answer to a table that was sent: what would become of it, that it was entered, or refused."""
    trial = _tried(kind)
    if trial.found is None:
        return refused(422, trial.refused)
    if trial.entered:
        return go_to(back, f"登记了{len(trial.found.to_enter)}{kind.each.removeprefix('一')}。")
    return _trial_page(kind, trial, title=title, action=action, back=back)


def _tried(kind: Kind) -> Tried:
    """Read the table that was sent, or enter the one that came back; all of it or nothing."""
    sealed = forms.typed("sealed")
    file = request.files.get("file")
    content = b"" if file is None else file.read()
    if len(content) > _MEGABYTES * 2**20:
        return Tried(refused=f"这个文件太大，最多{_MEGABYTES}兆，请分开传。")
    if sealed:
        content = _unsealed(sealed, kind.what)
    tree = regions()
    mine = scope(officer(), tree)
    called = {id: id for id in mine} | {tree.get(id).label: id for id in mine if id in tree}
    region = first_region()
    try:
        # Before any transaction: nobody else writes while a table is taken apart.
        with in_memory(content) as path:
            refuse_bloated(path)
            rows = list(islice(read_rows(path), MOST_LINES + 2))
        if len(rows) > MOST_LINES + 1:
            return Tried(refused=f"一次最多{MOST_LINES}行，请分开传。")
        if not sealed:
            with resources().database.read() as session:
                return Tried(kind.read(session, rows, region, called), content)
        with resources().database.begin() as session:
            found = kind.read(session, rows, region, called)
            kind.enter(session, found)
    except (SheetRefused, SheetUnfit) as error:
        return Tried(refused=_why(error, kind))
    return Tried(found, content, entered=True)


def _trial_page(kind: Kind, trial: Tried, *, title: str, action: str, back: str) -> Response:
    """What would become of every line, with the way to enter them."""
    assert trial.found is not None
    counts: Mapping[StrEnum, int] = trial.found.counts
    bad = trial.found.bad[:_MOST_SHOWN]
    return page(
        "sheet_trial.html",
        title=title,
        action=action,
        back=back,
        fates=[(words, counts[fate]) for fate, words in kind.fates.items() if counts[fate]],
        bad=[(each.line, each.column, words_of_field(each.fault)) for each in bad],
        sealed=_sealed(trial.content, kind.what) if trial.found.to_enter else "",
    )


def _sealed(content: bytes, what: str) -> str:
    packed = base64.b64encode(zlib.compress(content)).decode()
    return resources().safe.seal(packed, _purpose(what))


def _unsealed(text: str, what: str) -> bytes:
    try:
        return zlib.decompress(base64.b64decode(resources().safe.unseal(text, _purpose(what))))
    except SealBroken:
        return b""


def _why(error: SheetRefused | SheetUnfit, kind: Kind) -> str:
    if isinstance(error, SheetRefused):
        return f"这个文件读不了。要CSV或者XLSX，第一行是列名，每行{kind.each}。"
    if error.twice:
        return f"有两列是同一项：{error.twice}。请只留一列。"
    return f"还要有这几列：{'、'.join(kind.columns[use][0] for use in error.missing)}。"


def _purpose(what: str) -> str:
    return f"{what}.import:{officer().id}"
