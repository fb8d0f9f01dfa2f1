"""Asking the bot in tests."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path

from bot.answering import answer
from bot.answers import Answer, Context
from bot.retrieval.indexing import IndexedLibrary

TODAY = date(2026, 11, 22)
EVALUATION = Path(__file__).parents[2] / "evaluation"


def ask(
    indexed: IndexedLibrary, turns: Sequence[str], region: str | None = None, today: date = TODAY
) -> Answer:
    """Ask the turns of one conversation and return the last answer."""
    context, last = Context(), None
    for turn in turns:
        last = answer(turn, indexed, context, today=today, chosen=region)
        context = last.context
    assert last is not None
    return last


def turns_of(path: Path) -> Iterator[tuple[str, list[str], str | None]]:
    """Read id, turns and chosen place of the questions of a gold file."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield row["id"], row["turns"], row["region"]


@cache
def answered(indexed: IndexedLibrary, turns: tuple[str, ...], region: str | None) -> Answer:
    """The same, kept: several tests look at the replies to all questions of `evaluation/`."""
    return ask(indexed, turns, region)
