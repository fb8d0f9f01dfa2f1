"""What a field of a subscribe message may hold, as the platform checks it.

Written from the platform's own description and apart from the program's rules, to judge them.
"""

import re
from collections.abc import Callable


def _is_chinese(text: str) -> bool:
    return all("\u4e00" <= letter <= "\u9fff" for letter in text)


def _is_day(text: str) -> bool:
    found = re.match(r"(\d{4})[年/-](\d{1,2})[月/-](\d{1,2})日?$", text)
    return bool(found) and 1 <= int(found[2]) <= 12 and 1 <= int(found[3]) <= 31 if found else False


def _is_time(text: str) -> bool:
    parts = text.split(" ")
    clock = re.match(r"(\d{1,2}):(\d{2})(:\d{2})?$", parts[-1])
    right = bool(clock) and int(clock[1]) < 24 and int(clock[2]) < 60 if clock else False
    if len(parts) == 1:
        return right or all(_is_day(day) for day in text.split("~"))
    return len(parts) == 2 and _is_day(parts[0]) and right


def _is_amount(text: str) -> bool:
    digits = text.lstrip("¥￥$€").removesuffix("元")
    return bool(re.match(r"\d+(\.\d+)?$", digits)) and len(digits.split(".")[0]) <= 10


FITS: dict[str, Callable[[str], bool]] = {
    "thing": lambda text: len(text) <= 20,
    "number": lambda text: len(text) <= 32 and bool(re.match(r"[+-]?\d+(\.\d+)?$", text)),
    "letter": lambda text: len(text) <= 32 and text.isascii() and text.isalpha(),
    "symbol": lambda text: len(text) <= 5 and not any(letter.isalnum() for letter in text),
    "character_string": lambda text: len(text) <= 32 and text.isascii() and text.isprintable(),
    "time": _is_time,
    "date": lambda text: _is_day(text.split(" ")[0]) and (_is_day(text) or _is_time(text)),
    "amount": _is_amount,
    "phone_number": lambda text: len(text) <= 17 and bool(re.match(r"[\d+()-]+$", text)),
    "car_number": lambda text: len(text) <= 8,
    "name": lambda text: len(text) <= 10 if _is_chinese(text.replace("·", "")) else len(text) <= 20,
    "phrase": lambda text: len(text) <= 5 and _is_chinese(text),
}


def fits(name: str, text: object) -> bool:
    """Whether the platform takes the text in a field of this name."""
    if not isinstance(text, str) or not text.strip():
        return False
    return FITS[name.rstrip("0123456789")](text)
