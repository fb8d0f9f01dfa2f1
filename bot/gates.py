"""Gates: what must be declined however well it scores, and what several places answer at once."""

import re
from collections.abc import Iterable
from dataclasses import replace

from bot import going_on, left_open, replying
from bot.answers import Answer, Kind, Rejected
from bot.composing import Part
from bot.declining import decline
from bot.question import content
from bot.retrieval.matching import Candidate
from bot.turn import Turn
from bot.words.pinyin import segmented
from knowledge.measures import Audience, Measure
from knowledge.topics import OutsideTopic

UNDERSTOOD = 1.2
"""Below this score nothing is close enough to be an answer."""
_A_WORD = 2
"""Characters of content that a subject has at least."""
_OUTSIDE = 2.4
"""What the evidence for a subject that no document covers must come to."""
_OUTSIDE_LEAD = 0.2
"""How far it must be ahead of the best measure's own evidence."""
_OUTSIDE_LEAD_HERE = 0.7
"""The same before the best of the place, of which it would be said that it has nothing."""
_OUTSIDE_LAG = 2.0
"""How far behind it may be without the words that ask for an aspect."""
_SURELY_OF_A_KIND = 0.6
"""So near to how a kind of help is asked for, a measure of another kind is not taken for it."""
_ELSEWHERE_LEAD = 1.2
"""So far ahead of the place's best, a measure elsewhere shows that the place lacks the subject."""
_SAME_TOPIC_LEAD = 2.6
"""The same where the place has a measure of the same topic, or was named and has one like it."""
_SURELY_ELSEWHERE = 2.6
"""Only what is this well understood is said to be written elsewhere."""
_NAMED_SAME_TOPIC_LEAD = 3.1
"""The same where the place was named and the topic is the main one of both."""
_HAS_IT_TOO = 2.5
"""How far behind the best another region's clause may be that has the same."""
_SURELY_THE_SAME = 3.6
"""The evidence from which on it is said that another place's document has what was asked for."""
_NAMED = 6
"""Other regions that a reply names."""
_OFFERED = 4
"""Measures of the town that a reply names to somebody of a part of it."""
_OWN_ENOUGH = 1.9
_SUBJECT_OF_ITS_OWN = 2.6
"""What the words behind one of several places must come to, to be a question by themselves."""
_BETWEEN_QUESTIONS = re.compile(
    "[?!。;]|[,，]?(?:还有就是|还有(?![吗么嘛没不的用效呢]|$)|另外|再问|顺便问|还想问|再一个|再就是)"
)
"""«还有» parts only where it goes on: 孩子盲盒还有吗 is one question."""
_COMMA = re.compile("[,，、]")
_IS_A_QUESTION = re.compile(
    r"[吗呢么几谁哪怎何咋啥]|多少|什么|([^\W\d_a-z])[不没]\1|可不可以|[不没]$"
)
_WANTS_TO_KNOW = re.compile(
    "[我俺]?们?(?:(?:想|要|来)(?:请?问|咨询|打听|了解)(?:[1一]?下)?|(?:请?问|咨询|打听|了解)[1一]?下)[^,过]{2,}"
)
"""It asks without a word that asks: 我想问下失业金，另外培训补贴多少."""
_LETTERS = re.compile("[a-z]+")
_CHINESE = re.compile("[\u3400-\u9fff]")
_SEVERAL = 2
_NOT_UNDERSTOOD = "not-understood"
_THE_SERVICE = re.compile(
    "[你您]们?(?:这|那|的|收|要)|暖岗|小程序|这个?(?:软件|平台|网站)|[用办]这个"
)
_MARKS = " ,.!?~、。;:，？！"
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


def several_places(turn: Turn) -> Answer | None:
    """Answer a comparison for each of the places it names."""
    places = [p for p in turn.places if not any(_contains(turn, p, q) for q in turn.places)]
    if len(places) < 2:
        return None
    if asked := _asked_of_each(turn, places):
        return replying.for_several(turn, asked, comparing=False)
    if not understood(turn.ranked[:1]):
        return None
    return replying.for_several(turn, {place: _of_place(turn, place) for place in places})


