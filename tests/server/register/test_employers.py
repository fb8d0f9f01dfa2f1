"""Employers of the register, each of them once."""

import threading
from datetime import date

from server.register import employers
from server.register.employers import EmployerKnown, Told
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
