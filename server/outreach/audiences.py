"""To whom a campaign is meant, as data."""

import json
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from server.register.tables import Level


class Having(StrEnum):
    """What somebody has of the measure."""

    DRAFT = "draft"
    """Begun and not handed in."""
    CASE = "case"
    """Handed in, and not withdrawn."""


class Outcome(StrEnum):
    """What the rules say of the facts that the register or the person's cases hold."""

    ELIGIBLE = "eligible"
    ONE_AWAY = "one_away"
    """One answer could make them eligible."""


class Audience(BaseModel):
    """Who is meant: of a region and what lies in it, and of these only whom the rest leaves.

    Of a measure those who have something of it *or* of whom the rules say so. Without a measure
    and a level everybody whom the region's register, cases and wishes know.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)

    region: Annotated[str, Field(min_length=1, max_length=64)]
    level: Annotated[Level | None, Field(strict=False)] = None
    measure: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    having: Annotated[frozenset[Having], Field(strict=False)] = frozenset()
    outcomes: Annotated[frozenset[Outcome], Field(strict=False)] = frozenset()

    @model_validator(mode="after")
    def _of_a_measure(self) -> Self:
        # Nothing chosen of a measure would be nobody, or everybody: neither was meant.
        if (self.measure is None) == bool(self.having or self.outcomes):
            raise PydanticCustomError("audience_unclear", "a measure and what is chosen of it")
        return self

    def as_json(self) -> str:
        """The audience as it is kept; equal ones give the same text."""
        told = self.model_dump(mode="json")
        told["having"], told["outcomes"] = sorted(told["having"]), sorted(told["outcomes"])
        return json.dumps(told, ensure_ascii=False, sort_keys=True)


def read(text: str) -> Audience:
    """Read back what `as_json` gave."""
    return Audience.model_validate_json(text)
