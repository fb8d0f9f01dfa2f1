"""From drafts to what is in force: checked, proposed, published by a second person, taken back."""

import io
from typing import Annotated, Any

from flask import Blueprint, Response, request, send_file, url_for
from pydantic import Field, StringConstraints

from knowledge import archives
from knowledge.differing import release_changes
from knowledge.files import KnowledgeFileRefused
from server.casework.officers import Role
from server.clock import china_day
from server.console import forms, knowledge
from server.console.entering import actor, officer, takes
from server.console.fault_words import words_of, words_of_fault, words_of_problem
from server.console.knowledge_words import (
    SORTS,
    STATES,
    kind_of,
    note_of,
    place_of,
)
from server.console.rendering import go_to, page
from server.editing import areas, checks, drafts, publishing, receiving, trials
from server.editing.publishing import NoEarlierRelease, Proposed, ReleaseMoved
from server.editing.reports import Report
from server.editing.trials import Trial
from server.published import releases
from server.published.releases import NothingToPublish
from server.records import audit
from server.records.audit import Action
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = Blueprint("knowledge_publishing", __name__, url_prefix="/knowledge/publishing")

_EDITORS = (Role.EDITOR, Role.PUBLISHER)
_SHOWN_RELEASES = 20
_SHOWN_PROBLEMS = 300
_SHOWN_CHANGES = 20


class _TryAsked(forms.Asked):
    drafts: Annotated[list[str], Field(min_length=1, max_length=5000)]
    note: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _DecideAsked(forms.Asked):
    reason: Annotated[str, StringConstraints(max_length=publishing.LONGEST_REASON)] = ""


class _BackAsked(forms.Asked):
    release: int
    current: int
    """The release in force that the page showed."""
    confirmed: str = ""


class _ImportAsked(forms.Asked):
    note: Annotated[str, StringConstraints(min_length=1, max_length=200)] = "导入"
    only_try: str = ""


@blueprint.get("/")
@admits(Who.OFFICER, *_EDITORS)
def get_publishing() -> Response:
    """The drafts to choose from, what waits for a second person, what was in force."""
    return _publishing_page(forms.empty())


def _publishing_page(
    form: forms.Form[Any], report: Report | None = None, status: int = 200
) -> Response:
    with resources().database.read() as session:
        chosen = drafts.listed(session)
        against = checks.check(session) if chosen else None
        waiting, decided = publishing.waiting(session), publishing.decided(session)
        current = releases.current_id(session)
        history = releases.history(session)[:_SHOWN_RELEASES]
        again = publishing.were_in_force(session) - {current}
        try:
            back: int | None = publishing.before(session)
        except NoEarlierRelease:
            back = None
        people = {d.changed_by for d in chosen} | {p.proposed_by for p in (*waiting, *decided)}
        people |= {p.decided_by for p in decided if p.decided_by is not None}
        names = knowledge.names_of(session, people)
    count = {(d.kind, d.key): 0 for d in chosen}
    for trouble in against.troubles if against else ():
        if (trouble.kind, trouble.key) in count:
            count[trouble.kind, trouble.key] += 1
    return page(
        "knowledge/publishing.html",
        title="检查和发布",
        status=status,
        form=form,
        drafts=chosen,
        count=count,
        report=report and _told(report),
        waiting=waiting,
        decided=decided,
        current=current,
        history=history,
        note_of=note_of,
        back=back,
        again=again,
        names=names,
        kind_of=kind_of,
        title_of=knowledge.title_of,
        address=knowledge.piece_address,
        states=STATES,
        may_edit=Role.EDITOR in officer().roles,
        may_publish=Role.PUBLISHER in officer().roles,
    )


@blueprint.post("/")
@takes(megabytes=1)
@admits(Who.OFFICER, Role.EDITOR)
def post_proposal() -> Response:
    """Try the chosen drafts; what passes waits for a second person."""
    form = forms.read(_TryAsked, {"drafts": "请至少选一份草稿。", "note": "请写一句这次改了什么。"})
    if form.asked is None:
        return _publishing_page(form, status=422)
    chosen: list[trials.DraftVersion] = []
    for written in form.asked.drafts:
        kind, _, rest = written.partition(" ")
        version, _, key = rest.partition(" ")
        if not version.isdigit():
            form.refuse("drafts", "请重新选草稿。")
            return _publishing_page(form, status=422)
        chosen.append((kind, key, int(version)))
    known = resources()
    with known.database.read() as session:
        for kind, key, _ in chosen:
            knowledge.require_for(session, kind, key, None)
    today = china_day(known.clock())
    asked = trials.order(known.settings, known.database, today, drafts=tuple(chosen))
    return _propose(form, trials.run(asked), form.asked.note)


