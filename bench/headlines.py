"""The figures that stand in the README: printed where they are measured, written by the run."""

from collections.abc import Iterable
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
BEGINS, ENDS = "<!-- figures of make bench -->", "<!-- end of figures -->"
_MARK = "» "


def headline(what: str, figure: str, aim: str) -> None:
    """Print a figure that belongs into the README, with its aim."""
    print(f"{_MARK}{what} | {figure} | {aim}", flush=True)


def rows(printed: str) -> dict[str, str]:
    """The rows of a table, by what they tell of, from what benchmarks printed."""
    lines = [line[len(_MARK) :] for line in printed.splitlines() if line.startswith(_MARK)]
    return {line.partition(" | ")[0]: f"| {line} |" for line in lines}


def written(page: str, found: dict[str, str], machine: str, *, keep_others: bool) -> str:
    """The page with the figures that were found, in place of those that were there.

    `keep_others`: rows that were not measured anew stay, as where one part was run.
    """
    rows_held = [line for line in between(page, BEGINS, ENDS)[1] if line.startswith("| ")]
    kept = {line.split(" | ")[0].removeprefix("| "): line for line in rows_held[2:]}
    lines = [machine, "", "| what | figure | aim |", "| --- | --- | --- |"]
    return in_place(page, BEGINS, ENDS, [*lines, *((kept if keep_others else {}) | found).values()])


def between(page: str, begins: str, ends: str) -> tuple[str, list[str], str]:
    """What stands before, between and after two marks; raises ValueError without them."""
    before, _, rest = page.partition(begins)
    held, _, after = rest.partition(ends)
    if not after:
        raise ValueError(f"{begins} … {ends} is missing")
    return before, held.splitlines(), after


def in_place(page: str, begins: str, ends: str, lines: Iterable[str]) -> str:
    """The page with other lines between two marks."""
    before, _, after = between(page, begins, ends)
    return f"{before}{begins}\n" + "\n".join(lines) + f"\n{ends}{after}"
