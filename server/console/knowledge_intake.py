"""From a dirty page to clauses: taken in, cleaned by visible steps, marked, made measures of."""

from collections.abc import Iterable
from typing import Annotated, Any

from flask import Blueprint, Response, request, url_for
from pydantic import Field, StringConstraints, ValidationError

from knowledge.clauses import split_clauses
from knowledge.cleaning import STEPS, CorrectionMissesText, clean
from knowledge.documents import Document, DocumentEntry
from knowledge.faults import Code, Trouble
from knowledge.proposing import proposed_document, proposed_measure
from knowledge.unkept import unkept
from server.casework.officers import Role
from server.clock import china_day
from server.console import forms, knowledge
from server.console.entering import officer, takes
from server.console.fault_words import words_of
from server.console.knowledge_words import place_of
from server.console.measure_forms import day_of
from server.console.rendering import go_to, page
from server.editing import checks, drafts, receiving
from server.editing.drafts import DraftChanged, PieceUnedited
from server.editing.recognising import Refusal, Refused
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = Blueprint("knowledge_intake", __name__, url_prefix="/knowledge/documents")

LONGEST_PASTED = 400_000
_REFUSED = {
    Refusal.EMPTY: "文件是空的。",
    Refusal.KIND: "看不出这是什么文件。请传网页、Word（docx）、PDF或者纯文本。",
    Refusal.BROKEN: "文件坏了，打不开。请重新下载一次再传。",
    Refusal.TOO_LARGE: "文件太大了，政策文件不会这么长。",
    Refusal.LOCKED: "文件有密码，请先去掉密码。",
    Refusal.NO_TEXT: "文件里没有文字，可能是扫描的图片。请换成有文字的，或者把文字粘贴进来。",
    Refusal.TOO_HARD: "读这个文件花的时间太长，没有读完。",
}
_TEXT_FIELDS = ("title", "number", "issuer", "dated", "dated_words", "about_date")


class _NewAsked(forms.Asked):
    id: Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z0-9_]+$")]
    text: Annotated[str, StringConstraints(max_length=LONGEST_PASTED, strip_whitespace=False)] = ""


class _DocumentAsked(forms.Asked):
    version: Annotated[int, Field(ge=0)]
    title: str = ""
    number: str = ""
    issuer: str = ""
    dated: str = ""
    dated_words: str = ""
    about_date: str = ""
    valid_from: str = ""
    valid_to: str = ""
    valid_locator: str = ""
    valid_quote: str = ""
    valid_note: str = ""
    skip: Annotated[list[str], Field(default_factory=list)]
    confirmed: Annotated[list[str], Field(default_factory=list)]


class _MeasureAsked(forms.Asked):
    locator: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    region: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    measure: Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z0-9]+(-[a-z0-9]+)+$")]


class _MarkAsked(forms.Asked):
    version: Annotated[int, Field(ge=0)]
    locator: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    why: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    words: Annotated[str, StringConstraints(max_length=1000)] = ""


@blueprint.get("/new")
@admits(Who.OFFICER, Role.EDITOR)
def get_new_document() -> Response:
    """The form to paste or upload a page."""
    return page("knowledge/new_document.html", title="录入文件", form=forms.empty())


@blueprint.post("/new")
@takes(megabytes=9)
@admits(Who.OFFICER, Role.EDITOR)
def post_new_document() -> Response:
    """Take a page in as the draft of a document."""
    form = forms.read(_NewAsked, {"id": "只能用小写字母、数字和下划线，比如 jinzhou2020。"})
    file = request.files.get("file")
    content = file.read() if file else b""
    text = form.asked.text if form.asked else ""
    if content:
        try:
            _, text = receiving.page_of(content)
        except Refused as refused:
            form.refuse("file", _REFUSED[refused.why])
    elif not text.strip() and form.asked:
        form.refuse("text", "请粘贴文字，或者选一个文件。")
    known = resources()
    if form.asked is not None:
        with known.database.read() as session:
            current, draft = drafts.piece(session, "document", form.asked.id)
        if current is not None or draft is not None:
            form.refuse("id", "已经有这个编号的文件了，请换一个。")
    if form.asked is None:
        return page("knowledge/new_document.html", title="录入文件", status=422, form=form)
    made = proposed_document(form.asked.id, text, today=china_day(known.clock()))
    with known.database.begin() as session:
        knowledge.require_for(session, "document", form.asked.id, made)
        drafts.save(
            session,
            kind="document",
            key=form.asked.id,
            content=made,
            version=0,
            officer_id=officer().id,
            now=known.clock(),
        )
    return go_to(url_for("desk.knowledge_intake.get_document", id=form.asked.id), "收到了。")


@blueprint.get("/<id>")
@admits(Who.OFFICER, Role.EDITOR)
def get_document(id: str) -> Response:
    """A document under way: what each cleaning step did, the clauses, what is still open."""
    return _document_page(id, None)


