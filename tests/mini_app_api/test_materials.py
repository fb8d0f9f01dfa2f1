"""A worker's materials over HTTP: uploaded in pieces, checked, used again, deleted."""

import io
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from sqlalchemy import select
from sqlmodel import col

from server.casework.sweeping import sweep
from server.casework.tables import CaseMaterial, Material, Upload
from server.casework.uploading import LARGEST_PIECE, MOST_BYTES, MOST_OPEN, SMALLEST_PIECE
from server.database.tables import AuditEntry, Purpose
from server.personal import consents
from server.published import releases
from tests import casework
from tests.casework import ELIGIBLE, MEASURE, Phone
from tests.mini_app_api.conftest import Office
from tests.small import small_editions

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from knowledge.library import Library
    from server.web.resources import Resources
    from tests.conftest import HandClock

GPS = 0x8825
ORIENTATION = 0x0112


def photo(seed: int = 1, size: tuple[int, int] = (640, 480), **exif: Any) -> bytes:
    """A photo with a place in it, as a phone takes it."""
    image = Image.effect_noise(size, 20 + seed % 60).convert("RGB")
    labels = image.getexif()
    labels[0x010F] = "PhoneMaker"
    labels[GPS] = {1: "N", 2: (24.0, 44.0, 12.0), 3: "E", 4: (118.0, 38.0, 5.0)}
    labels.update(exif.get("labels", {}))
    out = io.BytesIO()
    image.save(out, "JPEG", exif=labels, quality=90)
    return out.getvalue()


def begin(phone: Phone, content: bytes, kind: str = "identity_card", **more: Any) -> Any:
    asked = {"kind": kind, "size": len(content), "sha256": sha256(content).hexdigest()}
    return phone.post("/uploads", {**asked, **more})


def put(phone: Phone, id: str, offset: int, piece: bytes) -> "TestResponse":
    return phone.client.put(
        f"/api/v1/uploads/{id}?offset={offset}",
        data=piece,
        content_type="application/octet-stream",
        headers=phone.headers,
    )


def upload(phone: Phone, content: bytes, kind: str = "identity_card", **more: Any) -> Any:
    """Send a file whole; the last reply."""
    begun = begin(phone, content, kind, **more)
    assert begun.status_code == 201, begun.json
    reply: Any = None
    for offset in range(0, len(content), LARGEST_PIECE):
        reply = put(phone, begun.json["id"], offset, content[offset : offset + LARGEST_PIECE])
    return reply


def pieces_of(resources: "Resources") -> list[str]:
    """What lies there of files that are on their way."""
    return [name for name, _ in resources.store.names() if name.startswith("pieces/")]


def case(phone: Phone) -> str:
    made = phone.post("/applications", {"measure": MEASURE, "facts": ELIGIBLE})
    assert made.status_code == 201, made.json
    id: str = made.json["id"]
    return id


def test_a_photo_in_pieces_becomes_a_material_of_its_case(phone: Phone) -> None:
    id, content = case(phone), photo()
    begun = begin(phone, content, application=id).json
    half = len(content) // 2
    first = put(phone, begun["id"], 0, content[:half])
    assert (first.status_code, first.json["offset"], first.json["state"]) == (200, half, "open")
    last = put(phone, begun["id"], half, content[half:])
    assert last.json["state"] == "kept"
    assert last.json["material"]["kind"] == "identity_card"
    assert (last.json["material"]["width"], last.json["material"]["height"]) == (640, 480)
    needs = phone.get(f"/applications/{id}/materials").json["materials"]
    card = next(need for need in needs if need["kind"] == "identity_card")
    assert [each["id"] for each in card["there"]] == [begun["id"]]
    assert card["complete"] is False, "it has two sides"


