import csv
from pathlib import Path

import pytest
from pydantic import ValidationError

from knowledge.entries import Entry
from knowledge.library import DATA, read_library
from knowledge.regions import (
    DoubtfulRegions,
    Level,
    Region,
    Regions,
    UnknownRegion,
    Use,
    names_of,
    read_places,
)
from knowledge.regions import Place as MapPlace

REGIONS = read_library().regions

COVERED = [
    *("石狮", "石家庄", "石家庄高新区", "石家庄循环化工园区", "石家庄裕华区", "石家庄鹿泉区"),
    *("承德", "张家口", "唐山", "沧州", "衡水", "定州", "辛集", "雄安新区"),
    *("广州荔湾区", "锦州", "（未具名市）"),
]


def test_the_covered_regions_are_those_of_the_catalogue() -> None:
    assert sorted(REGIONS.covered) == sorted(COVERED)
    catalogue = Path(DATA) / "catalogue.tsv"
    if catalogue.exists():
        with catalogue.open(encoding="utf-8") as lines:
            named = {row["region"] for row in csv.DictReader(lines, delimiter="\t")}
        assert named == set(REGIONS.covered)


@pytest.mark.parametrize(
    ("region", "other", "inside"),
    [
        ("石家庄鹿泉区", "石家庄", True),
        ("石家庄鹿泉区", "河北", True),
        ("石家庄鹿泉区", "石家庄鹿泉区", True),
        ("石家庄", "石家庄鹿泉区", False),
        ("辛集", "石家庄", False),
        ("定州", "河北", True),
        ("锦州", "河北", False),
        ("（未具名市）", "福建", False),
    ],
)
def test_what_lies_in_what(region: str, other: str, inside: bool) -> None:
    assert REGIONS.lies_in(region, other) is inside


def test_a_district_has_the_measures_of_its_city_too() -> None:
    assert REGIONS.within("石家庄鹿泉区") == ("石家庄鹿泉区", "石家庄")
    assert REGIONS.within("石家庄") == ("石家庄",)
    assert REGIONS.within("河北") == ("河北",)


def test_going_down_the_tree() -> None:
    assert REGIONS.children("福建") == ("石狮",)
    assert "石家庄鹿泉区" in REGIONS.descendants("河北")
    assert "石家庄鹿泉区" not in REGIONS.children("河北")
    assert REGIONS.covered_in("福建") == ("石狮",)
    assert "河北" not in REGIONS.covered_in("河北")


def test_the_way_on_the_map_passes_the_prefecture() -> None:
    assert REGIONS.path("石狮") == ("福建", "泉州", "石狮")
    assert REGIONS.path("石家庄裕华区") == ("河北", "石家庄", "石家庄裕华区")


def test_near_places_are_those_of_the_same_province() -> None:
    assert REGIONS.near(MapPlace("晋江市", ("福建", "泉州", "晋江市"))) == ("石狮",)
    assert "唐山" in REGIONS.near(MapPlace("保定", ("河北", "保定")))
    assert REGIONS.near(MapPlace("成都", ("四川", "成都"))) == ()


@pytest.mark.parametrize("ask", ["parents", "children", "descendants", "within", "path"])
def test_an_unknown_region_is_an_error(ask: str) -> None:
    with pytest.raises(UnknownRegion) as caught:
        getattr(REGIONS, ask)("火星")
    assert caught.value.id == "火星"


def test_regions_are_entries_and_refuse_unknown_keys() -> None:
    assert issubclass(Region, Entry)
    with pytest.raises(ValueError, match="extra"):
        Region.model_validate({"id": "x", "label": "x", "level": "city", "colour": "red"})


def _region(id: str, parent: str | None) -> Region:
    return Region(id=id, label=id, level=Level.CITY, parent=parent)


@pytest.mark.parametrize(
    "pairs",
    [
        [("甲", "乙")],
        [("甲", "乙"), ("乙", "甲")],
        [("甲", "甲")],
        [("甲", None), ("甲", None)],
        [("甲", "乙"), ("乙", "丙"), ("丙", "乙")],
    ],
)
def test_what_is_no_tree_is_refused(pairs: list[tuple[str, str | None]]) -> None:
    with pytest.raises(DoubtfulRegions):
        Regions(_region(id, parent) for id, parent in pairs)


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("泉州|市", {"泉州市": Use.FREE, "泉州": Use.FREE}),
        ("中山?市", {"中山市": Use.FREE, "中山": Use.AFTER_PLACE_WORD}),
        ("和平-区", {"和平区": Use.FREE, "和平": Use.AFTER_PARENT}),
        ("和县!", {"和县": Use.AFTER_PARENT}),
        ("沛县", {"沛县": Use.FREE}),
        ("滦州|市=滦县", {"滦州市": Use.FREE, "滦州": Use.FREE, "滦县": Use.FREE}),
        (
            "恩施|土家族苗族自治州",
            {"恩施土家族苗族自治州": Use.FREE, "恩施": Use.FREE, "恩施州": Use.FREE},
        ),
    ],
)
def test_the_notation_of_names(written: str, names: dict[str, Use]) -> None:
    place = MapPlace("某地", ("某省",))
    assert {name.words: name.use for name in names_of(written, place)} == names


def test_no_place_is_both_covered_and_not_covered() -> None:
    covered = {name.place.path for name in REGIONS.names if name.place.region}
    assert not covered & {name.place.path for name in REGIONS.names if not name.place.region}


def test_every_line_of_the_places_file_is_read() -> None:
    lines = (DATA / "places_not_covered.tsv").read_text(encoding="utf-8").splitlines()
    names = list(read_places(lines))
    assert len({name.place.path[0] for name in names}) == 34
    assert all(name.words and not set(name.words) & set("|?!=\t ") for name in names)
    assert all(name.place.region is None for name in names)


def test_names_are_not_shared_by_two_covered_regions() -> None:
    owners: dict[str, set[str]] = {}
    for region in REGIONS:
        for words in (*region.aliases, *region.spoken, *region.generic, *region.initials):
            owners.setdefault(words, set()).add(region.id)
    assert {words: ids for words, ids in owners.items() if len(ids) > 1} == {}


@pytest.mark.parametrize("id", ["../石狮", "石狮/镇", "石狮\\镇"])
def test_the_files_of_a_region_stay_in_the_folder_of_measures(id: str) -> None:
    with pytest.raises(ValidationError):
        Region(id=id, label="石狮", level=Level.CITY)
