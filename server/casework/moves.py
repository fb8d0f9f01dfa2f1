"""The legal moves of a case: who may make which, from where to where, and what it takes.

This table is the only one: code, API, tests and pages read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from server.notices.templates import NoticeKind


class State(StrEnum):
    """Where a case stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    MATERIAL_REQUESTED = "material_requested"
    APPROVED = "approved"
    REFUSED = "refused"
    PAYMENT_PENDING = "payment_pending"
    PAID = "paid"
    WITHDRAWN = "withdrawn"
    OBJECTION = "objection"
    CLOSED = "closed"


class Move(StrEnum):
    """What can be done to a case."""

    BEGIN = "begin"
    EDIT = "edit"
    DISCARD = "discard"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    GIVE_UP = "give_up"
    """Of what is paid in instalments the rest."""
    ANSWER = "answer"
    OBJECT = "object"
    PROPOSE = "propose"
    """A case that comes from a register, without an application."""
    TAKE = "take"
    ASSIGN = "assign"
    REQUEST_MATERIAL = "request_material"
    GO_ON = "go_on"
    """Review goes on without what was asked for."""
    RECOMMEND = "recommend"
    RETURN = "return"
    """Back to whoever recommended it."""
    APPROVE = "approve"
    REFUSE = "refuse"
    REOPEN = "reopen"
    """A grant that may be wrong, or over, is looked at again: nothing more of it is paid until it
    is granted anew, or refused."""
    UPHOLD = "uphold"
    DISMISS = "dismiss"
    """The objection changes nothing."""
    ORDER_PAYMENT = "order_payment"
    CANCEL_PAYMENT = "cancel_payment"
    PAY = "pay"
    PAY_INSTALMENT = "pay_instalment"
    """A part is paid, and more is to come."""
    RETURN_PAYMENT = "return_payment"
    """The bank could not pay it out, or took back what it had paid."""
    CLOSE = "close"


