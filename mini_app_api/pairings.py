"""/me/pairings: who helps whoever signed in, or their child; yes, no, another helper, none."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field
from sqlmodel import Session

from bot.composing import day
from mini_app_api.access import own_safe, signed_in
from mini_app_api.models import Request, Version, View, Words
from mini_app_api.register import claimed
from mini_app_api.telling import due
from mini_app_api.writing import SIGNED_IN, once
from server.clock import china_day
from server.confidential.masking import mask_name, mask_phone
from server.confidential.sealing import Safe
from server.money import yuan
from server.pairing import helping, keeping, naming, visiting
from server.pairing.moves import By, Move, endings
from server.pairing.tables import Ending, Helper, HelperKind, Pairing, PairState
from server.pairing.visiting import Seen
from server.personal import children, people
from server.records.audit import Actor
from server.web.admitting import Who, admits
from server.web.browsers import handed_in
from server.web.resources import resources

blueprint = APIBlueprint("pairings", __name__, url_prefix="/api/v1", tag="pairings")


class Answer(StrEnum):
    """What one can say to a pairing."""

    YES = "yes"
    NO = "no"
    ANOTHER = "another"
    NONE = "none"


_ENDS: Mapping[Answer, Ending] = {
    Answer.NO: Ending.PERSON_REFUSED,
    Answer.ANOTHER: Ending.WANTS_ANOTHER,
    Answer.NONE: Ending.WANTS_NONE,
}
_LABELS: Mapping[Answer, str] = {
    Answer.YES: "同意",
    Answer.NO: "不同意",
    Answer.ANOTHER: "想换一个帮扶人",
    Answer.NONE: "不要帮扶了",
}


class AnswerAsked(Request):
    """An answer to a pairing as it was seen; `words` for the office, if anything is to be said."""

    version: Version
    answer: Answer
    words: Annotated[Words, Field(max_length=500)] = ""


class WayView(View):
    """An answer that can be given now."""

    answer: Answer
    label: str


class VisitView(View):
    """A visit; `photos` are to be asked for one by one, `told` is the same to read."""

    visited_on: date
    words: str
    given: str
    given_fen: int
    photos: list[str]
    told: str


class PairingView(View):
    """One pairing; kind, state and ending are in words.

    Who helps is masked; the telephone is whole in the list as long as the pairing is accepted, for
    the person to call.
    """

    id: str
    version: int
    helper: str
    phone: str | None
    kind: str
    unit: str
    child: str | None
    """The child that is helped; null: oneself."""
    state: PairState
    told: str
    proposed_at: datetime
    due_on: date | None
    """Until when somebody comes to visit."""
    visits: list[VisitView]
    ways: list[WayView]
    lines: list[str]
    """The same to read, a line for each thing that is known."""


class PairingsView(View):
    """`phone_verified` false: there may be more that is not shown yet."""

    pairings: list[PairingView]
    phone_verified: bool


@blueprint.get("/me/pairings")
@blueprint.output(PairingsView)
@blueprint.doc(summary="Who helps me", operation_id="list_pairings", security=SIGNED_IN)
@admits(Who.WORKER)
def get_pairings() -> PairingsView:
    """Show somebody's pairings, and those of their children; noted as a look."""
    worker, known = signed_in(), resources()
    own = own_safe(worker)
    claimed(worker)
    with known.database.begin() as session:
        found = keeping.of_worker(session, worker)
        by, now = Actor.worker(worker), known.clock()
        for calls, fields in ((False, ("pairing",)), (True, ("pairing", "helper_phone"))):
            seen = [pairing for pairing, _ in found if _may_call(pairing) is calls]
            keeping.record_looks(session, own, seen, by=by, fields=fields, now=now)
        verified = people.phone_of(session, known.safe, worker) is not None
        views = [
            _view(session, own, pairing, helper, now, calls=_may_call(pairing))
            for pairing, helper in found
        ]
    return PairingsView(pairings=views, phone_verified=verified)


@blueprint.post("/me/pairings/<id>/answers")
@blueprint.input(AnswerAsked, arg_name="asked")
@blueprint.output(PairingView)
@blueprint.doc(summary="Answer to a pairing", operation_id="answer_pairing", security=SIGNED_IN)
@admits(Who.WORKER)
def post_answer(id: str, asked: AnswerAsked) -> Response:
    """Agree, refuse, ask for another helper, or want none any more.

    Raises `PairingUnknown`, `PairingChanged`, and `ConsentMissing` for a child.
    """
    known = resources()
    own, now = own_safe(signed_in()), known.clock()
    regions = known.serving.current().library.regions

    def answer(session: Session, worker: int) -> PairingView:
        pairing = keeping.mine(session, id, worker)
        if asked.answer is Answer.YES:
            keeping.agree(
                session,
                own,
                regions,
                pairing,
                Move.PERSON_AGREES,
                by=None,
                version=asked.version,
                now=now,
            )
        else:
            keeping.end(
                session,
                own,
                regions,
                pairing,
                _ENDS[asked.answer],
                words=asked.words,
                by=None,
                version=asked.version,
                now=now,
            )
        # A reply is kept for a repetition, and no telephone in it.
        helper = session.get_one(Helper, pairing.helper_id)
        return _view(session, own, pairing, helper, now, calls=False)

    return once(answer)


