"""Words of a message that leans on what was said before."""

import re

_NO_SUBJECT = re.compile("(?:补贴|补助|政策|[申请需退次每发初]|张?卡里?|1?年|个?月|天)+")
_SOURCE = re.compile(
    "(?:那|你们?|这|这个|是|有|在|到底|给我|看看|看1?下)*+"
    "(?:原文|原话|出处|依据|根据|(?:是|写在)?第几条|(?:是|写在)?哪1?条|凭什么|凭啥|谁说的|哪[个份]文件(?:里|上)?(?:写|说|规定)?的?|为什么|为啥|哪里写的?|写在哪里?)"
    "(?:呢|啊|吗|呀|的|有|是什么|是啥|在哪里?|给我看看|看看|你?这么说|你?这样说|说的)*+[?!。 ]*"
)
_AT_WORK = re.compile(
    "(?:现在|目前|如今)*(?:打工|务工|上班|干活|做工|工作|工地上?|工厂|厂里)(?:了|的|呢)?"
)
_WHO_ONE_IS = re.compile(
    "(?:[那可但]|[我俺]们?家?|就|也|都|现在)*(?:是|算|属于)(?!不是)"
    "(?![^,。?!]*多[少久长大])[^,。?!吗呢么否谁哪什怎咋啥何几发领补年月]{1,7}"
    "(?:人|工|户|生|员|家庭|妈|的)[。! ]*"
    "|[我俺]们?[^,。?!吗呢么否没不是有谁哪什怎咋啥何几发领补]{2,4}人[。! ]*"
    "|(?:[我俺]们?|在|来|到|都|已经|也|干|做|住|待|[这那](?:边|里|儿|个城市)|本地|城里|厂里)*+"
    "[0-9一二三四五六七八九十两好]{1,6}多?(?:年|个月|个多月)(?:多|了|啦)*[。! ]*"
    "|(?:[我俺]们?家?|就|只|现在|今年|[1一]家|有)+[0-9一二三四五六七八两]{1,3}"
    "(?:个人|口人?|岁)[了。! ]*"
)
_SUPPOSES = re.compile(
    "(?:那|那么|那要是|要是|如果|假如|万一|换成)[^,。?!]{1,12}"
    "(?:呢|吗|不|行不行|可以不|能不能|算不算)[?!。 ]*"
    "|[^,。?!]{1,8}呢[?!。 ]*|那(?:我)?(?:不是|不就|岂不是?)[^,。?!]{1,8}[?!。 ]*"
)
_COMMA = re.compile("[,，、 ]+")
_AND = re.compile("(?:那|那么|那要是|换成)?")
_THEN = re.compile("呢[,。?! ]+([^吗呢么?谁怎咋啥哪几]*)")
_ASKS = re.compile(r"多少|什么|如何|([^\W\d_a-z])[不没]\1|[不没]$")


def suppose(text: str) -> bool:
    """Tell whether a text asks how it would be in another case: 招两个呢, 要是没登记呢."""
    return _SUPPOSES.fullmatch(text) is not None


def ask_the_same_of(text: str, start: int, end: int) -> bool:
    """Tell whether a text asks of the place that stands there, and then only tells.

    那鹿泉呢，我是湖北的: it asks what was asked last.
    """
    told = _THEN.fullmatch(text, end)
    return bool(_AND.fullmatch(text, 0, start)) and told is not None and not _ASKS.search(told[1])


def name_no_subject(content: str) -> bool:
    """Tell whether what is left of 补贴标准, 去哪申请 or 一年几次 is no subject of its own."""
    return _NO_SUBJECT.fullmatch(content) is not None


def ask_for_the_source(text: str) -> bool:
    """Tell whether a text asks only where it is written: 原文呢, 第几条, 凭什么."""
    return _SOURCE.fullmatch(text) is not None


def without_work(text: str) -> str:
    """The text without the words that somebody works where they are."""
    return _AT_WORK.sub("", text)


def tell_who_one_is(text: str) -> bool:
    """Tell whether a text says who somebody is, and nothing else: 是建筑工人, 我们一家三口."""
    clauses = [clause for clause in _COMMA.split(text) if clause]
    return bool(clauses) and all(map(_WHO_ONE_IS.fullmatch, clauses))
