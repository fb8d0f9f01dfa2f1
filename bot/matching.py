"""Candidates for a question: every measure with the evidence for it, whatever its place.

Two signals weigh a measure: how near one of its questions (or its clause) comes to the question,
and how well all its questions together word it. Topics and what no document covers are weighed
the same way, so that the gates compare like with like.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from bot.indexing import IndexedLibrary, Shelf, telling_figures
from knowledge.measures import Measure

_KEYS = 160
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
_SPOKEN_WEIGHT = 1.4
"""What a like sound counts where a machine wrote down what it heard."""


@dataclass(frozen=True, slots=True)
class Candidate:
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
    care: tuple[Subject, ...]
    """Kinds of distress."""
    ordinary: float
    """The evidence for a sentence that only sounds like distress."""

    def within(self, regions: Collection[str]) -> tuple[Candidate, ...]:
        """Keep the candidates of these regions."""
        return tuple(c for c in self.ranked if c.measure.region in regions)


def candidates(text: str, indexed: IndexedLibrary, *, spoken: bool = False) -> Candidates:
    """Weigh everything against a tidied question without its place words."""
    searched = indexed.searched(text)
    pinyin_weight = _SPOKEN_WEIGHT if spoken else 1.0
    near: dict[Shelf, dict[str, float]] = {shelf: {} for shelf in Shelf}
    for shelf, name, hit in indexed.find_questions(searched, _KEYS, pinyin_weight):
        near[shelf][name] = hit.score
    for _, name, hit in indexed.find_answers(searched, _KEYS, pinyin_weight):
        clause = _CLAUSE_WEIGHT * hit.score
        near[Shelf.MEASURE][name] = max(near[Shelf.MEASURE].get(name, 0.0), clause)
    fits = indexed.fits(searched)
    named = telling_figures(text)
    topics = _subjects(near[Shelf.TOPIC], fits[Shelf.TOPIC])
    topic_scores = {topic.id: topic.score for topic in topics}
    ranked = []
    for measure in indexed.library.measures.values():
        closest = near[Shelf.MEASURE].get(measure.id, 0.0)
        answered = _NEAR_WEIGHT * closest + fits[Shelf.MEASURE][measure.id]
        asked_open = near[Shelf.UNANSWERED].get(measure.id, 0.0)
        left_open = _NEAR_WEIGHT * asked_open + fits[Shelf.UNANSWERED].get(measure.id, 0.0)
        own = max(answered, left_open)
        kind = max(0.0, *(topic_scores[topic] for topic in measure.topics))
        figure = _FIGURE_BONUS * indexed.telling(named, measure.id)
        own += figure
        own += _NAME_BONUS * any(name in text for name in indexed.names[measure.id])
        own -= _MISTAKEN_WEIGHT * max(0.0, near[Shelf.NEGATIVE].get(measure.id, 0.0) - closest)
        score = own + _TOPIC_WEIGHT * kind
        ranked.append(Candidate(measure, closest, own, score, score - figure, answered, left_open))
    ranked.sort(key=lambda candidate: -candidate.score)
    return Candidates(
        tuple(ranked),
        topics,
        _subjects(near[Shelf.OUTSIDE], fits[Shelf.OUTSIDE]),
        _subjects(near[Shelf.CARE], fits[Shelf.CARE]),
        max(s.score for s in _subjects(near[Shelf.ORDINARY], fits[Shelf.ORDINARY])),
    )


def leaning(alone: Candidates, last: Candidates, recent: Collection[str]) -> Candidates:
    """Weigh a message that leans on the last question: by itself, and by what came before.

    `recent` are the measures the conversation is about; they gain a little more.
    """
    before = {c.measure.id: c for c in last.ranked}
    ranked = []
    for candidate in alone.ranked:
        earlier = before[candidate.measure.id]
        bonus = _RECENT_BONUS if candidate.measure.id in recent else 0.0
        ranked.append(
            replace(
                candidate,
                own=candidate.own + _LAST_WEIGHT * earlier.own,
                score=candidate.score + _LAST_WEIGHT * earlier.score + bonus,
                unbiased=candidate.unbiased + _LAST_WEIGHT * earlier.unbiased + bonus,
            )
        )
    ranked.sort(key=lambda candidate: -candidate.score)
    return replace(alone, ranked=tuple(ranked))


def _subjects(near: Mapping[str, float], fits: Mapping[str, float]) -> tuple[Subject, ...]:
    subjects = [
        Subject(name, near.get(name, 0.0), _NEAR_WEIGHT * near.get(name, 0.0) + fit)
        for name, fit in fits.items()
    ]
    return tuple(sorted(subjects, key=lambda subject: -subject.score))
