"""Words typed by their sound: 补帖 is read as 补贴 where nothing of it is a word of its own."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from bot.words import wording
from bot.words.pinyin import sounds

_COMMON = frozenset(
    "的了着过得地吗呢吧啊哦嘛么是有没不别非也都又再还就才只很最更太真"
    "我俺咱你您他她它们这那哪谁啥咋几多少各每个位家"
    "在从往向到由以为因把被让叫给跟和与同及或但而"
    "要会能可想说讲问听看读写找做干搞弄用办换买卖吃喝走跑坐站来去回出进上下里外前后大小"
    "报管信事支领拿发关开一二三四五六七八九十厂店人工钱活饭车房年月天"
    "爸妈爹娘哥姐弟妹爷奶叔姨舅姑婆儿女孙打骂杀砍死伤病痛晕救怕哭"
)
"""Common words of one character: who typed them meant them."""
_WORD = re.compile("[\u4e00-\u9fff]{2,4}")
_HOLE = "_"
_LENGTHS = (4, 3, 2)

WellKnown = Mapping[str, tuple[str, ...]]
"""The words that a word with a hole in it may be: 补_ is 补贴 or 补助; and names, that are none."""


def well_known(texts: Iterable[str], names: Iterable[str] = ()) -> WellKnown:
    """The words of normalised texts, as `put_right` looks them up; `names` stay as they are."""
    words = {word for text in texts for word in wording.words(text) if _WORD.fullmatch(word)}
    by_hole: dict[str, list[str]] = defaultdict(list)
    for word in sorted(words):
        if not _COMMON.issuperset(word):
            for holed in _holed(word):
                by_hole[holed].append(word)
    left_alone: dict[str, tuple[str, ...]] = {name: () for name in names}
    return left_alone | {holed: tuple(found) for holed, found in by_hole.items()}


def put_right(text: str, known: WellKnown) -> str:
    """A normalised text in which what only sounds like a well-known word is that word.

    One character of it is changed, and only where the dictionary leaves all of them single.
    """
    single = "".join(
        word if len(word) == 1 else _HOLE * len(word) for word in wording.known_words(text)
    )
    begin = 0
    while begin < len(single) - 1:
        if single[begin] == _HOLE or single[begin + 1] == _HOLE:
            begin += 1
            continue
        meant = _meant(single, begin, known)
        if meant and not _in_a_name(text, begin, begin + len(meant), known):
            text = text[:begin] + meant + text[begin + len(meant) :]
        begin += len(meant) or 1
    return text


def _in_a_name(text: str, begin: int, end: int, known: WellKnown) -> bool:
    """Whether what stands there is a name, or part of one."""
    starts = range(max(0, end - _LENGTHS[0]), begin + 1)
    return any(text[at : at + length] in known
               for at in starts for length in _LENGTHS if at + length >= end)  # fmt: skip


def _meant(text: str, begin: int, known: WellKnown) -> str:
    """The longest word that the characters from `begin` on sound like and are not, or ''."""
    for length in _LENGTHS:
        typed = text[begin : begin + length]
        if len(typed) < length or _HOLE in typed:
            continue
        for at, holed in enumerate(_holed(typed)):
            if typed[at] in _COMMON:
                continue
            for word in known.get(holed, ()):
                if word != typed and sounds(word)[at] == sounds(typed[at])[0] != 0:
                    return word
    return ""


def _holed(word: str) -> tuple[str, ...]:
    return tuple(word[:at] + _HOLE + word[at + 1 :] for at in range(len(word)))
