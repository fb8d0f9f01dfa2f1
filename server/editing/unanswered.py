"""Questions that the bot could not answer, put together where they ask the same."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
from rapidfuzz import fuzz, process
from sqlalchemy import ColumnElement, Subquery, case, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from bot.answers import Kind
from bot.question import content, tidy
from bot.words.normalising import normalise
from knowledge.library import Library
from server.confidential.sealing import Safe
from server.database.db import insert_new
from server.database.tables import Conversation, Direction, Thumb, Turn
from server.editing.tables import Became, SettledQuestion
from server.notices import outbox
from server.personal import people

LOOKED_BACK = timedelta(days=30)
MOST_OF_A_DAY = 400
"""Its newest are looked at: however many came on one day, they hide only what was asked on it."""
MOST_OF_ONE = 20
"""Of one conversation."""
MOST_QUESTIONS = 800
_COMPARED = 100
"""Characters that tell one question from another: it takes as long as both are long."""
ANSWERED_WITHIN = timedelta(hours=48)
"""WeChat delivers a message within 48 hours of the person's own."""
_ALIKE = 78
"""Of 100: so alike are questions that are put together."""
OFFICIAL_ACCOUNT = "official_account"
"""The channel of which the askers can be written to."""


class Why(StrEnum):
    """Why a question counts as unanswered."""

    DECLINED = "declined"
    IN_VAIN = "in_vain"
    """The bot asked back, and got nowhere."""
    THUMBED_DOWN = "thumbed_down"
    CHOSEN_PAST = "chosen_past"
    """The bot offered choices, and the person wrote something else."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One unanswered question as somebody asked it; personal numbers were masked before."""

    turn_id: int
    conversation_id: str
    at: datetime
    channel: str
    text: str
    region: str | None
    why: Why
    fingerprint: str


@dataclass(slots=True)
class Cluster:
    """Questions that ask the same; the most frequent wording stands for all."""

    text: str
    asked: list[Asked] = field(default_factory=list)

    @property
    def whys(self) -> Counter[Why]:
        """How often for which reason."""
        return Counter(each.why for each in self.asked)

    @property
    def places(self) -> Counter[str]:
        """How often in which place; '' where none was known."""
        return Counter(each.region or "" for each in self.asked)

    @property
    def wordings(self) -> list[str]:
        """Every wording, the most frequent first."""
        return [text for text, _ in Counter(each.text for each in self.asked).most_common()]

    @property
    def fingerprints(self) -> frozenset[str]:
        """What tells these questions from others, once they are settled."""
        return frozenset(each.fingerprint for each in self.asked)


def fingerprint(text: str, region: str | None) -> str:
    """The same for a question that is asked again in the same place."""
    return hashlib.sha256(f"{normalise(text)}\0{region or ''}".encode()).hexdigest()


def clusters(
    session: Session, library: Library, *, seen: Collection[str] | None = None, now: datetime
) -> list[Cluster]:
    """The unanswered questions of the last weeks that nobody has settled, most frequent first.

    `seen`: only those that were asked in one of these places, or nowhere in particular.
    """
    settled = set(session.scalars(select(col(SettledQuestion.fingerprint))))
    asked = [
        each
        for each in _unanswered(session, now)
        if each.fingerprint not in settled
        and (seen is None or each.region in seen or each.region not in library.regions)
    ]
    return together(asked, library)


def together(asked: Iterable[Asked], library: Library) -> list[Cluster]:
    """Put questions together that ask the same, whatever the place."""
    by_words: dict[str, list[Asked]] = defaultdict(list)
    for each in asked:
        words = _words(each.text[:_COMPARED], library)
        if words:
            by_words[words].append(each)
    # The most frequent first: they are what the others are compared with.
    ordered = sorted(by_words, key=lambda words: (-len(by_words[words]), words))[:MOST_QUESTIONS]
    if not ordered:
        return []
    like = process.cdist(ordered, ordered, scorer=fuzz.ratio, dtype=np.uint8, workers=1) >= _ALIKE
    found: list[Cluster] = []
    taken: set[int] = set()
    for number, words in enumerate(ordered):
        if number in taken:
            continue
        members = [n for n in np.flatnonzero(like[number]).tolist() if n not in taken]
        taken.update(members)
        every = [each for n in members for each in by_words[ordered[n]]]
        found.append(Cluster(by_words[words][0].text, every))
    return sorted(found, key=lambda cluster: (-len(cluster.asked), cluster.text))


def _words(text: str, library: Library) -> str:
    return content(tidy(text, library)) or normalise(text)


def settle(
    session: Session,
    fingerprints: Iterable[str],
    *,
    became: Became,
    kind: str | None = None,
    key: str | None = None,
    officer_id: int,
    now: datetime,
) -> int:
    """Note what became of questions; how many were not settled before."""
    return sum(
        insert_new(
            session,
            SettledQuestion,
            fingerprint=each,
            became=became.value,
            kind=kind,
            key=key,
            officer_id=officer_id,
            at=now,
        )
        for each in fingerprints
    )


