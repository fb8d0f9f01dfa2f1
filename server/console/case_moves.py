"""The moves of a case: what each form asks for, and what it does."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from flask import Blueprint, Response, url_for
from pydantic import Field, StringConstraints
from sqlmodel import Session

from server import money
from server.casework import cases, deciding, objecting, officers
from server.casework.advancing import CaseChanged, ReasonMissing, notice_key
from server.casework.deciding import (
    AskedForNothing,
    Desk,
    Item,
    NotAdjudicated,
    NotRecommended,
    PaymentOnItsWay,
    SumOutOfRange,
)
from server.casework.funds import FundShort
from server.casework.moves import ASKED_FOR_AT_MOST, MOVES, Actor, Move
from server.casework.officers import ACTS_AS, OfficerUnknown, Role, SecondOfficerNeeded
from server.casework.reservations import (
    MOST_INSTALMENTS,
    FundMissing,
    GrantedBefore,
    InstalmentsOutOfRange,
    PaidInPart,
)
from server.casework.tables import Case
from server.confidential.subject_keys import SubjectErased
from server.console import forms
from server.console.case import case_page, happened, opened
from server.console.case_steps import SLUGS
from server.console.entering import officer, regions
from server.console.forms import Form
from server.console.rendering import go_to, page
from server.money import NoSum
from server.notices import outbox
from server.web.admitting import Who, admits
from server.web.problems import body_of, problem_of
from server.web.resources import post, resources

blueprint = Blueprint("moves", __name__, url_prefix="/cases")

_DONE: Mapping[Move, str] = {
    Move.TAKE: "认领了，现在由你经办。",
    Move.ASSIGN: "分派好了。",
    Move.REQUEST_MATERIAL: "请申请人补材料了。",
    Move.GO_ON: "不等材料了，继续审核。",
    Move.RECOMMEND: "经办意见提交了，等另一个人审批。",
    Move.RETURN: "退回给经办人了。",
    Move.APPROVE: "审批通过了。",
    Move.REFUSE: "审批不通过。",
    Move.REOPEN: "这件重新审核了，没发的先不发。",
    Move.UPHOLD: "申诉成立，这件重新审核。",
    Move.DISMISS: "申诉不成立，维持原结果。",
}

_TOLD = {
    None: "",
    False: "微信会通知申请人。",
    True: "微信通知不到申请人，请打电话告诉本人。",
}
"""By whether the notice is refused; None where the move has none."""

# What somebody can mend in the form, and beside which field it is told.
_MENDABLE: Mapping[type[Exception], str] = {
    ReasonMissing: "reason",
    SumOutOfRange: "amount",
    FundMissing: "fund",
    FundShort: "fund",
    InstalmentsOutOfRange: "instalments",
    GrantedBefore: "",
    AskedForNothing: "items",
    NotAdjudicated: "",
    NotRecommended: "",
    PaymentOnItsWay: "reason",
    PaidInPart: "amount",
    SecondOfficerNeeded: "",
    OfficerUnknown: "to",
}


class _Versioned(forms.Asked):
    version: Annotated[int, Field(ge=1)]


class _Reasoned(_Versioned):
    reason: Annotated[str, StringConstraints(max_length=forms.TEXT_LENGTH)] = ""


class _Assigned(_Versioned):
    to: int


class _Requested(_Reasoned):
    items: tuple[str, ...] = ()
    days: Annotated[int, Field(ge=1, le=ASKED_FOR_AT_MOST)] = 10


class _Recommended(_Reasoned):
    decision: Annotated[str, StringConstraints(pattern="^(approve|refuse)$")]
    amount: Annotated[str, StringConstraints(max_length=20)] = ""


class _Approved(_Reasoned):
    fund: int | None = None
    instalments: Annotated[int, Field(ge=1, le=MOST_INSTALMENTS)] = 1


_Act = Callable[[Session, Desk, Case, Any], Case]


def _take(session: Session, desk: Desk, case: Case, asked: _Versioned) -> Case:
    return deciding.take(session, desk, case, version=asked.version)


def _assign(session: Session, desk: Desk, case: Case, asked: _Assigned) -> Case:
    to = officers.find(session, asked.to)
    if Role.CASE_OFFICER not in to.roles or not to.covers(case.region, regions()):
        raise OfficerUnknown(asked.to)
    return deciding.assign(session, desk, case, to, version=asked.version)


def _request(session: Session, desk: Desk, case: Case, asked: _Requested) -> Case:
    return deciding.request_material(
        session,
        desk,
        case,
        [Item(kind, asked.reason) for kind in asked.items],
        version=asked.version,
        reason=asked.reason,
        days=asked.days,
    )


def _go_on(session: Session, desk: Desk, case: Case, asked: _Versioned) -> Case:
    return deciding.go_on(session, desk, case, version=asked.version)


def _recommend(session: Session, desk: Desk, case: Case, asked: _Recommended) -> Case:
    decision = Move(asked.decision)
    return deciding.recommend(
        session,
        desk,
        case,
        decision,
        version=asked.version,
        reason=asked.reason,
        amount_fen=_fen(asked.amount) if decision is Move.APPROVE else None,
    )


def _send_back(session: Session, desk: Desk, case: Case, asked: _Reasoned) -> Case:
    return deciding.send_back(session, desk, case, version=asked.version, reason=asked.reason)


def _approve(session: Session, desk: Desk, case: Case, asked: _Approved) -> Case:
    return deciding.approve(
        session,
        desk,
        case,
        version=asked.version,
        reason=asked.reason,
        fund_id=asked.fund,
        instalments=asked.instalments,
    )


def _refuse(session: Session, desk: Desk, case: Case, asked: _Reasoned) -> Case:
    return deciding.refuse(session, desk, case, version=asked.version, reason=asked.reason)


def _reopen(session: Session, desk: Desk, case: Case, asked: _Reasoned) -> Case:
    return deciding.reopen(session, desk, case, version=asked.version, reason=asked.reason)


def _uphold(session: Session, desk: Desk, case: Case, asked: _Reasoned) -> Case:
    return objecting.uphold(session, desk, case, version=asked.version, reason=asked.reason)


def _dismiss(session: Session, desk: Desk, case: Case, asked: _Reasoned) -> Case:
    return objecting.dismiss(session, desk, case, version=asked.version, reason=asked.reason)


_ACTS: Mapping[Move, tuple[type[_Versioned], _Act]] = {
    Move.TAKE: (_Versioned, _take),
    Move.ASSIGN: (_Assigned, _assign),
    Move.REQUEST_MATERIAL: (_Requested, _request),
    Move.GO_ON: (_Versioned, _go_on),
    Move.RECOMMEND: (_Recommended, _recommend),
    Move.RETURN: (_Reasoned, _send_back),
    Move.APPROVE: (_Approved, _approve),
    Move.REFUSE: (_Reasoned, _refuse),
    Move.REOPEN: (_Reasoned, _reopen),
    Move.UPHOLD: (_Reasoned, _uphold),
    Move.DISMISS: (_Reasoned, _dismiss),
}


def _fen(written: str) -> int | None:
    """A sum in fen, None for none; raises `SumOutOfRange`."""
    try:
        return money.fen(written) if written else None
    except NoSum:
        raise SumOutOfRange(0) from None


def _make(move: Move, id: str) -> Response:
    known = resources()
    model, act = _ACTS[move]
    case, own = opened(id)
    form = forms.read(model)
    if form.asked is None:
        return case_page(id, status=422, filled={SLUGS[move]: form})
    if own is None:
        raise SubjectErased
    desk = Desk(officer(), post(), own, known.clock())
    try:
        with known.database.begin() as session:
            looked_at = cases.of_officer(session, case.id, officer(), regions())
            moved = act(session, desk, looked_at, form.asked)
            refused = outbox.is_refused(session, notice_key(moved))
    except CaseChanged:
        return _changed(id, form)
    except tuple(_MENDABLE) as error:
        problem = problem_of(error)
        form.refuse(_MENDABLE[type(error)], str(body_of(error)["detail"]))
        # The page is there, only the form is not right.
        status = 422 if problem.status == 404 else problem.status
        return case_page(id, status=status, filled={SLUGS[move]: form})
    return go_to(url_for("desk.case.get_case", id=id), _DONE[move] + _TOLD[refused])


def _changed(id: str, form: Form[Any]) -> Response:
    """What somebody else did meanwhile; what was typed is not lost."""
    case, own = opened(id)
    since = form.values.get("version", 0)
    with resources().database.read() as session:
        events = happened(session, case, own, int(since))
    return page(
        "case_changed.html",
        title="办件有变化，没有保存",
        status=409,
        id=id,
        events=events,
        typed=str(form.values.get("reason", "")),
    )


def _roles(move: Move) -> tuple[Role, ...]:
    actors = MOVES[move].by - {Actor.WORKER, Actor.SYSTEM}
    return tuple(role for role, actor in ACTS_AS.items() if actor in actors)


def _add_route(move: Move) -> None:
    def view(id: str) -> Response:
        return _make(move, id)

    slug = SLUGS[move]
    view.__name__ = f"post_{slug.replace('-', '_')}"
    blueprint.add_url_rule(
        f"/<id>/{slug}",
        view.__name__,
        admits(Who.OFFICER, *_roles(move))(view),
        methods=["POST"],
    )


for _move in SLUGS:
    _add_route(_move)
