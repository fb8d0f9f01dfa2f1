"""The answer itself: the measure that fits best, or one for each place."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot import good_for, hotlines, stating
from bot.answers import Answer, Kind, Rejected, Source
from bot.claims import numbers_named, states_all, states_of_something_else
from bot.composing import Part, fitted
from bot.conditions_first import conditions_come_first
from bot.place_notes import place_notes
from bot.places.named import How
from bot.question import content
from bot.retrieval.matching import Candidate
from bot.side_by_side import for_several, parts_of_town
from bot.turn import Turn
from bot.words import firms, wording
from knowledge.eligibility.verdicts import is_open
from knowledge.measures import Aspect, Audience, Measure

_SUBJECT_WEIGHT = 0.75
"""What the words without those that ask count, beside all of them."""
_NOBODY_ANSWERS = re.compile(
    "打不(?:通|进)|(?:没有?人|不|没)接(?:听|电话)?(?=$|[,。!? 啊呀怎咋该我])|占线|空号"
)
"""Of a telephone number: 电话打不通怎么办."""
_DENIES = re.compile(
    "^(?:我|俺|也|都|又|就)*(?:不是|不想|不要|别|除了|不(?=失业|困难|缺)"
    "|没有?(?=失业|困难|下岗|被?辞|被?裁|缺))|[领拿办]过了"
)
"""Who tells what is not so, or what they have had, is not told of it again."""
_NEARLY_AS_GOOD = 0.6
"""So near to the best, the words of the clause tell which is meant."""
_A_WORD = 2
_OUT_OF_REACH = 3.5
"""So far behind the best, no measure gets before it without the words that ask."""
_NOT_TOLD_APART = 0.3
"""Among measures that the words name so much alike, the one wins that states what is asked for."""
_ALSO_SHOWN = 4
_SUGGESTED = 3
_AS_WELL_MEANT = 2.5
"""So far behind the best, another grant of its clause is meant that states the figure."""
_WORTH_A_LOOK = 2.0
"""So far behind the best, a measure's question is suggested."""
_ALIKE = 1.0
"""So near to the best, a measure of the same topic and place is mentioned along with it."""


_BETWEEN_EVENTS = re.compile("[,，。;；、?!]|还有|另外|和(?=[^,，。]{2})")
_OF_ONESELF = re.compile("打工|务工|上班|干活|工作|过年")
_SURELY_TOLD = 3.5
"""What the words of one event must come to, to be about a measure by themselves."""
_BEYOND_DOUBT = 5.5
_AS_NEAR = 0.7
_NEAR_IF_NAMED = 0.6
_NEAR_IF_BEYOND_DOUBT = 0.55
_AS_WELL_ELSEWHERE = 1.2
"""So far behind the best of all places, it is none of this one's."""
_LOOKED_AT = 24
_MOST_EVENTS = 2
_FOR_PEOPLE = frozenset({Audience.WORKER, Audience.CHILD})


def chosen(turn: Turn) -> Candidate | None:
    """Pick the measure of the place to answer from; None where the place has none."""
    if not turn.local:
        return None
    best = turn.local[0]
    sister = _stating_what_was_said(turn, best)
    if sister and sister.score >= best.score - _AS_WELL_MEANT:
        return sister
    if other := _for_who_hires(turn, best):
        return other
    best = _named_in_the_clause(turn, best)
    firm = [aspect for aspect in turn.asked.aspects if aspect in turn.asked.firm]
    near = [c for c in turn.local if c.score >= best.score - _OUT_OF_REACH]
    if not firm or len(near) == 1:
        return best
    # What it is for counts twice, nearly: 要什么证件 is asked of many things.
    subject = {c.measure.id: c.score for c in turn.by_subject.ranked}
    named = {c.measure.id: c.score + _SUBJECT_WEIGHT * subject[c.measure.id] for c in near}
    foremost, *others = sorted(near, key=lambda candidate: -named[candidate.measure.id])
    for candidate in (foremost, *others):
        if named[candidate.measure.id] < named[foremost.measure.id] - _NOT_TOLD_APART:
            break
        if all(aspect in candidate.measure.stated_aspects() for aspect in firm):
            return candidate
    return foremost


