"""Gates: what must be declined however well it scores."""

import re
from collections.abc import Iterable
from dataclasses import replace

from bot import about_the_service, going_on, left_open, replying
from bot.answers import Answer, Rejected
from bot.composing import Part
from bot.declining import decline
from bot.retrieval.matching import Candidate
from bot.turn import Turn
from bot.words.pinyin import segmented
from knowledge.measures import Audience, Measure

UNDERSTOOD = 1.2
"""Below this score nothing is close enough to be an answer."""
_OUTSIDE_LEAD_HERE = 0.7
"""The same before the best of the place, of which it would be said that it has nothing."""
_OUTSIDE_LAG = 2.0
"""How far behind it may be without the words that ask for an aspect."""
SURELY_OF_A_KIND = 0.6
"""So near to how a kind of help is asked for, a measure of another kind is not taken for it."""
_ELSEWHERE_LEAD = 1.2
"""So far ahead of the place's best, a measure elsewhere shows that the place lacks the subject."""
_SAME_TOPIC_LEAD = 2.6
"""The same where the place has a measure of the same topic, or was named and has one like it."""
_SURELY_ELSEWHERE = 2.6
"""Only what is this well understood is said to be written elsewhere."""
_NAMED_SAME_TOPIC_LEAD = 3.1
"""The same where the place was named and the topic is the main one of both."""
_SURE_KIND_LEAD = 3.5
"""The same where the kind surely asked for is the main one here, and there by the way: 留岗红包."""
_HAS_IT_TOO = 2.5
"""How far behind the best another region's clause may be that has the same."""
_SURELY_THE_SAME = 3.6
"""The evidence from which on it is said that another place's document has what was asked for."""
_NAMED = 6
"""Other regions that a reply names."""
_OFFERED = 4
"""Measures of the town that a reply names to somebody of a part of it."""
OWN_ENOUGH = 1.9
"""What a measure's own evidence must come to, to be what a message is about."""
_HARDLY_ITS_OWN = 1.0
"""With less of its own a measure only gains by its topic: it is not what is asked for."""
_LETTERS = re.compile("[a-z]+")
_CHINESE = re.compile("[\u3400-\u9fff]")
_NOT_UNDERSTOOD = "not-understood"
_NAMES_THE_SERVICE = re.compile("[你您]|暖岗|小程序|这个?(?:软件|平台|网站|机器人)|用这个")


def place_not_covered(turn: Turn) -> Answer | None:
    """Decline for a place without documents; never lend it another place's money."""
    place = turn.elsewhere
    if not place:
        return None
    mentions = [m for m in turn.question.places.uncovered if m.name == place]
    near = [turn.composer.region_label(region) for m in mentions for region in m.near]
    parts = [
        Part(turn.composer.say("place_not_covered", place=place)),
        Part(turn.composer.say("place_near", regions="、".join(near)) if near else "", 1),
        *replying.ask_nationwide(turn),
    ]
    return decline(turn, parts, f"place-not-covered:{place}", None)


def no_words(turn: Turn) -> Answer | None:
    """Say so where somebody typed letters that are no words: asdf, alert(1)."""
    text = turn.question.text
    letters = _LETTERS.findall(text)
    if not letters or _CHINESE.search(text) or any(segmented(run) for run in letters):
        return None
    return no_answer(turn)


def outside(turn: Turn) -> Answer | None:
    """Decline what no document covers, when that is what the question is nearest to.

    Without the words that ask for an aspect, too: 培训一个月给多少 is worded as of alimony.
    """
    best = max(c.own for c in turn.ranked) + about_the_service.OUTSIDE_LEAD
    here = turn.local[0].own + _OUTSIDE_LEAD_HERE if turn.region and turn.local else 0.0
    if turn.candidates.outside.score < max(about_the_service.OUTSIDE, best, here):
        return None
    asked = (
        turn.question.asked if turn.question.content else turn.library.aspects.read(turn.asked_text)
    )
    left = turn.weighed(asked.left)
    found = left.outside
    if found.score < max(about_the_service.OUTSIDE, max(c.own for c in left.ranked) - _OUTSIDE_LAG):
        return None
    # Which of them it is, both tell: 医药费能报多少 is of medical insurance by its asking words
    # alone.
    found = max(turn.candidates.outside, found, key=lambda subject: subject.score)
    topic = turn.library.outside[found.id]
    if topic.if_named and not _NAMES_THE_SERVICE.search(turn.question.text):
        return None
    if topic.ask is None:
        return about_the_service.told_of_the_service(turn, topic)
    return going_on.warned(turn, topic)


