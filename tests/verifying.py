"""How large the runs under faults are: small in the tests, whole in `make verify`."""

import os


def size(small: int, whole: int) -> int:
    """`whole` where the environment says `VERIFY=whole`, else `small`."""
    return whole if os.environ.get("VERIFY") == "whole" else small
