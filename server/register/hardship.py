"""What the register knows of somebody: read strictly, sealed as one piece."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from server.personal.persons import IdentityNumber, Name, NativePlace, Phone
from server.register.tables import Level


class Cause(StrEnum):
    """What has brought somebody into hardship, after the opinion (二、三)."""

    ILLNESS = "illness"
    ACCIDENT = "accident"
    JOB_LOSS = "job_loss"
    DISABILITY = "disability"
    SCHOOLING = "schooling"
    OTHER = "other"


class Need(StrEnum):
    """What somebody needs, after what the opinion asks of each department (三)."""

    LIVING = "living"
    JOB = "job"
    TRAINING = "training"
    LEGAL = "legal"
    MEDICAL = "medical"
    SCHOOLING = "schooling"
    HOUSING = "housing"
    LOAN = "loan"
    CARE = "care"


class Relation(StrEnum):
    """What somebody is to the head of the household."""

    HEAD = "head"
    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    OTHER = "other"


Line = Annotated[str, Field(min_length=1, max_length=64)]


class Registered(BaseModel):
    """Somebody as the register knows them.

    `income_fen`: the family's income per head and month. `facts` are those of the self-check that
    the spreadsheet knows besides what level and causes say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Name
    identity_number: IdentityNumber
    phone: Phone | None = None
    native_place: NativePlace | None = None
    address: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    employer: Line | None = None
    relation: Relation | None = None
    income_fen: Annotated[int, Field(ge=0, le=100_000_00)] | None = None
    causes: tuple[Cause, ...] = ()
    needs: tuple[Need, ...] = ()
    facts: dict[str, Any] = {}
    words: Annotated[str, Field(max_length=500)] = ""


LOOK_AGAIN_MONTHS: Mapping[Level, int] = {Level.BELOW_LINE: 6, Level.ABOVE_LINE: 12}
"""After how many months a look is due again. The opinion says 动态管理 and names no time: these are
ours, and an officer may name another day."""


def due_after(level: Level, looked_on: date) -> date:
    """The day on which the next look is due: so many months later, or that month's last day."""
    months = looked_on.month - 1 + LOOK_AGAIN_MONTHS[level]
    year, month = looked_on.year + months // 12, months % 12 + 1
    for day in range(looked_on.day, 27, -1):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    return date(year, month, min(looked_on.day, 28))


def facts_of(registered: Registered, level: Level) -> dict[str, Any]:
    """The facts of a self-check that the register vouches for; what it does not say is unknown.

    What the spreadsheet says itself goes before what level and causes stand for.
    """
    known: dict[str, Any] = {"applicant_role": ["worker"]}
    known["income_vs_subsistence_line"] = "below" if level is Level.BELOW_LINE else "slightly_above"
    if level is Level.ABOVE_LINE:
        known["living_hardship"] = True
    if {Cause.ILLNESS, Cause.ACCIDENT} & set(registered.causes):
        known["illness_or_accident"] = True
    # A disability says nothing of the other groups of the fact that names it: it stays unknown.
    return {**known, **registered.facts}
