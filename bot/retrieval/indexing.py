"""A library made ready to be asked: its questions and its answers indexed apart."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.places.named import find_places
from bot.question import tidy
from bot.retrieval.profiles import Profiles
from bot.retrieval.retriever import Index
from bot.words.input_method import InputMethod
from bot.words.normalising import normalise
from bot.words.wording import compared, words
from knowledge.figures import Figure, figures
from knowledge.library import Library
from knowledge.measures import Measure

_TELLING = 10
_AGE = "岁"
_MONEY = "元"
_NAME = 2
_SHARED = 2
"""More measures than these can't share what is to name one of them."""
_OURS, _A_CITY, _A_COUNTY = 300.0, 10.0, 0.5
"""How often the name of a place counts as said."""
_BELOW_A_CITY = 3
"""Steps from the province down."""
_LOOKED_AT = 160
"""So many of the nearest texts are compared at least."""

Ints = NDArray[np.int64]
Amounts = NDArray[np.float64]


class Shelf(StrEnum):
    """What an entry of the index belongs to; the first half of its key."""

    MEASURE = "measure"
    TOPIC = "topic"
    OUTSIDE = "outside"
    NEGATIVE = "negative"
    UNANSWERED = "unanswered"
    CARE = "care"
    ORDINARY = "ordinary"


class Weighed(NamedTuple):
    """A question against all that stands on the shelves, a number for each place there.

    `near` is how near the nearest text comes, 0..1; `fits` how well all its texts together word the
    question. Both end with a 0, for what stands nowhere. `clause` is, by measure, how near the
    nearest sentence of its clause comes.
    """

    near: Amounts
    fits: Amounts
    clause: Amounts


class Standing(NamedTuple):
    """What stands on one shelf: the names, and the place of each."""

    names: tuple[str, ...]
    places: Ints


class IndexedLibrary:
    """A library with its indices; built once per release, read by every thread."""

    def __init__(self, library: Library) -> None:
        self.library = library
        questions = list(self._questions())
        # Both are made of the same wordings.
        wordings = [compared(text) for _, text in questions]
        self.questions = Index(questions, wordings)
        self.answers = Index(list(self._answers()))
        self.input_method = InputMethod(
            self._written(), _place_names(library), _parts_of_places(library)
        )
        self.figures = {
            measure.id: stated_figures("\n".join((measure.summary, *measure.quotes)))
            for measure in library.measures.values()
        }
        self._stating = Counter(f for stated in self.figures.values() for f in stated)
        self.names = _proper_names(library)
        self._profiles = Profiles(questions, [wording for _, wording in wordings])
        self.measures = tuple(library.measures.values())
        self.on = {shelf: _standing(self.questions.keys, shelf) for shelf in Shelf}
        self.open = self._places_by_measure(Shelf.UNANSWERED)
        self.negative = self._places_by_measure(Shelf.NEGATIVE)
        self.topics = self._places_of_topics()
        clauses = _standing(self.answers.keys, Shelf.MEASURE)
        self._clauses = np.array([clauses.names.index(m.id) for m in self.measures], np.int64)
        self._named: dict[str, list[int]] = defaultdict(list)
        for number, measure in enumerate(self.measures):
            for name in self.names[measure.id]:
                self._named[name].append(number)

    def searched(self, text: str) -> str:
        """Return a tidied text with the policy terms its colloquial words stand for."""
        return " ".join([text, *self.library.lexicon.terms(text)])

    def weighed(self, text: str, pinyin_weight: float = 1.0) -> Weighed:
        """Weigh all that stands on the shelves against what `searched` gave."""
        clauses = self.answers.nearest(text, _LOOKED_AT, pinyin_weight)
        return Weighed(
            near=self.questions.nearest(text, _LOOKED_AT, pinyin_weight),
            fits=np.append(self._profiles.fits(text), 0.0),
            clause=clauses[self._clauses],
        )

    def telling(self, named: Collection[Figure], measure: str) -> float:
        """How much figures that a question names tell of a measure: 1 if it alone states one."""
        shared = [self._stating[figure] for figure in self.figures[measure].intersection(named)]
        return (1 + 1 / min(shared)) / 2 if shared else 0.0

    def using_their_names(self, text: str) -> NDArray[np.bool_]:
        """Tell of each measure whether a text uses a proper name of its title."""
        using = np.zeros(len(self.measures), np.bool_)
        for name, measures in self._named.items():
            if name in text:
                using[measures] = True
        return using

    def _places_by_measure(self, shelf: Shelf) -> Ints:
        """Where each measure stands on a shelf; the last place, of nothing, where it does not."""
        standing = dict(zip(*self.on[shelf], strict=True))
        return np.array([standing.get(measure.id, -1) for measure in self.measures], np.int64)

    def _places_of_topics(self) -> Ints:
        """Where the topics of each measure stand, a row for each."""
        standing = dict(zip(*self.on[Shelf.TOPIC], strict=True))
        widest = max(len(measure.topics) for measure in self.measures)
        rows = [[standing[topic] for topic in measure.topics] for measure in self.measures]
        return np.array([row + [-1] * (widest - len(row)) for row in rows], np.int64)

    def entry_of(self, text: str, name: str = "") -> str:
        """A text as it stands in the index: tidied, without place words, with its policy terms.

        `name` is the measure it belongs to.
        """
        places = find_places(tidy(text, self.library), self.library.regions)
        measure = self.library.measures.get(name)
        # A place that the clause speaks of belongs to the subject, as in a question (bot.question).
        told = [
            mention.words
            for mention in (*places.uncovered, *places.origins)
            if measure and any(mention.words in quote for quote in measure.quotes)
        ]
        return self.searched(" ".join((places.rest, *told)))

    def _entry(self, shelf: Shelf, name: str, text: str) -> tuple[str, str]:
        return f"{shelf}:{name}", self.entry_of(text, name)

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

    def _written(self) -> Iterator[str]:
        """All that is written here of what people ask, as it stands in the files."""
        for measure in self.library.measures.values():
            yield from (measure.title, measure.question, *measure.similar, *measure.negative)
            yield from (*measure.unanswered, measure.summary, *measure.quotes)
        for topic in self.library.topics.values():
            yield from (topic.label, *topic.questions)
        for kind, sentences in self.library.care_sentences.heard.items():
            yield from (*sentences, *self.library.care[kind].examples)
        yield from self.library.care_sentences.ordinary
        for outside in self.library.outside.values():
            yield from (outside.label, *outside.questions)
        # As people go on from one place to the next.
        yield from (f"那{id}呢" for id in self.library.regions.covered)

    def _answers(self) -> Iterator[tuple[str, str]]:
        for measure in self.library.measures.values():
            for text in _said(measure):
                yield self._entry(Shelf.MEASURE, measure.id, text)


