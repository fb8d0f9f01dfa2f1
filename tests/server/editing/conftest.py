"""What tests of the editors' desk begin with: knowledge in force, two editors, a publisher."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from server.casework import tables
from server.database.db import Database
from server.editing import trials
from server.published import releases
from server.settings import Settings
from tests.small import small_editions

if TYPE_CHECKING:
    from pathlib import Path

    from knowledge.library import Library
    from server.editing.trials import Order


@dataclass
class Desk:
    """A database with the program's knowledge in force, and whoever works on it."""

    database: Database
    settings: Settings
    release: int
    now: datetime
    anna: int = 1
    bert: int = 2
    carla: int = 3

    def order(self, **what: Any) -> "Order":
        """An order to try something."""
        return trials.order(self.settings, self.database, self.now.date(), **what, swaps=12)

    def content(self, kind: str, key: str) -> dict[str, Any]:
        """What is in force of a piece."""
        from server.editing import drafts

        with self.database.read() as session:
            found = drafts.in_force(session, kind, key)
        assert found is not None
        return found


@pytest.fixture(scope="session")
def kept_here(tmp_path_factory: pytest.TempPathFactory) -> "Path":
    """Where the tests keep indexes, so that each release is indexed once for all of them."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def desk(
    database: Database, library: "Library", now: datetime, kept_here: "Path"
) -> Iterator[Desk]:
    with database.begin() as session:
        release = releases.publish(session, small_editions(library), note="test", now=now)
    with database.begin() as session:
        session.execute(
            insert(tables.Officer),
            [
                {
                    "id": number,
                    "name": name,
                    "roles": json.dumps(["editor", "publisher"]),
                    "regions": "[]",
                    "active": True,
                    "version": 1,
                    "created_at": now,
                }
                for number, name in enumerate(("安", "白", "陈"), start=1)
            ],
        )
    settings = Settings.model_validate({"data_dir": kept_here, "secret_key": "k" * 32})
    yield Desk(database, settings, release, now)
