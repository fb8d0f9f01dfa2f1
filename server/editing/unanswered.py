"""Questions that the bot could not answer, put together where they ask the same."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
from rapidfuzz import fuzz, process
from sqlalchemy import select
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
MOST_TURNS = 6000
MOST_QUESTIONS = 800
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
        words = content(tidy(each.text, library)) or normalise(each.text)
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
    turns = list(
        session.scalars(
            select(Turn)
            .where(col(Turn.at) >= now - LOOKED_BACK, col(Turn.text) != "")
            .order_by(col(Turn.at).desc())
            .limit(MOST_TURNS)
        )
    )
    down = {
        (conversation, at)
        for conversation, at in session.execute(
            select(col(Thumb.conversation_id), col(Thumb.turn_at)).where(
                col(Thumb.direction) == Direction.DOWN, col(Thumb.turn_at) >= now - LOOKED_BACK
            )
        )
    }
    following: dict[str, Turn] = {}
    for turn in turns:
        why = _why(turn, following.get(turn.conversation_id), down)
        following[turn.conversation_id] = turn
        if why is not None:
            yield asked_in(turn, why)


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
