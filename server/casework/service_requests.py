"""Requests for help through the one service line (一号对外): to a unit, with a time limit.

The worker says what it is about, a unit answers, both go on until it is settled; then the worker
says how it went. What was said to the bot before comes along as it was recorded: masked.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from knowledge.library import Library
from knowledge.measures import Measure
from knowledge.regions import Regions
from server.casework import workdays
from server.casework.advancing import Post
from server.casework.officers import LOOKERS, NotAllowed, Officer, Role, require
from server.casework.request_tables import (
    Category,
    RequestMove,
    RequestState,
    ServiceEvent,
    ServiceMessage,
    ServiceRequest,
    Voice,
)
from server.clock import CHINA, china_day
from server.confidential.sealing import Safe
from server.database import db, numbering
from server.database.tables import Conversation, Purpose, Turn
from server.notices.templates import NoticeKind
from server.personal import consents
from server.records import audit
from server.records.audit import Action

WORKING_DAYS: Mapping[Category, int] = {
    Category.ADVICE: 2,
    Category.LIVING: 3,
    Category.RIGHTS: 5,
    Category.WAGES: 5,
    Category.MEDIATION: 10,
}
"""Within what the unit has to answer; a house rule, the documents only say 快速办理."""

TITLES: Mapping[Category, str] = {
    Category.ADVICE: "政策咨询",
    Category.LIVING: "生活困难",
    Category.RIGHTS: "劳动权益",
    Category.MEDIATION: "纠纷调解",
    Category.WAGES: "拖欠工资",
}
"""What officers and workers call the categories."""

MOST_OPEN = 20
"""Requests of one worker that are not settled."""
_HINT = "点开看全部内容，可以接着问"
_HOTLINE = "hotline"
_TURNS_AT_MOST = 40


class RequestUnknown(LookupError):
    """There is no such request, or it is not for whoever asks."""


class TooManyOpenRequests(Exception):
    """The worker has so many open that there is no room for another."""


class RequestChanged(Exception):
    """Somebody changed the request meanwhile: what happened since, and who did it."""

    def __init__(self, request_id: str = "", happened: tuple[ServiceEvent, ...] = ()) -> None:
        super().__init__(request_id)
        self.request_id = request_id
        self.happened = happened


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
    officer_id: int | None = None


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

    Raises `ConsentMissing` where the talk is to come along and the worker did not agree to it,
    `TooManyOpenRequests`.
    """
    if _open(session, worker_id) >= MOST_OPEN:
        raise TooManyOpenRequests
    due_on = workdays.after(china_day(now), WORKING_DAYS[category])
    request = ServiceRequest(
        id=numbering.number(now, "R"),
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
    _note(session, request, RequestMove.OPEN, now)
    _audit(session, own, request, audit.Actor.worker(worker_id), Action.CREATED, now)
    return request


def unit_of(library: Library, region: str, measure: Measure | None) -> str:
    """The units in charge: the measure's, else those that run the region's service line."""
    if measure is not None and measure.responsible.lead:
        return "、".join(measure.responsible.lead)
    within = library.regions.within(region)
    for found in library.measures.values():
        if found.region in within and _HOTLINE in found.topics and found.responsible.lead:
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
    if not officer.roles & LOOKERS:
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


def _open(session: Session, worker_id: int) -> int:
    """How many requests of a worker are not settled."""
    mine = col(ServiceRequest.worker_id) == worker_id
    still = col(ServiceRequest.state) != RequestState.CLOSED
    return session.scalar(select(func.count()).where(mine, still)) or 0


def history(session: Session, request_id: str) -> list[ServiceEvent]:
    """The moves of a request, the oldest first."""
    return _since(session, request_id, 0)


def dialogue(session: Session, own: Safe | None, request_id: str) -> list[Said]:
    """All that was said, the oldest first; empty where the worker was erased."""
    rows = session.scalars(
        select(ServiceMessage)
        .where(col(ServiceMessage.request_id) == request_id)
        .order_by(col(ServiceMessage.place))
    )
    return [
        Said(
            row.at,
            Voice(row.voice),
            own.unseal(row.sealed_text, _text_purpose(row.id)),
            row.officer_id,
        )
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
    post: Post | None = None,
    now: datetime,
) -> None:
    """Say something more, as an officer or (`by` a number) as the worker.

    With `post` the worker gets to know of an officer's reply in WeChat. A worker who writes again
    waits anew. Raises `RequestChanged`, `RequestClosed`, `NotAllowed`.
    """
    state, due_on = RequestState.ANSWERED, request.due_on
    if isinstance(by, Officer):
        require(by, Role.CASE_OFFICER, request.region, regions)
    elif by != request.worker_id:
        raise NotAllowed
    else:
        state = RequestState.OPEN
        if request.state == RequestState.ANSWERED:
            days = WORKING_DAYS[Category(request.category)]
            due_on = workdays.after(china_day(now), days)
    _change(session, request, version, state=state, due_on=due_on)
    place = session.scalar(select(func.count()).where(col(ServiceMessage.request_id) == request.id))
    officer_id = by.id if isinstance(by, Officer) else None
    voice = Voice.WORKER if officer_id is None else Voice.OFFICER
    _say(session, own, request.id, place or 0, Said(now, voice, words), officer_id)
    _note(session, request, RequestMove.WRITE, now, officer_id)
    _audit(session, own, request, _actor(by), Action.CHANGED, now)
    if officer_id is not None and post is not None:
        _tell(session, post, request, words, now)


def forward(
    session: Session,
    own: Safe,
    request: ServiceRequest,
    *,
    unit: str,
    reason: str,
    by: Officer,
    regions: Regions,
    version: int,
    now: datetime,
) -> None:
    """Hand a request to another unit; its time goes on. Raises what `write` raises."""
    require(by, Role.CASE_OFFICER, request.region, regions)
    _change(session, request, version, unit=unit)
    _note(session, request, RequestMove.FORWARD, now, by.id, own, reason)
    _audit(session, own, request, _actor(by), Action.CHANGED, now)


def forward_reason(own: Safe | None, event: ServiceEvent) -> str:
    """Why a request went to another unit."""
    sealed = event.sealed_reason
    return "" if own is None or sealed is None else own.unseal(sealed, _reason_purpose(event))


def settle(
    session: Session,
    own: Safe,
    request: ServiceRequest,
    *,
    outcome: str,
    by: Officer,
    regions: Regions,
    version: int,
    post: Post | None = None,
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
    _note(session, request, RequestMove.SETTLE, now, by.id)
    _audit(session, own, request, _actor(by), Action.DECIDED, now)
    if post is not None:
        _tell(session, post, request, outcome, now)


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
    _note(session, request, RequestMove.RATE, now)
    _audit(session, own, request, _actor(worker_id), Action.CHANGED, now)


def let_go(session: Session, safe: Safe, *, worker_id: int, now: datetime) -> None:
    """Close what somebody asks for who is about to be erased: nobody could ever be answered."""
    for request in all_of_worker(session, worker_id):
        session.refresh(request, with_for_update=True)
        if request.state == RequestState.CLOSED:
            continue
        _change(session, request, request.version, state=RequestState.CLOSED, closed_at=now)
        _note(session, request, RequestMove.SETTLE, now)
        _audit(session, safe, request, _actor(worker_id), Action.CHANGED, now)


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
    if request.version != version:
        raise _changed(session, request.id, version)
    if request.state == RequestState.CLOSED and not even_closed:
        raise RequestClosed
    if not db.change_version(session, request, version, **values):
        raise _changed(session, request.id, version)


def _changed(session: Session, request_id: str, version: int) -> RequestChanged:
    return RequestChanged(request_id, tuple(_since(session, request_id, version)))


def _since(session: Session, request_id: str, version: int) -> list[ServiceEvent]:
    return list(
        session.scalars(
            select(ServiceEvent)
            .where(col(ServiceEvent.request_id) == request_id, col(ServiceEvent.version) > version)
            .order_by(col(ServiceEvent.version))
        )
    )


def _note(
    session: Session,
    request: ServiceRequest,
    move: RequestMove,
    now: datetime,
    officer_id: int | None = None,
    own: Safe | None = None,
    reason: str = "",
) -> None:
    """Write the event of a move, with how the request stands since."""
    event = ServiceEvent(
        request_id=request.id,
        version=request.version,
        at=now,
        move=move,
        state=request.state,
        unit=request.unit,
        due_on=request.due_on,
        officer_id=officer_id,
    )
    if own is not None and reason:
        event.sealed_reason = own.seal(reason, _reason_purpose(event))
    session.add(event)
    session.flush()


def _tell(session: Session, post: Post, request: ServiceRequest, words: str, now: datetime) -> None:
    """Put the beginning of a reply into the outbox; the whole of it stands in the mini-program."""
    at = now.astimezone(CHINA)
    post.send(
        session,
        NoticeKind.REPLIED,
        worker_id=request.worker_id,
        values={
            "request": request.id,
            "category": TITLES[Category(request.category)],
            "reply": words,
            "at": f"{at:%Y-%m-%d %H:%M}",
            "hint": "已办结，点开可以评价" if request.state == RequestState.CLOSED else _HINT,
        },
        key=f"request {request.id} {request.version}",
        now=now,
    )


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
        return audit.Actor.officer(by.id)
    return audit.Actor.worker(by)


def _text_purpose(message_id: str) -> str:
    return f"service_message.sealed_text:{message_id}"


def _reason_purpose(event: ServiceEvent) -> str:
    return f"service_event.sealed_reason:{event.request_id}:{event.version}"


def _outcome(request_id: str) -> str:
    return f"service_request.sealed_outcome:{request_id}"
