"""Funds: what is promised and paid never passes what was given, and the ledger knows every fen."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session, col

from knowledge.library import Library
from knowledge.regions import UnknownRegion
from server.casework import deciding, funds, near_duplicates, payments, reservations
from server.casework.advancing import CaseChanged, MoveRefused
from server.casework.cases import under_way
from server.casework.fund_tables import EntryKind, Fund, FundEntry, Reservation
from server.casework.funds import (
    MOST_FEN,
    BudgetChanged,
    FundNameTaken,
    FundRefused,
    FundShort,
    FundUnknown,
    Sums,
)
from server.casework.moves import Move, State
from server.casework.officers import NotAllowed, Role
from server.casework.reservations import (
    MOST_INSTALMENTS,
    FundMissing,
    GrantedBefore,
    InstalmentsOutOfRange,
    instalment_fen,
)
from server.casework.tables import Case
from server.database.db import Database, DatabaseBusy
from server.database.tables import AuditEntry, Purpose, SubjectKey
from server.personal import erasing
from server.records.audit import Actor
from tests import casework
from tests.funding import SUM, Office, said
from tests.overlapping import twice_at_once
from tests.verifying import size


def _reserve(office: Office, case_id: str, fund_id: int, database: Database | None = None) -> None:
    with office.database.read() as session:
        own = office.keys.safe_of(session.get_one(Case, case_id).worker_id)
    with (database or office.database).begin() as session:
        reservations.reserve(
            session,
            own,
            office.library.regions,
            session.get_one(Case, case_id),
            by=office.approver,
            fund_id=fund_id,
            now=office.now,
        )


def test_the_last_fen_is_given_and_no_fen_more(office: Office) -> None:
    fund = office.fund(2 * SUM - 1)
    first, second = office.recommended(), office.recommended()
    office.approve(first)
    with pytest.raises(FundShort) as short:
        office.approve(second)
    assert short.value.left_fen == SUM - 1
    # Refused as a whole: the case stands where it stood, with the recommendation.
    assert office.state(second) == State.IN_REVIEW
    assert office.sums(fund) == (2 * SUM - 1, SUM, 0)
    with office.database.begin() as session:
        funds.grant(
            session,
            office.safe,
            office.library.regions,
            fund.id or 0,
            1,
            by=office.administrator,
            now=office.now,
        )
    office.approve(second)
    assert office.sums(fund) == (2 * SUM, 2 * SUM, 0)


def test_a_fund_is_not_cut_below_what_it_promised(office: Office) -> None:
    fund = office.fund(SUM + 10)
    office.approved()
    for cut, fits in ((-11, False), (-10, True)):
        with office.database.begin() as session:
            try:
                funds.grant(
                    session,
                    office.safe,
                    office.library.regions,
                    fund.id or 0,
                    cut,
                    by=office.administrator,
                    now=office.now,
                )
            except FundShort:
                assert not fits
            else:
                assert fits
    assert office.sums(fund) == (SUM, SUM, 0)


def _grant(office: Office, fund: Fund, fen: int, before_fen: int | None = None) -> None:
    with office.database.begin() as session:
        funds.grant(
            session, office.safe, office.library.regions, fund.id or 0, fen,
            before_fen=before_fen, by=office.administrator, now=office.now,
        )  # fmt: skip


def test_what_was_paid_is_promised_to_nobody_else_and_not_taken_out(office: Office) -> None:
    fund = office.fund(2 * SUM - 1)
    office.approved()
    batch = office.released(fund)
    office.settle(batch, said(office.export(batch)))
    assert office.sums(fund) == (2 * SUM - 1, 0, SUM)
    with pytest.raises(FundShort):
        office.approve(office.recommended())
    with pytest.raises(FundShort), office.database.begin() as session:
        funds.promise(
            session, office.safe, fund.id or 0, SUM, issue_id="Q", by=office.approver,
            now=office.now,
        )  # fmt: skip
    with pytest.raises(FundShort):
        _grant(office, fund, -SUM)
    assert office.sums(fund) == (2 * SUM - 1, 0, SUM)


def test_a_grant_is_made_once_to_the_budget_that_was_looked_at(office: Office) -> None:
    fund, other = office.fund(100), office.fund(7, name="别处", where=["锦州"])
    _grant(office, fund, 50, before_fen=100)
    with pytest.raises(BudgetChanged) as changed:
        _grant(office, fund, 50, before_fen=100)
    assert changed.value.budget_fen == 150
    for fen in (0, MOST_FEN + 1, -MOST_FEN - 1):
        with pytest.raises(FundRefused):
            _grant(office, fund, fen)
    funds_of = (fund, [100, 50]), (other, [7])
    office.approved(1)
    with office.database.read() as session:
        for each, given in funds_of:
            entries = funds.grants_of(session, each.id or 0)
            assert [entry.amount_fen for entry in entries] == given


def test_every_change_of_a_fund_is_in_the_audit(office: Office) -> None:
    fund = office.fund(10 * SUM)
    case_id = office.approved()
    _grant(office, fund, 1)
    of_issue: dict[str, Any] = {"issue_id": "Q", "by": office.approver, "now": office.now}
    with office.database.begin() as session:
        case, by = session.get_one(Case, case_id), Actor.job("close")
        reservations.release_rest(session, office.safe, case, by=by, now=office.now)
        funds.promise(session, office.safe, fund.id or 0, 5, **of_issue)
        funds.give_back(session, office.safe, fund.id or 0, 5, **of_issue)
    told = (col(AuditEntry.action), col(AuditEntry.fields), col(AuditEntry.reason))
    asked = select(*told).where(col(AuditEntry.about) == "fund").order_by(col(AuditEntry.id))
    with office.database.read() as session:
        assert [tuple(row) for row in session.execute(asked)] == [
            ("created", "budget,measures,regions", ""),
            ("decided", "reserved", case_id),
            ("changed", "budget", ""),
            ("changed", "reserved", case_id),
            ("decided", "reserved", "Q"),
            ("changed", "reserved", "Q"),
        ]


@pytest.mark.parametrize(("fen", "instalments"), [(SUM, 0), (SUM, MOST_INSTALMENTS + 1), (2, 3)])
def test_a_sum_comes_in_so_many_instalments_as_it_can_be_parted_into(
    office: Office, fen: int, instalments: int
) -> None:
    fund = office.fund(SUM)
    with pytest.raises(InstalmentsOutOfRange):
        office.approve(office.recommended(fen), instalments=instalments)
    assert office.sums(fund) == (SUM, 0, 0)


def test_no_money_is_promised_without_a_fund_for_it(office: Office) -> None:
    office.fund(10_000_000, measures=["shishi-1b"])
    elsewhere = office.fund(10_000_000, name="别处", where=["锦州"])
    case_id = office.recommended()
    with pytest.raises(FundMissing) as missing:
        office.approve(case_id)
    assert missing.value.funds == ()
    with pytest.raises(FundMissing):
        office.approve(case_id, fund_id=elsewhere.id)
    first = office.fund(10_000_000, name="一")
    second = office.fund(10_000_000, name="二")
    with pytest.raises(FundMissing) as several:
        office.approve(case_id)
    assert several.value.funds == (first.id, second.id)
    office.approve(case_id, fund_id=second.id)
    assert office.sums(second) == (10_000_000, SUM, 0)


def test_a_place_that_is_gone_keeps_no_fund_from_paying_for_the_others(
    library: Library, now: datetime
) -> None:
    fund = Fund(
        name="一", purpose="", measures='["shishi-7"]', regions='["月球", "石狮"]', budget_fen=1,
        created_at=now,
    )  # fmt: skip
    for region, pays in (("石狮", True), ("锦州", False)):
        case = Case(measure="shishi-7", region=region)
        assert funds.pays_for(fund, case.measure, case.region, library.regions) is pays


def test_an_approval_without_a_sum_needs_no_fund(office: Office) -> None:
    case_id = office.approved(None)
    assert office.state(case_id) == State.APPROVED


def test_what_is_closed_unpaid_goes_back_to_the_fund(office: Office) -> None:
    fund = office.fund(1_000_000)
    case_id = office.approved()
    for given_back in (SUM, 0):
        with office.database.begin() as session:
            case = session.get_one(Case, case_id)
            rest = reservations.release_rest(
                session, office.safe, case, by=Actor.job("close"), now=office.now
            )
        assert rest == given_back
    assert office.sums(fund) == (1_000_000, 0, 0)


def test_what_two_give_back_at_once_goes_back_once(office: Office) -> None:
    fund = office.fund(10 * SUM)
    case_id, _ = office.approved(), office.approved()

    def give_back(session: Session) -> int:
        case, by = session.get_one(Case, case_id), Actor.job("close")
        return reservations.release_rest(session, office.safe, case, by=by, now=office.now)

    assert twice_at_once(office.database, give_back) == (SUM, 0)
    assert office.sums(fund) == (10 * SUM, SUM, 0)


def test_only_an_administrator_of_the_place_sets_up_a_fund(office: Office) -> None:
    def add(by: object, **other: object) -> None:
        with office.database.begin() as session:
            funds.add(
                session,
                office.safe,
                office.library.regions,
                purpose="",
                measures=[casework.MEASURE],
                by=by,  # type: ignore[arg-type]
                now=office.now,
                **{"name": "新", "where": ["石狮"], "budget_fen": 1, **other},  # type: ignore[arg-type]
            )

    with pytest.raises(NotAllowed):
        add(office.approver)
    with pytest.raises(NotAllowed):
        add(office.administrator, where=["石狮", "定州"])
    with pytest.raises(UnknownRegion):
        add(office.administrator, where=["月球"])
    for wrong in ({"where": []}, {"budget_fen": 0}, {"budget_fen": MOST_FEN + 1}):
        with pytest.raises(FundRefused):
            add(office.administrator, **wrong)
    add(office.administrator)
    with pytest.raises(FundNameTaken):
        add(office.administrator)


def test_the_database_itself_refuses_to_pass_the_budget(office: Office) -> None:
    fund = office.fund(100)
    for values in ({"reserved_fen": 101}, {"spent_fen": 101}, {"budget_fen": -1}):
        with pytest.raises(IntegrityError), office.database.begin() as session:
            session.execute(update(Fund).where(col(Fund.id) == fund.id).values(**values))
    with office.database.begin() as session:
        session.execute(update(Fund).where(col(Fund.id) == fund.id).values(reserved_fen=100))


def test_the_ledger_is_only_ever_added_to(office: Office) -> None:
    office.fund(100)
    for statement in ("UPDATE fund_entry SET amount_fen = 1", "DELETE FROM fund_entry"):
        with pytest.raises(DBAPIError), office.database.begin() as session:
            session.execute(text(statement))


def test_a_sum_that_the_ledger_does_not_know_shows(office: Office) -> None:
    fund = office.fund(100)
    with office.database.begin() as session:
        session.execute(update(Fund).where(col(Fund.id) == fund.id).values(spent_fen=7))
    with pytest.raises(AssertionError):
        office.sums(fund)


def test_sums_of_ten_billion_yuan_fit(office: Office) -> None:
    fund = office.fund(10**12 + 1)
    assert office.sums(fund)[0] == 10**12 + 1


def test_an_officer_sees_the_funds_of_their_regions(office: Office) -> None:
    fund = office.fund(100)
    with office.database.read() as session:
        regions = office.library.regions
        assert [each.id for each in funds.listed(session, office.cashier, regions)] == [fund.id]
    stranger = casework.officer(
        office.database,
        office.safe,
        office.library,
        Role.AUDITOR,
        where=("锦州",),
        now=office.now,
    )
    with office.database.read() as session:
        assert funds.listed(session, stranger, regions) == []
        assert funds.of_officer(session, fund.id or 0, office.cashier, regions).id == fund.id
        with pytest.raises(FundUnknown):
            funds.of_officer(session, fund.id or 0, stranger, regions)


@given(amount=st.integers(1, 10**9), parts=st.integers(1, 60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_instalments_come_to_the_sum(amount: int, parts: int) -> None:
    kept = Reservation(case_id="c", fund_id=1, amount_fen=amount, instalments=parts)
    each = [instalment_fen(kept, number) for number in range(1, parts + 1)]
    assert sum(each) == amount
    assert all(part >= 0 for part in each) and (amount < parts or min(each) > 0)


def _careless(session: Session, office: Office, case: Case, fund_id: int, seen: Sums) -> None:
    """The control: what was left is looked up first, and written later."""
    assert case.amount_fen is not None
    if seen.left_fen < case.amount_fen:
        raise FundShort(seen.left_fen)
    session.add(Reservation(case_id=case.id, fund_id=fund_id, amount_fen=case.amount_fen))
    session.add(
        FundEntry(
            fund_id=fund_id,
            kind=EntryKind.RESERVE,
            amount_fen=case.amount_fen,
            case_id=case.id,
            at=office.now,
        )
    )
    reserved = seen.reserved_fen + case.amount_fen
    session.execute(update(Fund).where(col(Fund.id) == fund_id).values(reserved_fen=reserved))


def _race(
    office: Office, cases: list[str], databases: list[Database], name: str, careful: bool
) -> tuple[int, Fund]:
    """All reach for a fund that has enough for one at once; how many got it."""
    fund = office.fund(2 * SUM - 1, name=name)
    assert fund.id is not None
    fund_id = fund.id
    line = threading.Barrier(len(cases))
    won: list[str] = []

    def reach(case_id: str, database: Database) -> None:
        with database.read() as session:
            seen = funds.sums(session, fund_id)
        line.wait()
        try:
            if careful:
                _reserve(office, case_id, fund_id, database)
            else:
                with database.begin() as session:
                    case = session.get_one(Case, case_id)
                    _careless(session, office, case, fund_id, seen)
        except FundShort:
            return
        won.append(case_id)

    _at_once([(reach, pair) for pair in zip(cases, databases, strict=True)])
    with office.database.begin() as session:
        session.execute(delete(Reservation))
    return len(won), fund


def _at_once(calls: list[tuple[Callable[..., None], tuple[object, ...]]]) -> None:
    failed: list[BaseException] = []

    def run(act: Callable[..., None], arguments: tuple[object, ...]) -> None:
        try:
            act(*arguments)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed, failed


@pytest.fixture
def databases(office: Office) -> Iterator[list[Database]]:
    """As many doors to the database as processes would have."""
    url = office.database.engine.url.render_as_string(hide_password=False)
    opened = [Database(url) for _ in range(3)]
    yield opened
    for database in opened:
        database.release()


@pytest.mark.fault
def test_one_wins_the_last_of_a_fund(
    office: Office, databases: list[Database], tell: Callable[[str, object, object], None]
) -> None:
    cases = [office.recommended() for _ in databases]
    rounds = size(10, 250)
    for number in range(rounds):
        won, fund = _race(office, cases, databases, f"基金{number}", True)
        assert won == 1
        assert office.sums(fund) == (2 * SUM - 1, SUM, 0)
    kind = "SQLite" if office.database.is_sqlite else "PostgreSQL"
    tell(f"{kind}: races for the last of a fund with one winner", rounds, rounds)


@pytest.mark.fault
def test_looking_first_and_writing_later_promises_too_much(
    office: Office, databases: list[Database]
) -> None:
    cases = [office.recommended() for _ in databases]
    won, fund = _race(office, cases, databases, "基金", False)
    assert won > 1
    with pytest.raises(AssertionError):
        office.sums(fund)


def _by_uniting(office: Office, one: int, other: int) -> None:
    with office.database.begin() as session:
        near_duplicates.unite(session, one, other)
        for table in (Case, SubjectKey):
            theirs = col(table.worker_id) == other
            session.execute(update(table).where(theirs).values(worker_id=one))


def _by_other_data(office: Office, _: int, other: int) -> None:
    """The number that the case was submitted with stands in no profile any more."""
    own = office.keys.safe_of(other)
    with office.database.begin() as session:
        erasing.withdraw(session, own, worker_id=other, purpose=Purpose.IDENTITY, now=office.now)
        near_duplicates.recompute(session, other, now=office.now)


def _nothing(_: Office, __: int, ___: int) -> None:
    """Two sign-ins, and nobody ever compared their numbers."""


@pytest.mark.parametrize("trick", [_nothing, _by_uniting, _by_other_data])
def test_one_person_is_promised_the_same_once_under_whatever_name(
    office: Office, trick: Callable[[Office, int, int], None]
) -> None:
    fund = office.fund(10**9)
    cases = [office.recommended(who=casework.person(7)) for _ in range(2)]
    with office.database.read() as session:
        one, other = (session.get_one(Case, each).worker_id for each in cases)
    trick(office, one, other)
    office.approve(cases[0])
    with pytest.raises(GrantedBefore):
        office.approve(cases[1])
    assert office.sums(fund) == (10**9, SUM, 0)


@pytest.mark.parametrize("other", [{"period": "2027"}, {"measure": "shishi-1b"}])
def test_of_another_measure_or_period_one_person_is_promised_the_same_sum(
    office: Office, other: dict[str, str]
) -> None:
    fund = office.fund(10**9, measures=[casework.MEASURE, "shishi-1b"])
    first, second = (office.recommended(who=casework.person(7)) for _ in range(2))
    with office.database.begin() as session:
        case = session.get_one(Case, second)
        for name, value in other.items():
            setattr(case, name, value)
    for each in (first, second):
        office.approve(each)
    assert office.sums(fund) == (10**9, 2 * SUM, 0)


def test_who_was_paid_and_erased_is_not_promised_it_anew(office: Office) -> None:
    fund = office.fund(10**9)
    case_id = office.recommended(who=casework.person(7))
    office.approve(case_id)
    batch = office.released(fund)
    office.settle(batch, said(office.export(batch)))
    with office.database.begin() as session:
        worker = session.get_one(Case, case_id).worker_id
        by = Actor.worker(worker)
        erasing.erase(session, office.safe, worker_id=worker, by=by, now=office.now)
    with pytest.raises(GrantedBefore):
        office.approve(office.recommended(who=casework.person(7)))
    assert office.sums(fund) == (10**9, 0, SUM)


def test_who_gives_up_a_grant_gives_it_back_to_the_fund_and_can_be_erased(office: Office) -> None:
    fund = office.fund(10**9)
    case_id = office.recommended(who=casework.person(7))
    office.approve(case_id)
    with office.database.read() as session:
        worker = session.get_one(Case, case_id).worker_id
    own, by = office.keys.safe_of(worker), Actor.worker(worker)
    erase = partial(erasing.erase, worker_id=worker, by=by, blockers=[under_way], now=office.now)
    with office.database.begin() as session, pytest.raises(erasing.StillUnderWay):
        erase(session, office.safe)
    with office.database.begin() as session:
        case = session.get_one(Case, case_id)
        deciding.withdraw(
            session, own, office.post, case, worker_id=worker, version=case.version, now=office.now
        )
    assert (office.state(case_id), office.sums(fund)) == (State.WITHDRAWN, (10**9, 0, 0))
    with office.database.begin() as session:
        erase(session, office.safe)
    # Nobody has got anything: it can be promised again.
    office.approve(office.recommended(who=casework.person(7)))
    assert office.sums(fund) == (10**9, SUM, 0)


def test_what_was_paid_in_part_is_not_taken_back(office: Office) -> None:
    fund = office.fund(10**9)
    case_id = office.approved(instalments=2)
    for instalment, told in ((1, None), (2, {case_id: "销户"})):
        batch = office.released(fund, instalment=instalment)
        office.settle(batch, said(office.export(batch), told))
    with office.database.begin() as session:
        case = session.get_one(Case, case_id)
        own = office.keys.safe_of(case.worker_id)
        with pytest.raises(MoveRefused):
            deciding.withdraw(
                session, own, office.post, case, worker_id=case.worker_id, version=case.version,
                now=office.now,
            )  # fmt: skip
    assert office.sums(fund) == (10**9, SUM - SUM // 2, SUM // 2)


def test_who_is_paid_in_instalments_may_give_up_the_rest_and_be_erased(office: Office) -> None:
    fund = office.fund(10**9)
    case_id = office.recommended(who=casework.person(7))
    office.approve(case_id, instalments=3)
    with office.database.read() as session:
        worker = session.get_one(Case, case_id).worker_id
    own, by = office.keys.safe_of(worker), Actor.worker(worker)

    def give_up() -> None:
        with office.database.begin() as session:
            case = session.get_one(Case, case_id)
            assert (Move.GIVE_UP in payments.moves_of_worker(session, case)) is is_offered
            payments.give_up(
                session, own, office.post, case, worker_id=worker, version=case.version,
                now=office.now,
            )  # fmt: skip

    is_offered = False
    with pytest.raises(MoveRefused):
        give_up()
    batch = office.released(fund)
    lines = office.export(batch)
    with pytest.raises(MoveRefused):
        give_up()
    office.settle(batch, said(lines))
    batch = office.released(fund, instalment=2)
    with pytest.raises(MoveRefused):
        give_up()
    office.settle(batch, said(office.export(batch), {case_id: "销户"}))
    is_offered = True
    give_up()
    assert (office.state(case_id), office.sums(fund)) == (State.PAID, (10**9, 0, SUM // 3))
    assert office.collect(fund, instalment=2).batch is None
    # Who has got a part of it is not promised it anew.
    with pytest.raises(GrantedBefore):
        office.approve(office.recommended(who=casework.person(7)))
    with office.database.begin() as session:
        erasing.erase(
            session, office.safe, worker_id=worker, by=by, blockers=[under_way], now=office.now
        )


@pytest.mark.fault
def test_two_who_approve_one_case_reserve_once(office: Office, databases: list[Database]) -> None:
    fund = office.fund(10**9)
    rounds = size(3, 100)
    for _ in range(rounds):
        case_id = office.recommended()
        with office.database.read() as session:
            case = session.get_one(Case, case_id)
        desk = casework.desk(
            office.approver, office.post, office.keys.safe_of(case.worker_id), office.now
        )
        line = threading.Barrier(2)
        won: list[int] = []

        def approve(
            database: Database,
            case: Case = case,
            desk: deciding.Desk = desk,
            line: threading.Barrier = line,
            won: list[int] = won,
        ) -> None:
            line.wait()
            try:
                with database.begin() as session:
                    found = session.get_one(Case, case.id)
                    deciding.approve(session, desk, found, version=case.version)
                    won.append(1)
            except (CaseChanged, MoveRefused, DatabaseBusy):
                return

        _at_once([(approve, (database,)) for database in databases[:2]])
        assert won == [1]
    assert office.sums(fund) == (10**9, rounds * SUM, 0)
