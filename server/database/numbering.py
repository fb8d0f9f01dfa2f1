"""Numbers and keys of rows that people say, write down or pay by: nobody can count through them."""

import secrets
from datetime import datetime

from server.clock import china_day

_SAID = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without what looks alike."""
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def number(now: datetime, kind: str = "") -> str:
    """A number to say on the telephone: a letter for its kind, the day, then 40 random bits."""
    chance = secrets.randbits(40)
    letters = "".join(_SAID[chance >> shift & 31] for shift in range(35, -1, -5))
    return f"{kind}{china_day(now):%y%m%d}{letters}"


def key(kind: str) -> str:
    """A key that only programs read: a letter for its kind, then 15 random ones."""
    return kind + "".join(secrets.choice(_LETTERS) for _ in range(15))
