"""One turn of a conversation, as every step of the pipeline sees it."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from bot.answers import Context
from bot.composing import Composer
from bot.indexing import IndexedLibrary
from bot.matching import Candidate, Candidates, candidates
from bot.question import Question, parse
from knowledge.aspects import Asked
from knowledge.library import Library
from knowledge.measures import Measure

_TOO_WEAK_ALONE = 2.2
"""Below this a message of a running conversation is read together with the last question."""


@dataclass(frozen=True)
class Turn:
    """A message with its context; what is derived from them is worked out once, when asked for."""

    message: str
    indexed: IndexedLibrary
    context: Context
    chosen: str | None
    """The place chosen in the app; the text and the conversation win over it."""
    today: date

    @property
    def library(self) -> Library:
        """The library that is asked."""
        return self.indexed.library

    @cached_property
    def composer(self) -> Composer:
        """The writer of replies."""
        return Composer(self.library)

    @cached_property
    def question(self) -> Question:
        """The message taken apart."""
        return parse(self.message, self.library)

    # -- place --------------------------------------------------------------------------------

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The covered regions the message names, in order, each once."""
        return tuple(dict.fromkeys(mention.region for mention in self.question.places.covered))

    @property
    def region(self) -> str | None:
        """The one place that binds: named now, named before, or chosen in the app."""
        if self.places:
            return self.places[0]
        return self.context.region or self.chosen

    def scope(self, region: str) -> frozenset[str]:
        """Return the regions whose measures speak of `region`: it, what it lies in, its parts."""
        regions = self.library.regions
        return frozenset((*regions.within(region), *regions.descendants(region)))

    def town(self, region: str) -> str:
        """Return the widest region with documents that `region` lies in: the town of a district."""
        return self.library.regions.within(region)[-1]

    def measures_in(self, region: str) -> list[Measure]:
        """Return the measures that speak of a region, in the order of the catalogue."""
        scope = self.scope(region)
        return [m for m in self.library.measures.values() if m.region in scope]

    # -- subject ------------------------------------------------------------------------------

    @cached_property
    def follows_up(self) -> bool:
        """Tell whether the message names no subject of its own and leans on the last question."""
        return bool(self.context.question) and not self.question.content

    @cached_property
    def asked_text(self) -> str:
        """The question of substance, without place words: this one's, or the one it leans on."""
        if self.follows_up:
            return self.context.question
        return self.question.rest

    @cached_property
    def asked(self) -> Asked:
        """The aspects asked for; a message that only names a place asks again what was asked."""
        if self.question.asked.aspects or not self.follows_up:
            return self.question.asked
        return self.library.aspects.read(self.context.question)

    @cached_property
    def candidates(self) -> Candidates:
        """Every measure weighed against the question."""
        recent = self.context.measures
        found = candidates(self.asked_text, self.indexed, recent)
        if self.follows_up or not self.context.question:
            return found
        if max(found.ranked[0].own, found.outside[0].score) >= _TOO_WEAK_ALONE:
            return found
        return candidates(f"{self.context.question} {self.asked_text}", self.indexed, recent)

    @property
    def ranked(self) -> tuple[Candidate, ...]:
        """All candidates, best first."""
        return self.candidates.ranked

    @cached_property
    def local(self) -> tuple[Candidate, ...]:
        """The candidates that speak of the place that binds; all of them where none does."""
        return self.local_to(self.region) if self.region else self.ranked

    def local_to(self, region: str) -> tuple[Candidate, ...]:
        """The candidates that speak of one region, best first."""
        return self.candidates.within(self.scope(region))

    # -- what is left behind ------------------------------------------------------------------

    def kept_context(self) -> Context:
        """The context as it was, with the place the message named."""
        return replace(self.context, region=self.places[0] if self.places else self.context.region)

    def next_context(self, measures: tuple[str, ...], region: str | None) -> Context:
        """The context after a reply from `measures`."""
        named = self.places[0] if self.places else self.context.region
        return Context(region=named or region, question=self.asked_text, measures=measures)
