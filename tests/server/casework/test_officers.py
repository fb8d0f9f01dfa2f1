"""Officers: what their roles and regions let them do, and how they change."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.regions import UnknownRegion
from server.casework import officers
from server.casework.moves import Actor
from server.casework.officers import NotAllowed, Officer, OfficerChanged, OfficerUnknown, Role
from server.records import audit
from tests.server.casework.conftest import House


def test_no_region_is_none_at_all(library: Any) -> None:
    nobody = Officer(1, "陈", frozenset(Role), frozenset())
    assert officers.scope(nobody, library.regions) == frozenset()
    assert not any(nobody.covers(region.id, library.regions) for region in library.regions)


@given(data=st.data())
def test_a_region_is_covered_where_the_scope_has_it(library: Any, data: Any) -> None:
    ids = sorted(region.id for region in library.regions)
    own = data.draw(st.frozensets(st.sampled_from(ids), max_size=3))
    region = data.draw(st.sampled_from(ids))
    somebody = Officer(1, "陈", frozenset(), own)
    covered = somebody.covers(region, library.regions)
    assert covered == (region in officers.scope(somebody, library.regions))


def test_a_region_that_is_gone_covers_nothing(library: Any) -> None:
    somebody = Officer(1, "陈", frozenset(Role), frozenset({"Atlantis"}))
    assert officers.scope(somebody, library.regions) == frozenset()


def test_only_two_roles_make_moves() -> None:
    everything = Officer(1, "陈", frozenset(Role), frozenset())
    assert everything.actors == {Actor.CASE_OFFICER, Actor.APPROVER}
    editor = Officer(1, "陈", frozenset({Role.EDITOR, Role.ADMINISTRATOR}), frozenset())
    assert editor.actors == frozenset()


def test_an_officer_needs_role_and_region(house: House) -> None:
    regions = house.library.regions
    clerk = house.officer(Role.CASE_OFFICER)
    officers.require(clerk, Role.CASE_OFFICER, "石狮", regions)
    for role, region in ((Role.APPROVER, "石狮"), (Role.CASE_OFFICER, "锦州")):
        with pytest.raises(NotAllowed):
            officers.require(clerk, role, region, regions)


def test_who_is_put_out_of_office_is_found_no_more(house: House) -> None:
    clerk = house.officer(Role.CASE_OFFICER)
    change(house, clerk.id, version=1, active=False)
    with house.database.read() as session, pytest.raises(OfficerUnknown):
        officers.find(session, clerk.id)


def test_two_who_change_an_officer_at_once_do_not_overwrite_each_other(house: House) -> None:
    clerk = house.officer(Role.CASE_OFFICER)
    change(house, clerk.id, version=1, roles=[Role.AUDITOR])
    with pytest.raises(OfficerChanged):
        change(house, clerk.id, version=1, roles=[Role.APPROVER])
    with house.database.read() as session:
        assert officers.find(session, clerk.id).roles == {Role.AUDITOR}
    noted = "SELECT action, fields FROM audit_entry WHERE about = 'officer' AND row = :row"
    for number, told in enumerate(
        [("created", "roles,regions"), ("changed", "roles,regions,active")]
    ):
        asked = f"{noted} ORDER BY id LIMIT 1 OFFSET {number}"
        assert house.database.fetch(asked, row=str(clerk.id)) == told


def test_an_officer_of_a_place_that_is_not_there_is_not_made(house: House) -> None:
    with pytest.raises(UnknownRegion):
        house.officer(Role.CASE_OFFICER, where=("Atlantis",))


def change(house: House, officer_id: int, **more: Any) -> None:
    given = {"roles": [Role.CASE_OFFICER], "where": ["石狮"], "active": True, **more}
    with house.database.begin() as session:
        officers.change(
            session,
            house.safe,
            house.library.regions,
            officer_id,
            by=audit.Actor.job("test"),
            now=house.now,
            **given,
        )
