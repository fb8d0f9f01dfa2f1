"""What goes in and out of drafts, cases and requests for help."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from knowledge.eligibility.verdicts import Outcome
from mini_app_api.models import Request, Version, View, Words
from server.casework.editions import Part
from server.casework.moves import Move, State
from server.casework.payable import NotPayable
from server.casework.request_tables import Category, RequestState, Voice
from server.casework.tables import Origin, Source

Said = Annotated[Words, Field(min_length=1, max_length=2000)]
Facts = Annotated[dict[str, Any], Field(max_length=200)]


class DraftAsked(Request):
    """What is filled in so far; `version` of the draft, null for a new one.

    `edition` is the one that was shown: naming the newest says that its changes were seen.
    """

    region: Words | None = None
    facts: Facts
    version: Version | None = None
    edition: Version | None = None


class VersionAsked(Request):
    """The version of what is changed, as it was read."""

    version: Version


class RuleChangeView(View):
    """One thing of a measure that is otherwise now; null: it was not there, or is gone."""

    part: Part
    before: str | None
    after: str | None


class DraftView(View):
    """A draft; `changes`: what is otherwise in the measure than when it was last seen."""

    id: str
    measure: str
    title: str
    region: str
    version: int
    edition: int
    facts: dict[str, Any]
    outcome: Outcome | None
    begun_at: datetime
    changed_at: datetime
    changes: list[RuleChangeView]


class DraftsView(View):
    """A worker's drafts, the newest first."""

    drafts: list[DraftView]


class ApplicationAsked(Request):
    """An application; without `facts`, what the draft for this measure holds.

    `despite_warning`: the worker was told that by the stated conditions it will be refused.
    """

    measure: Annotated[Words, Field(max_length=64)]
    region: Words | None = None
    facts: Facts | None = None
    despite_warning: bool = False
    edition: Version | None = None


class CaseBrief(View):
    """A case in a list; `due_on`: the day by which whoever is to act now has to.

    `standing`, `next`: where it stands and what comes now, in words for the worker; `your_turn`:
    whether it waits for them; `waits_for`: what keeps money from them that was granted.
    """

    id: str
    measure: str
    title: str
    region: str
    origin: Origin
    state: State
    version: int
    submitted_at: datetime
    due_on: date | None
    standing: str
    next: str
    your_turn: bool
    waits_for: NotPayable | None


class CasesView(View):
    """A worker's cases, the newest first."""

    applications: list[CaseBrief]


class EventView(View):
    """One move of a case; `said`: in a sentence for the worker."""

    at: datetime
    move: Move
    state: State
    by: str
    """worker, officer or job"""
    said: str
    reason: str


class ItemView(View):
    """A material that was asked for; `item` is its kind."""

    item: str
    title: str
    reason: str
    due_on: date
    answered_at: datetime | None


class ObjectionView(View):
    """An objection, and what came of it."""

    filed_at: datetime
    due_on: date
    outcome: str | None
    decided_at: datetime | None


class CaseView(CaseBrief):
    """A case; facts, verdict and person are as they were when it was submitted.

    `verdict` has the form of a self-check's result; `moves`: what the worker can do now.
    """

    unit: str
    outcome: Outcome | None
    despite_warning: bool
    facts: dict[str, Any]
    sources: dict[str, Source]
    verdict: dict[str, Any]
    person: dict[str, str | None]
    amount_fen: int | None
    history: list[EventView]
    requested: list[ItemView]
    objections: list[ObjectionView]
    moves: list[Move]


class MoveAsked(Request):
    """A move of a case, with words where the worker wants to say something."""

    version: Version
    words: Annotated[Words, Field(max_length=2000)] = ""


class AppealAsked(Request):
    """What the worker objects to in a refusal."""

    version: Version
    words: Said


class HelpAsked(Request):
    """A request for help; `conversation`: the talk with the bot that is to come along."""

    category: Category
    region: Words
    measure: Annotated[Words | None, Field(max_length=64)] = None
    words: Said
    conversation: Annotated[Words | None, Field(max_length=64)] = None


class SaidAsked(Request):
    """Something more to say in a request."""

    version: Version
    words: Said


class RatingAsked(Request):
    """The worker's word on a settled request, from 1 (bad) to 5."""

    version: Version
    satisfied: Annotated[int, Field(ge=1, le=5)]
    words: Annotated[Words, Field(max_length=2000)] = ""


class SaidView(View):
    """One thing said in a request; what was said to the bot is masked."""

    at: datetime
    voice: Voice
    text: str


class HelpBrief(View):
    """A request in a list."""

    id: str
    category: Category
    region: str
    measure: str | None
    unit: str
    state: RequestState
    version: int
    due_on: date
    opened_at: datetime


class HelpsView(View):
    """A worker's requests, the newest first."""

    requests: list[HelpBrief]


class HelpView(HelpBrief):
    """A request with all that was said."""

    dialogue: list[SaidView]
    outcome: str
    satisfied: int | None
