"""Trying a release before it is in force, in a process of its own: answers are not to wait for it.

    python -m server.editing.trials < order > report

The process reads the drafts or the release it is to try, and writes what it found; what passes is
indexed and kept, so that every worker has it at once when it is published.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from bot import regression
from bot.evaluation import Gold
from bot.retrieval.indexing import IndexedLibrary
from knowledge.differing import release_changes
from knowledge.drafting import Changes, candidate, troubles
from knowledge.eligibility.personas import Miss, Persona, evaluate, read_personas
from knowledge.faults import Code, Fault
from knowledge.library import Edition, Library
from knowledge.scoring import GoldRefused
from server.database.db import Database
from server.editing import drafts, gold
from server.editing.patterns import endless_patterns
from server.editing.reports import (
    Changed,
    PersonaResult,
    QuestionResult,
    Report,
    SwapResult,
    TakenOut,
)
from server.published import releases
from server.published.kept_indexes import KeptIndexes
from server.settings import Settings

PATIENCE_SECONDS = 120.0
DraftVersion = tuple[str, str, int]
"""Kind, key and version of a draft."""


class TrialFailed(Exception):
    """The process ended without a report; what it was to try is neither good nor bad."""


class DraftsMoved(Exception):
    """A draft changed between being chosen and being tried."""


class Order(BaseModel):
    """What is to be tried: drafts over the release in force, or a stored release."""

    database: str
    indexes: Path
    secret: SecretStr
    today: date
    drafts: tuple[DraftVersion, ...] = ()
    release: int | None = None
    whole: bool = False
    """`editions` are the whole release, as it was imported."""
    editions: tuple[Edition, ...] = ()
    swaps: int = regression.MOST_SWAPS
    """How many questions are carried to another city at most."""

    def as_json(self) -> bytes:
        """The order as the process reads it, its secret included."""
        plain = self.model_dump(mode="json")
        return json.dumps({**plain, "secret": self.secret.get_secret_value()}).encode()


@dataclass(frozen=True, slots=True)
class Trial:
    """What was tried over which release, and what came of it."""

    base: int | None
    drafts: tuple[DraftVersion, ...]
    editions: list[Edition] | None
    """What is to be stored, None where it can't be, or is stored already."""
    report: Report


def order(settings: Settings, database: Database, today: date, **what: Any) -> Order:
    """An order for this service's database and indexes."""
    secret = settings.secret_key.get_secret_value() if settings.secret_key else ""
    return Order(
        database=database.engine.url.render_as_string(hide_password=False),
        indexes=settings.data_dir / "indexes",
        secret=SecretStr(secret),
        today=today,
        **what,
    )


