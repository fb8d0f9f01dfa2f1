"""What the desk calls the words of closed vocabularies, places and measures."""

from collections.abc import Mapping

from knowledge.library import Library
from server.casework.fund_tables import BatchState, PaymentState
from server.casework.payable import NotPayable
from server.casework.proactive import Fate
from server.casework.request_tables import RequestMove, RequestState, Voice
from server.offers.tables import OfferKind

BATCH_STATES: Mapping[BatchState, tuple[str, str]] = {
    BatchState.COLLECTED: ("已归集", "warn"),
    BatchState.LOCKED: ("已锁定", "warn"),
    BatchState.RELEASED: ("已放行", "busy"),
    BatchState.EXPORTED: ("已交银行", "busy"),
    BatchState.SETTLED: ("已办结", "good"),
    BatchState.CANCELLED: ("已作废", "empty"),
}
PAYMENT_STATES: Mapping[PaymentState, tuple[str, str]] = {
    PaymentState.ORDERED: ("待发放", "busy"),
    PaymentState.PAID: ("已发放", "good"),
    PaymentState.RETURNED: ("银行退回", "bad"),
    PaymentState.CANCELLED: ("已作废", "empty"),
}
NOT_PAYABLE: Mapping[NotPayable, str] = {
    NotPayable.ERASED: "资料已经按本人要求删除",
    NotPayable.OTHER_PERSON: "身份证号和申请时的不一样",
    NotPayable.NO_CARD: "没有填银行卡",
    NotPayable.NO_CONSENT: "本人没有同意用银行卡收款",
    NotPayable.OPTED_OUT: "本人不要自动比对",
    NotPayable.DUPLICATE: "可能和别人是同一个人，要先核实",
    NotPayable.RETURNED: "银行退回过，本人还没有换卡号",
    NotPayable.OTHER_CARD: "本人换了银行卡",
}
REQUEST_STATES: Mapping[RequestState, tuple[str, str]] = {
    RequestState.OPEN: ("待答复", "warn"),
    RequestState.ANSWERED: ("已答复", "busy"),
    RequestState.CLOSED: ("已办结", "good"),
}
REQUEST_MOVES: Mapping[RequestMove, str] = {
    RequestMove.OPEN: "提出求助",
    RequestMove.WRITE: "写了一条",
    RequestMove.FORWARD: "转到别的单位",
    RequestMove.SETTLE: "办结",
    RequestMove.RATE: "评价",
}
VOICES: Mapping[Voice, str] = {
    Voice.WORKER: "求助人",
    Voice.OFFICER: "经办人",
    Voice.BOT: "小助手",
}
OFFER_KINDS: Mapping[OfferKind, str] = {
    OfferKind.VACANCY: "招聘",
    OfferKind.SESSION: "培训课",
    OfferKind.TRIP: "专车",
    OfferKind.ACTIVITY: "活动",
}
FATES: Mapping[Fate, str] = {
    Fate.PROPOSED: "生成办件",
    Fate.HAS_CASE: "已有办件",
    Fate.WITHDREW: "本人撤回过",
    Fate.OPTED_OUT: "本人不要自动比对",
    Fate.NOT_ELIGIBLE: "不符合，或者还有条件不清楚",
    Fate.CLOSED: "政策不在办理期",
    Fate.NOT_FOR_APPLICANTS: "不是个人申领的政策",
    Fate.NOBODY: "花名册里没有这个编号，或者编号重复",
    Fate.UNREADABLE: "姓名、号码看不懂",
    Fate.OTHER_NAME: "身份证号相同，姓名不同",
    Fate.UNPROVEN: "登录的人手机号没有核实过，或者和名册不一样",
    Fate.SEVERAL: "不止一个人用这个身份证号",
    Fate.TWICE: "名册里重复",
    Fate.LEFT: "本人刚刚删除或认领了资料",
}
REASONS: Mapping[str, str] = {
    "not-stated": "文件没写这一点",
    "not-in-this-place": "这个地方没有这项政策",
    "place-not-covered": "没有这个地方的文件",
    "outside": "不归这些文件管",
    "not-understood": "没看懂",
}


def place_of(library: Library, place: str) -> str:
    """A region's label, or another place by its own name."""
    if not place:
        return "没说地方"
    return library.regions.get(place).label if place in library.regions else place


def measure_of(library: Library, id: str) -> str:
    """A measure's title; one that is not in force any more by its id."""
    known = library.measures.get(id)
    return id if known is None else known.title


def topic_of(library: Library, id: str) -> str:
    """What a question was about, as far as that is known."""
    found = library.topics.get(id) or library.outside.get(id)
    return found.label if found is not None else id or "看不出是什么事"
