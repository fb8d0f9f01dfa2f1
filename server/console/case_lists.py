"""The work list: whose cases, which of them, and finding one person's."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal

from flask import Blueprint, Response, url_for
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError
from sqlmodel import Session

from server.casework import cases, deciding, officers
from server.casework.advancing import CaseChanged, MoveRefused
from server.casework.cases import CaseUnknown, Wanted
from server.casework.deciding import Desk
from server.casework.moves import MOVES, UNDER_WAY, Move, State
from server.casework.officers import LOOKERS, NotAllowed, Officer, OfficerUnknown, Role, scope
from server.casework.tables import Case
from server.clock import china_day
from server.confidential.subject_keys import SubjectErased
from server.console import forms, naming, words
from server.console.entering import officer, regions
from server.console.rendering import go_to, page
from server.personal import profiles
from server.personal.persons import IdentityNumber, Name, Phone
from server.web.admitting import Who, admits
from server.web.resources import post, resources

blueprint = Blueprint("cases", __name__, url_prefix="/cases")

AT_ONCE = 50
_CASE_ID = re.compile(r"[0-9]{6}[2-9A-Z]{8}")

_WITH_AN_OFFICER = frozenset(state for state in MOVES[Move.ASSIGN].from_ if state)
"""Where a case is one officer's to do."""

