"""How people call who helps, ranks, states and reasons."""

from collections.abc import Mapping
from typing import Any

from server.pairing.tables import Ending, HelperKind, PairState, Rank
from server.register.hardship import Need
from server.register.naming import NEEDS

KINDS: Mapping[HelperKind, str] = {
    HelperKind.CADRE: "党员干部",
    HelperKind.FIRM: "企业",
    HelperKind.VOLUNTEER: "志愿者",
    HelperKind.MOTHER: "爱心妈妈",
    HelperKind.STUDENT: "大学生",
}
RANKS: Mapping[Rank, str] = {
    Rank.COUNTY: "副县（处）级以上",
    Rank.SECTION: "科级",
    Rank.BELOW: "科级以下",
}
STATES: Mapping[PairState, str] = {
    PairState.PROPOSED: "等双方同意",
    PairState.ACCEPTED: "已结对",
    PairState.ENDED: "已结束",
}
ENDINGS: Mapping[Ending, str] = {
    Ending.PERSON_REFUSED: "本人不同意",
    Ending.UNIT_REFUSED: "帮扶单位不同意",
    Ending.IMPROVED: "已经脱困",
    Ending.WANTS_ANOTHER: "本人想换人",
    Ending.WANTS_NONE: "本人不要帮扶了",
    Ending.MOVED: "迁到别处",
    Ending.HELPER_LEFT: "帮扶人不再帮扶",
    Ending.CONSENT_ENDED: "监护人不再同意",
    Ending.ERASED: "资料已按本人要求删除",
}


def reason_words(reason: Mapping[str, Any]) -> str:
    """One reason of a proposal, as people read it."""
    match reason["why"]:
        case "employer":
            return "在同一个单位"
        case "place":
            steps = reason["steps"]
            return "同一个地区" if steps == 0 else f"在附近，隔{steps}级"
        case "needs":
            return f"能帮：{'、'.join(NEEDS[Need(need)] for need in reason['needs'])}"
        case "duty":
            return "按规定必须结对，还没有结对"
    return f"还能帮{reason['left']}户"
