"""Topics: measures of the same kind in different places, and what no document covers."""

import re
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from knowledge.care import Besides
from knowledge.entries import Entry, Text, any_of, compiles
from knowledge.faults import Code, Fault, refused

TopicId = Annotated[str, Field(pattern=r"^[a-z_0-9]+$")]


class Topic(Entry):
    """A kind of help; `questions` ask for it without saying where.

    Its `helplines` are open to everybody: they are told where a measure gives no number.
    """

    id: TopicId
    label: Text
    helplines: tuple[Text, ...] = ()
    questions: tuple[Text, ...] = ()


class OutsideTopic(Entry):
    """Something people ask for that no document covers; `ask` names who would know.

    `advice` is what a person should hear before anything else: not to pay a swindler. What is asked
    of the service itself (how far is my case) has a `reply` instead of somebody to ask; it may have
    patterns of whole messages that can ask for nothing else (`said`), or for nothing else as long
    as nothing was spoken of before (`said_first`).
    """

    id: TopicId
    label: Text
    ask: Text | None = None
    reply: Text | None = None
    advice: Text | None = None
    patterns: tuple[Text, ...] = ()
    """What matches one of them, and no exception, is about it whatever else it is like."""
    exceptions: tuple[Text, ...] = ()
    besides: tuple[Besides, ...] = ()
    """What comes before the advice for those who say more: they have paid already."""
    questions: Annotated[tuple[Text, ...], Field(min_length=1)]
    said: tuple[Text, ...] = ()
    said_first: tuple[Text, ...] = ()
    if_named: bool = False
    """Other words than those patterns ask for it only where they name the service: 你们, 暖岗."""

    @field_validator("said", "said_first", "patterns", "exceptions")
    @classmethod
    def _patterns_compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(compiles, patterns))

    def is_asked_by(self, text: str, *, first: bool) -> bool:
        """Tell whether the whole of a normalised text asks for it, `first` of all or later on."""
        return bool(self._said.fullmatch(text) or (first and self._said_first.fullmatch(text)))

    @cached_property
    def _said(self) -> re.Pattern[str]:
        return any_of(self.said)

    @cached_property
    def _said_first(self) -> re.Pattern[str]:
        return any_of(self.said_first)

    @cached_property
    def _any(self) -> re.Pattern[str]:
        return any_of(self.patterns)

    @cached_property
    def _exception(self) -> re.Pattern[str]:
        return any_of(self.exceptions)

    def surely(self, text: str) -> bool:
        """Tell whether normalised `text` is about it by its very words."""
        return bool(self._any.search(text)) and not self._exception.search(text)

    @model_validator(mode="after")
    def _is_answered_in_one_way(self) -> Self:
        if (self.ask is None) == (self.reply is None):
            raise refused(Fault(Code.ASK_OR_REPLY))
        return self
