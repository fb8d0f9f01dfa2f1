"""A file with people in it is its owner's alone, and never half there."""

import stat
from pathlib import Path

from server.confidential import private_files
from server.confidential.private_files import in_memory


def test_a_file_is_private_and_leaves_no_part_behind(tmp_path: Path) -> None:
    file = tmp_path / "out" / "batch.csv"
    private_files.write(file, b"one")
    private_files.write(file, b"two")
    assert file.read_bytes() == b"two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["batch.csv"]


def test_what_only_passes_is_read_by_its_path_and_gone_afterwards() -> None:
    with in_memory(b"one") as path:
        assert path.read_bytes() == b"one"
    assert not path.exists()
