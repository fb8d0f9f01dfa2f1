"""What the release in force changes for people, so that those whom it concerns can be told.

Only what a measure grants, to whom and when counts: other wording changes nothing for anybody. The
release tells it; nobody has to remember to ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from knowledge.library import Library
from knowledge.measures import Measure
from knowledge.regions import Regions
from server.casework.officers import Officer, scope
from server.database.tables import Edition, ReleaseEdition
from server.editing import publishing
from server.editing.publishing import NoEarlierRelease
from server.outreach.audiences import Audience, Having, Outcome
from server.outreach.tables import Campaign, CampaignState
from server.published import releases

_KIND = "measure"
_LONGEST_TITLE = 20


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
    """One measure that the release in force changes, and what of it."""

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
    """What the release in force changes in the officer's regions and no campaign tells of yet."""
    within = scope(officer, regions)
    changes = [each for each in _changes(session, library, today) if each.region in within]
    if not changes:
        return []
    told = set(
        session.scalars(
            select(col(Campaign.measure)).where(
                col(Campaign.release_id) == changes[0].release_id,
                # One that was refused, or taken back to be written anew, told nobody.
                col(Campaign.state) != CampaignState.REFUSED,
            )
        )
    )
    return [each for each in changes if each.measure not in told]


def find(session: Session, library: Library, measure: str, today: date) -> PolicyChange | None:
    """What the release in force changes of one measure, None for nothing."""
    found = (each for each in _changes(session, library, today) if each.measure == measure)
    return next(found, None)


def _changes(session: Session, library: Library, today: date) -> list[PolicyChange]:
    current = releases.current_id(session)
    try:
        before = publishing.before(session)
    except NoEarlierRelease:
        return []
    if current is None:
        return []
    old, new = _apart(session, before, current), _apart(session, current, before)
    found = []
    for key in sorted(old.keys() | new.keys()):
        sort = _sort(old.get(key), new.get(key), today)
        if sort is None:
            continue
        measure = Measure.model_validate(new.get(key) or old[key])
        if key in library.rules.criteria or sort is Sort.CLOSED:
            found.append(
                PolicyChange(current, key, measure.region, measure.title, sort, measure.summary)
            )
    return found


def _apart(session: Session, release_id: int, other: int) -> dict[str, dict[str, Any]]:
    """The measures of a release that stand otherwise, or not at all, in another."""
    there = select(col(ReleaseEdition.edition_id)).where(col(ReleaseEdition.release_id) == other)
    ids = select(col(Edition.key)).join(
        ReleaseEdition, col(ReleaseEdition.edition_id) == col(Edition.id)
    ).where(
        col(ReleaseEdition.release_id) == release_id,
        col(Edition.kind) == _KIND,
        col(Edition.id).not_in(there),
    )  # fmt: skip
    contents = {
        key: releases.content_of(session, release_id, _KIND, key) for key in session.scalars(ids)
    }
    return {key: content for key, content in contents.items() if content is not None}


def _sort(old: dict[str, Any] | None, new: dict[str, Any] | None, today: date) -> Sort | None:
    if new is None:
        return Sort.CLOSED
    if old is None:
        return Sort.NEW
    if _is_over(new, today) and not _is_over(old, today):
        return Sort.CLOSED
    for sort, parts in _PARTS.items():
        if any(old.get(part) != new.get(part) for part in parts):
            return sort
    return None


def _is_over(content: dict[str, Any], today: date) -> bool:
    last = Measure.model_validate(content).validity.to
    return last is not None and last < today
