"""Requests for help: who waits, the dialogue, and what an officer does about it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, url_for
from sqlmodel import Session

from server.casework import officers, request_lists, service_requests
from server.casework.officers import LOOKERS, OfficerUnknown, Role
from server.casework.request_lists import Wanted
from server.casework.request_tables import Category, RequestState, ServiceEvent, ServiceRequest
from server.casework.service_requests import TITLES, RequestChanged, RequestClosed
from server.clock import china_day
from server.confidential.sealing import Safe
from server.console import forms, naming
from server.console.entering import officer, regions
from server.console.forms import Form, Line, Text
from server.console.rendering import go_to, page
from server.records import audit
from server.records.audit import Action
from server.web.admitting import Who, admits
from server.web.resources import post, resources

_ON_A_PAGE = 50

blueprint = Blueprint("help_requests", __name__, url_prefix="/requests")


class _Filter(forms.Asked):
    show: str = ""
    category: Category | None = None
    unit: str | None = None
    region: str | None = None
    page: int = 1


class _ReplyAsked(forms.Asked):
    version: int
    words: Text


class _ForwardAsked(forms.Asked):
    version: int
    unit: Line
    reason: Text


class _SettleAsked(forms.Asked):
    version: int
    outcome: Text


@blueprint.get("/")
@admits(Who.OFFICER, *LOOKERS)
def get_requests() -> Response:
    """Requests of the officer's regions, those that wait for an answer first."""
    known = resources()
    asked = forms.read_query(_Filter)
    today = china_day(known.clock())
    library = known.serving.current().library
    wanted = _wanted(asked, today)
    with known.database.read() as session:
        who = officer()
        total = request_lists.counted(session, who, regions(), wanted)
        pages = max(1, -(-total // _ON_A_PAGE))
        number = min(max(1, asked.page), pages)
        found = request_lists.listed(
            session, who, regions(), wanted, at_most=_ON_A_PAGE, skip=(number - 1) * _ON_A_PAGE
        )
        counts = {
            show: request_lists.counted(session, who, regions(), _wanted(_Filter(show=show), today))
            for show in ("", "overdue", "closed")
        }
        units = request_lists.units_of(session, library, who)
    return page(
        "requests.html",
        title="求助",
        asked=asked,
        form=forms.empty(**{name: value or "" for name, value in asked.model_dump().items()}),
        requests=found,
        total=total,
        counts=counts,
        today=today,
        number=number,
        pages=pages,
        categories=list(TITLES.items()),
        units=[(unit, unit) for unit in units],
        places=_places(),
        states=naming.REQUEST_STATES,
        library=library,
        naming=naming,
    )


@blueprint.get("/<id>")
@admits(Who.OFFICER, *LOOKERS)
def get_request(id: str) -> Response:
    """One request with all that was said; looking is noted."""
    return _request_page(id)


@blueprint.post("/<id>/reply")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_reply(id: str) -> Response:
    """Answer; the worker gets to know of it in WeChat."""
    form = forms.read(_ReplyAsked)
    asked = form.asked
    if asked is None:
        return _request_page(id, reply=form)

    def reply(session: Session, own: Safe, request: ServiceRequest, now: datetime) -> None:
        service_requests.write(
            session, own, request, words=asked.words, by=officer(), regions=regions(),
            version=asked.version, post=post(), now=now,
        )  # fmt: skip

    return _changed(id, reply, asked.words, "已答复，会在微信里通知本人。")


@blueprint.post("/<id>/forward")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_forward(id: str) -> Response:
    """Hand it to another unit."""
    form = forms.read(_ForwardAsked)
    asked = form.asked
    if asked is None:
        return _request_page(id, forward=form)

    def forward(session: Session, own: Safe, request: ServiceRequest, now: datetime) -> None:
        service_requests.forward(
            session, own, request, unit=asked.unit, reason=asked.reason, by=officer(),
            regions=regions(), version=asked.version, now=now,
        )  # fmt: skip

    return _changed(id, forward, asked.reason, f"已转到{asked.unit}。")


@blueprint.post("/<id>/settle")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_settle(id: str) -> Response:
    """Close it with what came of it."""
    form = forms.read(_SettleAsked)
    asked = form.asked
    if asked is None:
        return _request_page(id, settle=form)

    def settle(session: Session, own: Safe, request: ServiceRequest, now: datetime) -> None:
        service_requests.settle(
            session, own, request, outcome=asked.outcome, by=officer(), regions=regions(),
            version=asked.version, post=post(), now=now,
        )  # fmt: skip

    return _changed(id, settle, asked.outcome, "已办结，会在微信里通知本人。")


def _wanted(asked: _Filter, today: Any) -> Wanted:
    given: dict[str, Any] = {"category": asked.category, "unit": asked.unit}
    if asked.region in regions():
        given["region"] = asked.region
    if asked.show == "overdue":
        given["overdue_on"] = today
    elif asked.show == "closed":
        given["states"] = frozenset({RequestState.CLOSED})
    return Wanted(**given)


def _places() -> list[tuple[str, str]]:
    seen = officers.scope(officer(), regions())
    return [(region.id, region.label) for region in regions() if region.id in seen]


def _changed(
    id: str,
    act: Callable[[Session, Safe, ServiceRequest, datetime], None],
    words: str,
    told: str,
) -> Response:
    known = resources()
    with known.database.read() as session:
        request = service_requests.of_officer(session, id, officer(), regions())
    own = known.subject_keys.safes_of([request.worker_id]).get(request.worker_id)
    try:
        with known.database.begin() as session:
            request = service_requests.of_officer(session, id, officer(), regions())
            # Of somebody who was erased nobody can be told anything.
            if own is None:
                raise RequestClosed
            act(session, own, request, known.clock())
    except RequestChanged as error:
        return _stale_page(request, error, words)
    return go_to(url_for("desk.help_requests.get_request", id=id), told)


def _stale_page(request: ServiceRequest, error: RequestChanged, words: str) -> Response:
    """Who changed what meanwhile, and what was typed, so that it is not lost."""
    with resources().database.read() as session:
        happened = [(event, _who(session, event)) for event in error.happened]
    return page(
        "request_changed.html",
        title="求助有变化，刚才的没有保存",
        status=409,
        request=request,
        happened=happened,
        words=words,
        naming=naming,
    )


def _who(session: Session, event: ServiceEvent) -> str:
    if event.officer_id is None:
        return "求助人"
    return name_of(session, event.officer_id)


def name_of(session: Session, officer_id: int) -> str:
    """An officer's name, also of one who has left."""
    try:
        return officers.find(session, officer_id).name
    except OfficerUnknown:
        return f"{officer_id}号（已停用）"


def _request_page(id: str, **refused: Form[Any]) -> Response:
    known = resources()
    library = known.serving.current().library
    who = officer()
    with known.database.read() as session:
        request = service_requests.of_officer(session, id, who, regions())
    own = known.subject_keys.safes_of([request.worker_id]).get(request.worker_id)
    with known.database.begin() as session:
        request = service_requests.of_officer(session, id, who, regions())
        said = service_requests.dialogue(session, own, id)
        history = [
            (event, _who(session, event), service_requests.forward_reason(own, event))
            for event in service_requests.history(session, id)
        ]
        names = {
            each.officer_id: name_of(session, each.officer_id)
            for each in said
            if each.officer_id is not None
        }
        units = request_lists.units_of(session, library, who)
        audit.record(
            session, own or known.safe, by=audit.Actor.officer(who.id), action=Action.READ,
            about="service_request", row=id, worker_id=request.worker_id, fields=("dialogue",),
            now=known.clock(),
        )  # fmt: skip
    empty = forms.empty(version=request.version)
    return page(
        "request.html",
        title=f"求助{id}",
        status=422 if refused else 200,
        request=request,
        today=china_day(known.clock()),
        said=said,
        names=names,
        history=history,
        outcome=service_requests.outcome_of(own, request),
        erased=own is None,
        may_act=Role.CASE_OFFICER in who.roles,
        units=[unit for unit in units if unit != request.unit],
        titles=TITLES,
        library=library,
        naming=naming,
        reply=refused.get("reply", empty),
        forward=refused.get("forward", empty),
        settle=refused.get("settle", empty),
    )
