"""How the desk calls states, moves, roles and what else is a closed vocabulary."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from knowledge.eligibility.facts import Fact
from server.casework.moves import Move, State
from server.casework.officers import Role
from server.casework.tables import Finding, Origin, Ruling, Source
from server.records.audit import ActorKind

STATES: Mapping[State, str] = {
    State.DRAFT: "草稿",
    State.SUBMITTED: "待认领",
    State.IN_REVIEW: "审核中",
    State.MATERIAL_REQUESTED: "待补材料",
    State.APPROVED: "已通过",
    State.REFUSED: "未通过",
    State.PAYMENT_PENDING: "发放中",
    State.PAID: "已发放",
    State.WITHDRAWN: "已撤回",
    State.OBJECTION: "申诉中",
    State.CLOSED: "已办结",
}

STATE_KINDS: Mapping[State, str] = {
    State.SUBMITTED: "warn",
    State.IN_REVIEW: "busy",
    State.MATERIAL_REQUESTED: "warn",
    State.APPROVED: "good",
    State.REFUSED: "bad",
    State.PAYMENT_PENDING: "busy",
    State.PAID: "good",
    State.OBJECTION: "bad",
}
"""Colours, always beside the words."""

HAPPENED: Mapping[Move, str] = {
    Move.BEGIN: "开始填写",
    Move.EDIT: "改了草稿",
    Move.DISCARD: "删了草稿",
    Move.SUBMIT: "提交了申请",
    Move.WITHDRAW: "撤回了申请",
    Move.GIVE_UP: "不要余下的几期",
    Move.ANSWER: "说材料补好了",
    Move.OBJECT: "提出申诉",
    Move.PROPOSE: "按名册比对生成了办件",
    Move.TAKE: "认领了办件",
    Move.ASSIGN: "分派了办件",
    Move.REQUEST_MATERIAL: "要求补材料",
    Move.GO_ON: "不等材料，继续审核",
    Move.RECOMMEND: "提出经办意见",
    Move.RETURN: "退回了经办意见",
    Move.APPROVE: "审批通过",
    Move.REFUSE: "审批不通过",
    Move.REOPEN: "把批过的重新审核，没发的先不发",
    Move.UPHOLD: "认定申诉成立，重新审核",
    Move.DISMISS: "维持原结果，申诉不成立",
    Move.ORDER_PAYMENT: "列入发放批次",
    Move.CANCEL_PAYMENT: "从发放批次取出",
    Move.PAY: "发放到账",
    Move.PAY_INSTALMENT: "发放了一期",
    Move.RETURN_PAYMENT: "银行退回了款项",
    Move.CLOSE: "办结归档",
}

OBJECTION_TAKEN_BACK = "撤回了申诉"
"""Instead of `HAPPENED`, where it was the objection that was withdrawn."""

ROLES: Mapping[Role, str] = {
    Role.CASE_OFFICER: "经办",
    Role.APPROVER: "审批",
    Role.EDITOR: "知识编辑",
    Role.PUBLISHER: "知识发布",
    Role.AUDITOR: "审计",
    Role.ADMINISTRATOR: "管理员",
}

ACTORS: Mapping[str, str] = {
    ActorKind.WORKER: "申请人",
    ActorKind.OFFICER: "工作人员",
    ActorKind.MERCHANT: "商户",
    ActorKind.JOB: "系统",
}

SOURCES: Mapping[Source, str] = {
    Source.DECLARED: "本人填报",
    Source.DOCUMENT: "材料证明",
    Source.READ: "经办人照材料填的",
    Source.REGISTER: "名册登记",
    Source.ATTENDED: "上课记录",
}

ORIGINS: Mapping[Origin, str] = {Origin.APPLICATION: "本人申请", Origin.ROSTER: "名册比对"}

OUTCOMES: Mapping[str, str] = {
    "eligible": "符合文件写的全部条件",
    "ineligible": "有条件不符合",
    "undetermined": "还不能确定",
}

VERDICTS: Mapping[str, tuple[str, str]] = {
    "met": ("符合", "good"),
    "failed": ("不符合", "bad"),
    "unknown": ("待核实", "warn"),
}
"""How a condition stands, and the colour."""

FINDINGS: Mapping[Finding, str] = {
    Finding.OPEN: "还没核实",
    Finding.SAME: "是同一个人",
    Finding.DIFFERENT: "不是同一个人",
}

RULINGS: Mapping[Ruling, str] = {
    Ruling.UPHELD: "成立",
    Ruling.DISMISSED: "不成立",
    Ruling.WITHDRAWN: "本人撤回",
}

PERSON_FIELDS: Mapping[str, str] = {
    "name": "姓名",
    "identity_number": "身份证号",
    "phone": "手机号",
    "bank_card": "银行卡号",
    "native_place": "籍贯",
}

_UNITS: Mapping[str, str] = {
    "months": "个月",
    "hours": "学时",
    "month_of_year": "月",
    "square_metre": "平方米",
}

DECISIONS: Mapping[str, str] = {Move.APPROVE: "通过", Move.REFUSE: "不通过"}


def value_of(fact: Fact | None, value: Any) -> str:
    """What somebody answered, as the question puts it."""
    if isinstance(value, (list, tuple)):
        return "、".join(value_of(fact, each) for each in value) or "没有"
    if isinstance(value, bool):
        return "是" if value else "不是"
    if value is None:
        return "没填"
    if isinstance(value, date):
        return value.isoformat()
    options = {} if fact is None else {str(each.value): each.label for each in fact.options}
    return options.get(str(value), f"{value}{unit_of(fact)}")


def unit_of(fact: Fact | None) -> str:
    """What a number counts."""
    return "" if fact is None or fact.unit is None else _UNITS.get(fact.unit, fact.unit)


def unsaid(facts: Mapping[str, Any], name: str) -> str:
    """What somebody answered who did not say it: not sure, or nothing at all."""
    return "本人答：不清楚" if name in facts else "本人没有填"


def course_of(evidence: Mapping[str, str]) -> str:
    """A course that somebody attended: its day, and the certificate it gave."""
    number = evidence.get("certificate")
    return f"{evidence['title']}（{evidence['on']}{f'，证书号{number}' if number else ''}）"
