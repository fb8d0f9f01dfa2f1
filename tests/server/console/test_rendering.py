"""What pages of the desk have in common, above all of what went wrong: nothing written is lost."""

import io
import re
from datetime import timedelta
from html import unescape

import pytest
from werkzeug.datastructures import MultiDict

from server.casework.officers import Role
from tests import casework
from tests.conftest import HandClock
from tests.server.console.conftest import DEVICE_COOKIE, PASSWORD, Staff, form_token, text_of
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


def fields_of(page: str) -> list[tuple[str, str]]:
    """What the form of a page sends again, with its token."""
    found = re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', page, re.DOTALL)
    return [("csrf", form_token(page)), *((name, unescape(value)) for name, value in found)]


def test_a_form_whose_session_is_over_is_sent_again_as_it_was(
    staff: Staff, clock: HandClock
) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    typed = {
        "name": "王二", "identity_number": casework.person(7).identity_number, "region": "石狮",
        "level": "below_line", "causes": ["illness", "accident"], "words": "第一行\n<b>第二行</b>",
    }  # fmt: skip
    token = desk.form_token()
    clock.now += timedelta(minutes=31)
    path = "/staff/register/new"
    late = desk.client.post(path, data={"csrf": token, **typed}, headers=OURS)
    assert late.status_code == 401 and f'action="{path}"' in late.text

    # Somebody has signed in in another window: what is sent again is not done unasked.
    again = staff.sign_in(desk.officer).client
    again.set_cookie(DEVICE_COOKIE, desk.client.get_cookie(DEVICE_COOKIE).value)
    asked = again.post(path, data=MultiDict(fields_of(late.text)), headers=OURS)
    assert asked.status_code == 403 and "还没有保存" in asked.text
    entered = again.post(path, data=MultiDict(fields_of(asked.text)), headers=OURS)
    assert entered.status_code == 303 and "/staff/register/" in entered.location
    shown = text_of(again.get(entered.location).text)
    assert "第一行" in shown and "<b>第二行</b>" in shown


@pytest.mark.parametrize("known", [True, False])
def test_a_long_form_is_kept_where_somebody_has_signed_in_before(
    staff: Staff, clock: HandClock, known: bool
) -> None:
    """Of a browser that nobody knows no more is read than of any form."""
    desk = staff.desk(Role.EDITOR)
    token = desk.form_token()
    clock.now += timedelta(minutes=31)
    if not known:
        desk.client.delete_cookie(DEVICE_COOKIE)
    long = {"csrf": token, "similar": "没活干了有钱领吗\n" * 9_000}
    late = desk.client.post("/staff/knowledge/measures/shishi-4a", data=long, headers=OURS)
    assert late.status_code == 401 and ("没活干了有钱领吗" in late.text) is known


def test_a_file_whose_session_is_over_is_chosen_again(staff: Staff, clock: HandClock) -> None:
    desk = staff.desk(Role.CASE_OFFICER)
    sent = {"csrf": desk.form_token(), "region": "石狮", "file": (io.BytesIO(b"x"), "x.csv")}
    clock.now += timedelta(minutes=31)
    late = desk.client.post("/staff/register/imports/", data=sent, headers=OURS)
    assert late.status_code == 401 and "接着办" not in late.text


def test_who_writes_for_long_stays_signed_in(staff: Staff, clock: HandClock) -> None:
    desk = staff.desk(Role.EDITOR)
    for _ in range(3):
        clock.now += timedelta(minutes=20)
        assert desk.get("/here").status_code == 204
    clock.now += timedelta(minutes=31)
    assert desk.get("/here").status_code == 303


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
