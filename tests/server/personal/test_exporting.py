"""Everything held about somebody, and nothing about anybody else."""

import json
import re
import time
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

import server.schema  # noqa: F401
from knowledge.library import Library
from server.casework import deciding
from server.casework.deciding import Item
from server.casework.officers import Officer
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.database.tables import Conversation, Lifetime, Turn
from server.offers import offering
from server.personal import exporting
from server.personal.holdings import Holding, holdings
from tests import citizens
from tests.server.casework.conftest import House, clerk, house
from tests.server.offers.conftest import SEWING, Fair, fair
from tests.server.personal.test_erasing import wang
from tests.server.personal.test_profiles import NewWorker, new_worker, save
from tests.verifying import size

__all__ = ["clerk", "fair", "house", "new_worker", "wang"]


def _export(
    database: Database, subject_keys: SubjectKeys, safe: Safe, who: tuple[int, Safe], now: datetime
) -> dict[str, Any]:
    accounts = subject_keys.safes_of([who[0]], Lifetime.ACCOUNTS).get(who[0])
    with database.begin() as session:
        return exporting.collect(session, safe, who[1], accounts, worker_id=who[0], now=now)


def test_the_worker_finds_all_that_was_given_and_nobody_elses(
    database: Database,
    subject_keys: SubjectKeys,
    safe: Safe,
    wang: tuple[int, Safe],
    new_worker: NewWorker,
    library: Library,
    now: datetime,
) -> None:
    li = new_worker("li")
    save(database, li, citizens.person(2), now)
    collected = _export(database, subject_keys, safe, wang, now)
    by_table = {part["table"]: part["rows"] for part in collected["holdings"]}
    assert set(by_table) == {h.table for h in holdings().values() if h.owner is not None}
    mine = citizens.person(1)
    assert by_table["profile"][0]["sealed"] == mine.model_dump()
    assert by_table["worker"][0]["sealed_phone"] == mine.phone
    assert by_table["identity"][0]["sealed_subject"] == "wang"
    assert by_table["turn"][0]["text"] == "我被裁了"
    assert {row["action"] for row in by_table["audit_entry"]} >= {"consented", "created"}
    page = exporting.page(collected, library)
    for whole in (json.dumps(collected, ensure_ascii=False), page):
        for value in mine.model_dump().values():
            assert value in whole
        assert "_hash" not in whole and "无法读取" not in whole
        for value in citizens.person(2).model_dump().values():
            assert value not in whole
    assert database.fetch("SELECT action FROM audit_entry ORDER BY id DESC LIMIT 1") == (
        "exported",
    )


def test_what_no_key_opens_any_more_does_not_spoil_the_rest(
    database: Database,
    subject_keys: SubjectKeys,
    safe: Safe,
    wang: tuple[int, Safe],
    now: datetime,
) -> None:
    stranger = (wang[0], Safe({"other": bytes(32)}, b"secret"))
    collected = _export(database, subject_keys, safe, stranger, now)
    by_table = {part["table"]: part["rows"] for part in collected["holdings"]}
    assert "无法读取" in by_table["profile"][0]["sealed"]
    assert by_table["turn"][0]["text"] == "我被裁了"


def test_what_an_officer_noted_for_themselves_is_not_in_the_export(
    database: Database,
    subject_keys: SubjectKeys,
    safe: Safe,
    fair: Fair,
    new_worker: NewWorker,
    now: datetime,
) -> None:
    employer = new_worker("employer")
    given = replace(SEWING, words="入职先交押金300元")
    with database.begin() as session:
        offer = offering.propose(
            session, safe, given, by=employer[0], regions=fair.library.regions, now=now
        )

    def exported() -> tuple[dict[str, Any], str]:
        collected = _export(database, subject_keys, safe, employer, now)
        (row,) = next(h["rows"] for h in collected["holdings"] if h["table"] == "offer")
        return row, exporting.page(collected, fair.library)

    assert exported()[0]["reason"] == ""
    fair.step(offering.publish, offer, reason="老板难缠，电话核实过")
    row, page = exported()
    assert (row["state"], row["title"], "reason" in row) == ("open", "缝纫工", False)
    assert "老板难缠" not in page
    assert "5000元" in page and "500000" not in page
    # Why it was called off is said to the employer.
    fair.step(offering.cancel, offer, reason="押金不合规")
    row, page = exported()
    assert row["reason"] == "押金不合规" and "押金不合规" in page


