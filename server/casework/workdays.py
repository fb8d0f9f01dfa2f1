"""Working days of the Chinese calendar, with the days off that the State Council moves.

A library knows the years that were announced when it was made. `workdays.yaml` beside this file
overrides it day by day; for a year that neither knows, Monday to Friday count, but for the days
that are off by law whatever is announced.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path

import chinese_calendar
import yaml

_OFF_BY_LAW = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""Months and days, by 全国年节及纪念日放假办法 第二条; those of the lunar year are missing."""

FILE = Path(__file__).with_suffix(".yaml")


def is_workday(day: date, overrides: Mapping[date, bool] | None = None) -> bool:
    """Whether offices work on an Asia/Shanghai day."""
    known = _overrides() if overrides is None else overrides
    if day in known:
        return known[day]
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5 and (day.month, day.day) not in _OFF_BY_LAW


@lru_cache(maxsize=4096)
def after(start: date, days: int) -> date:
    """The last day of a time limit of so many working days; the day it starts does not count."""
    if days < 0:
        raise ValueError("a time limit ends after it starts")
    day = start
    while days:
        day += timedelta(days=1)
        days -= is_workday(day)
    return day


def on_or_after(day: date) -> date:
    """The day on which a time limit ends whose last day may be off (民事诉讼法 第八十五条)."""
    return day if is_workday(day) else after(day, 1)


def read(text: str) -> Mapping[date, bool]:
    """Overrides from the text of the file: `free` and `working` days; raises ValueError."""
    lists = yaml.safe_load(text) or {}
    found: dict[date, bool] = {}
    for name, works in (("free", False), ("working", True)):
        for day in lists.pop(name, None) or ():
            if type(day) is not date:
                raise ValueError(f"{name}: {day} is no day")
            if found.setdefault(day, works) is not works:
                raise ValueError(f"{day} is both free and working")
    if lists:
        raise ValueError(f"unknown: {', '.join(map(str, lists))}")
    return found


@cache
def _overrides() -> Mapping[date, bool]:
    return read(FILE.read_text("utf-8"))
