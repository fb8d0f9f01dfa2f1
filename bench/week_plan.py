"""A week of a city of a million workers, compressed: how many visits when, and what they take.

Pure: what visits (`bench.week_visits`) and what measures (`bench.week`) share.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PEOPLE = 1_000_000
VISITS_A_DAY = PEOPLE * 0.05
"""One in twenty comes on an ordinary day: assumed, a city replaces it by its own count."""
WAKING_SECONDS = 16 * 3600
NORMAL = VISITS_A_DAY / WAKING_SECONDS
"""Visits per second in an ordinary hour."""
PACE_SECONDS = 10
"""Each phone of the run makes one visit in so many seconds, so `rate * PACE_SECONDS` phones."""
SETTLING_SECONDS = PACE_SECONDS
"""At the beginning of each phase, before it is measured."""
BUSY = 0.6
"""How much of a processor is planned for: beyond it, waiting grows fast."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the week: how many times the normal, for how long, and who comes."""

    name: str
    times: float
    seconds: int
    visits: Mapping[str, int]
    """The kinds of visits with their weights; see `bench.week_visits`."""
    known: float = 0.7
    """The share of questions that many ask in the same words."""

    @property
    def phones(self) -> int:
        """How many phones make its visits."""
        return max(round(NORMAL * self.times * PACE_SECONDS), 1)


_ORDINARY = {"ask": 60, "check": 15, "apply": 5, "look": 20}
_NEWS = {"ask": 80, "check": 15, "apply": 5}
WEEK: tuple[Phase, ...] = (
    Phase("平常", 1, 25, _ORDINARY),
    Phase("星期一早上", 5, 25, {"ask": 45, "check": 15, "apply": 15, "look": 25}),
    Phase("发工资那天", 10, 25, {"ask": 60, "check": 5, "apply": 5, "look": 30}),
    Phase("新政策公布", 50, 35, _NEWS, known=0.8),
    # Beyond any week, to see what gives way.
    Phase("再加一倍", 100, 30, _NEWS, known=0.8),
    Phase("再加一倍", 200, 30, _NEWS, known=0.8),
)
PEAK = 50


@dataclass(frozen=True, slots=True)
class Measured:
    """What one phase came to: requests, their latency, and where the processor's time went."""

    name: str
    times: float
    seconds: float
    visits: int
    requests: int
    failed: int
    median_ms: float
    p99_ms: float
    processor: Mapping[str, float]
    """Seconds of processor time by part: nginx, service, database, phones (the run itself), others
    (what else the machine did meanwhile)."""
    busiest_worker: float
    """The share of one processor that the busiest process of the service used."""

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def wanted(self) -> float:
        """Visits per second that were to come."""
        return NORMAL * self.times

    @property
    def kept_up(self) -> bool:
        """Whether the visits that were to come came, and nobody waited for a second."""
        done = self.visits / self.seconds
        return not self.failed and self.p99_ms < 1000 and done >= 0.85 * self.wanted

    def of(self, part: str) -> float:
        """Milliseconds of processor time that a request takes in a part."""
        return self.processor[part] / max(self.requests, 1) * 1000


@dataclass(frozen=True, slots=True)
class Needed:
    """What the city needs at its peak."""

    workers: int
    cores: int


def needed(peak: Measured, times: float = PEAK) -> Needed:
    """Workers and processors for `times` the normal, from what a request of that hour takes.

    A worker runs on one processor at a time; the processors carry nginx and the database as well.
    """
    rate = peak.requests / max(peak.visits, 1) * NORMAL * times
    service = rate * peak.of("service") / 1000
    all_parts = service + rate * (peak.of("nginx") + peak.of("database")) / 1000
    return Needed(math.ceil(service / BUSY), math.ceil(all_parts / BUSY))


def saturated(phases: Sequence[Measured], cores: int) -> tuple[Measured, str] | None:
    """The first phase that did not keep up, and what was used up in it; none: none did."""
    for phase in phases:
        if phase.kept_up:
            continue
        if phase.processor["phones"] / phase.seconds > 0.9:
            return phase, "压测工具自己（一个核用完了），不是程序"
        if phase.processor["others"] / phase.seconds > 0.2:
            return phase, "这台机器上别的程序，要再压一次"
        used = sum(phase.processor.values()) / phase.seconds / cores
        # Of a whole stretch: it begins and ends with less than what it is about.
        if used > 0.8:
            most = max(phase.processor, key=lambda part: phase.processor[part])
            return phase, f"处理器（用了 {used:.0%}，最多的是{PARTS[most]}）"
        if phase.busiest_worker > 0.85:
            return phase, f"一个工作进程（用了一个核的 {phase.busiest_worker:.0%}）"
        return phase, f"线程、连接或者磁盘，处理器只用了 {used:.0%}"
    return None


PARTS = {
    "nginx": "nginx",
    "service": "程序",
    "database": "数据库",
    "phones": "压测工具自己",
    "others": "别的程序",
}
