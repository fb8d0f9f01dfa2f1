"""What officers do with joint reports: legal moves only, exact to the fen, each one told."""

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from server.arrears import codes, figures, handling, joining, merging, telling
from server.arrears.figures import Figures
from server.arrears.handling import Desk, NotExported, OutcomeUnfit, RecoveredTooMuch, Wanted
from server.arrears.joining import LessThanGot, NotOpenToWorkers, OnlyStarter, Share
from server.arrears.merging import NotAlike
from server.arrears.moves import COUNTED, MOVES, allowed
from server.arrears.moving import JointReportChanged, JointReportUnknown, ReportMoveRefused, locked
from server.arrears.tables import (
    JointPart,
    JointReport,
    Outcome,
    ReportMove,
    ReportState,
)
from server.casework.officers import NotAllowed, Role
from server.database.tables import AuditEntry
from server.personal import erasing
from server.records.audit import Actor
from tests import casework
from tests.server.arrears.conftest import Site


def test_every_state_is_reached_and_every_move_ends_somewhere() -> None:
    made = {to for makes in MOVES.values() for to in makes.values()}
    assert made | {ReportState.GATHERING} == set(ReportState)
    assert {*MOVES, ReportMove.START} == set(ReportMove)
    for ended in (ReportState.SETTLED, ReportState.MERGED, ReportState.DROPPED):
        assert allowed(ended) == frozenset()


def test_a_report_goes_its_way_and_each_is_told_their_own_sum(site: Site) -> None:
    report = site.handed_in(100, 200, 300)
    assert site.figures(report) == Figures(1, 3, 600, 0)
    site.act(handling.take, report)
    with pytest.raises(NotExported):
        site.act(handling.send, report)
    site.act(handling.exported, report, site.parts(report), digest="0" * 64)
    site.act(handling.send, report)
    first, second, third = site.parts(report)
    with pytest.raises(RecoveredTooMuch):
        site.act(handling.recover, report, {first.id: 101})
    with pytest.raises(JointReportUnknown):
        site.act(handling.recover, report, {"somebody": 1})
    with pytest.raises(OutcomeUnfit):
        site.act(handling.settle, report, Outcome.PART, "只追回一部分。")
    _, changed = site.act(handling.recover, report, {first.id: 100, second.id: 50, third.id: 0})
    assert [part.recovered_fen for part in changed] == [100, 50]
    assert site.figures(report) == Figures(1, 3, 600, 150)
    with pytest.raises(OutcomeUnfit):
        site.act(handling.settle, report, Outcome.REFUSED, "证据不够。")
    site.act(handling.settle, report, Outcome.FULL, "都拿到了。")
    assert site.figures(report) == Figures(1, 3, 600, 600)
    with pytest.raises(ReportMoveRefused):
        site.act(handling.tell, report, "还有一句。")
    assert [event.move for event in site.events(report)] == [
        "start", "hand_in", "take", "export", "send", "recover", "settle",
    ]  # fmt: skip


def test_who_is_asked_back_can_change_and_hand_in_again(site: Site) -> None:
    report = site.handed_in(100, 200)
    site.act(handling.take, report)
    site.act(handling.ask_back, report, "请补考勤。")
    assert site.state(report) == ReportState.ASKED_BACK
    # It stays counted meanwhile; what comes in is told when it is handed in again.
    site.join(report, amount_fen=50)
    assert site.told_in_all() == Figures(1, 2, 300, 0)
    site.hand_in(report)
    assert site.figures(report) == Figures(1, 3, 350, 0)
    assert site.told_in_all() == Figures(1, 3, 350, 0)


def test_an_officer_of_the_region_and_nobody_else_acts(site: Site) -> None:
    report = site.started()
    one = lambda *roles, where: casework.officer(  # noqa: E731
        site.database, site.safe, site.library, *roles, where=where, now=site.now
    )
    elsewhere = one(Role.CASE_OFFICER, where=("锦州",))
    auditor = one(Role.AUDITOR, where=("石狮",))
    with pytest.raises(NotAllowed):
        site.hand_in(report, by=auditor)
    site.hand_in(report, by=site.clerk)
    with pytest.raises(JointReportUnknown):
        site.act(handling.take, report, by=elsewhere)
    with pytest.raises(NotAllowed):
        site.act(handling.take, report, by=auditor)
    with site.database.read() as session:
        regions = site.library.regions
        assert handling.counted(session, elsewhere, regions, Wanted()) == 0
        assert handling.counted(session, auditor, regions, Wanted()) == 1


def test_two_officers_at_once_undo_nothing_of_each_other(site: Site) -> None:
    report = site.handed_in()
    site.act(handling.take, report)
    site.act(handling.tell, report, "问过单位了。")
    with pytest.raises(JointReportChanged):
        site.act(handling.ask_back, report, "请补考勤。", version=3)
    # That the file was made changes nothing for whoever reads the page from before.
    site.act(handling.exported, report, site.parts(report), digest="0" * 64)
    site.act(handling.send, report, version=4)


