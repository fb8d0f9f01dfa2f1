"""What the bot gives back: the reply with its kind, its sources and what it leaves behind."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from knowledge.eligibility.near_misses import NearMiss

REPLY_BYTES = 2048
"""The longest reply, in bytes of UTF-8: the limit of a WeChat text message."""


class Kind(StrEnum):
    """What a reply does; see the table of the batch chat format."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    DECLINE = "decline"
    HANDOFF = "handoff"
    CHAT = "chat"


class Input(StrEnum):
    """How the next message can be given, beside typing: what a page offers for it."""

    ONE = "one"
    """One of the choices."""
    SEVERAL = "several"
    """The numbers of several choices, with a space between; 0 for none where the reply says so."""
    NUMBER = "number"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a reply comes from: a clause of a document, or the body that runs a helpline."""

    title: str
    locator: str
    number: str | None = None
    dated: date | None = None
    measure: str | None = None
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One numbered way to go on; picking it asks `question` in `region`."""

    label: str
    question: str
    region: str | None


@dataclass(frozen=True, slots=True)
class Check:
    """A self-check under way; nothing of it is kept once it ends."""

    region: str
    measures: tuple[str, ...]
    """What is checked; empty for all that the region has."""
    answers: tuple[tuple[str, str], ...]
    """Facts in the order they were given, values as JSON; null is 不清楚."""
    asked: str
    """The fact that was asked for last."""
    fixed: int
    """How many of the answers were known before the first question."""

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data for storing."""
        return {
            "region": self.region,
            "measures": list(self.measures),
            "answers": [list(answer) for answer in self.answers],
            "asked": self.asked,
            "fixed": self.fixed,
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "Check":
        """Read back what `as_data` gave."""
        answers = tuple((fact, value) for fact, value in data["answers"])
        measures = tuple(data["measures"])
        return cls(data["region"], measures, answers, data["asked"], data["fixed"])


@dataclass(frozen=True, slots=True)
class Context:
    """What a conversation remembers between two messages."""

    region: str | None = None
    """The place the person spoke of last; it wins over one chosen in the app before that."""
    chosen: str | None = None
    """The place chosen in the app when the last message came."""
    elsewhere: str = ""
    """The place without documents that the person spoke of last, '' where there is none."""
    question: str = ""
    """The last question of substance, without its place words."""
    measures: tuple[str, ...] = ()
    """What it was answered (or declined) from, best first."""
    choices: tuple[Choice, ...] = ()
    """The numbered choices the last reply offered."""
    check: Check | None = None
    """The self-check under way."""
    about: str = ""
    """What was told last beside any document: care:medical, outside:fraud; '' for nothing."""
    helplines: tuple[str, ...] = ()
    """The helplines that were given with it, the most urgent first."""

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data for storing."""
        return {
            "region": self.region,
            "chosen": self.chosen,
            "elsewhere": self.elsewhere,
            "question": self.question,
            "measures": list(self.measures),
            "check": self.check and self.check.as_data(),
            "choices": [[c.label, c.question, c.region] for c in self.choices],
            "about": self.about,
            "helplines": list(self.helplines),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "Context":
        """Read back what `as_data` gave."""
        return cls(
            region=data["region"],
            chosen=data["chosen"],
            elsewhere=data["elsewhere"],
            question=data["question"],
            measures=tuple(data["measures"]),
            choices=tuple(Choice(*choice) for choice in data["choices"]),
            check=Check.from_data(data["check"]) if data.get("check") else None,
            about=data.get("about", ""),
            helplines=tuple(data.get("helplines", ())),
        )


@dataclass(frozen=True, slots=True)
class Rejected:
    """A candidate that was not used: its score (0..1) and the gate that stopped it."""

    measure: str
    score: float
    gate: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply; `reason` names the step and gate that made it, for the record only."""

    kind: Kind
    reply: str
    reason: str
    region: str | None = None
    measures: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    suggestions: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    input: Input | None = None
    """What a question of the self-check is answered with."""
    rejected: tuple[Rejected, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    """Of a self-check that has come to its end."""
    context: Context = field(default_factory=Context)
