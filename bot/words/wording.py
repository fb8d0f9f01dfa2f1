"""From text to what is compared: words, characters and sounds, in order."""

import re
import tempfile
import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from bot.words.normalising import normalise, with_arabic_numerals
from bot.words.pinyin import readings, segmented, sounds

# No question is longer than this; of what is, the beginning counts.
LONGEST = 2000

# Ways to ask the same, first the one that is compared. Longer forms win.
_ASKED_ALIKE = {
    "怎么": "如何 怎样 怎么样 咋样 咋个 咋 点样",
    "怎么办": "咋办 咋整 咋弄 怎么弄 怎么搞 怎么处理 如何处理 怎样处理 怎么解决 如何解决 怎么整",
    "为什么": "为啥 为何 什么原因 啥原因 怎么回事 咋回事 点解",
    "什么": "啥子 啥 甚么 什麽 哪些 哪几样 乜嘢",
    "哪里": "哪儿 哪块 什么地方 啥地方 哪个地方 何处 何地 边度",
    "多少钱": "啥价 什么价 多钱 几钱 几多钱 什么价位 啥价钱",
    "多少": "几多",
    "给多少": "给几百 给几千",
    "发多少": "发几百 发几千",
    "补多少": "补几百 补几千",
    "领多少": "领几百 领几千",
    "多久": "多长时间 多少时间 多长 几久",
    "什么时候": "啥时候 何时 几时 啥时 什么时间",
    "可以": "可否 能否 可不可以 能不能 是否可以 是否能 能够 可唔可以",
    "需要": "需不需要 要不要 用不用 是否需要",
    "几天": "多少天",
    "几岁": "多少岁",
    "几次": "多少次",
    "几个": "多少个",
    "几年": "多少年",
    "没有": "冇",
}
# The same for words that are part of other words: only where they stand alone.
_WORD_ALIKE = {"能": "可以", "没": "没有", "谁": "什么人"}
_ALIKE = {form: said for said, forms in _ASKED_ALIKE.items() for form in forms.split()}
_ALIKE_PATTERN = re.compile("|".join(sorted(_ALIKE, key=len, reverse=True)))

# Small talk around a question.
_BEFORE = re.compile(
    "(?:你好|您好|大家好|在吗|请问|请教|(?:我)?想?(?:咨询|问|了解)(?:问|一下|下|个事)|麻烦|"
    "帮我看看|帮忙看看|有人知道吗|那个|就是说|嗯|呃|唔该|[啊呀哦哎喂 ,.!?、。~])+"
)
_AFTER = re.compile(
    "(?:谢谢|多谢|感谢|谢了|麻烦了|(?<![着紧加应救危心焦])急|在线等|求解答|求助|唔该|"
    "[啊呀哦呢吧嘛哈了 ,.!?、。~])+$"
)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# Latin words and numbers stay whole; Chinese goes by character.
_PART = re.compile(r"[a-z]+|\d+(?:\.\d+)*%?|[\u3400-\u9fff\u3007]+|[^\W_]")
# Codes of whole numbers and Latin words lie above all characters, within 32 bits and below the
# marks that the postings keep for themselves.
_WHOLE = 1 << 31
_WHOLES = 0x7FFF0000

Cut = Callable[[str, bool], list[str]]
"""Cuts a text; with True it may guess words that the dictionary has not."""


class Wording(NamedTuple):
    """The places of a text in order, one for each character, syllable or number.

    `together[i]` tells whether place i and the next one belong to the same word.
    """

    characters: list[int]
    sounds: list[int]
    together: list[bool]


_loaded: list[Cut] = []


def load(cache_dir: Path | None = None) -> None:
    """Load dictionary and readings, once in a process; best before it forks."""
    _loaded[:] = [_compiled_cutter() or _jieba_cutter(cache_dir)]
    readings()


def _compiled_cutter() -> Cut | None:
    try:
        import rjieba
    except ImportError:  # a platform it is not built for
        return None
    cut: Cut = rjieba.cut
    return cut


def _jieba_cutter(cache_dir: Path | None) -> Cut:
    import jieba

    # jieba loads a cache unchecked, so nobody else may be able to leave one there.
    private = cache_dir or Path(tempfile.mkdtemp(prefix="nuangang-"))
    private.mkdir(mode=0o700, parents=True, exist_ok=True)
    private.chmod(0o700)
    jieba.dt.tmp_dir = str(private)
    jieba.initialize()
    return lambda text, guessing: list(jieba.cut(text, HMM=guessing))


def words(text: str) -> list[str]:
    """The words of a text as jieba cuts them, punctuation included."""
    return _cut(text, True)


def known_words(text: str) -> list[str]:
    """The same without words that the dictionary has not: their characters stand alone."""
    return _cut(text, False)


def _cut(text: str, guessing: bool) -> list[str]:
    if not _loaded:
        load()
    return _loaded[0](text, guessing)


def plain(text: str) -> str:
    """A normalised text without small talk, with digits for numerals and one form of asking."""
    text = with_arabic_numerals(_THOUSANDS.sub("", text))
    text = _ALIKE_PATTERN.sub(lambda match: _ALIKE[match[0]], text)
    begins = _BEFORE.match(text)
    bare = _AFTER.sub("", text[begins.end() :] if begins else text)
    return bare or text


def worded(normal: str) -> Wording:
    """The places of a normalised text."""
    characters: list[int] = []
    heard: list[int] = []
    together: list[bool] = []
    for word in words(plain(normal[:LONGEST])):
        codes, sound_codes = _places(word)
        if codes:
            characters += codes
            heard += sound_codes
            together += _JOINED[len(codes)] if len(codes) < 8 else _joined(len(codes))
    if any(code >= _WHOLE for code in characters):
        # Spaces in typed pinyin part syllables, not words.
        typed = [c >= _WHOLE and s > 0 for c, s in zip(characters, heard, strict=True)]
        pairs = zip(typed, typed[1:], together, strict=False)
        together[:-1] = [t or (a and b) for a, b, t in pairs]
    return Wording(characters, heard, together)


def _joined(length: int) -> list[bool]:
    return [True] * (length - 1) + [False]


_JOINED = [[], *(_joined(length) for length in range(1, 8))]


@lru_cache(maxsize=1 << 16)
def _places(word: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Character and sound codes of one word."""
    codes: list[int] = []
    heard: list[int] = []
    for part in _PART.findall(_WORD_ALIKE.get(word, word)):
        if "\u3400" <= part[0] <= "\u9fff" or part[0] == "\u3007":
            codes += map(ord, part)
            heard += sounds(part)
            continue
        whole = zlib.crc32(part.encode())
        syllables = segmented(part) if part[0].isascii() and part[0].isalpha() else ()
        # Typed pinyin takes a place for each syllable, so that it lines up with characters.
        codes += [_WHOLE + (whole + 7919 * n) % _WHOLES for n in range(len(syllables) or 1)]
        heard += syllables or (0,)
    return tuple(codes), tuple(heard)


@lru_cache(maxsize=64)
def compared(text: str) -> tuple[str, Wording]:
    """The normal form of any text and its places; not to be changed, as it is kept."""
    normal = normalise(text[:LONGEST])
    return normal, worded(normal)
