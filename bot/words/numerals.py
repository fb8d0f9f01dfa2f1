"""Chinese numerals to Arabic digits, only where they count something."""

import re

_FORMS = ("零〇", "一壹幺", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
_DIGITS = {form: value for value, forms in enumerate(_FORMS) for form in forms}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_BIG_UNITS = {"万": 10_000, "亿": 100_000_000}

_CN_DIGIT = "一二两三四五六七八九壹贰叁肆伍陆柒捌玖"
_CN_NUMERAL = "零〇" + _CN_DIGIT + "十百千万亿拾佰仟"
# What a single numeral must stand before to be a count: 三个月 is, 三轮车 is not.
_COUNTED = (
    "个|年|月|日|天|周|岁|元|块|毛|角|分钟|分之|人|名|户|次(?!元)|折|倍|小时|学时|课时|钟头|"
    "期|级|档|条(?!件)|项|件|家(?!庭|里)|辆|套|平|公里|里地|斤|公斤|位|号|间|张|本(?!地|人|科|来)|星期"
)
# 一 is a numeral more rarely than an article: 一个人, 一次性, 一家.
_COUNTED_ONE = (
    "年(?!到头)|个月|个小时|个星期|月|天(?!到晚|天)|周|岁|元|块钱|小时|学时|课时|日|号|倍|折"
)
_AFTER_TAIL = re.compile(
    f"{_COUNTED_ONE}|个|次|人|户|名|家|位|间|张|套|辆|趟|回|下|起|共|样|直|定|些|般"
)

_START = re.compile(f"[{_CN_DIGIT}十拾百幺零〇]|\\d")
_PERCENT = re.compile(f"百分之([零〇{_CN_DIGIT}十百]+(?:点[零〇{_CN_DIGIT}]+)?|\\d+(?:\\.\\d+)?)")
_TENTHS = re.compile(
    f"([{_CN_DIGIT}十]|(?<![\\d.])\\d)成([{_CN_DIGIT}半](?![个年月天十百千万]))?"
    "(?![员立功为本绩长就果人年都熟分交不品型家语千群天家败全色片])"
)
_MIXED = re.compile(
    r"(\d[\d,]*(?:\.\d+)?)([百千万亿]{1,2})(?:(\d)(?![\d.,%年月日天个次人]))?(?![一万])"
)
_ARABIC = re.compile(r"\d[\d.,]*")
_SPELLED = re.compile("[零〇幺一二三四五六七八九]{3,}")
_DECIMAL = re.compile(
    f"([{_CN_NUMERAL}]+)点([零〇{_CN_DIGIT}]+)(?:([万亿])|(?=倍|折|元|块|个百分点|%))"
)
_RUN = re.compile(f"[{_CN_NUMERAL}]+")
_IS_COUNTED = re.compile(_COUNTED)
_IS_COUNTED_ONE = re.compile(_COUNTED_ONE)
_HOLIDAY = re.compile("十一(?:放假|假|期间|黄金周|国庆|长假)")
_PLACES = re.compile("四平(?!方|米)|三元区|伍家岗|五家渠")
"""Names that begin as a count does."""
# Before a numeral: an ordinal, a weekday or a vague number that is left as it stands.
_VAGUE_BEFORE = frozenset("几数第期拜初")


def with_arabic_numerals(text: str) -> str:
    """Return the text with its counting numerals in digits: 五百块 → 500块, 九成 → 90%.

    Words that only contain a numeral (一共, 万一, 千万, 三轮车, 十分) stay; so do vague numbers
    (几百, 三五百, 十几) and ordinals. No input raises.
    """
    pieces: list[str] = []
    done = at = 0
    while found := _START.search(text, at):
        at = found.start()
        written, length = _read(text, at)
        if written is not None:
            # 五百一个月 holds two numbers: 500 1个月.
            touches = (at and text[at - 1].isdigit()) or (done == at and pieces)
            pieces += [text[done:at], " " if touches else "", written]
            done = at + length
        at += max(length, 1)
    return "".join(pieces) + text[done:] if pieces else text


def _read(text: str, at: int) -> tuple[str | None, int]:
    """What stands at this place in digits (None: leave it) and how many characters it takes."""
    if match := _PLACES.match(text, at):
        return None, len(match[0])
    if match := _PERCENT.match(text, at):
        return _percent(match[1]), match.end() - at
    if match := _TENTHS.match(text, at):
        half = match[2]
        tail = 0 if half is None else 5 if half == "半" else _DIGITS[half]
        tenths = _DIGITS.get(match[1]) or (10 if match[1] == "十" else int(match[1]))
        return f"{tenths * 10 + tail}%", match.end() - at
    if text[at].isdigit():
        return _mixed(text, at)
    if match := _DECIMAL.match(text, at):
        whole, length = _grammatical(match[1])
        if whole is not None and length == len(match[1]):
            return _scaled(f"{whole}.{_spelled(match[2])}", match[3] or ""), match.end() - at
    if (match := _SPELLED.match(text, at)) and (len(match[0]) > 3 or set(match[0]) & set("零〇幺")):
        return _spelled(match[0]), len(match[0])
    return _counted(text, at)


def _percent(numeral: str) -> str | None:
    if numeral[0].isdigit():
        return numeral + "%"
    if numeral == "百":
        return "100%"
    whole, _, fraction = numeral.partition("点")
    value, length = _grammatical(whole)
    if value is None or length != len(whole):
        return None
    return f"{value}.{_spelled(fraction)}%" if fraction else f"{value}%"


def _spelled(numeral: str) -> str:
    return "".join(str(_DIGITS[c]) for c in numeral)


def _mixed(text: str, at: int) -> tuple[str | None, int]:
    """1万, 1.5万, 2万5: digits before a Chinese unit."""
    match = _MIXED.match(text, at)
    if match is None:
        plain = _ARABIC.match(text, at)
        return None, len(plain[0]) if plain else 1
    if not match[3]:
        return _scaled(match[1].replace(",", ""), match[2]), len(match[0])
    if "." in match[1] or len(match[2]) > 1:
        return None, len(match[0])
    return _scaled(f"{match[1].replace(',', '')}.{match[3]}", match[2]), len(match[0])


def _scaled(number: str, units: str) -> str | None:
    """A decimal number of 万 and the like in full; None where it would not be whole."""
    factor = 1
    for unit in units:
        factor *= _UNITS.get(unit) or _BIG_UNITS[unit]
    whole, _, fraction = number.partition(".")
    if not units:
        return number
    if len(whole) > 15 or len(fraction) > 8 or factor % 10 ** len(fraction):
        return None
    return str(int(whole + fraction) * factor // 10 ** len(fraction))


def _counted(text: str, at: int) -> tuple[str | None, int]:
    run = _RUN.match(text, at)
    if run is None:
        return None, 1
    if (at and text[at - 1] in _VAGUE_BEFORE) or _HOLIDAY.match(text, at):
        return None, len(run[0])
    value, length = _grammatical(run[0], text, at)
    if value is None:
        return None, len(run[0])
    end = at + length
    if text[end : end + 1] == "几":
        return None, length
    if length > 1:
        return str(value), length
    rule = _IS_COUNTED_ONE if value == 1 else _IS_COUNTED
    return (str(value) if rule.match(text, end) else None), length


def _grammatical(run: str, text: str = "", at: int = 0) -> tuple[int | None, int]:
    """The value of the numeral that the run begins with, and its length; None if it is none.

    一千五 is 1500; in 五百一个月 the 一 counts the month. 三五百 is no one number.
    """
    total = section = 0
    digit: int | None = None
    last = 0  # the unit just read, for the shorthand of 一千五
    taken = 0
    for place, character in enumerate(run):
        if character in _DIGITS:
            value = _DIGITS[character]
            if digit is not None and digit != 0:
                # 三千五一个月: the shorthand is complete; 三五百 and 十七八 are vague.
                if last >= 100 and value == 1 and _AFTER_TAIL.match(text, at + place + 1):
                    break
                return None, len(run)
            digit = value
        elif character in _UNITS:
            unit = _UNITS[character]
            if (digit is None and unit != 10) or (last and last <= unit and not total):
                return None, len(run)
            section += (1 if digit is None else digit) * unit
            digit, last = None, unit
        else:
            if not section and digit is None and not total:
                return None, len(run)
            total = (total + section + (digit or 0)) * _BIG_UNITS[character]
            section, digit, last = 0, None, _BIG_UNITS[character]
        taken = place + 1
    if digit is not None and last >= 100 and run[taken - 2] not in "零〇":
        if _AFTER_TAIL.match(text, at + taken) and run[taken - 1] == "一":
            return total + section, taken - 1
        return total + section + digit * last // 10, taken
    return total + section + (digit or 0), taken
