"""Several places, or several questions, in one message: each is answered as it would be alone."""

import re
from typing import NamedTuple

from bot import gates, left_open, parting, replying, side_by_side
from bot.answers import Answer
from bot.question import content
from bot.retrieval.matching import Candidate
from bot.turn import Turn
from bot.words import wording
from knowledge.measures import Measure

_A_WORD = 2
"""Characters of content that a subject has at least."""
_SUBJECT_OF_ITS_OWN = 2.6
"""What the words behind one of several places must come to, to be a question by themselves."""
_BETWEEN_QUESTIONS = re.compile(
    "[?!。;]|[,，]?(?:还有就是|还有(?![吗么嘛没不的用效呢]|$)|另外|再问|顺便问|还想问|再一个|再就是)"
)
"""«还有» parts only where it goes on: 孩子盲盒还有吗 is one question."""
_COMMA = re.compile("[,，、 ]+")
_IS_A_QUESTION = re.compile(
    r"[吗呢么几谁哪怎何咋啥]|多少|多久|多长|什么|([^\W\d_a-z])[不没]\1|可不可以|[不没]$"
)
_WANTS_TO_KNOW = re.compile(
    "[我俺]?们?(?:(?:想|要|来)(?:请?问|咨询|打听|了解)(?:[1一]?下)?|(?:请?问|咨询|打听|了解)[1一]?下)[^,过]{2,}"
)
"""It asks without a word that asks: 我想问下失业金，另外培训补贴多少."""
_OF_ITS_OWN = 7.5
"""What a question without a mark before it must come to, with and without the words that ask."""
_NEAR_ITS_SUBJECT = 0.55
_APART_FROM_OTHERS = 3.0
"""So far ahead of what the others in the message are about, it is not of those."""
_SEVERAL = 2
_MOST = 10
"""So many questions, or places, of a message are looked at: a reply holds fewer, and each takes as
long as a message."""


def several_places(turn: Turn) -> Answer | None:
    """Answer a comparison for each of the places it names."""
    places = [p for p in turn.places if not any(_contains(turn, p, q) for q in turn.places)]
    if len(places) < 2:
        return None
    if asked := _asked_of_each(turn, places):
        return side_by_side.for_several(turn, asked, comparing=False)
    if not gates.understood(turn.ranked[:1]):
        return None
    return side_by_side.for_several(turn, {place: _of_place(turn, place) for place in places})


def _asked_of_each(turn: Turn, places: list[str]) -> dict[str, tuple[Candidate, ...]]:
    """What each place is asked for, where each has a subject of its own: 石狮失业金，沧州红包."""
    named = [m for m in turn.question.places.covered if m.region in places]
    if len(named) > _MOST or len(content(turn.question.text[: named[0].start])) > _A_WORD:
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


def _contains(turn: Turn, region: str, other: str) -> bool:
    return region != other and turn.library.regions.lies_in(other, region)


def several_questions(turn: Turn) -> Answer | None:
    """Answer each of several questions about one place as it would be answered alone.

    What one of them asks that is not written is said; it takes nothing from the others. Where a
    place is named, they are the questions put before it.
    """
    if turn.region is None or turn.part:
        return None
    if turn.follows_up and not turn.names_the_place_asked_for:
        return None
    text = turn.context.question if turn.follows_up else turn.question.rest
    asked: list[str] = []
    looked_at: set[str] = set()
    for words in _BETWEEN_QUESTIONS.split(text):
        if len(asked) >= _MOST:
            break
        if asked and words and not content(turn.library.aspects.read(words).left):
            asked[-1] += f",{words}"  # 怎么申请: of what was asked about before
        elif (
            words not in looked_at
            and len(content(words)) >= _A_WORD
            and (_IS_A_QUESTION.search(words) or _WANTS_TO_KNOW.match(words))
        ):
            looked_at.add(words)
            for part in _between_commas(turn, words):
                asked += _run_together(turn, part)
    if len(asked) < _SEVERAL:
        return None
    answered: list[tuple[Turn, Candidate]] = []
    declined: list[tuple[str, Answer]] = []
    unclear: list[tuple[str, Answer]] = []
    for words in asked:
        alone = turn.asking_only(words)
        if (
            refused := gates.outside(alone)
            or gates.not_in_this_place(alone)
            or left_open.aspect_not_stated(alone)
        ):
            (unclear if gates.is_no_answer(refused) else declined).append((words, refused))
            continue
        best = replying.chosen(alone)
        if best is None or best.own < gates.OWN_ENOUGH:
            unclear.append((words, gates.no_answer(alone)))
            continue
        at = [n for n, (_, other) in enumerate(answered) if other.measure == best.measure]
        if at:  # of the same measure: what both ask is told
            both = f"{answered[at[0]][0].message},{words}"
            answered[at[0]] = (turn.asking_only(both), best)
        else:
            answered.append((alone, best))
    of = {
        refused.measures[:1] or turn.asking_only(words).ranked[0].measure.topics[0]
        for words, refused in declined
    }
    if len(answered) + len(declined) < _SEVERAL or (not answered and len(of) < _SEVERAL):
        return None  # what one measure leaves open, or the place lacks, is declined at once
    return side_by_side.for_questions(turn, answered, [*declined, *unclear])


