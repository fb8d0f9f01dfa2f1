"""Whether one release answers better or worse than another, and whether it lends money to a city.

Gold is asked of both; what only one of them gets right is what a publisher has to know.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from bot.answering import answer
from bot.answers import Answer, Context, Kind
from bot.evaluation import Ask, Gold, fault
from bot.places.named import find_places
from bot.retrieval.indexing import IndexedLibrary
from knowledge.faults import Fault
from knowledge.library import Library
from knowledge.measures import Audience, Measure
from knowledge.regions import Use

MOST_SWAPS = 400
_ELSEWHERE = 3
"""To how many other towns each question is carried."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One piece of gold in two releases: what is wrong with each reply, None where it is right."""

    gold: Gold
    before: Fault | None
    after: Fault | None
    reply: str
    """What the new release says."""


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A question that was carried to another place, and got a measure that is not of that place."""

    question: str
    place: str
    measures: tuple[str, ...]
    reply: str


@dataclass(frozen=True, slots=True)
class Swaps:
    """How many questions were carried elsewhere, and which of them borrowed."""

    asked: int
    borrowed: tuple[Borrowed, ...]


def _asked(
    indexed: IndexedLibrary, today: date, turns: Sequence[str], region: str | None
) -> Answer:
    """Ask the turns of one conversation; the last answer. A place it does not know is none."""
    chosen = region if region in indexed.library.regions else None
    context = Context()
    found: Answer | None = None
    for text in turns:
        found = answer(text, indexed, context, today=today, chosen=chosen)
        context = found.context
    assert found is not None
    return found


def outcomes(
    golds: Iterable[Gold], before: IndexedLibrary | None, after: IndexedLibrary, today: date
) -> Iterator[Outcome]:
    """Ask every question of both releases; without one before, all count as right there."""
    for gold in golds:
        given = _asked(after, today, gold.turns, gold.region)
        earlier = _asked(before, today, gold.turns, gold.region) if before else None
        yield Outcome(
            gold,
            fault(gold, earlier) if earlier else None,
            fault(gold, given),
            given.reply,
        )


def swaps(
    indexed: IndexedLibrary,
    golds: Iterable[Gold],
    today: date,
    first: Iterable[str] = (),
    *,
    most: int = MOST_SWAPS,
    ask: Ask | None = None,
) -> Swaps:
    """Ask the same with another city: the questions of the gold, and each measure's own.

    `first` names the measures to begin with, those that are new; `ask` asks otherwise than the bot.
    """
    asking = ask or partial(_asked, indexed, today)
    asked = 0
    borrowed: list[Borrowed] = []
    for question, town, chosen in _carried(indexed.library, golds, list(first)):
        if asked >= most:
            break
        asked += 1
        found = asking([question], chosen)
        if wrong := _lent(indexed.library, found, town):
            borrowed.append(Borrowed(question, town or "", wrong, found.reply))
    return Swaps(asked, tuple(borrowed))


def _lent(library: Library, found: Answer, town: str | None) -> tuple[str, ...]:
    """The measures of a reply that do not speak of the place asked for; None: of no place."""
    if found.kind is Kind.CLARIFY:
        return ()
    if town is None:
        return found.measures
    regions = library.regions
    scope = {*regions.within(town), *regions.descendants(town)}
    return tuple(id for id in found.measures if library.measures[id].region not in scope)


def _carried(
    library: Library, golds: Iterable[Gold], first: list[str]
) -> Iterator[tuple[str, str | None, str | None]]:
    """Yield question, the town it is now about (None: one without documents), the place chosen."""
    towns = _towns(library)
    unknown = _place_not_covered(library)
    measures = library.measures
    ordered = [*(measures[id] for id in first if id in measures)]
    ordered += [measure for measure in measures.values() if measure.id not in set(first)]
    by_gold = [gold for gold in golds if gold.kind is Kind.ANSWER and len(gold.turns) == 1]
    every: list[Callable[[], Iterator[tuple[str, str | None, str | None]]]] = [
        *(lambda m=m: _of_measure(m, library, towns, unknown) for m in ordered[: len(first)]),
        *(lambda g=g: _of_gold(g, library, towns) for g in by_gold),
        *(lambda m=m: _of_measure(m, library, towns, unknown) for m in ordered[len(first) :]),
    ]
    for carried in every:
        yield from carried()


def _of_measure(
    measure: Measure, library: Library, towns: list[str], unknown: str | None
) -> Iterator[tuple[str, str | None, str | None]]:
    if measure.audience is Audience.GOVERNMENT:
        return
    named = find_places(measure.question, library.regions)
    if any(mention.landmark for mention in named.covered):
        # A firm stands where it stands, wherever one asks from: this can't be carried elsewhere.
        return
    own = library.regions.within(measure.region)[-1]
    others = _others(towns, own)
    question = named.rest
    for town in others:
        yield question, town, town
    if others:
        yield f"{library.regions.get(others[0]).label}{question}", others[0], None
    if unknown:
        yield f"{unknown}{question}", None, None


def _of_gold(
    gold: Gold, library: Library, towns: list[str]
) -> Iterator[tuple[str, str | None, str | None]]:
    named = find_places(gold.turns[0], library.regions)
    if len(named.covered) != 1 or named.uncovered or named.unclear or named.covered[0].landmark:
        return
    own = library.regions.within(named.covered[0].region)[-1]
    for town in _others(towns, own)[:1]:
        label = library.regions.get(town).label
        yield f"{label}{named.rest}", town, None


def _others(towns: list[str], own: str) -> list[str]:
    """The towns after one's own, round and round: each is asked about as often as any other."""
    at = towns.index(own) if own in towns else 0
    turned = [*towns[at + 1 :], *towns[:at]]
    return [town for town in turned if town != own][:_ELSEWHERE]


def _towns(library: Library) -> list[str]:
    regions = library.regions
    named = [id for id in regions.covered if not regions.get(id).unnamed]
    return list(dict.fromkeys(regions.within(id)[-1] for id in named))


def _place_not_covered(library: Library) -> str | None:
    """A place that has no documents, by a name that means nothing else."""
    for name in library.regions.names:
        far = name.place.region is None and len(name.place.path) > 1 and name.use is Use.FREE
        if far and name.full and find_places(name.words, library.regions).uncovered:
            return name.words
    return None