def _propose(form: forms.Form[Any], trial: Trial, note: str) -> Response:
    known = resources()
    if trial.report.stops:
        form.refuse("", "检查没有通过，还不能发布。下面写了要改哪里。")
        return _publishing_page(form, trial.report, status=422)
    with known.database.begin() as session:
        proposal = publishing.propose(
            session, trial, note=note, officer_id=officer().id, now=known.clock()
        )
    return go_to(
        url_for("desk.knowledge_publishing.get_proposal", id=proposal),
        "检查通过了，等另一位同事发布。",
    )


@blueprint.get("/<int:id>")
@admits(Who.OFFICER, *_EDITORS)
def get_proposal(id: int) -> Response:
    """What the gate found of a proposal, and what would be otherwise."""
    return _proposal_page(id, forms.empty())


def _proposal_page(id: int, form: forms.Form[Any], status: int = 200) -> Response:
    with resources().database.read() as session:
        found = publishing.find(session, id)
        before = (
            []
            if found.base_release_id is None
            else releases.editions_of(session, found.base_release_id)
        )
        after = releases.editions_of(session, found.release_id)
        people = {found.proposed_by, *found.authors}
        people |= {found.decided_by} if found.decided_by is not None else set()
        names = knowledge.names_of(session, people)
        moved = releases.current_id(session) != found.base_release_id
    return page(
        "knowledge/proposal.html",
        title=f"发布申请 {id}",
        status=status,
        found=found,
        form=form,
        refusal=forms.empty(),
        report=_told(found.report),
        changes=[
            (SORTS[c.sort], kind_of(c.kind), c.key, knowledge.shown(c.places[:40]))
            for c in release_changes(before, after)
        ],
        names=names,
        states=STATES,
        moved=moved,
        may_publish=Role.PUBLISHER in officer().roles and officer().id not in found.authors,
    )


@blueprint.post("/<int:id>/publish")
@admits(Who.OFFICER, Role.PUBLISHER)
def post_publish(id: int) -> Response:
    """Put a proposal in force."""
    form = forms.read(_DecideAsked)
    reason = form.asked.reason if form.asked else ""
    known = resources()
    with known.database.begin() as session:
        found = publishing.find(session, id)
        _require_all(session, found)
        if found.report.worsens and not reason:
            form.refuse("reason", "有的问题比现在答得差，或者被拿掉了。一定要发布，请写明理由。")
        else:
            publishing.publish(
                session, id, officer_id=officer().id, reason=reason, now=known.clock()
            )
    if form.errors:
        return _proposal_page(id, form, status=422)
    return go_to(url_for("desk.knowledge_publishing.get_publishing"), "已发布，马上就用新的。")


@blueprint.post("/<int:id>/refuse")
@admits(Who.OFFICER, *_EDITORS)
def post_refuse(id: int) -> Response:
    """Leave a proposal unpublished."""
    form = forms.read(_DecideAsked)
    known = resources()
    with known.database.begin() as session:
        found = publishing.find(session, id)
        role = Role.PUBLISHER if Role.PUBLISHER in officer().roles else Role.EDITOR
        _require_all(session, found, role)
        publishing.refuse(
            session,
            id,
            officer_id=officer().id,
            reason=form.asked.reason if form.asked else "",
            now=known.clock(),
        )
    return go_to(url_for("desk.knowledge_publishing.get_publishing"), "没有发布，草稿还在。")


