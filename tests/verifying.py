"""How large the runs under faults are: small in the tests, whole in `make verify`."""

import os
from typing import TypeVar

T = TypeVar("T")


def size(small: T, whole: T) -> T:
    """`whole` where the environment says `VERIFY=whole`, else `small`."""
    return whole if os.environ.get("VERIFY") == "whole" else small


def within(seconds: float) -> float:
    """A bound on time by the clock: itself in `make verify`, ten times as long in the tests.

    The tests run beside others, on machines that nobody knows: there only hanging is a fault.
    """
    return seconds if os.environ.get("VERIFY") == "whole" else 10 * seconds
