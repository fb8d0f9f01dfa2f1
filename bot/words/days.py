"""A day as people say it: 2021年1月15日, 去年6月30号, 今年3月; never a year that nobody said."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

_SPOKEN = {"今年": 0, "去年": 1, "前年": 2, "大前年": 3}
_JUST_NOW = {"今天": 0, "昨天": 1, "前天": 2, "大前天": 3}
_SAID_YEAR = "(?P<spoken>大前年|今年|去年|前年)的?"
_YEAR = f"(?:(?P<year>\\d{{4}}|\\d{{2}}(?=年))[年/.-]|{_SAID_YEAR})"
_PART_OF_MONTH = "(?:初|底|末|中旬|上旬|下旬)?"
_FORMS = (
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"),
    re.compile(f"{_YEAR}(?P<month>\\d{{1,2}})[月/.-](?:份的?)?(?P<day>\\d{{1,2}})[日号]?"),
    re.compile(f"{_YEAR}(?P<month>\\d{{1,2}})(?:月份?{_PART_OF_MONTH})?"),
    re.compile(f"{_YEAR}(?P<half>[上下])半年"),
    re.compile(f"(?P<year>\\d{{4}})年?|(?P<short>\\d{{2}})年|{_SAID_YEAR}"),
)
_WITHOUT_YEAR = re.compile(
    f"\\d{{1,2}}月(?:份的?)?(?:\\d{{1,2}}[日号]?|{_PART_OF_MONTH})|\\d{{1,2}}[/.-]\\d{{1,2}}"
)
_LATELY = re.compile(
    f"(?P<ago>上上个?|上个?|这个?|本)月(?:份的?)?(?:(?P<day>\\d{{1,2}})[日号]?|{_PART_OF_MONTH})"
)
_MONTHS_AGO = {"上上": 2, "上": 1, "这": 0, "本": 0}
_CENTURY = 100


@dataclass(frozen=True, slots=True)
class Days:
    """The first and the last day that may be meant; the same where one is named."""

    first: date
    last: date


class YearMissing(Exception):
    """A month or day without its year."""


class NotYet(Exception):
    """A day that is still to come."""


def read_days(text: str, today: date) -> Days | None:
    """Read a normalised text that is nothing but a day, a month or a year; `today` counts 去年.

    None where it is none of these. Raises `YearMissing` and `NotYet`.
    """
    if text in _JUST_NOW:
        day = today - timedelta(days=_JUST_NOW[text])
        return Days(day, day)
    if lately := _LATELY.fullmatch(text):
        months = today.year * 12 + today.month - 1 - _MONTHS_AGO[lately["ago"].removesuffix("个")]
        text = f"{months // 12}年{months % 12 + 1}月{lately['day'] or ''}"
    if _WITHOUT_YEAR.fullmatch(text):
        raise YearMissing
    found = next(filter(None, (form.fullmatch(text) for form in _FORMS)), None)
    if found is None:
        return None
    days = _days(found.groupdict(), today)
    if days is None or days.first <= today:
        return days and Days(days.first, min(days.last, today))
    raise NotYet


def _days(parts: dict[str, str | None], today: date) -> Days | None:
    written = parts.get("year") or parts.get("short")
    year = int(written) if written else today.year - _SPOKEN[parts["spoken"] or ""]
    if year < _CENTURY:
        year += today.year // _CENTURY * _CENTURY
        year -= _CENTURY if year > today.year else 0
    month, day = int(parts.get("month") or 0), int(parts.get("day") or 0)
    if half := parts.get("half"):
        first, last = (1, 6) if half == "上" else (7, 12)
        return Days(date(year, first, 1), date(year, last, monthrange(year, last)[1]))
    try:
        last_month = month or 12
        last_day = day or monthrange(year, last_month)[1]
        return Days(date(year, month or 1, day or 1), date(year, last_month, last_day))
    except ValueError:
        return None
