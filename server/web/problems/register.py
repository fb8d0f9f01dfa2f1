"""What is refused of the register, its helpers and its vouchers, in words."""

from collections.abc import Mapping

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
from server.register.employers import EmployerKnown, MoreThanThere
from server.register.importing import ImportMoved, ImportUnknown
from server.register.keeping import AlreadyRegistered, DayImpossible, EntryChanged, EntryUnknown
from server.register.undoing import TouchedSince
from server.vouchers.cards import CodeUnreadable, CodeWrong
from server.vouchers.issuing import IssueChanged, IssueUnfit, IssueUnknown, NotOpen
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
from server.vouchers.settling import (
    AccountOfOwn,
    NothingOwed,
    SettlementMoved,
    SettlementUnknown,
)
from server.web.problems.document import Problem

WORDS: Mapping[type[Exception], Problem] = {
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
    AccountOfOwn: Problem(
        409, "account_of_own", "要另一个人", "里面有商户的账号是你登记的，要由另一位审批人放行。"
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
}
