"""Every page and form of the desk × every role × every region: only what is declared gets in."""

import itertools
from typing import Any

import pytest

from server.casework.officers import Role
from server.web.admitting import Who
from tests.server.console.conftest import Desk, Staff
from tests.server.console.pages import PAGES, PageCall, filled, path_of
from tests.verifying import size

HERE, ELSEWHERE = ("石狮",), ("定州",)
ROUTES = [(key, asked) for key, asked in PAGES.items() if asked.who is Who.OFFICER]


def call(desk: Desk, method: str, rule: str, asked: PageCall, things: dict[str, str]) -> Any:
    """Call a page as it is meant to be called."""
    path = path_of(rule, asked, things)
    token = {"csrf": desk.form_token()} if method == "POST" else {}
    form = {
        name: [filled(each, things) for each in value]
        if isinstance(value, list)
        else filled(str(value), things)
        for name, value in asked.form.items()
    }
    return desk.client.open(path, method=method, data={**token, **form} if token else None)


def test_a_role_that_a_page_does_not_name_is_kept_out(staff: Staff, things: dict[str, str]) -> None:
    for role in Role:
        desk = staff.desk(role)
        for (method, rule), asked in ROUTES:
            if role not in asked.roles:
                found = call(desk, method, rule, asked, things)
                assert found.status_code == 403, (role, method, rule, found.status_code)


def test_a_role_that_a_page_names_is_answered_by_region(
    staff: Staff, things: dict[str, str]
) -> None:
    for role, where in itertools.product(Role, (ELSEWHERE, ())):
        desk = staff.desk(role, where=where)
        for (method, rule), asked in ROUTES:
            if role in asked.roles:
                found = call(desk, method, rule, asked, things)
                told = (role, where, method, rule, found.status_code)
                assert found.status_code == asked.elsewhere, told


@pytest.mark.parametrize(
    "database_url", size(["postgres_url"], ["postgres_url", "sqlite_url"]), indirect=True
)
def test_whoever_may_is_let_in(staff: Staff, things: dict[str, str]) -> None:
    """The control, last: these calls do what they say."""
    for role in Role:
        desk = staff.desk(role, where=HERE)
        for (method, rule), asked in ROUTES:
            if role in asked.roles:
                found = call(desk, method, rule, asked, things)
                told = (role, method, rule, found.status_code, found.data[:300])
                if asked.own:
                    # It is somebody else's: whose it is, is let in by the tests of those pages.
                    assert found.status_code == 404, told
                else:
                    assert found.status_code not in (401, 403, 404, 405, 500), told


def test_nobody_gets_in_without_signing_in(staff: Staff, things: dict[str, str]) -> None:
    stranger = Desk(staff.app.test_client(), staff.officer(Role.AUDITOR), "")
    for (method, rule), asked in PAGES.items():
        if asked.who in (Who.OFFICER, Who.STARTING_OFFICER):
            path = path_of(rule, asked, things)
            for cookie in ("", "x" * 43):
                stranger.client.set_cookie("nuangang_staff", cookie)
                found = stranger.client.open(path, method=method)
                assert found.status_code in (303, 401), (method, rule, found.status_code)
                if found.status_code == 303:
                    assert found.headers["Location"].startswith("/staff/sign-in")


def test_every_form_needs_its_token(staff: Staff, things: dict[str, str]) -> None:
    for (method, rule), asked in ROUTES:
        if method != "GET":
            desk = staff.desk(*sorted(asked.roles))
            path = path_of(rule, asked, things)
            for data in ({}, {"csrf": "0" * 64}):
                found = desk.client.open(path, method=method, data={**asked.form, **data})
                assert found.status_code == 403, (method, rule, found.status_code)