def test_deadlines_are_working_days(site: Site) -> None:
    # 2026-03-01 is a Sunday.
    report = site.handed_in()
    assert site.events(report)[-1].due_on == date(2026, 3, 6)
    site.sent(report)
    assert site.events(report)[-1].due_on == date(2026, 3, 13)
    with site.database.read() as session:
        for day, late in ((date(2026, 3, 13), 0), (date(2026, 3, 14), 1)):
            wanted = Wanted(overdue_on=day)
            assert handling.counted(session, site.clerk, site.library.regions, wanted) == late


def test_who_looks_alike_is_shown_and_merged_without_counting_anybody_twice(site: Site) -> None:
    both = casework.person(500)
    kept = site.started(site.worker(both), 100)
    site.join(kept, amount_fen=200)
    site.hand_in(kept)
    gone = site.started(employer="宏达建筑", amount_fen=300)
    site.join(gone, site.worker(both), 150, minutes=5)
    site.hand_in(gone)
    other = site.handed_in(employer="某某鞋业有限公司")
    with site.database.read() as session:
        desk = Desk(session, site.safe, site.library.regions, site.clerk, site.now)
        found = [each.report.id for each in merging.alike(session, kept, desk)]
    assert found == [gone.id]
    before = site.told_in_all()
    site.act(merging.merge, gone, kept.id)
    # Of who was in both the part that was changed last stays.
    assert site.figures(kept) == Figures(1, 3, 200 + 300 + 150, 0)
    assert site.told_in_all() == before - Figures(1, 1, 100, 0)
    assert site.state(gone) == ReportState.MERGED
    mover = site.parts(kept)[-1].worker_id
    assert site.seen(gone, mover).report.id == kept.id
    with pytest.raises(NotAlike):
        site.act(merging.merge, kept, kept.id)
    with pytest.raises(ReportMoveRefused):
        site.act(merging.merge, gone, other.id)
    with pytest.raises(ReportMoveRefused):
        site.act(merging.merge, other, gone.id)


def test_a_week_is_told_from_its_events_and_stays_as_it_was(site: Site) -> None:
    report = site.handed_in(100, 250)
    site.sent(report)
    (line,) = site.week()
    assert (line.region, line.week, line.so_far) == ("石狮", Figures(1, 2, 350), Figures(1, 2, 350))
    first_week, site.now = site.now, site.now + timedelta(days=14)
    (part, _) = site.parts(report)
    site.act(handling.recover, report, {part.id: 80})
    site.handed_in(1)
    (later,) = site.week()
    assert later.week == Figures(1, 1, 1, 80)
    assert later.so_far == Figures(2, 3, 351, 80)
    # By its end nothing was late; two weeks later it was, until something was said.
    assert site.week(first_week) == [line]
    assert later.overdue == 0


def test_notices_go_to_each_with_their_own_sum(site: Site) -> None:
    report = site.handed_in(100_00, 200_00)
    site.sent(report)
    post = casework.post(site.safe, site.library)
    first, second = site.parts(report)
    with site.database.begin() as session:
        desk = Desk(session, site.safe, site.library.regions, site.clerk, site.now)
        _, changed = handling.recover(
            desk, report.id, {first.id: 12_34, second.id: 56_78}, version=5
        )
        kept = session.get_one(JointReport, report.id)
        telling.tell(session, post, kept, changed, ReportMove.RECOVER, now=site.now)
    with site.database.read() as session:
        told = _sums(session, site)
    assert told == {first.worker_id: "12.34元", second.worker_id: "56.78元"}


def test_the_control_a_part_that_is_added_past_the_lock_is_missing_from_the_figures(
    site: Site,
) -> None:
    """What the lock is for: whoever looks first and writes later is not in what was told."""
    report, other = site.started(amount_fen=100), site.worker()
    with site.database.read() as session:
        seen = session.get_one(JointReport, report.id)
        assert seen.state in joining.OPEN_TO_WORKERS
    site.hand_in(report)
    with site.database.begin() as session:
        session.add(
            JointPart(
                id="x" * 16, report_id=report.id, worker_id=other, amount_fen=900,
                joined_at=site.now, changed_at=site.now,
            )
        )  # fmt: skip
    with site.database.read() as session:
        there = figures.of_report(session, report.id)
        assert there - figures.told(session, report.id) == Figures(0, 1, 900, 0)
    # The same over the front door.
    with pytest.raises(NotOpenToWorkers):
        site.join(report)
    with site.database.begin() as session:
        assert locked(session, report.id).state in COUNTED


