"""Runs the benchmarks, prints their tables and ratios, and writes the main figures into the README.

python -m bench.run [--quick] [PART …]: without parts all but `week`, which has its own table in the
runbook; the quick ones are only printed.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import NamedTuple

from bench.headlines import README, rows, written


class Part(NamedTuple):
    """One benchmark: what it measures, and what it is told when it shall be quick."""

    measures: str
    quick: tuple[str, ...] = ()
    by_name_only: bool = False


PARTS: dict[str, Part] = {
    "answering": Part("one answer, the start, the memory of a worker", ("--rounds", "1")),
    "serving": Part("the chat endpoint and an empty one", ("--pairs", "3", "--seconds", "2")),
    "casework": Part(
        "handing in an application and one committed insert, on this disk and on a slower one",
        ("--pairs", "3", "--seconds", "2"),
    ),
    "retrieval": Part(
        "the retriever, bm25s, rank_bm25, tantivy, FTS5",
        ("--sizes", "1000,10000", "--queries", "50"),
    ),
    "eligibility": Part(
        "the self-check, its questions, a roster against DuckDB",
        ("--people", "10000", "--stream", "10000,100000", "--asked", "3"),
    ),
    "publishing": Part(
        "thousands of entries published in a process that answers meanwhile", ("--entries", "1000")
    ),
    "offers": Part("thousands of vacancies searched"),
    "week": Part(
        "a week's load on the deployed service, into deploy/RUNBOOK.md",
        ("--print",),
        by_name_only=True,
    ),
}


def main() -> None:
    """Run them one after the other: side by side they would slow each other."""
    parser = argparse.ArgumentParser(
        prog="make bench",
        description=__doc__,
        epilog="; ".join(f"{name}: {part.measures}" for name, part in PARTS.items()),
    )
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--quick", action="store_true", help="less of each, for a first look")
    options = parser.parse_args()
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    chosen = options.parts or [name for name, part in PARTS.items() if not part.by_name_only]
    found: dict[str, str] = {}
    for name in chosen:
        found |= rows(_run(name, options.quick))
    if found and not options.quick:
        page = written(
            README.read_text("utf-8"), found, _machine(), keep_others=bool(options.parts)
        )
        README.write_text(page, encoding="utf-8")
        print(f"\n{README.name}: {len(found)} figures written")


def _run(name: str, quick: bool) -> str:
    """What a part prints; in a process of its own, so none finds what another left in memory."""
    print(f"\n== {name}: {PARTS[name].measures}", flush=True)
    began = time.monotonic()
    arguments = PARTS[name].quick if quick else ()
    running = subprocess.Popen(
        [sys.executable, "-m", f"bench.{name}", *arguments], stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    printed = []
    for line in running.stdout:
        print(line, end="", flush=True)
        printed.append(line)
    if running.wait():
        raise SystemExit(f"{name} failed")
    print(f"({time.monotonic() - began:.0f} s)", flush=True)
    return "".join(printed)


def _machine() -> str:
    day = datetime.now(UTC).date()
    python = f"Python {platform.python_version()}"
    return f"Medians of interleaved runs, {day}, {os.cpu_count()} cores ({_processor()}, {python}):"


def _processor() -> str:
    """The processor's name where the machine tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as told:
            names = [line.partition(":")[2].strip() for line in told if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
