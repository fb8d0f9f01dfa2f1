"""Merchants: shops and clinics that take vouchers, and the phones at their tills.

An officer makes a merchant and hands out a code; whoever types it first has signed one phone in,
until an officer signs it out. Tokens and codes are stored as hashes only.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework.officers import LOOKERS, NotAllowed, Officer, Role, require, scope
from server.confidential.sealing import Safe
from server.records import audit
from server.records.audit import Action
from server.vouchers.tables import Merchant, MerchantKind, MerchantSession

STARTS_WITHIN = timedelta(days=7)
"""So long a code to sign in with is good."""
SIGNED_IN_FOR = timedelta(days=180)
"""So long a phone stays signed in; `holdings.yaml` says the same."""
# Without what looks alike; thirteen of 31 letters are 64 bits.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ2345679"
_LENGTH = 13


class MerchantUnknown(LookupError):
    """There is no such merchant, or none for whoever asks."""


class MerchantNameTaken(Exception):
    """Another merchant has this name."""


class AccountChanged(Exception):
    """Somebody else has noted another account since it was looked at."""


class StartRefused(Exception):
    """The code to sign in with is wrong, used, or over."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where a merchant is paid."""

    payee: str
    bank: str
    number: str


def add(
    session: Session,
    safe: Safe,
    regions: Regions,
    *,
    name: str,
    kind: MerchantKind,
    region: str,
    place: str,
    account: Account | None,
    by: Officer,
    now: datetime,
) -> Merchant:
    """Note a merchant; raises `NotAllowed`, `MerchantNameTaken`."""
    require(by, Role.CASE_OFFICER, region, regions)
    if session.scalar(select(col(Merchant.id)).where(col(Merchant.name) == name)) is not None:
        raise MerchantNameTaken(name)
    merchant = Merchant(
        name=name, kind=kind, region=region, place=place, made_by=by.id, made_at=now
    )
    session.add(merchant)
    session.flush()
    if account is not None:
        _keep_account(session, safe, merchant, account, by)
    _audit(session, safe, merchant, by, Action.CREATED, now)
    return merchant


def change_account(
    session: Session,
    safe: Safe,
    merchant: Merchant,
    account: Account,
    *,
    before: str | None = None,
    by: Officer,
    regions: Regions,
    now: datetime,
) -> None:
    """Note where a merchant is paid from now on; what is collected already goes where it was.

    `before`: `account_mark` of what was looked at, None where nobody did. Raises `NotAllowed`,
    `AccountChanged`.
    """
    require(by, Role.CASE_OFFICER, merchant.region, regions)
    session.refresh(merchant, with_for_update=True)
    if before is not None and before != account_mark(safe, merchant):
        raise AccountChanged
    _keep_account(session, safe, merchant, account, by)
    _audit(session, safe, merchant, by, Action.CHANGED, now, "account")


def of_officer(session: Session, merchant_id: int, officer: Officer, regions: Regions) -> Merchant:
    """A merchant of the officer's regions; raises `MerchantUnknown`, `NotAllowed`."""
    if not officer.roles & LOOKERS:
        raise NotAllowed
    merchant = session.get(Merchant, merchant_id)
    if merchant is None or not officer.covers(merchant.region, regions):
        raise MerchantUnknown(merchant_id)
    return merchant


def listed(session: Session, officer: Officer, regions: Regions) -> list[Merchant]:
    """The merchants of the officer's regions, by name."""
    within = col(Merchant.region).in_(scope(officer, regions))
    return list(session.scalars(select(Merchant).where(within).order_by(col(Merchant.name))))


def account_of(safe: Safe, merchant: Merchant) -> Account | None:
    """Where a merchant is paid, None where nobody has said so."""
    sealed = merchant.sealed_account
    return (
        None if sealed is None else Account(**json.loads(safe.unseal(sealed, _purpose(merchant))))
    )


def account_mark(safe: Safe, merchant: Merchant) -> str:
    """What tells whether a merchant's account is still the one that was looked at."""
    return safe.hash("merchant.account_mark", merchant.sealed_account or "")[:32]


