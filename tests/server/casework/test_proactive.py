"""Cases without an application: made once for whom a register names, and for nobody who said no."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from server import uniting
from server.casework import (
    cases,
    deciding,
    near_duplicates,
    opting_out,
    payments,
    proactive,
    verifying,
)
from server.casework.matched_rosters import MatchedRoster, MatchedRosterRefused, read_matched_roster
from server.casework.moves import Move, State
from server.casework.officers import NotAllowed, Role
from server.casework.payments import NotPayable
from server.casework.proactive import Fate, Run, Told
from server.casework.tables import Case, NearDuplicate, Origin
from server.clock import china_day
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.tables import AuditEntry, Profile, Purpose, Worker
from server.personal import consents, erasing, exporting, people, profiles
from server.personal.holdings import holdings
from server.personal.persons import Person
from server.records.audit import Actor
from tests import casework, citizens
from tests.casework import CLOSED, MEASURE
from tests.funding import Office, payments_of

HEADER = "line,id,measure,outcome,open,missing\n"


class Files:
    """An outcome and a roster, as they lie in a folder."""

    def __init__(self, folder: Path) -> None:
        self.outcome, self.roster = folder / "outcome.csv", folder / "roster.csv"

    def write(self, people: Sequence[Person], *more: str, measure: str = MEASURE) -> MatchedRoster:
        """Everybody eligible for a measure that is open; `more` are further lines."""
        lines = [f"{n},A{n},{measure},eligible,true,\n" for n in range(2, len(people) + 2)]
        self.outcome.write_text(HEADER + "".join([*lines, *more]), encoding="utf-8")
        rows = ["编号,姓名,身份证号,手机号,银行卡号,困难类别\n"]
        rows += [
            f"A{n},{who.name},{who.identity_number},{who.phone},{who.bank_card or ''},低保\n"
            for n, who in enumerate(people, start=2)
        ]
        self.roster.write_text("".join(rows), encoding="utf-8-sig")
        return read_matched_roster(self.outcome, self.roster)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def _run(office: Office, roster: MatchedRoster, **other: object) -> Run:
    values = {
        "library": office.library,
        "release_id": office.release_id,
        "roster": roster,
        "officer": office.author,
        "safe": office.safe,
        "today": china_day(office.now),
        **other,
    }
    return Run(**values)  # type: ignore[arg-type]


def _propose(office: Office, roster: MatchedRoster) -> list[Told]:
    run = _run(office, roster)
    counted = proactive.counted(proactive.dry_run(office.database, office.keys, run))
    told = list(proactive.propose(office.database, office.keys, run, clock=lambda: office.now))
    # What the dry run said is what happens.
    assert proactive.counted(told) == counted
    return told


def _fates(told: Sequence[Told]) -> list[Fate]:
    return [each.fate for each in told]


def _count(office: Office, table: type) -> int:
    with office.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_dry_run_counts_and_changes_nothing(office: Office, files: Files) -> None:
    roster = files.write([citizens.person(n) for n in range(3)])
    before = [_count(office, table) for table in (Case, Worker, AuditEntry)]
    told = proactive.dry_run(office.database, office.keys, _run(office, roster))
    assert proactive.counted(told) == {MEASURE: {Fate.PROPOSED: 3}}
    assert [_count(office, table) for table in (Case, Worker, AuditEntry)] == before


def test_cases_are_marked_and_frozen_with_where_they_come_from(
    office: Office, files: Files
) -> None:
    roster = files.write([citizens.person(1)])
    (told,) = _propose(office, roster)
    assert told.case_id is not None
    with office.database.read() as session:
        case = session.get_one(Case, told.case_id)
        own = office.keys.safe_of(case.worker_id)
        frozen = cases.frozen(case, own)
        (event,) = cases.history(session, case, own)
    assert (case.origin, case.state) == (Origin.ROSTER, State.SUBMITTED)
    assert event.event.move == Move.PROPOSE and event.event.actor == "job"
    assert frozen.person is not None
    assert frozen.person["identity_number"] == citizens.person(1).identity_number


def test_which_line_a_case_rests_on_is_not_lost_when_an_officer_notes_what_they_saw(
    office: Office, files: Files
) -> None:
    run = _run(office, files.write([citizens.person(1)]))
    (told,) = proactive.propose(office.database, office.keys, run, clock=lambda: office.now)
    rests_on = {"run": run.digest, "line": 2, "id": "A2", "outcome": "eligible"}
    with office.database.begin() as session:
        case = session.get_one(Case, told.case_id)
        own = office.keys.safe_of(case.worker_id)
        assert cases.frozen(case, own).register == rests_on
        desk = casework.desk(office.author, office.post, own, office.now)
        case = deciding.take(session, desk, case, version=case.version)
        verifying.note_seen(session, desk, case, set(), {"unemployment_registered": True})
        held = cases.frozen(case, own)
        theirs = exporting.collect(
            session, office.safe, own, None, worker_id=case.worker_id, now=office.now
        )
    assert (held.facts, held.register) == ({"unemployment_registered": True}, rests_on)
    said = f"批次：{run.digest}；第几行：2；编号：A2；比对的结论：符合条件"
    assert said in exporting.page(theirs, office.library)


def test_a_district_makes_cases_of_its_own_of_what_the_city_grants(
    office: Office, files: Files
) -> None:
    district, measure = "石家庄鹿泉区", "hebei-sjz-union-1"
    clerk = casework.officer(
        office.database, office.safe, office.library, Role.CASE_OFFICER, where=(district,),
        now=office.now,
    )  # fmt: skip
    roster = files.write([citizens.person(1)], measure=measure)
    at = {"officer": clerk, "today": date(2021, 2, 1)}
    with pytest.raises(NotAllowed):
        proactive.dry_run(office.database, office.keys, _run(office, roster, **at))
    run = _run(office, roster, region=district, **at)
    assert run.digest != _run(office, roster, **at).digest
    (told,) = proactive.propose(office.database, office.keys, run, clock=lambda: office.now)
    assert told.fate is Fate.PROPOSED
    with office.database.read() as session:
        (found,) = cases.listed(session, clerk, office.library.regions)
        assert (found.id, found.region) == (told.case_id, district)


def test_again_nothing_changes(office: Office, files: Files) -> None:
    roster = files.write([citizens.person(n) for n in range(3)])
    _propose(office, roster)
    before = [_count(office, table) for table in (Case, Worker)]
    assert _fates(_propose(office, roster)) == [Fate.HAS_CASE] * 3
    assert [_count(office, table) for table in (Case, Worker)] == before


def test_an_office_that_gives_its_own_telephone_for_all_does_not_pair_each_with_each(
    office: Office, files: Files
) -> None:
    phone = citizens.person(0).phone
    everybody = [citizens.person(n).model_copy(update={"phone": phone}) for n in range(8)]
    card = {"bank_card": everybody[6].bank_card}
    everybody[7] = everybody[7].model_copy(update=card)
    _propose(office, files.write(everybody))
    with office.database.read() as session:
        shared = session.scalars(
            select(col(NearDuplicate.shared)).order_by(col(NearDuplicate.worker_id))
        ).all()
    # Five may well be a family; a card is a card.
    assert shared == ["phone"] * 10 + ["bank_card,phone"]
    # Of those who signed in each is looked at as ever, but not together with a whole firm.
    signed_in = []
    for n in (8, 9):
        who = citizens.person(n).model_copy(update={"phone": phone})
        signed_in.append(
            casework.worker(office.database, office.safe, office.keys, now=office.now, who=who)
        )
        with office.database.begin() as session:
            near_duplicates.recompute(session, signed_in[-1], now=office.now)
    with office.database.read() as session:
        (pair,) = near_duplicates.pairs_of(session, signed_in[1])
    assert (pair.worker_id, pair.shared) == (signed_in[0], "phone")


def test_a_run_that_broke_off_goes_on(office: Office, files: Files) -> None:
    roster = files.write([citizens.person(n) for n in range(4)])
    going = proactive.propose(
        office.database, office.keys, _run(office, roster), clock=lambda: office.now
    )
    next(going), next(going)
    going.close()
    # Known to the register, but killed before the case was made.
    with office.database.begin() as session:
        number = citizens.person(2).identity_number
        people.recognise(session, office.safe, issuer="register", subject=number, now=office.now)
    assert _fates(_propose(office, roster)) == [Fate.HAS_CASE] * 2 + [Fate.PROPOSED] * 2
    assert (_count(office, Case), _count(office, Worker)) == (4, 4)


def test_somebody_who_signed_in_gets_the_case_and_no_second_self(
    office: Office, files: Files
) -> None:
    who = citizens.person(1)
    worker = _signed_in(office, who, who.phone)
    (told,) = _propose(office, files.write([who]))
    with office.database.read() as session:
        assert session.get_one(Case, told.case_id).worker_id == worker
    assert _count(office, Worker) == 1


def _signed_in(office: Office, who: Person, verified: str | None) -> int:
    """Somebody who says who they are, with the telephone that WeChat vouches for, if any."""
    worker = casework.worker(office.database, office.safe, office.keys, now=office.now, who=who)
    with office.database.begin() as session:
        if verified is not None:
            people.verify_phone(
                session, office.safe, worker_id=worker, phone=verified, now=office.now
            )
        uniting.claim(
            session, office.safe, worker_id=worker, making_post=lambda: office.post, now=office.now
        )
        near_duplicates.recompute(session, worker, now=office.now)
    return worker


def test_who_proves_later_to_be_the_person_of_a_roster_gets_their_case_and_is_paid(
    office: Office, files: Files
) -> None:
    fund = office.fund(1_000_00)
    who = citizens.person(1)
    roster = files.write([who.model_copy(update={"bank_card": None})])
    (told,) = _propose(office, roster)
    assert told.case_id is not None
    office.recommend(told.case_id, 500_00)
    office.approve(told.case_id)
    assert office.collect(fund).left_out == {told.case_id: NotPayable.NO_CARD}
    worker = _signed_in(office, who, who.phone)
    own = office.keys.safe_of(worker)
    with office.database.read() as session:
        (case,) = cases.all_of_worker(session, worker)
        assert case.id == told.case_id and near_duplicates.pairs_of(session, worker) == []
        frozen = cases.frozen(case, own).person
        assert frozen is not None and frozen["identity_number"] == who.identity_number
        assert all(each.event.move for each in cases.history(session, case, own))
    assert (_count(office, Worker), _count(office, Profile)) == (1, 1)
    assert office.collect(fund).batch is not None
    assert _fates(_propose(office, roster)) == [Fate.HAS_CASE]
    # The number leads to nobody any more once it proves to have been wrong.
    other = citizens.person(2).model_copy(update={"phone": who.phone})
    with office.database.begin() as session:
        profiles.save(
            session, own, worker_id=worker, person=other, version=1, by=Actor.worker(worker),
            now=office.now,
        )  # fmt: skip
    (told,) = _propose(office, roster)
    assert told.fate is Fate.PROPOSED
    with office.database.read() as session:
        assert session.get_one(Case, told.case_id).worker_id != worker


@pytest.mark.parametrize(
    ("says", "verified"),
    [
        ({}, None),
        ({}, citizens.person(2).phone),
        ({"name": "赵钱孙"}, citizens.person(1).phone),
        ({"identity_number": citizens.person(2).identity_number}, citizens.person(1).phone),
    ],
)
def test_who_only_says_to_be_the_person_of_a_roster_gets_nothing_of_theirs(
    office: Office, files: Files, says: dict[str, str], verified: str | None
) -> None:
    who = citizens.person(1)
    _propose(office, files.write([who]))
    worker = _signed_in(office, who.model_copy(update=says), verified)
    with office.database.read() as session:
        assert cases.all_of_worker(session, worker) == []
    assert _count(office, Worker) == 2


@pytest.mark.parametrize("verified", [None, "13900009999"])
def test_who_typed_the_name_and_number_of_another_is_given_nothing_of_theirs(
    office: Office, files: Files, verified: str | None
) -> None:
    who = citizens.person(1)
    worker = _signed_in(office, who, verified)
    roster = files.write([who])
    assert _fates(_propose(office, roster)) == [Fate.UNPROVEN]
    assert _count(office, Case) == 0
    # The control: WeChat vouches for the telephone of the roster.
    with office.database.begin() as session:
        people.verify_phone(session, office.safe, worker_id=worker, phone=who.phone, now=office.now)
    assert _fates(_propose(office, roster)) == [Fate.PROPOSED]


def test_who_applied_already_gets_no_second_case(office: Office, files: Files) -> None:
    who = citizens.person(1)
    office.recommended(who=who)
    assert _fates(_propose(office, files.write([who]))) == [Fate.HAS_CASE]


def test_every_line_that_is_no_case_is_told_why(office: Office, files: Files) -> None:
    casework.worker(
        office.database, office.safe, office.keys, now=office.now, who=citizens.person(5)
    )
    wrong = citizens.person(6).model_copy(update={"identity_number": "110101199001011234"})
    renamed = citizens.person(5).model_copy(update={"name": "赵钱孙"})
    roster = files.write(
        [citizens.person(1), wrong, renamed],
        f"9,A2,{MEASURE},ineligible,true,\n",
        f"10,A2,{MEASURE},undetermined,true,insured\n",
        f"11,A2,{MEASURE},eligible,false,\n",
        f"12,A2,{MEASURE},eligible,true,\n",
        f"13,B9,{MEASURE},eligible,true,\n",
        f"14,,{MEASURE},eligible,true,\n",
        "15,A2,nowhere-1,eligible,true,\n",
    )
    assert _fates(_propose(office, roster)) == [
        Fate.PROPOSED,
        Fate.UNREADABLE,
        Fate.OTHER_NAME,
        Fate.NOT_ELIGIBLE,
        Fate.NOT_ELIGIBLE,
        Fate.NOT_ELIGIBLE,
        Fate.TWICE,
        Fate.NOBODY,
        Fate.NOBODY,
        Fate.NOT_FOR_APPLICANTS,
    ]


def test_a_number_that_stands_twice_in_the_roster_is_nobody(office: Office, files: Files) -> None:
    files.write([citizens.person(1), citizens.person(2)])
    text = files.roster.read_text("utf-8-sig").replace("A3,", "A2,")
    files.roster.write_text(text, encoding="utf-8-sig")
    assert _fates(_propose(office, read_matched_roster(files.outcome, files.roster))) == [
        Fate.NOBODY,
        Fate.NOBODY,
    ]


def test_two_who_signed_in_with_one_number_are_for_an_officer(office: Office, files: Files) -> None:
    who = citizens.person(1)
    for _ in range(2):
        _signed_in(office, who, who.phone)
    assert _fates(_propose(office, files.write([who]))) == [Fate.SEVERAL]


def test_a_closed_measure_proposes_nobody(office: Office, files: Files) -> None:
    clerk = casework.officer(
        office.database,
        office.safe,
        office.library,
        Role.CASE_OFFICER,
        where=(office.library.measures[CLOSED].region,),
        now=office.now,
    )
    roster = files.write([citizens.person(1)], measure=CLOSED)
    run = _run(office, roster, officer=clerk)
    assert _fates(proactive.dry_run(office.database, office.keys, run)) == [Fate.CLOSED]


def test_only_an_officer_of_the_place_proposes(office: Office, files: Files) -> None:
    roster = files.write([citizens.person(1)])
    for officer in (office.administrator, office.approver):
        with pytest.raises(NotAllowed):
            proactive.dry_run(office.database, office.keys, _run(office, roster, officer=officer))


def test_whoever_opted_out_is_left_alone_until_they_take_it_back(
    office: Office, files: Files
) -> None:
    who = citizens.person(1)
    worker = _signed_in(office, who, who.phone)
    own = office.keys.safe_of(worker)
    roster = files.write([who])
    for measure, fate in (("shishi-1a", Fate.PROPOSED), (MEASURE, Fate.OPTED_OUT)):
        with office.database.begin() as session:
            opting_out.opt_out(session, own, worker_id=worker, measure=measure, now=office.now)
        run = _run(office, roster)
        assert _fates(proactive.dry_run(office.database, office.keys, run)) == [fate]
    with office.database.begin() as session:
        opting_out.opt_out(session, own, worker_id=worker, now=office.now)
        opting_out.opt_in(session, own, worker_id=worker, measure=MEASURE, now=office.now)
    assert _fates(_propose(office, roster)) == [Fate.OPTED_OUT]
    with office.database.begin() as session:
        opting_out.opt_in(session, own, worker_id=worker, now=office.now)
    assert _fates(_propose(office, roster)) == [Fate.PROPOSED]


def test_who_opted_out_and_corrects_their_number_is_out_all_the_same(
    office: Office, files: Files
) -> None:
    wrong, right = citizens.person(1), citizens.person(2)
    worker = _signed_in(office, wrong, right.phone)
    own = office.keys.safe_of(worker)
    with office.database.begin() as session:
        opting_out.opt_out(session, own, worker_id=worker, now=office.now)
        profiles.save(
            session, own, worker_id=worker, person=right, version=1, by=Actor.worker(worker),
            now=office.now,
        )  # fmt: skip
    roster = files.write([right])
    assert _fates(_propose(office, roster)) == [Fate.OPTED_OUT]
    with office.database.begin() as session:
        opting_out.opt_in(session, own, worker_id=worker, now=office.now)
        assert opting_out.of_worker(session, worker) == []
    assert _fates(_propose(office, roster)) == [Fate.PROPOSED]


def test_an_opt_out_holds_after_everything_else_is_erased(office: Office, files: Files) -> None:
    who = citizens.person(1)
    worker = casework.worker(office.database, office.safe, office.keys, now=office.now, who=who)
    own = office.keys.safe_of(worker)
    by = Actor.worker(worker)
    with office.database.begin() as session:
        opting_out.opt_out(session, own, worker_id=worker, now=office.now)
    with office.database.begin() as session:
        gone = erasing.erase(session, office.safe, worker_id=worker, by=by, now=office.now)
    office.keys.destroy(gone)
    with office.database.read() as session:
        assert profiles.holders(session, office.safe, "identity_number", who.identity_number) == []
    assert _fates(_propose(office, files.write([who]))) == [Fate.OPTED_OUT]


@pytest.mark.parametrize("key_is_read", [True, False])
def test_whoever_leaves_while_a_run_is_at_their_line_is_not_brought_back(
    office: Office, files: Files, key_is_read: bool
) -> None:
    who = citizens.person(1)
    worker = _signed_in(office, who, who.phone)

    def leave() -> None:
        by = Actor.worker(worker)
        with office.database.begin() as session:
            gone = erasing.erase(session, office.safe, worker_id=worker, by=by, now=office.now)
        office.keys.destroy(gone)

    class Keys(SubjectKeys):
        """Somebody leaves just before their key is read, or just after."""

        def safe_of(self, *args: Any) -> Safe:
            if not key_is_read:
                leave()
            own = super().safe_of(*args)
            leave()
            return own

    keys = Keys(office.database, office.keys._keys, office.safe, lambda: office.now)
    run = _run(office, files.write([who]))
    told = list(proactive.propose(office.database, keys, run, clock=lambda: office.now))
    assert _fates(told) == [Fate.LEFT]
    assert [_count(office, table) for table in (Case, Profile)] == [0, 0]


def test_a_consent_taken_back_is_an_opt_out(office: Office, files: Files) -> None:
    who = citizens.person(1)
    worker = casework.worker(office.database, office.safe, office.keys, now=office.now, who=who)
    own = office.keys.safe_of(worker)
    with office.database.begin() as session:
        version = consents.in_force(Purpose.PROACTIVE).version
        consents.give(
            session,
            own,
            worker_id=worker,
            purpose=Purpose.PROACTIVE,
            version=version,
            now=office.now,
        )
        consents.withdraw(session, own, worker_id=worker, purpose=Purpose.PROACTIVE, now=office.now)
        # It holds as long as the person is there.
        later = office.now + timedelta(days=1100)
        assert erasing.forget_over(session, holdings()["consent"], now=later) == 0
    assert _fates(_propose(office, files.write([who]))) == [Fate.OPTED_OUT]


def test_whoever_withdrew_such_a_case_gets_it_no_second_time(office: Office, files: Files) -> None:
    roster = files.write([citizens.person(1)])
    (told,) = _propose(office, roster)
    with office.database.read() as session:
        case = session.get_one(Case, told.case_id)
    own = office.keys.safe_of(case.worker_id)
    with office.database.begin() as session:
        deciding.withdraw(
            session,
            own,
            office.post,
            session.get_one(Case, case.id),
            worker_id=case.worker_id,
            version=case.version,
            now=office.now,
        )
    assert _fates(_propose(office, roster)) == [Fate.WITHDREW]


def test_a_case_of_a_register_is_paid_unless_the_person_said_no(
    office: Office, files: Files
) -> None:
    fund = office.fund(1_000_000)
    told = _propose(office, files.write([citizens.person(n) for n in range(3)]))
    workers = []
    for each in told:
        with office.database.read() as session:
            worker = session.get_one(Case, each.case_id).worker_id
        workers.append(worker)
        desk = casework.desk(office.author, office.post, office.keys.safe_of(worker), office.now)
        with office.database.begin() as session:
            case = deciding.take(session, desk, session.get_one(Case, each.case_id), version=1)
            deciding.recommend(
                session, desk, case, Move.APPROVE, version=2, reason="符合", amount_fen=300
            )
        office.approve(each.case_id or "")
    _, second, third = workers
    with office.database.begin() as session:
        own = office.keys.safe_of(second)
        opting_out.opt_out(session, own, worker_id=second, now=office.now)
        own, version = office.keys.safe_of(third), consents.in_force(Purpose.PAYMENT).version
        given: dict[str, Any] = {"worker_id": third, "purpose": Purpose.PAYMENT, "now": office.now}
        consents.give(session, own, version=version, **given)
        erasing.withdraw(session, own, **given)
    collected = office.collect(fund)
    assert collected.left_out == {
        told[1].case_id: NotPayable.OPTED_OUT,
        told[2].case_id: NotPayable.NO_CONSENT,
    }
    assert collected.batch is not None and collected.batch.payments == 1
    with office.database.read() as session:
        (payment,) = payments_of(session, told[0].case_id or "")
        keys = office.at_the_till(office.cashier, collected.batch.id).keys
        case = session.get_one(Case, told[0].case_id)
        payee = payments.payee_of(payment, keys[case.worker_id])
    assert payee.bank_card == citizens.person(0).bank_card


@pytest.mark.parametrize(
    "outcome",
    ["", "line,id\n1,2\n", HEADER + "x,A1,m,eligible,true,\n", HEADER + "1,A1\n", HEADER + '"'],
)
def test_an_outcome_of_another_form_is_refused(files: Files, outcome: str) -> None:
    files.write([citizens.person(1)])
    files.outcome.write_text(outcome, encoding="utf-8")
    with pytest.raises(MatchedRosterRefused):
        read_matched_roster(files.outcome, files.roster)


@pytest.mark.parametrize("header", ["编号,姓名", "编号,姓名,姓名,身份证号,手机号"])
def test_a_roster_without_who_the_people_are_is_refused(files: Files, header: str) -> None:
    files.write([])
    files.roster.write_text(header + "\n", encoding="utf-8")
    with pytest.raises(MatchedRosterRefused):
        read_matched_roster(files.outcome, files.roster)


def test_other_files_are_another_run(office: Office, files: Files) -> None:
    first = _run(office, files.write([citizens.person(1)]))
    second = _run(office, files.write([citizens.person(2)]))
    narrower = _run(office, first.roster, measures=frozenset({MEASURE}))
    assert len({first.digest, second.digest, narrower.digest}) == 3
    assert _run(office, files.write([citizens.person(1)])).digest == first.digest
