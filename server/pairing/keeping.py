"""Pairings from the proposal to the end: who agreed, who ended it and why.

How many a helper helps is counted under the helper's lock, so that it can never be more than the
helper said. Nothing is accepted for a child without its guardian's consent.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework.officers import LOOKERS, NotAllowed, Officer, Role, require
from server.clock import china_day
from server.confidential.sealing import Safe
from server.database import db
from server.database.tables import Child, Purpose
from server.pairing import helping
from server.pairing.moves import ENDINGS, MOVES, By, Move
from server.pairing.tables import Ending, Helper, HelperKind, HelperState, Pairing, PairState
from server.personal import children, consents
from server.personal.persons import age, born_on
from server.records import audit
from server.records.audit import Action, Actor
from server.register.hardship import Registered
from server.register.keeping import EntryChanged, EntryUnknown
from server.register.tables import EntryState, RegisterEntry

EVERY_DAYS = 90
"""How often a visit is due where nobody says otherwise. The opinion (三(三)) says 经常 and names no
time: a quarter of a year is ours, and an officer may name another interval."""
SHORTEST, LONGEST = 7, 366
LIVE = (PairState.PROPOSED, PairState.ACCEPTED)


class PairingUnknown(LookupError):
    """There is no such pairing, or none for whoever asks."""


class PairingChanged(Exception):
    """Somebody else has changed the pairing meanwhile, or it is not where this move starts."""


class HelperFull(Exception):
    """The helper helps as many as it can: `capacity`."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self.capacity = capacity


class HelperUnfit(Exception):
    """The helper helps no more, or children only."""


class AlreadyPaired(Exception):
    """The two are paired, or it is proposed: in the pairing `pairing_id`."""

    def __init__(self, pairing_id: str) -> None:
        super().__init__(pairing_id)
        self.pairing_id = pairing_id


class GuardianMissing(Exception):
    """The person is under 14, and no guardian in the household has agreed and named the child."""


@dataclass(frozen=True, slots=True)
class Answering:
    """Who says yes or no to a pairing, and for which child."""

    worker_id: int
    child_id: str | None = None


def is_child(registered: Registered, today: date) -> bool:
    """Whether somebody is under 14: a guardian agrees for them."""
    return age(born_on(registered.identity_number), today) <= children.OLDEST


def answering(
    session: Session,
    entry: RegisterEntry,
    registered: Registered,
    child_id: str | None,
    *,
    today: date,
) -> Answering:
    """Who is to agree: the person, or for a child under 14 its guardian.

    Of a child with an entry of its own the guardian is whoever stands in the same household and has
    named it with its number: to know the number alone is not enough. Raises `GuardianMissing`.
    """
    if is_child(registered, today):
        guardian = session.scalars(
            select(Child)
            .join(RegisterEntry, col(RegisterEntry.worker_id) == col(Child.worker_id))
            .where(
                col(Child.identity_hash) == entry.identity_hash,
                col(RegisterEntry.household_id) == entry.household_id,
                col(RegisterEntry.id) != entry.id,
            )
            .order_by(col(Child.changed_at), col(Child.id))
        ).first()
        if guardian is None:
            raise GuardianMissing
        return Answering(guardian.worker_id, guardian.id)
    if child_id is not None:
        child = session.get(Child, child_id)
        if child is None or child.worker_id != entry.worker_id:
            raise GuardianMissing
    return Answering(entry.worker_id, child_id)


def propose(
    session: Session,
    own: Safe,
    regions: Regions,
    entry: RegisterEntry,
    who: Answering,
    *,
    helper_id: str,
    every_days: int = EVERY_DAYS,
    reasons: Sequence[Mapping[str, Any]] = (),
    by: Officer,
    now: datetime,
) -> Pairing:
    """Propose a helper to somebody; from here on it counts as one whom the helper helps.

    `own` are the keys of whoever answers. Raises `NotAllowed`, `EntryUnknown` for who has left the
    register, `EntryChanged` for an entry that is another account's since it was read,
    `HelperUnknown`, `HelperUnfit`, `HelperFull`, `AlreadyPaired`, and `ValueError` for an interval
    that no form lets through.
    """
    if not SHORTEST <= every_days <= LONGEST:
        raise ValueError(every_days)
    # It neither leaves nor moves to who proves to be its person before the pairing stands there,
    # to go along; others may propose meanwhile.
    row = session.get_one(
        RegisterEntry, entry.id, with_for_update={"read": True}, populate_existing=True
    )
    if row.worker_id != entry.worker_id:
        raise EntryChanged(entry.id)
    entry = row
    require(by, Role.CASE_OFFICER, entry.region, regions)
    if entry.state != EntryState.ON or entry.sealed is None:
        raise EntryUnknown(entry.id)
    helper = helping.locked(session, helper_id)
    require(by, Role.CASE_OFFICER, helper.region, regions)
    # 石狮五: 爱心妈妈 pair with children.
    if helper.state != HelperState.ON or (
        helper.kind == HelperKind.MOTHER and who.child_id is None
    ):
        raise HelperUnfit(helper_id)
    _refuse_second(session, helper_id, entry.id, who.child_id)
    if helper.taken >= helper.capacity:
        raise HelperFull(helper.capacity)
    id = secrets.token_hex(8)
    told = json.dumps([dict(reason) for reason in reasons], ensure_ascii=False)
    pairing = Pairing(
        id=id,
        helper_id=helper_id,
        entry_id=entry.id,
        worker_id=who.worker_id,
        child_id=who.child_id,
        region=entry.region,
        state=PairState.PROPOSED,
        every_days=every_days,
        proposed_at=now,
        proposed_by=by.id,
        sealed_reasons=own.seal(told, f"pairing.sealed_reasons:{id}") if reasons else None,
    )
    session.add(pairing)
    session.flush()
    helping.count(session, helper, 1)
    _record(session, own, pairing, Action.CREATED, Actor.officer(by.id), now)
    return pairing


