"""Who is meant by an audience, who of them can be reached how, and why the others can't.

Nothing of an anonymous self-check is stored: what the rules say is worked out from the facts that
the register vouches for and that people's cases hold. Nobody is shown to anybody here.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, select, union
from sqlmodel import Session, col

from knowledge.eligibility.columns import People, column_of, verdicts
from knowledge.eligibility.facts import WORK_REGION
from knowledge.library import Library
from server.casework import cases
from server.casework.moves import State
from server.casework.opting_out import OutOfOutreach
from server.casework.tables import Case
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.database.tables import Identity, Profile, Worker
from server.offers.tables import Wish
from server.outreach.audiences import Audience, Having, Outcome
from server.outreach.tables import Channel, Letter
from server.register import rostering
from server.register.rostering import Reading
from server.register.tables import EntryState, RegisterEntry

_AT_ONCE = 2000
_HANDED_IN = frozenset(State) - {State.DRAFT, State.WITHDRAWN}


class Why(StrEnum):
    """Why somebody who is meant gets no message, or not today."""

    OPTED_OUT = "opted_out"
    NO_CHANNEL = "no_channel"
    SAME_PERSON = "same_person"
    """Known under two accounts: one message is enough."""
    SAME_PHONE = "same_phone"
    """Another of these people gets it on the telephone: one message is enough."""
    HAD_ONE_TODAY = "had_one_today"
    """They get it on another day; they count as reached as well."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where people are chosen: what to read them with."""

    database: Database
    keys: SubjectKeys
    safe: Safe
    library: Library
    app_id: str
    """Of the mini-program whose subscribe messages go out; empty: WeChat reaches nobody."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who will get the message."""

    worker_id: int
    person: str
    channel: Channel


@dataclass(slots=True)
class Chosen:
    """What a dry run found."""

    recipients: list[Recipient] = field(default_factory=list)
    why: Counter[Why] = field(default_factory=Counter)
    meant: int = 0
    digest: str = ""
    """Of everybody who is meant; equal audiences of other people give another."""

    @property
    def counts(self) -> dict[str, int]:
        """How many: meant, by channel, and by why not."""
        by_channel = Counter(each.channel for each in self.recipients)
        told = {"meant": self.meant} | {channel: by_channel[channel] for channel in Channel}
        return {str(k): v for k, v in told.items()} | {w: n for w, n in self.why.items() if n}


@dataclass(frozen=True, slots=True)
class _Known:
    """By what somebody is known: keyed hashes of their numbers."""

    worker_id: int
    identity: str | None
    phone: str | None
    verified: str | None
    """The telephone that WeChat vouches for: it is theirs alone."""

    @property
    def person(self) -> str:
        return self.identity or f"worker {self.worker_id}"


def choose(place: Place, audience: Audience, channels: Sequence[Channel], today: date) -> Chosen:
    """Count an audience; changes nothing and shows nobody. Raises `UnknownRegion`."""
    regions = place.library.regions
    here = {regions.get(audience.region).id, *regions.descendants(audience.region)}
    fitting = _fitting(place, audience, here, today) if audience.outcomes else None
    with place.database.read() as session:
        meant = _meant(session, audience, here, fitting)
        return _reached(session, place, meant, channels, today)


def _meant(
    session: Session, audience: Audience, here: Set[str], fitting: Set[int] | None
) -> list[_Known]:
    """Everybody whom the audience means, by worker, the oldest first."""
    if audience.measure is None:
        asked = [_in_register(audience, here)]
        if audience.level is None:
            asked += [_with_cases(here), _with_wishes(here)]
        return _known(session, union(*asked))
    found: dict[int, _Known] = {}
    if audience.having:
        wanted = _with_cases(here, audience.measure, audience.having)
        if audience.level is not None:
            wanted = wanted.where(col(Case.worker_id).in_(_in_register(audience, here)))
        found |= {each.worker_id: each for each in _known(session, wanted)}
    if fitting is not None:
        # Who has applied knows of it.
        applied = set(
            session.scalars(
                select(col(Case.worker_id)).where(
                    col(Case.measure) == audience.measure, col(Case.state).in_(_HANDED_IN)
                )
            )
        )
        for some in _some(sorted(fitting - applied - found.keys())):
            those = select(col(Worker.id)).where(col(Worker.id).in_(some))
            found |= {each.worker_id: each for each in _known(session, those)}
    return [found[worker] for worker in sorted(found)]


def _in_register(audience: Audience, here: Set[str]) -> Select[Any]:
    these = select(col(RegisterEntry.worker_id)).where(*_standing(here))
    if audience.level is not None:
        these = these.where(col(RegisterEntry.level) == audience.level)
    return these


def _standing(here: Set[str]) -> tuple[ColumnElement[bool], ...]:
    # No region is no entry: an empty list must never mean all of them.
    return (
        col(RegisterEntry.region).in_(here),
        col(RegisterEntry.state) == EntryState.ON,
        col(RegisterEntry.sealed).is_not(None),
    )


def _with_cases(
    here: Set[str], measure: str | None = None, having: Collection[Having] = tuple(Having)
) -> Select[Any]:
    states = {State.DRAFT} if Having.DRAFT in having else set()
    states |= _HANDED_IN if Having.CASE in having else set()
    these = select(col(Case.worker_id)).where(
        col(Case.region).in_(here), col(Case.state).in_(states)
    )
    return these if measure is None else these.where(col(Case.measure) == measure)


def _with_wishes(here: Set[str]) -> Select[Any]:
    return select(col(Wish.worker_id)).where(col(Wish.region).in_(here))


