"""Employers of the register, each of them once."""

import threading
from dataclasses import asdict, replace
from datetime import date

from knowledge.eligibility.sheets import Row
from server.register import employer_sheets, employers
from server.register.employers import EmployerKnown, Told
from server.register.tables import Employer
from tests.overlapping import come_to
from tests.server.register.conftest import Ledger, ledger

__all__ = ["ledger"]

FIRM = Told("石狮", "石狮市某鞋厂", None, "0595-88000000", "制鞋", 120, 30, 8, date(2026, 3, 1))


def test_a_firm_that_two_enter_at_the_same_moment_stands_there_once(ledger: Ledger) -> None:
    line, failed = threading.Barrier(3), list[BaseException]()

    def enter() -> None:
        line.wait()
        try:
            with ledger.database.begin() as session:
                employers.enter(
                    session, ledger.safe, ledger.library.regions, FIRM, by=ledger.clerk,
                    now=ledger.now,
                )  # fmt: skip
                # The others come before this is there to be seen.
                come_to(ledger.database, lambda: 2 - len(failed))
        except EmployerKnown as error:
            failed.append(error)

    threads = [threading.Thread(target=enter) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with ledger.database.read() as session:
        found, total = employers.listed(session, {"石狮"})
    assert (total, len(failed)) == (1, 2)
    assert (found[0].name, found[0].version) == (FIRM.name, 1)


def test_a_table_of_employers_changes_nothing_that_it_has_no_word_of(ledger: Ledger) -> None:
    told = replace(FIRM, code="91350581MA2Y3R5Q0X", told_on=ledger.today)
    lines = (
        "单位,单位电话,职工人数,留岗人数,缺工人数,行业",
        f"{FIRM.name},0595-88000000,120,30,9,",
    )
    rows = [Row(number, line.split(",")) for number, line in enumerate(lines, 1)]
    with ledger.database.begin() as session:
        known = employers.enter(
            session, ledger.safe, ledger.library.regions, told, by=ledger.clerk, now=ledger.now
        )
        found = employer_sheets.read(
            session, rows, region="石狮", regions={"石狮": "石狮"}, today=ledger.today
        )
        employer_sheets.enter(
            session, ledger.safe, ledger.library.regions, found, by=ledger.clerk, now=ledger.now
        )
    with ledger.database.read() as session:
        row = session.get_one(Employer, known.id)
    assert {name: getattr(row, name) for name in Told.__slots__} == asdict(replace(told, hiring=9))
