"""Cards and their codes: sixteen digits, of which the last eight change every half minute.

A code follows from the card's number and version and the half minute, by a key that only the
service has. The phone gets the codes of the next two minutes and never the key: who copies the
phone's memory has no more than those. A till without a network can't tell a code from a made-up
one; what it shows is checked by the service, or not at all.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from server.confidential.sealing import Safe
from server.database.db import fetch_within, insert_new, run_within
from server.records import audit
from server.records.audit import Action
from server.vouchers.tables import Card

STEP = 30
"""Seconds that a code is shown for."""
GOOD_FOR = 60
"""Seconds from the beginning of its half minute on that it is taken."""
AHEAD = 5
"""Seconds that a phone may be early."""
HELD = 4
"""So many codes a phone holds: at least a minute and a half without a network."""
_DIGITS = 8
_TOKEN = re.compile(r"\d{16}", re.ASCII)
_GAPS = re.compile(r"[\s\-]")


class CodeUnreadable(ValueError):
    """It is no code of a card."""


class CodeWrong(Exception):
    """No card shows such a code, or not now: made up, or long over."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A code as a phone shows it: sixteen digits, from so many seconds from now on."""

    token: str
    in_seconds: float


class Code(NamedTuple):
    """A code that a card shows: whose it is, and a keyed hash that tells it from any other."""

    worker_id: int
    hash: str


def make(session: Session, worker_id: int, *, now: datetime) -> None:
    """Give somebody a card where they have none."""
    while find(session, worker_id) is None:
        number = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
        insert_new(session, Card, worker_id=worker_id, number=number, version=1, made_at=now)


def find(session: Session, worker_id: int) -> Card | None:
    """Somebody's card, None where they have none."""
    return session.get(Card, worker_id)


def renew(session: Session, safe: Safe, worker_id: int, *, now: datetime) -> None:
    """Make all codes of a card worthless that were shown before; nothing where there is no card."""
    changed = run_within(
        session,
        "UPDATE benefit_card SET version = version + 1 WHERE worker_id = :worker",
        worker=worker_id,
    )
    if not changed:
        return
    audit.record(
        session,
        safe,
        by=audit.Actor.worker(worker_id),
        action=Action.CHANGED,
        about="benefit_card",
        row=worker_id,
        worker_id=worker_id,
        fields=("version",),
        now=now,
    )


def shown(safe: Safe, card: Card, *, now: datetime) -> list[Shown]:
    """The code of now and those that follow."""
    at = now.timestamp()
    first = int(at // STEP)
    return [
        Shown(
            card.number + _code(safe, card.number, card.version, step), max(0.0, step * STEP - at)
        )
        for step in range(first, first + HELD)
    ]


def plain(typed: str) -> str:
    """Sixteen digits as somebody typed them; raises `CodeUnreadable`."""
    token = _GAPS.sub("", typed)
    if not _TOKEN.fullmatch(token):
        raise CodeUnreadable
    return token


def read(session: Session, safe: Safe, token: str, *, at: datetime) -> Code:
    """Whose code it is, as it was good at an instant; raises `CodeUnreadable`, `CodeWrong`."""
    token = plain(token)
    number = token[:_DIGITS]
    row = fetch_within(
        session, "SELECT worker_id, version FROM benefit_card WHERE number = :number", number=number
    )
    if row is None:
        raise CodeWrong
    worker_id, version = row
    second = at.timestamp()
    first, last = int((second - GOOD_FOR) // STEP) + 1, int((second + AHEAD) // STEP)
    for step in range(first, last + 1):
        if secrets.compare_digest(_code(safe, number, version, step), token[_DIGITS:]):
            return Code(worker_id, safe.hash("code used", number, str(step)))
    raise CodeWrong


def _code(safe: Safe, number: str, version: int, step: int) -> str:
    told = safe.hash("card code", number, str(version), str(step))
    return f"{int(told, 16) % 10**_DIGITS:0{_DIGITS}}"