def _known(session: Session, workers: Any) -> list[_Known]:
    """Who some workers are, those who were erased left out."""
    rows = session.execute(
        select(
            col(Worker.id),
            col(Worker.phone_hash),
            col(Profile.identity_hash),
            col(Profile.phone_hash),
            col(RegisterEntry.identity_hash),
            col(RegisterEntry.phone_hash),
        )
        .outerjoin(Profile, col(Profile.worker_id) == col(Worker.id))
        .outerjoin(RegisterEntry, col(RegisterEntry.worker_id) == col(Worker.id))
        .where(col(Worker.id).in_(workers), col(Worker.erased_at).is_(None))
        .order_by(col(Worker.id))
    )
    found: dict[int, _Known] = {}
    for worker, verified, own_number, own_phone, number, phone in rows:
        found.setdefault(
            worker,
            _Known(worker, own_number or number, verified or own_phone or phone, verified),
        )
    return list(found.values())


def _reached(
    session: Session,
    place: Place,
    meant: Sequence[_Known],
    channels: Sequence[Channel],
    today: date,
) -> Chosen:
    found = Chosen(meant=len(meant), digest=_digest(meant))
    out = OutOfOutreach(session, place.safe)
    in_wechat = _in_wechat(session, place, channels)
    sent = select(col(Letter.person), col(Letter.worker_id)).where(col(Letter.sent_on) == today)
    # Whoever said since then who they are goes by another name.
    had_one = {name for row in session.execute(sent) for name in row}
    people, phones = set[str](), set[str | None]()
    # Of two accounts of one person the one that WeChat reaches.
    for who in sorted(meant, key=lambda each: each.worker_id not in in_wechat):
        channel: Channel | Why = Why.NO_CHANNEL
        if who.person in people:
            channel = Why.SAME_PERSON
        elif out.has(who.worker_id, filter(None, [who.identity, who.verified])):
            channel = Why.OPTED_OUT
        elif who.worker_id in in_wechat:
            channel = Channel.WECHAT
            # They get it in WeChat: no text message comes to their telephone as well.
            phones |= {who.verified} - {None}
        elif Channel.SMS in channels and who.phone is not None:
            channel = Channel.SMS
            if out.has(who.worker_id, [who.phone]):
                channel = Why.OPTED_OUT
            elif who.phone in phones:
                channel = Why.SAME_PHONE
            phones.add(who.phone)
        if isinstance(channel, Why):
            found.why[channel] += 1
            continue
        people.add(who.person)
        found.recipients.append(Recipient(who.worker_id, who.person, channel))
        found.why[Why.HAD_ONE_TODAY] += not had_one.isdisjoint((who.person, who.worker_id))
    return found


def _in_wechat(session: Session, place: Place, channels: Sequence[Channel]) -> set[int]:
    if Channel.WECHAT not in channels or not place.app_id:
        return set()
    asked = select(col(Identity.worker_id)).where(col(Identity.issuer) == place.app_id)
    return set(session.scalars(asked))


def _digest(meant: Sequence[_Known]) -> str:
    told = ",".join(str(each.worker_id) for each in meant)
    return hashlib.sha256(told.encode()).hexdigest()


# -- what the rules say ---------------------------------------------------------------------------


def _fitting(place: Place, audience: Audience, here: Set[str], today: date) -> set[int]:
    """Workers of whom the rules say one of the outcomes, by what is on file."""
    reading = Reading(place.library.facts, today)
    told = _told_in_cases(place, here)
    found: set[int] = set()
    for some in rostering.unseen(place.database, place.keys, here, audience.level):
        facts = {
            each.entry.worker_id: {
                WORK_REGION: each.entry.region,
                **each.facts,
                # What somebody said of themselves is later than what the register was told.
                **told.pop(each.entry.worker_id, {}),
            }
            for each in some
        }
        found |= _with_outcomes(place.library, audience, reading, facts, today)
    # Whoever is not in the register has no level.
    rest = iter(told.items() if audience.level is None else ())
    while facts := dict(islice(rest, _AT_ONCE)):
        found |= _with_outcomes(place.library, audience, reading, facts, today)
    return found


def _told_in_cases(place: Place, here: Set[str]) -> dict[int, dict[str, Any]]:
    """What people told in cases and drafts of some regions, by worker; the last word counts."""
    told: dict[int, dict[str, Any]] = {}
    with place.database.read() as session:
        rows = list(
            session.scalars(
                select(Case)
                .where(col(Case.region).in_(here), col(Case.sealed_facts).is_not(None))
                .order_by(col(Case.changed_at), col(Case.id))
            )
        )
    safes = place.keys.safes_of(case.worker_id for case in rows)
    for case in rows:
        facts = cases.frozen(case, safes.get(case.worker_id)).facts
        if facts:
            told.setdefault(case.worker_id, {}).update({WORK_REGION: case.region, **facts})
    return told


def _with_outcomes(
    library: Library,
    audience: Audience,
    reading: Reading,
    facts: Mapping[int, Mapping[str, Any]],
    today: date,
) -> set[int]:
    criteria = library.rules.criteria.get(audience.measure or "")
    if criteria is None or not facts:
        return set()
    workers = list(facts)
    values = [reading.values_of(facts[worker]) for worker in workers]
    named = sorted({fact for each in values for fact in each})
    columns = {fact: column_of(each.get(fact) for each in values) for fact in named}
    people = People(columns, len(workers), audience.region, today)
    found = verdicts(criteria, people)
    planes = [found.truths.holds] if Outcome.ELIGIBLE in audience.outcomes else []
    if Outcome.ONE_AWAY in audience.outcomes:
        planes += [plane for _, plane in found.one_away(library.facts)]
    return {workers[place] for plane in planes for place in people.numbered(plane).tolist()}


def _some(workers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(workers), _AT_ONCE):
        yield workers[start : start + _AT_ONCE]
