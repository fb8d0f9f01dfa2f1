"""Which aspect of a measure a question asks for: how much, who, what papers, until when …"""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, model_validator

from knowledge.entries import Entry, Text, compiles
from knowledge.measures import Aspect

_USED = "□"


class AspectRule(Entry):
    """Words that ask for one aspect. A `firm` rule asks for nothing else: who wants a telephone
    number is not helped by the sum, while «怎么领» may just mean «tell me about it».

    What a pattern does not spell, the words in a gap, stands in a group of its own: they are the
    subject more often than not, and stay.
    """

    aspect: Aspect
    firm: bool
    named: bool = False
    """Who asks so is told if it isn't written, though what is written answers the question."""
    patterns: Annotated[tuple[Text, ...], Field(min_length=1)]
    asks: tuple[Text, ...] = ()


class AspectRules(Entry):
    """The rules in their order; `words` stand in the patterns as <name>."""

    words: dict[str, Text]
    rules: tuple[AspectRule, ...]

    @model_validator(mode="after")
    def _patterns_compile(self) -> "AspectRules":
        for rule in self.rules:
            for pattern in rule.patterns:
                compiles(self.spelled_out(pattern))
        return self

    def spelled_out(self, pattern: str) -> str:
        """Put the words in the place of their names."""
        for name, words in self.words.items():
            pattern = pattern.replace(f"<{name}>", words)
        return pattern


@dataclass(frozen=True, slots=True)
class Asked:
    """The aspects a question asks for, in the order of the rules, and those it asks firmly."""

    aspects: tuple[Aspect, ...]
    firm: frozenset[Aspect]
    named: frozenset[Aspect]
    """The firm ones and those that are to be named where they aren't written."""
    left: str
    """The text with the words that asked for an aspect blanked out."""


class AspectReader:
    """The compiled rules of one library."""

    def __init__(self, rules: AspectRules) -> None:
        self._rules = tuple(
            (rule, re.compile("|".join(map(rules.spelled_out, rule.patterns))))
            for rule in rules.rules
        )

    def read(self, text: str) -> Asked:
        """Return what a tidied text without place words asks for."""
        found: list[AspectRule] = []
        for rule, pattern in self._rules:
            left = pattern.sub(_blanked, text)
            if left != text:
                found.append(rule)
                text = left
        firm = frozenset(rule.aspect for rule in found if rule.firm)
        named = frozenset(rule.aspect for rule in found if rule.named)
        return Asked(tuple(dict.fromkeys(r.aspect for r in found)), firm, firm | named, text)


def _blanked(found: re.Match[str]) -> str:
    """What stays of words that asked: those in its gaps."""
    return _USED.join(("", *filter(None, found.groups()), ""))
