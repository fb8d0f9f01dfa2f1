"""Masking of personal numbers in free text, before anything is stored.

Too much masked is better than too little: a masked text is kept for reading, never for answering.
Public telephone numbers of the library are named by the caller and stay.
"""

import re
from collections.abc import Set
from datetime import date

from stdnum import luhn

IDENTITY = "［身份证号］"
CARD = "［银行卡号］"
MOBILE = "［手机号］"
LANDLINE = "［电话号码］"
EMAIL = "［邮箱］"

# One character for one, so that a place in the plain text is the same place in the original.
_PLAIN = str.maketrans(
    "０１２３４５６７８９〇零一二三四五六七八九幺ＸｘX×＋＠．。（）－–—―‐‑−　\u00a0",
    "01234567890012345678" + "91" + "xxxx" + "+@..()" + "-------" + "  ",
)
# What people put between digits: blanks, dashes, dots, and characters that show nothing.
_GAP = "[\\s.\\-·_/\u200b-\u200f\u202a-\u202e\u2060\ufeff]{0,3}"
_DIGIT = f"(?:{_GAP}\\d)"
_START = "(?<![0-9])"
_END = "(?![0-9])"

_EMAIL = re.compile(r"[A-Za-z0-9_%+\-.]{1,64}@(?:[A-Za-z0-9\-]{1,63}\.){1,8}[A-Za-z]{2,24}")
_LONG_IDENTITY = re.compile(f"{_START}([1-9]{_DIGIT}{{16}}{_GAP}[0-9xX]){_END}")
_SHORT_IDENTITY = re.compile(f"{_START}([1-9]{_DIGIT}{{14}}){_END}")
_CARD = re.compile(f"{_START}([1-9]{_DIGIT}{{12,18}}){_END}")
# Four by four, as cards are embossed, counts even where a digit was mistyped.
_EMBOSSED = re.compile(f"{_START}(\\d{{4}}(?:[ \\-]\\d{{4}}){{3}}(?:[ \\-]?\\d{{1,3}})?){_END}")
_UNBROKEN = re.compile(f"{_START}([0-9]{{14,}}[xX]?){_END}")
_MOBILE = re.compile(f"{_START}((?:(?:\\+|00)?86{_GAP})?1{_GAP}[3-9]{_DIGIT}{{9}}){_END}")
_AREA = re.compile(f"{_START}(\\(?0{_DIGIT}{{2,3}}\\)?{_GAP}[2-8]{_DIGIT}{{6,7}}){_END}")
# The number of a case begins with a day, too, and then has letters: one in four would be cut.
_CASE = "\\d\\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])[2-9A-HJ-NP-Zx]{8}(?![0-9A-Za-z])"
# Seven or eight bare digits, unless they end a service number or a unit says that they count.
_UNIT = "[元块万亿人户个名家年月日号份项条平米%]"
_LOCAL = re.compile(
    f"{_START}(?!{_CASE})(?<![48]00[ \\-])([2-8]\\d{{2,3}}[ \\-]?\\d{{4}}){_END}(?!\\s*{_UNIT})"
)
_DIGITS = re.compile(r"\d")
_AT = frozenset("@＠")
# What becomes a digit or an @, found before the whole text is made plain: most have next to none.
_TELLING = re.compile(
    "[\\d" + "".join(chr(c) for c, plain in _PLAIN.items() if chr(plain) in "0123456789@") + "@]"
)


def mask(text: str, keep: Set[str] = frozenset()) -> str:
    """`text` with identity numbers, bank cards, telephones and mail addresses replaced.

    `keep` holds public telephone numbers, written in any way; they are left in. Never raises.
    """
    telling = _TELLING.findall(text)
    if len(telling) < 7 and _AT.isdisjoint(telling):
        return text
    plain = text.translate(_PLAIN)
    kept = frozenset(filter(None, (_digits(number) for number in keep)))
    spans: list[tuple[int, int, str]] = []
    for pattern, token in _ORDER:
        plain = _cover(plain, pattern, token, kept, spans)
    return _replaced(text, spans)


_ORDER: tuple[tuple[re.Pattern[str], str], ...] = (
    (_EMAIL, EMAIL),
    (_LONG_IDENTITY, IDENTITY),
    (_EMBOSSED, CARD),
    (_UNBROKEN, CARD),
    (_MOBILE, MOBILE),
    (_SHORT_IDENTITY, IDENTITY),
    (_CARD, CARD),
    (_AREA, LANDLINE),
    (_LOCAL, LANDLINE),
)


def _cover(
    plain: str,
    pattern: re.Pattern[str],
    token: str,
    kept: frozenset[str],
    spans: list[tuple[int, int, str]],
) -> str:
    """`plain` with what `pattern` finds blanked out, so that no later pattern reads it again."""

    def found(match: re.Match[str]) -> str:
        digits = _digits(match.group())
        is_kept = token in (LANDLINE, MOBILE) and _is_public(digits, kept)
        if not is_kept and not _holds(pattern, digits, match.group()):
            return match.group()
        if not is_kept:
            spans.append((match.start(), match.end(), _token(pattern, digits, token)))
        # A letter, and as long as what it covers: places stay, and nothing grows together.
        return "#" * len(match.group())

    return pattern.sub(found, plain)


def _holds(pattern: re.Pattern[str], digits: str, found: str) -> bool:
    if pattern is _LONG_IDENTITY:
        return _is_day(digits[6:14])
    if pattern is _SHORT_IDENTITY:
        return _is_day("19" + digits[6:12])
    if pattern is _CARD:
        return bool(luhn.is_valid(digits))
    if pattern is _LOCAL:
        return not (len(digits) == 8 and found.isdigit() and _is_day(digits))
    return True


def _token(pattern: re.Pattern[str], digits: str, token: str) -> str:
    if pattern is _UNBROKEN and len(digits) == 15 and _is_day("19" + digits[6:12]):
        return IDENTITY
    return token


def _digits(text: str) -> str:
    return "".join(_DIGITS.findall(text.translate(_PLAIN)))


def _is_public(digits: str, kept: frozenset[str]) -> bool:
    # A public number may be written without its area code.
    return digits in kept or any(number.endswith(digits) for number in kept if len(digits) >= 7)


def _is_day(digits: str) -> bool:
    """Whether YYYYMMDD is a day on which a living person can be born, or a document dated."""
    try:
        return 1880 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).year <= 2100
    except ValueError:
        return False


def _replaced(text: str, spans: list[tuple[int, int, str]]) -> str:
    pieces: list[str] = []
    place = 0
    for start, end, token in sorted(spans):
        pieces += (text[place:start], token)
        place = end
    pieces.append(text[place:])
    return "".join(pieces)