def run(asked: Order) -> Trial:
    """Try it in a process of its own; raises `TrialFailed`, `DraftsMoved`."""
    # Not isolated: it is our own program over our own database. The working folder may be any.
    process = subprocess.Popen(
        [sys.executable, "-X", "utf8", "-m", "server.editing.trials"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    with process:
        try:
            written, _ = process.communicate(asked.as_json(), timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise TrialFailed from None
    if process.returncode != 0:
        raise TrialFailed
    told = json.loads(written)
    if told is None:
        raise DraftsMoved
    return read(told, asked)


def read(told: dict[str, Any], asked: Order) -> Trial:
    """What came of an order, as `attempt` tells it."""
    stored = told["editions"]
    return Trial(
        told["base"],
        asked.drafts,
        None if stored is None else [(kind, key, content) for kind, key, content in stored],
        Report.model_validate(told["report"]),
    )


def attempt(asked: Order) -> dict[str, Any] | None:
    """Try it here, and say what came of it as `run` reads it; None where a draft has moved."""
    began = time.monotonic()
    database = Database(asked.database)
    try:
        with database.read() as session:
            found = releases.current(session)
            base, before = found or (None, [])
            chosen = drafts.listed(session) if asked.drafts else []
            questions, persons = gold.questions(session), gold.personas(session)
            taken_out = gold.taken_out_since(session, gold.told_until(session))
            stored = None if asked.release is None else releases.editions_of(session, asked.release)
    finally:
        database.release()
    changes: Changes = {}
    if asked.drafts:
        known = {(d.kind, d.key, d.version): d for d in chosen}
        if any(wanted not in known for wanted in asked.drafts):
            return None
        changes = drafts.changes([known[wanted] for wanted in asked.drafts])
    over = stored if stored is not None else list(asked.editions) if asked.whole else before
    against, library = troubles(over, changes)
    after = candidate(over, changes) if library is not None else []
    changed = release_changes(before, after) if after else []
    if library is not None and asked.release is None:
        # Before anything is asked of it. One that was in force is not kept from coming back.
        against += endless_patterns(changed, before, after)
    report = Report(
        changed=tuple(Changed(sort=c.sort.value, kind=c.kind, key=c.key) for c in changed),
        troubles=tuple(against),
        taken_out=tuple(TakenOut(id=each.id, turns=each.turns) for each in taken_out),
    )
    if library is not None and not against:
        kept = KeptIndexes(asked.indexes, asked.secret.get_secret_value().encode())
        earlier = _indexed(before, kept) if before else None
        indexed = _indexed(after, kept, library)
        report = _compared(report, earlier, indexed, questions, persons, asked)
    told = report.model_copy(update={"seconds": time.monotonic() - began})
    keep = after if asked.release is None and not told.stops else None
    return {"base": base, "editions": keep, "report": told.model_dump(mode="json")}


def _indexed(
    editions: list[Edition], kept: KeptIndexes, library: Library | None = None
) -> IndexedLibrary:
    fingerprint = releases.fingerprint_of(editions)
    found = kept.get(fingerprint)
    if found is None:
        found = IndexedLibrary(library or Library(editions))
        kept.put(fingerprint, found)
    return found


def _compared(
    report: Report,
    before: IndexedLibrary | None,
    after: IndexedLibrary,
    questions: Sequence[Gold],
    persons: Sequence[str],
    asked: Order,
) -> Report:
    outcomes = list(regression.outcomes(questions, before, after, asked.today))
    new = [c.key for c in report.changed if c.kind == "measure" and c.sort != "gone"]
    swapped = regression.swaps(after, questions, asked.today, new, most=asked.swaps)
    people = _persons(persons, before.library if before else None, after.library)
    return report.model_copy(
        update={
            "asked": len(outcomes),
            "wrong": sum(1 for o in outcomes if o.after),
            "better": tuple(map(_result, (o for o in outcomes if o.before and not o.after))),
            "worse": tuple(map(_result, (o for o in outcomes if o.after and not o.before))),
            "swapped": swapped.asked,
            "borrowed": tuple(
                SwapResult(question=b.question, place=b.place, measures=b.measures, reply=b.reply)
                for b in swapped.borrowed
            ),
            **people,
        }
    )


def _result(outcome: regression.Outcome) -> QuestionResult:
    return QuestionResult(
        id=outcome.gold.id,
        turns=outcome.gold.turns,
        before=outcome.before,
        after=outcome.after,
        reply=outcome.reply,
    )


def _persons(lines: Sequence[str], before: Library | None, after: Library) -> dict[str, Any]:
    fitting, unfit = _fitting(lines, after)
    now, total = _misses(fitting, after)
    earlier = {} if before is None else _misses(_fitting(lines, before)[0], before)[0]
    return {
        "checked": total,
        "persons_better": tuple(
            PersonaResult(id=id, measure=measure, before=was, after=None)
            for (id, measure), was in earlier.items()
            if (id, measure) not in now and id not in unfit
        ),
        "persons_worse": tuple(
            PersonaResult(id=id, measure=measure, before=None, after=found)
            for (id, measure), found in now.items()
            if (id, measure) not in earlier
        ),
        "persons_unfit": tuple(unfit),
    }


def _fitting(lines: Sequence[str], library: Library) -> tuple[list[Persona], list[str]]:
    fitting: list[Persona] = []
    unfit: list[str] = []
    for line in lines:
        try:
            fitting += read_personas("stored", [line], library)
        except GoldRefused:
            unfit.append(str(json.loads(line)["id"]))
    return fitting, unfit


def _misses(
    persons: Sequence[Persona], library: Library
) -> tuple[dict[tuple[str, str], Fault], int]:
    score = evaluate(persons, library)
    misses: dict[tuple[str, str], Fault] = {}
    for missed in score.misses:
        misses.setdefault((missed.persona.id, missed.measure), _wrong(missed))
    return misses, score.total["all"]


def _wrong(missed: Miss) -> Fault:
    return Fault(
        Code.OTHER_VERDICT,
        {"part": missed.what, "found": missed.found, "wanted": missed.wanted},
    )


def main() -> None:
    """Read an order from the standard input and write what came of it."""
    # Whoever answers people goes first.
    os.nice(5)
    asked = Order.model_validate_json(sys.stdin.buffer.read())
    json.dump(attempt(asked), sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
