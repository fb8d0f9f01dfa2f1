"""Offers to look around at, made up: work, a course and a bus home."""

from datetime import datetime, timedelta

from server.casework.officers import Officer
from server.clock import CHINA, china_day
from server.offers import offering
from server.offers.offering import Proposal
from server.offers.tables import OfferKind
from server.web.resources import Resources

_HERE = "石狮"


def make_offers(known: Resources, by: Officer) -> None:
    """Propose and publish them, as an officer does."""
    regions = known.serving.current().library.regions
    for proposal in _proposals(known.clock()):
        with known.database.begin() as session:
            offer = offering.propose(
                session, known.safe, proposal, by=by, regions=regions, now=known.clock()
            )
            offering.publish(
                session, known.safe, offer, by=by, regions=regions, version=offer.version,
                now=known.clock(),
            )  # fmt: skip


def _proposals(now: datetime) -> tuple[Proposal, ...]:
    soon = china_day(now) + timedelta(days=14)
    morning = datetime(soon.year, soon.month, soon.day, 8, 30, tzinfo=CHINA)
    return (
        Proposal(
            kind=OfferKind.VACANCY, region=_HERE, title="招聘缝纫工",
            words="演示用：做童装，计件，包吃住，不收任何费用。", organiser="某服装公司（演示）",
            contact="13905950108", place="凤里街道", begins_at=None,
            last_on=soon, seats=20,
            details={"trade": "缝纫工", "pay_from": 5_000_00, "pay_to": 7_500_00},
        ),
        Proposal(
            kind=OfferKind.SESSION, region=_HERE, title="缝纫技能培训班",
            words="演示用：三天，学完考试，合格的发结业证书。", organiser="某职业培训学校（演示）",
            contact="13905950109", place="湖滨街道", begins_at=morning,
            last_on=soon, seats=30,
            details={"trade": "缝纫", "hours": 24, "certificate": True},
        ),
        Proposal(
            kind=OfferKind.TRIP, region=_HERE, title="回四川达州的专车",
            words="演示用：坐满45人就不再加，带好身份证。", organiser="石狮市总工会（演示）",
            contact="13905950110", place="石狮汽车站", begins_at=morning,
            last_on=soon, seats=45,
            details={"origin": "石狮", "destination": "达州"},
        ),
    )  # fmt: skip
