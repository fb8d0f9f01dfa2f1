"""Ground to test whole services on: people, what they can apply for, and what came of it."""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from knowledge.eligibility.verdicts import is_open
from server.casework.applying import NothingToApplyFor, check
from server.clock import china_day
from server.database.db import Database
from server.settings import load_settings
from server.web import sessions
from server.web.resources import Resources, make_resources
from tests import casework
from tests.serving import Service


@dataclass
class Field:
    """A running service, people to apply, and every intent with what came of it."""

    service: Service
    known: Resources
    measures: list[str]
    intents: list[tuple[str, str, str]] = field(default_factory=list)
    """Token, key, measure."""
    acknowledged: dict[str, str] = field(default_factory=dict)
    """Case by key."""
    _before: int = 0
    """The number of the last worker before the newest intents."""

    def people(self, number: int) -> list[str]:
        """So many new workers; returns their tokens."""
        tokens = []
        for _ in range(number):
            now = datetime.now(UTC)
            worker = casework.worker(
                self.known.database, self.known.safe, self.known.subject_keys, now=now
            )
            with self.known.database.begin() as session:
                tokens.append(sessions.sign_in(session, worker, now=now).token)
        return tokens

    def intend(self, number: int) -> list[tuple[str, str, str]]:
        """So many applications, each of another person or for another measure."""
        each = len(self.measures)
        self._before = self._count("SELECT max(id) FROM worker")
        tokens = self.people(-(-number // each))
        start = len(self.intents)
        new = [
            (tokens[place // each], f"intent-{start + place:06}", self.measures[place % each])
            for place in range(number)
        ]
        random.Random(start).shuffle(new)
        self.intents += new
        return new

    def submit(self, port: int, intent: tuple[str, str, str], send: Callable[..., Any]) -> None:
        token, key, measure = intent
        body = {"measure": measure, "facts": {}, "despite_warning": True}
        replied = send(port, "/applications", token, key, body)
        if replied.status == 201:
            self.acknowledged[key] = replied.body["id"]
        else:
            assert replied.status in (409, 503), replied

    def faults(self) -> list[str]:
        """What is not as it was acknowledged, and every case that is half or twice there."""
        return faults_of(self.known.database, self.acknowledged.values())

    def faults_of_newest(self, newest: Iterable[tuple[str, str, str]]) -> list[str]:
        """The same of the newest intents only: after a thousand kills the others are many."""
        keys = {key for _, key, _ in newest} & self.acknowledged.keys()
        acknowledged = [self.acknowledged[key] for key in keys]
        return faults_of(self.known.database, acknowledged, self._before)

    def cases(self) -> int:
        return self._count("SELECT count(*) FROM cases")

    def _count(self, sql: str) -> int:
        row = self.known.database.fetch(sql)
        return 0 if row is None or row[0] is None else int(row[0])


def faults_of(database: Database, acknowledged: Iterable[str], after: int = 0) -> list[str]:
    """Which of these cases are not in a database, and every case that is half or twice there.

    `after`: only the workers that came after the one with this number are looked at.
    """
    with database.read() as session:
        run = session.connection().execute
        rows = run(text(_WHOLE), {"after": after}).all()
        claims = run(text(_CLAIMS), {"after": after}).all()
    whole = {row[0] for row in rows if row[1:] == (1, 1, 1)}
    found = [f"half: {row}" for row in rows if row[1:] != (1, 1, 1)]
    found += [f"lost: {id}" for id in acknowledged if id not in whole]
    double = len(rows) - len(claims)
    return found + ([f"twice: {double}"] if double else [])


_WHOLE = (
    # Counted once for all: a count for each case would look through the audit a thousand times.
    "SELECT cases.id, coalesce(events.count, 0), coalesce(entries.count, 0),"
    " CASE WHEN sealed_facts IS NULL OR sealed_verdict IS NULL OR sealed_person IS NULL"
    "  THEN 0 ELSE 1 END FROM cases"
    " LEFT JOIN (SELECT case_id, count(*) AS count FROM case_event WHERE case_id IN"
    "  (SELECT id FROM cases WHERE worker_id > :after) GROUP BY case_id) AS events"
    "  ON events.case_id = cases.id"
    " LEFT JOIN (SELECT row, count(*) AS count FROM audit_entry"
    "  WHERE about = 'cases' AND worker_id > :after GROUP BY row) AS entries"
    "  ON entries.row = cases.id"
    " WHERE cases.worker_id > :after"
)
_CLAIMS = "SELECT DISTINCT worker_id, measure, period FROM cases WHERE worker_id > :after"


@contextmanager
def ground_on(database_url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Field]:
    """A service that is not started yet, on a prepared database and data directory."""
    monkeypatch.setenv("NUANGANG_DATA_DIR", str(home))
    monkeypatch.setenv("NUANGANG_DATABASE_URL", database_url)
    known = make_resources(load_settings())
    service = Service(home, database_url)
    library = known.serving.current().library
    today = china_day(datetime.now(UTC))
    open_ones = [id for id, c in library.rules.criteria.items() if is_open(c, today)]
    measures = [id for id in open_ones if _can_be_applied_for(known, id)]
    yield Field(service, known, measures)
    service.kill()
    known.linking.close()
    known.serving.close()
    known.conversations.close()
    known.database.release()


def _can_be_applied_for(known: Resources, measure: str) -> bool:
    served = known.serving.current()
    try:
        today = china_day(datetime.now(UTC))
        check(
            served.library, served.release, served.library.measures[measure], None, {}, today=today
        )
    except NothingToApplyFor:
        return False
    return True
