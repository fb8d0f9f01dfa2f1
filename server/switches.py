"""Turning parts of the service off, everywhere or in one region, with a sentence that says so.

The sentence is all that people get to see: what is off, until when, and whom to ask meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, select

from knowledge.regions import Regions
from server.database.db import Database
from server.database.tables import Part, Switch

EVERYWHERE = ""
LONGEST_WORDS = 300
_FIELD, _ROW = "\x1f", "\x1e"
_READ = (
    "SELECT string_agg(part || :field || region || :field || says, :row) FROM switch WHERE is_off"
)


class WordsMissing(Exception):
    """Nothing is turned off without a word."""


class SwitchedOff(Exception):
    """What was asked for is turned off; `words` are what people are told."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True, slots=True)
class Off:
    """All that is off at one moment, with the words, by part and region."""

    words: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def why(self, part: Part, regions: Regions, region: str | None) -> str | None:
        """The words where a part is off for a region, or for one it lies in; None: it is on."""
        if not self.words:
            return None
        places = regions.path(region) if region is not None and region in regions else ()
        # What is said of the nearest place.
        for place in (*reversed(places), EVERYWHERE):
            if (found := self.words.get((part, place))) is not None:
                return found
        return None

    def refuse(self, part: Part, regions: Regions, region: str | None) -> None:
        """Raise `SwitchedOff` where a part is off."""
        if (words := self.why(part, regions, region)) is not None:
            raise SwitchedOff(words)


NOTHING_OFF = Off()


def read(database: Database) -> Off:
    """What is off now: one statement, for a process looks twice a second."""
    row = database.fetch(_READ, field=_FIELD, row=_ROW)
    if row is None or not row[0]:
        return NOTHING_OFF
    rows = (each.split(_FIELD) for each in row[0].split(_ROW))
    return Off({(part, region): says for part, region, says in rows})


def turn(
    session: Session, part: Part, region: str, *, off: bool, says: str, by: str, now: datetime
) -> None:
    """Turn a part off or on, everywhere where `region` is empty; raises `WordsMissing`."""
    words = " ".join(says.replace(_FIELD, " ").replace(_ROW, " ").split())[:LONGEST_WORDS]
    if off and not words:
        raise WordsMissing
    found = session.get(Switch, (part.value, region))
    if found is None:
        found = Switch(part=part.value, region=region, is_off=off, says=words, changed_at=now,
                       changed_by=by)  # fmt: skip
    found.is_off, found.changed_at, found.changed_by = off, now, by
    if off:
        found.says = words
    session.add(found)
    session.flush()


def listed(session: Session) -> list[Switch]:
    """Everything that was ever turned off, by part and region."""
    return list(session.scalars(select(Switch).order_by(col(Switch.part), col(Switch.region))))
