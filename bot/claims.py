"""Figures that somebody was told and asks whether they are so: 红包500吧, 能领24个月对吧."""

import re

from knowledge.figures import unstated
from knowledge.measures import Aspect, Measure

_UNIT = (
    "(?:%|元|块钱?|个月|年|天|月(?:[0-9]{1,2}[日号])?|[日号]"
    "|个?学时|个?小时|平方米?|[名人户家场套份])"
)
_FIGURE = rf"(?<![0-9])[0-9]++(?:\.[0-9]++)?{_UNIT}?"
_TAG = "(?:对吧|是吧|对不对|对吗|是吗|是不是|是不|没错吧|吧|真的吗|真的假的|真的不|靠谱吗|靠谱不)"
_ENDS = re.compile(f"[,，]?{_TAG}[啊呀呢哈]?$")
_WHETHER = re.compile(rf"(?:是不是|是否)[^,。?!;]*?({_FIGURE})")
_JUST_ASKED = re.compile(
    rf"({_FIGURE})(?![^,。?!;]*[能可会够行算还有也用])[^,。?!;]{{0,4}}[吗么不]$"
)
_MONEY = (
    r"(?!4050(?![0-9]))[0-9]+(?:\.[0-9]+)?"
    "(?:元|块钱?|(?![0-9.%个月年天日号人名家户次岁张份学小条种期批项折倍成级款步句g]))"
)
_THERE_IS = re.compile(
    rf"(?:有没有|有无|真有)[^,。?!;]*?(?<![0-9])({_MONEY})的?[^,。?!;0-9]{{0,4}}"
    "(?:补贴|补助|津贴|救助|奖励?|红包|[券钱])"
)
_HEARSAY = re.compile(
    r"(?:听说|听人说|听讲|据说|都说|有人说|人家说|[他她]们?说|网上说|抖音说|群里说|朋友说|老乡说|同事说|工友说|老板说|网传)"
    rf"[^?!;]{{0,14}}?[发给补领奖拿送有贷](?:了|的|到)?[^,。?!;0-9]{{0,4}}({_MONEY})"
)
"""A sum that others told of: 听说每人发1000."""
_THAT_IS = re.compile(rf"({_FIGURE})(?:的钱|那笔钱|资金)?是[^,。?!;]{{1,10}}[吗么]$")
_OWN = re.compile(
    r"(?<![给发补退到帮])[我俺咱][^,。?!;给发补]{0,8}\d|[过了]\d+(?:个月|年|天)|\d+岁|(?:19|20)\d\d年|电话|热线|专线|号码"
)
"""What they say of themselves, a year, a telephone number: none of it was promised them."""
_FOR_EACH = re.compile(r"1个?(?:月|天|年|人|户)(?=[给发补领有能可是\s]*\d)")
_A_SUM = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:元|块钱?)?")
_ON_TOP = re.compile("另加|再加|外加|加发|另外再?发")
_A_DAY = "20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?![0-9])"
_NUMBER = re.compile(rf"(?<![0-9])(?!{_A_DAY})(?:0[0-9]{{2,3}}-?)?([2-9][0-9]{{6,7}})(?![0-9])")
_OF_A_NUMBER = re.compile("电话|热线|专线|号码|打(?!工|零工|短工|卡|算)")
_PIECES = re.compile("[,。?!;](?!(?:对|是|真的|没错|靠谱)[^,。?!;]{0,3}(?:[,。?!;]|$))")
_AND_TENTHS = re.compile(r"(?<![0-9.])([0-9]+)[块元]([0-9])(?![0-9.]|[个百千万年月天日号人])")
"""511块3 is 511.3."""
_A_VALUE = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_SMALLEST_SUM = 50
_A_DIGIT_OR_TWO = 2
_IS_GIVEN = re.compile("[领发免补拿送看享给]")


def claims(text: str) -> tuple[str, ...]:
    """Return the figures of a tidied text, with their units, that it asks to have confirmed."""
    found: list[str] = []
    for piece in _PIECES.split(_AND_TENTHS.sub(r"\1.\2元", text)):
        piece = _FOR_EACH.sub("每次", piece).strip(" ,。?!;啊呀")
        if _OWN.search(piece):
            continue
        if _ENDS.search(piece):
            found += re.findall(_FIGURE, piece)
        else:
            for pattern in (_WHETHER, _JUST_ASKED, _THERE_IS, _HEARSAY, _THAT_IS):
                found += pattern.findall(piece)
    return tuple(dict.fromkeys(figure for figure in found if figure not in {"1", "1个"}))


def claimed_aspect(text: str, claim: str) -> Aspect | None:
    """Name what is asked for by whoever was told a figure: a sum, how long; None for others."""
    unit = claim.lstrip("0123456789.")
    value = float(claim.removesuffix(unit))
    if unit in ("%", "元", "块", "块钱") or (not unit and value >= _SMALLEST_SUM):
        return Aspect.AMOUNT
    if unit in ("个月", "年", "天"):
        given = _IS_GIVEN.search(text.partition(claim)[0][-4:])
        return Aspect.DURATION if given else Aspect.CONDITION
    return None


def states_all(measure: Measure, claimed: tuple[str, ...]) -> bool:
    """Tell whether a measure states each of these figures, in these units or as months."""
    said = [measure.summary, *measure.quotes, measure.validity.note]
    said += [statement.say for statement in measure.answers.values()]
    said += [condition.say for condition in measure.conditions]
    days = (measure.validity.from_, measure.validity.to)
    said += [f"{day.year}年{day.month}月{day.day}日" for day in days if day]
    return not any(
        all(unstated(way, said) for way in _ways(claim)) and not _adds_up(measure, claim)
        for claim in claimed
    )


def states_of_something_else(measure: Measure, claimed: tuple[str, ...]) -> bool:
    """Tell whether the clause has the very numbers, and counts something else with them.

    每人511块3 is what somebody made of 资金总计511.3万元.
    """
    values = [found[0] for claim in claimed if (found := _A_VALUE.match(claim))]
    said = "".join(measure.quotes)
    return bool(values) and all(
        len(value) > _A_DIGIT_OR_TWO
        and re.search(rf"(?<![0-9.]){re.escape(value)}(?:\.[0-9]+)?(?![0-9.])", said)
        for value in values
    )


def _adds_up(measure: Measure, claim: str) -> bool:
    """Tell whether a sum is that of all that the clause grants, one on top of the other."""
    found = _A_SUM.fullmatch(claim)
    if not found or not any(_ON_TOP.search(quote) for quote in measure.quotes):
        return False
    sums = [g.amount.value for g in measure.grants if g.amount and g.amount.unit == "元"]
    return len(sums) > 1 and sum(value or 0 for value in sums) == float(found[1])


def numbers_named(text: str) -> tuple[str, ...]:
    """The telephone numbers that a text asks about: of nobody's mobile, without the area code."""
    return tuple(_NUMBER.findall(text)) if _OF_A_NUMBER.search(text) else ()


def _ways(claim: str) -> tuple[str, ...]:
    """A span of years also in months."""
    if found := re.fullmatch(r"([0-9]{1,6})年", claim):
        return claim, f"{int(found[1]) * 12}个月"
    if (found := re.fullmatch(r"([0-9]{1,6})个月", claim)) and int(found[1]) % 12 == 0:
        return claim, f"{int(found[1]) // 12}年"
    return (claim,)
