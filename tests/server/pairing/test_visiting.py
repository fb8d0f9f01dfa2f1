"""Visits say when the next is due; what was given and who is late is told by unit and by week."""

import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from PIL import Image

from server.casework.recoding import Refused
from server.casework.weekly_reports import Week
from server.material_store import Folder
from server.pairing import counting, filing, filing_files, keeping, searching, visiting
from server.pairing.counting import PairingLine
from server.pairing.filing import UnitYear
from server.pairing.keeping import PairingChanged
from server.pairing.searching import Wanted
from server.pairing.tables import Ending, Pairing, Rank, Visit
from server.pairing.visiting import Report, VisitDayImpossible
from server.personal import erasing
from tests.server.pairing.conftest import Pairs
from tests.server.register.test_claiming import claim, owner

WEEK = Week(date(2026, 3, 6))


def overdue(pairs: Pairs) -> list[str]:
    with pairs.ledger.database.read() as session:
        wanted = Wanted({"石狮"}, due_before=pairs.today)
        assert searching.counted(session, {"石狮"}, pairs.today)["overdue"] == len(
            searching.listed(session, wanted)[0]
        )
        return [pairing.id for pairing in searching.listed(session, wanted)[0]]


def test_the_next_visit_is_due_after_the_last_one_and_a_mistake_is_taken_back(
    pairs: Pairs,
) -> None:
    pairing = pairs.accepted(pairs.helper(), pairs.person(), every_days=30)
    begun = pairs.today
    with pytest.raises(VisitDayImpossible):
        pairs.visited(pairing, days=1)
    with pytest.raises(VisitDayImpossible):
        pairs.visited(pairing, days=-1)
    pairs = pairs.later(days=30)
    assert overdue(pairs) == []
    pairs = pairs.later(days=1)
    assert overdue(pairs) == [pairing.id]
    visit = pairs.visited(pairing, given_fen=200_05)
    assert (visit.was_due_on, overdue(pairs)) == (begun + timedelta(days=30), [])
    assert pairs.at(pairing).due_on == pairs.today + timedelta(days=30)
    # Noted later, of an earlier day: the next one stays where it is.
    early = pairs.visited(pairing, days=20)
    assert pairs.at(pairing).due_on == pairs.today + timedelta(days=30)
    book = pairs.ledger
    own = book.keys.safe_of(pairing.worker_id)
    for id in (visit.id, early.id):
        with book.database.begin() as session:
            row = session.get_one(Pairing, pairing.id)
            regions = book.library.regions
            visiting.strike(session, own, regions, row, id, by=book.clerk, now=book.now)
    assert overdue(pairs) == [pairing.id]
    with book.database.begin() as session, pytest.raises(PairingChanged):
        row = session.get_one(Pairing, pairing.id)
        visiting.strike(session, own, regions, row, id, by=book.clerk, now=book.now)
    pairs.ended(pairing, Ending.IMPROVED, book.clerk)
    assert overdue(pairs) == []
    with pytest.raises(PairingChanged):
        pairs.visited(pairing)


def test_a_photo_is_kept_sealed_with_a_key_of_its_own(pairs: Pairs, tmp_path: Path) -> None:
    store = Folder(tmp_path / "store")
    pairing = pairs.accepted(pairs.helper(), pairs.person())
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (200, 30, 30)).save(out, "JPEG")
    photo = visiting.keep_photo(store, out.getvalue())
    visit = pairs.visited(pairing, photos=[photo])
    own = pairs.ledger.keys.safe_of(pairing.worker_id)
    with pairs.ledger.database.read() as session:
        (seen,) = visiting.of_pairings(session, {pairing.id: own}, [pairing.id])[pairing.id]
        assert (seen.visit.id, seen.words, seen.given) == (visit.id, "家里都好", "米和油")
        row = visiting.photo_of(session, session.get_one(Pairing, pairing.id), seen.photos[0].id)
        shown = visiting.photo_content(store, own, row)
        name = visiting.object_name(photo.id)
        assert visiting.named(session, [name, "visits/other", "materials/x"]) == {name}
    assert Image.open(io.BytesIO(shown)).size == (640, 480)
    assert shown not in store.get(name)
    with pytest.raises(Refused):
        visiting.keep_photo(store, b"%PDF-1.4 not a photo")


