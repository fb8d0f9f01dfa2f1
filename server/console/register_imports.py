"""Spreadsheets into the register: what each column is, a dry run, entering, undoing."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated

from flask import Blueprint, Response, request, url_for
from pydantic import Field

from knowledge.eligibility.matching import csv_cell
from knowledge.eligibility.sheets import SheetRefused, refuse_bloated
from server.casework import rosters
from server.casework.officers import Role, scope
from server.clock import china_day
from server.confidential.private_files import in_memory
from server.console import forms
from server.console.entering import first_region, officer, regions, takes
from server.console.forms import Form
from server.console.rendering import attached, go_to, page
from server.records.audit import Action
from server.register import importing, naming, rostering, searching, sheets, undoing
from server.register.importing import ASKED, Already, Desk, Fate, Plan, Told, Twice, read_plan
from server.register.searching import Wanted
from server.register.sheets import SheetUnfit
from server.register.tables import ImportState, Level, RegisterImport
from server.web.admitting import Who, admits
from server.web.problems import words_of_field
from server.web.resources import resources

blueprint = Blueprint("register_imports", __name__, url_prefix="/register/imports")

_SECONDS = 8.0
"""How long one press enters lines; the next one goes on."""
_MOST_LINES = 30_000
"""Larger files are entered by command: a page has seconds, not minutes."""
_MOST_SHOWN = 100

STATES: Mapping[ImportState, str] = {
    ImportState.READ: "还没导入",
    ImportState.UNDER_WAY: "导入了一部分",
    ImportState.DONE: "导入完了",
    ImportState.UNDONE: "已撤销",
}
FATES: Mapping[Fate, str] = {
    Fate.NEW: "新登记",
    Fate.UPDATE: "更新台账里的",
    Fate.SAME: "和台账一样",
    Fate.KEPT: "台账里有，不更新",
    Fate.TWICE: "表里重复，不算这一行",
    Fate.OTHER_NAME: "身份证号在台账里，姓名不一样",
    Fate.ALIKE: "姓名和电话在台账里，身份证号不一样",
    Fate.HAS_LEFT: "已经退出，要核查后重新列入",
    Fate.ELSEWHERE: "在别的地区的台账里",
    Fate.BAD: "读不了",
}
_USES = {
    sheets.NOTHING: "不用",
    **{use: names[0] for use, names in sheets.COLUMNS.items()},
}
_ALREADY = ((Already.UPDATE, "用表里的更新"), (Already.KEEP, "不动台账里的"))
_TWICE = (
    (Twice.FIRST, "用第一行"),
    (Twice.LAST, "用最后一行"),
    (Twice.NONE, "都不用，我再查"),
)


class UploadAsked(forms.Asked):
    """Of which region the lines are that name none."""

    region: str


class PlanAsked(forms.Asked):
    """How duplicates are settled."""

    level: Level | None = None
    already: Already = Already.UPDATE
    twice: Twice = Twice.FIRST


class TakesAsked(forms.Asked):
    """Lines that are taken after a look."""

    take: tuple[Annotated[int, Field(ge=1)], ...] = ()


class EnterAsked(forms.Asked):
    """What the dry run gave."""

    digest: str


class RosterAsked(forms.Asked):
    """Whom to match."""

    region: str


@blueprint.get("/")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_imports() -> Response:
    """The form for a file, and the imports there were."""
    return _upload_page(forms.empty(region=first_region()))


@blueprint.post("/")
@admits(Who.OFFICER, Role.CASE_OFFICER)
@takes(megabytes=8)
def post_import() -> Response:
    """Keep a file sealed until it is decided on."""
    form = forms.read(UploadAsked)
    file = request.files.get("file")
    content = b"" if file is None else file.read()
    if not content:
        form.refuse("file", "这个文件是空的。" if file and file.filename else "请选文件。")
    elif words := _unfit(content):
        form.refuse("file", words)
    if form.asked is not None and form.asked.region not in scope(officer(), regions()):
        form.refuse("region", "请从列表里选。")
    if form.asked is None:
        return _upload_page(form, 422)
    desk = _desk()
    with desk.database.begin() as session:
        row = importing.keep(session, desk, content, form.asked.region)
    return go_to(url_for(".get_columns", id=row.id))


@blueprint.get("/<id>/columns")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_columns(id: str) -> Response:
    """What each column is taken for."""
    row = _found(id)
    headers = _headers(row)
    plan = read_plan(row.plan) or Plan(sheets.guessed(headers, _desk().library.facts))
    return _columns_page(row, headers, plan)


@blueprint.post("/<id>/columns")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_columns(id: str) -> Response:
    """Note what each column is, and how duplicates are settled."""
    desk, row = _desk(), _found(id)
    headers = _headers(row)
    known = {*_USES, *desk.library.facts}
    given = {header: request.form.get(f"c{place}", "") for place, header in enumerate(headers)}
    uses = {header: use if use in known else sheets.NOTHING for header, use in given.items()}
    asked = forms.read(PlanAsked).asked or PlanAsked()
    plan = Plan(uses, asked.level, asked.already, asked.twice)
    try:
        sheets.places_of(headers, uses, desk.library.facts)
    except SheetUnfit as unfit:
        return _columns_page(row, headers, plan, _words_of(unfit))
    with desk.database.begin() as session:
        found = importing.find(session, id, desk)
        importing.choose(session, found, plan, now=desk.clock())
    return go_to(url_for(".get_import", id=id))


@blueprint.get("/<id>")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_import(id: str) -> Response:
    """What would become of every line, or what has."""
    return _import_page(_found(id))


@blueprint.get("/<id>/bad.csv")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_bad(id: str) -> Response:
    """Every line that can't be read, and why; those that need a look, too."""
    told = importing.dry_run(_desk(), _found(id))
    lines = ["行,列,原因"]
    for bad in told.bad:
        cells = (str(bad.line), bad.column, words_of_field(bad.fault))
        lines.append(",".join(map(csv_cell, cells)))
    lines += [f"{line},,{FATES[fate]}" for line, fate, _ in told.asked]
    return attached(("\n".join(lines) + "\n").encode("utf-8-sig"), "bad.csv")


