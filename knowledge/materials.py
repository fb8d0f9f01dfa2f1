"""What is to be handed in: kinds of material, and for each measure those that it takes.

The documents hardly say it. What a clause states carries its words; the rest is what an office
usually asks for, and nobody may say that the document asks for it.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, model_validator

from knowledge.entries import Entry, Text
from knowledge.faults import Code, Fault, refused


class MaterialKind(Entry):
    """One kind of material; `hint` says how to photograph it, counts are of photos or documents."""

    id: Annotated[str, Field(pattern="^[a-z]+(_[a-z]+)*$", max_length=64)]
    title: Text
    hint: Text
    at_least: Annotated[int, Field(ge=1, le=20)] = 1
    at_most: Annotated[int, Field(ge=1, le=20)] = 10

    @model_validator(mode="after")
    def _in_order(self) -> "MaterialKind":
        if self.at_least > self.at_most:
            raise refused(Fault(Code.COUNTS_REVERSED))
        return self


class StatedMaterial(Entry):
    """A kind that the clause asks for, with its words."""

    kind: Text
    quote: Text
    locator: str | None = None
    """The clause of the quote where it is not the measure's own."""


class Checklist(Entry):
    """What one measure, whose id it has, takes; both empty: nothing at all."""

    id: Text
    stated: tuple[StatedMaterial, ...] = ()
    usual: tuple[Text, ...] = ()
    """Kinds that an office usually asks for; the document does not."""

    def kinds(self) -> Iterator[str]:
        """Every kind, those that are stated first."""
        yield from (each.kind for each in self.stated)
        yield from self.usual

    @model_validator(mode="after")
    def _each_once(self) -> "Checklist":
        kinds = list(self.kinds())
        if len(kinds) != len(set(kinds)):
            raise refused(Fault(Code.MATERIAL_TWICE))
        return self