def test_what_an_officer_asks_for_again_has_room(
    phone: Phone, resources: "Resources", now: datetime
) -> None:
    id = case(phone)
    for seed in range(4):
        upload(phone, photo(seed), application=id)
    full = begin(phone, photo(4), application=id)
    assert (full.status_code, full.json["code"]) == (409, "too_many_materials")
    Office(resources, now + timedelta(days=1)).request_material(id, "identity_card")
    first = phone.get("/materials").json["materials"][0]["id"]
    # What the case has already is no answer.
    phone.post(f"/applications/{id}/materials", {"material": first})
    assert phone.get(f"/applications/{id}").json["requested"][0]["answered_at"] is None
    resources.clock.now = now + timedelta(days=2)
    anew = Phone(phone.client, "alice")
    kept = upload(anew, photo(5), application=id)
    assert kept.json["state"] == "kept", kept.json
    assert anew.get(f"/applications/{id}").json["requested"][0]["answered_at"] is not None


def test_after_a_break_it_goes_on_where_it_was(phone: Phone) -> None:
    content = photo(size=(800, 600))
    begun = begin(phone, content).json
    put(phone, begun["id"], 0, content[:20_000])
    found = phone.get(f"/uploads/{begun['id']}").json
    assert found["offset"] == 20_000
    assert put(phone, begun["id"], found["offset"], content[20_000:]).json["state"] == "kept"


def test_the_same_piece_again_changes_nothing(phone: Phone) -> None:
    content = photo(size=(800, 600))
    begun = begin(phone, content).json
    for _ in range(2):
        assert put(phone, begun["id"], 0, content[:20_000]).json["offset"] == 20_000
    ends = [put(phone, begun["id"], 20_000, content[20_000:]).json for _ in range(2)]
    assert ends[0] == ends[1]
    assert len(phone.get("/materials").json["materials"]) == 1


@pytest.mark.parametrize("offset", [1, 19_999, 20_001, 10**9])
def test_a_piece_that_does_not_fit_is_told_where_to_go_on(phone: Phone, offset: int) -> None:
    content = photo(size=(800, 600))
    begun = begin(phone, content).json
    put(phone, begun["id"], 0, content[:20_000])
    refused = put(phone, begun["id"], offset, content[offset : offset + 30_000] or b"x" * 30_000)
    assert refused.status_code == 409
    assert refused.json["code"] == "offset_wrong"
    assert refused.json["offset"] == 20_000


def test_pieces_that_are_no_pieces_are_refused(phone: Phone) -> None:
    content = photo()
    assert SMALLEST_PIECE < len(content) < LARGEST_PIECE - 4
    id = begin(phone, content).json["id"]
    assert put(phone, id, 0, content + b"more").json["code"] == "piece_refused"
    assert put(phone, id, 0, content[: SMALLEST_PIECE - 1]).json["code"] == "piece_refused"
    assert put(phone, id, 0, b"").status_code == 411
    assert put(phone, id, 0, bytes(LARGEST_PIECE + 1)).status_code == 413
    as_json = phone.client.put(f"/api/v1/uploads/{id}?offset=0", json=[], headers=phone.headers)
    assert as_json.status_code == 415
    assert phone.get(f"/uploads/{id}").json["offset"] == 0


def test_a_file_that_is_not_what_was_announced_is_refused_and_gone(
    phone: Phone, resources: "Resources"
) -> None:
    content = photo()
    id = begin(phone, content).json["id"]
    wrong = put(phone, id, 0, content[:-1] + b"\0")
    assert wrong.status_code == 422
    assert wrong.json["reason"] == "damaged"
    assert list(resources.store.names()) == []
    assert put(phone, id, 0, content).json["reason"] == "damaged", "it stays refused"


def test_a_page_that_says_it_is_a_photo_is_refused_in_plain_words(
    phone: Phone, resources: "Resources"
) -> None:
    refused = upload(phone, b"<html><script>alert(1)</script></html>" * 10)
    assert refused.status_code == 422
    assert refused.json["code"] == "material_refused"
    assert refused.json["reason"] == "kind"
    assert "照片" in refused.json["detail"] and "PDF" in refused.json["detail"]
    assert list(resources.store.names()) == []


