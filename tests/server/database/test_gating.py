"""One writer at a time, also among processes, in turns, and never after a death."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from errno import ENOLCK
from pathlib import Path
from typing import Any

import pytest

from server.database.db import Database, DatabaseBusy
from server.database.gating import Gate

HOLD = """
import sys, time
from pathlib import Path
from server.database.gating import Gate
gate = Gate(Path(sys.argv[1]))
assert gate.acquire(5)
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "some.db"


def holder(file: Path) -> subprocess.Popen[bytes]:
    """Another process that holds the gate."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(file)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    process.stdout.close()
    return process


def test_while_another_process_writes_nobody_gets_through(file: Path) -> None:
    other = holder(file)
    gate = Gate(file)
    began = time.monotonic()
    assert not gate.acquire(0.2)
    assert 0.2 <= time.monotonic() - began < 5
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    # The lock went with its process.
    assert gate.acquire(5)
    gate.release()


def test_a_write_that_cannot_start_in_time_is_told_so(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.database.db.BUSY_SECONDS", 0.1)
    database = Database(f"sqlite:///{file}")
    other = holder(file)
    with pytest.raises(DatabaseBusy), database.begin():
        pass
    with pytest.raises(DatabaseBusy):
        database.together(lambda session: None)
    other.kill()
    other.wait()
    with database.begin():
        pass
    assert database.together(lambda session: 7) == 7
    database.release()


def test_whoever_waits_behind_more_than_one_commit_takes_is_part_of_the_next(file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    before = [database._line.join(lambda session: None) for _ in range(150)]
    assert database.together(lambda session: 7) == 7
    assert all(waiting.ended for waiting in before)
    database.release()


def test_whoever_fails_at_the_gate_leaves_it_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "later" / "some.db"
    gate, other = Gate(file), Gate(file)
    with pytest.raises(FileNotFoundError):
        gate.acquire(1)
    file.parent.mkdir()
    real = fcntl.flock
    for fails_at in (1, 2, 3, 4, 8):
        assert other.acquire(1)
        calls: list[int] = []

        def flock(file: Any, how: int, calls: list[int] = calls, fails_at: int = fails_at) -> None:
            """No locks are left, at one of the steps of somebody who has to wait."""
            calls.append(how)
            if len(calls) == fails_at:
                raise OSError(ENOLCK, "no locks available")
            real(file, how)

        with monkeypatch.context() as patched, pytest.raises(OSError, match="no locks"):
            patched.setattr(fcntl, "flock", flock)
            patched.setattr("server.database.gating._PATIENCE_SECONDS", 0)
            gate.acquire(1)
        other.release()
        for each in (gate, other):
            assert each.acquire(1), fails_at
            each.release()


def test_two_in_one_process_exclude_each_other(file: Path) -> None:
    gate = Gate(file)
    inside: list[int] = []
    most: list[int] = []

    def go_through() -> None:
        for _ in range(200):
            assert gate.acquire(10)
            inside.append(1)
            most.append(len(inside))
            inside.pop()
            gate.release()

    threads = [threading.Thread(target=go_through) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1


def test_who_has_waited_for_long_goes_before_who_comes_again(file: Path) -> None:
    """One that comes again at once would otherwise always be first."""
    busy, patient = Gate(file), Gate(file)
    stop = threading.Event()

    def come_again() -> None:
        while not stop.is_set():
            assert busy.acquire(10)
            time.sleep(0.002)
            busy.release()

    thread = threading.Thread(target=come_again)
    thread.start()
    waits = []
    for _ in range(20):
        began = time.monotonic()
        assert patient.acquire(10)
        waits.append(time.monotonic() - began)
        patient.release()
        time.sleep(0.01)
    stop.set()
    thread.join()
    assert sorted(waits)[len(waits) // 2] < 0.1
