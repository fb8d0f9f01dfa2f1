"""Several answers in one reply, each with its source: of places, or to questions."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from bot import stating
from bot.answers import REPLY_BYTES, Answer, Kind
from bot.composing import Part, fitted
from bot.place_notes import COMPARABLE, uncovered_note
from bot.retrieval.matching import Candidate
from bot.turn import Turn
from knowledge.measures import Aspect

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
    parts = [
        Part(_short(alone, best.measure.title, best, standing=True)) for alone, best in answered
    ]
    parts += [
        Part(
            turn.composer.say(
                "in_region",
                region=words,
                text=refused.reply.splitlines()[0] if answered else refused.reply,
            )
        )
        for words, refused in declined
    ]
    measures = tuple(best.measure.id for _, best in answered)
    measures = measures or tuple(id for _, refused in declined for id in refused.measures[:1])
    sources = [turn.composer.source(best.measure) for _, best in answered]
    sources += [source for _, refused in declined for source in refused.sources]
    return Answer(
        kind=Kind.ANSWER if answered else Kind.DECLINE,
        reply=fitted(parts),
        reason="several-questions",
        region=turn.region,
        measures=measures,
        sources=tuple(sources),
        context=turn.next_context(measures),
    )


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