def test_what_comes_out_is_upright_and_tells_no_place(phone: Phone) -> None:
    sent = photo(size=(640, 480), labels={ORIENTATION: 6})
    assert Image.open(io.BytesIO(sent)).getexif().get_ifd(GPS), "the control"
    id = upload(phone, sent).json["id"]
    shown = phone.get(f"/materials/{id}")
    image = Image.open(io.BytesIO(shown.data))
    assert image.size == (480, 640)
    assert dict(image.getexif()) == {}
    assert b"PhoneMaker" in sent and b"PhoneMaker" not in shown.data
    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Disposition"].startswith("attachment; filename=")
    assert shown.content_type == "image/jpeg"


def test_only_its_worker_sees_it(
    phone: Phone, client: "FlaskClient", resources: "Resources", now: datetime
) -> None:
    id = upload(phone, photo()).json["id"]
    other = casework.introduced(client, resources, now, "bob", 2)
    assert other.get(f"/materials/{id}").status_code == 404
    assert other.get(f"/uploads/{id}").status_code == 404
    assert put(other, id, 0, b"x" * 100).status_code == 404
    assert other.send("DELETE", f"/materials/{id}").status_code == 404
    theirs = case(other)
    taken = other.post(f"/applications/{theirs}/materials", {"material": id})
    assert taken.status_code == 404
    assert other.get("/materials").json["materials"] == []
    assert client.get(f"/api/v1/materials/{id}").status_code == 401
    mine = case(phone)
    assert begin(other, photo(), application=mine).status_code == 404
    assert phone.get(f"/materials/{id}").status_code == 200, "the control"


def test_nothing_lies_readable_on_the_disk(phone: Phone, resources: "Resources") -> None:
    content = photo(size=(800, 600))
    half = begin(phone, content, kind="labour_contract").json["id"]
    put(phone, half, 0, content[:20_000])
    id = upload(phone, content).json["id"]
    shown = phone.get(f"/materials/{id}").data
    lying = [resources.store.get(name) for name, _ in resources.store.names()]
    assert len(lying) == 2
    for sealed in lying:
        for plain in (content, shown):
            assert not any(plain[at : at + 32] in sealed for at in range(0, 20_000, 997))


def test_a_photo_of_the_last_case_is_used_in_the_next(phone: Phone) -> None:
    id = upload(phone, photo(), application=case(phone)).json["id"]
    draft = phone.send("PUT", "/drafts/shishi-3a", {"facts": {}}).json
    used = phone.post(f"/applications/{draft['id']}/materials", {"material": id})
    assert used.status_code == 200, used.json
    again = phone.post(f"/applications/{draft['id']}/materials", {"material": id})
    card = next(n for n in again.json["materials"] if n["kind"] == "identity_card")
    assert [each["id"] for each in card["there"]] == [id]
    out = phone.send("DELETE", f"/applications/{draft['id']}/materials/{id}")
    assert out.status_code == 204
    assert phone.get(f"/materials/{id}").status_code == 200


def test_what_was_submitted_stays_and_what_was_not_can_go(
    phone: Phone, resources: "Resources"
) -> None:
    used = upload(phone, photo(1), application=case(phone)).json["id"]
    free = upload(phone, photo(2)).json["id"]
    kept = phone.send("DELETE", f"/materials/{used}")
    assert (kept.status_code, kept.json["code"]) == (409, "material_in_use")
    assert phone.send("DELETE", f"/materials/{free}").status_code == 204
    assert phone.get(f"/materials/{free}").status_code == 404
    assert [name for name, _ in resources.store.names()] == [f"materials/{used}"]


def test_what_a_refusal_stands_on_stays_though_the_objection_is_taken_back(
    phone: Phone, resources: "Resources", now: datetime
) -> None:
    id = case(phone)
    used = upload(phone, photo(1), application=id).json["id"]
    office = Office(resources, now)
    asked = office.request_material(id)
    phone.post(f"/applications/{id}/answer", {"version": asked, "words": "单位关门了"})
    appeal = {"version": office.refuse(id), "words": "我缴满了一年"}
    objected = phone.post(f"/applications/{id}/appeal", appeal).json
    taken = phone.post(f"/applications/{id}/withdraw", {"version": objected["version"]}).json
    assert taken["state"] == "withdrawn"
    kept = phone.send("DELETE", f"/materials/{used}")
    assert (kept.status_code, kept.json["code"]) == (409, "material_in_use")


