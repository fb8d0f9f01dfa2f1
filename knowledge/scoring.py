"""Gold: lines that say what would be right, the count of what was, and the record of a count."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from knowledge.files import told_plainly

Line = TypeVar("Line")
Missed = TypeVar("Missed")

KIND = "kind "
"""Begins the names of the groups that a record is of."""


class GoldRefused(ValueError):
    """A file or a line that is no gold; the message names it."""


def lines_of(path: Path) -> list[str]:
    """The lines of a file; raises `GoldRefused` where it is no UTF-8.

    They end at a line feed alone: JSON may hold what other programs take for a line's end.
    """
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        at = f"{error.reason} at byte {error.start + 1}"
        raise GoldRefused(f"{path.name}: no UTF-8: {at}") from error


def read_gold_lines(name: str, lines: Iterable[str], read: Callable[[str], Line]) -> Iterator[Line]:
    """Read each line of a file; raises `GoldRefused` for what `read` raises `ValueError` for."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield read(line)
        except ValueError as error:
            raise GoldRefused(f"{name}:{number}: {told_plainly(error)}") from error


@dataclass(slots=True)
class Score(Generic[Missed]):
    """How much was right, in all and by group, and what was wrong."""

    right: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    misses: list[Missed] = field(default_factory=list)

    def count(self, missed: Missed | None, *groups: str) -> None:
        """Count one piece of gold in each group, and keep what was wrong with it."""
        for group in ("all", *groups):
            self.total[group] += 1
            self.right[group] += missed is None
        if missed is not None:
            self.misses.append(missed)

    @classmethod
    def of_all(cls, parts: Iterable["Score[Missed]"]) -> "Score[Missed]":
        """What several counts come to."""
        whole = cls()
        for part in parts:
            whole.right.update(part.right)
            whole.total.update(part.total)
            whole.misses += part.misses
        return whole

    def share(self, group: str = "all") -> float:
        """Return the share (0..1) that is right in a group; 0 where there is none."""
        return self.right[group] / self.total[group] if self.total[group] else 0.0

    def groups(self, prefix: str) -> list[str]:
        """Return the names of the groups that begin with `prefix`, sorted."""
        return sorted(group for group in self.total if group.startswith(prefix))


class Record(BaseModel):
    """What was right when it was last recorded: what a later release must not fall below."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: dict[str, tuple[str, ...]]
    """Which gold it is of, as paths from where the record lies, with the ids of what was wrong."""
    kinds: dict[str, tuple[int, int]]
    """Right and all of each kind of reply."""

    @classmethod
    def of(cls, files: Mapping[str, Score[Any]], id_of: Callable[[Any], str]) -> "Record":
        """The record of a count of each file; `id_of` tells of what was wrong which line it was."""
        score: Score[Any] = Score.of_all(files.values())
        groups = score.groups(KIND)
        kinds = {group: (score.right[group], score.total[group]) for group in groups}
        wrong = {file: tuple(map(id_of, each.misses)) for file, each in files.items()}
        return cls(files=wrong, kinds=kinds)

    def part(self, asked: Iterable[tuple[str, str, str]]) -> "Record":
        """The record of some of its gold alone; of each its file, id and kind."""
        score: Score[str] = Score()
        for file, id, kind in asked:
            score.count(id if id in self.files[file] else None, KIND + kind)
        return Record.of({"": score}, str)

    def lowered(self, score: Score[Any]) -> list[str]:
        """Each kind of which less is right than recorded, and what can't be compared."""
        told = [
            f"{kind}: {score.right[kind]} of {all}, was {right}"
            for kind, (right, all) in self.kinds.items()
            if score.total[kind] == all and score.right[kind] < right
        ]
        other = {kind for kind in self.kinds if score.total[kind] != self.kinds[kind][1]}
        other |= set(score.groups(KIND)) - self.kinds.keys()
        return told + [f"{kind}: recorded of other questions" for kind in sorted(other)]
