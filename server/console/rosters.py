"""Matching a roster: upload, what each column is, a dry run, and cases for whom it is due."""

import re
import time
from collections import Counter
from datetime import date
from typing import Annotated

from flask import Blueprint, Response, request, url_for
from pydantic import Field

from knowledge.eligibility.rosters import Unread
from server.casework import officers, proactive, rosters
from server.casework.officers import Role
from server.casework.proactive import Fate, Run
from server.casework.rosters import FileRefused, Matching, RosterUnknown, Use, Why
from server.casework.tables import RosterFile
from server.clock import china_day
from server.console import forms, naming
from server.console.entering import officer, regions, takes
from server.console.forms import Form
from server.console.rendering import attached, go_to, page
from server.web.admitting import Who, admits
from server.web.problems import words_of_fact
from server.web.resources import resources

_SECONDS = 8.0
"""How long one press makes cases; the next one goes on where it stopped."""
_TOLD = re.compile(rf"({'|'.join(Fate)}):([0-9]{{1,7}})")
_MOST_SHOWN = 100

_WHY = {
    Why.NO_TABLE: "这个文件读不了。要CSV或者XLSX，第一行是列名，每行一个人。",
    Why.TOO_MANY: f"这里一次最多{rosters.MOST_PEOPLE}人，请分开传。",
    Why.TWICE: "有两列是同一项，请只留一列。",
    Why.NO_FACT: "没有一列是能用来比对的条件，请至少选一列。",
    Why.NO_PERSON: "要生成办件，还得有编号、姓名、身份证号、手机号这四列。",
}
_USES = (
    (Use.NOTHING, "不用"),
    (Use.ID, "编号"),
    (Use.NAME, "姓名"),
    (Use.IDENTITY_NUMBER, "身份证号"),
    (Use.PHONE, "手机号"),
    (Use.BANK_CARD, "银行卡号"),
    (Use.NATIVE_PLACE, "籍贯"),
)

blueprint = Blueprint("rosters", __name__, url_prefix="/rosters")


class _RosterAsked(forms.Asked):
    region: str
    as_of: date


class _ConfirmAsked(forms.Asked):
    measures: Annotated[list[str], Field(min_length=1)]
    digest: str = ""
    told: str = ""
    """How many lines have which fate by the presses before."""


@blueprint.get("/")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_rosters() -> Response:
    """The form for a file, and the file that waits for a decision."""
    today = china_day(resources().clock())
    return _upload_page(forms.empty(as_of=today.isoformat()))


@blueprint.post("/")
@admits(Who.OFFICER, Role.CASE_OFFICER)
@takes(megabytes=8)
def post_roster() -> Response:
    """Keep a file sealed until it is decided on."""
    known = resources()
    form = forms.read(_RosterAsked, {"as_of": "日期请写成2026-03-01这样。"})
    file = request.files.get("file")
    content = b"" if file is None else file.read()
    if not content:
        form.refuse("file", "请选花名册文件。")
    if form.asked is not None and form.asked.region not in _seen():
        form.refuse("region", "请从列表里选。")
    try:
        if content:
            rosters.headers(content)
    except FileRefused as error:
        form.refuse("file", _WHY[error.why])
    asked = form.asked
    if asked is None:
        return _upload_page(form, 422)
    with known.database.begin() as session:
        id = rosters.keep(
            session, known.safe, regions(), content=content, region=asked.region,
            as_of=asked.as_of, by=officer(), now=known.clock(),
        )  # fmt: skip
    return go_to(url_for("desk.rosters.get_columns", id=id))


@blueprint.get("/<id>/columns")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_columns(id: str) -> Response:
    """What each column is taken for."""
    row, content = _found(id)
    headers = rosters.headers(content)
    library = resources().serving.current().library
    uses = rosters.uses_of(row) or rosters.guessed(headers, library.facts)
    return _columns_page(row, headers, uses)


