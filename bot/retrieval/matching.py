"""Candidates for a question: every measure with the evidence for it, whatever its place.

Two signals weigh a measure: how near one of its questions (or its clause) comes to the question,
and how well all its questions together word it. Topics and what no document covers are weighed
the same way, so that the gates compare like with like.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from bot.retrieval.indexing import Amounts, IndexedLibrary, Shelf, Standing, telling_figures
from knowledge.measures import Audience, Measure

_CLAUSE_WEIGHT = 0.8
_NEAR_WEIGHT = 2.5
"""What a like question weighs against the wording of all: settled on open questions."""
_TOPIC_WEIGHT = 0.35
"""What the evidence for the kind of help adds to the measure's own."""
_FIGURE_BONUS = 1.6
"""What a measure gains that alone states a figure which the question names; shared, it is less."""
_NAME_BONUS = 1.2
"""What a measure gains whose proper name the question uses: 春蕾计划, 格力, 光荣卡."""
_MISTAKEN_WEIGHT = 2.5
"""What it costs that the question is more like one the measure does not answer."""
_LAST_WEIGHT = 0.5
"""What the last question counts for a message that leans on it."""
_RECENT_BONUS = 1.0
"""What a measure gains that the conversation is about already."""
_PART_BONUS = 1.0
"""What a measure gains whose clause names the part of the town that the question names."""
_FIRMS_COST = 0.8
"""What it costs a measure for firms that somebody asks who lost their work."""
_SPOKEN_WEIGHT = 1.4
"""What a like sound counts where a machine wrote down what it heard."""


class Candidate(NamedTuple):
    """A measure with its evidence: `near` 0..1, `own` and `score` from about -2 to 8.

    `own` is its own questions' evidence, `score` adds that of its topic and orders candidates.
    `open` is the evidence, on the scale of `own`, that a detail is asked which the clause leaves
    open; `answered` the same for one that it states.
    """

    measure: Measure
    near: float
    own: float
    score: float
    unbiased: float
    """`score` without what a figure in the question gave: a worker's sum may be wrong."""
    answered: float
    open: float


class Subject(NamedTuple):
    """A topic, or something no document covers, with its evidence on the same scale."""

    id: str
    near: float
    score: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """All candidates, best first; the best topic and the best subject that is not covered."""

    ranked: tuple[Candidate, ...]
    topic: Subject
    outside: Subject
    care: tuple[Subject, ...]
    """Kinds of distress, best first."""
    ordinary: Subject
    """The best sentence that only sounds like distress."""

    def within(self, regions: Collection[str]) -> tuple[Candidate, ...]:
        """Keep the candidates of these regions."""
        return tuple(c for c in self.ranked if c.measure.region in regions)


def candidates(text: str, indexed: IndexedLibrary, *, spoken: bool = False) -> Candidates:
    """Weigh everything against a tidied question without its place words."""
    searched = indexed.searched(text)
    weighed = indexed.weighed(searched, _SPOKEN_WEIGHT if spoken else 1.0)
    near, evidence = weighed.near, _NEAR_WEIGHT * weighed.near + weighed.fits
    places = indexed.on[Shelf.MEASURE].places
    closest = np.maximum(near[places], _CLAUSE_WEIGHT * weighed.clause)
    answered = _NEAR_WEIGHT * closest + weighed.fits[places]
    left_open = evidence[indexed.open]
    kind = np.maximum(evidence[indexed.topics].max(axis=1), 0.0)
    named = telling_figures(text)
    told = [indexed.telling(named, m.id) if named else 0.0 for m in indexed.measures]
    figure = _FIGURE_BONUS * np.array(told)
    own = np.maximum(answered, left_open) + figure
    own += _NAME_BONUS * indexed.using_their_names(text)
    own -= _MISTAKEN_WEIGHT * np.maximum(near[indexed.negative] - closest, 0.0)
    score = own + _TOPIC_WEIGHT * kind
    best_first = np.argsort(-score, kind="stable")
    columns = (closest, own, score, score - figure, answered, left_open)
    numbers = (column[best_first].tolist() for column in columns)
    measures = (indexed.measures[at] for at in best_first.tolist())
    return Candidates(
        tuple(map(Candidate, measures, *numbers)),
        _best(near, evidence, indexed.on[Shelf.TOPIC]),
        _best(near, evidence, indexed.on[Shelf.OUTSIDE]),
        _subjects(near, evidence, indexed.on[Shelf.CARE]),
        _best(near, evidence, indexed.on[Shelf.ORDINARY]),
    )


def leaning(alone: Candidates, last: Candidates, recent: Collection[str]) -> Candidates:
    """Weigh a message that leans on the last question: by itself, and by what came before.

    `recent` are the measures the conversation is about; they gain a little more.
    """
    before = {c.measure.id: c for c in last.ranked}
    ranked = []
    for candidate in alone.ranked:
        earlier = before[candidate.measure.id]
        ranked.append(
            candidate._replace(
                own=candidate.own + _LAST_WEIGHT * earlier.own,
                score=candidate.score + _LAST_WEIGHT * earlier.score,
                unbiased=candidate.unbiased + _LAST_WEIGHT * earlier.unbiased,
            )
        )
    return raised(replace(alone, ranked=tuple(ranked)), recent)


def raised(found: Candidates, recent: Collection[str]) -> Candidates:
    """Weigh the measures more that the conversation is about already."""
    ranked = [
        c._replace(score=c.score + _RECENT_BONUS, unbiased=c.unbiased + _RECENT_BONUS)
        if c.measure.id in recent
        else c
        for c in found.ranked
    ]
    ranked.sort(key=lambda candidate: -candidate.score)
    return replace(found, ranked=tuple(ranked))


def not_for_firms(found: Candidates) -> Candidates:
    """Weigh measures for firms less, where somebody asks what they get themselves."""
    ranked = [
        c._replace(score=c.score - _FIRMS_COST, unbiased=c.unbiased - _FIRMS_COST)
        if c.measure.audience is Audience.EMPLOYER
        else c
        for c in found.ranked
    ]
    ranked.sort(key=lambda candidate: -candidate.score)
    return replace(found, ranked=tuple(ranked))


def speaking_of(part: str, found: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Weigh measures more whose clause names the part of the town that is asked about."""
    raised = [
        c._replace(own=c.own + _PART_BONUS, score=c.score + _PART_BONUS,
                   unbiased=c.unbiased + _PART_BONUS)
        if any(part in quote for quote in c.measure.quotes)
        else c
        for c in found
    ]  # fmt: skip
    raised.sort(key=lambda candidate: -candidate.score)
    return tuple(raised)


def _subjects(near: Amounts, evidence: Amounts, standing: Standing) -> tuple[Subject, ...]:
    """Those who stand on one shelf, best first."""
    scores = evidence[standing.places]
    best_first = np.argsort(-scores, kind="stable")
    names = (standing.names[at] for at in best_first.tolist())
    nearness = near[standing.places[best_first]].tolist()
    return tuple(map(Subject, names, nearness, scores[best_first].tolist()))


def _best(near: Amounts, evidence: Amounts, standing: Standing) -> Subject:
    """The best of those who stand on one shelf."""
    best = int(evidence[standing.places].argmax())
    place = standing.places[best]
    return Subject(standing.names[best], float(near[place]), float(evidence[place]))
