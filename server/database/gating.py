"""One writer at a time: among the threads of a process, and among the processes of a machine.

SQLite waits for another process by polling with growing pauses, so that who comes late is often
first, and somebody may sleep for a second while the lock is free. Here one looks again after a
fraction of a millisecond; and whoever has waited for long enough takes a second lock, at which all
who come later stop. The locks are the kernel's: they go with the process that holds them.
"""

import fcntl
import threading
import time
from io import FileIO
from pathlib import Path

_LOOK_EVERY_SECONDS = 0.0002
# Taking turns at once would be fair and slow: each turn reads anew what the other has written.
_PATIENCE_SECONDS = 0.005


class Gate:
    """Lets one through at a time; make one in each process."""

    def __init__(self, beside: Path) -> None:
        self._thread = threading.Lock()
        self._paths = tuple(beside.with_name(beside.name + end) for end in (".first", ".held"))
        self._files: list[FileIO] = []

    def __del__(self) -> None:
        self._close()

    def acquire(self, timeout: float) -> bool:
        """Go through, or not within so many seconds."""
        until = time.monotonic() + timeout
        if not self._thread.acquire(timeout=timeout):
            return False
        try:
            passed = self._pass(until)
        except BaseException:
            # No room for files or locks, say: what was taken till then goes with the files.
            self._close()
            self._thread.release()
            raise
        if not passed:
            self._thread.release()
        return passed

    def release(self) -> None:
        """Let the next one through."""
        fcntl.flock(self._files[1], fcntl.LOCK_UN)
        self._thread.release()

    def _pass(self, until: float) -> bool:
        if not self._files:
            for path in self._paths:
                self._files.append(FileIO(path, "a"))
        first, held = self._files
        if not _lock(first, until):
            return False
        fcntl.flock(first, fcntl.LOCK_UN)
        passed = _lock(held, min(until, time.monotonic() + _PATIENCE_SECONDS))
        if not passed and _lock(first, until):
            passed = _lock(held, until)
            fcntl.flock(first, fcntl.LOCK_UN)
        return passed

    def _close(self) -> None:
        for file in self._files:
            file.close()
        self._files = []


def _lock(file: FileIO, until: float) -> bool:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK_EVERY_SECONDS)
