"""Composition of replies: whole sentences, the thing asked for first, never past the limit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise

from bot import stating
from bot.answers import REPLY_BYTES, Source
from knowledge.aspects import Asked
from knowledge.library import Library
from knowledge.measures import Aspect, Measure

_REPEATED = 0.6
"""Share of a part's character pairs from which on it only repeats."""
_TELLING = re.compile(r"[不没无未非只仅除]\w|\d+(?:\.\d+)?")
"""What takes something back, and figures: to say nearly the same without it is not the same."""
_QUOTED = 240
"""Characters of quotes that a reply shows beside the first one."""


@dataclass(frozen=True, slots=True)
class Part:
    """A line of a reply; where the reply is too long, parts of the highest `rank` go first."""

    text: str
    rank: int = 0
    gist: str = ""
    """What the part says without its fixed words; the text where it is not given."""
    asked: bool = False
    """It is what was asked for: said, whatever else says nearly the same."""


def fitted(parts: Sequence[Part]) -> str:
    """Join the parts that fit into one message, in order, without cutting any."""
    kept = [part for part in parts if part.text]
    while len("\n".join(part.text for part in kept).encode()) > REPLY_BYTES:
        highest = max(part.rank for part in kept)
        if highest == 0:
            return _cut_at_sentence("\n".join(part.text for part in kept))
        last = max(i for i, part in enumerate(kept) if part.rank == highest)
        del kept[last]
    return "\n".join(part.text for part in kept)


def _cut_at_sentence(text: str) -> str:
    whole = text.encode()[:REPLY_BYTES].decode(errors="ignore")
    end = max(whole.rfind(mark) for mark in "。！？\n")
    return whole[: end + 1].rstrip("\n")


def _pairs(text: str) -> frozenset[str]:
    return frozenset(map("".join, pairwise(text)))


# The same for what the documents say, which comes again and again; never for a question.
_pairs_said = lru_cache(maxsize=4096)(_pairs)


def without_repeats(parts: Sequence[Part]) -> list[Part]:
    """Drop the parts of which the others before say nearly everything, and all that is telling."""
    said: set[str] = set()
    kept: list[Part] = []
    for part in parts:
        text = part.gist or part.text
        own = _pairs_said(text) | _telling(text)
        new = own - said
        some = part.asked or not new.isdisjoint(_telling(text))
        if new and (some or len(new) > (1 - _REPEATED) * len(own)):
            kept.append(part)
            said |= own
    return kept


@lru_cache(maxsize=4096)
def _telling(text: str) -> frozenset[str]:
    return frozenset(_TELLING.findall(text))


def _nearest(measure: Measure, question: str) -> list[str]:
    """Choose the quotes that share most with the question, up to a readable length, in order."""
    asked = _pairs(question)
    chosen: set[str] = set()
    left = _QUOTED
    for quote in sorted(measure.quotes, key=lambda quote: -len(_pairs_said(quote) & asked)):
        if not chosen or len(quote) <= left:
            chosen.add(quote)
            left -= len(quote)
    return [quote for quote in measure.quotes if quote in chosen]


def _conditions(measure: Measure) -> str:
    """What the clause says of its conditions; how the rule reads it is none of them."""
    said = measure.answers.get(Aspect.CONDITION)
    return said.say.rstrip("。") if said and measure.conditions else ""


def day(value: date) -> str:
    """Write a day as people say it: 2021年1月21日."""
    return f"{value.year}年{value.month}月{value.day}日"


