"""Pairings to look around at, made up: a late visit, one who waits for a yes, one without anybody.

Of the people whom `making` has made.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from server.casework.officers import Officer
from server.clock import china_day
from server.confidential.sealing import Safe
from server.database.tables import Profile
from server.pairing import helping, visiting
from server.pairing import keeping as pairings
from server.pairing.helping import Told
from server.pairing.keeping import Answering
from server.pairing.moves import Move
from server.pairing.proposing import Why
from server.pairing.tables import Helper, HelperKind, Pairing, Rank
from server.pairing.visiting import Report
from server.personal import profiles
from server.register import keeping as register
from server.register.hardship import Cause, Need, Registered
from server.register.keeping import Standing
from server.register.tables import Level, RegisterEntry
from server.web.resources import Resources

_HELPERS = (
    Told(kind=HelperKind.CADRE, name="林志远", unit="市总工会", rank=Rank.COUNTY, region="石狮",
         phone="13905950101", capacity=2, gives=(Need.LIVING, Need.JOB)),
    Told(kind=HelperKind.CADRE, name="蔡国平", unit="市财政局", rank=Rank.COUNTY, region="石狮"),
    Told(kind=HelperKind.FIRM, name="某鞋业公司", unit="某鞋业公司", region="石狮", capacity=5,
         phone="13905950103", gives=(Need.JOB, Need.TRAINING)),
    Told(kind=HelperKind.VOLUNTEER, name="许老师", unit="团市委", region="石狮", capacity=3,
         phone="13905950104", gives=(Need.SCHOOLING, Need.CARE)),
    Told(kind=HelperKind.MOTHER, name="施妈妈", unit="市妇联", region="石狮", capacity=2,
         phone="13905950105", gives=(Need.CARE,)),
)  # fmt: skip
_PEOPLE = (
    ("张德福", (Need.LIVING, Need.JOB)),
    ("赵秀英", (Need.SCHOOLING,)),
    ("刘小燕", (Need.TRAINING,)),
)
"""Who applied: the first is visited too late, the second is asked, the third has nobody."""


class DemoPairings:
    """Helpers, people in the register, and what is between them."""

    def __init__(self, known: Resources, by: Officer) -> None:
        self._known, self._by = known, by
        self._regions = known.serving.current().library.regions
        self._now = known.clock()

    def make(self) -> None:
        """Make them: one pairing with an overdue visit, one that waits for the person."""
        known, long_ago = self._known, self._now - timedelta(days=130)
        with known.database.begin() as session:
            helpers = [
                helping.enter(session, known.safe, self._regions, told, by=self._by, now=long_ago)
                for told in _HELPERS
            ]
        entries = [self._entry(*who, now=long_ago) for who in _PEOPLE]
        own, first = self._propose(helpers[0], entries[0], long_ago)
        with known.database.begin() as session:
            pairing = session.get_one(Pairing, first)
            for move in (Move.UNIT_AGREES, Move.PERSON_AGREES):
                pairings.agree(
                    session, known.safe, self._regions, pairing, move, by=self._by,
                    version=pairing.version, now=long_ago,
                )  # fmt: skip
            at = self._now - timedelta(days=100)
            told = Report(china_day(at), "家里暂时没有收入，孩子在上学。", "米、油和慰问金", 500_00)
            visiting.note(
                session, own, self._regions, pairing, told, by=self._by,
                version=pairing.version, now=at,
            )  # fmt: skip
        own, second = self._propose(helpers[3], entries[1], self._now)
        with known.database.begin() as session:
            pairing = session.get_one(Pairing, second)
            pairings.agree(
                session, known.safe, self._regions, pairing, Move.UNIT_AGREES, by=self._by,
                version=pairing.version, now=self._now,
            )  # fmt: skip

    def _entry(self, name: str, needs: tuple[Need, ...], *, now: datetime) -> RegisterEntry:
        """One of those who have applied, entered as an officer would."""
        known = self._known
        hashed = known.safe.hash("name", name)
        with known.database.read() as session:
            worker = session.scalars(
                select(col(Profile.worker_id)).where(col(Profile.name_hash) == hashed)
            ).one()
        own = known.subject_keys.safe_of(worker)
        with known.database.begin() as session:
            who = profiles.get(session, own, worker).person
            registered = Registered(
                name=who.name,
                identity_number=who.identity_number,
                phone=who.phone,
                causes=(Cause.JOB_LOSS,),
                needs=needs,
            )
            return register.enter(
                session, own, self._regions, worker_id=worker, registered=registered,
                standing=Standing("石狮", Level.BELOW_LINE, china_day(now)), by=self._by, now=now,
            )  # fmt: skip

    def _propose(self, helper: Helper, entry: RegisterEntry, now: datetime) -> tuple[Safe, str]:
        own = self._known.subject_keys.safe_of(entry.worker_id)
        reasons = [{"why": Why.PLACE, "steps": 0}]
        with self._known.database.begin() as session:
            pairing = pairings.propose(
                session, own, self._regions, entry, Answering(entry.worker_id),
                helper_id=helper.id, reasons=reasons, by=self._by, now=now,
            )  # fmt: skip
            return own, pairing.id
