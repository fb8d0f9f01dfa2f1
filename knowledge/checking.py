"""Honesty checks: a library is published only when `honesty_troubles` finds nothing.

Every quote stands in its clause, every figure in the sources that are named for it, every first
and last day in the words it rests on, every measure of the catalogue is there, and every clause
belongs to a measure or is marked as granting nothing.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

from knowledge.clauses import PREAMBLE
from knowledge.cleaning import LOST
from knowledge.documents import Document, UnknownClause
from knowledge.eligibility.sentences import account, rule_leaves
from knowledge.entries import Statement
from knowledge.faults import Code, Fault, Location, Trouble
from knowledge.figures import Figure, unstated
from knowledge.files import KnowledgeFileRefused
from knowledge.library import DATA, Library
from knowledge.measures import Aspect, Measure
from knowledge.periods import gives, misdated
from knowledge.sentences import NAMED_LATER

CATALOGUE = DATA / "catalogue.tsv"
_CATALOGUED = ("document", "region", "locator", "title", "audience")


_Found = tuple[Location, Fault]


def honesty_troubles(library: Library, catalogue: Path | None = None) -> list[Trouble]:
    """Return everything that is dishonest; with `catalogue`, also what it lists otherwise.

    Raises `KnowledgeFileRefused` where the catalogue is none.
    """
    found: list[Trouble] = []
    for document in library.documents.values():
        id = document.entry.id
        found += _at("document", id, _of_document(library, document))
        found += _at("document", id, _of_periods(document))
    for measure in library.measures.values():
        found += _at("measure", measure.id, _of_measure(library, measure))
    for document in library.documents.values():
        found += _at("document", document.entry.id, _of_sentences(library, document))
    found += [
        Trouble("sentences", "all", ("detail_names",), Fault(Code.NO_NAME, {"detail": detail}))
        for detail in sorted(NAMED_LATER - library.sentences.detail_names.keys())
    ]
    found += _unlisted_materials(library)
    found += _ambiguous_questions(library)
    if catalogue:
        found += _of_catalogue(library, catalogue)
    return found


def _at(kind: str, key: str, found: Iterable[_Found]) -> Iterator[Trouble]:
    return (Trouble(kind, key, location, fault) for location, fault in found)


def sources_of(library: Library, measure: Measure) -> list[str]:
    """Return the texts a reply on this measure may take figures from: what its citation names."""
    document = library.documents[measure.document]
    # A document may begin with its first clause.
    locators = [measure.locator, *({PREAMBLE} & set(document.clauses)), measure.validity.locator]
    locators += [s.locator for s in measure.answers.values() if s.locator]
    locators += [leaf.locator for leaf in rule_leaves(measure) if leaf.locator]
    if measure.responsible.locator:
        locators.append(measure.responsible.locator)
    texts = [document.source_text(locator) for locator in dict.fromkeys(locators)]
    entry = document.entry
    dated = f"{entry.dated.year}年{entry.dated.month}月{entry.dated.day}日"
    return [*texts, entry.title, document.entry.number_of(measure.locator) or "", dated]


def _of_document(library: Library, document: Document) -> Iterator[_Found]:
    entry = document.entry
    if LOST in document.cleaning.text:
        yield (), Fault(Code.CHARACTER_LOST, {"at": document.cleaning.text.index(LOST)})
    if entry.dated_words not in document.raw and entry.dated_words not in document.cleaning.text:
        yield (), Fault(Code.DATE_WORDS_MISSING, {"words": entry.dated_words})
    if not gives(entry.dated_words, entry.dated):
        day = entry.dated.isoformat()
        yield (), Fault(Code.NOT_THE_DATE, {"date": day, "words": entry.dated_words})
    for aspect, said in entry.states.items():
        for fault in _misstated(document, aspect, said):
            yield ("states", aspect.value), fault
    for locator in document.begun_twice:
        yield (), Fault(Code.CLAUSE_TWICE, {"clause": locator})
    used = {m.locator for m in library.measures.values() if m.document == entry.id}
    marked = {mark.locator for mark in entry.no_measure}
    for locator in marked - set(document.clauses):
        yield (), Fault(Code.MARKED_WITHOUT_CLAUSE, {"clause": locator})
    for locator in marked & used:
        yield (), Fault(Code.MARKED_WITH_MEASURE, {"clause": locator})
    for locator in document.clauses:
        if locator not in marked and not any(document.lies_in(locator, home) for home in used):
            yield (), Fault(Code.NOBODYS_CLAUSE, {"clause": locator})


def _misstated(document: Document, aspect: Aspect, said: Statement) -> Iterator[Fault]:
    clause = said.locator or PREAMBLE
    try:
        home = document.source_text(clause)
    except UnknownClause as error:
        yield error.fault
        return
    if said.quote not in home:
        yield Fault(
            Code.STATES_UNQUOTED, {"aspect": aspect.value, "clause": clause, "quote": said.quote}
        )
    for figure in unstated(said.say, [home]):
        written = _written(figure)
        yield Fault(Code.STATES_UNSTATED, {"aspect": aspect.value, "figure": written})


def _of_periods(document: Document) -> Iterator[_Found]:
    entry, at = document.entry, ("validity",)
    try:
        home = document.source_text(entry.validity.locator)
    except UnknownClause as error:
        yield at, error.fault
    else:
        if entry.validity.quote not in home:
            yield at, _unquoted(entry.validity.locator, entry.validity.quote)
    for fault in misdated(entry.validity, entry.dated, None):
        yield at, fault


def _of_measure(library: Library, measure: Measure) -> Iterator[_Found]:
    try:
        yield from _misquotes(
            library.documents[measure.document], measure, _needs(library, measure)
        )
        yield from _wrong_figures(library, measure)
        yield from _of_no_condition(library, measure)
        about = library.documents[measure.document].entry
        for fault in misdated(measure.validity, about.dated, about.validity):
            yield ("validity",), fault
        if measure.application:
            for fault in misdated(measure.application, about.dated, about.validity):
                yield ("application",), fault
    except UnknownClause as error:
        yield (), error.fault


def _of_sentences(library: Library, document: Document) -> Iterator[_Found]:
    try:
        for fault in account(library, document).faults:
            yield (), fault
    except UnknownClause as error:
        yield (), error.fault


_Quote = tuple[Location, str | None, str]
"""Where it stands, the clause that it is of, None: the measure's own, and the words."""


