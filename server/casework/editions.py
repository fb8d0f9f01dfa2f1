"""Which edition of a measure a release holds, and what is otherwise in another edition of it."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from knowledge.measures import Measure, Validity
from server.database.db import Question
from server.database.tables import Edition
from server.published.releases import EditionMissing, edition_asked, edition_id

_MEASURE = "measure"


class Part(StrEnum):
    """What of a measure can be otherwise."""

    CONDITION = "condition"
    GRANT = "grant"
    VALIDITY = "validity"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise, in plain words; None: it was not there, or is gone."""

    part: Part
    before: str | None
    after: str | None


def current_edition(session: Session, release_id: int, measure: str) -> int:
    """The edition of a measure in a release; raises `EditionMissing`."""
    return edition_id(session, release_id, _MEASURE, measure)


def asked(release_id: int, measure: str) -> Question:
    """`current_edition` as a question, which finds nothing where there is none."""
    return edition_asked(release_id, _MEASURE, measure)


def changes_since(session: Session, edition: int, measure: Measure) -> list[Change]:
    """What is otherwise in `measure` than in an older edition of it."""
    row = session.get(Edition, edition)
    if row is None:
        raise EditionMissing(edition)
    return changes(Measure.model_validate(json.loads(row.content)), measure)


def changes(before: Measure, after: Measure) -> list[Change]:
    """What is otherwise between two editions."""
    found: list[Change] = []
    for part, old, new in (
        (Part.CONDITION, _conditions(before), _conditions(after)),
        (Part.GRANT, _grants(before), _grants(after)),
        (Part.VALIDITY, _period(before.validity), _period(after.validity)),
        (Part.APPLICATION, _period(before.application), _period(after.application)),
    ):
        found += [Change(part, words, None) for words in old if words not in new]
        found += [Change(part, None, words) for words in new if words not in old]
    return found


def _conditions(measure: Measure) -> list[str]:
    return list(dict.fromkeys(statement.say for statement in measure.conditions))


def _grants(measure: Measure) -> list[str]:
    return [_grant(grant.what, grant.amount) for grant in measure.grants]


def _grant(what: str, amount: Any) -> str:
    if amount is None:
        return what
    per = f"/{amount.per}" if amount.per else ""
    return f"{what}：{amount.value:g}{amount.unit}{per}"


def _period(validity: Validity | None) -> list[str]:
    if validity is None or (validity.from_ is None and validity.to is None):
        return []
    first = "" if validity.from_ is None else f"从{validity.from_.isoformat()}起"
    last = "" if validity.to is None else f"到{validity.to.isoformat()}为止"
    return [first + last]
