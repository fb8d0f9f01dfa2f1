"""Who edits a piece works for the places it is for, also for one that is to come."""

from typing import TYPE_CHECKING, Any

import pytest

from server.casework.officers import NotAllowed, Officer, Role
from server.editing import areas

if TYPE_CHECKING:
    from knowledge.library import Library

NEW = {"id": "石狮新区", "label": "石狮新区", "level": "zone", "parent": "石狮"}
INSIDE = {"id": "新区北", "label": "新区北", "level": "zone", "parent": "石狮新区"}
LOST = {"id": "某地", "label": "某地", "level": "city", "parent": "没有的地方"}
ROUND = [{"id": "甲", "parent": "乙"}, {"id": "乙", "parent": "甲"}]


def places(library: "Library", kind: str, contents: Any, beside: Any = ()) -> frozenset[str]:
    key = next((str(each.get("id", "")) for each in contents if each), "")
    known = {("region", each["id"]): each for each in beside}
    return areas.places_of(kind, key, contents, library, lambda *place: [known.get(place)])


@pytest.mark.parametrize(
    ("kind", "contents", "beside", "found"),
    [
        ("measure", [{"region": "石狮"}, {"region": "锦州"}], [], {"石狮", "锦州"}),
        ("measure", [{"region": "锦州"}, {"region": "石狮新区"}], [NEW], {"锦州", "石狮"}),
        ("measure", [None, {"region": "新区北"}], [INSIDE, NEW], {"石狮"}),
        ("region", [None, NEW], [], {"石狮"}),
        ("region", [None, INSIDE], [NEW], {"石狮"}),
        ("region", [None, {**NEW, "parent": "锦州"}], [NEW], {"石狮", "锦州"}),
        ("region", [{"id": "锦州", "parent": "辽宁"}, None], [], {"锦州"}),
        ("region", [None, {"id": "锦州", "parent": "辽宁", "label": "新名字"}], [], {"锦州"}),
        (
            "region",
            [{"id": "锦州", "parent": "辽宁"}, {"id": "锦州", "parent": "石狮"}],
            [],
            {"锦州", "石狮"},
        ),
        ("measure", [{"region": "石狮"}, {"title": "新名字"}], [], {"石狮"}),
        ("measure", [None, {"title": "新名字"}], [], set()),
        ("topic", [{"id": "x"}], [], set()),
    ],
)
def test_a_piece_is_for_what_it_names_and_for_where_a_new_place_is_to_lie(
    library: "Library", kind: str, contents: Any, beside: Any, found: set[str]
) -> None:
    assert places(library, kind, contents, beside) == found


@pytest.mark.parametrize(
    ("kind", "contents", "beside"),
    [
        ("measure", [{"region": "锦州"}, {"region": "石狮新区"}], []),
        ("region", [None, {**NEW, "parent": None}], []),
        ("region", [None, LOST], []),
        ("region", [None, ROUND[0]], ROUND),
        ("measure", [{"region": "锦州"}, {"region": "甲"}], ROUND),
        ("region", [None, {"id": "甲", "parent": "甲"}], []),
        ("region", [None, {**NEW, "parent": ["石狮"]}], []),
        ("region", [{"id": "锦州", "parent": "辽宁"}, {"id": "锦州", "parent": ""}], []),
        ("region", [{"id": "锦州", "parent": "辽宁"}, {"id": "锦州"}], []),
    ],
)
def test_what_lies_nowhere_yet_takes_who_works_everywhere(
    library: "Library", kind: str, contents: Any, beside: Any
) -> None:
    everywhere = {region.id for region in library.regions}
    assert places(library, kind, contents, beside) == everywhere


def test_two_who_work_for_one_city_put_nothing_into_another(library: "Library") -> None:
    somebody = Officer(1, "陈", frozenset({Role.EDITOR}), frozenset({"锦州"}))
    for kind, content in (("region", NEW), ("measure", {"region": "石狮新区"})):
        found = places(library, kind, [None, content], [NEW])
        with pytest.raises(NotAllowed):
            areas.require(somebody, Role.EDITOR, found, library)
