"""Topics: measures of the same kind in different places, and what no document covers."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from knowledge.entries import Entry, Text
from knowledge.faults import Code, Fault, refused

TopicId = Annotated[str, Field(pattern=r"^[a-z_0-9]+$")]


class Topic(Entry):
    """A kind of help; `questions` ask for it without saying where."""

    id: TopicId
    label: Text
    questions: tuple[Text, ...] = ()


class OutsideTopic(Entry):
    """Something people ask for that no document covers; `ask` names who would know.

    `advice` is what a person should hear before anything else: not to pay a swindler. What is asked
    of the service itself (how far is my case) has a `reply` instead of somebody to ask.
    """

    id: TopicId
    label: Text
    ask: Text | None = None
    reply: Text | None = None
    advice: Text | None = None
    questions: Annotated[tuple[Text, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_answered_in_one_way(self) -> Self:
        if (self.ask is None) == (self.reply is None):
            raise refused(Fault(Code.ASK_OR_REPLY))
        return self
