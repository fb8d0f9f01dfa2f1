"""Whom a route lets in is said where the route stands."""

import pytest

from server.web.admitting import Who, admits


def test_only_officers_are_let_in_by_their_roles() -> None:
    for who in Who:
        if who is Who.OFFICER:
            admits(who, "approver")
        else:
            with pytest.raises(ValueError):
                admits(who, "approver")
