"""Candidates for a question: every measure with the evidence for it, whatever its place.

Two signals weigh a measure: how near one of its questions (or its clause) comes to the question,
and how well all its questions together word it. Topics and what no document covers are weighed
the same way, so that the gates compare like with like.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.indexing import IndexedLibrary, Shelf, telling_figures
from knowledge.measures import Measure

_KEYS = 160
_CLAUSE_WEIGHT = 0.8
_NEAR_WEIGHT = 2.5
"""What a like question weighs against the wording of all: settled on open questions."""
_TOPIC_WEIGHT = 0.35
"""What the evidence for the kind of help adds to the measure's own."""
_FIGURE_BONUS = 0.8
"""What a measure gains whose clause states a figure that the question names."""
_MISTAKEN_WEIGHT = 2.5
"""What it costs that the question is more like one the measure does not answer."""
CONTEXT_BONUS = 1.5
"""What a measure gains that the conversation is about already."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A measure with its evidence: `near` 0..1, `own` and `score` from about -2 to 8.

    `own` is its own questions' evidence, `score` adds that of its topic and orders candidates.
    """

    measure: Measure
    near: float
    own: float
    score: float


@dataclass(frozen=True, slots=True)
class Subject:
    """A topic, or something no document covers, with its evidence on the same scale."""

    id: str
    near: float
    score: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """All candidates, topics and subjects not covered, each list best first."""

    ranked: tuple[Candidate, ...]
    topics: tuple[Subject, ...]
    outside: tuple[Subject, ...]
    negative: Mapping[str, float]
    """How near the question comes to one that looks like the measure but isn't it."""

    def within(self, regions: Collection[str]) -> tuple[Candidate, ...]:
        """Keep the candidates of these regions."""
        return tuple(c for c in self.ranked if c.measure.region in regions)


def candidates(text: str, indexed: IndexedLibrary, recent: Collection[str] = ()) -> Candidates:
    """Weigh everything against a tidied question without its place words.

    `recent` are the measures the conversation is about; they gain a little.
    """
    near: dict[Shelf, dict[str, float]] = {shelf: {} for shelf in Shelf}
    for shelf, name, hit in indexed.find_questions(text, _KEYS):
        near[shelf][name] = hit.score
    for _, name, hit in indexed.find_answers(text, _KEYS):
        clause = _CLAUSE_WEIGHT * hit.score
        near[Shelf.MEASURE][name] = max(near[Shelf.MEASURE].get(name, 0.0), clause)
    fits = indexed.fits(text)
    named = telling_figures(text)
    topics = _subjects(near[Shelf.TOPIC], fits[Shelf.TOPIC])
    topic_scores = {topic.id: topic.score for topic in topics}
    ranked = []
    for measure in indexed.library.measures.values():
        closest = near[Shelf.MEASURE].get(measure.id, 0.0)
        own = _NEAR_WEIGHT * closest + fits[Shelf.MEASURE][measure.id]
        kind = max(0.0, *(topic_scores[topic] for topic in measure.topics))
        own += _FIGURE_BONUS * bool(named & indexed.figures[measure.id])
        own -= _MISTAKEN_WEIGHT * max(0.0, near[Shelf.NEGATIVE].get(measure.id, 0.0) - closest)
        bonus = CONTEXT_BONUS if measure.id in recent else 0.0
        ranked.append(Candidate(measure, closest, own, own + _TOPIC_WEIGHT * kind + bonus))
    ranked.sort(key=lambda candidate: -candidate.score)
    return Candidates(
        tuple(ranked),
        topics,
        _subjects(near[Shelf.OUTSIDE], fits[Shelf.OUTSIDE]),
        near[Shelf.NEGATIVE],
    )


def _subjects(near: Mapping[str, float], fits: Mapping[str, float]) -> tuple[Subject, ...]:
    subjects = [
        Subject(name, near.get(name, 0.0), _NEAR_WEIGHT * near.get(name, 0.0) + fit)
        for name, fit in fits.items()
    ]
    return tuple(sorted(subjects, key=lambda subject: -subject.score))
