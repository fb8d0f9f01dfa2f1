"""How long a campaign takes: counted, confirmed, and handed to the outbox, message by message.

`python -m bench.outreach PEOPLE [DATABASE_URL KEYS_URL]`; without addresses on SQLite in a new
folder. Everybody stands in the register and has the mini-program; who is there from an earlier run
is not entered again.
"""

import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

import server.schema  # noqa: F401
from bench import register
from knowledge.library import Library, read_library
from server.casework.officers import Officer, Role
from server.clock import CHINA, china_day, utc_now
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database, load_within
from server.database.tables import Identity, Notice, stored_instant
from server.migrations import upgrade
from server.outreach import campaigns, choosing, sending
from server.outreach.audiences import Audience, Outcome
from server.outreach.campaigns import Proposal
from server.outreach.choosing import Chosen, Place
from server.outreach.sending import Mailing
from server.outreach.tables import Campaign, Channel
from server.personal import people
from server.register.tables import RegisterEntry
from tests import casework

PEOPLE = 3500
_REGION = "张家口"
_MEASURE = "hebei-zjk-6c"
_COLUMNS = ("subject_hash", "worker_id", "issuer", "sealed_subject", "created_at")


def main() -> None:
    """Measure on SQLite, or on the databases whose addresses are given: main, then keys."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    folder = Path(tempfile.mkdtemp())
    urls = sys.argv[2:4] or [f"sqlite:///{folder / name}" for name in ("main.db", "keys.db")]
    database, keys_database = map(Database, urls)
    upgrade(database)
    safe, library = Safe({"k1": bytes(32)}, b"secret"), read_library()
    keys = SubjectKeys(database, keys_database, safe, utc_now)
    keys.prepare()
    with database.read() as session:
        there = session.scalars(select(col(RegisterEntry.id)).limit(1)).first()
    if there is None:
        register.entered(count, database, keys, safe, library)
        _give_mini_program(database, safe)
        print("entered; run it again to measure")
        if len(sys.argv) > 2:
            return
    measure(database, keys, safe, library)


def measure(database: Database, keys: SubjectKeys, safe: Safe, library: Library) -> None:
    """Print the seconds that each step takes."""
    name = database.engine.dialect.name
    place = Place(database, keys, safe, library, casework.MINI_APP)
    # By day, and each time on another: nobody has had a message.
    at = _day_without(database)
    author, approver = (
        casework.officer(database, safe, library, role, where=(_REGION,), now=at)
        for role in (Role.CASE_OFFICER, Role.APPROVER)
    )
    for what, audience in (
        ("by place", Audience(region=_REGION)),
        ("by what the rules say", Audience(
            region=_REGION, measure=_MEASURE, outcomes=frozenset(Outcome))),
    ):  # fmt: skip
        begun = time.perf_counter()
        chosen = choosing.choose(place, audience, tuple(Channel), china_day(at))
        print(f"{name}: {chosen.counts} counted {what} in {time.perf_counter() - begun:.1f} s")
    chosen = choosing.choose(place, Audience(region=_REGION), tuple(Channel), china_day(at))
    campaign = _proposed(database, safe, library, chosen, author, at)
    begun = time.perf_counter()
    with database.begin() as session:
        campaigns.confirm(
            session, safe, session.get_one(Campaign, campaign.id), chosen, by=approver,
            regions=library.regions, version=1, now=at,
        )  # fmt: skip
    print(f"{name}: {len(chosen.recipients):,} frozen in {time.perf_counter() - begun:.1f} s")
    begun, handed, longest = time.perf_counter(), 0, 0.0
    mailing = Mailing(safe, casework.MINI_APP, {"outreach": "tmpl"})
    while True:
        began = time.perf_counter()
        some = sending.hand_over(database, mailing, campaign.id, now=at)
        longest = max(longest, time.perf_counter() - began)
        if not some:
            break
        handed += some["handed"]
    took = time.perf_counter() - begun
    print(f"{name}: {handed:,} handed over in {took:.1f} s, a batch {longest:.2f} s at most")


def _proposed(
    database: Database, safe: Safe, library: Library, chosen: Chosen, by: Officer, at: datetime
) -> Campaign:
    proposal = Proposal(
        title="给大家的一封信",
        words="过年留在当地的，有这些补贴。",
        sender="张家口市总工会",
        audience=Audience(region=_REGION),
        channels=tuple(Channel),
        last_on=china_day(at) + timedelta(days=7),
    )
    with database.begin() as session:
        return campaigns.propose(
            session, safe, proposal, chosen, by=by, regions=library.regions, now=at
        )


def _day_without(database: Database) -> datetime:
    with database.read() as session:
        last = session.scalars(
            select(col(Notice.created_at)).order_by(col(Notice.created_at).desc()).limit(1)
        ).first()
    begin = last or datetime(2026, 3, 1, 10, tzinfo=CHINA)
    return begin + timedelta(days=1)


def _give_mini_program(database: Database, safe: Safe) -> None:
    """An openid of the mini-program for everybody in the register."""
    with database.begin() as session:
        workers = session.scalars(
            select(col(Identity.worker_id)).where(col(Identity.issuer) == people.REGISTER)
        ).all()
        rows = []
        for worker in workers:
            openid = f"o{worker:027}"
            hashed = people.subject_hash(safe, casework.MINI_APP, openid)
            sealed = people.sealed_subject(safe, hashed, openid)
            rows.append((hashed, worker, casework.MINI_APP, sealed, stored_instant(utc_now())))
        load_within(session, "identity", _COLUMNS, rows)


if __name__ == "__main__":
    main()