def _misquotes(document: Document, measure: Measure, more: Iterable[_Quote]) -> Iterator[_Found]:
    preamble = document.source_text(PREAMBLE) if PREAMBLE in document.clauses else ""
    for at, locator, quote in (*_quotes(measure), *more):
        home = document.source_text(locator or measure.locator)
        if quote not in home and (locator or quote not in preamble):
            yield at, _unquoted(locator or measure.locator, quote)


def _unquoted(clause: str, quote: str) -> Fault:
    return Fault(Code.NOT_IN_CLAUSE, {"clause": clause, "quote": quote})


def _quotes(measure: Measure) -> Iterator[_Quote]:
    for quote in measure.quotes:
        yield ("quotes",), None, quote
    for grant in measure.grants:
        yield ("grants",), None, grant.quote
    for leaf in rule_leaves(measure):
        yield ("rule",), leaf.locator, leaf.quote
    for exclusion in measure.excludes:
        yield ("excludes",), None, exclusion.quote
    if measure.application:
        yield ("application",), measure.application.locator, measure.application.quote
    for aspect, said in measure.answers.items():
        yield ("answers", aspect.value), said.locator, said.quote
    for phone in measure.phones:
        yield ("phones",), None, phone.quote
    if measure.responsible.quote:
        yield ("responsible",), measure.responsible.locator, measure.responsible.quote
    yield ("validity",), measure.validity.locator, measure.validity.quote


def _needs(library: Library, measure: Measure) -> list[_Quote]:
    listed = library.checklists.get(measure.id)
    stated = () if listed is None else listed.stated
    return [(("materials", each.kind), each.locator, each.quote) for each in stated]


def _unlisted_materials(library: Library) -> Iterator[Trouble]:
    """What can be applied for without anybody having said what it takes."""
    for measure in library.measures.values():
        if measure.can_become_a_case and measure.id not in library.checklists:
            yield Trouble("measure", measure.id, (), Fault(Code.NO_CHECKLIST))


