"""Who is meant by an audience, who of them is reached how, and why the others are not."""

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from server.casework.opting_out import accept_outreach
from server.outreach.audiences import Audience, Having, Outcome, read
from server.outreach.choosing import Why
from server.outreach.tables import Channel
from server.register.tables import Level
from tests import casework
from tests.casework import ELIGIBLE, INELIGIBLE, MEASURE

if TYPE_CHECKING:
    from tests.server.outreach.conftest import Office


def test_an_audience_is_read_strictly_and_back_as_it_was() -> None:
    asked = Audience(
        region="石狮", measure=MEASURE, having=frozenset(Having), level=Level.ABOVE_LINE
    )
    assert read(asked.as_json()) == asked
    for wrong in (
        {"region": "石狮", "measure": MEASURE},
        {"region": "石狮", "having": {"draft"}},
        {"region": "石狮", "age": 40},
        {"region": ""},
        {"region": "石狮", "level": "poor"},
    ):
        with pytest.raises(ValidationError):
            Audience.model_validate(wrong)


def test_a_region_has_its_register_its_cases_and_what_lies_in_it(office: "Office") -> None:
    office.in_register(1)
    office.in_register(2, level=Level.ABOVE_LINE, phone=None)
    office.in_register(3, region="石家庄鹿泉区")
    office.draft(office.in_wechat(), ELIGIBLE)
    assert office.chosen().counts == {"meant": 3, "wechat": 1, "sms": 1, "no_channel": 1}
    assert office.chosen(level=Level.BELOW_LINE).counts == {"meant": 1, "wechat": 0, "sms": 1}
    assert office.chosen((Channel.WECHAT,)).counts["no_channel"] == 2
    # 鹿泉区 lies in 石家庄, and 石家庄 in 河北; 石狮 does not.
    for region in ("石家庄鹿泉区", "石家庄", "河北"):
        assert office.chosen(region=region).meant == 1


def test_of_a_measure_those_who_have_something_of_it_or_whom_it_fits_by_what_is_on_file(
    office: "Office",
) -> None:
    drafted, applied, elsewhere = (office.in_wechat() for _ in range(3))
    office.draft(drafted, INELIGIBLE)
    office.apply(applied)
    office.draft(elsewhere, ELIGIBLE, "shishi-3a")
    unknown = dict(ELIGIBLE)
    del unknown["seeking_work"]
    fits = office.in_register(4, facts=ELIGIBLE)
    near = office.in_register(5, facts=unknown)
    office.in_register(6, facts=INELIGIBLE)

    def meant(**asked: Any) -> list[int]:
        chosen = office.chosen(measure=MEASURE, **asked)
        return sorted(each.worker_id for each in chosen.recipients)

    assert meant(having={Having.DRAFT}) == [drafted]
    assert meant(having=set(Having)) == [drafted, applied]
    # Who has applied knows of it; the facts of another case count.
    assert meant(outcomes={Outcome.ELIGIBLE}) == [elsewhere, fits]
    assert meant(outcomes={Outcome.ONE_AWAY}) == [near]
    assert meant(having={Having.CASE}, outcomes=set(Outcome)) == [applied, elsewhere, fits, near]


def test_one_person_is_reached_once_and_who_opted_out_never(office: "Office") -> None:
    known = office.in_wechat(number=7)
    who = casework.person(7)
    twin = office.in_register(7, identity_number=who.identity_number, phone=who.phone)
    brother = office.in_register(8, phone="13811110000")
    office.in_register(9, phone="13811110000")
    office.draft(known, ELIGIBLE)
    chosen = office.chosen()
    assert {each.worker_id: each.channel for each in chosen.recipients} == {
        known: Channel.WECHAT,
        brother: Channel.SMS,
    }
    assert chosen.why == {Why.SAME_PERSON: 1, Why.SAME_PHONE: 1, Why.HAD_ONE_TODAY: 0}

    office.refuse(known)
    # By the identity number it holds for whom the register knows, too.
    assert office.chosen().why[Why.OPTED_OUT] == 2
    assert twin not in {each.worker_id for each in office.chosen().recipients}
    with office.database.begin() as session:
        accept_outreach(session, office.safe, worker_id=known, now=office.now)
    assert office.chosen().why[Why.OPTED_OUT] == 0
