"""The answer itself: the measure that fits best, or one for each place."""

from collections.abc import Mapping

from bot.answers import Answer, Kind, Rejected
from bot.composing import Part, fitted
from bot.matching import Candidate
from bot.turn import Turn
from knowledge.measures import Aspect

_NEAR_ENOUGH = 0.5
"""Among candidates this near to the best, the one that states what is asked for wins."""
_ALSO_SHOWN = 4


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
    parts_of_reply = turn.composer.measure_parts(best.measure, turn.asked.aspects, turn.today)
    if turn.region is None:
        label = turn.composer.region_label(region)
        parts_of_reply.append(Part(turn.composer.say("only_here", region=label), 2))
    near = [c for c in turn.local if c is not best][:_ALSO_SHOWN]
    measures = (best.measure.id,)
    return Answer(
        kind=Kind.ANSWER,
        reply=fitted(parts_of_reply),
        reason=f"measure:{best.score:.2f}",
        region=region,
        measures=measures,
        sources=(turn.composer.source(best.measure),),
        suggestions=tuple(c.measure.question for c in near if c.score >= best.score - 2.0)[:3],
        rejected=tuple(Rejected(c.measure.id, c.score, "rank") for c in near),
        context=turn.next_context(measures),
    )


def for_several(turn: Turn, found: Mapping[str, tuple[Candidate, ...]]) -> Answer:
    """Answer for each place in turn, shortly; a place that has nothing is told so."""
    parts: list[Part] = []
    used: list[Candidate] = []
    best = max((c.score for cs in found.values() for c in cs), default=0.0)
    for place, candidates in found.items():
        good = [c for c in candidates if c.score >= best - 2.8]
        label = turn.composer.region_label(place)
        if not good:
            parts.append(Part(turn.composer.say("none_in_region", region=label)))
            continue
        used.append(good[0])
        measure = good[0].measure
        lines = [turn.composer.stated(measure, a, turn.today) for a in turn.asked.aspects[:1]]
        lines += [measure.summary, turn.composer.closing_note(measure, turn.today)]
        text = "".join(dict.fromkeys(line for line in lines if line))
        parts.append(Part(turn.composer.say("in_region", region=label, text=text)))
        parts.append(Part(turn.composer.say("source", source=turn.composer.cite(measure)), 1))
    measures = tuple(c.measure.id for c in used)
    return Answer(
        kind=Kind.ANSWER if used else Kind.DECLINE,
        reply=fitted(parts),
        reason="several-places",
        region=None if len(found) > 1 else next(iter(found)),
        measures=measures,
        sources=tuple(turn.composer.source(c.measure) for c in used),
        context=turn.next_context(measures),
    )


def _parts_of_town(turn: Turn, best: Candidate) -> dict[str, tuple[Candidate, ...]]:
    """Where a town is asked about and its districts differ: the best of each district."""
    if turn.region is None or best.measure.region == turn.region:
        return {}
    if not turn.library.regions.lies_in(best.measure.region, turn.region):
        return {}
    topics = set(best.measure.topics)
    districts: dict[str, tuple[Candidate, ...]] = {}
    for candidate in turn.local:
        region = candidate.measure.region
        if topics & set(candidate.measure.topics) and candidate.score >= best.score - 1.5:
            districts.setdefault(region, (candidate,))
    return districts if len(districts) > 1 else {}


DETAILS = frozenset({Aspect.FIGURES, Aspect.USE})
"""Aspects that only few measures have something to say on."""
