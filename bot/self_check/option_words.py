"""Which option of a choice a reply names, in the option's own words or in everyday ones.

Words that stand in an option are not yet that option: 有活干 is not 没活干, 工厂 is wider than
街道社区的小加工厂, and of 没装过，想新装 the first half says nothing of the second.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from bot.words.normalising import normalise
from bot.words.quantities import read_number
from knowledge.eligibility.facts import Fact, FactType

_FILLER = re.compile(
    "[我俺]家|我们?|俺们?|咱们?|的|是|在|了|里|属于|算|企业|现在|目前|就|吧|啊|呀|呢|哦|嗯|[\\W_]"
)
_SELF = re.compile("^[替给帮]?(?:我|俺|咱|本人|我本人|我?自己)$")
_PIECES = re.compile("[、（）()\\s]")
_HALVES = re.compile("[，,]")
_AND = re.compile("[、，,;+&\\s]|还有|以及|和|跟(?!着?(?:我|俺|爸|父))|与")
DOUBT = re.compile("[不没冇未无非莫别快想曾前原吗?？]")
"""What turns the meaning of the words beside it around, or makes them a wish or a memory."""
_TURNS = "没不未无非全都高低"
"""Before words of an option these make another thing of them; who leaves them out means that."""
_NEGATIONS = "没不未无"
_SAY_LITTLE = re.compile("(?:自己|单位|没有|一直|还没|不少|一点|地方|过年|工作|打工|上班)+")
"""Words of options that are none by themselves, unless they are the whole of it."""
_BARE = re.compile("自己|没")
_SHORT = 2
"""What narrows a word down by so little is left out by whoever means it: 别的, 认定的."""
_MOSTLY = 0.6
"""The share of a reply that an option's own words must make up."""
_NONE = re.compile(
    "0|[都也全]*(?:不是|没有?|没得|无|冇|不选)|(?:什么|啥|哪个|哪样|[1一]个|[1一][样种])[都也]?(?:不是|不选|没有?)"
    "|都不(?:沾|属于|算|选)"
)
_ALL = re.compile("(?:([两三23])[个种样])?(?:全部|都全?|全)(是|有|选|算|[一-龥])?过?了?")
_FEW = 3
"""Of more options nobody means all."""
_REST = re.compile("别的(?:县|区|地方|行业?|单位|公司|厂)?|都不是")
_NO_OTHER = frozenset({"other", "none"})

_GRADE = "[1-9一二三四五六]"
_EVERYDAY = tuple(
    (re.compile(said), word)
    for said, word in (
        ("其[他它]", "别的"),
        ("别的省份?|外省市", "外省"),
        ("^(?:本?省内|同省)$", "本省"),
        ("(?:城市|城里|居民)户口|非农业?(?:户口)?", "城镇户口"),
        ("(?:农业|农民|乡下)(?:户口)?", "农村户口"),
        ("(?:城镇|城里)低保", "城市低保"),
        ("国企|央企|国营(?:企业)?", "国有企业"),
        ("(?:私|民)企|(?:私人|民营)(?:企业|公司|厂子?|老板)", "私营"),
        ("外企", "外资"),
        ("事业编制?", "事业单位"),
        ("没单位", "没有单位"),
        ("没有?(?:工作|活儿?|事)[干做]?|没班上|待业(?:在家)?", "没活干"),
        ("自己(?:干|当老板|开店)|个体(?!户)|摆摊|(?:做点?)?小(?:买卖|本生意)", "自己做小生意"),
        ("(?:女儿|闺女|丫头|女(?:娃儿?|生|的|孩子)|^女)$", "女孩"),
        ("(?:儿子|小子|男(?:娃儿?|生|的|孩子)|^男)$", "男孩"),
        ("幼儿园|学前班|托儿所", "没上小学"),
        (f"(?:小学)?{_GRADE}年级", "小学"),
        (f"初{_GRADE}", "初中"),
        (f"高{_GRADE}", "高中"),
        ("职高|技校|职中", "中专"),
        ("不[读念]书?了|退学|辍学", "不上学了"),
        ("留守(?:儿童)?", "一直留在老家"),
        ("[跟和]着?(?:我们?|俺们?|爸爸?妈妈?)(?:一起)?住?|在(?:我们?|俺)?身边", "跟父母"),
        ("(?<![公位])租房子?|租的房子?|自己租", "自己租了私人的房子"),
        ("(?<!中)(大|中|小|微)(?:企业|公司|厂)$", r"\1型企业"),
        ("^中等", "中型"),
        ("^(?:还|更|要)?低(?:[1一]?点|[1一]?些|不少|很多|得多)?$", "比低保线低"),
        ("^(?:略高|稍高|高[1一]?些|高点)$", "比低保线高一点"),
        ("^(?:高很多|高得多|高多了|远高)$", "比低保线高不少"),
        ("^(?:没有?|不)(?:吃|领|享受|拿)?(?:着|到)?低保$", "没有"),
    )
)
"""What people say for words of the options; for a question that has the word among them."""


