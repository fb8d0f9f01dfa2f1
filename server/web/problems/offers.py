"""What is refused of offers, messages to many and joint reports of wages owed, in words."""

from collections.abc import Mapping

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
from server.offers.offering import (
    LastDayPast,
    OfferChanged,
    OfferOver,
    OfferUnknown,
    ReasonNeeded,
    SeatsTaken,
    TooManyProposals,
)
from server.offers.offering import StepRefused as OfferStepRefused
from server.offers.taking_part import NotedAbsent, NotTakingPart, NotYet, TooManyCodes
from server.offers.wishing import WishTooLong
from server.outreach.campaigns import AudienceMoved, CampaignChanged, CampaignUnfit, CampaignUnknown
from server.outreach.links import LetterUnknown
from server.outreach.texting import NothingToSend, QuietNow, ResultsUnreadable
from server.web.problems.document import Problem

WORDS: Mapping[type[Exception], Problem] = {
    OfferUnknown: Problem(404, "unknown_offer", "没有找到", "没有找到这一条，它可能已经撤下了。"),
    OfferOver: Problem(
        409,
        "offer_over",
        "已经截止",
        "已经截止了，最后一天是{last_on.year}年{last_on.month}月{last_on.day}日。",
    ),
    LastDayPast: Problem(
        422,
        "last_day_past",
        "日期过了",
        "报名最后一天写的是{last_on.year}年{last_on.month}月{last_on.day}日，已经过了，请改一下。",
    ),
    **dict.fromkeys(
        (OfferChanged, OfferStepRefused),
        Problem(409, "offer_changed", "有变化", "这一条刚刚有了变化，请看看最新情况再操作。"),
    ),
    ReasonNeeded: Problem(422, "reason_needed", "请写原因", "这一步要写明原因。"),
    TooManyProposals: Problem(
        409,
        "too_many_proposals",
        "等审核的太多",
        "你报的岗位有很多还在等审核。审核完一些，再报新的。",
    ),
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
}
