"""What officers do with a case: take it, ask for more, recommend, decide; two for each decision."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, literal, select, update
from sqlmodel import Session, col

from server.casework import near_duplicates, payable, reservations, workdays
from server.casework.advancing import (
    MoveRefused,
    Post,
    advance,
    by_officer,
    by_system,
    by_worker,
)
from server.casework.moves import ASKED_FOR_AT_MOST, Move, State
from server.casework.officers import NotAllowed, Officer, Role, SecondOfficerNeeded
from server.casework.payable import NotPayable
from server.casework.tables import Case, Objection, RequestedItem, Ruling
from server.clock import CHINA, china_day
from server.confidential.sealing import Safe
from server.database.tables import Notice, Purpose
from server.notices.templates import NoticeKind, next_time
from server.personal import consents
from server.records import audit
from server.records.audit import Action

MOST_FEN = 2_000_000_000
"""20 million yuan: no measure gives one applicant more."""

_HINTS: Mapping[NotPayable | None, str] = {
    NotPayable.NO_CONSENT: "要你先同意才能打款，请点开看",
    NotPayable.NO_CARD: "填了银行卡号才能打款，请点开看",
}
"""What the notice of an approval says to who can't be paid yet; of anybody else the usual."""

_ENDED: Mapping[str, str] = {"result": "撤销原结果"}
"""What the notice of a refusal says to who was granted it before."""
_NOT_RECOMMENDED: Mapping[str, Any] = {"author_id": None, "recommended": None, "amount_fen": None}


class NotRecommended(Exception):
    """The decision is not the one that was recommended: it goes back with a reason instead."""


class SumOutOfRange(ValueError):
    """A sum of nothing, or of more than one case can be about."""


class NotAdjudicated(Exception):
    """Somebody else has the same numbers, and nobody has looked into it yet."""


class ItemsMissing(Exception):
    """Something that was asked for is still missing, and nothing was said about it."""

    def __init__(self, items: Sequence[str]) -> None:
        super().__init__(items)
        self.items = tuple(items)


class PaymentOnItsWay(Exception):
    """A payment of the case was ordered, and nobody has said what became of it."""


class AskedForNothing(Exception):
    """A request for material names nothing there is, or no time that it can be brought in."""


@dataclass(frozen=True, slots=True)
class Item:
    """One material to ask for: its kind in the library, and why."""

    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Desk:
    """An officer at a case: who, how workers are told, the worker's own keys, the time."""

    officer: Officer
    post: Post
    own: Safe
    now: datetime

    def move(
        self,
        session: Session,
        case: Case,
        move: Move,
        version: int,
        reason: str = "",
        **more: Any,
    ) -> Case:
        """Make a move as this officer; raises what `advance` raises."""
        return advance(
            session,
            case,
            move,
            by=by_officer(self.officer),
            version=version,
            own=self.own,
            post=self.post,
            reason=reason,
            now=self.now,
            **more,
        )


def take(session: Session, desk: Desk, case: Case, *, version: int) -> Case:
    """Begin the review."""
    return desk.move(session, case, Move.TAKE, version, assigned_to=desk.officer.id)


def assign(session: Session, desk: Desk, case: Case, to: Officer, *, version: int) -> Case:
    """Hand an undecided case to an officer of its region; raises `NotAllowed` for another."""
    regions = desk.post.library.regions
    if Role.CASE_OFFICER not in to.roles or not to.covers(case.region, regions):
        raise NotAllowed
    return desk.move(session, case, Move.ASSIGN, version, assigned_to=to.id)


def request_material(
    session: Session,
    desk: Desk,
    case: Case,
    items: Sequence[Item],
    *,
    version: int,
    reason: str,
    days: int,
) -> Case:
    """Ask the worker for materials within so many working days; raises `AskedForNothing`.

    What was recommended before is void: nobody has seen yet what is to come.
    """
    kinds = desk.post.library.materials
    if not items or not 1 <= days <= ASKED_FOR_AT_MOST or {i.kind for i in items} - kinds.keys():
        raise AskedForNothing
    due_on = workdays.after(china_day(desk.now), days)
    moved = desk.move(
        session,
        case,
        Move.REQUEST_MATERIAL,
        version,
        reason,
        told={
            "materials": "、".join(kinds[item.kind].title for item in items),
            "until": due_on.isoformat(),
        },
        due_on=due_on,
        **_NOT_RECOMMENDED,
    )
    for item in items:
        item_id = secrets.token_hex(8)
        session.add(
            RequestedItem(
                id=item_id,
                case_id=case.id,
                item=item.kind,
                sealed_reason=desk.own.seal(item.reason, f"requested_item.sealed_reason:{item_id}"),
                due_on=due_on,
                requested_at=desk.now,
            )
        )
    session.flush()
    return moved


def item_brought(session: Session, case_id: str, kind: str, *, now: datetime) -> None:
    """Note that the worker has brought what was asked for; nothing where it was not."""
    session.execute(
        update(RequestedItem)
        .where(
            col(RequestedItem.case_id) == case_id,
            col(RequestedItem.item) == kind,
            col(RequestedItem.answered_at).is_(None),
        )
        .values(answered_at=now)
    )


