"""Inspecting what workers send, in a process of its own with little time and memory."""

import json
import threading
from pathlib import Path
from typing import Any

from server import confining
from server.casework.recoding import Recoded, Refusal, Refused

_PROGRAM = Path(__file__).with_name("recoding.py")
PATIENCE_SECONDS = 10.0
"""The inspection itself ends after two seconds of the processor's time; this is for waiting."""
_QUEUE_SECONDS = 5.0
_AT_ONCE = threading.BoundedSemaphore(2)


class InspectionBusy(Exception):
    """There was no time to look at the file; it may be a good one."""


def inspect(content: bytes) -> Recoded:
    """What may be kept of a file; raises `Refused`, `InspectionBusy`."""
    if not _AT_ONCE.acquire(timeout=_QUEUE_SECONDS):
        raise InspectionBusy
    try:
        report = _run(content)
    finally:
        _AT_ONCE.release()
    head, _, kept = report.partition(b"\n")
    told: dict[str, Any] = json.loads(head)
    if "refused" in told:
        raise Refused(Refusal(told["refused"]))
    return Recoded(kept, **told)


def _run(content: bytes) -> bytes:
    try:
        return confining.run([str(_PROGRAM)], content, patience_seconds=PATIENCE_SECONDS)
    except confining.StillRunning:
        raise InspectionBusy from None
    except confining.Failed as failed:
        raise Refused(Refusal.TOO_HARD if failed.by_limits else Refusal.BROKEN) from None