def test_a_case_that_was_withdrawn_gives_its_photos_back(phone: Phone) -> None:
    id = case(phone)
    used = upload(phone, photo(1), application=id).json["id"]
    version = phone.get(f"/applications/{id}").json["version"]
    assert phone.post(f"/applications/{id}/withdraw", {"version": version}).status_code == 200
    assert phone.send("DELETE", f"/materials/{used}").status_code == 204


def test_without_consent_nothing_is_taken_and_withdrawing_deletes_the_unused(
    phone: Phone, resources: "Resources"
) -> None:
    used = upload(phone, photo(1), application=case(phone)).json["id"]
    upload(phone, photo(2))
    content = photo(3, size=(800, 600))
    half = begin(phone, content).json["id"]
    put(phone, half, 0, content[:20_000])
    assert pieces_of(resources), "the control"
    assert phone.send("DELETE", "/consents/materials").status_code == 204
    assert pieces_of(resources) == []
    assert [each["id"] for each in phone.get("/materials").json["materials"]] == [used]
    assert put(phone, half, 20_000, content[20_000:]).status_code == 404
    # What the case keeps is not for another one.
    draft = phone.send("PUT", "/drafts/shishi-3a", {"facts": {}}).json["id"]
    reused = phone.post(f"/applications/{draft}/materials", {"material": used})
    for refused in (begin(phone, content), reused):
        assert (refused.status_code, refused.json["code"]) == (403, "consent_missing")
    version = consents.in_force(Purpose.MATERIALS).version
    phone.send("PUT", "/consents/materials", {"version": version})
    assert begin(phone, content).status_code == 201, "the control"


def test_too_much_is_refused(phone: Phone) -> None:
    asked = {"kind": "identity_card", "size": MOST_BYTES + 1, "sha256": "0" * 64}
    assert phone.post("/uploads", asked).json["code"] == "file_too_large"
    assert phone.post("/uploads", {**asked, "size": MOST_BYTES}).status_code == 201
    unknown = phone.post("/uploads", {**asked, "size": 9, "kind": "passport_of_mars"})
    assert unknown.json["code"] == "unknown_material_kind"
    id = case(phone)
    for seed in range(4):
        assert upload(phone, photo(seed), application=id).json["state"] == "kept"
    assert begin(phone, photo(5), application=id).json["code"] == "too_many_materials"


def test_who_began_too_many_may_begin_again_a_day_later_and_is_told_when(
    phone: Phone, clock: "HandClock"
) -> None:
    asked = {"kind": "identity_card", "size": 1000, "sha256": "0" * 64}
    clock.now += timedelta(hours=1)
    for _ in range(MOST_OPEN):
        assert phone.post("/uploads", asked).status_code == 201
    clock.now += timedelta(hours=2)
    refused = phone.post("/uploads", asked)
    assert (refused.status_code, refused.json["code"]) == (429, "too_many_uploads")
    assert "明天" in refused.json["detail"]
    assert refused.headers["Retry-After"] == str(22 * 3600)
    clock.now += timedelta(hours=22)
    assert Phone(phone.client, "alice").post("/uploads", asked).status_code == 201


def test_what_was_deleted_since_counts_among_what_was_begun(phone: Phone) -> None:
    asked = {"kind": "identity_card", "size": 1000, "sha256": "0" * 64}
    version = consents.in_force(Purpose.MATERIALS).version
    for _ in range(7):
        for _ in range(MOST_OPEN - 1):
            last = phone.post("/uploads", asked)
        phone.send("DELETE", "/consents/materials")
        phone.send("PUT", "/consents/materials", {"version": version})
    assert (last.status_code, last.json["code"]) == (429, "too_many")


