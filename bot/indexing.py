"""A library made ready to be asked: its questions and its answers indexed apart."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

from bot.profiles import Profiles
from bot.question import tidy
from bot.retrieval import Hit, Index
from knowledge.figures import figures
from knowledge.library import Library
from knowledge.measures import Measure

_TELLING = 10


class Shelf(StrEnum):
    """What an entry of the index belongs to; the first half of its key."""

    MEASURE = "measure"
    TOPIC = "topic"
    OUTSIDE = "outside"
    NEGATIVE = "negative"


class IndexedLibrary:
    """A library with its indices; built once per release, read by every thread."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.questions = Index(list(self._questions()))
        self.answers = Index(list(self._answers()))
        self.figures = {
            measure.id: telling_figures("\n".join((measure.summary, *measure.quotes)))
            for measure in library.measures.values()
        }
        self._profiles = Profiles(self.questions)

    def searched(self, text: str) -> str:
        """Return a tidied text with the policy terms its colloquial words stand for."""
        return " ".join([text, *self.library.lexicon.terms(text)])

    def find_questions(self, text: str, k: int) -> list[tuple[Shelf, str, Hit]]:
        """Search the questions; `text` is tidied, without place words."""
        return [_shelved(hit) for hit in self.questions.search(self.searched(text), k)]

    def find_answers(self, text: str, k: int) -> list[tuple[Shelf, str, Hit]]:
        """Search what the measures say; `text` is tidied, without place words."""
        return [_shelved(hit) for hit in self.answers.search(self.searched(text), k)]

    def fits(self, text: str) -> dict[Shelf, dict[str, float]]:
        """How well all questions of each measure, topic … together word a tidied text."""
        by_shelf: dict[Shelf, dict[str, float]] = {shelf: {} for shelf in Shelf}
        for key, fit in self._profiles.fits(self.searched(text)).items():
            shelf, _, name = key.partition(":")
            by_shelf[Shelf(shelf)][name] = fit
        return by_shelf

    def _entry(self, shelf: Shelf, name: str, text: str) -> tuple[str, str]:
        return f"{shelf}:{name}", self.searched(tidy(text, self.library))

    def _questions(self) -> Iterator[tuple[str, str]]:
        for measure in self.library.measures.values():
            for text in (measure.title, measure.question, *measure.similar):
                yield self._entry(Shelf.MEASURE, measure.id, text)
            for text in measure.negative:
                yield self._entry(Shelf.NEGATIVE, measure.id, text)
        for topic in self.library.topics.values():
            for text in (topic.label, *topic.questions):
                yield self._entry(Shelf.TOPIC, topic.id, text)
        for outside in self.library.outside.values():
            for text in (outside.label, *outside.questions):
                yield self._entry(Shelf.OUTSIDE, outside.id, text)

    def _answers(self) -> Iterator[tuple[str, str]]:
        for measure in self.library.measures.values():
            for text in _said(measure):
                yield self._entry(Shelf.MEASURE, measure.id, text)


def telling_figures(text: str) -> frozenset[Decimal]:
    """Return the figures that tell one measure from another: 500, 60 %, but not 1 or 2."""
    return frozenset(figure.value for figure in figures(text) if figure.value >= _TELLING)


def _said(measure: Measure) -> Iterator[str]:
    yield measure.summary
    yield from measure.quotes
    yield from (statement.say for statement in measure.answers.values())


def _shelved(hit: Hit) -> tuple[Shelf, str, Hit]:
    shelf, _, name = hit.key.partition(":")
    return Shelf(shelf), name, hit
