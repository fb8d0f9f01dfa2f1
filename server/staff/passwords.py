"""Passwords of the staff: kept as Argon2id, chosen by length, made where an administrator asks."""

import secrets
import threading
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.profiles import RFC_9106_LOW_MEMORY

SHORTEST = 12
LONGEST = 128
_OURS = ("nuangang", "暖岗")
_OWN_PART = 8
"""So much of a password has to be left without the words that everybody here knows."""
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are mistaken for others when they are typed from paper."""

# The second choice of RFC 9106 (3 passes, 64 MiB, 4 lanes), which is above OWASP's least.
_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
# Each takes 64 MiB: many sign-ins at once wait instead of filling the memory.
_ROOM = threading.BoundedSemaphore(2)


class PasswordTooWeak(ValueError):
    """Too short, too long, or what everybody would try first."""


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _ROOM:
        return _HASHER.hash(_plain(password))


def matches(kept: str | None, password: str) -> bool:
    """Tell whether it is the password; without one kept it takes as long to say no."""
    try:
        with _ROOM:
            return _HASHER.verify(kept or _NOBODYS, _plain(password)) and kept is not None
    except (Argon2Error, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Tell whether it was hashed with less than is asked for today."""
    return _HASHER.check_needs_rehash(kept)


def check_chosen(password: str, username: str, places: Iterable[str] = ()) -> None:
    """Raise `PasswordTooWeak`; what counts is the length, as NIST SP 800-63B has it.

    The service's name and `places`, where the officer works, add nothing to it.
    """
    plain = _plain(password)
    if not SHORTEST <= len(plain) <= LONGEST:
        raise PasswordTooWeak
    lowered = plain.casefold()
    if username.casefold() in lowered or len(set(lowered)) < 5 or _is_a_row(lowered):
        raise PasswordTooWeak
    for word in (*_OURS, *places):
        lowered = lowered.replace(_plain(word).casefold(), "")
    if len(lowered) < _OWN_PART:
        raise PasswordTooWeak


def made() -> str:
    """A password of 79 random bits, in groups that can be read aloud."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def _is_a_row(text: str) -> bool:
    """Whether most of it counts up or down: 123456789012, abcdefghijkl."""
    steps = [ord(after) - ord(before) for before, after in pairwise(text)]
    return sum(step in (1, -1, 0, -9, 9) for step in steps) > len(steps) * 2 // 3


def _plain(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


# Of a password that nobody kept, with the parameters above: to make one takes a tenth of a second,
# which every start would wait for.
_NOBODYS = (
    "$argon2id$v=19$m=65536,t=3,p=4$QSVA4TNRqone996NKMFm+Q"
    "$PKos9OD7dcBkTUNjFl5FKJEZ0UywHB6Mvs3g+Dw8Fac"
)
