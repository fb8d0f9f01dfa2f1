"""A measure: one thing that one clause grants, as data that a clerk can read and check."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator

from knowledge.eligibility.rules import Rule, last_day, statements
from knowledge.entries import Entry, Statement, Text
from knowledge.faults import Code, Fault, refused


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


class Uptake(StrEnum):
    """How people come to what a measure gives."""

    APPLICATION = "application"
    """They apply for it."""
    AUTOMATIC = "automatic"
    """It comes by itself (免申即享): nobody needs to apply, and a register may name them."""
    OPEN = "open"
    """It is there for whoever calls, goes or looks; nobody applies."""


OPEN_BEFORE = frozenset(
    {
        "hebei-cangzhou-2",
        "hebei-cangzhou-4",
        "hebei-cangzhou-5",
        "hebei-chengde-3",
        "hebei-chengde-4b",
        "hebei-dingzhou-3",
        "hebei-dingzhou-5",
        "hebei-hengshui-10",
        "hebei-hengshui-9",
        "hebei-sjz-huagong-1",
        "hebei-tangshan-1",
        "hebei-tangshan-2",
        "hebei-xiongan-3",
        "hebei-xiongan-4",
        "hebei-xiongan-7",
        "hebei-zjk-5",
        "jinzhou-3",
        "liwan-10",
        "liwan-3",
        "liwan-4",
        "liwan-7",
        "liwan-9",
        "shishi-6c",
        "shishi-7",
        "shishi-8b",
    }
)
AUTOMATIC_BEFORE = frozenset({"jinzhou-4", "shishi-1a"})
"""Of the program's own measures, by their ids, how they are come to: what was stored before
measures said it themselves doesn't tell."""


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
    CONTENTS = "contents"
    PAYMENT = "payment"
    COUNT = "count"
    LENGTH = "length"
    OWN_SHARE = "own_share"
    REPLACEMENT = "replacement"
    STOPPING = "stopping"
    FEE = "fee"
    CAP = "cap"
    """The most that is given, where the clause sets a limit."""
    APPLY_BY = "apply_by"
    """Until when one has to apply, which is not until when a thing lasts."""
    AFTERWARDS = "afterwards"
    """What comes once it has been had: when the months are over."""


SELDOM_STATED = frozenset(
    {
        Aspect.HOURS,
        Aspect.ADDRESS,
        Aspect.CONTENTS,
        Aspect.PAYMENT,
        Aspect.COUNT,
        Aspect.LENGTH,
        Aspect.OWN_SHARE,
        Aspect.REPLACEMENT,
        Aspect.STOPPING,
        Aspect.FEE,
        Aspect.CAP,
        Aspect.APPLY_BY,
        Aspect.AFTERWARDS,
    }
)
"""Not stated unless answered: no need to list them for each measure."""


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
    when: Rule | None = None
    """What has to hold for this grant besides the measure's own rule."""

    @property
    def last_day(self) -> date | None:
        """The last day of this grant, where it ends before the measure does."""
        return None if self.when is None else last_day(self.when)


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
            raise refused(Fault(Code.ENDS_BEFORE_IT_BEGINS))
        return self

    def open_on(self, day: date) -> bool:
        """Tell whether `day` lies inside; a side that is not stated is open."""
        return (not self.from_ or self.from_ <= day) and (not self.to or day <= self.to)


class Exclusion(Entry):
    """Another measure that the clause says can't be had together with this one."""

    measure: Text
    say: Text
    quote: Text


def uptake_before(id: str) -> Uptake:
    """How people come to a measure that was stored before measures said it."""
    if id in OPEN_BEFORE:
        return Uptake.OPEN
    return Uptake.AUTOMATIC if id in AUTOMATIC_BEFORE else Uptake.APPLICATION


class Measure(Entry):
    """One measure of the catalogue with everything its clause states, and what it does not."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)+$")]
    document: Text
    region: Text
    locator: Text
    title: Text
    audience: Audience
    form: Form
    uptake: Uptake = Uptake.APPLICATION
    topics: Annotated[tuple[Text, ...], Field(min_length=1)]
    summary: Annotated[str, Field(min_length=1, max_length=160)]
    grants: Annotated[tuple[Grant, ...], Field(min_length=1)]
    rule: Rule | None = None
    """Who it is for beyond its audience and region; None for measures for the government alone."""
    readings: tuple[Text, ...] = ()
    """Where the clause can be read in two ways, and the way the rule takes; for reviewers."""
    advice: tuple[Text, ...] = ()
    """What a person is told beside the outcome: «文件写了“等”，可以再问一问»."""
    if_unmet: dict[str, Text] = Field(default_factory=dict)
    """What is told, by fact, beside an outcome that the condition on it stands in the way of."""
    excludes: tuple[Exclusion, ...] = ()
    answers: dict[Aspect, Statement]
    not_stated: tuple[Aspect, ...]
    responsible: Responsible
    phones: tuple[Phone, ...]
    validity: Validity
    application: Validity | None = None
    """When one may apply, where the clause states it apart."""
    afterwards: str | None = None
    """What is to be known once its days are over: what is law at all times, what may go on."""
    quotes: Annotated[tuple[Text, ...], Field(min_length=1)]
    parts: tuple[Text, ...] = ()
    """The parts of the region it is for alone, where it isn't for all of it."""
    question: Text
    similar: Annotated[tuple[Text, ...], Field(min_length=1)]
    negative: tuple[Text, ...]
    """Questions that look alike but ask for something else."""
    unanswered: tuple[Text, ...] = ()
    """Questions about this very measure that its clause leaves open."""

    @model_validator(mode="before")
    @classmethod
    def _of_before(cls, content: Any) -> Any:
        if isinstance(content, Mapping) and "uptake" not in content:
            return {**content, "uptake": uptake_before(str(content.get("id")))}
        return content

    @model_validator(mode="after")
    def _every_aspect_once(self) -> "Measure":
        stated = self.stated_aspects()
        twice = stated & set(self.not_stated)
        missing = set(Aspect) - SELDOM_STATED - stated - set(self.not_stated)
        if twice:
            raise refused(Fault(Code.STATED_AND_NOT_STATED, {"aspects": _named(twice)}))
        if missing:
            raise refused(Fault(Code.NEITHER_STATED_NOR_NOT, {"aspects": _named(missing)}))
        return self

    def is_for_part(self, part: str | None) -> bool:
        """Tell whether it may be for a part of its region; None is the region as a whole."""
        return part is None or not self.parts or any(p in part or part in p for p in self.parts)

    @property
    def can_become_a_case(self) -> bool:
        """Tell whether it gives something that is decided person by person."""
        is_given = self.form not in (Form.INFORMATION, Form.RULE)
        return is_given and self.uptake is not Uptake.OPEN and self.rule is not None

    @property
    def conditions(self) -> tuple[Statement, ...]:
        """The rule in sentences, one for each part that has to hold."""
        return () if self.rule is None else statements(self.rule)

    def stated_aspects(self) -> set[Aspect]:
        """Return the aspects that the clause states, the derived ones included."""
        stated = set(self.answers) | {Aspect.DEADLINE}
        if self.responsible.lead:
            stated.add(Aspect.WHERE)
        if self.phones:
            stated.add(Aspect.PHONE)
        return stated


def _named(aspects: set[Aspect]) -> tuple[str, ...]:
    return tuple(sorted(aspect.value for aspect in aspects))
