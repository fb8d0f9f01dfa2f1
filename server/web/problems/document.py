"""The shape of a problem (RFC 9457)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem, in words."""

    status: int
    code: str
    title: str
    detail: str
