"""Whether there is what the clause writes: 失业金能领吗 names nothing that it leaves open."""

import re

from bot.question import content
from bot.stating import written
from bot.turn import Turn
from knowledge.measures import Measure

_WHETHER = re.compile(
    r"(?:[吗么不没]|没有|真的假的)[啊呀呢]?[?!。 ]*$|([^\W\d_a-z])[不没]\1"
    "|有没有|能不能|可不可以|有无|是否|能否"
)
_ASKS_MORE = re.compile(
    r"[几谁哪怎咋何啥]|多少|什么|多[久长大高]|还是|要不要|用不用|需不需要|需要"
    r"|(?:[要得]|(?<!有)用)(?=[^,。?!]{1,6}[吗么不没])|会不会|一样|必须|一定"
)
"""Words that ask for a detail, or what is required: 要不要找人担保 is not answered by 担保贷款."""
_DOUBLED = re.compile(r"([^\W\d_a-z])[不没]\1")
_GIVING = re.compile("[发给送领拿让叫]|补(?![领发办])|免费|白")
"""Words that any grant may be asked with."""
_LESSENS = "减免降退返缓帮"
"""The same of a grant whose clause has them."""
_OF_ONESELF = re.compile("打工|务工|上班|干活|工作|外地人?|过年|春节|听说")
_BREAK = re.compile(r"\W")
_A_WORD = 2
_LEFT_OUT = 3


def asks_whether_there_is(turn: Turn, measure: Measure) -> bool:
    """Tell whether a question to be answered with yes or no names only what the clause writes."""
    text = turn.question.rest
    if not _WHETHER.search(text) or _ASKS_MORE.search(text):
        return False
    told = _OF_ONESELF.sub(" ", _DOUBLED.sub(r"\1", turn.question.asked.left))
    said = written(measure)
    named, left = _parted(told, said)
    left = "".join(
        sign for sign in _GIVING.sub("", left) if sign not in _LESSENS or sign not in said
    )
    return any(map(content, named)) and not content(left)


def _parted(text: str, said: str) -> tuple[list[str], str]:
    """Part a text into the longest pieces that are said, two characters at least, and the rest."""
    named, left, at = [], "", 0
    while at < len(text):
        end = at
        while end < len(text) and text[at : end + 1] in said:
            end += 1
        if end - at >= _A_WORD:
            named.append(text[at:end])
            at = end + _is_short_for(text[at:end], text[end : end + 1], said)
        else:
            left += text[at]
            at += 1
    return named, left


def _is_short_for(word: str, last: str, said: str) -> bool:
    """Tell whether a word and one more character are short for what is said: 失业金, 失业保险金."""
    return bool(last) and any(
        last in _BREAK.split(after[:_LEFT_OUT])[0] for after in said.split(word)[1:]
    )
