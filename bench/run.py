"""Runs every benchmark, prints its table and ratios, and writes the main figures into the README.

python -m bench.run [--quick]: the quick ones are only printed.
"""

import argparse
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime

from bench.headlines import README, rows, written

WHOLE: tuple[tuple[str, list[str]], ...] = (
    ("bench.answering", []),
    ("bench.serving", []),
    ("bench.casework", []),
    ("bench.retrieval", []),
    ("bench.eligibility", []),
)
QUICK: tuple[tuple[str, list[str]], ...] = (
    ("bench.answering", ["--rounds", "1"]),
    ("bench.serving", ["--pairs", "3", "--seconds", "2"]),
    ("bench.casework", ["--pairs", "3", "--seconds", "2", "--people", "6000"]),
    ("bench.retrieval", ["--sizes", "1000,10000", "--queries", "50"]),
    ("bench.eligibility", ["--people", "10000", "--stream", "10000,100000", "--asked", "3"]),
)


def main() -> None:
    """Run them one after the other: side by side they would slow each other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of each, for a first look")
    options = parser.parse_args()
    found: dict[str, str] = {}
    for module, arguments in QUICK if options.quick else WHOLE:
        print(f"\n== {module}", flush=True)
        # In a process of its own: none finds what another has left in memory.
        running = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True
        )
        assert running.stdout is not None
        printed = []
        for line in running.stdout:
            print(line, end="", flush=True)
            printed.append(line)
        if running.wait():
            raise SystemExit(f"{module} failed")
        found |= rows("".join(printed))
    if not options.quick:
        README.write_text(written(README.read_text("utf-8"), found, _machine()), encoding="utf-8")
        print(f"\n{README.name}: {len(found)} figures written")


def _machine() -> str:
    day = datetime.now(UTC).date()
    python = f"Python {platform.python_version()}"
    return (
        f"Medians of interleaved runs, {day}, {os.cpu_count()} cores "
        f"({platform.machine()}, {python}):"
    )


if __name__ == "__main__":
    main()
