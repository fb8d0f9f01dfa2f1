"""What goes in and out: requests are checked by these models, replies are built from them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.answers import Input, Kind
from knowledge.eligibility.facts import FactType
from knowledge.eligibility.verdicts import Outcome
from knowledge.measures import Aspect, Audience, Form
from knowledge.regions import Level
from server.chat.self_checks import Day
from server.database.tables import MOST_NUMBER, Direction


def _readable(value: object) -> object:
    """Put halves of one character together again; a half alone, or NUL, becomes U+FFFD."""
    if not isinstance(value, str):
        return value
    if not value.isascii():
        value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value.replace("\x00", "\ufffd")


Words = Annotated[str, BeforeValidator(_readable)]
"""Text as people write it, and as broken keyboards do."""

Version = Annotated[int, Field(ge=1, le=MOST_NUMBER)]
"""The version of something, as it was read."""


class Request(BaseModel):
    """Base of what comes in: a field that nobody knows is an error.

    Pydantic builds the validator of each with its first use: all at once would hold up the start.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class View(BaseModel):
    """Base of what goes out."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class HealthView(View):
    """That the service is there; `release`: what it serves."""

    status: str
    release: int | None = None
    disk: Literal["ok", "full"] | None = None
    """Whether there is room to write."""
    keys: Literal["ok", "away"] | None = None
    """Whether the workers' keys can be read: without them nobody's own data can be."""


class SignIn(Request):
    """A login code: WeChat's, or in development `dev:NAME`.

    `web`: it comes from a page in WeChat, not from the mini-program.
    """

    code: Annotated[Words, Field(min_length=1, max_length=256)]
    web: bool = False


class SignedInView(View):
    """A bearer token and when it ends."""

    token: str
    expires_at: datetime


class PhoneAsked(Request):
    """The code that a `getPhoneNumber` button gave."""

    code: Annotated[Words, Field(min_length=1, max_length=256)]


class VerifiedPhoneView(View):
    """The verified telephone number, most of it hidden."""

    phone: str


class RegionView(View):
    """A region with what lies in it; `covered`: it has measures of its own."""

    id: str
    label: str
    level: Level
    aliases: list[str]
    covered: bool
    children: list["RegionView"]


class RegionsView(View):
    """The tree of regions."""

    regions: list[RegionView]


class MeasuresAsked(Request):
    """Which measures to list: those that apply in a region, or all."""

    region: Words | None = None
    cursor: Annotated[Words | None, Field(max_length=64)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class MeasureBrief(View):
    """One measure in a list; `open`: today lies in its time, `can_apply`: here, today."""

    id: str
    title: str
    region: str
    audience: Audience
    form: Form
    summary: str
    open: bool
    can_apply: bool


class MeasuresView(View):
    """One page of measures; `next` is the cursor of the next page, null on the last."""

    measures: list[MeasureBrief]
    next: str | None


class StatementView(View):
    """A sentence with the words of the document it rests on."""

    say: str
    quote: str
    locator: str


class AmountView(View):
    """A sum or share; `cap`: an upper limit."""

    value: float
    unit: str
    per: str | None
    cap: bool


class GrantView(View):
    """One thing that is given."""

    what: str
    amount: AmountView | None
    quote: str


class AnsweredView(View):
    """What the document says on one aspect."""

    aspect: Aspect
    say: str
    quote: str
    locator: str


class ResponsibleView(View):
    """The units in charge, as the clause names them."""

    lead: list[str]
    cooperating: list[str]


class PhoneView(View):
    """A telephone number of the clause."""

    number: str
    of: str


class ValidityView(View):
    """First and last day (Asia/Shanghai, both included); null: not stated."""

    from_day: Annotated[date | None, Field(alias="from")]
    to: date | None
    quote: str
    note: str


class DocumentView(View):
    """The document that a measure stands in."""

    id: str
    title: str
    number: str | None
    issuer: str
    dated: date
    about_date: str


class ClauseView(View):
    """The source clause, word for word."""

    locator: str
    text: str


class MeasureView(MeasureBrief):
    """One measure with its source."""

    document: DocumentView
    clause: ClauseView
    grants: list[GrantView]
    conditions: list[StatementView]
    answers: list[AnsweredView]
    not_stated: list[Aspect]
    responsible: ResponsibleView
    phones: list[PhoneView]
    validity: ValidityView
    standing: str
    """Until when it runs, or that no end is stated and whom to ask; empty where it is over."""
    quotes: list[str]
    question: str


class SuggestionsAsked(Request):
    """Where somebody is, null: not known."""

    region: Words | None = None


class SuggestionsView(View):
    """Questions to begin with."""

    region: str | None
    questions: list[str]


class Asked(Request):
    """One message; `region` is the place chosen in the app, `conversation` the last reply's.

    `message`: drawn at random by the client, the same when it sends a message again because the
    reply got lost; the message then is answered as before and counts once.
    """

    text: Words
    region: Words | None = None
    conversation: Words | None = None
    message: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_-]{20,64}$")] = None


class SourceView(View):
    """Where a reply comes from."""

    title: str
    number: str | None
    date: date | None
    locator: str
    measure: str | None
    quote: str | None


class ChoiceView(View):
    """One numbered way to go on: its number as the next message picks it."""

    number: int
    label: str


class AnswerView(View):
    """The answer to one message; `input`: how a question of the self-check is answered.

    `can_check`, `can_apply`: measures of it that one can check oneself against, and apply for now.
    `can_report`: several people are owed wages, who could report it together.
    """

    kind: Kind
    reply: str
    measures: list[str]
    region: str | None
    sources: list[SourceView]
    suggestions: list[str]
    choices: list[ChoiceView]
    input: Input | None
    can_check: list[str]
    can_apply: list[str]
    can_report: bool


class ChatReply(AnswerView):
    """The answer, and the conversation that the next message names to go on with it.

    `turn` is what a thumb names.
    """

    conversation: str
    turn: int


class ConversationAsked(Request):
    """Which conversation to read again; in the body, so that its id stands in no log."""

    conversation: Annotated[Words, Field(max_length=64)]


class TurnView(View):
    """One message and its reply as they are recorded: masked, and empty within a self-check."""

    turn: int
    at: datetime
    text: str
    kind: Kind
    reply: str
    measures: list[str]
    region: str | None
    sources: list[SourceView]
    thumb: Direction | None


class ConversationView(View):
    """The last turns of a conversation, the oldest first."""

    conversation: str
    turns: list[TurnView]


class ThumbAsked(Request):
    """What somebody thinks of a reply; null takes it back."""

    conversation: Annotated[Words, Field(max_length=64)]
    turn: Annotated[int, Field(ge=0, le=1 << 53)]
    thumb: Direction | None


class FactsAsked(Request):
    """Which facts to list: those that a region's measures rest on, or all."""

    region: Words | None = None


