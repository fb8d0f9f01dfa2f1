"""What workers say of themselves: one profile each, sealed with their own key."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlmodel import Session, col

from server.clock import china_day
from server.confidential.masking import mask_card, mask_identity_number, mask_name, mask_phone
from server.confidential.sealing import Safe
from server.database.db import Question, fetch_answers, insert_new
from server.database.tables import Profile, Purpose
from server.personal import consents, people
from server.personal.persons import NotBornYet, Person, as_kept
from server.records import audit
from server.records.audit import Action, Actor

_MASKS = {
    "name": mask_name,
    "identity_number": mask_identity_number,
    "phone": mask_phone,
    "bank_card": mask_card,
}
_HASHED = {"identity_number": "identity_hash", "phone": "phone_hash", "bank_card": "card_hash"}
_FOUND_BY = {**_HASHED, "name": "name_hash"}
_FAMILY = 5
"""How many who never signed in may share a telephone: with more it is an office's."""
NEEDED = ("name", "identity_number", "phone")


class ProfileChanged(Exception):
    """Somebody changed the profile since it was read; `version` is that of now."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


class ProfileMissing(LookupError):
    """The worker has not said who they are."""


@dataclass(frozen=True, slots=True)
class Held:
    """A person as they stand in the database; `version` counts the changes."""

    person: Person
    version: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Shared:
    """Another worker who gives the same numbers: which."""

    worker_id: int
    fields: tuple[str, ...]


def find(session: Session, own: Safe, worker_id: int) -> Held | None:
    """The worker's profile, None where there is none; whoever shows it to others records that."""
    row = _row(session, worker_id)
    return None if row is None else opened(own, row)


def frozen(session: Session, own: Safe, worker_id: int) -> str:
    """The person as they stand in the database, as JSON, to be kept with what they ask for.

    Raises `ProfileMissing`.
    """
    return unsealed(own, *fetch_answers(session, *asked(worker_id)))


def asked(worker_id: int) -> tuple[Question, Question]:
    """What `unsealed` takes, as questions."""
    worker = {"worker": worker_id}
    return (
        Question("SELECT id FROM profile WHERE worker_id = :worker", worker),
        Question("SELECT sealed FROM profile WHERE worker_id = :worker", worker),
    )


def unsealed(own: Safe, row_id: str | None, sealed: str | None) -> str:
    """What `frozen` gives; raises `ProfileMissing`."""
    if row_id is None or sealed is None:
        raise ProfileMissing
    return own.unseal(sealed, _purpose(row_id))


def get(session: Session, own: Safe, worker_id: int) -> Held:
    """The worker's profile; raises `ProfileMissing`."""
    held = find(session, own, worker_id)
    if held is None:
        raise ProfileMissing
    return held


def masked(person: Person) -> dict[str, str | None]:
    """The person as everybody may see them; where they come from is no secret."""
    shown: dict[str, str | None] = {"native_place": person.native_place}
    for field, mask in _MASKS.items():
        value = getattr(person, field)
        shown[field] = None if value is None else mask(value)
    return shown


def save(
    session: Session,
    own: Safe,
    *,
    worker_id: int,
    person: Person,
    version: int | None,
    by: Actor,
    now: datetime,
) -> Held:
    """Put a person in the place of what stands there; `version` is the one that was read, if any.

    Raises `ProfileChanged`, `NotBornYet`, `ConsentMissing`.
    """
    consents.require(session, worker_id, Purpose.IDENTITY)
    if person.bank_card is not None:
        consents.require(session, worker_id, Purpose.PAYMENT)
    return _put(session, own, worker_id, person, version, by, "", now)


def take_from_register(
    session: Session, own: Safe, *, worker_id: int, person: Person, by: Actor, now: datetime
) -> Held:
    """Note somebody of a register who never signed in: what a duty by law needs no consent for.

    Raises `ProfileChanged` where there is a profile already, `NotBornYet`.
    """
    return _put(session, own, worker_id, person, None, by, "register", now)


def _put(
    session: Session,
    own: Safe,
    worker_id: int,
    person: Person,
    version: int | None,
    by: Actor,
    reason: str,
    now: datetime,
) -> Held:
    if person.born_on > china_day(now):
        raise NotBornYet
    row = _row(session, worker_id, lock=True)
    if version != (None if row is None else row.version):
        raise ProfileChanged(0 if row is None else row.version)
    before = None if row is None else opened(own, row).person
    if row is None:
        row = _add(session, own, worker_id, person, now)
    elif before != person:
        _replace(session, own, row, person, now)
    fields = [f for f in Person.model_fields if getattr(before, f, None) != getattr(person, f)]
    if fields:
        action = Action.CREATED if before is None else Action.CHANGED
        _record(session, own, row, by, action, fields, reason, now)
    return opened(own, row)


def read(session: Session, own: Safe, *, worker_id: int, by: Actor, now: datetime) -> Held | None:
    """The profile, noted in the audit as read."""
    row = _row(session, worker_id)
    if row is None:
        return None
    _record(session, own, row, by, Action.READ, list(Person.model_fields), "", now)
    return opened(own, row)