def _named_in_the_clause(turn: Turn, best: Candidate) -> Candidate:
    """Of those nearly as good as the best, of its topic, the one whose clause has most words."""
    words = [word for word in wording.words(turn.question.content) if len(word) >= _A_WORD]

    def told(candidate: Candidate) -> int:
        return sum(any(word in quote for quote in candidate.measure.quotes) for word in words)

    near = [
        c for c in turn.local[:4] if _is_alike(c, best) and c.score >= best.score - _NEARLY_AS_GOOD
    ]
    return max(near, key=told, default=best)


def _stating_what_was_said(turn: Turn, best: Candidate) -> Candidate | None:
    """What else the clause of the best grants, if that is what states the figure asked about."""
    if not turn.claims or states_all(best.measure, turn.claims):
        return None
    clause = (best.measure.document, best.measure.locator)
    sisters = [c for c in turn.local if (c.measure.document, c.measure.locator) == clause]
    return next((c for c in sisters if states_all(c.measure, turn.claims)), None)


def _for_who_hires(turn: Turn, best: Candidate) -> Candidate | None:
    """What the clause of the best grants a firm, where a firm that hires was told a wrong sum.

    公司招了人，减税每人8000: that is the sum of who works on their own account.
    """
    if not turn.claims or best.measure.audience is Audience.EMPLOYER:
        return None
    if not firms.hire(turn.question.rest):
        return None
    clause = (best.measure.document, best.measure.locator)
    others = [c for c in turn.local if (c.measure.document, c.measure.locator) == clause]
    for_firms = [c for c in others if c.measure.audience is Audience.EMPLOYER]
    near = [c for c in for_firms if c.unbiased >= best.unbiased - _ALIKE]
    return max(near, key=lambda candidate: candidate.unbiased, default=None)


def from_the_documents(turn: Turn) -> Answer | None:
    """Answer from the chosen measure; where parts of a town differ, from each of them."""
    best = chosen(turn)
    if best is None:
        return None
    if parts := parts_of_town(turn, best):
        return for_several(turn, parts)
    region = best.measure.region
    taking, asked = good_for.taking_it(turn, best.measure), turn.asked
    if taking:  # what it is used for another clause states
        asked = replace(asked, named=asked.named - {Aspect.USE})
    if misread := is_of_something_else(turn, best.measure):
        besides = [aspect for aspect in asked.aspects if aspect is not Aspect.AMOUNT]
        asked = replace(asked, aspects=(Aspect.FIGURES, *besides))
    parts_of_reply = turn.composer.measure_parts(best.measure, asked, turn.today, turn.asked_text)
    conditions = turn.composer.conditions(best.measure)
    if conditions and conditions_come_first(turn, best.measure):
        others = [part for part in parts_of_reply if part.text != conditions]
        parts_of_reply = [Part(conditions), *others]
    if any(mention.how is How.PINYIN for mention in turn.question.places.covered):
        # Which place the letters were read as, before anything else.
        label = turn.composer.region_label(region)
        named = turn.composer.say("in_region", region=label, text=parts_of_reply[0].text)
        parts_of_reply[0] = replace(parts_of_reply[0], text=named)
    if turn.claims and not states_all(best.measure, turn.claims):
        name = "claim_of_something_else" if misread else "claim_not_written"
        parts_of_reply.insert(0, Part(turn.composer.say(name)))
    if names_another_number(turn, best.measure):
        parts_of_reply.insert(0, Part(turn.composer.say("number_not_written")))
    parts_of_reply[-1:-1] = place_notes(turn, best)
    used_too: tuple[Source, ...] = ()
    if _needs_another_address(turn, best.measure):
        parts_of_reply[-1:-1] = ask_nationwide(turn)
        used_too = (nationwide_source(turn),)
    if lines := hotlines.beside(turn, best.measure):
        parts_of_reply[-1:-1] = hotlines.parts(turn, lines)
        used_too = (*used_too, *hotlines.sources(lines))
    near = [c for c in turn.local if c is not best][:_ALSO_SHOWN]
    sister = _stating_what_was_said(turn, best)
    for candidate in taking:
        parts_of_reply.insert(-1, Part(_told_as_use(turn, candidate.measure), 2))
    alike = [sister] if sister else [] if taking else alike_to(turn, best)
    for candidate in alike:
        parts_of_reply.insert(-1, Part(told_along(turn, candidate.measure), 5))
    too = told_of_too(turn, [best, *taking, *alike])
    for candidate in too:
        parts_of_reply.insert(-1, Part(_told_of(turn, candidate.measure), 3))
    used = [best, *taking, *alike, *too]
    measures = tuple(c.measure.id for c in used)
    return Answer(
        kind=Kind.ANSWER,
        reply=fitted(parts_of_reply),
        reason=f"measure:{best.score:.2f}",
        region=region,
        measures=measures,
        sources=(*(turn.composer.source(c.measure) for c in used), *used_too),
        suggestions=(*_next_to_ask(near, best), *_self_check(turn, best.measure)),
        rejected=tuple(Rejected(c.measure.id, c.score, "rank") for c in near if c not in used),
        context=turn.next_context(measures),
    )


