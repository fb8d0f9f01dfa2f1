"""The knowledge as editors find it: every piece with what is in force, its draft and its checks."""

from typing import Annotated, Any

from flask import Blueprint, Response, request, url_for
from pydantic import Field, StringConstraints

from knowledge.consistency import KINDS
from knowledge.differing import Difference, differences
from knowledge.expiring import turning
from knowledge.files import KnowledgeFileRefused, Problem, line_of, plain_data
from knowledge.library import Library
from knowledge.writing import as_yaml
from server.casework import officers
from server.casework.officers import Role
from server.clock import china_day
from server.console import forms
from server.console.entering import officer, takes
from server.console.fault_words import words_of, words_of_problem
from server.console.knowledge_words import KINDS as NAMED
from server.console.knowledge_words import kind_of, note_of, place_of
from server.console.rendering import go_to, page, shown_instant
from server.console.sheets import SHEETS, WHOLE, sheets_of
from server.editing import areas, checks, drafts
from server.editing.drafts import DraftChanged
from server.published import releases
from server.published.releases import EditionMissing
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = Blueprint("knowledge", __name__, url_prefix="/knowledge")

LONGEST_TEXT = 600_000
_EDITORS = (Role.EDITOR, Role.PUBLISHER)
_SHOWN = 60
_EXAMPLES = 3


class _PieceAsked(forms.Asked):
    text: Annotated[str, StringConstraints(max_length=LONGEST_TEXT, strip_whitespace=False)]
    version: Annotated[int, Field(ge=0)] = 0


class _NewAsked(forms.Asked):
    key: Annotated[str, StringConstraints(max_length=128, pattern=r"^[^/\s][^/\n]*$")]


class _ListAsked(forms.Asked):
    q: Annotated[str, StringConstraints(max_length=40)] = ""
    page: Annotated[int, Field(ge=1, le=10_000)] = 1


def served_library() -> Library:
    """The library in force, as this process serves it."""
    return resources().serving.current().library


@blueprint.get("/")
@admits(Who.OFFICER, *_EDITORS)
def get_overview() -> Response:
    """What there is, what is being edited, what ends soon."""
    known = resources()
    library = served_library()
    with known.database.read() as session:
        chosen = drafts.listed(session)
        names = names_of(session, {draft.changed_by for draft in chosen})
        found = releases.current(session)
    pieces: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for kind, key, content in found[1] if found else ():
        pieces.setdefault(kind, []).append((key, content))
    return page(
        "knowledge/overview.html",
        title="知识",
        kinds=[(kind, kind_of(kind), _counted(kind, pieces.get(kind, []))) for kind in NAMED],
        drafts=chosen,
        names=names,
        kind_of=kind_of,
        title_of=title_of,
        address=piece_address,
        sheets=list(SHEETS.values()),
        turning=turning(library.measures.values(), china_day(known.clock())),
    )