def _place_names(library: Library) -> dict[str, float]:
    """Names of places and firms, with how often each counts as said: ours often, others seldom."""
    said: dict[str, float] = {}
    for name in library.regions.names:
        is_city = len(name.place.path) < _BELOW_A_CITY
        said.setdefault(name.words, _A_CITY if is_city else _A_COUNTY)
    for region in library.regions:
        said |= dict.fromkeys((region.id, region.label, *region.aliases), _OURS)
        said |= dict.fromkeys(region.landmarks, _A_COUNTY)
    return said


def _parts_of_places(library: Library) -> dict[str, list[str]]:
    """The short names of the parts that a place has without documents of their own, by its name."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in library.regions.names:
        if name.place.inside and name.place.region and not name.full:
            for written in dict.fromkeys(
                (name.place.region, *library.regions.get(name.place.region).aliases)
            ):
                found[written].append(name.words)
    return found


def _proper_names(library: Library) -> dict[str, frozenset[str]]:
    """Return for each measure the words of its title that no other town's measures use.

    What several measures of the town use names none of them: 从事, 持证.
    """
    towns: dict[str, set[str]] = defaultdict(set)
    used: Counter[str] = Counter()
    titled: dict[str, set[str]] = {}
    for measure in library.measures.values():
        town = library.regions.within(measure.region)[-1]
        titled[measure.id] = {w for w in words(normalise(measure.title)) if len(w) >= _NAME}
        said = normalise("\n".join((measure.title, measure.summary, *measure.quotes)))
        used.update(set(words(said)))
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
        id: frozenset(w for w in titles if len(towns[w]) == 1 and used[w] <= _SHARED)
        for id, titles in titled.items()
    }


_GIVEN = re.compile(
    r"(?<=[人发给补领拿奖贴])[0-9]+(?:\.[0-9]+)?(?![0-9.%a-z]|(?!的)[\u3400-\u9fff])"
)


def telling_figures(text: str) -> frozenset[Figure]:
    """Return the figures that tell one measure from another: 500, 60 %, but not 1, 2 or an age.

    No unit but that of money counts: 1000元 is not 千名. What somebody is given 500 of is money.
    """
    found = (
        f for f in figures(_GIVEN.sub(r"\g<0>元", text)) if f.value >= _TELLING and f.unit != _AGE
    )
    return frozenset(f if f.unit == _MONEY else Figure(f.value, "") for f in found)


def stated_figures(text: str) -> frozenset[Figure]:
    """Return the telling figures of a clause, as they may be named: money also without its unit."""
    found = telling_figures(text)
    return found | {Figure(figure.value, "") for figure in found}


def _said(measure: Measure) -> Iterator[str]:
    yield measure.summary
    yield from measure.quotes
    yield from (statement.say for statement in measure.answers.values())


def _standing(keys: Sequence[str], shelf: Shelf) -> Standing:
    parted = [key.partition(":") for key in keys]
    found = [(name, at) for at, (on, _, name) in enumerate(parted) if on == shelf]
    names = tuple(name for name, _ in found)
    return Standing(names, np.array([at for _, at in found], np.int64))
