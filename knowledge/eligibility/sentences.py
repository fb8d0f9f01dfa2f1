"""Every sentence of a clause is accounted for: in a rule, judged by people, or no condition."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from knowledge.documents import Document
from knowledge.eligibility.rules import Assessed, Comparison, Everyone, Leaf, leaves
from knowledge.faults import Code, Fault
from knowledge.library import Library
from knowledge.measures import Audience, Measure

_SENTENCE = re.compile(r"[^。；！？\n]+[。；！？]?")


class Reading(StrEnum):
    """What a sentence is for the rules."""

    ENCODED = "encoded"
    JUDGED = "judged"
    NO_CONDITION = "no condition"
    GOVERNMENT = "for the government"
    NO_MEASURE = "in a clause without a measure"


@dataclass(slots=True)
class Account:
    """How the sentences of one document are read, and what is wrong with that."""

    counts: Counter[Reading] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)


def sentences(text: str) -> list[str]:
    """Split the text of a clause into sentences."""
    return [s.strip() for s in _SENTENCE.findall(text) if len(s.strip(" 。；！？")) > 1]


def account(library: Library, document: Document) -> Account:
    """Tell how every sentence of a document is read."""
    found = Account()
    measures = [m for m in library.measures.values() if m.document == document.entry.id]
    quoted = [(leaf, leaf.locator or m.locator) for m in measures for leaf in rule_leaves(m)]
    without = {mark.locator for mark in document.entry.no_measure}
    used: Counter[int] = Counter()
    for locator, clause in document.clauses.items():
        marks = [
            (n, mark)
            for n, mark in enumerate(document.entry.no_condition)
            if mark.locator == locator
        ]
        owners = [m for m in measures if document.lies_in(locator, m.locator)]
        here = [leaf for leaf, home in quoted if _may_quote(document, home, locator)]
        for sentence in sentences(clause.text):
            meant = [n for n, mark in marks if mark.words in sentence]
            used.update(meant)
            if locator.endswith(sentence):
                continue  # a heading that is nothing but the name of its clause
            leaf_found = [leaf for leaf in here if leaf.quote in sentence or sentence in leaf.quote]
            if leaf_found and meant:
                found.faults.append(
                    Fault(Code.NO_CONDITION_IN_RULE, {"clause": locator, "sentence": sentence})
                )
            if leaf_found:
                found.counts[_reading(leaf_found)] += 1
            elif meant:
                found.counts[Reading.NO_CONDITION] += 1
            elif locator in without:
                found.counts[Reading.NO_MEASURE] += 1
            elif owners and all(m.audience is Audience.GOVERNMENT for m in owners):
                found.counts[Reading.GOVERNMENT] += 1
            else:
                found.faults.append(
                    Fault(Code.READ_NEITHER_WAY, {"clause": locator, "sentence": sentence})
                )
    for n, mark in enumerate(document.entry.no_condition):
        if used[n] != 1:
            found.faults.append(
                Fault(
                    Code.NOT_ONE_SENTENCE,
                    {"clause": mark.locator, "count": used[n], "words": mark.words},
                )
            )
    return found


def rule_leaves(measure: Measure) -> Iterator[Leaf]:
    """Yield every leaf of a measure: of its rule and of what its grants depend on."""
    if measure.rule is not None:
        yield from leaves(measure.rule)
    for grant in measure.grants:
        if grant.when is not None:
            yield from leaves(grant.when)


def _reading(found: list[Leaf]) -> Reading:
    judged = all(
        isinstance(leaf, Assessed) or (isinstance(leaf, Comparison) and leaf.judged)
        for leaf in found
        if not isinstance(leaf, Everyone)
    )
    only_everyone = all(isinstance(leaf, Everyone) for leaf in found)
    return Reading.JUDGED if judged and not only_everyone else Reading.ENCODED


def _may_quote(document: Document, home: str, locator: str) -> bool:
    """Tell whether words of a clause may account for a sentence: in it, inside it, or above it."""
    return document.lies_in(locator, home) or document.lies_in(home, locator)
