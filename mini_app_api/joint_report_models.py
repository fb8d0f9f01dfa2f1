"""What goes in and out of joint reports of wage arrears. Sums are in fen, months as `2026-01`."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mini_app_api.models import Request, Version, View, Words
from server.arrears.joining import MOST_FEN, MOST_PROOFS
from server.arrears.tables import Outcome, ReportMove, ReportState

Month = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
Amount = Annotated[int, Field(ge=1, le=MOST_FEN)]
Materials = Annotated[
    list[Annotated[str, Field(pattern="^[0-9a-f]{32}$")]], Field(max_length=MOST_PROOFS)
]
Code = Annotated[Words, Field(min_length=1, max_length=40)]
Agreed = Annotated[Literal[True], Field(description="交上去以后，名单和证据给经办人和劳动监察看")]


class PartAsked(Request):
    """What one is owed, and the materials that prove it; `version` as it was read."""

    amount_fen: Amount
    materials: Materials = Field(default_factory=list)
    version: Version


class StartAsked(Request):
    """A report with one's own part; `agreed`: officers and inspectors get name and number."""

    region: Annotated[Words, Field(min_length=1, max_length=64)]
    employer: Annotated[Words, Field(min_length=2, max_length=64)]
    place: Annotated[Words, Field(max_length=128)] = ""
    first_month: Month
    last_month: Month
    amount_fen: Amount
    materials: Materials = Field(default_factory=list)
    agreed: Agreed

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first_month > self.last_month:
            raise PydanticCustomError("months_order", "refused")
        return self


class CodeAsked(Request):
    """The code that somebody passed on; blanks and capitals don't matter."""

    code: Code


class JoinAsked(CodeAsked):
    """The code, and one's own part; `agreed` as in a start."""

    amount_fen: Amount
    materials: Materials = Field(default_factory=list)
    agreed: Agreed


class CodeChangeAsked(Request):
    """Whether people can join by a code: true makes another one, false closes it."""

    open: bool


class FoundView(View):
    """What a code stands for; `joined`: the caller has a part in it, under this number."""

    employer: str
    place: str
    region: str
    first_month: str
    last_month: str
    people: int
    open: bool
    joined: str | None


class InviteView(View):
    """How others join: the code, a link to send, and a picture of it to scan, until an instant."""

    code: str
    link: str
    image: str
    until: datetime


class StepView(View):
    """One step: what was done, in a sentence, and the officer's words to everybody."""

    at: datetime
    move: ReportMove
    said: str
    words: str


class JointReportView(View):
    """A report that one has joined: one's own part, and of the others only how many they are.

    `total_fen` null: not handed in, or fewer than three: each could tell another's. `invite` is the
    starter's, null where nobody can join.
    """

    id: str
    employer: str
    place: str
    region: str
    first_month: str
    last_month: str
    state: ReportState
    standing: str
    unit: str
    due_on: date | None
    outcome: Outcome | None
    people: int
    total_fen: int | None
    starter: bool
    changeable: bool
    amount_fen: int
    recovered_fen: int
    version: int
    materials: list[str]
    invite: InviteView | None
    steps: list[StepView]


class JointReportsView(View):
    """The reports that one has joined, the newest first."""

    joint_reports: list[JointReportView]
