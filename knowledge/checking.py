"""Honesty checks: a library is published only when `problems` finds nothing.

Every quote stands in its clause, every figure in the sources that are named for it, every first
and last day in the words it rests on, every measure of the catalogue is there, and every clause
belongs to a measure or is marked as granting nothing.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from knowledge.clauses import PREAMBLE
from knowledge.cleaning import LOST
from knowledge.documents import Document, UnknownClause
from knowledge.eligibility.sentences import account, rule_leaves
from knowledge.figures import Figure, unstated
from knowledge.library import DATA, Library
from knowledge.measures import Measure
from knowledge.periods import gives, misdated
from knowledge.sentences import NAMED_LATER

CATALOGUE = DATA / "catalogue.tsv"
_CATALOGUED = ("document", "region", "locator", "title", "audience")


def problems(library: Library, catalogue: Path | None = None) -> list[str]:
    """Return every problem as `id: what is wrong`; with `catalogue`, also what it lists."""
    found: list[str] = []
    for document in library.documents.values():
        found += [f"{document.entry.id}: {text}" for text in _document_problems(library, document)]
        found += [f"{document.entry.id}: {text}" for text in _document_periods(document)]
    for measure in library.measures.values():
        found += [f"{measure.id}: {text}" for text in _measure_problems(library, measure)]
    for document in library.documents.values():
        found += [f"{document.entry.id}: {text}" for text in _unread_sentences(library, document)]
    found += [
        f"sentences: the name of {detail} is missing"
        for detail in sorted(NAMED_LATER - library.sentences.detail_names.keys())
    ]
    found += _unlisted_materials(library)
    found += _ambiguous_questions(library)
    if catalogue:
        found += _catalogue_problems(library, catalogue)
    return found


def sources_of(library: Library, measure: Measure) -> list[str]:
    """Return the texts a reply on this measure may take figures from: what its citation names."""
    document = library.documents[measure.document]
    locators = [measure.locator, PREAMBLE, measure.validity.locator]
    locators += [s.locator for s in measure.answers.values() if s.locator]
    locators += [leaf.locator for leaf in rule_leaves(measure) if leaf.locator]
    if measure.responsible.locator:
        locators.append(measure.responsible.locator)
    texts = [document.source_text(locator) for locator in dict.fromkeys(locators)]
    entry = document.entry
    dated = f"{entry.dated.year}年{entry.dated.month}月{entry.dated.day}日"
    return [*texts, entry.title, document.entry.number_of(measure.locator) or "", dated]


def _document_problems(library: Library, document: Document) -> Iterator[str]:
    entry = document.entry
    if LOST in document.cleaning.text:
        yield f"a lost character is left at {document.cleaning.text.index(LOST)}"
    if entry.dated_words not in document.raw and entry.dated_words not in document.cleaning.text:
        yield f"the date's words {entry.dated_words!r} are not in the page"
    if not gives(entry.dated_words, entry.dated):
        yield f"{entry.dated} is not the date of {entry.dated_words!r}"
    for aspect, said in entry.states.items():
        home = document.source_text(said.locator or PREAMBLE)
        if said.quote not in home:
            yield f"states {aspect}: not in clause {said.locator or PREAMBLE}: {said.quote}"
        for figure in unstated(said.say, [home]):
            yield f"states {aspect}: {figure.value}{figure.unit} is not in its clause"
    used = {m.locator for m in library.measures.values() if m.document == entry.id}
    marked = {mark.locator for mark in entry.no_measure}
    for locator in marked - set(document.clauses):
        yield f"marked clause {locator} does not exist"
    for locator in marked & used:
        yield f"clause {locator} is marked as no measure but has one"
    for locator in document.clauses:
        if locator not in marked and not any(document.lies_in(locator, home) for home in used):
            yield f"clause {locator} belongs to no measure and is not marked"


def _document_periods(document: Document) -> Iterator[str]:
    entry = document.entry
    try:
        home = document.source_text(entry.validity.locator)
    except UnknownClause as error:
        yield f"validity: {error}"
    else:
        if entry.validity.quote not in home:
            yield f"validity: not in clause {entry.validity.locator}: {entry.validity.quote}"
    yield from misdated(entry.validity, entry.dated, None)


def _measure_problems(library: Library, measure: Measure) -> Iterator[str]:
    try:
        yield from _misquotes(
            library.documents[measure.document], measure, _needs(library, measure)
        )
        yield from _wrong_figures(library, measure)
        yield from _of_no_condition(library, measure)
        about = library.documents[measure.document].entry
        yield from misdated(measure.validity, about.dated, about.validity)
    except UnknownClause as error:
        yield str(error)


def _unread_sentences(library: Library, document: Document) -> Iterator[str]:
    try:
        yield from account(library, document).problems
    except UnknownClause as error:
        yield str(error)


_Quote = tuple[str, str | None, str]
"""Where it stands, the clause that it is of, None: the measure's own, and the words."""


