"""What keeps an approved case from being paid, and which of it its worker can mend."""

from collections.abc import Collection
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased, join
from sqlmodel import Session, col

from server.casework.fund_tables import Payment, PaymentState
from server.casework.moves import Move, State
from server.casework.tables import Case, CaseEvent, Origin
from server.database.tables import Profile, Purpose
from server.personal import consents

_SAYS_WHAT_CAME = (Move.PAY, Move.PAY_INSTALMENT, Move.RETURN_PAYMENT)


class NotPayable(StrEnum):
    """Why an approved case is left out of a batch, or stops one."""

    ERASED = "erased"
    OTHER_PERSON = "other_person"
    """The person has another identity number than when the case was submitted."""
    NO_CARD = "no_card"
    NO_CONSENT = "no_consent"
    OPTED_OUT = "opted_out"
    DUPLICATE = "duplicate"
    """Somebody who was granted something shares a number, and it may be one person."""
    RETURNED = "returned"
    """It came back from the bank, and the person has given no other card since."""
    OTHER_CARD = "other_card"
    """The person has given another card since it was collected."""


def is_hindered() -> ColumnElement[bool]:
    """Whether a case waits for its worker, in a query of cases with the profiles, if any."""
    return or_(_lacks_consent(), _lacks_card(), _came_back())


def waits_for(session: Session, case: Case) -> NotPayable | None:
    """What the worker has to do before the next payment of a case can be ordered."""
    if case.amount_fen is None or case.state not in (State.APPROVED, State.PAYMENT_PENDING):
        return None
    return None if is_on_its_way(session, case.id) else lacks(session, case)


def lacks(session: Session, case: Case) -> NotPayable | None:
    """What the worker has to do before a case can be paid, wherever it stands."""
    found = session.execute(
        select(_lacks_consent(), _came_back(), _lacks_card())
        .select_from(Case)
        .outerjoin(Profile, col(Profile.worker_id) == col(Case.worker_id))
        .where(col(Case.id) == case.id)
    ).one()
    # Without the consent no card is taken, and a card that was taken out can't be why it came back.
    no_consent, came_back, no_card = map(bool, found)
    if no_consent:
        return NotPayable.NO_CONSENT
    if no_card:
        return NotPayable.NO_CARD
    return NotPayable.RETURNED if came_back else None


def that_came_back(session: Session, case_ids: Collection[str]) -> set[str]:
    """Those of some cases whose money came back and whose person has given no other card since."""
    return set(
        session.scalars(
            select(col(Case.id))
            .outerjoin(Profile, col(Profile.worker_id) == col(Case.worker_id))
            .where(col(Case.id).in_(case_ids), _came_back())
        )
    )


def is_on_its_way(session: Session, case_id: str) -> bool:
    """Whether a payment of a case was ordered, and nobody has said what became of it."""
    ordered = col(Payment.state) == PaymentState.ORDERED
    return bool(session.scalar(select(exists().where(col(Payment.case_id) == case_id, ordered))))


def waits_for_new_text() -> ColumnElement[bool]:
    """Whether a case could be paid but for a text that is newer than its worker's yes."""
    worker = col(Case.worker_id)
    ordered = exists().where(
        col(Payment.case_id) == col(Case.id), col(Payment.state) == PaymentState.ORDERED
    )
    return and_(
        col(Case.state).in_((State.APPROVED, State.PAYMENT_PENDING)),
        col(Case.amount_fen).is_not(None),
        col(Case.origin) != Origin.ROSTER,
        consents.gives_older(worker, Purpose.PAYMENT),
        ~consents.gives(worker, Purpose.PAYMENT),
        ~ordered,
    )


def _lacks_consent() -> ColumnElement[bool]:
    worker = col(Case.worker_id)
    # Who stands in a register was never asked: what counts is that they didn't say no.
    is_asked = col(Case.origin) != Origin.ROSTER
    return or_(
        and_(is_asked, ~consents.gives(worker, Purpose.PAYMENT)),
        and_(~is_asked, consents.took_back(worker, Purpose.PAYMENT)),
    )


def _lacks_card() -> ColumnElement[bool]:
    return and_(col(Profile.id).is_not(None), col(Profile.card_hash).is_(None))


def _came_back() -> ColumnElement[bool]:
    """Whether that came of its money last, and its person has given no other card since.

    What was ordered again and not sent changes nothing, nor that its grant was looked at again,
    nor another name: the money goes to the one that the case was submitted with. Where it was not
    kept which card that was, any that was given since counts as another.
    """
    later = aliased(CaseEvent)
    last = select(func.max(col(later.version))).where(
        col(later.case_id) == col(Case.id), col(later.move).in_(_SAYS_WHAT_CAME)
    )
    returned = and_(
        col(Payment.case_id) == col(CaseEvent.case_id),
        col(Payment.state) == PaymentState.RETURNED,
        col(Payment.settled_at) == col(CaseEvent.at),
    )
    card_since = func.coalesce(col(Profile.card_changed_at), col(Profile.changed_at))
    is_same_card = or_(
        col(Payment.card_hash) == col(Profile.card_hash),
        and_(col(Payment.card_hash).is_(None), card_since < col(CaseEvent.at)),
    )
    return (
        exists(1)
        .select_from(join(CaseEvent, Payment, returned, isouter=True))
        .where(
            col(CaseEvent.case_id) == col(Case.id),
            col(CaseEvent.version) == last.correlate(Case).scalar_subquery(),
            col(CaseEvent.move) == Move.RETURN_PAYMENT,
            or_(col(Profile.id).is_(None), is_same_card),
        )
    )