def is_of_something_else(turn: Turn, measure: Measure) -> bool:
    """Tell whether the clause has the sum that somebody was told, as a figure of something else."""
    if not turn.claims or not stating.states(measure, Aspect.FIGURES):
        return False
    if stating.states(measure, Aspect.AMOUNT) or states_all(measure, turn.claims):
        return False
    return states_of_something_else(measure, turn.claims)


def names_another_number(turn: Turn, measure: Measure) -> bool:
    """Tell whether somebody names a telephone number that is none of the place's."""
    here = turn.measures_in(measure.region)
    known = {phone.number.rpartition("-")[2] for each in here for phone in each.phones}
    return bool(measure.phones) and not known.issuperset(numbers_named(turn.question.rest))


def _needs_another_address(turn: Turn, measure: Measure) -> bool:
    """Tell whether somebody has to be told where else to turn to."""
    if _NOBODY_ANSWERS.search(turn.question.text):
        return True
    if turn.is_owed_wages and not measure.phones:
        return True  # over or not, wages can be claimed
    return not {Aspect.WHERE, Aspect.PHONE}.isdisjoint(stating.left_open(measure, turn.asked))


def ask_nationwide(turn: Turn) -> list[Part]:
    """Where to ask that is the same everywhere."""
    line = turn.library.helplines[turn.library.sentences.general_helpline]
    return [Part(turn.composer.say("ask_locally", name=line.name, number=line.number), 1)]


def nationwide_source(turn: Turn) -> Source:
    """Where the number of `ask_nationwide` stands."""
    line = turn.library.helplines[turn.library.sentences.general_helpline]
    return Source(title=line.source, locator=line.number)


def _next_to_ask(near: Sequence[Candidate], best: Candidate) -> list[str]:
    return [c.measure.question for c in near if c.score >= best.score - _WORTH_A_LOOK][:_SUGGESTED]


def _self_check(turn: Turn, measure: Measure) -> list[str]:
    """Offer a self-check where the measure is open and the clause puts conditions."""
    criteria = turn.library.rules.criteria.get(measure.id)
    if criteria is None or criteria.own is None or not is_open(criteria, turn.today):
        return []
    return [turn.composer.say("check_suggestion")]


def alike_to(turn: Turn, best: Candidate) -> list[Candidate]:
    """What the place has that may be meant as well as the best; at most one."""
    others = [c for c in turn.local if c is not best]
    return [c for c in others[:1] if _is_alike(c, best)]


