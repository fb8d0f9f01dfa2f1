"""A command as somebody types it."""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from server.cli import main
from server.db import Database

Run = Callable[..., tuple[int, str, str]]
"""Takes the words of the line; gives the exit code, what was printed, what was complained of."""


@pytest.fixture
def run(
    database: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    for name in [name for name in os.environ if name.startswith("NUANGANG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NUANGANG_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("NUANGANG_DATABASE_URL", database_url)

    def ran(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(getattr(sys, name), "reconfigure", lambda **_: None, raising=False)
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as left:
            code = int(left.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran
