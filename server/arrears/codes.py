"""The codes to join by: short enough to be read out, too many to be guessed.

A code follows from the report's number and how often it was renewed, by a key that only the
service has; the database holds a keyed hash to find the report by. How often somebody may try one
is for the edge to limit.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from server.arrears.tables import JointReport
from server.confidential.sealing import Safe

LENGTH = 8
GOOD_FOR = timedelta(days=30)
# Without those that are taken for one another: 31 letters, 8.5 × 10¹¹ codes.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


class JoinCodeWrong(LookupError):
    """No report has such a code, or not any more."""


class JoinCodeOver(Exception):
    """The code was good until some time ago."""


def code_of(safe: Safe, report: JointReport) -> str:
    """The code of a report as it was renewed last."""
    number = int(safe.hash("join code", report.id, str(report.code_version)), 16)
    letters = []
    for _ in range(LENGTH):
        number, place = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[place])
    return "".join(letters)


def open_(safe: Safe, report: JointReport, *, now: datetime) -> None:
    """Let people join by the code of this version for a while."""
    report.code_hash = _hash(safe, code_of(safe, report))
    report.code_until = now + GOOD_FOR


def renew(safe: Safe, report: JointReport, *, now: datetime) -> None:
    """Make all codes before worthless, and another one good."""
    report.code_version += 1
    open_(safe, report, now=now)


def close(report: JointReport) -> None:
    """Let nobody join by a code any more."""
    report.code_version += 1
    report.code_hash = None


def find(session: Session, safe: Safe, typed: str, *, now: datetime) -> JointReport:
    """Whose code it is; raises `JoinCodeWrong`, `JoinCodeOver`."""
    code = "".join(typed.split()).replace("-", "").lower()
    found = session.scalars(
        select(JointReport).where(col(JointReport.code_hash) == _hash(safe, code))
    ).first()
    if found is None or not secrets.compare_digest(code_of(safe, found), code):
        raise JoinCodeWrong
    if now >= found.code_until:
        raise JoinCodeOver
    return found


def _hash(safe: Safe, code: str) -> str:
    return safe.hash("join code hash", code)