def test_the_page_is_in_words_that_people_know(house: House, clerk: Officer) -> None:
    worker = house.worker(who=citizens.person(1))
    case_id = house.submit(worker)
    house.do(clerk, case_id, deciding.take)
    item = Item("labour_contract", "没有拍全")
    house.do(clerk, case_id, deciding.request_material, [item], reason="请补合同", days=3)
    own = house.keys.safe_of(worker)
    who = (worker, own)
    collected = _export(house.database, house.keys, house.safe, who, house.now)
    page = exporting.page(collected, house.library)
    shown = " ".join(re.sub(r"(?s)<style.*?</style>|<[^>]*>", " ", page).split())
    for told in (
        "状态 要你补材料", "办了哪一步 提交了申请", "政策 失业保险金", "失业保险：是", "劳动合同",
        "看过提醒仍然要办 是", "哪类资料 你的办件", "请补合同", "2026-03-01 17:30",
    ):  # fmt: skip
        assert told in shown, shown
    assert re.findall(r"(?<![0-9A-Za-z])[A-Za-z_]{3,}(?![0-9A-Za-z])", shown) == []


@pytest.mark.parametrize(
    "holding", [h for h in holdings().values() if h.owner], ids=lambda h: h.table
)
def test_every_column_and_every_value_of_a_closed_vocabulary_has_its_word(
    library: Library, holding: Holding
) -> None:
    shown = [*holding.sealed, *holding.accounts, *holding.service, *holding.clear, *holding.other]
    part = {"table": holding.table, "title": "", "rows": [{name: name for name in shown}]}
    page = exporting.page({"exported_at": "", "holdings": [part]}, library)
    assert re.findall("(?<!</dt>)<dd>([^<]*)", page) == []
    for constraint in holding.rows.constraints:
        rule = re.fullmatch(r"(\w+) IN \((.*)\)", str(getattr(constraint, "sqltext", "")))
        if rule is None:
            continue
        values = re.findall(r"'(\w+)'", rule[2])
        called = [exporting.value_called(holding.table, rule[1], value) for value in values]
        assert None not in called, (rule[1], values, called)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{ 7 * 7 }}", "<img src=x>"])
def test_words_stay_words_on_the_page(
    database: Database,
    subject_keys: SubjectKeys,
    safe: Safe,
    wang: tuple[int, Safe],
    library: Library,
    now: datetime,
    text: str,
) -> None:
    with database.begin() as session:
        session.connection().exec_driver_sql(f"UPDATE turn SET text = '{text}'")
    page = exporting.page(_export(database, subject_keys, safe, wang, now), library)
    assert text not in page or "{{" in text
    assert "<script" not in page and "<img" not in page and ">49<" not in page


@pytest.mark.fault
def test_somebody_who_wrote_for_years_waits_ten_seconds_at_most(
    database: Database,
    subject_keys: SubjectKeys,
    safe: Safe,
    wang: tuple[int, Safe],
    library: Library,
    now: datetime,
    tell: Any,
) -> None:
    count = size(500, 20_000)
    with database.begin() as session:
        session.add(Conversation(id="d" * 30, worker_id=wang[0], updated_at=now))
        session.flush()
        session.add_all(
            Turn(conversation_id="d" * 30, at=now, channel="api", text="问" * 40, kind="answer",
                 reply="答" * 300, measures="[]", rejected="[]")
            for _ in range(count)
        )  # fmt: skip
    began = time.perf_counter()
    page = exporting.page(_export(database, subject_keys, safe, wang, now), library)
    took = time.perf_counter() - began
    tell(f"export with {count} turns, {len(page) // 1000} kB, seconds", round(took, 2), "<= 10")
    assert took <= 10
