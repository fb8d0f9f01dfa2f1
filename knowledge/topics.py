"""Topics: measures of the same kind in different places, and what no document covers."""

from typing import Annotated

from pydantic import Field

from knowledge.entries import Entry, Text

TopicId = Annotated[str, Field(pattern=r"^[a-z_0-9]+$")]


class Topic(Entry):
    """A kind of help; `questions` ask for it without saying where."""

    id: TopicId
    label: Text
    questions: tuple[Text, ...] = ()


class OutsideTopic(Entry):
    """Something people ask for that no document covers; `ask` names who would know.

    `advice` is what a person should hear before anything else: not to pay a swindler.
    """

    id: TopicId
    label: Text
    ask: Text
    advice: Text | None = None
    questions: Annotated[tuple[Text, ...], Field(min_length=1)]
