"""Who is helped sees by whom, masked, and has the word: yes, no, another one, none any more."""

import io
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from server.casework.officers import Officer
from server.casework.sweeping import LEFT_ALONE, sweep
from server.pairing import visiting
from server.pairing.moves import Move
from server.pairing.tables import Ending, Pairing
from server.register import importing, undoing
from server.register.importing import Desk
from server.register.undoing import TouchedSince
from tests import casework, citizens
from tests.casework import Phone, introduced
from tests.conftest import HandClock
from tests.mini_app_api.test_register import verify
from tests.server.pairing.conftest import CADRE, Pairs
from tests.server.register.conftest import Ledger, somebody

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from server.web.resources import Resources

WHO = casework.person(5)


@pytest.fixture
def pairs(resources: "Resources", clerk: Officer, now: datetime) -> Pairs:
    library = resources.serving.current().library
    keys = resources.subject_keys
    return Pairs(Ledger(resources.database, library, resources.safe, keys, now, clerk))


def registered() -> Any:
    return somebody(1, name=WHO.name, identity_number=WHO.identity_number, phone=WHO.phone)


def photo(resources: "Resources") -> visiting.Kept:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (30, 90, 30)).save(out, "JPEG")
    return visiting.keep_photo(resources.store, out.getvalue())


def test_what_was_begun_before_one_signed_in_goes_along_and_is_answered(
    client: "FlaskClient", resources: "Resources", pairs: Pairs, now: datetime
) -> None:
    helper, entry = pairs.helper(), pairs.ledger.enter(registered())
    begun = pairs.accepted(helper, entry, reasons=[{"why": "needs", "needs": ["job"]}])
    kept = photo(resources)
    pairs.visited(begun, given_fen=120_50, photos=[kept])
    other = pairs.proposed(pairs.helper(name="王主任"), entry)

    thief = introduced(client, resources, now, "thief", 5)
    assert thief.get("/me/pairings").json == {"pairings": [], "phone_verified": False}
    owner = introduced(client, resources, now, "owner", 5)
    verify(resources, owner, WHO.phone, now)
    shown = {each["id"]: each for each in owner.get("/me/pairings").json["pairings"]}
    first, second = shown[begun.id], shown[other.id]
    assert (first["helper"], first["phone"], first["unit"]) == ("林*", CADRE.phone, "市总工会")
    assert second["phone"] == "139****0100"
    assert f"电话：{CADRE.phone}" in first["lines"]
    looked = "SELECT count(*), max(row) FROM audit_entry WHERE fields LIKE '%helper_phone'"
    assert tuple(resources.database.fetch(looked) or ()) == (1, begun.id)
    assert first["visits"][0]["given_fen"] == 120_50
    assert (first["visits"][0]["words"], first["visits"][0]["given"]) == ("家里都好", "米和油")
    assert first["visits"][0]["told"] == "2026年3月1日来看过。家里都好。给了米和油，值120.50元。"
    assert [way["answer"] for way in first["ways"]] == ["another", "none"]
    assert [way["answer"] for way in second["ways"]] == ["yes", "no"]
    assert CADRE.name not in json.dumps(shown, ensure_ascii=False)

    picture = owner.get(f"/me/pairings/{begun.id}/photos/{kept.id}")
    assert Image.open(io.BytesIO(picture.data)).size == (640, 480)
    assert owner.get(f"/me/pairings/{other.id}/photos/{kept.id}").status_code == 404
    for who, status in ((thief, 404), (owner, 200)):
        path = f"/me/pairings/{other.id}/answers"
        answered = who.post(path, {"version": second["version"], "answer": "yes"})
        assert answered.status_code == status, answered.json
        assert who.get(f"/me/pairings/{begun.id}/photos/{kept.id}").status_code == status
    assert answered.json["told"] == "你已经同意，等帮扶单位同意"
    again = owner.post(path, {"version": second["version"], "answer": "no"})
    assert (again.status_code, again.json["code"]) == (409, "pairing_changed")
    pairs.agreed(other, Move.UNIT_AGREES, pairs.ledger.clerk)
    stop = {"version": first["version"], "answer": "another", "words": "不方便"}
    ended = owner.post(f"/me/pairings/{begun.id}/answers", stop).json
    assert (ended["told"], ended["ways"]) == ("已结束：本人想换人", [])

    exported = owner.get("/me/export").json
    held = {part["table"]: part["rows"] for part in exported["holdings"]}
    assert len(held["pairing"]) == 2 and len(held["visit_photo"]) == 1
    assert held["pairing_visit"][0]["sealed"] == {"words": "家里都好", "given": "米和油"}
    said = next(row for row in held["pairing"] if row["id"] == begun.id)
    assert said["sealed_words"] == "不方便" and said["sealed_reasons"][0]["needs"] == ["job"]
    assert "sealed_key" not in held["visit_photo"][0]

    assert owner.send("DELETE", "/me").status_code == 200
    assert pairs.at(other).ending == Ending.ERASED
    assert pairs.at(begun).sealed_words is None
    assert pairs.taken(helper) == 0
    count = "SELECT count(*) FROM visit_photo"
    assert tuple(resources.database.fetch(count) or ()) == (0,)


