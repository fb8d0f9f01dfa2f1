"""Gold: lines that say what would be right, and the count of what was."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Line = TypeVar("Line")
Missed = TypeVar("Missed")


class GoldRefused(ValueError):
    """A line that is no gold; the message names file and line."""


def read_gold_lines(name: str, lines: Iterable[str], read: Callable[[str], Line]) -> Iterator[Line]:
    """Read each line of a file; raises `GoldRefused` for what `read` raises `ValueError` for."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield read(line)
        except ValueError as error:
            raise GoldRefused(f"{name}:{number}: {error}") from error


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

    def share(self, group: str = "all") -> float:
        """Return the share (0..1) that is right in a group; 0 where there is none."""
        return self.right[group] / self.total[group] if self.total[group] else 0.0

    def groups(self, prefix: str) -> list[str]:
        """Return the names of the groups that begin with `prefix`, sorted."""
        return sorted(group for group in self.total if group.startswith(prefix))
