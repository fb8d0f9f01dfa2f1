"""How people come to what a measure gives is said by the measure, not read out of its words."""

import pytest

from knowledge.drafting import canonical
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


def test_a_release_of_before_measures_said_it_is_read_as_the_programs_own_measures_say_it(
    library: Library,
) -> None:
    before = {
        id: {name: value for name, value in content.items() if name != "uptake"}
        for kind, id, content in library.editions
        if kind == "measure"
    }
    stored = Library(
        (kind, key, before[key] if kind == "measure" else content)
        for kind, key, content in library.editions
    )
    for id, measure in library.measures.items():
        assert stored.measures[id].uptake is measure.uptake, id
        # As a draft of it is stored, when something else of it was changed.
        assert canonical("measure", before[id])["uptake"] == measure.uptake, id
    unknown = canonical("measure", before["shishi-7"] | {"id": "shishi-99"})
    assert unknown["uptake"] == Uptake.APPLICATION


def test_what_an_editor_said_of_it_stays(library: Library) -> None:
    (told,) = (content for _, key, content in library.editions if key == "shishi-7")
    said = canonical("measure", told | {"uptake": "application"})
    assert said["uptake"] == Uptake.APPLICATION
