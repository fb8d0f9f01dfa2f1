"""What is wrong with a request itself, with who asks, or with the service, in words."""

from collections.abc import Iterable, Mapping

from gunicorn.http.errors import ParseException

from server.chat.turns import TurnUnknown
from server.confidential.subject_keys import SubjectErased
from server.database.db import DatabaseAway, DatabaseBusy, DatabaseFull
from server.material_store import ObjectMissing, StoreAway
from server.personal.children import ChildChanged, ChildTooOld, ChildUnknown, TooManyChildren
from server.personal.consents import ConsentMissing, TextReplaced
from server.personal.erasing import StillUnderWay
from server.personal.persons import NotBornYet
from server.personal.profiles import ProfileChanged, ProfileMissing
from server.platform.faults import OutcomeUnknown, PlatformBusy
from server.switches import SwitchedOff
from server.web.admitting import FormForged, NobodyAdmitted
from server.web.idempotency import KeyMissing, KeyReused, StillInFlight
from server.web.problems.document import Problem


class MalformedJson(Exception):
    """The body is no JSON."""


class MalformedXml(Exception):
    """The body is no XML of WeChat's form, or more than that."""


class NotFromWeChat(Exception):
    """The signature is not WeChat's, or too old; the message says what did not fit."""


class RepeatedName(Exception):
    """A field or parameter is given twice; which one is meant can't be known."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class NotJson(Exception):
    """The body is declared to be something else than JSON."""


class FieldsRefused(Exception):
    """A request that does not fit its model: (field, Pydantic's error type) pairs."""

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self.fields = tuple(fields)
        super().__init__(self.fields)


class UnknownMeasure(LookupError):
    """No measure in force has this id."""


class UnknownCursor(LookupError):
    """The place to read on from is none of the list."""


class SignInRefused(Exception):
    """The login code is not accepted."""


class SessionOver(Exception):
    """The token is unknown or its time is over."""


class SignInNeeded(Exception):
    """The call is for workers who have signed in."""


class PhoneRefused(Exception):
    """WeChat knows no telephone number for this code."""


class UnknownPurpose(LookupError):
    """Nobody is asked to agree to such a thing."""


class WeChatAway(Exception):
    """WeChat can't be asked now."""


class TooMany(Exception):
    """Asked too often; `retry_after` seconds later it may be tried again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class NotReady(Exception):
    """The service cannot answer yet, or not now."""


BAD_REQUEST = Problem(400, "bad_request", "请求不完整", "这个请求没有看懂，请返回重新操作一次。")
BROKEN = Problem(
    500, "internal_error", "系统出错了", "系统出了点问题，不是你的错。请过一会儿再试。"
)

WORDS: Mapping[type[Exception], Problem] = {
    # Pieces of a body that don't fit together, met while it is read.
    ParseException: BAD_REQUEST,
    FormForged: Problem(
        403, "form_forged", "页面已经失效", "这个页面已经失效，什么都没有改。请返回、刷新后再操作。"
    ),
    MalformedJson: Problem(
        400, "malformed_json", "内容格式不对", "发来的内容不完整，请重新发一次。"
    ),
    MalformedXml: Problem(
        400, "malformed_xml", "内容格式不对", "发来的内容不是规定的格式（XML）。"
    ),
    NotFromWeChat: Problem(
        403, "not_from_wechat", "不能这样访问", "这个地址只接收微信发来的消息。"
    ),
    RepeatedName: Problem(
        400, "repeated_name", "有一项写了两次", "同一项写了两次，不知道以哪个为准，请只写一次。"
    ),
    NotJson: Problem(
        415, "not_json", "内容格式不对", "发来的内容不是规定的格式（JSON），请用小程序或网页来问。"
    ),
    FieldsRefused: Problem(
        422, "invalid_fields", "有的内容不对", "填的内容有的不对，请看看下面列出的几项。"
    ),
    UnknownCursor: Problem(
        404, "unknown_cursor", "翻页的位置不对", "列表已经变了，请回到第一页重新看。"
    ),
    UnknownMeasure: Problem(
        404, "unknown_measure", "没有这项政策", "没有找到这项政策措施，它可能已经换了，请重新查找。"
    ),
    TurnUnknown: Problem(
        404, "unknown_conversation", "对话找不到了", "以前的对话找不到了，请直接重新问。"
    ),
    SignInRefused: Problem(
        401, "sign_in_refused", "登录没有成功", "登录没有成功，请关掉后重新打开再试。"
    ),
    SessionOver: Problem(
        401, "session_over", "登录已经过期", "登录已经过期，请重新登录。不登录也可以直接提问。"
    ),
    SignInNeeded: Problem(401, "sign_in_needed", "请先登录", "请先登录，再来办这件事。"),
    PhoneRefused: Problem(
        422, "phone_refused", "手机号没有取到", "微信没有给出手机号，请再点一次按钮。"
    ),
    ConsentMissing: Problem(
        403, "consent_missing", "请先看说明", "这一步要用到你的个人信息，请先看说明，再选同不同意。"
    ),
    TextReplaced: Problem(
        409, "text_replaced", "说明已经更新", "说明的内容已经更新，请重新看一遍再选。"
    ),
    UnknownPurpose: Problem(404, "unknown_purpose", "没有这一项", "没有这一项说明，请刷新再看。"),
    ProfileMissing: Problem(
        404, "profile_missing", "还没有填资料", "还没有填个人资料，请先填好再来办。"
    ),
    **dict.fromkeys(
        (ProfileChanged, ChildChanged),
        Problem(409, "person_changed", "资料已经变了", "这份资料刚才在别处改过，请刷新以后再改。"),
    ),
    NotBornYet: Problem(422, "not_born_yet", "出生日期不对", "出生日期还没到，请检查一下再填。"),
    ChildUnknown: Problem(
        404, "unknown_child", "没有这个孩子", "没有找到这个孩子的信息，请刷新再看。"
    ),
    ChildTooOld: Problem(
        422,
        "child_too_old",
        "孩子满十四周岁了",
        "这里只填不满十四周岁的孩子。满了十四周岁，要由孩子自己登录来填。",
    ),
    TooManyChildren: Problem(
        422, "too_many_children", "孩子填得太多", "孩子最多填二十个，请先删掉填错的。"
    ),
    StillUnderWay: Problem(
        409,
        "still_under_way",
        "还有事在办",
        "还有申请正在办，请先撤回申请，或者等办完，再来删除资料。",
    ),
    SubjectErased: Problem(410, "erased", "资料已经删除", "这份资料已经按要求删除，看不到了。"),
    KeyMissing: Problem(
        400,
        "idempotency_key_missing",
        "请求不完整",
        "这个请求没有编号，不能保证只办一次。请更新小程序后再试。",
    ),
    KeyReused: Problem(
        422,
        "idempotency_key_reused",
        "编号已经用过",
        "刚才那次可能已经办好了，请先到“我的”里看看。",
    ),
    StillInFlight: Problem(
        409, "still_in_flight", "还在办", "同一个请求还在办，请过几秒再看结果。"
    ),
    ObjectMissing: Problem(
        503, "material_away", "材料暂时打不开", "这份材料暂时打不开，请过一会儿再试。"
    ),
    StoreAway: Problem(
        503, "material_away", "材料暂时存不了", "材料暂时存不了、打不开，请过一会儿再试。"
    ),
    NobodyAdmitted: Problem(500, "internal_error", BROKEN.title, BROKEN.detail),
    TooMany: Problem(429, "too_many", "发得太快", "发得太快了，请歇一会儿再试。"),
    **dict.fromkeys(
        (WeChatAway, PlatformBusy, OutcomeUnknown),
        Problem(503, "wechat_away", "连不上微信", "现在连不上微信，请过一会儿再试。"),
    ),
    DatabaseBusy: Problem(503, "busy", "现在人多", "现在用的人多，请过几秒再试一次。"),
    DatabaseAway: Problem(503, "not_ready", "暂时用不了", "系统暂时用不了，请过一会儿再试。"),
    DatabaseFull: Problem(
        503,
        "storage_full",
        "暂时存不了",
        "现在存不了新的内容，刚才这一步没有保存，请过一会儿再试。看政策、查进度不受影响。",
    ),
    SwitchedOff: Problem(409, "switched_off", "暂时停办", "{words}"),
    NotReady: Problem(503, "not_ready", "正在准备", "系统还没准备好，请过一会儿再试。"),
}

OF_STATUS: Mapping[int, Problem] = {
    problem.status: problem
    for problem in (
        BAD_REQUEST,
        Problem(404, "not_found", "没有这个页面", "没有找到你要的页面，请检查地址。"),
        Problem(405, "method_not_allowed", "不能这样操作", "这个地址不支持这样的操作。"),
        Problem(413, "too_large", "内容太长", "发来的内容太长了，请短一点，分几次说。"),
        Problem(415, "not_json", "内容格式不对", WORDS[NotJson].detail),
        WORDS[TooMany],
        BROKEN,
        Problem(503, "not_ready", "正在准备", WORDS[NotReady].detail),
    )
}
