"""Numbers that people say and keys that only programs read."""

import re
from datetime import UTC, datetime

from server.database import numbering

LATE = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
"""The next day has begun in China."""


def test_a_number_names_its_kind_and_the_day_in_china_and_has_nothing_that_looks_alike() -> None:
    made = {numbering.number(LATE, "O") for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"O261123[2-9A-HJ-NP-Z]{8}", each) for each in made)
    assert re.fullmatch(r"261123[2-9A-HJ-NP-Z]{8}", numbering.number(LATE))


def test_a_key_is_sixteen_letters_the_first_of_which_is_its_kind() -> None:
    made = {numbering.key("P") for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"P[A-HJ-NP-Z]{15}", each) for each in made)