def test_days_are_told_as_people_say_them_and_one_that_is_over_as_over(
    client: "FlaskClient", resources: "Resources", clock: HandClock, pairs: Pairs, now: datetime
) -> None:
    begun = pairs.accepted(pairs.helper(), pairs.ledger.enter(registered()))
    owner = introduced(client, resources, now, "owner", 5)
    verify(resources, owner, WHO.phone, now)

    def told(path: str, label: str) -> str:
        found = owner.get(path).json
        (one,) = found["pairings"] if "pairings" in found else [found["entry"]]
        return next(str(line) for line in one["lines"] if line.startswith(label))

    due_on = pairs.at(begun).due_on
    assert due_on is not None
    said = f"{due_on.year}年{due_on.month}月{due_on.day}日以前"
    assert told("/me/pairings", "下次走访") == f"下次走访：{said}"
    assert told("/me/register", "下次核查").endswith("日以前")
    clock.now = now + timedelta(days=400)
    owner = Phone(client, "owner")
    assert told("/me/pairings", "下次走访") == f"下次走访：{said}，已经过了"
    assert told("/me/register", "下次核查").endswith("日以前，已经过了")


def test_a_child_is_helped_by_the_guardians_word_alone_and_not_after_it(
    client: "FlaskClient", resources: "Resources", pairs: Pairs, now: datetime
) -> None:
    guardian = introduced(client, resources, now, "guardian", 5)
    worker = verify(resources, guardian, WHO.phone, now)
    entry = pairs.ledger.enter(registered())
    assert entry.worker_id == worker
    helper = pairs.helper(capacity=5)
    minor = citizens.minor(1, pairs.today)
    child = pairs.child_of(worker)
    first = pairs.accepted(helper, entry, child_id=child)
    shown = guardian.get("/me/pairings").json["pairings"][0]
    assert shown["child"] == f"{minor.name[0]}*" and minor.name not in str(shown)
    assert guardian.send("DELETE", f"/me/children/{child}?version=1").status_code == 204
    assert pairs.at(first).ending == Ending.CONSENT_ENDED
    second = pairs.accepted(helper, entry, child_id=pairs.child_of(worker))
    assert guardian.send("DELETE", "/consents/children").status_code == 204
    assert pairs.at(second).ending == Ending.CONSENT_ENDED
    assert pairs.taken(helper) == 0


def test_photos_of_visits_are_no_waste_and_an_import_with_a_pairing_is_not_undone(
    resources: "Resources", pairs: Pairs, now: datetime
) -> None:
    book = pairs.ledger
    pairing = pairs.accepted(pairs.helper(), pairs.person())
    kept, waste = photo(resources), photo(resources)
    pairs.visited(pairing, photos=[kept])
    database, store = resources.database, resources.store
    later = datetime.now(tz=now.tzinfo) + 2 * LEFT_ALONE
    assert sweep(database, store, others=[visiting.named], now=later) == 1
    assert store.get(visiting.object_name(kept.id))
    with pytest.raises(LookupError):
        store.get(visiting.object_name(waste.id))

    library = resources.serving.current().library
    desk = Desk(database, resources.subject_keys, book.safe, library, book.clerk, resources.clock)
    who = somebody(9)
    content = f"姓名,身份证号,困难等级\n{who.name},{who.identity_number},低于低保线\n".encode()
    with database.begin() as session:
        row = importing.keep(session, desk, content, "石狮")
    list(importing.go_on(desk, row.id, importing.dry_run(desk, row).digest))
    entered = database.fetch("SELECT entry_id FROM register_event WHERE import_id = :id", id=row.id)
    proposed = pairs.proposed(pairs.helper(name="王主任"), book.entry((entered or ("",))[0]))
    with pytest.raises(TouchedSince):
        undoing.undo(desk, row.id)
    with database.begin() as session:
        session.delete(session.get_one(Pairing, proposed.id))
    assert undoing.undo(desk, row.id) == 1
