"""POST, GET /applications, and what a worker can do with a case: answer, withdraw, object."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from sqlmodel import Session

from knowledge.eligibility.verdicts import Outcome
from mini_app_api.access import own_safe, signed_in
from mini_app_api.attended import vouched_for
from mini_app_api.case_models import (
    AppealAsked,
    ApplicationAsked,
    CaseBrief,
    CasesView,
    CaseView,
    EventView,
    ItemView,
    MoveAsked,
    ObjectionView,
)
from mini_app_api.drafts import measure_of, title_of
from mini_app_api.telling import ENDED, said_of, what_next
from mini_app_api.writing import SIGNED_IN, once, refused
from server.casework import (
    applying,
    cases,
    deciding,
    drafting,
    materials,
    objecting,
    payable,
    payments,
    reservations,
)
from server.casework.advancing import Post
from server.casework.applying import Checked
from server.casework.cases import CaseUnknown
from server.casework.drafting import DraftUnknown
from server.casework.moves import INSIDE, Move, State
from server.casework.standing import STANDING
from server.casework.tables import Case, Material, Origin, Source
from server.clock import china_day
from server.confidential.sealing import Safe
from server.database.tables import Part
from server.personal import profiles
from server.personal.persons import as_kept
from server.web.admitting import Who, admits
from server.web.resources import post, resources

blueprint = APIBlueprint("applications", __name__, url_prefix="/api/v1", tag="applications")


@blueprint.post("/applications")
@blueprint.input(ApplicationAsked, arg_name="asked")
@blueprint.output(CaseBrief, status_code=201)
@blueprint.doc(summary="Apply for a measure", operation_id="apply", security=SIGNED_IN)
@admits(Who.WORKER)
def post_application(asked: ApplicationAsked) -> Response:
    """Submit an application; the facts, the verdict and the person are frozen with it."""
    now, own, telling = _at_hand()
    try:
        checked = _checked(asked, own, china_day(now))
    except Exception as why:
        return refused(why, status=201)

    def apply(session: Session, worker: int) -> CaseBrief:
        submitted = drafting.submit(
            session,
            own,
            telling,
            checked,
            worker_id=worker,
            seen=asked.edition,
            despite_warning=asked.despite_warning,
            now=now,
        )
        return CaseBrief(
            id=submitted.case_id,
            measure=asked.measure,
            title=checked.measure.title,
            region=checked.region,
            origin=Origin.APPLICATION,
            state=State.SUBMITTED,
            version=submitted.version,
            submitted_at=now,
            due_on=submitted.due_on,
            standing=STANDING[State.SUBMITTED],
            your_turn=False,
            waits_for=None,
            next=what_next(
                State.SUBMITTED,
                submitted.due_on,
                # A case that begins with this has nothing yet: the next in line needn't wait.
                lacking=_lacking(
                    asked.measure,
                    [] if submitted.version == 1 else materials.of_case(session, submitted.case_id),
                ),
            ),
        )

    return once(apply, status=201)


@blueprint.get("/applications")
@blueprint.output(CasesView)
@blueprint.doc(summary="My cases", operation_id="list_applications", security=SIGNED_IN)
@admits(Who.WORKER)
def get_applications() -> CasesView:
    """The worker's cases."""
    worker = signed_in()
    with resources().database.read() as session:
        mine = cases.all_of_worker(session, worker)
        return CasesView(applications=[_brief(session, case) for case in mine])


@blueprint.get("/applications/<id>")
@blueprint.output(CaseView)
@blueprint.doc(summary="One of my cases", operation_id="get_application", security=SIGNED_IN)
@admits(Who.WORKER)
def get_application(id: str) -> CaseView:
    """A case with its history; raises `CaseUnknown`."""
    worker = signed_in()
    own = own_safe(worker)
    with resources().database.read() as session:
        return _view(session, own, _mine(session, id, worker))


@blueprint.post("/applications/<id>/answer")
@blueprint.input(MoveAsked, arg_name="asked")
@blueprint.output(CaseView)
@blueprint.doc(
    summary="Done with the materials that were asked for",
    operation_id="answer_request",
    security=SIGNED_IN,
)
@admits(Who.WORKER)
def post_answer(id: str, asked: MoveAsked) -> Response:
    """Say that what was asked for is there, or why it is not."""
    return _moved(id, asked, deciding.answer)


@blueprint.post("/applications/<id>/withdraw")
@blueprint.input(MoveAsked, arg_name="asked")
@blueprint.output(CaseView)
@blueprint.doc(summary="Withdraw a case", operation_id="withdraw", security=SIGNED_IN)
@admits(Who.WORKER)
def post_withdrawal(id: str, asked: MoveAsked) -> Response:
    """Take a case back."""
    return _moved(id, asked, deciding.withdraw)


@blueprint.post("/applications/<id>/give-up")
@blueprint.input(MoveAsked, arg_name="asked")
@blueprint.output(CaseView)
@blueprint.doc(
    summary="Give up the instalments that are still to come",
    operation_id="give_up",
    security=SIGNED_IN,
)
@admits(Who.WORKER)
def post_giving_up(id: str, asked: MoveAsked) -> Response:
    """Keep what was paid, and want no more."""
    return _moved(id, asked, payments.give_up)


@blueprint.post("/applications/<id>/appeal")
@blueprint.input(AppealAsked, arg_name="asked")
@blueprint.output(CaseView)
@blueprint.doc(summary="Object to a refusal", operation_id="appeal", security=SIGNED_IN)
@admits(Who.WORKER)
def post_appeal(id: str, asked: AppealAsked) -> Response:
    """File an objection (申诉)."""
    return _moved(id, asked, objecting.file)


