"""People who share a number: flagged, wherever they apply, until somebody has looked into it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import Session, col

from server.casework import deciding, drafting, near_duplicates, objecting
from server.casework.applying import AlreadyApplied
from server.casework.deciding import NotAdjudicated
from server.casework.moves import Move, State
from server.casework.near_duplicates import FindingChanged, FindingTooLate
from server.casework.officers import NotAllowed, Officer, Role
from server.casework.tables import Case, Finding, NearDuplicate
from server.database.tables import AuditEntry, Purpose
from server.personal import erasing, people, profiles
from server.personal.persons import Person
from server.records import audit
from tests import casework
from tests.server.casework.conftest import House


def joined(house: House, who: Person) -> int:
    """A worker whose numbers were compared when they were given."""
    worker_id = house.worker(who=who)
    recompute(house, worker_id)
    return worker_id


def recompute(house: House, worker_id: int) -> None:
    with house.database.begin() as session:
        near_duplicates.recompute(session, worker_id, now=house.now)


def pairs(house: House, worker_id: int) -> list[tuple[int, int, str, str]]:
    with house.database.read() as session:
        found = near_duplicates.pairs_of(session, worker_id)
    return [(pair.worker_id, pair.other_id, pair.shared, pair.finding) for pair in found]


def correct(house: House, worker_id: int, who: Person) -> None:
    own = house.keys.safe_of(worker_id)
    with house.database.begin() as session:
        version = profiles.get(session, own, worker_id).version
        by = audit.Actor.worker(worker_id)
        profiles.save(
            session, own, worker_id=worker_id, person=who, version=version, by=by, now=house.now
        )
        near_duplicates.recompute(session, worker_id, now=house.now)


@pytest.mark.parametrize("field", ["identity_number", "phone", "bank_card"])
def test_a_shared_number_is_found(house: House, field: str) -> None:
    first, second = casework.person(1), casework.person(2)
    one = joined(house, first)
    two = joined(house, second.model_copy(update={field: getattr(first, field)}))
    assert pairs(house, one) == pairs(house, two) == [(one, two, field, Finding.OPEN)]


def test_people_with_numbers_of_their_own_are_not_flagged(house: House) -> None:
    workers = [joined(house, casework.person(number)) for number in range(1, 5)]
    assert not any(pairs(house, worker) for worker in workers)


def test_it_is_worked_out_anew_when_the_data_change(house: House) -> None:
    first, second = casework.person(1), casework.person(2)
    one = joined(house, first)
    two = joined(house, second.model_copy(update={"phone": first.phone}))
    correct(house, two, second)
    assert pairs(house, one) == []
    correct(house, two, second.model_copy(update={"bank_card": first.bank_card}))
    assert pairs(house, one) == [(one, two, "bank_card", Finding.OPEN)]


def test_what_was_found_holds_only_for_the_data_it_was_found_for(
    house: House, chief: Officer
) -> None:
    first, second = casework.person(1), casework.person(2)
    joined(house, first)
    two = joined(house, second.model_copy(update={"phone": first.phone}))
    case_id = house.submit(two)
    adjudicate(house, chief, case_id, Finding.DIFFERENT)
    recompute(house, two)
    assert pairs(house, two)[0][3] == Finding.DIFFERENT
    both = {"phone": first.phone, "bank_card": first.bank_card}
    correct(house, two, second.model_copy(update=both))
    assert pairs(house, two)[0][2:] == ("bank_card,phone", Finding.OPEN)
    # Who still looks at what was shared before is told so.
    with pytest.raises(FindingChanged):
        adjudicate(house, chief, case_id, Finding.DIFFERENT, version=2)


def test_nothing_is_granted_until_somebody_has_looked_also_across_regions(
    house: House, clerk: Officer, chief: Officer
) -> None:
    first, second = casework.person(1), casework.person(2)
    one = joined(house, first)
    two = joined(house, second.model_copy(update={"bank_card": first.bank_card}))
    house.submit(one, "jinzhou-7a")
    case_id = house.submit(two)
    house.do(clerk, case_id, deciding.take)
    house.do(clerk, case_id, deciding.recommend, Move.APPROVE, reason="符合")
    with pytest.raises(NotAdjudicated):
        house.do(chief, case_id, deciding.approve)
    adjudicate(house, chief, case_id, Finding.DIFFERENT)
    assert house.do(chief, case_id, deciding.approve).state == State.APPROVED
    # What it was granted on stays.
    with pytest.raises(FindingTooLate):
        adjudicate(house, chief, case_id, Finding.SAME)


def test_what_was_shared_counts_after_a_refusal_too_while_it_may_be_objected_to(
    house: House, clerk: Officer, chief: Officer
) -> None:
    first, second = casework.person(1), casework.person(2)
    one = joined(house, first)
    two = joined(house, second.model_copy(update={"bank_card": first.bank_card}))
    case_id = house.submit(two)
    house.do(clerk, case_id, deciding.take)
    house.do(clerk, case_id, deciding.recommend, Move.REFUSE, reason="没缴满一年")
    house.do(chief, case_id, deciding.refuse, reason="没缴满一年")
    correct(house, two, second)
    assert pairs(house, one) == [(one, two, "bank_card", Finding.OPEN)]


@pytest.mark.parametrize("found", [Finding.OPEN, Finding.SAME])
@pytest.mark.parametrize("by", ["consent", "card"])
def test_what_was_shared_when_it_was_handed_in_counts_until_it_is_decided(
    house: House, clerk: Officer, chief: Officer, by: str, found: Finding
) -> None:
    """Nobody gets rid of the question by what they take back or change meanwhile."""
    first = casework.person(1)
    second = casework.person(2).model_copy(update={"bank_card": first.bank_card})
    one, two = joined(house, first), joined(house, second)
    before, case_id = house.submit(one), house.submit(two)
    for each in (before, case_id):
        house.do(clerk, each, deciding.take)
        house.do(clerk, each, deciding.recommend, Move.APPROVE, reason="符合")
    if found is Finding.SAME:
        adjudicate(house, chief, before, found)
        house.do(chief, before, deciding.approve)
    if by == "consent":
        own = house.keys.safe_of(two)
        with house.database.begin() as session:
            erasing.withdraw(session, own, worker_id=two, purpose=Purpose.IDENTITY, now=house.now)
            near_duplicates.recompute(session, two, now=house.now)
    else:
        correct(house, two, casework.person(2))
    assert pairs(house, one) == [(one, two, "bank_card", found)]
    with pytest.raises(NotAdjudicated):
        house.do(chief, case_id, deciding.approve)
    # The control: once nothing is left to decide, only what they share now counts.
    adjudicate(house, chief, case_id, Finding.DIFFERENT)
    for each in {before, case_id} if found is Finding.OPEN else {case_id}:
        house.do(chief, each, deciding.approve)
    recompute(house, two)
    assert pairs(house, one) == []


def test_one_person_gets_one_thing_once(house: House, clerk: Officer, chief: Officer) -> None:
    first = casework.person(1)
    one, two = joined(house, first), joined(house, first)
    cases = [house.submit(one), house.submit(two)]
    for case_id in cases:
        house.do(clerk, case_id, deciding.take)
        house.do(clerk, case_id, deciding.recommend, Move.APPROVE, reason="符合")
    adjudicate(house, chief, cases[0], Finding.SAME)
    assert house.do(chief, cases[0], deciding.approve).state == State.APPROVED
    with pytest.raises(NotAdjudicated):
        house.do(chief, cases[1], deciding.approve)


@pytest.mark.parametrize("other", [{"period": "2025"}, {"measure": "jinzhou-7a"}])
def test_one_person_gets_another_thing_and_the_same_in_another_period(
    house: House, clerk: Officer, chief: Officer, other: dict[str, str]
) -> None:
    first = casework.person(1)
    one, two = joined(house, first), joined(house, first)
    cases = [house.submit(one), house.submit(two)]
    with house.database.begin() as session:
        for name, value in other.items():
            setattr(session.get_one(Case, cases[0]), name, value)
    adjudicate(house, chief, cases[0], Finding.SAME)
    for case_id in cases:
        house.do(clerk, case_id, deciding.take)
        house.do(clerk, case_id, deciding.recommend, Move.APPROVE, reason="符合")
        house.now += timedelta(hours=1)
        assert house.do(chief, case_id, deciding.approve).state == State.APPROVED
    assert not kept_from_pay(house)


def test_of_one_persons_two_granted_at_the_same_moment_one_is_paid(
    house: House, clerk: Officer, chief: Officer
) -> None:
    first = casework.person(1)
    one, two = joined(house, first), joined(house, first)
    cases = [house.submit(one), house.submit(two)]
    adjudicate(house, chief, cases[0], Finding.DIFFERENT)
    for case_id in cases:
        house.do(clerk, case_id, deciding.take)
        house.do(clerk, case_id, deciding.recommend, Move.APPROVE, reason="符合")
        house.do(chief, case_id, deciding.approve)
    with house.database.begin() as session:
        session.execute(update(NearDuplicate).values(finding=Finding.SAME))
    assert kept_from_pay(house) == [max(cases)]


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.DRAFT])
def test_what_is_withdrawn_or_was_never_handed_in_keeps_nobody_waiting(
    house: House, clerk: Officer, chief: Officer, state: State
) -> None:
    first = casework.person(1)
    other, case_id = (house.submit(joined(house, first)) for _ in range(2))
    with house.database.begin() as session:
        case = session.get_one(Case, other)
        case.state, case.submitted_at = state, None if state is State.DRAFT else case.submitted_at
    house.do(clerk, case_id, deciding.take)
    house.do(clerk, case_id, deciding.recommend, Move.APPROVE, reason="符合")
    assert house.do(chief, case_id, deciding.approve).state == State.APPROVED


@pytest.mark.parametrize("granted", [True, False])
def test_what_one_person_was_granted_counts_once_the_case_is_closed_and_a_refusal_does_not(
    house: House, clerk: Officer, chief: Officer, granted: bool
) -> None:
    first = casework.person(1)
    one, two = joined(house, first), joined(house, first)
    before, case_id = house.submit(one), house.submit(two)
    adjudicate(house, chief, before, Finding.SAME)
    for each, decision in ((before, Move.APPROVE if granted else Move.REFUSE),
                           (case_id, Move.APPROVE)):  # fmt: skip
        house.do(clerk, each, deciding.take)
        house.do(clerk, each, deciding.recommend, decision, reason="看过了")
    if granted:
        house.do(chief, before, deciding.approve)
    else:
        house.do(chief, before, deciding.refuse, reason="没缴满一年")
    house.now += timedelta(days=62)
    with house.database.begin() as session:
        assert objecting.final(session, now=house.now) == [before]
        assert objecting.close_final(
            session, house.safe, house.post, only=before, now=house.now
        ) == 1  # fmt: skip
    assert house.case(before).state == State.CLOSED
    if granted:
        with pytest.raises(NotAdjudicated):
            house.do(chief, case_id, deciding.approve)
    else:
        assert house.do(chief, case_id, deciding.approve).state == State.APPROVED
        assert not kept_from_pay(house)


def kept_from_pay(house: House) -> list[str]:
    with house.database.read() as session:
        kept = select(col(Case.id)).where(near_duplicates.keeps_from_pay())
        return list(session.scalars(kept))


def test_only_an_approver_of_the_region_says_so(house: House, clerk: Officer) -> None:
    first = casework.person(1)
    joined(house, first)
    case_id = house.submit(joined(house, first))
    for who in (clerk, house.officer(Role.APPROVER, where=("锦州",))):
        with pytest.raises(NotAllowed):
            adjudicate(house, who, case_id, Finding.DIFFERENT)


def test_of_two_who_look_into_it_at_once_the_second_is_told(house: House, chief: Officer) -> None:
    first = casework.person(1)
    joined(house, first)
    case_id = house.submit(joined(house, first))
    adjudicate(house, chief, case_id, Finding.SAME, version=1)
    with pytest.raises(FindingChanged):
        adjudicate(house, chief, case_id, Finding.DIFFERENT, version=1)
    noted = select(col(AuditEntry.actor_id), col(AuditEntry.action), col(AuditEntry.reason))
    with house.database.read() as session:
        found = session.execute(noted.where(col(AuditEntry.about) == "near_duplicate"))
        assert [tuple(row) for row in found] == [(str(chief.id), "decided", Finding.SAME)]


def test_two_workers_who_become_one_are_no_pair_any_more(house: House) -> None:
    first = casework.person(1)
    one, two = joined(house, first), joined(house, first)
    three = joined(house, casework.person(3).model_copy(update={"phone": first.phone}))
    first_case, second_case = house.submit(one), house.submit(two)
    other_case = house.submit(two, "jinzhou-7a")
    with house.database.begin() as session:
        near_duplicates.unite(session, one, two)
        session.execute(update(Case).where(col(Case.worker_id) == two).values(worker_id=one))
    assert pairs(house, one) == [(one, three, "phone", Finding.OPEN)]
    claims = [house.case(id).claim for id in (first_case, second_case, other_case)]
    assert claims == ["shishi-4a:2026", f"shishi-4a:2026:{second_case}", "jinzhou-7a:2026"]


def test_what_only_the_one_shared_who_is_no_more_is_shared_no_longer(house: House) -> None:
    with house.database.begin() as session:
        nobody = people.recognise(session, house.safe, issuer="x", subject="y", now=house.now)
    one, two = joined(house, casework.person(1)), joined(house, casework.person(2))
    phone = casework.person(2).phone
    three = joined(house, casework.person(3).model_copy(update={"phone": phone}))
    assert pairs(house, two) == [(two, three, "phone", Finding.OPEN)]
    unite(house, one, two)
    assert pairs(house, one) == pairs(house, three) == []
    # Where the older has said nothing of themselves, the other's data become theirs.
    unite(house, nobody, three)
    four = joined(house, casework.person(4).model_copy(update={"phone": phone}))
    assert pairs(house, nobody) == [(nobody, four, "phone", Finding.OPEN)]


def test_who_has_handed_in_what_they_had_begun_elsewhere_does_not_hand_it_in_again(
    house: House,
) -> None:
    one, two = joined(house, casework.person(1)), joined(house, casework.person(1))
    checked = house.checked()
    own = house.keys.safe_of(one)

    def draft(session: Session, version: int | None) -> Case:
        return drafting.save(
            session, own, house.post, checked, worker_id=one, version=version, seen=None,
            now=house.now,
        )  # fmt: skip

    with house.database.begin() as session:
        begun = draft(session, None).id
    handed_in = house.submit(two)
    unite(house, one, two)
    for again in (
        lambda session: draft(session, 1),
        lambda session: drafting.submit(
            session, own, house.post, checked, worker_id=one, now=house.now
        ),
    ):
        with house.database.begin() as session, pytest.raises(AlreadyApplied) as already:
            again(session)
        assert already.value.case_id == handed_in
    with house.database.begin() as session:
        left = session.get_one(Case, begun)
        drafting.discard(session, own, house.post, left, version=left.version, now=house.now)
    assert house.case(begun).state == State.WITHDRAWN


def unite(house: House, kept: int, gone: int) -> None:
    with house.database.begin() as session:
        people._unite(session, house.safe, kept, gone, near_duplicates.unite, house.now)


def adjudicate(
    house: House, who: Officer, case_id: str, finding: Finding, version: int | None = None
) -> None:
    case = house.case(case_id)
    with house.database.begin() as session:
        pair = near_duplicates.pairs_of(session, case.worker_id)[0]
        other = pair.other_id if pair.worker_id == case.worker_id else pair.worker_id
        near_duplicates.adjudicate(
            session,
            house.safe,
            house.library.regions,
            case,
            other,
            finding,
            by=who,
            version=version or pair.version,
            now=house.now,
        )
