"""What the last releases change for people, so that those whom it concerns can be told.

Only what a measure grants, to whom and when counts: other wording changes nothing for anybody. The
releases tell it; nobody has to remember to ask.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from knowledge.library import Library
from knowledge.measures import Measure
from knowledge.regions import Regions
from server.casework.officers import Officer, scope
from server.database.tables import Edition, ReleaseEdition
from server.editing import publishing
from server.outreach.audiences import Audience, Having, Outcome
from server.outreach.tables import Campaign, CampaignState

_KIND = "measure"
_LONGEST_TITLE = 20
LATELY = timedelta(days=30)
"""So long a change is offered to be told; what the release in force changes, for longer."""


class Sort(StrEnum):
    """What has changed."""

    NEW = "new"
    CLOSED = "closed"
    """It is gone, or its last day is over."""
    GRANTS = "grants"
    TERMS = "terms"
    TIME = "time"


_PARTS: Mapping[Sort, tuple[str, ...]] = {
    Sort.GRANTS: ("grants",),
    Sort.TERMS: ("rule", "audience", "excludes"),
    Sort.TIME: ("validity", "application"),
}
_SAID: Mapping[Sort, str] = {
    Sort.NEW: "有了新办法",
    Sort.CLOSED: "不再办理了",
    Sort.GRANTS: "待遇有变化",
    Sort.TERMS: "条件有变化",
    Sort.TIME: "办理时间有变化",
}


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """One measure that the last releases change, and what of it; `release_id` is in force now."""

    release_id: int
    measure: str
    region: str
    title: str
    sort: Sort
    summary: str

    @property
    def audience(self) -> Audience:
        """Whom it concerns: who has begun or handed in, and whom the measure would now fit."""
        # That something is over concerns those who were about to apply, nobody else.
        outcomes = frozenset() if self.sort is Sort.CLOSED else frozenset({Outcome.ELIGIBLE})
        return Audience(
            region=self.region, measure=self.measure, having=frozenset(Having), outcomes=outcomes
        )

    @property
    def heading(self) -> str:
        """The title of the campaign that tells it; WeChat shows twenty characters."""
        room = _LONGEST_TITLE - len(_SAID[self.sort]) - 1
        name = self.title if len(self.title) <= room else self.title[: room - 1] + "…"
        return f"{name}：{_SAID[self.sort]}"

    @property
    def words(self) -> str:
        """What the campaign says to begin with; an officer reads it over."""
        return f"“{self.title}”{_SAID[self.sort]}。{self.summary}"


def untold(
    session: Session, library: Library, officer: Officer, regions: Regions, today: date
) -> list[PolicyChange]:
    """What was changed lately in the officer's regions and no campaign tells of yet."""
    within = scope(officer, regions)
    return [each for each in _changes(session, library, today) if each.region in within]


def find(session: Session, library: Library, measure: str, today: date) -> PolicyChange | None:
    """What was changed lately of one measure and no campaign tells of yet, None for nothing."""
    found = (each for each in _changes(session, library, today) if each.measure == measure)
    return next(found, None)


def _changes(session: Session, library: Library, today: date) -> list[PolicyChange]:
    """What stands in the release in force otherwise than before one of the last ones."""
    chain = publishing.lately(session, today - LATELY)
    if len(chain) < 2:
        return []
    current, told = chain[-1], _told(session, chain[-1])
    editions = _editions(session, chain)
    contents = _contents(session, editions)
    found = []
    for key, by_release in sorted(editions.items()):
        new = contents.get(by_release.get(current, 0))
        for before, release in pairwise(chain):
            old = contents.get(by_release.get(before, 0))
            sort = None if release <= told.get(key, 0) or old == new else _sort(old, new, today)
            if sort is None:
                continue
            measure = Measure.model_validate(new or old)
            if key in library.rules.criteria or sort is Sort.CLOSED:
                found.append(
                    PolicyChange(current, key, measure.region, measure.title, sort, measure.summary)
                )
            break
    return found


def _told(session: Session, current: int) -> dict[str, int]:
    """By measure, up to which release a campaign tells of its changes."""
    rows = session.execute(
        select(col(Campaign.measure), func.max(col(Campaign.release_id)))
        # One that was refused, or taken back to be written anew, told nobody; one of a release
        # that was taken back told of what is no more.
        .where(col(Campaign.state) != CampaignState.REFUSED, col(Campaign.release_id) <= current)
        .group_by(col(Campaign.measure))
    )
    return {measure: release for measure, release in rows if measure is not None}


def _editions(session: Session, chain: Sequence[int]) -> dict[str, dict[int, int]]:
    """By measure and release the edition, where it isn't the same in all of them."""
    rows = session.execute(
        select(col(Edition.key), col(ReleaseEdition.release_id), col(Edition.id))
        .join(ReleaseEdition, col(ReleaseEdition.edition_id) == col(Edition.id))
        .where(col(ReleaseEdition.release_id).in_(chain), col(Edition.kind) == _KIND)
    )
    found: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for key, release, edition in rows:
        found[key][release] = edition
    return {
        key: by_release
        for key, by_release in found.items()
        if len({by_release.get(release) for release in chain}) > 1
    }


def _contents(
    session: Session, editions: Mapping[str, Mapping[int, int]]
) -> dict[int, dict[str, Any]]:
    ids = {id for by_release in editions.values() for id in by_release.values()}
    rows = session.execute(
        select(col(Edition.id), col(Edition.content)).where(col(Edition.id).in_(ids))
    )
    return {id: json.loads(content) for id, content in rows if id is not None}


def _sort(old: dict[str, Any] | None, new: dict[str, Any] | None, today: date) -> Sort | None:
    if new is None:
        return Sort.CLOSED
    if _is_over(new, today):
        # What was over before, or only comes now, changes nothing for anybody.
        return None if old is None or _is_over(old, today) else Sort.CLOSED
    if old is None:
        return Sort.NEW
    for sort, parts in _PARTS.items():
        if any(old.get(part) != new.get(part) for part in parts):
            return sort
    return None


def _is_over(content: dict[str, Any], today: date) -> bool:
    last = Measure.model_validate(content).validity.to
    return last is not None and last < today
