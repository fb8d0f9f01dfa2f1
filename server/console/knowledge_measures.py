"""Everything of a measure in one form: what it gives, to whom, in whose words, and how it is asked.

What is typed is kept as a draft whatever is wrong with it; what is wrong stands beside its field.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request, url_for

from knowledge.differing import differences
from knowledge.documents import UnknownClause
from knowledge.eligibility.criteria import criteria_of
from knowledge.eligibility.facts import Fact, FactsRefused, FactType, read_facts
from knowledge.eligibility.personas import read_personas
from knowledge.eligibility.verdicts import Person, verdict
from knowledge.faults import Location
from knowledge.library import Library
from knowledge.measures import Aspect, Form, uptake_before
from knowledge.scoring import GoldRefused
from server.casework.officers import Role
from server.clock import china_day
from server.console import forms, knowledge, knowledge_intake
from server.console.entering import officer, takes
from server.console.fault_words import words_of
from server.console.knowledge_rules import (
    DEEPEST,
    KINDS,
    OPS,
    Row,
    rows_of,
    shown_subject,
    shown_value,
    words_of_row,
)
from server.console.knowledge_words import ASPECTS, AUDIENCES, UPTAKES, place_of
from server.console.measure_forms import (
    LINES,
    PERIODS,
    PLAIN,
    number_of,
    read_materials,
    read_measure,
    without_blanks,
)
from server.console.rendering import go_to, page
from server.editing import checks, drafts, gold
from server.editing.drafts import DraftChanged
from server.published.releases import EditionMissing
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = Blueprint("knowledge_measures", __name__, url_prefix="/knowledge/measures")

_EDITORS = (Role.EDITOR, Role.PUBLISHER)
_SHOWN_PERSONS = 12
_OUTCOMES = {"eligible": "够条件", "ineligible": "不够", "undetermined": "还不知道"}
_TRUTHS = {True: "满足", False: "不满足", None: "还不知道"}


@blueprint.get("/<id>")
@admits(Who.OFFICER, *_EDITORS)
def get_measure(id: str) -> Response:
    """The form of a measure, with its draft or what is in force."""
    return _measure_page(id)


@blueprint.post("/<id>")
@takes(megabytes=2)
@admits(Who.OFFICER, Role.EDITOR)
def post_measure(id: str) -> Response:
    """Keep what was typed, of the measure and of its list of materials."""
    version, list_version = number_of("version"), number_of("list_version")
    known = resources()
    library = knowledge.served_library()
    with known.database.read() as session:
        current, draft = drafts.piece(session, "measure", id)
        listed, list_draft = drafts.piece(session, "checklist", id)
    before = (draft.content if draft else current) or {}
    content = read_measure(id, before, library)
    materials = read_materials(id)
    old_list = list_draft.content if list_draft else listed
    try:
        with known.database.begin() as session:
            knowledge.require_for(session, "measure", id, content)
            drafts.save(
                session,
                kind="measure",
                key=id,
                content=content,
                version=version,
                officer_id=officer().id,
                now=known.clock(),
            )
            if materials != without_blanks(old_list, id):
                drafts.save(
                    session,
                    kind="checklist",
                    key=id,
                    content=materials,
                    version=list_version,
                    officer_id=officer().id,
                    now=known.clock(),
                )
    except DraftChanged as changed:
        return _measure_page(id, told=knowledge.told_of(changed), typed=content, status=409)
    return go_to(url_for("desk.knowledge_measures.get_measure", id=id), "草稿已保存，还没有发布。")


@blueprint.post("/<id>/try")
@admits(Who.OFFICER, *_EDITORS)
def post_try(id: str) -> Response:
    """Check somebody made up against the conditions as they stand now."""
    return _measure_page(id, trying=True)


def _measure_page(
    id: str,
    *,
    told: str = "",
    typed: dict[str, Any] | None = None,
    trying: bool = False,
    status: int = 200,
) -> Response:
    known = resources()
    with known.database.read() as session:
        current, draft = drafts.piece(session, "measure", id)
        listed, list_draft = drafts.piece(session, "checklist", id)
        if current is None and draft is None:
            raise EditionMissing("measure", id)
        checked = checks.check(session, kind="measure", key=id) if draft else None
        stale = draft is not None and drafts.stale(session, draft)
        persons = gold.personas(session)
        named = str((typed or (draft.content if draft else current) or {}).get("document"))
        in_force, drafted = drafts.piece(session, "document", named)
        document = drafted.content if drafted else in_force
        names = knowledge.names_of(session, {draft.changed_by} if draft else set())
    theirs = draft.content if draft else current
    content = typed or theirs or {}
    materials = (list_draft.content if list_draft else listed) or {}
    library = (checked.library if checked else None) or knowledge.served_library()
    found = checked.of("measure", id) if checked else []
    if checked and list_draft:
        found = [*found, *checked.of("checklist", id)]
    rows = list(rows_of(content.get("rule")))
    errors: dict[str, str] = {}
    others = []
    for trouble in found:
        name = _field(trouble.location, rows, content)
        if name:
            errors.setdefault(name, words_of(trouble))
        else:
            others.append((place_of(trouble.location), words_of(trouble)))
    facts = library.facts
    blank = [Row(depth=1 if rows else 0) for _ in range(3)]
    return page(
        "knowledge/measure.html",
        title=f"政策 {id}",
        status=status,
        id=id,
        told_off=told,
        theirs=knowledge.shown(differences(content, theirs)) if typed else [],
        content=content,
        materials=materials,
        draft=draft,
        list_version=list_draft.version if list_draft else 0,
        stale=stale,
        names=names,
        errors=errors,
        others=others,
        rows=[
            (n, row, words_of_row(row, facts) if row.kind else "")
            for n, row in enumerate([*rows, *blank])
        ],
        kinds=KINDS,
        ops=OPS,
        shown_subject=lambda row: shown_subject(row, facts),
        shown_value=lambda row: shown_value(row, facts),
        depths=range(DEEPEST + 1),
        facts=facts.values(),
        facts_of=lambda id: _named(id, facts),
        unmet=[*_unmet(content), ("", "")],
        aspects=[(aspect, ASPECTS[aspect]) for aspect in Aspect],
        audiences=[(each.value, words) for each, words in AUDIENCES.items()],
        forms_=[(each.value, each.value) for each in Form],
        uptakes=[(each.value, words) for each, words in UPTAKES.items()],
        uptake_before=uptake_before(id),
        topics=[(t.id, t.label) for t in library.topics.values()],
        regions=[(r.id, r.label) for r in library.regions if r.own],
        kinds_of_material=[(m.id, m.title) for m in library.materials.values()],
        clause=_clause(content, document),
        collisions=_collisions(id, content) if draft or typed else [],
        samples=_samples(id, library, persons) if not found or checked is None else [],
        asked_facts=_asked(id, library),
        tried=_tried(id, library) if trying else None,
        given={name: forms.typed(name) for name in request.form if name.startswith("fact-")},
        may_edit=Role.EDITOR in officer().roles,
        places=knowledge.shown(differences(current, draft.content)) if draft else [],
        rows_and_blank=_rows_and_blank,
    )


def _unmet(content: Mapping[str, Any]) -> list[tuple[str, Any]]:
    told = content.get("if_unmet")
    return list(told.items()) if isinstance(told, Mapping) else []


def _named(id: str, facts: Mapping[str, Fact]) -> list[tuple[str, str]]:
    """The facts to choose from by their labels, one that is no more under its own name."""
    unknown = [(id, id)] if id and id not in facts else []
    return [*((fact.id, fact.label) for fact in facts.values()), *unknown]


def _rows_and_blank(rows: Any, blank: int = 1) -> list[Mapping[str, Any]]:
    known = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return [*known, *({} for _ in range(blank))]


def _field(location: Location, rows: list[Row], content: Mapping[str, Any]) -> str:
    """The field of the form that a place of the measure is; '' for none of them."""
    if not location:
        return ""
    first, *rest = location
    if first == "rule":
        best = max(
            (row for row in rows if location[: len(row.place)] == row.place),
            key=lambda row: len(row.place),
            default=None,
        )
        return f"rule-{rows.index(best)}" if best is not None else "rule"
    if first in ("grants", "phones", "excludes", "stated"):
        if not rest:
            return str(first)
        leaf = next((str(s) for s in reversed(rest) if isinstance(s, str)), "quote")
        leaf = "value" if leaf == "amount" else leaf
        return f"{first}-{rest[0]}-{leaf}"
    if first == "answers" and rest:
        return f"answers-{rest[0]}-{rest[1] if len(rest) > 1 else 'say'}"
    if first in PERIODS:
        return f"{first}-{rest[0]}" if rest else f"{first}-quote"
    if first == "if_unmet":
        facts = [fact for fact, _ in _unmet(content)]
        return f"if_unmet-{facts.index(rest[0])}-say" if rest and rest[0] in facts else "if_unmet"
    if first == "responsible":
        leaf = str(rest[0]) if rest else "quote"
        return leaf if leaf in ("lead", "cooperating") else f"responsible-{leaf}"
    return str(first) if first in (*PLAIN, *LINES, "uptake", "topics", "not_stated") else ""


def _clause(content: Mapping[str, Any], document: Mapping[str, Any] | None) -> str:
    """The clause with what stands above and inside it: what may be quoted."""
    if not document or not isinstance(document.get("about"), dict):
        return ""
    found = knowledge_intake.document_of(dict(document))
    if found is None:
        return ""
    try:
        return found.source_text(str(content.get("locator")))
    except UnknownClause:
        return ""


def _collisions(id: str, content: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Questions of this measure that another one of the place has nearly word for word."""
    served = resources().serving.current()
    library = served.library
    region = str(content.get("region"))
    if region not in library.regions:
        return []
    scope = {*library.regions.within(region), *library.regions.descendants(region)}
    asked = [content.get("title"), content.get("question"), *(content.get("similar") or ())]
    found = []
    for text in asked[:200]:
        if not isinstance(text, str) or not text.strip():
            continue
        for other, entry in served.alike(text, not_of=id):
            if library.measures[other].region in scope:
                found.append((text, other, entry))
    return found