def not_understood(turn: Turn) -> Answer | None:
    """Say so where nothing anywhere is near the question."""
    return None if understood(turn.ranked[:1]) else no_answer(turn)


def not_in_this_place(turn: Turn) -> Answer | None:
    """Decline what only other places have."""
    if turn.region is None:
        return None
    best = max(turn.ranked, key=lambda candidate: candidate.unbiased)
    here = turn.local[:1]
    if here and understood(here) and not _is_missing(turn, here[0], best):
        return None
    if here and (_goes_on(turn, here[0], best) or _same_elsewhere(turn, here[0], best)):
        return None
    if here and turn.is_owed_wages and not turn.kinds_owed.isdisjoint(here[0].measure.topics):
        return None  # wherever else it is written: here, too, somebody can be turned to
    if best.unbiased < _SURELY_ELSEWHERE:
        return no_answer(turn)
    if akin := [c for c in turn.local if best.measure.topics[0] in c.measure.topics]:
        if akin[0] is here[0] and left_open.asks_for_no_detail(turn, akin[0].measure):
            return None
        # The place does speak of it, if not of this: it is not said to have nothing.
        return left_open.not_stated(
            turn, akin[0], left_open.unstated_aspect(turn, akin[0]) or left_open.DETAIL
        )
    label = turn.composer.region_label(turn.region)
    open_to_all = [c.measure for c in turn.local if c.measure.audience is not Audience.GOVERNMENT]
    offered = open_to_all[:_OFFERED] if turn.part else []
    others = _others_have(turn, best, label + (turn.part or ""))
    # What is not surely of any document may be written here in words that were not understood.
    plainly = turn.composer.say("not_in_region" if others else "not_found_in_region", region=label)
    parts = [
        *(_part_lacks(turn, label, offered) if turn.part else [Part(plainly)]),
        *others,
        *replying.ask_nationwide(turn),
    ]
    rejected = tuple(Rejected(c.measure.id, c.score, "region") for c in turn.ranked[:5])
    declined = decline(turn, parts, "not-in-this-place", turn.region, rejected=rejected)
    sources = tuple(turn.composer.source(measure) for measure in offered)
    return replace(declined, sources=(*sources, *declined.sources))


def no_answer(turn: Turn) -> Answer:
    """The reply of last resort: not in the documents, or not understood."""
    parts = [
        Part(turn.composer.say("not_understood")),
        Part(turn.composer.say("not_understood_help")),
        *replying.ask_nationwide(turn),
    ]
    rejected = tuple(Rejected(c.measure.id, c.score, "score") for c in turn.ranked[:5])
    return decline(turn, parts, _NOT_UNDERSTOOD, turn.region, rejected=rejected)


def is_no_answer(answer: Answer) -> bool:
    return answer.reason == _NOT_UNDERSTOOD


def understood(found: Iterable[Candidate]) -> bool:
    """Tell whether one of them is near enough to be an answer."""
    return any(c.score >= UNDERSTOOD for c in found)


def _goes_on(turn: Turn, here: Candidate, best: Candidate) -> bool:
    """Tell whether the message asks on about the measure the conversation is about.

    So it does, too, in words of its own about another kind of help that the same measure is of.
    """
    if turn.places or here.measure.id not in turn.context.measures:
        return False
    return turn.follows_up or best.measure.topics[0] in here.measure.topics


def _same_elsewhere(turn: Turn, here: Candidate, best: Candidate) -> bool:
    """Tell whether the message only names another place, which has the same kind of measure."""
    same = here.measure.topics[0] == best.measure.topics[0]
    return same and turn.follows_up and not turn.question.content and here.own >= OWN_ENOUGH


def _is_missing(turn: Turn, here: Candidate, best: Candidate) -> bool:
    """Tell whether only other places have what is asked for."""
    hardly_here = here.own < _HARDLY_ITS_OWN
    return _lacks(turn, here, best) and (hardly_here or _lacks_subject(turn))


