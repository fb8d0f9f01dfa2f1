"""Compares the chat endpoint with an empty Flask endpoint under the project's gunicorn.

    python -m bench.serving --pairs 5 --seconds 4

Both servers run side by side and are asked in turn, so that a busy machine slows them alike: read
the ratio, the median of the pairs. `asked before`: some two hundred questions, over and over.
`never asked`: each with a number of its own, so that every reply is worked out anew.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.headlines import headline
from server.database.db import Database
from tests.serving import ROOT, gunicorn

QUESTIONS = sorted((ROOT / "evaluation").glob("*.jsonl"))
CONNECTIONS = 32
WORKERS = 2
MANY = 200
BEFORE = "asked before"
NEVER = "never asked"
_DONE = re.compile(r"(\d+) requests in")
_BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")


@dataclass(frozen=True, slots=True)
class Window:
    """What one stretch of asking came to."""

    rate: float
    done: int
    cost: float
    """Microseconds of processor time for a request, all of the server's processes together."""
    bad: str
    idlest: float
    """What the least busy worker did of all that time, 0..0.5 of two: 0 when one did everything."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: the address that is asked, and its first process."""

    url: str
    process: psutil.Process

    def processor_seconds(self) -> list[float]:
        """The time its processes have used so far, the first one's and each worker's."""
        family = [self.process, *self.process.children()]
        return [sum(process.cpu_times()[:2]) for process in family]


def questions() -> list[str]:
    """Some first turns of the evaluation sets."""
    lines = [line for path in QUESTIONS for line in path.read_text(encoding="utf-8").splitlines()]
    apart = max(len(lines) // MANY, 1)
    return [json.loads(line)["turns"][0] for line in lines[::apart]]


def bodies(file: Path) -> int:
    """Write some questions as request bodies; returns how many."""
    texts = questions()
    rows = (json.dumps({"text": text}, ensure_ascii=False) for text in texts)
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return len(texts)


@contextmanager
def serving(
    app: str, path: str, data_dir: Path, database_url: str = "", under: Sequence[str] = ()
) -> Iterator[Server]:
    """An application under the project's gunicorn configuration, on SQLite without a URL."""
    settings = {"DATA_DIR": data_dir, "DATABASE_URL": database_url, "WORKERS": WORKERS}
    with gunicorn(settings, app, under=under) as (port, server):
        process = psutil.Process(server.pid)
        # Gunicorn listens before it has started them all.
        while len(process.children()) < WORKERS:
            time.sleep(0.02)
        yield Server(f"http://127.0.0.1:{port}{path}", process)


def ask(server: Server, seconds: float, asked: Path, apart: str = "") -> Window:
    """Post bodies as fast as they are answered, for so many seconds."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", "bench/bodies.lua"]
    environment = {**os.environ, "BODIES": str(asked)} | ({"APART": apart} if apart else {})
    used = server.processor_seconds()
    started = time.monotonic()
    said = subprocess.run(
        [*command, server.url],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    took = time.monotonic() - started
    done = _DONE.search(said)
    bad = _BAD.search(said)
    if done is None:
        raise RuntimeError(said)
    spent = [now - then for now, then in zip(server.processor_seconds(), used, strict=True)]
    cost = sum(spent) / int(done[1]) * 1e6
    idlest = min(spent[1:]) / sum(spent)
    return Window(int(done[1]) / took, int(done[1]), cost, bad[0] if bad else "", idlest)


def compare(pairs: int, seconds: float) -> Mapping[str, list[tuple[Window, Window]]]:
    """Measure interleaved pairs of (empty, chat) windows, by the kind of questions."""
    found: dict[str, list[tuple[Window, Window]]] = {BEFORE: [], NEVER: []}
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "bodies"
        count = bodies(asked)
        print(f"{count} questions, {CONNECTIONS} connections, {WORKERS} workers")
        data_dir = Path(folder) / "var"
        with (
            serving("bench.empty_app:create_app()", "/empty", Path(folder) / "no") as empty,
            serving("server.app:create_app()", "/api/v1/chat", data_dir) as chat,
        ):
            ask(empty, 1, asked)
            # Each worker has to meet each question once, before they count as asked before.
            met = 0
            while met < 20 * count:
                met += ask(chat, 2, asked).done
            for kind in found:
                for number in range(pairs):
                    apart = f"{number} " if kind == NEVER else ""
                    one = ask(empty, seconds, asked)
                    other = ask(chat, seconds, asked, apart)
                    # The turns of the last second are still being written.
                    time.sleep(1)
                    found[kind].append((one, other))
        check_recorded(data_dir, found)
    return found


def check_recorded(data_dir: Path, found: Mapping[str, list[tuple[Window, Window]]]) -> None:
    """Print how many turns stand in the database, and how many were answered."""
    database = Database(f"sqlite:///{data_dir / 'nuangang.db'}")
    row = database.fetch("SELECT count(*) FROM turn")
    database.release()
    answered = sum(chat.done for pairs in found.values() for _, chat in pairs)
    recorded = row[0] if row else 0
    print(f"turns answered in the windows {answered}, recorded in all {recorded}")
    if recorded < answered:
        raise RuntimeError("turns are missing")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("bench.serving: please install wrk and run this again")
    for kind, pairs in compare(options.pairs, options.seconds).items():
        print(f"\n{kind}: requests per second, microseconds of processor time each")
        print("and what the idler of the two workers did of it")
        print(f"{'empty':>9}{'chat':>9}{'ratio':>7}{'empty':>9}{'chat':>9}{'ratio':>7}   idler")
        for empty, chat in pairs:
            print(
                f"{empty.rate:9.0f}{chat.rate:9.0f}{chat.rate / empty.rate:7.2f}"
                f"{empty.cost:10.0f}{chat.cost:9.0f}{empty.cost / chat.cost:7.2f}"
                f"{empty.idlest:7.0%}{chat.idlest:5.0%} {chat.bad}"
            )
        rates = statistics.median(chat.rate / empty.rate for empty, chat in pairs)
        costs = statistics.median(empty.cost / chat.cost for empty, chat in pairs)
        headline(
            f"chat / empty endpoint, requests per second (of processor time), {kind}",
            f"{rates:.2f} ({costs:.2f})",
            "0.5",
        )
        print(f"median of requests per second {rates:.2f}, of processor time {costs:.2f}")


if __name__ == "__main__":
    main()
