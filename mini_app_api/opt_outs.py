"""/me/opt-outs: no cases that the worker did not apply for, of one measure or of none at all.

And no messages of campaigns: `outreach`.
"""

from apiflask import APIBlueprint
from flask import Response
from sqlmodel import Session

from mini_app_api.access import own_safe, signed_in
from mini_app_api.models import View
from mini_app_api.writing import SIGNED_IN, once
from server.casework import opting_out
from server.web.admitting import Who, admits
from server.web.problems.requests import UnknownMeasure
from server.web.resources import resources

blueprint = APIBlueprint("opt_outs", __name__, url_prefix="/api/v1", tag="opt-outs")

ALL = "all"
_CALLED = {ALL: opting_out.ALL, opting_out.OUTREACH: opting_out.OUTREACH}


class OptOutsView(View):
    """What the worker wants no cases of, `all`: of nothing; `outreach`: no messages."""

    opt_outs: list[str]


@blueprint.get("/me/opt-outs")
@blueprint.output(OptOutsView)
@blueprint.doc(
    summary="What is not to come unasked", operation_id="list_opt_outs", security=SIGNED_IN
)
@admits(Who.WORKER)
def get_opt_outs() -> OptOutsView:
    """List of what the worker wants no case without an application, or no messages."""
    worker = signed_in()
    with resources().database.read() as session:
        return _view(session, worker)


@blueprint.put("/me/opt-outs/<measure>")
@blueprint.output(OptOutsView)
@blueprint.doc(
    summary="Nothing unasked of a measure, of all, or no messages",
    operation_id="opt_out",
    security=SIGNED_IN,
)
@admits(Who.WORKER)
def put_opt_out(measure: str) -> Response:
    """Opt out; later runs over registers, and later campaigns, leave the worker alone."""
    wanted, known = _measure(measure), resources()
    own, now = own_safe(signed_in()), known.clock()

    def opt_out(session: Session, worker: int) -> OptOutsView:
        if wanted == opting_out.OUTREACH:
            opting_out.refuse_outreach(session, own, worker_id=worker, now=now)
        else:
            opting_out.opt_out(session, own, worker_id=worker, measure=wanted, now=now)
        return _view(session, worker)

    return once(opt_out)


@blueprint.delete("/me/opt-outs/<measure>")
@blueprint.output(OptOutsView)
@blueprint.doc(summary="Take an opt-out back", operation_id="opt_in", security=SIGNED_IN)
@admits(Who.WORKER)
def delete_opt_out(measure: str) -> Response:
    """Opt in again, also to what is in force no more."""
    wanted, known = _CALLED.get(measure, measure), resources()
    own, now = own_safe(signed_in()), known.clock()

    def opt_in(session: Session, worker: int) -> OptOutsView:
        if wanted == opting_out.OUTREACH:
            opting_out.accept_outreach(session, own, worker_id=worker, now=now)
        else:
            opting_out.opt_in(session, own, worker_id=worker, measure=wanted, now=now)
        return _view(session, worker)

    return once(opt_in)


def _measure(name: str) -> str:
    if (called := _CALLED.get(name)) is not None:
        return called
    if name not in resources().serving.current().library.measures:
        raise UnknownMeasure(name)
    return name


def _view(session: Session, worker: int) -> OptOutsView:
    found = opting_out.of_worker(session, worker)
    # Of messages there is a row for each name that the person is known by.
    return OptOutsView(opt_outs=list(dict.fromkeys(each.measure or ALL for each in found)))
