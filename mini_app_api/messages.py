"""GET /messages: what the worker was told, of cases, requests, joint reports and campaigns.

Of what workers do themselves only the handing in is told, as a receipt.
"""

from datetime import datetime
from enum import StrEnum
from functools import partial

from apiflask import APIBlueprint
from sqlmodel import Session

from mini_app_api.access import own_safe, signed_in
from mini_app_api.drafts import title_of
from mini_app_api.models import View
from mini_app_api.telling import JOINTLY_MOVED, RECEIVED, REQUEST_RECEIVED, said_of
from mini_app_api.writing import SIGNED_IN
from server.arrears import reading
from server.arrears.tables import ReportMove
from server.casework import cases, service_requests
from server.casework.moves import INSIDE, Move
from server.casework.request_tables import Voice
from server.confidential.sealing import Safe
from server.outreach import links
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = APIBlueprint("messages", __name__, url_prefix="/api/v1", tag="messages")

_WORKER = "worker"
_SHOWN = 50


class About(StrEnum):
    """What a message is about."""

    APPLICATION = "application"
    REQUEST = "request"
    JOINT_REPORT = "joint_report"
    LETTER = "letter"
    """What a campaign told many; `id` is the one of its link."""


class MessageView(View):
    """Something that was done or said to the worker; `words` are the officer's."""

    at: datetime
    about: About
    id: str
    title: str
    said: str
    words: str


class MessagesView(View):
    """The newest messages first."""

    messages: list[MessageView]


@blueprint.get("/messages")
@blueprint.output(MessagesView)
@blueprint.doc(summary="What I was told", operation_id="list_messages", security=SIGNED_IN)
@admits(Who.WORKER)
def get_messages() -> MessagesView:
    """List what others did in the worker's cases, answered to requests, and told many."""
    worker = signed_in()
    own = own_safe(worker)
    with resources().database.read() as session:
        found = [
            *_of_cases(session, worker, own),
            *_of_requests(session, worker, own),
            *_of_joint_reports(session, worker),
            *_of_campaigns(session, worker),
        ]
    found.sort(key=lambda message: message.at, reverse=True)
    return MessagesView(messages=found[:_SHOWN])


def _of_cases(session: Session, worker: int, own: Safe) -> list[MessageView]:
    return [
        MessageView(
            at=each.event.at,
            about=About.APPLICATION,
            id=case.id,
            title=title_of(case.measure),
            said=RECEIVED if each.event.move == Move.SUBMIT else said_of(each),
            words=each.reason,
        )
        for case in cases.all_of_worker(session, worker)
        # The newest first also where two stand at one instant.
        for each in reversed(cases.history(session, case, own))
        if each.event.move == Move.SUBMIT
        or (each.event.actor != _WORKER and each.event.move not in INSIDE)
    ]


def _of_requests(session: Session, worker: int, own: Safe) -> list[MessageView]:
    found = []
    for request in service_requests.all_of_worker(session, worker):
        told = partial(MessageView, about=About.REQUEST, id=request.id, title="你的求助")
        found.append(told(at=request.opened_at, said=REQUEST_RECEIVED, words=""))
        for said in service_requests.dialogue(session, own, request.id):
            if said.voice is Voice.OFFICER:
                found.append(told(at=said.at, said="工作人员回复了你的求助。", words=said.text))
    return found


def _of_joint_reports(session: Session, worker: int) -> list[MessageView]:
    safe = resources().safe
    return [
        MessageView(
            at=step.at,
            about=About.JOINT_REPORT,
            id=mine.report.id,
            title=mine.report.employer,
            said=JOINTLY_MOVED[step.move],
            words=step.words,
        )
        for mine in reading.all_of_worker(session, worker)
        for step in reading.steps(session, safe, mine.report)
        if step.move is not ReportMove.START
    ]


def _of_campaigns(session: Session, worker: int) -> list[MessageView]:
    safe = resources().safe
    return [
        MessageView(
            at=letter.handed_at,
            about=About.LETTER,
            id=links.token_of(safe, campaign.id, letter.id),
            title=campaign.title,
            said=f"{campaign.sender}发来通知。",
            words="",
        )
        for letter, campaign in links.of_worker(session, worker)
        if letter.handed_at is not None
    ]
