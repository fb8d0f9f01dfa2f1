"""A command as somebody types it, on a data directory that the first one of a module prepares."""

import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from bot.retrieval.indexing import IndexedLibrary
from server.cli import main
from server.published.kept_indexes import KeptIndexes

Typed = Callable[..., "Ran"]


class Ran:
    """What a command gave back."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture(scope="module")
def data_dir(prepared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data directory for all commands of a module, as a first start leaves it."""
    return shutil.copytree(prepared_home, tmp_path_factory.mktemp("cli") / "a path with spaces")


_READ: dict[bytes, IndexedLibrary] = {}
"""Indexes by their seals, which tell one content from another."""


@pytest.fixture
def _indexes_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command reads the index of the release: of hundreds that are run here, the first does.

    A third of a second each; whether one is read rightly is tested beside them.
    """
    get = KeptIndexes.get

    def remembered(kept: KeptIndexes, fingerprint: str) -> IndexedLibrary | None:
        path = kept._path(fingerprint)
        seal = path.read_bytes()[:32] if path.exists() else b""
        found = _READ.get(seal) or get(kept, fingerprint)
        if found is not None:
            _READ[seal] = found
        return found

    monkeypatch.setattr(KeptIndexes, "get", remembered)


@pytest.fixture
def nuangang(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    _indexes_read_once: None,
) -> Typed:
    """A line, run here: a process of its own would first import everything."""

    def ran(*arguments: str, stdin: str | bytes = "") -> Ran:
        content = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(getattr(sys, name), "reconfigure", lambda **_: None, raising=False)
        try:
            code = main(arguments)
        except SystemExit as left:
            code = int(left.code or 0)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return ran


@pytest.fixture
def typed(nuangang: Typed, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """A line, where the settings name the module's data directory."""
    for name in [name for name in os.environ if name.startswith("NUANGANG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NUANGANG_DATA_DIR", str(data_dir))
    return nuangang


def lines(rows: Iterable[Any]) -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