@blueprint.get("/pieces/<kind>")
@admits(Who.OFFICER, *_EDITORS)
def get_pieces(kind: str) -> Response:
    """The pieces of one kind, those in force and those that are only drafts."""
    _check_kind(kind)
    asked = forms.read_query(_ListAsked)
    with resources().database.read() as session:
        found = releases.current(session)
        own = {draft.key: draft for draft in drafts.listed(session) if draft.kind == kind}
    pieces = {key: content for k, key, content in (found[1] if found else ()) if k == kind}
    rows = [(key, title_of(kind, content, key), own.get(key)) for key, content in pieces.items()]
    new = [draft for key, draft in own.items() if key not in pieces]
    rows = [(d.key, title_of(kind, d.content or {}, d.key), d) for d in new] + rows
    if asked.q:
        rows = [row for row in rows if asked.q in row[0] or asked.q in row[1]]
    pages = max(1, -(-len(rows) // _SHOWN))
    number = min(asked.page, pages)
    return page(
        "knowledge/pieces.html",
        title=kind_of(kind),
        kind=kind,
        address=piece_address,
        rows=rows[(number - 1) * _SHOWN : number * _SHOWN],
        sheets=sheets_of(kind),
        asked=asked,
        number=number,
        pages=pages,
        form=forms.empty(),
    )


@blueprint.post("/pieces/<kind>")
@admits(Who.OFFICER, Role.EDITOR)
def post_piece(kind: str) -> Response:
    """Go to the page of a piece that is to be written."""
    _check_kind(kind)
    form = forms.read(_NewAsked, {"key": "编号不能空着，也不能有斜线和空格。"})
    if form.asked is None:
        return page(
            "knowledge/pieces.html",
            title=kind_of(kind),
            status=422,
            kind=kind,
            address=piece_address,
            rows=[],
            sheets=sheets_of(kind),
            asked=_ListAsked(),
            number=1,
            pages=1,
            form=form,
        )
    return go_to(url_for("desk.knowledge.get_piece", kind=kind, key=form.asked.key))


@blueprint.get("/pieces/<kind>/<path:key>")
@admits(Who.OFFICER, *_EDITORS)
def get_piece(kind: str, key: str) -> Response:
    """One piece: what is in force, its draft as text, what stands against it."""
    _check_kind(kind)
    with resources().database.read() as session:
        current, draft = drafts.piece(session, kind, key)
    content = draft.content if draft else current
    text = "" if content is None else as_yaml(content)
    form = forms.empty(text=text, version=draft.version if draft else 0)
    return _piece_page(kind, key, form)


@blueprint.post("/pieces/<kind>/<path:key>")
@takes(megabytes=3)
@admits(Who.OFFICER, Role.EDITOR)
def post_piece_text(kind: str, key: str) -> Response:
    """Keep what was typed as a draft, whatever is still wrong with it."""
    _check_kind(kind)
    form = forms.read(_PieceAsked, {"text": "内容不能空着，也不能太长。"})
    if form.asked is None:
        return _piece_page(kind, key, form, status=422)
    try:
        content = plain_data("文本", form.asked.text)
    except KnowledgeFileRefused as refused:
        form.refuse("text", "；".join(map(_line_told, refused.problems)))
        return _piece_page(kind, key, form, status=422)
    if not isinstance(content, dict):
        form.refuse("text", "第1行：要写成“名称: 内容”的样子。")
        return _piece_page(kind, key, form, status=422)
    return keep(kind, key, content, form.asked.version, form)


@blueprint.post("/discard/<kind>/<path:key>")
@admits(Who.OFFICER, Role.EDITOR)
def post_discard(kind: str, key: str) -> Response:
    """Throw a draft away, after a question: what was written is nowhere else."""
    version = forms.version()
    known = resources()
    if not forms.typed("confirmed"):
        with known.database.read() as session:
            require_for(session, kind, key, None)
        return page(
            "sure.html",
            title="请核对",
            action=url_for("desk.knowledge.post_discard", kind=kind, key=key),
            back=url_for("desk.knowledge.get_piece", kind=kind, key=key),
            question=f"扔掉{kind_of(kind)}“{key}”的草稿吗？改的就没有了，找不回来。正在用的不变。",
            yes="扔掉",
            danger=True,
            hidden=[("version", version), ("confirmed", "yes")],
        )
    with known.database.begin() as session:
        require_for(session, kind, key, None)
        drafts.discard(session, kind=kind, key=key, version=version)
    return go_to(url_for("desk.knowledge.get_overview"), "草稿扔掉了，正在用的没有变。")


@blueprint.post("/take-out/<kind>/<path:key>")
@admits(Who.OFFICER, Role.EDITOR)
def post_take_out(kind: str, key: str) -> Response:
    """Let the next release do without a piece."""
    version = forms.version()
    known = resources()
    with known.database.begin() as session:
        require_for(session, kind, key, None)
        if drafts.in_force(session, kind, key) is None:
            raise EditionMissing(kind, key)
        drafts.save(
            session,
            kind=kind,
            key=key,
            content=None,
            version=version,
            officer_id=officer().id,
            now=known.clock(),
        )
    return go_to(piece_address(kind, key), "下次发布就去掉这一项。")


@blueprint.get("/history/<kind>/<path:key>")
@admits(Who.OFFICER, *_EDITORS)
def get_history(kind: str, key: str) -> Response:
    """Every edition of a piece; any two of them compared."""
    _check_kind(kind)
    with resources().database.read() as session:
        editions = releases.editions_of_piece(session, kind, key)
        _, draft = drafts.piece(session, kind, key)
    contents: dict[str, dict[str, Any] | None] = {str(e.id): e.content for e in editions}
    if draft is not None:
        contents["draft"] = draft.content
    if not contents:
        raise EditionMissing(kind, key)
    listed = list(contents)
    before = request.args.get("before", "")
    after = request.args.get("after", "")
    after = after if after in contents else listed[-1]
    earlier = listed[listed.index(after) - 1] if listed.index(after) else after
    before = before if before in contents else earlier
    return page(
        "knowledge/history.html",
        title=f"{kind_of(kind)} {key} 的各个版本",
        kind=kind,
        key=key,
        editions=editions,
        has_draft=draft is not None,
        note_of=note_of,
        before=before,
        after=after,
        places=shown(differences(contents[before], contents[after])),
    )


# -- what the other knowledge pages use -------------------------------------------------------


def keep(
    kind: str, key: str, content: dict[str, Any], version: int, form: forms.Form[Any]
) -> Response:
    """Save a draft and show its page; a second editor sees what the first one wrote."""
    known = resources()
    try:
        with known.database.begin() as session:
            require_for(session, kind, key, content)
            drafts.save(
                session,
                kind=kind,
                key=key,
                content=content,
                version=version,
                officer_id=officer().id,
                now=known.clock(),
            )
    except DraftChanged as changed:
        form.refuse("", told_of(changed))
        return _piece_page(kind, key, form, status=409)
    return go_to(piece_address(kind, key), "草稿已保存，还没有发布。")


def told_of(changed: DraftChanged) -> str:
    """Who was first, as the second editor is told."""
    if not changed.version or changed.officer_id is None or changed.at is None:
        return "这份草稿刚被发布或者扔掉了，你写的没有保存。请重新打开再改。"
    with resources().database.read() as session:
        name = names_of(session, {changed.officer_id})[changed.officer_id]
    return f"{name}在{shown_instant(changed.at)}改过这份草稿，你写的没有覆盖上去。下面是他的改动。"


def require_for(session: Any, kind: str, key: str, content: dict[str, Any] | None) -> None:
    """Raise `NotAllowed` unless the officer edits, and works for all the piece is for."""
    library = served_library()

    def pieces(kind: str, key: str) -> list[areas.Content]:
        current, draft = drafts.piece(session, kind, key)
        return [current, draft.content if draft else None]

    contents = [*pieces(kind, key), content]
    places = areas.places_of(kind, key, contents, library, pieces)
    areas.require(officer(), Role.EDITOR, places, library)


def piece_address(kind: str, key: str) -> str:
    """The address of a piece: its own editor where it has one."""
    if kind == "measure":
        return url_for("desk.knowledge_measures.get_measure", id=key)
    for sheet in sheets_of(kind):
        if sheet.is_of_pieces:
            return url_for("desk.knowledge_sheets.get_entry", name=sheet.name, place=key)
    return url_for("desk.knowledge.get_piece", kind=kind, key=key)


def names_of(session: Any, ids: set[int]) -> dict[int, str]:
    """The names of these officers by their number."""
    return {id: name for id, name in officers.names(session).items() if id in ids}


def title_of(kind: str, content: dict[str, Any] | None, key: str) -> str:
    """How a piece is called."""
    if content is None:
        return ""
    if key == WHOLE:
        return kind_of(kind)
    if kind == "checklist":
        measure = served_library().measures.get(key)
        return "" if measure is None else measure.title
    about = content.get("about") if kind == "document" else content
    if not isinstance(about, dict):
        return ""
    for name in ("title", "label", "name", "question"):
        if isinstance(about.get(name), str):
            return str(about[name])
    # Small talk: as people say it.
    examples = about.get("examples")
    return "、".join(map(str, examples[:_EXAMPLES])) if isinstance(examples, list) else ""


def _counted(kind: str, pieces: list[tuple[str, dict[str, Any]]]) -> str:
    """How many entries are in force, as the pages of the kind count them."""
    if [key for key, _ in pieces] != [WHOLE]:
        return f"{len(pieces):,}"
    content = pieces[0][1]
    parts = [len(list(sheet.entries(content))) for sheet in sheets_of(kind)]
    parts = parts or [len(part) for part in content.values() if isinstance(part, (list, dict))]
    return " + ".join(f"{count:,}" for count in parts)


def shown(found: Any) -> list[tuple[str, str, str]]:
    """Differences as words: where, what stood there, what stands there."""
    return [
        (place_of(each.location) or "全部", _side(each.before), _side(each.after))
        for each in found
        if isinstance(each, Difference)
    ]


def _side(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else as_yaml(value)
    return text if len(text) <= 2000 else text[:2000] + "…"


def _piece_page(kind: str, key: str, form: forms.Form[Any], status: int = 200) -> Response:
    with resources().database.read() as session:
        current, draft = drafts.piece(session, kind, key)
        found = checks.check(session, kind=kind, key=key).of(kind, key) if draft else []
        stale = draft is not None and drafts.stale(session, draft)
        names = names_of(session, {draft.changed_by} if draft else set())
    text = str(form.values.get("text", ""))
    return page(
        "knowledge/piece.html",
        title=f"{kind_of(kind)} {key}",
        status=status,
        kind=kind,
        key=key,
        form=form,
        draft=draft,
        stale=stale,
        names=names,
        current=current,
        sheets=sheets_of(kind),
        may_edit=Role.EDITOR in officer().roles,
        troubles=[(_line(text, t.location), place_of(t.location), words_of(t)) for t in found],
        places=shown(differences(current, draft.content)) if draft else [],
    )


def _line(text: str, location: Any) -> int:
    try:
        return line_of(text, location)
    except Exception:
        # What is on the page now may be no YAML at all.
        return 1


def _line_told(problem: Problem) -> str:
    return f"第{problem.line}行：{words_of_problem(problem)}"


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise EditionMissing(kind)
