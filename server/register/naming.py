"""How people call levels, causes, needs and what else is a closed vocabulary of the register."""

from collections.abc import Mapping

from server.register.hardship import Cause, Need, Relation
from server.register.tables import Leaving, Level

LEVELS: Mapping[Level, str] = {
    Level.BELOW_LINE: "低于低保线",
    Level.ABOVE_LINE: "略高于低保线，因故困难",
}
CAUSES: Mapping[Cause, str] = {
    Cause.ILLNESS: "疾病",
    Cause.ACCIDENT: "意外伤害",
    Cause.JOB_LOSS: "下岗失业",
    Cause.DISABILITY: "残疾",
    Cause.SCHOOLING: "子女上学",
    Cause.OTHER: "其他",
}
NEEDS: Mapping[Need, str] = {
    Need.LIVING: "生活救助",
    Need.JOB: "职业介绍",
    Need.TRAINING: "技能培训",
    Need.LEGAL: "法律援助",
    Need.MEDICAL: "看病",
    Need.SCHOOLING: "助学",
    Need.HOUSING: "住房",
    Need.LOAN: "小额贷款",
    Need.CARE: "关爱陪伴",
}
RELATIONS: Mapping[Relation, str] = {
    Relation.HEAD: "户主",
    Relation.SPOUSE: "配偶",
    Relation.CHILD: "子女",
    Relation.PARENT: "父母",
    Relation.OTHER: "其他",
}
LEAVINGS: Mapping[Leaving, str] = {
    Leaving.IMPROVED: "已经脱困",
    Leaving.MOVED: "迁到别处",
    Leaving.DIED: "去世",
    Leaving.NOT_MET: "核查不符合",
    Leaving.OWN_WISH: "本人不愿意",
    Leaving.DUPLICATE: "重复登记",
}
