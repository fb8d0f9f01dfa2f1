"""Rounds at the desk: vouchers to a group of the register, counted first, then confirmed."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, url_for
from sqlmodel import Session

from server.casework import funds
from server.casework.funds import FundShort
from server.casework.officers import LOOKERS, MOVERS, Role
from server.console import forms, naming
from server.console.entering import officer, regions
from server.console.forms import Asked, Form, Line, Text, VersionAsked
from server.console.help_requests import name_of
from server.console.rendering import go_to, page
from server.money import yuan
from server.register.hardship import Cause
from server.register.naming import CAUSES, LEVELS
from server.register.tables import Level
from server.vouchers import choosing, issuing, rounds
from server.vouchers.choosing import NOT_LINKED, Chosen, Group, Place, Why
from server.vouchers.rounds import GroupMoved
from server.vouchers.tables import Issue, Round, RoundState
from server.web.admitting import Who, admits
from server.web.resources import post, resources

blueprint = Blueprint("voucher_rounds", __name__, url_prefix="/vouchers")

_LOTS = 5
"""So many lots are given before the page answers; the rest by the next press, or by night."""

STATES: Mapping[RoundState, tuple[str, str]] = {
    RoundState.PROPOSED: ("等另一个人看过", "warn"),
    RoundState.GIVING: ("正在发", "busy"),
    RoundState.DONE: ("发完了", "good"),
    RoundState.STOPPED: ("中途停了", "bad"),
    RoundState.REFUSED: ("不发", "empty"),
}
WHY: Mapping[Why, str] = {
    Why.HAS_ONE: "已经有这张券",
    Why.OPTED_OUT: "本人说过不要没申请的东西",
    Why.NO_ACCOUNT: "没有人用这个身份证号登录过",
    Why.OTHER_NAME: "登录的人身份证号相同，姓名不同",
    Why.NO_PHONE: "台账里没有手机号，认不出是本人",
    Why.PHONE_UNVERIFIED: "登录的人还没有用微信验证手机号",
    Why.OTHER_PHONE: "微信验证的手机号和台账里的不同",
    Why.NOT_OPENED: "号码都对，本人还没在手机上看过自己的台账",
}
_LABELS: Mapping[str, str] = {
    "region": "地区",
    "level": "困难等级",
    "cause": "致困原因",
    "reason": "原因",
}


class GroupAsked(Asked):
    """A group of the register as it is chosen."""

    region: Line
    level: Level | None = None
    cause: Cause | None = None


class _ReasonAsked(VersionAsked):
    reason: Text


@blueprint.get("/<id>/rounds/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_new_round(id: str) -> Response:
    """The form for a group."""
    with resources().database.read() as session:
        issue = issuing.of_officer(session, id, officer(), regions())
    return _form(issue, forms.empty(region=issue.region))


@blueprint.post("/<id>/rounds/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_new_round(id: str) -> Response:
    """Count a group and keep it; nothing is given before another officer has confirmed it."""
    known = resources()
    with known.database.read() as session:
        issue = issuing.of_officer(session, id, officer(), regions())
    form = forms.read(GroupAsked)
    asked = form.asked
    if asked is not None and not _lies_in(asked.region, issue):
        form.refuse("region", "请从列表里选。")
    if asked is None or form.asked is None:
        return _form(issue, form, 422)
    group = Group(asked.region, asked.level, asked.cause)
    chosen = choosing.choose(_place(), issue, group)
    with known.database.begin() as session:
        made = rounds.propose(
            session, post(), issuing.of_officer(session, id, officer(), regions()), group, chosen,
            by=officer(), now=known.clock(),
        )  # fmt: skip
    return go_to(url_for(".get_round", id=made.id), "数好了，等另一位审批人看过再发。")


@blueprint.get("/rounds/<id>")
@admits(Who.OFFICER, *LOOKERS)
def get_round(id: str) -> Response:
    """One round: whom it is meant for, how many, what it costs, how far it is."""
    with resources().database.read() as session:
        return _page(session, rounds.of_officer(session, post(), id, officer()))


@blueprint.post("/rounds/<id>/count")
@admits(Who.OFFICER, Role.CASE_OFFICER, Role.APPROVER)
def post_count(id: str) -> Response:
    """Count anew."""
    _recount(id, forms.version())
    return go_to(url_for(".get_round", id=id), "重新数好了。")


@blueprint.post("/rounds/<id>/confirm")
@admits(Who.OFFICER, Role.APPROVER)
def post_confirm(id: str) -> Response:
    """Confirm exactly these people and begin; where others are meant, show the new count."""
    known, version = resources(), forms.version()
    chosen = _chosen(id)
    try:
        with known.database.begin() as session:
            rounds.confirm(
                session, post(), rounds.of_officer(session, post(), id, officer()), chosen,
                by=officer(), version=version, now=known.clock(),
            )  # fmt: skip
    except GroupMoved:
        _recount(id, version, chosen)
        return go_to(url_for(".get_round", id=id), "人和数的时候不一样了，重新数过了，请再看。")
    except FundShort as error:
        told = f"没有发：资金只剩{yuan(error.left_fen)}元，不够所有人。"
        return go_to(url_for(".get_round", id=id), told)
    return _given(id)


@blueprint.post("/rounds/<id>/give")
@admits(Who.OFFICER, Role.CASE_OFFICER, Role.APPROVER)
def post_give(id: str) -> Response:
    """Go on with a round that was stopped in the middle by whatever happened."""
    with resources().database.read() as session:
        rounds.of_officer(session, post(), id, officer())
    return _given(id)


@blueprint.post("/rounds/<id>/refuse")
@admits(Who.OFFICER, Role.CASE_OFFICER, Role.APPROVER)
def post_refuse(id: str) -> Response:
    """Give nobody any."""
    return _ended(id, rounds.refuse, "不发了。")


@blueprint.post("/rounds/<id>/stop")
@admits(Who.OFFICER, Role.CASE_OFFICER, Role.APPROVER)
def post_stop(id: str) -> Response:
    """Give no more of them."""
    return _ended(id, rounds.stop, "停了。发出去的还能用，没发的钱还给了资金。")


def _given(id: str) -> Response:
    known = resources()
    rounds.go_on(known.database, post(), id, clock=known.clock, lots=_LOTS)
    with known.database.read() as session:
        found = rounds.of_officer(session, post(), id, officer())
    rest = "" if found.state != RoundState.GIVING else f"还有{found.people - found.given}人在等。"
    return go_to(url_for(".get_round", id=id), f"发了{found.given}张。{rest}")


def _ended(id: str, act: Any, told: str) -> Response:
    known = resources()
    form = forms.read(_ReasonAsked)
    with known.database.begin() as session:
        found = rounds.of_officer(session, post(), id, officer())
        if form.asked is None:
            return _page(session, found, form, 422)
        act(
            session, post(), found, by=officer(), version=form.asked.version,
            reason=form.asked.reason, now=known.clock(),
        )  # fmt: skip
    return go_to(url_for(".get_round", id=id), told)


def _recount(id: str, version: int, chosen: Chosen | None = None) -> None:
    known = resources()
    counted = chosen or _chosen(id)
    with known.database.begin() as session:
        rounds.recount(
            session, post(), rounds.of_officer(session, post(), id, officer()), counted,
            by=officer(), version=version, now=known.clock(),
        )  # fmt: skip


def _chosen(id: str) -> Chosen:
    with resources().database.read() as session:
        found = rounds.of_officer(session, post(), id, officer())
        issue = session.get_one(Issue, found.issue_id)
    return choosing.choose(_place(), issue, rounds.group_of(found))


def _place() -> Place:
    known = resources()
    return Place(known.database, known.subject_keys, known.safe, regions())


def _lies_in(region: str, issue: Issue) -> bool:
    return region in regions() and regions().lies_in(region, issue.region)


def whom(round_: Round) -> list[str]:
    """Whom a round is meant for, in words."""
    library, group = resources().serving.current().library, rounds.group_of(round_)
    told = [f"{naming.place_of(library, group.region)}台账里的人，包括下面的地方"]
    if group.level is not None:
        told.append(LEVELS[group.level])
    if group.cause is not None:
        told.append(f"因为{CAUSES[group.cause]}困难")
    return told


def _form(issue: Issue, form: Form[GroupAsked], status: int = 200) -> Response:
    return page(
        "voucher_round_new.html",
        title="按台账发券",
        status=status,
        form=form,
        issue=issue,
        labels=_LABELS,
        places=[(each.id, each.label) for each in regions() if _lies_in(each.id, issue)],
        levels=list(LEVELS.items()),
        causes=list(CAUSES.items()),
    )


def _page(
    session: Session, round_: Round, form: Form[Any] | None = None, status: int = 200
) -> Response:
    who, state = officer(), RoundState(round_.state)
    issue = session.get_one(Issue, round_.issue_id)
    counts = rounds.counts_of(round_)
    fund = None if issue.fund_id is None else funds.find(session, issue.fund_id)
    left = 0 if issue.fund_id is None else funds.sums(session, issue.fund_id).left_fen
    is_waiting = state is RoundState.PROPOSED
    return page(
        "voucher_round.html",
        title=f"按台账发：{issue.title}",
        status=status,
        round=round_,
        issue=issue,
        form=form or forms.empty(),
        labels=_LABELS,
        state=STATES[state],
        whom=whom(round_),
        counts=counts,
        cost_fen=counts["gets"] * issue.amount_fen,
        fund=fund,
        left_fen=left,
        apart=sum(counts.get(why, 0) for why in NOT_LINKED),
        has_one=counts.get(Why.HAS_ONE, 0),
        opted_out=counts.get(Why.OPTED_OUT, 0),
        not_linked=[(WHY[why], counts[why]) for why in NOT_LINKED if counts.get(why)],
        by=name_of(session, round_.proposed_by),
        decided=round_.decided_by and name_of(session, round_.decided_by),
        may_confirm=is_waiting and Role.APPROVER in who.roles and who.id != round_.proposed_by,
        may_end=bool(who.roles & MOVERS),
    )
