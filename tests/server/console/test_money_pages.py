"""Money at the desk: from selection to the bank's word, by two people; funds with their budget."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlmodel import col

from server.casework import payments
from server.casework.fund_tables import Payment
from server.casework.officers import Role
from server.casework.payment_batches import Line
from server.casework.payment_results import Fault
from server.casework.tables import Case
from server.console.payments import FAULTS
from server.database.tables import Profile
from tests import funding
from tests.funding import Office
from tests.server.console.conftest import Desk, Staff, text_of
from tests.server.console.making import office


@pytest.fixture
def at(staff: Staff) -> Office:
    return office(staff)


@pytest.fixture
def fund(at: Office) -> Any:
    return at.fund(10_000_00)


def batch_of(found: Any) -> str:
    address: str = found.headers["Location"]
    assert "/batches/" in address, found.text
    return address.rpartition("/")[2]


def collected(clerk: Desk, fund: Any) -> str:
    return batch_of(collect(clerk, fund))


def collect(clerk: Desk, fund: Any, without: str = "") -> Any:
    """Collect all that the page shows ticked, or all but one case."""
    page = clerk.get(f"/payments/collect?fund={fund.id}").text
    shown = [piece.split('"', 1)[0] for piece in page.split('name="cases" value="')[1:]]
    cases = [case for case in shown if case != without]
    return clerk.post("/payments/collect", {"fund": fund.id, "cases": cases})


def released(clerk: Desk, chief: Desk, fund: Any) -> str:
    batch = collected(clerk, fund)
    clerk.post(f"/payments/batches/{batch}/lock")
    assert chief.post(f"/payments/batches/{batch}/release").status_code == 303
    return batch


def upload(desk: Desk, batch: str, content: bytes) -> Any:
    data = {"file": (io.BytesIO(content), "result.csv")}
    return desk.post(f"/payments/batches/{batch}/result", data)


def hidden(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="', 1)[1].split('"', 1)[0]


def test_a_locked_batch_is_on_the_first_page_of_who_may_release_it(
    staff: Staff, clerk: Desk, chief: Desk, at: Office, fund: Any
) -> None:
    second, approver = staff.desk(Role.APPROVER, name="孙丽华"), chief
    at.approver = approver.officer
    at.approved()
    batch = collected(clerk, fund)
    abroad = staff.desk(Role.APPROVER, where=("锦州",))
    assert "等你放行" not in second.get("/").text, "it is not locked"
    clerk.post(f"/payments/batches/{batch}/lock")
    shown = second.get("/").text
    assert "有1个发放批次等你放行，一共1笔，301.07元" in text_of(shown)
    assert f"/payments/batches/{batch}" in shown
    for other in (clerk, approver, abroad):
        assert "等你放行" not in other.get("/").text
    second.post(f"/payments/batches/{batch}/release")
    assert "等你放行" not in second.get("/").text


def test_a_batch_goes_from_selection_to_the_banks_word(
    at: Office, fund: Any, clerk: Desk, chief: Desk
) -> None:
    cases = [at.approved() for _ in range(3)]
    preview = clerk.get(f"/payments/collect?fund={fund.id}").text
    assert "3件，共903.21元" in text_of(preview)
    batch = released(clerk, chief, fund)
    # Whoever is to look it over can open each of them.
    for page in (preview, clerk.get(f"/payments/batches/{batch}").text):
        assert all(f'<a href="/staff/cases/{case}">{case}</a>' in page for case in cases)
    exported = clerk.post(f"/payments/batches/{batch}/export", {"kind": "csv"})
    assert exported.headers["Content-Disposition"] == f'attachment; filename="{batch}.csv"'
    shown = upload(clerk, batch, funding.answered(exported.data, returned=[1]))
    assert "成功2笔，失败1笔" in text_of(shown.text)
    # So far nobody is paid.
    assert {at.state(case) for case in cases} == {"payment_pending"}
    done = clerk.post(
        f"/payments/batches/{batch}/settle", {"results": hidden(shown.text, "results")}
    )
    assert done.status_code == 303
    assert sorted(at.state(case) for case in cases) == ["approved", "paid", "paid"]
    page = text_of(clerk.get(f"/payments/batches/{batch}").text)
    assert "已办结" in page and "银行退回" in page
    assert at.sums(fund) == (10_000_00, funding.SUM, 2 * funding.SUM)
    # The same once more changes nothing.
    clerk.post(f"/payments/batches/{batch}/settle", {"results": hidden(shown.text, "results")})
    assert at.sums(fund) == (10_000_00, funding.SUM, 2 * funding.SUM)


def test_what_the_bank_takes_back_is_shown_apart_before_it_is_taken(
    at: Office, fund: Any, clerk: Desk, chief: Desk
) -> None:
    cases = [at.approved() for _ in range(3)]
    batch = released(clerk, chief, fund)
    exported = clerk.post(f"/payments/batches/{batch}/export", {"kind": "csv"}).data
    paid, back = funding.answered(exported), funding.answered(exported, returned=[1])
    confirm(clerk, batch, upload(clerk, batch, paid).text)
    page = text_of(clerk.get(f"/payments/batches/{batch}").text)
    assert "后来又退汇的" in page
    # Whoever looks at it before the bank's other word is taken is shown no such thing.
    shown = upload(clerk, batch, back).text
    assert "成功0笔，失败0笔，以前处理过2笔" in text_of(shown)
    assert "另有1笔以前已经发放成功，这份结果说又退了回来" in text_of(shown)
    assert {at.state(case) for case in cases} == {"paid"}
    done = confirm(clerk, batch, shown)
    assert "发放后退回1笔" in text_of(clerk.get(done.headers["Location"]).text)
    assert sorted(at.state(case) for case in cases) == ["approved", "paid", "paid"]
    assert at.sums(fund) == (10_000_00, funding.SUM, 2 * funding.SUM)
    again = upload(clerk, batch, back).text
    assert "以前处理过3笔" in text_of(again) and "又退了回来" not in text_of(again)
    confirm(clerk, batch, shown)
    assert at.sums(fund) == (10_000_00, funding.SUM, 2 * funding.SUM)
    told = upload(clerk, batch, paid)
    assert told.status_code == 422 and "和上次的结果相反" in text_of(told.text)


def test_who_releases_it_anew_sees_which_instalment_was_paid_before(
    at: Office, fund: Any, chief: Desk
) -> None:
    case, other = at.approved(1000, instalments=2), at.approved()

    def paid(*cases: str, instalment: int = 1) -> tuple[str, list[Line], int]:
        """A batch that is paid, its lines, and how many are marked before it is."""
        batch = at.released(fund, only=set(cases), instalment=instalment)
        marked = text_of(chief.get(f"/payments/batches/{batch}").text).count("发放后退回过")
        lines = at.export(batch)
        at.settle(batch, funding.said(lines))
        return batch, lines, marked

    first, lines, marked = paid(case)
    at.settle(first, funding.said(lines, {case: "退汇"}))
    assert marked == 0
    assert paid(case, other)[2] == 1
    assert "发放后退回过" not in chief.get(f"/payments/batches/{first}").text
    assert paid(case, instalment=2)[2] == 0


def test_what_was_not_shown_to_come_back_does_not(
    at: Office, fund: Any, clerk: Desk, chief: Desk
) -> None:
    """It was looked at as failed, and paid by another file before it was confirmed."""
    case = at.approved()
    batch = released(clerk, chief, fund)
    exported = clerk.post(f"/payments/batches/{batch}/export", {"kind": "csv"}).data
    failed = upload(clerk, batch, funding.answered(exported, returned=[0])).text
    confirm(clerk, batch, upload(clerk, batch, funding.answered(exported)).text)
    refused = confirm(clerk, batch, failed)
    assert refused.status_code == 409 and "请重新上传结果文件" in text_of(refused.text)
    assert at.state(case) == "paid"


def test_what_keeps_it_from_coming_back_is_told_with_the_case_and_the_others_do(
    at: Office, fund: Any, clerk: Desk, chief: Desk
) -> None:
    case, _ = at.approved(1000, instalments=2), at.approved()
    batch = released(clerk, chief, fund)
    exported = clerk.post(f"/payments/batches/{batch}/export", {"kind": "csv"}).data
    confirm(clerk, batch, upload(clerk, batch, funding.answered(exported)).text)
    at.collect(fund, instalment=2)
    failed = funding.answered(exported, returned=[0, 1])
    told = upload(clerk, batch, failed)
    assert told.status_code == 422 and "有1行不能处理" in text_of(told.text)
    assert f"{FAULTS[Fault.ON_ITS_WAY]} {case}" in text_of(told.text)
    without = [line for line in failed.splitlines(keepends=True) if case.encode() not in line]
    assert "另有1笔以前已经发放成功" in text_of(upload(clerk, batch, b"".join(without)).text)


@pytest.mark.parametrize(
    "fault", [Fault.ON_ITS_WAY, Fault.LOOKED_AT_AGAIN, Fault.GIVEN_UP, Fault.ERASED]
)
def test_of_a_line_that_is_right_and_can_not_be_taken_it_is_said_to_leave_it_out(
    fault: Fault,
) -> None:
    assert "从文件里去掉这一行" in FAULTS[fault]
    # Of whoever was erased the desk takes no note.
    assert ("备注" in FAULTS[fault]) == (fault is Fault.GIVEN_UP)


def confirm(desk: Desk, batch: str, page: str) -> Any:
    return desk.post(f"/payments/batches/{batch}/settle", {"results": hidden(page, "results")})


def test_what_came_back_is_not_ticked_before_its_person_gave_another_card(
    at: Office, fund: Any, clerk: Desk
) -> None:
    fine, back = at.approved(), at.approved()
    with at.database.begin() as session:
        profile = session.scalars(
            select(Profile).where(col(Profile.worker_id) == session.get_one(Case, back).worker_id)
        ).one()
        profile.card_changed_at = at.now - timedelta(days=1)
        session.add(profile)
    batch = at.collect(fund, only={back}).batch
    assert batch is not None
    with at.database.begin() as session:
        payment = session.scalars(select(Payment)).one()
        case = session.get_one(Case, back)
        till = at.at_the_till(at.cashier, batch.id)
        payments.give_back(session, till, payment, case, reason="卡号不存在")
    page = clerk.get(f"/payments/collect?fund={fund.id}").text
    assert f'value="{fine}" checked' in page
    assert f'value="{back}" checked' not in page and f'value="{back}"' in page
    assert "银行退回过" in text_of(page)
    # Who asked the bank ticks it all the same.
    assert batch_of(clerk.post("/payments/collect", {"fund": fund.id, "cases": [back]}))


def test_whoever_had_a_hand_in_it_does_not_release_it(at: Office, fund: Any, staff: Staff) -> None:
    at.approved()
    both = staff.desk(Role.CASE_OFFICER, Role.APPROVER)
    batch = collected(both, fund)
    both.post(f"/payments/batches/{batch}/lock")
    shown = both.get(f"/payments/batches/{batch}").text
    assert f"{batch}/release" not in shown and "这个批次你经手过" in text_of(shown)
    refused = both.post(f"/payments/batches/{batch}/release")
    assert refused.status_code == 409 and "放行要换一个人" in text_of(refused.text)
    decided = staff.desk(Role.APPROVER)
    at.approver = decided.officer
    at.approved()
    another = collected(both, fund)
    both.post(f"/payments/batches/{another}/lock")
    assert decided.post(f"/payments/batches/{another}/release").status_code == 409
    assert f"{batch}/release" in decided.get(f"/payments/batches/{batch}").text
    assert decided.post(f"/payments/batches/{batch}/release").status_code == 303


def test_a_grant_is_looked_at_again_by_one_and_ended_by_another(
    staff: Staff, at: Office, fund: Any, clerk: Desk, chief: Desk
) -> None:
    case_id = at.approved(instalments=2)
    at.settle(paid := at.released(fund), funding.said(at.export(paid)))

    def move(desk: Desk, slug: str, **form: Any) -> Any:
        with at.database.read() as session:
            version = session.get_one(Case, case_id).version
        return desk.post(f"/cases/{case_id}/{slug}", {"version": version, **form})

    second = at.collect(fund, instalment=2).batch
    assert second is not None
    page = clerk.get(f"/cases/{case_id}").text
    assert "先把发放批次作废" in page and f"/cases/{case_id}/reopen" not in page
    refused = move(clerk, "reopen", reason="批错了")
    assert refused.status_code == 409 and "有一笔正在发放批次里" in text_of(refused.text)
    clerk.post(f"/payments/batches/{second.id}/cancel")
    assert f"/cases/{case_id}/reopen" not in chief.get(f"/cases/{case_id}").text
    assert move(chief, "reopen", reason="批错了").status_code == 403
    assert 'id="reopen-reason-error"' in move(clerk, "reopen").text
    assert move(clerk, "reopen", reason="您已经上班，不符合四①").status_code == 303
    page = text_of(clerk.get(f"/cases/{case_id}").text)
    assert "这件重新审核了，没发的先不发。微信" in page and "已经发了150.53元" in page
    wrong = move(clerk, "recommend", decision="approve", reason="重新算", amount="99")
    assert wrong.status_code == 409 and "总金额不能改" in text_of(wrong.text)
    move(clerk, "recommend", decision="refuse", reason="已经上班")
    assert case_id in chief.get("/cases/?whose=decide").text
    assert move(chief, "refuse", reason="您已经上班，不符合四①").status_code == 303
    assert at.sums(fund) == (10_000_00, 0, funding.SUM // 2)


def test_a_grant_that_was_paid_in_part_is_granted_anew_as_it_was(
    staff: Staff, at: Office, fund: Any, clerk: Desk, chief: Desk
) -> None:
    case_id = at.approved(instalments=2)
    at.settle(paid := at.released(fund), funding.said(at.export(paid)))
    for desk, slug, more in (
        (clerk, "reopen", {"reason": "再核实"}),
        (clerk, "recommend", {"decision": "approve", "reason": "没错", "amount": "301.07"}),
        (chief, "approve", {}),
    ):
        page = desk.get(f"/cases/{case_id}").text
        assert 'name="instalments"' not in page
        form = {"version": hidden(page, "version"), **more}
        assert desk.post(f"/cases/{case_id}/{slug}", form).status_code == 303
    at.settle(rest := at.released(fund, instalment=2), funding.said(at.export(rest)))
    assert at.sums(fund) == (10_000_00, 0, funding.SUM)


def test_whoever_looks_at_a_grant_again_sees_what_it_was_and_what_no_sum_means(
    staff: Staff, at: Office, fund: Any, clerk: Desk, chief: Desk
) -> None:
    """Nothing told it: who forgot the sum took the money away by granting it anew."""
    case_id = at.approved(instalments=2)

    def move(desk: Desk, slug: str, **form: Any) -> Any:
        version = hidden(desk.get(f"/cases/{case_id}").text, "version")
        return desk.post(f"/cases/{case_id}/{slug}", {"version": version, **form})

    move(clerk, "reopen", reason="再核实")
    page = clerk.get(f"/cases/{case_id}").text
    assert "原来批的是301.07元，分2期，一分没发。金额可以改" in text_of(page)
    assert re.search(r'name="amount"[^>]* value="301.07"', page)
    move(clerk, "recommend", decision="approve", reason="没错", amount="")
    assert "这次没写金额：通过以后就不发钱" in text_of(chief.get(f"/cases/{case_id}").text)
    move(chief, "return", reason="金额漏了")
    move(clerk, "recommend", decision="approve", reason="没错", amount="301.07")
    page = chief.get(f"/cases/{case_id}").text
    assert "没写金额" not in text_of(page)
    assert re.search(r'name="instalments"[^>]* value="2"', page)
    move(chief, "approve", instalments="2")
    assert at.sums(fund) == (10_000_00, funding.SUM, 0)


def test_a_case_that_is_not_ticked_waits_for_the_next_batch(
    at: Office, fund: Any, clerk: Desk
) -> None:
    taken, left = at.approved(), at.approved()
    batch = batch_of(collect(clerk, fund, without=left))
    assert (at.state(taken), at.state(left)) == ("payment_pending", "approved")
    assert left not in clerk.get(f"/payments/batches/{batch}").text
    none = clerk.post("/payments/collect", {"fund": fund.id})
    assert "没有可以归集的" in text_of(none.text)
    assert at.state(left) == "approved"


def test_a_lock_and_a_batch_can_be_undone_until_the_bank_may_have_it(
    at: Office, fund: Any, clerk: Desk, chief: Desk
) -> None:
    case = at.approved()
    batch = collected(clerk, fund)
    for step, state in (("lock", "已锁定"), ("unlock", "已归集"), ("lock", "已锁定")):
        assert clerk.post(f"/payments/batches/{batch}/{step}").status_code == 303
        assert state in text_of(clerk.get(f"/payments/batches/{batch}").text)
    chief.post(f"/payments/batches/{batch}/release")
    assert clerk.post(f"/payments/batches/{batch}/unlock").status_code == 409
    assert clerk.post(f"/payments/batches/{batch}/cancel").status_code == 303
    assert at.state(case) == "approved"
    batch = released(clerk, chief, fund)
    clerk.post(f"/payments/batches/{batch}/export")
    assert clerk.get(f"/payments/batches/{batch}/cancel").status_code == 409
    assert clerk.post(f"/payments/batches/{batch}/cancel").status_code == 409


def test_a_bad_file_of_the_bank_is_told_by_line_and_nothing_is_taken(
    at: Office, fund: Any, clerk: Desk, chief: Desk
) -> None:
    case = at.approved()
    batch = released(clerk, chief, fund)
    exported = clerk.post(f"/payments/batches/{batch}/export", {"kind": "csv"}).data
    wrong = funding.answered(exported).replace(b"301.07", b"301.08")
    found = upload(clerk, batch, wrong)
    assert found.status_code == 422
    assert "2 金额和批次里的不一样" in text_of(found.text) and "results" not in found.text
    for content, told in ((b"", "请选银行给的结果文件"), (b"\x00\xff\xfe", "这个文件读不了")):
        found = upload(clerk, batch, content)
        assert found.status_code == 422 and told in found.text
    forged = clerk.post(f"/payments/batches/{batch}/settle", {"results": "k1:AAAA"})
    assert forged.status_code == 422
    assert at.state(case) == "payment_pending"


def test_a_result_that_was_looked_at_by_one_is_not_settled_by_another(
    at: Office, fund: Any, clerk: Desk, chief: Desk
) -> None:
    case = at.approved()
    batch = released(clerk, chief, fund)
    exported = clerk.post(f"/payments/batches/{batch}/export", {"kind": "csv"}).data
    results = hidden(upload(clerk, batch, funding.answered(exported)).text, "results")
    assert chief.post(f"/payments/batches/{batch}/settle", {"results": results}).status_code == 422
    assert at.state(case) == "payment_pending"


def test_the_workbook_for_the_bank_is_exact_and_inert(
    at: Office, fund: Any, clerk: Desk, chief: Desk
) -> None:
    at.approved()
    batch = released(clerk, chief, fund)
    content = clerk.post(f"/payments/batches/{batch}/export", {"kind": "xlsx"}).data
    rows = list(load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))
    assert rows[1][3] == "301.07" and isinstance(rows[1][2], str)


def test_who_can_not_be_paid_is_left_out_and_told_why(
    at: Office, fund: Any, clerk: Desk, staff: Staff
) -> None:
    from server.casework.tables import Case
    from server.database.tables import Purpose
    from server.personal import consents

    case_id = at.approved()
    with at.database.begin() as session:
        worker = session.get_one(Case, case_id).worker_id
        consents.withdraw(
            session, at.keys.safe_of(worker), worker_id=worker, purpose=Purpose.PAYMENT,
            now=at.now,
        )  # fmt: skip
    page = collect(clerk, fund).text
    found = text_of(page)
    assert "没有可以归集的" in found and "本人没有同意用银行卡收款" in found
    assert f'href="/staff/cases/{case_id}"' in page


def test_a_fund_is_set_up_after_a_second_look_and_its_budget_changed_for_a_reason(
    staff: Staff,
) -> None:
    boss = staff.desk(Role.ADMINISTRATOR)
    asked = {
        "name": "稳岗资金", "purpose": "稳岗", "budget": "1,200.50", "measures": ["shishi-4a"],
        "where": ["石狮"], "reason": "狮财〔2026〕3号",
    }  # fmt: skip
    look = boss.post("/funds/", asked)
    assert "预算1200.50元" in text_of(look.text)
    again = boss.post("/funds/", {**asked, "confirmed": "yes", "again": "yes"})
    assert again.status_code == 200 and 'value="1,200.50"' in again.text
    assert "狮财〔2026〕3号" in again.text and "请核对" not in again.text
    assert "还没有资金" in text_of(boss.get("/funds/").text)
    made = boss.post("/funds/", {**asked, "confirmed": "yes"})
    fund = made.headers["Location"].removeprefix("/staff")
    assert "狮财〔2026〕3号" in text_of(boss.get(fund).text)
    large = {**asked, "name": "省级资金", "budget": "30,000,000"}
    assert "预算30000000.00元" in text_of(boss.post("/funds/", large).text)
    most = boss.post("/funds/", {**large, "budget": "9" * 12, "confirmed": "yes"})
    assert most.status_code == 303
    assert "999,999,999,999.00元" in boss.get(most.headers["Location"].removeprefix("/staff")).text
    grants = f"{fund}/grants"
    more = {"amount": "-200.5", "reason": "收回"}
    assert "预算从1200.50元变为1000.00元" in text_of(boss.post(grants, more).text)
    assert 'value="-200.5"' in boss.post(grants, {**more, "again": "yes"}).text
    confirmed = {
        **more,
        "confirmed": "yes",
        "before": hidden(boss.post(grants, more).text, "before"),
    }
    boss.post(grants, confirmed)
    page = text_of(boss.get(fund).text)
    assert "1,000.00元 剩下" in page and "-200.50元 收回 陈晓" in page
    # Sent again because no reply came, or after somebody else's change: nothing is done unseen.
    for again in (confirmed, {**more, "confirmed": "yes"}):
        refused = boss.post(grants, again)
        assert refused.status_code == 409 and "预算现在是1000.00元" in text_of(refused.text)
    assert "1,000.00元 剩下" in text_of(boss.get(fund).text)
    short = boss.post(
        grants, {"amount": "-5000", "reason": "收回", "confirmed": "yes", "before": "1000.00"}
    )
    assert short.status_code == 422 and "最多收回这么多" in text_of(short.text)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("budget", "很多", "金额请写成元"),
        ("budget", "1.005", "金额请写成元"),
        ("budget", "-5", "金额请写成元"),
        ("budget", "9" * 30, "金额请写成元"),
        ("budget", "9e999999", "金额请写成元"),
        ("budget", "1e5", "金额请写成元"),
        ("budget", "1_000", "金额请写成元"),
        ("budget", "1,,2", "金额请写成元"),
        ("where", ["锦州"], "请从列表里选"),
        ("measures", [], "请选一项政策"),
        ("measures", ["no-such"], "请从列表里选"),
        ("reason", "", "缺少这一项"),
        ("name", "", "缺少这一项"),
    ],
)
def test_what_is_wrong_stands_beside_the_field(
    staff: Staff, field: str, value: Any, told: str
) -> None:
    boss = staff.desk(Role.ADMINISTRATOR)
    asked = {
        "name": "稳岗资金", "purpose": "稳岗", "budget": "5", "measures": ["shishi-4a"],
        "where": ["石狮"], "reason": "文号", field: value,
    }  # fmt: skip
    found = boss.post("/funds/", {**asked, "confirmed": "yes"})
    assert found.status_code == 422
    assert told in found.text.split(f'id="f-{field}-error"', 1)[1].split("</p>", 1)[0]


def test_later_instalments_that_wait_are_shown_and_lead_to_their_batch(
    at: Office, fund: Any, clerk: Desk, chief: Desk
) -> None:
    at.approved(instalments=3)
    batch = released(clerk, chief, fund)
    exported = clerk.post(f"/payments/batches/{batch}/export", {"kind": "csv"}).data
    results = hidden(upload(clerk, batch, funding.answered(exported)).text, "results")
    clerk.post(f"/payments/batches/{batch}/settle", {"results": results})
    at.approved()
    page = clerk.get("/payments/").text
    assert "第1期 1 归集" in text_of(page) and "第2期 1 归集" in text_of(page)
    assert f"/payments/collect?fund={fund.id}&amp;instalment=2" in page
    assert "第3期" not in text_of(page)