@blueprint.post("/<id>/columns")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_columns(id: str) -> Response:
    """Note what each column is."""
    known = resources()
    row, content = _found(id)
    headers = rosters.headers(content)
    library = known.serving.current().library
    allowed = {use for use, _ in _USES} | set(library.facts)
    given = {header: request.form.get(f"c{place}", "") for place, header in enumerate(headers)}
    uses = {header: use if use in allowed else Use.NOTHING for header, use in given.items()}
    try:
        rosters.check(uses, library.facts)
    except FileRefused as error:
        return _columns_page(row, headers, uses, _WHY[error.why])
    with known.database.begin() as session:
        rosters.choose(session, rosters.find(session, id, officer(), regions()), uses)
    return go_to(url_for("desk.rosters.get_roster", id=id))


@blueprint.get("/<id>")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_roster(id: str) -> Response:
    """The dry run."""
    row, content = _found(id)
    if not row.mapping:
        return go_to(url_for("desk.rosters.get_columns", id=id))
    return _roster_page(row, content)


@blueprint.get("/<id>/<kind>.csv")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_csv(id: str, kind: str) -> Response:
    """What was found, whom to ask, or which lines can't be read."""
    row, content = _found(id)
    library = resources().serving.current().library
    matching = rosters.matched(library, content, row)
    if kind == "outcomes":
        text = rosters.outcomes_csv(matching, library)
    elif kind == "asks":
        text = rosters.asks_csv(matching, library)
    elif kind == "unread":
        text = rosters.unread_csv(matching, _why_unread)
    else:
        raise RosterUnknown(kind)
    return attached(text.encode("utf-8-sig"), f"{kind}.csv")


@blueprint.post("/<id>/confirm")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_confirm(id: str) -> Response:
    """Make the cases that were counted, press by press; then erase the file."""
    known = resources()
    row, content = _found(id)
    asked = forms.read(_ConfirmAsked).asked
    if asked is None:
        return _roster_page(row, content, 422, "请至少选一项政策。")
    try:
        run = _run(row, content, asked.measures)
    except FileRefused as error:
        return _roster_page(row, content, 422, _WHY[error.why])
    if asked.digest and asked.digest != run.digest:
        return _roster_page(row, content, 409, "选的政策或者列变了，请看看新的数字再确认。")
    if not asked.digest:
        return _confirm_page(row, run, asked.measures)
    told, is_whole = _proposed(run, Counter(_told(asked.told)))
    if not is_whole:
        return page(
            "roster_going_on.html",
            title="还没有办完",
            row=row,
            done=told.total(),
            left=len(run.roster.entries) - told.total(),
            fates=_fates(told),
            hidden=[
                ("digest", run.digest),
                ("told", " ".join(f"{fate}:{count}" for fate, count in told.items())),
                *(("measures", measure) for measure in asked.measures),
            ],
        )
    with known.database.begin() as session:
        file = rosters.find(session, id, officer(), regions())
        rosters.erase(session, known.safe, file, by=officer(), now=known.clock())
    return page(
        "roster_done.html",
        title="办好了，花名册已经删除",
        made=told[Fate.PROPOSED],
        fates=_fates(told),
    )


@blueprint.post("/<id>/erase")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_erase(id: str) -> Response:
    """Give it up: the file is erased, nothing else has happened."""
    known = resources()
    with known.database.begin() as session:
        row = rosters.find(session, id, officer(), regions())
        rosters.erase(session, known.safe, row, by=officer(), now=known.clock())
    return go_to(url_for("desk.rosters.get_rosters"), "花名册已经删除。")


def _seen() -> frozenset[str]:
    return officers.scope(officer(), regions())


def _found(id: str) -> tuple[RosterFile, bytes]:
    known = resources()
    with known.database.read() as session:
        row = rosters.find(session, id, officer(), regions())
    return row, rosters.content_of(known.safe, row)


def _run(row: RosterFile, content: bytes, measures: list[str]) -> Run:
    known = resources()
    served = known.serving.current()
    matching = rosters.matched(served.library, content, row, measures)
    return Run(
        served.library,
        served.release,
        rosters.with_people(content, row, matching),
        officer(),
        known.safe,
        china_day(known.clock()),
        proactive.chosen(measures),
        row.region,
    )


