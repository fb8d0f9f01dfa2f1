"""What is said along about the place of an answer: that it is the only one, or only a part."""

from bot.composing import Part
from bot.retrieval.matching import Candidate
from bot.turn import Turn

COMPARABLE = 2.8
"""So far behind the best of all places, a place has nothing to compare."""
_HAS_IT_TOO = 2.6
"""Where so much speaks for a measure of another place, too, the place is named."""
_NAMED = 6
"""Other places that a reply names."""


def place_notes(turn: Turn, best: Candidate) -> list[Part]:
    """Say what must be said along about the place: that it is the only one, or only a part."""
    notes: list[str] = []
    label = turn.composer.region_label(best.measure.region)
    if turn.region is None:
        notes.append(_where_else(turn, best))
    for mention in turn.question.places.covered:
        if mention.note:
            notes.append(mention.note + "。")
        elif not turn.library.regions.get(mention.region).own:
            notes.append(turn.composer.say("part_covered", place=mention.name, region=label))
    wide = turn.chosen if not turn.places and turn.region == turn.chosen else None
    if wide and not turn.library.regions.get(wide).own:
        place = turn.composer.region_label(wide)
        notes.append(turn.composer.say("part_covered", place=place, region=label))
    return [*(Part(note, 1) for note in notes), *uncovered_note(turn)]


def _where_else(turn: Turn, best: Candidate) -> str:
    """Say that no other town's document speaks of it, or which do: a sum may have told them apart.

    Where others have measures of its main topic that are not much like the question, nothing is
    said.
    """
    town, topic = turn.town(best.measure.region), best.measure.topics[0]
    others = [
        c for c in turn.ranked if topic in c.measure.topics and turn.town(c.measure.region) != town
    ]
    if not others:
        return turn.composer.say(
            "only_here", region=turn.composer.region_label(best.measure.region)
        )
    near = [c for c in others if c.unbiased >= max(_HAS_IT_TOO, best.unbiased - COMPARABLE)]
    regions = list(dict.fromkeys(c.measure.region for c in near))
    if not regions:
        return ""
    labels = [turn.composer.region_label(region) for region in regions]
    named = "、".join(labels[:_NAMED]) + ("等" if len(labels) > _NAMED else "")
    return turn.composer.say("also_elsewhere", regions=named)


def uncovered_note(turn: Turn) -> list[Part]:
    """Say of the places without documents that there are none, where others are answered for."""
    names = dict.fromkeys(mention.name for mention in turn.question.places.uncovered)
    if not names:
        return []
    return [Part(turn.composer.say("not_covered_too", places="、".join(names)), 1)]
