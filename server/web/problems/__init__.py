"""What went wrong, told to a worker: from error to status, code and sentence.

Replies follow RFC 9457. `code` is stable and for programs, `title` and `detail` are for people.
Each room of the table has a module: `requests` also names what is wrong with a request itself.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from werkzeug.exceptions import HTTPException

from knowledge.eligibility.facts import FactsRefused, Reason
from server.arrears.joining import AlreadyJoined
from server.casework.advancing import CaseChanged, MoveRefused
from server.casework.applying import AlreadyApplied, RulesChanged, WarningNotTaken
from server.casework.deciding import ItemsMissing
from server.casework.funds import FundShort
from server.casework.payment_batches import StepRefused
from server.casework.payment_results import ResultsRefused
from server.casework.recoding import Refusal, Refused
from server.casework.reservations import FundMissing
from server.casework.uploading import OffsetWrong
from server.confidential.privacy import mask
from server.database.db import (
    DatabaseAway,
    DatabaseBusy,
    DatabaseFull,
    is_away,
    is_busy,
    is_full,
    is_locked,
)
from server.personal.consents import ConsentMissing, in_force
from server.personal.erasing import StillUnderWay
from server.web.problems import cases, knowledge, offers, register, requests
from server.web.problems.document import Problem
from server.web.problems.requests import BAD_REQUEST, BROKEN, OF_STATUS, FieldsRefused, RepeatedName

_OF_ERROR: Mapping[type[Exception], Problem] = {
    **requests.WORDS,
    **cases.WORDS,
    **register.WORDS,
    **offers.WORDS,
    **knowledge.WORDS,
}

MEDIA_TYPE = "application/problem+json"

_MOST_TOLD = 100
"""Facts of one request that are told to be wrong: more than there are."""

_TYPE = "urn:nuangang:problem:"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,63}")

_log = structlog.get_logger()

_OF_FIELD: Mapping[str, str] = {
    "missing": "缺少这一项。",
    "extra_forbidden": "不认识这一项。",
    "string_type": "这一项要填文字。",
    "string_unicode": "这一项里有认不出的字符。",
    "string_too_long": "这一项太长了。",
    "string_too_short": "这一项太短了。",
    "too_long": "这一项太长了。",
    "too_short": "这一项太短了。",
    "string_pattern_mismatch": "这一项的写法不对。",
    "int_parsing": "这一项要填整数。",
    "int_type": "这一项要填整数。",
    "greater_than_equal": "这个数太小了。",
    "less_than_equal": "这个数太大了。",
    "value_error": "这一项的写法不对。",
    "months_order": "开始的月份要在结束的月份之前。",
    "literal_error": "这一项要同意才能办。",
    "dict_type": "这里要填一组内容。",
    "list_type": "这里要填一组内容。",
    "person_name": "姓名写得不对，请照身份证上的写。",
    "identity_form": "身份证号要写18位，最后一位可以是X。",
    "identity_checksum": "身份证号有一位写错了，请对着身份证再看一遍。",
    "identity_birth": "身份证号里的出生日期不对，请再看一遍。",
    "identity_region": "身份证号开头的地区不对，请再看一遍。",
    "phone_form": "手机号要写11位，以1开头。",
    "card_form": "银行卡号要写12到19位数字。",
    "card_checksum": "银行卡号有一位写错了，请对着卡再看一遍。",
    "place_form": "籍贯请写六十个字以内的地名。",
    "birthday_differs": "出生日期和身份证号里的不一样，请再看一遍。",
    "date_from_datetime_parsing": "日期请写成2015-06-01这样。",
    "date_parsing": "日期请写成2015-06-01这样。",
    "date_type": "日期请写成2015-06-01这样。",
    "rank_unfit": "党员干部要写职级，别的帮扶人不写。",
    "identity_rounded": "表格把身份证号当成了数字，后几位没有了。"
    "请先把这一列设成文本，再重新填，不能只改格式。",
    "line_broken": "这一行读不了，列数不对或者格式坏了。",
    "choice_unknown": "这一项不在可选的范围里。",
    "region_elsewhere": "不是你负责的地区。",
    "helper_elsewhere": "别的地区已经登记了这个帮扶人。",
    "day_unreadable": "日期读不了，或者还没到。",
    "fact_unreadable": "这一项的写法读不了。",
    "level_missing": "没有困难等级。",
    "model_type": "这里要填一组内容。",
    "model_attributes_type": "这里要填一组内容。",
    "yuan_form": "金额请写成元，最多两位小数，比如5000000或者0.50。",
}

_OF_FACT: Mapping[Reason, str] = {
    Reason.UNKNOWN_FACT: "没有这一项。",
    Reason.WRONG_TYPE: "这一项的填法不对。",
    Reason.UNKNOWN_OPTION: "没有这个选项。",
    Reason.OUT_OF_RANGE: "这个数超出了可能的范围。",
    Reason.NOT_A_DAY: "这不是一个日期，请写成2021-01-15这样。",
    Reason.AFTER_AS_OF: "这个日期还没到。",
}

_OF_REFUSAL: Mapping[Refusal, str] = {
    Refusal.DAMAGED: "传的时候出了错，内容不完整，请重新上传。",
    Refusal.EMPTY: "这是个空文件，请重新选一个。",
    Refusal.KIND: "这里只收照片（JPG、PNG、WebP）和PDF。别的格式请截图，或者重新拍一张。",
    Refusal.MIXED: "这个文件里夹带了别的内容，不能收。请重新拍一张，或者截图上传。",
    Refusal.BROKEN: "这个文件坏了，打不开。请重新拍一张，或者重新保存再传。",
    Refusal.TOO_LARGE: "这个文件太大（像素或者页数太多）。请把照片调小一点，文件分开传。",
    Refusal.TOO_SMALL: "照片太小，字会看不清。请重新拍一张。",
    Refusal.ANIMATED: "这里不收动图，请换成普通照片。",
    Refusal.ACTIVE: "这个PDF里带有会自己运行的内容或者附件，不能收。请另存成PDF，或者截图上传。",
    Refusal.LOCKED: "这个PDF有密码。请去掉密码再传，或者截图上传。",
    Refusal.TOO_HARD: "这个文件太复杂，打不开。请重新拍一张，或者截图上传。",
}


def words_of_fact(reason: Reason) -> str:
    """What is wrong with a value of a fact."""
    return _OF_FACT[reason]


_OF_DRIVER: Sequence[tuple[Callable[[BaseException], bool], type[Exception]]] = (
    (is_full, DatabaseFull),
    (is_busy, DatabaseBusy),
    (is_locked, DatabaseBusy),
    (is_away, DatabaseAway),
)


def problem_of(error: BaseException) -> Problem:
    """The words for an error; what nobody foresaw is the service's own fault."""
    for kind in type(error).__mro__:
        if kind in _OF_ERROR:
            return _OF_ERROR[kind]
    for is_so, fact in _OF_DRIVER:
        if is_so(error):
            return _OF_ERROR[fact]
    if isinstance(error, HTTPException) and error.code is not None:
        if error.code < 500:
            return OF_STATUS.get(error.code) or _unnamed(error.code)
        return OF_STATUS.get(error.code, BROKEN)
    return BROKEN


