"""Compares submitting an application with a single durable insert through the same server.

    python -m bench.casework --pairs 5 --seconds 3 [--slower 1] [--postgres]

Each application is of another person, checked, idempotent, audited, sealed and on the disk when it
is answered. Both endpoints are asked in turn, in the same server, so that a busy machine slows them
alike: read the ratio, the median of the pairs. The cases are counted afterwards.

Between the two, the rows that a submission leaves are written with nothing checked or sealed: what
no submission that leaves them can be faster than.

A raw insert waits for the disk alone, submissions together: what the ratio is depends on how long
the disk takes. So all is measured again where each sync takes `--slower` milliseconds more.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.headlines import headline
from bench.serving import serving
from server.clock import utc_now
from server.database.db import Database
from server.database.tables import Worker
from server.settings import load_settings
from server.web import sessions
from server.web.resources import make_resources
from tests import casework
from tests.postgres import Cluster
from tests.serving import ROOT

MEASURE = "shishi-4a"
FACTS = {
    "applicant_role": ["worker"],
    "unemployment_insured": True,
    "unemployment_insurance_months": 14,
    "job_loss_involuntary": True,
    "unemployment_registered": True,
    "seeking_work": True,
}
CONNECTIONS = 4
SCRIPT = "bench/casework.lua"
_DONE = re.compile(r"(\d+) requests in")
_P99 = re.compile(r"99%\s+([\d.]+)(us|ms|s)")
_BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Window:
    """What one stretch of asking came to; `p99` in milliseconds."""

    rate: float
    done: int
    p99: float
    bad: str


def make_raw_table() -> None:
    """Where the raw rows go."""
    known = make_resources(load_settings())
    table = "CREATE TABLE raw_row (id TEXT PRIMARY KEY, at TEXT, body TEXT)"
    with known.database.begin() as session:
        session.connection().exec_driver_sql(
            f"{table} WITHOUT ROWID" if known.database.is_sqlite else table
        )
    known.database.release()


def people(count: int) -> Iterator[str]:
    """Make so many workers who agreed and said who they are; yields the token of each."""
    known = make_resources(load_settings())
    now = utc_now()
    with known.database.begin() as session:
        workers = [Worker(created_at=now) for _ in range(count)]
        session.add_all(workers)
    ids = [worker.id for worker in workers if worker.id is not None]
    safes = {id: known.subject_keys.safe_of(id) for id in ids}
    for start in range(0, count, 500):
        with known.database.begin() as session:
            for id in ids[start : start + 500]:
                casework.introduce(session, safes[id], id, casework.person(id), now=now)
                yield sessions.sign_in(session, id, now=now).token
    known.database.release()


def ask(url: str, seconds: float, tokens: Path, body: Path, first: int) -> Window:
    """Post for so many seconds, beginning with the person at `first`."""
    said = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", SCRIPT, url],
        cwd=ROOT,
        env={**os.environ, "TOKENS": str(tokens), "BODY": str(body), "FIRST": str(first)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    done, p99, bad = _DONE.search(said), _P99.search(said), _BAD.search(said)
    if done is None or p99 is None:
        raise RuntimeError(said)
    took = float(p99[1]) * _MILLISECONDS[p99[2]]
    return Window(int(done[1]) / seconds, int(done[1]), took, bad[0] if bad else "")


def slower_disk(milliseconds: float) -> list[str]:
    """What to run a program under, as on a disk so much slower to sync; nothing for 0."""
    delay = f"inject=fsync,fdatasync:delay_exit={milliseconds * 1000:.0f}"
    watching = ["strace", "-D", "-f", "--seccomp-bpf", "-qqq", "-o", "/dev/null"]
    return [*watching, "-e", "trace=fsync,fdatasync", "-e", delay] if milliseconds else []


def compare(
    pairs: int, seconds: float, at_first: int, database_url: str, slower: float = 0.0
) -> list[tuple[Window, Window, Window]]:
    """Measure interleaved windows of (raw insert, rows only, submission).

    Nobody applies twice: between the windows more people are made, if `at_first` were too few.
    """
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "var"
        os.environ |= {"NUANGANG_DATA_DIR": str(data_dir), "NUANGANG_DATABASE_URL": database_url}
        tokens, body = Path(folder) / "tokens", Path(folder) / "body"
        make_raw_table()
        made = 0
        body.write_text(json.dumps({"measure": MEASURE, "facts": FACTS}), encoding="utf-8")
        found: list[tuple[Window, Window, Window]] = []
        app = "bench.casework_app:create_app()"
        under = slower_disk(slower)
        with serving(app, "", data_dir, database_url, under) as server:
            raw, rows = f"{server.url}/raw", f"{server.url}/rows"
            submit = f"{server.url}/api/v1/applications"
            place, needed = 0, at_first
            for number in range(pairs + 1):
                if needed > made:
                    with tokens.open("a", encoding="utf-8") as file:
                        file.writelines(f"{token}\n" for token in people(needed - made))
                    made = needed
                one = ask(raw, seconds, tokens, body, place)
                # The first time there is no case yet whose rows could be written again.
                only = ask(rows, seconds, tokens, body, place) if number else one
                other = ask(submit, seconds, tokens, body, place)
                # Those whose reply the end of the window cut off have their case, too.
                place += other.done + 2 * CONNECTIONS
                if place > made:
                    raise RuntimeError(f"{made} people are too few: --people")
                needed = place + 2 * other.done
                if number:
                    found.append((one, only, other))
        database = Database(database_url or f"sqlite:///{data_dir / 'nuangang.db'}")
        row = database.fetch(
            "SELECT count(*), count(DISTINCT worker_id) FROM cases WHERE claim <> id"
        )
        database.release()
        assert row is not None
        print(f"cases {row[0]}, of so many people {row[1]}; asked for about {place}")
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--people", type=int, default=4_000, help="at first")
    parser.add_argument("--slower", type=float, default=1.0, help="milliseconds; 0: not again")
    parser.add_argument("--postgres", action="store_true", help="there instead of on SQLite")
    options = parser.parse_args()
    # What waits for the disk there is PostgreSQL, which is not run under anything.
    disks = [0.0] if options.postgres or not options.slower else [0.0, options.slower]
    for slower in disks:
        cluster = Cluster(durable=True) if options.postgres else None
        try:
            url = "" if cluster is None else cluster.url(cluster.new_database())
            found = compare(options.pairs, options.seconds, options.people, url, slower)
        finally:
            if cluster is not None:
                cluster.stop()
        _print(found, f", each sync {slower:g} ms longer" if slower else "")


def _print(found: list[tuple[Window, Window, Window]], disk: str) -> None:
    print(f"{CONNECTIONS} connections, 2 workers{disk}: requests per second, 99th percentile in ms")
    print(f"{'raw':>8}{'rows':>8}{'submit':>8}{'ratio':>7}{'raw p99':>9}{'submit p99':>11}")
    for one, only, other in found:
        print(
            f"{one.rate:8.0f}{only.rate:8.0f}{other.rate:8.0f}{other.rate / one.rate:7.2f}"
            f"{one.p99:9.1f}{other.p99:11.1f} {one.bad} {only.bad} {other.bad}"
        )
    ratio = statistics.median(other.rate / one.rate for one, _, other in found)
    least = statistics.median(only.rate / one.rate for one, only, _ in found)
    worst = max(other.p99 for *_, other in found)
    submitting = f"submitting / one raw durable insert{disk}, requests per second; 99 %"
    headline(submitting, f"{ratio:.2f}; {worst:.0f} ms", "0.7; 100 ms")
    writing = f"only writing the rows of a submission / one raw durable insert{disk}"
    headline(writing, f"{least:.2f}", "–")
    print(f"median ratio {ratio:.2f}, rows only {least:.2f}, worst p99 {worst:.1f} ms")


if __name__ == "__main__":
    main()
