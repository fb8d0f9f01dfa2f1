"""/me/register: what the register of people in hardship says of whoever signed in."""

from datetime import date, datetime
from typing import Annotated

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field
from sqlmodel import Session

from bot.composing import day
from mini_app_api.access import own_safe, signed_in
from mini_app_api.models import Request, View, Words
from mini_app_api.telling import due
from mini_app_api.writing import SIGNED_IN, once
from server.casework import service_requests
from server.casework.request_tables import Category
from server.clock import china_day
from server.confidential.masking import mask_identity_number, mask_name, mask_phone
from server.confidential.sealing import Safe
from server.outreach import links
from server.pairing import claiming as pairings
from server.personal import people
from server.records.audit import Actor
from server.register import claiming, keeping, naming
from server.register.hardship import Registered
from server.register.keeping import EntryUnknown
from server.register.tables import EntryState, Level, RegisterEntry
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = APIBlueprint("register", __name__, url_prefix="/api/v1", tag="register")

_STATES = {EntryState.ON: "在册", EntryState.LEFT: "已退出"}


class EntryView(View):
    """An entry as it stands; who it is, masked; level, causes and needs in words."""

    name: str
    identity_number: str
    phone: str | None
    address: str | None
    employer: str | None
    relation: str | None
    income_fen: int | None
    level: str
    causes: list[str]
    needs: list[str]
    words: str
    state: str
    looked_on: date | None
    due_on: date | None
    """When somebody comes to look again; null: the entry has left the register."""
    entered_at: datetime
    lines: list[str]
    """The same to read, a line for each thing that is known."""


class RegisterView(View):
    """`entry` null: nothing is known, or `phone_verified` is false and nothing is shown."""

    entry: EntryView | None
    phone_verified: bool


class CorrectionAsked(Request):
    """What is wrong, in the worker's own words."""

    words: Annotated[Words, Field(min_length=1, max_length=500)]


class CorrectionView(View):
    """The request that came of it, and until when it is answered."""

    request: str
    due_on: date


@blueprint.get("/me/register")
@blueprint.output(RegisterView)
@blueprint.doc(
    summary="What the register says of you", operation_id="get_register", security=SIGNED_IN
)
@admits(Who.WORKER)
def get_register() -> RegisterView:
    """Show the entry to who proved by a verified telephone to be that person; noted as a look."""
    worker, known = signed_in(), resources()
    own, now = own_safe(worker), known.clock()
    claimed(worker)
    with known.database.begin() as session:
        verified = people.phone_of(session, known.safe, worker) is not None
        entry = keeping.of_worker(session, worker)
        if entry is None:
            return RegisterView(entry=None, phone_verified=verified)
        keeping.record_looks(
            session, own, [entry], by=Actor.worker(worker), fields=("entry",), now=now
        )
    registered = keeping.opened(own, entry)
    view = None if registered is None else _view(entry, registered, china_day(now))
    return RegisterView(entry=view, phone_verified=verified)


@blueprint.post("/me/register/corrections")
@blueprint.input(CorrectionAsked, arg_name="asked")
@blueprint.output(CorrectionView, status_code=201)
@blueprint.doc(
    summary="Wish to have your entry corrected", operation_id="correct_register", security=SIGNED_IN
)
@admits(Who.WORKER)
def post_correction(asked: CorrectionAsked) -> Response:
    """Open a request at the unit of the entry's region; raises `EntryUnknown`."""
    known = resources()
    own, now = own_safe(signed_in()), known.clock()
    library = known.serving.current().library

    def open_request(session: Session, worker: int) -> CorrectionView:
        entry = keeping.of_worker(session, worker)
        if entry is None:
            raise EntryUnknown(worker)
        request = service_requests.open_request(
            session,
            own,
            library,
            worker_id=worker,
            category=Category.LIVING,
            region=entry.region,
            measure=None,
            words=f"更正困难职工台账（{entry.id}）：{asked.words}",
            conversation=None,
            now=now,
        )
        return CorrectionView(request=request.id, due_on=request.due_on)

    return once(open_request, status=201)


def claimed(worker: int) -> None:
    """Give somebody what the register has of them, where they proved to be that person."""
    known = resources()
    claiming.claim(
        known.database,
        known.subject_keys,
        known.safe,
        own_safe(worker),
        worker_id=worker,
        along=_move_along,
        now=known.clock(),
    )


def _move_along(
    session: Session, old: Safe, own: Safe, entry_id: str, before: int, worker_id: int
) -> None:
    pairings.move(session, old, own, entry_id, before, worker_id)
    links.move(session, before, worker_id)


def _view(entry: RegisterEntry, who: Registered, today: date) -> EntryView:
    is_on = entry.state == EntryState.ON
    causes = [naming.CAUSES[cause] for cause in who.causes]
    needs = [naming.NEEDS[need] for need in who.needs]
    known = {
        "状态": _STATES[EntryState(entry.state)],
        "等级": naming.LEVELS[Level(entry.level)],
        "困难原因": "、".join(causes),
        "需求": "、".join(needs),
        "住址": who.address,
        "单位": who.employer,
        "备注": who.words,
        "上次核查": None if entry.looked_on is None else day(entry.looked_on),
        "下次核查": due(entry.due_on, today) if is_on else None,
    }
    return EntryView(
        name=mask_name(who.name),
        identity_number=mask_identity_number(who.identity_number),
        phone=None if who.phone is None else mask_phone(who.phone),
        address=who.address,
        employer=who.employer,
        relation=None if who.relation is None else naming.RELATIONS[who.relation],
        income_fen=who.income_fen,
        level=naming.LEVELS[Level(entry.level)],
        causes=causes,
        needs=needs,
        words=who.words,
        state=_STATES[EntryState(entry.state)],
        looked_on=entry.looked_on,
        due_on=entry.due_on if is_on else None,
        entered_at=entry.entered_at,
        lines=[f"{label}：{value}" for label, value in known.items() if value],
    )
