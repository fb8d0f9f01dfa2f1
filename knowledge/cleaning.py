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

from knowledge.faults import Code, Fault
from knowledge.figures import figures

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

    def __init__(self, correction: Correction, count: int) -> None:
        self.correction = correction
        self.fault = Fault(Code.CORRECTION_MISSES, {"before": correction.before, "count": count})
        super().__init__(str(self.fault))


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
            raise CorrectionMissesText(correction, count)
        text = text.replace(correction.before, correction.after)
    return text


# -- steps ------------------------------------------------------------------------------------

_SHIFTED = re.compile(r"\?。((?:[^\x00-\x7f]++[@-~]?)+)")


def mend_shifted_gbk(text: str) -> str:
    """Read back runs of GBK that lost their first byte (`?。ㄒ唬┒啻氩⑴e` is `（一）多措并舉`).

    The full-width space before a heading is the bytes A1 A1. Where the first A1 was lost, every
    following pair is read one byte late, until an ASCII byte brings the reader back into step.
    A byte that was lost at the end of the run is left as U+FFFD. Where no numbered heading comes
    out, nothing was shifted: `怎么领?。` is somebody's punctuation.
    """
    return _SHIFTED.sub(_mend, text)


_NUMBERED = re.compile("（[一二三四五六七八九十]{1,3}）")


def _mend(match: re.Match[str]) -> str:
    mended = _unshift(match)
    return mended if _NUMBERED.match(mended) else match.group()


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


_TONES = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
_PINYIN_NOTE = re.compile(
    rf"(?<=[\u3400-\u9fff\ufffd])\((?=[a-zü]*[{_TONES}])[a-zü{_TONES}]{{1,7}}\)"
)


def drop_pinyin_notes(text: str) -> str:
    """Drop the reading in brackets that some converters put behind a character: `務(wù)`.

    Only a tone mark tells a reading from a word: `小程序(app)` stays.
    """
    return _PINYIN_NOTE.sub("", text)


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def simplify(text: str) -> str:
    """Turn Traditional characters into Simplified ones; everything else stays as it is."""
    return str(_simplifier().convert(text))


_FULL_WIDTH: dict[int, int | None] = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF5B))
}
_FULL_WIDTH |= {0xFF05: ord("%"), 0x00A0: 0x20, 0x3000: 0x20}
# Marks without any width: of the byte order, before the first line, and of where a line may break.
_FULL_WIDTH |= dict.fromkeys((0xFEFF, 0x200B, 0x200C, 0x200D, 0x2060, 0x00AD))
_HALF_PUNCTUATION = re.compile(r"(?<!\d)[,:;]|[,:;](?!\d)|[!?()]")
_PUNCTUATION = str.maketrans(",:;!?()", "，：；！？（）")


def unify_width(text: str) -> str:
    """Write letters and digits half width, sentence marks full width; clock times keep theirs.

    What has no width at all goes: it would hide a heading, and part a figure.
    """
    text = text.translate(_FULL_WIDTH)
    return _HALF_PUNCTUATION.sub(lambda match: match.group().translate(_PUNCTUATION), text)


_SITE = r"[\u3400-\u9fff]{0,8}(?:网|报|社|在线|客户端|发布)"
_STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?"
_HEAD = re.compile(
    rf"网易首页(?: > [\u3400-\u9fff]{{1,10}})+|分享至|阅读正文|来源：\s*(?:{_SITE})?"
    rf"|(?:时间：)?{_STAMP}(?: 来源：\s*(?:{_SITE})?| 浏览量：\s*\d*)?"
    r"|导语：\D*来源于网友上传，不代表本站观点\D*"
)
_COUNTER = re.compile(r"\d{1,3}")
_SITE_NAME = re.compile(r"[\u3400-\u9fff]{2,8}新闻网")
_ORIGINAL_TITLE = re.compile(r"（原标题：(.*)）")
_TAIL = re.compile(
    r"相关推荐|热点推荐|责任编辑：\s*[\u3400-\u9fff]{0,4}|扫一扫在手机上查看当前页面|- 上一篇：.*"
)
_HEAD_LINES = 12


def drop_boilerplate(text: str) -> str:
    """Drop what the web page put around the document: navigation above, other news below.

    Above the text a line goes only where its whole form shows what it is; one that grants
    something may well begin with the same words (`来源：每人500元`).
    """
    lines = [line.strip() for line in text.split("\n")]
    end = next((i for i, line in enumerate(lines) if _is_tail(line)), len(lines))
    written = [i for i in range(end) if lines[i]]
    dropped: set[int] = set()
    titles: list[str] = []
    for place, at in enumerate(written):
        before = lines[written[place - 1]] if place else ""
        after = lines[written[place + 1]] if place + 1 < len(written) else ""
        if _is_head(lines[at], before, after, titles):
            dropped.add(at)
            continue
        titles.append(lines[at])
        if len(titles) == _HEAD_LINES:
            break
    return "\n".join(line for i, line in enumerate(lines[:end]) if i not in dropped)


def _is_head(line: str, before: str, after: str, titles: Sequence[str]) -> bool:
    if original := _ORIGINAL_TITLE.fullmatch(line):
        return original.group(1) in titles
    if _COUNTER.fullmatch(line):
        return after == "分享至"
    if _SITE_NAME.fullmatch(line):
        return before == "来源："
    return bool(_HEAD.fullmatch(line)) and not figures(re.sub(_STAMP + r"|浏览量.*", "", line))


def _is_tail(line: str) -> bool:
    if line.startswith("责任编辑：") and figures(line):
        return False
    return bool(_TAIL.fullmatch(line))


_INNER_SPACE = re.compile(
    r"(?<=[\u3400-\u9fff，。；：、“”（）《》]) +(?=[\u3400-\u9fff，。；：、“”（）《》])"
)
# From the first of several breaks on: from each of them, blank lines by the thousand take minutes.
_BROKEN = re.compile(r"(?<=[，、])\n+(?=[^\n])|(?<!\n)\n+(?=[，。、；：）”])")


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
