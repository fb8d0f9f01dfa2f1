"""Two ways that a question has to choose from, of which the clause knows neither: A还是B."""

import re

from bot.question import content
from bot.stating import written
from bot.words import wording
from knowledge.measures import Aspect, Measure

_EITHER = re.compile(
    "([^,。?!;、 ]{1,20})[,，、 ]{0,2}"
    "(?:(?<![返反归偿])还是|抑或|亦或|(?<![一规确肯指决认])定[是系])"
    "(?:说)?([^,。?!;、 ]{1,14})"
)
_LAST = re.compile("(?<!还)(?:是(?!不是)|系(?!统))")
"""What stands before is what the choice is about: 盲盒是去领还是寄."""
_PARTY = re.compile(
    "[我俺咱他她]|自己|本人|个人|老板|厂|公司|单位|企业|员工|工人|职工|打工|政府|公家|上头|上面"
    "|区里|市里|财政|老家|家属|家长|爹|妈|爸|父母|孩子|[1一][人家户]|[区县]"
    "|局|委|社|会(?!员)|街道|街坊|学校|学员|学生|牵头|配合"
)
_WHETHER_SO = re.compile(
    "多少|什么|[几哪谁]|怎么|真|假|必须|强制|硬性|自愿|随便|愿意|一样|都|全|建议|规定|号召"
    "|情况|就行|[不没]"
)
"""How binding, how general it is, the clause as a whole tells; what asks is no way to choose."""
_IN_OTHER_WORDS = (
    (re.compile("地方|就近|本地|当地|外地"), Aspect.WHERE),
    (re.compile("有份|人人|卡人数|限人|限名额"), Aspect.WHO),
    (re.compile("手机|微信|支付宝|现[钱金]|[现钞]票|票子|转账|红包|纸"), Aspect.PAYMENT),
    (re.compile("网上|线上|现场|大厅|墙上"), Aspect.ONLINE),
    (re.compile("自动|自己(?:申|报|交|填)|申请|坐等|[得要]批"), Aspect.HOW),
    (re.compile("人头|按[1一]?个?[人户店]|每户"), Aspect.PAYEE),
    (
        re.compile("[1一](?:回|次(?!性)|趟|把)|分(?:着|批|期|几|[0-9])|[按每月]月|年年"),
        Aspect.FREQUENCY,
    ),
)
"""What such a way is told under, whatever its words."""
_A_NUMBER = re.compile("[0-9]|[一二两三四五六七八九十百千万]{2}")
_A_WORD = 2


def chooses_of_what_is_unwritten(text: str, measure: Measure) -> bool:
    """Tell whether a tidied question names two ways, and the clause has words of neither.

    Whom money goes to, and whether something holds at all, is told in other words as well.
    """
    known = written(measure)
    for one, other in _EITHER.findall(text):
        one = _LAST.split(one)[-1]
        if _WHETHER_SO.search(one + other) or (_PARTY.search(one) and _PARTY.search(other)):
            continue
        if _A_NUMBER.match(other):
            continue
        if any(w.search(one + other) and a in measure.answers for w, a in _IN_OTHER_WORDS):
            continue
        named = [_named(one)[-1:], _named(other)]
        if all(named) and not any(word in known for words in named for word in words):
            return True
    return False


def _named(side: str) -> list[str]:
    return [word for word in wording.words(side) if len(word) >= _A_WORD and content(word)]
