"""The page of one case: what it rests on, what happened, what can be done with it now."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, url_for
from pydantic import Field
from sqlmodel import Session

from knowledge.eligibility.facts import Vocabulary
from knowledge.measures import Measure
from server.casework import (
    cases,
    deciding,
    materials,
    near_duplicates,
    notes,
    objecting,
    officers,
    verifying,
)
from server.casework.cases import Frozen
from server.casework.deciding import Desk
from server.casework.materials import MaterialUnknown, Needed
from server.casework.moves import Move, State
from server.casework.near_duplicates import FindingChanged
from server.casework.officers import LOOKERS, MOVERS, Role
from server.casework.tables import (
    VOUCHED,
    Case,
    Finding,
    Material,
    NearDuplicate,
    Objection,
    Ruling,
    Source,
)
from server.clock import china_day
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectErased
from server.console import case_lists, case_steps, forms, naming, reading, words
from server.console.case_steps import Step
from server.console.entering import actor, officer, regions
from server.console.forms import Form
from server.console.rendering import go_to, page
from server.database.tables import Edition
from server.personal import profiles
from server.personal.persons import Person
from server.web.admitting import Who, admits
from server.web.browsers import handed_in
from server.web.resources import post, resources

blueprint = Blueprint("case", __name__, url_prefix="/cases")


_EMPTY: Mapping[str, Form[Any]] = {
    **{slug: forms.empty() for slug in (*case_steps.SLUGS.values(), "note", "facts")},
    "request-material": forms.empty(days=10),
    "approve": forms.empty(instalments=1),
}


@dataclass(frozen=True, slots=True)
class FactShown:
    """One fact, in words, with where it comes from."""

    name: str
    label: str
    value: str
    source: str
    courses: str
    """The courses it is from, with day and certificate; empty where it is from none."""
    seen: bool | None
    """Whether an officer saw it in a document; None: it does not rest on the worker's word."""
    entry: reading.Entry | None = None
    """How an officer enters what a document says of it; None: the worker said it."""


@dataclass(frozen=True, slots=True)
class ConditionShown:
    """One condition as it was judged, with the words of the clause."""

    say: str
    verdict: str
    kind: str
    quote: str
    locator: str
    given: str
    """What was said of it; empty where nobody is asked."""
    to_verify: bool
    any_of: str


@dataclass(frozen=True, slots=True)
class EventShown:
    """One thing that happened, in plain words."""

    at: datetime
    who: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class PairShown:
    """Somebody who shares a number, with their cases."""

    pair: NearDuplicate
    other_id: int
    shared: str
    finding: str
    cases: list[tuple[str, str, str, bool]]
    """Number, measure, state; whether the officer may open it."""
    may_find: bool


@dataclass(frozen=True, slots=True)
class ObjectionShown:
    """An objection and what came of it."""

    objection: Objection
    words: str
    outcome: str


@dataclass(frozen=True, slots=True)
class CaseShown:
    """Everything of a case that the page shows."""

    case: Case
    title: str
    place: str
    state: str
    kind: str
    overdue: bool
    names: Mapping[int, str]
    person: Mapping[str, str | None]
    unmasked: Mapping[str, str]
    facts: list[FactShown]
    register: Mapping[str, Any] | None
    """Of a case that nobody applied for: the run, and the line and number in the roster."""
    verdict: Mapping[str, Any]
    outcome: str
    conditions: list[ConditionShown]
    readings: tuple[str, ...]
    document: str
    needed: list[Needed]
    asked_for: list[tuple[str, str, date, datetime | None]]
    history: list[EventShown]
    pairs: list[PairShown]
    notes: list[notes.Noted]
    objections: list[ObjectionShown]
    steps: list[Step]
    opinion: str
    """Why the officer recommends what they recommend; empty where nothing is recommended."""
    next: tuple[str, str] | None
    """The one to do after this one: its number, and what it is about."""
    erased: bool


class _UnmaskAsked(forms.Asked):
    field: str


