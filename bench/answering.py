"""Measures one answer: its latency, the start until the first one, the memory of a further worker.

    python -m bench.answering

Latencies are processor time of one thread, every question worked out anew.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import date
from pathlib import Path
from statistics import median

import psutil

from bench.headlines import headline
from bench.serving import QUESTIONS, serving
from bot.answering import answer
from bot.answers import Context
from bot.retrieval.indexing import IndexedLibrary
from knowledge.library import read_library
from tests.serving import ROOT, free_port

TODAY = date(2026, 1, 1)


def latencies(rounds: int) -> list[float]:
    """Milliseconds for each turn of the evaluation sets, each turn in its conversation."""
    indexed = IndexedLibrary(read_library())
    asked = [json.loads(line) for path in QUESTIONS for line in path.open(encoding="utf-8")]
    taken: list[float] = []
    for number in range(rounds + 1):
        for item in asked:
            context = Context()
            for turn in item["turns"]:
                started = time.thread_time()
                said = answer(turn, indexed, context, today=TODAY, chosen=item["region"])
                if number:  # the first round warms up
                    taken.append((time.thread_time() - started) * 1000)
                context = said.context
    return sorted(taken)


def seconds_to_first_answer(data_dir: Path) -> tuple[float, float]:
    """From starting `nuangang serve` to its first reply: by the clock, and of processor time."""
    port = free_port()
    environment = {"NUANGANG_DATA_DIR": str(data_dir), "NUANGANG_PORT": str(port)}
    # Compiled once, as it is where it is installed: the first start, which is not counted, does it.
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    started = time.monotonic()
    server = subprocess.Popen(
        [sys.executable, "-c", "from server.cli import main; main(['serve'])"],
        cwd=ROOT,
        env=inherited | environment,
        stdout=subprocess.DEVNULL,
    )
    body = json.dumps({"text": "石狮被裁了有钱领吗"}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/chat", body, {"Content-Type": "application/json"}
    )
    try:
        while True:
            try:
                with urllib.request.urlopen(request, timeout=10) as reply:
                    reply.read()
                took = time.monotonic() - started
                family = psutil.Process(server.pid)
                used = [p.cpu_times() for p in (family, *family.children())]
                return took, sum(each.user + each.system for each in used)
            except OSError:
                if time.monotonic() - started > 60:
                    raise
                time.sleep(0.01)
    finally:
        server.terminate()
        server.wait(30)


def megabytes_of_a_worker(data_dir: Path) -> list[float]:
    """What each worker has for itself (unique set size) after answering every question."""
    with serving("server.app:create_app()", "/api/v1/chat", data_dir) as server:
        for path in QUESTIONS:
            for line in path.open(encoding="utf-8"):
                body = json.dumps({"text": json.loads(line)["turns"][0]}).encode()
                headers = {"Content-Type": "application/json"}
                for _ in range(2):
                    asked = urllib.request.Request(server.url, body, headers)
                    urllib.request.urlopen(asked, timeout=10).read()
        workers: list[psutil.Process] = server.process.children()
        return [worker.memory_full_info().uss / 1e6 for worker in workers]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    taken = latencies(options.rounds)
    p99 = taken[int(len(taken) * 0.99)]
    print(
        f"one answer: median {median(taken):.2f} ms, 99 % {p99:.2f} ms, longest {taken[-1]:.2f} ms"
    )
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        first, _ = seconds_to_first_answer(data_dir)
        starts = [seconds_to_first_answer(data_dir) for _ in range(5)]
        clock, processor = (median(each) for each in zip(*starts, strict=True))
        headline(
            "one answer, processor time: median / 99 %",
            f"{median(taken):.1f} / {p99:.1f} ms",
            "5 / 20 ms",
        )
        headline("start to first answer, database in place", f"{clock:.1f} s", "2 s")
        print(f"start to first answer: {clock:.2f} s, of processor time {processor:.2f} s")
        print(f"the same without a database: {first:.2f} s")
        sizes = megabytes_of_a_worker(data_dir)
        headline("memory of each further worker", f"{max(sizes):.0f} MB", "80 MB")
        workers = ", ".join(f"{size:.0f}" for size in sizes)
        print(f"memory of each worker for itself: {workers} MB")


if __name__ == "__main__":
    main()
