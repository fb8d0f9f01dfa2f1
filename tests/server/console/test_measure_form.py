"""The form of a measure says what is stored of it, and keeps whatever is typed."""

from typing import TYPE_CHECKING, Any

from lxml import html

from knowledge.drafting import canonical
from server import releases
from server.casework.officers import Role
from server.editing import drafts

if TYPE_CHECKING:
    from tests.server.console.conftest import Desk, Staff

TOLD_BESIDE = "用工信息谁都可以看，找活也可以去登记，文件没有写要农村户口。"


def form_of(desk: "Desk", id: str) -> dict[str, Any]:
    """What a browser would send of the form as it stands; names with several values as lists."""
    page = html.fromstring(desk.get(f"/knowledge/measures/{id}").text)
    (form,) = page.xpath('//form[@id="measure"]')
    values: dict[str, Any] = {}
    for name, value in form.form_values():
        values.setdefault(name, []).append(value)
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
