"""One turn of a conversation, as every step of the pipeline sees it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from bot.answers import Context
from bot.check_wishes import grown_up, wish
from bot.claims import claimed_aspect, claims
from bot.composing import Composer
from bot.places.asides import Passing, without_asides
from bot.question import ASKS, Question, content, parse
from bot.retrieval.indexing import IndexedLibrary, telling_figures
from bot.retrieval.matching import (
    Candidate,
    Candidates,
    candidates,
    leaning,
    not_for_firms,
    raised,
    speaking_of,
)
from bot.stating import states
from bot.words import firms, wages, wording
from bot.words import leaning as leaning_words
from knowledge.aspects import Asked
from knowledge.library import Library
from knowledge.measures import Aspect, Measure

_NEW_SUBJECT = 2.6
"""So far ahead of what the conversation is about, a message opens a subject of its own."""
_ON_THE_SUBJECT = 2.5
"""So well worded by what the conversation is about, a message stays with it."""
_NEW_SUBJECT_WITH_PLACE = 1.0
"""The same where the message names a place."""
_NEW_SUBJECT_IN_A_WORD = 4.0
"""The same where it says hardly more than that it asks on."""
_ASKS_ON = re.compile("(?:[他她它我俺]们?|那[头边里儿]|这[头边里儿]|咱们?)呢[?!。 ]*$")
_GOING = re.compile("(?:去|到|回|来|在|往|隔壁的?|旁边的?|搬到|现在)$")
_SUM = re.compile(r"\d+(?:\.\d+)?(?:%|元|块钱?)?")
_BY_THE_MONTH = re.compile("(?:1个|每个?)月(?=[给发补领]?多少)")
"""Tells nothing of what is paid so."""
_KEPT_QUESTION = 300
_SURELY_ANOTHER = 0.7
"""So near to how a measure is asked for, what tells who somebody is asks for it."""
_NAMES_A_KIND = 0.55
"""So near to how a kind of help is asked for, 那……呢 is not of what was told."""
_A_SUBJECT_HERE = 3.0
"""So well worded by another measure of the place, it is of that one."""
_ENDS_ASKING = re.compile("(?:[不没]|没有)[?!。 ]*$")
_A_WORD = 2
"""Characters of content that are hardly a subject."""
_LONGEST_FOLLOW_UP = 24
"""Characters: a longer message stands for itself."""


@dataclass(frozen=True)
class Turn:
    """A message with its context; what is derived from them is worked out once, when asked for."""

    message: str
    indexed: IndexedLibrary
    context: Context
    chosen: str | None
    """The place chosen in the app; the text wins over it, and so does what was said since."""
    today: date
    picked: bool = False
    """The message was a number and stands for the choice it picked."""
    spoken: bool = False
    """The message was heard by a machine: what sounds alike may be meant."""

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
        """The message taken apart, without the places that it mentions in passing."""
        return replace(self._read, places=self._passing.places)

    @cached_property
    def _read(self) -> Question:
        here = self.context.region or self.chosen
        told = self.context.measures
        return parse(self.message, self.library, self.indexed.input_method, here, told)

    @cached_property
    def _passing(self) -> Passing:
        """The places of the message that tell where somebody is, or what they ask about."""
        before, read = self.context, self._read
        known = "" if before.elsewhere else before.region or self.chosen
        return without_asides(read.places, read.text, known, self.library.regions)

    # -- place --------------------------------------------------------------------------------

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The covered regions the message names, in order, each once."""
        return tuple(dict.fromkeys(mention.region for mention in self.question.places.covered))

    @cached_property
    def elsewhere(self) -> str:
        """The place without documents that is meant, named now or before; '' for none."""
        places = self.question.places
        if places.uncovered and (not self.places or self._moves_on()):
            return places.uncovered[-1].name
        return "" if self.places or places.unclear or self._chose_anew() else self.context.elsewhere

    def _chose_anew(self) -> bool:
        """Tell whether another place was chosen in the app since the last message."""
        return self.chosen is not None and self.chosen != self.context.chosen

    @cached_property
    def spoken_of(self) -> str | None:
        """The place that still binds from earlier messages: not denied now, nor chosen away."""
        before = self.context.region
        if before is None or self._chose_anew() or before in self.question.denied:
            return None
        return before

    def _moves_on(self) -> bool:
        """Tell whether the uncovered place is where the person goes: 从石狮去晋江打工.

        Named again at the end it is what they ask about: 我在厦门，听说石狮有，厦门的在哪办.
        """
        *others, last = self.question.places.uncovered
        after = all(mention.start < last.start for mention in self.question.places.covered)
        again = any(mention.name == last.name for mention in others)
        return after and (again or bool(_GOING.search(self.question.text[: last.start])))

    @cached_property
    def region(self) -> str | None:
        """The one place that binds: named now, named before, chosen in the app, or leaned on."""
        if self.elsewhere or self.question.places.unclear:
            return None
        if self.places:
            return self.places[0]
        chosen = None if self.chosen in self.question.denied else self.chosen
        place = self.spoken_of or chosen
        if place is None and self.follows_up and not self.question.denied:
            best = self.candidates.ranked[0].measure
            return best.region if best.id in self._of_one_town else None
        return place

    @cached_property
    def _of_one_town(self) -> tuple[str, ...]:
        """The measures spoken of last; none, where they were of several towns: none was named."""
        known = [id for id in self.context.measures if id in self.library.measures]
        towns = {self.town(self.library.measures[id].region) for id in known}
        return tuple(known) if len(towns) == 1 else ()

    @cached_property
    def part(self) -> str | None:
        """The part of the region that is meant, where it has no region of its own: 桥东区."""
        return next((m.inside for m in self.question.places.covered if m.inside), None)

    def scope(self, region: str) -> frozenset[str]:
        """Return the regions whose measures speak of `region`: it, what it lies in, its parts.

        A part of a town that has no measures of its own gets the town's, never a sister's.
        """
        regions = self.library.regions
        if any(m.region == region and m.no_own_measures for m in self.question.places.covered):
            return frozenset(regions.within(region))
        return frozenset((*regions.within(region), *regions.descendants(region)))

    def town(self, region: str) -> str:
        """Return the widest region with documents that `region` lies in: the town of a district."""
        return self.library.regions.within(region)[-1]

    def measures_in(self, region: str) -> list[Measure]:
        """Return the measures that speak of a region, in the order of the catalogue."""
        scope, part = self.scope(region), self.part
        here = (m for m in self.library.measures.values() if m.region in scope)
        return [m for m in here if m.is_for_part(part)]

    # -- subject ------------------------------------------------------------------------------

    @cached_property
    def alone(self) -> Candidates:
        """Everything weighed against the message by itself.

        A sum that no measure of the named place states is left out: the worker heard it wrong. The
        wish for a self-check tells nothing of its subject.
        """
        text = self._searched(self.question.rest)
        named = telling_figures(text)
        if named and self.places:
            scope = self.scope(self.places[0])
            local = (m.id for m in self.library.measures.values() if m.region in scope)
            if not any(self.indexed.telling(named, id) for id in local):
                text = _SUM.sub("", text)
        return candidates(text, self.indexed, spoken=self.spoken)

    def _searched(self, text: str) -> str:
        """The words that a question is to be weighed by."""
        text = _BY_THE_MONTH.sub("", text)
        if wished := wish(text):
            text = wished.subject or text
        return wages.asked_for(text) if self._asks_for_wages(text) else text

    @cached_property
    def is_owed_wages(self) -> bool:
        """Tell whether somebody asks for wages, or other money, that a firm owes them."""
        return self._asks_for_wages(self._own_or_last)

    def _asks_for_wages(self, text: str) -> bool:
        if wages.are_owed(text):
            return True
        return wages.are_said_to_be_paid(text) and not self._names_a_sum_of_help

    @cached_property
    def _own_or_last(self) -> str:
        """What the message asks, or the last question where it says nothing of its own."""
        again = self._can_follow_up and self._asks_the_same
        return self.context.question if again else self.question.rest

    @property
    def _names_a_sum_of_help(self) -> bool:
        """Tell whether a measure of the place states what somebody was to get: 厂里说发500."""
        place = next(iter(self.places), None) or self.spoken_of or self.chosen
        named = telling_figures(self.question.rest)
        if place is None or not named:
            return False
        return any(self.indexed.telling(named, each.id) for each in self.measures_in(place))

    @cached_property
    def kinds_owed(self) -> frozenset[str]:
        """The kinds of help that are for who is owed wages, and for what it is that is owed."""
        return frozenset((self.candidates.topic.id, self._kind_for_wages))

    @property
    def _can_follow_up(self) -> bool:
        return bool(self.context.question) and len(self.question.rest) <= _LONGEST_FOLLOW_UP

    def is_for_wages(self, measure: Measure) -> bool:
        """Tell whether a measure is of the kind of help that is for who is owed wages."""
        return self._kind_for_wages in measure.topics

    @cached_property
    def _kind_for_wages(self) -> str:
        return self.weighed(wages.ARREARS).topic.id

    @cached_property
    def follows_up(self) -> bool:
        """Tell whether the message leans on the last question instead of opening a subject."""
        if not self._can_follow_up:
            return False
        if self._asks_the_same:
            return True
        if self.question.sets_aside or self._turns_to_wages:
            return False
        if self.places and _ASKS_ON.search(self.question.text):
            return True
        if not self.places and self._asks_what_is_stated():
            return True
        if self._only_tells_on() or self._supposes_of_the_last():
            return True
        recent = set(self.context.measures)
        own = max((c.own for c in self.alone.ranked if c.measure.id in recent), default=0.0)
        rival = max(self.alone.ranked[0].own, self.alone.outside.score)
        return rival - own < self._needed_lead() or own >= _ON_THE_SUBJECT

    @property
    def _turns_to_wages(self) -> bool:
        """Tell whether it is of wages owed, where nothing that was spoken of is for those."""
        if not self._asks_for_wages(self.question.rest) or self._asks_for_wages(
            self.context.question
        ):
            return False
        recent = (self.library.measures.get(each) for each in self.context.measures)
        return not any(each is not None and self.is_for_wages(each) for each in recent)

    @property
    def _asks_the_same(self) -> bool:
        """Tell whether it asks what was asked last: nothing of its own, of a place, for kin."""
        asks = bool(self.question.asked.aspects)
        return (
            not self.question.content
            or self.names_the_place_asked_for
            or self.asks_for_kin
            or self._tells_of_themselves
            or self.asks_for_the_source
            or self._asks_it_of_a_place
            or (asks and leaning_words.name_no_subject(self.question.content))
        )

    @property
    def _asks_it_of_a_place(self) -> bool:
        """Tell whether it begins with a place of which the same is asked: 那鹿泉呢，我是湖北的."""
        text = self.question.text
        covered = self.question.places.covered
        return any(leaning_words.ask_the_same_of(text, m.start, m.end) for m in covered)

    @property
    def tells_in_passing(self) -> bool:
        """Tell whether it only tells where somebody else or something is, or where one was."""
        return self._passing.told

    @cached_property
    def _tells_of_themselves(self) -> bool:
        """Tell whether it only tells where or who somebody is, and asks for nothing else."""
        if self.tells_in_passing:
            return True
        tells = leaning_words.tell_who_one_is(self.question.text)
        return tells and bool(self.context.measures) and self.alone.ranked[0].near < _SURELY_ANOTHER

    @property
    def asks_for_the_source(self) -> bool:
        """Tell whether it asks where that is written which was told: 原文呢."""
        asks = leaning_words.ask_for_the_source(self.question.text)
        return asks and bool(self.context.measures)

    @cached_property
    def asks_for_kin(self) -> bool:
        """Tell whether it asks no more than if somebody else gets what was spoken of: 老伴呢."""
        wished = wish(self.question.rest)
        for_kin = (wished and wished.of_kin) or grown_up(self.question.rest)
        return bool(self.context.measures and for_kin)

    def _asks_what_is_stated(self) -> bool:
        """Tell whether it names only what the last clause does, and asks what that states."""
        last = self.library.measures.get(next(iter(self.context.measures), ""))
        named = [word for word in wording.words(self.question.content) if len(word) >= _A_WORD]
        if last is None or not named:
            return False
        said = "".join((last.summary, *last.quotes))
        return all(word in said for word in named) and any(
            states(last, aspect) for aspect in self.question.asked.firm
        )

    def _only_tells_on(self) -> bool:
        """Tell whether it asks nothing, of the same place, where no clause is about it.

        租的房子在鹿泉住了三年 tells on of the bonus asked for: rents are spoken of elsewhere.
        """
        here = self.spoken_of or self.chosen
        text = self.question.text
        asks = ASKS.search(text) or _ENDS_ASKING.search(text)
        if here is None or not self.context.measures or asks:
            return False
        same = all(place == here for place in self.places) and not self.elsewhere
        return same and self.alone.ranked[0].measure.region not in self.scope(here)

    def _supposes_of_the_last(self) -> bool:
        """Tell whether it asks of another case of what was told, and opens no subject.

        招两个呢 after what is paid for hiring one; 那我回老家领行不行.
        """
        if self.places or not self.context.measures or self.question.asked.firm:
            return False
        if not leaning_words.suppose(self.question.text):
            return False
        here = self.spoken_of or self.chosen
        found = self.alone.within(self.scope(here)) if here else self.alone.ranked
        others = [c.own for c in found if c.measure.id not in self.context.measures]
        kinds = (self.alone.topic.near, self.alone.outside.near)
        return max(others, default=0.0) < _A_SUBJECT_HERE and max(kinds) < _NAMES_A_KIND

    @property
    def names_the_place_asked_for(self) -> bool:
        """Tell whether this message is just the place, that one works at or was asked for."""
        if not self.places:
            return False
        if not content(leaning_words.without_work(self.question.asked.left)):
            return True
        return bool(self.context.choices) and len(self.question.content) <= _A_WORD

    def _needed_lead(self) -> float:
        if self.places:
            return _NEW_SUBJECT_WITH_PLACE
        return _NEW_SUBJECT_IN_A_WORD if len(self.question.content) <= _A_WORD else _NEW_SUBJECT

    @cached_property
    def asked_text(self) -> str:
        """The question of substance, without place words: this one's, with the one it leans on."""
        if not self.follows_up:
            return self.question.rest
        if self._asks_the_same:
            return self.context.question
        return f"{self.context.question} {self.question.rest}"

    @cached_property
    def asked(self) -> Asked:
        """The aspects asked for; a message that only names a place asks again what was asked."""
        if self.asks_for_kin or (self._tells_of_themselves and self.follows_up):
            # Whom it is for, and on what condition, tells whether they get it.
            of_whom = (Aspect.WHO, Aspect.CONDITION)
            return replace(
                self.question.asked, aspects=of_whom, firm=frozenset(), named=frozenset()
            )
        if self.question.asked.aspects or self.question.content or not self.follows_up:
            return self._with_claims(self.question.asked)
        return self.library.aspects.read(self.context.question)

    @cached_property
    def claims(self) -> tuple[str, ...]:
        """The figures that the message asks to have confirmed."""
        return claims(self._claimed_in)

    @property
    def _claimed_in(self) -> str:
        """Where figures are to be confirmed: 找谁 after 每月2000元对吗 asks for none again."""
        return self.question.rest if self.question.asked.aspects else self._own_or_last

    def _with_claims(self, asked: Asked) -> Asked:
        """Who asks whether a sum is right asks for the sum, unless they ask for something else."""
        if asked.firm or Aspect.FIGURES in asked.aspects:
            return asked
        of_claims = [claimed_aspect(self._claimed_in, claim) for claim in self.claims]
        firm = dict.fromkeys(aspect for aspect in of_claims if aspect)
        others = [aspect for aspect in asked.aspects if aspect not in firm]
        return replace(
            asked,
            aspects=(*firm, *others),
            firm=frozenset(firm),
            named=asked.named | frozenset(firm),
        )

    @cached_property
    def candidates(self) -> Candidates:
        """Everything weighed against the question of substance, and by who asks it."""
        return not_for_firms(self._weighed) if self._lost_work() else self._weighed

    def _lost_work(self) -> bool:
        """Tell whether somebody asks who lost their own work; a firm asks in other words."""
        text = self.question.text
        if self.follows_up:
            text = f"{self.context.question},{text}"
        return wages.lost_work(text) and not firms.ask(text)

    @cached_property
    def _weighed(self) -> Candidates:
        if not self.follows_up:
            return self.alone
        last = candidates(self._searched(self.context.question), self.indexed)
        here = self.spoken_of or self.chosen
        in_a_word = here is not None and len(self.question.content) < _A_WORD
        if in_a_word or self.asked_text == self.context.question:
            # 哪些人能领, 民办的也给吗: of what was answered last, if two are worded alike.
            return last if self.places else raised(last, self.context.measures[:1])
        return leaning(self.alone, last, () if self.places else self.context.measures)

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
        scoped = self.candidates.within(self.scope(region))
        found = (c for c in scoped if c.measure.is_for_part(self.part))
        return speaking_of(self.part, found) if self.part else tuple(found)

    def asking_only(self, words: str) -> "Turn":
        """The turn it would be if the message were a part of it, about the same place."""
        here = Context(region=self.region, chosen=self.chosen)
        return replace(self, message=words, context=here, picked=False)

    @cached_property
    def by_subject(self) -> Candidates:
        """Everything weighed against the question of substance without the words that ask."""
        return self.weighed(self.library.aspects.read(self.asked_text).left)

    def without_words(self, words: Iterable[str]) -> Candidates:
        """Everything weighed against the question of substance without these words."""
        text = self.asked_text
        for word in words:
            text = text.replace(word, "")
        return self.weighed(text)

    def weighed(self, text: str) -> Candidates:
        """Everything weighed against a part of the message."""
        return candidates(text, self.indexed, spoken=self.spoken)

    # -- what is left behind ------------------------------------------------------------------

    def kept_context(self) -> Context:
        """The context as it was, with the place the message named."""
        return replace(
            self.context,
            region=self.last_place(),
            chosen=self.chosen,
            elsewhere=self._last_elsewhere,
        )

    def turned_context(self) -> Context:
        """The same where the message turned from a cry for help, or a warning, to something else.

        老板打我 — 失业金怎么领 — 石狮: the place is told of the second.
        """
        return replace(self.kept_context(), about="", helplines=())

    def next_context(self, measures: tuple[str, ...]) -> Context:
        """The context after a reply from `measures`; choices stay open after one is taken."""
        question = self.question.rest
        if self.follows_up and not self._turns_to(measures):
            question = self.context.question
        return Context(
            region=self.last_place(),
            chosen=self.chosen,
            elsewhere=self._last_elsewhere,
            question=question[:_KEPT_QUESTION],
            measures=measures,
            choices=self.context.choices if self.picked else (),
        )

    def _turns_to(self, measures: tuple[str, ...]) -> bool:
        """Tell whether it named another subject, though it leaned on the last: 那失业金呢."""
        if len(self.question.content) < _A_WORD or set(measures[:1]) <= set(self.context.measures):
            return False
        own = {c.measure.id: c.own for c in self.alone.ranked}
        return not self._asks_the_same and own[measures[0]] >= _ON_THE_SUBJECT

    def last_place(self) -> str | None:
        """The place the person spoke of last, as the next message is to know it."""
        if self._last_elsewhere:
            return None
        return self.places[0] if self.places else self.spoken_of

    @property
    def _last_elsewhere(self) -> str:
        """The same of a place without documents: what is asked of in passing is left again."""
        if self.elsewhere in self._passing.only_now:
            return "" if self._chose_anew() else self.context.elsewhere
        return self.elsewhere
