"""Whether the first and last day of a period stand in the words it rests on."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from knowledge.faults import Code, Fault
from knowledge.figures import spelled_value
from knowledge.measures import Validity

_NUMERAL = "[零〇○一二三四五六七八九十]"
_SPELLED = re.compile(f"(?<!{_NUMERAL}){_NUMERAL}++(?=[年月日])")
_WRITTEN = re.compile(
    r"(?P<iso>\d{4})(?P<mark>[-/.])(?P<iso_month>\d{1,2})(?P=mark)(?P<iso_day>\d{1,2})"
    r"|(?:(?P<year>\d{4})年)?(?P<month>\d{1,2})月(?:份)?(?:(?P<day>\d{1,2})[日号])?"
    r"|(?P<whole_year>\d{4})年|(?<=[至到])(?P<day_alone>\d{1,2})[日号]"
)
_ENDS = re.compile(r"(?:[至到\-—–~～])\s*$")
_SPAN_YEARS = 2
"""How far from its document's date a period may begin or end."""


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date as a text gives it, None for what it leaves open; `end` where a span ends with it."""

    year: int | None
    month: int | None
    day: int | None
    end: bool

    def first(self, year: int) -> date | None:
        """Return the first day it covers."""
        return _day(self.year or year, self.month or 1, self.day or 1)

    def last(self, year: int) -> date | None:
        """Return the last day it covers: 6月底 is the 30th."""
        year, month = self.year or year, self.month or 12
        if not 1 <= month <= 12:
            return None
        return _day(year, month, self.day or monthrange(year, month)[1])


def written_dates(text: str) -> Iterator[WrittenDate]:
    """Yield the dates of a text; one that leaves out year or month has those of the one before."""
    year: int | None = None
    month: int | None = None
    text = _SPELLED.sub(lambda spelled: f"{spelled_value(spelled[0]):f}", text)
    for match in _WRITTEN.finditer(text):
        part = {name: int(d) for name, d in match.groupdict().items() if d and name != "mark"}
        stated = part.get("iso") or part.get("year") or part.get("whole_year")
        before, month = month, part.get("iso_month") or part.get("month")
        if "day_alone" in part:
            if before is None:
                continue
            month = before
        # 2020年12月20日至3月31日 ends in the next year.
        turned = not stated and before and month and month < before
        year = stated or (year + 1 if year and turned else year)
        day = part.get("iso_day") or part.get("day") or part.get("day_alone")
        end = bool(_ENDS.search(text[: match.start()]))
        yield WrittenDate(year if year and 1 <= year <= 9999 else None, month, day, end)


def gives(text: str, day: date) -> bool:
    """Tell whether a text gives this day, whose year it may leave out."""
    return any(written.first(day.year) == day for written in written_dates(text))


def misdated(validity: Validity, dated: date, frame: Validity | None) -> Iterator[Fault]:
    """Yield which end of a period its quote does not give.

    What the quote leaves open may be the date of the document (`dated`) or, where it gives no day
    at all, an end of the `frame` that the document as a whole has.
    """
    written = list(written_dates(validity.quote))
    # A year that is not written is that of the document, or the next.
    years = (dated.year, min(dated.year + 1, 9999))
    begins = [each for each in written if not each.end]
    fixed = [each for each in begins if each.day]
    starts = {each.first(year) for each in fixed or begins for year in years}
    if not fixed:
        starts |= {dated, frame.from_ if frame else None}
    if validity.from_ and validity.from_ not in starts:
        first = validity.from_.isoformat()
        yield Fault(Code.NOT_THE_FIRST_DAY, {"day": first, "quote": validity.quote})
    ends = {e.last(y) for e in [w for w in written if w.end] or written for y in years}
    if not written and frame:
        ends.add(frame.to)
    if validity.to and validity.to not in ends:
        last = validity.to.isoformat()
        yield Fault(Code.NOT_THE_LAST_DAY, {"day": last, "quote": validity.quote})
    for day in (validity.from_, validity.to):
        if day and abs((day - dated).days) > _SPAN_YEARS * 366:
            yield Fault(
                Code.DAY_FAR_AWAY,
                {"day": day.isoformat(), "years": _SPAN_YEARS, "dated": dated.isoformat()},
            )


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
