"""`make setup` installs what the locks name, once: by what stands in them, not by their times."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASKED = "asked"
"""What the stand-ins for Python and the installer were started with."""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The project's files for it, in an environment that only notes what it is asked to do."""
    folder = tmp_path / "a path with spaces" / "暖岗"
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / ".venv" / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    path_file = "__editable__.nuangang-1.pth"
    (folder / ".venv" / "lib" / "python3.11" / "site-packages" / path_file).write_text("")
    (folder / ".venv" / "bin").mkdir()
    for name in ("python", "uv"):
        program = folder / ".venv" / "bin" / name
        program.write_text(
            f'#!/bin/sh\necho "{name} $*" >> {ASKED}\n'
            'case "$*" in *pip\\ sync* | *pip\\ install*) ! [ -e offline ] ;; esac\n'
        )
        program.chmod(0o755)
    return folder


def _make(folder: Path, target: str = "setup") -> list[str]:
    """Which locks it installed."""
    asked = folder / ASKED
    asked.unlink(missing_ok=True)
    made = subprocess.run(["make", target], cwd=folder, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    ran = asked.read_text().splitlines() if asked.exists() else []
    return [line.rpartition("/")[2] for line in ran if line.startswith("uv pip sync")]


def test_what_is_in_place_is_not_installed_again(clone: Path) -> None:
    assert _make(clone) == ["run.lock"]
    assert _make(clone) == []
    for path in (clone / "requirements").iterdir():
        path.touch()
    assert _make(clone) == []


def test_a_lock_that_comes_with_an_old_time_is_installed(clone: Path) -> None:
    """As tar and rsync bring a program: with the times that its files had elsewhere."""
    _make(clone)
    lock = clone / "requirements" / "run.lock"
    lock.write_text(lock.read_text() + "# newer\n")
    os.utime(lock, (1, 1))
    assert _make(clone) == ["run.lock"]
    assert _make(clone) == []


def test_the_developers_packages_stay_once_they_are_in(clone: Path) -> None:
    assert _make(clone, ".venv/.dev") == ["dev.lock"]
    assert _make(clone) == []
    lock = clone / "requirements" / "dev.lock"
    lock.write_text(lock.read_text() + "# newer\n")
    assert _make(clone) == ["dev.lock"]
    assert _make(clone, ".venv/.dev") == []


def test_what_could_not_be_installed_is_tried_again(clone: Path) -> None:
    (clone / "offline").touch()
    failed = subprocess.run(["make", "setup"], cwd=clone, capture_output=True, text=True)
    assert failed.returncode != 0
    (clone / "offline").unlink()
    assert _make(clone) == ["run.lock"]
