"""A place with a register, cases and accounts in WeChat, to send campaigns to."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from server.casework import applying, drafting, tables
from server.casework.advancing import Post
from server.casework.applying import Checked
from server.casework.officers import Officer, Role
from server.casework.opting_out import refuse_outreach
from server.clock import china_day
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database import numbering
from server.database.db import Database
from server.database.tables import Notice
from server.outreach import campaigns, choosing, links
from server.outreach.audiences import Audience
from server.outreach.campaigns import Proposal
from server.outreach.choosing import Chosen, Place
from server.outreach.sending import Mailing
from server.outreach.tables import Campaign, CampaignState, Channel, Letter, LetterState
from server.register.tables import Level
from tests import casework
from tests.server.register.conftest import Ledger, ledger, somebody

__all__ = ["ledger"]

if TYPE_CHECKING:
    from knowledge.library import Library

BOTH = (Channel.WECHAT, Channel.SMS)


@dataclass
class Office:
    """What outreach needs around it."""

    ledger: Ledger
    author: Officer
    approver: Officer

    @property
    def database(self) -> Database:
        return self.ledger.database

    @property
    def library(self) -> "Library":
        return self.ledger.library

    @property
    def safe(self) -> Safe:
        return self.ledger.safe

    @property
    def keys(self) -> SubjectKeys:
        return self.ledger.keys

    @property
    def now(self) -> datetime:
        return self.ledger.now

    @property
    def post(self) -> Post:
        return casework.post(self.safe, self.library)

    @property
    def mailing(self) -> Mailing:
        return Mailing(self.safe, casework.MINI_APP, {"outreach": "tmpl-outreach"})

    @property
    def place(self) -> Place:
        return Place(self.database, self.keys, self.safe, self.library, casework.MINI_APP)

    def in_register(self, number: int, level: Level = Level.BELOW_LINE, **other: Any) -> int:
        """Somebody of the register who never signed in."""
        where = {key: other.pop(key) for key in ("region",) if key in other}
        entry = self.ledger.enter(
            somebody(number, **other), standing=self.ledger.standing(level=level, **where)
        )
        return entry.worker_id

    def in_wechat(self, **who: Any) -> int:
        """Somebody who signed in and said who they are."""
        person = casework.person(**who) if who else None
        return casework.worker(self.database, self.safe, self.keys, now=self.now, who=person)

    def draft(self, worker: int, facts: dict[str, Any], measure: str = casework.MEASURE) -> str:
        """Begin an application."""
        own, checked = self.keys.safe_of(worker), self._checked(facts, measure)
        with self.database.begin() as session:
            return drafting.save(
                session, own, self.post, checked, worker_id=worker, version=None, seen=None,
                now=self.now,
            ).id  # fmt: skip

    def apply(self, worker: int, now: datetime | None = None) -> None:
        """Hand an application in."""
        own, checked = self.keys.safe_of(worker), self._checked(casework.ELIGIBLE, casework.MEASURE)
        with self.database.begin() as session:
            drafting.submit(session, own, self.post, checked, worker_id=worker, now=now or self.now)

    def _checked(self, facts: dict[str, Any], measure: str) -> Checked:
        found = self.library.measures[measure]
        return applying.check(self.library, 1, found, None, facts, today=china_day(self.now))

    def refuse(self, worker: int) -> None:
        with self.database.begin() as session:
            refuse_outreach(session, self.safe, worker_id=worker, now=self.now)

    def chosen(self, channels: tuple[Channel, ...] = BOTH, **audience: Any) -> Chosen:
        given = {"region": "石狮", **audience}
        return choosing.choose(self.place, Audience(**given), channels, china_day(self.now))

    def proposal(self, **other: Any) -> Proposal:
        audience = Audience(region="石狮", **other.pop("audience", {}))
        given = {
            "title": "给大家的一封信",
            "words": "过年留在石狮的，有这些补贴。",
            "sender": "石狮市总工会",
            "audience": audience,
            "channels": BOTH,
            "last_on": china_day(self.now) + timedelta(days=7),
        }
        return Proposal(**{**given, **other})

    def proposed(self, **other: Any) -> Campaign:
        proposal = self.proposal(**other)
        chosen = choosing.choose(
            self.place, proposal.audience, proposal.channels, china_day(self.now)
        )
        with self.database.begin() as session:
            return campaigns.propose(
                session, self.safe, proposal, chosen, by=self.author,
                regions=self.library.regions, now=self.now,
            )  # fmt: skip

    def confirm(self, campaign: Campaign, by: Officer | None = None) -> None:
        self.step(campaigns.confirm, campaign, self.recounted(campaign), by=by or self.approver)

    def recounted(self, campaign: Campaign) -> Chosen:
        from server.outreach import audiences

        audience = audiences.read(campaign.audience)
        channels = campaigns.channels_of(campaign)
        return choosing.choose(self.place, audience, channels, china_day(self.now))

    def going(self, **other: Any) -> Campaign:
        """A campaign on its way."""
        campaign = self.proposed(**other)
        self.confirm(campaign)
        return campaign

    def step(self, act: Callable[..., Any], campaign: Campaign, *args: Any, **more: Any) -> Any:
        """Do something to a campaign as it stands."""
        with self.database.begin() as session:
            row = session.get_one(Campaign, campaign.id)
            given = {"version": row.version, "now": self.now, **more}
            return act(session, self.safe, row, *args, regions=self.library.regions, **given)

    def letters(self, campaign: Campaign) -> list[Letter]:
        with self.database.read() as session:
            rows = select(Letter).where(col(Letter.campaign_id) == campaign.id)
            return list(session.scalars(rows.order_by(col(Letter.worker_id))))

    def notices(self) -> list[Notice]:
        with self.database.read() as session:
            return list(session.scalars(select(Notice).where(col(Notice.kind) == "outreach")))


@pytest.fixture
def office(ledger: Ledger) -> Office:
    def officer(role: Role) -> Officer:
        return casework.officer(ledger.database, ledger.safe, ledger.library, role, now=ledger.now)

    casework.publish(ledger.database, ledger.library, now=ledger.now)
    ledger.clerk = replace(ledger.clerk, regions=frozenset({"石狮", "河北"}))
    return Office(ledger, officer(Role.CASE_OFFICER), officer(Role.APPROVER))


def sent(
    database: Database, safe: Safe, worker: int, now: datetime, measure: str | None = None
) -> str:
    """A message that has gone out to one worker; the token of its link."""
    with database.begin() as session:
        author = tables.Officer(name="陈", roles="[]", regions="[]", created_at=now)
        session.add(author)
        session.flush()
        assert author.id is not None
        campaign = Campaign(
            id=numbering.number(now, "N"),
            region="石狮",
            title="给大家的一封信",
            words="有这些补贴。",
            sender="石狮市总工会",
            measure=measure,
            audience="{}",
            channels="wechat",
            last_on=china_day(now),
            state=CampaignState.SENDING,
            counts="{}",
            digest="",
            proposed_by=author.id,
            created_at=now,
            changed_at=now,
            confirmed_at=now,
        )
        session.add(campaign)
        session.flush()
        letter = Letter(
            id=f"M{secrets.token_hex(8)}",
            campaign_id=campaign.id,
            worker_id=worker,
            channel=Channel.WECHAT,
            state=LetterState.HANDED,
            sent_on=china_day(now),
            handed_at=now,
        )
        session.add(letter)
        return links.token_of(safe, campaign.id, letter.id)
