"""A command as somebody types it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from server.database.db import Database
from tests.server.conftest import Typed

Run = Callable[..., tuple[int, str, str]]
"""Takes the words of the line; gives the exit code, what was printed, what was complained of."""


@pytest.fixture
def database_url(prepared_url: str) -> str:
    """The address of a database as a first start leaves it: to make it anew takes four seconds."""
    return prepared_url


@pytest.fixture
def run(
    nuangang: Typed,
    database: Database,
    database_url: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """A line, where the settings name the test's database."""
    for name in [name for name in os.environ if name.startswith("NUANGANG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NUANGANG_DATA_DIR", str(home))
    monkeypatch.setenv("NUANGANG_DATABASE_URL", database_url)

    def ran(*arguments: object) -> tuple[int, str, str]:
        done = nuangang(*(str(argument) for argument in arguments))
        return done.code, done.out, done.err

    return ran