def option_named(fact: Fact, text: str) -> str | None:
    """The one option whose words make up most of a reply, None where that isn't clear."""
    text = _as_options_say(fact, _SELF.sub("自己", text))
    said = _FILLER.sub("", text)
    labels = {option.value: normalise(option.label) for option in fact.options}
    for whole in filter(None, (text, said)):
        exact = [
            value for value, label in labels.items() if whole in (label, *_PIECES.split(label))
        ]
        if len(exact) == 1:
            return exact[0]
    if fact.type is FactType.CHOICE and (rest := _rest(fact, text)):
        return rest
    # What explains an option in brackets may be said of others as well, unless it is said whole.
    shorts = {option.value: normalise(option.short) for option in fact.options}
    covered = {
        value: places
        for value, label in shorts.items()
        if (places := _covered(said, label)) and not _turned(said, places, label)
    }
    if not covered:
        return None
    best = max(covered, key=lambda value: len(covered[value]))
    most = len(covered[best])
    alike = [value for value, places in covered.items() if len(places) == most]
    if len(alike) > 1 or most < _MOSTLY * len(said):
        return None
    left = "".join(c for place, c in enumerate(said) if place not in covered[best])
    others = [label for value, label in shorts.items() if value != best]
    doubtful = DOUBT.search(left) or _names_another(said, covered[best], others)
    return None if doubtful or not _is_said(said, covered[best], shorts[best]) else best


def options_named(fact: Fact, text: str) -> list[str] | None:
    """The options that a reply to a question with several answers names, None if that's unclear."""
    if _all_named(fact, text):
        return list(fact.values)
    named = [option_named(fact, piece) for piece in _AND.split(text) if piece]
    if not named or None in named:
        return None
    return list(dict.fromkeys(filter(None, named)))


def _all_named(fact: Fact, text: str) -> bool:
    """Tell whether it says that every one of a few options holds: 都是, 两种都办了."""
    found, count = _ALL.fullmatch(text), len(fact.options)
    if found is None or count > _FEW or text in ("都", "全", "都全"):
        return False
    verb = found[2] or "有"
    return (not found[1] or read_number(found[1]) == count) and (
        verb in "是有选算" or verb in fact.question
    )


def none_named(fact: Fact, text: str) -> bool:
    """Tell whether a reply says that no option holds, also by the question's verb: 没招过人."""
    if not fact.may_be_none or _NONE.fullmatch(text):
        return fact.may_be_none
    said = re.sub("^[都也还]*|[过人了的]+$", "", text.replace("没有", "没"))
    return len(said) > 1 and f"{said}就不选" in fact.question


def _rest(fact: Fact, text: str) -> str | None:
    """The option for whatever is none of the others, where a reply says that."""
    rest = [o.value for o in fact.options if o.value in _NO_OTHER and _REST.fullmatch(o.label)]
    asked = len(rest) == 1 and "都不是" in fact.question + fact.option_label(rest[0])
    none = _REST.fullmatch(text) or (asked and _NONE.fullmatch(text))
    return rest[0] if none and len(rest) == 1 else None


def _as_options_say(fact: Fact, text: str) -> str:
    labels = _joined(tuple(option.label for option in fact.options))
    for said, word in _EVERYDAY:
        if word.removeprefix(r"\1") in labels and (changed := said.sub(word, text)) != text:
            return text if word in text else changed
    return text


@lru_cache(maxsize=128)
def _joined(labels: tuple[str, ...]) -> str:
    return "|".join(normalise(label) for label in labels)


def _covered(said: str, label: str) -> frozenset[int]:
    """The places of a text that stand in a label, two characters at least in a row."""
    pairs = (n for n in range(len(said) - 1) if said[n : n + 2] in label)
    return frozenset(place for n in pairs for place in (n, n + 1))


def _runs(said: str, places: frozenset[int], label: str) -> Iterator[str]:
    """The longest pieces of a text that stand in a label, of those places alone."""
    start = 0
    while start < len(said):
        ends = range(len(said), start + 1, -1)
        end = next((end for end in ends if said[start:end] in label), start)
        if start in places and end > start:
            yield said[start:end]
        start = max(end, start + 1)


def _is_said(said: str, places: frozenset[int], label: str) -> bool:
    """Tell whether what a reply has of a label is the option, and no piece of its words."""
    named = list(_runs(said, places, label))
    runs = [run for run in named if not _SAY_LITTLE.fullmatch(run)]
    own = _FILLER.sub("", label)
    if not runs and (not _SAY_LITTLE.fullmatch(own) or (said != own and _BARE.search(said))):
        return False
    runs = runs or named
    if "其他" in runs:
        return False
    last = _HALVES.split(label)[-1]
    if not any(run in last or last in run for run in runs):
        return False
    narrow, of, wide = re.sub("[（(][^）)]*[）)]", "", label).rpartition("的")
    if not of or len(narrow) <= _SHORT or any(run in narrow + of for run in runs):
        return True
    pieces = {_FILLER.sub("", piece) for piece in _PIECES.split(wide)}
    return said in pieces and not any(c in narrow for c in _NEGATIONS)


def _turned(said: str, places: frozenset[int], label: str) -> bool:
    """Tell whether a label means something else by these words than who says them alone."""
    return any(
        not _stands(run, label, said)
        or (run[-1] in _NEGATIONS and not label.endswith(run))  # 还没, and what is left open
        for run in _runs(said, places, label)
    )


def _stands(run: str, label: str, said: str) -> bool:
    """Tell whether words stand in a label with nothing before them that turns them around."""
    denied = said.partition(run)[0][-1:] in tuple(_NEGATIONS)
    for found in re.finditer(re.escape(run), label):
        before = label[: found.start()][-1:]
        if not before or before not in _TURNS or (denied and before in _NEGATIONS):
            return True
    return False


def _names_another(said: str, places: frozenset[int], others: Iterable[str]) -> bool:
    left = "".join(c if place not in places else " " for place, c in enumerate(said))
    rest = [piece for piece in left.split() if len(piece) > 1]
    return any(piece in label for piece in rest for label in others)
