"""The legal moves of a pairing: who may make which, from where to where.

This table is the only one: code, API, pages and tests read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from server.pairing.tables import Ending, PairState


class Move(StrEnum):
    """What can be done to a pairing."""

    UNIT_AGREES = "unit_agrees"
    PERSON_AGREES = "person_agrees"
    VISIT = "visit"
    STRIKE = "strike"
    """Take back a visit that was noted by mistake."""
    END = "end"


class By(StrEnum):
    """Who can make a move."""

    PERSON = "person"
    """Who is helped, or a child's guardian, on their own phone."""
    OFFICER = "officer"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one move needs and does; `to` None: it stays where it is."""

    from_: frozenset[PairState]
    by: frozenset[By]
    to: PairState | None = None
    both: bool = False
    """It comes there only once both sides have agreed."""


_PROPOSED, _ACCEPTED, _ENDED = PairState
_PERSON, _OFFICER, _SERVICE = By
_LIVE = frozenset({_PROPOSED, _ACCEPTED})

MOVES: Mapping[Move, Rule] = {
    Move.UNIT_AGREES: Rule(frozenset({_PROPOSED}), frozenset({_OFFICER}), _ACCEPTED, both=True),
    Move.PERSON_AGREES: Rule(
        frozenset({_PROPOSED}), frozenset({_PERSON, _OFFICER}), _ACCEPTED, both=True
    ),
    Move.VISIT: Rule(frozenset({_ACCEPTED}), frozenset({_OFFICER})),
    Move.STRIKE: Rule(frozenset({_ACCEPTED, _ENDED}), frozenset({_OFFICER})),
    Move.END: Rule(_LIVE, frozenset(By), _ENDED),
}

ENDINGS: Mapping[Ending, tuple[frozenset[PairState], frozenset[By]]] = {
    Ending.PERSON_REFUSED: (frozenset({_PROPOSED}), frozenset({_PERSON, _OFFICER})),
    Ending.UNIT_REFUSED: (frozenset({_PROPOSED}), frozenset({_OFFICER})),
    Ending.IMPROVED: (frozenset({_ACCEPTED}), frozenset({_OFFICER})),
    Ending.WANTS_ANOTHER: (frozenset({_ACCEPTED}), frozenset({_PERSON, _OFFICER})),
    Ending.WANTS_NONE: (frozenset({_ACCEPTED}), frozenset({_PERSON, _OFFICER})),
    Ending.MOVED: (_LIVE, frozenset({_OFFICER})),
    Ending.HELPER_LEFT: (_LIVE, frozenset({_OFFICER})),
    Ending.CONSENT_ENDED: (_LIVE, frozenset({_SERVICE})),
    Ending.ERASED: (_LIVE, frozenset({_SERVICE})),
}
"""From where, and at whose word, a pairing can end for each reason."""


def endings(state: PairState, by: By) -> tuple[Ending, ...]:
    """The reasons for which somebody can end a pairing that stands there."""
    return tuple(ending for ending, (from_, who) in ENDINGS.items() if state in from_ and by in who)
