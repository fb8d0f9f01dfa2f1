"""Pairings at the desk: who needs a helper, who agreed, the visits, who is late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from flask import Blueprint, Response, abort, request, url_for
from pydantic import Field
from sqlmodel import Session

from server.casework import officers
from server.casework.inspecting import InspectionBusy
from server.casework.officers import LOOKERS, Role, scope
from server.casework.recoding import Refused
from server.casework.uploading import FileTooLarge
from server.clock import china_day
from server.confidential.masking import mask_name
from server.confidential.sealing import Safe
from server.console import forms
from server.console.entering import actor, officer, regions, takes
from server.console.forms import YUAN_WORDS, Asked, Form, VersionAsked, Yuan
from server.console.helping import shown as shown_helpers
from server.console.rendering import go_to, page
from server.pairing import helping, keeping, naming, proposing, searching, telling, visiting
from server.pairing.moves import MOVES, By, Move, endings
from server.pairing.searching import Wanted
from server.pairing.tables import Ending, Helper, HelperKind, Pairing, PairState, Visit
from server.pairing.visiting import Kept, Report, VisitDayImpossible
from server.register import keeping as register
from server.register.hardship import Registered
from server.register.tables import EntryState, RegisterEntry
from server.web.admitting import Who, admits
from server.web.browsers import handed_in
from server.web.resources import post, resources

blueprint = Blueprint("pairings", __name__, url_prefix="/pairings")

_SIDES = {"unit": Move.UNIT_AGREES, "person": Move.PERSON_AGREES}
LABELS = {
    "helper": "帮扶人",
    "child": "帮谁",
    "every_days": "多少天走访一次",
    "visited_on": "走访日期",
    "words": "情况",
    "given": "给了什么",
    "given_fen": "值多少钱（元）",
    "photos": "照片",
    "ending": "原因",
}
WORDS = {
    "every_days": f"请填{keeping.SHORTEST}到{keeping.LONGEST}之间的整数。",
    "given_fen": YUAN_WORDS,
    "visited_on": "日期请写成2026-03-01这样。",
}


class PairingsAsked(Asked):
    """What is to be listed."""

    state: PairState | None = None
    overdue: bool = False
    page: Annotated[int, Field(ge=1, le=100_000)] = 1


class EndAsked(VersionAsked):
    """Why a pairing ends."""

    ending: Ending
    words: Annotated[str, Field(max_length=500)] = ""


class VisitAsked(VersionAsked):
    """A visit as it is typed."""

    visited_on: date
    words: Annotated[str, Field(min_length=1, max_length=500)]
    given: Annotated[str, Field(max_length=200)] = ""
    given_fen: Annotated[Yuan, Field(ge=0, le=visiting.MOST_FEN)] = 0


@dataclass(frozen=True, slots=True)
class LineShown:
    """One pairing in a list; names of people are masked."""

    pairing: Pairing
    helper: str
    unit: str
    person: str
    overdue: bool


@blueprint.get("/")
@admits(Who.OFFICER, *LOOKERS)
def get_pairings() -> Response:
    """The pairings, those first whose visit is due first, and which cadres still have to pair."""
    asked = forms.read_query(PairingsAsked)
    known = resources()
    today = china_day(known.clock())
    mine = scope(officer(), regions())
    wanted = Wanted(mine, asked.state, today if asked.overdue else None)
    with known.database.read() as session:
        found, total = searching.listed(session, wanted, asked.page)
        counts = searching.counted(session, mine, today)
        waiting = proposing.counted(session, mine)
        owing = helping.owing(session, mine)
    return page(
        "pairings.html",
        title="结对帮扶",
        asked=asked,
        lines=_lines(found, today),
        total=total,
        pages=-(-total // searching.AT_ONCE),
        counts=counts,
        waiting=waiting,
        owing=shown_helpers(owing),
        states=naming.STATES,
        may_enter=Role.CASE_OFFICER in officer().roles,
    )


@blueprint.get("/<id>")
@admits(Who.OFFICER, *LOOKERS)
def get_pairing(id: str) -> Response:
    """One pairing with its visits; looking is noted."""
    return _page(id)


@blueprint.post("/<id>/agree/<side>")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_agreement(id: str, side: str) -> Response:
    """Note that the helper's unit agrees, or that the person does, who has no phone at hand."""
    if side not in _SIDES:
        abort(404)
    known = resources()
    asked = forms.read(VersionAsked).asked
    with known.database.begin() as session:
        pairing = keeping.of_officer(session, id, officer(), regions())
        keeping.agree(
            session, known.safe, regions(), pairing, _SIDES[side], by=officer(),
            version=asked.version if asked else 0, now=known.clock(),
        )  # fmt: skip
        if pairing.state == PairState.ACCEPTED:
            tell(session, pairing, telling.ACCEPTED)
    return go_to(url_for(".get_pairing", id=id), "记下了。")


