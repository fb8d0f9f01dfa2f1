"""What the bot could not answer, and what becomes of it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from flask import Blueprint, Response, url_for
from pydantic import Field, StringConstraints

from knowledge.measures import Measure
from server.casework.officers import Role, scope
from server.chat.serving import Served
from server.clock import china_day
from server.console import forms, knowledge
from server.console.entering import officer, takes
from server.console.knowledge_words import BECAME
from server.console.rendering import go_to, page
from server.editing import drafts, unanswered
from server.editing.drafts import DraftChanged
from server.editing.tables import Became
from server.editing.unanswered import Cluster, Why
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = Blueprint("knowledge_unanswered", __name__, url_prefix="/knowledge/unanswered")

WHYS = {
    Why.DECLINED: "说没有写",
    Why.IN_VAIN: "反问没问出来",
    Why.THUMBED_DOWN: "点了踩",
    Why.CHOSEN_PAST: "没选给的选项",
}
_EDITORS = (Role.EDITOR, Role.PUBLISHER)
_SHOWN = 30
_LONGEST_REPLY = 600


class _ListAsked(forms.Asked):
    page: Annotated[int, Field(ge=1, le=10_000)] = 1
    region: str = ""


class _SettleAsked(forms.Asked):
    fingerprint: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    became: Became
    text: Annotated[str, StringConstraints(max_length=200)] = ""
    measure: Annotated[str, StringConstraints(max_length=100)] = ""
    term: Annotated[str, StringConstraints(max_length=40)] = ""


class _ReplyAsked(forms.Asked):
    fingerprint: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    reply: Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST_REPLY)]


@blueprint.get("/")
@admits(Who.OFFICER, *_EDITORS)
def get_unanswered() -> Response:
    """The questions, put together, with how often they were asked where."""
    return _unanswered_page(forms.empty())


@blueprint.post("/settle")
@takes(megabytes=1)
@admits(Who.OFFICER, Role.EDITOR)
def post_settle() -> Response:
    """Make something of a question: a similar or negative one, a word, a draft, or nothing."""
    words = {"became": "请选怎么处理。", "text": "问法太长了。"}
    form = forms.read(_SettleAsked, words)
    found = _cluster(form.asked.fingerprint) if form.asked else None
    if form.asked is None or found is None:
        if form.asked is not None:
            form.refuse("", "这个问题已经处理过了。")
        return _unanswered_page(form, status=422)
    try:
        where = _become(form, form.asked, found)
    except DraftChanged as changed:
        form.refuse("", knowledge.told_of(changed))
        return _unanswered_page(form, status=409)
    if where is None:
        return _unanswered_page(form, status=422)
    return go_to(where, f"处理好了：{BECAME[form.asked.became]}。")


@blueprint.post("/reply")
@admits(Who.OFFICER, Role.EDITOR)
def post_reply() -> Response:
    """Answer whoever asked, in WeChat."""
    form = forms.read(_ReplyAsked, {"reply": "请写回复，600字以内。"})
    found = _cluster(form.asked.fingerprint) if form.asked else None
    if form.asked is None or found is None:
        return _unanswered_page(form, status=422)
    known = resources()
    with known.database.begin() as session:
        sent = unanswered.answer(
            session,
            known.safe,
            found.asked,
            app_id=known.settings.wechat_app_id or "",
            text=form.asked.reply,
            now=known.clock(),
        )
    told = f"会发给{sent}个人。" if sent else "没有人还能收到：要从公众号来问的，而且不超过48小时。"
    return go_to(url_for("desk.knowledge_unanswered.get_unanswered"), told)


def _become(form: forms.Form[Any], asked: _SettleAsked, found: Cluster) -> str | None:
    """Do what is asked; the address to go on at, None where the form says what is wrong."""
    text = asked.text or found.text
    back = url_for("desk.knowledge_unanswered.get_unanswered")
    match asked.became:
        case Became.NOT_OURS:
            _settle(asked.became, found, None, None)
            return back
        case Became.DRAFT:
            _settle(asked.became, found, None, None)
            return url_for("desk.knowledge_intake.get_new_document")
        case Became.LEXICON:
            if not asked.term:
                form.refuse("term", "请写它是哪个词的意思。")
                return None
            return _into_lexicon(form, text, asked.term, found)
        case _:
            return _into_measure(form, asked, text, found)


def _into_measure(
    form: forms.Form[Any], asked: _SettleAsked, text: str, found: Cluster
) -> str | None:
    name = "similar" if asked.became is Became.SIMILAR else "negative"
    known = resources()
    with known.database.begin() as session:
        current, draft = drafts.piece(session, "measure", asked.measure)
        content = draft.content if draft else current
        if content is None:
            form.refuse("measure", "没有这项政策，请写政策的编号。")
            return None
        knowledge.require_for(session, "measure", asked.measure, content)
        listed = [*content.get(name, ())]
        if text not in listed:
            drafts.save(
                session,
                kind="measure",
                key=asked.measure,
                content={**content, name: [*listed, text]},
                version=draft.version if draft else 0,
                officer_id=officer().id,
                now=known.clock(),
            )
        unanswered.settle(
            session,
            found.fingerprints,
            became=asked.became,
            kind="measure",
            key=asked.measure,
            officer_id=officer().id,
            now=known.clock(),
        )
    return url_for("desk.knowledge_measures.get_measure", id=asked.measure)


def _into_lexicon(form: forms.Form[Any], words: str, term: str, found: Cluster) -> str | None:
    known = resources()
    with known.database.begin() as session:
        current, draft = drafts.piece(session, "lexicon", "all")
        content = (draft.content if draft else current) or {}
        knowledge.require_for(session, "lexicon", "all", content)
        terms = [dict(each) for each in content.get("terms", ())]
        entry = next((each for each in terms if each.get("term") == term), None)
        if entry is None:
            terms.append({"term": term, "forms": [words]})
        elif words not in entry["forms"]:
            entry["forms"] = [*entry["forms"], words]
        drafts.save(
            session,
            kind="lexicon",
            key="all",
            content={**content, "terms": terms},
            version=draft.version if draft else 0,
            officer_id=officer().id,
            now=known.clock(),
        )
        unanswered.settle(
            session,
            found.fingerprints,
            became=Became.LEXICON,
            kind="lexicon",
            key="all",
            officer_id=officer().id,
            now=known.clock(),
        )
    return url_for("desk.knowledge.get_piece", kind="lexicon", key="all")


def _settle(became: Became, found: Cluster, kind: str | None, key: str | None) -> None:
    known = resources()
    with known.database.begin() as session:
        unanswered.settle(
            session,
            found.fingerprints,
            became=became,
            kind=kind,
            key=key,
            officer_id=officer().id,
            now=known.clock(),
        )


def _clusters() -> list[Cluster]:
    known = resources()
    with known.database.read() as session:
        library = knowledge.served_library()
        mine = scope(officer(), library.regions)
        return unanswered.clusters(session, library, seen=mine, now=known.clock())


def _cluster(fingerprint: str) -> Cluster | None:
    return next((c for c in _clusters() if fingerprint in c.fingerprints), None)


@dataclass(frozen=True, slots=True)
class _Row:
    """A cluster as it is shown; `measure` is filled in for the editor, where there is one."""

    cluster: Cluster
    key: str
    nearest: list[Measure]
    measure: str
    reply: str
    reach: int


def _row(cluster: Cluster, served: Served, today: date, now: datetime) -> _Row:
    # Asked in one place: what is near there. A question of several places is of no measure yet.
    places = [place for place in cluster.places if place in served.library.regions]
    place = places[0] if len(places) == 1 else None
    told = served.explain(cluster.text, today=today, region=place)
    here = [w.measure for w in told.weighed if w.gate != "region"] if told.region else []
    nearest = here or [w.measure for w in told.weighed]
    return _Row(
        cluster,
        min(cluster.fingerprints),
        nearest[:3],
        here[0].id if here else "",
        told.answer.reply[:_LONGEST_REPLY],
        unanswered.reachable(cluster.asked, now),
    )


def _unanswered_page(form: forms.Form[Any], status: int = 200) -> Response:
    asked = forms.read_query(_ListAsked)
    known = resources()
    found = [c for c in _clusters() if not asked.region or asked.region in c.places]
    pages = max(1, -(-len(found) // _SHOWN))
    number = min(asked.page, pages)
    today = china_day(known.clock())
    served = known.serving.current()
    rows = [
        _row(cluster, served, today, known.clock())
        for cluster in found[(number - 1) * _SHOWN : number * _SHOWN]
    ]
    return page(
        "knowledge/unanswered.html",
        title="没答上的",
        status=status,
        form=form,
        rows=rows,
        whys=WHYS,
        became=[(each.value, words) for each, words in BECAME.items()],
        asked=asked,
        number=number,
        pages=pages,
        measures=[(m.id, f"{m.region} {m.title}") for m in served.library.measures.values()],
        total=sum(len(c.asked) for c in found),
        may_edit=Role.EDITOR in officer().roles,
    )
