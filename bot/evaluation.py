"""Evaluation: questions with the replies that would be right, run through the bot and counted.

A gold file holds one JSON object a line: `id`, `turns`, `region` (chosen in the app, or null),
`kind`, `measures` (any of them is right), `must` (what the reply has to say: alternatives parted
by `|`), `style`, and where several kinds are right, `accept_kinds`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from opencc import OpenCC
from pydantic import BaseModel, ConfigDict

from bot.answers import Answer, Kind
from knowledge.faults import Code, Fault
from knowledge.scoring import KIND, Score, read_gold_lines

Ask = Callable[[Sequence[str], str | None], Answer]
"""Asks the turns of one conversation, with the place chosen in the app; gives the last answer."""

_COMPARED = 6
"""Of an answer that compares places, any of so many measures may be the right one."""


class Gold(BaseModel):
    """One question with what a right reply to it is."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    turns: tuple[str, ...]
    region: str | None = None
    kind: Kind
    measures: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    style: str = ""
    accept_kinds: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True)
class Miss:
    """A wrong reply: what is wrong with it, and the reply itself."""

    gold: Gold
    wrong: Fault
    answer: Answer


def read_gold(name: str, lines: Iterable[str]) -> Iterator[Gold]:
    """Read the lines of a gold file; raises `GoldRefused`."""
    return read_gold_lines(name, lines, Gold.model_validate_json)


def evaluate(golds: Iterable[Gold], ask: Ask) -> Score[Miss]:
    """Ask every question and count."""
    score: Score[Miss] = Score()
    for gold in golds:
        answer = ask(gold.turns, gold.region)
        wrong = fault(gold, answer)
        missed = Miss(gold, wrong, answer) if wrong else None
        score.count(missed, f"{KIND}{gold.kind}", f"style {gold.style}")
    return score


def fault(gold: Gold, answer: Answer) -> Fault | None:
    """Return what is wrong with a reply, None where it is right."""
    if answer.kind in gold.accept_kinds:
        return None
    places = {_home(measure) for measure in answer.measures}
    if gold.kind is Kind.CLARIFY and answer.kind is Kind.ANSWER and len(places) > 1:
        # One answer for each of several places leaves nothing to ask back.
        return None
    if answer.kind is not gold.kind:
        return Fault(Code.OTHER_KIND, {"answered": answer.kind.value})
    if gold.kind is Kind.ANSWER and not _from_the_right_measure(gold, answer):
        used = answer.measures[:3]
        return Fault(Code.OTHER_MEASURES, {"measures": used}) if used else Fault(Code.NO_MEASURES)
    if gold.kind in (Kind.ANSWER, Kind.HANDOFF):
        said = _plain(answer.reply)
        for alternatives in gold.must:
            if not any(_plain(words) in said for words in alternatives.split("|")):
                return Fault(Code.NOT_SAID, {"words": alternatives})
    return None


def _from_the_right_measure(gold: Gold, answer: Answer) -> bool:
    considered = answer.measures[: _COMPARED if gold.style == "cross" else 1]
    return not set(gold.measures).isdisjoint(considered)


def _home(measure: str) -> str:
    """Return the part of a measure's id that stands for its place."""
    parts = measure.split("-")
    return "-".join(parts[:2]) if parts[0] == "hebei" else parts[0]


def _plain(text: str) -> str:
    simplified = _simplifier().convert(unicodedata.normalize("NFKC", text))
    return re.sub(r"\s+", "", simplified).lower()


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")
