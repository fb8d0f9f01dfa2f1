"""Vouchers at the desk: issues, who has a voucher of one, and how one ends."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from flask import Blueprint, Response, url_for
from pydantic import Field

from server.casework import funds
from server.casework.funds import FundShort
from server.casework.officers import LOOKERS, Role, scope
from server.clock import china_day
from server.console import forms, naming, voucher_rounds
from server.console.entering import first_region, officer, regions
from server.console.forms import YUAN_WORDS, Asked, Form, Line, Text, Yuan
from server.console.help_requests import name_of
from server.console.rendering import go_to, page
from server.money import yuan
from server.vouchers import issuing, rounds
from server.vouchers.issuing import IssueUnfit, IssueUnknown, Proposal
from server.vouchers.tables import (
    IssueState,
    MerchantKind,
    RoundState,
    Voucher,
)
from server.web.admitting import Who, admits
from server.web.resources import post, resources

blueprint = Blueprint("vouchers", __name__, url_prefix="/vouchers")


TAKES: Mapping[MerchantKind, str] = {MerchantKind.SHOP: "商超", MerchantKind.CLINIC: "医院、诊所"}
ISSUE_STATES: Mapping[IssueState, tuple[str, str]] = {
    IssueState.PROPOSED: ("待批准", "warn"),
    IssueState.OPEN: ("可以发", "good"),
    IssueState.CLOSED: ("已停发", "empty"),
}
_LABELS: Mapping[str, str] = {
    "title": "名称",
    "words": "怎么用",
    "measure": "政策",
    "region": "地区",
    "takes": "在哪里用",
    "fund_id": "资金",
    "amount_fen": "每张多少钱（元）",
    "uses": "每张能用几次",
    "first_on": "从哪天起能用",
    "last_on": "最后一天",
}
_UNFIT: Mapping[str, str] = {
    "last_on": "最后一天不能早于第一天，也不能早于今天。",
    "amount_fen": "每张最多100万元。",
    "uses": "次数从1到1000。",
    "fund_id": "有金额的券要选一笔管这项政策、这个地区的资金；没有金额的不选资金。",
}


class IssueAsked(Asked):
    """An issue as it is typed."""

    title: Annotated[str, Field(min_length=1, max_length=64)]
    words: Annotated[str, Field(max_length=2000)] = ""
    measure: Line
    region: Line
    takes: MerchantKind
    fund_id: int | None = None
    amount_fen: Annotated[Yuan, Field(ge=0, le=issuing.MOST_FEN)] = 0
    uses: int | None = None
    first_on: date
    last_on: date


class _ReasonAsked(Asked):
    reason: Text


class _GivenAsked(Asked):
    """Which of the vouchers of an issue are shown."""

    number: Annotated[str, Field(max_length=16)] = ""
    page: Annotated[int, Field(ge=1, le=100_000)] = 1


_A_PAGE = 200


@blueprint.get("/")
@admits(Who.OFFICER, *LOOKERS)
def get_issues() -> Response:
    """The issues of the officer's regions, and the ways to merchants and settlements."""
    library = resources().serving.current().library
    with resources().database.read() as session:
        found = issuing.listed(session, officer(), regions())
        standings = {issue.id: issuing.standing(session, issue.id) for issue in found}
    return page(
        "vouchers.html",
        title="卡和券",
        issues=found,
        standings=standings,
        states=ISSUE_STATES,
        today=china_day(resources().clock()),
        places={issue.id: naming.place_of(library, issue.region) for issue in found},
        may_enter=Role.CASE_OFFICER in officer().roles,
    )


