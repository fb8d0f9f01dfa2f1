"""What went wrong, told to a worker: the one place from error to status, code and sentence.

Replies follow RFC 9457. `code` is stable and for programs, `title` and `detail` are for people.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import HTTPException

from knowledge.eligibility.facts import FactsRefused, Reason
from knowledge.regions import UnknownRegion
from server.db import DatabaseBusy
from server.platform import OutcomeUnknown, PlatformBusy

MEDIA_TYPE = "application/problem+json"
_MOST_TOLD = 100
"""Facts of one request that are told to be wrong: more than there are."""
_TYPE = "urn:nuangang:problem:"


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


class WeChatAway(Exception):
    """WeChat can't be asked now."""


class TooMany(Exception):
    """Asked too often; `retry_after` seconds later it may be tried again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class NotReady(Exception):
    """The service cannot answer yet, or not now."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem, in words."""

    status: int
    code: str
    title: str
    detail: str


_BAD_REQUEST = Problem(400, "bad_request", "请求不完整", "这个请求没有看懂，请返回重新操作一次。")
_BROKEN = Problem(
    500, "internal_error", "系统出错了", "系统出了点问题，不是你的错。请过一会儿再试。"
)

_OF_ERROR: Mapping[type[Exception], Problem] = {
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
    FactsRefused: Problem(
        422,
        "facts_refused",
        "有的回答不对",
        "有的回答看不懂，请看看下面列出的几项，改一改再试。",
    ),
    UnknownRegion: Problem(
        422, "unknown_region", "没有这个地区", "没有找到这个地区，请从地区列表里选一个。"
    ),
    UnknownCursor: Problem(
        404, "unknown_cursor", "翻页的位置不对", "列表已经变了，请回到第一页重新看。"
    ),
    UnknownMeasure: Problem(
        404, "unknown_measure", "没有这项政策", "没有找到这项政策措施，它可能已经换了，请重新查找。"
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
    TooMany: Problem(429, "too_many", "发得太快", "发得太快了，请歇一会儿再试。"),
    **dict.fromkeys(
        (WeChatAway, PlatformBusy, OutcomeUnknown),
        Problem(503, "wechat_away", "连不上微信", "现在连不上微信，请过一会儿再试。"),
    ),
    DatabaseBusy: Problem(503, "busy", "现在人多", "现在用的人多，请过几秒再试一次。"),
    NotReady: Problem(503, "not_ready", "正在准备", "系统还没准备好，请过一会儿再试。"),
}

_OF_STATUS: Mapping[int, Problem] = {
    problem.status: problem
    for problem in (
        _BAD_REQUEST,
        Problem(404, "not_found", "没有这个页面", "没有找到你要的页面，请检查地址。"),
        Problem(405, "method_not_allowed", "不能这样操作", "这个地址不支持这样的操作。"),
        Problem(413, "too_large", "内容太长", "发来的内容太长了，请短一点，分几次说。"),
        Problem(415, "not_json", "内容格式不对", _OF_ERROR[NotJson].detail),
        _OF_ERROR[TooMany],
        _BROKEN,
        Problem(503, "not_ready", "正在准备", _OF_ERROR[NotReady].detail),
    )
}

_OF_FIELD: Mapping[str, str] = {
    "missing": "缺少这一项。",
    "extra_forbidden": "不认识这一项。",
    "string_type": "这一项要填文字。",
    "string_unicode": "这一项里有认不出的字符。",
    "string_too_long": "这一项太长了。",
    "string_too_short": "这一项太短了。",
    "string_pattern_mismatch": "这一项的写法不对。",
    "int_parsing": "这一项要填整数。",
    "int_type": "这一项要填整数。",
    "greater_than_equal": "这个数太小了。",
    "less_than_equal": "这个数太大了。",
    "value_error": "这一项的写法不对。",
    "dict_type": "这里要填一组内容。",
    "list_type": "这里要填一组内容。",
    "model_type": "这里要填一组内容。",
    "model_attributes_type": "这里要填一组内容。",
}

_OF_FACT: Mapping[Reason, str] = {
    Reason.UNKNOWN_FACT: "没有这一项。",
    Reason.WRONG_TYPE: "这一项的填法不对。",
    Reason.UNKNOWN_OPTION: "没有这个选项。",
    Reason.OUT_OF_RANGE: "这个数超出了可能的范围。",
    Reason.NOT_A_DAY: "这不是一个日期，请写成2021-01-15这样。",
    Reason.AFTER_AS_OF: "这个日期还没到。",
}


def problem_of(error: BaseException) -> Problem:
    """The words for an error; what nobody foresaw is the service's own fault."""
    for kind in type(error).__mro__:
        if kind in _OF_ERROR:
            return _OF_ERROR[kind]
    if isinstance(error, HTTPException) and error.code is not None:
        if error.code < 500:
            return _OF_STATUS.get(error.code) or _unnamed(error.code)
        return _OF_STATUS.get(error.code, _BROKEN)
    return _BROKEN


def body_of(error: BaseException) -> dict[str, Any]:
    """The members of the problem document for an error."""
    problem = problem_of(error)
    body: dict[str, Any] = {
        "type": _TYPE + problem.code,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if isinstance(error, FieldsRefused):
        body["errors"] = [
            {"field": _shown(field), "detail": _OF_FIELD.get(kind, "这一项不对。")}
            for field, kind in error.fields
        ]
    elif isinstance(error, FactsRefused):
        body["errors"] = [
            {
                "field": _shown(refusal.fact),
                "reason": refusal.reason.value,
                "detail": _OF_FACT[refusal.reason],
                "allowed": refusal.allowed,
            }
            for refusal in error.refusals[:_MOST_TOLD]
        ]
    elif isinstance(error, RepeatedName):
        body["errors"] = [{"field": _shown(error.name), "detail": "这一项写了两次。"}]
    return body


def _shown(name: str) -> str:
    """A name that came from outside, short and fit for any encoding."""
    return name[:64].encode("utf-8", "replace").decode()


def _unnamed(status: int) -> Problem:
    return Problem(status, _BAD_REQUEST.code, _BAD_REQUEST.title, _BAD_REQUEST.detail)