@blueprint.post("/<id>")
@takes(megabytes=2)
@admits(Who.OFFICER, Role.EDITOR)
def post_document(id: str) -> Response:
    """Keep what is known of the page, the steps that are left out, what was confirmed."""
    form = forms.read(_DocumentAsked)
    if form.asked is None:
        return _document_page(id, form, status=422)
    asked = form.asked
    content = _content(id)
    about = dict(content["about"])
    for name in _TEXT_FIELDS:
        about[name] = getattr(asked, name) or (None if name == "number" else "")
    about["dated"] = day_of(about["dated"])
    about["validity"] = {
        "from": day_of(asked.valid_from) or None,
        "to": day_of(asked.valid_to) or None,
        "locator": asked.valid_locator,
        "quote": asked.valid_quote,
        "note": asked.valid_note,
    }
    steps = {name for name, _, _ in STEPS}
    about["skip"] = [name for name in asked.skip if name in steps]
    about["confirmed"] = asked.confirmed
    return _kept(id, {**content, "about": about}, asked.version, form)


@blueprint.post("/<id>/no-measure")
@admits(Who.OFFICER, Role.EDITOR)
def post_no_measure(id: str) -> Response:
    """Note that a clause grants nothing."""
    form = forms.read(_MarkAsked, {"why": "请写明为什么。"})
    if form.asked is None:
        return _document_page(id, form, status=422)
    content = _content(id)
    about = dict(content["about"])
    marks = [m for m in about.get("no_measure", ()) if m["locator"] != form.asked.locator]
    about["no_measure"] = [*marks, {"locator": form.asked.locator, "reason": form.asked.why}]
    return _kept(id, {**content, "about": about}, form.asked.version, form)


@blueprint.post("/<id>/no-condition")
@admits(Who.OFFICER, Role.EDITOR)
def post_no_condition(id: str) -> Response:
    """Note that a sentence says nothing about who gets a measure."""
    form = forms.read(_MarkAsked, {"why": "请写明为什么。"})
    if form.asked is not None and not form.asked.words:
        form.refuse("words", "请写是哪一句。")
    if form.asked is None:
        return _document_page(id, form, status=422)
    content = _content(id)
    about = dict(content["about"])
    mark = {
        "locator": form.asked.locator,
        "words": form.asked.words,
        "why": form.asked.why,
    }
    about["no_condition"] = [*about.get("no_condition", ()), mark]
    return _kept(id, {**content, "about": about}, form.asked.version, form)


@blueprint.post("/<id>/measures")
@admits(Who.OFFICER, Role.EDITOR)
def post_measure(id: str) -> Response:
    """Begin the draft of a measure from a clause."""
    words = {
        "measure": "编号写成 jinzhou-4 这样：小写字母、数字，中间用短横。",
        "region": "请选地区。",
    }
    form = forms.read(_MeasureAsked, words)
    document = document_of(_content(id))
    library = knowledge.served_library()
    known = resources()
    if form.asked is not None:
        if form.asked.region not in library.regions:
            form.refuse("region", "没有这个地区。")
        elif document is None or form.asked.locator not in document.clauses:
            form.refuse("locator", "请先把上面文件情况里的错改好。")
        else:
            with known.database.read() as session:
                taken = any(drafts.piece(session, "measure", form.asked.measure))
            if taken:
                form.refuse("measure", "已经有这个编号的政策了，请换一个。")
    if form.asked is None or document is None:
        return _document_page(id, form, status=422)
    clause = document.clause(form.asked.locator)
    made = proposed_measure(
        document,
        form.asked.locator,
        id=form.asked.measure,
        region=form.asked.region,
        topics=_topics(clause.text),
    )
    with known.database.begin() as session:
        knowledge.require_for(session, "measure", form.asked.measure, made)
        drafts.save(
            session,
            kind="measure",
            key=form.asked.measure,
            content=made,
            version=0,
            officer_id=officer().id,
            now=known.clock(),
        )
    return go_to(
        url_for("desk.knowledge_measures.get_measure", id=form.asked.measure),
        "按条款写好了初稿，请一项一项补全。",
    )


def _topics(text: str) -> list[str]:
    """The topic that a clause is nearest to, as the bot sees it."""
    known = resources()
    served = known.serving.current()
    found = served.explain(text[:300], today=china_day(known.clock()))
    nearest = [rival.id for rival in found.rivals if rival.shelf == "topic"]
    return nearest[:1]


def _content(id: str) -> dict[str, Any]:
    with resources().database.read() as session:
        current, draft = drafts.piece(session, "document", id)
    content = draft.content if draft else current
    if not content or not isinstance(content.get("about"), dict):
        raise PieceUnedited("document", id)
    return content


