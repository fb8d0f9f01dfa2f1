"""Turning a part off at the desk: asked before it is, with what people are going to read."""

from server.casework.officers import Role
from server.web.resources import Resources
from tests.server.console.conftest import Staff, text_of
from tests.server.console.filling import forms_of

OFF = {"part": "bot", "region": "石狮", "off": "true", "says": "机器人今天检修，急事打12333。"}


def test_a_part_is_turned_off_after_a_question_and_on_at_once(
    staff: Staff, resources: Resources
) -> None:
    desk = staff.desk(Role.ADMINISTRATOR)

    def is_off() -> bool:
        resources.serving.look()
        return bool(resources.serving.off().words)

    asked = desk.post("/switches/", OFF)
    told = text_of(asked.text)
    assert asked.status_code == 200 and "石狮市" in told and OFF["says"] in told
    assert not is_off()
    again = desk.post("/switches/", {**OFF, "confirmed": "yes", "again": "yes"})
    assert OFF["says"] in again.text and not is_off()
    (form,) = forms_of(asked.text)
    assert desk.post("/switches/", dict(form.values)).status_code == 303
    assert is_off()
    assert desk.post("/switches/", {**OFF, "off": "false", "says": ""}).status_code == 303
    assert not is_off()


def test_nobody_is_asked_about_a_region_that_is_not_theirs(staff: Staff) -> None:
    desk = staff.desk(Role.ADMINISTRATOR, where=("锦州",))
    for more in ({}, {"confirmed": "yes"}):
        assert desk.post("/switches/", {**OFF, **more}).status_code == 403