def told_along(turn: Turn, measure: Measure) -> str:
    """Tell in short of a measure that may be meant as well."""
    gist, source = _gist(turn, measure), turn.composer.cite(measure)
    return turn.composer.say("also", summary=gist, source=source)


def _told_of(turn: Turn, measure: Measure) -> str:
    """Tell in short of a measure that is for what somebody told of along the way."""
    gist, source = _gist(turn, measure), turn.composer.cite(measure)
    return turn.composer.say("told_of_too", summary=gist, source=source)


def _told_as_use(turn: Turn, measure: Measure) -> str:
    """Tell in short of a measure that takes what was asked about."""
    gist, source = _gist(turn, measure), turn.composer.cite(measure)
    return turn.composer.say("good_for", summary=gist, source=source)


def _gist(turn: Turn, measure: Measure) -> str:
    return measure.summary + turn.composer.closing_note(measure, turn.today)


def told_of_too(turn: Turn, used: Sequence[Candidate]) -> list[Candidate]:
    """What else somebody tells of that the place has a measure for: 四月过生日，还有福袋.

    What the clause that answers speaks of itself is no more than a circumstance: 吃低保的.
    """
    best = used[0].measure
    if turn.region is None or turn.part or best.audience not in _FOR_PEOPLE:
        return []
    if turn.follows_up and not turn.names_the_place_asked_for:
        return []
    if owed := _for_wages(turn, used):
        return [owed]
    asks = turn.library.aspects.read
    parts = (w for w in _BETWEEN_EVENTS.split(turn.asked_text) if w)
    # A long story has no more, and each takes as long as a message.
    events = list(dict.fromkeys(w for w in parts if _tells(asks(w).left) and not _DENIES.search(w)))
    events = events[:_LOOKED_AT]
    found: dict[str, Candidate] = {}
    for words in events if len(events) > 1 else []:
        known = [content(asks(words).left), *wording.words(content(asks(words).left))]
        named = [word for word in known if len(word) >= _A_WORD]
        if any(word in _said(best) for word in named):
            continue
        other = _surely_told(turn.asking_only(words), named)
        if other and all(other.measure.topics[0] != c.measure.topics[0] for c in used):
            found.setdefault(other.measure.id, other)
    return list(found.values())[:_MOST_EVENTS]


def _for_wages(turn: Turn, used: Sequence[Candidate]) -> Candidate | None:
    """What the place has for wages owed, where what they were for is answered: 欠我钱，要交学费."""
    if not turn.is_owed_wages or any(turn.is_for_wages(c.measure) for c in used):
        return None
    return next((c for c in turn.local if turn.is_for_wages(c.measure)), None)


def _tells(words: str) -> bool:
    return len(content(_OF_ONESELF.sub("", words))) >= _A_WORD


def _surely_told(event: Turn, named: Sequence[str]) -> Candidate | None:
    """The measure of the place that the words of one event are surely about."""
    if event.region is None or not event.local:
        return None
    first = event.local[0]
    by_subject = event.by_subject.within(event.scope(event.region))
    if by_subject[0].measure != first.measure or first.measure.audience not in _FOR_PEOPLE:
        return None
    if first.unbiased < max(c.unbiased for c in event.ranked) - _AS_WELL_ELSEWHERE:
        return None
    if first.own < max(_SURELY_TOLD, event.candidates.outside.score):
        return None
    needed = _NEAR_IF_BEYOND_DOUBT if first.own >= _BEYOND_DOUBT else _AS_NEAR
    if any(word in _said(first.measure) for word in named):
        needed = min(needed, _NEAR_IF_NAMED)
    return first if first.near >= needed else None


def _said(measure: Measure) -> str:
    answers = (said.say for said in measure.answers.values())
    return "".join((measure.title, measure.summary, *measure.quotes, *answers))


def _is_alike(candidate: Candidate, best: Candidate) -> bool:
    same = candidate.measure.topics[0] == best.measure.topics[0]
    return same and candidate.score >= best.score - _ALIKE
