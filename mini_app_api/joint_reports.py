"""/joint-reports: several workers report one employer that owes them wages."""

from collections.abc import Mapping
from datetime import datetime

import segno
from apiflask import APIBlueprint
from flask import Response
from sqlmodel import Session

from mini_app_api.access import own_safe, signed_in
from mini_app_api.joint_report_models import (
    CodeAsked,
    CodeChangeAsked,
    FoundView,
    InviteView,
    JoinAsked,
    JointReportsView,
    JointReportView,
    PartAsked,
    StartAsked,
    StepView,
)
from mini_app_api.telling import JOINTLY_MOVED
from mini_app_api.writing import SIGNED_IN, once
from server.arrears import codes, handling, joining, reading, telling
from server.arrears.joining import Share, Told
from server.arrears.moves import OPEN_TO_WORKERS
from server.arrears.reading import Mine
from server.arrears.tables import JointReport, Outcome, ReportMove, ReportState
from server.confidential.privacy import mask
from server.web.admitting import Who, admits
from server.web.browsers import own_address
from server.web.callers import refuse_too_many
from server.web.rate_limits import Limit
from server.web.resources import post, resources

blueprint = APIBlueprint("joint_reports", __name__, url_prefix="/api/v1", tag="joint reports")

_STANDING: Mapping[ReportState, str] = {
    ReportState.GATHERING: "还没有交上去，工友可以加入，你也可以改。",
    ReportState.HANDED_IN: "交上去了，等经办人受理。",
    ReportState.TAKEN: "经办人正在办。",
    ReportState.ASKED_BACK: "经办人要补材料。补好以后，请发起的人再交一次。",
    ReportState.SENT: "已经转给劳动监察。",
    ReportState.DROPPED: "没有人交上去，已经作废。",
}
_ENDED: Mapping[Outcome, str] = {
    Outcome.FULL: "办完了，钱全部追回。",
    Outcome.PART: "办完了，追回了一部分。",
    Outcome.REFUSED: "办完了，没有得到支持。",
}


@blueprint.post("/joint-reports")
@blueprint.input(StartAsked, arg_name="asked")
@blueprint.output(JointReportView, status_code=201)
@blueprint.doc(
    summary="Start a joint report", operation_id="start_joint_report", security=SIGNED_IN
)
@admits(Who.WORKER)
def post_report(asked: StartAsked) -> Response:
    """Start one with one's own part; the reply has the code to pass on."""
    known, own = resources(), own_safe(signed_in())
    served, now = known.serving.current(), known.clock()
    told = Told(
        region=served.region(asked.region),
        employer=mask(asked.employer, served.public_numbers),
        place=mask(asked.place, served.public_numbers),
        first_month=asked.first_month,
        last_month=asked.last_month,
    )
    share = Share(asked.amount_fen, asked.materials)

    def start(session: Session, worker: int) -> JointReportView:
        made = joining.start(
            session, own, known.safe, served.library, told, share, worker_id=worker, now=now
        )
        return _view(session, reading.of_worker(session, made.id, worker), now)

    return once(start, status=201)


@blueprint.get("/joint-reports")
@blueprint.output(JointReportsView)
@blueprint.doc(
    summary="Joint reports I am in", operation_id="list_joint_reports", security=SIGNED_IN
)
@admits(Who.WORKER)
def get_reports() -> JointReportsView:
    """The reports that the worker has joined."""
    worker, now = signed_in(), resources().clock()
    with resources().database.read() as session:
        mine = reading.all_of_worker(session, worker)
        return JointReportsView(joint_reports=[_view(session, each, now) for each in mine])


@blueprint.post("/joint-reports/lookup")
@blueprint.input(CodeAsked, arg_name="asked")
@blueprint.output(FoundView)
@blueprint.doc(
    summary="What a code stands for", operation_id="look_up_joint_report", security=SIGNED_IN
)
@admits(Who.WORKER)
def post_lookup(asked: CodeAsked) -> FoundView:
    """Look before joining; raises `JoinCodeWrong`, `JoinCodeOver`, `TooMany`."""
    worker, known = signed_in(), resources()
    refuse_too_many(Limit.JOIN, worker)
    with known.database.read() as session:
        found = codes.find(session, known.safe, asked.code, now=known.clock())
        part = joining.find_part(session, found.id, worker)
        return FoundView(
            employer=found.employer,
            place=found.place,
            region=found.region,
            first_month=found.first_month,
            last_month=found.last_month,
            people=reading.people(session, found),
            open=found.state in OPEN_TO_WORKERS,
            joined=None if part is None else found.id,
        )


@blueprint.post("/joint-reports/join")
@blueprint.input(JoinAsked, arg_name="asked")
@blueprint.output(JointReportView, status_code=201)
@blueprint.doc(summary="Join a joint report", operation_id="join_joint_report", security=SIGNED_IN)
@admits(Who.WORKER)
def post_join(asked: JoinAsked) -> Response:
    """Join with one's own part; raises `JoinCodeWrong`, `NotOpenToWorkers`, `CountedAlready`."""
    known, mine = resources(), signed_in()
    refuse_too_many(Limit.JOIN, mine)
    own, now = own_safe(mine), known.clock()
    share = Share(asked.amount_fen, asked.materials)

    def join(session: Session, worker: int) -> JointReportView:
        part = joining.join(session, own, known.safe, asked.code, share, worker_id=worker, now=now)
        return _view(session, reading.of_worker(session, part.report_id, worker), now)

    return once(join, status=201)


