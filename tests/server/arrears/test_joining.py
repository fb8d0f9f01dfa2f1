"""Workers report one employer together: each a part of their own, nobody sees another's."""

import re
import threading
from datetime import timedelta

import pytest

from server.arrears import codes, handling, joining
from server.arrears.codes import ALPHABET, JoinCodeOver, JoinCodeWrong
from server.arrears.figures import Figures
from server.arrears.joining import (
    AlreadyJoined,
    CountedAlready,
    NotOpenToWorkers,
    OnlyStarter,
    PartChanged,
    Share,
    TooManyParts,
)
from server.arrears.moving import JointReportUnknown, ReportMoveRefused
from server.arrears.tables import JointPart, JointReport, ReportState
from server.casework import materials
from server.casework.materials import MaterialInUse
from server.casework.tables import Material
from server.confidential.sealing import Safe
from server.database.tables import Worker
from server.personal import erasing
from server.personal.erasing import StillUnderWay
from server.personal.profiles import ProfileMissing
from server.records.audit import Actor
from tests import casework
from tests.server.arrears.conftest import BUILDER, OWED, Site


def test_a_report_is_started_with_ones_own_part_and_a_code(site: Site) -> None:
    worker = site.worker()
    report = site.started(worker)
    assert report.state == ReportState.GATHERING
    assert report.unit == "市总工会"
    assert re.fullmatch(f"[{ALPHABET}]{{8}}", site.code(report))
    mine = site.seen(report, worker)
    assert (mine.people, mine.part.amount_fen, mine.total_fen) == (1, OWED, None)
    # Nothing is counted before it is handed in.
    assert site.told_in_all() == Figures()


def test_nobody_sees_anothers_sum_and_the_total_only_handed_in_and_from_three_on(
    site: Site,
) -> None:
    first, second, third = (site.worker() for _ in range(3))
    report = site.started(first, 100)
    site.join(report, second, 200)
    assert site.seen(report, second).total_fen is None
    site.join(report, third, 300)
    # What it grows by when somebody joins is what they are owed.
    assert (site.seen(report, second).people, site.seen(report, second).total_fen) == (3, None)
    site.hand_in(report)
    mine = site.seen(report, second)
    assert (mine.people, mine.total_fen, mine.part.amount_fen) == (3, 600, 200)
    site.act(handling.ask_back, report, "请补考勤。")
    assert site.seen(report, second).total_fen is None
    with pytest.raises(JointReportUnknown):
        site.seen(report, site.worker())


def test_a_code_is_read_as_people_type_it_and_a_wrong_one_opens_nothing(site: Site) -> None:
    report = site.started()
    code = site.code(report)
    site.join(report, code=f" {code[:4].upper()} {code[4:]}")
    wrong = code[:-1] + next(letter for letter in ALPHABET if letter != code[-1])
    for guess in (wrong, "", report.id, code + code):
        with pytest.raises(JoinCodeWrong):
            site.join(report, code=guess or "-")


def test_codes_of_many_reports_differ_and_cannot_be_counted_through(safe: Safe) -> None:
    made = [JointReport(id=f"W{n}", code_version=1) for n in range(2000)]
    found = {codes.code_of(safe, report) for report in made}
    assert len(found) == 2000
    # Each letter stands in each place: nothing of the number shows through.
    assert all(len({code[place] for code in found}) == len(ALPHABET) for place in range(8))