def test_the_same_announcement_again_is_the_same_upload(phone: Phone) -> None:
    asked = {"kind": "identity_card", "size": 1000, "sha256": "0" * 64}
    first = phone.post("/uploads", asked, key="announced-once")
    second = phone.post("/uploads", asked, key="announced-once")
    assert second.json == first.json


def test_the_list_says_what_the_document_states_and_what_it_does_not(phone: Phone) -> None:
    usual = phone.get("/measures/shishi-4a/materials").json["materials"]
    assert {need["kind"] for need in usual} >= {"dismissal_notice", "insurance_record"}
    assert not any(need["stated"] or need["quote"] for need in usual)
    assert all("文件没写" in need["note"] for need in usual)
    stated = phone.get("/measures/hebei-hengshui-2/materials").json["materials"]
    card = next(need for need in stated if need["kind"] == "stay_card")
    assert card["stated"] and "光荣卡" in card["quote"] and card["note"] == "文件里写了要这一样。"
    assert phone.get("/measures/nothing/materials").status_code == 404


def test_every_look_and_change_is_noted_without_anything_personal(
    phone: Phone, resources: "Resources"
) -> None:
    id = upload(phone, photo(), application=case(phone)).json["id"]
    phone.get(f"/materials/{id}")
    with resources.database.read() as session:
        noted = session.execute(
            select(col(AuditEntry.action), col(AuditEntry.fields))
            .where(col(AuditEntry.about) == "material", col(AuditEntry.row) == id)
            .order_by(col(AuditEntry.id))
        ).all()
    assert [tuple(each) for each in noted] == [
        ("created", "content"), ("changed", "content"), ("read", "content"),
    ]  # fmt: skip


def test_erasing_a_person_leaves_nothing_that_can_be_read(
    phone: Phone, resources: "Resources", clock: "HandClock"
) -> None:
    upload(phone, photo())
    erased = phone.send("DELETE", "/me")
    assert erased.status_code == 200, erased.json
    with resources.database.read() as session:
        for table in (Material, Upload, CaseMaterial):
            assert session.scalars(select(table)).all() == []
    assert len(list(resources.store.names())) == 1, "the sweep comes later"
    clock.now = datetime.now(clock.now.tzinfo) + timedelta(days=2)
    assert sweep(resources.database, resources.store, now=clock.now) == 1
    assert list(resources.store.names()) == []


def test_the_sweep_leaves_what_a_row_names_and_what_is_young(
    phone: Phone, resources: "Resources", clock: "HandClock"
) -> None:
    content = photo(size=(800, 600))
    half = begin(phone, content).json["id"]
    put(phone, half, 0, content[:20_000])
    kept = upload(phone, photo()).json["id"]
    resources.store.put("materials/" + "0" * 32, b"nobody's")
    today = datetime.now(clock.now.tzinfo)
    assert sweep(resources.database, resources.store, now=today) == 0
    assert sweep(resources.database, resources.store, now=today + timedelta(days=2)) == 1
    assert put(phone, half, 20_000, content[20_000:]).json["state"] == "kept"
    assert phone.get(f"/materials/{kept}").status_code == 200


def test_the_job_sweeps_the_store(
    phone: Phone,
    resources: "Resources",
    database_url: str,
    library: "Library",
    now: datetime,
    tmp_path: Path,
) -> None:
    with resources.database.begin() as session:
        # Else the job would first publish and index all that the program brings.
        releases.publish(session, small_editions(library), note="small", now=now)
    kept = upload(phone, photo()).json["id"]
    resources.store.put("materials/" + "0" * 32, b"nobody's")
    past = datetime.now(UTC).timestamp() - 3 * 86400
    for path in (tmp_path / "materials").rglob("*"):
        if path.is_file():
            os.utime(path, (past, past))
    done = subprocess.run(
        [sys.executable, "-c", "from server.cli import main; exit(main())", "jobs", "sweep"],
        env={"NUANGANG_DATA_DIR": str(tmp_path), "NUANGANG_DATABASE_URL": database_url},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "     1 objects deleted" in done.stdout
    assert [name for name, _ in resources.store.names()] == [f"materials/{kept}"]