def test_what_a_visit_saw_and_said_is_forgotten_three_years_later_what_is_counted_stays(
    pairs: Pairs, tmp_path: Path
) -> None:
    out = io.BytesIO()
    Image.new("RGB", (640, 480)).save(out, "JPEG")
    reasons = [{"why": "place", "steps": 0}]
    pairing = pairs.accepted(pairs.helper(), pairs.person(), reasons=reasons)
    photo = visiting.keep_photo(Folder(tmp_path / "store"), out.getvalue())
    pairs.visited(pairing, given_fen=5, photos=[photo])
    pairs.ended(pairing, Ending.IMPROVED, pairs.ledger.clerk, words="找到工作了")

    def forgotten(days: int) -> list[int]:
        later = pairs.ledger.now + timedelta(days=days)
        names = {"visit_photo", "pairing_visit", "pairing"}
        these = [each for each in erasing.with_an_end() if each.table in names]
        with pairs.ledger.database.begin() as session:
            return [erasing.forget_over(session, holding, now=later) for holding in these]

    assert forgotten(1096) == [0, 0, 0]
    assert forgotten(1097) == [1, 1, 1]
    assert forgotten(1097) == [0, 0, 0]
    left = pairs.at(pairing)
    assert (left.sealed_reasons, left.sealed_words, left.ending) == (None, None, "improved")
    name = visiting.object_name(photo.id)
    with pairs.ledger.database.read() as session:
        (seen,) = visiting.of_pairings(session, {}, [pairing.id])[pairing.id]
        assert (seen.visit.sealed, seen.visit.given_fen, seen.photos) == (None, 5, ())
        # What no row names is swept out of the store.
        assert visiting.named(session, [name]) == set()


def test_a_unit_is_assessed_by_what_was_due_done_late_and_given(pairs: Pairs) -> None:
    # From 1 March 2026, a visit every 30 days.
    helper = pairs.helper(capacity=3)
    pairs.helper(name="没结对的", unit="市财政局")
    first = pairs.accepted(helper, pairs.person(1), every_days=30)
    second = pairs.accepted(helper, pairs.person(2), every_days=30)
    at_30, at_65, at_100 = (pairs.later(days=days) for days in (30, 65, 100))
    at_30.visited(first, given_fen=100_00)
    at_65.visited(first, given_fen=1)
    at_65.ended(second, Ending.IMPROVED, pairs.ledger.clerk)

    def told(at: Pairs, year: int = 2026) -> list[UnitYear]:
        with at.ledger.database.read() as session:
            return filing.assessed(session, {"石狮"}, year, today=at.today)

    found = told(at_100)
    assert found == [
        UnitYear(
            "市总工会", helpers=1, must=1, standing=1, accepted=2, ended=1, due=3 + 2, visits=2,
            late=1, overdue=1, given_fen=100_01,
        ),
        UnitYear("市财政局", helpers=1, must=1, owing=1),
    ]  # fmt: skip
    assert [line.overdue for line in told(at_65)] == [0, 0]
    assert told(at_100, 2027) == told(at_100, 2025) == []
    next_year = {line.unit: line for line in told(at_100.later(days=365), 2027)}
    # 1 March 2026 and 465 days: 15 intervals, of which 10 passed in 2026.
    assert (next_year["市总工会"].due, next_year["市总工会"].accepted) == (5, 0)

    book = load_workbook(io.BytesIO(filing_files.assessment(2026, found, at_100.ledger.now)))
    sheet = book["2026年"]
    assert [cell.value for cell in sheet[2]] == [
        "市总工会", "1", "1", "0", "1", "2", "1", "5", "2", "1", "1", "100.01",
    ]  # fmt: skip
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}


