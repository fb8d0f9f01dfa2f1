"""Indexes kept on disk: read back as they were, never trusted without their seal."""

import os
import pickle
import pickletools
import re
import sys
import time
from contextlib import suppress
from datetime import date
from errno import ENOSPC
from pathlib import Path

import pytest

from bot.answers import Context
from bot.retrieval.indexing import IndexedLibrary
from server.chat.serving import Served
from server.published import kept_indexes
from server.published.kept_indexes import KeptIndexes

SECRET = b"secret"


@pytest.fixture
def indexed(served: Served) -> IndexedLibrary:
    return served._indexed


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def test_what_is_read_back_answers_the_same(
    tmp_path: Path, indexed: IndexedLibrary, served: Served
) -> None:
    kept = KeptIndexes(tmp_path, SECRET)
    assert kept.get("one") is None
    kept.put("one", indexed)
    found = kept.get("one")
    assert found is not None
    again = Served(1, found)
    questions = [measure.question for measure in indexed.library.measures.values()]
    for question in [*questions, "开个小店补不补", "shi shi zhao bu dao huo", "深圳失业金"]:
        here = served.answer(question, Context(), today=date(2026, 1, 1))
        there = again.answer(question, Context(), today=date(2026, 1, 1))
        assert here.answer == there.answer


def test_only_the_release_and_the_program_it_was_made_for_find_it(
    tmp_path: Path, indexed: IndexedLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = KeptIndexes(tmp_path, SECRET)
    kept.put("one", indexed)
    assert kept.get("other") is None
    monkeypatch.setattr("server.published.kept_indexes._program", lambda: "a later version")
    assert kept.get("one") is None


def test_all_that_a_kept_index_is_read_back_with_belongs_to_the_program(
    tmp_path: Path, indexed: IndexedLibrary
) -> None:
    """Else a file of an earlier version names a module that is gone, and nothing starts."""
    KeptIndexes(tmp_path, SECRET).put("one", indexed)
    content = only_file(tmp_path).read_bytes()[kept_indexes._SEAL :]
    named = {said for _, said, _ in pickletools.genops(content) if isinstance(said, str)}
    ours = {name for name in named if re.fullmatch(r"(bot|knowledge|server)(\.[a-z_]+)+", name)}
    assert {name.split(".")[0] for name in ours} == {"bot", "knowledge", "server"}
    read_with = {Path(sys.modules[name].__file__ or "") for name in ours if name in sys.modules}
    assert read_with <= set(kept_indexes._sources())


class Planted:
    """A pickle that would run code."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('planted')",)


def test_a_planted_file_is_not_read(tmp_path: Path, indexed: IndexedLibrary) -> None:
    kept = KeptIndexes(tmp_path, SECRET)
    kept.put("one", indexed)
    file = only_file(tmp_path)
    whole = file.read_bytes()
    for content in (
        b"",
        whole[:20],
        whole[:-1],
        whole[:-1] + bytes([whole[-1] ^ 1]),
        whole[:32] + pickle.dumps(Planted()),
        b"\0" * 32 + pickle.dumps(Planted()),
    ):
        file.write_bytes(content)
        assert kept.get("one") is None
    KeptIndexes(tmp_path, b"another secret").put("one", indexed)
    assert kept.get("one") is None


def test_nobody_else_may_read_it_and_old_ones_go(tmp_path: Path, indexed: IndexedLibrary) -> None:
    folder = tmp_path / "indexes"
    kept = KeptIndexes(folder, SECRET)
    for name in ("one", "two", "three", "four"):
        kept.put(name, indexed)
    assert kept.get("one") is not None
    for name in ("five", "six", "seven"):
        kept.put(name, indexed)
    assert kept.get("one") is not None, "what is read stays"
    assert kept.get("two") is None
    assert folder.stat().st_mode & 0o077 == 0
    files = list(folder.iterdir())
    assert len(files) == 4
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    assert kept.get("seven") is not None


def test_a_write_that_fails_leaves_nothing_and_one_that_died_is_cleared_away(
    tmp_path: Path, indexed: IndexedLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = KeptIndexes(tmp_path, SECRET)

    def full(*_: object) -> None:
        raise OSError(ENOSPC, "no space left")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    for fault in (full, stop):
        with monkeypatch.context() as patched, suppress(KeyboardInterrupt):
            patched.setattr(os, "replace", fault)
            kept.put("one", indexed)
        assert list(tmp_path.iterdir()) == []
    died, written = tmp_path / "draft-died", tmp_path / "draft-written"
    for path, minutes in ((died, 61), (written, 1)):
        path.write_bytes(b"half")
        at = time.time() - 60 * minutes
        os.utime(path, (at, at))
    kept.put("one", indexed)
    assert kept.get("one") is not None
    assert not died.exists() and written.exists(), "another process may be at it"


def test_a_disk_that_takes_nothing_is_no_fault(tmp_path: Path, indexed: IndexedLibrary) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    kept = KeptIndexes(in_the_way / "indexes", SECRET)
    kept.put("one", indexed)
    assert kept.get("one") is None