def missing_items(session: Session, case_id: str) -> list[RequestedItem]:
    """What is still missing of what was asked for last; what was before, review went on without."""
    items = session.scalars(
        select(RequestedItem).where(col(RequestedItem.case_id) == case_id)
    ).all()
    last = max((item.requested_at for item in items), default=None)
    return [item for item in items if item.answered_at is None and item.requested_at == last]


def answer(
    session: Session,
    own: Safe,
    post: Post,
    case: Case,
    *,
    worker_id: int,
    version: int,
    words: str = "",
    now: datetime,
) -> Case:
    """The worker is done with what was asked for; raises `ItemsMissing` unless they say why."""
    missing = [item.item for item in missing_items(session, case.id)]
    if missing and not words.strip():
        raise ItemsMissing(missing)
    return advance(
        session,
        case,
        Move.ANSWER,
        by=by_worker(worker_id),
        version=version,
        own=own,
        post=post,
        reason=words,
        now=now,
    )


def withdraw(
    session: Session,
    own: Safe,
    post: Post,
    case: Case,
    *,
    worker_id: int,
    version: int,
    words: str = "",
    now: datetime,
) -> Case:
    """The worker takes the case back, and may apply anew; of an objection the refusal stays.

    Where it was granted and no payment is under way, the fund has the money back: who never wants
    it would keep it from others, and could not be erased. Raises `MoveRefused` where it was granted
    without money, and once some of it was paid: what a voucher, or the payment, rests on stays.
    """
    if reservations.is_bound(session, case):
        raise MoveRefused(Move.WITHDRAW, State(case.state))
    by = by_worker(worker_id)
    was_refused = case.state == State.OBJECTION
    withdrawn = advance(
        session,
        case,
        Move.WITHDRAW,
        by=by,
        version=version,
        own=own,
        post=post,
        reason=words,
        now=now,
        claim=case.claim if was_refused else None,
    )
    if was_refused:
        settle_objection(session, case.id, Ruling.WITHDRAWN, now=now)
    reservations.release_rest(session, own, withdrawn, by=by.audited, now=now)
    return withdrawn


def settle_objection(
    session: Session, case_id: str, outcome: Ruling, *, by: Officer | None = None, now: datetime
) -> None:
    """Note what becomes of the objection that is open in a case."""
    session.execute(
        update(Objection)
        .where(col(Objection.case_id) == case_id, col(Objection.outcome).is_(None))
        .values(outcome=outcome, officer_id=by and by.id, decided_at=now)
    )


def go_on(session: Session, desk: Desk, case: Case, *, version: int) -> Case:
    """Go on with the review without what was asked for."""
    return desk.move(session, case, Move.GO_ON, version)


def recommend(
    session: Session,
    desk: Desk,
    case: Case,
    decision: Move,
    *,
    version: int,
    reason: str,
    amount_fen: int | None = None,
) -> Case:
    """Put a decision before an approver; an approval may come with a sum in fen.

    Raises `SumOutOfRange`, `PaidInPart`.
    """
    if decision not in (Move.APPROVE, Move.REFUSE):
        raise ValueError(decision)
    if amount_fen is not None and decision is Move.REFUSE:
        raise ValueError("a sum comes with an approval")
    if amount_fen is not None and not 0 < amount_fen <= MOST_FEN:
        raise SumOutOfRange(amount_fen)
    if decision is Move.APPROVE:
        reservations.check_goes_on(session, case.id, amount_fen)
    return desk.move(
        session,
        case,
        Move.RECOMMEND,
        version,
        reason,
        author_id=desk.officer.id,
        recommended=decision.value,
        amount_fen=amount_fen,
    )


def send_back(session: Session, desk: Desk, case: Case, *, version: int, reason: str) -> Case:
    """Give the recommendation back: what was recommended is not what is decided."""
    return desk.move(
        session,
        case,
        Move.RETURN,
        version,
        reason,
        **_NOT_RECOMMENDED,
    )


def approve(
    session: Session,
    desk: Desk,
    case: Case,
    *,
    version: int,
    reason: str = "",
    fund_id: int | None = None,
    instalments: int = 1,
) -> Case:
    """Grant what was recommended, and hold its sum back in the fund.

    What is held back from before, where a grant was looked at again, gives way to it.
    Raises `SecondOfficerNeeded`, `NotRecommended`, `NotAdjudicated`, and what
    `reservations.reserve` raises.
    """
    _check_second(desk, case, Move.APPROVE, version)
    if case.version == version and near_duplicates.is_open(session, case):
        raise NotAdjudicated
    hint = None if case.amount_fen is None else _HINTS.get(payable.lacks(session, case))
    told = None if hint is None else {"hint": hint}
    moved = _decide(session, desk, case, Move.APPROVE, version, reason, told)
    reservations.reserve(
        session,
        desk.own,
        desk.post.library.regions,
        moved,
        by=desk.officer,
        fund_id=fund_id,
        instalments=instalments,
        now=desk.now,
    )
    return moved


