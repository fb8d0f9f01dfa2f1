"""The register at the desk: who is entered, who is due for a look, who leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from flask import Blueprint, Response, abort, url_for
from pydantic import Field
from sqlmodel import Session

from server import money
from server.casework import officers
from server.casework.officers import LOOKERS, Role, scope
from server.clock import china_day
from server.confidential.masking import mask_identity_number, mask_name, mask_phone
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectErased
from server.console import forms, words
from server.console.entering import actor, officer, regions
from server.console.forms import Asked, Form, Line
from server.console.rendering import go_to, page
from server.records.audit import Action
from server.register import keeping, searching
from server.register.keeping import MOVES, AlreadyRegistered, DayImpossible, Held, Standing
from server.register.naming import CAUSES, LEAVINGS, LEVELS, NEEDS, RELATIONS
from server.register.searching import Wanted
from server.register.tables import (
    EntryMove,
    EntryState,
    Leaving,
    Level,
    RegisterEntry,
)
from server.web.admitting import Who, admits
from server.web.problems import words_of_field
from server.web.resources import resources

blueprint = Blueprint("register", __name__, url_prefix="/register")


STATES: Mapping[EntryState, str] = {EntryState.ON: "在册", EntryState.LEFT: "已退出"}
HAPPENED: Mapping[EntryMove, str] = {
    EntryMove.ENTER: "登记",
    EntryMove.CHANGE: "修改",
    EntryMove.LOOK: "核查",
    EntryMove.LEAVE: "退出",
    EntryMove.RETURN: "重新列入",
}
NUMBERS = ("identity_number", "phone")
LABELS = {
    **words.PERSON_FIELDS,
    "address": "住址",
    "employer": "单位",
    "relation": "和户主的关系",
    "income": "家庭人均月收入（元）",
    "members": "家里几口人",
    "causes": "困难原因",
    "needs": "需求",
    "words": "备注",
    "region": "地区",
    "level": "困难等级",
    "looked_on": "上次核查日期",
    "due_on": "下次核查日期",
    "reason": "原因",
}
FORM_WORDS = {
    "looked_on": "日期请写成2026-03-01这样。",
    "due_on": "日期请写成2026-03-01这样。",
    "income": "请填0到100000之间的数，最多两位小数。",
    "members": "请填1到30之间的整数。",
}


class EntriesAsked(Asked):
    """What is to be listed."""

    state: EntryState = EntryState.ON
    level: Level | None = None
    due: bool = False
    page: Annotated[int, Field(ge=1, le=100_000)] = 1


class SearchAsked(Asked):
    """A name, an identity number or a telephone."""

    what: Line


class UnmaskAsked(Asked):
    """Which number is to be seen."""

    field: str


class MoveAsked(Asked):
    """One move, and the version that was looked at."""

    version: int
    level: Level | None = None
    looked_on: date | None = None
    due_on: date | None = None
    reason: Leaving | None = None
    words: Annotated[str, Field(max_length=500)] = ""


@dataclass(frozen=True, slots=True)
class LineShown:
    """One entry in a list."""

    entry: RegisterEntry
    name: str
    level: str
    due: bool


@blueprint.get("/")
@admits(Who.OFFICER, *LOOKERS)
def get_entries() -> Response:
    """Who stands in the register, those first whose look is due; every name shown is noted."""
    asked = forms.read_query(EntriesAsked)
    known = resources()
    today = china_day(known.clock())
    mine = scope(officer(), regions())
    wanted = Wanted(mine, asked.state, asked.level, today if asked.due else None)
    with known.database.read() as session:
        found, total = searching.listed(session, wanted, asked.page)
        counts = searching.counted(session, mine, today)
    return page(
        "register.html",
        title="困难职工台账",
        asked=asked,
        lines=_lines(found, today),
        total=total,
        pages=-(-total // searching.AT_ONCE),
        counts=counts,
        levels=LEVELS,
        states=STATES,
        may_enter=Role.CASE_OFFICER in officer().roles,
        form=forms.empty(),
    )


@blueprint.post("/search")
@admits(Who.OFFICER, *LOOKERS)
def post_search() -> Response:
    """Whoever has this name or number; what was typed stands in no address."""
    form = forms.read(SearchAsked)
    known = resources()
    found: list[RegisterEntry] = []
    if form.asked is not None:
        with known.database.read() as session:
            mine = scope(officer(), regions())
            found = searching.named(session, known.safe, mine, form.asked.what)
    return page(
        "register_found.html",
        title="在台账里找人",
        status=422 if form.asked is None else 200,
        form=form,
        lines=_lines(found, china_day(known.clock())),
        states=STATES,
    )


@blueprint.get("/<id>")
@admits(Who.OFFICER, *LOOKERS)
def get_entry(id: str) -> Response:
    """Somebody in the register; looking is noted."""
    return _page(id)


@blueprint.post("/<id>/unmask")
@admits(Who.OFFICER, Role.CASE_OFFICER, Role.APPROVER)
def post_unmasking(id: str) -> Response:
    """The same with one number as it is: noted, and shown this once."""
    form = forms.read(UnmaskAsked)
    wanted = form.asked.field if form.asked else ""
    return _page(id, unmask=wanted if wanted in ("name", *NUMBERS) else "")


@blueprint.post("/<id>/moves/<move>")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_move(id: str, move: str) -> Response:
    """Note a look, take somebody out, or put them back."""
    if move not in _MOVES:
        abort(404)
    known = resources()
    _, own = held_of(id)
    form = forms.read(MoveAsked, FORM_WORDS)
    asked = form.asked
    if asked is not None and move == EntryMove.LEAVE and asked.reason is None:
        form.refuse("reason", "请选原因。")
    if asked is not None and move != EntryMove.LEAVE and asked.level is None:
        form.refuse("level", "请选等级。")
    if own is None:
        raise SubjectErased
    if form.asked is not None and asked is not None:
        try:
            with known.database.begin() as session:
                entry = keeping.of_officer(session, id, officer(), regions())
                _do(session, own, entry, EntryMove(move), asked)
        except DayImpossible as error:
            refuse(form, error)
    if form.asked is None:
        return _page(id, status=422, filled={move: form})
    return go_to(url_for(".get_entry", id=id), f"{HAPPENED[EntryMove(move)]}记下了。")


_MOVES = (EntryMove.LOOK, EntryMove.LEAVE, EntryMove.RETURN)


def _do(
    session: Session, own: Safe, entry: RegisterEntry, move: EntryMove, asked: MoveAsked
) -> None:
    more: dict[str, Any] = {
        "words": asked.words,
        "by": officer(),
        "version": asked.version,
        "now": resources().clock(),
    }
    if move is EntryMove.LEAVE:
        assert asked.reason is not None
        keeping.leave(session, own, regions(), entry, reason=asked.reason, **more)
        return
    assert asked.level is not None
    standing = Standing(entry.region, asked.level, asked.looked_on, asked.due_on)
    act = keeping.look if move is EntryMove.LOOK else keeping.return_
    act(session, own, regions(), entry, standing=standing, **more)


def refuse(form: Form[Any], error: Exception) -> None:
    """Say at the field what stands against it: who is there already, a day, a number."""
    if isinstance(error, AlreadyRegistered):
        form.refuse("identity_number", "这个身份证号已经在台账里，请用“找人”找到那一条。")
    elif isinstance(error, DayImpossible):
        told = "核查日期不能晚于今天，也不能早于上一次。"
        later = "下次核查要在这次之后、两年以内。"
        form.refuse(error.field, later if error.field == "due_on" else told)
    else:
        form.refuse("identity_number", words_of_field("identity_birth"))


def _lines(entries: list[RegisterEntry], today: date) -> list[LineShown]:
    """Entries with masked names; each name that is shown is a look at somebody."""
    known = resources()
    safes = known.subject_keys.safes_of(entry.worker_id for entry in entries)
    lines = []
    for entry in entries:
        registered = keeping.opened(safes.get(entry.worker_id), entry)
        name = "" if registered is None else mask_name(registered.name)
        due = entry.state == EntryState.ON and entry.due_on <= today
        lines.append(LineShown(entry, name, LEVELS[Level(entry.level)], due))
    if lines:
        with known.database.begin() as session:
            keeping.record_looks(
                session, known.safe, entries, by=actor(), fields=("name",), now=known.clock()
            )
    return lines


def held_of(id: str) -> tuple[Held, Safe | None]:
    """An entry that this officer may see, with its person's safe; None where that is erased."""
    known = resources()
    with known.database.read() as session:
        entry = keeping.of_officer(session, id, officer(), regions())
    own = known.subject_keys.safes_of([entry.worker_id]).get(entry.worker_id)
    return Held(entry, keeping.opened(own, entry)), own