class Composer:
    """Writes replies from measures with the fixed sentences of one library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._sentences = library.sentences

    def say(self, sentence: str, /, **facts: str) -> str:
        """Fill one fixed sentence."""
        return self._sentences.said(sentence).format(**facts)

    def say_as_is(self, sentence: str) -> str:
        """Return one fixed sentence with its gaps."""
        return self._sentences.said(sentence)

    def region_label(self, region: str) -> str:
        """Return the name of a region as a reply says it."""
        return self._library.regions.get(region).label

    # -- one measure --------------------------------------------------------------------------

    def measure_parts(
        self, measure: Measure, asked: Asked, today: date, question: str
    ) -> list[Part]:
        """Write up one measure: what was asked, the gist, for whom, where, since when, source.

        What an earlier part says already is not said again.
        """
        who = measure.answers.get(Aspect.WHO)
        answers = self.told(measure, asked, today)
        unsaid = self.not_stated(measure, stating.left_open(measure, asked))
        standing = self.standing(measure, today) if Aspect.DEADLINE not in asked.aspects else ""
        parts = [
            *(answers or [Part(measure.summary)]),
            Part(unsaid, asked=True),
            # The answer first; that the measure is over comes right behind it.
            Part(self.closing_note(measure, today)),
            Part(measure.summary if answers else ""),
            *([Part(self.say("who", who=who.say), 2, who.say)] if who else []),
            Part(self.conditions(measure), 3, _conditions(measure)),
            Part(self.where(measure), 1),
            Part(self.phones(measure), 1),
            Part(standing, 1),
        ]
        parts = without_repeats(parts)
        parts += [Part(self.say("quote", quote=quote), 4) for quote in _nearest(measure, question)]
        return [*parts, Part(self.say("source", source=self.cite(measure)))]

    def told(self, measure: Measure, asked: Asked, today: date) -> list[Part]:
        """What the clause says of each of the things that were asked."""
        said = {aspect: self.stated(measure, aspect, today) for aspect in asked.aspects}
        if len(said) > 1 and said.get(Aspect.WHO):
            said[Aspect.WHO] = self.say("who", who=said[Aspect.WHO])
        return [Part(sentence, asked=True) for sentence in dict.fromkeys(said.values()) if sentence]

    def not_stated(self, measure: Measure, details: Sequence[str], of: str = "") -> str:
        """Say what the document leaves open, '' for nothing; `of` is whose telephone is meant."""
        names = dict.fromkeys(map(self._sentences.name_of, details))
        if not names:
            return ""
        region = self.region_label(measure.region)
        return self.say("not_stated", region=region, aspect=of + "、".join(names))

    def stated(self, measure: Measure, aspect: Aspect, today: date) -> str:
        """Return the sentence that answers `aspect`, '' where the clause has none."""
        if statement := stating.statement(measure, aspect):
            more = self._further_units(measure, statement.say) if aspect is Aspect.WHERE else ""
            return statement.say + more
        match aspect:
            case Aspect.CONDITION:
                return self.conditions(measure)
            case Aspect.WHERE:
                return self.where(measure)
            case Aspect.PHONE:
                return self.phones(measure)
            case Aspect.DEADLINE:
                return self.deadline(measure, today)
            case _:
                return ""

    def conditions(self, measure: Measure) -> str:
        """Tell the conditions, '' where the clause states none."""
        said = _conditions(measure)
        return self.say("conditions", conditions=said) if said else ""

    def where(self, measure: Measure) -> str:
        """Name the units in charge, '' where the clause names none."""
        if statement := measure.answers.get(Aspect.WHERE):
            return statement.say
        units = self.units(measure)
        return self.say("where", units=units) if units else ""

    def units(self, measure: Measure) -> str:
        """List the leading and cooperating units, '' where the clause names none."""
        lead = "、".join(measure.responsible.lead)
        helping = "、".join(measure.responsible.cooperating)
        return f"{lead}（{helping}配合）" if lead and helping else lead

    def _further_units(self, measure: Measure, said: str) -> str:
        """Name the units where something said of whom to turn to leaves out one of them."""
        named = (*measure.responsible.lead, *measure.responsible.cooperating)
        if all(unit in said for unit in named):
            return ""
        return self.say("units", units=self.units(measure))

    def phones(self, measure: Measure) -> str:
        """List the telephone numbers of the clause, '' where it has none."""
        if not measure.phones:
            return ""
        return self.say("phone", phones="、".join(f"{p.of} {p.number}" for p in measure.phones))

    def deadline(self, measure: Measure, today: date) -> str:
        """Say from when to when the measure is open."""
        validity = measure.validity
        if validity.to:
            action, over = self._action(measure), today > validity.to
            if action:
                name = "deadline_closed_action" if over else "until_action"
            else:
                name = "deadline_closed" if over else "deadline_open"
            said = self.say(name, action=action, span=self.span(measure))
            return said + ((measure.afterwards if over else None) or "")
        # Who asks whether it still runs is told whom to ask that.
        standing = self.standing(measure, today)
        dated = self._library.documents[measure.document].entry.dated
        if validity.from_ and (validity.from_ != dated or not standing):
            return self.say("deadline_from", **{"from": day(validity.from_)}) + standing
        return standing or self.say("deadline_unknown")

    def span(self, measure: Measure) -> str:
        """Write the first and last day; the first is left out where it isn't stated."""
        validity = measure.validity
        if validity.to is None:
            return f"从{day(validity.from_)}起" if validity.from_ else ""
        if validity.from_ is None:
            return f"到{day(validity.to)}为止"
        return f"从{day(validity.from_)}到{day(validity.to)}"

    def _action(self, measure: Measure) -> str:
        """The action whose days a measure has, '' where its days are its own."""
        whole = self._library.documents[measure.document].entry
        own, frame = measure.validity, whole.validity
        shared = (own.locator, own.to) == (frame.locator, frame.to)
        return whole.action if shared and whole.action else ""

    def closing_note(self, measure: Measure, today: date) -> str:
        """Warn that a measure, or a part of it, is over, or has not begun; '' while it is open.

        What is law at all times, and what may go on, is said along.
        """
        validity = measure.validity
        if validity.open_on(today):
            over = [g.what for g in measure.grants if g.last_day and today > g.last_day]
            return "".join(self.say("part_closed", what=what) for what in over)
        lasting = measure.afterwards if validity.to and today > validity.to else None
        return self.outside_its_days(measure, today) + (lasting or "")

    def outside_its_days(self, measure: Measure, today: date) -> str:
        """Say that the days of a measure are over, or are yet to come; '' in between."""
        validity = measure.validity
        if validity.to and today > validity.to:
            action = self._action(measure)
            name = "closed_action" if action else "closed"
            return self.say(name, action=action, span=self.span(measure))
        if validity.from_ and today < validity.from_:
            return self.say("not_yet", **{"from": day(validity.from_)})
        return ""

    def standing(self, measure: Measure, today: date) -> str:
        """Say until when an open measure runs, or that its document states no end."""
        validity = measure.validity
        if not validity.open_on(today):
            return ""
        if validity.to:
            action = self._action(measure)
            name = "until_action" if action else "until"
            return self.say(name, action=action, span=self.span(measure))
        document = self._library.documents[measure.document].entry
        name = "open_ended_undated" if document.undated else "open_ended"
        ask = "、".join(measure.responsible.lead) or self._library.sentences.default_unit
        return self.say(name, dated=day(document.dated), about=document.about_date, ask=ask)

    def cite(self, measure: Measure) -> str:
        """Name document, number or issuer, date and clause."""
        return self.document(measure) + measure.locator

    def document(self, measure: Measure) -> str:
        """Name document, number or issuer, and date."""
        document = self._library.documents[measure.document].entry
        dated = day(document.dated)
        if document.number is not None:
            return f"《{document.title}》（{document.number}，{dated}）"
        page = "网页日期" if document.undated else ""
        number = document.number_of(measure.locator)
        told = "" if number is None else f"，讲的是{number}"
        return f"《{document.title}》（{document.issuer}，{page}{dated}{told}）"

    def issued(self, measure: Measure) -> str:
        """Say who issued a document, and which number it has or tells of."""
        document = self._library.documents[measure.document].entry
        number = document.number_of(measure.locator)
        issued = self.say("issued", issuer=document.issuer)
        if number is None:
            return issued + self.say("no_document_number")
        name = "document_number" if document.number else "number_told_of"
        return issued + self.say(name, number=number)

    def source(self, measure: Measure) -> Source:
        """Return the citation as data."""
        document = self._library.documents[measure.document].entry
        return Source(
            title=document.title,
            locator=measure.locator,
            number=document.number_of(measure.locator),
            dated=document.dated,
            measure=measure.id,
            quote=measure.quotes[0],
        )