WHOSE: Mapping[str, Callable[[Officer], Wanted]] = {
    "all": lambda who: Wanted(),
    "under_way": lambda who: Wanted(states=UNDER_WAY),
    "mine": lambda who: Wanted(states=UNDER_WAY, assigned_to=who.id),
    "unassigned": lambda who: Wanted(states=_WITH_AN_OFFICER, unassigned=True, recommended=False),
    "decide": lambda who: Wanted(states=frozenset({State.IN_REVIEW}), recommended=True),
    "objections": lambda who: Wanted(states=frozenset({State.OBJECTION})),
}
WHOSE_WORDS: Mapping[str, str] = {
    "under_way": "在办的",
    "mine": "我的",
    "unassigned": "待认领",
    "decide": "待审批",
    "objections": "申诉",
    "all": "全部",
}
_TO_DO: tuple[tuple[Role, Callable[[Officer], Wanted]], ...] = (
    (Role.APPROVER, WHOSE["decide"]),
    (Role.APPROVER, WHOSE["objections"]),
    (
        Role.CASE_OFFICER,
        lambda who: Wanted(
            states=frozenset({State.IN_REVIEW}), assigned_to=who.id, recommended=False
        ),
    ),
    (Role.CASE_OFFICER, WHOSE["unassigned"]),
)
"""What waits for an officer, list by list, by the role that does it."""
_SORTED_AS = (
    ("identity_number", TypeAdapter(IdentityNumber)),
    ("phone", TypeAdapter(Phone)),
    ("name", TypeAdapter(Name)),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list; who it is about is not told before the case is opened."""

    id: str
    title: str
    region: str
    state: State
    badge: str
    kind: str
    due_on: date | None
    overdue: bool
    assigned_to: str
    recommended: str
    submitted_on: date | None
    version: int
    can_take: bool
    waits: bool
    """Nobody but the officer does anything with it yet, or any more: it can be handed on."""


class _Filters(forms.Asked):
    whose: str = "under_way"
    state: State | Literal["decide"] | None = None
    """`decide`: in review, with an opinion that waits for an approver."""
    measure: Annotated[str, StringConstraints(max_length=64)] | None = None
    region: Annotated[str, StringConstraints(max_length=64)] | None = None
    overdue: bool = False
    page: Annotated[int, Field(ge=1, le=10_000)] = 1


class _SearchAsked(forms.Asked):
    what: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class _AssignAsked(forms.Asked):
    case: tuple[Annotated[str, StringConstraints(max_length=32)], ...] = ()
    """Each with the version that the list had, behind a colon."""
    to: int


@blueprint.get("/")
@admits(Who.OFFICER, *LOOKERS)
def get_list() -> Response:
    """Cases of the officer's regions, those that are due first."""
    known, who = resources(), officer()
    asked = forms.read_query(_Filters)
    today = china_day(known.clock())
    wanted = _wanted(asked, who, today)
    with known.database.read() as session:
        counts = cases.counted(session, who, regions(), wanted)
        found = cases.listed(
            session,
            who,
            regions(),
            wanted,
            at_most=AT_ONCE,
            skipping=(asked.page - 1) * AT_ONCE,
        )
        tiles = [
            (name, label, sum(cases.counted(session, who, regions(), WHOSE[name](who)).values()))
            for name, label in WHOSE_WORDS.items()
            if Role.AUDITOR not in who.roles or name != "mine"
        ]
        shown = rows(session, found)
        colleagues = _case_officers(session, who) if Role.CASE_OFFICER in who.roles else []
    total = sum(counts.values())
    return page(
        "case_list.html",
        title="办件",
        rows=shown,
        total=total,
        counts=[(state, words.STATES[state], count) for state, count in counts.items()],
        tiles=tiles,
        filters=asked,
        number=asked.page,
        pages=max(1, -(-total // AT_ONCE)),
        form=forms.empty(**asked.model_dump(mode="json", exclude_none=True)),
        states=_states(),
        measures=_measures(),
        places=[(each, regions().get(each).label) for each in sorted(scope(who, regions()))],
        colleagues=colleagues,
        search=forms.empty(),
    )


@blueprint.post("/search")
@admits(Who.OFFICER, *LOOKERS)
def post_search() -> Response:
    """Find cases by number, name, telephone or identity number; it stands in no address."""
    known, who = resources(), officer()
    form = forms.read(_SearchAsked, {"what": "请填办件编号、姓名、手机号或者身份证号。"})
    found: list[Row] = []
    if form.asked is not None:
        what = form.asked.what
        with known.database.read() as session:
            if _CASE_ID.fullmatch(what.upper()):
                try:
                    case = cases.of_officer(session, what.upper(), who, regions())
                    return go_to(url_for("desk.case.get_case", id=case.id))
                except CaseUnknown:
                    pass
            else:
                wanted = Wanted(workers=frozenset(_people(session, what)))
                listed = cases.listed(session, who, regions(), wanted, at_most=AT_ONCE)
                found = rows(session, listed)
    status = 200 if form.asked is not None else 422
    return page("case_search.html", title="查找办件", status=status, search=form, rows=found)


@blueprint.post("/assign")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_assignment() -> Response:
    """Hand cases that wait, or one's own, to one officer; what was moved meanwhile is left."""
    known, who = resources(), officer()
    form = forms.read(_AssignAsked)
    whose = forms.typed("whose")
    back = url_for("desk.cases.get_list", whose=whose if whose in WHOSE else "unassigned")
    if form.asked is None or not form.asked.case:
        return go_to(back, "请先勾选办件，再选分派给谁。")
    try:
        with known.database.read() as session:
            to = officers.find(session, form.asked.to)
    except OfficerUnknown:
        return go_to(back, "没有找到这个工作人员，什么都没有改。")
    done = sum(_assigned(each, who, to) for each in form.asked.case[:AT_ONCE])
    left = len(form.asked.case) - done
    told = f"分派了{done}件给{to.name}。"
    return go_to(
        back, told + (f"有{left}件没有分派：已经被认领，或者不归这个人管。" if left else "")
    )


def rows(session: Session, found: Iterable[Case]) -> list[Row]:
    """Cases as lists show them."""
    known = resources()
    library, today = known.serving.current().library, china_day(known.clock())
    staff = officers.listed(session)
    names = {each.officer.id: each.officer.name for each in staff}
    others_here = {each.officer.id for each in staff if each.active} - {officer().id}
    can_take = Role.CASE_OFFICER in officer().roles
    return [
        Row(
            case.id,
            naming.measure_of(library, case.measure),
            naming.place_of(library, case.region),
            State(case.state),
            words.STATES[State(case.state)],
            words.STATE_KINDS.get(State(case.state), ""),
            case.due_on,
            cases.is_overdue(case, today),
            names.get(case.assigned_to or 0, ""),
            words.DECISIONS.get(case.recommended or "", "")
            if case.state == State.IN_REVIEW
            else "",
            case.submitted_at and china_day(case.submitted_at),
            case.version,
            can_take and case.state == State.SUBMITTED,
            case.state == State.SUBMITTED
            or (case.state in _WITH_AN_OFFICER and case.assigned_to not in others_here),
        )
        for case in found
    ]


def next_of(session: Session, who: Officer, case: Case) -> Case | None:
    """What waits beside a case: the one behind it where it waits itself, else the first of all.

    Who leaves one for later so comes to all of them, and not back to the one before.
    """
    for role, wanted in _TO_DO:
        if role not in who.roles:
            continue
        mine = wanted(who)
        for after in (case.id, None) if _waits_among(case, mine) else (None,):
            found = cases.listed(session, who, regions(), mine, at_most=2, after=after)
            if others := [each for each in found if each.id != case.id]:
                return others[0]
    return None


def _waits_among(case: Case, wanted: Wanted) -> bool:
    return (
        case.state in (wanted.states or ())
        and wanted.assigned_to in (None, case.assigned_to)
        and wanted.recommended in (None, case.recommended is not None)
    )


def _wanted(asked: _Filters, who: Officer, today: date) -> Wanted:
    wanted = WHOSE.get(asked.whose, WHOSE["under_way"])(who)
    if asked.state == "decide":
        wanted = replace(wanted, states=frozenset({State.IN_REVIEW}), recommended=True)
    elif asked.state is not None:
        wanted = replace(wanted, states=frozenset({asked.state}))
    if asked.overdue:
        wanted = replace(wanted, overdue_on=today)
    return replace(wanted, measure=asked.measure, region=_known_region(asked.region))


def _states() -> list[tuple[str, str]]:
    """The states to filter by; what waits for an approver stands behind what it is part of."""
    found = [(state.value, label) for state, label in words.STATES.items() if state != State.DRAFT]
    place = next(n for n, (state, _) in enumerate(found, 1) if state == State.IN_REVIEW)
    return [*found[:place], ("decide", WHOSE_WORDS["decide"]), *found[place:]]


def _known_region(region: str | None) -> str | None:
    return region if region in regions() else None


def _people(session: Session, what: str) -> list[int]:
    """Whose number or name it is, as far as it can be one."""
    safe = resources().safe
    for field, adapter in _SORTED_AS:
        try:
            read: str = adapter.validate_python(what)
        except ValidationError:
            continue
        return profiles.holders(session, safe, field, read)
    return []


def _assigned(ticked: str, who: Officer, to: Officer) -> bool:
    known = resources()
    case_id, _, version = ticked.partition(":")
    if not version.isascii() or not version.isdecimal():
        return False
    try:
        with known.database.read() as session:
            case = cases.of_officer(session, case_id, who, regions())
        own = known.subject_keys.safe_of(case.worker_id)
        desk = Desk(who, post(), own, known.clock())
        with known.database.begin() as session:
            held = cases.of_officer(session, case_id, who, regions())
            deciding.assign(session, desk, held, to, version=int(version))
    except (CaseUnknown, CaseChanged, MoveRefused, NotAllowed, SubjectErased):
        return False
    return True


def _case_officers(session: Session, who: Officer) -> list[tuple[int, str]]:
    """Those to whom something can be handed: of one of the officer's regions."""
    mine = scope(who, regions())
    return [
        (each.officer.id, each.officer.name)
        for each in officers.listed(session)
        if each.active
        and Role.CASE_OFFICER in each.officer.roles
        and mine & scope(each.officer, regions())
    ]


def _measures() -> list[tuple[str, str]]:
    """The measures that can be applied for in the officer's regions."""
    library, mine = resources().serving.current().library, scope(officer(), regions())
    wide = {outer for inner in mine for outer in regions().within(inner)}
    return [
        (each.id, f"{each.title}（{regions().get(each.region).label}）")
        for each in library.measures.values()
        if each.region in wide and each.id in library.rules.criteria
    ]