@blueprint.post("/rollback")
@admits(Who.OFFICER, Role.PUBLISHER)
def post_rollback() -> Response:
    """Put an earlier release in force again, once it was seen what that changes."""
    form = forms.read(_BackAsked)
    if form.asked is None:
        return _publishing_page(form, status=422)
    known = resources()
    target, seen = form.asked.release, form.asked.current
    try:
        with known.database.read() as session:
            current = releases.current(session)
            before = releases.editions_of(session, target)
            changed = release_changes(current[1] if current else (), before)
            # What can't be taken back is refused before somebody waits for its trial.
            publishing.way_back(session, current[0] if current else None, to=target, seen=seen)
    except ReleaseMoved:
        return _moved(form)
    library = knowledge.served_library()
    editions = (*(current[1] if current else ()), *before)

    def pieces(kind: str, key: str) -> list[areas.Content]:
        return [content for *place, content in editions if place == [kind, key]]

    for each in changed:
        places = areas.places_of(each.kind, each.key, pieces(each.kind, each.key), library, pieces)
        areas.require(officer(), Role.PUBLISHER, places, library)
    if not form.asked.confirmed:
        titles = {(kind, key): knowledge.title_of(kind, c, key) for kind, key, c in editions}
        return page(
            "sure.html",
            title="请核对",
            action=url_for("desk.knowledge_publishing.post_rollback"),
            back=url_for("desk.knowledge_publishing.get_publishing"),
            question=f"换成第{target}次发布吗？马上就用。"
            + (f"和现在用的有{len(changed)}项不一样：" if changed else "和现在用的一样。"),
            lines=[
                f"{SORTS[c.sort]}：{kind_of(c.kind)} {titles.get((c.kind, c.key)) or c.key}"
                for c in changed[:_SHOWN_CHANGES]
            ],
            more=len(changed) - _SHOWN_CHANGES,
            yes=f"换成第{target}次",
            danger=True,
            hidden=[("release", target), ("current", seen), ("confirmed", "yes")],
        )
    # Indexed apart, where it isn't kept any more: answers are not to wait for it.
    today = china_day(known.clock())
    trial = trials.run(trials.order(known.settings, known.database, today, release=target, swaps=0))
    if trial.report.troubles:
        form.refuse("release", "这个版本现在的程序用不了，没有换。")
        return _publishing_page(form, trial.report, status=422)
    try:
        with known.database.begin() as session:
            publishing.roll_back(session, to=target, seen=seen, now=known.clock())
            # Who publishes stands with the proposal; who takes it back, here only.
            audit.record(
                session, known.safe, by=actor(), action=Action.CHANGED,
                about="current_release", row=target, worker_id=None, reason="rollback",
                now=known.clock(),
            )  # fmt: skip
    except ReleaseMoved:
        return _moved(form)
    return go_to(url_for("desk.knowledge_publishing.get_publishing"), f"已换成第{target}次发布。")


def _moved(form: forms.Form[_BackAsked]) -> Response:
    form.refuse("release", "刚刚又发布过新的知识，没有换。请看看现在用的是哪一次。")
    return _publishing_page(form, status=409)


@blueprint.get("/export")
@admits(Who.OFFICER, *_EDITORS)
def get_export() -> Response:
    """The release in force as files in a zip."""
    with resources().database.read() as session:
        found = releases.current(session)
    if found is None:
        raise NothingToPublish
    number, editions = found
    return send_file(
        io.BytesIO(archives.pack(editions)),
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"knowledge-{number}.zip",
    )


@blueprint.get("/import")
@admits(Who.OFFICER, Role.EDITOR)
def get_import() -> Response:
    """The form to take in a whole release."""
    return _import_page(forms.empty(note="导入"))


def _import_page(
    form: forms.Form[Any],
    problems: list[tuple[str, int, str]] | None = None,
    report: Report | None = None,
    status: int = 200,
) -> Response:
    return page(
        "knowledge/import.html",
        title="导入整套知识",
        status=status,
        form=form,
        problems=problems,
        report=report and _told(report),
    )


@blueprint.post("/import")
@takes(megabytes=9)
@admits(Who.OFFICER, Role.EDITOR)
def post_import() -> Response:
    """Look at a whole release and say what is wrong; or propose it, whole."""
    form = forms.read(_ImportAsked, {"note": "请写一句这次导入什么。"})
    file = request.files.get("file")
    content = file.read() if file else b""
    if form.asked is None or not content:
        if not content:
            form.refuse("file", "请选一个zip文件。")
        return _import_page(form, status=422)
    try:
        editions = receiving.release_of(content)
    except KnowledgeFileRefused as refused:
        form.refuse("file", f"有{len(refused.problems)}处不对，什么都没有导入。")
        shown = refused.problems[:_SHOWN_PROBLEMS]
        rows = [(each.file, each.line, words_of_problem(each)) for each in shown]
        return _import_page(form, rows, status=422)
    known = resources()
    today = china_day(known.clock())
    asked = trials.order(
        known.settings, known.database, today, whole=True, editions=tuple(editions)
    )
    trial = trials.run(asked)
    if trial.report.stops or form.asked.only_try:
        return _import_page(form, [], trial.report)
    with known.database.read() as session:
        publishing.require_changes(
            session, trial, officer(), Role.EDITOR, knowledge.served_library()
        )
    return _propose(form, trial, form.asked.note)


def _require_all(session: Any, found: Proposed, role: Role = Role.PUBLISHER) -> None:
    publishing.require(session, found, officer(), role, knowledge.served_library())


def _told(report: Report) -> dict[str, Any]:
    return {
        "report": report,
        "words_of_fault": words_of_fault,
        "troubles": [
            (
                kind_of(t.kind),
                t.key,
                place_of(t.location),
                words_of(t),
                knowledge.piece_address(t.kind, t.key) if t.key else "",
            )
            for t in report.troubles
        ],
    }
