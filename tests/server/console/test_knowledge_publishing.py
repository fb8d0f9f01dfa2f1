"""Taking a release back at the desk: no way around the second person, and known who did it."""

from server import releases
from server.casework.officers import Role
from server.editing import publishing
from tests.server.console.conftest import Staff
from tests.server.console.editing import edited


def test_who_takes_a_release_back_is_known_and_what_waits_is_not_put_in_force(
    staff: Staff,
) -> None:
    known, things = staff.resources, edited(staff)
    desk = staff.desk(Role.PUBLISHER)
    path = "/knowledge/publishing/rollback"
    with known.database.read() as session:
        waits = publishing.find(session, int(things["proposal"])).release_id
        before = releases.current_id(session)
    shown = {"current": str(before)}
    assert desk.post(path, {**shown, "release": str(waits)}).status_code == 409
    with known.database.read() as session:
        assert releases.current_id(session) == before
    back = {**shown, "release": things["another_release"]}
    assert desk.post(path, {**back, "current": str(waits)}).status_code == 409
    with known.database.read() as session:
        assert releases.current_id(session) == before
    assert desk.post(path, back).status_code == 303
    noted = "SELECT actor_id, row FROM audit_entry WHERE about = 'current_release'"
    assert known.database.fetch(noted) == (str(desk.officer.id), things["another_release"])