def test_the_filing_list_names_both_and_runs_nothing(pairs: Pairs) -> None:
    book = pairs.ledger
    leading = pairs.helper(name="=HYPERLINK(1)", unit="+市委办")
    section = pairs.helper(name="科长", rank=Rank.SECTION)
    pairs.helper(name="没结对的", unit="市财政局")
    entry = pairs.person(1)
    pairs.accepted(leading, entry)
    pairs.proposed(section, pairs.person(2))
    pairs.accepted(section, pairs.person(3))
    with book.database.begin() as session:
        more = {"by": book.clerk, "now": book.now}
        filed = filing.filed(session, book.safe, book.keys, {"石狮"}, **more)  # type: ignore[arg-type]
        owing = filing.owing(session, book.safe, {"石狮"}, **more)  # type: ignore[arg-type]
    assert [(line.rank, line.since) for line in filed] == [
        (Rank.COUNTY, pairs.today),
        (Rank.SECTION, pairs.today),
    ]
    counted = "SELECT count(*) FROM audit_entry WHERE about = 'pairing' AND action = 'unmasked'"
    assert tuple(book.database.fetch(counted) or ()) == (2,)
    content = filing_files.filing_list(filed, owing, str, book.now)
    assert content == filing_files.filing_list(filed, owing, str, book.now)
    book_ = load_workbook(io.BytesIO(content))
    said = book.said(entry.id)
    assert said is not None
    assert [cell.value for cell in book_["副县级以上"][2]][:4] == [
        "+市委办", "=HYPERLINK(1)", "副县（处）级以上", said.name,
    ]  # fmt: skip
    cells = [cell for sheet in book_ for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [row[1].value for row in book_["必须结对还没有结对"].iter_rows(min_row=2)] == [
        "没结对的"
    ]


def test_a_past_week_stays_what_it_was(pairs: Pairs) -> None:
    helper = pairs.helper(capacity=3)
    pairing = pairs.accepted(helper, pairs.person(1), every_days=7)
    pairs.proposed(helper, pairs.person(2))
    visit = pairs.visited(pairing, given_fen=50_00)

    def lines(at: Pairs, week: Week = WEEK, where: str = "石狮") -> list[PairingLine]:
        with at.ledger.database.read() as session:
            return counting.lines(session, week, {where}, today=at.today)

    told = [
        PairingLine("石狮", "cadre", proposed=2, accepted=1, visits=1, given_fen=50_00, standing=1)
    ]
    assert lines(pairs) == told
    assert lines(pairs, Week(date(2026, 2, 27))) == lines(pairs, where="锦州") == []
    later = pairs.later(days=10)
    with later.ledger.database.begin() as session:
        row = session.get_one(Pairing, pairing.id)
        own = later.ledger.keys.safe_of(row.worker_id)
        visiting.strike(
            session, own, later.ledger.library.regions, row, visit.id, by=later.ledger.clerk,
            now=later.ledger.now,
        )  # fmt: skip
    later.ended(pairing, Ending.WANTS_NONE)
    assert lines(later) == told
    (after,) = lines(later.later(days=5), Week(date(2026, 3, 13)))
    assert (after.ended, after.standing, after.visits) == (1, 0, 0)
    with later.ledger.database.read() as session:
        assert session.get_one(Visit, visit.id).struck_at == later.ledger.now


def test_a_page_from_before_seals_nothing_with_a_key_that_is_gone(pairs: Pairs) -> None:
    book = pairs.ledger
    pairing = pairs.accepted(pairs.helper(), pairs.person(1))
    before, worker = book.keys.safe_of(pairing.worker_id), owner(book)
    assert claim(book, worker)
    with book.database.begin() as session, pytest.raises(PairingChanged):
        visiting.note(
            session, before, book.library.regions, session.get_one(Pairing, pairing.id),
            Report(pairs.today, "家里都好"), by=book.clerk, version=pairing.version, now=book.now,
        )  # fmt: skip
    with book.database.begin() as session, pytest.raises(PairingChanged):
        keeping.end(
            session, before, book.library.regions, session.get_one(Pairing, pairing.id),
            Ending.IMPROVED, words="收入稳了", by=book.clerk, version=pairing.version, now=book.now,
        )  # fmt: skip
    now_there = pairs.at(pairing)
    assert now_there.worker_id == worker
    pairs.visited(now_there)