class _SeenAsked(forms.Asked):
    seen: list[str] = Field(default_factory=list)


class _NoteAsked(forms.Asked):
    text: forms.Text


class _FindingAsked(forms.Asked):
    finding: Finding
    version: int = Field(ge=1)


@blueprint.get("/<id>")
@admits(Who.OFFICER, *LOOKERS)
def get_case(id: str) -> Response:
    """A case of the officer's regions; looking at it is noted."""
    return case_page(id)


@blueprint.post("/<id>/unmask")
@admits(Who.OFFICER, *MOVERS)
def post_unmasking(id: str) -> Response:
    """The same page with one of the person's numbers as it is: noted, and shown this once."""
    form = forms.read(_UnmaskAsked)
    wanted = form.asked.field if form.asked else ""
    return case_page(id, unmask=wanted if wanted in words.PERSON_FIELDS else "")


@blueprint.post("/<id>/notes")
@admits(Who.OFFICER, *MOVERS)
def post_note(id: str) -> Response:
    """Note something for the other officers."""
    known = resources()
    case, own = opened(id)
    form = forms.read(_NoteAsked)
    if form.asked is None:
        return case_page(id, status=422, filled={"note": form})
    if own is None:
        raise SubjectErased
    with known.database.begin() as session:
        desk = Desk(officer(), post(), own, known.clock())
        notes.add(session, desk, session.get_one(Case, case.id), form.asked.text)
    return go_to(url_for("desk.case.get_case", id=id), "备注记下了。")


@blueprint.post("/<id>/facts")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_facts(id: str) -> Response:
    """Note which facts the officer saw in a document, and what it says of those left open."""
    known = resources()
    case, own = opened(id)
    asked = forms.read(_SeenAsked).asked or _SeenAsked()
    if own is None:
        raise SubjectErased
    facts = known.serving.current().library.facts
    held = cases.frozen(case, own)
    form = reading.read(verifying.left_open(held), facts, verifying.day_of(held))
    if form.errors:
        return case_page(id, status=422, filled={"facts": form})
    with known.database.begin() as session:
        desk = Desk(officer(), post(), own, known.clock())
        found = session.get_one(Case, case.id)
        verifying.note_seen(session, desk, found, set(asked.seen), form.values)
    return go_to(url_for("desk.case.get_case", id=id), "来源记下了。")


@blueprint.post("/<id>/duplicates/<int:other>")
@admits(Who.OFFICER, Role.APPROVER)
def post_finding(id: str, other: int) -> Response:
    """Say whether two people with one number are one person."""
    known = resources()
    case, _ = opened(id)
    form = forms.read(_FindingAsked)
    if form.asked is None or form.asked.finding is Finding.OPEN:
        return case_page(id, status=422)
    with known.database.begin() as session:
        if not any(
            other in (p.worker_id, p.other_id)
            for p in near_duplicates.pairs_of(session, case.worker_id)
        ):
            raise FindingChanged
        near_duplicates.adjudicate(
            session,
            known.safe,
            regions(),
            session.get_one(Case, case.id, with_for_update=True),
            other,
            form.asked.finding,
            by=officer(),
            version=form.asked.version,
            now=known.clock(),
        )
    return go_to(url_for("desk.case.get_case", id=id), "核实结果记下了。")


@blueprint.get("/<id>/materials/<material>")
@admits(Who.OFFICER, *LOOKERS)
def get_material(id: str, material: str) -> Response:
    """A photo or document of the case; looking at it is noted."""
    known = resources()
    case, own = opened(id)
    if own is None:
        raise SubjectErased
    with known.database.read() as session:
        found = next((m for m in materials.of_case(session, case.id) if m.id == material), None)
    if found is None:
        raise MaterialUnknown(material)
    content = materials.content(known.store, own, found.id)
    by, now = actor(), known.clock()
    known.database.together(lambda session: materials.read(session, own, found, by=by, now=now))
    return handed_in(content, found.media_type, found.id[:8], shown=True)