def _kept(id: str, content: dict[str, Any], version: int, form: forms.Form[Any]) -> Response:
    known = resources()
    try:
        with known.database.begin() as session:
            knowledge.require_for(session, "document", id, content)
            drafts.save(
                session,
                kind="document",
                key=id,
                content=content,
                version=version,
                officer_id=officer().id,
                now=known.clock(),
            )
    except DraftChanged as changed:
        form.refuse("", knowledge.told_of(changed))
        return _document_page(id, form, status=409)
    return go_to(url_for("desk.knowledge_intake.get_document", id=id), "已保存。")


def document_of(content: dict[str, Any]) -> Document | None:
    """The document of a draft, None where it is none yet; where only details are missing, the
    clauses can be seen all the same."""
    about = dict(content["about"])
    for name in ("title", "issuer", "dated_words", "about_date"):
        about[name] = about.get(name) or "（没有写）"
    validity = dict(about.get("validity") or {})
    for name in ("locator", "quote", "note"):
        validity[name] = validity.get(name) or "（没有写）"
    about["validity"] = validity
    try:
        entry = DocumentEntry.model_validate(about)
        document = Document(entry, str(content.get("raw", "")))
        _ = document.cleaning
    except (ValidationError, CorrectionMissesText):
        return None
    return document


def _document_page(id: str, form: forms.Form[Any] | None, status: int = 200) -> Response:
    content = _content(id)
    about = content["about"]
    validity = about.get("validity") or {}
    with resources().database.read() as session:
        _, draft = drafts.piece(session, "document", id)
        found = checks.check(session, kind="document", key=id).of("document", id) if draft else []
        own = [
            d
            for d in drafts.listed(session)
            if d.kind == "measure" and (d.content or {}).get("document") == id
        ]
    filled = {
        **{name: about.get(name) or "" for name in _TEXT_FIELDS},
        **{
            f"valid_{name}": validity.get(name) or ""
            for name in ("from", "to", "locator", "quote", "note")
        },
        "skip": about.get("skip", []),
        "confirmed": about.get("confirmed", []),
        "version": draft.version if draft else 0,
    }
    shown = form or forms.empty()
    # Of another form of the page, only what it has of its own is kept.
    shown.values = {**filled, **shown.values, "version": filled["version"]}
    errors = {_field(t.location): words_of(t) for t in found if _field(t.location)}
    document = document_of(content)
    raw = str(content.get("raw", ""))
    cleaning = document.cleaning if document else clean(raw, skip=about.get("skip", []))
    library = knowledge.served_library()
    measures = {m.locator: m.id for m in library.measures.values() if m.document == id}
    measures |= {str((d.content or {}).get("locator")): d.key for d in own}
    run = {step.name: step.changes() for step in cleaning.steps}
    return page(
        "knowledge/document.html",
        title=f"文件 {id}",
        status=status,
        id=id,
        form=shown,
        beside=forms.Form(values=shown.values, errors={**errors, **shown.errors}),
        others=[(place_of(t.location), words_of(t)) for t in found if not _field(t.location)],
        steps=[(name, label, run.get(name)) for name, label, _ in STEPS],
        unkept=unkept(raw, cleaning.text),
        clauses=_clauses(document, cleaning.text),
        measures=measures,
        no_measure={m.get("locator"): m.get("reason") for m in about.get("no_measure", ())},
        open_sentences=_open(found),
        regions=[(r.id, r.label) for r in library.regions if r.own],
        guessed=_guessed_region(cleaning.text),
        is_draft=draft is not None,
    )


def _clauses(document: Document | None, text: str) -> list[tuple[str, str]]:
    clauses = document.clauses.values() if document else split_clauses(text)
    return [(clause.locator, clause.text) for clause in clauses]


def _open(found: Iterable[Trouble]) -> list[tuple[str, str]]:
    """The sentences of which nobody has said yet whether they are conditions."""
    faults = [trouble.fault for trouble in found if trouble.fault.code == Code.READ_NEITHER_WAY]
    return [(str(fault.values["clause"]), str(fault.values["sentence"])) for fault in faults]


def _field(location: tuple[int | str, ...]) -> str:
    """The field of the form that a place of the document is."""
    steps = location[1:] if location[:1] == ("about",) else location
    if not steps or steps[0] == "confirmed":
        return ""
    if steps[0] == "validity":
        return f"valid_{steps[1]}" if len(steps) > 1 else "valid_quote"
    return str(steps[0]) if steps[0] in _TEXT_FIELDS else ""


def _guessed_region(text: str) -> str:
    """The covered place that a text names most."""
    regions = knowledge.served_library().regions
    counts = {
        region.id: sum(text.count(name) for name in {region.id, region.label, *region.aliases})
        for region in regions
        if region.own
    }
    best = max(counts, key=lambda id: counts[id], default="")
    return best if counts.get(best) else ""
