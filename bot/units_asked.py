"""A figure asked for in a unit that the clause never counts in: 一晚上补多少, 万分之几."""

import re
from typing import NamedTuple

from bot.stating import written
from knowledge.measures import Aspect, Measure


class Unit(NamedTuple):
    """How a unit is named in a question, and what a clause that counts in it has."""

    asked: str
    written: str
    span: bool = False
    """It is asked for by itself: 几个钟头. Of the others a sum is asked for each: 一晚上多少."""
    people: bool = False
    """How many people share it may be asked, too: 一屋住几个人."""


# Who is admitted to a 一本 asks for no books.
_BOOKS = "".join(
    f"(?<!{word}[1一])" for word in ("考", "考上", "考了", "考取", "考起", "上了", "个", "被")
)
_UNITS = (
    Unit("(?:天|日|晚上?|夜)(?!子|班)", r"[每一1][人名]?[天日晚]|\d天|[天日]/|/[天日]"),
    Unit("(?:钟头|小时)", "小时|学时|课时", span=True),
    Unit("分钟", "分钟", span=True),
    Unit("(?:平方?米?|平米|方尺)(?![台时常价安均])", "平方|平米|m2|m²|㎡"),
    Unit("(?:公?斤|千克|克|两重)", "斤|千克|克", span=True),
    Unit("(?:毫?升|吨|立方米?|方水)", "升|吨|立方"),
    Unit("度(?:电)?(?![假过])", r"\d度|[每一1]度"),
    Unit("(?:公里|里[地路])", "公里", span=True),
    Unit("(?:顿|餐)", "顿|餐|饭"),
    Unit("(?:g|兆|mb)", "(?i:g|兆|流量)"),
    Unit("(?:节课|堂课|课时|学时)", "学时|课时|小时|[节堂]课"),
    Unit("(?:季度?)", "季"),
    Unit("(?:屋|间房?|房间|宿舍|桌|车)", "[0-9每一两](?:屋|间|桌|辆|车)", people=True),
    *(
        Unit(each, f"[0-9一二两三]{each}", span=True)
        for each in (f"{_BOOKS}本(?![地人科省市线])", *"副瓶盒袋桶页")
    ),
)
_RATE = re.compile("[万千]分之(?:几|多少)|几(?:厘|分利|个点的利)|[年月日]息")
_RATES = re.compile("[万千]分之|利率|利息")
_HOW_MUCH = "(?:几|多少)(?!号|个?人|家|户|次)"


def _asking(unit: Unit) -> re.Pattern[str]:
    much = "(?:几|多少)" if unit.people else _HOW_MUCH
    each = (
        f"(?:(?<![0-9十])[1一每]个?|按)整?{unit.asked}[^,。?!;]{{0,8}}?{much}"
        f"|{_HOW_MUCH}(?:钱|块|元|毛)?[1一每]个?{unit.asked}"
    )
    return re.compile(f"{each}|(?:几|多少)(?:十|百)?个?{unit.asked}" if unit.span else each)


_TO_BE_PAID = re.compile(
    "(?:[收交付掏]|(?<![不想还])要)(?:[我你咱俺]们?|人家?|个|上|出)?"
    "(?:多少(?=[钱元块毛费啊呀呢,。?! ]|$)|几[块元毛角百十])"
    "|(?:多少钱|几[块元毛])[1一每]?(?:个?(?:钟头?|小时|天|晚|夜|次|回|趟|顿))"
)
_FREE = re.compile("不收钱|不要钱|不花钱|免费")
_IN_PART = re.compile("[半部]|没有写|成本|还要")


def costs_nothing(text: str, measure: Measure) -> bool:
    """Tell whether a tidied question asks what is to be paid for each, and all of it is free.

    停车一小时收几块: in whatever unit, it is nothing.
    """
    said = measure.answers.get(Aspect.FEE)
    if said is None or not _FREE.search(said.say) or _IN_PART.search(said.say):
        return False
    return bool(_TO_BE_PAID.search(text))


_PATTERNS = tuple((_asking(unit), re.compile(unit.written)) for unit in _UNITS)


def counts_in_what_is_unwritten(text: str, measure: Measure) -> bool:
    """Tell whether a tidied question asks for a figure in a unit that the clause has none of."""
    asked = [stands for asks, stands in (*_PATTERNS, (_RATE, _RATES)) if asks.search(text)]
    said = written(measure) if asked else ""
    return any(not stands.search(said) for stands in asked)
