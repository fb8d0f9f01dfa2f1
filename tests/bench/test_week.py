"""What follows from a week's load: what gave way first, and what a city needs."""

from dataclasses import replace

import pytest

from bench.headlines import in_place
from bench.week import BEGINS, ENDS, RUNBOOK, conclusions, table
from bench.week_plan import NORMAL, PEAK, WEEK, Measured, Needed, needed, saturated

# Ten seconds of the peak: every visit makes five requests, which take 2, 0.4 and 0.2 ms.
VISITS = round(NORMAL * PEAK * 10)
KEPT_UP = Measured(
    "新政策公布", PEAK, 10, VISITS, VISITS * 5, 0, 20, 200,
    {"service": VISITS * 0.010, "database": VISITS * 0.002, "nginx": VISITS * 0.001,
     "phones": 1, "others": 0},
    0.3,
)  # fmt: skip


def test_workers_and_processors_follow_from_what_a_request_takes() -> None:
    # 43 visits a second, 10 ms each: 0.43 of a processor, of which 0.6 is used.
    assert needed(KEPT_UP).workers == 1
    assert needed(replace(KEPT_UP, processor={**KEPT_UP.processor, "service": VISITS * 0.1})) == (
        Needed(workers=8, cores=8)
    )
    assert needed(KEPT_UP, times=PEAK * 10) == Needed(workers=8, cores=10)


@pytest.mark.parametrize(
    ("gave_way", "word"),
    [
        ({"p99_ms": 1500.0, "busiest_worker": 0.97}, "工作进程"),
        ({"failed": 1}, "处理器只用了"),
        ({"visits": VISITS // 2, "processor": {**KEPT_UP.processor, "service": 18.0}}, "处理器（"),
        ({"p99_ms": 1500.0, "processor": {**KEPT_UP.processor, "phones": 9.8}}, "压测工具自己"),
    ],
)
def test_what_gave_way_first_is_named(gave_way: dict[str, object], word: str) -> None:
    assert KEPT_UP.kept_up
    later = replace(KEPT_UP, times=100, **gave_way)  # type: ignore[arg-type]
    assert saturated([KEPT_UP], 2) is None
    found = saturated([KEPT_UP, later, later], 2)
    assert found is not None and found[0] is later and word in found[1]


def test_the_week_reaches_fifty_times_the_normal_and_is_over_in_three_minutes() -> None:
    assert PEAK in [phase.times for phase in WEEK]
    assert sum(phase.seconds for phase in WEEK) <= 180


def test_the_runbook_has_a_place_for_it() -> None:
    page = RUNBOOK.read_text("utf-8")
    lines = [*table([KEPT_UP]), *conclusions([KEPT_UP], 2)]
    written = in_place(page, BEGINS, ENDS, lines)
    assert "| 新政策公布 | 50 | 217 |" in written and "1 个工作进程，1 个核" in written
    assert in_place(written, BEGINS, ENDS, lines) == written
