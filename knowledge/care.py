"""Distress, the wish for a person, small talk, and the telephone numbers that help."""

import re
from datetime import date
from functools import cached_property
from typing import Annotated

from pydantic import Field, field_validator

from knowledge.entries import Entry, Text, any_of, compiles

_WINDOW, _OVERLAP = 400, 80
"""A long text is read in pieces, so that no pattern takes time with the square of its length."""


class Helpline(Entry):
    """A telephone number that is the same all over the country, with where that is laid down."""

    id: Text
    number: Annotated[str, Field(pattern=r"^\d{3,12}$")]
    name: Text
    for_: Annotated[Text, Field(alias="for")]
    source: Text
    checked_on: date
    note: str | None = None


class _Patterned(Entry):
    patterns: Annotated[tuple[Text, ...], Field(min_length=1)]

    @field_validator("patterns")
    @classmethod
    def _patterns_compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(compiles, patterns))

    @cached_property
    def _any(self) -> re.Pattern[str]:
        return any_of(self.patterns)


class _Recognised(_Patterned):
    id: Text
    examples: tuple[Text, ...] = ()


class Besides(_Patterned):
    """What is told after the help to those who say more: they are hurt, and the boss won't pay."""

    say: Text
    helplines: tuple[Text, ...] = ()

    def is_told(self, text: str) -> bool:
        """Tell whether normalised `text` says it."""
        return bool(self._any.search(text))


class Case(_Patterned):
    """Of a kind of distress what wants other words and another number first: 宿舍着火了."""

    opening: Text
    helplines: Annotated[tuple[Text, ...], Field(min_length=1)]

    def is_told(self, text: str) -> bool:
        """Tell whether normalised `text` is of this case."""
        return bool(self._any.search(text))


class CareEntry(_Recognised):
    """A kind of distress (or the wish for a person), how it is recognised, what is said first.

    `again` is said to whom goes on about it; `cases` are looked through in order.
    """

    label: Text
    opening: Text
    helplines: tuple[Text, ...]
    again: Text | None = None
    cases: tuple[Case, ...] = ()
    besides: tuple[Besides, ...] = ()
    exceptions: tuple[Text, ...] = ()

    @field_validator("exceptions")
    @classmethod
    def _exceptions_compile(cls, exceptions: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(compiles, exceptions))

    @cached_property
    def _exception(self) -> re.Pattern[str]:
        return any_of(self.exceptions)

    def case(self, text: str) -> Case | None:
        """Return the case that normalised `text` tells of; None for what is usual."""
        return next((case for case in self.cases if case.is_told(text)), None)

    def fires(self, text: str) -> bool:
        """Tell whether normalised `text` shows it, once the excepted phrases are taken out."""
        return any(
            self._any.search(self._exception.sub("，", text[start : start + _WINDOW]))
            for start in range(0, max(1, len(text) - _OVERLAP), _WINDOW - _OVERLAP)
        )


class CareSentences(Entry):
    """How people in need say it, by kind; and what only sounds like it. They teach the wording."""

    heard: dict[Text, tuple[Text, ...]]
    ordinary: tuple[Text, ...]


class SmallTalk(_Recognised):
    """A message that is nothing but a greeting, thanks, a goodbye …, and its fixed reply."""

    reply: Text

    def fires(self, text: str) -> bool:
        """Tell whether the whole of normalised `text` is this."""
        return bool(self._any.fullmatch(text))

    def leads(self, text: str) -> int:
        """Return how many characters at the beginning of normalised `text` are this."""
        found = self._any.match(text)
        return found.end() if found else 0