def several_questions(turn: Turn) -> Answer | None:
    """Answer each of several questions about one place as it would be answered alone.

    What one of them asks that is not written is said; it takes nothing from the others.
    """
    if turn.region is None or turn.part or turn.follows_up:
        return None
    asked: list[str] = []
    for words in _BETWEEN_QUESTIONS.split(turn.question.rest):
        if asked and words and not content(turn.library.aspects.read(words).left):
            asked[-1] += f",{words}"  # 怎么申请: of what was asked about before
        elif len(content(words)) >= _A_WORD and (
            _IS_A_QUESTION.search(words) or _WANTS_TO_KNOW.match(words)
        ):
            asked += _between_commas(turn, words)
    if len(asked) < _SEVERAL:
        return None
    answered: list[tuple[Turn, Candidate]] = []
    declined: list[tuple[str, Answer]] = []
    unclear: list[tuple[str, Answer]] = []
    for words in asked:
        alone = turn.asking_only(words)
        if (
            refused := outside(alone)
            or not_in_this_place(alone)
            or left_open.aspect_not_stated(alone)
        ):
            (unclear if _is_no_answer(refused) else declined).append((words, refused))
            continue
        best = replying.chosen(alone)
        if best is None or best.own < _OWN_ENOUGH:
            unclear.append((words, no_answer(alone)))
            continue
        at = [n for n, (_, other) in enumerate(answered) if other.measure == best.measure]
        if at:  # of the same measure: what both ask is told
            both = f"{answered[at[0]][0].message},{words}"
            answered[at[0]] = (turn.asking_only(both), best)
        else:
            answered.append((alone, best))
    of = {refused.measures[:1] for _, refused in declined if refused.measures}
    if len(answered) + len(declined) < _SEVERAL or (not answered and len(of) < _SEVERAL):
        return None  # what one measure leaves open is declined at once
    return replying.for_questions(turn, answered, [*declined, *unclear])


def _between_commas(turn: Turn, words: str) -> list[str]:
    """Part a question at its commas, where a subject of its own begins: 消费券多少，房租减吗."""
    parts: list[str] = []
    for part in _COMMA.split(words):
        if parts and not _IS_A_QUESTION.search(parts[-1]):
            parts[-1] += f",{part}"  # what is told goes with what is asked
        else:
            parts.append(part)
    if len(parts) < _SEVERAL or not all(map(_IS_A_QUESTION.search, parts)):
        return [words]
    subjects: set[str] = set()
    parted: list[str] = []
    for part in parts:
        subject = _subject_of(turn.asking_only(part))
        if parted and (not subject or subject in subjects):
            parted[-1] += f",{part}"
        else:
            parted.append(part)
        subjects.add(subject)
    return parted if len(subjects - {""}) >= _SEVERAL else [words]


def _subject_of(alone: Turn) -> str:
    """The kind of help that a question surely is about, with or without the words that ask."""
    if alone.region is None:
        return ""
    kind = alone.by_subject.topic
    named = alone.by_subject.within(alone.scope(alone.region))
    if not named or kind.near < _SURELY_OF_A_KIND or named[0].measure != alone.local[0].measure:
        return ""
    return named[0].measure.topics[0] if kind.id in named[0].measure.topics else ""


def _asked_of_each(turn: Turn, places: list[str]) -> dict[str, tuple[Candidate, ...]]:
    """What each place is asked for, where each has a subject of its own: 石狮失业金，沧州红包."""
    named = [m for m in turn.question.places.covered if m.region in places]
    if len(content(turn.question.text[: named[0].start])) > _A_WORD:
        return {}  # what stands before is asked of all of them
    ends = [*(m.start for m in named[1:]), len(turn.question.text)]
    asked: dict[str, tuple[Candidate, ...]] = {}
    for mention, end in zip(named, ends, strict=True):
        begin = mention.start if mention.landmark else mention.end
        words = turn.question.text[begin:end]
        if len(content(words)) < _A_WORD:
            return {}
        found = turn.weighed(words).within(turn.scope(mention.region))
        if not found or found[0].own < _SUBJECT_OF_ITS_OWN:
            return {}
        asked[mention.region] = found[:1]
    return asked