def _page(
    id: str,
    *,
    unmask: str = "",
    status: int = 200,
    filled: Mapping[str, Form[Any]] | None = None,
) -> Response:
    known = resources()
    held, own = held_of(id)
    now = known.clock()
    with known.database.begin() as session:
        keeping.record_looks(
            session, known.safe, [held.entry], by=actor(), fields=("entry",), now=now
        )
        if unmask:
            keeping.record_looks(
                session, known.safe, [held.entry], by=actor(), fields=(unmask,),
                action=Action.UNMASKED, now=now,
            )  # fmt: skip
        names = officers.names(session)
        history = [
            (
                event.at,
                names.get(event.officer_id or 0, "系统"),
                HAPPENED[EntryMove(event.move)],
                LEAVINGS[Leaving(event.reason)] if event.reason else "",
                keeping.words_of(own, event),
            )
            for event in keeping.events(session, id)
        ]
        # A household may live in two places: each is the business of its own officers.
        others = [
            each
            for each in keeping.members_of(session, held.entry.household_id)
            if each.id != id and officer().covers(each.region, regions())
        ]
    entry, today = held.entry, china_day(now)
    may_act = Role.CASE_OFFICER in officer().roles and own is not None
    empty = forms.empty(level=entry.level, looked_on=today.isoformat())
    return page(
        "register_entry.html",
        title="台账里的一个人",
        status=status,
        entry=entry,
        shown=_shown(held, unmask),
        numbers=[] if held.registered is None else ["name", *NUMBERS],
        labels=LABELS,
        unmask=unmask,
        state=STATES[EntryState(entry.state)],
        level=LEVELS[Level(entry.level)],
        levels=[(level.value, label) for level, label in LEVELS.items()],
        leavings=[(reason.value, label) for reason, label in LEAVINGS.items()],
        due=entry.state == EntryState.ON and entry.due_on <= today,
        history=history,
        others=_lines(others, today),
        moves=[
            (move.value, HAPPENED[move])
            for move in _MOVES
            if may_act and EntryState(entry.state) in MOVES[move]
        ],
        forms={move.value: empty for move in _MOVES} | dict(filled or {}),
        may_act=may_act,
        may_unmask=bool(officer().actors),
    )


def _shown(held: Held, unmask: str) -> list[tuple[str, str]]:
    """What an entry says, by field, numbers masked but for one."""
    who = held.registered
    if who is None:
        return []
    masks: Mapping[str, Any] = {
        "name": mask_name,
        "identity_number": mask_identity_number,
        "phone": mask_phone,
    }
    found: list[tuple[str, str]] = []
    for name, mask in masks.items():
        value = getattr(who, name)
        if value is not None:
            found.append((name, value if name == unmask else mask(value)))
    plain = {
        "native_place": who.native_place,
        "address": who.address,
        "employer": who.employer,
        "relation": None if who.relation is None else RELATIONS[who.relation],
        "income": None if who.income_fen is None else money.spoken(who.income_fen),
        "causes": "、".join(CAUSES[cause] for cause in who.causes),
        "needs": "、".join(NEEDS[need] for need in who.needs),
        "words": who.words,
    }
    return found + [(name, str(value)) for name, value in plain.items() if value]
