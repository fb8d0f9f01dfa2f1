"""What pages of the desk have in common, above all of what went wrong: nothing written is lost."""

import re
from datetime import timedelta

import pytest

from server.casework.officers import Role
from tests.conftest import HandClock
from tests.server.console.conftest import PASSWORD, Staff, text_of
from tests.server.console.test_offers import FORM, enter

OURS = {"Origin": "http://localhost"}
WRITTEN = "离职证明和缴费记录都对得上"


def test_what_was_written_is_not_lost_with_the_session(staff: Staff, clock: HandClock) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    case = staff.submit()
    typed = {"csrf": desk.form_token(), "version": "1", "reason": WRITTEN, "decision": "approve"}
    clock.now += timedelta(minutes=31)
    path = f"/staff/cases/{case.id}"
    came = {**OURS, "Referer": f"http://localhost{path}"}
    shown = desk.client.post(f"{path}/recommend", data=typed, headers=came)
    assert shown.status_code == 401 and WRITTEN in text_of(shown.text)
    # In a window of its own: the words stay where they are.
    assert f'href="/staff/sign-in?next={path}" target="_blank"' in shown.text


def test_what_was_written_is_not_lost_where_somebody_was_faster(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    path = enter(desk)
    desk.post(f"{path}/change/1", {**FORM, "title": "车工"})
    more = {**FORM, "words": WRITTEN}
    back = f'href="/staff{path}">回到刚才那一页'
    # To the answer to a form, where this one stood once more, nobody can go back.
    for asked, is_page in ((path, True), (f"{path}/change/9", False)):
        came = {**OURS, "Referer": f"http://localhost/staff{asked}"}
        stale = desk.post(f"{path}/change/1", more, headers=came)
        assert stale.status_code == 409 and WRITTEN in text_of(stale.text)
        assert (back in stale.text) is is_page and ("回到刚才那一页" in stale.text) is is_page


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/staff/cases/x/notes", {"Origin": "https://example.com"}),
        ("/staff/cases/x/notes", {}),
        # A sentence may be a password, too.
        ("/staff/password", OURS),
    ],
)
def test_the_desk_shows_nobody_what_others_wrote_or_what_is_secret(
    staff: Staff, path: str, headers: dict[str, str]
) -> None:
    refused = staff.app.test_client().post(
        path, data={"text": WRITTEN, "old": PASSWORD, "password": WRITTEN}, headers=headers
    )
    assert refused.status_code in (401, 403) and WRITTEN not in refused.text


def test_what_is_too_long_to_be_read_is_refused_in_words_all_the_same(staff: Staff) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    long = desk.post("/cases/x/notes", {"text": "长" * 70_000}, headers=OURS)
    assert long.status_code == 413 and "回到首页" in long.text


def test_a_place_has_one_name_at_the_desk(staff: Staff, things: dict[str, str]) -> None:
    """Some pages said 石狮, others 石狮市."""
    desk = staff.desk(Role.CASE_OFFICER)
    for path in (
        "/offers/", f"/offers/{things['offer']}", "/register/", f"/register/{things['entry']}",
        "/register/employers/", "/register/imports/", f"/register/imports/{things['import']}",
        "/pairings/", f"/pairings/{things['pairing']}", "/pairings/helpers/",
    ):  # fmt: skip
        page = desk.get(path).text
        assert "石狮市" in page and not re.search(r">石狮[<，]", page), path
