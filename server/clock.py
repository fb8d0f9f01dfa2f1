"""Time at the edge: who needs the hour or the day is handed it, and never looks itself."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

# China has kept one offset all year round since 1991; no time zone data is needed for it.
CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")

Clock = Callable[[], datetime]
"""Gives the instant, with its time zone."""


def utc_now() -> datetime:
    """The instant of this machine."""
    return datetime.now(UTC)


def china_day(instant: datetime) -> date:
    """The Asia/Shanghai day of an instant."""
    return instant.astimezone(CHINA).date()
