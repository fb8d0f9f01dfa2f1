"""Telephone numbers that help: those that are the same everywhere, and a place's own."""

from collections.abc import Iterable

from bot.answers import Source
from bot.composing import Part
from bot.turn import Turn
from knowledge.care import Helpline
from knowledge.measures import Measure

_HOTLINE = "hotline"


def parts(turn: Turn, lines: Iterable[Helpline]) -> list[Part]:
    """Write up helplines with where each number is laid down."""
    lines = tuple(lines)
    return [*(part(turn, line) for line in lines), where_laid_down(turn, lines)]


def beside(turn: Turn, measure: Measure) -> tuple[Helpline, ...]:
    """The helplines that are for the same as a measure, where it gives no number itself."""
    names = () if measure.phones else turn.library.topics[measure.topics[0]].helplines
    return tuple(turn.library.helplines[name] for name in names)


def part(turn: Turn, line: Helpline) -> Part:
    """One helpline as a reply says it."""
    for_ = line.for_.rstrip("。")
    said = turn.composer.say("helpline", name=line.name, number=line.number, **{"for": for_})
    return Part(said)


def where_laid_down(turn: Turn, lines: Iterable[Helpline]) -> Part:
    """Say where the numbers are laid down."""
    sources = "；".join(dict.fromkeys(f"{line.number} {line.source}" for line in lines))
    return Part(turn.composer.say("helpline_source", source=sources), 1)


def sources(lines: Iterable[Helpline]) -> tuple[Source, ...]:
    """Where the numbers are laid down, as sources of a reply."""
    return tuple(Source(title=line.source, locator=line.number) for line in lines)


def local(turn: Turn) -> list[Measure]:
    """Return the measures of the place that give a hotline with its number."""
    if turn.region is None or turn.question.places.uncovered:
        return []
    regions = turn.library.regions.within(turn.region)
    return [
        m
        for m in turn.library.measures.values()
        if m.region in regions and m.phones and m.topics[0] == _HOTLINE
    ]


def told_local(turn: Turn, measure: Measure) -> Part:
    """The hotline that a measure gives, with its source."""
    phone = measure.phones[0]
    return Part(
        turn.composer.say(
            "local_hotline",
            region=turn.composer.region_label(measure.region),
            of=phone.of,
            number=phone.number,
            source=turn.composer.cite(measure),
        )
    )
