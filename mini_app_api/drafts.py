"""GET, PUT, DELETE /drafts/{measure}: an application as far as it is, on whatever phone."""

from datetime import date

from apiflask import APIBlueprint
from flask import Response
from sqlmodel import Session

from knowledge.eligibility.verdicts import Outcome
from knowledge.measures import Measure
from mini_app_api.access import own_safe, signed_in
from mini_app_api.attended import vouched_for
from mini_app_api.case_models import (
    DraftAsked,
    DraftsView,
    DraftView,
    RuleChangeView,
    VersionAsked,
)
from mini_app_api.writing import SIGNED_IN, once, refused
from server.casework import applying, cases, drafting
from server.casework.applying import Checked
from server.casework.drafting import DraftUnknown
from server.casework.editions import changes_since, current_edition
from server.casework.tables import Case
from server.clock import china_day
from server.confidential.sealing import Safe
from server.web.admitting import Who, admits
from server.web.problems.requests import UnknownMeasure
from server.web.resources import post, resources

blueprint = APIBlueprint("drafts", __name__, url_prefix="/api/v1", tag="drafts")


@blueprint.get("/drafts")
@blueprint.output(DraftsView)
@blueprint.doc(summary="My drafts", operation_id="list_drafts", security=SIGNED_IN)
@admits(Who.WORKER)
def get_drafts() -> DraftsView:
    """The worker's drafts, with what changed in the rules since they were seen."""
    worker = signed_in()
    own = own_safe(worker)
    with resources().database.read() as session:
        mine = cases.all_of_worker(session, worker, drafts=True)
        return DraftsView(drafts=[_view(session, own, draft) for draft in mine])


@blueprint.get("/drafts/<measure>")
@blueprint.output(DraftView)
@blueprint.doc(summary="My draft for a measure", operation_id="get_draft", security=SIGNED_IN)
@admits(Who.WORKER)
def get_draft(measure: str) -> DraftView:
    """One draft; raises `DraftUnknown`."""
    worker = signed_in()
    own = own_safe(worker)
    with resources().database.read() as session:
        return _view(session, own, _mine(session, worker, measure))


@blueprint.put("/drafts/<measure>")
@blueprint.input(DraftAsked, arg_name="asked")
@blueprint.output(DraftView)
@blueprint.doc(summary="Keep a draft", operation_id="keep_draft", security=SIGNED_IN)
@admits(Who.WORKER)
def put_draft(measure: str, asked: DraftAsked) -> Response:
    """Keep what is filled in so far; another phone goes on with it."""
    now = resources().clock()
    own, telling = own_safe(signed_in()), post()
    try:
        checked = _checked(measure, asked, china_day(now))
    except Exception as why:
        return refused(why)

    def keep(session: Session, worker: int) -> DraftView:
        draft = drafting.save(
            session,
            own,
            telling,
            checked,
            worker_id=worker,
            version=asked.version,
            seen=asked.edition,
            now=now,
        )
        return _view(session, own, draft)

    return once(keep)


@blueprint.delete("/drafts/<measure>")
@blueprint.input(VersionAsked, location="query", arg_name="asked")
@blueprint.output({}, status_code=204)
@blueprint.doc(summary="Give a draft up", operation_id="discard_draft", security=SIGNED_IN)
@admits(Who.WORKER)
def delete_draft(measure: str, asked: VersionAsked) -> Response:
    """Give up a draft and what it holds."""
    now = resources().clock()
    own, telling = own_safe(signed_in()), post()

    def discard(session: Session, worker: int) -> None:
        draft = _mine(session, worker, measure)
        drafting.discard(session, own, telling, draft, version=asked.version, now=now)

    return once(discard)


def measure_of(id: str) -> Measure:
    """A measure in force; raises `UnknownMeasure`."""
    try:
        return resources().serving.current().library.measures[id]
    except KeyError:
        raise UnknownMeasure(id) from None


def title_of(measure: str) -> str:
    """How a measure is called, its id where it is not in force any more."""
    known = resources().serving.current().library.measures.get(measure)
    return measure if known is None else known.title


def _checked(measure: str, asked: DraftAsked, today: date) -> Checked:
    served = resources().serving.current()
    return applying.check(
        served.library,
        served.release,
        measure_of(measure),
        None if asked.region is None else served.region(asked.region),
        asked.facts,
        vouched=vouched_for(served.library, measure, today),
        today=today,
    )


def _mine(session: Session, worker: int, measure: str) -> Case:
    draft = cases.draft_of(session, worker, measure)
    if draft is None:
        raise DraftUnknown(measure)
    return draft


def _view(session: Session, own: Safe, draft: Case) -> DraftView:
    held = cases.frozen(draft, own)
    served = resources().serving.current()
    measure = served.library.measures.get(draft.measure)
    edition, found = draft.edition_id, []
    if measure is not None:
        edition = current_edition(session, served.release, draft.measure)
        if edition != draft.edition_id:
            found = changes_since(session, draft.edition_id, measure)
    return DraftView(
        id=draft.id,
        measure=draft.measure,
        title=title_of(draft.measure),
        region=draft.region,
        version=draft.version,
        edition=edition,
        facts=held.facts or {},
        outcome=None if draft.outcome is None else Outcome(draft.outcome),
        begun_at=draft.begun_at,
        changed_at=draft.changed_at,
        changes=[
            RuleChangeView(part=each.part, before=each.before, after=each.after) for each in found
        ],
    )