def answer(
    session: Session,
    safe: Safe,
    asked: Sequence[Asked],
    *,
    app_id: str,
    text: str,
    now: datetime,
) -> int:
    """Send an answer to whoever asked, in WeChat, where that is still possible; to how many.

    Each gets it once for one question, however often it is sent.
    """
    sent = 0
    told: set[int] = set()
    for each in asked:
        if each.channel != OFFICIAL_ACCOUNT or now - each.at >= ANSWERED_WITHIN:
            continue
        conversation = session.get(Conversation, each.conversation_id)
        worker_id = conversation.worker_id if conversation else None
        if worker_id is None or worker_id in told:
            continue
        openid = people.address(session, safe, worker_id, app_id)
        if openid is None:
            continue
        told.add(worker_id)
        outbox.add_text(
            session,
            safe,
            app_id=app_id,
            openid=openid,
            text=text,
            worker_id=worker_id,
            key=f"unanswered {each.fingerprint} {worker_id}",
            now=now,
        )
        sent += 1
    return sent


def reachable(asked: Iterable[Asked], now: datetime) -> int:
    """How many questions came through the official account and are young enough to be answered."""
    return sum(1 for a in asked if a.channel == OFFICIAL_ACCOUNT and now - a.at < ANSWERED_WITHIN)


def _unanswered(session: Session, now: datetime) -> Iterable[Asked]:
    since = now - LOOKED_BACK
    # By kind and time, as the index has them: most turns were answered.
    vague = _few(
        col(Turn.id), col(Turn.conversation_id), col(Turn.at),
        col(Turn.kind).in_([Kind.DECLINE, Kind.CLARIFY]), col(Turn.at) >= since,
        col(Turn.text) != "",
    )  # fmt: skip
    thumbs = _few(
        col(Thumb.conversation_id), col(Thumb.conversation_id), col(Thumb.turn_at),
        col(Thumb.direction) == Direction.DOWN, col(Thumb.turn_at) >= since,
    )  # fmt: skip
    down = {(conversation, at) for conversation, at in session.execute(select(thumbs))}
    found = _with_next(session, col(Turn.id).in_(select(vague.c.key))) | _with_next(
        session,
        col(Turn.conversation_id).in_({conversation for conversation, _ in down}),
        col(Turn.at).in_({at for _, at in down}),
        col(Turn.text) != "",
    )
    following = select(Turn).where(col(Turn.id).in_({then for _, then in found.values()} - {None}))
    nexts = {turn.id: turn for turn in session.scalars(following)}
    for turn, then in sorted(found.values(), key=lambda each: each[0].at, reverse=True):
        why = _why(turn, nexts.get(then), down)
        if why is not None:
            yield asked_in(turn, why)


def _few(key: Any, conversation: Any, at: Any, *where: ColumnElement[bool]) -> Subquery:
    """The `key` and `at` of the newest: so many of a conversation, so many of a day."""
    of_one = func.row_number().over(partition_by=conversation, order_by=at.desc())
    each = select(key.label("key"), at.label("at"), of_one.label("place")).where(*where).subquery()
    of_day = func.row_number().over(partition_by=func.date(each.c.at), order_by=each.c.at.desc())
    few = (
        select(each.c.key, each.c.at, of_day.label("place"))
        .where(each.c.place <= MOST_OF_ONE)
        .subquery()
    )
    return select(few.c.key, few.c.at).where(few.c.place <= MOST_OF_A_DAY).subquery()


def _with_next(
    session: Session, *where: ColumnElement[bool]
) -> dict[int | None, tuple[Turn, int | None]]:
    """The turns, and the number of what was written after each one that asks back."""
    then = aliased(Turn)
    after = (
        select(col(then.id))
        .where(
            col(then.conversation_id) == col(Turn.conversation_id),
            col(then.at) > col(Turn.at),
            col(then.text) != "",
        )
        .order_by(col(then.at))
        .limit(1)
        .correlate(Turn)
        .scalar_subquery()
    )
    # A join with it would have PostgreSQL read the whole table.
    asked_back = case((col(Turn.kind) == Kind.CLARIFY, after))
    return {
        turn.id: (turn, then)
        for turn, then in session.execute(select(Turn, asked_back).where(*where))
    }


def asked_in(turn: Turn, why: Why = Why.DECLINED) -> Asked:
    """A stored turn as a question that somebody asked."""
    assert turn.id is not None
    return Asked(
        turn.id,
        turn.conversation_id,
        turn.at,
        turn.channel,
        turn.text,
        turn.region,
        why,
        fingerprint(turn.text, turn.region),
    )


def _why(turn: Turn, then: Turn | None, down: set[tuple[str, datetime]]) -> Why | None:
    if (turn.conversation_id, turn.at) in down:
        return Why.THUMBED_DOWN
    if turn.kind == Kind.DECLINE:
        return Why.DECLINED
    if turn.kind != Kind.CLARIFY:
        return None
    if then is None or then.kind in (Kind.CLARIFY, Kind.DECLINE):
        return Why.IN_VAIN
    return None if _is_choice(turn, then) else Why.CHOSEN_PAST


def _is_choice(turn: Turn, then: Turn) -> bool:
    """Whether the next message takes what was offered: a number, a name, or the place."""
    if len(then.text.strip()) <= _A_CHOICE or normalise(then.text) == normalise(turn.text):
        # Where the place is chosen on the page, the question is asked again as it was.
        return True
    return turn.reason == _WHICH_PLACE and turn.region is None and then.region is not None


_WHICH_PLACE = "which-place"
"""The reason of a reply that asks for the place, as the bot names it."""
_A_CHOICE = 4
"""Characters: the number or the name of a choice; more is another question."""