def agree(
    session: Session,
    safe: Safe,
    regions: Regions,
    pairing: Pairing,
    move: Move,
    *,
    by: Officer | None,
    version: int,
    now: datetime,
) -> None:
    """Note that a side agrees; with both it is accepted, and the first visit becomes due.

    `by` None: the person, on their own phone. For a child its guardian's consent has to stand.
    Raises `PairingChanged`, `NotAllowed`, `ConsentMissing`.
    """
    _check(pairing, move, by, regions, version)
    side = "unit" if move is Move.UNIT_AGREES else "person"
    other = pairing.person_agreed_at if side == "unit" else pairing.unit_agreed_at
    if getattr(pairing, f"{side}_agreed_at") is not None:
        raise PairingChanged(pairing.id)
    if side == "person" or other is not None:
        _require_guardian(session, pairing)
    values: dict[str, Any] = {
        f"{side}_agreed_at": now,
        f"{side}_agreed_by": None if by is None else by.id,
    }
    if other is not None:
        due_on = china_day(now) + timedelta(days=pairing.every_days)
        values |= {"state": MOVES[move].to, "accepted_at": now, "due_on": due_on}
    change(session, pairing, version, values)
    _record(session, safe, pairing, Action.CHANGED, _actor(by, pairing), now, move)


def end(
    session: Session,
    own: Safe,
    regions: Regions,
    pairing: Pairing,
    ending: Ending,
    *,
    words: str = "",
    by: Officer | None,
    version: int,
    now: datetime,
) -> None:
    """End a pairing, or what is only proposed; the helper can help somebody else.

    `by` None: the person. Raises `PairingChanged` also for a reason that is not theirs to give,
    and `NotAllowed`.
    """
    _check(pairing, Move.END, by, regions, version)
    from_, who = ENDINGS[ending]
    if pairing.state not in from_ or (By.PERSON if by is None else By.OFFICER) not in who:
        raise PairingChanged(pairing.id)
    sealed = own.seal(words, f"pairing.sealed_words:{pairing.id}") if words else None
    _end(session, own, pairing, ending, by, _actor(by, pairing), now, sealed)


def let_go(session: Session, safe: Safe, *, worker_id: int, now: datetime) -> None:
    """End the pairings of somebody who is about to be erased: nobody goes to visit nobody."""
    own_entry = (
        exists()
        .where(
            col(RegisterEntry.id) == col(Pairing.entry_id),
            col(RegisterEntry.worker_id) == worker_id,
        )
        .correlate(Pairing)
    )
    these = or_(col(Pairing.worker_id) == worker_id, own_entry)
    _end_all(session, safe, these, Ending.ERASED, now)


def end_for_children(
    session: Session, safe: Safe, *, worker_id: int, child_id: str | None = None, now: datetime
) -> None:
    """End the pairings of a guardian's children, or of one: the consent is gone."""
    these = (col(Pairing.worker_id) == worker_id) & col(Pairing.child_id).is_not(None)
    if child_id is not None:
        these &= col(Pairing.child_id) == child_id
    _end_all(session, safe, these, Ending.CONSENT_ENDED, now)


def of_worker(session: Session, worker_id: int) -> list[tuple[Pairing, Helper]]:
    """The pairings that somebody answers for, those that stand first, then the newest."""
    rows = session.execute(
        select(Pairing, Helper)
        .join(Helper, col(Helper.id) == col(Pairing.helper_id))
        .where(col(Pairing.worker_id) == worker_id)
        .order_by(col(Pairing.ended_at).is_not(None), col(Pairing.proposed_at).desc())
    )
    return [(row[0], row[1]) for row in rows]


def mine(session: Session, pairing_id: str, worker_id: int) -> Pairing:
    """One that somebody answers for; raises `PairingUnknown`."""
    pairing = session.get(Pairing, pairing_id)
    if pairing is None or pairing.worker_id != worker_id:
        raise PairingUnknown(pairing_id)
    return pairing