@blueprint.get("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_new_issue() -> Response:
    """The form for an issue."""
    return _new_issue_page(forms.empty(region=first_region()))


@blueprint.post("/")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_issue() -> Response:
    """Propose an issue; another officer approves it."""
    known = resources()
    form = forms.read(IssueAsked, {"amount_fen": YUAN_WORDS})
    asked = form.asked
    if asked is not None:
        if asked.region not in scope(officer(), regions()):
            form.refuse("region", "请从列表里选一个你负责的地区。")
        if asked.measure not in known.serving.current().library.measures:
            form.refuse("measure", "请从列表里选。")
    if asked is None or form.asked is None:
        return _new_issue_page(form, 422)
    try:
        with known.database.begin() as session:
            issue = issuing.propose(
                session, known.safe, Proposal(**asked.model_dump()), by=officer(),
                regions=regions(), now=known.clock(),
            )  # fmt: skip
    except IssueUnfit as error:
        form.refuse(error.field, _UNFIT[error.field])
        return _new_issue_page(form, 422)
    return go_to(url_for("desk.vouchers.get_issue", id=issue.id), "存好了，等审批人批准。")


@blueprint.get("/<id>")
@admits(Who.OFFICER, *LOOKERS)
def get_issue(id: str) -> Response:
    """One issue: how it stands, who waits for a voucher, who has one."""
    library, asked = resources().serving.current().library, forms.read_query(_GivenAsked)
    with resources().database.read() as session:
        issue = issuing.of_officer(session, id, officer(), regions())
        given = issuing.of_issue(
            session, issue.id, number=asked.number.upper(), at_most=_A_PAGE + 1,
            skipping=_A_PAGE * (asked.page - 1),
        )  # fmt: skip
        return page(
            "voucher_issue.html",
            title=issue.title,
            issue=issue,
            standing=issuing.standing(session, issue.id),
            waiting=issuing.waiting(session, resources().safe, issue, regions()),
            most=issuing.MOST_AT_ONCE,
            asked=asked,
            given=given[:_A_PAGE],
            goes_on=len(given) > _A_PAGE,
            rounds=[
                (
                    each,
                    "，".join(voucher_rounds.whom(each)),
                    voucher_rounds.STATES[RoundState(each.state)],
                )
                for each in rounds.of_issue(session, issue.id)
            ],
            fund=None if issue.fund_id is None else funds.find(session, issue.fund_id),
            proposed_by=name_of(session, issue.proposed_by),
            opened_by="" if issue.opened_by is None else name_of(session, issue.opened_by),
            state=ISSUE_STATES[IssueState(issue.state)],
            takes=TAKES[MerchantKind(issue.takes)],
            place=naming.place_of(library, issue.region),
            measure=naming.measure_of(library, issue.measure),
            over=china_day(resources().clock()) > issue.last_on,
            may_open=Role.APPROVER in officer().roles and officer().id != issue.proposed_by,
            may_give=Role.CASE_OFFICER in officer().roles,
            form=forms.empty(),
        )


@blueprint.post("/<id>/open")
@admits(Who.OFFICER, Role.APPROVER)
def post_open(id: str) -> Response:
    """Approve an issue as the second officer."""
    known, version = resources(), forms.version()
    with known.database.begin() as session:
        issue = issuing.of_officer(session, id, officer(), regions())
        issuing.open_(
            session, known.safe, issue, by=officer(), regions=regions(), version=version,
            now=known.clock(),
        )  # fmt: skip
    return go_to(url_for("desk.vouchers.get_issue", id=id), "批准了，现在可以发。")


@blueprint.post("/<id>/close")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_close(id: str) -> Response:
    """Give no more vouchers of an issue."""
    known, version = resources(), forms.version()
    with known.database.begin() as session:
        issue = issuing.of_officer(session, id, officer(), regions())
        issuing.close(
            session, known.safe, issue, by=officer(), regions=regions(), version=version,
            now=known.clock(),
        )  # fmt: skip
    return go_to(url_for("desk.vouchers.get_issue", id=id), "不再发了，发出去的还能用。")


@blueprint.post("/<id>/vouchers")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_vouchers(id: str) -> Response:
    """Give a voucher to everybody whose case is approved and who has none; all or nobody.

    `case` names one of them alone.
    """
    known, only = resources(), forms.typed("case")
    try:
        with known.database.begin() as session:
            issue = issuing.of_officer(session, id, officer(), regions())
            waiting = issuing.waiting(session, resources().safe, issue, regions())
            made = issuing.issue_to(
                session,
                post(),
                issue,
                [case for case in waiting if only in ("", case.id)],
                by=officer(),
                now=known.clock(),
            )
    except FundShort as error:
        told = f"没有发：资金只剩{yuan(error.left_fen)}元，不够所有人。"
        return go_to(url_for("desk.vouchers.get_issue", id=id), told)
    return go_to(url_for("desk.vouchers.get_issue", id=id), f"发了{len(made)}张。")


@blueprint.post("/<id>/vouchers/<voucher>/end")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_end(id: str, voucher: str) -> Response:
    """Take one voucher back, with the reason."""
    known = resources()
    form = forms.read(_ReasonAsked)
    with known.database.begin() as session:
        issue = issuing.of_officer(session, id, officer(), regions())
        found = session.get(Voucher, voucher)
        if found is None or found.issue_id != issue.id:
            raise IssueUnknown(voucher)
        if form.asked is None:
            return go_to(url_for("desk.vouchers.get_issue", id=id), "没有收回：请写原因。")
        rest = issuing.take_back(
            session, known.safe, found, by=officer(), regions=regions(),
            reason=form.asked.reason, now=known.clock(),
        )  # fmt: skip
    return go_to(url_for("desk.vouchers.get_issue", id=id), f"收回了，{yuan(rest)}元还给了资金。")


def _new_issue_page(form: Form[IssueAsked], status: int = 200) -> Response:
    library = resources().serving.current().library
    seen = scope(officer(), regions())
    with resources().database.read() as session:
        mine = funds.listed(session, officer(), regions())
    return page(
        "voucher_new.html",
        title="新的一批券",
        status=status,
        form=form,
        labels=_LABELS,
        takes=[(kind.value, words) for kind, words in TAKES.items()],
        funds=[(str(fund.id), fund.name) for fund in mine],
        measures=[
            (measure.id, f"{naming.place_of(library, measure.region)}：{measure.title}")
            for measure in library.measures.values()
            if measure.region in seen
        ],
        places=[(region.id, region.label) for region in regions() if region.id in seen],
    )
