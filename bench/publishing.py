"""Publishes thousands of entries in a process that answers meanwhile: how long, and who waits.

    python -m bench.publishing --entries 10000

The program's measures get so many more questions, which are checked, stored and published as the
desk does it, in a thread of the very process that answers. Another thread asks one question after
the other, a third looks a thousand times a second whether it is let: what keeps answers waiting
keeps it waiting, too.
"""

import argparse
import gc
import json
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import cycle, product
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import insert

from bench.headlines import headline
from bot.answers import Context
from server.casework import tables
from server.chat.serving import Serving
from server.database.db import Database
from server.editing import drafts, publishing, trials
from server.editing.trials import DraftVersion
from server.preparing import kept_indexes, prepare
from server.published import releases
from server.settings import Settings

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
TODAY = date(2026, 3, 2)
WRITER, PUBLISHER = 1, 2
MOST_SECONDS, LONGEST_MS = 10, 50
_AFTERWARDS_SECONDS = 3.0
_SO = ("请问", "麻烦问一下", "我想问", "打听一下", "帮我看看")
_THEN = ("呢", "啊", "，谢谢", "，急")
"""What people put before and behind a question: other entries that ask the same."""


@dataclass
class Waits:
    """What a thread noted: when each turn began, and how many seconds it took."""

    turns: list[tuple[float, float]] = field(default_factory=list)

    def longest(self, since: float, until: float) -> tuple[float, float]:
        """The longest turn between two moments, in milliseconds, and when it was after `since`."""
        found = [(took, began) for began, took in self.turns if since <= began < until]
        took, began = max(found, default=(0.0, since))
        return took * 1000, began - since


class Watching:
    """Asks and looks, in two threads, until it ends."""

    def __init__(self, serving: Serving) -> None:
        self.answers, self.looks = Waits(), Waits()
        self._serving = serving
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask), threading.Thread(target=self._look)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        library = self._serving.current().library
        for text in cycle([measure.question for measure in library.measures.values()]):
            if self._ended.wait(0.002):
                break
            began = time.perf_counter()
            self._serving.current().answer(text, Context(), today=TODAY)
            self.answers.turns.append((began, time.perf_counter() - began))

    def _look(self) -> None:
        while not self._ended.is_set():
            began = time.perf_counter()
            time.sleep(0.001)
            self.looks.turns.append((began, time.perf_counter() - began - 0.001))


def longer(database: Database, entries: int) -> list[DraftVersion]:
    """Drafts that give the measures in force so many more questions."""
    with database.begin() as session:
        session.execute(
            insert(tables.Officer),
            [
                {
                    "id": number, "name": str(number), "roles": json.dumps(["editor", "publisher"]),
                    "regions": "[]", "active": True, "version": 1, "created_at": NOW,
                }
                for number in (WRITER, PUBLISHER)
            ],
        )  # fmt: skip
    with database.read() as session:
        _, editions = releases.current(session) or (0, [])
    measures = [(key, content) for kind, key, content in editions if kind == "measure"]
    share = -(-entries // len(measures))
    chosen: list[DraftVersion] = []
    with database.begin() as session:
        for key, content in measures:
            asked = [text for text in content["similar"] if text[-1] not in "？?"]
            more = [f"{so}{text}{then}" for so, then in product(_SO, _THEN) for text in asked]
            kept = drafts.save(
                session,
                kind="measure",
                key=key,
                content={**content, "similar": [*content["similar"], *more[:share]]},
                version=0,
                officer_id=WRITER,
                now=NOW,
            )
            chosen.append(("measure", key, kept.version))
    return chosen


def publish(settings: Settings, database: Database, chosen: list[DraftVersion]) -> dict[str, float]:
    """Check, store and publish drafts as the desk does; when each step ended."""
    ended = {"begun": time.perf_counter()}
    order = trials.order(settings, database, TODAY, drafts=tuple(chosen))
    trial = trials.run(order)
    assert not trial.report.stops, (trial.report.troubles[:3], trial.report.borrowed[:9])
    ended["checked"] = time.perf_counter()
    with database.begin() as session:
        proposal = publishing.propose(session, trial, note="many", officer_id=WRITER, now=NOW)
    ended["stored"] = time.perf_counter()
    with database.begin() as session:
        publishing.publish(session, proposal, officer_id=PUBLISHER, reason="many", now=NOW)
    ended["in force"] = time.perf_counter()
    return ended


def main() -> None:
    """Publish once, and print how long it took and whom it kept waiting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), secret_key=SecretStr("k" * 32))
        database = prepare(settings, now=NOW)
        serving = Serving(database, kept_indexes(settings))
        chosen = longer(database, options.entries)
        before = serving.current().release
        # As gunicorn does before it makes workers.
        gc.collect()
        gc.freeze()
        watching = Watching(serving)
        time.sleep(_AFTERWARDS_SECONDS)
        try:
            ended = publish(settings, database, chosen)
            while serving.current().release == before:
                time.sleep(0.01)
            ended["served"] = time.perf_counter()
            time.sleep(_AFTERWARDS_SECONDS)
            ended["afterwards"] = time.perf_counter()
        finally:
            watching.end()
            serving.close()
            database.release()
    _tell(options.entries, watching, ended)


def _tell(entries: int, watching: Watching, ended: dict[str, float]) -> None:
    begun = ended["begun"]
    steps = ["begun", "checked", "stored", "in force", "served", "afterwards"]
    for step, until in zip(["begun", *steps[:-1]], steps, strict=True):
        since = ended[step] if until != "begun" else begun - _AFTERWARDS_SECONDS
        answer, look = (
            watching.answers.longest(since, ended[until]),
            watching.looks.longest(since, ended[until]),
        )
        print(
            f"{until:>10}: {ended[until] - begun:6.2f} s; longest answer {answer[0]:.0f} ms"
            f" (at {answer[1]:.2f} s), longest wait {look[0]:.0f} ms (at {look[1]:.2f} s)"
        )
    seconds = ended["served"] - ended["begun"]
    longest = max(
        waits.longest(begun, ended["afterwards"])[0] for waits in (watching.answers, watching.looks)
    )
    headline(
        f"{entries:,} more entries checked, stored, published and served",
        f"{seconds:.1f} s",
        f"{MOST_SECONDS} s",
    )
    headline(
        "the longest that an answer, or a thread that wants to, waited meanwhile",
        f"{longest:.0f} ms",
        f"{LONGEST_MS} ms",
    )


if __name__ == "__main__":
    main()