def start_code(
    session: Session,
    safe: Safe,
    merchant: Merchant,
    *,
    by: Officer,
    regions: Regions,
    now: datetime,
) -> str:
    """A new code for one phone to sign in with; the one before is good no more.

    Raises `NotAllowed`, `MerchantUnknown` for one who takes part no more.
    """
    require(by, Role.CASE_OFFICER, merchant.region, regions)
    if not merchant.active:
        raise MerchantUnknown(merchant.id)
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    merchant.start_hash, merchant.start_until = _hash(code), now + STARTS_WITHIN
    session.add(merchant)
    _audit(session, safe, merchant, by, Action.CHANGED, now, "start")
    return code


def sign_in(session: Session, safe: Safe, code: str, *, now: datetime) -> str:
    """The token of a phone that was given the code; raises `StartRefused`.

    Of two who type the same code at once one is let in.
    """
    given = _hash("".join(code.split()).replace("-", "").upper())
    found = session.connection().execute(
        update(Merchant)
        .where(
            col(Merchant.start_hash) == given,
            col(Merchant.start_until) > now,
            col(Merchant.active),
        )
        .values(start_hash=None, start_until=None)
        .returning(col(Merchant.id))
    )
    merchant_id = found.scalar()
    if merchant_id is None:
        raise StartRefused
    token = secrets.token_urlsafe(32)
    session.add(MerchantSession(token_hash=_hash(token), merchant_id=merchant_id, began_at=now))
    session.flush()
    audit.record(
        session,
        safe,
        by=audit.Actor.merchant(merchant_id),
        action=Action.SIGNED_IN,
        about="merchant",
        row=merchant_id,
        worker_id=None,
        now=now,
    )
    return token


def of_token(session: Session, token: str, *, now: datetime) -> Merchant | None:
    """The merchant whose phone it is, None for nobody's, or one that signed in too long ago."""
    return session.scalar(
        select(Merchant)
        .join(MerchantSession, col(MerchantSession.merchant_id) == col(Merchant.id))
        .where(
            col(MerchantSession.token_hash) == _hash(token),
            col(MerchantSession.began_at) > now - SIGNED_IN_FOR,
            col(Merchant.active),
        )
    )


def phones(session: Session, merchant_id: int) -> int:
    """How many phones are signed in."""
    counted = select(func.count()).where(col(MerchantSession.merchant_id) == merchant_id)
    return session.scalar(counted) or 0


def sign_out(session: Session, token: str) -> None:
    """Forget one phone."""
    session.execute(delete(MerchantSession).where(col(MerchantSession.token_hash) == _hash(token)))


def revoke(
    session: Session,
    safe: Safe,
    merchant: Merchant,
    *,
    active: bool,
    by: Officer,
    regions: Regions,
    now: datetime,
) -> None:
    """Sign all phones of a merchant out, and let it take vouchers, or no more.

    What it is owed already is settled all the same. Raises `NotAllowed`.
    """
    require(by, Role.CASE_OFFICER, merchant.region, regions)
    phone = col(MerchantSession.merchant_id) == merchant.id
    session.execute(delete(MerchantSession).where(phone))
    merchant.active, merchant.start_hash, merchant.start_until = active, None, None
    session.add(merchant)
    _audit(session, safe, merchant, by, Action.CHANGED, now, "phones", "active")


def _keep_account(
    session: Session, safe: Safe, merchant: Merchant, account: Account, by: Officer
) -> None:
    told = {"payee": account.payee, "bank": account.bank, "number": account.number}
    plain = json.dumps(told, ensure_ascii=False)
    merchant.sealed_account = safe.seal(plain, _purpose(merchant))
    merchant.account_by = by.id
    session.add(merchant)
    session.flush()


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _purpose(merchant: Merchant) -> str:
    return f"merchant.sealed_account:{merchant.id}"


def _audit(
    session: Session,
    safe: Safe,
    merchant: Merchant,
    by: Officer,
    action: Action,
    now: datetime,
    *fields: str,
) -> None:
    audit.record(
        session,
        safe,
        by=audit.Actor.officer(by.id),
        action=action,
        about="merchant",
        row=merchant.id or 0,
        worker_id=None,
        fields=fields,
        now=now,
    )