@blueprint.post("/<id>/takes")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_takes(id: str) -> Response:
    """Note which of the lines that need a look are taken."""
    desk = _desk()
    asked = forms.read(TakesAsked).asked or TakesAsked()
    with desk.database.begin() as session:
        row = importing.find(session, id, desk)
        plan = read_plan(row.plan)
        if plan is not None:
            plan = replace(plan, take=frozenset(asked.take))
            importing.choose(session, row, plan, now=desk.clock())
    return go_to(url_for(".get_import", id=id), "记下了，请看看新的数字。")


@blueprint.post("/<id>/enter")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_enter(id: str) -> Response:
    """Enter lines for some seconds; the next press goes on."""
    asked = forms.read(EnterAsked).asked
    until = time.monotonic() + _SECONDS
    for _ in importing.go_on(_desk(), id, asked.digest if asked else ""):
        if time.monotonic() > until:
            break
    return go_to(url_for(".get_import", id=id))


@blueprint.post("/<id>/undo")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_undo(id: str) -> Response:
    """Undo an import as a whole, after a question; one that nobody began is forgotten."""
    row = _found(id)
    if row.state != ImportState.READ and not forms.typed("confirmed"):
        return page(
            "sure.html",
            title="请核对",
            action=url_for(".post_undo", id=id),
            back=url_for(".get_import", id=id),
            question="整批撤销吗？新登记的会从台账里拿掉，改过的变回导入以前。要再导入，得重新上传文件。",
            yes="整批撤销",
            danger=True,
            hidden=[("confirmed", "yes")],
        )
    people = undoing.undo(_desk(), id)
    told = f"已经撤销，{people}个人和导入以前一样。" if people else "文件已经删除。"
    return go_to(url_for(".get_imports"), told)


@blueprint.post("/roster")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_roster() -> Response:
    """The register of a region as a roster, to be matched; every look is noted."""
    desk, tree = _desk(), regions()
    asked = forms.read(RosterAsked).asked
    if asked is None or asked.region not in scope(officer(), tree):
        return _upload_page(forms.empty(), 422, "请从列表里选地区。")
    wanted = {asked.region, *tree.descendants(asked.region)}
    today = china_day(desk.clock())
    if _people(desk, wanted) > rosters.MOST_PEOPLE:
        told = f"这里一次最多{rosters.MOST_PEOPLE}人，请选小一点的地区，或者用命令比对。"
        return _upload_page(forms.empty(), 422, told)
    content, people = rostering.roster_csv(desk, wanted, action=Action.READ)
    if not people:
        return _upload_page(forms.empty(), 422, "这个地区的台账里没有人。")
    with desk.database.begin() as session:
        id = rosters.keep(
            session, desk.safe, tree, content=content, region=asked.region, as_of=today,
            by=officer(), now=desk.clock(),
        )  # fmt: skip
        uses = rosters.guessed(rosters.headers(content), desk.library.facts)
        rosters.choose(session, rosters.find(session, id, officer(), tree), uses)
    return go_to(url_for("desk.rosters.get_roster", id=id))


