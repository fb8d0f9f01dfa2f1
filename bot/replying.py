"""The answer itself: the measure that fits best, or one for each place."""

import re
from collections.abc import Mapping, Sequence

from bot.answers import Answer, Kind, Rejected
from bot.composing import Part, fitted
from bot.matching import Candidate
from bot.turn import Turn

_NEAR_ENOUGH = 0.5
"""Among candidates this near to the best, the one that states what is asked for wins."""
_COMPARABLE = 2.8
"""So far behind the best of all places, a place has nothing to compare."""
_ALSO_SHOWN = 4
_ALIKE = 1.0
"""So near to the best, a measure of the same topic and place is mentioned along with it."""
_COMPARES = re.compile("和|跟|与|还是|比|、|哪个|哪边|分别")


def chosen(turn: Turn) -> Candidate | None:
    """Pick the measure of the place to answer from; None where the place has none."""
    if not turn.local:
        return None
    best = turn.local[0]
    firm = [aspect for aspect in turn.asked.aspects if aspect in turn.asked.firm]
    near = [c for c in turn.local if c.score >= best.score - _NEAR_ENOUGH]
    for candidate in near:
        if all(aspect in candidate.measure.stated_aspects() for aspect in firm):
            return candidate
    return best


def from_the_documents(turn: Turn) -> Answer | None:
    """Answer from the chosen measure; where parts of a town differ, from each of them."""
    best = chosen(turn)
    if best is None:
        return None
    if parts := _parts_of_town(turn, best):
        return for_several(turn, parts)
    region = best.measure.region
    parts_of_reply = turn.composer.measure_parts(
        best.measure, turn.asked.aspects, turn.today, turn.asked_text
    )
    parts_of_reply[-1:-1] = place_notes(turn, region)
    near = [c for c in turn.local if c is not best][:_ALSO_SHOWN]
    alike = [c for c in near[:1] if _is_alike(c, best)]
    for candidate in alike:
        cited = turn.composer.cite(candidate.measure)
        also = turn.composer.say("also", summary=candidate.measure.summary, source=cited)
        parts_of_reply.insert(-1, Part(also, 5))
    used = [best, *alike]
    measures = tuple(c.measure.id for c in used)
    return Answer(
        kind=Kind.ANSWER,
        reply=fitted(parts_of_reply),
        reason=f"measure:{best.score:.2f}",
        region=region,
        measures=measures,
        sources=tuple(turn.composer.source(c.measure) for c in used),
        suggestions=tuple(c.measure.question for c in near if c.score >= best.score - 2.0)[:3],
        rejected=tuple(Rejected(c.measure.id, c.score, "rank") for c in near if c not in alike),
        context=turn.next_context(measures),
    )


def _is_alike(candidate: Candidate, best: Candidate) -> bool:
    same = candidate.measure.topics[0] == best.measure.topics[0]
    return same and candidate.score >= best.score - _ALIKE


def place_notes(turn: Turn, region: str) -> list[Part]:
    """Say what must be said along about the place: that it is the only one, or only a part."""
    notes: list[str] = []
    label = turn.composer.region_label(region)
    if turn.region is None:
        notes.append(turn.composer.say("only_here", region=label))
    for mention in turn.question.places.covered:
        if mention.note:
            notes.append(mention.note + "。")
        elif not turn.library.regions.get(mention.region).own:
            notes.append(turn.composer.say("part_covered", place=mention.name, region=label))
    if turn.question.places.uncovered and _COMPARES.search(turn.question.text):
        places = "、".join(mention.name for mention in turn.question.places.uncovered)
        notes.append(turn.composer.say("not_covered_too", places=places))
    return [Part(note, 1) for note in notes]


def for_several(turn: Turn, found: Mapping[str, Sequence[Candidate]]) -> Answer:
    """Answer for each place in turn, shortly; a place that has nothing is told so."""
    parts: list[Part] = []
    used: list[Candidate] = []
    best = max((c.score for cs in found.values() for c in cs), default=0.0)
    for place, candidates in found.items():
        good = [c for c in candidates if c.score >= best - _COMPARABLE][:1]
        good += [c for c in candidates[1:3] if good and c.score >= good[0].score - _NEAR_ENOUGH]
        label = turn.composer.region_label(place)
        if not good:
            parts.append(Part(turn.composer.say("none_in_region", region=label)))
        for candidate in good:
            parts.append(Part(_short(turn, label, candidate), 0 if candidate is good[0] else 2))
        used += good
    parts += [
        Part(turn.composer.say("source", source=turn.composer.cite(c.measure)), 1) for c in used
    ]
    measures = tuple(c.measure.id for c in used)
    return Answer(
        kind=Kind.ANSWER if used else Kind.DECLINE,
        reply=fitted(parts),
        reason="several-places",
        region=None,
        measures=measures,
        sources=tuple(turn.composer.source(c.measure) for c in used),
        context=turn.next_context(measures),
    )


def _short(turn: Turn, label: str, candidate: Candidate) -> str:
    measure = candidate.measure
    lines = [turn.composer.stated(measure, a, turn.today) for a in turn.asked.aspects[:1]]
    lines += [measure.summary, turn.composer.closing_note(measure, turn.today)]
    text = "".join(dict.fromkeys(line for line in lines if line))
    return turn.composer.say("in_region", region=label, text=text)


def _parts_of_town(turn: Turn, best: Candidate) -> dict[str, tuple[Candidate, ...]]:
    """Where a town is asked about and its districts differ: the best of each district."""
    if turn.region is None or best.measure.region == turn.region:
        return {}
    if not turn.library.regions.lies_in(best.measure.region, turn.region):
        return {}
    districts: dict[str, tuple[Candidate, ...]] = {}
    for candidate in turn.local:
        region = candidate.measure.region
        if candidate.measure.topics[0] == best.measure.topics[0]:
            districts.setdefault(region, (candidate,))
    return districts if len(districts) > 1 else {}
