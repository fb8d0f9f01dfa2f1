"""Who looked at whose data, and who did what: for auditors."""

from datetime import date, timedelta
from typing import Annotated

from flask import Blueprint, Response, current_app, url_for
from pydantic import Field

from server import audit_views
from server.audit_views import AuditView, Wanted
from server.casework import officers
from server.casework.fund_tables import BatchState
from server.casework.moves import Move
from server.casework.officers import Role
from server.casework.tables import Finding
from server.casework.verifying import SEEN
from server.clock import china_day
from server.console import forms, naming, words
from server.console.entering import officer, regions
from server.console.rendering import page
from server.records.audit import Action
from server.web.admitting import Who, admits, admitted_roles
from server.web.resources import resources

blueprint = Blueprint("audit_views", __name__, url_prefix="/audit")

_DAYS = 7
_ON_A_PAGE = 100
ACTIONS = {
    Action.READ: "打开看了",
    Action.UNMASKED: "看了完整的号码",
    Action.CHANGED: "办了一步",
    Action.DECIDED: "作了决定",
    Action.CREATED: "新建",
    Action.EXPORTED: "导出",
    Action.PAID: "发放",
    Action.DELETED: "删除",
    Action.ERASED: "抹掉个人信息",
    Action.CONSENTED: "同意",
    Action.WITHDREW: "收回同意",
    Action.UNITED: "合并成一个人",
    Action.SIGNED_IN: "登录",
}
ABOUT = {
    "cases": ("办件", "desk.case.get_case"),
    "case_note": ("办件备注", ""),
    "material": ("材料", ""),
    "near_duplicate": ("疑似重复", ""),
    "payment": ("发放", ""),
    "payment_batch": ("发放批次", "desk.payments.get_batch"),
    "fund": ("资金", "desk.funds.get_fund"),
    "service_request": ("求助", "desk.help_requests.get_request"),
    "joint_report": ("联名反映", "desk.arrears.get_report"),
    "joint_part": ("联名反映的一份", ""),
    "roster_file": ("花名册", ""),
    "register_entry": ("台账", "desk.register.get_entry"),
    "register_import": ("台账导入", ""),
    "employer": ("用人单位", ""),
    "helper": ("帮扶人", ""),
    "pairing": ("结对", "desk.pairings.get_pairing"),
    "pairing_visit": ("走访", ""),
    "voucher_issue": ("一批券", "desk.vouchers.get_issue"),
    "voucher_round": ("一轮发券", "desk.voucher_rounds.get_round"),
    "voucher": ("券", ""),
    "redemption": ("用券", ""),
    "benefit_card": ("卡", ""),
    "merchant": ("商户", ""),
    "settlement": ("商户结算", ""),
    "offer": ("招聘和活动", "desk.offers.get_offer"),
    "participation": ("报名", ""),
    "wish": ("找工作、找车的人", ""),
    "campaign": ("群发", "desk.outreach.get_campaign"),
    "letter": ("群发通知", ""),
    "opt_out": ("不要自动比对", ""),
    "officer": ("工作人员", ""),
    "staff_account": ("工作人员的账号", ""),
    "worker": ("务工人员", ""),
    "profile": ("个人资料", ""),
    "child": ("孩子", ""),
    "consent": ("同意", ""),
    "current_release": ("知识发布", ""),
}
"""What an entry of the audit is about, and the page that shows it."""
_FIELDS = {**words.PERSON_FIELDS, "state": "状态", "assigned_to": "经办人"}


class _Asked(forms.Asked):
    first: date | None = None
    last: date | None = None
    action: Action | None = None
    officer: int | None = None
    row: Annotated[str, Field(max_length=80)] = ""
    page: Annotated[int, Field(ge=1, le=10_000)] = 1


@blueprint.get("/")
@admits(Who.OFFICER, Role.AUDITOR)
def get_audit_views() -> Response:
    """What was seen and done in the officer's regions, newest first."""
    known = resources()
    asked = forms.read_query(_Asked)
    last = asked.last or china_day(known.clock())
    first = min(asked.first or last - timedelta(days=_DAYS - 1), last)
    wanted = Wanted(first, last, asked.action, asked.officer, asked.row)
    with known.database.read() as session:
        who = officer()
        total = audit_views.counted(session, who, regions(), wanted)
        pages = max(1, -(-total // _ON_A_PAGE))
        number = min(asked.page, pages)
        found = audit_views.listed(
            session, who, regions(), wanted, skip=(number - 1) * _ON_A_PAGE, at_most=_ON_A_PAGE
        )
        names = officers.names(session)
    values = {"first": first, "last": last, "action": asked.action or "", "row": asked.row}
    return page(
        "audit_views.html",
        title="查看记录",
        form=forms.empty(**values, officer=asked.officer or ""),
        actions=[(each.value, said) for each, said in ACTIONS.items()],
        names=sorted(names.items(), key=lambda pair: pair[1]),
        rows=[
            (
                each,
                names.get(each.officer_id or 0) or words.ACTORS.get(each.actor, ""),
                _what(each),
                *_where(each),
            )
            for each in found
        ],
        total=total,
        number=number,
        pages=pages,
    )


def _what(view: AuditView) -> str:
    """What was done, in words."""
    told = _told(view)
    fields = "、".join(_FIELDS[name] for name in view.fields if name in words.PERSON_FIELDS)
    return f"{told}（{fields}）" if fields else told


def _told(view: AuditView) -> str:
    told = ACTIONS[view.action]
    if view.about == "cases" and view.reason == SEEN:
        return "核对了填报的来源"
    if view.about == "cases" and view.reason == Move.WITHDRAW:
        # The entry does not say which of them it was.
        return "撤回了申请或申诉"
    if view.about == "cases" and view.reason in set(Move):
        return words.HAPPENED[Move(view.reason)]
    if view.about == "payment_batch" and view.reason in set(BatchState):
        return f"{told}：{naming.BATCH_STATES[BatchState(view.reason)][0]}"
    if view.about == "near_duplicate" and view.reason in set(Finding):
        return f"{told}：{words.FINDINGS[Finding(view.reason)]}"
    # Other reasons are either an officer's own words or a word of the program.
    return told if view.reason.isascii() else f"{told}：{view.reason}"


def _where(view: AuditView) -> tuple[str, str]:
    """What it is called, and its address where this officer may open it."""
    label, endpoint = ABOUT.get(view.about, (view.about, ""))
    if not endpoint or view.action in (Action.DELETED, Action.ERASED):
        return label, ""
    roles = admitted_roles(current_app.view_functions[endpoint])
    may_open = not roles or roles & officer().roles
    return label, url_for(endpoint, id=view.row) if may_open else ""
