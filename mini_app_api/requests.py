"""POST, GET /requests: help from the one service line, also where the bot hands over."""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from sqlmodel import Session

from mini_app_api.access import own_safe, signed_in
from mini_app_api.case_models import (
    HelpAsked,
    HelpBrief,
    HelpsView,
    HelpView,
    RatingAsked,
    SaidAsked,
    SaidView,
)
from mini_app_api.drafts import measure_of
from mini_app_api.writing import SIGNED_IN, once
from server.casework import service_requests
from server.casework.request_tables import ServiceRequest
from server.confidential.sealing import Safe
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = APIBlueprint("requests", __name__, url_prefix="/api/v1", tag="requests")


@blueprint.post("/requests")
@blueprint.input(HelpAsked, arg_name="asked")
@blueprint.output(HelpView, status_code=201)
@blueprint.doc(summary="Ask for help", operation_id="ask_for_help", security=SIGNED_IN)
@admits(Who.WORKER)
def post_request(asked: HelpAsked) -> Response:
    """Open a request; `conversation` brings the talk with the bot along, masked."""
    now, own = _at_hand()
    # A conversation may still be on its way into the database.
    resources().conversations.flush()
    served = resources().serving.current()
    region = served.region(asked.region)
    measure = None if asked.measure is None else measure_of(asked.measure)

    def open_request(session: Session, worker: int) -> HelpView:
        request = service_requests.open_request(
            session,
            own,
            served.library,
            worker_id=worker,
            category=asked.category,
            region=region,
            measure=measure,
            words=asked.words,
            conversation=asked.conversation,
            now=now,
        )
        return _view(session, own, request)

    return once(open_request, status=201)


@blueprint.get("/requests")
@blueprint.output(HelpsView)
@blueprint.doc(summary="My requests", operation_id="list_requests", security=SIGNED_IN)
@admits(Who.WORKER)
def get_requests() -> HelpsView:
    """The worker's requests."""
    worker = signed_in()
    with resources().database.read() as session:
        mine = service_requests.all_of_worker(session, worker)
    return HelpsView(requests=[HelpBrief(**_shared(each)) for each in mine])


@blueprint.get("/requests/<id>")
@blueprint.output(HelpView)
@blueprint.doc(summary="One of my requests", operation_id="get_request", security=SIGNED_IN)
@admits(Who.WORKER)
def get_request(id: str) -> HelpView:
    """A request with all that was said; raises `RequestUnknown`."""
    worker = signed_in()
    own = own_safe(worker)
    with resources().database.read() as session:
        return _view(session, own, service_requests.of_worker(session, id, worker))


@blueprint.post("/requests/<id>/messages")
@blueprint.input(SaidAsked, arg_name="asked")
@blueprint.output(HelpView)
@blueprint.doc(summary="Say something more", operation_id="write_to_request", security=SIGNED_IN)
@admits(Who.WORKER)
def post_message(id: str, asked: SaidAsked) -> Response:
    """Write to whoever works on the request."""
    now, own = _at_hand()
    regions = resources().serving.current().library.regions

    def write(session: Session, worker: int) -> HelpView:
        request = service_requests.of_worker(session, id, worker)
        service_requests.write(
            session,
            own,
            request,
            words=asked.words,
            by=worker,
            regions=regions,
            version=asked.version,
            now=now,
        )
        return _view(session, own, request)

    return once(write)


@blueprint.post("/requests/<id>/rating")
@blueprint.input(RatingAsked, arg_name="asked")
@blueprint.output(HelpView)
@blueprint.doc(summary="Say how it went", operation_id="rate_request", security=SIGNED_IN)
@admits(Who.WORKER)
def post_rating(id: str, asked: RatingAsked) -> Response:
    """Rate a settled request."""
    now, own = _at_hand()

    def rate(session: Session, worker: int) -> HelpView:
        request = service_requests.of_worker(session, id, worker)
        service_requests.rate(
            session,
            own,
            request,
            worker_id=worker,
            satisfied=asked.satisfied,
            words=asked.words,
            version=asked.version,
            now=now,
        )
        return _view(session, own, request)

    return once(rate)


def _at_hand() -> tuple[datetime, Safe]:
    return resources().clock(), own_safe(signed_in())


def _shared(request: ServiceRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in HelpBrief.model_fields}


def _view(session: Session, own: Safe, request: ServiceRequest) -> HelpView:
    return HelpView.model_validate(
        {
            **_shared(request),
            "dialogue": [
                SaidView(at=said.at, voice=said.voice, text=said.text)
                for said in service_requests.dialogue(session, own, request.id)
            ],
            "outcome": service_requests.outcome_of(own, request),
            "satisfied": request.satisfied,
        }
    )