@blueprint.get("/joint-reports/<id>")
@blueprint.output(JointReportView)
@blueprint.doc(
    summary="One joint report I am in", operation_id="get_joint_report", security=SIGNED_IN
)
@admits(Who.WORKER)
def get_report(id: str) -> JointReportView:
    """A report that the worker has joined; raises `JointReportUnknown`."""
    worker, now = signed_in(), resources().clock()
    with resources().database.read() as session:
        return _view(session, reading.of_worker(session, id, worker), now)


@blueprint.put("/joint-reports/<id>/part")
@blueprint.input(PartAsked, arg_name="asked")
@blueprint.output(JointReportView)
@blueprint.doc(summary="Correct my part", operation_id="change_joint_part", security=SIGNED_IN)
@admits(Who.WORKER)
def put_part(id: str, asked: PartAsked) -> Response:
    """Correct one's sum and proofs, until it is handed in."""
    own, now = own_safe(signed_in()), resources().clock()
    share = Share(asked.amount_fen, asked.materials)

    def change(session: Session, worker: int) -> JointReportView:
        joining.change(session, own, id, share, worker_id=worker, version=asked.version, now=now)
        return _view(session, reading.of_worker(session, id, worker), now)

    return once(change)


@blueprint.delete("/joint-reports/<id>/part")
@blueprint.output({}, status_code=204)
@blueprint.doc(summary="Withdraw my part", operation_id="withdraw_joint_part", security=SIGNED_IN)
@admits(Who.WORKER)
def delete_part(id: str) -> Response:
    """Take one's part out, until it is handed in."""
    own, now = own_safe(signed_in()), resources().clock()

    def withdraw(session: Session, worker: int) -> None:
        joining.withdraw(session, own, id, worker_id=worker, now=now)

    return once(withdraw)


@blueprint.post("/joint-reports/<id>/hand-in")
@blueprint.output(JointReportView)
@blueprint.doc(
    summary="Hand a joint report in", operation_id="hand_in_joint_report", security=SIGNED_IN
)
@admits(Who.WORKER)
def post_hand_in(id: str) -> Response:
    """Hand it in, as who started it; everybody who joined is told."""
    known = resources()
    own, now, by_post = own_safe(signed_in()), known.clock(), post()
    regions = known.serving.current().library.regions

    def hand_in(session: Session, worker: int) -> JointReportView:
        report = handling.hand_in(session, own, id, by=worker, regions=regions, now=now)
        parts = handling.parts_of(session, report.id)
        telling.tell(session, by_post, report, parts, ReportMove.HAND_IN, now=now)
        return _view(session, reading.of_worker(session, id, worker), now)

    return once(hand_in)


@blueprint.post("/joint-reports/<id>/code")
@blueprint.input(CodeChangeAsked, arg_name="asked")
@blueprint.output(JointReportView)
@blueprint.doc(summary="Another code, or none", operation_id="change_join_code", security=SIGNED_IN)
@admits(Who.WORKER)
def post_code(id: str, asked: CodeChangeAsked) -> Response:
    """Make all codes before worthless, as who started it."""
    known, own = resources(), own_safe(signed_in())
    now = known.clock()

    def change(session: Session, worker: int) -> JointReportView:
        joining.change_code(
            session, own, known.safe, id, worker_id=worker, open_=asked.open, now=now
        )
        return _view(session, reading.of_worker(session, id, worker), now)

    return once(change)


def _view(session: Session, mine: Mine, now: datetime) -> JointReportView:
    report, part = mine.report, mine.part
    state = ReportState(report.state)
    changeable = state in OPEN_TO_WORKERS
    is_starter = report.starter_id == part.worker_id
    outcome = None if report.outcome is None else Outcome(report.outcome)
    shown = {name: getattr(report, name) for name in FoundView.model_fields if name in _SAME}
    return JointReportView(
        id=report.id,
        state=state,
        standing=_STANDING[state] if outcome is None else _ENDED[outcome],
        unit=report.unit,
        due_on=report.due_on,
        outcome=outcome,
        people=mine.people,
        total_fen=mine.total_fen,
        starter=is_starter,
        changeable=changeable,
        amount_fen=part.amount_fen,
        recovered_fen=part.recovered_fen,
        version=part.version,
        materials=list(mine.materials),
        invite=_invite(report, now) if is_starter and changeable else None,
        steps=[
            StepView(
                at=step.at, move=step.move, said=JOINTLY_MOVED.get(step.move, ""), words=step.words
            )
            for step in reading.steps(session, resources().safe, report)
        ],
        **shown,
    )


_SAME = frozenset({"employer", "place", "region", "first_month", "last_month"})


def _invite(report: JointReport, now: datetime) -> InviteView | None:
    """The way in; the code stands behind the #, where no server ever sees it."""
    if report.code_hash is None or now >= report.code_until:
        return None
    code = codes.code_of(resources().safe, report)
    link = f"{own_address()}/#join/{code}"
    image = segno.make(link, error="m", micro=False).svg_data_uri(
        scale=4, border=3, nl=False, svgclass=None, lineclass=None, omitsize=True
    )
    return InviteView(code=code, link=link, image=image, until=report.code_until)