def _asked(id: str, library: Library) -> list[Fact]:
    """The facts that the conditions of a measure are about."""
    measure = library.measures.get(id)
    if measure is None or measure.rule is None:
        return []
    criteria = criteria_of(measure, library)
    return [library.facts[name] for name in criteria.facts if name in library.facts]


def _tried(id: str, library: Library) -> dict[str, Any]:
    """What the conditions say of the person in the form."""
    measure = library.measures.get(id)
    if measure is None or measure.rule is None:
        return {"error": "请先把条件写好、保存，再来试。"}
    given: dict[str, Any] = {}
    for fact in _asked(id, library):
        text = forms.typed(f"fact-{fact.id}")
        if text:
            given[fact.id] = _as_value(fact, text)
    today = china_day(resources().clock())
    try:
        read = read_facts(given, library.facts, today)
    except FactsRefused as refused:
        return {"error": f"这几项填得不对：{'、'.join(_labels(refused, library))}"}
    person = Person({"work_region": measure.region, **read.values}, today)
    result = verdict(criteria_of(measure, library), person, today)
    return {
        "outcome": _OUTCOMES[result.outcome],
        "open": result.open,
        "missing": [library.facts[name].label for name in result.missing],
        "conditions": [
            (criterion.say, _TRUTHS[person.truth(criterion)])
            for criterion in result.criteria.criteria
        ],
    }


