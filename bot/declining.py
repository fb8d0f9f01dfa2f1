"""The one form of every decline: what is said, with its sources, and what was weighed and left."""

from dataclasses import replace

from bot import replying
from bot.answers import Answer, Kind, Rejected
from bot.composing import Part, fitted
from bot.retrieval.matching import Candidate
from bot.turn import Turn


def decline(
    turn: Turn,
    parts: list[Part],
    reason: str,
    region: str | None,
    from_: tuple[Candidate, ...] = (),
    *,
    rejected: tuple[Rejected, ...] = (),
    about: str = "",
) -> Answer:
    """Decline for a reason; `from_` are the measures whose words are told all the same.

    `about` is kept where the next message may lean on it.
    """
    measures = tuple(c.measure.id for c in from_)
    sources = tuple(turn.composer.source(c.measure) for c in from_)
    return Answer(
        kind=Kind.DECLINE,
        reply=fitted(parts),
        reason=reason,
        region=region,
        measures=measures,
        sources=(*sources, replying.nationwide_source(turn)),
        rejected=rejected,
        context=replace(turn.next_context(measures), about=about),
    )
