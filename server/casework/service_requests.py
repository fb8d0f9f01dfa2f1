"""Requests for help through the one service line (一号对外): to a unit, with a time limit.

The worker says what it is about, a unit answers, both go on until it is settled; then the worker
says how it went. What was said to the bot before comes along as it was recorded: masked.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from knowledge.library import Library
from knowledge.measures import Measure
from knowledge.regions import Regions
from server import audit, consents
from server.audit import Action
from server.casework import workdays
from server.casework.applying import new_case_id
from server.casework.officers import NotAllowed, Officer, Role, require, scope
from server.casework.tables import (
    Category,
    RequestState,
    ServiceMessage,
    ServiceRequest,
    Voice,
)
from server.clock import china_day
from server.sealing import Safe
from server.tables import Conversation, Purpose, Turn

WORKING_DAYS: Mapping[Category, int] = {
    Category.ADVICE: 2,
    Category.LIVING: 3,
    Category.RIGHTS: 5,
    Category.WAGES: 5,
    Category.MEDIATION: 10,
}
"""Within what the unit has to answer; a house rule, the documents only say 快速办理."""

_LINE_TOPIC = "服务专线"
_TURNS_AT_MOST = 40


class RequestUnknown(LookupError):
    """There is no such request, or it is not for whoever asks."""


class RequestChanged(Exception):
    """Somebody wrote to the request, or closed it, meanwhile."""


class RequestClosed(Exception):
    """The request is settled."""


class NotSettled(Exception):
    """How it went can be said once the request is settled."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said in a request."""

    at: datetime
    voice: Voice
    text: str


def open_request(
    session: Session,
    own: Safe,
    library: Library,
    *,
    worker_id: int,
    category: Category,
    region: str,
    measure: Measure | None,
    words: str,
    conversation: str | None,
    now: datetime,
) -> ServiceRequest:
    """Open a request; the talk with the bot comes along where the worker names it.

    Raises `ConsentMissing` where the talk is to come along and the worker did not agree to it.
    """
    due_on = workdays.after(china_day(now), WORKING_DAYS[category])
    request = ServiceRequest(
        id=f"R{new_case_id(now)}",
        worker_id=worker_id,
        category=category,
        region=region,
        measure=None if measure is None else measure.id,
        unit=unit_of(library, region, measure),
        state=RequestState.OPEN,
        due_on=due_on,
        opened_at=now,
    )
    session.add(request)
    session.flush()
    place = 0
    if conversation is not None:
        consents.require(session, worker_id, Purpose.HANDOFF)
        for said in _talk(session, conversation, worker_id):
            _say(session, own, request.id, place, said)
            place += 1
    _say(session, own, request.id, place, Said(now, Voice.WORKER, words))
    _audit(session, own, request, audit.Actor("worker", worker_id), Action.CREATED, now)
    return request


def unit_of(library: Library, region: str, measure: Measure | None) -> str:
    """The units in charge: the measure's, else those that run the region's service line."""
    if measure is not None and measure.responsible.lead:
        return "、".join(measure.responsible.lead)
    within = library.regions.within(region)
    for found in library.measures.values():
        if found.region in within and _LINE_TOPIC in found.title and found.responsible.lead:
            return "、".join(found.responsible.lead)
    return ""


def of_worker(session: Session, request_id: str, worker_id: int) -> ServiceRequest:
    """A worker's own request; raises `RequestUnknown`."""
    request = session.get(ServiceRequest, request_id)
    if request is None or request.worker_id != worker_id:
        raise RequestUnknown(request_id)
    return request


def of_officer(
    session: Session, request_id: str, officer: Officer, regions: Regions
) -> ServiceRequest:
    """A request of the officer's regions; raises `RequestUnknown`, `NotAllowed`."""
    if not officer.roles & {Role.CASE_OFFICER, Role.APPROVER, Role.AUDITOR}:
        raise NotAllowed
    request = session.get(ServiceRequest, request_id)
    if request is None or not officer.covers(request.region, regions):
        raise RequestUnknown(request_id)
    return request


def all_of_worker(session: Session, worker_id: int) -> list[ServiceRequest]:
    """A worker's requests, the newest first."""
    return list(
        session.scalars(
            select(ServiceRequest)
            .where(col(ServiceRequest.worker_id) == worker_id)
            .order_by(col(ServiceRequest.opened_at).desc(), col(ServiceRequest.id))
        )
    )


def listed(
    session: Session, officer: Officer, regions: Regions, *, overdue_on: date | None = None
) -> list[ServiceRequest]:
    """What is not settled in the officer's regions, due first; `overdue_on`: due before it."""
    if not officer.roles & {Role.CASE_OFFICER, Role.APPROVER, Role.AUDITOR}:
        raise NotAllowed
    query = select(ServiceRequest).where(
        col(ServiceRequest.region).in_(scope(officer, regions)),
        col(ServiceRequest.state) != RequestState.CLOSED,
    )
    if overdue_on is not None:
        query = query.where(
            col(ServiceRequest.due_on) < overdue_on,
            col(ServiceRequest.state) == RequestState.OPEN,
        )
    query = query.order_by(col(ServiceRequest.due_on), col(ServiceRequest.id))
    return list(session.scalars(query))


