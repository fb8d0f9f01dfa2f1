"""Telling whoever asked in vain, once a release answers the question: in WeChat, if they still can.

An editor has made something of the question and it was published; the person asked within the 48
hours in which WeChat lets the account write to them.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from bot.answers import Answer, Kind
from server.confidential.sealing import Safe
from server.database.tables import CurrentRelease, Turn
from server.editing import unanswered
from server.editing.tables import Became, SettledQuestion
from server.editing.unanswered import ANSWERED_WITHIN, OFFICIAL_ACCOUNT, Asked

Ask = Callable[[str, str | None], Answer]
"""A question, masked, and its region or None: what the release in force says."""

_ANSWERABLE = (Became.SIMILAR, Became.DRAFT, Became.LEXICON)
_LONGEST_BYTES = 2048
_QUOTED = 40


@dataclass(frozen=True, slots=True)
class _Waiting:
    asked: Asked
    reply: str
    """What they were told."""
    key: str | None
    """The measure that the question went into, None where it became something else."""


def release_to_catch_up(session: Session, *, now: datetime) -> int | None:
    """The release in force, if a question was settled lately and published since; else None."""
    current = session.execute(
        select(col(CurrentRelease.release_id), col(CurrentRelease.changed_at))
    ).one()
    if current.release_id is None or current.changed_at is None:
        return None
    settled = session.execute(
        select(col(SettledQuestion.fingerprint))
        .where(
            col(SettledQuestion.became).in_(_ANSWERABLE),
            col(SettledQuestion.at) >= now - ANSWERED_WITHIN,
            col(SettledQuestion.at) <= current.changed_at,
        )
        .limit(1)
    ).first()
    return None if settled is None else int(current.release_id)


def answers(session: Session, ask: Ask, *, now: datetime) -> list[tuple[Asked, str]]:
    """Who waits for what is answered now, with the message that tells it."""
    found = []
    for waiting in _waiting(session, now):
        answer = ask(waiting.asked.text, waiting.asked.region)
        if answer.kind is not Kind.ANSWER or answer.reply == waiting.reply:
            continue
        if waiting.key is None or waiting.key in answer.measures:
            found.append((waiting.asked, _text(waiting.asked.text, answer.reply)))
    return found


def tell(
    session: Session, safe: Safe, found: Iterable[tuple[Asked, str]], *, app_id: str, now: datetime
) -> None:
    """Send what `answers` found; whoever was told once is not told again."""
    for asked, text in found:
        unanswered.answer(session, safe, [asked], app_id=app_id, text=text, now=now)


def _waiting(session: Session, now: datetime) -> Iterator[_Waiting]:
    changed_at = session.execute(select(col(CurrentRelease.changed_at))).scalar_one()
    settled = {
        row.fingerprint: row
        for row in session.scalars(
            select(SettledQuestion).where(
                col(SettledQuestion.became).in_(_ANSWERABLE),
                col(SettledQuestion.at) >= now - ANSWERED_WITHIN,
            )
        )
        if changed_at is not None and row.at <= changed_at
    }
    if not settled:
        return
    # However many there are: only what tells whether somebody waits is read of all of them. All
    # kinds are named, as the index has the kind before the time.
    turns = session.execute(
        select(col(Turn.id), col(Turn.text), col(Turn.region))
        .where(
            col(Turn.kind).in_(list(Kind)),
            col(Turn.at) > now - ANSWERED_WITHIN,
            col(Turn.channel) == OFFICIAL_ACCOUNT,
            col(Turn.text) != "",
        )
        .order_by(col(Turn.at).desc())
    ).all()
    for id, text, region in turns:
        row = settled.get(unanswered.fingerprint(text, region))
        turn = session.get(Turn, id) if row else None
        if row is None or turn is None:
            continue
        if row.key in json.loads(turn.measures) and turn.kind == Kind.ANSWER:
            continue
        key = row.key if row.kind == "measure" else None
        yield _Waiting(unanswered.asked_in(turn), turn.reply, key)


def _text(question: str, reply: str) -> str:
    shown = question if len(question) <= _QUOTED else question[:_QUOTED] + "…"
    whole = f"你之前问过“{shown}”，现在有答案了：\n{reply}"
    return whole if len(whole.encode()) <= _LONGEST_BYTES else reply
