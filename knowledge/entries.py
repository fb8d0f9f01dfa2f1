"""What every knowledge file is made of: strict entries, and statements with their quotes."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from knowledge.faults import Code, Fault, refused

Text = Annotated[str, Field(min_length=1)]


class Entry(BaseModel):
    """Base of everything that is read from a knowledge file: no unknown keys, nothing changed.

    Validators are built with their first use: a start that finds its index kept reads no files.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, defer_build=True
    )


class Statement(Entry):
    """A plain sentence with the words of the document it rests on."""

    say: Text
    quote: Text
    locator: str | None = None
    """The clause of the quote where it is not the measure's own."""
    partly: bool = False
    """The sentence itself says that what is usually asked for is not written."""


def any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Put patterns together to one that matches where any does; of none, it never matches."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)")


@lru_cache(maxsize=8192)
def compiles(pattern: str) -> str:
    """Give back a pattern that is one; for validators, which tell of one that isn't.

    One that needs no character, as of `(?:想死)?` or `想死|`, is found in every text there is.

    A release differs from the next in few of its patterns: those found sound are remembered.
    """
    try:
        found = re.compile(pattern).search("")
    except re.error as error:
        fault = Fault(Code.PATTERN_BROKEN, {"pattern": pattern, "error": str(error)})
        raise refused(fault) from None
    if found:
        raise refused(Fault(Code.PATTERN_FITS_ALL, {"pattern": pattern}))
    return pattern
