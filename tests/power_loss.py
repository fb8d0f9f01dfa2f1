"""What a disk holds when the power goes: from a recording of every write and sync of a service.

A write is on the disk for certain once a later sync of its file has returned. Before that the disk
may hold it, not hold it, or hold some of its sectors: in any combination with the others.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

RECORDING = (
    "strace", "-f", "-qq", "-y", "-xx", "-s", "1000000", "--seccomp-bpf",
    "-e", "trace=pwrite64,ftruncate,fsync,fdatasync,sendto",
)  # fmt: skip
_SECTOR = 512
_CALL = re.compile(
    r"(?P<pid>\d+) +(?P<name>\w+)\(\d+<(?P<path>[^>]*)>"
    r'(?:, "(?P<held>[^"]*)"(?:\.\.\.)?)?(?P<rest>.*)'
)
_RESUMED = re.compile(r"(?P<pid>\d+) +<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)")
_NUMBERS = re.compile(r"-?\d+")


@dataclass
class Step:
    """One thing that happened: a write begins or a sync ends, or something is sent to somebody."""

    kind: str
    """write, cut, sync or sent."""
    path: str
    content: bytes = b""
    offset: int = 0
    since: int = 0
    """Of a sync: how many steps had happened when it began."""


def read(recording: Path) -> list[Step]:
    """The steps of a recording, in their order."""
    steps: list[Step] = []
    begun: dict[tuple[str, str], tuple[str, int]] = {}
    for line in recording.read_text("ascii", "replace").splitlines():
        if (resumed := _RESUMED.match(line)) is not None:
            path, since = begun.pop((resumed["pid"], resumed["name"]), ("", 0))
            if path and resumed["name"].startswith("f") and resumed["name"] != "ftruncate":
                steps.append(Step("sync", path, since=since))
            continue
        call = _CALL.match(line)
        if call is None:
            continue
        path, name = _bytes(call["path"]).decode("utf-8", "replace"), call["name"]
        is_whole = "<unfinished" not in line
        if name in ("fsync", "fdatasync"):
            if is_whole:
                steps.append(Step("sync", path, since=len(steps)))
            else:
                begun[call["pid"], name] = (path, len(steps))
        elif name == "pwrite64":
            offset = int(_NUMBERS.findall(call["rest"])[1])
            steps.append(Step("write", path, _bytes(call["held"]), offset))
        elif name == "ftruncate":
            steps.append(Step("cut", path, offset=int(_NUMBERS.findall(call["rest"])[0])))
        else:
            steps.append(Step("sent", path, _bytes(call["held"])))
    return steps


def _bytes(written: str) -> bytes:
    return bytes.fromhex(written.replace("\\x", ""))


@dataclass
class Disk:
    """Files as they surely are, and what has been written to them since."""

    files: dict[str, bytearray]
    waiting: dict[str, list[tuple[int, Step]]] = field(default_factory=lambda: defaultdict(list))

    def take(self, number: int, step: Step) -> None:
        """Go one step on."""
        if step.kind == "sync":
            held = self.waiting[step.path]
            for begun, write in held:
                if begun < step.since:
                    _apply(self.files.setdefault(step.path, bytearray()), write)
            self.waiting[step.path] = [one for one in held if one[0] >= step.since]
        elif step.kind in ("write", "cut"):
            self.waiting[step.path].append((number, step))

    def after_power_loss(self, chance: random.Random) -> Iterator[tuple[str, bytes]]:
        """Each file as it may be found."""
        lucky = chance.choice((0.0, 0.5, 0.9))
        for path in self.files.keys() | self.waiting.keys():
            content = bytearray(self.files.get(path, b""))
            for _, write in self.waiting[path]:
                if chance.random() < lucky:
                    _apply(content, write, chance if chance.random() < 0.3 else None)
            yield path, bytes(content)


def _apply(content: bytearray, step: Step, torn: random.Random | None = None) -> None:
    if step.kind == "cut":
        del content[step.offset :]
        content.extend(bytes(step.offset - len(content)))
        return
    for start in range(0, len(step.content), _SECTOR):
        if torn is not None and torn.random() < 0.5:
            continue
        piece = step.content[start : start + _SECTOR]
        at = step.offset + start
        if len(content) < at:
            content.extend(bytes(at - len(content)))
        content[at : at + len(piece)] = piece
