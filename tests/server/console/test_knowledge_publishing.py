"""What a publisher is told of a proposal; and taking a release back: no way around the second
person, and known who did it."""

import io
from typing import TYPE_CHECKING

from sqlalchemy import update
from sqlmodel import col

from knowledge import archives
from knowledge.faults import Code, Fault
from server.casework.officers import Role
from server.editing import publishing
from server.editing.reports import PersonaResult, QuestionResult, Report
from server.editing.tables import Proposal
from server.published import releases
from tests.server.console.conftest import Staff, text_of
from tests.server.console.editing import edited
from tests.small import small_editions

if TYPE_CHECKING:
    from knowledge.library import Library


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
    # One press only shows what would be otherwise.
    asked = desk.post(path, back)
    assert asked.status_code == 200 and "发布吗？马上就用。" in text_of(asked.text)
    with known.database.read() as session:
        assert releases.current_id(session) == before
    assert desk.post(path, {**back, "confirmed": "yes"}).status_code == 303
    noted = "SELECT actor_id, row FROM audit_entry WHERE about = 'current_release'"
    assert known.database.fetch(noted) == (str(desk.officer.id), things["another_release"])
    # And forward again: what was pressed by mistake is put right.
    listed = desk.get("/knowledge/publishing/").text
    assert f'name="release" value="{before}"' in listed
    assert f'name="release" value="{waits}"' not in listed, "it never was in force"
    forward = {"release": str(before), "current": things["another_release"], "confirmed": "yes"}
    assert desk.post(path, forward).status_code == 303
    with known.database.read() as session:
        assert releases.current_id(session) == before


def test_a_draft_is_thrown_away_only_once_that_was_meant(staff: Staff) -> None:
    known, things = staff.resources, edited(staff)
    desk = staff.desk(Role.EDITOR)
    path, version = f"/knowledge/discard/measure/{things['edited']}", things["draft_version"]
    assert "找不回来" in desk.post(path, {"version": version}).text
    counted = "SELECT count(*) FROM knowledge_draft WHERE key = :key"
    assert known.database.fetch(counted, key=things["edited"]) == (1,)
    gone = desk.post(path, {"version": version, "confirmed": "yes"})
    assert gone.status_code == 303
    assert known.database.fetch(counted, key=things["edited"]) == (0,)


def test_who_tries_the_bot_is_told_that_drafts_do_not_count(staff: Staff) -> None:
    desk = staff.desk(Role.EDITOR)
    assert "草稿还没有算进去" not in desk.get("/knowledge/trying/").text
    edited(staff)
    assert "草稿还没有算进去" in desk.get("/knowledge/trying/").text


def test_why_something_is_not_published_is_told_to_who_wrote_it(staff: Staff) -> None:
    things = edited(staff)
    path = f"/knowledge/publishing/{things['proposal']}"
    desk = staff.desk(Role.PUBLISHER)
    assert 'id="refuse-reason"' in desk.get(path).text
    desk.post(f"{path}/refuse", {"reason": "金额和原文不一样"})
    assert "金额和原文不一样" in staff.desk(Role.EDITOR).get(path).text


def test_what_is_answered_worse_is_told_in_words(staff: Staff) -> None:
    known, things = staff.resources, edited(staff)
    missing = Fault(
        Code.OTHER_VERDICT, {"part": "outcome", "found": "eligible", "wanted": "ineligible"}
    )
    person = PersonaResult(id="p", measure="shishi-4a", before=None, after=missing)
    wrong = [
        Fault(Code.OTHER_KIND, {"answered": "decline"}),
        Fault(Code.OTHER_MEASURES, {"measures": ("liwan-2", "liwan-3")}),
        Fault(Code.NOT_SAID, {"words": "失业登记"}),
    ]
    worse = [
        QuestionResult(id=str(n), turns=("怎么领",), before=None, after=fault, reply="没有写。")
        for n, fault in enumerate(wrong)
    ]
    report = Report(asked=9, checked=9, worse=tuple(worse), persons_worse=(person,))
    with known.database.begin() as session:
        session.connection().execute(
            update(Proposal)
            .where(col(Proposal.id) == int(things["proposal"]))
            .values(report=report.model_dump_json())
        )
    told = staff.desk(Role.PUBLISHER).get(f"/knowledge/publishing/{things['proposal']}").text
    for words in (
        "说没有写", "用了别的政策：liwan-2、liwan-3", "没有说到“失业登记”",
        "结果：够条件，应当是不够",
    ):  # fmt: skip
        assert f"<td>对</td><td>{words}</td>" in told, words


def test_what_is_wrong_with_files_is_told_in_words_with_file_and_line(
    staff: Staff, library: "Library"
) -> None:
    wrong = {
        ("measure", "shishi-4a"): {"summary": "每月领9876元。"},
        ("sentences", "all"): {"detail_names": {"detail": "这个细节"}},
    }
    desk = staff.desk(Role.EDITOR)

    def told(*pieces: tuple[str, str]) -> str:
        editions = [
            (kind, key, {**held, **(wrong[kind, key] if (kind, key) in pieces else {})})
            for kind, key, held in small_editions(library)
        ]
        zipped = (io.BytesIO(archives.pack(editions)), "knowledge.zip")
        reply = desk.post("/knowledge/publishing/import", {"note": "试", "file": zipped})
        assert reply.status_code == 422
        return reply.text

    dishonest = told(("measure", "shishi-4a"))
    assert "<td>measures/石狮.yaml</td>" in dishonest
    assert "<td>shishi-4a·一句话说明：数字“9876元”条款里没有：每月领9876元。</td>" in dishonest
    unfit = told(("sentences", "all"))
    assert "<td>sentences.yaml</td>" in unfit and "“多少钱”还没有叫法。" in unfit
    no_zip = {"note": "试", "file": (io.BytesIO(b"x"), "knowledge.zip")}
    assert "zip文件坏了，打不开。" in desk.post("/knowledge/publishing/import", no_zip).text


def test_what_is_typed_and_cannot_be_read_is_told_with_its_line(staff: Staff) -> None:
    desk = staff.desk(Role.EDITOR)
    for text, words in (
        ("a: 1\na: 2", "第2行：“a”写了两次。"),
        ("a: &x [1]\nb: *x", "第1行：不能用 * 引用别处，请把内容写全。"),
        ("a: 1\nb: c: d", "第2行：这里的写法不对"),
        ("a: 2021-13-45", "第1行：这里读不出来，请看看是不是日期或者数字写错了。"),
    ):
        typed = desk.post("/knowledge/pieces/topic/x", {"text": text, "version": "0"})
        assert typed.status_code == 422 and words in typed.text, (words, typed.text)


def test_a_place_that_is_to_come_is_kept_by_who_works_where_it_lies(staff: Staff) -> None:
    place = "id: 石狮新区\nlabel: 石狮新区\nlevel: zone\nparent: 石狮\n"
    elsewhere = staff.desk(Role.EDITOR, where=("锦州",))
    path, typed = "/knowledge/pieces/region/石狮新区", {"text": place, "version": "0"}
    assert elsewhere.post(path, typed).status_code == 403
    here = staff.desk(Role.EDITOR)
    assert here.post(path, typed).status_code == 303
    # And a measure for it, once there is its draft.
    path, typed = "/knowledge/pieces/measure/new", {"text": "region: 石狮新区\n", "version": "0"}
    assert elsewhere.post(path, typed).status_code == 403
    assert here.post(path, typed).status_code == 303
