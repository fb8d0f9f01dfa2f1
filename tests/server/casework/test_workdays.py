"""Working days: the calendar that was announced, what overrides it, and years it doesn't know."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.casework import workdays


def test_national_day_is_off_and_the_weekend_that_makes_up_for_it_is_not() -> None:
    assert not workdays.is_workday(date(2026, 10, 1))
    assert workdays.is_workday(date(2026, 10, 10))
    assert not workdays.is_workday(date(2026, 10, 11))


def test_a_limit_over_a_holiday_ends_after_it() -> None:
    assert workdays.after(date(2026, 9, 30), 1) == date(2026, 10, 8)


@pytest.mark.parametrize(
    ("last", "ends"),
    [
        (date(2026, 9, 30), date(2026, 9, 30)),
        (date(2026, 10, 3), date(2026, 10, 8)),
        (date(2026, 10, 10), date(2026, 10, 10)),
    ],
)
def test_a_limit_whose_last_day_is_off_ends_on_the_next_working_day(last: date, ends: date) -> None:
    assert workdays.on_or_after(last) == ends


def test_the_day_it_starts_does_not_count() -> None:
    assert workdays.after(date(2026, 3, 2), 1) == date(2026, 3, 3)
    assert workdays.after(date(2026, 3, 2), 0) == date(2026, 3, 2)


def test_in_a_year_that_nobody_announced_monday_to_friday_count() -> None:
    assert workdays.is_workday(date(2031, 1, 3))
    assert not workdays.is_workday(date(2031, 1, 4))


@pytest.mark.parametrize("day", [(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)])
def test_what_is_off_by_law_is_off_also_in_such_a_year(day: tuple[int, int]) -> None:
    assert not any(workdays.is_workday(date(year, *day)) for year in range(2031, 2038))


def test_a_limit_that_begins_before_such_a_new_year_does_not_count_it() -> None:
    # 31 December 2030 is a Tuesday; of 2031 nobody has announced anything.
    assert workdays.after(date(2030, 12, 31), 1) == date(2031, 1, 2)


def test_the_file_overrides_the_calendar() -> None:
    overrides = workdays.read("free: [2026-03-03]\nworking: [2026-03-07]")
    assert not workdays.is_workday(date(2026, 3, 3), overrides)
    assert workdays.is_workday(date(2026, 3, 7), overrides)
    assert workdays.is_workday(date(2026, 3, 3), {})


def test_the_file_that_comes_with_the_program_can_be_read() -> None:
    workdays.read(workdays.FILE.read_text("utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "free: [2026-13-01]",
        "holidays: [2026-03-03]",
        "free: [2026-03-03]\nworking: [2026-03-03]",
        "free: [soon]",
    ],
)
def test_a_file_that_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        workdays.read(text)


def test_a_limit_never_lies_before_its_start() -> None:
    with pytest.raises(ValueError):
        workdays.after(date(2026, 3, 2), -1)


@given(st.dates(date(2005, 1, 1), date(2040, 12, 31)), st.integers(1, 40))
def test_a_limit_ends_on_a_working_day_with_so_many_before_it(start: date, days: int) -> None:
    end = workdays.after(start, days)
    between = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert workdays.is_workday(end)
    assert sum(map(workdays.is_workday, between)) == days