def is_photo(material: Material) -> bool:
    """Whether a material is shown on the page, or handed out as a file."""
    return material.media_type.startswith("image/")


def opened(id: str) -> tuple[Case, Safe | None]:
    """A case of the officer's regions with its worker's keys, None where they were erased.

    Raises `CaseUnknown`, `NotAllowed`.
    """
    known = resources()
    with known.database.read() as session:
        case = cases.of_officer(session, id, officer(), regions())
    try:
        return case, known.subject_keys.safe_of(case.worker_id)
    except SubjectErased:
        return case, None


def case_page(
    id: str,
    *,
    status: int = 200,
    filled: Mapping[str, Form[Any]] | None = None,
    unmask: str = "",
) -> Response:
    """The page of a case, with forms as they were filled in where something is wrong with them."""
    known = resources()
    case, own = opened(id)
    if own is not None:
        desk = Desk(officer(), post(), own, known.clock())

        def note(session: Session) -> None:
            deciding.read(session, desk, case)
            if unmask:
                deciding.unmask(session, desk, case, (unmask,))

        known.database.together(note)
    with known.database.read() as session:
        # As it is now, with everything that belongs to it.
        shown = _shown(session, cases.of_officer(session, id, officer(), regions()), own, unmask)
        as_granted = case_steps.as_granted(session, shown.case)
    return page(
        "case.html",
        title=f"{shown.title} · {id}",
        status=status,
        shown=shown,
        case=shown.case,
        filled={**_EMPTY, **as_granted, **(filled or {})},
        words=words,
        may_verify=shown.case.state == State.IN_REVIEW
        and shown.case.recommended is None
        and Role.CASE_OFFICER in officer().roles,
        unsure=verifying.is_unsure(shown.case),
        may_find=Role.APPROVER in officer().roles,
        is_photo=is_photo,
    )


def happened(session: Session, case: Case, own: Safe | None, since: int = 0) -> list[EventShown]:
    """What happened to a case after a version, in plain words."""
    names = officers.names(session)
    return [
        EventShown(
            each.event.at,
            names.get(each.event.officer_id or 0) or words.ACTORS.get(each.event.actor, ""),
            words.OBJECTION_TAKEN_BACK
            if each.takes_objection_back
            else words.HAPPENED[Move(each.event.move)],
            each.reason,
        )
        for each in cases.history(session, case, own)
        if each.event.version > since
    ]


def _shown(session: Session, case: Case, own: Safe | None, unmask: str) -> CaseShown:
    library = resources().serving.current().library
    held = cases.frozen(case, own)
    measure = _edition(session, case)
    state = State(case.state)
    today = china_day(resources().clock())
    return CaseShown(
        case=case,
        title=naming.measure_of(library, case.measure),
        place=regions().get(case.region).label,
        state=words.STATES[state],
        kind=words.STATE_KINDS.get(state, ""),
        overdue=cases.is_overdue(case, today),
        names=officers.names(session),
        person=_masked(held),
        unmasked=_unmasked(held, unmask),
        facts=_facts(held),
        register=held.register,
        verdict=held.verdict or {},
        outcome=words.OUTCOMES.get(case.outcome or "", ""),
        conditions=_conditions(held),
        readings=measure.readings if measure else (),
        document=_document(measure),
        needed=materials.needed(
            session, case, library.materials, library.checklists.get(case.measure)
        ),
        asked_for=[
            (
                library.materials[item.item].title if item.item in library.materials else item.item,
                cases.item_reason(own, item),
                item.due_on,
                item.answered_at,
            )
            for item in cases.items_of(session, case.id)
        ],
        history=happened(session, case, own)[::-1],
        pairs=_pairs(session, case),
        notes=notes.of_case(session, case.id, own),
        objections=[
            ObjectionShown(
                each,
                objecting.words_of(own, each),
                words.RULINGS[Ruling(each.outcome)] if each.outcome else "还没处理",
            )
            for each in cases.objections_of(session, case.id)
        ],
        steps=case_steps.steps(session, case, officer()) if own is not None else [],
        opinion=_opinion(session, case, own),
        next=_next(session, case),
        erased=own is None,
    )