def dialogue(session: Session, own: Safe | None, request_id: str) -> list[Said]:
    """All that was said, the oldest first; empty where the worker was erased."""
    rows = session.scalars(
        select(ServiceMessage)
        .where(col(ServiceMessage.request_id) == request_id)
        .order_by(col(ServiceMessage.place))
    )
    return [
        Said(row.at, Voice(row.voice), own.unseal(row.sealed_text, _text_purpose(row.id)))
        for row in rows
        if own is not None and row.sealed_text is not None
    ]


def outcome_of(own: Safe | None, request: ServiceRequest) -> str:
    """How a request was settled."""
    sealed = request.sealed_outcome
    return "" if own is None or sealed is None else own.unseal(sealed, _outcome(request.id))


def write(
    session: Session,
    own: Safe,
    request: ServiceRequest,
    *,
    words: str,
    by: Officer | int,
    regions: Regions,
    version: int,
    now: datetime,
) -> None:
    """Say something more, as an officer or (`by` a number) as the worker.

    Raises `RequestChanged`, `RequestClosed`, `NotAllowed`.
    """
    is_officer = isinstance(by, Officer)
    if isinstance(by, Officer):
        require(by, Role.CASE_OFFICER, request.region, regions)
    elif by != request.worker_id:
        raise NotAllowed
    state = RequestState.ANSWERED if is_officer else RequestState.OPEN
    _change(session, request, version, state=state)
    place = session.scalar(select(func.count()).where(col(ServiceMessage.request_id) == request.id))
    said = Said(now, Voice.OFFICER if is_officer else Voice.WORKER, words)
    officer_id = by.id if isinstance(by, Officer) else None
    _say(session, own, request.id, place or 0, said, officer_id)
    _audit(session, own, request, _actor(by), Action.CHANGED, now)


def settle(
    session: Session,
    own: Safe,
    request: ServiceRequest,
    *,
    outcome: str,
    by: Officer,
    regions: Regions,
    version: int,
    now: datetime,
) -> None:
    """Close a request with what came of it; raises what `write` raises."""
    require(by, Role.CASE_OFFICER, request.region, regions)
    _change(
        session,
        request,
        version,
        state=RequestState.CLOSED,
        closed_at=now,
        assigned_to=by.id,
        sealed_outcome=own.seal(outcome, _outcome(request.id)),
    )
    _audit(session, own, request, _actor(by), Action.DECIDED, now)


def rate(
    session: Session,
    own: Safe,
    request: ServiceRequest,
    *,
    worker_id: int,
    satisfied: int,
    words: str,
    version: int,
    now: datetime,
) -> None:
    """The worker's word on it, from 1 to 5; raises `NotSettled`, `RequestChanged`."""
    if worker_id != request.worker_id:
        raise NotAllowed
    if request.state != RequestState.CLOSED:
        raise NotSettled
    sealed = own.seal(words, f"service_request.sealed_word:{request.id}") if words else None
    _change(session, request, version, even_closed=True, satisfied=satisfied, sealed_word=sealed)
    _audit(session, own, request, _actor(worker_id), Action.CHANGED, now)


def _talk(session: Session, conversation: str, worker_id: int) -> list[Said]:
    """The last turns of a talk with the bot, as they were recorded; nobody else's."""
    found = session.get(Conversation, conversation)
    if found is None or found.worker_id not in (None, worker_id):
        return []
    turns: Sequence[Turn] = session.scalars(
        select(Turn)
        .where(col(Turn.conversation_id) == conversation)
        .order_by(col(Turn.id).desc())
        .limit(_TURNS_AT_MOST)
    ).all()
    said: list[Said] = []
    for turn in reversed(turns):
        for voice, text in ((Voice.WORKER, turn.text), (Voice.BOT, turn.reply)):
            if text:
                said.append(Said(turn.at, voice, text))
    return said


def _say(
    session: Session,
    own: Safe,
    request_id: str,
    place: int,
    said: Said,
    officer_id: int | None = None,
) -> None:
    message_id = secrets.token_hex(8)
    session.add(
        ServiceMessage(
            id=message_id,
            request_id=request_id,
            place=place,
            at=said.at,
            voice=said.voice,
            officer_id=officer_id,
            sealed_text=own.seal(said.text, _text_purpose(message_id)),
        )
    )
    session.flush()


def _change(
    session: Session,
    request: ServiceRequest,
    version: int,
    *,
    even_closed: bool = False,
    **values: object,
) -> None:
    if request.state == RequestState.CLOSED and not even_closed:
        raise RequestClosed
    changed = session.connection().execute(
        update(ServiceRequest)
        .where(col(ServiceRequest.id) == request.id, col(ServiceRequest.version) == version)
        .values(version=version + 1, **values)
    )
    if changed.rowcount != 1:
        raise RequestChanged
    session.refresh(request)


def _audit(
    session: Session,
    own: Safe,
    request: ServiceRequest,
    by: audit.Actor,
    action: Action,
    now: datetime,
) -> None:
    audit.record(
        session,
        own,
        by=by,
        action=action,
        about="service_request",
        row=request.id,
        worker_id=request.worker_id,
        now=now,
    )


def _actor(by: Officer | int) -> audit.Actor:
    if isinstance(by, Officer):
        return audit.Actor("officer", by.id)
    return audit.Actor("worker", by)


def _text_purpose(message_id: str) -> str:
    return f"service_message.sealed_text:{message_id}"


def _outcome(request_id: str) -> str:
    return f"service_request.sealed_outcome:{request_id}"