def refuse(session: Session, desk: Desk, case: Case, *, version: int, reason: str) -> Case:
    """Refuse as it was recommended; raises `SecondOfficerNeeded`, `NotRecommended`.

    Where it was granted before, that ends: what was paid stays paid, the fund has the rest back.
    """
    _check_second(desk, case, Move.REFUSE, version)
    told = _ENDED if reservations.was_granted(session, case.id) else None
    refused = _decide(session, desk, case, Move.REFUSE, version, reason, told)
    reservations.release_rest(session, desk.own, refused, by=desk.officer, now=desk.now)
    return refused


def reopen(session: Session, desk: Desk, case: Case, *, version: int, reason: str) -> Case:
    """Look at a grant again; what is not paid of it stays held back until it is decided anew.

    Raises `PaymentOnItsWay`: what the bank says of that comes first, or its batch is cancelled.
    """
    reopened = desk.move(
        session,
        case,
        Move.REOPEN,
        version,
        reason,
        assigned_to=desk.officer.id,
        **_NOT_RECOMMENDED,
    )
    # By its version nobody has ordered one since.
    if payable.is_on_its_way(session, case.id):
        raise PaymentOnItsWay(case.id)
    return reopened


def read(session: Session, desk: Desk, case: Case) -> None:
    """Note that the officer looked at what a case was submitted with."""
    _note_look(session, desk, case, Action.READ, ("facts", "person"))


def unmask(session: Session, desk: Desk, case: Case, fields: Sequence[str]) -> None:
    """Note that the officer looked at something of a person as it is, without stars."""
    _note_look(session, desk, case, Action.UNMASKED, fields)


def overdue(session: Session, *, now: datetime) -> Sequence[str]:
    """Cases whose worker let the time for materials pass, whom it passed first for first."""
    return session.scalars(
        select(col(Case.id)).where(*_overdue(now)).order_by(col(Case.due_on), col(Case.id))
    ).all()


def go_on_overdue(session: Session, safe: Safe, post: Post, *, only: str, now: datetime) -> int:
    """Go on with one of these where it still is; returns how many."""
    still = session.scalars(
        select(Case)
        .where(*_overdue(now), col(Case.id) == only)
        # Who answers or goes on at this moment was first.
        .with_for_update(skip_locked=True)
    ).all()
    for case in still:
        advance(
            session,
            case,
            Move.GO_ON,
            by=by_system("overdue"),
            version=case.version,
            own=safe,
            post=post,
            now=now,
        )
    return len(still)


def _overdue(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(Case.state) == State.MATERIAL_REQUESTED, col(Case.due_on) < china_day(now)


def ask_anew(session: Session, post: Post, *, at_most: int = 500, now: datetime) -> int:
    """Tell those whose money waits for their yes to a new text; how many.

    Each once for each text, for as long as notices are kept. The notice is that of the approval,
    with what is to be done; written by night, it waits for the morning.
    """
    version = consents.in_force(Purpose.PAYMENT).version
    key = literal("consent ") + col(Case.id) + literal(f" {version}")
    told = exists().where(col(Notice.key) == key)
    asked = select(Case).where(payable.waits_for_new_text(), ~told).order_by(col(Case.id))
    waiting = session.scalars(asked.limit(at_most)).all()
    # As what goes to many: not by night. What is tried again may still come then.
    by_day = next_time(NoticeKind.OUTREACH, now)
    for case in waiting:
        decided_at = (case.decided_at or now).astimezone(CHINA)
        values = {
            "at": f"{decided_at:%Y-%m-%d %H:%M}",
            "hint": _HINTS[NotPayable.NO_CONSENT],
        }
        about = f"consent {case.id} {version}"
        post.tell(session, case, Move.APPROVE, now, values, key=about, due_at=by_day)
    return len(waiting)


def _note_look(
    session: Session, desk: Desk, case: Case, action: Action, fields: Sequence[str]
) -> None:
    audit.record(
        session,
        desk.own,
        by=by_officer(desk.officer).audited,
        action=action,
        about="cases",
        row=case.id,
        worker_id=case.worker_id,
        fields=fields,
        now=desk.now,
    )


def _decide(
    session: Session,
    desk: Desk,
    case: Case,
    move: Move,
    version: int,
    reason: str,
    told: Mapping[str, str] | None = None,
) -> Case:
    return desk.move(
        session,
        case,
        move,
        version,
        reason,
        told=told,
        approver_id=desk.officer.id,
        decided_at=desk.now,
    )


def _check_second(desk: Desk, case: Case, decision: Move, version: int) -> None:
    if case.version != version or case.state != State.IN_REVIEW:
        # Stale or out of place: the move itself says what happened.
        return
    if case.author_id == desk.officer.id:
        raise SecondOfficerNeeded
    if case.recommended != decision:
        raise NotRecommended(decision)
