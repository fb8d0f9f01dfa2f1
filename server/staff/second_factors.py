"""Codes of six digits from a telephone (TOTP, RFC 6238), each good once."""

import hmac
from datetime import datetime

import pyotp

STEP_SECONDS = 30
_ISSUER = "暖岗"


def made() -> str:
    """A new secret, in base32 as people type it."""
    return pyotp.random_base32()


def address(secret: str, username: str) -> str:
    """The address that the app on the telephone reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=_ISSUER)


def step_of(secret: str, code: str, *, now: datetime) -> int | None:
    """The half minute that a code belongs to, None for a wrong one.

    A clock that is half a minute off is no fault of the officer.
    """
    given = "".join(code.split())
    step = int(now.timestamp()) // STEP_SECONDS
    for near in (step, step - 1, step + 1):
        right = pyotp.TOTP(secret).at(near * STEP_SECONDS)
        if hmac.compare_digest(right.encode(), given.encode("utf-8", "surrogatepass")):
            return near
    return None