def log_failure(error: BaseException) -> None:
    """Log what is the service's own fault; what was asked wrongly is not told of."""
    problem = problem_of(error)
    if problem.status < 500 or isinstance(error, HTTPException):
        return
    # What is foreseen needs no trace: it comes often, and at once.
    foreseen = problem.status == 503
    _log.error("request_failed", code=problem.code, exc_info=None if foreseen else error)


def body_of(error: BaseException) -> dict[str, Any]:
    """The members of the problem document for an error."""
    problem = problem_of(error)
    body: dict[str, Any] = {
        "type": _TYPE + problem.code,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail.format_map(vars(error)),
        "code": problem.code,
    }
    if isinstance(error, FieldsRefused):
        body["errors"] = [
            {"field": _shown(field), "detail": words_of_field(kind)} for field, kind in error.fields
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
    elif isinstance(error, ConsentMissing):
        body["errors"] = [{"field": error.purpose.value, "detail": in_force(error.purpose).title}]
    elif isinstance(error, StillUnderWay):
        body["errors"] = [
            {"field": number, "detail": f"{number}正在办。"} for number in error.cases
        ]
    elif isinstance(error, RepeatedName):
        body["errors"] = [{"field": _shown(error.name), "detail": "这一项写了两次。"}]
    elif (more := _MORE.get(type(error))) is not None:
        body |= more(error)
    return body


_MORE: Mapping[type[BaseException], Callable[[Any], dict[str, Any]]] = {
    AlreadyJoined: lambda error: {"joint_report": error.report_id},
    AlreadyApplied: lambda error: {"application": error.case_id, "state": error.state},
    WarningNotTaken: lambda error: {"reasons": error.reasons},
    RulesChanged: lambda error: {
        "edition": error.edition,
        "changes": [
            {"part": each.part, "before": each.before, "after": each.after}
            for each in error.changes
        ],
    },
    CaseChanged: lambda error: {
        "happened": [
            {"at": each.at.isoformat(), "move": each.move, "state": each.state, "by": each.actor}
            for each in error.happened
        ]
    },
    MoveRefused: lambda error: {"state": error.state},
    FundMissing: lambda error: {"funds": list(error.funds)},
    FundShort: lambda error: {"left_fen": error.left_fen},
    StepRefused: lambda error: {"state": error.state},
    ResultsRefused: lambda error: {
        "bad": [{"line": each.line, "fault": each.fault} for each in error.bad]
    },
    ItemsMissing: lambda error: {"items": list(error.items)},
    OffsetWrong: lambda error: {"offset": error.offset},
    Refused: lambda error: {"reason": error.why, "detail": _OF_REFUSAL[error.why]},
}


def words_of_field(kind: str) -> str:
    """What is wrong with a field, by Pydantic's error type."""
    return _OF_FIELD.get(kind, "这一项不对。")


def _shown(name: str) -> str:
    """A name that came from outside, as far as it is one: a value in its place is not repeated."""
    return mask(name) if _NAME.fullmatch(name) else "*"


def _unnamed(status: int) -> Problem:
    return Problem(status, BAD_REQUEST.code, BAD_REQUEST.title, BAD_REQUEST.detail)