@blueprint.post("/<id>/end")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_end(id: str) -> Response:
    """End a pairing with the reason; the person is told."""
    known = resources()
    form = forms.read(EndAsked)
    own = _own(id)
    if form.asked is None:
        return _page(id, end=form, status=422)
    with known.database.begin() as session:
        pairing = keeping.of_officer(session, id, officer(), regions())
        keeping.end(
            session, own, regions(), pairing, form.asked.ending, words=form.asked.words,
            by=officer(), version=form.asked.version, now=known.clock(),
        )  # fmt: skip
        tell(session, pairing, telling.ENDED)
    return go_to(url_for(".get_pairing", id=id), "结束了，帮扶人可以再帮别人。")


@blueprint.post("/<id>/visits")
@admits(Who.OFFICER, Role.CASE_OFFICER)
@takes(megabytes=64)
def post_visit(id: str) -> Response:
    """Note a visit with what was given and photos."""
    known = resources()
    form = forms.read(VisitAsked, WORDS)
    own = _own(id)
    photos = _photos(form) if form.asked is not None else []
    if form.asked is not None:
        asked = form.asked
        told = Report(asked.visited_on, asked.words, asked.given, asked.given_fen)
        try:
            with known.database.begin() as session:
                pairing = keeping.of_officer(session, id, officer(), regions())
                visiting.note(
                    session, own, regions(), pairing, told, photos, by=officer(),
                    version=asked.version, now=known.clock(),
                )  # fmt: skip
        except VisitDayImpossible:
            form.refuse("visited_on", "走访日期要在结对以后，不能晚于今天。")
    if form.asked is None:
        return _page(id, visit=form, status=422)
    return go_to(url_for(".get_pairing", id=id), "走访记下了。")


@blueprint.post("/<id>/visits/<visit>/strike")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_strike(id: str, visit: str) -> Response:
    """Take back a visit that was noted by mistake."""
    known = resources()
    own = _own(id)
    with known.database.begin() as session:
        pairing = keeping.of_officer(session, id, officer(), regions())
        visiting.strike(session, own, regions(), pairing, visit, by=officer(), now=known.clock())
    return go_to(url_for(".get_pairing", id=id), "撤回了，不再算数。")


@blueprint.get("/<id>/photos/<photo>")
@admits(Who.OFFICER, *LOOKERS)
def get_photo(id: str, photo: str) -> Response:
    """A photo of a visit; looking at it is noted."""
    known = resources()
    own = _own(id)
    with known.database.begin() as session:
        pairing = keeping.of_officer(session, id, officer(), regions())
        row = visiting.photo_of(session, pairing, photo)
        keeping.record_looks(
            session, known.safe, [pairing], by=actor(), fields=("photo",), now=known.clock()
        )
    content = visiting.photo_content(known.store, own, row)
    return handed_in(content, row.media_type, f"visit-{row.id[:8]}", shown=True)


def _own(pairing_id: str) -> Safe:
    """The keys of who answers for a pairing; raises `SubjectErased`."""
    known = resources()
    with known.database.read() as session:
        worker_id = keeping.of_officer(session, pairing_id, officer(), regions()).worker_id
    return known.subject_keys.safe_of(worker_id)


def tell(session: Session, pairing: Pairing, hint: str) -> None:
    """Tell the person, naming the helper's unit."""
    unit = session.get_one(Helper, pairing.helper_id).unit
    telling.tell(session, post(), pairing, unit, hint, now=resources().clock())


