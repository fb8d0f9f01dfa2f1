"""Cleaning of policy documents as they come from web pages: a pipeline of visible steps.

Each step is a named, pure function of the text; `clean` keeps what every step changed, so that an
editor can look at it and switch a step off. No step may lose or alter a figure of the body.
"""

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from opencc import OpenCC

LOST = "\ufffd"
"""Marks a byte that is gone for good; only a recorded correction can put the character back."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What no rule can mend: `before` must stand exactly once in the text and becomes `after`."""

    before: str
    after: str
    why: str


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step with the text as it found it and as it left it."""

    name: str
    label: str
    before: str
    after: str

    def changes(self) -> list[tuple[str, str]]:
        """Return the changed lines as (before, after), '' on the side where there is none."""
        before, after = self.before.split("\n"), self.after.split("\n")
        pairs: list[tuple[str, str]] = []
        matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            if tag != "equal":
                height = max(i2 - i1, j2 - j1)
                old = before[i1:i2] + [""] * (height - (i2 - i1))
                new = after[j1:j2] + [""] * (height - (j2 - j1))
                pairs.extend(zip(old, new, strict=True))
        return pairs


@dataclass(frozen=True, slots=True)
class Cleaning:
    """The cleaned text and the steps that led to it, in order."""

    text: str
    steps: tuple[StepResult, ...]


class CorrectionMissesText(ValueError):
    """A recorded correction whose `before` does not stand exactly once in the text."""


def clean(raw: str, corrections: Sequence[Correction] = (), skip: Sequence[str] = ()) -> Cleaning:
    """Run every step over `raw` in order, leaving out those named in `skip`."""
    results: list[StepResult] = []
    text = raw
    for name, label, step in STEPS:
        if name not in skip:
            after = step(text)
            results.append(StepResult(name, label, text, after))
            text = after
    if corrections and "corrections" not in skip:
        after = apply_corrections(text, corrections)
        results.append(StepResult("corrections", "逐条登记的更正", text, after))
        text = after
    return Cleaning(text, tuple(results))


def apply_corrections(text: str, corrections: Sequence[Correction]) -> str:
    """Apply each correction once; raise `CorrectionMissesText` where it does not fit."""
    for correction in corrections:
        if (count := text.count(correction.before)) != 1:
            raise CorrectionMissesText(f"{correction.before!r} stands {count} times, not once")
        text = text.replace(correction.before, correction.after)
    return text


# -- steps ------------------------------------------------------------------------------------

_SHIFTED = re.compile(r"\?。((?:[^\x00-\x7f]+[@-~]?)+)")


def mend_shifted_gbk(text: str) -> str:
    """Read back runs of GBK that lost their first byte (`?。ㄒ唬┒啻氩⑴e` is `（一）多措并舉`).

    The full-width space before a heading is the bytes A1 A1. Where the first A1 was lost, every
    following pair is read one byte late, until an ASCII byte brings the reader back into step.
    A byte that was lost at the end of the run is left as U+FFFD.
    """
    return _SHIFTED.sub(_unshift, text)


def _unshift(match: re.Match[str]) -> str:
    run = "。" + match.group(1)
    for end in range(len(run), 2, -1):
        shifted = b"\xa1" + _shifted_bytes(run[:end])
        try:
            return shifted.decode("gbk").lstrip("\u3000") + run[end:]
        except UnicodeDecodeError as error:
            if error.start == len(shifted) - 1:
                mended = shifted[:-1].decode("gbk").lstrip("\u3000")
                rest = match.string[match.end() : match.end() + 1]
                return mended + (LOST if rest == "?" else LOST + run[end:])
    return match.group()


_UNMAPPED = {b"\xa8\xc8\xa9": b"\xa8\xc8\xfd\xa3\xa9", b"\xa8\xb6\xa9": b"\xa8\xb6\xfe\xa3\xa9"}
"""`（三）` and `（二）`, one byte late, hold a pair that GBK does not define: it was dropped."""


def _shifted_bytes(run: str) -> bytes:
    # U+20AC is the single byte 80 in Windows' code page 936, which Python's gbk leaves out.
    shifted = b"".join(
        b"\x80" if char == "\u20ac" else char.encode("gbk", "replace") for char in run
    )
    for dropped, whole in _UNMAPPED.items():
        shifted = shifted.replace(dropped, whole)
    return shifted


_PINYIN_NOTE = re.compile(r"(?<=[\u3400-\u9fff\ufffd])\([a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü]{1,7}\)")


def drop_pinyin_notes(text: str) -> str:
    """Drop the reading in brackets that some converters put behind a character: `務(wù)`."""
    return _PINYIN_NOTE.sub("", text)


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def simplify(text: str) -> str:
    """Turn Traditional characters into Simplified ones; everything else stays as it is."""
    return str(_simplifier().convert(text))


_FULL_WIDTH = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF5B))}
_FULL_WIDTH |= {0xFF05: ord("%"), 0x00A0: 0x20, 0x3000: 0x20}
_HALF_PUNCTUATION = re.compile(r"(?<!\d)[,:;]|[,:;](?!\d)|[!?()]")
_PUNCTUATION = str.maketrans(",:;!?()", "，：；！？（）")


def unify_width(text: str) -> str:
    """Write letters and digits half width, sentence marks full width; clock times keep theirs."""
    text = text.translate(_FULL_WIDTH)
    return _HALF_PUNCTUATION.sub(lambda match: match.group().translate(_PUNCTUATION), text)


_HEAD = re.compile(
    r"网易首页 >.*|\d{1,3}|分享至|来源：\s*\S{0,12}|\S{2,8}新闻网|阅读正文|导语：.*"
    r"|(时间：)?\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?( 来源：.*| 浏览量：.*)?|（原标题：.*）"
)
_TAIL = re.compile(r"相关推荐|热点推荐|责任编辑：.*|扫一扫在手机上查看当前页面|- 上一篇：.*")
_HEAD_LINES = 12


def drop_boilerplate(text: str) -> str:
    """Drop what the web page put around the document: navigation above, other news below."""
    lines = [line.strip() for line in text.split("\n")]
    end = next((i for i, line in enumerate(lines) if _TAIL.fullmatch(line)), len(lines))
    kept: list[str] = []
    head_left = _HEAD_LINES
    for line in lines[:end]:
        if line and head_left > 0:
            head_left -= 1
            if _HEAD.fullmatch(line):
                continue
        kept.append(line)
    return "\n".join(kept)


_INNER_SPACE = re.compile(
    r"(?<=[\u3400-\u9fff，。；：、“”（）《》]) +(?=[\u3400-\u9fff，。；：、“”（）《》])"
)
_BROKEN = re.compile(r"(?<=[，、])\n+(?=[^\n])|\n+(?=[，。、；：）”])")


def join_broken_lines(text: str) -> str:
    """Take out stray spaces inside sentences, blank lines, and breaks in mid-sentence."""
    text = "\n".join(line.strip() for line in text.split("\n"))
    text = _INNER_SPACE.sub("", text)
    text = _BROKEN.sub("", text)
    return re.sub(r"\n{2,}", "\n", text).strip("\n")


STEPS: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("shifted-gbk", "修复错位的 GBK 乱码", mend_shifted_gbk),
    ("pinyin-notes", "去掉括号里的注音", drop_pinyin_notes),
    ("simplified", "繁体转简体", simplify),
    ("width", "统一全角半角", unify_width),
    ("boilerplate", "去掉网页的导航和广告", drop_boilerplate),
    ("broken-lines", "接好断开的行", join_broken_lines),
)
