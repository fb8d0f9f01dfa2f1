"""One form for every text: what the worker typed, what the clerk wrote, what the index holds."""

import re
import unicodedata

from opencc import OpenCC

from bot.words.numerals import with_arabic_numerals

__all__ = ["normalise", "with_arabic_numerals"]

_TO_SIMPLIFIED = OpenCC("t2s")

# opencc encodes to UTF-8 and would raise on these.
_SURROGATES = re.compile("[\ud800-\udfff]")
# Long runs of combining marks make Unicode normalisation quadratic; nobody writes them.
_MARK_RUNS = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0e31-\u0e3a]{2})"
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0e31-\u0e3a]+"
)
# Tone marks on Latin letters, so that zhǎo meets zhao; variation selectors and keycaps.
_MARKS = re.compile("[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Control, zero-width, bidi, tag and private characters: removed without a trace.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u070f\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\uffff"
    "\ue000-\uf8ff\U000e0000-\U000e00ff\U000f0000-\U0010ffff]"
)
# Emoji and other pictures: they stand between words, so they leave a space.
_PICTURES = re.compile(
    "[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2900-\u297f"
    "\u2b00-\u2bff\u3030\u303d\U0001f000-\U0001faff\U0001fb00-\U0001fbef\U0001fc00-\U0001ffff]+"
)
_REPEATED = re.compile(r"([^\w\s]|_)\1+")
# 失 业 金: single characters set apart, as some keyboards and voice boxes send them.
_SET_APART = re.compile(
    "(?<![\u4e00-\u9fff])(?:[\u4e00-\u9fff] ){2,}[\u4e00-\u9fff](?![\u4e00-\u9fff])"
)
_PLAIN = re.compile(r"[\u4e00-\u9fff\u3001\u3002a-z0-9]+")


def normalise(text: str) -> str:
    """Return the text in the form that is compared.

    Simplified characters, half width, lower case, single spaces, no repeated punctuation, no
    emoji, control or invisible character. Digits stay as they are. Applying it twice changes
    nothing more; no input raises.
    """
    if not _PLAIN.fullmatch(text):
        text = _tidied(text)
    return _TO_SIMPLIFIED.convert(text) if text else ""


def _tidied(text: str) -> str:
    text = _INVISIBLE.sub("", _SURROGATES.sub("", text))
    text = _PICTURES.sub(" ", _MARK_RUNS.sub(r"\1", text)).replace("ü", "v").replace("Ü", "v")
    text = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    text = unicodedata.normalize("NFKC", text).lower()
    text = _REPEATED.sub(r"\1", " ".join(_PICTURES.sub(" ", _INVISIBLE.sub("", text)).split()))
    return _SET_APART.sub(lambda match: match[0].replace(" ", ""), text)