def remove(session: Session, own: Safe, *, worker_id: int, by: Actor, now: datetime) -> bool:
    """Delete the profile; False where there is none."""
    row = _row(session, worker_id)
    if row is None:
        return False
    session.execute(delete(Profile).where(col(Profile.id) == row.id))
    session.expunge(row)
    _record(session, own, row, by, Action.DELETED, list(Person.model_fields), "", now)
    return True


def remove_card(session: Session, own: Safe, *, worker_id: int, by: Actor, now: datetime) -> bool:
    """Take the bank card out of the profile; False where there is none."""
    row = _row(session, worker_id, lock=True)
    if row is None or row.card_hash is None:
        return False
    person = opened(own, row).person
    _replace(session, own, row, person.model_copy(update={"bank_card": None}), now)
    _record(session, own, row, by, Action.CHANGED, ["bank_card"], "", now)
    return True


def sharing(session: Session, worker_id: int) -> list[Shared]:
    """The other workers who give the same identity number, telephone or bank card.

    A telephone that rosters give of many who never signed in is an office's: of them it tells
    nothing, and each with each would be millions.
    """
    row = _row(session, worker_id)
    if row is None:
        return []
    theirs = {field: getattr(row, column) for field, column in _HASHED.items()}
    same = {f: col(getattr(Profile, _HASHED[f])) == h for f, h in theirs.items() if h is not None}
    if _is_an_offices(session, row.phone_hash):
        same["phone"] &= people.signed_in(worker_id) & people.signed_in(col(Profile.worker_id))
    others = session.scalars(
        select(Profile)
        .where(or_(*same.values()), col(Profile.worker_id) != worker_id)
        .order_by(col(Profile.worker_id))
    )
    return [
        Shared(
            other.worker_id,
            tuple(f for f, h in theirs.items() if h and getattr(other, _HASHED[f]) == h),
        )
        for other in others
    ]


def _is_an_offices(session: Session, phone_hash: str) -> bool:
    some = (
        select(col(Profile.id))
        .where(col(Profile.phone_hash) == phone_hash, ~people.signed_in(col(Profile.worker_id)))
        .limit(_FAMILY + 1)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(some)) == _FAMILY + 1


def holders(session: Session, safe: Safe, field: str, value: str) -> list[int]:
    """The workers who give this name, identity number, telephone or card, as `persons` reads it."""
    column = getattr(Profile, _FOUND_BY[field])
    found = session.scalars(
        select(col(Profile.worker_id))
        .where(col(column) == safe.hash(field, value))
        .order_by(col(Profile.worker_id))
    )
    return list(found)


def card_hash(safe: Safe, bank_card: str) -> str:
    """By what a bank card is known again that somebody gives anew."""
    return safe.hash("bank_card", bank_card)


def _row(session: Session, worker_id: int, *, lock: bool = False) -> Profile | None:
    asked = select(Profile).where(col(Profile.worker_id) == worker_id)
    return session.scalars(asked.with_for_update() if lock else asked).first()


def _add(session: Session, own: Safe, worker_id: int, person: Person, now: datetime) -> Profile:
    row_id = secrets.token_hex(16)
    values: dict[str, Any] = {"id": row_id, "worker_id": worker_id, "version": 1}
    values |= {"changed_at": now, "card_changed_at": now}
    # Two taps at once: the second finds the row of the first.
    if not insert_new(session, Profile, **values, **_kept(own, row_id, person)):
        raise ProfileChanged(1)
    row = _row(session, worker_id)
    assert row is not None
    return row


def _replace(session: Session, own: Safe, row: Profile, person: Person, now: datetime) -> None:
    kept = _kept(own, row.id, person)
    is_same_card = kept["card_hash"] == row.card_hash
    since = (row.card_changed_at or row.changed_at) if is_same_card else now
    changed = session.connection().execute(
        update(Profile)
        .where(col(Profile.id) == row.id, col(Profile.version) == row.version)
        .values(version=row.version + 1, changed_at=now, card_changed_at=since, **kept)
    )
    if changed.rowcount != 1:
        raise ProfileChanged(row.version + 1)
    session.refresh(row)


def _kept(own: Safe, row_id: str, person: Person) -> Mapping[str, Any]:
    values: dict[str, str | None] = {
        "sealed": own.seal(person.model_dump_json(exclude_none=True), _purpose(row_id))
    }
    for field, column in _FOUND_BY.items():
        value = getattr(person, field)
        values[column] = None if value is None else own.hash(field, value)
    return values


def opened(own: Safe, row: Profile) -> Held:
    """What a row says; whoever shows it to others records that."""
    values = json.loads(own.unseal(row.sealed, _purpose(row.id)))
    return Held(as_kept(values), row.version, row.changed_at)


def _purpose(row_id: str) -> str:
    return f"profile.sealed:{row_id}"


def _record(
    session: Session,
    own: Safe,
    row: Profile,
    by: Actor,
    action: Action,
    fields: list[str],
    reason: str,
    now: datetime,
) -> None:
    audit.record(
        session,
        own,
        by=by,
        action=action,
        about="profile",
        row=row.id,
        worker_id=row.worker_id,
        fields=fields,
        reason=reason,
        now=now,
    )