def _next(session: Session, case: Case) -> tuple[str, str] | None:
    found = case_lists.next_of(session, officer(), case)
    if found is None:
        return None
    return found.id, naming.measure_of(resources().serving.current().library, found.measure)


def _opinion(session: Session, case: Case, own: Safe | None) -> str:
    if case.recommended is None:
        return ""
    moved = [
        each for each in cases.history(session, case, own) if each.event.move == Move.RECOMMEND
    ]
    return moved[-1].reason if moved else ""


def _edition(session: Session, case: Case) -> Measure | None:
    row = session.get(Edition, case.edition_id)
    return None if row is None else Measure.model_validate(json.loads(row.content))


def _document(measure: Measure | None) -> str:
    if measure is None:
        return ""
    document = resources().serving.current().library.documents.get(measure.document)
    return "" if document is None else f"《{document.entry.title}》"


def _masked(held: Frozen) -> Mapping[str, str | None]:
    if held.person is None:
        return {}
    shown = profiles.masked(Person.model_construct(**{**_NOBODY, **held.person}))
    return {name: shown.get(name) for name in words.PERSON_FIELDS}


_NOBODY: Mapping[str, None] = {"bank_card": None, "native_place": None}


def _unmasked(held: Frozen, wanted: str) -> Mapping[str, str]:
    value = (held.person or {}).get(wanted)
    return {wanted: str(value)} if value else {}


def _facts(held: Frozen) -> list[FactShown]:
    known = resources().serving.current().library.facts
    sources, said = held.sources or {}, held.facts or {}
    left_open = verifying.left_open(held)
    found = []
    for name in dict.fromkeys([*said, *left_open]):
        source = Source(sources.get(name, Source.DECLARED))
        is_open = said.get(name) is None
        found.append(
            FactShown(
                name,
                known[name].label if name in known else name,
                words.unsaid(said, name)
                if is_open
                else words.value_of(known.get(name), said[name]),
                "" if is_open else words.SOURCES[source],
                "、".join(words.course_of(each) for each in held.evidence.get(name, ())),
                None if source in VOUCHED or is_open else source is not Source.DECLARED,
                reading.entry_of(known[name], said.get(name))
                if name in left_open and name in known
                else None,
            )
        )
    return found


def _conditions(held: Frozen) -> list[ConditionShown]:
    known = resources().serving.current().library.facts
    return [
        ConditionShown(
            each["say"],
            *words.VERDICTS[each["verdict"]],
            each["quote"] or "",
            each["locator"] or "",
            _given(held, known, each),
            each["to_verify"],
            each["any_of"] or "",
        )
        for each in (held.verdict or {}).get("conditions", ())
    ]


def _given(held: Frozen, known: Vocabulary, condition: Mapping[str, Any]) -> str:
    if condition["given"] is not None:
        return words.value_of(known.get(condition["fact"]), condition["given"])
    return words.unsaid(held.facts or {}, condition["fact"]) if condition["fact"] else ""


def _pairs(session: Session, case: Case) -> list[PairShown]:
    found = []
    for pair, others in near_duplicates.flagged(session, case):
        other = pair.other_id if pair.worker_id == case.worker_id else pair.worker_id
        found.append(
            PairShown(
                pair,
                other,
                "、".join(words.PERSON_FIELDS.get(each, each) for each in pair.shared.split(",")),
                words.FINDINGS[Finding(pair.finding)],
                [_briefly(each) for each in others],
                near_duplicates.may_find(case, pair),
            )
        )
    return found


def _briefly(other: Case) -> tuple[str, str, str, bool]:
    may_open = officer().covers(other.region, regions())
    title = naming.measure_of(resources().serving.current().library, other.measure)
    return other.id, title, words.STATES[State(other.state)], may_open