def _sums(session: Session, site: Site) -> dict[int, str]:
    import json

    from sqlmodel import select

    from server.database.tables import Notice

    found = {}
    for notice in session.exec(select(Notice).where(Notice.kind == "arrears")).all():
        assert notice.sealed is not None and notice.worker_id is not None
        content = json.loads(site.safe.unseal(notice.sealed, f"notice.sealed:{notice.id}"))
        found[notice.worker_id] = content["data"]["amount3"]["value"]
    return found


def test_a_file_from_before_others_were_merged_in_is_not_sent(site: Site) -> None:
    kept = site.handed_in(100, 200)
    site.act(handling.take, kept)
    site.act(handling.exported, kept, site.parts(kept), digest="0" * 64)
    site.act(merging.merge, site.handed_in(300), kept.id)
    with pytest.raises(NotExported):
        site.act(handling.send, kept)
    # The control: one that has everybody.
    site.act(handling.exported, kept, site.parts(kept), digest="1" * 64)
    site.act(handling.send, kept)


def test_who_corrected_their_number_in_between_counts_once_too(site: Site) -> None:
    worker = site.worker()
    kept = site.started(worker, 100)
    site.hand_in(kept)
    with site.database.begin() as session:
        session.execute(
            update(JointPart).where(col(JointPart.worker_id) == worker).values(identity_hash="old")
        )
    gone = site.started(amount_fen=300)
    site.join(gone, worker, 150, minutes=5)
    site.hand_in(gone)
    site.act(merging.merge, gone, kept.id)
    assert site.figures(kept) == Figures(1, 2, 300 + 150, 0)
    assert sum(part.worker_id == worker for part in site.parts(kept)) == 1


def test_a_part_that_is_removed_as_ones_second_is_noted_with_whose_it_was(site: Site) -> None:
    both = casework.person(500)
    first = site.worker(both)
    kept = site.started(first, 100)
    site.hand_in(kept)
    gone = site.started(amount_fen=300)
    site.join(gone, site.worker(both), 150, minutes=5)
    site.hand_in(gone)
    (older,) = site.parts(kept)
    site.act(merging.merge, gone, kept.id)
    with site.database.read() as session:
        noted = session.exec(
            select(AuditEntry).where(AuditEntry.about == "joint_part", AuditEntry.row == older.id)
        ).all()
    assert [each.worker_id for each in noted if each.action == "deleted"] == [first]


def test_nobody_is_owed_less_than_they_have_got(site: Site) -> None:
    report = site.handed_in(100)
    (part,) = site.parts(report)
    site.act(handling.take, report)
    site.act(handling.recover, report, {part.id: 60})
    site.act(handling.ask_back, report, "请补考勤。")
    own = site.keys.safe_of(part.worker_id)

    def owed(amount_fen: int) -> None:
        with site.database.begin() as session:
            joining.change(
                session, own, report.id, Share(amount_fen), worker_id=part.worker_id, version=1,
                now=site.now,
            )  # fmt: skip

    with pytest.raises(LessThanGot):
        owed(59)
    owed(60)
    site.hand_in(report)
    assert site.figures(report) == Figures(1, 1, 60, 60)


def test_what_is_handed_in_at_the_last_moment_is_not_dropped(site: Site) -> None:
    report, forgotten = site.started(), site.started()
    site.now += 2 * codes.GOOD_FOR + timedelta(seconds=1)
    dropped: list[int] = []

    def lapse() -> None:
        with site.database.begin() as session:
            dropped.append(handling.lapse(session, site.safe, now=site.now))

    with site.database.begin() as session:
        handling.hand_in(
            session, site.safe, report.id, by=report.starter_id, regions=site.library.regions,
            now=site.now,
        )  # fmt: skip
        job = threading.Thread(target=lapse)
        job.start()
        job.join(0.5)
    job.join()
    assert dropped == [1]
    assert site.state(report) == ReportState.HANDED_IN and site.parts(report) != []
    assert site.state(forgotten) == ReportState.DROPPED


def test_who_is_asked_back_has_somebody_who_can_hand_in_again(site: Site) -> None:
    # The starter was in it under two accounts, and the part of this one goes with the merge.
    both = casework.person(500)
    kept = site.started(site.worker(both), 100)
    other = site.join(kept, minutes=1).worker_id
    site.hand_in(kept)
    gone = site.started(amount_fen=300)
    site.join(gone, site.worker(both), 150, minutes=5)
    site.act(merging.merge, site.hand_in(gone), kept.id)
    site.act(handling.ask_back, kept, "请补考勤。")
    first = gone.starter_id
    assert site.parts(kept)[0].worker_id == first
    with pytest.raises(OnlyStarter):
        site.hand_in(kept, by=other)
    site.hand_in(kept, by=first)
    # Then this one is erased.
    with site.database.begin() as session:
        erasing.erase(session, site.safe, worker_id=first, by=Actor.worker(first), now=site.now)
    site.act(handling.ask_back, kept, "请再补一张。")
    site.hand_in(kept, by=other)
    assert site.figures(kept).people == 3
