"""What is to be handed in: stated by the clause in its words, or said to be only usual."""

from typing import Any

import pytest
from pydantic import ValidationError

from knowledge.checking import honesty_troubles
from knowledge.library import IncompleteLibrary, Library
from knowledge.materials import Checklist, MaterialKind
from knowledge.measures import Aspect


def changed(library: Library, key: str, **content: Any) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (kind, id, {**held, **content} if (kind, id) == ("checklist", key) else held)
        for kind, id, held in library.editions
    ]


def test_everything_that_one_can_apply_for_has_its_list(library: Library) -> None:
    for measure in library.measures.values():
        if measure.can_become_a_case:
            assert measure.id in library.checklists
    without = Library(e for e in library.editions if e[:2] != ("checklist", "shishi-4a"))
    (trouble,) = honesty_troubles(without)
    assert str(trouble) == "shishi-4a: has no list of materials", "the control"


def test_what_is_stated_stands_in_the_clause(library: Library) -> None:
    assert honesty_troubles(library) == []
    made_up = [{"kind": "identity_card", "quote": "带身份证原件"}]
    found = honesty_troubles(Library(changed(library, "shishi-4a", stated=made_up, usual=[])))
    assert any("materials.identity_card" in str(trouble) for trouble in found), "the control"


def test_nothing_is_stated_where_the_measure_says_that_it_is_not(library: Library) -> None:
    for listed in library.checklists.values():
        if listed.stated:
            assert Aspect.MATERIALS not in library.measures[listed.id].not_stated


@pytest.mark.parametrize(
    ("content", "reason"),
    [({"usual": ["passport"]}, "no material passport"), ({"id": "mars-1"}, "no measure mars-1")],
)
def test_a_list_names_only_what_is_there(
    library: Library, content: dict[str, Any], reason: str
) -> None:
    with pytest.raises(IncompleteLibrary, match=reason):
        Library(changed(library, "shishi-4a", **content))


def test_a_release_from_before_the_lists_still_loads(library: Library) -> None:
    older = Library(e for e in library.editions if e[0] not in ("material", "checklist"))
    assert older.materials == {} and older.checklists == {}


def test_a_kind_stands_once_in_a_list() -> None:
    with pytest.raises(ValidationError, match="twice"):
        Checklist(id="a-1", usual=("identity_card", "identity_card"))


def test_a_kind_takes_no_fewer_than_it_needs() -> None:
    with pytest.raises(ValidationError, match="at least"):
        MaterialKind(id="a", title="甲", hint="乙", at_least=3, at_most=2)