def _lacks(turn: Turn, here: Candidate, best: Candidate) -> bool:
    named = bool(turn.places)
    if named and here.score > here.unbiased:
        return False  # the place was named, and its measure states the very sum
    shared = set(here.measure.topics).intersection(best.measure.topics)
    if named and here.measure.topics[0] == best.measure.topics[0]:
        return best.unbiased - here.unbiased > _NAMED_SAME_TOPIC_LEAD
    mainly, by_the_way = here.measure.topics[0], best.measure.topics[1:]
    if _kind_asked_for(turn) == mainly and mainly in by_the_way:
        return best.unbiased - here.unbiased > _SURE_KIND_LEAD
    alike = shared or (
        named and here.own >= OWN_ENOUGH and not _is_of_another_kind(turn, here, best)
    )
    return best.unbiased - here.unbiased > (_SAME_TOPIC_LEAD if alike else _ELSEWHERE_LEAD)


def _lacks_subject(turn: Turn) -> bool:
    """Tell whether the place lacks it by its subject, too: elsewhere only the number may stand."""
    if not turn.asked.firm:
        return True
    found = turn.by_subject
    local = found.within(turn.scope(turn.region)) if turn.region else ()
    best = max(found.ranked, key=lambda candidate: candidate.unbiased)
    return not local or _lacks(turn, local[0], best)


def _is_of_another_kind(turn: Turn, here: Candidate, best: Candidate) -> bool:
    """Tell whether the kind of help asked for is what other places have, and this one has not."""
    kind = _kind_asked_for(turn)
    return kind not in here.measure.topics and kind in best.measure.topics


def _kind_asked_for(turn: Turn) -> str | None:
    """The kind of help that a message surely asks for."""
    kind = turn.candidates.topic
    return kind.id if kind.near >= SURELY_OF_A_KIND else None


def _part_lacks(turn: Turn, label: str, offered: list[Measure]) -> list[Part]:
    """Say that the town's document does not name a part of it, and what it has for all of it."""
    assert turn.region is not None and turn.part is not None
    regions = (turn.region, *turn.library.regions.descendants(turn.region))
    named = any(
        turn.part in quote
        for measure in turn.library.measures.values()
        if measure.region in regions
        for quote in measure.quotes
    )
    lacks = "part_without_this" if named else "part_not_named"
    titles = "、".join(measure.title for measure in offered)
    return [
        Part(turn.composer.say(lacks, region=label, part=turn.part)),
        Part(turn.composer.say("town_has", region=label, titles=titles) if titles else "", 1),
    ]


def _others_have(turn: Turn, best: Candidate, label: str) -> list[Part]:
    """Name the parts of the same town that have it, and the places elsewhere."""
    regions = _regions_with(turn, best)
    if turn.region is None or best.own < _SURELY_THE_SAME:
        return []
    town = turn.town(turn.region)
    sisters = [region for region in regions if turn.town(region) == town]
    elsewhere = [region for region in regions if region not in sisters]
    of_town = turn.composer.region_label(town)
    said = [
        turn.composer.say("sisters_have", region=of_town, regions=_named(turn, sisters))
        if sisters
        else "",
        turn.composer.say("elsewhere_has", regions=_named(turn, elsewhere), region=label)
        if elsewhere
        else "",
    ]
    return [Part(each, 1) for each in said if each]


def _named(turn: Turn, regions: list[str]) -> str:
    labels = [turn.composer.region_label(region) for region in regions]
    return "、".join(labels[:_NAMED]) + ("等" if len(labels) > _NAMED else "")


def _regions_with(turn: Turn, best: Candidate) -> list[str]:
    """The other regions that have it, those first whose clause comes nearest."""
    topics = set(best.measure.topics)
    here = turn.scope(turn.region) if turn.region else frozenset()
    having = [
        c.measure.region
        for c in turn.ranked
        if c.unbiased >= best.unbiased - _HAS_IT_TOO
        and not topics.isdisjoint(c.measure.topics)
        and not _leaves_open(turn, c)
    ]
    return [region for region in dict.fromkeys(having) if region not in here]


def _leaves_open(turn: Turn, elsewhere: Candidate) -> bool:
    """Tell whether what is asked is what a measure's own document leaves open."""
    unstated = set(turn.asked.aspects) - elsewhere.measure.stated_aspects()
    return elsewhere.open > elsewhere.answered and bool(unstated)
