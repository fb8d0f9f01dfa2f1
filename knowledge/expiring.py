"""Which measures begin or end soon, so that nobody is surprised by it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from knowledge.measures import Measure, Validity

WARNED_AHEAD = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Turning:
    """A measure with the day on which it begins or ends, and how many days that is from now."""

    measure: Measure
    on: date
    days: int
    ends: bool


def turning(
    measures: Iterable[Measure], today: date, ahead: timedelta = WARNED_AHEAD
) -> list[Turning]:
    """What begins or ends between an Asia/Shanghai day and so long after, the nearest first."""
    found = []
    for measure in measures:
        for period in (measure.validity, measure.application):
            found += _turns(measure, period, today, ahead)
    unique = {(t.measure.id, t.on, t.ends): t for t in found}
    return sorted(unique.values(), key=lambda t: (t.on, t.measure.id))


def _turns(
    measure: Measure, period: Validity | None, today: date, ahead: timedelta
) -> list[Turning]:
    if period is None:
        return []
    days = ((period.from_, False), (period.to, True))
    return [
        Turning(measure, day, (day - today).days, ends)
        for day, ends in days
        if day is not None and today <= day <= today + ahead
    ]
