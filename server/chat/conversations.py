"""Conversations with the bot: the context of each, and a record of every turn.

Turns and contexts are written behind, in groups, a tenth of a second late: a durable write for
each would halve what the server can answer. A crash can lose them, more waiting than there is room
for, and a database that is away when the server ends. Until a context is in the database,
`RecentContexts` shows it to the other workers of the server.
"""

import atexit
import hashlib
import json
import os
import re
import threading
import time
import weakref
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from functools import lru_cache
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, NewType

import structlog
from sqlalchemy import update
from sqlmodel import Session, col

from bot.caring import LONGEST_MESSAGE
from knowledge.eligibility.near_misses import NearMiss
from server import tallying
from server.chat.recent_contexts import KEY, RecentContexts
from server.clock import china_day
from server.confidential.privacy import mask
from server.confidential.sealing import Safe, SealBroken
from server.database.db import Database, DatabaseBusy, insert_within
from server.database.tables import Conversation, stored_instant

VALID_FOR = timedelta(minutes=30)
# A context this young may not be in the database yet; an older one is looked up there as well.
_SURELY_NEWEST_SECONDS = 2.0
_GROUP = 250
_SEALED = "sealed"
_LONGEST_REASON = 64
_ID = re.compile(rf"[A-Za-z0-9_-]{{{KEY}}}")
# The characters of an id in the order in which they sort, two by two: one pair for 12 bits.
_IN_ORDER = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_PAIRS = [one + other for one in _IN_ORDER for other in _IN_ORDER]

_log = structlog.get_logger()