def _people(desk: Desk, wanted: set[str]) -> int:
    with desk.database.read() as session:
        return searching.listed(session, Wanted(wanted))[1]


def _desk() -> Desk:
    known = resources()
    library = known.serving.current().library
    return Desk(known.database, known.subject_keys, known.safe, library, officer(), known.clock)


def _found(id: str) -> RegisterImport:
    desk = _desk()
    with desk.database.read() as session:
        return importing.find(session, id, desk)


def _headers(row: RegisterImport) -> list[str]:
    with in_memory(importing.content_of(_desk().safe, row)) as path:
        return sheets.headers_of(path)


def _unfit(content: bytes) -> str:
    """Why nothing of a file can be read; empty where it can."""
    try:
        with in_memory(content) as path:
            refuse_bloated(path)
            sheets.headers_of(path)
            lines = sum(1 for _ in sheets.rows_of(path))
    except SheetRefused:
        return "这个文件读不了。要CSV或者XLSX，第一行是列名，每行一个人。"
    except SheetUnfit as unfit:
        return _words_of(unfit)
    return f"这里一次最多{_MOST_LINES}行，更多的请用命令导入。" if lines > _MOST_LINES else ""


def _words_of(unfit: SheetUnfit) -> str:
    if unfit.twice:
        return f"有两列是同一项：{unfit.twice}。请只留一列。"
    missing = "、".join(sheets.COLUMNS[use][0] for use in unfit.missing)
    return (
        f"还要有这几列：{missing}。表里有的话，看看第一行是不是列名：上面的标题要删掉，再重新上传。"
    )


def _upload_page(form: Form[UploadAsked], status: int = 200, refused: str = "") -> Response:
    desk, tree = _desk(), regions()
    with desk.database.read() as session:
        found = importing.listed(session, desk)
    return page(
        "register_imports.html",
        title="导入台账",
        status=status,
        form=form,
        refused=refused,
        imports=found,
        states=STATES,
        places=[(id, tree.get(id).label) for id in sorted(scope(officer(), tree))],
        most=_MOST_LINES,
    )


def _columns_page(
    row: RegisterImport, headers: list[str], plan: Plan, refused: str = ""
) -> Response:
    library = _desk().library
    wanted = library.rules.facts_of(library.rules.of(row.region))
    facts = {key: library.facts[key].label for key in wanted}
    settled = {"level": plan.level or "", "already": plan.already, "twice": plan.twice}
    return page(
        "register_columns.html",
        title="每一列是什么",
        status=422 if refused else 200,
        row=row,
        headers=headers,
        uses=plan.uses,
        options=[*_USES.items(), *facts.items()],
        form=forms.empty(**settled),
        levels=[(level.value, label) for level, label in naming.LEVELS.items()],
        already=[(value.value, label) for value, label in _ALREADY],
        twice=[(value.value, label) for value, label in _TWICE],
        refused=refused,
    )


def _import_page(row: RegisterImport) -> Response:
    told: Told | None = None
    if row.state in (ImportState.READ, ImportState.UNDER_WAY) and row.sealed is not None:
        if not row.plan:
            return go_to(url_for(".get_columns", id=row.id))
        try:
            told = importing.dry_run(_desk(), row)
        except SheetUnfit as unfit:
            plan = read_plan(row.plan)
            assert plan is not None
            return _columns_page(row, _headers(row), plan, _words_of(unfit))
    entered = Counter({Fate(fate): count for fate, count in json.loads(row.counts).items()})
    plan = read_plan(row.plan)
    return page(
        "register_import.html",
        title="导入台账：结果" if told is None else "导入台账：试算",
        row=row,
        state=STATES[ImportState(row.state)],
        fates=None if told is None else list(_fates(told.counts)),
        digest="" if told is None else told.digest,
        entered=list(_fates(entered)),
        asked=[] if told is None else [
            (line, FATES[fate], entry_id) for line, fate, entry_id in told.asked[:_MOST_SHOWN]
        ],
        taken=sorted(plan.take) if plan else [],
        bad=[] if told is None else [
            (each.line, each.column, words_of_field(each.fault)) for each in told.bad[:_MOST_SHOWN]
        ],
        bad_lines=0 if told is None else len(told.bad),
        asked_lines=0 if told is None else len(told.asked),
    )  # fmt: skip


def _fates(counts: Counter[Fate]) -> Iterator[tuple[str, int, bool]]:
    for fate, words in FATES.items():
        if counts[fate]:
            yield words, counts[fate], fate in ASKED or fate is Fate.BAD
