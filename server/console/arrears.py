"""Joint reports of wage arrears at the desk: who waits, one with its parts, what officers do."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, send_file, url_for
from sqlmodel import Session

from server import money
from server.arrears import handling, merging, packing, reading, telling
from server.arrears.figures import NOTHING, of_parts
from server.arrears.handling import AT_ONCE, Desk, Wanted
from server.arrears.joining import person_purpose
from server.arrears.moves import COUNTED, MOVES, UNDER_WAY, allowed
from server.arrears.moving import JointReportChanged, ReportMoveRefused
from server.arrears.packing import Contents
from server.arrears.tables import JointPart, JointReport, Outcome, ReportMove, ReportState
from server.casework import materials, officers
from server.casework.materials import MaterialUnknown
from server.casework.officers import LOOKERS, Role
from server.clock import china_day
from server.confidential.masking import mask_name
from server.confidential.privacy import mask
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectErased
from server.console import forms, naming
from server.console.entering import actor, officer, regions
from server.console.forms import Asked, Form, Line
from server.console.help_requests import name_of
from server.console.rendering import go_to, page, shown_yuan
from server.money import NoSum
from server.personal.persons import as_kept
from server.records import audit
from server.records.audit import Action
from server.register.tables import Employer
from server.web.admitting import Who, admits
from server.web.browsers import handed_in
from server.web.resources import post, resources

blueprint = Blueprint("arrears", __name__, url_prefix="/arrears")

_ERASED = "（资料已删除）"
STATES: Mapping[ReportState, tuple[str, str]] = {
    ReportState.GATHERING: ("还没交上来", "empty"),
    ReportState.HANDED_IN: ("待受理", "warn"),
    ReportState.TAKEN: ("办理中", "busy"),
    ReportState.ASKED_BACK: ("等补材料", "warn"),
    ReportState.SENT: ("已移送劳动监察", "busy"),
    ReportState.SETTLED: ("已办结", "good"),
    ReportState.MERGED: ("已并入另一件", "empty"),
    ReportState.DROPPED: ("作废", "empty"),
}
_MOVED: Mapping[ReportMove, str] = {
    ReportMove.START: "发起",
    ReportMove.HAND_IN: "交上来",
    ReportMove.TAKE: "受理",
    ReportMove.ASK_BACK: "要求补材料",
    ReportMove.EXPORT: "生成移送包",
    ReportMove.SEND: "移送劳动监察",
    ReportMove.TELL: "告诉大家进展",
    ReportMove.RECOVER: "记下追回",
    ReportMove.SETTLE: "办结",
    ReportMove.MERGE: "并入另一件",
    ReportMove.TAKE_IN: "并入了另一件",
    ReportMove.DROP: "作废",
}
_SHOWS: Mapping[str, frozenset[ReportState]] = {
    "": UNDER_WAY,
    "overdue": UNDER_WAY,
    "gathering": frozenset({ReportState.GATHERING}),
    "ended": frozenset({ReportState.SETTLED, ReportState.MERGED, ReportState.DROPPED}),
}
_STALE = "别人刚办过这一件，什么都没有保存。请看“经过”，再决定。"


class _Filter(Asked):
    show: str = ""
    region: str | None = None
    page: int = 1


class _MoveAsked(Asked):
    version: int
    words: str = ""
    outcome: Outcome | None = None


class _MergeAsked(Asked):
    version: int
    into: Line


class _EmployerAsked(Asked):
    version: int
    employer: Line


class _Page(Asked):
    page: int = 1


@blueprint.get("/")
@admits(Who.OFFICER, *LOOKERS)
def get_reports() -> Response:
    """Reports of the officer's regions, those that wait for an officer first."""
    known, who = resources(), officer()
    asked = forms.read_query(_Filter)
    today = china_day(known.clock())

    def wanted(show: str) -> Wanted:
        overdue_on = today if show == "overdue" else None
        region = asked.region if asked.region in regions() else None
        return Wanted(_SHOWS.get(show, UNDER_WAY), region, overdue_on)

    with known.database.read() as session:
        total = handling.counted(session, who, regions(), wanted(asked.show))
        pages = max(1, -(-total // AT_ONCE))
        number = min(max(1, asked.page), pages)
        found = handling.listed(session, who, regions(), wanted(asked.show), page=number)
        counts = {
            show: handling.counted(session, who, regions(), Wanted(_SHOWS[show], None,
                                   today if show == "overdue" else None))
            for show in _SHOWS
        }  # fmt: skip
        sums = handling.total(session, who, regions())
    seen = officers.scope(who, regions())
    return page(
        "arrears.html",
        title="联名反映欠薪",
        asked=asked,
        form=forms.empty(region=asked.region or ""),
        places=[(region.id, region.label) for region in regions() if region.id in seen],
        reports=found,
        total=total,
        counts=counts,
        sums=sums,
        today=today,
        number=number,
        pages=pages,
        states=STATES,
        library=known.serving.current().library,
        naming=naming,
    )


@blueprint.get("/<id>")
@admits(Who.OFFICER, *LOOKERS)
def get_report(id: str) -> Response:
    """One report with a page of its parts; looking at people is noted."""
    return _report_page(id)


@blueprint.post("/<id>/moves/<move>")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_move(id: str, move: str) -> Response:
    """Do what the state allows; everybody who joined is told."""
    form = forms.read(_MoveAsked)
    acts = {str(each): (each, act) for each, act in _ACTS.items()}
    if move not in acts:
        raise ReportMoveRefused("")
    what, act = acts[move]
    asked = form.asked
    if asked is not None and what in _NEEDS_WORDS and not asked.words:
        form.refuse("words", "请写几句话，大家都会看到。")
    if asked is not None and what is ReportMove.SETTLE and asked.outcome is None:
        form.refuse("outcome", "请选一个结果。")
    if form.asked is None or asked is None:
        return _report_page(id, form, move)
    known = resources()
    # What everybody is told must not hold anybody's number.
    words = mask(asked.words, known.serving.current().public_numbers)
    by_post = post()
    try:
        with _desk() as desk:
            report = act(desk, id, words, asked)
            parts = handling.parts_of(desk.session, report.id)
            telling.tell(desk.session, by_post, report, parts, what, words, now=desk.now)
    except (JointReportChanged, ReportMoveRefused):
        form.refuse("words", _STALE)
        return _report_page(id, form, move, status=409)
    return go_to(url_for(".get_report", id=id), f"{_MOVED[what]}：已记下，会在微信里通知每个人。")


@blueprint.post("/<id>/recovered")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_recovered(id: str) -> Response:
    """Note what people on this page have got; an empty field stays as it is."""
    known = resources()
    form = forms.read(_MoveAsked)
    with known.database.read() as session:
        report = handling.of_officer(session, id, officer(), regions())
        parts = handling.parts_of(session, report.id)
    sums: dict[str, int] = {}
    for part in parts:
        if typed := forms.typed(f"got-{part.id}"):
            try:
                got = money.fen(typed)
            except NoSum:
                got = -1
            if not 0 <= got <= part.amount_fen:
                form.refuse(f"got-{part.id}", f"写成元，最多{shown_yuan(part.amount_fen)}。")
            sums[part.id] = got
    if form.asked is None or not sums:
        return _report_page(id, form, "recover")
    by_post = post()
    with _desk() as desk:
        report, changed = handling.recover(desk, id, sums, version=form.asked.version)
        telling.tell(desk.session, by_post, report, changed, ReportMove.RECOVER, now=desk.now)
    return go_to(url_for(".get_report", id=id), f"记下了{len(changed)}个人的追回金额。")


@blueprint.post("/<id>/merge")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_merge(id: str) -> Response:
    """Make its parts those of another report."""
    asked = forms.read(_MergeAsked).asked
    if asked is None:
        return _report_page(id, status=422)
    by_post = post()
    with _desk() as desk:
        kept = merging.merge(desk, id, asked.into, version=asked.version)
        parts = handling.parts_of(desk.session, kept.id)
        telling.tell(desk.session, by_post, kept, parts, ReportMove.MERGE, now=desk.now)
    return go_to(url_for(".get_report", id=kept.id), f"{id}并进来了，重复的人只算一次。")


@blueprint.post("/<id>/employer")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_employer(id: str) -> Response:
    """Say which employer of the register it is."""
    asked = forms.read(_EmployerAsked).asked
    if asked is None:
        return _report_page(id, status=422)
    with _desk() as desk:
        handling.belongs_to(desk, id, asked.employer, version=asked.version)
    return go_to(url_for(".get_report", id=id), "单位已经对上。")


@blueprint.post("/<id>/export")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_export(id: str) -> Response:
    """The one file for the inspectors; of whom it tells is noted before it is handed out."""
    asked = forms.read(_MoveAsked).asked
    if asked is None:
        return _report_page(id, status=422)
    known = resources()
    library, now = known.serving.current().library, known.clock()
    with known.database.read() as session:
        report = handling.of_officer(session, id, officer(), regions())
        if report.state not in MOVES[ReportMove.EXPORT]:
            raise ReportMoveRefused(report.state)
        parts = handling.parts_of(session, id)
        proofs = reading.proofs_of(session, [part.id for part in parts])
    keys = known.subject_keys.safes_of(part.worker_id for part in parts)
    place = naming.place_of(library, report.region)
    contents = Contents(report, place, parts, proofs, keys)
    packed = packing.pack(contents, known.store, known.settings.data_dir, at=now)
    try:
        with _desk() as desk:
            handling.exported(desk, id, parts, version=asked.version, digest=packed.sha256)
    except BaseException:
        packed.file.close()
        raise
    return send_file(
        packed.file, mimetype="application/zip", as_attachment=True, download_name=f"{id}.zip",
        max_age=0, conditional=False,
    )  # fmt: skip


@blueprint.get("/<id>/proofs/<material>")
@admits(Who.OFFICER, *LOOKERS)
def get_proof(id: str, material: str) -> Response:
    """A photo or document that somebody handed in; looking at it is noted."""
    known = resources()
    with known.database.read() as session:
        report = handling.of_officer(session, id, officer(), regions())
        found = reading.proof_in(session, id, material)
    if found is None or report.state not in COUNTED:
        raise MaterialUnknown(material)
    own = known.subject_keys.safes_of([found.worker_id]).get(found.worker_id)
    if own is None:
        raise SubjectErased
    content = materials.content(known.store, own, found.id)
    by, now = actor(), known.clock()
    known.database.together(lambda session: materials.read(session, own, found, by=by, now=now))
    return handed_in(content, found.media_type, found.id[:8], shown=True)


@contextmanager
def _desk() -> Iterator[Desk]:
    """A write transaction with the officer in it."""
    known = resources()
    with known.database.begin() as session:
        yield Desk(session, known.safe, regions(), officer(), known.clock())


_Act = Callable[[Desk, str, str, _MoveAsked], JointReport]


def _hand_in(desk: Desk, id: str, _: str, asked: _MoveAsked) -> JointReport:
    return handling.hand_in(
        desk.session, desk.safe, id, by=desk.by, regions=desk.regions, version=asked.version,
        now=desk.now,
    )  # fmt: skip


def _settle(desk: Desk, id: str, words: str, asked: _MoveAsked) -> JointReport:
    assert asked.outcome is not None
    return handling.settle(desk, id, asked.outcome, words, version=asked.version)


_ACTS: Mapping[ReportMove, _Act] = {
    ReportMove.HAND_IN: _hand_in,
    ReportMove.TAKE: lambda desk, id, _, asked: handling.take(desk, id, version=asked.version),
    ReportMove.ASK_BACK: lambda desk, id, words, asked: handling.ask_back(
        desk, id, words, version=asked.version
    ),
    ReportMove.SEND: lambda desk, id, _, asked: handling.send(desk, id, version=asked.version),
    ReportMove.TELL: lambda desk, id, words, asked: handling.tell(
        desk, id, words, version=asked.version
    ),
    ReportMove.SETTLE: _settle,
}
_NEEDS_WORDS = frozenset({ReportMove.ASK_BACK, ReportMove.TELL, ReportMove.SETTLE})


def _parts(session: Session, report: JointReport, page: int | None = None) -> list[JointPart]:
    """The parts that officers may see: people agreed that they are shown once it is handed in."""
    return handling.parts_of(session, report.id, page=page) if report.state in COUNTED else []


def _report_page(
    id: str, refused: Form[Any] | None = None, move: str = "", status: int | None = None
) -> Response:
    known, who = resources(), officer()
    now = known.clock()
    with known.database.read() as session:
        report = handling.of_officer(session, id, who, regions())
        sums = of_parts(session, [id]).get(id, NOTHING)
        pages = max(1, -(-sums.people // AT_ONCE))
        number = min(max(1, forms.read_query(_Page).page), pages)
        parts = _parts(session, report, page=number)
        proofs = reading.proofs_of(session, [part.id for part in parts])
        history = [
            (event, name_of(session, event.officer_id) if event.officer_id else "工友")
            for event in handling.history(session, id)
        ]
        said = {event.version: handling.words_of(known.safe, event) for event, _ in history}
        desk = Desk(session, known.safe, regions(), who, now)
        alike = merging.alike(session, report, desk)
        others = of_parts(session, [each.report.id for each in alike])
        employer = session.get(Employer, report.employer_id) if report.employer_id else None
        scope = officers.scope(who, regions())
        candidates = [] if employer else merging.employers_like(session, report, scope)
    # Comparing names takes its time: nobody's writing waits for that.
    with known.database.begin() as session:
        _note_looks(session, known.safe, report, parts, now)
    keys = known.subject_keys.safes_of(part.worker_id for part in parts)
    state = ReportState(report.state)
    form = refused or forms.empty()
    return page(
        "arrears_report.html",
        title=f"联名反映{id}",
        status=status or (422 if refused else 200),
        report=report,
        sums=sums,
        people=[
            (place, part, _name(part, keys.get(part.worker_id)), proofs.get(part.id, []))
            for place, part in enumerate(parts, start=(number - 1) * AT_ONCE + 1)
        ],
        number=number,
        pages=pages,
        history=history,
        said=said,
        moved=_MOVED,
        alike=[(each, others.get(each.report.id, NOTHING)) for each in alike],
        takes_in=state in MOVES[ReportMove.TAKE_IN],
        merges=MOVES[ReportMove.MERGE],
        employer=employer,
        candidates=candidates,
        may=allowed(state) if Role.CASE_OFFICER in who.roles else frozenset(),
        form=form,
        move=move,
        blank=forms.empty(),
        outcomes=[(outcome.value, words) for outcome, words in telling.OUTCOMES.items()],
        outcome=report.outcome and telling.OUTCOMES[Outcome(report.outcome)],
        state=STATES[state],
        states=STATES,
        today=china_day(now),
        place=naming.place_of(known.serving.current().library, report.region),
    )


def _name(part: JointPart, own: Safe | None) -> str:
    if own is None or part.sealed_person is None:
        return _ERASED
    person = as_kept(json.loads(own.unseal(part.sealed_person, person_purpose(part.id))))
    return mask_name(person.name)


def _note_looks(
    session: Session, safe: Safe, report: JointReport, parts: list[JointPart], now: datetime
) -> None:
    if parts:
        audit.record_all(
            session, safe, by=actor(), action=Action.READ,
            about="joint_part", rows=[(part.id, part.worker_id) for part in parts],
            fields=("name", "amount_fen"), reason=f"joint_report {report.id}", now=now,
        )  # fmt: skip
