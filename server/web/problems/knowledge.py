"""What is refused of knowledge: releases, proposals, answers to facts, in words."""

from collections.abc import Mapping

from knowledge.eligibility.facts import FactsRefused
from knowledge.regions import UnknownRegion
from server.editing.drafts import DraftChanged, PieceUnedited, PieceUnfit
from server.editing.gold import GoldUnfit
from server.editing.publishing import (
    GateClosed,
    NoEarlierRelease,
    ProposalDecided,
    ProposalUnknown,
    ReleaseMoved,
    WorseWithoutReason,
)
from server.editing.receiving import ReceivingBusy
from server.editing.trials import DraftsMoved, TrialFailed
from server.published.releases import EditionMissing, NothingToPublish, ReleaseUnknown
from server.web.problems.document import Problem

WORDS: Mapping[type[Exception], Problem] = {
    FactsRefused: Problem(
        422,
        "facts_refused",
        "有的回答不对",
        "有的回答看不懂，请看看下面列出的几项，改一改再试。",
    ),
    UnknownRegion: Problem(
        422, "unknown_region", "没有这个地区", "没有找到这个地区，请从地区列表里选一个。"
    ),
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
    WorseWithoutReason: Problem(
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
}
