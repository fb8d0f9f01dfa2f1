"""Figures that the service keeps of itself, added up over all its processes.

Each process counts in a file of its own (prometheus-client's multiprocess mode), where `counting`
has made a folder for them; `page` reads all of them. Without one a process tells of itself only.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from server.monitoring.counting import FOLDER

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

TURNS = Counter("nuangang_turns", "Messages answered", ["channel", "kind"])
REQUESTS = Counter("nuangang_requests", "Requests answered", ["method", "route", "status"])
LATENCY = Histogram(
    "nuangang_request_seconds", "Seconds from a request to its reply", ["route"], buckets=_SECONDS
)


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure of the moment, by the value of its label, or under '' where it has none."""

    name: str
    says: str
    values: Mapping[str, float]
    label: str = ""


def page(gauges: Iterable[Gauge]) -> bytes:
    """What Prometheus reads: the counts of all processes, and the figures of this moment."""
    registry = CollectorRegistry()
    registry.register(_Moment(tuple(gauges)))
    if FOLDER in os.environ:
        MultiProcessCollector(registry)
        return generate_latest(registry)
    return generate_latest(registry) + generate_latest(REGISTRY)


def forget_process(pid: int) -> None:
    """Add what a process counted that has ended to the file of all that have ended."""
    folder = Path(os.environ[FOLDER])
    for path in folder.glob(f"*_{pid}.db"):
        kind = path.name.partition("_")[0]
        ended = MmapedDict(str(folder / f"{kind}_0.db"))
        for key, value, at, _ in MmapedDict.read_all_values_from_file(str(path)):
            ended.write_value(key, ended.read_value(key)[0] + value, at)
        ended.close()
        path.unlink()


class _Moment(Collector):
    def __init__(self, gauges: tuple[Gauge, ...]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for gauge in self._gauges:
            labels = [gauge.label] if gauge.label else []
            family = GaugeMetricFamily(f"nuangang_{gauge.name}", gauge.says, labels=labels)
            for value_of_label, value in gauge.values.items():
                family.add_metric([value_of_label] if labels else [], value)
            yield family