def _proposed(run: Run, told: Counter[Fate]) -> tuple[Counter[Fate], bool]:
    """Make cases for some seconds; what became of every line so far, and whether that is all."""
    known = resources()
    until = time.monotonic() + _SECONDS
    going = proactive.propose(
        known.database, known.subject_keys, run, skipping=told.total(), clock=known.clock
    )
    for each in going:
        told[each.fate] += 1
        if time.monotonic() > until and told.total() < len(run.roster.entries):
            return told, False
    return told, True


def _told(written: str) -> dict[Fate, int]:
    """How many lines have which fate, as the form carries it from press to press."""
    return {Fate(fate): int(count) for fate, count in _TOLD.findall(written)}


def _fates(counted: Counter[Fate]) -> list[tuple[str, int]]:
    return [(naming.FATES[fate], counted[fate]) for fate in Fate if counted[fate]]


def _why_unread(each: Unread) -> str:
    return words_of_fact(each.fault) if each.fault else "这一行读不了，列数不对或者格式坏了。"


def _upload_page(form: Form[_RosterAsked], status: int = 200) -> Response:
    with resources().database.read() as session:
        waiting = rosters.newest_of(session, officer())
    return page(
        "rosters.html",
        title="花名册比对",
        status=status,
        form=form,
        waiting=waiting,
        places=[(region.id, region.label) for region in regions() if region.id in _seen()],
        most=rosters.MOST_PEOPLE,
    )


def _columns_page(
    row: RosterFile, headers: list[str], uses: dict[str, str], refused: str = ""
) -> Response:
    library = resources().serving.current().library
    wanted = library.rules.facts_of(library.rules.of(row.region))
    facts = [(key, library.facts[key].label) for key in wanted]
    return page(
        "roster_columns.html",
        title="每一列是什么",
        status=422 if refused else 200,
        row=row,
        headers=headers,
        uses=uses,
        options=[*_USES, *facts],
        refused=refused,
    )


def _roster_page(row: RosterFile, content: bytes, status: int = 200, refused: str = "") -> Response:
    library = resources().serving.current().library
    try:
        matching = rosters.matched(library, content, row)
    except FileRefused as error:
        headers = rosters.headers(content)
        return _columns_page(row, headers, rosters.uses_of(row), _WHY[error.why])
    asked = Counter((ask.fact, ask.measure) for ask in matching.asks)
    return page(
        "roster.html",
        title="试算结果",
        status=status,
        row=row,
        refused=refused,
        matching=matching,
        measures=_measures(matching),
        asks=[
            (library.facts[fact].label, naming.measure_of(library, measure), people)
            for (fact, measure), people in asked.most_common(_MOST_SHOWN)
        ],
        unread=[
            (each.line, each.column, _why_unread(each)) for each in matching.unread[:_MOST_SHOWN]
        ],
        unread_lines=len({each.line for each in matching.unread}),
        place=naming.place_of(library, row.region),
    )


def _measures(matching: Matching) -> list[tuple[str, str, bool, Counter[str]]]:
    library = resources().serving.current().library
    return [
        (id, naming.measure_of(library, id), id in matching.open, Counter(counted))
        for id, counted in matching.outcomes.items()
    ]


def _confirm_page(row: RosterFile, run: Run, measures: list[str]) -> Response:
    known = resources()
    library = known.serving.current().library
    told = proactive.dry_run(known.database, known.subject_keys, run)
    unread = [entry for entry in run.roster.entries if entry.reason]
    return page(
        "roster_confirm.html",
        title="确认生成办件",
        row=row,
        digest=run.digest,
        measures=measures,
        counted=[
            (naming.measure_of(library, measure), _fates(fates))
            for measure, fates in sorted(proactive.counted(told).items())
        ],
        left=sum(each.fate is Fate.PROPOSED for each in told),
        unread=[(entry.line, entry.reason) for entry in unread[:_MOST_SHOWN]],
    )