def _labels(refused: FactsRefused, library: Library) -> list[str]:
    return [library.facts[r.fact].label for r in refused.refusals if r.fact in library.facts]


def _as_value(fact: Fact, text: str) -> Any:
    match fact.type:
        case FactType.BOOLEAN:
            return {"yes": True, "no": False}.get(text, text)
        case FactType.INTEGER:
            return int(text) if text.lstrip("-").isdigit() and len(text) < 10 else text
        case FactType.MULTI_CHOICE:
            return [text]
        case _:
            return text


def _samples(id: str, library: Library, persons: list[str]) -> list[tuple[str, str, str]]:
    """What the conditions say of stored persons: who, what comes out, what is meant."""
    measure = library.measures.get(id)
    if measure is None or measure.rule is None:
        return []
    found = []
    for line in persons:
        try:
            persona = next(iter(read_personas("stored", [line], library)))
        except (GoldRefused, StopIteration):
            continue
        if id not in persona.expect:
            continue
        read = read_facts(persona.facts, library.facts, persona.as_of)
        person = Person({"work_region": persona.region, **read.values}, persona.as_of)
        result = verdict(criteria_of(measure, library), person, persona.as_of)
        found.append((persona.story, _OUTCOMES[result.outcome], _OUTCOMES[persona.expect[id]]))
        if len(found) >= _SHOWN_PERSONS:
            break
    return found
