"""A library made ready to be asked: its questions and its answers indexed apart."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from decimal import Decimal
from enum import StrEnum
from functools import cache

from bot.normalising import normalise
from bot.places import find_places
from bot.profiles import Profiles
from bot.question import tidy
from bot.retrieval import Hit, Index
from bot.wording import words
from knowledge.figures import figures
from knowledge.library import Library
from knowledge.measures import Measure

_TELLING = 10
_NAME = 2


class Shelf(StrEnum):
    """What an entry of the index belongs to; the first half of its key."""

    MEASURE = "measure"
    TOPIC = "topic"
    OUTSIDE = "outside"
    NEGATIVE = "negative"
    UNANSWERED = "unanswered"
    CARE = "care"
    ORDINARY = "ordinary"


class IndexedLibrary:
    """A library with its indices; built once per release, read by every thread."""

    def __init__(self, library: Library) -> None:
        self.library = library
        questions = list(self._questions())
        self.questions = Index(questions)
        self.answers = Index(list(self._answers()))
        self.figures = {
            measure.id: telling_figures("\n".join((measure.summary, *measure.quotes)))
            for measure in library.measures.values()
        }
        self._stating = Counter(f for stated in self.figures.values() for f in stated)
        self.names = _proper_names(library)
        self._profiles = Profiles(questions)
        self._shelved = tuple(_shelf(key) for key in self._profiles.keys)

    def searched(self, text: str) -> str:
        """Return a tidied text with the policy terms its colloquial words stand for."""
        return " ".join([text, *self.library.lexicon.terms(text)])

    def find_questions(
        self, text: str, k: int, pinyin_weight: float = 1.0
    ) -> list[tuple[Shelf, str, Hit]]:
        """Search the questions for what `searched` gave."""
        return [_shelved(hit) for hit in self.questions.search(text, k, pinyin_weight)]

    def find_answers(
        self, text: str, k: int, pinyin_weight: float = 1.0
    ) -> list[tuple[Shelf, str, Hit]]:
        """Search what the measures say for what `searched` gave."""
        return [_shelved(hit) for hit in self.answers.search(text, k, pinyin_weight)]

    def fits(self, text: str) -> dict[Shelf, dict[str, float]]:
        """How well all questions of each measure, topic … together word what `searched` gave."""
        by_shelf: dict[Shelf, dict[str, float]] = {shelf: {} for shelf in Shelf}
        fits = self._profiles.fits(text).tolist()
        for (shelf, name), fit in zip(self._shelved, fits, strict=True):
            by_shelf[shelf][name] = fit
        return by_shelf

    def telling(self, named: Collection[Decimal], measure: str) -> float:
        """How much figures that a question names tell of a measure: 1 if it alone states one."""
        shared = [self._stating[figure] for figure in self.figures[measure].intersection(named)]
        return (1 + 1 / min(shared)) / 2 if shared else 0.0

    def _entry(self, shelf: Shelf, name: str, text: str) -> tuple[str, str]:
        rest = find_places(tidy(text, self.library), self.library.regions).rest
        return f"{shelf}:{name}", self.searched(rest)

    def _questions(self) -> Iterator[tuple[str, str]]:
        for measure in self.library.measures.values():
            for text in (measure.title, measure.question, *measure.similar):
                yield self._entry(Shelf.MEASURE, measure.id, text)
            for text in measure.negative:
                yield self._entry(Shelf.NEGATIVE, measure.id, text)
            for text in measure.unanswered:
                yield self._entry(Shelf.UNANSWERED, measure.id, text)
        for topic in self.library.topics.values():
            for text in (topic.label, *topic.questions):
                yield self._entry(Shelf.TOPIC, topic.id, text)
        for kind, sentences in self.library.care_sentences.heard.items():
            for text in (*sentences, *self.library.care[kind].examples):
                yield self._entry(Shelf.CARE, kind, text)
        for text in self.library.care_sentences.ordinary:
            yield self._entry(Shelf.ORDINARY, "all", text)
        for outside in self.library.outside.values():
            for text in (outside.label, *outside.questions):
                yield self._entry(Shelf.OUTSIDE, outside.id, text)

    def _answers(self) -> Iterator[tuple[str, str]]:
        for measure in self.library.measures.values():
            for text in _said(measure):
                yield self._entry(Shelf.MEASURE, measure.id, text)


def _proper_names(library: Library) -> dict[str, frozenset[str]]:
    """Return for each measure the words of its title that no other town's measures use."""
    towns: dict[str, set[str]] = defaultdict(set)
    titled: dict[str, set[str]] = {}
    for measure in library.measures.values():
        town = library.regions.within(measure.region)[-1]
        titled[measure.id] = {w for w in words(normalise(measure.title)) if len(w) >= _NAME}
        said = normalise("\n".join((measure.title, measure.summary, *measure.quotes)))
        for word in words(said):
            towns[word].add(town)
        for text in measure.similar:
            for word in words(normalise(text)):
                towns[word].add(town)
        for topic in measure.topics:
            for text in library.topics[topic].questions:
                for word in words(normalise(text)):
                    towns[word].add(town)
    return {
        id: frozenset(word for word in titles if len(towns[word]) == 1)
        for id, titles in titled.items()
    }


def telling_figures(text: str) -> frozenset[Decimal]:
    """Return the figures that tell one measure from another: 500, 60 %, but not 1 or 2."""
    return frozenset(figure.value for figure in figures(text) if figure.value >= _TELLING)


def _said(measure: Measure) -> Iterator[str]:
    yield measure.summary
    yield from measure.quotes
    yield from (statement.say for statement in measure.answers.values())


def _shelved(hit: Hit) -> tuple[Shelf, str, Hit]:
    return (*_shelf(hit.key), hit)


@cache
def _shelf(key: str) -> tuple[Shelf, str]:
    shelf, _, name = key.partition(":")
    return Shelf(shelf), name