class AttendedAsked(Request):
    """Which facts to tell: those that one measure of a region asks for, or all of its measures."""

    region: Words
    measure: Annotated[Words, Field(max_length=64)] | None = None


class AttendedFactView(View):
    """An answer that courses give; `said`: from which, in words for the worker."""

    key: str
    value: bool | int
    said: str


class AttendedView(View):
    """What attended courses say; a fact they say nothing of is left out."""

    facts: list[AttendedFactView]


class OptionView(View):
    """One answer of a choice."""

    value: str
    label: str


class FactView(View):
    """One thing a self-check can ask; `group`: asked together; numbers lie in least..most."""

    key: str
    type: FactType
    group: str
    label: str
    question: str
    unit: str | None
    least: int | None
    most: int | None
    options: list[OptionView]
    may_be_none: bool
    """Whether an empty choice is an answer; where it is not, it counts as null."""


class FactsView(View):
    """Facts in the order of the vocabulary."""

    facts: list[FactView]


class SelfCheckAsked(Request):
    """What somebody says of themselves, by fact; null stands for 不清楚.

    A number or day may be bounds, {"at_least": 500, "at_most": 800}. `as_of` is the Asia/Shanghai
    day to check for, today where it isn't given; `already`: the measures the person has.
    """

    region: Words
    as_of: Day | None = None
    facts: dict[str, Any]
    already: Annotated[list[Words], Field(max_length=200)] = []


class PeriodView(View):
    """First and last Asia/Shanghai day, both included; null: not stated."""

    from_day: Annotated[str | None, Field(alias="from")]
    to: str | None


class ConditionView(View):
    """One condition: what the clause wants of which fact, what was given, and whether it holds.

    Of those with the same `any_of` one is enough; `to_verify`: an officer has to look at it.
    """

    fact: str | None
    verdict: Literal["met", "failed", "unknown"]
    say: str
    quote: str
    measure: str
    document: str
    locator: str
    wanted: dict[str, Any] | None
    given: Any
    to_verify: bool
    any_of: str | None


class EveryoneView(View):
    """That the clause puts no condition."""

    say: str
    quote: str


class ChangeView(View):
    """One thing that would have to be otherwise; `lasting`: nobody can change it soon."""

    fact: str | None
    say: str
    gap: int | None
    lasting: bool
    quote: str


class DueView(View):
    """A sum that the clause states, and whether it is due."""

    what: str
    value: float
    unit: str
    per: str | None
    cap: bool
    verdict: Literal["met", "failed", "unknown"]
    missing: list[str]
    quote: str


class TotalView(View):
    """What comes together; `at_least` null: up to `at_most`."""

    unit: str
    per: str | None
    at_least: float | None
    at_most: float


class ResultView(View):
    """What one measure's conditions say."""

    measure: str
    title: str
    audience: Audience
    form: Form
    as_of: str
    outcome: Outcome
    open: bool
    validity: PeriodView
    application: PeriodView | None
    published_on: str
    missing: list[str]
    conditions: list[ConditionView]
    everyone: EveryoneView | None
    changes: list[ChangeView]
    amounts: list[DueView]
    totals: list[TotalView]
    advice: list[str]
    already: bool
    excluded_by: list[str]


class SelfCheckView(View):
    """Every measure of the region; `next`: the fact to ask now, null when nothing can change."""

    region: str
    as_of: str
    results: list[ResultView]
    next: str | None
