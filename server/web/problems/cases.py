"""What is refused of cases, materials, requests for help and money, in words."""

from collections.abc import Mapping

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
    PaymentOnItsWay,
    SumOutOfRange,
)
from server.casework.drafting import DraftUnknown
from server.casework.funds import BudgetChanged, FundNameTaken, FundShort, FundUnknown
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
from server.casework.officers import NotAllowed, OfficerChanged, OfficerUnknown, SecondOfficerNeeded
from server.casework.payment_batches import (
    BatchAltered,
    BatchUnknown,
    PayeesLost,
    StepRefused,
)
from server.casework.payment_results import ResultsRefused
from server.casework.recoding import Refused
from server.casework.reservations import (
    FundMissing,
    GrantedBefore,
    InstalmentsOutOfRange,
    PaidInPart,
)
from server.casework.rosters import RosterUnknown
from server.casework.service_requests import (
    NotSettled,
    RequestChanged,
    RequestClosed,
    RequestUnknown,
    TooManyOpenRequests,
)
from server.casework.uploading import (
    FileTooLarge,
    OffsetWrong,
    PieceRefused,
    TooManyUploads,
    UploadUnknown,
)
from server.casework.weekly_reports import WeekUnknown
from server.web.problems.document import Problem

WORDS: Mapping[type[Exception], Problem] = {
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
    SecondOfficerNeeded: Problem(
        409,
        "second_officer_needed",
        "要换一个人",
        "经手的人和批准的人不能是同一个人，请换一位同事来办。",
    ),
    NotRecommended: Problem(
        409, "not_recommended", "和经办意见不一致", "这和经办意见不一致，请写明原因退回。"
    ),
    PaymentOnItsWay: Problem(
        409,
        "payment_on_its_way",
        "有钱正在发放",
        "有一笔正在发放批次里，请先把那个批次作废，或者等银行的结果出来。",
    ),
    PaidInPart: Problem(
        409,
        "paid_in_part",
        "已经发过一部分",
        "已经发过一部分，总金额不能改。要停发余下的，请按不通过办。",
    ),
    SumOutOfRange: Problem(
        422, "sum_out_of_range", "金额不对", "金额不对。写多少元，最多两位小数，比如1500或1500.50。"
    ),
    NotAdjudicated: Problem(
        409,
        "not_adjudicated",
        "疑似重复",
        "有人用了同样的证件、银行卡或手机号。没核实的，请先核实；"
        "核实是同一个人、同一项又批给过他的，这件不能再批。",
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
    TooManyOpenRequests: Problem(
        409,
        "too_many_open_requests",
        "没办完的太多",
        "你有很多求助还没办完。有话请在原来的求助里接着说，办完一些再提新的。",
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
    NotAllowed: Problem(403, "not_allowed", "不能这样操作", "你不能办这件事。"),
    OfficerUnknown: Problem(404, "unknown_officer", "没有这个人", "没有找到这个工作人员。"),
    OfficerChanged: Problem(409, "officer_changed", "资料有变化", "别人刚改过，请看看最新的再改。"),
    GrantedBefore: Problem(
        409, "granted_before", "已经批过", "同一个身份证号，这一项这一期已经批过了，不能再批。"
    ),
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
    BudgetChanged: Problem(409, "budget_changed", "预算有变化", "预算刚刚改过，请看看再改。"),
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
    ResultsRefused: Problem(
        422,
        "results_refused",
        "回盘文件有错",
        "有的行不对，整份都没有处理，请看看下面列出的几行。",
    ),
    RosterUnknown: Problem(
        404, "unknown_roster", "没有这份花名册", "没有找到这份花名册，它可能已经办完或者删除了。"
    ),
    StepRefused: Problem(
        409, "step_refused", "现在不能这样办", "这个批次现在的状态不能这样操作，请看看最新情况。"
    ),
}