class Actor(StrEnum):
    """Who can make a move; officers by the role that it takes."""

    WORKER = "worker"
    CASE_OFFICER = "case_officer"
    APPROVER = "approver"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one move needs and does."""

    from_: frozenset[State | None]
    """None: there is no case yet."""
    to: State | None
    """None: it stays where it stands."""
    by: frozenset[Actor]
    needs_reason: bool = False
    """Words that the worker gets to read, and that stay with the move."""
    notice: NoticeKind | None = None


def _rule(
    from_: State | tuple[State | None, ...] | None,
    to: State | None,
    by: Actor | tuple[Actor, ...],
    needs_reason: bool = False,
    notice: NoticeKind | None = None,
) -> Rule:
    origins = from_ if isinstance(from_, tuple) else (from_,)
    actors = by if isinstance(by, tuple) else (by,)
    return Rule(frozenset(origins), to, frozenset(actors), needs_reason, notice)


_WORKER, _OFFICER, _APPROVER, _SYSTEM = Actor
_S = State

MOVES: Mapping[Move, Rule] = {
    Move.BEGIN: _rule(None, _S.DRAFT, _WORKER),
    Move.EDIT: _rule(_S.DRAFT, _S.DRAFT, _WORKER),
    Move.DISCARD: _rule(_S.DRAFT, _S.WITHDRAWN, (_WORKER, _SYSTEM)),
    Move.SUBMIT: _rule((None, _S.DRAFT), _S.SUBMITTED, _WORKER),
    Move.PROPOSE: _rule(None, _S.SUBMITTED, _SYSTEM),
    Move.WITHDRAW: _rule(
        (_S.SUBMITTED, _S.IN_REVIEW, _S.MATERIAL_REQUESTED, _S.APPROVED, _S.OBJECTION),
        _S.WITHDRAWN,
        _WORKER,
    ),
    Move.GIVE_UP: _rule((_S.APPROVED, _S.PAYMENT_PENDING), _S.PAID, _WORKER),
    Move.TAKE: _rule(_S.SUBMITTED, _S.IN_REVIEW, _OFFICER),
    Move.REQUEST_MATERIAL: _rule(
        _S.IN_REVIEW, _S.MATERIAL_REQUESTED, _OFFICER, True, NoticeKind.MATERIALS_MISSING
    ),
    Move.ANSWER: _rule(_S.MATERIAL_REQUESTED, _S.IN_REVIEW, _WORKER),
    Move.GO_ON: _rule(_S.MATERIAL_REQUESTED, _S.IN_REVIEW, (_OFFICER, _SYSTEM)),
    Move.RECOMMEND: _rule(_S.IN_REVIEW, _S.IN_REVIEW, _OFFICER, True),
    Move.RETURN: _rule(_S.IN_REVIEW, _S.IN_REVIEW, _APPROVER, True),
    Move.APPROVE: _rule(_S.IN_REVIEW, _S.APPROVED, _APPROVER, False, NoticeKind.REVIEWED),
    Move.REFUSE: _rule(_S.IN_REVIEW, _S.REFUSED, _APPROVER, True, NoticeKind.REVIEWED),
    Move.REOPEN: _rule(
        (_S.APPROVED, _S.PAYMENT_PENDING), _S.IN_REVIEW, _OFFICER, True, NoticeKind.REVIEWED
    ),
    Move.OBJECT: _rule(_S.REFUSED, _S.OBJECTION, _WORKER, True),
    Move.UPHOLD: _rule(_S.OBJECTION, _S.IN_REVIEW, _APPROVER, True, NoticeKind.REVIEWED),
    Move.DISMISS: _rule(_S.OBJECTION, _S.CLOSED, _APPROVER, True, NoticeKind.REVIEWED),
    # Pending already: the next instalment.
    Move.ORDER_PAYMENT: _rule(
        (_S.APPROVED, _S.PAYMENT_PENDING), _S.PAYMENT_PENDING, (_OFFICER, _SYSTEM)
    ),
    Move.CANCEL_PAYMENT: _rule(_S.PAYMENT_PENDING, _S.APPROVED, (_OFFICER, _SYSTEM)),
    Move.PAY: _rule(
        _S.PAYMENT_PENDING, _S.PAID, (_OFFICER, _APPROVER, _SYSTEM), False, NoticeKind.PAID
    ),
    Move.PAY_INSTALMENT: _rule(
        _S.PAYMENT_PENDING,
        _S.PAYMENT_PENDING,
        (_OFFICER, _APPROVER, _SYSTEM),
        False,
        NoticeKind.PAID,
    ),
    # A payment may come back long after it was made: between two instalments, or once all is paid.
    Move.RETURN_PAYMENT: _rule(
        (_S.APPROVED, _S.PAYMENT_PENDING, _S.PAID, _S.CLOSED),
        _S.APPROVED,
        (_OFFICER, _APPROVER, _SYSTEM),
        True,
        NoticeKind.PAYMENT_RETURNED,
    ),
    Move.ASSIGN: _rule((_S.SUBMITTED, _S.IN_REVIEW, _S.MATERIAL_REQUESTED), None, _OFFICER),
    Move.CLOSE: _rule((_S.APPROVED, _S.REFUSED, _S.PAID), _S.CLOSED, _SYSTEM),
}

WORKING_DAYS: Mapping[State, int] = {
    State.SUBMITTED: 3,
    State.IN_REVIEW: 10,
    State.APPROVED: 5,
    State.PAYMENT_PENDING: 10,
    State.OBJECTION: 15,
}
"""In how many working days whoever is to act has to, where a case comes to stand there."""

OBJECTED_WITHIN = 60
"""Days after the decision, as with an administrative review (行政复议法 第二十条, 第八十八条):
where the last one is off, until the next working day."""

ASKED_FOR_AT_MOST = 30
"""Working days that a worker gets to bring a material."""

TAKES_MATERIAL = frozenset({_S.DRAFT, _S.SUBMITTED, _S.IN_REVIEW, _S.MATERIAL_REQUESTED})
"""Where a worker can still add photos."""

INSIDE = frozenset({Move.EDIT, Move.ASSIGN, Move.RECOMMEND, Move.RETURN})
"""What stays among officers, or says nothing to the worker."""

WAITS = frozenset({Move.PAY_INSTALMENT})
"""After which nobody has to act by any day: the next instalment comes when it is ordered."""

UNDER_WAY = frozenset(State) - {_S.DRAFT, _S.REFUSED, _S.PAID, _S.WITHDRAWN, _S.CLOSED}
"""Where somebody still has something to do."""


def moves_from(state: State, by: Actor) -> tuple[Move, ...]:
    """The moves that somebody can make now, in the order of the table."""
    return tuple(move for move, rule in MOVES.items() if state in rule.from_ and by in rule.by)
