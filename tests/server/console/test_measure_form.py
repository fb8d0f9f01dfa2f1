"""The form of a measure says what is stored of it, and keeps whatever is typed."""

from typing import TYPE_CHECKING, Any

import pytest
from lxml import html

from knowledge.drafting import canonical
from server.casework.officers import Role
from server.editing import drafts
from server.published import releases

if TYPE_CHECKING:
    from tests.server.console.conftest import Desk, Staff

TOLD_BESIDE = "用工信息谁都可以看，找活也可以去登记，文件没有写要农村户口。"


def form_of(desk: "Desk", id: str) -> dict[str, Any]:
    """What a browser would send of the form as it stands; names with several values as lists."""
    page = html.fromstring(desk.get(f"/knowledge/measures/{id}").text)
    (form,) = page.xpath('//form[@id="measure"]')
    values: dict[str, Any] = {}
    for name, value in form.form_values():
        # A browser leaves out the line break that a text begins with.
        values.setdefault(name, []).append(value.removeprefix("\n"))
    return values


def drafted(staff: "Staff", id: str) -> dict[str, Any]:
    """What is kept of a measure as its draft."""
    with staff.resources.database.read() as session:
        content = drafts.find(session, "measure", id).content
    assert content is not None
    return content


def test_a_measure_that_was_stored_before_measures_said_it_shows_how_people_come_to_it(
    staff: "Staff",
) -> None:
    with staff.resources.database.begin() as session:
        _, editions = releases.current(session) or (0, [])
        before = [
            (kind, key, {name: value for name, value in content.items() if name != "uptake"})
            for kind, key, content in editions
        ]
        releases.publish(session, before, note="before", now=staff.now)
    desk = staff.desk(Role.EDITOR)
    form = form_of(desk, "shishi-7")
    assert form["uptake"] == ["open"]
    desk.post("/knowledge/measures/shishi-7", form)
    assert drafted(staff, "shishi-7")["uptake"] == "open"
    desk.post("/knowledge/measures/shishi-7", form | {"version": "1", "uptake": "application"})
    said = canonical("measure", drafted(staff, "shishi-7"))
    assert said["uptake"] == "application"


def test_a_day_is_read_as_documents_write_it(staff: "Staff") -> None:
    desk = staff.desk(Role.EDITOR)
    form = form_of(desk, "shishi-4c")
    for typed, read in (
        ("2022年4月1日", "2022-04-01"),
        ("2022.4.1", "2022-04-01"),
        ("四月", "四月"),
    ):
        form["version"] = form_of(desk, "shishi-4c")["version"]
        desk.post("/knowledge/measures/shishi-4c", form | {"validity-from": typed})
        assert drafted(staff, "shishi-4c")["validity"]["from"] == read


def test_a_measure_that_nobody_changed_is_saved_as_it_was(staff: "Staff") -> None:
    """It is of five topics, and the form had room for two."""
    desk = staff.desk(Role.EDITOR, where=("河北",))
    id = "hebei-chengde-2"
    desk.post(f"/knowledge/measures/{id}", form_of(desk, id))
    with staff.resources.database.read() as session:
        in_force = drafts.in_force(session, "measure", id)
    assert in_force is not None and len(in_force["topics"]) == 5
    assert canonical("measure", drafted(staff, id)) == in_force
    # There is room for another one.
    assert form_of(desk, id)["topics"] == [*in_force["topics"], ""]


@pytest.mark.parametrize("id", ["shishi-4a", "shishi-7"])
def test_a_list_of_materials_that_nobody_touched_is_no_draft(staff: "Staff", id: str) -> None:
    """The second of them has none: an empty one came with every change of a word."""
    desk = staff.desk(Role.EDITOR)
    desk.post(f"/knowledge/measures/{id}", form_of(desk, id))
    with staff.resources.database.read() as session:
        assert [(each.kind, each.key) for each in drafts.listed(session)] == [("measure", id)]


def test_what_is_told_where_one_condition_is_not_met_is_shown_kept_and_taken_out(
    staff: "Staff",
) -> None:
    desk = staff.desk(Role.EDITOR, where=("锦州",))
    page = "/knowledge/measures/jinzhou-2"
    form = form_of(desk, "jinzhou-2")
    assert form["if_unmet-0-fact"] == ["hukou_type"] and form["if_unmet-0-say"] == [TOLD_BESIDE]
    assert form["if_unmet-count"] == ["2"] and form["if_unmet-1-say"] == [""]
    desk.post(page, form)
    stored = canonical("measure", drafted(staff, "jinzhou-2"))
    with staff.resources.database.read() as session:
        in_force = drafts.in_force(session, "measure", "jinzhou-2")
    assert in_force is not None and stored["if_unmet"] == in_force["if_unmet"]
    more = {"if_unmet-1-fact": "work_region", "if_unmet-1-say": "别处也问问。"}
    desk.post(page, form | more | {"version": "1"})
    assert drafted(staff, "jinzhou-2")["if_unmet"] == {
        "hukou_type": TOLD_BESIDE,
        "work_region": "别处也问问。",
    }
    none = {"if_unmet-0-fact": "", "if_unmet-0-say": "", "version": "2"}
    desk.post(page, form | none)
    assert drafted(staff, "jinzhou-2")["if_unmet"] == {}


def test_what_is_wrong_with_what_is_told_beside_stands_at_it_and_nothing_typed_is_lost(
    staff: "Staff",
) -> None:
    desk = staff.desk(Role.EDITOR, where=("锦州",))
    page = "/knowledge/measures/jinzhou-2"
    form = form_of(desk, "jinzhou-2")
    wrong = {
        "if_unmet-0-say": "补你900元。",
        "if_unmet-count": "4",
        "if_unmet-1-fact": "wage_arrears",
        "if_unmet-1-say": "",
        "if_unmet-2-fact": "",
        "if_unmet-2-say": "去问一问。",
        "if_unmet-3-fact": "",
        "if_unmet-3-say": "再问一问。",
    }
    desk.post(page, form | wrong)
    assert drafted(staff, "jinzhou-2")["if_unmet"] == {
        "hukou_type": "补你900元。",
        "wage_arrears": "",
        "": "去问一问。再问一问。",
    }
    shown = html.fromstring(desk.get(page).text)
    assert shown.xpath('//*[@id="f-if_unmet-1-say-error"]')
    again = form_of(desk, "jinzhou-2")
    assert again["if_unmet-1-fact"] == ["wage_arrears"] and again["if_unmet-2-say"] == [
        "去问一问。再问一问。"
    ]
    half = {"if_unmet-1-fact": "", "version": "1", "if_unmet-2-say": ""}
    desk.post(page, again | half)
    shown = html.fromstring(desk.get(page).text)
    assert "900" in shown.xpath('string(//*[@id="f-if_unmet-0-say-error"])')
    half = {"if_unmet-0-say": TOLD_BESIDE, "if_unmet-1-fact": "wage_arrears", "version": "2",
            "if_unmet-1-say": "去问一问。"}  # fmt: skip
    desk.post(page, again | half)
    shown = html.fromstring(desk.get(page).text)
    assert "wage_arrears" in shown.xpath('string(//*[@id="f-if_unmet"])')
