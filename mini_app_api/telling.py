"""How a worker is told where a case stands, what was done and what comes next."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from bot.composing import day
from server.arrears.tables import ReportMove
from server.casework.cases import Happened
from server.casework.moves import Move, State
from server.casework.payable import NotPayable

_NEXT: Mapping[State, str] = {
    State.DRAFT: "接着填完，再提交。",
    State.SUBMITTED: "接下来由经办人接手{by}，有进展会告诉你。",
    State.IN_REVIEW: "经办人正在核对{by}。要补材料会告诉你。",
    State.MATERIAL_REQUESTED: "请把要的材料补上{by}，再点“补好了”。",
    State.APPROVED: "有钱要发的，接下来安排打款。",
    State.REFUSED: "原因写在下面。不同意的话，可以申诉{by}。",
    State.PAYMENT_PENDING: "钱会打到你填的银行卡上{by}。",
    State.PAID: "请查一查银行卡。没收到的话，问{unit}。",
    State.WITHDRAWN: "想办的话，可以重新申请。",
    State.OBJECTION: "有人会重新看这件事{by}，看完会告诉你。",
    State.CLOSED: "这件事办完了。",
}

MOVED: Mapping[Move, str] = {
    Move.BEGIN: "你开始填写。",
    Move.EDIT: "你改了草稿。",
    Move.DISCARD: "你不要这份草稿了。",
    Move.SUBMIT: "你提交了申请。",
    Move.WITHDRAW: "你撤回了申请。",
    Move.GIVE_UP: "余下的几期你不要了。",
    Move.ANSWER: "你说材料补好了。",
    Move.OBJECT: "你提出了申诉。",
    Move.PROPOSE: "按名册比对，你够条件，不用你申请就报上来了。",
    Move.TAKE: "经办人接手了，开始审核。",
    Move.ASSIGN: "换了一位经办人。",
    Move.REQUEST_MATERIAL: "经办人要你补材料。",
    Move.GO_ON: "不再等材料，接着审核。",
    Move.RECOMMEND: "经办人提了意见。",
    Move.RETURN: "退回经办人再看。",
    Move.APPROVE: "审核通过了。",
    Move.REFUSE: "审核没有通过。",
    Move.REOPEN: "批过的要重新审核，没发的先不发。",
    Move.UPHOLD: "申诉成立，重新审核。",
    Move.DISMISS: "申诉看过了，结果不变。",
    Move.ORDER_PAYMENT: "已经安排打款。",
    Move.CANCEL_PAYMENT: "这次打款取消了，会重新安排。",
    Move.PAY: "钱已经打出去了。",
    Move.PAY_INSTALMENT: "这一期的钱已经打出去了，后面的按期打。",
    Move.RETURN_PAYMENT: "银行没打成，钱退回来了。请看看卡号对不对。",
    Move.CLOSE: "这件事办结了。",
}
"""What was done to a case, in one sentence; `said_of` knows more of what went before."""

_OBJECTION_TAKEN_BACK = "你撤回了申诉。"
_GRANT_ENDED = "原来批的撤销了，没发的不发了。"

ENDED = "已经撤销"
"""Where a case stands that was granted, and is refused now."""

RECEIVED = "已收到你的申请，等经办人接手。有进展会在这里告诉你。"
"""The receipt for an application."""

REQUEST_RECEIVED = "已收到你的求助，会有人回复你。"
"""The receipt for a request for help."""


def said_of(happened: Happened) -> str:
    """What was done to a case, in one sentence."""
    if happened.takes_objection_back:
        return _OBJECTION_TAKEN_BACK
    if happened.ends_grant:
        return _GRANT_ENDED
    return MOVED[Move(happened.event.move)]


_WAITS: Mapping[NotPayable, str] = {
    NotPayable.NO_CONSENT: "用银行卡号发钱，要你先同意才能打。"
    "请到“我的”，在“我同意过的事”里点同意。",
    NotPayable.NO_CARD: "还没有你的银行卡号。请到“我的”里填上，才能打款。",
    NotPayable.RETURNED: "银行没打成，钱退回来了。请到“我的”里改银行卡号，改好会重新打。"
    "卡号没错的话，问{unit}。",
}
"""What the worker has to do before the money can come."""


def what_next(
    state: State,
    due_on: date | None,
    *,
    unit: str = "",
    lacking: Sequence[str] | None = None,
    was_refused: bool = False,
    was_granted: bool = False,
    was_ended: bool = False,
    waits_for: NotPayable | None = None,
) -> str:
    """What comes next and by which day (Asia/Shanghai): whoever is to act, or may still object.

    `unit`: who is in charge; `lacking`: the papers that are usually asked for and are not there,
    None where nobody looked. `was_refused`, `was_granted`: before it was withdrawn. `was_ended`:
    refused after it was granted. `waits_for`: what the worker has to do before the money can come.
    """
    if state is State.WITHDRAWN and was_refused:
        return "没有通过的结果不变，这一期不能再申请了。"
    if state is State.WITHDRAWN and was_granted:
        return "批给你的钱不发了。想办的话，可以重新申请，不一定还能批。"
    if waits_for is not None:
        return _WAITS[waits_for].format(unit=_asked(unit))
    by = "" if due_on is None else f"，最晚{day(due_on)}"
    if was_ended:
        return f"没发的不发了。{_NEXT[state].format(by=by)}"
    if state is State.SUBMITTED and lacking is not None:
        return f"接下来由经办人接手{by}。{_lacking(lacking)}"
    return _NEXT[state].format(by=by, unit=_asked(unit))


def _lacking(papers: Sequence[str]) -> str:
    if not papers:
        return "不用做什么，等消息就行。"
    return f"经办人一般会问你要：{'、'.join(papers)}，先准备好。"


def _asked(unit: str) -> str:
    """Whom to ask; 12333 is the line of the labour offices, and of no other."""
    if not unit:
        return "负责的单位，也可以打12333"
    return f"{unit}，也可以打12333" if "人社" in unit or "人力资源" in unit else unit


def due(on: date, today: date) -> str:
    """Until when something is to come, and whether that day is over."""
    return f"{day(on)}以前{'，已经过了' if on < today else ''}"


def from_courses(evidence: Iterable[Mapping[str, str]]) -> str:
    """From which courses an answer is, each with its day."""
    told = [(each["title"], date.fromisoformat(each["on"])) for each in evidence]
    courses = "、".join(f"{title}（{day(on)}）" for title, on in told)
    return f"来自你上过的课：{courses}"


JOINTLY_MOVED: Mapping[ReportMove, str] = {
    ReportMove.START: "有人发起。",
    ReportMove.HAND_IN: "交上去了。",
    ReportMove.TAKE: "经办人受理了。",
    ReportMove.ASK_BACK: "经办人要补材料。",
    ReportMove.SEND: "转给了劳动监察。",
    ReportMove.TELL: "有新的进展。",
    ReportMove.RECOVER: "记下了追回的钱。",
    ReportMove.SETTLE: "办完了。",
    ReportMove.TAKE_IN: "和同一个单位的另一件合并办理。",
    ReportMove.DROP: "作废了。",
}
"""What was done with a joint report, to everybody who joined."""
