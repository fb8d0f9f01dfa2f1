"""Running a program of ours over what somebody sent, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Sequence


class StillRunning(Exception):
    """It took longer than anybody waits, and was ended."""


class Failed(Exception):
    """It ended without a result; `by_limits`: its limits or a fault ended it."""

    def __init__(self, by_limits: bool) -> None:
        super().__init__(by_limits)
        self.by_limits = by_limits


def run(program: Sequence[str], content: bytes, *, patience_seconds: float) -> bytes:
    """What a Python program writes that reads `content`; raises `StillRunning`, `Failed`.

    Isolated: nothing of the environment, its secrets least of all, is handed on.
    """
    process = subprocess.Popen(
        [sys.executable, "-I", "-X", "utf8", *program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1"},
        cwd=os.sep,
    )
    with process:
        try:
            written, _ = process.communicate(content, timeout=patience_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise StillRunning from None
    if process.returncode != 0 or not written:
        raise Failed(by_limits=process.returncode < 0)
    return written