def _misquotes(document: Document, measure: Measure, more: Iterable[_Quote]) -> Iterator[str]:
    for where, locator, quote in (*_quotes(measure), *more):
        home = document.source_text(locator or measure.locator)
        if quote not in home and (locator or quote not in document.source_text(PREAMBLE)):
            yield f"{where}: not in clause {locator or measure.locator}: {quote}"


def _quotes(measure: Measure) -> Iterator[_Quote]:
    for quote in measure.quotes:
        yield "quotes", None, quote
    for grant in measure.grants:
        yield "grants", None, grant.quote
    for leaf in rule_leaves(measure):
        yield "rule", leaf.locator, leaf.quote
    for exclusion in measure.excludes:
        yield "excludes", None, exclusion.quote
    if measure.application:
        yield "application", measure.application.locator, measure.application.quote
    for aspect, said in measure.answers.items():
        yield f"answers.{aspect}", said.locator, said.quote
    for phone in measure.phones:
        yield "phones", None, phone.quote
    if measure.responsible.quote:
        yield "responsible", measure.responsible.locator, measure.responsible.quote
    yield "validity", measure.validity.locator, measure.validity.quote


def _needs(library: Library, measure: Measure) -> list[_Quote]:
    listed = library.checklists.get(measure.id)
    stated = () if listed is None else listed.stated
    return [(f"materials.{each.kind}", each.locator, each.quote) for each in stated]


def _unlisted_materials(library: Library) -> Iterator[str]:
    """What can be applied for without anybody having said what it takes."""
    for measure in library.measures.values():
        if measure.can_become_a_case and measure.id not in library.checklists:
            yield f"{measure.id}: has no list of materials"


def _wrong_figures(library: Library, measure: Measure) -> Iterator[str]:
    sources = sources_of(library, measure)
    said = {"summary": measure.summary, "afterwards": measure.afterwards or ""}
    said |= {f"answers.{aspect}": s.say for aspect, s in measure.answers.items()}
    said |= {f"rule: {leaf.quote}": leaf.say for leaf in rule_leaves(measure)}
    said |= {f"advice[{n}]": text for n, text in enumerate(measure.advice)}
    said |= {f"if_unmet.{fact}": text for fact, text in measure.if_unmet.items()}
    said |= {f"conditions[{n}]": c.say for n, c in enumerate(measure.conditions)}
    for where, text in said.items():
        for figure in sorted(unstated(text, sources), key=lambda f: f.value):
            yield f"{where}: {_written(figure)} is not in the clause: {text}"
    for grant in measure.grants:
        if grant.amount and f"{grant.amount.value:g}" not in grant.quote:
            stated = f"{grant.amount.value:g}{grant.amount.unit}"
            if unstated(stated, [grant.quote]):
                yield f"grants: {stated} is not in {grant.quote}"
    for phone in measure.phones:
        if phone.number not in phone.quote:
            yield f"phones: {phone.number} is not in {phone.quote}"


def _of_no_condition(library: Library, measure: Measure) -> Iterator[str]:
    criteria = library.rules.criteria.get(measure.id)
    for fact in measure.if_unmet:
        if criteria is None or fact not in criteria.facts:
            yield f"if_unmet: the rule asks nothing of {fact}"


def _written(figure: Figure) -> str:
    return f"{figure.value:f}{figure.unit}"


def _ambiguous_questions(library: Library) -> list[str]:
    holders: dict[tuple[str, str], set[str]] = defaultdict(set)
    for measure in library.measures.values():
        for question in (measure.question, *measure.similar):
            holders[measure.region, question].add(measure.id)
    return [
        f"{', '.join(sorted(ids))}: the same question stands at each: {question}"
        for (_, question), ids in holders.items()
        if len(ids) > 1
    ]


def _catalogue_problems(library: Library, catalogue: Path) -> list[str]:
    with catalogue.open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file, delimiter="\t")}
    found = [f"{id}: missing" for id in rows if id not in library.measures]
    found += [f"{id}: not in the catalogue" for id in library.measures if id not in rows]
    for id, row in rows.items():
        if measure := library.measures.get(id):
            found += [
                f"{id}: {field} is {getattr(measure, field)!s}, the catalogue says {row[field]}"
                for field in _CATALOGUED
                if str(getattr(measure, field)) != row[field]
            ]
    return found


if __name__ == "__main__":
    import sys

    from knowledge.library import read_library

    report = problems(read_library(), CATALOGUE)
    print("\n".join(report) or "no problems")
    sys.exit(bool(report))
