"""Figures that the service keeps of itself; each process counts its own."""

from prometheus_client import Counter, Gauge

TURNS = Counter("nuangang_turns", "Messages answered", ["channel", "kind"])
RELEASE = Gauge("nuangang_release", "Number of the release that is served")