@blueprint.get("/me/pairings/<id>/photos/<photo>")
@blueprint.doc(
    summary="A photo of a visit",
    operation_id="get_visit_photo",
    security=SIGNED_IN,
    responses={200: "The photo"},
)
@admits(Who.WORKER)
def get_photo(id: str, photo: str) -> Response:
    """A photo of a visit to oneself; raises `PairingUnknown`."""
    worker, known = signed_in(), resources()
    own = own_safe(worker)
    with known.database.begin() as session:
        pairing = keeping.mine(session, id, worker)
        row = visiting.photo_of(session, pairing, photo)
        by = Actor.worker(worker)
        keeping.record_looks(session, own, [pairing], by=by, fields=("photo",), now=known.clock())
    content = visiting.photo_content(known.store, own, row)
    return handed_in(content, row.media_type, f"visit-{row.id[:8]}", shown=False)


def _may_call(pairing: Pairing) -> bool:
    """Whether the helper has agreed to be called: as long as both sides stand by their word."""
    return PairState(pairing.state) is PairState.ACCEPTED


def _view(
    session: Session, own: Safe, pairing: Pairing, helper: Helper, now: datetime, *, calls: bool
) -> PairingView:
    who = helping.opened(resources().safe, helper)
    seen = visiting.of_pairings(session, {pairing.id: own}, [pairing.id])[pairing.id]
    visits = [_visit(each) for each in seen if each.visit.struck_at is None]
    child = _child(session, own, pairing)
    state = PairState(pairing.state)
    told = naming.STATES[state]
    if pairing.ending:
        told = f"{told}：{naming.ENDINGS[Ending(pairing.ending)]}"
    elif pairing.person_agreed_at is not None and state is PairState.PROPOSED:
        told = "你已经同意，等帮扶单位同意"
    kind = naming.KINDS[HelperKind(helper.kind)]
    name = mask_name(who.name)
    phone = who.phone if calls or who.phone is None else mask_phone(who.phone)
    last = visits[0].visited_on if visits else None
    known = {
        "帮扶人": f"{name}（{kind}，{helper.unit}）",
        "电话": phone,
        "帮谁": None if child is None else f"孩子{child}",
        "现在": told,
        "上次走访": None if last is None else day(last),
        "下次走访": None if pairing.due_on is None else due(pairing.due_on, china_day(now)),
    }
    return PairingView(
        id=pairing.id,
        version=pairing.version,
        helper=name,
        phone=phone,
        kind=kind,
        unit=helper.unit,
        child=child,
        state=state,
        told=told,
        proposed_at=pairing.proposed_at,
        due_on=pairing.due_on,
        visits=visits,
        ways=[WayView(answer=way, label=_LABELS[way]) for way in _ways(pairing)],
        lines=[f"{label}：{value}" for label, value in known.items() if value],
    )


def _ways(pairing: Pairing) -> list[Answer]:
    state = PairState(pairing.state)
    can_agree = state is PairState.PROPOSED and pairing.person_agreed_at is None
    ends = endings(state, By.PERSON)
    return [Answer.YES] * can_agree + [way for way, ending in _ENDS.items() if ending in ends]


def _child(session: Session, own: Safe, pairing: Pairing) -> str | None:
    if pairing.child_id is None:
        return None
    named = children.of(session, own, pairing.worker_id)
    found = next((each for each in named if each.id == pairing.child_id), None)
    return "" if found is None else mask_name(found.minor.name)


def _visit(seen: Seen) -> VisitView:
    told = [f"{day(seen.visit.visited_on)}来看过", seen.words.rstrip("。")]
    if seen.given or seen.visit.given_fen:
        fen = seen.visit.given_fen
        given = seen.given.rstrip("。") or "东西和钱"
        told.append(f"给了{given}，值{yuan(fen)}元" if fen else f"给了{given}")
    return VisitView(
        visited_on=seen.visit.visited_on,
        words=seen.words,
        given=seen.given,
        given_fen=seen.visit.given_fen,
        photos=[photo.id for photo in seen.photos],
        told="。".join(filter(None, told)) + "。",
    )
