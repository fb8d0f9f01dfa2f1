"""Small entries of the knowledge, each in a form of its own: words, places, telephones, sentences.

What is saved is a draft of the piece that holds the entry; it goes through the same gate.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any

from flask import Blueprint, Response, url_for
from pydantic import Field as Bound
from pydantic import StringConstraints

from server.casework.officers import Role
from server.console import forms, knowledge
from server.console.entering import officer, takes
from server.console.fault_words import words_of
from server.console.rendering import go_to, page
from server.console.sheets import NEW, SHEETS, Entry, Field, Shape, Sheet
from server.editing import checks, drafts
from server.editing.drafts import Draft, DraftChanged
from server.published import releases
from server.published.releases import EditionMissing
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = Blueprint("knowledge_sheets", __name__, url_prefix="/knowledge/sheets")

_EDITORS = (Role.EDITOR, Role.PUBLISHER)
_SHOWN = 60
_LONGEST = 4000
_KEY = re.compile(r"[^\s/#?%\\]{1,64}")


class _ListAsked(forms.Asked):
    q: Annotated[str, StringConstraints(max_length=40)] = ""
    page: Annotated[int, Bound(ge=1, le=10_000)] = 1


@blueprint.get("/<name>")
@admits(Who.OFFICER, *_EDITORS)
def get_sheet(name: str) -> Response:
    """The entries of a sheet, as drafts and what is in force have them."""
    sheet = _sheet(name)
    asked = forms.read_query(_ListAsked)
    with resources().database.read() as session:
        found = releases.current(session)
        own = {draft.key: draft for draft in drafts.listed(session) if draft.kind == sheet.kind}
    pieces = {
        key: content for kind, key, content in (found[1] if found else ()) if kind == sheet.kind
    }
    pieces |= {key: draft.content or {} for key, draft in own.items()}
    entries = [each for key, content in pieces.items() for each in sheet.entries(content, key)]
    if asked.q:
        entries = [each for each in entries if asked.q in _searched(each)]
    pages = max(1, -(-len(entries) // _SHOWN))
    number = min(asked.page, pages)
    return page(
        "knowledge/sheet.html",
        title=sheet.title,
        sheet=sheet,
        entries=entries[(number - 1) * _SHOWN : number * _SHOWN],
        drafts=own,
        asked=asked,
        number=number,
        pages=pages,
        total=len(entries),
        may_edit=Role.EDITOR in officer().roles,
        new=NEW,
    )


@blueprint.get("/<name>/<place>")
@admits(Who.OFFICER, *_EDITORS)
def get_entry(name: str, place: str) -> Response:
    """The form of one entry."""
    return _entry_page(_sheet(name), place, None)


@blueprint.post("/<name>/<place>")
@takes(megabytes=1)
@admits(Who.OFFICER, Role.EDITOR)
def post_entry(name: str, place: str) -> Response:
    """Keep an entry as a draft, or the piece without it; what is wrong stands beside its field."""
    sheet = _sheet(name)
    if forms.typed("remove") and sheet.can_add and not sheet.is_of_pieces:
        return _keep(sheet, place, lambda content: sheet.without(content, place), forms.empty())
    typed = {field.name: _read(field) for field in sheet.fields}
    form = forms.Form[Any](values=_as_shown(sheet, typed))
    key = place
    if sheet.is_of_pieces and place != NEW and _piece(sheet, key) == (None, None):
        raise EditionMissing(sheet.kind, key)
    if sheet.is_of_pieces and place == NEW:
        key = forms.typed("key")
        form.values = {**form.values, "key": key}
        if not _KEY.fullmatch(key) or key == NEW:
            form.refuse("key", "请写一个编号：64个字以内，不能有空格、斜线、#、?、%。")
        elif _piece(sheet, key) != (None, None):
            form.refuse("key", "已经有这个编号了，请换一个，或者去改原来的。")
    missing = [f for f in sheet.fields if not f.optional and typed[f.name] in ("", [])]
    for field in missing:
        form.refuse(field.name, f"“{field.label}”不能空着。")
    if form.errors:
        return _entry_page(sheet, place, form, status=422)

    def put(content: dict[str, Any]) -> dict[str, Any]:
        return sheet.put(content, key, typed)

    return _keep(sheet, key, put, form)


def _keep(
    sheet: Sheet,
    place: str,
    change: Callable[[dict[str, Any]], dict[str, Any]],
    form: forms.Form[Any],
) -> Response:
    known = resources()
    key = sheet.key_of(place)
    version = int(given) if (given := forms.typed("version")).isdigit() and len(given) < 10 else 0
    try:
        with known.database.begin() as session:
            current, draft = drafts.piece(session, sheet.kind, key)
            before = (draft.content if draft else current) or {}
            content = change(before)
            knowledge.require_for(session, sheet.kind, key, content)
            drafts.save(
                session,
                kind=sheet.kind,
                key=key,
                content=content,
                version=version,
                officer_id=officer().id,
                now=known.clock(),
            )
    except DraftChanged as changed:
        form.refuse("", knowledge.told_of(changed))
        return _entry_page(sheet, place, form, status=409)
    if forms.typed("remove"):
        back = url_for("desk.knowledge_sheets.get_sheet", name=sheet.name)
        return go_to(back, "下次发布就去掉。")
    at = list(sheet.entries(content, key))[-1].place if place == NEW else place
    return go_to(
        url_for("desk.knowledge_sheets.get_entry", name=sheet.name, place=at),
        "草稿已保存，还没有发布。",
    )


def _entry_page(
    sheet: Sheet, place: str, form: forms.Form[Any] | None, status: int = 200
) -> Response:
    key = sheet.key_of(place)
    current, draft = _piece(sheet, key)
    content = (draft.content if draft else current) or {}
    there = current is not None or draft is not None
    entry = None if place == NEW or not there else sheet.find(content, place, key)
    if entry is None and (place != NEW or not sheet.can_add):
        raise EditionMissing(sheet.kind, place)
    shown: forms.Form[Any] = form or forms.Form(values=dict(entry.values) if entry else {})
    if form is None and draft is not None and entry is not None:
        shown.errors = _errors(sheet, key, place)
    return page(
        "knowledge/entry.html",
        title=f"{sheet.title}：{entry.title if entry else '加一条'}"[:80],
        status=status,
        sheet=sheet,
        place=place,
        key=key,
        form=shown,
        labels={field.name: field.label for field in sheet.fields} | {"key": "编号"},
        draft=draft,
        in_force=_in_force(sheet, current, place, entry),
        may_edit=Role.EDITOR in officer().roles,
        is_new=place == NEW,
    )


def _in_force(
    sheet: Sheet, current: dict[str, Any] | None, place: str, entry: Entry | None
) -> list[tuple[str, str]]:
    """What stands in force otherwise: the fields, by their labels."""
    before = sheet.find(current, place, sheet.key_of(place)) if current and entry else None
    if before is None or entry is None:
        return []
    return [
        (field.label, str(before.values.get(field.name, "")))
        for field in sheet.fields
        if field.shape is not Shape.YES
        and before.values.get(field.name) != entry.values.get(field.name)
    ]


def _errors(sheet: Sheet, key: str, place: str) -> dict[str, str]:
    with resources().database.read() as session:
        found = checks.check(session, kind=sheet.kind, key=key).of(sheet.kind, key)
    errors: dict[str, str] = {}
    for trouble in found:
        name = sheet.field_of(trouble.location, place)
        if name is not None:
            errors.setdefault(name, words_of(trouble))
    return errors


def _piece(sheet: Sheet, key: str) -> tuple[dict[str, Any] | None, Draft | None]:
    with resources().database.read() as session:
        return drafts.piece(session, sheet.kind, key)


def _read(field: Field) -> Any:
    text = forms.typed(field.name)[:_LONGEST]
    match field.shape:
        case Shape.YES:
            return text == "yes"
        case Shape.LINES:
            return [line.strip() for line in text.splitlines() if line.strip()]
        case _:
            return text


def _as_shown(sheet: Sheet, typed: dict[str, Any]) -> dict[str, Any]:
    return {
        field.name: "\n".join(typed[field.name])
        if field.shape is Shape.LINES
        else typed[field.name]
        for field in sheet.fields
    }


def _searched(entry: Entry) -> str:
    return " ".join((entry.title, *(str(value) for value in entry.values.values())))


def _sheet(name: str) -> Sheet:
    if name not in SHEETS:
        raise EditionMissing("sheet", name)
    return SHEETS[name]
