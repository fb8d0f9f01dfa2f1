"""A measure: one thing that one clause grants, as data that a clerk can read and check."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Audience(StrEnum):
    """Whom a measure is meant for (the column of the same name in the catalogue)."""

    WORKER = "worker"
    CHILD = "child"
    EMPLOYER = "employer"
    GOVERNMENT = "government"


class Form(StrEnum):
    """In what form a measure helps."""

    CASH = "现金"
    VOUCHER = "消费券"
    WAIVER = "减免"
    REFUND = "返还"
    INSURANCE = "保险待遇"
    IN_KIND = "实物"
    LOAN = "贷款"
    SERVICE = "服务"
    INFORMATION = "宣传"
    RULE = "规定"


class Aspect(StrEnum):
    """What one can ask about a measure. Each is answered from the clause or is not stated."""

    AMOUNT = "amount"
    WHO = "who"
    CONDITION = "condition"
    PAYEE = "payee"
    HOW = "how"
    MATERIALS = "materials"
    ONLINE = "online"
    WHERE = "where"
    PHONE = "phone"
    DEADLINE = "deadline"
    DURATION = "duration"
    TIMING = "timing"
    FREQUENCY = "frequency"
    USE = "use"
    FIGURES = "figures"
    HOURS = "hours"
    ADDRESS = "address"


_SELDOM_STATED = frozenset({Aspect.HOURS, Aspect.ADDRESS})
"""Not stated unless answered: no need to list them for each measure."""

Text = Annotated[str, Field(min_length=1)]


class Entry(BaseModel):
    """Base of everything that is read from a knowledge file: no unknown keys, nothing changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Statement(Entry):
    """A plain sentence with the words of the document it rests on."""

    say: Text
    quote: Text
    locator: str | None = None
    """The clause of the quote where it is not the measure's own."""
    partly: bool = False
    """The sentence itself says that what is usually asked for is not written."""


class Amount(Entry):
    """A sum or share; `unit` is 元, %, G …; `per` what it is paid for; `cap` an upper limit."""

    value: Annotated[float, Field(gt=0)]
    unit: Text
    per: str | None = None
    cap: bool = False


class Grant(Entry):
    """One thing that is given: what, how much, in the words of the clause."""

    what: Text
    amount: Amount | None = None
    quote: Text


class Responsible(Entry):
    """The units in charge, as the clause names them; both empty where it names none."""

    lead: tuple[Text, ...] = ()
    cooperating: tuple[Text, ...] = ()
    quote: str | None = None
    locator: str | None = None


class Phone(Entry):
    """A telephone number that stands in the clause."""

    number: Annotated[str, Field(pattern=r"^\d{3,4}-\d{7,8}$|^\d{5,12}$")]
    of: Text
    quote: Text


class Validity(Entry):
    """From which Asia/Shanghai day to which (both included) a measure is open; None: not stated."""

    from_: Annotated[date | None, Field(alias="from")]
    to: date | None
    locator: Text
    quote: Text
    note: Text

    @model_validator(mode="after")
    def _in_order(self) -> "Validity":
        if self.from_ and self.to and self.from_ > self.to:
            raise ValueError("validity ends before it begins")
        return self

    def open_on(self, day: date) -> bool:
        """Tell whether `day` lies inside; a side that is not stated is open."""
        return (not self.from_ or self.from_ <= day) and (not self.to or day <= self.to)


class Measure(Entry):
    """One measure of the catalogue with everything its clause states, and what it does not."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)+$")]
    document: Text
    region: Text
    locator: Text
    title: Text
    audience: Audience
    form: Form
    topics: Annotated[tuple[Text, ...], Field(min_length=1)]
    summary: Annotated[str, Field(min_length=1, max_length=160)]
    grants: Annotated[tuple[Grant, ...], Field(min_length=1)]
    conditions: tuple[Statement, ...]
    answers: dict[Aspect, Statement]
    not_stated: tuple[Aspect, ...]
    responsible: Responsible
    phones: tuple[Phone, ...]
    validity: Validity
    quotes: Annotated[tuple[Text, ...], Field(min_length=1)]
    parts: tuple[Text, ...] = ()
    """The parts of the region it is for alone, where it isn't for all of it."""
    question: Text
    similar: Annotated[tuple[Text, ...], Field(min_length=1)]
    negative: tuple[Text, ...]
    """Questions that look alike but ask for something else."""
    unanswered: tuple[Text, ...] = ()
    """Questions about this very measure that its clause leaves open."""

    @model_validator(mode="after")
    def _every_aspect_once(self) -> "Measure":
        stated = self.stated_aspects()
        twice = stated & set(self.not_stated)
        missing = set(Aspect) - _SELDOM_STATED - stated - set(self.not_stated)
        if twice:
            raise ValueError(f"both stated and not stated: {', '.join(sorted(twice))}")
        if missing:
            raise ValueError(f"neither stated nor marked not stated: {', '.join(sorted(missing))}")
        return self

    def is_for_part(self, part: str | None) -> bool:
        """Tell whether it may be for a part of its region; None is the region as a whole."""
        return part is None or not self.parts or any(p in part or part in p for p in self.parts)

    def stated_aspects(self) -> set[Aspect]:
        """Return the aspects that the clause states, the derived ones included."""
        stated = set(self.answers) | {Aspect.DEADLINE}
        if self.responsible.lead:
            stated.add(Aspect.WHERE)
        if self.phones:
            stated.add(Aspect.PHONE)
        return stated
