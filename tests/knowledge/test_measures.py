"""How people come to what a measure gives is said by the measure, not read out of its words."""

import pytest

from knowledge.library import Library
from knowledge.measures import Form, Uptake


@pytest.mark.parametrize(
    ("measure", "uptake", "can_become_a_case"),
    [
        ("shishi-4a", Uptake.APPLICATION, True),
        ("shishi-1a", Uptake.AUTOMATIC, True),
        ("jinzhou-4", Uptake.AUTOMATIC, True),
        ("shishi-7", Uptake.OPEN, False),
        ("liwan-4", Uptake.OPEN, False),
        ("liwan-1", Uptake.APPLICATION, False),
    ],
)
def test_what_one_calls_or_goes_to_becomes_no_case(
    library: Library, measure: str, uptake: Uptake, can_become_a_case: bool
) -> None:
    held = library.measures[measure]
    assert (held.uptake, held.can_become_a_case) == (uptake, can_become_a_case)


def test_advice_and_duties_become_no_case(library: Library) -> None:
    told = [m for m in library.measures.values() if m.form in (Form.INFORMATION, Form.RULE)]
    assert told and not any(measure.can_become_a_case for measure in told)