def _of_place(turn: Turn, place: str) -> tuple[Candidate, ...]:
    """The best of one of several places; the name of one's firm tells nothing of the others."""
    firms = [m for m in turn.question.places.covered if m.landmark]
    found = turn.local_to(place)
    if not firms:
        return found[:3]
    plain = turn.without_words([m.words for m in firms]).within(turn.scope(place))
    if all(m.region != place for m in firms):
        return plain[:3]
    scores = {c.measure.id: c.score for c in plain}
    return tuple(c._replace(score=scores[c.measure.id]) for c in found[:3])


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
    best = max(c.own for c in turn.ranked) + _OUTSIDE_LEAD
    here = turn.local[0].own + _OUTSIDE_LEAD_HERE if turn.region and turn.local else 0.0
    if turn.candidates.outside.score < max(_OUTSIDE, best, here):
        return None
    asked = (
        turn.question.asked if turn.question.content else turn.library.aspects.read(turn.asked_text)
    )
    left = turn.weighed(asked.left)
    found = left.outside
    if found.score < max(_OUTSIDE, max(c.own for c in left.ranked) - _OUTSIDE_LAG):
        return None
    topic = turn.library.outside[found.id]
    if topic.if_named and not _NAMES_THE_SERVICE.search(turn.question.text):
        return None
    if topic.ask is None:
        return about_the_service(turn, topic)
    return going_on.warned(turn, topic)


def topic_of_the_service(turn: Turn) -> OutsideTopic | None:
    """What of the service itself the whole message asks for, None where it may mean a measure."""
    text, first = turn.question.text.strip(_MARKS), not turn.context.question
    topics = turn.library.outside.values()
    return next((topic for topic in topics if topic.is_asked_by(text, first=first)), None)


def of_the_service(turn: Turn) -> Answer | None:
    """Answer what names the service and nothing else: 你们这个要钱吗."""
    found = turn.alone.outside
    best = max(c.own for c in turn.alone.ranked) + _OUTSIDE_LEAD
    if not _THE_SERVICE.search(turn.question.text) or found.score < max(_OUTSIDE, best):
        return None
    return about_the_service(turn, turn.library.outside[found.id])


def about_the_service(turn: Turn, topic: OutsideTopic) -> Answer | None:
    """Answer what is asked of the service; who names a place asks what its document says."""
    if turn.places or topic.reply is None or turn.is_owed_wages:
        return None
    reason = f"outside:{topic.id}"
    return Answer(Kind.CHAT, topic.reply, reason, region=turn.region, context=turn.kept_context())


def not_understood(turn: Turn) -> Answer | None:
    """Say so where nothing anywhere is near the question."""
    return None if understood(turn.ranked[:1]) else no_answer(turn)


def not_in_this_place(turn: Turn) -> Answer | None:
    """Decline what only other places have."""
    if turn.region is None:
        return None
    best = max(turn.ranked, key=lambda candidate: candidate.unbiased)
    here = turn.local[:1]
    if here and understood(here) and not (_lacks(turn, here[0], best) and _lacks_subject(turn)):
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


def _is_no_answer(answer: Answer) -> bool:
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
    return same and turn.follows_up and not turn.question.content and here.own >= _OWN_ENOUGH


def _lacks(turn: Turn, here: Candidate, best: Candidate) -> bool:
    named = bool(turn.places)
    if named and here.score > here.unbiased:
        return False  # the place was named, and its measure states the very sum
    same = not set(here.measure.topics).isdisjoint(best.measure.topics)
    if named and here.measure.topics[0] == best.measure.topics[0]:
        return best.unbiased - here.unbiased > _NAMED_SAME_TOPIC_LEAD
    alike = same or (
        named and here.own >= _OWN_ENOUGH and not _is_of_another_kind(turn, here, best)
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
    kind = turn.candidates.topic
    if kind.near < _SURELY_OF_A_KIND or kind.id in here.measure.topics:
        return False
    return kind.id in best.measure.topics


def _contains(turn: Turn, region: str, other: str) -> bool:
    return region != other and turn.library.regions.lies_in(other, region)


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
        if c.unbiased >= best.unbiased - _HAS_IT_TOO and not topics.isdisjoint(c.measure.topics)
    ]
    return [region for region in dict.fromkeys(having) if region not in here]
