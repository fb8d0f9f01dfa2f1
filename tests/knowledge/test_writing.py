"""Writing knowledge files: what is written is what is read."""

from pathlib import Path

import pytest

from knowledge.library import Library, read_library
from knowledge.writing import write_library


def test_what_is_written_is_read_back_the_same(library: Library, tmp_path: Path) -> None:
    paths = write_library(library.editions, tmp_path / "out")
    assert all(path.is_file() for path in paths)
    again = read_library(tmp_path / "out").editions
    assert {(kind, key): content for kind, key, content in again} == {
        (kind, key): content for kind, key, content in library.editions
    }


def test_nothing_is_written_over(library: Library, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("")
    with pytest.raises(FileExistsError):
        write_library(library.editions, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]
