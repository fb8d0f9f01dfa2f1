"""A rule: the machine-readable half of a measure, comparisons of facts under all, any and not.

Every leaf carries the words of the clause it encodes (`quote`) and says them plainly (`say`).
"""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

from pydantic import Discriminator, Field, StrictBool, StrictInt, Tag, model_validator

from knowledge.entries import Entry, Statement, Text
from knowledge.faults import Code, Fault, refused

AS_OF = "as_of"
"""The day the check is made for, which a comparison may name like a fact."""

Bound = StrictInt | date


class Comparison(Entry):
    """One fact against what the clause asks for; exactly one way of comparing is given."""

    fact: Text
    is_: Annotated[StrictBool | str | None, Field(alias="is")] = None
    in_: Annotated[tuple[Text, ...] | None, Field(alias="in", min_length=1)] = None
    """The options of a choice that will do."""
    has: Annotated[tuple[Text, ...] | None, Field(min_length=1)] = None
    """The options of a multiple choice of which one will do."""
    at_least: Bound | None = None
    at_most: Bound | None = None
    """Bounds of a number or day, both included (民法典第1259条)."""
    judged: bool = False
    """A person may declare it; an officer has to verify it."""
    say: Text
    quote: Text
    locator: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Comparison":
        bounded = self.at_least is not None or self.at_most is not None
        ways = [self.is_ is not None, self.in_ is not None, self.has is not None, bounded]
        if sum(ways) != 1:
            raise refused(Fault(Code.NOT_COMPARED_IN_ONE_WAY))
        if self.at_least is not None and self.at_most is not None:
            if type(self.at_least) is not type(self.at_most):
                raise refused(Fault(Code.BOUNDS_OF_TWO_TYPES))
            if self.at_least > self.at_most:  # type: ignore[operator]
                raise refused(Fault(Code.BOUNDS_REVERSED))
        return self


class Assessed(Entry):
    """A condition that only the authority judges: no fact can show it, so it stays unknown."""

    assessed_by: Text
    say: Text
    quote: Text
    locator: str | None = None


class Everyone(Entry):
    """No condition: open to everybody the measure is meant for, and said to be so."""

    everyone: Annotated[bool, Field(strict=True)]
    say: Text
    quote: Text
    locator: str | None = None

    @model_validator(mode="after")
    def _affirmed(self) -> "Everyone":
        if not self.everyone:
            raise refused(Fault(Code.EVERYONE_DENIED))
        return self


class Meets(Entry):
    """The whole rule of another measure of the document, which this clause takes up by a word."""

    meets: Text
    say: Text
    quote: Text
    locator: str | None = None


class All(Entry):
    """Holds where every part holds."""

    all: Annotated[tuple["Rule", ...], Field(min_length=1)]


class Any_(Entry):
    """Holds where one part holds; `say` puts the parts into one sentence."""

    any: Annotated[tuple["Rule", ...], Field(min_length=2)]
    say: Text


class Not(Entry):
    """Holds where its part does not."""

    not_: Annotated["Rule", Field(alias="not")]


_KINDS: dict[str, str] = {
    "fact": "comparison",
    "assessed_by": "assessed",
    "everyone": "everyone",
    "meets": "meets",
    "all": "all",
    "any": "any",
    "not": "not",
}


def _kind(data: Any) -> str | None:
    if isinstance(data, Entry):
        return _TAGS.get(type(data))
    if not isinstance(data, dict):
        return None
    kinds = [kind for key, kind in _KINDS.items() if key in data]
    return kinds[0] if len(kinds) == 1 else None


Leaf = Comparison | Assessed | Everyone | Meets

Rule = Annotated[
    Annotated[Comparison, Tag("comparison")]
    | Annotated[Assessed, Tag("assessed")]
    | Annotated[Everyone, Tag("everyone")]
    | Annotated[Meets, Tag("meets")]
    | Annotated[All, Tag("all")]
    | Annotated[Any_, Tag("any")]
    | Annotated[Not, Tag("not")],
    Discriminator(
        _kind,
        custom_error_type=Code.NO_KIND_OF_RULE.value,
        custom_error_message=Code.NO_KIND_OF_RULE.english,
    ),
]


def last_day(rule: Rule) -> date | None:
    """The last day on which a rule can hold, None where it names none."""
    match rule:
        case Comparison(fact=fact, at_most=date() as bound) if fact == AS_OF:
            return bound
        case All(all=parts):
            return min(filter(None, map(last_day, parts)), default=None)
        case _:
            return None


_TAGS: dict[type[Entry], str] = {
    Comparison: "comparison",
    Assessed: "assessed",
    Everyone: "everyone",
    Meets: "meets",
    All: "all",
    Any_: "any",
    Not: "not",
}

for _model in (All, Any_, Not):
    _model.model_rebuild()


def leaves(rule: Rule) -> Iterator[Leaf]:
    """Yield the leaves of a rule, in order."""
    match rule:
        case All():
            for part in rule.all:
                yield from leaves(part)
        case Any_():
            for part in rule.any:
                yield from leaves(part)
        case Not():
            yield from leaves(rule.not_)
        case _:
            yield rule


def statements(rule: Rule) -> tuple[Statement, ...]:
    """Put a rule into sentences, one for each part that has to hold; none for `Everyone`."""
    match rule:
        case All():
            return tuple(s for part in rule.all for s in statements(part))
        case Any_():
            first = next(leaves(rule))
            return (Statement(say=rule.say, quote=first.quote, locator=first.locator),)
        case Not():
            return statements(rule.not_)
        case Everyone():
            return ()
        case _:
            return (Statement(say=rule.say, quote=rule.quote, locator=rule.locator),)
