"""The source documents: how they came, how they were cleaned, and the clauses they fall into."""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated

from pydantic import Field

from knowledge.clauses import Clause, Heading, begun_twice, split_clauses
from knowledge.cleaning import Cleaning, Correction, clean
from knowledge.entries import Entry, Statement, Text
from knowledge.faults import Code, Fault
from knowledge.measures import Aspect, Validity


class HeadingEntry(Entry):
    """Words that open a clause without a number; see `knowledge.clauses.Heading`."""

    opens: Text
    label: Text
    place: bool = False


class CorrectionEntry(Entry):
    """A recorded correction of what no cleaning rule can mend."""

    before: Text
    after: Text
    why: Text


class NoMeasure(Entry):
    """A clause that grants nothing, with the reason."""

    locator: Text
    reason: Text


class NoCondition(Entry):
    """A sentence of a clause that says nothing about who gets a measure."""

    locator: Text
    words: Text
    """Words by which the sentence is found; they stand in one sentence of the clause only."""
    why: Text


class DocumentEntry(Entry):
    """What is known of a document besides its text."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    title: Text
    number: str | None
    issuer: Text
    dated: date
    dated_words: Text
    """The words of the raw page that give the date."""
    about_date: Text
    """Which date it is: 印发日, 报道日, 网页日期 …"""
    validity: Validity
    action: Text | None = None
    """The action whose days these are, where the document is about one: 全省专项行动."""
    undated: bool = False
    """The document hides its own date; `dated` is that of the page."""
    part_numbers: dict[str, str] = Field(default_factory=dict)
    """Document numbers of parts, by the locator that begins the part."""
    called: tuple[Text, ...] = ()
    """What people call it by, beside its place and number: 八条措施."""
    states: dict[Aspect, Statement] = Field(default_factory=dict)
    """What it states once for all of its measures; each statement names its clause."""
    headings: tuple[HeadingEntry, ...]
    corrections: tuple[CorrectionEntry, ...]
    skip: tuple[Text, ...] = ()
    """The cleaning steps that are left out for this document, by name."""
    confirmed: tuple[Text, ...] = ()
    """What the cleaned text has otherwise than the page, and a person found to be right so."""
    no_measure: tuple[NoMeasure, ...]
    no_condition: tuple[NoCondition, ...] = ()

    def number_of(self, locator: str) -> str | None:
        """Return the document number that covers a clause, None where none is stated."""
        for part, number in self.part_numbers.items():
            if locator == part or locator.startswith(part + "·"):
                return number
        return self.number


class UnknownClause(LookupError):
    """A locator that the document does not have."""

    def __init__(self, document: str, clause: str) -> None:
        self.fault = Fault(Code.NO_CLAUSE, {"document": document, "clause": clause})
        super().__init__(str(self.fault))


class Document:
    """A document with its raw text; cleaning and clauses are worked out when first asked for."""

    def __init__(self, entry: DocumentEntry, raw: str) -> None:
        self.entry = entry
        self.raw = raw

    @cached_property
    def cleaning(self) -> Cleaning:
        """The cleaned text with every step on the way."""
        corrections = [Correction(c.before, c.after, c.why) for c in self.entry.corrections]
        return clean(self.raw, corrections, self.entry.skip)

    @cached_property
    def clauses(self) -> Mapping[str, Clause]:
        """The clauses by locator, in order."""
        return {c.locator: c for c in split_clauses(self.cleaning.text, self._headings)}

    @property
    def begun_twice(self) -> tuple[str, ...]:
        """The locators that more than one clause begins with."""
        return begun_twice(self.cleaning.text, self._headings)

    @property
    def _headings(self) -> list[Heading]:
        return [Heading(h.opens, h.label, h.place) for h in self.entry.headings]

    def clause(self, locator: str) -> Clause:
        """Return one clause; raises `UnknownClause`."""
        try:
            return self.clauses[locator]
        except KeyError:
            raise UnknownClause(self.entry.id, locator) from None

    def source_text(self, locator: str) -> str:
        """Return what may be quoted for a clause: the clauses inside it, itself, its parents."""
        own = self.clause(locator)
        inside = [
            c.text
            for c in self.clauses.values()
            if c.locator != locator and self.lies_in(c.locator, locator)
        ]
        above: list[str] = []
        parent = own.parent
        while parent:
            above.append(self.clause(parent).text)
            parent = self.clause(parent).parent
        return "\n".join([*reversed(above), own.text, *inside])

    def lies_in(self, locator: str, other: str) -> bool:
        """Tell whether a clause is another one or stands inside it; raises `UnknownClause`."""
        at: str | None = locator
        while at and at != other:
            at = self.clause(at).parent
        return at == other