def _photos(form: Form[VisitAsked]) -> list[Kept]:
    """The photos that came along, kept already; what is wrong stands beside the field."""
    files = [file for file in request.files.getlist("photos") if file.filename]
    if len(files) > visiting.MOST_PHOTOS:
        form.refuse("photos", f"一次最多{visiting.MOST_PHOTOS}张照片。")
        return []
    try:
        return [visiting.keep_photo(resources().store, file.read()) for file in files]
    except (Refused, FileTooLarge):
        form.refuse("photos", "有一张照片读不了，或者太大。请用手机拍的照片，每张最多10兆。")
    except InspectionBusy:
        form.refuse("photos", "现在传的人太多，请过一会儿再试。")
    return []


# -- pages --------------------------------------------------------------------------------------


def _lines(pairings: Sequence[Pairing], today: date) -> list[LineShown]:
    """Pairings with masked names; each name that is shown is a look at somebody."""
    known = resources()
    with known.database.read() as session:
        entries = [session.get_one(RegisterEntry, pairing.entry_id) for pairing in pairings]
        helpers = {p.helper_id: session.get_one(Helper, p.helper_id) for p in pairings}
    safes = known.subject_keys.safes_of({entry.worker_id for entry in entries})
    names = {known_.helper.id: known_ for known_ in shown_helpers(list(helpers.values()))}
    with known.database.begin() as session:
        keeping.record_looks(
            session, known.safe, pairings, by=actor(), fields=("name",), now=known.clock()
        )
    lines = []
    for pairing, entry in zip(pairings, entries, strict=True):
        who = register.opened(safes.get(entry.worker_id), entry)
        is_overdue = pairing.due_on is not None and pairing.due_on < today
        helper = names[pairing.helper_id]
        person = _called(pairing, entry, who)
        lines.append(LineShown(pairing, helper.name, helper.helper.unit, person, is_overdue))
    return lines


def _called(pairing: Pairing, entry: RegisterEntry, who: Registered | None) -> str:
    """How a person is called in a list: masked, a child by its guardian."""
    if who is None:
        return "资料已删除"
    is_guardian = pairing.child_id is not None and entry.worker_id == pairing.worker_id
    return f"{mask_name(who.name)}的孩子" if is_guardian else mask_name(who.name)


def _page(
    id: str,
    *,
    visit: Form[Any] | None = None,
    end: Form[Any] | None = None,
    status: int = 200,
) -> Response:
    known = resources()
    today = china_day(known.clock())
    with known.database.read() as session:
        pairing = keeping.of_officer(session, id, officer(), regions())
        names = officers.names(session)
        own = known.subject_keys.safes_of([pairing.worker_id]).get(pairing.worker_id)
        seen = visiting.of_pairings(session, {id: own}, [id])[id]
    (line,) = _lines([pairing], today)
    state = PairState(pairing.state)
    may_act = Role.CASE_OFFICER in officer().roles and own is not None
    with known.database.read() as session:
        helper = session.get_one(Helper, pairing.helper_id)
        has_left = session.get_one(RegisterEntry, pairing.entry_id).state == EntryState.LEFT
    return page(
        "pairing.html",
        title="一个结对",
        status=status,
        pairing=pairing,
        line=line,
        helper=helper,
        kind=naming.KINDS[HelperKind(helper.kind)],
        has_left=has_left,
        state=naming.STATES[state],
        ending=naming.ENDINGS[Ending(pairing.ending)] if pairing.ending else "",
        words=keeping.words_of(own, pairing),
        reasons=[naming.reason_words(each) for each in keeping.reasons_of(own, pairing)],
        seen=seen,
        late=_late,
        names=names,
        labels=LABELS,
        sides=[
            (side, label)
            for side, label in (("unit", "帮扶单位同意了"), ("person", "本人当面同意了"))
            if may_act and state in MOVES[_SIDES[side]].from_
            and getattr(pairing, f"{side}_agreed_at") is None
        ],
        may_visit=may_act and state in MOVES[Move.VISIT].from_,
        may_strike=may_act,
        endings=[
            (each.value, naming.ENDINGS[each]) for each in endings(state, By.OFFICER) if may_act
        ],
        visit_form=visit or forms.empty(visited_on=today.isoformat()),
        end_form=end or forms.empty(),
        may_change=may_act,
    )  # fmt: skip


def _late(visit: Visit) -> bool:
    return visit.visited_on > visit.was_due_on