def of_officer(session: Session, pairing_id: str, officer: Officer, regions: Regions) -> Pairing:
    """A pairing of the officer's regions; raises `PairingUnknown`, `NotAllowed`."""
    if not officer.roles & LOOKERS:
        raise NotAllowed
    pairing = session.get(Pairing, pairing_id)
    if pairing is None or not officer.covers(pairing.region, regions):
        raise PairingUnknown(pairing_id)
    return pairing


def reasons_of(own: Safe | None, pairing: Pairing) -> list[dict[str, Any]]:
    """Why this helper was proposed; empty where nobody can read it any more."""
    if own is None or pairing.sealed_reasons is None:
        return []
    text = own.unseal(pairing.sealed_reasons, f"pairing.sealed_reasons:{pairing.id}")
    found: list[dict[str, Any]] = json.loads(text)
    return found


def words_of(own: Safe | None, pairing: Pairing) -> str:
    """What was said at the end."""
    if own is None or pairing.sealed_words is None:
        return ""
    return own.unseal(pairing.sealed_words, f"pairing.sealed_words:{pairing.id}")


def record_looks(
    session: Session,
    safe: Safe,
    these: Sequence[Pairing],
    *,
    by: Actor,
    fields: Sequence[str],
    action: Action = Action.READ,
    now: datetime,
) -> None:
    """Note in the audit that somebody looked at the people of these pairings."""
    rows = [(pairing.id, pairing.worker_id) for pairing in these]
    if rows:
        audit.record_all(
            session, safe, by=by, action=action, about="pairing", rows=rows, fields=fields, now=now
        )


def change(session: Session, pairing: Pairing, version: int, values: Mapping[str, Any]) -> None:
    """Write into a pairing as it was looked at; raises `PairingChanged`."""
    if not db.change_version(session, pairing, version, **values):
        raise PairingChanged(pairing.id)


def check_move(
    pairing: Pairing, move: Move, by: Officer, regions: Regions, version: int | None = None
) -> None:
    """Whether an officer can make a move now; raises `PairingChanged`, `NotAllowed`."""
    _check(pairing, move, by, regions, pairing.version if version is None else version)


def _check(
    pairing: Pairing, move: Move, by: Officer | None, regions: Regions, version: int
) -> None:
    if by is not None:
        require(by, Role.CASE_OFFICER, pairing.region, regions)
    rule = MOVES[move]
    if pairing.version != version or pairing.state not in rule.from_:
        raise PairingChanged(pairing.id)
    if (By.PERSON if by is None else By.OFFICER) not in rule.by:
        raise NotAllowed


def _refuse_second(session: Session, helper_id: str, entry_id: str, child_id: str | None) -> None:
    there = session.scalar(
        select(col(Pairing.id)).where(
            col(Pairing.helper_id) == helper_id,
            col(Pairing.entry_id) == entry_id,
            col(Pairing.child_id).is_(None)
            if child_id is None
            else col(Pairing.child_id) == child_id,
            col(Pairing.state).in_(LIVE),
        )
    )
    if there is not None:
        raise AlreadyPaired(there)


def _require_guardian(session: Session, pairing: Pairing) -> None:
    """Raise `ConsentMissing` unless the guardian of a child agrees to the text in force."""
    if pairing.child_id is None:
        return
    consents.require(session, pairing.worker_id, Purpose.CHILDREN)
    child = session.get(Child, pairing.child_id)
    if child is None or child.worker_id != pairing.worker_id:
        raise consents.ConsentMissing(Purpose.CHILDREN)


def _end_all(
    session: Session, safe: Safe, these: ColumnElement[bool], ending: Ending, now: datetime
) -> None:
    rows = session.scalars(
        select(Pairing)
        .where(these, col(Pairing.state).in_(LIVE))
        # In the order of their helpers, whose locks are taken next.
        .order_by(col(Pairing.helper_id), col(Pairing.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for pairing in list(rows):
        _end(session, safe, pairing, ending, None, Actor.job("pairing"), now, None)


def _end(
    session: Session,
    safe: Safe,
    pairing: Pairing,
    ending: Ending,
    by: Officer | None,
    actor: Actor,
    now: datetime,
    sealed_words: str | None,
) -> None:
    values = {
        "state": PairState.ENDED,
        "ended_at": now,
        "ended_by": None if by is None else by.id,
        "ending": ending,
        "due_on": None,
        "sealed_words": sealed_words,
    }
    change(session, pairing, pairing.version, values)
    helping.count(session, helping.locked(session, pairing.helper_id), -1)
    _record(session, safe, pairing, Action.CHANGED, actor, now, ending)


def _actor(by: Officer | None, pairing: Pairing) -> Actor:
    return Actor.worker(pairing.worker_id) if by is None else Actor.officer(by.id)


def _record(
    session: Session,
    safe: Safe,
    pairing: Pairing,
    action: Action,
    by: Actor,
    now: datetime,
    reason: str = "",
) -> None:
    audit.record(
        session, safe, by=by, action=action, about="pairing", row=pairing.id,
        worker_id=pairing.worker_id, reason=str(reason), now=now,
    )  # fmt: skip
