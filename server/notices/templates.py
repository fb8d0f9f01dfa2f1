"""The templates of subscribe messages, and WeChat's rules for what their fields may hold."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from server.clock import CHINA
from server.notice_kinds import NoticeKind as NoticeKind

_FILE = Path(__file__).with_suffix(".yaml")

_DAY = r"\d{4}(?:年\d{1,2}月\d{1,2}日|-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2})"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
# developers.weixin.qq.com, 小程序订阅消息, 参数值内容限制说明
RULES: Mapping[str, re.Pattern[str]] = {
    name: re.compile(rule, re.ASCII)
    for name, rule in {
        "thing": r"[^\n\r\x00]{1,20}",
        "number": r"[+-]?\d{1,20}(?:\.\d{1,10})?",
        "letter": r"[A-Za-z]{1,32}",
        "symbol": r"[!-/:-@\[-`{-~]{1,5}",
        "character_string": r"[\x21-\x7e]{1,32}",
        "time": rf"(?:{_DAY} )?{_CLOCK}|{_DAY}(?:~{_DAY})?",
        "date": rf"{_DAY}(?: {_CLOCK})?",
        "amount": r"[¥￥$€]?\d{1,10}(?:\.\d{1,2})?元?",
        "phone_number": r"[\d+()\-]{1,17}",
        "car_number": r"[A-Z0-9\u4e00-\u9fff][A-Z0-9]{0,6}[A-Z0-9\u4e00-\u9fff]",
        "name": r"[\u4e00-\u9fff·]{1,10}|[A-Za-z .\-]{1,20}",
        "phrase": r"[\u4e00-\u9fff]{1,5}",
    }.items()
}
_LONGEST_THING = 20


class FieldUnfit(ValueError):
    """A value that WeChat would refuse; the message names kind and field, never the value."""


@dataclass(frozen=True, slots=True)
class Template:
    """One template: which value stands in which field."""

    kind: NoticeKind
    label: str
    page: str
    fields: Mapping[str, str]
    hours: tuple[int, int] | None = None
    """From which hour of the day in Shanghai on it may arrive, and until which; None: always."""


@cache
def templates() -> Mapping[NoticeKind, Template]:
    """All templates by kind; raises ValueError where the file names what WeChat doesn't have."""
    return read(_FILE.read_text("utf-8"))


def read(text: str) -> Mapping[NoticeKind, Template]:
    """Templates from the text of the file; raises ValueError."""
    found: dict[NoticeKind, Template] = {}
    rows: list[dict[str, Any]] = yaml.safe_load(text)
    for row in rows:
        kind = NoticeKind(row["kind"])
        fields = {str(name): str(field["of"]) for name, field in row["fields"].items()}
        for name in fields:
            if _type(name) not in RULES:
                raise ValueError(f"{kind}: {name} begins with no type of WeChat's")
        if kind in found or kind is NoticeKind.TEXT:
            raise ValueError(f"{kind} stands there twice, or needs no template")
        found[kind] = Template(kind, row["label"], row["page"], fields, _hours(row))
    return found


def is_quiet(kind: NoticeKind, now: datetime) -> bool:
    """Whether a kind has its hours, and this is none of them."""
    hours = templates()[kind].hours if kind is not NoticeKind.TEXT else None
    return hours is not None and not hours[0] <= now.astimezone(CHINA).hour < hours[1]


def next_time(kind: NoticeKind, now: datetime) -> datetime:
    """This instant, or the next one at which a kind may arrive."""
    if not is_quiet(kind, now):
        return now
    first, _ = templates()[kind].hours or (0, 24)
    at = now.astimezone(CHINA)
    begins = at.replace(hour=first, minute=0, second=0, microsecond=0)
    return begins if begins > at else begins + timedelta(days=1)


def quiet_kinds(now: datetime) -> list[NoticeKind]:
    """The kinds that may not arrive now."""
    return [kind for kind in templates() if is_quiet(kind, now)]


def filled(kind: NoticeKind, values: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """The `data` and the `page` of a message; raises `FieldUnfit` and KeyError.

    A `thing` that is too long is shortened; a number or a date never is.
    """
    template = templates()[kind]
    data: dict[str, Any] = {}
    for name, of in template.fields.items():
        value = values[of]
        if _type(name) == "thing":
            value = _shortened(value)
        if RULES[_type(name)].fullmatch(value) is None:
            raise FieldUnfit(f"{kind}.{name}")
        data[name] = {"value": value}
    return data, template.page.format_map(values)


def _hours(row: Mapping[str, Any]) -> tuple[int, int] | None:
    if (hours := row.get("hours")) is None:
        return None
    first, last = hours
    if not 0 <= first < last <= 24:
        raise ValueError(f"{row['kind']}: hours are two of a day, the earlier first")
    return first, last


def _type(field: str) -> str:
    return field.rstrip("0123456789")


def _shortened(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= _LONGEST_THING else line[: _LONGEST_THING - 1] + "…"
