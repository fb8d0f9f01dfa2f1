"""Which entries of the audit an officer gets to see, on both databases."""

import re
from dataclasses import replace
from datetime import datetime

from knowledge.library import Library
from server import audit_views
from server.audit_views import WHERE, AuditView, Wanted
from server.casework.officers import Officer
from server.clock import china_day
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.records import audit
from server.records.audit import Action, Actor
from tests import funding
from tests.plans import planned


def seen(
    database: Database, library: Library, officer: Officer, now: datetime, row: str = ""
) -> list[AuditView]:
    wanted = Wanted(china_day(now), china_day(now), row=row)
    with database.read() as session:
        found = audit_views.listed(session, officer, library.regions, wanted, skip=0, at_most=500)
        assert audit_views.counted(session, officer, library.regions, wanted) == len(found)
    return found


def test_entries_are_shown_where_what_they_tell_of_lies(
    database: Database, safe: Safe, library: Library, subject_keys: SubjectKeys, now: datetime
) -> None:
    office = funding.office(database, safe, library, subject_keys, now)
    fund = office.fund(10_000_00)
    office.approved()
    batch = office.released(fund)
    here = replace(office.author, regions=frozenset({"石狮"}))
    elsewhere = replace(office.author, regions=frozenset({"定州"}))
    about = {each.about for each in seen(database, library, here, now)}
    assert {"cases", "payment", "payment_batch", "fund"} <= about
    assert seen(database, library, here, now, batch)[0].action is Action.DECIDED
    assert seen(database, library, elsewhere, now) == []


def test_what_is_gone_is_shown_where_those_work_who_did_it(
    database: Database, safe: Safe, library: Library, subject_keys: SubjectKeys, now: datetime
) -> None:
    office = funding.office(database, safe, library, subject_keys, now)
    by, abroad = (Actor.officer(each.id) for each in (office.author, office.administrator))
    with database.begin() as session:
        for about in WHERE:
            for who in (by, abroad, Actor.worker(1)):
                audit.record(
                    session, safe, by=who, action=Action.DELETED, about=about, row="gone",
                    worker_id=None, now=now,
                )  # fmt: skip
    found = seen(database, library, office.author, now, "gone")
    # The administrator works elsewhere too: of what they did the town's auditor sees no trace.
    assert sorted(each.about for each in found) == sorted(WHERE)
    assert {each.officer_id for each in found} == {office.author.id}
    everywhere = replace(office.author, regions=frozenset({"石狮", "锦州"}))
    assert len(seen(database, library, everywhere, now, "gone")) == 2 * len(WHERE)


def test_what_an_entry_tells_of_is_found_by_its_key_however_many_there_are(
    database: Database, safe: Safe, library: Library, subject_keys: SubjectKeys, now: datetime
) -> None:
    office = funding.office(database, safe, library, subject_keys, now)
    with planned(database, "audit_entry", without=("seqscan",)) as plans:
        seen(database, library, office.author, now)
    for plan in plans:
        read_whole = set(re.findall(r"(?:SCAN|Seq Scan on) (\w+)", plan)) - {"CONSTANT"}
        assert read_whole <= {"audit_entry"}
