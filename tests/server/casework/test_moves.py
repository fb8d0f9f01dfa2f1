"""The table of legal moves: what any such table must hold."""

from server.casework.moves import INSIDE, MOVES, UNDER_WAY, Actor, Move, Rule, State, moves_from
from server.notices.templates import NoticeKind


def reached(moves: dict[Move, Rule]) -> set[State]:
    """Every state that can come about, from nothing."""
    found: set[State | None] = {None}
    while True:
        more = {rule.to for rule in moves.values() if rule.to and rule.from_ & found} - found
        if not more:
            return {state for state in found if state is not None}
        found |= more


def ends(moves: dict[Move, Rule]) -> set[State]:
    return {s for s in State if not any(s in rule.from_ for rule in moves.values())}


def moves_of(state: State) -> set[Move]:
    return {move for move, rule in MOVES.items() if state in rule.from_}


def test_every_move_has_a_rule_and_every_state_can_come_about() -> None:
    assert set(MOVES) == set(Move)
    assert reached(dict(MOVES)) == set(State)


def test_a_table_without_a_road_to_a_state_is_found_out() -> None:
    without = {move: rule for move, rule in MOVES.items() if move is not Move.OBJECT}
    assert State.OBJECTION not in reached(without)


def test_only_what_is_over_has_no_move_left() -> None:
    assert ends(dict(MOVES)) == {State.WITHDRAWN}
    # Of a closed case one: money that the bank takes back afterwards.
    assert moves_of(State.CLOSED) == {Move.RETURN_PAYMENT}


def test_money_comes_back_from_wherever_a_case_stands_that_was_paid() -> None:
    after = {rule.to for move, rule in MOVES.items() if move in (Move.PAY, Move.PAY_INSTALMENT)}
    # Of what was paid, even in part, nothing is withdrawn. What is looked at again waits for that,
    # or was ended: then it is settled with the bank by hand.
    while more := {
        rule.to
        for move, rule in MOVES.items()
        if move not in (Move.WITHDRAW, Move.REOPEN) and rule.from_ & after and rule.to not in after
    }:
        after |= more
    assert MOVES[Move.RETURN_PAYMENT].from_ == after
    assert MOVES[Move.RETURN_PAYMENT].to is State.APPROVED
    assert MOVES[Move.RETURN_PAYMENT].needs_reason


def test_every_other_state_can_come_to_an_end() -> None:
    for start in State:
        states: set[State | None] = {start}
        for _ in State:
            states |= {rule.to for rule in MOVES.values() if rule.to and rule.from_ & states}
        assert states & {State.WITHDRAWN, State.CLOSED}, start


def test_a_worker_decides_nothing_and_an_officer_withdraws_nothing() -> None:
    decisions = {Move.APPROVE, Move.REFUSE, Move.UPHOLD, Move.DISMISS}
    for move in decisions:
        assert MOVES[move].by == {Actor.APPROVER}
    for move in (Move.SUBMIT, Move.WITHDRAW, Move.GIVE_UP, Move.ANSWER, Move.OBJECT):
        assert MOVES[move].by == {Actor.WORKER}


def test_a_grant_is_looked_at_again_by_one_officer_and_ended_by_another() -> None:
    rule = MOVES[Move.REOPEN]
    assert (rule.by, rule.to) == ({Actor.CASE_OFFICER}, State.IN_REVIEW)
    assert rule.needs_reason and rule.notice is NoticeKind.REVIEWED
    # Nobody but an approver leads out of the review to an end, or back to the grant.
    decided = {State.APPROVED, State.REFUSED, State.CLOSED}
    assert {
        move
        for move, each in MOVES.items()
        if State.IN_REVIEW in each.from_ and each.to in decided and each.by != {Actor.APPROVER}
    } == set()


def test_every_decision_tells_the_worker_and_a_refusal_says_why() -> None:
    for move in (Move.APPROVE, Move.REFUSE, Move.UPHOLD, Move.DISMISS):
        assert MOVES[move].notice is NoticeKind.REVIEWED
        assert MOVES[move].needs_reason is (move is not Move.APPROVE)


def test_who_has_to_bring_something_or_gets_money_is_told() -> None:
    told = {move: rule.notice for move, rule in MOVES.items() if rule.notice}
    assert told.pop(Move.REQUEST_MATERIAL) is NoticeKind.MATERIALS_MISSING
    assert told.pop(Move.PAY) is told.pop(Move.PAY_INSTALMENT) is NoticeKind.PAID
    assert told.pop(Move.RETURN_PAYMENT) is NoticeKind.PAYMENT_RETURNED
    assert set(told.values()) == {NoticeKind.REVIEWED}


def test_what_the_bank_may_have_is_not_withdrawn() -> None:
    assert Move.WITHDRAW in moves_from(State.APPROVED, Actor.WORKER)
    assert Move.WITHDRAW not in moves_from(State.PAYMENT_PENDING, Actor.WORKER)


def test_what_tells_the_worker_is_shown_to_the_worker() -> None:
    assert not any(MOVES[move].notice for move in INSIDE)


def test_a_worker_sees_the_moves_that_are_legal_now() -> None:
    assert moves_from(State.REFUSED, Actor.WORKER) == (Move.OBJECT,)
    assert moves_from(State.PAID, Actor.WORKER) == ()
    assert State.REFUSED not in UNDER_WAY
