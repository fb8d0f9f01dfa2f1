"""Text messages go out as a file, and what the tool says of them comes in."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import delete, select
from sqlmodel import col

from server.database.tables import AuditEntry, Profile
from server.outreach import sending, texting
from server.outreach.choosing import Why
from server.outreach.tables import Campaign, Channel
from server.outreach.texting import Line, NothingToSend, QuietNow, ResultsUnreadable
from server.personal import people
from tests import citizens
from tests.casework import ELIGIBLE
from tests.server.outreach.test_sending import NIGHT

if TYPE_CHECKING:
    from tests.server.outreach.conftest import Office


def exported(office: "Office", campaign: Campaign, again: bool = False, **more: Any) -> list[Line]:
    lines: list[Line] = office.step(
        lambda session, safe, row, *, version, regions, by, now: texting.export(
            session, safe, office.keys, row, page="https://example.com/", by=by,
            regions=regions, again=again, now=now,
        ),
        campaign,
        by=office.author,
        **more,
    )  # fmt: skip
    return lines


def noted(office: "Office", campaign: Campaign, path: Path) -> texting.Noted:
    results = texting.read_results(path)
    found: texting.Noted = office.step(
        lambda session, safe, row, *, version, **more: texting.note_results(
            session, safe, row, results, **more
        ),
        campaign,
        by=office.author,
    )
    return found


def written(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_a_file_goes_out_once_with_exact_digits_and_every_line_is_a_look(
    office: "Office",
) -> None:
    for number in (1, 2, 3):
        office.in_register(number)
    office.in_wechat()
    campaign = office.going(channels=(Channel.SMS,))
    with pytest.raises(QuietNow):
        exported(office, campaign, now=office.now + NIGHT)
    lines = exported(office, campaign)
    assert sorted(line.phone for line in lines) == sorted(map(citizens.phone, (1, 2, 3)))
    assert all(line.text.startswith("【石狮市总工会】给大家的一封信") for line in lines)
    assert all("https://example.com/#letter/N" in line.text for line in lines)
    book = load_workbook(io.BytesIO(texting.xlsx(campaign, lines, office.now)))
    cells = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    assert cells[0] == list(texting.COLUMNS)
    assert [row[1] for row in cells[1:]] == [line.phone for line in lines]
    assert texting.csv_file(lines).decode("utf-8-sig").count("\r\n") == 4
    with office.database.read() as session:
        looks = session.scalars(
            select(AuditEntry).where(
                col(AuditEntry.about) == "letter", col(AuditEntry.action) == "exported"
            )
        ).all()
    assert {look.worker_id for look in looks} == {
        letter.worker_id for letter in office.letters(campaign)
    }
    with pytest.raises(NothingToSend):
        exported(office, campaign)


def test_a_file_that_did_not_arrive_is_written_again_on_its_day_for_who_still_wants_it(
    office: "Office", tmp_path: Path
) -> None:
    for number in (1, 2, 3):
        office.in_register(number)
    campaign = office.going(channels=(Channel.SMS,))
    with pytest.raises(NothingToSend):
        exported(office, campaign, again=True)
    first, second, third = exported(office, campaign)
    assert exported(office, campaign, again=True) == [first, second, third]
    with pytest.raises(QuietNow):
        exported(office, campaign, again=True, now=office.now + NIGHT)
    rows = [("编号", "结果"), (first.letter_id, "成功")]
    noted(office, campaign, written(tmp_path / "r.csv", rows))
    out = next(each for each in office.letters(campaign) if each.id == second.letter_id)
    office.refuse(out.worker_id)
    assert exported(office, campaign, again=True) == [third]
    with office.database.read() as session:
        looks = session.scalars(select(AuditEntry).where(col(AuditEntry.about) == "letter"))
        assert Counter(look.row for look in looks)[third.letter_id] == 3
    with pytest.raises(NothingToSend):
        exported(office, campaign, again=True, now=office.now + timedelta(days=1))


def test_results_come_in_and_who_answers_no_more_gets_none_from_any_campaign(
    office: "Office", tmp_path: Path
) -> None:
    for number in (1, 2, 3):
        office.in_register(number)
    campaign = office.going(channels=(Channel.SMS,))
    arrived, failed, out = exported(office, campaign)
    rows = [
        ("编号", "手机号", "结果", "原因"),
        (arrived.letter_id, arrived.phone, "成功", ""),
        (failed.letter_id, failed.phone, "失败", "空号"),
        (out.letter_id, out.phone, "退订", ""),
        ("M0", "13800000000", "成功", ""),
        (arrived.letter_id, arrived.phone, "也许", ""),
    ]
    path = written(tmp_path / "results.csv", rows)
    for _ in range(2):
        told = noted(office, campaign, path)
        assert (dict(told.counts), told.bad) == ({"成功": 1, "失败": 1, "退订": 1}, [5, 6])
    states = {letter.id: (letter.state, letter.error) for letter in office.letters(campaign)}
    assert states == {
        arrived.letter_id: ("delivered", None),
        failed.letter_id: ("failed", "空号"),
        out.letter_id: ("delivered", None),
    }
    assert office.chosen().why[Why.OPTED_OUT] == 1
    with pytest.raises(ResultsUnreadable):
        noted(
            office, campaign, written(tmp_path / "other.csv", [("手机号", "结果"), ("1", "成功")])
        )


def test_who_answered_a_text_message_gets_none_in_wechat_under_the_same_telephone_either(
    office: "Office", tmp_path: Path
) -> None:
    office.in_register(1)
    first = office.going(channels=(Channel.SMS,))
    (line,) = exported(office, first)
    # The same person in WeChat, who has not said who they are, and somebody else.
    mine, other = office.in_wechat(), office.in_wechat()
    for worker, phone in ((mine, line.phone), (other, citizens.phone(99))):
        office.draft(worker, ELIGIBLE)
        with office.database.begin() as session:
            session.execute(delete(Profile).where(col(Profile.worker_id) == worker))
            people.verify_phone(session, office.safe, worker_id=worker, phone=phone, now=office.now)
    second = office.going(title="另一封信", channels=(Channel.WECHAT,))
    assert {letter.worker_id for letter in office.letters(second)} == {mine, other}
    # In a campaign by both ways one is enough for them.
    both = office.chosen()
    assert (both.counts["wechat"], both.counts["sms"], both.why[Why.SAME_PHONE]) == (2, 0, 1)
    rows = [("编号", "结果"), (line.letter_id, "退订")]
    noted(office, first, written(tmp_path / "r.csv", rows))
    # What was confirmed before goes to the other one, and no later one is meant for them.
    sending.go_on(office.database, office.mailing, clock=lambda: office.now)
    assert [notice.worker_id for notice in office.notices()] == [other]
    found = office.chosen(channels=(Channel.WECHAT,))
    assert [each.worker_id for each in found.recipients] == [other]


def test_no_number_out_of_a_result_is_kept(office: "Office", tmp_path: Path) -> None:
    office.in_register(1)
    campaign = office.going()
    (line,) = exported(office, campaign)
    rows = [("编号", "结果", "原因"), (line.letter_id, "失败", f"{line.phone}是空号")]
    assert noted(office, campaign, written(tmp_path / "r.csv", rows)).counts == {"失败": 1}
    (letter,) = office.letters(campaign)
    assert letter.error is not None and line.phone not in letter.error
    assert letter.error.endswith("是空号")