def _wrong_figures(library: Library, measure: Measure) -> Iterator[_Found]:
    sources = sources_of(library, measure)
    for at, text in dict.fromkeys(_said(measure)):
        for figure in sorted(unstated(text, sources), key=lambda f: f.value):
            written = _written(figure)
            yield at, Fault(Code.FIGURE_NOT_IN_CLAUSE, {"figure": written, "text": text})
    for grant in measure.grants:
        if grant.amount:
            stated = f"{Decimal(str(grant.amount.value)).normalize():f}{grant.amount.unit}"
            if unstated(stated, [grant.quote]):
                yield ("grants",), _unbacked(stated, grant.quote)
    for phone in measure.phones:
        # Whole: a part of a number is another's, or nobody's.
        if not re.search(rf"(?<!\d){phone.number}(?!\d)", phone.quote):
            yield ("phones",), _unbacked(phone.number, phone.quote)


def _unbacked(words: str, quote: str) -> Fault:
    return Fault(Code.NOT_IN_QUOTE, {"words": words, "quote": quote})


def _said(measure: Measure) -> Iterator[tuple[Location, str]]:
    yield ("title",), measure.title
    yield ("summary",), measure.summary
    for n, grant in enumerate(measure.grants):
        yield ("grants", n), grant.what
    yield ("afterwards",), measure.afterwards or ""
    for aspect, statement in measure.answers.items():
        yield ("answers", aspect.value), statement.say
    for leaf in rule_leaves(measure):
        yield ("rule",), leaf.say
    for n, text in enumerate(measure.advice):
        yield ("advice", n), text
    for fact, text in measure.if_unmet.items():
        yield ("if_unmet", fact), text
    for n, statement in enumerate(measure.conditions):
        yield ("conditions", n), statement.say


def _of_no_condition(library: Library, measure: Measure) -> Iterator[_Found]:
    criteria = library.rules.criteria.get(measure.id)
    for fact in measure.if_unmet:
        if criteria is None or fact not in criteria.facts:
            yield ("if_unmet",), Fault(Code.ADVICE_ON_NOTHING, {"fact": fact})


def _written(figure: Figure) -> str:
    return f"{figure.value:f}{figure.unit}"


def _ambiguous_questions(library: Library) -> Iterator[Trouble]:
    holders: dict[tuple[str, str], set[str]] = defaultdict(set)
    for measure in library.measures.values():
        for question in (measure.question, *measure.similar):
            holders[measure.region, question].add(measure.id)
    for (_, question), ids in holders.items():
        for id in sorted(ids):
            if others := tuple(sorted(ids - {id})):
                fault = Fault(Code.SAME_QUESTION, {"others": others, "question": question})
                yield Trouble("measure", id, (), fault)


def _of_catalogue(library: Library, catalogue: Path) -> Iterator[Trouble]:
    with catalogue.open(encoding="utf-8-sig", newline="") as file:
        read = csv.DictReader(file, delimiter="\t")
        if lacks := sorted({"id", *_CATALOGUED} - set(read.fieldnames or ())):
            fault = Fault(Code.FILE_UNREADABLE, {"error": f"no column {', '.join(lacks)}"})
            raise KnowledgeFileRefused.of(catalogue.name, fault)
        rows = {row["id"]: row for row in read}
    for id in rows:
        if id not in library.measures:
            yield Trouble("measure", id, (), Fault(Code.MISSES_OF_CATALOGUE))
    for id in library.measures:
        if id not in rows:
            yield Trouble("measure", id, (), Fault(Code.CATALOGUE_MISSES_IT))
    for id, row in rows.items():
        if measure := library.measures.get(id):
            for name in _CATALOGUED:
                value, listed = str(getattr(measure, name)), row[name]
                if value != listed:
                    fault = Fault(
                        Code.CATALOGUE_SAYS, {"name": name, "value": value, "listed": listed}
                    )
                    yield Trouble("measure", id, (name,), fault)


if __name__ == "__main__":
    import sys

    from knowledge.library import read_library

    report = honesty_troubles(read_library(), CATALOGUE)
    print("\n".join(map(str, report)) or "no problems")
    sys.exit(bool(report))