def new_conversation_id() -> str:
    """A new id: the millisecond, then 128 random bits; who knows it may go on with the talk.

    The millisecond in front keeps the conversations of one hour side by side in the database: with
    a random id alone each turn would change pages of its own.
    """
    return _in_order(time.time_ns() // 1_000_000) + _random()


def begun_by(message_id: str, at: datetime) -> str:
    """The id of the conversation that a message begins: the same when it comes again in that hour.

    As hard to guess as the message's own id, which is for the client to draw at random.
    """
    hour = int(at.timestamp()) // 3600 * 3_600_000
    digest = hashlib.sha256(message_id.encode()).digest()
    return _in_order(hour) + urlsafe_b64encode(digest[:16])[:22].decode()


def _in_order(millisecond: int) -> str:
    return "".join(_PAIRS[millisecond >> shift & 4095] for shift in (36, 24, 12, 0))


def _random() -> str:
    """128 random bits as 22 characters, drawn from the system 256 at a time.

    Each draw lets go of the interpreter, and in a busy server it takes a while to get it back.
    """
    process = os.getpid()
    try:
        return _spare[process].pop()
    except (KeyError, IndexError):
        drawn = os.urandom(16 * 256)
        # Under the number of the process: after a fork no two processes may use the same ones.
        _spare[process] = [
            urlsafe_b64encode(drawn[start : start + 16])[:22].decode()
            for start in range(0, len(drawn), 16)
        ]
        return _spare[process].pop()


_spare: dict[int, list[str]] = {}


def is_conversation_id(text: str) -> bool:
    """Whether `text` has the form of a conversation id."""
    return _ID.fullmatch(text) is not None


class RecordedTurn(NamedTuple):
    """One message and its reply, as they were; the message is masked when it is recorded."""

    conversation_id: str
    at: datetime
    channel: str
    text: str
    kind: str
    reply: str
    measures: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    region: str | None = None
    release_id: int | None = None
    worker_id: int | None = None
    reason: str = ""
    near_misses: Sequence[NearMiss] = ()
    """Counted without the turn: nobody can tell whose they are."""


MaskedJson = NewType("MaskedJson", str)
"""JSON without personal numbers, as `masked_json` makes it."""


def masked_json(context: Mapping[str, Any] | None, keep: Set[str] = frozenset()) -> MaskedJson:
    """A context as it is stored: personal numbers are masked, all but those of `keep`."""
    json_text = _to_json(context)
    if mask(json_text, keep) != json_text:
        json_text = _to_json(_masked(context, keep))
    return MaskedJson(json_text)


class Conversations:
    """Contexts and turns of one database; make it before the fork, use it in every worker."""

    def __init__(
        self,
        database: Database,
        *,
        delay: float = 0.1,
        waiting_at_most: int = 20_000,
        recent: RecentContexts | None = None,
        safe: Safe | None = None,
    ) -> None:
        """`safe`: without it no context can be kept that tells of a person."""
        self._safe = safe
        self._recent = recent or RecentContexts()
        self._database = database
        self._delay = delay
        self._waiting_at_most = waiting_at_most
        self._starting = threading.Lock()
        self._writer: _Writer | None = None
        known = weakref.ref(self)
        atexit.register(lambda: living.close() if (living := known()) is not None else None)

    def load_context(self, conversation_id: str, *, now: datetime) -> dict[str, Any] | None:
        """The context that the last turn left, None where there is none or it is over."""
        if not is_conversation_id(conversation_id):
            return None
        recent = self._recent.get(conversation_id.encode())
        stamp = now.timestamp()
        if recent is None or stamp - recent[0] > _SURELY_NEWEST_SECONDS:
            stored = self._stored(conversation_id)
            recent = max(filter(None, (recent, stored)), default=None, key=lambda found: found[0])
        if recent is None or stamp - recent[0] > VALID_FOR.total_seconds():
            return None
        context: dict[str, Any] | None = json.loads(recent[1])
        return self._opened(conversation_id, context)

    def sealed(self, conversation_id: str, context: MaskedJson) -> MaskedJson:
        """A context that tells of a person, as it is kept: neither database nor backup shows it."""
        assert self._safe is not None, "a context that tells of a person takes a safe"
        closed = self._safe.seal(context, _purpose(conversation_id))
        return MaskedJson(json.dumps({_SEALED: closed}))

    def _opened(
        self, conversation_id: str, context: dict[str, Any] | None
    ) -> dict[str, Any] | None:
        if context is None or _SEALED not in context:
            return context
        if self._safe is None:
            return None
        try:
            opened: dict[str, Any] = json.loads(
                self._safe.unseal(context[_SEALED], _purpose(conversation_id))
            )
        except SealBroken:
            # Sealed with a key that is no more: as if it were over.
            return None
        return opened

    def record(self, turn: RecordedTurn, context: MaskedJson, keep: Set[str] = frozenset()) -> bool:
        """Notes the turn, its message masked, and what the next one builds on.

        `keep`: public telephone numbers that stay readable. The next turn finds the context at
        once, on any worker. False where the turn is lost because the database has taken nothing
        for long: the reply is worth more to a worker than its record.
        """
        entry = _entry(turn, context, keep)
        found_at_once = self._recent.put(
            turn.conversation_id.encode(),
            turn.at.timestamp(),
            entry.context.encode("utf-8", "replace"),
        )
        writer = self._writer_here()
        if not writer.take(entry, self._waiting_at_most):
            return False
        return found_at_once or writer.flush()

    def flush(self, timeout: float = 5.0) -> bool:
        """Waits until all that was recorded here is in the database; False where it is not."""
        writer = self._writer
        return writer is None or writer.pid != os.getpid() or writer.flush(timeout)

    def close(self) -> None:
        """Writes what is left and ends the writer; what cannot be written is counted and lost."""
        writer, self._writer = self._writer, None
        if writer is not None and writer.pid == os.getpid():
            writer.close()

    def _stored(self, conversation_id: str) -> tuple[float, bytes] | None:
        row = self._database.fetch(
            "SELECT updated_at, context FROM conversation WHERE id = :id", id=conversation_id
        )
        if row is None or row[1] is None:
            return None
        updated_at = datetime.fromisoformat(row[0]) if isinstance(row[0], str) else row[0]
        return updated_at.timestamp(), row[1].encode()

    def _writer_here(self) -> "_Writer":
        # A thread does not live through a fork: each worker starts its own with its first turn.
        writer = self._writer
        if writer is None or writer.pid != os.getpid():
            with self._starting:
                writer = self._writer
                if writer is None or writer.pid != os.getpid():
                    writer = self._writer = _Writer(self._database, self._delay)
        return writer


def _purpose(conversation_id: str) -> str:
    return f"conversation.context:{conversation_id}"


def record_within(
    session: Session,
    turn: RecordedTurn,
    context: MaskedJson,
    keep: Set[str] = frozenset(),
) -> None:
    """Notes a turn in a transaction, where losing it or noting it twice is not an option.

    The next turn finds the context once the transaction has ended.
    """
    saved, recorded = _entry(turn, context, keep).rows()
    insert_within(session, _SAVE_CONTEXT, [saved])
    insert_within(session, _RECORD_TURN, [recorded])
    if misses := _misses([turn]):
        insert_within(session, tallying.COUNT_MISSES, misses)


def forget_expired(session: Session, *, now: datetime) -> int:
    """Empties the contexts that no turn may build on any more and returns their number."""
    gone = session.connection().execute(
        update(Conversation)
        .where(col(Conversation.updated_at) < now - VALID_FOR)
        .where(col(Conversation.context).is_not(None))
        .values(context=None)
    )
    return gone.rowcount


class _Entry(NamedTuple):
    turn: RecordedTurn
    context: str

    def rows(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The values for `_SAVE_CONTEXT` and for `_RECORD_TURN`."""
        turn = self.turn
        at = stored_instant(turn.at)
        saved = (turn.conversation_id, turn.worker_id, _storable(self.context), at)
        recorded = (
            turn.conversation_id,
            at,
            turn.channel,
            _storable(turn.text),
            turn.kind,
            _storable(turn.reply),
            _list_as_json(turn.measures),
            _list_as_json(turn.rejected),
            turn.region,
            turn.release_id,
            turn.reason[:_LONGEST_REASON],
            turn.worker_id,
        )
        return saved, recorded


def _entry(turn: RecordedTurn, context: MaskedJson, keep: Set[str]) -> _Entry:
    """A turn as it is stored: without personal numbers, and as far as the bot read the message."""
    if not is_conversation_id(turn.conversation_id):
        raise ValueError("not a conversation id")
    # Masked before it is cut: of half a number nobody could tell what it is.
    text = mask(turn.text, keep)[: LONGEST_MESSAGE + 1]
    return _Entry(turn._replace(text=text), context)


class _Writer:
    """The thread of one process that writes entries in groups."""

    def __init__(self, database: Database, delay: float) -> None:
        self.pid = os.getpid()
        self._database = database
        self._delay = delay
        self._queue: SimpleQueue[_Entry | threading.Event | None] = SimpleQueue()
        self._hurry = threading.Event()
        self._closing_at: float | None = None
        self._thread = threading.Thread(target=self._run, name="turns", daemon=True)
        self._thread.start()

    def take(self, entry: _Entry, waiting_at_most: int) -> bool:
        if self._queue.qsize() >= waiting_at_most:
            _log.error("turn_lost", reason="queue full", waiting=waiting_at_most)
            return False
        self._queue.put(entry)
        return True

    def flush(self, timeout: float = 5.0) -> bool:
        written = threading.Event()
        self._queue.put(written)
        self._hurry.set()
        return written.wait(timeout)

    def close(self, timeout: float = 5.0) -> None:
        self._closing_at = time.monotonic() + timeout
        self._queue.put(None)
        self._hurry.set()
        self._thread.join(timeout + 1)

    def _run(self) -> None:
        going = True
        while going:
            first = self._queue.get()
            # Sleeping here, not waiting on the queue: each wake would take the interpreter
            # away from a request.
            self._hurry.wait(self._delay)
            self._hurry.clear()
            going = self._write_group(first)
        self._database.leave()

    def _write_group(self, item: _Entry | threading.Event | None) -> bool:
        """Writes all that waits, `item` first; False when the writer is to end."""
        group: list[_Entry] = []
        flushed: list[threading.Event] = []
        going = True
        while True:
            if item is None:
                going = False
            elif isinstance(item, _Entry):
                group.append(item)
            else:
                flushed.append(item)
            try:
                item = self._queue.get_nowait()
            except Empty:
                break
        for start in range(0, len(group), _GROUP):
            self._write_surely(group[start : start + _GROUP])
        for event in flushed:
            event.set()
        return going

    def _write_surely(self, group: list[_Entry]) -> None:
        """Writes the group, however long it takes; only what no database would take is dropped."""
        pause = 0.05
        while True:
            try:
                self._write(group)
                return
            except (DatabaseBusy, self._database.unavailable) as error:
                if self._closing_at is not None and time.monotonic() > self._closing_at:
                    _log.error("turns_lost", reason="database unavailable", turns=len(group))
                    return
                _log.warning("turns_wait", reason=type(error).__name__, turns=len(group))
                time.sleep(pause)
                pause = min(pause * 2, 1.0)
            except Exception as error:
                # The group holds something that the database refuses: find it, keep the rest.
                if len(group) == 1:
                    _log.error("turn_lost", reason=type(error).__name__)
                    return
                middle = len(group) // 2
                self._write_surely(group[:middle])
                group = group[middle:]

    def _write(self, group: list[_Entry]) -> None:
        in_order = sorted(group, key=lambda entry: entry.turn.at)
        rows = [entry.rows() for entry in in_order]
        newest = {saved[0]: saved for saved, _ in rows}
        # Two statements, each a transaction of its own and one call into the driver: a lock on the
        # database is never held while this thread waits for the interpreter. Contexts first: to
        # save them twice does no harm, so that a failure of either may be followed by a repetition.
        self._database.insert(_SAVE_CONTEXT, list(newest.values()))
        self._database.insert(_RECORD_TURN, [recorded for _, recorded in rows])
        self._count_misses([entry.turn for entry in group])

    def _count_misses(self, turns: Sequence[RecordedTurn]) -> None:
        try:
            if misses := _misses(turns):
                self._database.insert(tallying.COUNT_MISSES, misses)
        except Exception as error:
            # The turns are written already: a count that is lost is no reason to write them again.
            _log.warning("misses_lost", reason=type(error).__name__)


# What somebody said who was erased meanwhile, elsewhere perhaps, is nobody's to keep. The lock
# lasts to the end of the statement: who is being erased at this moment is waited for.
_NOT_ERASED = (
    " (worker_id IS NULL OR EXISTS (SELECT 1 FROM worker"
    " WHERE worker.id = said.worker_id::integer AND worker.erased_at IS NULL FOR SHARE))"
)
_SAVE_CONTEXT = (
    "WITH said (id, worker_id, context, updated_at) AS (VALUES {})"
    " INSERT INTO conversation (id, worker_id, context, updated_at)"
    " SELECT id, worker_id::integer, context, updated_at::timestamptz FROM said"
    f" WHERE{_NOT_ERASED}"
    " ON CONFLICT (id) DO UPDATE SET context = excluded.context,"
    " worker_id = coalesce(excluded.worker_id, conversation.worker_id),"
    " updated_at = excluded.updated_at"
    # Another worker may have written a later turn of the same conversation first.
    " WHERE excluded.updated_at >= conversation.updated_at"
)
_RECORD_TURN = (
    "WITH said (conversation_id, at, channel, text, kind, reply, measures, rejected, region,"
    " release_id, reason, worker_id) AS (VALUES {})"
    " INSERT INTO turn (conversation_id, at, channel, text, kind, reply, measures, rejected,"
    " region, release_id, reason)"
    " SELECT conversation_id, at::timestamptz, channel, text, kind, reply, measures, rejected,"
    " region, release_id::integer, reason FROM said"
    f" WHERE{_NOT_ERASED}"
)


def _misses(turns: Sequence[RecordedTurn]) -> list[tuple[Any, ...]]:
    return tallying.miss_rows(
        (turn.region or "", miss, china_day(turn.at)) for turn in turns for miss in turn.near_misses
    )


_to_json = json.JSONEncoder(ensure_ascii=False).encode


@lru_cache(maxsize=4096)
def _list_as_json(texts: tuple[str, ...]) -> str:
    """Most turns have had their answer before."""
    return _to_json(texts)


def _storable(text: str) -> str:
    """`text` without what a database refuses: NUL and lone surrogates."""
    whole = text.replace("\x00", "")
    try:
        whole.encode()
    except UnicodeEncodeError:
        return whole.encode("utf-8", "replace").decode()
    return whole


def _masked(value: Any, keep: Set[str]) -> Any:
    if isinstance(value, str):
        return mask(value, keep)
    if isinstance(value, Mapping):
        return {key: _masked(inner, keep) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inner, keep) for inner in value]
    return value