def _moved(id: str, asked: MoveAsked | AppealAsked, move: Callable[..., Case]) -> Response:
    """Do what the worker asks of a case of theirs, once."""
    now, own, telling = _at_hand()

    def act(session: Session, worker: int) -> CaseView:
        moved = move(
            session,
            own,
            telling,
            _mine(session, id, worker),
            worker_id=worker,
            version=asked.version,
            words=asked.words,
            now=now,
        )
        return _view(session, own, moved)

    return once(act)


def _checked(asked: ApplicationAsked, own: Safe, today: date) -> Checked:
    known = resources()
    served = known.serving.current()
    facts, region = asked.facts, None
    if asked.region is not None:
        region = served.region(asked.region)
    if facts is None:
        facts, draft_region = _of_draft(signed_in(), own, asked.measure)
        region = region or draft_region
    checked = applying.check(
        served.library,
        served.release,
        measure_of(asked.measure),
        region,
        facts,
        vouched=vouched_for(served.library, asked.measure, today),
        today=today,
    )
    known.serving.off().refuse(Part.APPLICATIONS, served.library.regions, checked.region)
    return checked


def _at_hand() -> tuple[datetime, Safe, Post]:
    return resources().clock(), own_safe(signed_in()), post()


def _mine(session: Session, id: str, worker: int) -> Case:
    case = cases.of_worker(session, id, worker)
    if case.submitted_at is None:
        raise CaseUnknown(id)
    return case


def _of_draft(worker: int, own: Safe, measure: str) -> tuple[dict[str, Any], str]:
    with resources().database.read() as session:
        draft = cases.draft_of(session, worker, measure)
        if draft is None:
            raise DraftUnknown(measure)
        return cases.frozen(draft, own).facts or {}, draft.region


def _material_title(kind: str) -> str:
    known = resources().serving.current().library.materials.get(kind)
    return kind if known is None else known.title


def _amount_fen(session: Session, case: Case) -> int | None:
    """What the worker gets, or got of it; None: nothing, or nobody has decided."""
    if case.state in (State.APPROVED, State.PAYMENT_PENDING):
        return case.amount_fen
    # What an officer only recommends is no promise; of what was given up, or ended, only what was
    # paid before.
    return reservations.paid_fen(session, case.id) or None


def _lacking(measure: str, there: Sequence[Material]) -> list[str]:
    """The papers that a case usually takes and that are not there, by title."""
    library = resources().serving.current().library
    needs = materials.usually_needed(library.materials, library.checklists.get(measure))
    kinds = {each.kind for each in there}
    return [need.kind.title for need in needs if need.kind.id not in kinds]


def _brief(session: Session, case: Case) -> CaseBrief:
    return CaseBrief(**_shared(session, case))


def _shared(session: Session, case: Case, lacking: list[str] | None = None) -> dict[str, Any]:
    state = State(case.state)
    waits_for = payable.waits_for(session, case)
    was_refused = case.claim is not None
    # Whoever takes back what was granted leaves the fund its money.
    was_granted = state is State.WITHDRAWN and reservations.released_fen(session, case.id) > 0
    was_ended = state is State.REFUSED and reservations.was_granted(session, case.id)
    told = {
        "title": title_of(case.measure),
        "standing": ENDED if was_ended else STANDING[state],
        "next": what_next(
            state,
            objecting.last_day(case) or case.due_on,
            unit=case.unit,
            lacking=lacking,
            was_refused=was_refused,
            was_granted=was_granted,
            was_ended=was_ended,
            waits_for=waits_for,
        ),
        "your_turn": state is State.MATERIAL_REQUESTED or waits_for is not None,
        "waits_for": waits_for,
    }
    columns = CaseBrief.model_fields.keys() - told.keys()
    return {name: getattr(case, name) for name in columns} | told


def _view(session: Session, own: Safe, case: Case) -> CaseView:
    held = cases.frozen(case, own)
    person = {} if held.person is None else profiles.masked(as_kept(held.person))
    missing = {item.id for item in deciding.missing_items(session, case.id)}
    return CaseView(
        **_shared(session, case, _lacking(case.measure, materials.of_case(session, case.id))),
        unit=case.unit,
        outcome=None if case.outcome is None else Outcome(case.outcome),
        despite_warning=case.despite_warning,
        facts=held.facts or {},
        sources={fact: Source(source) for fact, source in (held.sources or {}).items()},
        verdict=held.verdict or {},
        person=person,
        amount_fen=_amount_fen(session, case),
        history=[
            EventView(
                at=each.event.at,
                move=Move(each.event.move),
                state=State(each.event.state),
                by=each.event.actor,
                said=said_of(each),
                reason=each.reason,
            )
            for each in cases.history(session, case, own)
            if each.event.move not in INSIDE
        ],
        requested=[
            ItemView(
                item=item.item,
                title=_material_title(item.item),
                reason=cases.item_reason(own, item),
                due_on=item.due_on,
                answered_at=item.answered_at,
            )
            for item in cases.items_of(session, case.id)
            if item.answered_at is not None or item.id in missing
        ],
        objections=[
            ObjectionView(
                filed_at=each.filed_at,
                due_on=each.due_on,
                outcome=each.outcome,
                decided_at=each.decided_at,
            )
            for each in cases.objections_of(session, case.id)
        ],
        moves=payments.moves_of_worker(session, case),
    )
