"""The legal moves of a joint report: one table that code, tests and the desk read."""

from collections.abc import Mapping

from server.arrears.tables import ReportMove, ReportState

_S, _M = ReportState, ReportMove

MOVES: Mapping[ReportMove, Mapping[ReportState, ReportState]] = {
    _M.HAND_IN: {_S.GATHERING: _S.HANDED_IN, _S.ASKED_BACK: _S.HANDED_IN},
    _M.TAKE: {_S.HANDED_IN: _S.TAKEN},
    _M.ASK_BACK: {_S.HANDED_IN: _S.ASKED_BACK, _S.TAKEN: _S.ASKED_BACK},
    _M.EXPORT: {_S.TAKEN: _S.TAKEN, _S.SENT: _S.SENT},
    _M.SEND: {_S.TAKEN: _S.SENT},
    _M.TELL: {_S.TAKEN: _S.TAKEN, _S.SENT: _S.SENT},
    _M.RECOVER: {_S.TAKEN: _S.TAKEN, _S.SENT: _S.SENT},
    _M.SETTLE: {_S.TAKEN: _S.SETTLED, _S.SENT: _S.SETTLED},
    _M.MERGE: {
        _S.GATHERING: _S.MERGED,
        _S.HANDED_IN: _S.MERGED,
        _S.ASKED_BACK: _S.MERGED,
        _S.TAKEN: _S.MERGED,
    },
    _M.TAKE_IN: {_S.HANDED_IN: _S.HANDED_IN, _S.TAKEN: _S.TAKEN},
    _M.DROP: {_S.GATHERING: _S.DROPPED, _S.ASKED_BACK: _S.DROPPED},
}
"""What a move makes of each state that allows it."""

OPEN_TO_WORKERS = frozenset({_S.GATHERING, _S.ASKED_BACK})
"""Where people join, change their part, withdraw it."""

COUNTED = frozenset({_S.HANDED_IN, _S.TAKEN, _S.ASKED_BACK, _S.SENT, _S.SETTLED})
"""Where a report stands in the figures."""

WAITS_FOR_OFFICER = frozenset({_S.HANDED_IN, _S.TAKEN, _S.SENT})

UNDER_WAY = WAITS_FOR_OFFICER | {_S.ASKED_BACK}


def allowed(state: ReportState) -> frozenset[ReportMove]:
    """What can be done in a state."""
    return frozenset(move for move, makes in MOVES.items() if state in makes)
