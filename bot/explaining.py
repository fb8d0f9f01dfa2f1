"""Why the bot says what it says: the steps it took, what it weighed, what the words had in common.

It goes the very way of an answer (`bot.answering.steps`), and looks at it from the side.
"""

from dataclasses import dataclass
from datetime import date

from bot import gates
from bot.answering import last_of, steps, turn_of
from bot.answers import Answer, Context
from bot.retrieval.indexing import IndexedLibrary, Shelf
from bot.retrieval.matching import Candidate
from bot.turn import Turn
from bot.words.normalising import normalise
from bot.words.pinyin import sounds
from bot.words.wording import plain, words
from knowledge.measures import Measure

_SHOWN = 8
_KEYS = 160
_WORD = 2
_Near = tuple[float, str, Shelf | None]
_NOTHING: _Near = (0.0, "", None)


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One step of the pipeline: its name, and the reason it gave where it answered."""

    name: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Shared:
    """What a question and an entry have in common, each kind without those before it."""

    words: tuple[str, ...]
    characters: tuple[str, ...]
    sounds: tuple[tuple[str, str], ...]
    """Pairs of characters that are written otherwise and sound alike."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A candidate: its scores, its entry nearest to the question, and why it is not the answer.

    `gate` is '' for what was answered from; else `region` (another place), `score` (not like
    enough), `rank` (another is nearer), `aspect:…` (the detail is not stated), `step` (an earlier
    step answered).
    """

    measure: Measure
    score: float
    own: float
    near: float
    mistaken: float
    """How near one of its negative questions comes."""
    open: bool
    entry: str
    shelf: Shelf | None
    shared: Shared
    gate: str


@dataclass(frozen=True, slots=True)
class Rival:
    """A subject that no measure is of, with its evidence: outside topics, distress."""

    shelf: Shelf
    id: str
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer, seen from the side."""

    answer: Answer
    steps: tuple[StepTaken, ...]
    text: str
    """The question as it is compared: one form of writing, everyday words for dialect."""
    rewritten: bool
    """Whether the lexicon replaced any of it."""
    terms: tuple[str, ...]
    """The policy terms that its everyday words stand for."""
    region: str | None
    places: tuple[str, ...]
    aspects: tuple[str, ...]
    weighed: tuple[Weighed, ...]
    rivals: tuple[Rival, ...]


def explain(
    question: str,
    indexed: IndexedLibrary,
    context: Context,
    *,
    today: date,
    chosen: str | None = None,
) -> Explanation:
    """Answer as `bot.answering.answer` does, and tell why; raises what it raises."""
    turn = turn_of(question, indexed, context, today, chosen)
    gone = list(steps(turn))
    reply = last_of(gone)
    taken = tuple(
        StepTaken(step.__name__, None if found is None else found.reason) for step, found in gone
    )
    normal = normalise(turn.message)
    return Explanation(
        reply,
        taken,
        turn.question.text,
        indexed.library.lexicon.rewrite(normal) != normal,
        indexed.library.lexicon.terms(turn.question.rest),
        turn.region,
        tuple(m.name for m in (*turn.question.places.covered, *turn.question.places.uncovered)),
        tuple(aspect.value for aspect in turn.asked.aspects),
        _weighed(turn, reply),
        _rivals(turn),
    )


def _weighed(turn: Turn, reply: Answer) -> tuple[Weighed, ...]:
    searched = turn.indexed.searched(turn.asked_text)
    nearest: dict[str, _Near] = {}
    mistaken: dict[str, float] = {}
    for hit in (
        *turn.indexed.questions.search(searched, _KEYS),
        *turn.indexed.answers.search(searched, _KEYS),
    ):
        written, _, name = hit.key.partition(":")
        shelf = Shelf(written)
        if shelf is Shelf.NEGATIVE:
            mistaken[name] = max(hit.score, mistaken.get(name, 0.0))
        elif (
            shelf in (Shelf.MEASURE, Shelf.UNANSWERED)
            and hit.score > nearest.get(name, (0.0, "", shelf))[0]
        ):
            nearest[name] = (hit.score, hit.text, shelf)
    local = {candidate.measure.id for candidate in turn.local}
    rejected = {r.measure: r.gate for r in reply.rejected}
    shown = [*turn.ranked[:_SHOWN]]
    # What was answered from is shown, however far down it stands.
    shown += [c for c in turn.ranked[_SHOWN:] if c.measure.id in reply.measures[:2]]
    found = []
    for candidate in shown:
        id = candidate.measure.id
        _, entry, kept_on = nearest.get(id, _NOTHING)
        found.append(
            Weighed(
                candidate.measure,
                candidate.score,
                candidate.own,
                candidate.near,
                mistaken.get(id, 0.0),
                candidate.measure.validity.open_on(turn.today),
                entry,
                kept_on,
                shared(searched, entry),
                "" if id in reply.measures else rejected.get(id) or _gate(candidate, local),
            )
        )
    return tuple(found)


def _gate(candidate: Candidate, local: set[str]) -> str:
    if candidate.measure.id not in local:
        return "region"
    return "score" if candidate.score < gates.UNDERSTOOD else "rank"


def _rivals(turn: Turn) -> tuple[Rival, ...]:
    library, found = turn.library, turn.candidates
    outside = found.outside
    care = found.care[0]
    topic = found.topic
    return (
        Rival(Shelf.TOPIC, topic.id, library.topics[topic.id].label, topic.score),
        Rival(Shelf.OUTSIDE, outside.id, library.outside[outside.id].label, outside.score),
        Rival(Shelf.CARE, care.id, library.care[care.id].label, care.score),
        Rival(Shelf.ORDINARY, "all", "", found.ordinary.score),
    )


def shared(question: str, entry: str) -> Shared:
    """What two texts have in common, as the index compares them."""
    one, other = plain(normalise(question)), plain(normalise(entry))
    theirs = {word for word in words(other) if len(word) >= _WORD}
    common = tuple(dict.fromkeys(w for w in words(one) if len(w) >= _WORD and w in theirs))
    in_words = set("".join(common))
    characters = tuple(
        dict.fromkeys(c for c in one if c.isalnum() and c in other and c not in in_words)
    )
    return Shared(common, characters, _alike(one, other))


def _alike(one: str, other: str) -> tuple[tuple[str, str], ...]:
    """Characters that only sound alike; what stands in both as it is is no such pair."""
    heard: dict[int, str] = {}
    for char in dict.fromkeys(other):
        for sound in sounds(char):
            if sound and char not in one:
                heard.setdefault(sound, char)
    pairs = []
    for char in dict.fromkeys(one):
        if char in other:
            continue
        for sound in sounds(char):
            if sound in heard:
                pairs.append((char, heard[sound]))
    return tuple(pairs)
