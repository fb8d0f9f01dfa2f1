"""Several answers in one reply, each with its source: of places, or to questions."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from bot import stating
from bot.answers import REPLY_BYTES, Answer, Kind, Source
from bot.composing import Part, fitted
from bot.place_notes import COMPARABLE, uncovered_note
from bot.retrieval.matching import Candidate
from bot.turn import Turn
from knowledge.measures import Aspect

_NAMED = 30
"""So many characters of a question name it."""
_NEAR_ENOUGH = 0.5
"""So near to the best of a place, a measure is told of along with it."""


def for_several(
    turn: Turn,
    found: Mapping[str, Sequence[Candidate]],
    *,
    comparing: bool = True,
    also: Iterable[str] = (),
) -> Answer:
    """Answer for each place in turn, shortly, with its source, as far as a message holds them.

    Where places are compared, one that is far behind the best has nothing to compare. The places
    that have no room, and those that have it `also`, are named.
    """
    scores = [c.score for cs in found.values() for c in cs] if comparing else []
    best = max(scores, default=0.0)
    parts: list[Part] = []
    used: list[Candidate] = []
    left = [place for place in also if place not in found]
    room = REPLY_BYTES - len(_also_in(turn, [*found, *left]).encode()) - 1
    for place, candidates in found.items():
        label = turn.composer.region_label(place)
        good = [c for c in candidates[:1] if c.score >= best - COMPARABLE]
        good += [c for c in candidates[1:3] if good and c.score >= good[0].score - _NEAR_ENOUGH]
        lines = [_short(turn, label, candidate) for candidate in good]
        lines = lines or [turn.composer.say("none_in_region", region=label)]
        for line, candidate in zip_longest(lines, good):
            longer = [*parts, Part(line)]
            if len("\n".join(part.text for part in longer).encode()) > room:
                left += [place] if line is lines[0] else []
                break
            parts = longer
            used += [candidate] if candidate else []
    measures = tuple(c.measure.id for c in used)
    return Answer(
        kind=Kind.ANSWER if used else Kind.DECLINE,
        reply=fitted([*parts, Part(_also_in(turn, left)), *uncovered_note(turn)]),
        reason="several-places",
        region=None,
        measures=measures,
        sources=tuple(turn.composer.source(c.measure) for c in used),
        context=turn.next_context(measures),
    )


def _also_in(turn: Turn, places: Sequence[str]) -> str:
    labels = "、".join(map(turn.composer.region_label, places))
    return turn.composer.say("also_in", regions=labels) if labels else ""


def for_questions(
    turn: Turn,
    answered: Sequence[tuple[Turn, Candidate]],
    declined: Sequence[tuple[str, Answer]],
) -> Answer:
    """Answer several questions about one place in turn, shortly, each with its source.

    `declined` are those that are not written there, with what is said of each: the first line, or
    all of it where nothing else is told.
    """
    told = [_Told(alone.message, _answers(alone, best)) for alone, best in answered]
    told += [_Told(words, [_declined(turn, words, no, bool(answered))]) for words, no in declined]
    reply = _as_far_as_it_holds(turn, told, len(answered))
    pieces = [piece for each in told for piece in each.pieces]
    ids = [piece.measures for piece in pieces if piece.answers or not answered]
    measures = tuple(id for each in ids for id in each[:1])
    return Answer(
        kind=Kind.ANSWER if answered else Kind.DECLINE,
        reply=reply,
        reason="several-questions",
        region=turn.region,
        measures=measures,
        sources=tuple(source for piece in pieces for source in piece.sources),
        context=turn.next_context(measures),
    )


class _Piece(NamedTuple):
    """A part of a reply with what it rests on; `place`: the district that it is about."""

    text: str
    measures: tuple[str, ...]
    sources: tuple[Source, ...]
    answers: bool = False
    place: str = ""


class _Told(NamedTuple):
    """A question, and what is said to it."""

    words: str
    pieces: list[_Piece]


def _answers(alone: Turn, best: Candidate) -> list[_Piece]:
    return [
        _Piece(
            _short(alone, label, each, standing=True),
            (each.measure.id,),
            (alone.composer.source(each.measure),),
            answers=True,
            place=each.measure.region,
        )
        for label, each in _labelled(alone, best)
    ]


def _declined(turn: Turn, words: str, refused: Answer, beside_answers: bool) -> _Piece:
    text = refused.reply.splitlines()[0] if beside_answers else refused.reply
    said = turn.composer.say("in_region", region=words, text=text)
    return _Piece(said, refused.measures, refused.sources)


def _as_far_as_it_holds(turn: Turn, told: list[_Told], answered: int) -> str:
    """Join what is told, and take from it what a message doesn't hold, which is named.

    Whole pieces only: a figure never stands without its source, nor without that it is over.
    """
    further: list[str] = []
    left: list[str] = []
    while True:
        parts = [Part(piece.text) for each in told for piece in each.pieces]
        parts += [Part(_also_in(turn, further)), Part(_no_room_for(turn, left))]
        lines = [part.text for part in parts if part.text]
        if len("\n".join(lines).encode()) <= REPLY_BYTES:
            return "\n".join(lines)
        districts = next((each for each in reversed(told) if len(each.pieces) > 1), None)
        if districts:
            further.insert(0, districts.pieces.pop().place)
        elif len(told) > 1:
            # What is declined is short beside what is answered.
            left.insert(0, told.pop(answered - 1 if answered > 1 else -1).words)
            answered -= answered > 1
        else:
            return fitted(parts)


def _no_room_for(turn: Turn, questions: Sequence[str]) -> str:
    named = "、".join(f"“{words[:_NAMED]}”" for words in questions)
    return turn.composer.say("not_answered_yet", questions=named) if named else ""


def _labelled(turn: Turn, best: Candidate) -> list[tuple[str, Candidate]]:
    """What answers a question, with its title; of each district by name where it is one's.

    Nobody takes what one district gives for the town's, or for all that its districts give.
    """
    region = best.measure.region
    if turn.region in (None, region) or not turn.library.regions.lies_in(region, turn.region):
        return [(best.measure.title, best)]
    districts = parts_of_town(turn, best) or {region: (best,)}
    return [
        (f"{turn.composer.region_label(place)}：{each.measure.title}", each)
        for place, (each, *_) in districts.items()
    ]


def _short(turn: Turn, label: str, candidate: Candidate, *, standing: bool = False) -> str:
    """What a measure says, with its source; `standing`: and whether it still applies."""
    measure, asked = candidate.measure, turn.asked
    lines = [part.text for part in turn.composer.told(measure, asked, turn.today)]
    lines.append(turn.composer.not_stated(measure, stating.left_open(measure, asked)))
    lines.append(measure.summary)
    if Aspect.DEADLINE not in asked.aspects:
        lines.append(turn.composer.closing_note(measure, turn.today))
    if standing or turn.library.documents[measure.document].entry.undated:
        lines.append(turn.composer.standing(measure, turn.today))
    text = "".join(dict.fromkeys(line for line in lines if line))
    source = turn.composer.say("source", source=turn.composer.cite(measure))
    return turn.composer.say("in_region", region=label, text=text) + "\n" + source


def parts_of_town(turn: Turn, best: Candidate) -> dict[str, tuple[Candidate, ...]]:
    """Where a town is asked about and its districts differ: the best of each district."""
    if turn.region is None or best.measure.region == turn.region:
        return {}
    if not turn.library.regions.lies_in(best.measure.region, turn.region):
        return {}
    districts: dict[str, tuple[Candidate, ...]] = {}
    for candidate in turn.local:
        region = candidate.measure.region
        alike = candidate.measure.topics[0] == best.measure.topics[0]
        if alike and candidate.score >= best.score - COMPARABLE:
            districts.setdefault(region, (candidate,))
    return districts if len(districts) > 1 else {}
