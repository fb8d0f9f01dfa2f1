"""A question taken apart: its place words, what is left for retrieval, the aspects asked for."""

import re
from dataclasses import dataclass

from bot.normalising import normalise, with_arabic_numerals
from bot.places import Places, find_places
from knowledge.aspects import Asked
from knowledge.library import Library

_FILLER = re.compile(
    r"那个|那么|这个|那边|这边|这里|那里|请问|麻烦|问一?下|问问|想问|想知道|你好|您好|告诉我|帮我?|一下|到底|问|现在|的话|时候|为止|单位|部门|几样|几"
    r"|如果|要是|还有|就是|关于|情况|哪些|什么|怎么样?|怎样|如何|多少|可以|能不能|是不是|有没有|能|会|是|有|要|给|去"
    r"|找|那|这|它|他|我们?|你们?|咱们?|自己|的|了|吗|呢|啊|呀|吧|嘛|么|哦|哈|诶|哎|嗯|呗|还|也|就|都|又|再|个|些|和|跟|与"
    r"|想|说|听说|知道|不|没|在|到|把|被|对|做|办|弄|搞|领|拿|钱|人|号|事|地方|换成|分别|各|□|\W"
)


@dataclass(frozen=True, slots=True)
class Question:
    """One message as the steps see it."""

    text: str
    """Normalised, dialect and mistypings rewritten, numerals in Arabic digits."""
    places: Places
    rest: str
    """`text` without its place words."""
    asked: Asked

    @property
    def content(self) -> str:
        """What remains of `rest` without filler words and the words that ask for an aspect."""
        return content(self.asked.left)


def content(text: str) -> str:
    """Return what a text says beyond filler words."""
    return _FILLER.sub("", text)


def tidy(text: str, library: Library) -> str:
    """Bring a text into the form that is searched: entries of the index pass it as well."""
    return with_arabic_numerals(library.lexicon.rewrite(normalise(text)))


def parse(message: str, library: Library) -> Question:
    """Take a message apart; any string will do."""
    text = tidy(message, library)
    places = find_places(text, library.regions)
    rest = places.rest
    if places.covered and places.uncovered:
        # 锦州有去敦煌的车吗: the other place belongs to the subject.
        rest = " ".join((rest, *(mention.words for mention in places.uncovered)))
    return Question(text, places, rest, library.aspects.read(rest))
