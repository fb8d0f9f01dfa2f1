"""The figures that stand in the README: printed where they are measured, written by the run."""

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


def written(page: str, found: dict[str, str], machine: str) -> str:
    """The page with the figures that were found; others between the markers stay as they are."""
    before, _, rest = page.partition(BEGINS)
    held, _, after = rest.partition(ENDS)
    if not after:
        raise ValueError(f"{BEGINS} … {ENDS} is missing")
    rows_held = [line for line in held.splitlines() if line.startswith("| ")]
    kept = {line.split(" | ")[0].removeprefix("| "): line for line in rows_held[2:]}
    lines = [machine, "", "| what | figure | aim |", "| --- | --- | --- |"]
    return (
        f"{before}{BEGINS}\n" + "\n".join([*lines, *(kept | found).values()]) + f"\n{ENDS}{after}"
    )
