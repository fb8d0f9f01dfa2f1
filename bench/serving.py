"""Compares the chat endpoint with an empty Flask endpoint under the project's gunicorn.

    python -m bench.serving --pairs 7 --seconds 4

Both servers run side by side and are asked in turn, so that a busy machine slows them alike: read
the ratio, the median of the pairs. `asked before`: the questions of the evaluation sets, over and
over. `never asked`: each with a number of its own, so that every reply is worked out anew.
"""

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from server.db import Database

ROOT = Path(__file__).parent.parent
QUESTIONS = sorted((ROOT / "evaluation").glob("*.jsonl"))
CONNECTIONS = 32
_DONE = re.compile(r"(\d+) requests in")
_BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")


@dataclass(frozen=True, slots=True)
class Window:
    """What one stretch of asking came to."""

    rate: float
    done: int
    bad: str


def bodies(file: Path) -> int:
    """Write the first turns of the evaluation sets as request bodies; returns how many."""
    texts: list[str] = []
    for path in QUESTIONS:
        with path.open(encoding="utf-8") as lines:
            texts += [json.loads(line)["turns"][0] for line in lines]
    rows = (json.dumps({"text": text}, ensure_ascii=False) for text in texts)
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return len(texts)


@contextmanager
def serving(app: str, data_dir: Path) -> Iterator[str]:
    """An application under the project's gunicorn configuration; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "NUANGANG_DATA_DIR": str(data_dir),
        "NUANGANG_DATABASE_URL": "",
        "NUANGANG_PORT": str(port),
        "NUANGANG_WORKERS": "2",
    }
    configuration = ROOT / "deploy" / "gunicorn.conf.py"
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", str(configuration), app],
        cwd=ROOT,
        env=os.environ | settings,
    )
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def wait_for(port: int) -> None:
    """Wait until something listens."""
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def ask(url: str, seconds: float, asked: Path, apart: str = "") -> Window:
    """Post bodies as fast as they are answered, for so many seconds."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", "bench/bodies.lua", url]
    environment = {**os.environ, "BODIES": str(asked)} | ({"APART": apart} if apart else {})
    started = time.monotonic()
    said = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout
    took = time.monotonic() - started
    done = _DONE.search(said)
    bad = _BAD.search(said)
    if done is None:
        raise RuntimeError(said)
    return Window(int(done[1]) / took, int(done[1]), bad[0] if bad else "")


def compare(pairs: int, seconds: float) -> Mapping[str, list[tuple[Window, Window]]]:
    """Measure interleaved pairs of (empty, chat) windows, by the kind of questions."""
    found: dict[str, list[tuple[Window, Window]]] = {"asked before": [], "never asked": []}
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "bodies"
        print(f"{bodies(asked)} questions, {CONNECTIONS} connections, 2 workers")
        data_dir = Path(folder) / "var"
        with (
            serving("bench.empty_app:create_app()", Path(folder) / "empty") as empty,
            serving("server.app:create_app()", data_dir) as chat,
        ):
            ask(f"{empty}/empty", 1, asked)
            ask(f"{chat}/api/v1/chat", 3, asked)
            for number in range(pairs):
                for kind, apart in (("asked before", ""), ("never asked", f"{number} 号")):
                    one = ask(f"{empty}/empty", seconds, asked)
                    other = ask(f"{chat}/api/v1/chat", seconds, asked, apart)
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
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("bench.serving: please install wrk and run this again")
    for kind, pairs in compare(options.pairs, options.seconds).items():
        print(f"\n{kind}\n{'empty/s':>10} {'chat/s':>10} {'ratio':>7}")
        for empty, chat in pairs:
            print(f"{empty.rate:10.0f} {chat.rate:10.0f} {chat.rate / empty.rate:7.2f} {chat.bad}")
        ratios = [chat.rate / empty.rate for empty, chat in pairs]
        print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
