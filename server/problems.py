"""What went wrong, told to a worker: the one place from error to status, code and sentence.

Replies follow RFC 9457. `code` is stable and for programs, `title` and `detail` are for people.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from werkzeug.exceptions import HTTPException

from knowledge.eligibility.facts import FactsRefused, Reason
from knowledge.regions import UnknownRegion
from server.admitting import FormForged, NobodyAdmitted
from server.arrears.codes import JoinCodeOver, JoinCodeWrong
from server.arrears.handling import NotExported, OutcomeUnfit, RecoveredTooMuch
from server.arrears.joining import (
    AlreadyJoined,
    CountedAlready,
    LessThanGot,
    NotOpenToWorkers,
    OnlyStarter,
    PartChanged,
    TooManyParts,
)
from server.arrears.merging import NotAlike
from server.arrears.moving import JointReportChanged, JointReportUnknown, ReportMoveRefused
from server.casework.advancing import CaseChanged, MoveRefused, ReasonMissing
from server.casework.applying import (
    AlreadyApplied,
    MeasureClosed,
    MeasureElsewhere,
    MeasureNotOpenYet,
    NothingToApplyFor,
    RulesChanged,
    WarningNotTaken,
)
from server.casework.cases import CaseUnknown
from server.casework.deciding import (
    AskedForNothing,
    ItemsMissing,
    NotAdjudicated,
    NotRecommended,
    SameOfficer,
    SumOutOfRange,
)
from server.casework.drafting import DraftUnknown
from server.casework.funds import (
    FundMissing,
    FundNameTaken,
    FundShort,
    FundUnknown,
    GrantedBefore,
    InstalmentsOutOfRange,
)
from server.casework.inspecting import InspectionBusy
from server.casework.materials import (
    CaseTakesNone,
    MaterialInUse,
    MaterialKindUnknown,
    MaterialUnknown,
    TooManyMaterials,
)
from server.casework.near_duplicates import FindingChanged, FindingTooLate
from server.casework.objecting import ObjectionTooLate
from server.casework.officers import NotAllowed, OfficerChanged, OfficerUnknown
from server.casework.payment_batches import (
    BatchAltered,
    BatchUnknown,
    PayeesLost,
    ResultsRefused,
    StepRefused,
)
from server.casework.recoding import Refusal, Refused
from server.casework.rosters import RosterUnknown
from server.casework.service_requests import (
    NotSettled,
    RequestChanged,
    RequestClosed,
    RequestUnknown,
)
from server.casework.uploading import (
    FileTooLarge,
    OffsetWrong,
    PieceRefused,
    TooManyUploads,
    UploadUnknown,
)
from server.casework.weekly_reports import WeekUnknown
from server.children import ChildChanged, ChildTooOld, ChildUnknown, TooManyChildren
from server.consents import ConsentMissing, TextReplaced, in_force
from server.db import DatabaseAway, DatabaseBusy, DatabaseFull, is_away, is_busy, is_full
from server.editing.drafts import DraftChanged, PieceUnedited, PieceUnfit
from server.editing.gold import GoldUnfit
from server.editing.publishing import (
    GateClosed,
    NoEarlierRelease,
    NotWorseWithoutReason,
    ProposalDecided,
    ProposalUnknown,
    ReleaseMoved,
    SecondPersonNeeded,
)
from server.editing.receiving import ReceivingBusy
from server.editing.trials import DraftsMoved, TrialFailed
from server.erasing import StillUnderWay
from server.idempotency import KeyMissing, KeyReused, StillInFlight
from server.material_store import ObjectMissing, StoreAway
from server.offers.offering import (
    OfferChanged,
    OfferOver,
    OfferUnknown,
    ReasonNeeded,
    SeatsTaken,
)
from server.offers.offering import StepRefused as OfferStepRefused
from server.offers.taking_part import NotedAbsent, NotTakingPart, NotYet, TooManyCodes
from server.offers.wishing import WishTooLong
from server.outreach.campaigns import (
    AnotherOfficerNeeded,
    AudienceMoved,
    CampaignChanged,
    CampaignUnfit,
    CampaignUnknown,
)
from server.outreach.links import LetterUnknown
from server.outreach.texting import NothingToSend, QuietNow, ResultsUnreadable
from server.pairing.helping import (
    CapacityTaken,
    HelperChanged,
    HelperKnown,
    HelperUnknown,
    RankUnfit,
)
from server.pairing.keeping import (
    AlreadyPaired,
    GuardianMissing,
    HelperFull,
    HelperUnfit,
    PairingChanged,
    PairingUnknown,
)
from server.pairing.visiting import VisitDayImpossible
from server.persons import NotBornYet
from server.platform_faults import OutcomeUnknown, PlatformBusy
from server.privacy import mask
from server.profiles import ProfileChanged, ProfileMissing
from server.register.employers import EmployerKnown, MoreThanThere
from server.register.importing import ImportMoved, ImportUnknown
from server.register.keeping import AlreadyRegistered, DayImpossible, EntryChanged, EntryUnknown
from server.register.undoing import TouchedSince
from server.releases import EditionMissing, NothingToPublish, ReleaseUnknown
from server.subject_keys import SubjectErased
from server.switches import SwitchedOff
from server.turns import TurnUnknown
from server.vouchers.cards import CodeUnreadable, CodeWrong
from server.vouchers.issuing import (
    IssueChanged,
    IssueUnfit,
    IssueUnknown,
    NotOpen,
    SecondOfficerNeeded,
)
from server.vouchers.merchants import MerchantNameTaken, MerchantUnknown, StartRefused
from server.vouchers.redeeming import (
    CodeUsed,
    RedemptionSettled,
    RedemptionUnknown,
    VoucherNotHere,
    VoucherOver,
    VoucherShort,
)
from server.vouchers.rounds import GroupElsewhere, GroupMoved, RoundChanged, RoundUnknown
from server.vouchers.settling import NothingOwed, SettlementMoved, SettlementUnknown

MEDIA_TYPE = "application/problem+json"
_MOST_TOLD = 100
"""Facts of one request that are told to be wrong: more than there are."""
_TYPE = "urn:nuangang:problem:"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,63}")

_log = structlog.get_logger()


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
        422, "idempotency_key_reused", "编号已经用过", "这个编号已经办过另一件事，请重新操作一次。"
    ),
    StillInFlight: Problem(
        409, "still_in_flight", "还在办", "同一个请求还在办，请过几秒再看结果。"
    ),
    MeasureClosed: Problem(
        409,
        "measure_closed",
        "已经截止",
        "这项政策到{last_on.year}年{last_on.month}月{last_on.day}日截止，现在不能申请了。",
    ),
    MeasureNotOpenYet: Problem(
        409,
        "measure_not_open_yet",
        "还没开始",
        "这项政策从{first_on.year}年{first_on.month}月{first_on.day}日开始，到时候再来申请。",
    ),
    NothingToApplyFor: Problem(
        422, "nothing_to_apply_for", "不用申请", "这一项不用个人申请，请看它的说明。"
    ),
    MeasureElsewhere: Problem(
        422, "measure_elsewhere", "不是这个地区的", "这项政策不适用于你选的地区，请换一个地区。"
    ),
    AlreadyApplied: Problem(
        409, "already_applied", "已经有了", "这项政策你已经申请过或者有草稿，编号{case_id}。"
    ),
    WarningNotTaken: Problem(
        409,
        "likely_ineligible",
        "可能不符合条件",
        "按文件写的条件，你可能不符合。确认还要申请的话，可以继续提交，由经办人来定。",
    ),
    RulesChanged: Problem(
        409, "rules_changed", "政策有变化", "填写以后政策有了变化，请看看下面哪些变了，再提交。"
    ),
    DraftUnknown: Problem(404, "unknown_draft", "没有这份草稿", "没有找到这份草稿。"),
    CaseUnknown: Problem(404, "unknown_application", "没有这个办件", "没有找到这个办件。"),
    CaseChanged: Problem(
        409, "case_changed", "办件有变化", "这个办件刚刚有了变化，请看看最新情况再操作。"
    ),
    MoveRefused: Problem(409, "move_refused", "现在不能这样办", "办件现在的状态不能这样操作。"),
    ReasonMissing: Problem(422, "reason_missing", "请写原因", "这一步要写明原因。"),
    ItemsMissing: Problem(
        409, "items_missing", "材料还不齐", "还有要补的材料没有交。实在交不了的，请写明原因。"
    ),
    AskedForNothing: Problem(
        422, "asked_for_nothing", "请写要补什么", "请写清楚要补哪些材料、几个工作日内补。"
    ),
    SameOfficer: Problem(
        409, "same_officer", "要换一个人", "经办和审批不能是同一个人，请换一个人来办。"
    ),
    NotRecommended: Problem(
        409, "not_recommended", "和经办意见不一致", "这和经办意见不一致，请写明原因退回。"
    ),
    SumOutOfRange: Problem(422, "sum_out_of_range", "金额不对", "金额不对，请检查一下再填。"),
    NotAdjudicated: Problem(
        409, "not_adjudicated", "疑似重复", "有人用了同样的证件、银行卡或手机号，请先核实。"
    ),
    GrantedBefore: Problem(
        409, "granted_before", "已经批过", "同一个身份证号，这一项这一期已经批过了，不能再批。"
    ),
    OfferUnknown: Problem(404, "unknown_offer", "没有找到", "没有找到这一条，它可能已经撤下了。"),
    OfferOver: Problem(
        409,
        "offer_over",
        "已经截止",
        "已经截止了，最后一天是{last_on.year}年{last_on.month}月{last_on.day}日。",
    ),
    **dict.fromkeys(
        (OfferChanged, OfferStepRefused),
        Problem(409, "offer_changed", "有变化", "这一条刚刚有了变化，请看看最新情况再操作。"),
    ),
    ReasonNeeded: Problem(422, "reason_needed", "请写原因", "这一步要写明原因。"),
    SeatsTaken: Problem(409, "seats_taken", "名额太少", "已经报名的人比这个名额多，请改大一些。"),
    NotTakingPart: Problem(404, "not_taking_part", "还没有报名", "你还没有报名，或者已经退出了。"),
    NotYet: Problem(409, "not_yet", "还没有开始", "还没有开始，到了现场再签到。"),
    NotedAbsent: Problem(
        409, "noted_absent", "记的是没有到", "工作人员记了你没有到。记错了的话，请找他们改。"
    ),
    TooManyCodes: Problem(
        409, "too_many_codes", "签到码错得太多", "签到码输错的次数太多，请找现场的工作人员签到。"
    ),
    WishTooLong: Problem(
        422, "wish_too_long", "日期不对", "日期要从今天起，最长九十天。到期了可以再登记。"
    ),
    EntryUnknown: Problem(404, "unknown_entry", "没有找到", "台账里没有找到，可能已经删除了。"),
    EntryChanged: Problem(
        409, "entry_changed", "台账有变化", "别人刚改过，什么都没有保存。请看看最新情况再操作。"
    ),
    ImportUnknown: Problem(404, "unknown_import", "没有这次导入", "没有找到这次导入。"),
    ImportMoved: Problem(
        409, "import_moved", "导入有变化", "这次导入已经办完、撤销，或者别人正在办。请刷新看看。"
    ),
    TouchedSince: Problem(
        409,
        "touched_since",
        "不能整批撤销",
        "导入以后，其中{people}个人又核查或者修改过，不能整批撤销。请逐个退出。",
    ),
    EmployerKnown: Problem(
        409, "employer_known", "已经有了", "这个地区已经有同名的单位，请去改那一条。"
    ),
    MoreThanThere: Problem(422, "more_than_there", "人数不对", "留岗的不会比职工还多。"),
    AlreadyRegistered: Problem(
        409, "already_registered", "已经在台账里", "这个身份证号已经在台账里，请去改那一条。"
    ),
    DayImpossible: Problem(
        422, "day_impossible", "日期不对", "核查日期不能晚于今天，下次核查要在它之后、两年以内。"
    ),
    HelperUnknown: Problem(404, "unknown_helper", "没有这个帮扶人", "没有找到这个帮扶人。"),
    HelperChanged: Problem(
        409, "helper_changed", "已经变了", "别人刚改过这个帮扶人，什么都没有保存。请刷新后再看。"
    ),
    HelperKnown: Problem(
        409, "helper_known", "已经有了", "这个单位已经有同名的帮扶人，请去改那一条。"
    ),
    CapacityTaken: Problem(
        409, "capacity_taken", "正在帮扶", "这个帮扶人现在有{taken}个结对，户数不能比这少。"
    ),
    RankUnfit: Problem(422, "rank_unfit", "职级不对", "党员干部要选职级，别的帮扶人不选。"),
    PairingUnknown: Problem(404, "unknown_pairing", "没有这个结对", "没有找到这个结对。"),
    PairingChanged: Problem(
        409, "pairing_changed", "结对有变化", "这个结对刚刚有了变化，请看看最新情况再操作。"
    ),
    HelperFull: Problem(
        409, "helper_full", "名额满了", "这个帮扶人最多帮{capacity}个，已经满了。请换一个。"
    ),
    HelperUnfit: Problem(
        409,
        "helper_unfit",
        "不能结对",
        "这个帮扶人不再帮扶、只和孩子结对，或者本人不要。请换一个。",
    ),
    AlreadyPaired: Problem(409, "already_paired", "已经结对", "这两个人已经结对，或者正在等同意。"),
    GuardianMissing: Problem(
        409,
        "guardian_missing",
        "要监护人同意",
        "这是不满十四周岁的孩子。监护人要先在手机上同意，并填好孩子的资料，才能结对。",
    ),
    VisitDayImpossible: Problem(
        422, "visit_day_impossible", "日期不对", "走访日期要在结对以后，不能晚于今天。"
    ),
    CodeUnreadable: Problem(
        422, "code_unreadable", "码不对", "请输入卡上的16位数字，或者扫卡上的码。"
    ),
    CodeWrong: Problem(
        409, "code_wrong", "码不能用", "这个码不对，或者过期了。请对方刷新卡片，再扫一次。"
    ),
    CodeUsed: Problem(
        409, "code_used", "码用过了", "这个码已经用过一次。请对方等卡上的码换了，再扫一次。"
    ),
    VoucherNotHere: Problem(409, "voucher_not_here", "这里不能用", "这张券不能在这里用。"),
    VoucherOver: Problem(
        409,
        "voucher_over",
        "不在使用期",
        "这张券现在不能用。它的最后一天是{last_on.year}年{last_on.month}月{last_on.day}日。",
    ),
    VoucherShort: Problem(
        409, "voucher_short", "金额不对", "券里剩的不够，或者已经用完了。请看清余额再收。"
    ),
    RedemptionUnknown: Problem(404, "unknown_redemption", "没有这一笔", "没有找到这一笔。"),
    RedemptionSettled: Problem(
        409, "redemption_settled", "已经结算", "这一笔已经结算，不能在这里退。请联系发券的单位。"
    ),
    StartRefused: Problem(
        401,
        "start_refused",
        "登录码不对",
        "登录码不对，用过了，或者过期了。请向发券的单位再要一个。",
    ),
    MerchantUnknown: Problem(404, "unknown_merchant", "没有这家商户", "没有找到这家商户。"),
    MerchantNameTaken: Problem(
        409, "merchant_name_taken", "名称重复", "已经有同名的商户，请核对。"
    ),
    IssueUnknown: Problem(404, "unknown_issue", "没有这批券", "没有找到这批券，或者这张券。"),
    IssueChanged: Problem(409, "issue_changed", "已经变了", "别人刚改过这批券。请刷新后再看。"),
    IssueUnfit: Problem(422, "issue_unfit", "内容不对", "这批券的日期、金额或者资金对不上。"),
    NotOpen: Problem(
        409, "issue_not_open", "现在不能发", "这批券还没有批准，已经停发，或者过期了。"
    ),
    SecondOfficerNeeded: Problem(
        409, "second_officer_needed", "要另一个人", "要由另一位审批人来批，不能自己批自己提的。"
    ),
    RoundUnknown: Problem(404, "unknown_round", "没有这轮发放", "没有找到这一轮发放。"),
    RoundChanged: Problem(
        409, "round_changed", "已经变了", "这轮发放不在这一步，或者别人刚办过。请刷新后再看。"
    ),
    GroupElsewhere: Problem(422, "group_elsewhere", "地区不对", "这个地区不在这批券的地区里面。"),
    GroupMoved: Problem(
        409, "group_moved", "人变了", "现在的人和数的时候不一样了。请重新数一遍，看过再发。"
    ),
    SettlementUnknown: Problem(404, "unknown_settlement", "没有这次结算", "没有找到这次结算。"),
    SettlementMoved: Problem(
        409, "settlement_moved", "已经变了", "这次结算不在这一步，或者别人刚办过。请刷新后再看。"
    ),
    NothingOwed: Problem(
        409, "nothing_owed", "没有要结的", "这笔资金里没有要结的，或者商户还没有登记账号。"
    ),
    LetterUnknown: Problem(
        404, "unknown_letter", "没有找到", "没有找到这条通知，它可能已经撤下了。"
    ),
    CampaignUnknown: Problem(404, "unknown_campaign", "没有这次群发", "没有找到这次群发。"),
    CampaignChanged: Problem(
        409,
        "campaign_changed",
        "已经变了",
        "别人刚办过这次群发，或者它已经不在这一步。请刷新后再看。",
    ),
    AudienceMoved: Problem(
        409, "audience_moved", "人变了", "现在的人和数的时候不一样了。请重新数一遍，看过再发。"
    ),
    AnotherOfficerNeeded: Problem(
        409,
        "another_officer_needed",
        "要另一个人",
        "群发要由另一个人看过再发，不能自己发自己写的。",
    ),
    CampaignUnfit: Problem(
        422, "campaign_unfit", "内容不对", "这次群发的日期或者方式不对，请改好再发。"
    ),
    QuietNow: Problem(
        409, "quiet_now", "现在不发", "现在是休息时间，不发通知。请在8点到21点之间来办。"
    ),
    NothingToSend: Problem(
        409,
        "nothing_to_send",
        "没有要发的",
        "今天没有要发短信的人：都发过了，或者今天已经收到过一条。",
    ),
    ResultsUnreadable: Problem(
        422,
        "results_unreadable",
        "看不懂这个文件",
        "文件里要有“编号”和“结果”两列，结果写成功、失败或者退订。",
    ),
    JointReportUnknown: Problem(
        404, "unknown_joint_report", "没有这件反映", "没有找到这件联名反映，或者你没有加入。"
    ),
    JoinCodeWrong: Problem(
        404, "join_code_wrong", "口令不对", "这个口令不对，或者已经停用了。请向发起的工友再要一个。"
    ),
    JoinCodeOver: Problem(
        409, "join_code_over", "口令过期了", "这个口令过期了。请发起的工友换一个新的。"
    ),
    NotOpenToWorkers: Problem(
        409, "joint_report_handed_in", "已经交上去了", "这件事已经交上去了，现在不能再改。"
    ),
    AlreadyJoined: Problem(409, "already_joined", "已经加入了", "你已经加入了这件事。"),
    CountedAlready: Problem(
        409,
        "counted_already",
        "一个人只算一次",
        "这个身份证号在这件事里已经有一份了，一个人只算一次。如果不是你填的，请找经办人。",
    ),
    TooManyParts: Problem(
        409, "too_many_parts", "太多了", "人数太多，或者你发起的太多了。请先把前面的交上去。"
    ),
    PartChanged: Problem(
        409, "part_changed", "已经改过了", "你这一份刚刚改过了，请看看最新的再改。"
    ),
    LessThanGot: Problem(
        422,
        "less_than_got",
        "金额不对",
        "已经追回给你的钱比这个数多。请写一共欠你多少，已经拿到的也算在里面。",
    ),
    OnlyStarter: Problem(
        403, "only_starter", "要发起的人来办", "这一步要发起的工友来办，或者请经办人办。"
    ),
    **dict.fromkeys(
        (JointReportChanged, ReportMoveRefused),
        Problem(409, "joint_report_changed", "有变化", "这件事刚刚有了变化，请看看最新情况再办。"),
    ),
    NotExported: Problem(
        409, "not_exported", "还没有生成移送包", "请先生成移送包，再登记已经移送。"
    ),
    RecoveredTooMuch: Problem(422, "recovered_too_much", "金额不对", "追回的钱不能比欠的还多。"),
    OutcomeUnfit: Problem(
        409,
        "outcome_unfit",
        "和追回的钱对不上",
        "结果和记下的追回金额对不上：部分追回要先记下各人拿到多少，没有支持的不能有追回。",
    ),
    NotAlike: Problem(409, "not_alike", "不能合并", "不能和自己合并。"),
    FundUnknown: Problem(404, "unknown_fund", "没有这笔资金", "没有找到这笔资金。"),
    FundMissing: Problem(
        409,
        "fund_missing",
        "没有对应的资金",
        "这项政策在这里没有对应的资金，或者不止一笔，请先选定。",
    ),
    FundShort: Problem(
        409, "fund_short", "资金不够", "这笔资金剩下的不够这次发放，请先追加，或者换一笔。"
    ),
    InstalmentsOutOfRange: Problem(
        422, "instalments_out_of_range", "期数不对", "分的期数太多，一期还不到一分钱，请改少一些。"
    ),
    FundNameTaken: Problem(409, "fund_name_taken", "名称重复", "已经有同名的资金，请换个名称。"),
    BatchUnknown: Problem(404, "unknown_batch", "没有这个批次", "没有找到这个发放批次。"),
    BatchAltered: Problem(
        409, "batch_altered", "批次有变化", "批次和锁定时不一样，不能发放，请作废后重新归集。"
    ),
    PayeesLost: Problem(
        409,
        "payees_lost",
        "有人现在不能发",
        "归集以后，有人撤回了同意或者改了资料，现在不能发。请把批次作废，再重新归集。",
    ),
    StepRefused: Problem(
        409, "step_refused", "现在不能这样办", "这个批次现在的状态不能这样操作，请看看最新情况。"
    ),
    ResultsRefused: Problem(
        422,
        "results_refused",
        "回盘文件有错",
        "有的行不对，整份都没有处理，请看看下面列出的几行。",
    ),
    RosterUnknown: Problem(
        404, "unknown_roster", "没有这份花名册", "没有找到这份花名册，它可能已经办完或者删除了。"
    ),
    WeekUnknown: Problem(404, "unknown_week", "没有这一周", "没有这一周的周报，请从列表里选。"),
    FindingChanged: Problem(
        409, "finding_changed", "核实结果有变化", "别人刚核实过，或者资料有变化，请重新看看。"
    ),
    FindingTooLate: Problem(
        409, "finding_too_late", "已经作了决定", "这件已经作了决定，核实结果不能再改。"
    ),
    ObjectionTooLate: Problem(
        409, "objection_too_late", "过了申诉时间", "申诉要在结果出来60天内提出，现在已经过了。"
    ),
    RequestUnknown: Problem(404, "unknown_request", "没有这个求助", "没有找到这个求助。"),
    RequestChanged: Problem(
        409, "request_changed", "求助有变化", "这个求助刚刚有了新的内容，请看看再说。"
    ),
    RequestClosed: Problem(
        409, "request_closed", "已经办结", "这个求助已经办结。还有事，请重新提一个。"
    ),
    NotSettled: Problem(409, "not_settled", "还没办结", "办结以后再来评价。"),
    MaterialKindUnknown: Problem(
        422, "unknown_material_kind", "没有这种材料", "没有这种材料，请从列表里选一种。"
    ),
    MaterialUnknown: Problem(404, "unknown_material", "没有这份材料", "没有找到这份材料。"),
    MaterialInUse: Problem(
        409, "material_in_use", "已经交上去了", "这份材料已经随办件{case_id}交上去了，不能删。"
    ),
    CaseTakesNone: Problem(
        409, "takes_no_material", "现在不能加材料", "这个办件现在不能再加材料了。"
    ),
    TooManyMaterials: Problem(
        409, "too_many_materials", "材料太多", "这里最多放{at_most}份，请先删掉不用的。"
    ),
    UploadUnknown: Problem(
        404, "unknown_upload", "上传已经作废", "这次上传已经作废了，请重新选照片上传。"
    ),
    OffsetWrong: Problem(409, "offset_wrong", "接不上", "已经收到{offset}个字节，请从那里接着传。"),
    PieceRefused: Problem(422, "piece_refused", "传的内容不对", "这一段内容不对，请重新上传。"),
    FileTooLarge: Problem(
        422, "file_too_large", "文件太大", "一个文件最大{megabytes}MB，请换一张小一点的。"
    ),
    TooManyUploads: Problem(429, "too_many_uploads", "传得太多", "传得太多了，请明天再传。"),
    Refused: Problem(422, "material_refused", "这个文件不能用", "这个文件不能用，请换一个。"),
    InspectionBusy: Problem(503, "busy", "现在人多", "现在用的人多，请过几秒再试一次。"),
    ObjectMissing: Problem(
        503, "material_away", "材料暂时打不开", "这份材料暂时打不开，请过一会儿再试。"
    ),
    StoreAway: Problem(
        503, "material_away", "材料暂时存不了", "材料暂时存不了、打不开，请过一会儿再试。"
    ),
    NotAllowed: Problem(403, "not_allowed", "不能这样操作", "你不能办这件事。"),
    OfficerUnknown: Problem(404, "unknown_officer", "没有这个人", "没有找到这个工作人员。"),
    OfficerChanged: Problem(409, "officer_changed", "资料有变化", "别人刚改过，请看看最新的再改。"),
    PieceUnedited: Problem(404, "draft_unknown", "没有这份草稿", "这份草稿已经不在了。"),
    PieceUnfit: Problem(422, "piece_unfit", "不能这样保存", "名称不对，或者内容太长，没有保存。"),
    DraftChanged: Problem(
        409, "draft_changed", "别人刚改过", "别人刚改过这份草稿，你的没有覆盖上去。请先看看最新的。"
    ),
    DraftsMoved: Problem(
        409, "drafts_moved", "草稿有变化", "检查以后草稿又改了，请重新选一次再检查。"
    ),
    TrialFailed: Problem(503, "trial_failed", "没有检查完", "这次没有检查完，请过一会儿再试。"),
    GateClosed: Problem(409, "gate_closed", "还不能发布", "检查没有通过，还不能发布。"),
    ReleaseMoved: Problem(
        409, "release_moved", "知识已经换了", "检查以后又发布过新的知识，请重新检查一次。"
    ),
    SecondPersonNeeded: Problem(
        403, "second_person_needed", "要另一个人发布", "写的人不能自己发布，请另一位同事来发布。"
    ),
    NotWorseWithoutReason: Problem(
        422,
        "reason_needed",
        "请写明理由",
        "有的问题答得比现在差，或者被拿掉了。要发布，请写理由。",
    ),
    ProposalUnknown: Problem(404, "proposal_unknown", "没有这次发布", "没有找到这次发布申请。"),
    ProposalDecided: Problem(
        409, "proposal_decided", "已经处理过了", "这次发布申请已经有人处理过了。"
    ),
    NoEarlierRelease: Problem(409, "no_earlier_release", "没有更早的", "没有更早的知识可以退回。"),
    NothingToPublish: Problem(409, "nothing_to_publish", "没有要发布的", "没有任何改动可以发布。"),
    ReleaseUnknown: Problem(404, "release_unknown", "没有这次发布", "没有找到这次发布。"),
    EditionMissing: Problem(404, "edition_missing", "没有这一项", "没有找到这一项知识。"),
    ReceivingBusy: Problem(503, "receiving_busy", "现在人多", "文件还没来得及看，请过一会儿再传。"),
    GoldUnfit: Problem(422, "gold_unfit", "不能保存", "这个问题太长或是空的，没有保存。"),
    NobodyAdmitted: Problem(500, "internal_error", _BROKEN.title, _BROKEN.detail),
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
    "line_broken": "这一行读不了，列数不对或者格式坏了。",
    "choice_unknown": "这一项不在可选的范围里。",
    "region_elsewhere": "不是你负责的地区。",
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
            return _OF_STATUS.get(error.code) or _unnamed(error.code)
        return _OF_STATUS.get(error.code, _BROKEN)
    return _BROKEN


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
        body["errors"] = [{"field": number, "detail": "正在办。"} for number in error.cases]
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
    return Problem(status, _BAD_REQUEST.code, _BAD_REQUEST.title, _BAD_REQUEST.detail)
