"""What editors upload: pages to be made knowledge of, and whole releases as files."""

import json
import sys
import threading
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from knowledge.archives import read_archive, refused_zip
from knowledge.faults import Code, Fault
from knowledge.files import KnowledgeFileRefused, Problem
from knowledge.library import Edition
from server import confining
from server.editing.recognising import Kind, Refusal, Refused

LONGEST_UPLOAD = 8 * 1024 * 1024
"""Bytes of an uploaded page or release."""
PATIENCE_SECONDS = 20.0
_RECOGNISING = Path(__file__).with_name("recognising.py")
_CPU_SECONDS = 30
_ADDRESS_SPACE = 1024 * 1024 * 1024
_TOO_HARD = Fault(Code.TOO_HARD_TO_READ)
_PROBLEMS = TypeAdapter(tuple[Problem, ...])
_AT_ONCE = threading.BoundedSemaphore(2)
_QUEUE_SECONDS = 10.0


class ReceivingBusy(Exception):
    """There was no time to look at the file; it may be a good one."""


def page_of(content: bytes) -> tuple[Kind, str]:
    """The kind and the text of an uploaded page; raises `Refused`, `ReceivingBusy`."""
    if len(content) > LONGEST_UPLOAD:
        raise Refused(Refusal.TOO_LARGE)
    if not content:
        raise Refused(Refusal.EMPTY)
    try:
        report = _run([str(_RECOGNISING)], content)
    except confining.Failed as failed:
        raise Refused(Refusal.TOO_HARD if failed.by_limits else Refusal.BROKEN) from None
    head, _, text = report.partition(b"\n")
    told = json.loads(head)
    if "refused" in told:
        raise Refused(Refusal(told["refused"]))
    return Kind(told["kind"]), text.decode()


def release_of(content: bytes) -> list[Edition]:
    """The editions of an uploaded release; raises `KnowledgeFileRefused`, `ReceivingBusy`.

    A refusal lists every line of every file that stands against it; nothing is taken partly.
    """
    if len(content) > LONGEST_UPLOAD:
        raise refused_zip(Fault(Code.UPLOAD_TOO_LARGE, {"most": LONGEST_UPLOAD}))
    try:
        report = _run(["-m", "server.editing.receiving"], content or b"-")
    except confining.Failed:
        raise refused_zip(_TOO_HARD) from None
    told = json.loads(report)
    if "refused" in told:
        raise KnowledgeFileRefused(_PROBLEMS.validate_python(told["refused"]))
    return [(kind, key, content) for kind, key, content in told["editions"]]


def _run(program: list[str], content: bytes) -> bytes:
    if not _AT_ONCE.acquire(timeout=_QUEUE_SECONDS):
        raise ReceivingBusy
    try:
        return confining.run(program, content, patience_seconds=PATIENCE_SECONDS)
    except confining.StillRunning:
        raise ReceivingBusy from None
    finally:
        _AT_ONCE.release()


def main() -> None:
    """Read a release from the standard input and write its editions, or what stands against it."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        report: dict[str, Any] = {"editions": read_archive(sys.stdin.buffer.read())}
    except KnowledgeFileRefused as refused:
        report = _as_told(refused)
    except (MemoryError, RecursionError):
        report = _as_told(refused_zip(_TOO_HARD))
    json.dump(report, sys.stdout, ensure_ascii=False)


def _as_told(refused: KnowledgeFileRefused) -> dict[str, Any]:
    return {"refused": _PROBLEMS.dump_python(refused.problems, mode="json")}


if __name__ == "__main__":
    main()
