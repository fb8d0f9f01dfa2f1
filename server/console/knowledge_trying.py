"""Asking the bot as a worker would, and seeing why it says what it says; stored questions."""

from typing import Annotated, Any

from flask import Blueprint, Response, url_for
from pydantic import Field, StringConstraints

from bot.answers import Kind
from bot.evaluation import Gold
from bot.explaining import Explanation
from server.casework.officers import Role
from server.clock import china_day
from server.console import forms, knowledge
from server.console.entering import officer
from server.console.knowledge_words import ASPECTS, RIVALS, STEPS, gate_of
from server.console.rendering import go_to, page
from server.editing import drafts, gold
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = Blueprint("knowledge_trying", __name__, url_prefix="/knowledge/trying")

KINDS = {
    Kind.ANSWER: "按文件回答",
    Kind.CLARIFY: "反问",
    Kind.DECLINE: "说没有写",
    Kind.HANDOFF: "转给人",
    Kind.CHAT: "寒暄",
}
_EDITORS = (Role.EDITOR, Role.PUBLISHER)
_SHOWN = 100


class _TryAsked(forms.Asked):
    question: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    region: str = ""


class _KeepAsked(_TryAsked):
    kind: Kind
    measures: str = ""
    must: Annotated[str, StringConstraints(max_length=500)] = ""


class _ForgetAsked(forms.Asked):
    key: Annotated[str, Field(max_length=64)]


@blueprint.get("/")
@admits(Who.OFFICER, *_EDITORS)
def get_trying() -> Response:
    """The form to ask with."""
    return _trying_page(forms.empty())


@blueprint.post("/")
@admits(Who.OFFICER, *_EDITORS)
def post_trying() -> Response:
    """Ask, and show what the bot says and why."""
    form = forms.read(_TryAsked, {"question": "请写一个问题，500字以内。"})
    if form.asked is None:
        return _trying_page(form, status=422)
    return _trying_page(form)


@blueprint.post("/keep")
@admits(Who.OFFICER, Role.EDITOR)
def post_keep() -> Response:
    """Store the question with what would be right, to be asked of every release."""
    form = forms.read(_KeepAsked, {"kind": "请选怎样才算答对。"})
    library = knowledge.served_library()
    if form.asked is not None:
        named = form.asked.measures.replace("，", ",").replace("、", ",").split(",")
        measures = [each.strip() for each in named if each.strip()]
        if odd := [each for each in measures if each not in library.measures]:
            form.refuse("measures", f"没有政策：{'、'.join(odd)}")
        elif form.asked.kind is Kind.ANSWER and not measures:
            form.refuse("measures", "请写应当用哪项政策回答。")
        elif form.asked.region and form.asked.region not in library.regions:
            form.refuse("region", "没有这个地区。")
    if form.asked is None:
        return _trying_page(form, status=422)
    kept = Gold(
        id="",
        turns=(form.asked.question,),
        region=form.asked.region or None,
        kind=form.asked.kind,
        measures=tuple(measures),
        must=tuple(line.strip() for line in form.asked.must.splitlines() if line.strip()),
    )
    known = resources()
    with known.database.begin() as session:
        new = gold.add_question(session, kept, officer_id=officer().id, now=known.clock())
    told = "存下了，以后每次发布前都会问。" if new else "这个问题以前存过了，没有再存。"
    return go_to(url_for("desk.knowledge_trying.get_stored"), told)


@blueprint.get("/stored")
@admits(Who.OFFICER, *_EDITORS)
def get_stored() -> Response:
    """The stored questions, newest first."""
    with resources().database.read() as session:
        counts = gold.counts(session)
        found = gold.newest_questions(session, _SHOWN)
    return page(
        "knowledge/stored.html",
        title="存下的问题",
        questions=found,
        counts=counts,
        kinds=KINDS,
        may_edit=Role.EDITOR in officer().roles,
    )


@blueprint.post("/stored/forget")
@admits(Who.OFFICER, Role.EDITOR)
def post_forget() -> Response:
    """Take a stored question out."""
    form = forms.read(_ForgetAsked)
    known = resources()
    with known.database.begin() as session:
        gone = form.asked is not None and gold.take_out(
            session, form.asked.key, officer_id=officer().id, now=known.clock()
        )
    told = "不再问这个问题了。下次发布的人会看到它被拿掉了。" if gone else "没有这个问题。"
    return go_to(url_for("desk.knowledge_trying.get_stored"), told)


def _trying_page(form: forms.Form[Any], status: int = 200) -> Response:
    library = knowledge.served_library()
    region = str(form.values.get("region", ""))
    question = str(form.values.get("question", ""))[:500]
    known_region = region if region in library.regions else None
    found: Explanation | None = None
    if question:
        known = resources()
        today = china_day(known.clock())
        found = known.serving.current().explain(question, today=today, region=known_region)
        form.values = {
            "kind": found.answer.kind.value,
            "measures": "、".join(found.answer.measures[:1]),
            **form.values,
        }
    with resources().database.read() as session:
        waiting = len(drafts.listed(session))
    return page(
        "knowledge/trying.html",
        title="试一试",
        status=status,
        form=form,
        drafts=waiting,
        found=found,
        regions=[(r.id, r.label) for r in library.regions if r.own],
        kinds=[(kind.value, words) for kind, words in KINDS.items()],
        kind_words=KINDS,
        steps=STEPS,
        rivals=RIVALS,
        gate_of=gate_of,
        aspects=ASPECTS,
        may_edit=Role.EDITOR in officer().roles,
    )