def test_a_code_is_closed_renewed_and_over(site: Site) -> None:
    starter = site.worker()
    report = site.started(starter)
    old = site.code(report)
    own = site.keys.safe_of(starter)

    def change(worker: int, open_: bool) -> None:
        with site.database.begin() as session:
            joining.change_code(
                session, own, site.safe, report.id, worker_id=worker, open_=open_, now=site.now
            )

    change(starter, open_=False)
    with pytest.raises(JoinCodeWrong):
        site.join(report, code=old)
    with pytest.raises(JoinCodeWrong):
        site.join(report)
    change(starter, open_=True)
    with pytest.raises(JoinCodeWrong):
        site.join(report, code=old)
    other = site.worker()
    site.join(report, other)
    with pytest.raises(OnlyStarter):
        change(other, open_=False)
    month = int(codes.GOOD_FOR.total_seconds() // 60)
    with pytest.raises(JoinCodeOver):
        site.join(report, minutes=month)
    # The control: a minute earlier.
    site.join(report, minutes=month - 1)


def test_a_person_counts_once_also_under_another_name_in_wechat(site: Site) -> None:
    who = casework.person(77)
    first = site.worker(who)
    report = site.started(first)
    with pytest.raises(AlreadyJoined) as raised:
        site.join(report, first)
    assert raised.value.report_id == report.id
    with pytest.raises(CountedAlready):
        site.join(report, site.worker(who))
    # The control: somebody else, and the same person in another report.
    site.join(report, site.worker(casework.person(78)))
    site.started(site.worker(who), employer="另一家厂")


def test_who_did_not_say_who_they_are_joins_nothing(site: Site) -> None:
    report = site.started()
    with site.database.begin() as session:
        stranger = Worker(created_at=site.now)
        session.add(stranger)
        session.flush()
        assert stranger.id is not None
    with pytest.raises(Exception) as raised:
        site.join(report, stranger.id)
    assert isinstance(raised.value, ProfileMissing | joining.consents.ConsentMissing)
    assert len(site.parts(report)) == 1


def test_a_part_is_corrected_and_withdrawn_until_it_is_handed_in(site: Site) -> None:
    starter, other = site.worker(), site.worker()
    report = site.started(starter, 100)
    site.join(report, other, 200)
    own = site.keys.safe_of(other)

    def correct(version: int) -> None:
        with site.database.begin() as session:
            joining.change(
                session, own, report.id, Share(250), worker_id=other, version=version, now=site.now
            )

    correct(1)
    with pytest.raises(PartChanged):
        correct(1)
    assert site.seen(report, other).part.amount_fen == 250
    site.hand_in(report)
    for late in (
        lambda: correct(2),
        lambda: site.withdraw(report, other),
        lambda: site.join(report),
    ):
        with pytest.raises(NotOpenToWorkers):
            late()
    assert site.figures(report) == Figures(1, 2, 350, 0)


def test_where_the_starter_withdraws_the_next_one_hands_in(site: Site) -> None:
    starter, second = site.worker(), site.worker()
    report = site.started(starter)
    site.join(report, second, minutes=1)
    site.join(report, minutes=2)
    with pytest.raises(OnlyStarter):
        site.hand_in(report, by=second)
    site.withdraw(report, starter)
    site.hand_in(report, by=second)
    assert site.figures(report).people == 2
    alone = site.started(starter)
    site.withdraw(alone, starter)
    assert site.state(alone) == ReportState.DROPPED
    with pytest.raises(JointReportUnknown):
        site.hand_in(alone, by=starter)


def test_one_starts_only_so_many(site: Site) -> None:
    worker = site.worker()
    for number in range(joining.MOST_OPEN):
        site.started(worker, employer=f"厂{number}")
    with pytest.raises(TooManyParts):
        site.started(worker, employer="又一家")


def test_fifty_at_once_are_all_in_it_and_the_sum_is_exact(site: Site) -> None:
    report = site.started(amount_fen=1)
    code = site.code(report)
    workers = site.crowd(50)
    failed: list[BaseException] = []

    def one(place: int, worker: int) -> None:
        try:
            site.join(report, worker, 10**place % 999_983 + 1, code=code)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=one, args=each) for each in enumerate(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    site.hand_in(report)
    owed = 1 + sum(10**place % 999_983 + 1 for place in range(50))
    assert site.figures(report) == Figures(1, 51, owed, 0)
    assert site.told_in_all() == Figures(1, 51, owed, 0)


def test_who_joins_while_it_is_handed_in_is_in_it_or_is_told(site: Site) -> None:
    report = site.started(amount_fen=1_00)
    code = site.code(report)
    workers = site.crowd(12)
    taken: list[int] = []
    late: list[int] = []
    begin = threading.Barrier(len(workers) + 1)

    def one(worker: int) -> None:
        begin.wait()
        try:
            site.join(report, worker, 1_00, code=code)
            taken.append(worker)
        except NotOpenToWorkers:
            late.append(worker)

    threads = [threading.Thread(target=one, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    begin.wait()
    site.hand_in(report)
    for thread in threads:
        thread.join()
    assert len(taken) + len(late) == 12
    people = 1 + len(taken)
    # What was told when it was handed in is what is there.
    assert site.figures(report) == Figures(1, people, people * 1_00, 0)


def test_a_proof_stays_once_it_is_handed_in(site: Site) -> None:
    worker = site.worker()
    own = site.keys.safe_of(worker)
    by = Actor.worker(worker)
    ids = ("a" * 32, "b" * 32)
    with site.database.begin() as session:
        for id in ids:
            session.add(
                Material(
                    id=id, worker_id=worker, kind="wage_arrears_proof", media_type="image/jpeg",
                    size=1, width=1, height=1, pages=None, added_at=site.now,
                )
            )  # fmt: skip
    with site.database.begin() as session:
        report = joining.start(
            session, own, site.safe, site.library, BUILDER, Share(1, ids),
            worker_id=worker, now=site.now,
        )  # fmt: skip

    def remove(id: str) -> None:
        with site.database.begin() as session:
            material = materials.mine(session, id, worker)
            materials.remove(session, own, material, by=by, holders=[joining.let_go], now=site.now)

    remove(ids[0])
    assert site.seen(report, worker).materials == [ids[1]]
    site.hand_in(report)
    with pytest.raises(MaterialInUse) as raised:
        remove(ids[1])
    assert raised.value.case_id == report.id


def test_who_is_forgotten_leaves_only_the_sum(site: Site) -> None:
    worker = site.worker()
    report = site.started(worker, 700)
    site.join(report, amount_fen=300)

    def erase() -> None:
        with site.database.begin() as session:
            erasing.erase(
                session, site.safe, worker_id=worker, by=Actor.worker(worker),
                blockers=[joining.under_way], now=site.now,
            )  # fmt: skip

    # What can still be withdrawn is to be withdrawn: the others must not count on it.
    with pytest.raises(StillUnderWay) as raised:
        erase()
    assert raised.value.cases == (report.id,)
    site.hand_in(report)
    erase()
    with site.database.read() as session:
        part = joining.find_part(session, report.id, worker)
        assert part is not None
        assert (part.sealed_person, part.identity_hash, part.amount_fen) == (None, None, 700)
    assert site.figures(report) == Figures(1, 2, 1000, 0)


def test_what_nobody_hands_in_is_dropped_with_all_that_was_said(site: Site) -> None:
    report = site.started()
    site.join(report)
    kept = site.handed_in()

    def lapse(days: int) -> int:
        with site.database.begin() as session:
            return handling.lapse(session, site.safe, now=site.now + timedelta(days=days))

    assert lapse(59) == 0
    assert lapse(61) == 1
    assert (site.state(report), site.parts(report)) == (ReportState.DROPPED, [])
    assert len(site.parts(kept)) == 1
    with pytest.raises(ReportMoveRefused):
        site.hand_in(report, by=site.clerk)


def test_a_sealed_person_is_nobodys_to_read_but_their_own(site: Site) -> None:
    worker = site.worker()
    report = site.started(worker)
    with site.database.read() as session:
        part = session.get_one(JointPart, site.parts(report)[0].id)
    assert part.sealed_person is not None and "王小明" not in part.sealed_person
    opened = site.keys.safe_of(worker).unseal(part.sealed_person, joining.person_purpose(part.id))
    assert "王小明" in opened
    with pytest.raises(Exception, match="sealed_person"):
        site.keys.safe_of(site.worker()).unseal(part.sealed_person, joining.person_purpose(part.id))