def _between_commas(turn: Turn, words: str) -> list[str]:
    """Part a question at its commas, where a subject of its own begins: 消费券多少，房租减吗."""
    parts: list[str] = []
    for part in _COMMA.split(words):
        if parts and not _IS_A_QUESTION.search(parts[-1]):
            parts[-1] += f",{part}"  # what is told goes with what is asked
        else:
            parts.append(part)
    if not _SEVERAL <= len(parts) <= _MOST or not all(map(_IS_A_QUESTION.search, parts)):
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


def _run_together(turn: Turn, words: str) -> list[str]:
    """Part questions that follow each other without a mark: 失业金多少福袋多少.

    Only where each is surely of something of its own; what names nothing goes with the one before.
    """
    pieces = parting.pieces(words)
    asking = [piece for piece in pieces if _IS_A_QUESTION.search(piece)]
    if not any(map(parting.names_a_thing, asking[1:])):
        return [words]  # nothing to weigh: no second thing is named
    parted: list[_OfItsOwn] = []
    told = ""
    for piece in pieces:
        if not _IS_A_QUESTION.search(piece):
            told += piece  # what is told goes with what is asked
        elif parted and not told and not _names_something(turn, piece):
            parted[-1] = parted[-1]._replace(words=parted[-1].words + piece)
        elif (
            len(parted) < _MOST
            and (not parted or parting.names_a_thing(piece))
            and (found := _of_its_own(turn, told + piece))
        ):
            parted.append(found)
            told = ""
        else:
            return [words]
    if told or len({each.subject for each in parted}) < _SEVERAL:
        return [words]
    if any(_may_be_of_another(each, parted) for each in parted):
        return [words]
    return [each.words.strip(" ,，、") for each in parted]


class _OfItsOwn(NamedTuple):
    """A question with what it is surely about, and the evidence for all measures.

    `subject` is a measure of the place, a kind of help that it lacks, or what no document covers.
    """

    words: str
    subject: str
    own: float
    evidence: dict[str, float]


def _of_its_own(turn: Turn, words: str) -> _OfItsOwn | None:
    alone = turn.asking_only(words)
    best = replying.chosen(alone)
    named = parting.names_a_thing(words)
    if best is None or not (named or _subject_of(alone)):
        return None
    subject = {c.measure.id: c for c in alone.by_subject.ranked}
    evidence = {c.measure.id: c.own + subject[c.measure.id].own for c in alone.ranked}

    def sure(measure: Measure) -> bool:
        near = subject[measure.id].near >= _NEAR_ITS_SUBJECT
        return near and evidence[measure.id] >= _OF_ITS_OWN

    outside = alone.by_subject.outside
    if named and outside.near >= gates.SURELY_OF_A_KIND and gates.outside(alone):
        own = alone.candidates.outside.score + outside.score
        return _OfItsOwn(words, outside.id, own, evidence)
    if sure(best.measure):
        return _OfItsOwn(words, best.measure.id, evidence[best.measure.id], evidence)
    kind, anywhere = alone.by_subject.topic, max(alone.ranked, key=lambda c: evidence[c.measure.id])
    if named and kind.near >= gates.SURELY_OF_A_KIND and sure(anywhere.measure):
        lacks = gates.not_in_this_place(alone)
        if lacks and not gates.is_no_answer(lacks) and kind.id in anywhere.measure.topics:
            return _OfItsOwn(words, kind.id, evidence[anywhere.measure.id], evidence)
    return None


def _may_be_of_another(asked: _OfItsOwn, parted: list[_OfItsOwn]) -> bool:
    """Tell whether a question comes near what another in the message is about."""
    others = {each.subject for each in parted} - {asked.subject}
    nearest = max((asked.evidence.get(other, 0.0) for other in others), default=0.0)
    return nearest > asked.own - _APART_FROM_OTHERS


def _names_something(turn: Turn, words: str) -> bool:
    left = turn.library.aspects.read(words).left
    return any(len(word) >= _A_WORD and content(word) for word in wording.words(left))


def _subject_of(alone: Turn) -> str:
    """The kind of help that a question surely is about, with or without the words that ask."""
    if alone.region is None:
        return ""
    kind = alone.by_subject.topic
    named = alone.by_subject.within(alone.scope(alone.region))
    if (
        not named
        or kind.near < gates.SURELY_OF_A_KIND
        or named[0].measure != alone.local[0].measure
    ):
        return ""
    return named[0].measure.topics[0] if kind.id in named[0].measure.topics else ""
